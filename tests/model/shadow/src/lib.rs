//! What the combiner's sources take for `std` and `rusqlite`: the same names, but locks, threads and atomics
//! are the model checker's, time stands still until a check moves it, and the database is a list in memory.

pub mod clock;
mod ledger;
mod sqlite;

pub use ledger::Ledger;
pub use sqlite::{Connection, Disk, Error, Result, State};
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
    pub use crate::clock::park_timeout;
    pub use shuttle::thread::*;
}

pub mod time {
    //! The clock of [`crate::clock`].
    pub use crate::clock::Instant;
    pub use std::time::*;
}
