//! What only this backend promises, and that it keeps what every backend promises.

mod conformance;
mod connections;
mod content;
mod growth;
mod migrations;
mod support;
mod turns;
