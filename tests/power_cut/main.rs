//! Power cuts of a whole machine: its kernel, its file system and its disk.
//!
//! `tests/long/power-cut` plays them all (`campaign.rs`): programs act on a store in a machine under QEMU, the
//! machine is killed, and the store that its disk holds is opened, checked and asked for everything that was
//! answered. Killing loses what the machine's system kept in memory. What its disk kept in its own is dropped
//! afterwards, from the log of what the disk was told (`block_log.rs`), at many moments of each life.
//!
//! What is done to the store, and how it is asked, is that of `tests/replay`, which cuts the power on the
//! level of system calls, thousands of times, in seconds.
#![cfg(all(target_os = "linux", target_env = "gnu", target_endian = "little"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "tests/replay does more with them")]
#[path = "../replay/acts.rs"]
mod acts;
mod block_log;
mod campaign;
#[path = "../common/mod.rs"]
mod common;
#[path = "../replay/dice.rs"]
mod dice;
#[path = "../replay/fate.rs"]
mod fate;
mod image;
#[allow(dead_code, reason = "tests/replay does more with it")]
#[path = "../replay/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "tests/replay does more with it")]
#[path = "../replay/look.rs"]
mod look;
mod machine;
#[path = "../replay/notes.rs"]
mod notes;
#[path = "../replay/whole.rs"]
mod whole;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use common::{job, say};
use dice::Dice;
use gatepass::Options;

/// The other process, in the machine: so many threads act until the power is cut.
#[test]
fn writer() {
    let Some(words) = job() else { return };
    let [store, disk, process, seed, first, threads] = &words[..] else { panic!() };
    let [process, seed]: [u64; 2] = [process, seed].map(|word| word.parse().unwrap());
    let [first, threads]: [i64; 2] = [first, threads].map(|word| word.parse().unwrap());
    let notes = image::noted_on(Path::new(disk), process);
    draw_other_numbers(seed);
    // A machine without hardware is slow.
    let gate = Options::new().deadline(Duration::from_secs(60)).open(store).unwrap();
    say("acting");
    let mut dice = Dice::new(seed);
    acts::play(&gate, &notes, acts::Habit::Everything, first..first + threads, &(0..90_000), &mut dice);
}

/// All lives begin with the same memory, and so would draw the same random numbers: the same links.
fn draw_other_numbers(seed: u64) {
    const RNDRESEEDCRNG: libc::Ioctl = 0x5207;
    let mut pool = OpenOptions::new().write(true).open("/dev/urandom").unwrap();
    pool.write_all(&seed.to_ne_bytes()).unwrap();
    // SAFETY: it takes nothing but the file.
    assert_eq!(unsafe { libc::ioctl(pool.as_raw_fd(), RNDRESEEDCRNG) }, 0);
}

/// The other process, on this machine: `tests/long/power-cut`.
#[test]
fn campaign() {
    let Some(words) = job() else { return };
    campaign::run(&words);
}
