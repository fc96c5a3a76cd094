//! What the operating system must be asked: who a file is, whether it may be written, and how to make one
//! that nobody else can read.
//!
//! Nothing here opens a store's database, `-wal` or `-shm`: closing any descriptor of such a file drops every
//! POSIX lock that SQLite holds on it in this process. Files are told apart by `stat`, and made under names
//! that nobody has opened yet.

#[cfg(feature = "serve")]
mod arenas;
mod doorbell;
mod inside;
mod lent;
mod log_sync;
mod process;
mod shared_lock;

use std::ffi::CString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[cfg(feature = "serve")]
pub(crate) use arenas::share_arenas;
pub(crate) use inside::Inside;
pub(crate) use lent::{Lent, lend};
pub(crate) use log_sync::{file_error, log_error, sync_log};
pub(crate) use process::process_id;
pub(crate) use shared_lock::{Locked, SharedLock};

/// Which file this is, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

/// Which file stands at a path now; symbolic links are followed.
pub(crate) fn file_id(path: &Path) -> io::Result<FileId> {
    match file_id_alone(path) {
        Some(found) => found,
        None => {
            let metadata = fs::metadata(path)?;
            Ok(FileId { device: metadata.dev(), inode: metadata.ino() })
        }
    }
}

/// The same without asking for times, where the system can. Linux gives a file whose times were asked for a
/// new, finer one at its next write, so that a plain `stat` between two commits makes the next sync of the
/// log write the inode too: a quarter of a redemption's time.
#[cfg(target_os = "linux")]
fn file_id_alone(path: &Path) -> Option<io::Result<FileId>> {
    let text = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: `text` is a NUL-terminated string that outlives the call, `found` has the size that the call
    // fills.
    let done = unsafe { libc::statx(libc::AT_FDCWD, text.as_ptr(), 0, libc::STATX_INO, found.as_mut_ptr()) };
    if done != 0 {
        let error = io::Error::last_os_error();
        // Old kernels, and sandboxes that know no statx.
        let unknown = matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM));
        return if unknown { None } else { Some(Err(error)) };
    }
    // SAFETY: the call succeeded, and every bit pattern is a value of this plain structure anyway.
    let found = unsafe { found.assume_init() };
    let device = (u64::from(found.stx_dev_major) << 32) | u64::from(found.stx_dev_minor);
    Some(Ok(FileId { device, inode: found.stx_ino }))
}

#[cfg(not(target_os = "linux"))]
fn file_id_alone(_path: &Path) -> Option<io::Result<FileId>> {
    None
}

/// When a file was made, where the file system tells. An inode is given anew when its file is gone.
pub(crate) fn made_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.created()).ok()
}

/// How many names (hard links) a file has.
pub(crate) fn names(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.nlink())
}

/// Whether this user may write the file or, for a folder, make files in it.
pub(crate) fn writable(path: &Path) -> bool {
    let folder = fs::metadata(path).is_ok_and(|metadata| metadata.is_dir());
    allowed(path, if folder { libc::W_OK | libc::X_OK } else { libc::W_OK })
}

/// Whether this user may read the file.
pub(crate) fn readable(path: &Path) -> bool {
    allowed(path, libc::R_OK)
}

fn allowed(path: &Path, mode: libc::c_int) -> bool {
    let Ok(text) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: `text` is a NUL-terminated string that outlives the call, which only reads it.
    unsafe { libc::faccessat(libc::AT_FDCWD, text.as_ptr(), mode, libc::AT_EACCESS) == 0 }
}

