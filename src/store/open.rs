//! Which backend a place belongs to. The only module that names one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{At, Creation, Store, StoreResult, sqlite};
use crate::upkeep::{Progress, Restored};

/// Make a store where nothing stands.
pub(crate) fn create(path: &Path, creation: &Creation<'_>, at: At<'_>) -> StoreResult<()> {
    sqlite::create(path, creation, at)
}

/// Open a store.
pub(crate) fn open(path: &Path, deadline: Duration) -> StoreResult<Arc<dyn Store>> {
    Ok(Arc::new(sqlite::SqliteStore::open(path, deadline)?))
}

/// Make a store from a backup where nothing stands.
pub(crate) fn restore(
    path: &Path,
    backup: &Path,
    nonce: i64,
    at: At<'_>,
    progress: &mut Progress<'_>,
) -> StoreResult<Restored> {
    sqlite::restore_to_new(path, backup, nonce, at, progress)
}

/// A store whose redemption looks first and spends later, for the self-check that must catch it.
#[cfg(feature = "cli")]
pub(crate) fn open_check_then_act(path: &Path, deadline: Duration) -> StoreResult<Arc<dyn Store>> {
    Ok(Arc::new(sqlite::SqliteStore::open(path, deadline)?.redeeming_check_then_act()))
}
