//! Acts of several threads in one transaction: each has its own outcome, whatever becomes of the others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread::scope;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::support::store;
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::sqlite::database::Database;
use crate::store::sqlite::writing::Sync;

/// What a thread of a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Insert,
    /// Changes something, then says no.
    Refuse,
    /// Changes something, then panics.
    Panic,
    /// Ends the whole transaction, as SQLite does when the disk is full.
    Full,
}

fn insert(connection: &Connection, name: usize) -> StoreResult<()> {
    connection
        .execute("INSERT INTO destination (name, path) VALUES (?1, '')", [format!("act:{name}")])
        .map_err(StoreError::from)?;
    Ok(())
}

fn deed(connection: &Connection, name: usize, deed: Deed) -> StoreResult<()> {
    insert(connection, name)?;
    match deed {
        Deed::Insert => Ok(()),
        Deed::Refuse => Err(StoreError::Corrupt("refused")),
        Deed::Panic => panic!("a planted panic"),
        Deed::Full => {
            connection.execute_batch("ROLLBACK").unwrap();
            Err(StoreError::Full)
        }
    }
}

fn names(database: &Database) -> Vec<usize> {
    let read = |connection: &Connection| {
        let mut all = connection.prepare("SELECT name FROM destination WHERE name LIKE 'act:%'").unwrap();
        let names = all.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut names: Vec<usize> = names.map(|name| name.unwrap()[4..].parse().unwrap()).collect();
        names.sort_unstable();
        Ok(names)
    };
    database.read(read).unwrap()
}

/// Hold the writer until all threads wait for it, so that what they do is one batch; what each heard, in the order
/// of `deeds`.
fn batch(database: &Database, first: usize, deeds: &[Deed]) -> Vec<std::thread::Result<StoreResult<()>>> {
    let heard = Mutex::new(Vec::new());
    let held = database.hold();
    scope(|scope| {
        for (at, &which) in deeds.iter().enumerate() {
            let heard = &heard;
            let before = database.waiting();
            scope.spawn(move || {
                let act = |connection: &Connection| deed(connection, first + at, which);
                let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    database.write(Sync::Synced, act)
                }));
                heard.lock().unwrap().push((at, said));
            });
            while database.waiting() == before {
                std::thread::yield_now();
            }
        }
        drop(held);
    });
    let mut heard = heard.into_inner().unwrap();
    heard.sort_by_key(|(at, _)| *at);
    heard.into_iter().map(|(_, said)| said).collect()
}

#[test]
fn at_every_place_of_a_batch_a_no_a_panic_and_a_full_disk_take_nothing_of_others_with_them() {
    let (_folder, store) = store();
    let database = &store.database;
    let mut first = 0;
    for size in [2, 3, 5] {
        for place in 0..size {
            for which in [Deed::Refuse, Deed::Panic, Deed::Full] {
                let mut deeds = vec![Deed::Insert; size];
                deeds[place] = which;
                let before = names(database);
                let heard = batch(database, first, &deeds);
                for (at, said) in heard.iter().enumerate() {
                    match (said, deeds[at]) {
                        (Ok(Ok(())), Deed::Insert) => {}
                        (Ok(Err(StoreError::Corrupt("refused"))), Deed::Refuse) => {}
                        (Ok(Err(StoreError::Full)), Deed::Full) => {}
                        (Err(_), Deed::Panic) => {}
                        (said, deed) => panic!("{deed:?} at {at} of {deeds:?} heard {said:?}"),
                    }
                }
                let mut wanted = before;
                wanted.extend((0..size).filter(|at| *at != place).map(|at| first + at));
                assert_eq!(names(database), wanted, "{deeds:?}");
                first += size;
            }
        }
    }
}

#[test]
fn a_batch_is_one_commit() {
    let (_folder, store) = store();
    let database = &store.database;
    let before = database.syncs.load(Ordering::Relaxed);
    let held = database.hold();
    scope(|scope| {
        for waiting in 0..8 {
            scope.spawn(|| database.write(Sync::Synced, |_| Ok(())).unwrap());
            while database.waiting() == waiting {
                std::thread::yield_now();
            }
        }
        drop(held);
    });
    assert_eq!(database.syncs.load(Ordering::Relaxed), before + 1);
}

#[test]
fn who_waits_too_long_hears_busy_and_its_act_is_not_done() {
    let (_folder, store) = store();
    let database = &store.database;
    let held = database.hold();
    let begun = Instant::now();
    scope(|scope| {
        let late = scope.spawn(|| database.note(|connection| insert(connection, 1)));
        assert_eq!(late.join().unwrap(), Ok(()), "a note that can't be written now is no error");
    });
    assert!(begun.elapsed() >= Duration::from_millis(40));
    drop(held);
    assert!(names(database).is_empty());
}

#[test]
fn many_threads_each_get_their_own_answers() {
    let (_folder, store) = store();
    let database = &store.database;
    let (go, refused) = (Barrier::new(8), AtomicUsize::new(0));
    scope(|scope| {
        for thread in 0..8_usize {
            let (database, go, refused) = (database, &go, &refused);
            scope.spawn(move || {
                go.wait();
                for round in 0..100_usize {
                    let name = thread * 1_000 + round;
                    let which = if name % 7 == 0 { Deed::Refuse } else { Deed::Insert };
                    let said = database.write(Sync::Synced, |connection| {
                        deed(connection, name, which)?;
                        Ok(name)
                    });
                    match (said, which) {
                        (Ok(told), Deed::Insert) => assert_eq!(told, name),
                        (Err(_), Deed::Refuse) => drop(refused.fetch_add(1, Ordering::Relaxed)),
                        (said, _) => panic!("{said:?}"),
                    }
                }
            });
        }
    });
    let wanted: Vec<usize> = (0..8)
        .flat_map(|thread| (0..100).map(move |round| thread * 1_000 + round))
        .filter(|name| name % 7 != 0)
        .collect();
    assert_eq!(names(database), wanted);
    assert_eq!(refused.into_inner(), 800 - wanted.len());
}
