//! Programs that tests need and that may be missing.

use std::io::Write;
use std::process::Command;

/// Whether a program is there; `tests/setup` installs it where it may. Without it a test is skipped and says
/// so, but not where the variable `CI` is set: there it must run.
pub(crate) fn is_here(program: &str, test: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|told| told.status.success());
    if !found {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!ci, "{program} is missing: run tests/setup");
        // Past the harness, which keeps to itself what a test that passes prints.
        writeln!(std::io::stderr().lock(), "SKIPPED {test}: {program} is missing").unwrap();
    }
    found
}
