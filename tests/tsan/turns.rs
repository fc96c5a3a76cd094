//! The combiner's own sources, without the rest of the library, among threads of the system: `turns` must pass
//! ThreadSanitizer in silence. With `turns rogue` one thread writes without waiting for its turn, and must not.

extern crate self as rusqlite;

#[path = "../../src/sys/lent.rs"]
mod lent;
#[path = "../../src/store/sqlite/turns.rs"]
#[allow(dead_code, reason = "not everything is asked for here")]
mod turns;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use error::StoreError;
use turns::{Turns, Waiter};
use writing::{Kept, Sync};

mod sys {
    pub(crate) use crate::lent::{Lent, lend};
}

mod error {
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) enum StoreError {
        Busy,
        Indeterminate,
    }
}

mod store {
    pub(crate) type StoreResult<T> = Result<T, crate::error::StoreError>;
}

mod writing {
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub(crate) enum Sync {
        Synced,
        Relaxed,
    }

    pub(crate) type Kept = Option<Sync>;
}

/// A number that only whoever has the writer may touch.
#[derive(Debug)]
pub struct Connection(*mut u64);

// SAFETY: it is handed on, never shared; that is what the sanitizer is to see.
unsafe impl Send for Connection {}

impl Connection {
    fn add(&self) -> u64 {
        // SAFETY: as above.
        unsafe {
            *self.0 += 1;
            *self.0
        }
    }
}

const THREADS: u64 = 8;
const ACTS: u64 = 500;

fn lead(connection: &Connection, batch: &[Arc<Waiter>]) -> Vec<store::StoreResult<()>> {
    // Now and then long enough that others queue.
    if batch.len() == 1 {
        thread::yield_now();
    }
    batch.iter().map(|waiter| waiter.run(connection).map(drop).ok_or(StoreError::Busy)).collect()
}

fn main() {
    let rogue = std::env::args().nth(1).is_some();
    let number = Box::into_raw(Box::new(0_u64));
    let turns = Turns::new(Connection(number));
    let until = Instant::now() + Duration::from_secs(600);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut last = 0;
                for act in 0..ACTS {
                    let mut found = 0;
                    let mut work = |connection: &Connection| -> Kept {
                        found = connection.add();
                        Some(if act % 2 == 0 { Sync::Synced } else { Sync::Relaxed })
                    };
                    match turns.take_idle() {
                        Some(lease) => drop(work(lease.get().unwrap())),
                        None => {
                            sys::lend(&mut work, |lent| turns.join(lent, Sync::Synced, until, lead)).unwrap()
                        }
                    }
                    // Done by whoever led, on its own thread.
                    assert!(found > last, "{found} after {last}");
                    last = found;
                    if act % 50 == 0 {
                        turns.take(until).unwrap().get_mut().unwrap().add();
                    }
                }
            });
        }
        if rogue {
            let rogue = Connection(number);
            scope.spawn(move || {
                let rogue = rogue;
                for _ in 0..ACTS {
                    rogue.add();
                    thread::yield_now();
                }
            });
        }
    });
    let done = turns.take_idle().unwrap().get().unwrap().add();
    assert!(rogue || done == THREADS * (ACTS + ACTS / 50) + 1, "{done}");
}
