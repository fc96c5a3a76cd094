//! Why the store could not answer.

/// Why the store could not answer. Nobody is let in on any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store at that path.
    #[error("no store there: make one with init")]
    Missing,
    /// Something stands at the path where a new file was to be made.
    #[error("there is a file at that path already")]
    Exists,
    /// The file is no Gatepass store.
    #[error("not a Gatepass store: {0}")]
    NotAStore(&'static str),
    /// The path is a folder.
    #[error("the path is a folder, not a store")]
    IsAFolder,
    /// The folder or the file can't be written, which a store needs even for reading.
    #[error("the store or its folder can't be written by this user")]
    ReadOnly,
    /// The file may not be opened by this user.
    #[error("permission denied")]
    Denied,
    /// A newer release wrote this store.
    #[error("the store has schema {found}, this release knows {known}: use a newer release")]
    SchemaNewer {
        /// The schema version in the file.
        found: i64,
        /// The newest version that this release knows.
        known: i64,
    },
    /// An older release wrote this store and the change needs an explicit step.
    #[error("the store has schema {found}, this release needs {needed}: it must be migrated first")]
    SchemaOlder {
        /// The schema version in the file.
        found: i64,
        /// The version that is needed.
        needed: i64,
    },
    /// The file under the open store was replaced or deleted. Open it again.
    #[error("the store's file was replaced or deleted while it was open")]
    Replaced,
    /// This process inherited the store open over a fork. Close it before forking, or open it in the child
    /// only.
    #[error("the store was open when this process was forked; its locks did not come along")]
    Forked,
    /// A sync failed earlier in this process, so that no handle of it is trusted any more. Start the process
    /// again.
    #[error("an earlier sync failed; this process no longer trusts the store")]
    Poisoned,
    /// The store stayed locked until the deadline.
    #[error("the store was busy until the deadline")]
    Busy,
    /// The disk is full. Nothing was changed.
    #[error("the disk is full")]
    Full,
    /// It is not known whether the act was done. Treat it as "no", and ask again.
    #[error("it is not known whether the act was done")]
    Indeterminate,
    /// The file is damaged.
    #[error("the store is damaged: {0}")]
    Corrupt(&'static str),
    /// Reading or writing failed.
    #[error("input or output error ({0})")]
    Io(String),
    /// The SQLite that was linked is too old.
    #[error("SQLite {found} is too old, {needed} is needed")]
    SqliteTooOld {
        /// The version at run time.
        found: &'static str,
        /// The oldest version that works.
        needed: &'static str,
    },
    /// The database server can't be reached, or is no part of a cluster that can decide. Nothing was changed.
    #[error("the store is unavailable: {0}")]
    Unavailable(&'static str),
    /// This build of the library has no such kind of store.
    #[error("{0} is not built in: use a build with that feature")]
    NotBuiltIn(&'static str),
    /// Anything else that the database said.
    #[error("the database said: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the same call may succeed a moment later without anybody's doing.
    pub fn retryable(&self) -> bool {
        matches!(self, StoreError::Busy | StoreError::Indeterminate | StoreError::Unavailable(_))
    }

    /// Whether it says nothing about what the store holds, only that it can't be written at this moment: an
    /// answer that is known already stands all the same.
    pub(crate) fn passing(&self) -> bool {
        matches!(
            self,
            StoreError::Busy
                | StoreError::Full
                | StoreError::ReadOnly
                | StoreError::Io(_)
                | StoreError::Unavailable(_)
        )
    }

    /// A stable word for logs and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Missing => "store_missing",
            StoreError::Exists => "store_exists",
            StoreError::NotAStore(_) => "not_a_store",
            StoreError::IsAFolder => "is_a_folder",
            StoreError::ReadOnly => "store_read_only",
            StoreError::Denied => "store_denied",
            StoreError::SchemaNewer { .. } => "schema_newer",
            StoreError::SchemaOlder { .. } => "schema_older",
            StoreError::Replaced => "store_replaced",
            StoreError::Forked => "forked",
            StoreError::Poisoned => "store_poisoned",
            StoreError::Busy => "store_busy",
            StoreError::Full => "disk_full",
            StoreError::Indeterminate => "indeterminate",
            StoreError::Corrupt(_) => "store_corrupt",
            StoreError::Io(_) => "store_io",
            StoreError::SqliteTooOld { .. } => "sqlite_too_old",
            StoreError::Unavailable(_) => "store_unavailable",
            StoreError::NotBuiltIn(_) => "not_built_in",
            StoreError::Database(_) => "store_database",
        }
    }
}
