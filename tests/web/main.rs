//! The sign-in pages, visited as browsers, link scanners and thieves would.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod autoauth;
mod browser;
#[path = "../common/mod.rs"]
mod common;
mod confirming;
mod escaping;
mod link_race;
mod link_refusals;
mod links;
mod pages;
mod race;
mod refusals;
mod requests;
mod scanners;
mod signing_in;
mod signing_out;
mod site;
