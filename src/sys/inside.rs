//! How many threads are at work in the database's library.
//!
//! A fork in the middle of such work copies the library's locks as they are, held by threads that the child
//! does not have. Whatever the child then does there could wait for ever, an open of another store too. So
//! the child is told before it goes in.

use std::sync::atomic::{AtomicU64, Ordering};

use super::process_id;

/// The process in the upper half, and how many of its threads are inside in the lower.
static INSIDE: AtomicU64 = AtomicU64::new(0);

const ONE_PROCESS: u32 = 32;

/// This thread is inside until this is dropped.
#[derive(Debug)]
pub(crate) struct Inside(u32);

impl Inside {
    /// Go in; `None` in a child that was forked while a thread of its parent was inside.
    pub(crate) fn enter() -> Option<Inside> {
        let process = process_id();
        let mut seen = INSIDE.load(Ordering::Relaxed);
        loop {
            let same = seen >> ONE_PROCESS == u64::from(process);
            if !same && seen & u64::from(u32::MAX) != 0 {
                return None;
            }
            let next = if same { seen + 1 } else { (u64::from(process) << ONE_PROCESS) + 1 };
            match INSIDE.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(Inside(process)),
                Err(now) => seen = now,
            }
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // A child that goes out where its parent went in, out of a signal handler, leaves the count as it is.
        if process_id() == self.0 {
            INSIDE.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
