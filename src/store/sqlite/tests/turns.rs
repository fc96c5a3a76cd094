//! Acts of several threads in one transaction: each has its own outcome, whatever becomes of the others.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread::scope;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::support::{DEADLINE, patient_store, store};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::sqlite::database::Database;
use crate::store::sqlite::gate::Gate;
use crate::store::sqlite::turns::Turns;
use crate::store::sqlite::writing::Sync;
use crate::sys::lend;

/// What a thread of a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Insert,
    /// Changes something, then says no.
    Refuse,
    /// Changes something, then panics.
    Panic,
    /// Asks for more room than there is. SQLite undoes that statement, or the whole transaction.
    Full,
    /// Ends the whole transaction, as SQLite may when the disk is full or fails.
    End,
    /// Is interrupted while it writes.
    Interrupt,
    /// Asks for more memory than there is.
    Memory,
}

const UNDONE: [Deed; 5] = [Deed::Refuse, Deed::Panic, Deed::Full, Deed::End, Deed::Interrupt];

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
            let limit =
                |pages: &str| connection.execute_batch(&format!("PRAGMA max_page_count = {pages}")).unwrap();
            limit("1");
            let tried = insert_much(connection);
            limit("4294967294");
            tried
        }
        Deed::End => {
            connection.execute_batch("ROLLBACK").unwrap();
            ended(connection, Err(StoreError::Full))
        }
        Deed::Interrupt => {
            let handle = connection.get_interrupt_handle();
            let interrupted = AtomicBool::new(false);
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                       INSERT INTO destination (name, path) SELECT 'act:' || (i + 1000000), '' FROM n";
            // An interrupt while it is compiled would leave the transaction as it is.
            let mut statement = connection.prepare(sql).unwrap();
            let tried = scope(|scope| {
                // Again and again: one that comes before the statement runs is forgotten.
                scope.spawn(|| {
                    while !interrupted.load(Ordering::Relaxed) {
                        std::thread::sleep(Duration::from_millis(1));
                        handle.interrupt();
                    }
                });
                let tried = statement.execute([]).map(drop).map_err(StoreError::from);
                interrupted.store(true, Ordering::Relaxed);
                tried
            });
            ended(connection, tried)
        }
        Deed::Memory => {
            // For the whole process, and for good.
            connection.execute_batch("PRAGMA hard_heap_limit = 4000000").unwrap();
            ended(connection, insert_much(connection))
        }
    }
}

fn insert_much(connection: &Connection) -> StoreResult<()> {
    let sql = "INSERT INTO destination (name, path) VALUES ('act:0', hex(zeroblob(8000000)))";
    connection.execute(sql, []).map(drop).map_err(StoreError::from)
}

