//! The schema and its versions.
//!
//! The tables are explained in `schema.sql`, which always holds the newest version. A file names its version
//! in `user_version` and its kind in `application_id`; `store.compatible` is the oldest version whose release
//! may still use it.
//!
//! To change the schema: add the statements to `schema.sql`, add a [`Step`] and a fixture file of the version
//! before. A step that only adds (a table, a column with a default, an index) runs when the store is opened;
//! any other by an explicit migration alone. Nothing is ever deleted to repair something.

use rusqlite::Connection;

use super::copying::UNFINISHED;
use super::error::{ReadError, of_commit};
use crate::error::StoreError;
use crate::store::StoreResult;

/// `GPAS`: what `application_id` holds in a store.
pub(super) const APPLICATION_ID: i64 = 0x4750_4153;

/// `GPAC`: what it holds in a copy that is no store yet.
pub(super) const COPY_ID: i64 = 0x4750_4143;

/// The newest version, that of `schema.sql`.
pub(super) const VERSION: i64 = 1;

/// The oldest version whose release may use a file of version [`VERSION`].
pub(super) const COMPATIBLE: i64 = 1;

const SCHEMA: &str = include_str!("schema.sql");

/// One change of the schema, from the version before to `version`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) version: i64,
    /// The oldest version whose release may use the file afterwards.
    pub(super) compatible: i64,
    /// Only adds, so it may run whenever a store is opened.
    pub(super) expands: bool,
    pub(super) sql: &'static str,
}

/// Every step since version 1, in order.
pub(super) const STEPS: &[Step] = &[];

/// Make all tables in an empty file, inside the caller's transaction.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)?;
    connection
        .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"))
}

/// Whose file it says it is.
pub(super) fn application(connection: &Connection) -> StoreResult<i64> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0)).read()
}

/// Say whose file it is.
pub(super) fn name_file(connection: &Connection, application: i64) -> StoreResult<()> {
    connection.execute_batch(&format!("PRAGMA application_id = {application}")).read()
}

/// Is this a store that we may use, and is its schema ours? Brings an older one up to date where steps only
/// add.
pub(super) fn check_and_upgrade(connection: &Connection) -> StoreResult<()> {
    check_and_upgrade_by(connection, STEPS, VERSION)
}

pub(super) fn check_and_upgrade_by(connection: &Connection, steps: &[Step], newest: i64) -> StoreResult<()> {
    match application(connection)? {
        APPLICATION_ID => {}
        COPY_ID => return Err(UNFINISHED),
        _ => return Err(StoreError::NotAStore("it belongs to another program")),
    }
    if version(connection)? == newest {
        return Ok(());
    }
    // Read again inside the transaction: another process may be upgrading at this moment.
    connection.execute_batch("BEGIN IMMEDIATE").read()?;
    let done = upgrade(connection, steps, newest);
    match done {
        Ok(()) => connection.execute_batch("COMMIT").map_err(|error| of_commit(&error)),
        Err(error) => {
            // What went wrong is worth more than that SQLite has undone the transaction already.
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

fn upgrade(connection: &Connection, steps: &[Step], newest: i64) -> StoreResult<()> {
    let found = version(connection)?;
    if found > newest {
        let compatible: i64 =
            connection.query_row("SELECT compatible FROM store", [], |row| row.get(0)).read()?;
        return if compatible <= newest {
            Ok(())
        } else {
            Err(StoreError::SchemaNewer { found, known: newest })
        };
    }
    if found < 1 {
        return Err(StoreError::NotAStore("it names no version of ours"));
    }
    let pending: Vec<&Step> = steps.iter().filter(|step| step.version > found).collect();
    let complete = pending.iter().map(|step| step.version).eq(found + 1..=newest);
    if !complete || pending.iter().any(|step| !step.expands) {
        return Err(StoreError::SchemaOlder { found, needed: newest });
    }
    for step in pending {
        connection.execute_batch(step.sql).read()?;
        connection.execute("UPDATE store SET compatible = ?1", [step.compatible]).read()?;
        connection.execute_batch(&format!("PRAGMA user_version = {}", step.version)).read()?;
    }
    Ok(())
}

/// The version in the file.
pub(super) fn version(connection: &Connection) -> StoreResult<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).read()
}

/// Every object of a schema with its normalised text, for comparing two files.
pub(super) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?
        .query_map([], |row| {
            let sql: String = row.get(1)?;
            let text: Vec<&str> = sql
                .lines()
                .map(|line| line.split("--").next().unwrap_or_default())
                .flat_map(str::split_whitespace)
                .collect();
            Ok((row.get(0)?, text.join(" ")))
        })?
        .collect()
}
