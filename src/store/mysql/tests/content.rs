//! What is told of the tables is what they are.

use super::server::{DEADLINE, server};
use crate::store::content::all_tables;
use crate::store::mysql::connection::Connection;
use crate::store::mysql::values::named;
use crate::store::mysql::{content, migrate};

/// What this backend keeps for itself.
const OWN: &[&str] = &[
    "gatepass_schema",
    "gatepass_change",
    "gatepass_refusal",
    "gatepass_link_use",
    "gatepass_store.id",
    "gatepass_store.writer",
    "gatepass_user.first_folded",
    "gatepass_user.last_folded",
    "gatepass_client.first_folded",
    "gatepass_client.last_folded",
    "gatepass_client.company_folded",
    "gatepass_member.owned",
    "gatepass_link.digest",
    "gatepass_autoauth_link.redemption",
];

#[test]
fn every_column_is_told_unless_it_is_this_backends_own() {
    let address = server().database();
    migrate(&address, DEADLINE).unwrap();
    let connection = Connection::open(&address.options(DEADLINE), DEADLINE, true).unwrap();
    let mut there: Vec<String> = connection
        .all(
            "SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name LIKE 'gatepass%'",
            named! {},
            |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
        )
        .unwrap()
        .into_iter()
        .filter(|(table, _)| !OWN.contains(&table.as_str()))
        .map(|(table, column)| format!("{table}.{column}"))
        .filter(|column| !OWN.contains(&column.as_str()))
        .collect();
    let mut told: Vec<String> = Vec::new();
    for table in all_tables() {
        let stored = table.columns.iter().filter(|(column, _)| !content::is_counted(table, column));
        told.extend(stored.map(|(column, _)| {
            format!("gatepass_{}.{}", table.name, content::column(table, column).trim_matches('`'))
        }));
    }
    there.sort();
    told.sort();
    assert_eq!(told, there);
}
