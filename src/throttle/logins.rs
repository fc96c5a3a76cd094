//! The guard before the legacy admin passwords.
//!
//! Passwords that people chose can be guessed, so here, and nowhere else, too many failures lock. The lock is
//! asked before Argon2 runs, for names that exist and names that don't alike, or it would tell them apart.

use std::fmt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::{Table, fingerprint, locked};
use crate::clock::Timestamp;

/// So many failures within [`PERIOD`] lock a name.
const FAILURES: usize = 5;

/// The time in which they count, and for which they lock after the last of them: 15 minutes, in milliseconds.
const PERIOD: i64 = 15 * 60_000;

const PLACES: usize = 4096;

/// How many places a name may stand at.
const WAYS: usize = 16;

/// Locks a username for 15 minutes after five failures within 15 minutes.
///
/// Names are compared byte by byte and kept only as fingerprints under a seed; the table takes some 200 KB
/// and never grows. No name loses its count to another while the count matters, for then a flood of names
/// would buy guesses at a password. Instead, a name that finds no place is treated as locked until one is
/// free.
///
/// Anybody who knows a username can keep it locked. That is the price of the legacy form, which is off by
/// default; a credential's secret never passes here.
pub(crate) struct LoginLock {
    seed: [u8; 16],
    table: Mutex<Table<Entry>>,
}

/// The failures of a name, the latest first; a time in the distant past is none at all.
#[derive(Clone, Copy)]
struct Entry {
    fingerprint: u64,
    failures: [i64; FAILURES],
}

/// A place to count a name's failures at, or how long until there is one, in milliseconds.
enum Found<'a> {
    Known(&'a mut Entry),
    Free(&'a mut Entry),
    Full(i64),
}

impl Entry {
    const NEVER: i64 = i64::MIN;
    const EMPTY: Entry = Entry { fingerprint: 0, failures: [Entry::NEVER; FAILURES] };

    /// How long the latest failure still counts; zero or less when the place is free.
    fn remaining(&self, now: i64) -> i64 {
        self.failures[0].saturating_add(PERIOD).saturating_sub(now)
    }

    /// How long the name is locked; zero or less when it is not.
    fn locked(&self, now: i64) -> i64 {
        let [latest, .., fifth] = self.failures;
        let close = fifth != Entry::NEVER && latest.saturating_sub(fifth) < PERIOD;
        if close { self.remaining(now) } else { 0 }
    }
}

impl LoginLock {
    /// Nobody is locked. `seed` is drawn at random by the caller, once per process or store.
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        LoginLock { seed, table: Mutex::new(Table::new(PLACES, Entry::EMPTY)) }
    }

    /// Whether a password for this name may not be tried now.
    #[cfg(test)]
    fn is_locked(&self, username: &str, now: Timestamp) -> bool {
        self.locked_for(username, now).is_some()
    }

    /// How long no password for this name may be tried; nothing when one may be.
    pub(crate) fn locked_for(&self, username: &str, now: Timestamp) -> Option<Duration> {
        let left = self.at(username, now, |found, now| match found {
            Found::Known(entry) => entry.locked(now),
            Found::Free(_) => 0,
            Found::Full(left) => left,
        });
        u64::try_from(left).ok().filter(|&left| left > 0).map(Duration::from_millis)
    }

    /// Count a wrong password.
    pub(crate) fn failed(&self, username: &str, now: Timestamp) {
        let mark = self.mark(username);
        self.at(username, now, |found, now| match found {
            Found::Known(entry) => {
                entry.failures.rotate_right(1);
                entry.failures[0] = now;
            }
            Found::Free(entry) => {
                *entry = Entry { fingerprint: mark, ..Entry::EMPTY };
                entry.failures[0] = now;
            }
            // Locked as it is.
            Found::Full(_) => (),
        });
    }

    /// Forget the failures of a name after its right password.
    pub(crate) fn succeeded(&self, username: &str, now: Timestamp) {
        self.at(username, now, |found, _| {
            if let Found::Known(entry) = found {
                *entry = Entry::EMPTY;
            }
        });
    }

    fn mark(&self, username: &str) -> u64 {
        fingerprint(&self.seed, 0, username.as_bytes())
    }

    fn at<T>(&self, username: &str, now: Timestamp, act: impl FnOnce(Found<'_>, i64) -> T) -> T {
        let (mark, now) = (self.mark(username), now.as_millis());
        let mut table = locked(&self.table);
        let places = table.places(WAYS, mark);
        // After a clock was set back, a failure in the future would lock until the old time returns and
        // longer.
        for failure in places.iter_mut().flat_map(|entry| &mut entry.failures) {
            *failure = (*failure).min(now);
        }
        let soonest = places.iter().map(|entry| entry.remaining(now)).min().unwrap_or(0);
        let at = (places.iter().position(|entry| entry.fingerprint == mark))
            .or_else(|| places.iter().position(|entry| entry.remaining(now) <= 0));
        let found = match at.map(|at| &mut places[at]) {
            Some(entry) if entry.fingerprint == mark => Found::Known(entry),
            Some(entry) => Found::Free(entry),
            None => Found::Full(soonest),
        };
        act(found, now)
    }
}

impl fmt::Debug for LoginLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLock").finish_non_exhaustive()
    }
}

