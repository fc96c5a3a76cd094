//! A store that is being filled with another's rows, and is none until it has all of them.
//!
//! Until then the row by which a store is known has the number 2 instead of 1. It names the store whose rows
//! are taken, and in `writer` who goes on with the copy, so that of two who do only one can write. What makes a
//! store of it is one statement.

use std::time::Duration;

use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::named;
use super::{Address, content, schema};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::content::{Range, Row, STORE, Taker, Value};
use crate::upkeep::StoreId;

/// What is told of the tables until they are a store.
pub(super) const UNFINISHED: StoreError =
    StoreError::NotAStore("a copy of a store that is not finished: repeat the copy");

/// So often a part is put again because others were in the way.
const ATTEMPTS: u32 = 20;

/// Whether a copy was begun and not finished.
pub(super) fn begun(connection: &Connection) -> Done<bool> {
    connection.exists("SELECT 1 FROM gatepass_store WHERE id = 2", named! {})
}

fn is_store(connection: &Connection) -> Done<bool> {
    connection.exists("SELECT 1 FROM gatepass_store WHERE id = 1", named! {})
}

/// An unfinished copy.
struct Copying {
    connection: Connection,
    owner: String,
}

/// Begin to copy the store of that id to tables that hold none, or go on with it.
pub(in crate::store) fn begin_copy(
    address: &Address,
    deadline: Duration,
    of: StoreId,
    owner: i64,
) -> StoreResult<Box<dyn Taker>> {
    let connection = Connection::patient(&address.options(deadline), deadline)?;
    let copying = Copying { connection, owner: owner.to_string() };
    copying.begin(of).map_err(Fault::unchanged)?;
    Ok(Box::new(copying))
}

impl Copying {
    fn begin(&self, of: StoreId) -> Done<()> {
        let connection = &self.connection;
        schema::check(connection).map_err(|fault| match fault {
            Fault::Store(StoreError::Missing) => {
                Fault::Store(StoreError::NotAStore("its tables are not there yet: migrate first"))
            }
            other => other,
        })?;
        if is_store(connection)? {
            return Err(Fault::Store(StoreError::Exists));
        }
        if !begun(connection)? && content::is_any(connection)? {
            return Err(Fault::Store(StoreError::NotAStore("its tables hold rows of no store")));
        }
        connection.run(
            "INSERT INTO gatepass_store (id, store_id, created_at, settings_nonce, writer)
             VALUES (2, :of, 0, 0, :owner)
             ON DUPLICATE KEY UPDATE writer = IF(store_id = :of, :owner, writer)",
            named! { of: of.0, owner: self.owner.as_str() },
        )?;
        let copied = "SELECT store_id FROM gatepass_store WHERE id = 2";
        if connection.one(copied, named! {}, |row| row.get(0))? == Some(of.0) {
            Ok(())
        } else {
            Err(Fault::Store(StoreError::NotAStore("an unfinished copy of another store")))
        }
    }

    /// The number of parts stands in a column that means nothing yet: who goes on with the copy elsewhere
    /// writes there too, so that only one of the two transactions can be kept.
    fn put_once(&self, range: &Range<'_>, rows: &[Row]) -> Done<()> {
        let connection = &self.connection;
        connection.together(|| {
            let held = connection.run(
                "UPDATE gatepass_store SET settings_nonce = settings_nonce + 1 WHERE id = 2 AND writer = :owner",
                named! { owner: self.owner.as_str() },
            )?;
            if is_store(connection)? {
                return Err(Fault::Store(StoreError::Exists));
            }
            if held != 1 {
                return Err(Fault::Store(StoreError::Busy));
            }
            content::replace(connection, range, rows)
        })
    }
}

impl Taker for Copying {
    fn rows(&self, range: &Range<'_>, most: usize) -> StoreResult<Vec<Row>> {
        content::read(&self.connection, range, most).map_err(Fault::unchanged)
    }

    fn put(&self, range: &Range<'_>, rows: &[Row]) -> StoreResult<()> {
        for attempt in 1..ATTEMPTS {
            match self.put_once(range, rows) {
                Err(Fault::Conflict) if self.connection.stands() => {
                    std::thread::sleep(Duration::from_millis(5) * attempt);
                }
                other => return other.map_err(Fault::unchanged),
            }
        }
        self.put_once(range, rows).map_err(Fault::unchanged)
    }

    fn finish(self: Box<Self>, store: &Row) -> StoreResult<u64> {
        let done = become_store(&self.connection, &self.owner, store);
        done.map_err(|fault| match fault {
            Fault::Duplicate => StoreError::Exists,
            other => other.unchanged(),
        })?;
        // Tables have no pages to tell of.
        Ok(0)
    }
}

fn become_store(connection: &Connection, owner: &str, store: &Row) -> Done<()> {
    let row = numbers(store)?;
    let done = connection.run(
        "UPDATE gatepass_store SET id = 1, writer = '', created_at = :created_at, settings_nonce = :nonce,
                                   autoauth_floor = :floor, addresses_cut = :cut
         WHERE id = 2 AND writer = :owner",
        named! { owner: owner, created_at: row[0], nonce: row[1], floor: row[2], cut: row[3] },
    )?;
    if done == 1 { Ok(()) } else { Err(Fault::Store(StoreError::Busy)) }
}

/// What [`STORE`] tells besides the id, in its order.
pub(super) fn numbers(store: &Row) -> Done<[i64; 4]> {
    let corrupt = || Fault::Store(StoreError::Corrupt("what it says about itself can't be read"));
    let number = |value: &Value| if let Value::Integer(number) = value { Some(*number) } else { None };
    let found: Option<Vec<i64>> = store[STORE.key..].iter().map(number).collect();
    found.and_then(|found| found.try_into().ok()).ok_or_else(corrupt)
}
