//! Threads that take turns: who leads, what it does, and what each hears.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, spawn, yield_now};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Disk};
use shadow::Ledger;
use shuttle::rand::{Rng, thread_rng};

use super::turns::{Turns, Waiter};
use super::writing::Sync;
use crate::error::StoreError;
use crate::seen;
use crate::store::StoreResult;
use crate::sys::lend;

const PATIENT: Duration = Duration::from_secs(1);
const HURRIED: Duration = Duration::from_millis(50);

/// Work is lent to a thread that does it at any time, or too late.
pub(crate) fn lent() {
    let over = Arc::new(AtomicBool::new(false));
    let seen_over = Arc::clone(&over);
    let mut work = move |_: &()| assert!(!seen_over.load(Ordering::SeqCst), "called after it was taken back");
    let borrower = lend(&mut work, |lent| {
        let borrower = spawn(move || lent.run(&()));
        yield_now();
        borrower
    });
    over.store(true, Ordering::SeqCst);
    seen(if borrower.join().expect("the borrower").is_some() { "done" } else { "taken back" });
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Wish {
    Act,
    /// An act with little time.
    Hurried,
    /// The writer, for what is no act.
    Alone,
}

fn connection() -> Connection {
    Connection::new(Disk::default())
}

/// All queue while the writer is held, one after the other.
pub(crate) fn in_order() {
    shadow::clock::reset();
    let turns = Turns::new(connection());
    let wishes: Vec<Wish> = (0..4)
        .map(|_| [Wish::Act, Wish::Act, Wish::Hurried, Wish::Alone][thread_rng().gen_range(0..4)])
        .collect();
    // Who was done, by place in the queue, and with whom.
    let (done, batches) = (Ledger::default(), Ledger::default());
    let held = turns.take_idle().expect("nobody has it");
    scope(|scope| {
        for (place, wish) in wishes.iter().enumerate() {
            let (turns, done, batches) = (&turns, &done, &batches);
            scope.spawn(move || {
                let until = Instant::now() + if *wish == Wish::Hurried { HURRIED } else { PATIENT };
                if *wish == Wish::Alone {
                    let lease = turns.take(until).expect("time stands still");
                    batches.add(vec![place]);
                    return drop(lease);
                }
                let lead = |connection: &Connection, batch: &[Arc<Waiter>]| {
                    let outcome =
                        |waiter: &Arc<Waiter>| waiter.run(connection).map(drop).ok_or(StoreError::Busy);
                    let outcomes = batch.iter().map(outcome).collect();
                    batches.add(done.take());
                    outcomes
                };
                let mut work = |_: &Connection| {
                    done.add(place);
                    Some(Sync::Synced)
                };
                let said = lend(&mut work, |act| turns.join(act, Sync::Synced, until, lead));
                assert_eq!(said, Ok(()), "time stands still");
            });
            shadow::clock::wait_for_sleepers(place + 1);
        }
        drop(held);
    });
    let batches = batches.take();
    let mut waiting: Vec<usize> = (0..wishes.len()).collect();
    for batch in &batches {
        waiting.retain(|place| *place != batch[0]);
        let mut wanted = vec![batch[0]];
        if wishes[batch[0]] == Wish::Act {
            let acts = waiting.iter().copied().take_while(|place| wishes[*place] != Wish::Alone);
            wanted.extend(acts.filter(|place| wishes[*place] == Wish::Act));
        }
        assert_eq!(*batch, wanted, "{wishes:?} were done as {batches:?}");
        waiting.retain(|place| !batch.contains(place));
        seen(format!("batch of {}", batch.len()));
        match wishes[batch[0]] {
            Wish::Act => {}
            Wish::Hurried => seen("little time"),
            Wish::Alone => seen("alone"),
        }
    }
    assert!(waiting.is_empty(), "{waiting:?} were not done");
}

/// What a thread's act is to come to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Good,
    Full,
    /// It is good, but whoever leads it first is lost in the middle of its batch.
    Lost,
}

/// What all threads of a run share.
struct Run {
    turns: Turns<Connection>,
    ends: Vec<End>,
    /// Whose acts were done.
    done: Ledger<usize>,
    /// Somebody has the writer.
    taken: AtomicBool,
    lost: AtomicBool,
    /// Deadlines pass.
    moving: bool,
}

/// Somebody has the writer until this is dropped.
struct Taken<'a>(&'a AtomicBool);

