//! Issue and redeem against a hand-written rusqlite loop that runs the same statements in one transaction
//! under the same sync rule. Both sides work in turn on the same disk in one run; what counts is the ratio.
//!
//! Run it with `cargo bench --bench core`. A number of rounds and of operations per round may be given:
//! `cargo bench --bench core -- 7 400`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_hand;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use gatepass::id::{ClientId, ItemId};
use gatepass::token::{IssueRequest, RedeemRequest};

use by_hand::{ByHand, store};

/// What the rounds of one side took.
struct Side {
    name: &'static str,
    issue: Vec<Duration>,
    redeem: Vec<Duration>,
}

impl Side {
    fn new(name: &'static str) -> Self {
        Side { name, issue: Vec::new(), redeem: Vec::new() }
    }

    /// One round; the first one of a run only warms up.
    fn round<T>(&mut self, count: usize, counts: bool, issue: impl FnMut() -> T, redeem: impl FnMut(T)) {
        let started = Instant::now();
        let made: Vec<T> = std::iter::repeat_with(issue).take(count).collect();
        let issued = started.elapsed();
        let started = Instant::now();
        made.into_iter().for_each(redeem);
        if counts {
            self.issue.push(issued);
            self.redeem.push(started.elapsed());
        }
    }
}

/// Microseconds per operation: the median round.
fn each(times: &mut [Duration], count: usize) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6 / count as f64
}

fn main() {
    // `cargo bench` passes `--bench`, and `cargo test --benches` nothing at all: then one short round shows
    // that it works.
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let benching = std::env::args().any(|word| word == "--bench");
    let rounds = numbers.first().copied().unwrap_or(if benching { 9 } else { 1 });
    let count = numbers.get(1).copied().unwrap_or(if benching { 400 } else { 10 });

    let folder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
    let gate = store(folder.path(), "ours.db");
    drop(store(folder.path(), "tuned.db"));
    drop(store(folder.path(), "usual.db"));
    let tuned = RefCell::new(ByHand::open(&folder.path().join("tuned.db"), true));
    let usual = RefCell::new(ByHand::open(&folder.path().join("usual.db"), false));

    let caller = gate.host_caller("cli").unwrap();
    let request = IssueRequest::for_client(ClientId::new(1).unwrap())
        .destination("clientarea:product_details")
        .service(ItemId::new(1).unwrap());
    let mut sides = [Side::new("gatepass"), Side::new("by hand"), Side::new("by hand, driver's defaults")];
    for round in 0..=rounds {
        let counts = round > 0;
        let [ours, hand, default] = &mut sides;
        ours.round(
            count,
            counts,
            || gate.issue(&caller, &request).unwrap().token,
            |token| drop(gate.redeem(&RedeemRequest::new(token)).unwrap()),
        );
        for (side, by_hand) in [(hand, &tuned), (default, &usual)] {
            side.round(
                count,
                counts,
                || by_hand.borrow_mut().issue(),
                |key| by_hand.borrow_mut().redeem(&key),
            );
        }
    }

    println!(
        "medians of {rounds} rounds of {count}, SQLite {}; ratio: throughput against gatepass",
        rusqlite::version()
    );
    println!("{:<28}{:>16}{:>8}{:>16}{:>8}", "", "issue, unsynced", "ratio", "redeem, synced", "ratio");
    let [ours, ..] = &mut sides;
    let (issue, redeem) = (each(&mut ours.issue, count), each(&mut ours.redeem, count));
    for side in &mut sides {
        let (own_issue, own_redeem) = (each(&mut side.issue, count), each(&mut side.redeem, count));
        println!(
            "{:<28}{own_issue:>13.1} us{:>8.2}{own_redeem:>13.1} us{:>8.2}",
            side.name,
            issue / own_issue,
            redeem / own_redeem
        );
    }
}
