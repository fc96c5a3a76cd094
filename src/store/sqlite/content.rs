//! The tables as plain rows, for moving a store (see [`crate::store::content`]).

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::SqliteStore;
use super::error::ReadError;
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::content::{self, Giver, Kind, Range, Row, TABLES, Table, Take, Value, all_tables};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn value(found: ValueRef<'_>, kind: Kind) -> StoreResult<Value> {
    match (kind, found) {
        (_, ValueRef::Null) => Ok(Value::Null),
        (Kind::Integer, ValueRef::Integer(number)) => Ok(Value::Integer(number)),
        (Kind::Text, ValueRef::Text(text)) => std::str::from_utf8(text)
            .map(|text| Value::Text(text.to_owned()))
            .map_err(|_| StoreError::Corrupt("a text is no UTF-8")),
        (Kind::Bytes, ValueRef::Blob(bytes)) => Ok(Value::Bytes(bytes.to_vec())),
        _ => Err(StoreError::Corrupt("a row holds a value of the wrong kind")),
    }
}

/// So many placeholders.
fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn names(columns: &[(&'static str, Kind)]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// The condition of a range, and its values.
fn condition<'a>(range: &Range<'a>) -> (String, Vec<&'a Value>) {
    let key = names(range.table.key_columns());
    let bounds = [(range.after, ">"), (range.upto, "<=")];
    let mut text = "1".to_owned();
    let mut values = Vec::new();
    for (bound, sign) in bounds {
        if let Some(bound) = bound {
            text.push_str(&format!(" AND ({key}) {sign} ({})", places(bound.len())));
            values.extend(bound);
        }
    }
    (text, values)
}

/// The first rows of a range.
pub(super) fn read(connection: &Connection, range: &Range<'_>, most: usize) -> StoreResult<Vec<Row>> {
    let Table { name, columns, .. } = range.table;
    let (condition, values) = condition(range);
    let sql = format!(
        "SELECT {} FROM {name} WHERE {condition} ORDER BY {} LIMIT {most}",
        names(columns),
        names(range.table.key_columns())
    );
    let mut statement = connection.prepare_cached(&sql).read()?;
    let mut found = statement.query(params_from_iter(values)).read()?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().read()? {
        let kinds = columns.iter().enumerate();
        rows.push(
            kinds.map(|(at, (_, kind))| value(row.get_ref(at).read()?, *kind)).collect::<StoreResult<_>>()?,
        );
    }
    Ok(rows)
}

/// Have these rows in a range and no others.
pub(super) fn replace(connection: &Connection, range: &Range<'_>, rows: &[Row]) -> StoreResult<()> {
    let Table { name, columns, .. } = range.table;
    let (condition, values) = condition(range);
    let delete = format!("DELETE FROM {name} WHERE {condition}");
    connection.prepare_cached(&delete).read()?.execute(params_from_iter(values)).read()?;
    let insert = format!("INSERT INTO {name} ({}) VALUES ({})", names(columns), places(columns.len()));
    let mut insert = connection.prepare_cached(&insert).read()?;
    for row in rows {
        insert.execute(params_from_iter(row)).read()?;
    }
    Ok(())
}

/// Give the content of one moment; the caller holds a transaction.
pub(super) fn give(connection: &Connection, take: &mut Take<'_>) -> StoreResult<()> {
    let mut of = 0_u64;
    for table in TABLES {
        let count = format!("SELECT count(*) FROM {}", table.name);
        of += connection.query_row(&count, [], |row| row.get::<_, u64>(0)).read()?;
    }
    content::give(of, all_tables(), |range, most| read(connection, range, most), take)
}

impl Giver for SqliteStore {
    fn give(&self, take: &mut Take<'_>) -> StoreResult<()> {
        self.database.read(|connection| give(connection, take))
    }
}

/// The content of a file that nobody else has.
#[cfg(feature = "mysql")]
impl Giver for Connection {
    fn give(&self, take: &mut Take<'_>) -> StoreResult<()> {
        let _inside = super::opening::inside()?;
        let _open = super::transaction::Transaction::reading(self)?;
        give(self, take)
    }
}
