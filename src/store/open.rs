//! Which backend a place belongs to. The only module that names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::content::Taker;
#[cfg(feature = "mysql")]
use super::mysql;
use super::{At, Creation, SettingsStore, Store, StoreResult, sqlite};
use crate::error::{Error, Result};
use crate::upkeep::{Migrated, Progress, Restored, StoreId};

/// How a shared store's place begins.
const MYSQL: &str = "mysql://";

/// Where a store is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file.
    File(PathBuf),
    /// Tables in a database of a server.
    #[cfg(feature = "mysql")]
    Server(mysql::Address),
}

impl Place {
    /// From what a caller names: a path, or a URL.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `store` if it begins like a URL and is none;
    /// [`StoreError::NotBuiltIn`](crate::StoreError::NotBuiltIn) if this build has no such backend.
    pub(crate) fn parse(place: &Path) -> Result<Place> {
        match place.to_str() {
            Some(url) if url.starts_with(MYSQL) => Place::server(url),
            _ => Ok(Place::File(place.to_owned())),
        }
    }

    #[cfg(feature = "mysql")]
    fn server(url: &str) -> Result<Place> {
        mysql::Address::parse(url).map(Place::Server)
    }

    #[cfg(not(feature = "mysql"))]
    fn server(_: &str) -> Result<Place> {
        Err(Error::Store(crate::error::StoreError::NotBuiltIn("mysql")))
    }

    /// As it may be shown: without a password.
    pub(crate) fn shown(&self) -> PathBuf {
        match self {
            Place::File(path) => path.clone(),
            #[cfg(feature = "mysql")]
            Place::Server(address) => address.to_string().into(),
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Place::File(path) => Some(path),
            #[cfg(feature = "mysql")]
            Place::Server(_) => None,
        }
    }

    /// Bring the tables up to date.
    pub(crate) fn migrate(&self, deadline: Duration) -> StoreResult<Migrated> {
        match self {
            // What only adds is done whenever the file is opened, and there is nothing else yet.
            Place::File(path) => {
                let schema = sqlite::SqliteStore::open(path, deadline)?.info()?.schema;
                Ok(Migrated { from: schema, to: schema })
            }
            #[cfg(feature = "mysql")]
            Place::Server(address) => mysql::migrate(address, deadline),
        }
    }

    /// What lets an account use the tables and nothing else.
    pub(crate) fn grants(&self, user: &str, host: &str) -> Result<Vec<String>> {
        match self {
            Place::File(_) => {
                // A build without the feature has nothing else.
                let _ = (user, host);
                Err(Error::invalid("store", "is a file; grants are for a shared store"))
            }
            #[cfg(feature = "mysql")]
            Place::Server(address) => Ok(mysql::grants(address, user, host)),
        }
    }

    /// Make a store where nothing stands.
    pub(crate) fn create(&self, deadline: Duration, creation: &Creation<'_>, at: At<'_>) -> StoreResult<()> {
        match self {
            Place::File(path) => {
                // Nobody else knows a new file's name; there is nothing to wait for.
                let _ = deadline;
                sqlite::create(path, creation, at)
            }
            #[cfg(feature = "mysql")]
            Place::Server(address) => mysql::create(address, deadline, creation, at),
        }
    }

    /// Open a store.
    pub(crate) fn open(&self, deadline: Duration) -> StoreResult<Arc<dyn Store>> {
        match self {
            Place::File(path) => Ok(Arc::new(sqlite::SqliteStore::open(path, deadline)?)),
            #[cfg(feature = "mysql")]
            Place::Server(address) => {
                Ok(Arc::new(mysql::MysqlStore::open(address, deadline, &sqlite::Backups)?))
            }
        }
    }

    /// Begin a copy of the store of that id where nothing stands, or go on with one. `owner` is a random number
    /// that tells who does.
    pub(crate) fn begin_copy(
        &self,
        deadline: Duration,
        of: StoreId,
        owner: i64,
    ) -> StoreResult<Box<dyn Taker>> {
        match self {
            Place::File(path) => sqlite::begin_copy(path, deadline, of, owner),
            #[cfg(feature = "mysql")]
            Place::Server(address) => mysql::begin_copy(address, deadline, of, owner),
        }
    }

    /// Make a store from a backup where nothing stands; the tables of a shared one are there.
    pub(crate) fn restore(
        &self,
        deadline: Duration,
        backup: &Path,
        nonce: i64,
        at: At<'_>,
        progress: &mut Progress<'_>,
    ) -> StoreResult<Restored> {
        match self {
            Place::File(path) => {
                // As above.
                let _ = deadline;
                sqlite::restore_to_new(path, backup, nonce, at, progress)
            }
            #[cfg(feature = "mysql")]
            Place::Server(address) => {
                mysql::restore_to_new(address, deadline, &sqlite::Backups, backup, (nonce, at), progress)
            }
        }
    }

    /// A store whose redemption looks first and spends later, for the self-check that must catch it.
    #[cfg(feature = "cli")]
    pub(crate) fn open_check_then_act(&self, deadline: Duration) -> Result<Arc<dyn Store>> {
        match self {
            Place::File(path) => {
                Ok(Arc::new(sqlite::SqliteStore::open(path, deadline)?.redeeming_check_then_act()))
            }
            #[cfg(feature = "mysql")]
            Place::Server(_) => Err(Error::invalid("store", "the broken variant is for a file")),
        }
    }

    /// A store on a node that answers before it knows what other nodes have written, for the test that must catch
    /// it.
    #[cfg(feature = "mysql")]
    pub(crate) fn open_without_causality(&self, deadline: Duration) -> Result<Arc<dyn Store>> {
        match self {
            Place::File(_) => Err(Error::invalid("store", "the broken variant is for a server")),
            Place::Server(address) => {
                Ok(Arc::new(mysql::MysqlStore::open_without_causality(address, deadline, &sqlite::Backups)?))
            }
        }
    }
}

/// The version of the default backend's library, at run time.
pub(crate) fn sqlite_version() -> &'static str {
    sqlite::version()
}
