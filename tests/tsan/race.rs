//! A planted race, and its neighbours that are none: `guarded` must pass ThreadSanitizer in silence, `race` must
//! not. Both wait for each other in every way that `std.c` tells the sanitizer of, so that what it tells is
//! neither too little nor too much.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::thread;
use std::time::Duration;

/// A number that nothing guards by itself.
struct Plain(UnsafeCell<u64>);

// SAFETY: none; that is what the sanitizer is to find out.
unsafe impl Sync for Plain {}

impl Plain {
    const fn new() -> Self {
        Plain(UnsafeCell::new(0))
    }

    fn add(&self) {
        // SAFETY: as above.
        unsafe { *self.0.get() += 1 }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.add();
    }
}

/// Two threads do the same thing, long enough to wait for each other.
fn two(work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..2_000).for_each(|_| work()));
        }
    });
}

fn guarded() {
    static PLAIN: [Plain; 6] = [const { Plain::new() }; 6];
    let mutex = Mutex::new(());
    two(|| {
        let _held = mutex.lock().unwrap();
        PLAIN[0].add();
    });
    // The scope is over, and so are its threads.
    PLAIN[0].add();

    let lock = RwLock::new(());
    two(|| {
        let _held = lock.write().unwrap();
        PLAIN[1].add();
    });

    let (turn, changed) = (Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        for own in 0..2 {
            let (turn, changed) = (&turn, &changed);
            scope.spawn(move || {
                for _ in 0..500 {
                    let mut now = turn.lock().unwrap();
                    while *now % 2 != own {
                        now = changed.wait_timeout(now, Duration::from_millis(50)).unwrap().0;
                    }
                    PLAIN[2].add();
                    *now += 1;
                    changed.notify_all();
                }
            });
        }
    });

    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        for own in 0..2 {
            let barrier = &barrier;
            scope.spawn(move || {
                for round in 0..200 {
                    if round % 2 == own {
                        PLAIN[3].add();
                    }
                    barrier.wait();
                }
            });
        }
    });

    for _ in 0..200 {
        let once = Once::new();
        let made = Plain::new();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    once.call_once(|| made.add());
                    // SAFETY: whoever comes here knows what was done once.
                    assert_eq!(unsafe { *made.0.get() }, 1);
                });
            }
        });
    }

    for _ in 0..200 {
        // Whoever is last drops what the other one has looked at.
        let shared = Arc::new((Plain::new(), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            // SAFETY: nobody writes before both are done.
            assert_eq!(unsafe { *other.0.0.get() }, 0);
            other.1.fetch_add(1, Ordering::Relaxed);
        });
        shared.1.fetch_add(1, Ordering::Relaxed);
        drop(shared);
        thread.join().unwrap();
    }
}

/// Two locks, each of its own thread, and a second one that makes it wait: nobody waits for the other lock.
fn race() {
    static PLAIN: Plain = Plain::new();
    let locks = [Mutex::new(()), Mutex::new(())];
    // On a busy machine one thread may be over before the other begins, again and again.
    for _ in 0..100 {
        thread::scope(|scope| {
            for lock in &locks {
                for racing in [true, false] {
                    scope.spawn(move || {
                        for _ in 0..50 {
                            let _held = lock.lock().unwrap();
                            thread::yield_now();
                            if racing {
                                PLAIN.add();
                            }
                        }
                    });
                }
            }
        });
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("guarded") => guarded(),
        Some("race") => race(),
        _ => std::process::exit(2),
    }
}
