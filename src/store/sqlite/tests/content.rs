//! What is told of the tables is what they are.

use rusqlite::Connection;

use crate::store::content::{Kind, all_tables};
use crate::store::sqlite::schema;

/// What this backend keeps for itself.
const OWN: &[&str] = &["refusal", "store.id", "store.compatible", "store.syncs"];

#[test]
fn every_column_is_told_unless_it_is_this_backends_own() {
    let connection = Connection::open_in_memory().unwrap();
    schema::create(&connection).unwrap();
    let mut statement = connection
        .prepare(
            "SELECT tables.name, columns.name, columns.type, columns.pk
             FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
             WHERE tables.schema = 'main' AND tables.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let mut there: Vec<(String, String, String, usize)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    there.retain(|(table, column, ..)| {
        !OWN.contains(&table.as_str()) && !OWN.contains(&format!("{table}.{column}").as_str())
    });
    let mut told = Vec::new();
    for table in all_tables() {
        for (at, (column, kind)) in table.columns.iter().enumerate() {
            let kind = match kind {
                Kind::Integer => "INTEGER",
                Kind::Text => "TEXT",
                Kind::Bytes => "BLOB",
            };
            // The store's row is found by a number that means nothing.
            let key = if at < table.key && table.name != "store" { at + 1 } else { 0 };
            told.push((table.name.to_owned(), (*column).to_owned(), kind.to_owned(), key));
        }
    }
    there.sort();
    told.sort();
    assert_eq!(told, there);
}
