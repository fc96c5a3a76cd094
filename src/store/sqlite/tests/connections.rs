//! Connections, transactions and waiting, looked at from inside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Instant;

use getrandom::SysRng;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::{Connection, StatementStatus};

use super::support::{AT, DEADLINE, store};
use crate::credential::{Caller, CallerId};
use crate::error::StoreError;
use crate::id::UserId;
use crate::secret::TimedSecret;
use crate::session::RedemptionId;
use crate::settings::Durability;
use crate::store::sqlite::database::READERS;
use crate::store::sqlite::error::ReadError;
use crate::store::sqlite::writing::Sync;
use crate::store::sqlite::{SqliteStore, facts, schema, subject};
use crate::store::{
    CredentialStore, SessionStore, SessionsOf, SettingsStore, StoreResult, TokenStore, UpkeepStore,
};
use crate::token::{IssueAct, IssueRequest, RedeemAct, Token};

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What every connection of ours must be, whatever it is for.
fn as_the_house_wants(connection: &Connection) -> StoreResult<()> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).read()?;
    assert_eq!(mode, "wal");
    assert_eq!(number(connection, "PRAGMA foreign_keys"), 1);
    assert_eq!(number(connection, "PRAGMA trusted_schema"), 0);
    assert!((1..=2).contains(&number(connection, "PRAGMA synchronous")));
    assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
    assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
    assert!(!connection.db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA).unwrap());
    assert!(!connection.db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE).unwrap());
    Ok(())
}

#[test]
fn every_connection_is_as_the_house_wants_readers_too() {
    let (_folder, store) = store();
    let database = &store.database;
    database.peek(database.until(), as_the_house_wants).unwrap();
    for sync in [Sync::Synced, Sync::Relaxed] {
        database.write(sync, as_the_house_wants).unwrap();
    }
    // All readers there can be, at once.
    let together = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                database
                    .read(|connection| {
                        together.wait();
                        as_the_house_wants(connection)
                    })
                    .unwrap();
            });
        }
    });
}

#[test]
fn a_defensive_connection_does_not_let_its_schema_be_written() {
    let (_folder, store) = store();
    let tried = store.database.write(Sync::Relaxed, |connection| {
        connection.execute_batch("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = sql").read()
    });
    assert!(tried.is_err());
}

#[test]
fn synced_acts_and_no_others_are_synced_and_never_twice() {
    let (_folder, store) = store();
    let database = &store.database;
    database.write(Sync::Synced, |connection| database.settings(connection)).unwrap();
    let mut before = database.syncs.load(Ordering::Relaxed);
    // In any order, for each may find the connection as the one before left it.
    for (sync, more) in [
        (Sync::Relaxed, 0),
        (Sync::Synced, 1),
        (Sync::Synced, 1),
        (Sync::Relaxed, 0),
        (Sync::Relaxed, 0),
        (Sync::Synced, 1),
    ] {
        let level = database.write(sync, |connection| Ok(number(connection, "PRAGMA synchronous"))).unwrap();
        before += more;
        assert_eq!(database.syncs.load(Ordering::Relaxed), before, "{sync:?}");
        // Where the log is synced after the commit, the commit itself must not.
        let in_commit = !cfg!(target_os = "linux") && sync == Sync::Synced;
        assert_eq!(level, if in_commit { 2 } else { 1 }, "{sync:?}");
    }
}

#[test]
fn full_durability_syncs_every_act_from_the_moment_it_is_set() {
    let (_folder, store) = store();
    let database = &store.database;
    let issue = || {
        let before = database.syncs.load(Ordering::Relaxed);
        // As an issue does it: the settings are asked for within the act.
        database.write(Sync::Relaxed, |connection| database.settings(connection)).unwrap();
        database.syncs.load(Ordering::Relaxed) - before
    };
    assert_eq!(issue(), 0);
    for (nonce, durability, synced) in [(11, "full", 1), (12, "redeem", 0), (13, "full", 1)] {
        store.set_setting("durability", durability.into(), nonce, AT).unwrap().unwrap();
        assert_eq!(issue(), synced, "{durability}");
    }
}

#[test]
fn a_reader_of_an_older_state_does_not_switch_full_durability_off_again() {
    let (_folder, store) = store();
    let database = &store.database;
    let older = database.read(|reader| {
        assert_eq!(database.settings(reader)?.durability, Durability::Redeem);
        store.set_setting("durability", "full".into(), 11, AT)?.unwrap();
        database.write(Sync::Relaxed, |connection| database.settings(connection))?;
        database.settings(reader)
    });
    assert_eq!(
        older.unwrap().durability,
        Durability::Redeem,
        "the reader sees the change, so this shows nothing"
    );
    let before = database.syncs.load(Ordering::Relaxed);
    // An act that does not ask for the settings itself.
    database.write(Sync::Relaxed, |_| Ok(())).unwrap();
    assert_eq!(database.syncs.load(Ordering::Relaxed), before + 1);
}

