//! Redeem, and what a sign-in gives, by token or by AutoAuth link.

use std::ffi::c_char;

use zeroize::Zeroizing;

use super::code::gatepass_code;
use super::guard;
use super::handle::{Kind, Object, get, make};
use super::request::gatepass_request;
use super::request_fields::RequestObject;
use super::store::{StoreObject, gatepass_store};
use super::text::Text;
use crate::autoauth::AutoAuthSignIn;
use crate::id::ClientId;
use crate::session::SessionId;
use crate::token::Redemption;

/// A person who was just signed in, by a token or an AutoAuth link. Freed by `gatepass_free`.
pub struct gatepass_sign_in {
    _opaque: [u8; 0],
}

#[derive(Default)]
pub(super) struct SignInObject {
    redemption: Text,
    user_id: i64,
    client_id: i64,
    clients: Vec<i64>,
    session: Text,
    session_expires_at_ms: i64,
    destination: Text,
    landing_url: Text,
    credential_id: i64,
    actor: Text,
    email: Text,
    key_label: Text,
    unchecked: Vec<Text>,
}

impl Object for SignInObject {
    type Opaque = gatepass_sign_in;
    const KIND: Kind = Kind::SignIn;
    const ARGUMENT: &'static str = "sign_in";
}

fn session_text(session: Option<SessionId>) -> Text {
    session.map(|session| Text::new(&Zeroizing::new(session.reveal()))).unwrap_or_default()
}

fn numbers(clients: &[ClientId]) -> Vec<i64> {
    clients.iter().map(|client| client.get()).collect()
}

fn texts(words: &[&str]) -> Vec<Text> {
    words.iter().map(|word| Text::new(word)).collect()
}

impl From<Redemption> for SignInObject {
    fn from(redeemed: Redemption) -> Self {
        SignInObject {
            redemption: Text::new(&redeemed.redemption.to_string()),
            user_id: redeemed.user_id.map_or(0, |id| id.get()),
            client_id: redeemed.client_id.map_or(0, |id| id.get()),
            clients: numbers(&redeemed.clients),
            session: session_text(redeemed.session),
            session_expires_at_ms: redeemed.session_expires_at.map_or(0, |at| at.as_millis()),
            destination: Text::optional(redeemed.destination.as_deref()),
            landing_url: Text::new(&redeemed.landing_url),
            credential_id: redeemed.credential_id.map_or(0, |id| id.get()),
            actor: Text::optional(redeemed.actor.as_deref()),
            unchecked: texts(redeemed.unchecked),
            ..SignInObject::default()
        }
    }
}

impl From<AutoAuthSignIn> for SignInObject {
    fn from(accepted: AutoAuthSignIn) -> Self {
        SignInObject {
            redemption: Text::new(&accepted.redemption.to_string()),
            user_id: accepted.user_id.map_or(0, |id| id.get()),
            client_id: accepted.client_id.map_or(0, |id| id.get()),
            clients: numbers(&accepted.clients),
            session: session_text(accepted.session),
            session_expires_at_ms: accepted.session_expires_at.map_or(0, |at| at.as_millis()),
            landing_url: Text::new(&accepted.landing_url),
            email: Text::new(&accepted.email),
            key_label: Text::optional(accepted.key.as_deref()),
            unchecked: texts(accepted.unchecked),
            ..SignInObject::default()
        }
    }
}

/// Spend a token: at most one call ever succeeds for each, whatever the number of threads, processes or hosts
/// that try. On success the redemption, its session and its audit event are on the disk.
///
/// @param store    The store.
/// @param request  Takes `token` (needed), `session`, `confirmed`, `start_session`, `binding`, `address`.
/// @param out      The sign-in. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, or a refusal, looked for in this order: GATEPASS_TOKEN_UNKNOWN,
///         GATEPASS_TOKEN_REDEEMED (`gatepass_last_error_redemption` and `_same_browser` say more),
///         GATEPASS_TOKEN_REVOKED, GATEPASS_TOKEN_NOT_YET_VALID, GATEPASS_TOKEN_EXPIRED, what became of the
///         credential, why the person may not sign in, GATEPASS_BROWSER_MISMATCH; a code of the classes
///         MISUSE or STORE, where GATEPASS_INDETERMINATE means that the token may be spent and nobody is
///         signed in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_token_redeem(
    store: *const gatepass_store,
    request: *const gatepass_request,
    out: *mut *mut gatepass_sign_in,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let request = get::<RequestObject>(request)?.fields().redeem(store.gate())?;
            Ok(SignInObject::from(store.gate().redeem(&request)?))
        })
    })
}

/// The id of this sign-in: 32 hex characters. No secret. It is told again to the host of whoever tries the
/// token once more.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_redemption(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.redemption.pointer())
    })
}

/// The user who is signed in; in a store of mode `host` what the token was issued for.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return The user's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_user_id(sign_in: *const gatepass_sign_in) -> i64 {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.user_id)
    })
}

/// The client that the session is bound to.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return The client's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_client_id(sign_in: *const gatepass_sign_in) -> i64 {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.client_id)
    })
}

/// How many clients the session may enter.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return The number; 0 in a store of mode `host` or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_client_count(sign_in: *const gatepass_sign_in) -> usize {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.clients.len())
    })
}

/// One of the clients that the session may enter.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @param index    0 up to the count.
/// @return The client's id; 0 behind the last or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_client_at(sign_in: *const gatepass_sign_in, index: usize) -> i64 {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.clients.get(index).copied().unwrap_or(0))
    })
}

/// The id of the new session: 64 hex characters, a secret for the browser's cookie alone.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL when none was asked for or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_session(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.session.pointer())
    })
}

/// Until when that session may last at most.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Milliseconds since 1970 UTC; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_session_expires_at_ms(sign_in: *const gatepass_sign_in) -> i64 {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.session_expires_at_ms)
    })
}

/// The name of the landing page, as the token was issued for.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL when there is none or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_destination(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.destination.pointer())
    })
}

/// Where the browser goes.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_landing_url(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.landing_url.pointer())
    })
}

/// The credential that issued the token.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return The credential's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_credential_id(sign_in: *const gatepass_sign_in) -> i64 {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.credential_id)
    })
}

/// On whose behalf the token was issued.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL when nobody was named or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_actor(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.actor.pointer())
    })
}

/// The address that an AutoAuth link was signed for. In a store of mode `host` the application looks it up,
/// byte for byte.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL after a token or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_email(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.email.pointer())
    })
}

/// The label of the AutoAuth key that signed the link.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return Valid until `sign_in` is freed; NULL after a token, when the caller gave the key, or for a bad
///         handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_key_label(sign_in: *const gatepass_sign_in) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.key_label.pointer())
    })
}

/// How many things were not checked and are the host's business, in a store of mode `host`.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @return The number; 0 in mode `managed` or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_unchecked_count(sign_in: *const gatepass_sign_in) -> usize {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.unchecked.len())
    })
}

/// One of the things that were not checked, as a word.
///
/// @param sign_in  What `gatepass_token_redeem` or `gatepass_autoauth_accept` gave.
/// @param index    0 up to the count.
/// @return Valid until `sign_in` is freed; NULL behind the last or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_sign_in_unchecked_at(
    sign_in: *const gatepass_sign_in,
    index: usize,
) -> *const c_char {
    guard::value(|| {
        let it = get::<SignInObject>(sign_in)?;
        Ok(it.unchecked.get(index).map_or(std::ptr::null(), Text::pointer))
    })
}
