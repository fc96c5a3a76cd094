//! The tables: made, brought up to date, checked.

use super::server::{DEADLINE, connection, open, server};
use crate::error::StoreError;
use crate::store::mysql::migrate;
use crate::store::mysql::schema::{self, Step};
use crate::upkeep::Migrated;

#[test]
fn hosts_that_migrate_at_once_do_no_harm() {
    let address = server().database();
    let done: Vec<_> = std::thread::scope(|scope| {
        let hosts: Vec<_> = (0..6).map(|_| scope.spawn(|| migrate(&address, DEADLINE))).collect();
        hosts.into_iter().map(|host| host.join().unwrap().unwrap().to).collect()
    });
    assert_eq!(done, [1; 6]);
    assert_eq!(migrate(&address, DEADLINE), Ok(Migrated { from: 1, to: 1 }));
}

#[test]
fn a_migration_that_stopped_half_way_goes_on() {
    let address = server().database();
    let connection = connection(&address);
    let broken = [Step {
        version: 1,
        compatible: 1,
        statements: "CREATE TABLE IF NOT EXISTS gatepass_store (id TINYINT NOT NULL PRIMARY KEY); NOT A STATEMENT;",
    }];
    schema::migrate(&connection, &broken, 1).unwrap_err();
    assert_eq!(schema::version(&connection).unwrap(), 0, "what is not whole has no version");
    assert_eq!(open(&address, DEADLINE).unwrap_err(), StoreError::Missing);
    connection.say("DROP TABLE gatepass_store").unwrap();
    assert_eq!(migrate(&address, DEADLINE), Ok(Migrated { from: 0, to: 1 }));
}

#[test]
fn tables_of_another_release_are_told_apart() {
    let address = server().database();
    migrate(&address, DEADLINE).unwrap();
    let connection = connection(&address);
    let open = || open(&address, DEADLINE).unwrap_err();
    for (version, compatible, told) in [
        (0, 0, StoreError::SchemaOlder { found: 0, needed: 1 }),
        (2, 2, StoreError::SchemaNewer { found: 2, known: 1 }),
        // It says that this release may still use it; only the store is missing.
        (2, 1, StoreError::Missing),
    ] {
        let set = format!("UPDATE gatepass_schema SET version = {version}, compatible = {compatible}");
        connection.say(&set).unwrap();
        assert_eq!(open(), told);
    }
    assert_eq!(migrate(&address, DEADLINE), Err(StoreError::SchemaNewer { found: 2, known: 1 }));
}

#[test]
fn a_step_changes_the_tables_and_may_run_again() {
    let address = server().database();
    migrate(&address, DEADLINE).unwrap();
    let connection = connection(&address);
    let next = [Step {
        version: 2,
        compatible: 1,
        statements: "ALTER TABLE gatepass_user ADD COLUMN IF NOT EXISTS nickname VARBINARY(64);",
    }];
    assert_eq!(schema::migrate(&connection, &next, 2).unwrap(), Migrated { from: 1, to: 2 });
    connection.say("UPDATE gatepass_schema SET version = 1").unwrap();
    assert_eq!(schema::migrate(&connection, &next, 2).unwrap(), Migrated { from: 1, to: 2 });
    connection.say("SELECT nickname FROM gatepass_user").unwrap();
}