#[test]
fn until_the_settings_are_known_everything_is_synced() {
    let (folder, store) = store();
    store.set_setting("durability", "full".into(), 7, AT).unwrap().unwrap();
    let again = SqliteStore::open(&folder.path().join("gatepass.db"), DEADLINE).unwrap();
    again.database.write(Sync::Relaxed, |_| Ok(())).unwrap();
    assert_eq!(again.database.syncs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_synced_act_that_changes_nothing_syncs_all_the_same() {
    let (_folder, store) = store();
    let before = store.database.syncs.load(Ordering::Relaxed);
    let none = UserId::new(99).unwrap();
    store.end_sessions(&SessionsOf::User(none), AT).unwrap().unwrap();
    assert_eq!(store.database.syncs.load(Ordering::Relaxed), before + 1);
}

#[test]
fn a_replay_that_ends_a_session_is_synced_and_any_other_is_not() {
    for (policy, synced) in [("revoke", 1), ("warn", 0)] {
        let (_folder, store) = store();
        store.set_setting("replay_policy", policy.into(), 9, AT).unwrap().unwrap();
        let mut act = issue_and_redeem(&store);
        // Too late for a second click, and by somebody who confirmed it.
        act.confirmed = true;
        let later = AT.now.plus(std::time::Duration::from_secs(30));
        act.redemption = RedemptionId::generate(&mut SysRng).unwrap();
        let before = store.database.syncs.load(Ordering::Relaxed);
        let refusal = store.redeem(&act, later).unwrap().unwrap_err();
        assert_eq!(refusal.session_ended, synced == 1, "{policy}");
        assert_eq!(store.database.syncs.load(Ordering::Relaxed) - before, synced, "{policy}");
    }
}

#[test]
fn every_table_is_strict_and_the_file_names_its_kind_and_version() {
    let (_folder, store) = store();
    store
        .database
        .read(|connection| {
            let loose = "SELECT count(*) FROM pragma_table_list
                         WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND strict = 0";
            let all = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 1";
            assert_eq!(number(connection, loose), 0);
            assert!(number(connection, all) > 10);
            assert_eq!(number(connection, "PRAGMA application_id"), schema::APPLICATION_ID);
            assert_eq!(number(connection, "PRAGMA user_version"), schema::VERSION);
            Ok(())
        })
        .unwrap();
}

/// Issue a token; what spends it, as the use cases do.
fn issued(store: &SqliteStore) -> RedeemAct {
    let (credential, _) = store.host_caller("cli").unwrap().unwrap();
    let request = IssueRequest::for_user(UserId::new(1).unwrap());
    let token = Token::generate(AT.now, &mut SysRng).unwrap();
    let caller = Caller(CallerId::Host { credential });
    let act = IssueAct { caller, request: &request, key: token.key() };
    store.issue(&act, AT.now).unwrap().unwrap();
    let session: TimedSecret<32> = TimedSecret::generate(AT.now, &mut SysRng).unwrap();
    RedeemAct {
        key: token.key(),
        presented: None,
        replace: false,
        confirmed: false,
        binding: None,
        redemption: RedemptionId::generate(&mut SysRng).unwrap(),
        session: Some(session.key()),
        address: None,
    }
}

/// Issue a token and spend it.
fn issue_and_redeem(store: &SqliteStore) -> RedeemAct {
    let act = issued(store);
    store.redeem(&act, AT.now).unwrap().unwrap();
    act
}

/// How often the statements of a redemption were run and compiled again in 20 rounds, all of them together.
fn compiled_again(qpsg: bool) -> i32 {
    let (_folder, store) = store();
    let config = |connection: &Connection| {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, qpsg).read()?;
        connection.flush_prepared_statement_cache();
        Ok(())
    };
    store.database.peek(store.database.until(), config).unwrap();
    (0..20).for_each(|_| {
        issue_and_redeem(&store);
    });
    store
        .database
        .peek(store.database.until(), |connection| {
            let hot = [
                "SELECT 1 FROM token WHERE key = ?1".to_owned(),
                facts::OF_KEY.clone(),
                facts::OF_ISSUE[subject::Named::User as usize].clone(),
                "UPDATE token SET redeemed_at = ?2, redemption = ?3, session_key = ?4 \
                 WHERE key = ?1 AND redeemed_at IS NULL"
                    .to_owned(),
            ];
            let mut again = 0;
            for sql in &hot {
                let statement = connection.prepare_cached(sql).read()?;
                // Else it is not the statement that the acts use, and its counts say nothing.
                assert!(statement.get_status(StatementStatus::Run) >= 20, "no act runs {sql}");
                again += statement.get_status(StatementStatus::RePrepare);
            }
            Ok(again)
        })
        .unwrap()
}

#[test]
fn no_hot_statement_is_compiled_again_when_its_values_change() {
    assert_eq!(compiled_again(true), 0);
    assert!(compiled_again(false) > 0, "the count would not show it");
}

fn marked(store: &SqliteStore) -> i64 {
    store.database.read(|connection| Ok(number(connection, "SELECT syncs FROM store"))).unwrap()
}

#[test]
fn a_second_act_compiles_nothing_changes_no_schema_and_reads_none() {
    let (_folder, store) = store();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    // SQLite asks it about everything that a statement may do, whenever one is compiled; reading the schema
    // compiles too.
    let authorizer = move |context: AuthContext<'_>| {
        // Where SQLite syncs in its commits, an act that syncs after one that does not says so first.
        if cfg!(target_os = "linux") || !format!("{:?}", context.action).contains("synchronous") {
            log.lock().unwrap().push(format!("{:?}", context.action));
        }
        Authorization::Allow
    };
    store.database.hold().get_mut().unwrap().connection.authorizer(Some(authorizer)).unwrap();
    issue_and_redeem(&store);
    // One issue in 64 does a step of it.
    store.purge(AT.now, &mut |_, _| {}).unwrap();
    assert!(!std::mem::take(&mut *asked.lock().unwrap()).is_empty(), "nobody was asked about the first act");
    (0..200).for_each(|_| {
        issue_and_redeem(&store);
    });
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_panic_inside_an_act_undoes_it_and_the_handle_works_on() {
    let (_folder, store) = store();
    for sync in [Sync::Synced, Sync::Relaxed] {
        let act = || {
            store.database.write(sync, |connection| -> StoreResult<()> {
                connection.execute("UPDATE store SET syncs = 1000", []).read()?;
                panic!("in the middle of an act");
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(act)).is_err());
        assert!(marked(&store) < 1000);
        issue_and_redeem(&store);
    }
    // More often than there are readers.
    for _ in 0..8 {
        let act = || store.database.read(|_| -> StoreResult<()> { panic!("while reading") });
        assert!(catch_unwind(AssertUnwindSafe(act)).is_err());
    }
    issue_and_redeem(&store);
}

#[test]
fn an_act_waits_for_another_thread_until_its_deadline_and_no_longer() {
    let (_folder, store) = store();
    let begun = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            store.database.write(Sync::Relaxed, |_| {
                begun.wait();
                std::thread::sleep(DEADLINE * 2);
                Ok(())
            })
        });
        begun.wait();
        let start = Instant::now();
        let tried = store.database.write(Sync::Relaxed, |_| Ok(()));
        assert_eq!(tried, Err(StoreError::Busy));
        assert!(start.elapsed() >= DEADLINE / 2 && start.elapsed() < DEADLINE * 2, "{:?}", start.elapsed());
        // Reading waits for nobody.
        let start = Instant::now();
        marked(&store);
        assert!(start.elapsed() < DEADLINE / 2);
    });
    issue_and_redeem(&store);
}

