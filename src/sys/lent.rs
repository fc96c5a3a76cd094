//! Work that one thread does for another, which waits for it.
//!
//! The work borrows from its owner's stack, and the borrower knows nothing of how long that lasts. So the
//! owner lends it for the length of a call, and the call does not end before the work is taken back: not
//! while the borrower is at it, and not by a panic either.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Work that was lent: callable from any thread for as long as its owner waits.
pub(crate) struct Lent<A, B>(Arc<Mutex<Option<Pointer<A, B>>>>);

struct Pointer<A, B>(*mut (dyn FnMut(&A) -> B + Send));

// SAFETY: what it points to may be used from any thread, and is used by one at a time, under the lock.
unsafe impl<A, B> Send for Pointer<A, B> {}

/// Lend `work` until `wait` returns. It must not be called from within itself.
pub(crate) fn lend<'a, A, B, R>(
    work: &'a mut (dyn FnMut(&A) -> B + Send + 'a),
    wait: impl FnOnce(Lent<A, B>) -> R,
) -> R {
    let borrowed: *mut (dyn FnMut(&A) -> B + Send + 'a) = work;
    // SAFETY: only the lifetime is changed. The pointer is used under the lock alone, and `TakeBack` empties
    // the place under that lock before `work`, which is borrowed until then, can be used or freed by its
    // owner.
    let pointer = unsafe {
        std::mem::transmute::<*mut (dyn FnMut(&A) -> B + Send + 'a), *mut (dyn FnMut(&A) -> B + Send + 'static)>(
            borrowed,
        )
    };
    let place = Arc::new(Mutex::new(Some(Pointer(pointer))));
    let _back = TakeBack(&place);
    wait(Lent(Arc::clone(&place)))
}

struct TakeBack<'a, A, B>(&'a Mutex<Option<Pointer<A, B>>>);

impl<A, B> Drop for TakeBack<'_, A, B> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

impl<A, B> Lent<A, B> {
    /// Do the work; what it says, or `None` if it was taken back.
    pub(crate) fn run(&self, with: &A) -> Option<B> {
        let place = lock(&self.0);
        let work = place.as_ref()?;
        // SAFETY: it is there, so its owner waits; the lock keeps everybody else away until this returns.
        Some(unsafe { (*work.0)(with) })
    }
}

// A panic of the work leaves the place as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_thread_does_the_work_on_the_owners_stack() {
        let mut sum = 0;
        let mut work = |add: &u32| {
            sum += add;
            sum > 5
        };
        let said =
            lend(&mut work, |lent| std::thread::spawn(move || [lent.run(&3), lent.run(&4)]).join().unwrap());
        assert_eq!((said, sum), ([Some(false), Some(true)], 7));
    }

    #[test]
    fn what_was_taken_back_is_not_called_any_more() {
        let mut calls = 0;
        let mut work = |_: &()| {
            calls += 1;
            true
        };
        let kept = lend(&mut work, |lent| lent);
        assert_eq!((kept.run(&()), calls), (None, 0));
    }

    #[test]
    fn an_owner_that_panics_waits_for_the_borrower_first() {
        let (started, may_end) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut work = |_: &()| {
                started.wait();
                may_end.wait();
                std::thread::sleep(std::time::Duration::from_millis(20));
                done.store(true, std::sync::atomic::Ordering::Release);
                true
            };
            let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                lend(&mut work, |lent| {
                    scope.spawn(move || lent.run(&()));
                    started.wait();
                    may_end.wait();
                    panic!("the owner");
                });
            }));
            assert!(unwound.is_err());
            assert!(
                done.load(std::sync::atomic::Ordering::Acquire),
                "the owner went on while its work was done"
            );
        });
    }
}
