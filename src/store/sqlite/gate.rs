//! Whose turn it is to write among processes: a locked file beside the store.
//!
//! SQLite lets one process write at a time, but has no queue: who finds it taken sleeps and asks again, and a
//! process that writes without a pause keeps all others out for a second and more. Here they queue. **Nothing
//! depends on it but fairness**: a file that can't be made or locked, or a holder that does not come out in
//! time, is passed by.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use super::identity::with_suffix;
use crate::sys::{Locked, SharedLock};

/// How long anybody waits here before it goes on without: longer than writing a long log back takes.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long a gate that kept somebody waiting so long is passed by.
const PASSED_BY: Duration = Duration::from_secs(2);

/// The gate, as one handle of the store sees it.
#[derive(Debug)]
pub(super) struct Gate {
    lock: Option<SharedLock>,
    /// Until when nobody waits for it: it hung.
    hung: Cell<Option<Instant>>,
}

/// The right to write before the others; given back when dropped.
#[derive(Debug)]
pub(super) struct Pass<'a>(&'a SharedLock);

impl Gate {
    /// That of the store at `path`, made with the store's owner and permissions if there is none.
    pub(super) fn beside(path: &Path) -> Self {
        Gate { lock: SharedLock::open(&with_suffix(path, "-gate"), path).ok(), hung: Cell::new(None) }
    }

    /// Wait for our turn, half of what is left of the deadline at most. `None` without one.
    pub(super) fn enter(&self, until: Instant) -> Option<Pass<'_>> {
        let lock = self.lock.as_ref()?;
        let mut tried = lock.try_lock();
        if tried == Locked::Theirs {
            tried = self.wait(lock, until);
        }
        (tried == Locked::Ours).then(|| Pass(lock))
    }

    fn wait(&self, lock: &SharedLock, until: Instant) -> Locked {
        let began = Instant::now();
        if self.hung.get().is_some_and(|until| began < until) {
            return Locked::Theirs;
        }
        let patience = PATIENCE.min(until.saturating_duration_since(began) / 2);
        loop {
            let left = (began + patience).saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.hung.set((patience == PATIENCE).then(|| Instant::now() + PASSED_BY));
                return Locked::Theirs;
            }
            let tried = lock.wait(left);
            if tried != Locked::Theirs {
                return tried;
            }
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn soon() -> Instant {
        Instant::now() + PATIENCE * 4
    }

    fn store_file() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        (folder, path)
    }

    #[test]
    fn one_at_a_time_goes_in_and_the_next_one_as_soon_as_it_is_free() {
        // On a busy machine who lets the other one in may itself be kept waiting.
        let in_time = (0..20).any(|_| {
            let (_folder, path) = store_file();
            let (ours, theirs) = (Gate::beside(&path), Gate::beside(&path));
            let pass = theirs.enter(soon()).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    std::thread::sleep(Duration::from_millis(30));
                    drop(pass);
                });
                let began = Instant::now();
                let entered = ours.enter(soon());
                assert!(began.elapsed() >= Duration::from_millis(20), "both were in");
                entered.is_some() && began.elapsed() < PATIENCE
            })
        });
        assert!(in_time);
    }

    #[test]
    fn a_gate_that_hangs_is_passed_by_and_keeps_nobody_up_again_and_again() {
        let (_folder, path) = store_file();
        let (ours, theirs) = (Gate::beside(&path), Gate::beside(&path));
        let pass = theirs.enter(soon());
        let began = Instant::now();
        assert!(ours.enter(soon()).is_none());
        assert!(began.elapsed() >= PATIENCE);
        let began = Instant::now();
        assert!(ours.enter(soon()).is_none());
        assert!(began.elapsed() < PATIENCE / 2);
        // It is asked all the same, without waiting: free again, it is used again.
        drop(pass);
        assert!(ours.enter(soon()).is_some());
    }

    #[test]
    fn a_short_deadline_leaves_time_for_the_store_itself() {
        let (_folder, path) = store_file();
        let (ours, theirs) = (Gate::beside(&path), Gate::beside(&path));
        let _pass = theirs.enter(soon());
        // On a busy machine we may come back late all the same.
        let in_time = (0..20).any(|_| {
            let until = Instant::now() + Duration::from_millis(60);
            assert!(ours.enter(until).is_none());
            Instant::now() < until
        });
        assert!(in_time);
        assert!(ours.enter(Instant::now()).is_none());
    }

    #[test]
    fn the_file_has_the_store_s_permissions() {
        let (_folder, path) = store_file();
        let _gate = Gate::beside(&path);
        let gate_mode = || crate::sys::mode(&with_suffix(&path, "-gate")).unwrap();
        assert_eq!(gate_mode(), 0o640);
        // Also those that it gets later.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660)).unwrap();
        let _gate = Gate::beside(&path);
        assert_eq!(gate_mode(), 0o660);
    }

    #[test]
    fn without_a_file_that_can_be_used_everybody_goes_on() {
        let (folder, path) = store_file();
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "x").unwrap();
        symlink(&victim, with_suffix(&path, "-gate")).unwrap();
        assert!(Gate::beside(&path).enter(soon()).is_none());
        assert_eq!(std::fs::read(&victim).unwrap(), b"x", "the link was followed");
        std::fs::remove_file(with_suffix(&path, "-gate")).unwrap();
        std::fs::create_dir(with_suffix(&path, "-gate")).unwrap();
        assert!(Gate::beside(&path).enter(soon()).is_none());
    }
}