#[test]
fn waiting_for_a_thread_and_then_for_a_process_is_one_deadline() {
    let (folder, store) = store();
    let other = Connection::open(folder.path().join("gatepass.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waits = || {
        let start = Instant::now();
        assert_eq!(store.database.write(Sync::Relaxed, |_| Ok(())), Err(StoreError::Busy));
        start.elapsed()
    };
    let both = || {
        std::thread::scope(|scope| {
            let first = scope.spawn(waits);
            // Begins while the first has the writer, and gets it when the first gives up.
            std::thread::sleep(DEADLINE / 8);
            [waits(), first.join().unwrap()]
        })
    };
    // On a busy machine a thread may itself be kept waiting.
    let in_time = (0..10).any(|_| both().iter().all(|waited| *waited < DEADLINE * 3 / 2));
    assert!(in_time);
    other.execute_batch("ROLLBACK").unwrap();
    issue_and_redeem(&store);
}

#[test]
fn waiting_to_look_and_then_to_write_is_one_deadline() {
    let (_folder, store) = store();
    let act = issued(&store);
    let writer = store.database.hold();
    let all_read = Barrier::new(READERS + 1);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let (go, gone) = channel::<()>();
                let (store, all_read) = (&store, &all_read);
                scope.spawn(move || {
                    store.database.read(|_| {
                        all_read.wait();
                        Ok(gone.recv())
                    })
                });
                go
            })
            .collect();
        all_read.wait();
        let start = Instant::now();
        scope.spawn(move || {
            std::thread::sleep(DEADLINE * 3 / 4);
            drop(readers);
        });
        assert_eq!(store.redeem(&act, AT.now).unwrap_err(), StoreError::Busy);
        let waited = start.elapsed();
        assert!(waited >= DEADLINE * 3 / 4 && waited < DEADLINE * 3 / 2, "{waited:?}");
    });
    drop(writer);
    store.redeem(&act, AT.now).unwrap().unwrap();
}
