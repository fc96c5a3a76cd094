//! What the combiner's sources take for `std` and `rusqlite`: the same names, but locks, threads and atomics
//! are the model checker's, time stands still until a check moves it, and the database is a list in memory.

pub mod clock;
mod ledger;
mod local;
mod sqlite;

pub use ledger::Ledger;
pub use shuttle::thread_local;
pub use sqlite::{Connection, Disk, Error, Result, State};
/// For a fault: the model's threads are one of the system's, so this is one thing for all of them.
pub use std::thread_local as for_all_threads;
pub use std::*;

pub mod sync {
    //! Locks whose every use is a point where another thread may go on.
    pub use shuttle::sync::{Mutex, MutexGuard};
    pub use std::sync::*;

    pub mod atomic {
        //! Atomics, likewise.
        pub use shuttle::sync::atomic::*;
    }
}

pub mod thread {
    //! The model checker's threads, which know deadlines here.
    pub use crate::clock::{park_timeout, sleep};
    pub use crate::local::ValueOfThread;
    pub use shuttle::thread::*;
}

pub mod time {
    //! The clock of [`crate::clock`].
    pub use crate::clock::Instant;
    pub use std::time::*;
}
