//! A store for the tests that look inside.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::destination::SystemUrl;
use crate::directory::Mode;
use crate::settings::Settings;
use crate::store::sqlite::{SqliteStore, create};
use crate::store::{At, Creation};
use crate::upkeep::StoreId;

pub(super) const AT: At<'static> = At { now: Timestamp::from_seconds(1_800_000_000), by: None };

pub(super) const DEADLINE: Duration = Duration::from_millis(400);

/// A new store in host mode, in a folder of its own.
pub(super) fn store() -> (tempfile::TempDir, SqliteStore) {
    store_within(DEADLINE)
}

/// One that sends nobody away, however busy the machine is.
pub(super) fn patient_store() -> (tempfile::TempDir, SqliteStore) {
    store_within(DEADLINE * 150)
}

fn store_within(deadline: Duration) -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    let url = SystemUrl::parse("https://billing.example.com").unwrap();
    let creation = Creation {
        settings: &Settings::new(Mode::Host, url),
        id: StoreId([7; 16]),
        nonce: 1,
        group_writable: false,
        host_credentials: &["cli"],
    };
    create(&path, &creation, AT).unwrap();
    let store = SqliteStore::open(&path, deadline).unwrap();
    (folder, store)
}
