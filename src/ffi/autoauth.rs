//! AutoAuth links, accepted and signed.

use super::code::gatepass_code;
use super::document::{DocumentObject, gatepass_document};
use super::guard;
use super::handle::{get, make};
use super::request::gatepass_request;
use super::request_fields::{RequestObject, SigningKey};
use super::sign_in::{SignInObject, gatepass_sign_in};
use super::store::{StoreObject, gatepass_store};
use crate::gatepass::KeyChoice;

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
