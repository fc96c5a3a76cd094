//! What the disk may do to a store, and what may be done to its files: nobody is let in on a doubt, nothing
//! that was acknowledged is lost, each trouble has an error of its own, and the process goes on when it is
//! over.
//!
//! Faults are injected into the system calls of a child, so that SQLite, the library and their dealings with
//! each other are the real ones: by `strace`, or much faster by an object that is loaded before libc
//! (`injector.c`). Linux alone can do either.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acts;
mod each_call;
mod files;
mod full;
mod harms;
mod injector;
mod judge;
mod languages;
#[path = "../library/mod.rs"]
mod library;
mod limits;
#[path = "../preload/mod.rs"]
mod preload;
#[path = "../programs/mod.rs"]
mod programs;
#[path = "../support/mod.rs"]
mod support;
mod syncs;
mod traced;
mod world;
