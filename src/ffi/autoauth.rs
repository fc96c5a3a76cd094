//! AutoAuth links, accepted, verified and signed.

use std::ffi::c_char;
use std::time::Duration;

use super::code::gatepass_code;
use super::document::{DocumentObject, gatepass_document};
use super::guard;
use super::handle::{get, make};
use super::request::gatepass_request;
use super::request_fields::{RequestObject, SigningKey};
use super::sign_in::{SignInObject, gatepass_sign_in};
use super::store::{StoreObject, gatepass_store};
use super::text;
use crate::autoauth::Windows;
use crate::error::Error;
use crate::gatepass::{Gatepass, KeyChoice};
use crate::secret::Secret;

/// Accept an AutoAuth link, once, whatever its spelling.
///
/// In a store of mode `managed` the person is signed in; in mode `host` the verified address is given back
/// and the application looks it up, byte for byte.
///
/// @param store    The store.
/// @param request  Takes `query`, or `email`, `timestamp`, `hash` and `goto` as the host decoded them; `key`
///                 (otherwise the stored keys are tried); `session`, `start_session`, `address`.
/// @param out      The sign-in. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_INVALID for `query`, `email`, `timestamp`, `hash` or `goto`; a refusal when
///         AutoAuth is off, the hash fits no key, the link is too old, too new or used, or its address names
///         nobody, several, or one who may not sign in; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_autoauth_accept(
    store: *const gatepass_store,
    request: *const gatepass_request,
    out: *mut *mut gatepass_sign_in,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let (link, request) = get::<RequestObject>(request)?.fields().accept()?;
            Ok(SignInObject::from(store.gate().accept_autoauth_link(&link, &request)?))
        })
    })
}

/// Judge an AutoAuth link by itself, without a store: whether it parses, was made with that key, and its time
/// is near enough to the system's clock.
///
/// THIS MAKES NO LINK SINGLE-USE AND LOOKS NOBODY UP: whoever has seen a link passes with it again until its
/// time is over, and `goto` is not judged. To sign somebody in, accept the link: `gatepass_autoauth_accept`.
///
/// @param query           The raw query string of the request, with or without `?`. At most 8 KiB. @param
/// query_length    In bytes. @param key             The key that the link must have been made with. @param
/// key_length      In bytes. @param past_seconds    How old the link may be. AutoAuth is documented with 900.
/// @param future_seconds  How far its time may lie ahead of this clock, likewise. @return GATEPASS_OK;
/// GATEPASS_INVALID for `query`, `email`, `timestamp`, `hash` or `goto` of the link, or for
///         `key`, `past_seconds` or `future_seconds`; GATEPASS_AUTOAUTH_HASH, GATEPASS_AUTOAUTH_TOO_OLD,
///         GATEPASS_AUTOAUTH_TOO_NEW; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_autoauth_verify(
    query: *const c_char,
    query_length: usize,
    key: *const c_char,
    key_length: usize,
    past_seconds: i64,
    future_seconds: i64,
) -> gatepass_code {
    // SAFETY: the caller's promise about the bytes.
    guard::fallible(|| unsafe {
        let query = text::required_bytes(query, query_length, "query")?;
        let key = Secret::new(text::required(key, key_length, "key")?);
        let windows = Windows {
            past: window("past_seconds", past_seconds)?,
            future: window("future_seconds", future_seconds)?,
        };
        Gatepass::verify_autoauth(query, &key, windows)?;
        Ok(())
    })
}

fn window(field: &'static str, seconds: i64) -> Result<Duration, Error> {
    u64::try_from(seconds).map(Duration::from_secs).map_err(|_| Error::invalid(field, "must not be negative"))
}

/// Build an AutoAuth link by the documented formula, signed for now.
///
/// @param store    The store.
/// @param request  Takes `email` (needed), `goto`, and either `key` or `key_label`.
/// @param out      The link, as text. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_INVALID for `email`, `goto` or `key`; GATEPASS_KEY_UNKNOWN,
///         GATEPASS_SEALING_KEY_MISSING, GATEPASS_SEALING_KEY_WRONG; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_autoauth_sign(
    store: *const gatepass_store,
    request: *const gatepass_request,
    out: *mut *mut gatepass_document,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let signing = get::<RequestObject>(request)?.fields().sign()?;
            let key = match &signing.key {
                SigningKey::Given(key) => KeyChoice::Given(key),
                SigningKey::Label(label) => KeyChoice::Label(label),
            };
            let link = store.gate().sign_autoauth(&signing.email, key, signing.goto.as_deref())?;
            Ok(DocumentObject::new(&link))
        })
    })
}
