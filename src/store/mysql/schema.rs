//! The schema and its versions.
//!
//! The tables are explained in `schema.sql`. `gatepass_schema` has one row: the version, and the oldest one whose release
//! may still use the tables. Many hosts share them, so they change only when somebody asks for it ([`migrate`]);
//! each step may run again, since a server commits each statement of this kind by itself, and since two hosts may
//! migrate at once.

use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::named;
use crate::error::StoreError;
use crate::upkeep::Migrated;

/// The newest version, that of `schema.sql`.
pub(super) const VERSION: i64 = 1;

/// The oldest version whose release may use tables of version [`VERSION`].
const COMPATIBLE: i64 = 1;

const SCHEMA: &str = include_str!("schema.sql");

const OF_VERSIONS: &str = "CREATE TABLE IF NOT EXISTS gatepass_schema (
    id         TINYINT NOT NULL PRIMARY KEY,
    version    BIGINT  NOT NULL,
    compatible BIGINT  NOT NULL
) ENGINE = InnoDB";

/// A change of the tables, from the version before to `version`. Each statement may run again.
pub(super) struct Step {
    pub(super) version: i64,
    pub(super) compatible: i64,
    pub(super) statements: &'static str,
}

/// Every step, in order. A new table set begins with the first.
pub(super) const STEPS: &[Step] = &[Step { version: VERSION, compatible: COMPATIBLE, statements: SCHEMA }];

/// The version of the tables; 0 if there are none.
pub(super) fn version(connection: &Connection) -> Done<i64> {
    match versions(connection) {
        Err(Fault::Store(StoreError::Missing)) => Ok(0),
        other => Ok(other?.0),
    }
}

fn versions(connection: &Connection) -> Done<(i64, i64)> {
    let sql = "SELECT version, compatible FROM gatepass_schema WHERE id = 1";
    let found = connection.one(sql, named! {}, |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.ok_or(Fault::Store(StoreError::Missing))
}

/// Are these tables that we may use?
pub(super) fn check(connection: &Connection) -> Done<()> {
    let (found, compatible) = versions(connection)?;
    if compatible > VERSION {
        return Err(Fault::Store(StoreError::SchemaNewer { found, known: VERSION }));
    }
    if found < VERSION {
        return Err(Fault::Store(StoreError::SchemaOlder { found, needed: VERSION }));
    }
    Ok(())
}

/// Bring the tables up to date, step by step.
pub(super) fn migrate(connection: &Connection, steps: &[Step], newest: i64) -> Done<Migrated> {
    connection.say(OF_VERSIONS)?;
    let from = version(connection)?;
    if from > newest {
        return Err(Fault::Store(StoreError::SchemaNewer { found: from, known: newest }));
    }
    for step in steps.iter().filter(|step| step.version > from) {
        for statement in statements(step.statements) {
            connection.say(&statement)?;
        }
        // Two hosts may have come here, the other one further.
        connection.run(
            "INSERT INTO gatepass_schema (id, version, compatible) VALUES (1, :version, :compatible)
             ON DUPLICATE KEY UPDATE compatible = GREATEST(compatible, :compatible),
                                     version = GREATEST(version, :version)",
            named! { version: step.version, compatible: step.compatible },
        )?;
    }
    Ok(Migrated { from, to: version(connection)? })
}

/// The statements of a text without comments.
fn statements(text: &str) -> Vec<String> {
    let bare: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    bare.join("\n")
        .split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|s| !s.is_empty())
        .collect()
}

/// What everyday use needs of each table. Making a store, migrating and restoring need more.
pub(super) const RIGHTS: &[(&str, &str)] = &[
    ("gatepass_schema", "SELECT"),
    ("gatepass_store", "SELECT, UPDATE"),
    ("gatepass_change", "SELECT, INSERT, DELETE"),
    ("gatepass_setting", "SELECT, INSERT, UPDATE"),
    ("gatepass_admin", "SELECT, INSERT, UPDATE"),
    ("gatepass_credential", "SELECT, INSERT, UPDATE"),
    ("gatepass_user", "SELECT, INSERT, UPDATE"),
    ("gatepass_client", "SELECT, INSERT, UPDATE"),
    ("gatepass_member", "SELECT, INSERT, DELETE"),
    ("gatepass_destination", "SELECT, INSERT, UPDATE, DELETE"),
    ("gatepass_token", "SELECT, INSERT, UPDATE, DELETE"),
    ("gatepass_session", "SELECT, INSERT, UPDATE, DELETE"),
    ("gatepass_link", "SELECT, INSERT, UPDATE, DELETE"),
    ("gatepass_link_use", "SELECT, INSERT, DELETE"),
    ("gatepass_link_tally", "SELECT, INSERT, UPDATE, DELETE"),
    ("gatepass_autoauth_key", "SELECT, INSERT, UPDATE"),
    ("gatepass_autoauth_link", "SELECT, INSERT, DELETE"),
    ("gatepass_audit", "SELECT, INSERT, UPDATE, DELETE"),
    ("gatepass_refusal", "SELECT, INSERT, UPDATE, DELETE"),
];

/// The names of all tables.
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    RIGHTS.iter().map(|(table, _)| *table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_rights() {
        let made = SCHEMA.lines().filter_map(|line| line.strip_prefix("CREATE TABLE IF NOT EXISTS "));
        let mut made: Vec<_> = made.filter_map(|rest| rest.split_whitespace().next()).collect();
        made.push("gatepass_schema");
        let mut granted: Vec<_> = tables().collect();
        made.sort_unstable();
        granted.sort_unstable();
        assert_eq!(granted, made);
    }
}
