//! A few things lent out one at a time, with a deadline.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::StoreError;
use crate::store::StoreResult;

/// At most `most` things, made when first needed.
#[derive(Debug)]
pub(super) struct Pool<T> {
    state: Mutex<State<T>>,
    freed: Condvar,
    most: usize,
}

#[derive(Debug)]
struct State<T> {
    idle: Vec<T>,
    lent: usize,
    /// Takers who sleep; without any, giving back needs no call of the system.
    waiting: usize,
}

/// Something lent; it goes back when dropped.
#[derive(Debug)]
pub(super) struct Lease<'a, T> {
    pool: &'a Pool<T>,
    thing: Option<T>,
}

impl<T> Pool<T> {
    pub(super) fn new(most: usize, first: Option<T>) -> Self {
        Pool {
            state: Mutex::new(State { idle: first.into_iter().collect(), lent: 0, waiting: 0 }),
            freed: Condvar::new(),
            most,
        }
    }

    // A panic elsewhere can't leave the list half-changed, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of them, waiting until `deadline` at most.
    pub(super) fn take(
        &self,
        deadline: Instant,
        make: impl FnOnce() -> StoreResult<T>,
    ) -> StoreResult<Lease<'_, T>> {
        let mut state = self.lock();
        loop {
            if let Some(thing) = state.idle.pop() {
                state.lent += 1;
                return Ok(Lease { pool: self, thing: Some(thing) });
            }
            if state.lent < self.most {
                state.lent += 1;
                drop(state);
                // The empty lease keeps the place while the thing is made, and gives it back if that fails.
                let mut lease = Lease { pool: self, thing: None };
                lease.thing = Some(make()?);
                return Ok(lease);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StoreError::Busy);
            }
            state.waiting += 1;
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
    }

    /// Everything that is not lent out. Takes no lock: in the child of a fork it may be held for ever by a
    /// thread that is not there.
    pub(super) fn drain(&mut self) -> Vec<T> {
        std::mem::take(&mut self.state.get_mut().unwrap_or_else(PoisonError::into_inner).idle)
    }
}

impl<T> Lease<'_, T> {
    /// The thing itself.
    pub(super) fn get(&self) -> StoreResult<&T> {
        self.thing.as_ref().ok_or(StoreError::Busy)
    }

    /// Throw it away instead of giving it back; the next taker makes a new one.
    #[cfg(feature = "mysql")]
    pub(super) fn discard(mut self) {
        self.thing = None;
    }
}

impl<T> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.lent -= 1;
        state.idle.extend(self.thing.take());
        let awaited = state.waiting > 0;
        drop(state);
        if awaited {
            self.pool.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[test]
    fn a_taker_waits_no_longer_than_its_deadline() {
        let pool = Pool::new(1, Some(7));
        let lease = pool.take(soon(), || Ok(8)).unwrap();
        assert_eq!(*lease.get().unwrap(), 7);
        assert_eq!(pool.take(soon(), || Ok(8)).unwrap_err(), StoreError::Busy);
        drop(lease);
        assert_eq!(*pool.take(soon(), || Ok(8)).unwrap().get().unwrap(), 7);
    }

    #[test]
    fn draining_waits_for_nobody() {
        let mut pool = Pool::new(1, Some(7));
        // As a fork leaves it, when another thread was in the middle of taking something.
        std::mem::forget(pool.lock());
        assert_eq!(pool.drain(), [7]);
    }

    #[test]
    fn a_thing_that_could_not_be_made_leaves_its_place_free() {
        let pool: Pool<u8> = Pool::new(1, None);
        assert_eq!(pool.take(soon(), || Err(StoreError::Full)).unwrap_err(), StoreError::Full);
        assert!(pool.take(soon(), || Ok(1)).is_ok());
    }
}
