//! The tool as a user runs it: a process, its arguments, its standard input, and what comes out.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod bad_input;
mod commands;
mod harness;
mod links;
mod outcomes;
mod parity;
mod standard_input;
mod surroundings;
