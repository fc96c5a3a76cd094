//! What SQLite says, as a [`StoreError`]. Messages of SQLite about a statement may quote a value, so none is
//! passed on.

use rusqlite::{Connection, ffi};

use crate::error::StoreError;
use crate::store::StoreResult;
use crate::sys;

/// Turns a driver's result into ours, for reads and for writes whose transaction is still open: the act was
/// not done.
pub(super) trait ReadError<T> {
    fn read(self) -> StoreResult<T>;
}

impl<T> ReadError<T> for rusqlite::Result<T> {
    fn read(self) -> StoreResult<T> {
        self.map_err(StoreError::from)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => from_code(failure.extended_code),
            rusqlite::Error::SqlInputError { error, .. } => from_code(error.extended_code),
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => {
                StoreError::Corrupt("a row holds a value of the wrong kind")
            }
            rusqlite::Error::QueryReturnedNoRows => StoreError::Corrupt("a row is missing"),
            _ => StoreError::Database("unexpected answer of the driver".to_owned()),
        }
    }
}

/// What SQLite says of a file that this user may not open, the log for instance.
const CANT_OPEN: &str = "a file can't be opened";

/// Whether this user lacked a right to some file.
pub(super) fn lacks_rights(error: &StoreError) -> bool {
    matches!(error, StoreError::ReadOnly) || matches!(error, StoreError::Io(what) if what == CANT_OPEN)
}

/// By SQLite's extended result code.
pub(super) fn from_code(extended: i32) -> StoreError {
    match extended & 0xff {
        // The last: a race for the log's locks that was lost too often in a row.
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL => StoreError::Busy,
        ffi::SQLITE_FULL => StoreError::Full,
        ffi::SQLITE_NOTADB => StoreError::NotAStore("it is no SQLite database"),
        ffi::SQLITE_CORRUPT => {
            StoreError::Corrupt("the file's structure is broken, or the disk can't read it")
        }
        ffi::SQLITE_READONLY if extended == ffi::SQLITE_READONLY_DBMOVED => StoreError::Replaced,
        ffi::SQLITE_READONLY => StoreError::ReadOnly,
        ffi::SQLITE_PERM | ffi::SQLITE_AUTH => StoreError::Denied,
        ffi::SQLITE_CANTOPEN => StoreError::Io(CANT_OPEN.to_owned()),
        // Also in the middle of an act so large that the log is written before its end.
        ffi::SQLITE_IOERR if is_sync(extended) => StoreError::Indeterminate,
        ffi::SQLITE_IOERR => StoreError::Io(format!("SQLite code {extended}")),
        _ => StoreError::Database(ffi::code_to_str(extended).to_owned()),
    }
}

/// Whether a sync of a file or folder failed: nobody knows what the disk holds, and the next sync would not
/// tell.
pub(super) fn sync_failed(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|failure| is_sync(failure.extended_code))
}

fn is_sync(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// What the system said of a file.
pub(super) fn of_io(error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied => StoreError::Denied,
        ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => StoreError::Full,
        kind => StoreError::Io(kind.to_string()),
    }
}

/// What an error of the first use of this connection means: the index of the log is made then, and where there
/// is no room for it SQLite says no more than that something failed.
pub(super) fn of_first_use(connection: &Connection, error: StoreError) -> StoreError {
    match (&error, sys::file_error(connection).map(|error| of_io(&error))) {
        (StoreError::Io(_), Some(StoreError::Full)) => StoreError::Full,
        _ => error,
    }
}

/// What a COMMIT that failed on this connection means. SQLite has a name of its own for a disk without space
/// alone. A quota, a limit or a file system that may not be written any more keeps the commit's mark out of
/// the log just as well.
pub(super) fn of_commit_on(connection: &Connection, error: &rusqlite::Error) -> StoreError {
    let wrote = error.sqlite_error().map(|failure| failure.extended_code) == Some(ffi::SQLITE_IOERR_WRITE);
    match sys::log_error(connection).filter(|_| wrote).map(|error| of_io(&error)) {
        Some(known @ (StoreError::Full | StoreError::ReadOnly)) => known,
        _ => of_commit(error),
    }
}

/// What a failed COMMIT means: after an I/O error nobody knows whether the act will be there.
pub(super) fn of_commit(error: &rusqlite::Error) -> StoreError {
    let code = error.sqlite_error().map_or(ffi::SQLITE_ERROR, |failure| failure.extended_code);
    match code & 0xff {
        ffi::SQLITE_IOERR | ffi::SQLITE_CORRUPT => StoreError::Indeterminate,
        // What the hook after the commit reports, SQLite tells without its code.
        ffi::SQLITE_ERROR => StoreError::Indeterminate,
        _ => from_code(code),
    }
}

/// What went wrong with a file that did not get its name leaves no doubt: it is thrown away.
pub(super) fn not_placed(error: StoreError) -> StoreError {
    match error {
        StoreError::Indeterminate => StoreError::Io("a sync failed".to_owned()),
        other => other,
    }
}

/// What a failure means in a file that nobody else sees, and that is thrown away.
pub(super) fn of_private(error: &rusqlite::Error) -> StoreError {
    error
        .sqlite_error()
        .map_or(StoreError::Database("unexpected answer of the driver".to_owned()), |failure| {
            from_code(failure.extended_code)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_sync_is_never_mistaken_for_a_plain_failure() {
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert!(sync_failed(&error));
            assert_eq!(of_commit(&error), StoreError::Indeterminate);
            assert_eq!(StoreError::from(error), StoreError::Indeterminate);
        }
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_READ), None);
        assert!(matches!(StoreError::from(error), StoreError::Io(_)));
    }
}
