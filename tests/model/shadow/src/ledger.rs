//! What a check writes down. Writing is no step of the model: nobody else goes on meanwhile.

use std::sync::Mutex;

/// A list that all threads of the model add to.
#[derive(Debug)]
pub struct Ledger<T>(Mutex<Vec<T>>);

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Ledger(Mutex::default())
    }
}

impl<T: PartialEq> Ledger<T> {
    pub fn add(&self, entry: T) {
        self.with(|entries| entries.push(entry));
    }

    pub fn count(&self, entry: &T) -> usize {
        self.with(|entries| entries.iter().filter(|one| *one == entry).count())
    }

    /// What was added since the last time.
    pub fn take(&self) -> Vec<T> {
        self.with(std::mem::take)
    }

    fn with<R>(&self, look: impl FnOnce(&mut Vec<T>) -> R) -> R {
        look(&mut self.0.lock().expect("nothing fails under this lock"))
    }
}