/// It failed, and the transaction is over.
fn ended(connection: &Connection, tried: StoreResult<()>) -> StoreResult<()> {
    assert!(tried.is_err());
    assert!(connection.is_autocommit(), "the transaction lives on, so this fault shows nothing");
    tried
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

/// Hold the writer until all threads wait for it, so that what they do is one batch; what each heard, in the
/// order of `deeds`.
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

/// Whether a thread heard what its own deed came to.
fn is_told(said: &std::thread::Result<StoreResult<()>>, deed: Deed) -> bool {
    match (said, deed) {
        (Ok(Ok(())), Deed::Insert) | (Err(_), Deed::Panic) => true,
        (Ok(Err(error)), Deed::Refuse) => *error == StoreError::Corrupt("refused"),
        (Ok(Err(error)), Deed::Full | Deed::End) => *error == StoreError::Full,
        (Ok(Err(error)), Deed::Interrupt | Deed::Memory) => matches!(error, StoreError::Database(_)),
        _ => false,
    }
}

#[test]
fn at_every_place_of_a_batch_a_no_a_panic_and_a_fault_take_nothing_of_others_with_them() {
    let (_folder, store) = patient_store();
    let database = &store.database;
    let mut first = 0;
    for size in [2, 3, 5] {
        for place in 0..size {
            for which in UNDONE {
                let mut deeds = vec![Deed::Insert; size];
                deeds[place] = which;
                let before = names(database);
                for (at, said) in batch(database, first, &deeds).iter().enumerate() {
                    assert!(is_told(said, deeds[at]), "{:?} at {at} of {deeds:?} heard {said:?}", deeds[at]);
                }
                let mut wanted = before;
                wanted.extend((0..size).filter(|at| *at != place).map(|at| first + at));
                assert_eq!(names(database), wanted, "{deeds:?}");
                first += size;
            }
        }
    }
}

/// Have a test of this file run by a process of its own, whose state is not that of the others; whether this
/// is it.
fn in_a_process_of_its_own(test: &str) -> bool {
    const CHILD: &str = "GATEPASS_TEST_ALONE";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let own = format!("store::sqlite::tests::turns::{test}");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", &own]).env(CHILD, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    false
}

/// SQLite's memory is one for the whole process.
#[test]
fn at_every_place_of_a_batch_a_lack_of_memory_takes_nothing_of_others_with_it() {
    if !in_a_process_of_its_own("at_every_place_of_a_batch_a_lack_of_memory_takes_nothing_of_others_with_it")
    {
        return;
    }
    let (_folder, store) = patient_store();
    for place in 0..3 {
        let mut deeds = vec![Deed::Insert; 3];
        deeds[place] = Deed::Memory;
        for (at, said) in batch(&store.database, place * 3, &deeds).iter().enumerate() {
            assert!(is_told(said, deeds[at]), "{:?} at {at} heard {said:?}", deeds[at]);
        }
    }
    assert_eq!(names(&store.database), [1, 2, 3, 5, 6, 7]);
}

#[test]
fn a_leader_that_is_lost_leaves_nobody_waiting_and_nobody_let_in() {
    let turns = Turns::new(());
    let held = turns.take_idle();
    let join = || {
        let until = Instant::now() + Duration::from_secs(5);
        lend(&mut |_: &Connection| Some(Sync::Synced), |act| {
            turns.join(act, Sync::Synced, until, |_, batch| {
                assert_eq!(batch.len(), 3);
                panic!("the leader is lost")
            })
        })
    };
    scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|waiting| {
                let thread = scope.spawn(join);
                while turns.waiting() == waiting {
                    std::thread::yield_now();
                }
                thread
            })
            .collect();
        drop(held);
        let heard: Vec<_> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        assert_eq!(heard.iter().filter(|said| said.is_err()).count(), 1, "one led");
        let others = heard.iter().filter_map(|said| said.as_ref().ok());
        assert!(
            others.clone().count() == 2 && others.clone().all(|said| *said == Err(StoreError::Indeterminate))
        );
    });
    assert!(turns.take_idle().is_some(), "the writer did not come back");
}

#[test]
fn an_act_that_says_no_or_panics_lets_other_processes_in() {
    let (folder, store) = patient_store();
    let path = folder.path().join("gatepass.db");
    let free = || Gate::beside(&path).enter(Instant::now()).is_some();
    for (name, which) in [Deed::Insert, Deed::Refuse, Deed::Panic].into_iter().enumerate() {
        let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.database.write(Sync::Synced, |connection| {
                assert!(!free(), "the act is not behind the gate");
                deed(connection, name, which)
            })
        }));
        assert!(is_told(&said, which), "{said:?}");
        assert!(free(), "{which:?} kept the gate");
    }
}

