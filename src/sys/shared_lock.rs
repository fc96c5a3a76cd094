//! A lock between processes: a small file beside another one, locked by who works, with a bell for those who
//! wait.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;
use std::time::Duration;

use super::doorbell::Doorbell;
use super::{NewFile, belongs};

/// The lock, as one handle of it. The system gives it back when its holder ends, however it ends.
#[derive(Debug)]
pub(crate) struct SharedLock {
    file: File,
    bell: Doorbell,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// It is ours.
    Ours,
    /// Somebody else has it.
    Theirs,
    /// This file system has no locks.
    Never,
}

impl SharedLock {
    /// The lock in the file at `path`, made with the owner and permissions of `like` if there is none.
    pub(crate) fn open(path: &Path, like: &Path) -> io::Result<Self> {
        let file = match open(path, like) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(path, like)?;
                open(path, like)?
            }
            other => other?,
        };
        as_open_as(&file, like);
        let bell = Doorbell::of(&file).ok_or(io::ErrorKind::Unsupported)?;
        Ok(SharedLock { file, bell })
    }

    /// Take it if it is free.
    pub(crate) fn try_lock(&self) -> Locked {
        match self.file.try_lock() {
            Ok(()) => Locked::Ours,
            Err(TryLockError::WouldBlock) => Locked::Theirs,
            Err(TryLockError::Error(_)) => Locked::Never,
        }
    }

    /// Sleep until it may be free, `most` at most, and try again. Returns early at times: go on until your
    /// time is up.
    pub(crate) fn wait(&self, most: Duration) -> Locked {
        let free = || Some(self.try_lock()).filter(|tried| *tried != Locked::Theirs);
        self.bell.wait(most, free).unwrap_or_else(|| self.try_lock())
    }

    /// Give it back, and wake one who waits.
    pub(crate) fn unlock(&self) {
        // Nothing can be done about a failure; who waits does not wait for ever.
        let _ = self.file.unlock();
        self.bell.ring();
    }
}

/// What somebody else put there is neither locked nor written nor opened to more people.
fn open(path: &Path, like: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let own = belongs(&file.metadata()?, &fs::metadata(like)?);
    if own { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Others may have been let in to `like` since the file was made. Only its owner can do that for it.
fn as_open_as(file: &File, like: &Path) {
    let mode = |permissions: fs::Permissions| permissions.mode() & 0o666;
    let (Ok(like), Ok(own)) = (fs::metadata(like), file.metadata()) else { return };
    let (wanted, found) = (mode(like.permissions()), mode(own.permissions()));
    if wanted != found {
        let _ = file.set_permissions(fs::Permissions::from_mode(wanted));
    }
}

fn make(path: &Path, like: &Path) -> io::Result<()> {
    let like = fs::metadata(like)?;
    let made = NewFile::beside(path, like.permissions().mode() & 0o666)?;
    // Who may not give it away may still give it to a group of its own.
    let own = fs::metadata(made.path())?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid())
        && chown(made.path(), Some(like.uid()), Some(like.gid())).is_err()
    {
        let _ = chown(made.path(), None, Some(like.gid()));
    }
    match made.name(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
