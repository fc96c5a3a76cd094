//! Issue and redeem by many threads at once: one handle of the library, against a connection per thread and one
//! connection behind a mutex, both with the library's statements under the same sync rule.
//!
//! Run it with `cargo bench --bench threads`. Rounds and milliseconds per round may be given:
//! `cargo bench --bench threads -- 5 500`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../core/by_hand.rs"]
mod by_hand;

use std::path::Path;
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use gatepass::Gatepass;
use gatepass::id::{ClientId, ItemId};
use gatepass::token::{IssueRequest, RedeemRequest};

use by_hand::{ByHand, store};

/// What one thread saw.
struct Seen {
    pairs: usize,
    /// How long each redemption took.
    waits: Vec<Duration>,
}

/// What a round of one side gave.
#[derive(Clone)]
struct Round {
    per_second: f64,
    /// The slowest thread's pairs over the fastest's.
    share: f64,
    p99: Duration,
    worst: Duration,
}

/// Issue and redeem until the time is over.
fn work(until: Instant, mut pair: impl FnMut() -> Duration) -> Seen {
    let mut seen = Seen { pairs: 0, waits: Vec::new() };
    while Instant::now() < until {
        let wait = pair();
        seen.pairs += 1;
        seen.waits.push(wait);
    }
    seen
}

fn timed(act: impl FnOnce()) -> Duration {
    let began = Instant::now();
    act();
    began.elapsed()
}

fn round(threads: usize, length: Duration, run: impl Fn(Instant) -> Seen + Sync) -> Round {
    let go = Barrier::new(threads);
    let began = Instant::now();
    let seen: Vec<Seen> = std::thread::scope(|scope| {
        let each = || {
            go.wait();
            run(Instant::now() + length)
        };
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(each)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let took = began.elapsed();
    let pairs: Vec<usize> = seen.iter().map(|one| one.pairs).collect();
    let mut waits: Vec<Duration> = seen.into_iter().flat_map(|one| one.waits).collect();
    waits.sort_unstable();
    Round {
        per_second: pairs.iter().sum::<usize>() as f64 / took.as_secs_f64(),
        share: *pairs.iter().min().unwrap() as f64 / (*pairs.iter().max().unwrap()).max(1) as f64,
        p99: waits[waits.len() * 99 / 100],
        worst: waits[waits.len() - 1],
    }
}

fn ours(gate: &Gatepass) -> impl Fn(Instant) -> Seen + Sync + '_ {
    move |until| {
        let caller = gate.host_caller("cli").unwrap();
        let request = IssueRequest::for_client(ClientId::new(1).unwrap())
            .destination("clientarea:product_details")
            .service(ItemId::new(1).unwrap());
        work(until, || {
            let token = gate.issue(&caller, &request).unwrap().token;
            timed(|| drop(gate.redeem(&RedeemRequest::new(token)).unwrap()))
        })
    }
}

fn own_connections(path: &Path) -> impl Fn(Instant) -> Seen + Sync + '_ {
    move |until| {
        let mut hand = ByHand::open(path, true);
        work(until, || {
            let key = hand.issue();
            timed(|| hand.redeem(&key))
        })
    }
}

fn one_mutex(hand: &Mutex<ByHand>) -> impl Fn(Instant) -> Seen + Sync + '_ {
    move |until| {
        work(until, || {
            let key = hand.lock().unwrap().issue();
            timed(|| hand.lock().unwrap().redeem(&key))
        })
    }
}

/// The median round by throughput.
fn median(rounds: &mut [Round]) -> Round {
    rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    rounds[rounds.len() / 2].clone()
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let benching = std::env::args().any(|word| word == "--bench");
    let rounds = numbers.first().copied().unwrap_or(if benching { 5 } else { 1 });
    let length = Duration::from_millis(
        u64::try_from(numbers.get(1).copied().unwrap_or(if benching { 500 } else { 20 })).unwrap(),
    );
    let counts: &[usize] = if benching { &[1, 2, 4, 8, 16] } else { &[2] };

    let folder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
    let place = |name: &str| folder.path().join(name);
    let gate = store(folder.path(), "ours.db");
    drop(store(folder.path(), "own.db"));
    drop(store(folder.path(), "mutex.db"));
    // One stays open, so that the log is not written back whenever the threads of a round are gone.
    let _holder = ByHand::open(&place("own.db"), true);
    let own = place("own.db");
    let mutex = Mutex::new(ByHand::open(&place("mutex.db"), true));

    println!(
        "issue (unsynced) and redeem (synced), medians of {rounds} rounds of {length:?}; ratio: to gatepass"
    );
    println!(
        "{:<8}{:<24}{:>12}{:>8}{:>8}{:>12}{:>12}",
        "threads", "", "pairs/s", "ratio", "share", "p99", "worst"
    );
    for &threads in counts {
        let mut sides =
            [("gatepass", Vec::new()), ("a connection each", Vec::new()), ("one mutex", Vec::new())];
        for _ in 0..rounds {
            sides[0].1.push(round(threads, length, ours(&gate)));
            sides[1].1.push(round(threads, length, own_connections(&own)));
            sides[2].1.push(round(threads, length, one_mutex(&mutex)));
        }
        let base = median(&mut sides[0].1).per_second;
        for (name, rounds) in &mut sides {
            let seen = median(rounds);
            println!(
                "{threads:<8}{name:<24}{:>12.0}{:>8.2}{:>8.2}{:>12.2?}{:>12.2?}",
                seen.per_second,
                base / seen.per_second,
                seen.share,
                seen.p99,
                seen.worst
            );
        }
    }
}
