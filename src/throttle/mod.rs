//! Failures counted in memory, in tables of fixed size.
//!
//! * [`Throttle`] counts failures per network and advises when to ask again.
//! * [`GuessCounter`] counts guesses at unknown things, so that they can be audited without a write per
//!   guess.
//! * [`LoginLock`] and [`Slots`] guard the passwords of the legacy admin log-in, which people chose and which
//!   can be guessed.
//!
//! The first two only count. Nothing here is ever asked about a right secret or a live token, so nobody is
//! locked out by what others did (design promise 8). The passwords are the exception, and say so.
//!
//! `now` is always an argument. A clock that was set back freezes nothing: times that lie in the future are
//! taken for now. All counts are lost with the process, which is no harm: they slow and inform, they decide
//! nothing that lasts.

mod guesses;
mod logins;
mod networks;

pub(crate) use guesses::{Counts, Guess, GuessCounter};
pub(crate) use logins::{LoginLock, Slots};
pub(crate) use networks::Throttle;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::secret::sha256;

/// The state behind a lock. A thread that panicked while it held the lock left at worst a wrong count.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number for `key` that nobody without the seed can foresee, so that nobody can aim at a place in a table.
/// Never zero, which marks an empty place.
fn fingerprint(seed: &[u8; 16], kind: u8, key: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&sha256(&[seed, &[kind], key])[..8]);
    u64::from_be_bytes(first).max(1)
}

/// A table that never grows. It is made when first used: most processes that open a store see no failure, and
/// have neither the time nor the memory to spare for one.
struct Table<E> {
    entries: Vec<E>,
    size: usize,
    empty: E,
}

impl<E: Copy> Table<E> {
    /// One of `size` places, all of them `empty`.
    fn new(size: usize, empty: E) -> Self {
        Table { entries: Vec::new(), size, empty }
    }

    /// The places where an entry with that fingerprint may stand, in a table that is cut into sets of `ways`.
    fn places(&mut self, ways: usize, fingerprint: u64) -> &mut [E] {
        if self.entries.is_empty() {
            self.entries = vec![self.empty; self.size];
        }
        let sets = (self.size / ways) as u64;
        // The remainder is below `sets`, so that the set lies inside the table.
        let start = (fingerprint % sets) as usize * ways;
        &mut self.entries[start..start + ways]
    }
}
