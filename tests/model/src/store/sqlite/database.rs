//! An open store, as far as writing asks for it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::{Connection, Disk};

use super::turns::Turns;
use super::writing::{Sync, Writer};
use crate::error::StoreError;
use crate::store::StoreResult;

#[derive(Debug)]
pub(super) struct Database {
    pub(super) writer: Turns<Writer>,
    deadline: Duration,
    poisoned: AtomicBool,
}

impl Database {
    pub(super) fn new(disk: Disk, deadline: Duration) -> Self {
        Database {
            writer: Turns::new(Writer::new(Connection::new(disk), Path::new("store.db"))),
            deadline,
            poisoned: AtomicBool::new(false),
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(super) fn usable(&self) -> StoreResult<()> {
        if self.poisoned.load(Ordering::SeqCst) { Err(StoreError::Poisoned) } else { Ok(()) }
    }

    pub(super) fn unchanged(&self) -> StoreResult<()> {
        Ok(())
    }

    pub(super) fn at_least(&self, sync: Sync) -> Sync {
        sync
    }

    pub(super) fn trust_after(&self, error: &StoreError) {
        if *error == StoreError::Indeterminate {
            self.poisoned.store(true, Ordering::SeqCst);
        }
    }
}
