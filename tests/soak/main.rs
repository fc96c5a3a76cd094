//! Exactly once, in trouble: processes in Rust, PHP and Python try the same token or link at the same
//! announced moment, while others issue, revoke, purge, back up and check, the clock is set forward and back,
//! and one process after the other is killed. Each has one winner, or as many as it has uses; every loser
//! hears a reason that is true; nobody hears that the store is busy, unless its holder is stopped for longer
//! than the deadline.
//!
//! The same is done with racers that are broken on purpose, through Gatepass and in a table of their own;
//! each must be caught. `tests/long/soak` runs all of this at length: `SOAK_TOKENS`, `SOAK_LINKS`,
//! `SOAK_KILL_MS`, `SOAK_DEADLINE_MS`.
//!
//! Needs `php` with FFI and `python3`. Where one is missing the race is held without it, and said; CI insists
//! on both.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
#[path = "../common/mod.rs"]
mod common;
mod company;
mod contest;
#[path = "../replay/dice.rs"]
#[allow(dead_code, reason = "a soak can't be had again")]
mod dice;
mod field;
#[path = "../library/mod.rs"]
mod library;
#[path = "../programs/mod.rs"]
mod programs;
mod racer;
mod round;
mod stopped;

use std::process::Command;
use std::time::{Duration, Instant};

use common::{job, micros};
use contest::{Contest, Way};
use dice::Dice;
use field::{Language, Part};
use round::{Kind, Meanwhile, Round, Standing, Try};

/// The racers: as many processes in each language.
const RACERS: [(Language, usize); 3] = [(Language::Rust, 4), (Language::Php, 2), (Language::Python, 2)];

/// A process that tries what it is told.
#[test]
fn racer() {
    let Some(words) = job() else { return };
    let [store, deadline, by_hand] = &words[..] else { panic!() };
    racer::race(store, deadline, by_hand);
}

/// A process that does something else meanwhile.
#[test]
fn company() {
    let Some(words) = job() else { return };
    let [store, role, own, deadline] = &words[..] else { panic!() };
    company::keep(store, role, own, deadline);
}

/// A number that the long command sets.
fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn milliseconds(name: &str, usual: usize) -> Duration {
    Duration::from_millis(size(name, usual).try_into().unwrap())
}

fn racers() -> Vec<Part> {
    let here = RACERS.into_iter().filter(|(language, _)| language.is_here());
    here.flat_map(|(language, many)| vec![Part::Racer(language); many]).collect()
}

fn dice() -> Dice {
    Dice::new(u64::try_from(micros()).unwrap())
}

#[test]
fn each_token_and_link_has_as_many_winners_as_it_may_whatever_happens_around_it() {
    let (tokens, links) = (size("SOAK_TOKENS", 40), size("SOAK_LINKS", 40));
    let every = milliseconds("SOAK_KILL_MS", 150);
    let racers = racers();
    let deadline = Duration::from_secs(10);
    let contest = Contest { racers: &racers, way: Way::Sound, tokens, links, trouble: Some(every), deadline };
    let begun = Instant::now();
    let came = contest.hold(&mut dice());
    println!("winners over or under what may win: {:?}; heard {:?}", came.surplus, came.heard);
    println!("meanwhile {:?}; {} were won by some and over for others", came.meanwhile, came.split);
    println!("killed {:?}, who had used {} without having told", came.killed, came.untold);
    println!("company {:?}", came.company);
    println!(
        "soak: {} racers, {tokens} tokens, {links} links: {} wrong, {} had two or more inside (at most {}), {} \
         processes killed, longest wait {:.1?}, {:.0?} in all",
        racers.len(),
        came.wrong.len(),
        came.overlapped,
        came.most_inside,
        came.kills(),
        came.worst_wait,
        begun.elapsed()
    );
    assert!(came.wrong.is_empty(), "{} wrong:\n{}", came.wrong.len(), came.wrong.join("\n"));
    assert_eq!(came.doubled(), 0);
    assert!(came.overlapped > (tokens + links) / 4, "they hardly met: this proves little");
    assert!(came.kills() > 2, "nobody was killed: this proves little");
}

/// Racers that are broken have to be caught, in so many rounds.
#[track_caller]
fn is_caught(racers: &[Part], way: Way, tokens: usize, links: usize) {
    let deadline = Duration::from_secs(10);
    let came = Contest { racers, way, tokens, links, trouble: None, deadline }.hold(&mut dice());
    println!(
        "control {way:?}: {} of {} had too many winners, heard {:?}",
        came.doubled(),
        came.rounds,
        came.heard
    );
    assert!(came.doubled() > 0 && !came.wrong.is_empty(), "the harness can't tell one winner from two");
}

#[test]
fn racers_that_look_first_and_spend_later_win_twice() {
    let rounds = size("SOAK_TOKENS", 40).div_ceil(10).max(40);
    is_caught(&racers(), Way::LookFirst, rounds, rounds);
}

#[test]
fn tokens_that_are_kept_by_hand_are_won_twice() {
    let rounds = size("SOAK_TOKENS", 40).div_ceil(10).max(40);
    let php = Part::Racer(Language::Php);
    let with_pdo = racers().contains(&php) && {
        let mut asked = Command::new("php");
        asked.args(["-r", "exit(extension_loaded('pdo_sqlite') ? 0 : 1);"]).status().unwrap().success()
    };
    let racers: Vec<Part> = racers().into_iter().filter(|part| with_pdo || *part != php).collect();
    is_caught(&racers, Way::ByHand, rounds, 0);
    if with_pdo {
        is_caught(&[php; 8], Way::ByHand, rounds, 0);
    }
}

#[test]
fn what_is_not_as_promised_is_told_of_every_round() {
    let tried = |outcome: &str| Try { outcome: outcome.into(), begin: 0, end: 1 };
    let round = |outcomes: &[&str], meanwhile, killed, spent, revoked| Round {
        kind: Kind::Token,
        meanwhile,
        tries: outcomes.iter().map(|outcome| tried(outcome)).collect(),
        killed,
        revoker: (meanwhile == Meanwhile::Revoked).then(|| "ok".to_owned()),
        standing: Some(Standing { spent, revoked }),
    };
    const USED: &str = "token_redeemed";
    let (nothing, revoked, back) = (Meanwhile::Nothing, Meanwhile::Revoked, Meanwhile::StepBack);
    for sound in [
        round(&["ok", USED], nothing, 0, 1, false),
        // The winner was killed.
        round(&[USED, USED], nothing, 1, 1, false),
        round(&["token_revoked", "token_revoked"], revoked, 0, 0, true),
        round(&["token_not_yet_valid"], back, 0, 0, false),
        round(&["ok", USED, "token_not_yet_valid"], back, 0, 1, false),
    ] {
        assert_eq!(sound.wrong(), Vec::<String>::new());
    }
    for broken in [
        round(&["ok", "ok"], nothing, 0, 1, false),
        // Told, and not there.
        round(&["ok", USED], nothing, 0, 0, false),
        // Nobody won, and nobody was killed.
        round(&[USED, USED], nothing, 0, 1, false),
        round(&[USED, USED], nothing, 1, 0, false),
        round(&["ok", "store_busy"], nothing, 0, 1, false),
        round(&["ok", "token_expired"], nothing, 0, 1, false),
        round(&["ok", "token_revoked"], revoked, 0, 1, true),
        round(&["ok", USED], revoked, 0, 1, false),
        round(&["token_not_yet_valid", USED], back, 0, 0, false),
    ] {
        assert_ne!(broken.wrong(), Vec::<String>::new(), "{broken:?}");
    }
}
