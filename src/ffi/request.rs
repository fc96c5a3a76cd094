//! What an act is asked for: one kind of object with every field that an act can take, and its setters.
//!
//! Each act says which fields it takes; one that it doesn't take is an error that names it, not a value that
//! is silently without effect.

use std::ffi::c_char;

use super::caller;
use super::code::gatepass_code;
use super::guard;
use super::handle::make;
use super::request_fields::{RequestObject, set, set_bytes, set_secret, set_text};
use crate::error::Error;
use crate::id::{ClientId, ItemId, UserId};

/// What an act is asked for. Make one, set the fields that the act takes, and give it to the act; it may be
/// used again. A field that the act does not take is GATEPASS_INVALID, with the field's name. Freed by
/// `gatepass_free`.
pub struct gatepass_request {
    _opaque: [u8; 0],
}

/// Make an empty request.
///
/// @param out  The request. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_new(out: *mut *mut gatepass_request) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe { make(out, || Ok(RequestObject::default())) })
}

/// Issue, link create: the user who shall be signed in. Alone: bound to the one client, if there is exactly one.
///
/// @param request  The request.
/// @param user_id  Greater than 0.
/// @return GATEPASS_OK; GATEPASS_INVALID for `user_id`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_user_id(
    request: *mut gatepass_request,
    user_id: i64,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.user_id = Some(UserId::new(user_id)?);
            Ok(())
        })
    })
}

/// Issue, link create: the client. Alone: its owner is signed in.
///
/// @param request  The request.
/// @param client_id  Greater than 0.
/// @return GATEPASS_OK; GATEPASS_INVALID for `client_id`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_client_id(
    request: *mut gatepass_request,
    client_id: i64,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.client_id = Some(ClientId::new(client_id)?);
            Ok(())
        })
    })
}

/// Issue, link create: the landing page by name. The home page if not set.
///
/// @param request      The request.
/// @param name         Such as `clientarea:product_details`; NULL with length 0 takes the field back.
/// @param name_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_destination(
    request: *mut gatepass_request,
    name: *const c_char,
    name_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe {
        set_text(request, name, name_length, "destination", |it| &mut it.destination)
    })
}

/// Issue, link create: the service, for a destination that shows one. Whether it is the client's is the page's
/// business.
///
/// @param request  The request.
/// @param service_id  Greater than 0.
/// @return GATEPASS_OK; GATEPASS_INVALID for `service_id`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_service_id(
    request: *mut gatepass_request,
    service_id: i64,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.service_id = Some(
                ItemId::new(service_id)
                    .map_err(|_| Error::invalid("service_id", "must be a positive integer"))?,
            );
            Ok(())
        })
    })
}

/// Issue, link create: the domain, for a destination that shows one. Whether it is the client's is the page's
/// business.
///
/// @param request  The request.
/// @param domain_id  Greater than 0.
/// @return GATEPASS_OK; GATEPASS_INVALID for `domain_id`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_domain_id(
    request: *mut gatepass_request,
    domain_id: i64,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.domain_id = Some(
                ItemId::new(domain_id)
                    .map_err(|_| Error::invalid("domain_id", "must be a positive integer"))?,
            );
            Ok(())
        })
    })
}

/// Issue, link create: the relative path to land on, for the destination `sso:custom_redirect`.
///
/// @param request      The request.
/// @param path         Relative to the system URL, such as `viewinvoice.php?id=5`; NULL with length 0 takes
///                     the field back.
/// @param path_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_redirect_path(
    request: *mut gatepass_request,
    path: *const c_char,
    path_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe {
        set_text(request, path, path_length, "redirect_path", |it| &mut it.redirect_path)
    })
}

/// Issue, link create: another life than usual. The tokens that a link gives live as long as the store's do.
///
/// @param request       The request.
/// @param milliseconds  For a token 1 to 60,000, and 60 s if not set. For a link a minute to 7 days, and the
///                      setting `link_life_seconds` if not set.
/// @return GATEPASS_OK; GATEPASS_INVALID for `life`; another code of the class MISUSE. What is too long is
///         told by the act.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_life_ms(
    request: *mut gatepass_request,
    milliseconds: i64,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            let life =
                u64::try_from(milliseconds).map_err(|_| Error::invalid("life", "must not be negative"))?;
            fields.life_ms = Some(life);
            Ok(())
        })
    })
}

/// Issue, redeem: the value of a cookie that the redeeming site set in the browser before. A token that was
/// issued with it is redeemed by that browser alone. Only its SHA-256 is stored.
///
/// @param request       The request.
/// @param nonce         At least one byte, whichever; NULL with length 0 takes the field back.
/// @param nonce_length  In bytes.
/// @return GATEPASS_OK; GATEPASS_INVALID for `binding`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_binding(
    request: *mut gatepass_request,
    nonce: *const c_char,
    nonce_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        if !nonce.is_null() && nonce_length == 0 {
            // The value of a cookie that is not there: it would bind to every browser that has none.
            return Err(Error::invalid("binding", "must not be empty").into());
        }
        // SAFETY: the caller's promise about the bytes.
        unsafe { set_bytes(request, nonce, nonce_length, "binding", |it| &mut it.binding) }
    })
}

