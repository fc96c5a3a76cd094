//! Syncing SQLite's write-ahead log by the handle that SQLite itself writes it with, and what the system said
//! to that handle.
//!
//! Any other descriptor would do for the kernel's cache, but closing one drops SQLite's locks, and an error
//! of the disk is told once to each descriptor that was open at the time: this one was.

use std::io;

use rusqlite::Connection;
use rusqlite::ffi;

/// SQLite's own file of the log, open as long as the connection is. The error is SQLite's extended code.
fn log_of(connection: &Connection) -> Result<(*mut ffi::sqlite3_file, &ffi::sqlite3_io_methods), i32> {
    let mut log: *mut ffi::sqlite3_file = std::ptr::null_mut();
    // SAFETY: the handle is that of an open connection; the database's name is NUL-terminated; for this
    // opcode SQLite stores a pointer to a file of its own in what the last argument points to.
    let found = unsafe {
        ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_JOURNAL_POINTER,
            (&raw mut log).cast(),
        )
    };
    if found != ffi::SQLITE_OK {
        return Err(found);
    }
    // SAFETY: SQLite answered with its file, which lives as long as the connection; its methods are set while
    // it is open and null otherwise.
    let methods = unsafe { log.as_ref().and_then(|file| file.pMethods.as_ref()) };
    methods.map(|methods| (log, methods)).ok_or(ffi::SQLITE_IOERR_FSYNC)
}

/// Sync the log of a connection whose database is in WAL mode. The error is SQLite's extended code.
///
/// The connection must not be in use elsewhere meanwhile, which `&Connection` says, since it can't be shared.
pub(crate) fn sync_log(connection: &Connection) -> Result<(), i32> {
    let (log, methods) = log_of(connection)?;
    let sync = methods.xSync.ok_or(ffi::SQLITE_IOERR_FSYNC)?;
    // SAFETY: the method belongs to this open file, and nobody else uses the connection.
    match unsafe { sync(log, ffi::SQLITE_SYNC_NORMAL) } {
        ffi::SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

/// What the system said when the log could last not be written, read or synced.
pub(crate) fn log_error(connection: &Connection) -> Option<io::Error> {
    let (log, methods) = log_of(connection).ok()?;
    let control = methods.xFileControl?;
    let mut error: std::ffi::c_int = 0;
    // SAFETY: the method belongs to this open file, nobody else uses the connection, and for this opcode it
    // stores a number in what the last argument points to.
    let told = unsafe { control(log, ffi::SQLITE_FCNTL_LAST_ERRNO, (&raw mut error).cast()) };
    (told == ffi::SQLITE_OK && error != 0).then(|| io::Error::from_raw_os_error(error))
}

/// What the system said when a call on this connection last failed for a file.
pub(crate) fn file_error(connection: &Connection) -> Option<io::Error> {
    // SAFETY: the handle is that of an open connection.
    let error = unsafe { ffi::sqlite3_system_errno(connection.handle()) };
    (error != 0).then(|| io::Error::from_raw_os_error(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_synced_and_what_is_no_log_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("x.db")).unwrap();
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        assert_eq!(sync_log(&connection), Ok(()));
        assert!(log_error(&connection).is_none(), "nothing went wrong");
        // There is no file behind it that a sync could reach.
        assert!(sync_log(&Connection::open_in_memory().unwrap()).is_err());
    }
}
