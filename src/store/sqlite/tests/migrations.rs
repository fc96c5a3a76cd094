//! Changes of the schema, tried with steps that exist only here, and on the file of version 1 that is kept.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::support::{DEADLINE, store};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::database::connect;
use crate::store::sqlite::schema::{self, Step, check_and_upgrade_by};

const ADDS: Step = Step {
    version: 2,
    compatible: 1,
    expands: true,
    sql: "CREATE TABLE extra (id INTEGER PRIMARY KEY) STRICT; INSERT INTO extra VALUES (1)",
};
const ADDS_MORE: Step = Step {
    version: 3,
    compatible: 2,
    expands: true,
    sql: "ALTER TABLE extra ADD COLUMN name TEXT NOT NULL DEFAULT 'none'",
};
const CHANGES: Step =
    Step { version: 3, compatible: 3, expands: false, sql: "ALTER TABLE extra RENAME TO other" };
const FAILS: Step = Step {
    version: 3,
    compatible: 2,
    expands: true,
    sql: "CREATE TABLE more (x) STRICT; CREATE TABLE token (x)",
};

fn open(path: &Path) -> Connection {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, Duration::from_secs(10)).unwrap()
}

/// Everything that a step may change: version, compatibility and all objects.
fn state(connection: &Connection) -> (i64, i64, Vec<(String, String)>) {
    let compatible = connection.query_row("SELECT compatible FROM store", [], |row| row.get(0)).unwrap();
    (schema::version(connection).unwrap(), compatible, schema::objects(connection).unwrap())
}

#[test]
fn steps_that_only_add_run_at_open_and_only_once() {
    let (folder, store) = store();
    drop(store);
    let path = folder.path().join("gatepass.db");
    let steps = [ADDS, ADDS_MORE];
    let upgrade = || -> StoreResult<()> {
        let connection = open(&path);
        check_and_upgrade_by(&connection, &steps, 3)?;
        // A second INSERT would have failed, and a second ALTER too.
        let rows: i64 = connection.query_row("SELECT count(*) FROM extra", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
        Ok(())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(upgrade)).collect();
        for one in all {
            assert_eq!(one.join().unwrap(), Ok(()));
        }
    });
    let (version, compatible, _) = state(&open(&path));
    assert_eq!((version, compatible), (3, 2));
    // Today's release knows version 1, and the steps said that only version 2 may use the file.
    let refused = SqliteStore::open(&path, DEADLINE).unwrap_err();
    assert_eq!(refused, StoreError::SchemaNewer { found: 3, known: schema::VERSION });
}

#[test]
fn a_step_that_does_more_than_add_never_runs_at_open() {
    let (folder, _store) = store();
    let connection = open(&folder.path().join("gatepass.db"));
    let before = state(&connection);
    let refused = check_and_upgrade_by(&connection, &[ADDS, CHANGES], 3);
    assert_eq!(refused, Err(StoreError::SchemaOlder { found: 1, needed: 3 }));
    assert_eq!(state(&connection), before);
}

#[test]
fn a_missing_step_is_no_way_up() {
    let (folder, _store) = store();
    let connection = open(&folder.path().join("gatepass.db"));
    let before = state(&connection);
    for (steps, newest) in [(&[ADDS_MORE][..], 3), (&[ADDS][..], 3), (&[][..], 2)] {
        let refused = check_and_upgrade_by(&connection, steps, newest);
        assert_eq!(refused, Err(StoreError::SchemaOlder { found: 1, needed: newest }));
        assert_eq!(state(&connection), before);
    }
}

#[test]
fn a_step_that_fails_leaves_the_version_before() {
    let (folder, store) = store();
    let connection = open(&folder.path().join("gatepass.db"));
    let before = state(&connection);
    check_and_upgrade_by(&connection, &[ADDS, FAILS], 3).unwrap_err();
    assert_eq!(state(&connection), before);
    // And nobody is kept out by it.
    drop(store);
    SqliteStore::open(&folder.path().join("gatepass.db"), DEADLINE).unwrap();
}

#[test]
fn a_migrated_store_has_the_schema_of_a_fresh_one() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-v1.db");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    std::fs::copy(kept, &path).unwrap();
    drop(SqliteStore::open(&path, DEADLINE).unwrap());
    let fresh = Connection::open_in_memory().unwrap();
    schema::create(&fresh).unwrap();
    let migrated = open(&path);
    assert_eq!(schema::version(&migrated).unwrap(), schema::VERSION);
    assert_eq!(schema::objects(&migrated).unwrap(), schema::objects(&fresh).unwrap());
}
