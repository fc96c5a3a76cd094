//! What Gatepass promises about every input there is: a function for each way in, which panics when an answer
//! breaks a promise. The fuzz targets call them under libFuzzer, and an ordinary test replays the kept inputs
//! through them. An input that broke a promise goes to `fuzz/corpus`, so that it is tried for ever.

#[path = "../../tests/common/mod.rs"]
mod common;

mod api;
pub mod autoauth;
#[cfg(feature = "capi")]
pub mod call;
pub mod credential;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod path;
pub mod planted;
mod sha1;
mod stage;
pub mod token;

/// The API's parameters as a form.
pub mod api_form {
    pub use super::api::form as check;
}

/// The API's parameters as a multipart body.
pub mod api_multipart {
    pub use super::api::multipart as check;
}
