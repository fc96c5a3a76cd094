//! Stores that a process keeps open from one request to the next, for hosts whose own objects die in between,
//! as in PHP.
//!
//! A kept store is found again by the file at its path (device and inode), a shared one by its URL, and by the options
//! it was opened with. One that can't be used any more, since its file was replaced, is let go and opened anew. The list
//! belongs to the process, like the handles: a child of a fork begins with none.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::Chosen;
use crate::error::Result;
use crate::gatepass::{Gatepass, is_file};
use crate::secret::Secret;
use crate::sys::{self, FileId};

/// So many stay open; beyond that the one that was asked for longest ago is let go. The actor is an option,
/// so there may be as many ways to open one store as there are actors.
const MOST: usize = 16;

/// What a store is known by: its file, or its URL, in which a password may stand.
#[derive(PartialEq)]
enum Known {
    File(FileId),
    Url(Secret),
}

impl Known {
    fn of(path: &Path) -> Option<Self> {
        if is_file(path) {
            sys::file_id(path).ok().map(Known::File)
        } else {
            Some(Known::Url(Secret::new(path.to_str()?)))
        }
    }
}

struct Kept {
    known: Known,
    chosen: Chosen,
    gate: Arc<Gatepass>,
}

/// The kept stores of one process, the one that was asked for longest ago first.
#[derive(Default)]
pub(super) struct KeptStores(Mutex<Vec<Kept>>);

impl KeptStores {
    /// The kept store of that path and those options, opened now if there is none.
    pub(super) fn open(&self, path: &Path, chosen: Chosen) -> Result<Arc<Gatepass>> {
        if let Some(gate) = self.find(path, &chosen) {
            return Ok(gate);
        }
        // The list is free meanwhile: a store that is locked must not keep others from theirs.
        let gate = Arc::new(chosen.options()?.open(path)?);
        // Another thread may have opened it too; then both go on with the same.
        if let Some(others) = self.find(path, &chosen) {
            return Ok(others);
        }
        if let Some(known) = Known::of(path) {
            let mut kept = self.list();
            kept.push(Kept { known, chosen, gate: Arc::clone(&gate) });
            let oldest = if kept.len() > MOST { Some(kept.remove(0)) } else { None };
            drop(kept);
            drop(oldest);
        }
        Ok(gate)
    }

    /// One that is open, if it can still be used. All that can't are let go: they would stay open for ever,
    /// and SQLite shares what it knows of a file among its handles.
    fn find(&self, path: &Path, chosen: &Chosen) -> Option<Arc<Gatepass>> {
        let known = Known::of(path);
        let mut kept = self.list();
        let is = |entry: &Kept| known.as_ref() == Some(&entry.known) && entry.chosen == *chosen;
        let found = kept.iter().position(is);
        if let Some(entry) = found.map(|found| kept.remove(found)) {
            if entry.gate.usable().is_ok() {
                let gate = Arc::clone(&entry.gate);
                kept.push(entry);
                return Some(gate);
            }
            kept.push(entry);
        }
        let (good, gone) =
            std::mem::take(&mut *kept).into_iter().partition(|it: &Kept| it.gate.usable().is_ok());
        *kept = good;
        drop(kept);
        // Closing takes its time.
        drop::<Vec<Kept>>(gone);
        None
    }

    /// Let all of them go.
    pub(super) fn close(&self) {
        let kept = std::mem::take(&mut *self.list());
        drop(kept);
    }

    fn list(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        Chosen { actor: Some(actor.to_owned()), ..Chosen::default() }
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
    fn a_store_that_is_locked_keeps_nobody_from_another() {
        let folder = tempfile::tempdir().unwrap();
        let (locked, free) = (store(folder.path(), "locked.db"), store(folder.path(), "free.db"));
        let other = rusqlite::Connection::open(&locked).unwrap();
        other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
        let stores = KeptStores::default();
        let deadline = |ms| Chosen { deadline_ms: Some(ms), ..Chosen::default() };
        std::thread::scope(|threads| {
            let waiting = threads.spawn(|| stores.open(&locked, deadline(2_000)).unwrap_err());
            std::thread::sleep(std::time::Duration::from_millis(200));
            stores.open(&free, Chosen::default()).unwrap();
            assert!(!waiting.is_finished(), "the free store was kept waiting");
            let told = waiting.join().unwrap();
            assert!(matches!(told, Error::Store(StoreError::Busy)), "{told}");
        });
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