#[test]
fn a_batch_is_one_commit() {
    let (_folder, store) = patient_store();
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
fn a_batch_of_acts_with_and_without_a_sync_is_synced_once() {
    let (_folder, store) = patient_store();
    let database = &store.database;
    database.write(Sync::Synced, |connection| database.settings(connection)).unwrap();
    let held = database.hold();
    let before = database.syncs.load(Ordering::Relaxed);
    scope(|scope| {
        let act = |connection: &Connection| insert(connection, 1);
        scope.spawn(move || database.write(Sync::Synced, act).unwrap());
        while database.waiting() == 0 {
            std::thread::yield_now();
        }
        scope.spawn(move || database.write(Sync::Relaxed, |connection| insert(connection, 2)).unwrap());
        while database.waiting() == 1 {
            std::thread::yield_now();
        }
        drop(held);
    });
    assert_eq!((names(database), database.syncs.load(Ordering::Relaxed)), (vec![1, 2], before + 1));
}

#[test]
fn who_was_queued_when_a_sync_failed_is_not_told_that_its_own_was_good() {
    // What is poisoned stays so for the process, and for whatever file gets its inode.
    if !in_a_process_of_its_own("who_was_queued_when_a_sync_failed_is_not_told_that_its_own_was_good") {
        return;
    }
    let (_folder, store) = patient_store();
    let database = &store.database;
    database.write(Sync::Synced, |connection| database.settings(connection)).unwrap();
    let (first, inside) = (Barrier::new(2), Barrier::new(2));
    scope(|scope| {
        let led = scope.spawn(|| {
            database.write(Sync::Synced, |connection| {
                first.wait();
                inside.wait();
                insert(connection, 1)
            })
        });
        first.wait();
        let queued = scope.spawn(|| database.write(Sync::Synced, |connection| insert(connection, 2)));
        while database.waiting() == 0 {
            std::thread::yield_now();
        }
        database.fail_sync.store(true, Ordering::Relaxed);
        inside.wait();
        assert_eq!(led.join().unwrap(), Err(StoreError::Indeterminate));
        assert_eq!(queued.join().unwrap(), Err(StoreError::Poisoned));
    });
}

#[test]
fn beside_an_act_that_found_the_disk_to_fail_nobody_is_told_yes() {
    if !in_a_process_of_its_own("beside_an_act_that_found_the_disk_to_fail_nobody_is_told_yes") {
        return;
    }
    let stores = [patient_store(), patient_store()];
    for ((_, store), ends) in stores.iter().zip([true, false]) {
        let database = &store.database;
        let held = database.hold();
        scope(|scope| {
            let fails = move |connection: &Connection| -> StoreResult<()> {
                if ends {
                    connection.execute_batch("ROLLBACK").unwrap();
                }
                Err(StoreError::Indeterminate)
            };
            let threads = [
                scope.spawn(move || database.write(Sync::Synced, fails)),
                scope.spawn(move || {
                    while database.waiting() == 0 {
                        std::thread::yield_now();
                    }
                    database.write(Sync::Synced, |connection| insert(connection, 1))
                }),
            ];
            while database.waiting() < 2 {
                std::thread::yield_now();
            }
            drop(held);
            let heard = threads.map(|thread| thread.join().unwrap());
            assert_eq!(heard[0], Err(StoreError::Indeterminate));
            assert_eq!(heard[1], Err(StoreError::Poisoned));
        });
    }
}

#[test]
fn a_note_does_not_wait_as_long_as_the_acts_beside_it() {
    let (folder, store) = store();
    let database = &store.database;
    let other = Connection::open(folder.path().join("gatepass.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let held = database.hold();
    scope(|scope| {
        let act = scope.spawn(|| database.write(Sync::Synced, |connection| insert(connection, 1)));
        while database.waiting() < 1 {
            std::thread::yield_now();
        }
        let note = scope.spawn(|| {
            let begun = Instant::now();
            let noted = database.note(|connection| insert(connection, 2));
            (noted, begun.elapsed())
        });
        while database.waiting() < 2 {
            std::thread::yield_now();
        }
        drop(held);
        let (noted, took) = note.join().unwrap();
        assert_eq!(noted, Ok(()));
        assert!(took < DEADLINE * 3 / 4, "{took:?}");
        assert_eq!(act.join().unwrap(), Err(StoreError::Busy));
    });
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
    let (_folder, store) = patient_store();
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
