//! A store that is being filled with another's rows, and is none until it has all of them.
//!
//! Until then its file belongs to no release: `application_id` says what it is, and the table `copying` whose
//! rows it takes and from whom. Who goes on with a copy writes his own number there, so that of two who do only
//! one can write.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::content;
use super::database::connect;
use super::error::{ReadError, not_placed};
use super::identity::refuse_inherited;
use super::opening::{check_sqlite, inside, look_at, refuse_planted, require_wal};
use super::schema;
use super::settings::{finish, new_file, place};
use super::transaction::{Transaction, execute, wait_until};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::content::{Range, Row, STORE, Taker};
use crate::sys::{self, NewFile};
use crate::upkeep::StoreId;

/// What is told of the file until it is a store.
pub(super) const UNFINISHED: StoreError =
    StoreError::NotAStore("a copy of a store that is not finished: repeat the copy");

const TABLE: &str = "CREATE TABLE copying (store_id BLOB NOT NULL, owner INTEGER NOT NULL) STRICT";

/// How long the making of a new file may wait; nobody else knows its name.
const NEW_FILE: Duration = Duration::from_secs(5);

/// An unfinished copy.
pub(super) struct Copying {
    connection: Connection,
    owner: i64,
    deadline: Duration,
}

/// Begin to copy the store of that id to a file that is not there yet, or go on with it.
pub(in crate::store) fn begin_copy(
    path: &Path,
    deadline: Duration,
    of: StoreId,
    owner: i64,
) -> StoreResult<Box<dyn Taker>> {
    let _inside = inside()?;
    check_sqlite()?;
    if std::fs::symlink_metadata(path).is_err() {
        let made = new_file(path, 0o600)?;
        let empty = Copying::empty(&made, of, owner).and_then(|copying| finish(copying.connection));
        empty.map_err(not_placed)?;
        match place(made, path) {
            // By somebody who begins at the same time.
            Err(StoreError::Exists) => {}
            placed => placed?,
        }
    }
    Ok(Box::new(Copying::open(path, deadline, of, owner)?))
}

impl Copying {
    /// All tables and no rows, in a new file.
    pub(super) fn empty(made: &NewFile, of: StoreId, owner: i64) -> StoreResult<Self> {
        let connection = connect(made.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, NEW_FILE)?;
        require_wal(&connection, NEW_FILE)?;
        let transaction = Transaction::writing(&connection)?;
        schema::create(&connection).read()?;
        connection.execute_batch(TABLE).read()?;
        connection.execute("INSERT INTO copying VALUES (?1, ?2)", params![of.0, owner]).read()?;
        schema::name_file(&connection, schema::COPY_ID)?;
        transaction.commit()?;
        Self::of(connection, owner, NEW_FILE)
    }

    /// Go on with what stands there.
    fn open(path: &Path, deadline: Duration, of: StoreId, owner: i64) -> StoreResult<Self> {
        let path = look_at(path)?;
        refuse_inherited(&path, sys::file_id(&path).map_err(|_| StoreError::Missing)?)?;
        refuse_planted(&path)?;
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline)?;
        // Nothing of another's log is written back as long as the file may be another's.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).read()?;
        match schema::application(&connection)? {
            schema::COPY_ID => {}
            schema::APPLICATION_ID => return Err(StoreError::Exists),
            _ => return Err(StoreError::NotAStore("it belongs to another program")),
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).read()?;
        if schema::version(&connection)? != schema::VERSION {
            return Err(StoreError::NotAStore("an unfinished copy by another release: delete it"));
        }
        let transaction = Transaction::writing(&connection)?;
        let found: [u8; 16] =
            connection.query_row("SELECT store_id FROM copying", [], |row| row.get(0)).read()?;
        if found != of.0 {
            return Err(StoreError::NotAStore("an unfinished copy of another store"));
        }
        connection.execute("UPDATE copying SET owner = ?1", [owner]).read()?;
        transaction.commit()?;
        Self::of(connection, owner, deadline)
    }

    fn of(connection: Connection, owner: i64, deadline: Duration) -> StoreResult<Self> {
        // A part may go after others that refer to it, where an earlier copy is mended; all is looked at in the
        // end. What a power cut takes from the end is copied again.
        connection.execute_batch("PRAGMA foreign_keys = 0; PRAGMA synchronous = NORMAL").read()?;
        Ok(Copying { connection, owner, deadline })
    }

    fn writing(&self) -> StoreResult<Transaction<'_>> {
        wait_until(std::time::Instant::now() + self.deadline);
        let transaction = Transaction::writing(&self.connection)?;
        if schema::application(&self.connection)? != schema::COPY_ID {
            return Err(StoreError::Exists);
        }
        let owner: i64 =
            self.connection.query_row("SELECT owner FROM copying", [], |row| row.get(0)).read()?;
        // Somebody else goes on with it.
        if owner == self.owner { Ok(transaction) } else { Err(StoreError::Busy) }
    }

    /// Make a store of it; the connection is all that is left to close.
    pub(super) fn complete(self, store: &Row) -> StoreResult<(Connection, u64)> {
        let connection = &self.connection;
        connection.execute_batch("PRAGMA synchronous = FULL").read()?;
        let transaction = self.writing()?;
        let fill = format!(
            "INSERT INTO store (id, compatible, {}) VALUES (1, {}, ?, ?, ?, ?, ?)",
            STORE.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
            schema::COMPATIBLE
        );
        connection.execute(&fill, rusqlite::params_from_iter(store)).read()?;
        execute(connection, "DROP TABLE copying")?;
        let strays: i64 = connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .read()?;
        if strays > 0 {
            return Err(StoreError::Corrupt("rows refer to rows that are not there"));
        }
        schema::name_file(connection, schema::APPLICATION_ID)?;
        transaction.commit()?;
        let pages = connection.pragma_query_value(None, "page_count", |row| row.get(0)).read()?;
        Ok((self.connection, pages))
    }
}

impl Taker for Copying {
    fn rows(&self, range: &Range<'_>, most: usize) -> StoreResult<Vec<Row>> {
        let _inside = inside()?;
        wait_until(std::time::Instant::now() + self.deadline);
        content::read(&self.connection, range, most)
    }

    fn put(&self, range: &Range<'_>, rows: &[Row]) -> StoreResult<()> {
        let _inside = inside()?;
        let transaction = self.writing()?;
        content::replace(&self.connection, range, rows)?;
        transaction.commit()
    }

    fn finish(self: Box<Self>, store: &Row) -> StoreResult<u64> {
        let _inside = inside()?;
        let (connection, pages) = self.complete(store)?;
        finish(connection)?;
        Ok(pages)
    }
}
