//! An open store, as far as writing asks for it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Disk};

use super::transaction::keep_to_deadlines;
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
        let mut connection = Connection::new(disk);
        keep_to_deadlines(&mut connection).expect("the model has a busy handler");
        Database {
            writer: Turns::new(Writer::new(connection, Path::new("store.db"))),
            deadline,
            poisoned: AtomicBool::new(false),
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.deadline
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
