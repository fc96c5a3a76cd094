//! Syncing SQLite's write-ahead log by the handle that SQLite itself writes it with.
//!
//! Any other descriptor would do for the kernel's cache, but closing one drops SQLite's locks, and an error
//! of the disk is told once to each descriptor that was open at the time: this one was.

use rusqlite::Connection;
use rusqlite::ffi;

/// Sync the log of a connection whose database is in WAL mode. The error is SQLite's extended code.
///
/// The connection must not be in use elsewhere meanwhile, which `&Connection` says, since it can't be shared.
pub(crate) fn sync_log(connection: &Connection) -> Result<(), i32> {
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
    let sync =
        unsafe { log.as_ref().and_then(|file| file.pMethods.as_ref()).and_then(|methods| methods.xSync) };
    let Some(sync) = sync else {
        return Err(ffi::SQLITE_IOERR_FSYNC);
    };
    // SAFETY: the method belongs to this open file, and nobody else uses the connection.
    match unsafe { sync(log, ffi::SQLITE_SYNC_NORMAL) } {
        ffi::SQLITE_OK => Ok(()),
        code => Err(code),
    }
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
        // There is no file behind it that a sync could reach.
        assert!(sync_log(&Connection::open_in_memory().unwrap()).is_err());
    }
}
