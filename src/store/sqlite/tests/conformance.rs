//! The suite that every backend must pass, over SQLite.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::store::conformance::{Backend, Place, every_noun};
use crate::store::sqlite::SqliteStore;
use crate::store::{At, Creation, Store, StoreResult};
use crate::upkeep::Restored;

struct Sqlite;

struct Folder(tempfile::TempDir);

impl Folder {
    fn open_named(&self, name: &str) -> StoreResult<Arc<dyn Store>> {
        Ok(Arc::new(SqliteStore::open(&self.0.path().join(name), Duration::from_secs(5))?))
    }
}

impl Backend for Sqlite {
    fn make(&self, creation: &Creation<'_>, at: At<'_>) -> Box<dyn Place> {
        let folder = tempfile::tempdir().unwrap();
        super::super::create(&folder.path().join("store"), creation, at).unwrap();
        Box::new(Folder(folder))
    }
}

impl Place for Folder {
    fn open(&self) -> Arc<dyn Store> {
        self.open_named("store").unwrap()
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn restore_to_new(
        &self,
        backup: &Path,
        nonce: i64,
        at: At<'_>,
    ) -> StoreResult<(Restored, Arc<dyn Store>)> {
        let made = self.0.path().join("new");
        let restored = super::super::restore_to_new(&made, backup, nonce, at, &mut |_, _| ())?;
        Ok((restored, self.open_named("new")?))
    }
}

every_noun!(Sqlite);
