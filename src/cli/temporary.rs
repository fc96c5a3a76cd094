//! Folders for stores that are thrown away: made anew, readable by their owner alone, removed in the end.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use gatepass::Error;

/// Every folder's name begins so.
const PREFIX: &str = "gatepass-";

/// A folder that is removed with all that is in it when this is dropped.
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// A new one inside of `parent`. [`Error::Invalid`] names `folder` when it can't be made there.
    pub(crate) fn inside(parent: &Path, purpose: &str) -> Result<Self, Error> {
        let number = std::process::id();
        // A process that was killed may have left a folder under our number.
        for attempt in 0..1_000 {
            let path = parent.join(format!("{PREFIX}{purpose}-{number}-{attempt}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(TemporaryFolder(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(error.kind())),
            }
        }
        Err(unusable(io::ErrorKind::AlreadyExists))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Remove the temporary folder that a file stands in, for a process whose parent died before it could.
pub(crate) fn remove_folder_of(file: &Path) {
    let Some(folder) = file.parent() else { return };
    // Whatever else was named on the command line stays.
    let ours = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    if ours {
        let _ = fs::remove_dir_all(folder);
    }
}

fn unusable(kind: io::ErrorKind) -> Error {
    Error::Invalid { field: "folder".into(), reason: format!("can't hold a temporary folder: {kind}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_private_and_goes_with_all_that_is_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let one = TemporaryFolder::inside(parent.path(), "test").unwrap();
        let two = TemporaryFolder::inside(parent.path(), "test").unwrap();
        assert_ne!(one.path(), two.path());
        assert_eq!(fs::metadata(one.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(one.path().join("x"), "x").unwrap();
        remove_folder_of(&two.path().join("gatepass.db"));
        assert!(!two.path().exists());
        drop((one, two));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_our_own_folders_are_removed_for_a_dead_parent() {
        let parent = tempfile::tempdir().unwrap();
        remove_folder_of(&parent.path().join("gatepass.db"));
        assert!(parent.path().exists());
        assert!(TemporaryFolder::inside(&parent.path().join("nowhere"), "test").is_err());
    }
}
