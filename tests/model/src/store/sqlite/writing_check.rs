//! Threads that write to one store, which fails in every way that the combiner must know.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::{scope, yield_now};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Disk};
use shuttle::rand::{Rng, thread_rng};

use super::database::Database;
use super::transaction::wait_until;
use super::writing::Sync;
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::{seen, sys};

/// What an act does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Deed {
    Insert,
    /// Changes something, then says no.
    Refuse,
    /// Changes something, then panics.
    Panic,
    /// Its transaction ends by itself.
    End,
    /// Finds that the disk fails.
    Fail,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Synced,
    Relaxed,
    Note,
}

/// How long a note waits.
const NOTE: Duration = Duration::from_millis(50);

struct Run {
    database: Database,
    disk: Disk,
    /// Deadlines pass.
    moving: bool,
    /// What was planned to fail.
    busy: bool,
    failing: bool,
}

impl Run {
    fn committed(&self, row: u32) -> usize {
        self.disk.with(|disk| disk.committed.iter().filter(|one| **one == row).count())
    }

    fn on_disk(&self, row: u32) -> bool {
        self.disk.with(|disk| disk.committed[..disk.synced].contains(&row))
    }

    fn promise(&self, until: Instant) {
        // Where time passes, it does so between the look at the clock and the sleep too.
        if !self.moving {
            shadow::clock::promise(until);
        }
    }

    fn write(&self, row: u32, manner: Manner, deed: Deed) {
        let trusted = self.database.usable().is_ok();
        // From here to the call is no step in which time could pass.
        let most = if manner == Manner::Note { NOTE } else { self.database.deadline() };
        let until = Instant::now() + most;
        self.promise(until);
        let act = |connection: &Connection| -> StoreResult<()> {
            let waits = self.disk.with(|disk| disk.waits_until);
            assert!(waits.is_none_or(|waits| waits <= until), "{row} waits longer than its deadline");
            // Where time stands still, nobody is done with others who have less of it.
            assert!(self.moving || waits == Some(until), "{row} waits shorter than its deadline");
            connection.insert(row);
            match deed {
                Deed::Insert => Ok(()),
                Deed::Refuse => Err(StoreError::Corrupt("refused")),
                Deed::Panic => resume_unwind(Box::new("planted")),
                Deed::End => {
                    connection.end();
                    Err(StoreError::Full)
                }
                Deed::Fail => Err(StoreError::Indeterminate),
            }
        };
        let said = catch_unwind(AssertUnwindSafe(|| match manner {
            Manner::Synced => self.database.write(Sync::Synced, |connection| act(connection).map(|()| row)),
            Manner::Relaxed => self.database.write(Sync::Relaxed, |connection| act(connection).map(|()| row)),
            Manner::Note => self.database.note(act).map(|()| row),
        }));
        let committed = self.committed(row);
        assert!(committed <= 1, "{row} was done {committed} times");
        assert!(trusted || said.as_ref().is_ok_and(Result::is_err), "{row} heard yes of a store not trusted");
        match said {
            Ok(Ok(_)) if manner == Manner::Note => seen("noted"),
            Ok(Ok(told)) => {
                seen("yes");
                assert_eq!((told, deed, committed), (row, Deed::Insert, 1), "heard yes");
                assert!(
                    manner != Manner::Synced || self.on_disk(row),
                    "{row} heard yes and is not on the disk"
                );
            }
            Ok(Err(StoreError::Indeterminate)) => {
                seen("indeterminate");
                assert!(self.failing || deed == Deed::Fail, "{row} heard of a failure that was not");
            }
            Ok(Err(StoreError::Poisoned)) => {
                seen("poisoned");
                assert!(self.database.usable().is_err(), "{row} heard of a failure that was not");
            }
            Ok(Err(no)) => {
                let wanted = match no {
                    StoreError::Corrupt("refused") => deed == Deed::Refuse,
                    StoreError::Full => deed == Deed::End,
                    StoreError::Busy => self.busy || self.moving && Instant::now() >= until,
                    _ => false,
                };
                seen(match no {
                    StoreError::Full => "full",
                    StoreError::Busy => "busy",
                    _ => "refused",
                });
                assert!(wanted, "{row}, {deed:?}, heard {no:?}");
                assert_eq!(committed, 0, "{row}, {deed:?}, is there, but heard {no:?}");
            }
            Err(panic) => {
                let told = panic.downcast_ref::<String>().map_or("planted", |told| told);
                seen("panic");
                assert_eq!((told, deed, committed), ("planted", Deed::Panic, 0), "{row} panicked");
            }
        }
    }

    fn alone(&self) {
        let until = Instant::now() + self.database.deadline();
        self.promise(until);
        if let Ok(lease) = self.database.writer.take(until) {
            seen("alone");
            yield_now();
            assert!(lease.get().is_ok_and(|writer| writer.connection.is_autocommit()), "left in the middle");
        }
    }
}

/// A thread that reads beside the writer waits for a time of its own.
fn read() {
    wait_until(Instant::now() + Duration::from_secs(5));
}

fn written(moving: bool) {
    shadow::clock::reset();
    sys::leave_the_gate();
    let mut dice = thread_rng();
    let disk = Disk::default();
    let fault = dice.gen_range(0..6);
    disk.with(|disk| match fault {
        0 => disk.fail_sync = true,
        1 => disk.fail_commit = Some(dice.gen_bool(0.5)),
        2 => disk.busy = dice.gen_range(1..=2),
        _ => {}
    });
    let deadline = Duration::from_millis(if dice.gen_bool(0.2) { 60 } else { 1_000 });
    let run = Run {
        database: Database::new(disk.clone(), deadline),
        disk,
        moving,
        busy: fault == 2,
        failing: fault < 2,
    };
    scope(|scope| {
        // Half of the runs begin with a queue.
        let held = dice.gen_bool(0.5).then(|| run.database.writer.take_idle().expect("nobody has it"));
        let mut wild = false;
        let rows = dice.gen_range(2..=4);
        for row in 0..rows {
            // At most one act in a run does what takes others along: who is hit is to be clear.
            let deed = match dice.gen_range(0..12) {
                0 | 1 => Deed::Refuse,
                2 if !wild => Deed::Panic,
                3 if !wild => Deed::End,
                4 if !wild => Deed::Fail,
                _ => Deed::Insert,
            };
            wild |= ![Deed::Insert, Deed::Refuse].contains(&deed);
            let manner =
                [Manner::Synced, Manner::Synced, Manner::Relaxed, Manner::Note][dice.gen_range(0..4)];
            let run = &run;
            scope.spawn(move || run.write(row, manner, deed));
        }
        if dice.gen_bool(0.2) {
            scope.spawn(|| run.alone());
        }
        if dice.gen_bool(0.2) {
            scope.spawn(read);
        }
        if held.is_some() {
            shadow::clock::wait_for_sleepers(rows as usize);
        }
        drop(held);
        for _ in 0..if moving { dice.gen_range(1..=4) } else { 0 } {
            yield_now();
            shadow::clock::strike(Duration::from_millis(60));
        }
    });
    assert!(run.database.writer.take_idle().is_some(), "the writer did not come back");
    assert!(!sys::in_the_gate(), "the last one did not leave the gate");
}

pub(crate) fn yes_is_on_the_disk() {
    written(false);
}

pub(crate) fn yes_is_on_the_disk_in_time() {
    written(true);
}
