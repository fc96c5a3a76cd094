//! Issue, and what it gives.

use std::ffi::c_char;

use zeroize::Zeroizing;

use super::caller::{CallerObject, gatepass_caller};
use super::code::gatepass_code;
use super::guard;
use super::handle::{Kind, Object, get, make};
use super::request::gatepass_request;
use super::request_fields::RequestObject;
use super::store::{StoreObject, gatepass_store};
use super::text::Text;
use crate::token::Issued;

/// A token that was just issued. Freed by `gatepass_free`.
pub struct gatepass_issued {
    _opaque: [u8; 0],
}

pub(super) struct IssuedObject {
    token: Text,
    redirect_url: Text,
    user_id: i64,
    client_id: i64,
    expires_at_ms: i64,
}

impl Object for IssuedObject {
    type Opaque = gatepass_issued;
    const KIND: Kind = Kind::Issued;
    const ARGUMENT: &'static str = "issued";
}

impl From<Issued> for IssuedObject {
    fn from(issued: Issued) -> Self {
        IssuedObject {
            token: Text::new(&Zeroizing::new(issued.token.reveal())),
            redirect_url: Text::new(&Zeroizing::new(issued.redirect_url)),
            user_id: issued.user_id.map_or(0, |id| id.get()),
            client_id: issued.client_id.map_or(0, |id| id.get()),
            expires_at_ms: issued.expires_at.as_millis(),
        }
    }
}

/// Issue a token for a person.
///
/// The issue is not synced to the disk: one that a power cut loses fails safe, and the redemption makes it
/// durable.
///
/// @param store    The store that authenticated the caller.
/// @param caller   Who asks.
/// @param request  Takes `user_id`, `client_id` (one of them is needed), `destination`, `service_id`,
///                 `domain_id`, `redirect_path`, `life`, `binding`, `actor`, `address`.
/// @param out      The token. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_INVALID with the field; a refusal when the caller may not or the person may
///         not sign in; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_token_issue(
    store: *const gatepass_store,
    caller: *const gatepass_caller,
    request: *const gatepass_request,
    out: *mut *mut gatepass_issued,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let caller = get::<CallerObject>(caller)?.to(&store)?;
            let request = get::<RequestObject>(request)?.fields().issue()?;
            Ok(IssuedObject::from(store.gate().issue(&caller, &request)?))
        })
    })
}

/// The token: 40 hex characters, a secret until it is spent.
///
/// @param issued  What `gatepass_token_issue` gave.
/// @return Valid until `issued` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_issued_token(issued: *const gatepass_issued) -> *const c_char {
    guard::value(|| Ok(get::<IssuedObject>(issued)?.token.pointer()))
}

/// Where to send the browser: the redemption page of the system URL, with the token.
///
/// @param issued  What `gatepass_token_issue` gave.
/// @return Valid until `issued` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_issued_redirect_url(issued: *const gatepass_issued) -> *const c_char {
    guard::value(|| Ok(get::<IssuedObject>(issued)?.redirect_url.pointer()))
}

/// Who will be signed in; in a store of mode `host` only what was asked for.
///
/// @param issued  What `gatepass_token_issue` gave.
/// @return The user's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_issued_user_id(issued: *const gatepass_issued) -> i64 {
    guard::value(|| Ok(get::<IssuedObject>(issued)?.user_id))
}

/// The client that the session will be bound to.
///
/// @param issued  What `gatepass_token_issue` gave.
/// @return The client's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_issued_client_id(issued: *const gatepass_issued) -> i64 {
    guard::value(|| Ok(get::<IssuedObject>(issued)?.client_id))
}

/// When the token's life ends: at exactly this time it is expired.
///
/// @param issued  What `gatepass_token_issue` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_issued_expires_at_ms(issued: *const gatepass_issued) -> i64 {
    guard::value(|| Ok(get::<IssuedObject>(issued)?.expires_at_ms))
}
