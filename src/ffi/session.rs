//! Check and end sessions, and what a check tells.

use std::ffi::c_char;

use super::code::gatepass_code;
use super::guard;
use super::handle::{Kind, Object, get, make};
use super::request::gatepass_request;
use super::request_fields::RequestObject;
use super::store::{StoreObject, gatepass_store};
use super::text::Text;
use crate::session::{EndSessions, Origin, Session};

/// A session that is good, as a check found it. Freed by `gatepass_free`.
pub struct gatepass_session {
    _opaque: [u8; 0],
}

/// How a session began. Later releases may add ways.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum gatepass_origin {
    /// An SSO token was redeemed.
    GATEPASS_ORIGIN_TOKEN = 1,
    /// An AutoAuth link was accepted.
    GATEPASS_ORIGIN_AUTOAUTH = 2,
}

impl From<Origin> for gatepass_origin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Token => gatepass_origin::GATEPASS_ORIGIN_TOKEN,
            Origin::AutoAuth => gatepass_origin::GATEPASS_ORIGIN_AUTOAUTH,
        }
    }
}

pub(super) struct SessionObject {
    name: Text,
    user_id: i64,
    client_id: i64,
    clients: Vec<i64>,
    origin: i32,
    credential_id: i64,
    autoauth_key_id: i64,
    redemption: Text,
    started_at_ms: i64,
    touched_at_ms: i64,
    idle_at_ms: i64,
    ends_at_ms: i64,
}

impl Object for SessionObject {
    type Opaque = gatepass_session;
    const KIND: Kind = Kind::Session;
    const ARGUMENT: &'static str = "session";
}

impl From<Session> for SessionObject {
    fn from(session: Session) -> Self {
        SessionObject {
            name: Text::new(&session.session.to_string()),
            user_id: session.user_id.map_or(0, |id| id.get()),
            client_id: session.client_id.map_or(0, |id| id.get()),
            clients: session.clients.iter().map(|client| client.get()).collect(),
            origin: gatepass_origin::from(session.origin) as i32,
            credential_id: session.credential_id.map_or(0, |id| id.get()),
            autoauth_key_id: session.autoauth_key_id.map_or(0, |id| id.get()),
            redemption: Text::optional(session.redemption.map(|id| id.to_string()).as_deref()),
            started_at_ms: session.started_at.as_millis(),
            touched_at_ms: session.touched_at.as_millis(),
            idle_at_ms: session.idle_at.as_millis(),
            ends_at_ms: session.ends_at.as_millis(),
        }
    }
}

/// Is a session good now? The person's and client's standing are checked each time. It counts as a use.
///
/// @param store    The store.
/// @param request  Takes `session` (needed), the value of the browser's cookie, and `address`.
/// @param out      The session. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_SESSION_UNKNOWN, also for what can't be a session's id;
///         GATEPASS_SESSION_ENDED, GATEPASS_SESSION_EXPIRED, GATEPASS_SESSION_IDLE; why the person may not be
///         signed in any more; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_check(
    store: *const gatepass_store,
    request: *const gatepass_request,
    out: *mut *mut gatepass_session,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let (session, address) = get::<RequestObject>(request)?.fields().session(store.gate())?;
            Ok(SessionObject::from(store.gate().check_session(&session, address)?))
        })
    })
}

/// End a session, for good. It is on the disk when the call returns. Others are ended by `gatepass_call`:
/// `session.end_user`, `session.end_credential`.
///
/// @param store    The store.
/// @param request  Takes `session` (needed), the value of the browser's cookie, and `address`.
/// @return GATEPASS_OK, also when it was over already; GATEPASS_SESSION_UNKNOWN; a code of the classes MISUSE
///         or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_end(
    store: *const gatepass_store,
    request: *const gatepass_request,
) -> gatepass_code {
    guard::fallible(|| {
        let store = get::<StoreObject>(store)?;
        let (session, _) = get::<RequestObject>(request)?.fields().session(store.gate())?;
        store.gate().end_sessions(&EndSessions::One(session))?;
        Ok(())
    })
}

/// The session's public name: 24 hex characters, as the audit and `session.list` know it. No secret.
///
/// @param session  What `gatepass_session_check` gave.
/// @return Valid until `session` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_name(session: *const gatepass_session) -> *const c_char {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.name.pointer())
    })
}

/// Who is signed in.
///
/// @param session  What `gatepass_session_check` gave.
/// @return The user's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_user_id(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.user_id)
    })
}

/// The client that the session is bound to.
///
/// @param session  What `gatepass_session_check` gave.
/// @return The client's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_client_id(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.client_id)
    })
}

/// How many clients the session may enter.
///
/// @param session  What `gatepass_session_check` gave.
/// @return The number; 0 in a store of mode `host` or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_client_count(session: *const gatepass_session) -> usize {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.clients.len())
    })
}

/// One of the clients that the session may enter.
///
/// @param session  What `gatepass_session_check` gave.
/// @param index    0 up to the count.
/// @return The client's id; 0 behind the last or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_client_at(session: *const gatepass_session, index: usize) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.clients.get(index).copied().unwrap_or(0))
    })
}

/// How the session began.
///
/// @param session  What `gatepass_session_check` gave.
/// @return A `gatepass_origin`; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_origin(session: *const gatepass_session) -> i32 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.origin)
    })
}

/// The credential that issued its token.
///
/// @param session  What `gatepass_session_check` gave.
/// @return The credential's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_credential_id(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.credential_id)
    })
}

/// The AutoAuth key that signed its link.
///
/// @param session  What `gatepass_session_check` gave.
/// @return The key's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_autoauth_key_id(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.autoauth_key_id)
    })
}

/// The sign-in that started it.
///
/// @param session  What `gatepass_session_check` gave.
/// @return Valid until `session` is freed; NULL when there is none or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_redemption(session: *const gatepass_session) -> *const c_char {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.redemption.pointer())
    })
}

/// When it began.
///
/// @param session  What `gatepass_session_check` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_started_at_ms(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.started_at_ms)
    })
}

/// When it was last seen, to about a minute.
///
/// @param session  What `gatepass_session_check` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_touched_at_ms(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.touched_at_ms)
    })
}

/// When it ends if nobody uses it.
///
/// @param session  What `gatepass_session_check` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_idle_at_ms(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.idle_at_ms)
    })
}

/// When it ends in any case.
///
/// @param session  What `gatepass_session_check` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_session_ends_at_ms(session: *const gatepass_session) -> i64 {
    guard::value(|| {
        let it = get::<SessionObject>(session)?;
        Ok(it.ends_at_ms)
    })
}
