//! What does not depend on how much a store holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, params};

use super::support::{AT, store};
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::secret::TimedKey;
use crate::store::sqlite::database::Database;
use crate::store::sqlite::error::ReadError;
use crate::store::sqlite::writing::Sync;
use crate::store::sqlite::{purge, sessions};
use crate::store::{StoreResult, UpkeepStore};

/// Rows of each kind that is purged, a second apart from `from` on, of so many users by turns.
fn fill(database: &Database, count: i64, users: i64, from: Timestamp) {
    let insert = |connection: &Connection| {
        for number in 0..count {
            let at = from.plus(Duration::from_secs(number.unsigned_abs()));
            let mut key = [7; TimedKey::LENGTH];
            key[..6].copy_from_slice(&TimedKey::bound(at));
            let rows = [
                "INSERT INTO token (key, user_id, landing, serial, issued_at, expires_at) VALUES (?1, ?3, '', 0, ?2, ?2)",
                "INSERT INTO session (key, user_id, origin, started_at, touched_at, ends_at)
                 VALUES (?1, ?3, 'token', ?2, ?2, ?2)",
                "INSERT INTO autoauth_link (signed_at, digest) VALUES (?2 / 1000, CAST(?1 || ?3 AS BLOB))",
                "INSERT INTO audit (at, seq, event, outcome, address, last_at)
                 VALUES (?2, 0, '', 'ok', '2001:db8:1:2::' || ?3, ?2)",
            ];
            for sql in rows {
                let values = params![&key[..], at, number % users];
                connection.prepare_cached(sql).read()?.execute(values).read()?;
            }
        }
        Ok(())
    };
    database.write(Sync::Relaxed, insert).unwrap();
}

/// How many steps SQLite's machine takes for an act: no clock, so no noise.
fn effort<T>(database: &Database, act: impl FnOnce(&Connection) -> StoreResult<T>) -> (T, u64) {
    let mut connection = Connection::open(database.path()).unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let count = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(1, Some(count)).unwrap();
    let done = act(&connection).unwrap();
    (done, steps.load(Ordering::Relaxed))
}

/// A step over a store in which so many rows of each kind are due.
fn step(due: i64) -> u64 {
    let (_folder, store) = store();
    let long_ago = AT.now.minus(Duration::from_secs(120 * 86_400));
    fill(&store.database, due, 50, long_ago);
    let ((purged, more), effort) = effort(&store.database, |connection| {
        let settings = store.database.settings(connection)?;
        purge::step(connection, &settings, AT.now)
    });
    assert!(more);
    assert_eq!((purged.tokens, purged.sessions), (128, 128));
    // Rows of one time go together.
    assert_eq!(purged.autoauth_links, 129);
    effort
}

#[test]
fn a_step_of_the_purge_forgets_more_events_than_sixty_four_sign_ins_leave() {
    let (_folder, store) = store();
    let (kept, due) = (Duration::from_secs(60 * 86_400), Duration::from_secs(120 * 86_400));
    for age in [kept, due] {
        fill(&store.database, 2_000, 50, AT.now.minus(age));
    }
    let step = || {
        let step = |connection: &Connection| {
            let settings = store.database.settings(connection)?;
            purge::step(connection, &settings, AT.now)
        };
        effort(&store.database, step).0.0
    };
    // Issued, redeemed, signed out, and as many refusals.
    let least = 64 * 6;
    assert!(step().audit_events > least);
    while step().audit_events > 0 {}
    assert!(step().addresses_cut > least);
}

#[test]
fn a_step_of_the_purge_reads_no_more_however_much_is_due() {
    let (few, many) = (step(1_200), step(6_000));
    assert!(many < few + few / 20, "{few} steps with 1,200 rows due, {many} with 6,000");
}

#[test]
fn a_purge_goes_on_until_nothing_is_due() {
    let (_folder, store) = store();
    fill(&store.database, 1_000, 50, AT.now.minus(Duration::from_secs(120 * 86_400)));
    let purged = store.purge(AT.now, &mut |_, _| {}).unwrap();
    assert_eq!((purged.tokens, purged.sessions, purged.autoauth_links), (1_000, 1_000, 1_000));
    assert_eq!(purged.audit_events, 1_000);
}

#[test]
fn ending_a_user_s_sessions_reads_few_of_the_others() {
    let ended_of = |count: i64| {
        let (_folder, store) = store();
        fill(&store.database, count, count / 10, AT.now.minus(Duration::from_secs(count.unsigned_abs())));
        let user = UserId::new(7).unwrap();
        effort(&store.database, |connection| sessions::end_of_user(connection, user, AT.now))
    };
    let (few, many) = (ended_of(500), ended_of(5_000));
    assert_eq!((few.0, many.0), (10, 10), "all of his, and nobody else's");
    // A scan would take several steps for each row.
    assert!(many.1 < 5_000, "{} steps for 5,000 sessions, 10 of them the user's", many.1);
}
