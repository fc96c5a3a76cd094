//! A writer of a few lines, as people write them over SQLite: it redeems tokens in the store's own file, by
//! statements of its own. When it syncs is the one thing in which these differ, and some do it wrongly.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::notes::Notes;
use rusqlite::{Connection, params};

/// Right ways: SQLite syncs each commit (`full`), or the log is synced after the commit, before it is told.
pub(crate) const RIGHT: [&str; 2] = ["full", "synced after"];

/// Wrong ways: nobody syncs but checkpoints; the log is synced, but before the commit; it is told before it
/// is done; it is told in the end, but done in two halves.
pub(crate) const WRONG: [&str; 4] = ["unsynced", "synced before", "told first", "in two"];

/// Redeem each token in turn.
pub(crate) fn redeem_all(store: &Path, notes: &Notes, way: &str, tokens: &str) {
    let connection = Connection::open(store).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    let level = if matches!(way, "full" | "told first" | "in two") { "FULL" } else { "NORMAL" };
    connection
        .execute_batch(&format!("PRAGMA synchronous = {level}; PRAGMA wal_autocheckpoint = 120"))
        .unwrap();
    // So that the log is there to be opened, and its name on the disk.
    connection.execute_batch("UPDATE store SET syncs = syncs + 1").unwrap();
    let mut name = store.as_os_str().to_owned();
    name.push("-wal");
    let (log, folder) = (File::open(name).unwrap(), File::open(store.parent().unwrap()).unwrap());
    folder.sync_all().unwrap();
    for token in tokens.lines() {
        let (token, reference) = token.split_once(' ').unwrap();
        notes.begin(1, "token", token);
        match way {
            "told first" => notes.done(1, "token", token),
            "synced before" => log.sync_data().unwrap(),
            _ => {}
        }
        redeem(&connection, reference, way == "in two");
        if way == "synced after" {
            log.sync_data().unwrap();
        }
        if way != "told first" {
            notes.done(1, "token", token);
        }
    }
}

fn redeem(connection: &Connection, reference: &str, in_two: bool) {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let now: i64 = connection.query_row("SELECT max(issued_at) FROM token", [], |row| row.get(0)).unwrap();
    let redeemed = connection.execute(
        "UPDATE token SET redeemed_at = ?2, redemption = randomblob(16), session_key = key
         WHERE lower(hex(substr(key, 1, 12))) = ?1 AND redeemed_at IS NULL",
        params![reference, now],
    );
    assert_eq!(redeemed.unwrap(), 1);
    if in_two {
        connection.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
    }
    connection
        .execute(
            "INSERT INTO session
                (key, user_id, client_id, origin, redemption, started_at, touched_at, ends_at)
             SELECT key, user_id, client_id, 'token', redemption, ?2, ?2, ?2 + 1000000 FROM token
             WHERE lower(hex(substr(key, 1, 12))) = ?1",
            params![reference, now],
        )
        .unwrap();
    connection
        .execute(
            "INSERT INTO audit (at, seq, event, outcome, object, last_at)
             SELECT ?2, max(seq) + 1, 'token.redeemed', 'ok', ?1, ?2 FROM audit",
            params![reference, now],
        )
        .unwrap();
    connection.execute_batch("COMMIT").unwrap();
}