/// Lets only so many in at a time: Argon2 takes memory and a core, which nobody may make us spend without
/// bound.
#[derive(Debug)]
pub(crate) struct Slots {
    state: Mutex<SlotState>,
    freed: Condvar,
    /// At most so many wait.
    crowd: usize,
}

#[derive(Debug)]
struct SlotState {
    free: usize,
    waiting: usize,
}

/// A place in [`Slots`], given back when dropped.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub(crate) struct Slot<'a>(&'a Slots);

impl Slots {
    /// Room for `limit` at a time; the design allows two for passwords. Four times as many may wait: each
    /// holds a thread of its host's, which others need.
    pub(crate) const fn new(limit: usize) -> Self {
        let state = SlotState { free: limit, waiting: 0 };
        Slots { state: Mutex::new(state), freed: Condvar::new(), crowd: 4 * limit }
    }

    /// A place, for which it waits at most so long; nothing if all stayed taken, or too many wait already.
    pub(crate) fn enter(&self, patience: Duration) -> Option<Slot<'_>> {
        let mut state = locked(&self.state);
        if state.free == 0 {
            if state.waiting >= self.crowd {
                return None;
            }
            state.waiting += 1;
            let waited = self.freed.wait_timeout_while(state, patience, |state| state.free == 0);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.free = state.free.checked_sub(1)?;
        Some(Slot(self))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        locked(&self.0.state).free += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn lock() -> LoginLock {
        LoginLock::new([7; 16])
    }

    #[test]
    fn five_failures_lock_a_name_for_15_minutes_and_nobody_else() {
        let lock = lock();
        for second in 0..5 {
            assert!(!lock.is_locked("root", at(second)));
            lock.failed("root", at(second));
        }
        assert_eq!(lock.locked_for("root", at(4)), Some(Duration::from_secs(900)));
        assert!(lock.is_locked("root", at(903)));
        assert!(!lock.is_locked("root", at(904)));
        for other in ["Root", "root ", "", "röot"] {
            assert!(!lock.is_locked(other, at(4)), "{other:?}");
        }
    }

    #[test]
    fn after_the_lock_five_more_tries_are_free() {
        let lock = lock();
        for _ in 0..5 {
            lock.failed("root", at(0));
        }
        for _ in 0..5 {
            assert!(!lock.is_locked("root", at(900)));
            lock.failed("root", at(900));
        }
        assert!(lock.is_locked("root", at(900)));
    }

    #[test]
    fn never_more_than_five_tries_in_any_15_minutes() {
        let lock = lock();
        let mut tries: Vec<i64> = Vec::new();
        for second in (0..20_000).step_by(7) {
            // Bursts and pauses, so that no window fits the failures by chance.
            if (second / 100) % 3 != 1 && !lock.is_locked("root", at(second)) {
                lock.failed("root", at(second));
                tries.push(second);
            }
        }
        assert!(tries.len() > 20);
        assert!(tries.windows(6).all(|six| six[5] - six[0] >= 900), "{tries:?}");
    }

    #[test]
    fn slow_failures_never_lock() {
        let lock = lock();
        for failure in 0..100 {
            lock.failed("root", at(failure * 226));
            assert!(!lock.is_locked("root", at(failure * 226)));
        }
    }

    #[test]
    fn the_right_password_clears_the_count() {
        let lock = lock();
        for _ in 0..3 {
            for _ in 0..4 {
                lock.failed("root", at(0));
            }
            lock.succeeded("root", at(0));
        }
        assert!(!lock.is_locked("root", at(0)));
        lock.succeeded("nobody", at(0));
    }

    #[test]
    fn a_flood_of_names_buys_no_guess_and_no_memory() {
        let lock = lock();
        for _ in 0..4 {
            lock.failed("root", at(0));
        }
        for name in 0..100_000 {
            lock.failed(&format!("name {name}"), at(1));
        }
        lock.failed("root", at(2));
        assert!(lock.is_locked("root", at(2)), "the flood washed the count out");
        assert!(lock.is_locked("a newcomer", at(2)), "a name without a count may be tried");
        assert_eq!(lock.locked_for("a newcomer", at(2)), Some(Duration::from_secs(899)));
        assert!(!lock.is_locked("a newcomer", at(901)));
        lock.failed("a newcomer", at(901));
        let bytes = std::mem::size_of_val(&*locked(&lock.table).entries);
        assert!(bytes <= 200_000, "{bytes}");
    }

    #[test]
    fn a_clock_set_back_locks_no_longer() {
        let lock = lock();
        for _ in 0..5 {
            lock.failed("root", at(1_000_000));
        }
        assert_eq!(lock.locked_for("root", at(0)), Some(Duration::from_secs(900)));
        assert!(!lock.is_locked("root", at(900)));
        for now in [i64::MIN, i64::MAX, 0, i64::MIN, -1] {
            lock.failed("root", Timestamp::from_millis(now));
            lock.is_locked("root", Timestamp::from_millis(now));
            lock.succeeded("root", Timestamp::from_millis(now));
        }
    }

    #[test]
    fn two_at_a_time_and_a_place_comes_back_also_after_a_panic() {
        let slots = Slots::new(2);
        let one = slots.enter(Duration::ZERO).unwrap();
        let panicked = std::panic::catch_unwind(|| {
            let _two = slots.enter(Duration::ZERO).unwrap();
            assert!(slots.enter(Duration::ZERO).is_none());
            panic!("planted");
        });
        assert!(panicked.is_err());
        let two = slots.enter(Duration::ZERO);
        assert!(two.is_some() && slots.enter(Duration::ZERO).is_none());
        drop((one, two));
        let (most, inside) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        if let Some(_slot) = slots.enter(Duration::ZERO) {
                            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
        assert_eq!(slots.state.into_inner().unwrap().free, 2);
    }

    #[test]
    fn who_waits_for_a_place_gets_the_next_or_is_told() {
        let slots = Slots::new(1);
        let taken = slots.enter(Duration::ZERO).unwrap();
        assert!(slots.enter(Duration::from_millis(5)).is_none());
        std::thread::scope(|scope| {
            let waiting: Vec<_> =
                (0..4).map(|_| scope.spawn(|| slots.enter(Duration::from_secs(60)).is_some())).collect();
            std::thread::sleep(Duration::from_millis(20));
            drop(taken);
            assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
        });
    }

    #[test]
    fn no_crowd_waits_for_a_place() {
        let slots = Slots::new(1);
        let taken = slots.enter(Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let waiting: Vec<_> =
                (0..4).map(|_| scope.spawn(|| slots.enter(Duration::from_secs(60)).is_some())).collect();
            while locked(&slots.state).waiting < 4 {
                std::thread::yield_now();
            }
            let began = std::time::Instant::now();
            assert!(slots.enter(Duration::from_secs(60)).is_none());
            assert!(began.elapsed() < Duration::from_secs(30), "the fifth waited");
            drop(taken);
            assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
        });
        assert!(slots.enter(Duration::ZERO).is_some());
    }
}
