//! The combiner's own sources, and as much of what stands beside them as they ask for.

pub(crate) mod database;
pub(crate) mod turns_check;
pub(crate) mod writing_check;

mod gate {
    include!(concat!(env!("OUT_DIR"), "/gate.rs"));
}

mod transaction {
    use shadow::thread::ValueOfThread;
    use shadow::thread_local;

    include!(concat!(env!("OUT_DIR"), "/transaction.rs"));
}

mod turns {
    include!(concat!(env!("OUT_DIR"), "/turns.rs"));
}

mod writing {
    include!(concat!(env!("OUT_DIR"), "/writing.rs"));
}

mod identity {
    use std::path::{Path, PathBuf};

    pub(super) fn with_suffix(path: &Path, _suffix: &str) -> PathBuf {
        path.to_owned()
    }
}

mod opening {
    use crate::store::StoreResult;

    pub(super) fn inside() -> StoreResult<impl Sized> {
        Ok(())
    }
}

mod error {
    use crate::error::StoreError;
    use crate::store::StoreResult;

    pub(super) trait ReadError<T> {
        fn read(self) -> StoreResult<T>;
    }

    impl<T> ReadError<T> for rusqlite::Result<T> {
        fn read(self) -> StoreResult<T> {
            self.map_err(|error| match error {
                rusqlite::Error::Busy => StoreError::Busy,
                rusqlite::Error::Full => StoreError::Full,
                rusqlite::Error::Io => StoreError::Io(String::new()),
            })
        }
    }

    pub(super) fn of_commit_on(_connection: &rusqlite::Connection, _error: &rusqlite::Error) -> StoreError {
        StoreError::Indeterminate
    }
}
