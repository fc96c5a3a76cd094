//! Stores that a process keeps open from one request to the next, for hosts whose own objects die in between,
//! as in PHP.
//!
//! A kept store is found again by the file at its path (device and inode) and by the options it was opened
//! with. One that can't be used any more, since its file was replaced, is let go and opened anew. The list
//! belongs to the process, like the handles: a child of a fork begins with none.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::options::Chosen;
use crate::error::Result;
use crate::gatepass::Gatepass;
use crate::sys::{self, FileId};

/// So many stay open; beyond that the one that was asked for longest ago is let go. The actor is an option, so
/// there may be as many ways to open one store as there are actors.
const MOST: usize = 16;

struct Kept {
    file: FileId,
    chosen: Chosen,
    gate: Arc<Gatepass>,
}

/// The kept stores of one process, the one that was asked for longest ago first.
#[derive(Default)]
pub(super) struct KeptStores(Mutex<Vec<Kept>>);

impl KeptStores {
    /// The kept store of that path and those options, opened now if there is none.
    pub(super) fn open(&self, path: &Path, chosen: Chosen) -> Result<Arc<Gatepass>> {
        // Held while a store is opened, so that threads that begin together open it once.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = sys::file_id(path).ok();
        let found = kept.iter().position(|entry| Some(entry.file) == file && entry.chosen == chosen);
        if let Some(found) = found {
            let entry = kept.remove(found);
            if entry.gate.usable().is_ok() {
                let gate = Arc::clone(&entry.gate);
                kept.push(entry);
                return Ok(gate);
            }
        }
        // What can't be used any more would stay open for ever, and SQLite shares what it knows of a file
        // among its handles.
        kept.retain(|entry| entry.gate.usable().is_ok());
        let gate = Arc::new(chosen.options()?.open(path)?);
        if let Ok(file) = sys::file_id(path) {
            if kept.len() >= MOST {
                kept.remove(0);
            }
            kept.push(Kept { file, chosen, gate: Arc::clone(&gate) });
        }
        Ok(gate)
    }

    /// Let all of them go.
    pub(super) fn close(&self) {
        let kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drop(kept);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::directory::Mode;
    use crate::error::{Error, StoreError};
    use crate::gatepass::{InitOptions, Options};

    fn store(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
        Options::new().init(&path, &init).unwrap();
        path
    }

    fn by(actor: &str) -> Chosen {
        let mut chosen = Chosen::default();
        chosen.actor = Some(actor.to_owned());
        chosen
    }

    #[test]
    fn a_kept_store_is_found_again_by_its_file_and_options() {
        let folder = tempfile::tempdir().unwrap();
        let path = store(folder.path(), "gatepass.db");
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let stores = KeptStores::default();
        let first = stores.open(&path, Chosen::default()).unwrap();
        assert!(Arc::ptr_eq(&first, &stores.open(&path, Chosen::default()).unwrap()));
        assert!(Arc::ptr_eq(&first, &stores.open(&link, Chosen::default()).unwrap()));
        assert!(!Arc::ptr_eq(&first, &stores.open(&path, by("portal")).unwrap()));
        let other = store(folder.path(), "other.db");
        assert!(!Arc::ptr_eq(&first, &stores.open(&other, Chosen::default()).unwrap()));
    }

    #[test]
    fn a_store_that_was_replaced_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = store(folder.path(), "gatepass.db");
        let stores = KeptStores::default();
        let first = stores.open(&path, Chosen::default()).unwrap().info().unwrap().store_id;
        fs::remove_dir_all(folder.path()).unwrap();
        let missing = stores.open(&path, Chosen::default()).unwrap_err();
        assert!(matches!(missing, Error::Store(StoreError::Missing)), "{missing}");
        fs::create_dir(folder.path()).unwrap();
        store(folder.path(), "gatepass.db");
        let second = stores.open(&path, Chosen::default()).unwrap().info().unwrap().store_id;
        assert_ne!(first, second);
    }

    #[test]
    fn a_store_whose_log_was_lost_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = store(folder.path(), "gatepass.db");
        let stores = KeptStores::default();
        let first = stores.open(&path, Chosen::default()).unwrap();
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(folder.path().join(format!("gatepass.db{suffix}"))).unwrap();
        }
        assert!(first.usable().is_err());
        drop(first);
        stores.open(&path, Chosen::default()).unwrap().settings().unwrap();
    }

    #[test]
    fn what_can_t_be_used_any_more_does_not_stay_open() {
        let folder = tempfile::tempdir().unwrap();
        let (lost, other) = (store(folder.path(), "lost.db"), store(folder.path(), "other.db"));
        let stores = KeptStores::default();
        let first = Arc::downgrade(&stores.open(&lost, Chosen::default()).unwrap());
        stores.open(&other, by("portal")).unwrap();
        assert!(first.upgrade().is_some());
        fs::remove_file(&lost).unwrap();
        stores.open(&other, Chosen::default()).unwrap();
        assert!(first.upgrade().is_none(), "it is still open");
    }

    #[test]
    fn what_is_let_go_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = store(folder.path(), "gatepass.db");
        let stores = KeptStores::default();
        let first = Arc::downgrade(&stores.open(&path, Chosen::default()).unwrap());
        assert!(first.upgrade().is_some());
        stores.close();
        assert!(first.upgrade().is_none(), "it is still open");
        stores.open(&path, Chosen::default()).unwrap();
    }

    #[test]
    fn no_more_than_so_many_are_kept_and_the_one_used_longest_ago_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = store(folder.path(), "gatepass.db");
        let stores = KeptStores::default();
        let first = stores.open(&path, by("0")).unwrap();
        let second = stores.open(&path, by("1")).unwrap();
        for actor in 2..=MOST {
            stores.open(&path, by("0")).unwrap();
            stores.open(&path, by(&actor.to_string())).unwrap();
        }
        assert!(Arc::ptr_eq(&first, &stores.open(&path, by("0")).unwrap()));
        assert!(!Arc::ptr_eq(&second, &stores.open(&path, by("1")).unwrap()));
        assert_eq!(stores.0.lock().unwrap().len(), MOST);
    }
}
