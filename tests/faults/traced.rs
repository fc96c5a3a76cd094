//! Children whose system calls fail by `strace`.

use std::path::Path;
use std::process::Command;

use gatepass::Gatepass;
use gatepass::upkeep::Severity;

use super::support::{issue, played_under, redeem, run, with_suffix};

pub(crate) const SYNCS: &str = "fsync,fdatasync";

/// A child whose system calls of some kinds are written to a log, on one file or on all, and fail as told.
pub(crate) fn traced(
    log: &Path,
    file: Option<&Path>,
    calls: &str,
    fault: Option<&str>,
    (test, part, store): (&str, &str, &Path),
) -> Command {
    let (trace, inject) = (format!("trace={calls}"), fault.map(|fault| format!("inject={calls}:{fault}")));
    let mut wrapper = vec!["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", &trace];
    if let Some(file) = file {
        wrapper.extend(["-P", file.to_str().unwrap()]);
    }
    if let Some(inject) = &inject {
        wrapper.extend(["-e", inject]);
    }
    played_under(&wrapper, &std::env::current_exe().unwrap(), test, part, store)
}

/// Run a child whose system calls on one file fail as told.
pub(crate) fn with_fault(test: &str, part: &str, store: &Path, file: &Path, calls: &str, fault: &str) {
    let log = with_suffix(store, ".strace");
    run(&mut traced(&log, Some(file), calls, Some(fault), (test, part, store)));
    let calls = std::fs::read_to_string(&log).unwrap();
    assert!(calls.contains("INJECTED"), "the fault never came:\n{calls}");
}

/// Another process finds a sound store.
pub(crate) fn sound(path: &Path) -> Gatepass {
    let gate = Gatepass::open(path).unwrap();
    let findings = gate.check(&mut |_, _| {}).unwrap();
    assert!(findings.iter().all(|finding| finding.severity != Severity::Bad));
    let token = issue(&gate).unwrap();
    redeem(&gate, &token).unwrap();
    gate
}
