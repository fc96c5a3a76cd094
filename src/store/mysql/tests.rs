//! Tests against real servers, which they start themselves.

mod accounts;
mod conformance;
mod content;
mod contention;
mod interruptions;
mod migrations;
mod server;
