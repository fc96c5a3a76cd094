//! The SQLite backend: one file, WAL, a file per noun.
//!
//! It loads facts, asks the domain's verdict and writes what came out, all within one `BEGIN IMMEDIATE`
//! transaction per act. Nothing else in the crate knows SQL, and nothing at all opens the file but SQLite
//! (see `identity`).

mod admins;
mod audit;
mod autoauth;
mod backup;
#[cfg(feature = "mysql")]
mod backup_files;
mod check;
mod content;
mod copying;
mod credentials;
mod database;
mod destinations;
mod directory;
mod directory_lists;
mod error;
mod facts;
mod gate;
mod identity;
mod link_ends;
mod link_openings;
mod link_tallies;
mod links;
mod opening;
mod purge;
mod redemptions;
mod replay;
mod rows;
mod schema;
mod sessions;
mod settings;
mod subject;
mod tokens;
mod transaction;
mod turns;
mod writing;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

pub(super) use backup::restore_to_new;
#[cfg(feature = "mysql")]
pub(super) use backup_files::Backups;
pub(super) use copying::begin_copy;
pub(super) use settings::create;

/// The version of the SQLite that was linked.
pub(super) fn version() -> &'static str {
    rusqlite::version()
}

use crate::store::{Store, StoreResult};
use database::Database;

/// A store in one SQLite file.
#[derive(Debug)]
pub(super) struct SqliteStore {
    database: Database,
    /// For the self-check alone: look first, spend later, in two transactions.
    #[cfg(feature = "cli")]
    check_then_act: bool,
}

impl SqliteStore {
    /// Open what stands at `path`; no call waits longer than about `deadline` for others.
    pub(super) fn open(path: &Path, deadline: Duration) -> StoreResult<Self> {
        Ok(SqliteStore {
            database: Database::open(path, deadline)?,
            #[cfg(feature = "cli")]
            check_then_act: false,
        })
    }

    /// The deliberately broken variant that `gatepass race --broken` must catch.
    #[cfg(feature = "cli")]
    pub(super) fn redeeming_check_then_act(mut self) -> Self {
        self.check_then_act = true;
        self
    }

    #[cfg(feature = "cli")]
    fn redeems_check_then_act(&self) -> bool {
        self.check_then_act
    }

    #[cfg(not(feature = "cli"))]
    fn redeems_check_then_act(&self) -> bool {
        false
    }
}

impl Store for SqliteStore {}
