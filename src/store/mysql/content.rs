//! The tables as plain rows, for moving a store (see [`crate::store::content`]).
//!
//! They hold more than is told: folded names, a link's digest, who claimed something. A link's uses are rows of
//! their own here, and a number there.

use mysql::Value as Stored;

use super::MysqlStore;
use super::connection::Connection;
use super::directory::folded;
use super::error::{Done, Fault};
use super::links::USED;
use super::values::{Row as Found, WRONG_KIND, named};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::content::{self, Giver, Kind, Range, Row, STORE, TABLES, Table, Take, Value, all_tables};

/// Rows that one statement inserts.
const AT_ONCE: usize = 64;

fn name(table: &Table) -> String {
    format!("gatepass_{}", table.name)
}

/// A column that is stored as such.
pub(super) fn column(table: &Table, column: &str) -> String {
    if column == "key" { format!("`{}_key`", table.name) } else { format!("`{column}`") }
}

/// Uses are counted.
pub(super) fn is_counted(table: &Table, column: &str) -> bool {
    (table.name, column) == ("link", "used")
}

fn stored(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::NULL,
        Value::Integer(number) => Stored::Int(*number),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => bytes.as_slice().into(),
    }
}

fn value(row: &Found, at: usize, kind: Kind) -> Done<Value> {
    let value = match kind {
        Kind::Integer => row.get::<Option<i64>>(at)?.map(Value::Integer),
        Kind::Text => row.get::<Option<String>>(at)?.map(Value::Text),
        Kind::Bytes => row.get::<Option<Vec<u8>>>(at)?.map(Value::Bytes),
    };
    Ok(value.unwrap_or(Value::Null))
}

fn key(table: &Table) -> Vec<String> {
    table.key_columns().iter().map(|(name, _)| column(table, name)).collect()
}

/// The condition of a range, and its values. The first column is compared by itself too: no server looks for
/// several at once by an index.
fn condition(range: &Range<'_>) -> (String, Vec<Stored>) {
    let key = key(range.table);
    let mut text = if range.table.name == STORE.name { "id = 1" } else { "1 = 1" }.to_owned();
    let mut values = Vec::new();
    for (bound, loose, strict) in [(range.after, ">=", ">"), (range.upto, "<=", "<=")] {
        if let Some(bound) = bound {
            let (names, places) = (key.join(", "), vec!["?"; key.len()].join(", "));
            text.push_str(&format!(" AND {} {loose} ? AND ({names}) {strict} ({places})", key[0]));
            values.extend(bound.first().map(stored));
            values.extend(bound.iter().map(stored));
        }
    }
    (text, values)
}

/// The first rows of a range.
pub(super) fn read(connection: &Connection, range: &Range<'_>, most: usize) -> Done<Vec<Row>> {
    let table = range.table;
    let (condition, values) = condition(range);
    let of = |(name, _): &(&'static str, Kind)| {
        if is_counted(table, name) { USED.to_owned() } else { column(table, name) }
    };
    let columns: Vec<_> = table.columns.iter().map(of).collect();
    let sql = format!(
        "SELECT {} FROM {} AS `{}` WHERE {condition} ORDER BY {} LIMIT {most}",
        columns.join(", "),
        name(table),
        table.name,
        key(table).join(", ")
    );
    let row = |found: &Found| {
        let columns = table.columns.iter().enumerate();
        columns.map(|(at, (_, kind))| value(found, at, *kind)).collect()
    };
    connection.listed(&sql, values)?.iter().map(row).collect()
}

/// Have these rows in a range and no others, as a part of a transaction.
pub(super) fn replace(connection: &Connection, range: &Range<'_>, rows: &[Row]) -> Done<()> {
    let (condition, values) = condition(range);
    if range.table.name == "link" {
        let uses = format!("DELETE FROM gatepass_link_use WHERE {condition}");
        connection.change(&uses, values.clone())?;
    }
    connection.change(&format!("DELETE FROM {} WHERE {condition}", name(range.table)), values)?;
    insert(connection, range.table, rows)
}

