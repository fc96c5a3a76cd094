//! Credentials: the identifier and secret by which a calling system proves itself.
//!
//! What is decided here follows from the texts and the loaded facts alone; nothing here knows a store, a
//! clock or a request.

pub(crate) mod format;

pub use format::{Part, Typo, check};