impl Run {
    fn have_the_writer(&self) -> Taken<'_> {
        assert!(!self.taken.swap(true, Ordering::SeqCst), "two have the writer");
        Taken(&self.taken)
    }

    /// Whoever leads: each act comes to what it is to come to.
    fn lead(&self, connection: &Connection, batch: &[Arc<Waiter>]) -> Vec<StoreResult<()>> {
        let _taken = self.have_the_writer();
        seen(format!("batch of {}", batch.len()));
        batch
            .iter()
            .map(|waiter| match waiter.run(connection).expect("who gave up is in no batch") {
                Sync::Synced => Ok(()),
                Sync::Relaxed => Err(StoreError::Full),
            })
            .collect()
    }

    fn promise(&self, until: Instant) {
        // Where time passes, it does so between the look at the clock and the sleep too.
        if !self.moving {
            shadow::clock::promise(until);
        }
    }

    /// A thread whose act is the `own`th.
    fn join(&self, own: usize) {
        let until = Instant::now() + if thread_rng().gen_bool(0.3) { HURRIED } else { PATIENT };
        self.promise(until);
        let end = self.ends[own];
        let mut work = |_: &Connection| {
            self.done.add(own);
            // The leader learns by this what it is to say; no act panics here, so it is lost itself.
            if end == End::Lost && !self.lost.swap(true, Ordering::SeqCst) {
                seen("lost leader");
                resume_unwind(Box::new("lost"));
            }
            Some(if end == End::Full { Sync::Relaxed } else { Sync::Synced })
        };
        let said = catch_unwind(AssertUnwindSafe(|| {
            let lead = |connection: &Connection, batch: &[Arc<Waiter>]| self.lead(connection, batch);
            lend(&mut work, |act| self.turns.join(act, Sync::Synced, until, lead))
        }));
        let done = self.done.count(&own);
        match said {
            Ok(Ok(())) => {
                seen("good");
                assert_eq!((end != End::Full, done), (true, 1), "{own} heard good");
            }
            Ok(Err(StoreError::Full)) => {
                seen("full");
                assert_eq!((end, done), (End::Full, 1), "{own} heard full");
            }
            Ok(Err(StoreError::Busy)) => {
                seen("busy");
                assert!(self.moving && Instant::now() >= until, "{own} was sent away before its time");
                assert_eq!(done, 0, "{own} heard busy");
            }
            Ok(Err(StoreError::Indeterminate)) => {
                seen("indeterminate");
                assert!(self.lost.load(Ordering::SeqCst), "no leader was lost");
            }
            Ok(Err(error)) => panic!("{own} heard {error:?}"),
            Err(_) => assert!(self.lost.load(Ordering::SeqCst), "no leader was lost"),
        }
    }

    /// A thread that wants the writer alone.
    fn alone(&self) {
        let until = Instant::now() + PATIENT;
        self.promise(until);
        match self.turns.take(until) {
            Ok(_lease) => {
                let _taken = self.have_the_writer();
                seen("alone");
                yield_now();
            }
            Err(error) => {
                assert_eq!(error, StoreError::Busy);
                assert!(self.moving && Instant::now() >= until, "sent away before its time");
            }
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

fn joined(moving: bool) {
    shadow::clock::reset();
    let mut dice = thread_rng();
    let ends: Vec<End> = (0..dice.gen_range(2..=4))
        .map(|_| match dice.gen_range(0..8) {
            0..5 => End::Good,
            5..7 => End::Full,
            _ => End::Lost,
        })
        .collect();
    let run = Run {
        turns: Turns::new(connection()),
        ends,
        done: Ledger::default(),
        taken: AtomicBool::new(false),
        lost: AtomicBool::new(false),
        moving,
    };
    scope(|scope| {
        let run = &run;
        // Half of the runs begin with a queue.
        let held = dice.gen_bool(0.5).then(|| run.turns.take_idle().expect("nobody has it"));
        (0..run.ends.len()).for_each(|own| drop(scope.spawn(move || run.join(own))));
        if dice.gen_bool(0.4) {
            scope.spawn(|| run.alone());
        }
        if held.is_some() {
            shadow::clock::wait_for_sleepers(run.ends.len());
        }
        drop(held);
        for _ in 0..if moving { dice.gen_range(1..=4) } else { 0 } {
            yield_now();
            shadow::clock::strike(HURRIED);
        }
    });
    assert!(run.turns.take_idle().is_some(), "the writer did not come back");
    for (own, count) in (0..run.ends.len()).map(|own| (own, run.done.count(&own))) {
        assert!(count <= 1, "the act of {own} was done {count} times");
    }
}

pub(crate) fn each_its_own() {
    joined(false);
}

pub(crate) fn each_its_own_in_time() {
    joined(true);
}
