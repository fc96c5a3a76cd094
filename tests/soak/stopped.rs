//! Somebody is stopped while he holds the store, and goes on later.

use std::path::Path;
use std::time::{Duration, Instant};

use gatepass::directory::Mode;

use super::clock::steady;
use super::common::person;
use super::field::{Field, Ground, Heard, Language, Part};
use super::milliseconds;
use super::round::{Kind, Meanwhile, Prize, Standing, Try};

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// SQLite's lock for writing.
    Store,
    /// The gate alone, at which processes queue.
    Gate,
}

fn signal(process: u32, signal: i32) {
    // SAFETY: the process is a child that was not waited for, so that its number is nobody else's.
    let done = unsafe { libc::kill(process.try_into().unwrap(), signal) };
    assert_eq!(done, 0);
}

/// What a process holds, as the kernel tells: SQLite's lock for writing is byte 120 of `-shm`.
fn holds(process: u32) -> Option<Hold> {
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let (mut store, mut gate) = (false, false);
    for line in locks.lines() {
        let [_, kind, _, access, owner, _, from, to] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            continue;
        };
        if owner == process.to_string() && access == "WRITE" {
            store |= (kind, from, to) == ("POSIX", "120", "120");
            gate |= kind == "FLOCK";
        }
    }
    if store { Some(Hold::Store) } else { gate.then_some(Hold::Gate) }
}

fn state(process: u32) -> Option<char> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).unwrap();
    status.rsplit_once(") ")?.1.chars().next()
}

/// Stop a process at a moment at which it holds that.
fn stop(process: u32, hold: Hold) {
    let give_up = Instant::now() + Duration::from_secs(120);
    while Instant::now() < give_up {
        signal(process, libc::SIGSTOP);
        while state(process) != Some('T') {
            std::thread::yield_now();
        }
        if holds(process) == Some(hold) {
            return;
        }
        signal(process, libc::SIGCONT);
        std::thread::sleep(Duration::from_micros(u64::from(process) % 7 * 100 + steady() % 2_000));
    }
    panic!("it was never found holding {hold:?}");
}

/// Have all racers try a token now; what they are told afterwards.
fn try_all(field: &mut Field<'_>, prize: &Prize, meanwhile: impl FnOnce()) -> Vec<Try> {
    let racers = field.racers();
    racers.iter().for_each(|at| field.tell(*at, steady(), "redeem", &prize.text));
    meanwhile();
    let tries = racers.iter().map(|_| match field.expect_next() {
        (_, Heard::Said(line)) => Try::parse(&line).unwrap(),
        gone => panic!("{gone:?}"),
    });
    tries.collect()
}

#[test]
fn who_holds_the_store_may_stop_until_the_deadline_and_then_others_hear_busy_and_nobody_is_let_in() {
    let deadline = milliseconds("SOAK_DEADLINE_MS", 3_000);
    let ground = Ground::new(deadline);
    let gate = ground.place.init(Mode::Managed);
    person(&gate, "ann@example.com");
    let mut field = Field::new(&ground);
    field.start(&[Part::Company("sign-in at once")]);
    let holder = field.members[0].pid();
    let racers = [Language::Rust, Language::Php, Language::Python].into_iter().filter(|one| one.is_here());
    field.start(&racers.map(Part::Racer).collect::<Vec<_>>());
    let make = || Prize::make(&gate, Kind::Token, 0, Meanwhile::Nothing);
    let one_wins = |tries: &[Try], what: &str| {
        let words: Vec<&str> = tries.iter().map(|tried| tried.outcome.as_str()).collect();
        let longest = tries.iter().map(|tried| tried.end - tried.begin).max().unwrap();
        println!("{what}: {words:?}, {longest} µs at most");
        assert_eq!(words.iter().filter(|word| **word == "ok").count(), 1, "{what}: {words:?}");
        assert!(words.iter().all(|word| ["ok", "token_redeemed"].contains(word)), "{what}: {words:?}");
    };

    let prize = make();
    stop(holder, Hold::Store);
    let tries = try_all(&mut field, &prize, || {});
    for tried in &tries {
        let waited = Duration::from_micros(tried.end - tried.begin);
        println!("stopped for longer: {}, after {waited:.1?}", tried.outcome);
        assert_eq!(tried.outcome, "store_busy");
        assert!(waited > deadline / 2, "{waited:?}");
    }
    // Reading waits for nobody.
    assert_eq!(prize.standing(&gate), Some(Standing { spent: 0, revoked: false }));
    signal(holder, libc::SIGCONT);
    one_wins(&try_all(&mut field, &prize, || {}), "gone on");

    let prize = make();
    stop(holder, Hold::Store);
    let tries = try_all(&mut field, &prize, || {
        std::thread::sleep(deadline / 4);
        signal(holder, libc::SIGCONT);
    });
    one_wins(&tries, "stopped for less");

    // Who is stopped at the gate holds nobody up for long: nothing but fairness depends on it.
    let prize = make();
    stop(holder, Hold::Gate);
    one_wins(&try_all(&mut field, &prize, || {}), "stopped at the gate");
    signal(holder, libc::SIGCONT);
}