/// Issue, link create: on whose behalf the caller asks, in the caller's words, for the audit.
///
/// @param request       The request.
/// @param actor         At most 200 bytes without control characters; NULL with length 0 takes the field
///                      back.
/// @param actor_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_actor(
    request: *mut gatepass_request,
    actor: *const c_char,
    actor_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_text(request, actor, actor_length, "actor", |it| &mut it.actor) })
}

/// Issue, redeem, inspect, session check, AutoAuth, link create and open: where the call came from.
///
/// @param request         The request.
/// @param address         Such as `203.0.113.9` or `2001:db8::1`; NULL with length 0 takes the field back.
/// @param address_length  In bytes.
/// @return GATEPASS_OK; GATEPASS_INVALID for `address`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_address(
    request: *mut gatepass_request,
    address: *const c_char,
    address_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        // SAFETY: the caller's promise about the text.
        let address = unsafe { caller::address(address, address_length) }?;
        set(request, |fields| {
            fields.address = address;
            Ok(())
        })
    })
}

/// Redeem, inspect: the token as the browser brought it. What can't be one is refused like an unknown one.
///
/// @param request       The request.
/// @param token         NULL with length 0 takes the field back.
/// @param token_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_token(
    request: *mut gatepass_request,
    token: *const c_char,
    token_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_secret(request, token, token_length, "token", |it| &mut it.token) })
}

/// Redeem, AutoAuth: the id of the session that the browser holds here already, so that a second click is
/// told apart from a theft; what can't be one counts as none. Session check and end: the session.
///
/// @param request         The request.
/// @param session         The value of the browser's cookie; NULL with length 0 takes the field back.
/// @param session_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_session(
    request: *mut gatepass_request,
    session: *const c_char,
    session_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe {
        set_secret(request, session, session_length, "session", |it| &mut it.session)
    })
}

/// Redeem: whether a person confirmed it, or nobody needed to. What is not confirmed never counts as a
/// replay.
///
/// @param request  The request.
/// @param yes      Not 0 if so, as is the case when not set.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_confirmed(
    request: *mut gatepass_request,
    yes: i32,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.confirmed = Some(yes != 0);
            Ok(())
        })
    })
}

/// Redeem, AutoAuth: whether to start a session of the library's own. A host with sessions of its own wants
/// none.
///
/// @param request  The request.
/// @param yes      Not 0 if so, as is the case when not set.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_start_session(
    request: *mut gatepass_request,
    yes: i32,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.start_session = Some(yes != 0);
            Ok(())
        })
    })
}

/// AutoAuth accept: the raw query string of the request, with or without `?`. It goes before the decoded
/// fields.
///
/// @param request       The request.
/// @param query         At most 8 KiB; NULL with length 0 takes the field back.
/// @param query_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_query(
    request: *mut gatepass_request,
    query: *const c_char,
    query_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the bytes.
    guard::fallible(|| unsafe { set_bytes(request, query, query_length, "query", |it| &mut it.query) })
}

/// AutoAuth accept: the decoded field of that name. AutoAuth sign: whom the link signs in.
///
/// @param request       The request.
/// @param email         Decoded bytes, at most 254; NULL with length 0 takes the field back.
/// @param email_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_email(
    request: *mut gatepass_request,
    email: *const c_char,
    email_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the bytes.
    guard::fallible(|| unsafe { set_bytes(request, email, email_length, "email", |it| &mut it.email) })
}

/// AutoAuth accept: the decoded field of that name.
///
/// @param request           The request.
/// @param timestamp         Ten digits; NULL with length 0 takes the field back.
/// @param timestamp_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_timestamp(
    request: *mut gatepass_request,
    timestamp: *const c_char,
    timestamp_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the bytes.
    guard::fallible(|| unsafe {
        set_bytes(request, timestamp, timestamp_length, "timestamp", |it| &mut it.timestamp)
    })
}

/// AutoAuth accept: the decoded field of that name.
///
/// @param request      The request.
/// @param hash         40 hex characters; NULL with length 0 takes the field back.
/// @param hash_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_hash(
    request: *mut gatepass_request,
    hash: *const c_char,
    hash_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the bytes.
    guard::fallible(|| unsafe { set_bytes(request, hash, hash_length, "hash", |it| &mut it.hash) })
}

/// AutoAuth accept: the decoded field of that name. AutoAuth sign: where the link lands.
///
/// @param request      The request.
/// @param path         Relative to the system URL; NULL with length 0 takes the field back.
/// @param path_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_goto(
    request: *mut gatepass_request,
    path: *const c_char,
    path_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the bytes.
    guard::fallible(|| unsafe { set_bytes(request, path, path_length, "goto", |it| &mut it.goto) })
}

/// AutoAuth accept and sign: the AutoAuth key itself, as `configuration.php` held it; no stored key is tried.
///
/// @param request     The request.
/// @param key         NULL with length 0 takes the field back.
/// @param key_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_key(
    request: *mut gatepass_request,
    key: *const c_char,
    key_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_secret(request, key, key_length, "key", |it| &mut it.key) })
}

/// AutoAuth sign: the stored key to sign with.
///
/// @param request       The request.
/// @param label         NULL with length 0 takes the field back.
/// @param label_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_key_label(
    request: *mut gatepass_request,
    label: *const c_char,
    label_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_text(request, label, label_length, "key_label", |it| &mut it.key_label) })
}
