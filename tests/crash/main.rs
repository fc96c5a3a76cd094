//! A writer is killed, at random moments and at every system call by which it changes something: everything
//! that it was told is done is there afterwards, nothing is half done, and the next one who opens the store
//! goes on.
//!
//! The writer is another process. It says each act only after the call returned, and is killed with SIGKILL,
//! which leaves it no time to put anything in order. What it said is then asked of the store by this process.
//! The same is done with writers that are broken on purpose, which speak before they act or act in halves:
//! they must be caught.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "linux")]
#[path = "../replay/acts.rs"]
#[allow(dead_code, reason = "replay draws its acts at random")]
mod acts;
#[cfg(target_os = "linux")]
#[path = "../replay/by_hand.rs"]
#[allow(dead_code, reason = "replay tells more of them apart")]
mod by_hand;
#[cfg(target_os = "linux")]
mod calls;
#[path = "../common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
#[path = "../replay/dice.rs"]
#[allow(dead_code, reason = "nothing here is drawn")]
mod dice;
#[cfg(target_os = "linux")]
#[path = "../replay/ledger.rs"]
#[allow(dead_code, reason = "replay asks for a part of what was noted")]
mod ledger;
mod links;
#[cfg(target_os = "linux")]
#[path = "../replay/look.rs"]
#[allow(dead_code, reason = "replay also looks at stores that it did not make")]
mod look;
#[cfg(target_os = "linux")]
#[path = "../replay/notes.rs"]
mod notes;
#[cfg(target_os = "linux")]
#[path = "../programs/mod.rs"]
mod programs;
mod restores;
mod sign_ins;
#[cfg(target_os = "linux")]
#[path = "../replay/whole.rs"]
mod whole;

use std::io::Write;
use std::process::Child;
use std::time::Duration;

use common::hear;
use gatepass::Gatepass;
use gatepass::upkeep::Severity;

/// How often a writer is killed at random: `CRASH_KILLS`.
fn kills() -> usize {
    std::env::var("CRASH_KILLS").map_or(15, |text| text.parse().unwrap())
}

/// Let a process work for a moment of random length, kill it, and give what it said.
fn let_live(child: &mut Child) -> Vec<String> {
    let mut lines = hear(child);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    // What it says has to be taken from the pipe all the time, or it would wait for us instead of working.
    let listener = std::thread::spawn(move || lines.collect::<Vec<String>>());
    let moment = 5_000 + common::micros() % 60_000;
    std::thread::sleep(Duration::from_micros(u64::try_from(moment).unwrap()));
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap()
}

/// A check finds nothing bad.
fn is_sound(gate: &Gatepass) {
    for finding in gate.check(&mut |_, _| {}).unwrap() {
        assert_ne!(finding.severity, Severity::Bad, "{finding:?}");
    }
}

/// The gate is there for fairness alone.
#[test]
fn all_of_this_holds_without_the_gate() {
    common::everything_holds_without_the_gate("all_of_this_holds_without_the_gate");
}
