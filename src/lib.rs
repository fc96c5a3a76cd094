//! Gatepass lets one trusted system hand a signed-in person over to another, without a second log-in: a
//! library over one SQLite file.
//!
//! A calling system is authenticated by a [credential], asks for an SSO [token] for a user or client, and
//! sends the browser to the token's URL. There it is redeemed, exactly once, into a [session]. Old AutoAuth
//! links are accepted once as well, until their keys are retired. Everything leaves [audit] events, and every
//! refusal says why.
//!
//! Start at [`Gatepass`]. Expected refusals are values with a [`Reason`]; see [`error`] for the four classes
//! of failure.
//!
//! # What is where
//!
//! * [`token`], [`credential`], [`admin`], [`directory`], [`destination`], [`autoauth`], [`session`],
//!   [`audit`], [`settings`]: the nouns, with their rules as pure functions.
//! * [`ops`]: every management operation by name, JSON in and JSON out.
//! * [`api`], [`web`]: the WHMCS-compatible API and the sign-in pages, request value in, response value out.
//! * [`clock`], [`secret`], [`id`], [`seal`], [`upkeep`]: what they stand on.

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("Gatepass knows how to sync and lock files on Linux and macOS only");

pub mod admin;
pub mod api;
pub mod audit;
pub mod autoauth;
pub mod clock;
pub mod credential;
pub mod destination;
pub mod directory;
pub mod error;
#[cfg(feature = "capi")]
mod ffi;
mod gatepass;
pub mod id;
pub mod link;
pub mod ops;
pub mod seal;
pub mod secret;
pub mod session;
pub mod settings;
mod store;
mod sys;
pub(crate) mod throttle;
pub mod token;
pub mod upkeep;
pub mod web;

/// The crate of [`IpNet`](ipnet::IpNet), which [`Limits`](credential::Limits) and
/// [`Settings`](settings::Settings) hold.
pub use ipnet;
/// The crate of the trait that [`Options::random`] takes.
pub use rand_core;

pub use error::{Error, Reason, Refusal, Result, StoreError};
#[cfg(feature = "serve")]
#[doc(hidden)]
pub use gatepass::share_arenas;
pub use gatepass::{
    AutoAuthReport, AutoAuthRequest, Explanation, Gatepass, InitOptions, KeyChoice, LinkExplanation, Options,
    RevokedCredential, UserExport, grants, sqlite_version,
};