/// Insert rows, with what is stored beside them.
pub(super) fn insert(connection: &Connection, table: &Table, rows: &[Row]) -> Done<()> {
    let own = table.columns.iter().filter(|(name, _)| !is_counted(table, name));
    let mut columns: Vec<_> = own.map(|(name, _)| column(table, name)).collect();
    let beside: &[&str] = match table.name {
        "user" => &["first_folded", "last_folded"],
        "client" => &["first_folded", "last_folded", "company_folded"],
        "link" => &["digest"],
        _ => &[],
    };
    columns.extend(beside.iter().map(|name| (*name).to_owned()));
    for some in rows.chunks(AT_ONCE) {
        let mut values = Vec::with_capacity(some.len() * columns.len());
        for row in some {
            let own = table.columns.iter().zip(row).filter(|((name, _), _)| !is_counted(table, name));
            values.extend(own.map(|(_, value)| stored(value)));
            values.extend(beside.iter().map(|name| made(table, row, name)).collect::<Done<Vec<_>>>()?);
        }
        insert_all(connection, &name(table), &columns, some.len(), values)?;
    }
    if table.name == "link" { insert_uses(connection, table, rows) } else { Ok(()) }
}

fn insert_all(
    connection: &Connection,
    table: &str,
    columns: &[String],
    rows: usize,
    values: Vec<Stored>,
) -> Done<()> {
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let sql = format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), vec![row; rows].join(", "));
    connection.change(&sql, values)
}

/// A value of a column of that name.
fn of<'a>(table: &Table, row: &'a Row, column: &str) -> Done<&'a Value> {
    let at = table.columns.iter().position(|(name, _)| *name == column);
    at.and_then(|at| row.get(at)).ok_or(Fault::Store(WRONG_KIND))
}

/// What stands beside a row.
fn made(table: &Table, row: &Row, beside: &str) -> Done<Stored> {
    let from = match beside {
        "first_folded" => "first_name",
        "last_folded" => "last_name",
        "company_folded" => "company_name",
        _ => "key",
    };
    match of(table, row, from)? {
        Value::Text(text) => Ok(folded(text).into()),
        Value::Bytes(key) => Ok(key[key.len().saturating_sub(32)..].into()),
        _ => Err(Fault::Store(WRONG_KIND)),
    }
}

/// A row for each use of a link, in the name of nobody.
fn insert_uses(connection: &Connection, table: &Table, rows: &[Row]) -> Done<()> {
    let columns = ["link_key", "number", "claimed_at"].map(str::to_owned);
    let mut uses = Vec::new();
    for row in rows {
        let (Value::Integer(used), at) = (of(table, row, "used")?, of(table, row, "last_opened_at")?) else {
            return Err(Fault::Store(WRONG_KIND));
        };
        let at = if *at == Value::Null { of(table, row, "created_at")? } else { at };
        let key = of(table, row, "key")?;
        uses.extend((1..=*used).map(|number| [stored(key), Stored::Int(number), stored(at)]));
    }
    for some in uses.chunks(AT_ONCE) {
        insert_all(connection, "gatepass_link_use", &columns, some.len(), some.concat())?;
    }
    Ok(())
}

/// Forget everything but what the store says of itself, as a part of a transaction.
pub(super) fn empty(connection: &Connection) -> Done<()> {
    let tables = TABLES.iter().map(name);
    for table in tables.chain(["gatepass_link_use", "gatepass_refusal"].map(str::to_owned)) {
        connection.say(&format!("DELETE FROM {table}"))?;
    }
    Ok(())
}

/// Whether any table holds a row.
pub(super) fn is_any(connection: &Connection) -> Done<bool> {
    for table in TABLES {
        if connection.exists(&format!("SELECT 1 FROM {} LIMIT 1", name(table)), named! {})? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Giver for MysqlStore {
    fn give(&self, take: &mut Take<'_>) -> StoreResult<()> {
        let connection = self.server.patient()?;
        connection.pin().map_err(Fault::unchanged)?;
        let mut of = 0;
        for table in TABLES {
            let count = format!("SELECT COUNT(*) FROM {}", name(table));
            of += connection.only(&count, named! {}, |row| row.get::<u64>(0)).map_err(Fault::unchanged)?;
        }
        let read = |range: &Range<'_>, most| read(&connection, range, most).map_err(Fault::unchanged);
        content::give::<StoreError>(of, all_tables(), read, take)
    }
}
