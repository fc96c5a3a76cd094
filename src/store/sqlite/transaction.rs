//! An open transaction, and the statements that steer it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{ReadError, of_commit_on};
use crate::store::StoreResult;

/// An open transaction that is undone unless committed, also when the act panics.
pub(super) struct Transaction<'a>(Option<&'a Connection>);

impl<'a> Transaction<'a> {
    /// One that reads a single state of the store.
    pub(super) fn reading(connection: &'a Connection) -> StoreResult<Self> {
        Self::begin(connection, "BEGIN DEFERRED")
    }

    /// One that nobody else writes beside.
    pub(super) fn writing(connection: &'a Connection) -> StoreResult<Self> {
        Self::begin(connection, "BEGIN IMMEDIATE")
    }

    fn begin(connection: &'a Connection, sql: &str) -> StoreResult<Self> {
        execute(connection, sql)?;
        Ok(Transaction(Some(connection)))
    }

    /// Keep what was changed.
    pub(super) fn commit(mut self) -> StoreResult<()> {
        let Some(connection) = self.0.take() else {
            return Ok(());
        };
        let committed = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        committed.map(drop).map_err(|error| {
            let meaning = of_commit_on(connection, &error);
            undo(connection);
            meaning
        })
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.0 {
            undo(connection);
        }
    }
}

fn undo(connection: &Connection) {
    if !connection.is_autocommit() {
        // If even this fails, SQLite has undone the transaction itself, or the next BEGIN says what is wrong.
        let _ = connection.prepare_cached("ROLLBACK").and_then(|mut rollback| rollback.execute([]));
    }
}

/// Run a statement that has neither parameters nor an answer.
pub(super) fn execute(connection: &Connection, sql: &str) -> StoreResult<()> {
    connection.prepare_cached(sql).read()?.execute([]).read()?;
    Ok(())
}

thread_local! {
    /// Until when this thread waits for other processes, on whichever connection.
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// What is left of the deadline after waiting for a thread is the time to wait for other processes, until the
/// next call by the same thread.
pub(super) fn wait_until(until: Instant) {
    UNTIL.set(Some(until));
}

/// Have a connection wait so long and no longer.
///
/// SQLite's own way of waiting counts how long it meant to sleep. Who is woken late each time, as on a busy
/// machine, waits for several times as long.
pub(super) fn keep_to_deadlines(connection: &mut Connection) -> StoreResult<()> {
    connection.busy_handler(Some(ask_again)).read()
}

/// Sleep for a moment, longer each time; whether to ask once more after it.
fn ask_again(tried: i32) -> bool {
    const MOMENTS: [u64; 9] = [1, 2, 5, 10, 15, 20, 25, 25, 50];
    const LONGEST: u64 = 100;
    let left = UNTIL.get().map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
    if left.is_zero() {
        return false;
    }
    let moment = usize::try_from(tried).ok().and_then(|tried| MOMENTS.get(tried)).unwrap_or(&LONGEST);
    std::thread::sleep(Duration::from_millis(*moment).min(left));
    true
}
