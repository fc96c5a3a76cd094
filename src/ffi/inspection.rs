//! Inspect, and what it tells.

use std::ffi::c_char;

use super::code::gatepass_code;
use super::guard;
use super::handle::{Kind, Object, get, make};
use super::request::gatepass_request;
use super::request_fields::RequestObject;
use super::store::{StoreObject, gatepass_store};
use super::text::Text;
use crate::clock::Timestamp;
use crate::token::{Inspection, TokenState};

/// What can be told of a token without spending it. Freed by `gatepass_free`.
pub struct gatepass_inspection {
    _opaque: [u8; 0],
}

/// Where a token stands.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum gatepass_token_state {
    /// It could be redeemed now, as far as the token itself goes.
    GATEPASS_TOKEN_STATE_LIVE = 1,
    /// It was redeemed.
    GATEPASS_TOKEN_STATE_REDEEMED = 2,
    /// It was revoked.
    GATEPASS_TOKEN_STATE_REVOKED = 3,
    /// Its life is over.
    GATEPASS_TOKEN_STATE_EXPIRED = 4,
    /// It lies in the future: the clock was set back.
    GATEPASS_TOKEN_STATE_NOT_YET_VALID = 5,
    /// The credential that issued it was revoked, has expired or is disabled.
    GATEPASS_TOKEN_STATE_CREDENTIAL_VOID = 6,
}

impl From<TokenState> for gatepass_token_state {
    fn from(state: TokenState) -> Self {
        match state {
            TokenState::Live => gatepass_token_state::GATEPASS_TOKEN_STATE_LIVE,
            TokenState::Redeemed => gatepass_token_state::GATEPASS_TOKEN_STATE_REDEEMED,
            TokenState::Revoked => gatepass_token_state::GATEPASS_TOKEN_STATE_REVOKED,
            TokenState::Expired => gatepass_token_state::GATEPASS_TOKEN_STATE_EXPIRED,
            TokenState::NotYetValid => gatepass_token_state::GATEPASS_TOKEN_STATE_NOT_YET_VALID,
            TokenState::CredentialVoid => gatepass_token_state::GATEPASS_TOKEN_STATE_CREDENTIAL_VOID,
        }
    }
}

pub(super) struct InspectionObject {
    name: Text,
    state: i32,
    refusal: i32,
    user_id: i64,
    client_id: i64,
    destination: Text,
    landing: Text,
    credential_id: i64,
    actor: Text,
    bound: i32,
    issued_at_ms: i64,
    expires_at_ms: i64,
    redeemed_at_ms: i64,
    redemption: Text,
}

impl Object for InspectionObject {
    type Opaque = gatepass_inspection;
    const KIND: Kind = Kind::Inspection;
    const ARGUMENT: &'static str = "inspection";
}

impl From<Inspection> for InspectionObject {
    fn from(seen: Inspection) -> Self {
        InspectionObject {
            name: Text::new(&seen.token.to_string()),
            state: gatepass_token_state::from(seen.state) as i32,
            refusal: seen.refusal.map_or(0, |reason| gatepass_code::of_reason(reason) as i32),
            user_id: seen.user_id.map_or(0, |id| id.get()),
            client_id: seen.client_id.map_or(0, |id| id.get()),
            destination: Text::optional(seen.destination.as_deref()),
            landing: Text::new(&seen.landing),
            credential_id: seen.credential_id.map_or(0, |id| id.get()),
            actor: Text::optional(seen.actor.as_deref()),
            bound: seen.bound.into(),
            issued_at_ms: seen.issued_at.as_millis(),
            expires_at_ms: seen.expires_at.as_millis(),
            redeemed_at_ms: seen.redeemed_at.map_or(0, Timestamp::as_millis),
            redemption: Text::optional(seen.redemption.map(|id| id.to_string()).as_deref()),
        }
    }
}

/// Tell where a token stands, spending nothing and writing nothing: for pages that answer GET, HEAD and link
/// scanners. `gatepass_call` with `token.explain` tells an operator the whole story.
///
/// @param store    The store.
/// @param request  Takes `token` (needed) and `address`.
/// @param out      What there is to tell. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, also for a token that is spent or expired; GATEPASS_TOKEN_UNKNOWN; a code of the
///         classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_token_inspect(
    store: *const gatepass_store,
    request: *const gatepass_request,
    out: *mut *mut gatepass_inspection,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let (token, address) = get::<RequestObject>(request)?.fields().inspect(store.gate())?;
            Ok(InspectionObject::from(store.gate().inspect(&token, address)?))
        })
    })
}

/// The token's public name: 24 hex characters, as the audit and `token.explain` know it. No secret.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Valid until `inspection` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_name(inspection: *const gatepass_inspection) -> *const c_char {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.name.pointer())
    })
}

/// Where the token stands.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return A `gatepass_token_state`; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_state(inspection: *const gatepass_inspection) -> i32 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.state)
    })
}

/// Why a redemption would be refused now, the person's and client's standing included.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return A `gatepass_code` of the class REFUSED; 0 when it would not, or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_refusal(inspection: *const gatepass_inspection) -> i32 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.refusal)
    })
}

/// Whom the token signs in.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return The user's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_user_id(inspection: *const gatepass_inspection) -> i64 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.user_id)
    })
}

/// The client that it signs in to.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return The client's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_client_id(inspection: *const gatepass_inspection) -> i64 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.client_id)
    })
}

/// The name of the landing page.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Valid until `inspection` is freed; NULL when there is none or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_destination(
    inspection: *const gatepass_inspection,
) -> *const c_char {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.destination.pointer())
    })
}

/// The path of the landing page, relative to the system URL.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Valid until `inspection` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_landing(
    inspection: *const gatepass_inspection,
) -> *const c_char {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.landing.pointer())
    })
}

/// The credential that issued the token.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return The credential's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_credential_id(inspection: *const gatepass_inspection) -> i64 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.credential_id)
    })
}

/// On whose behalf it was issued.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Valid until `inspection` is freed; NULL when nobody was named or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_actor(inspection: *const gatepass_inspection) -> *const c_char {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.actor.pointer())
    })
}

/// Whether it is bound to a browser.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return 1 or 0; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_bound(inspection: *const gatepass_inspection) -> i32 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.bound)
    })
}

/// When it was issued.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_issued_at_ms(inspection: *const gatepass_inspection) -> i64 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.issued_at_ms)
    })
}

/// When its life ends.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_expires_at_ms(inspection: *const gatepass_inspection) -> i64 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.expires_at_ms)
    })
}

/// When it was redeemed.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Milliseconds since 1970 UTC; 0 when it was not, or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_redeemed_at_ms(inspection: *const gatepass_inspection) -> i64 {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.redeemed_at_ms)
    })
}

/// The id of the redemption.
///
/// @param inspection  What `gatepass_token_inspect` gave.
/// @return Valid until `inspection` is freed; NULL when it was not redeemed or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_inspection_redemption(
    inspection: *const gatepass_inspection,
) -> *const c_char {
    guard::value(|| {
        let it = get::<InspectionObject>(inspection)?;
        Ok(it.redemption.pointer())
    })
}
