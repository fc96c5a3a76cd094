//! Which file is open, in which process, and whether it may still be trusted.
//!
//! SQLite's locks are POSIX locks: they belong to a process and a file, not to a handle. A child of a fork
//! inherits open handles without their locks, and a file that was renamed over leaves handles writing to one
//! that nobody else sees. So a store is known by device, inode and process; both are compared at open and
//! before every synced answer.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime};

use crate::error::StoreError;
use crate::store::StoreResult;
use crate::sys::{self, FileId};

/// The stores that are open in this process, or were in the one it was forked from.
static OPEN: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    file: FileId,
    process: u32,
    handles: usize,
    poisoned: Arc<AtomicBool>,
    /// When the file was made, where the file system tells.
    made: Option<SystemTime>,
}

impl Entry {
    /// A file that is open by nobody and deleted leaves its inode to another one, which the poison of the
    /// first does not concern.
    fn is_of_another(&self, made: Option<SystemTime>) -> bool {
        self.handles == 0 && self.made.zip(made).is_some_and(|(ours, found)| ours != found)
    }
}

/// The registry, unless another thread held it when this process was forked: then it stays locked for ever.
fn registry() -> StoreResult<MutexGuard<'static, Vec<Entry>>> {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        match OPEN.try_lock() {
            Ok(guard) => return Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Ok(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::yield_now(),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Forked),
        }
    }
}

/// One open handle's right to be.
#[derive(Debug)]
pub(super) struct Identity {
    files: [(PathBuf, FileId); 3],
    process: u32,
    poisoned: Arc<AtomicBool>,
}

/// A path with something added to its file name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Refuses an open in a child whose parent had the store open at the fork, and after a failed sync.
pub(super) fn refuse_inherited(path: &Path, file: FileId) -> StoreResult<()> {
    let process = sys::process_id();
    let mut open = registry()?;
    if open.iter().any(|entry| entry.file == file && entry.handles == 0) {
        let made = sys::made_at(path);
        open.retain(|entry| entry.file != file || !entry.is_of_another(made));
    }
    match open.iter().find(|entry| entry.file == file) {
        Some(entry) if entry.process != process => Err(StoreError::Forked),
        Some(entry) if entry.poisoned.load(Ordering::Acquire) => Err(StoreError::Poisoned),
        _ => Ok(()),
    }
}

impl Identity {
    /// Note the files of a store that SQLite has just opened. `expected` is what stood at the path before.
    pub(super) fn register(path: &Path, expected: FileId) -> StoreResult<Self> {
        let id_of = |path: &Path| sys::file_id(path).map_err(|_| StoreError::Replaced);
        let named = |suffix| -> StoreResult<(PathBuf, FileId)> {
            let path = with_suffix(path, suffix);
            let id = id_of(&path)?;
            Ok((path, id))
        };
        let files = [(path.to_owned(), expected), named("-wal")?, named("-shm")?];
        let process = sys::process_id();
        let mut open = registry()?;
        let poisoned = match open.iter_mut().find(|entry| entry.file == expected) {
            Some(entry) if entry.process != process => return Err(StoreError::Forked),
            Some(entry) => {
                entry.handles += 1;
                Arc::clone(&entry.poisoned)
            }
            None => {
                let poisoned = Arc::new(AtomicBool::new(false));
                let (made, poisoned_too) = (sys::made_at(path), Arc::clone(&poisoned));
                open.push(Entry { file: expected, process, handles: 1, poisoned: poisoned_too, made });
                poisoned
            }
        };
        drop(open);
        let identity = Identity { files, process, poisoned };
        identity.unchanged()?;
        Ok(identity)
    }

    /// May this process use the handle at all?
    pub(super) fn usable(&self) -> StoreResult<()> {
        if self.inherited() {
            Err(StoreError::Forked)
        } else if self.poisoned.load(Ordering::Acquire) {
            Err(StoreError::Poisoned)
        } else {
            Ok(())
        }
    }

    /// Whether this process got the handle over a fork.
    pub(super) fn inherited(&self) -> bool {
        sys::process_id() != self.process
    }

    /// Do the same three files still stand there?
    pub(super) fn unchanged(&self) -> StoreResult<()> {
        for (path, id) in &self.files {
            if sys::file_id(path).ok() != Some(*id) {
                return Err(StoreError::Replaced);
            }
        }
        Ok(())
    }

    /// A sync failed: no handle of this process is trusted any more.
    pub(super) fn poison(&self) {
        self.poisoned.store(true, Ordering::Release);
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        if self.inherited() {
            return;
        }
        if let Ok(mut open) = registry() {
            let file = self.files[0].1;
            if let Some(entry) = open.iter_mut().find(|entry| entry.file == file) {
                entry.handles -= 1;
            }
            // A poisoned store stays known, so that it can't be opened anew either.
            open.retain(|entry| entry.handles > 0 || entry.poisoned.load(Ordering::Acquire));
        }
    }
}
