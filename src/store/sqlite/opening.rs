//! What must be true of a file and its log before a connection to it is trusted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::{ReadError, lacks_rights};
use super::transaction::wait_until;
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::sys::{self, Inside};

/// The oldest SQLite that works (STRICT tables, and `json_each` in every build), as its version number.
const OLDEST_SQLITE: (i32, &str) = (3_038_000, "3.38.0");

/// Where a file can't be renamed in one step, a new store has a second name for a moment, its scratch file's;
/// no longer than this.
const SECOND_NAME: Duration = Duration::from_millis(500);

/// SQLite makes `-wal` and `-shm` with the rights that the umask leaves, and gives them the store's a moment
/// later. Another user's process that comes in between may not open them, or only for reading; it tries again
/// no longer than this.
const RIGHTS: Duration = Duration::from_millis(500);

/// This thread is at work in SQLite until the answer is dropped. A child that was forked while a thread of
/// its parent was may find any of SQLite's locks held for ever, by whatever store it wants to use.
pub(super) fn inside() -> StoreResult<Inside> {
    Inside::enter().ok_or(StoreError::Forked)
}

/// Is the SQLite that was linked new enough?
pub(super) fn check_sqlite() -> StoreResult<()> {
    if rusqlite::version_number() < OLDEST_SQLITE.0 {
        return Err(StoreError::SqliteTooOld { found: rusqlite::version(), needed: OLDEST_SQLITE.1 });
    }
    Ok(())
}

/// What stands at the path, as far as it can be told without opening it.
pub(super) fn look_at(path: &Path) -> StoreResult<PathBuf> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::Missing,
        std::io::ErrorKind::PermissionDenied => StoreError::Denied,
        kind => StoreError::Io(kind.to_string()),
    })?;
    if metadata.is_dir() {
        return Err(StoreError::IsAFolder);
    }
    if !metadata.is_file() {
        return Err(StoreError::NotAStore("it is no regular file"));
    }
    if metadata.len() == 0 {
        return Err(StoreError::NotAStore("the file is empty"));
    }
    let path = path.canonicalize().map_err(|error| StoreError::Io(error.kind().to_string()))?;
    if !sys::readable(&path) {
        return Err(StoreError::Denied);
    }
    refuse_second_name(&path)?;
    if !sys::writable(sys::folder_of(&path)) || !sys::writable(&path) {
        return Err(StoreError::ReadOnly);
    }
    Ok(path)
}

/// SQLite names the log after the file. A file with two names has two logs, neither of which knows what the
/// other has spent.
fn refuse_second_name(path: &Path) -> StoreResult<()> {
    let until = Instant::now() + SECOND_NAME;
    while sys::names(path).map_err(|_| StoreError::Missing)? > 1 {
        if Instant::now() >= until {
            return Err(StoreError::NotAStore("the file has a second name (a hard link); remove it first"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// SQLite takes what is named as its log or journal for its own: it writes over it, or believes it. So
/// nothing may stand there that somebody else put there to be written over or believed.
pub(super) fn refuse_planted(path: &Path) -> StoreResult<()> {
    let store = std::fs::metadata(path).map_err(|_| StoreError::Missing)?;
    let found = |beside| std::fs::symlink_metadata(beside).ok();
    if sys::side_files(path).filter_map(found).all(|beside| sys::belongs(&beside, &store)) {
        return Ok(());
    }
    Err(StoreError::NotAStore("its -wal, -shm or -journal is a link, no file, or of another user; remove it"))
}

/// Our files are made in WAL mode; somebody's other tool may have changed that.
pub(super) fn require_wal(connection: &Connection, deadline: Duration) -> StoreResult<()> {
    let until = Instant::now() + deadline;
    loop {
        let mode: rusqlite::Result<String> =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
        match mode.read() {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(StoreError::Io("the file system can't hold a write-ahead log".to_owned())),
            // The switch does not wait for others by itself.
            Err(StoreError::Busy) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error),
        }
    }
}

/// Whether the log was opened for writing too. That somebody else writes just now is told only after that.
pub(super) fn require_writable_log(connection: &Connection, deadline: Duration) -> StoreResult<()> {
    wait_until(Instant::now());
    let begun = connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").read();
    wait_until(Instant::now() + deadline);
    match begun {
        Err(StoreError::Busy) => Ok(()),
        other => other,
    }
}

/// Try again while only a right is missing that may come.
pub(super) fn with_rights<T>(open: impl Fn() -> StoreResult<T>) -> StoreResult<T> {
    let until = Instant::now() + RIGHTS;
    loop {
        match open() {
            Err(error) if lacks_rights(&error) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(2));
            }
            other => return other,
        }
    }
}