/// The paths of what SQLite keeps beside a database.
pub(crate) fn side_files(path: &Path) -> impl Iterator<Item = PathBuf> {
    ["-wal", "-shm", "-journal"].into_iter().map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// Whether what stands beside a file may be trusted as far as the file itself: a regular file with one name
/// and, unless the file is open to a group, of the file's owner, of root or of this process's user. Anything
/// else was put there by somebody who may write the folder and nothing in it.
pub(crate) fn belongs(beside: &fs::Metadata, file: &fs::Metadata) -> bool {
    const OF_GROUP: u32 = 0o020;
    // SAFETY: a call without arguments that can't fail.
    let ours = unsafe { libc::geteuid() };
    let known = [file.uid(), ours, 0].contains(&beside.uid()) || file.mode() & OF_GROUP != 0;
    beside.is_file() && beside.nlink() == 1 && known
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

/// A file that is being made beside its final place under a name of its own, and deleted unless it is
/// [placed](NewFile::place).
#[derive(Debug)]
pub(crate) struct NewFile {
    at: PathBuf,
    placed: bool,
}

impl NewFile {
    /// An empty file with exactly these permissions, whatever the umask, in the folder of `target`.
    pub(crate) fn beside(target: &Path, mode: u32) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        // A process killed earlier may have left its file under our number.
        for attempt in 0..100 {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.new", std::process::id()));
            let at = folder_of(target).join(hidden);
            // SQLite would take what stands beside it for its own.
            if side_files(&at).any(|beside| fs::symlink_metadata(beside).is_ok()) {
                continue;
            }
            let created = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .custom_flags(libc::O_NOFOLLOW)
                .open(&at);
            match created {
                Ok(file) => {
                    let made = NewFile { at, placed: false };
                    file.set_permissions(Permissions::from_mode(mode))?;
                    return Ok(made);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }

    /// Where it is being made.
    pub(crate) fn path(&self) -> &Path {
        &self.at
    }

    /// Give it its final name, unless something stands there: [`io::ErrorKind::AlreadyExists`]. The name is
    /// on the disk when this returns.
    pub(crate) fn place(self, target: &Path) -> io::Result<()> {
        self.name(target)?;
        sync_names(target)
    }

    /// The same for a file that a crash may take with it, until [the names are synced](sync_names).
    pub(crate) fn name(mut self, target: &Path) -> io::Result<()> {
        if !rename_to_free_name(&self.at, target)? {
            // For a moment the file has two names; a crash in it leaves the hidden one to be deleted by hand.
            fs::hard_link(&self.at, target)?;
            fs::remove_file(&self.at)?;
        }
        self.placed = true;
        Ok(())
    }
}

/// Rename in one step unless something stands at `to`. `false` where the system or the file system can't do
/// that.
#[cfg(target_os = "linux")]
fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<bool> {
    let text = |path: &Path| {
        CString::new(path.as_os_str().as_bytes()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
    };
    let (from, to) = (text(from)?, text(to)?);
    // By its number, since not every C library has a function for it.
    // SAFETY: both are NUL-terminated strings that outlive the call, which only reads them.
    let done = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    if done == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EINVAL | libc::EPERM) => Ok(false),
        _ => Err(error),
    }
}

/// Rename in one step unless something stands at `to`. `false` where the system or the file system can't do
/// that.
#[cfg(not(target_os = "linux"))]
fn rename_to_free_name(_from: &Path, _to: &Path) -> io::Result<bool> {
    Ok(false)
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.placed {
            // Nothing can be done about a failure here, and the name says what the file is.
            let _ = fs::remove_file(&self.at);
        }
        side_files(&self.at).for_each(|beside| drop(fs::remove_file(beside)));
    }
}

/// Have the names in a file's folder on the disk.
pub(crate) fn sync_names(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that a file stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Write a small file that only its owner may read, unless something stands there.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let made = NewFile::beside(path, 0o600)?;
    fs::write(made.path(), text)?;
    File::open(made.path())?.sync_all()?;
    made.place(path)
}

/// Read a small text file. A pipe or device is none: it may make its reader wait for ever, or never end.
pub(crate) fn read_small(path: &Path) -> io::Result<zeroize::Zeroizing<String>> {
    const MOST: u64 = 4096;
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > MOST {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    fs::read_to_string(path).map(zeroize::Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_private_and_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        NewFile::beside(&target, 0o600).unwrap().place(&target).unwrap();
        assert_eq!(mode(&target).unwrap(), 0o600);
        let again = NewFile::beside(&target, 0o600).unwrap().place(&target);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the second one left its scratch file");
    }

    #[test]
    fn a_link_planted_at_the_target_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, target) = (folder.path().join("victim"), folder.path().join("x"));
        std::os::unix::fs::symlink(&victim, &target).unwrap();
        assert!(write_private(&target, b"secret").is_err());
        assert!(!victim.exists());
    }
}
