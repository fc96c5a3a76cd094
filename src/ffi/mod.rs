//! The C ABI: what `include/gatepass.h` declares, for C and for every language that can call it.
//!
//! A face over the public Rust API, never over internals, and nothing is decided here. It promises that no
//! input ends the process: a NULL, a freed or foreign handle, a handle of another kind, text that is no
//! UTF-8, a panic of ours and a handle that came over a fork are each a code. What it can't check is what C
//! can't either: that a pointer to text leads to as many bytes as its length says.
//!
//! * Every export passes through the one [`guard`], which owns the thread's error slot.
//! * [`handle`] holds every object; a handle names a slot and a generation and is never dereferenced.
//! * One file per noun; names and comments are C's, for cbindgen copies them to the header.
//!
//! `tests/abi` holds the header, the exported symbols and this source against each other.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(unreachable_pub, reason = "cbindgen and the linker reach what is `pub` here; Rust need not")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the contract of all functions stands at the head of the header"
)]

mod guard;
mod handle;
mod kept;
mod text;

// In the order of the header.
mod abi;

mod code;

mod last_error;

mod options;

mod store;

mod caller;

mod request;
mod request_fields;

mod link_request;

mod issued;

mod sign_in;

mod inspection;

mod session;

mod autoauth;

mod link;

mod document;

mod web;

#[cfg(test)]
mod tests;
