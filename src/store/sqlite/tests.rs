//! What only this backend promises.

mod connections;
mod migrations;
mod support;
