//! Sign-in links, made and opened. All else about them is `gatepass_call` with `link.…`.

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
use crate::link::{CreatedLink, OpenedLink};

/// A sign-in link that was just made. Freed by `gatepass_free`.
pub struct gatepass_created_link {
    _opaque: [u8; 0],
}

pub(super) struct CreatedLinkObject {
    url: Text,
    text: Text,
    reference: Text,
    user_id: i64,
    client_id: i64,
    expires_at_ms: i64,
}

impl Object for CreatedLinkObject {
    type Opaque = gatepass_created_link;
    const KIND: Kind = Kind::CreatedLink;
    const ARGUMENT: &'static str = "created";
}

impl From<CreatedLink> for CreatedLinkObject {
    fn from(created: CreatedLink) -> Self {
        CreatedLinkObject {
            url: Text::new(&Zeroizing::new(created.url)),
            text: Text::new(&Zeroizing::new(created.link.reveal())),
            reference: Text::new(&created.reference.to_string()),
            user_id: created.user_id.map_or(0, |id| id.get()),
            client_id: created.client_id.map_or(0, |id| id.get()),
            expires_at_ms: created.expires_at.as_millis(),
        }
    }
}

/// A use of a sign-in link that was just spent. Freed by `gatepass_free`.
pub struct gatepass_opened_link {
    _opaque: [u8; 0],
}

pub(super) struct OpenedLinkObject {
    redirect_url: Text,
    token: Text,
    landing_url: Text,
    reference: Text,
    user_id: i64,
    client_id: i64,
    expires_at_ms: i64,
    uses_left: i64,
    unchecked: Vec<Text>,
}

impl Object for OpenedLinkObject {
    type Opaque = gatepass_opened_link;
    const KIND: Kind = Kind::OpenedLink;
    const ARGUMENT: &'static str = "opened";
}

impl From<OpenedLink> for OpenedLinkObject {
    fn from(opened: OpenedLink) -> Self {
        OpenedLinkObject {
            redirect_url: Text::new(&Zeroizing::new(opened.redirect_url)),
            token: Text::new(&Zeroizing::new(opened.token.reveal())),
            landing_url: Text::new(&opened.landing_url),
            reference: Text::new(&opened.link.to_string()),
            user_id: opened.user_id.map_or(0, |id| id.get()),
            client_id: opened.client_id.map_or(0, |id| id.get()),
            expires_at_ms: opened.expires_at.as_millis(),
            uses_left: opened.uses_left.into(),
            unchecked: opened.unchecked.iter().map(|word| Text::new(word)).collect(),
        }
    }
}

/// Make a sign-in link for a mail. It is on the disk when this returns.
///
/// @param store    The store that authenticated the caller.
/// @param caller   Who asks.
/// @param request  Takes `user_id`, `client_id` (one of them is needed), `destination`, `service_id`,
///                 `domain_id`, `redirect_path`, `life`, `uses`, `label`, `title`, `end_siblings`, `actor`,
///                 `address`.
/// @param out      The link. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_INVALID with the field; GATEPASS_LINKS_NOT_ALLOWED or another refusal when the
///         caller may not or the person may not sign in; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_link_create(
    store: *const gatepass_store,
    caller: *const gatepass_caller,
    request: *const gatepass_request,
    out: *mut *mut gatepass_created_link,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let caller = get::<CallerObject>(caller)?.to(&store)?;
            let request = get::<RequestObject>(request)?.fields().create_link()?;
            Ok(CreatedLinkObject::from(store.gate().create_link(&caller, &request)?))
        })
    })
}

/// What goes into the mail: the URL with the link, a secret for that person.
///
/// @param created  What `gatepass_link_create` gave.
/// @return Valid until `created` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_created_link_url(created: *const gatepass_created_link) -> *const c_char {
    guard::value(|| Ok(get::<CreatedLinkObject>(created)?.url.pointer()))
}

/// The link alone: 32 characters, a secret for that person.
///
/// @param created  What `gatepass_link_create` gave.
/// @return Valid until `created` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_created_link_text(created: *const gatepass_created_link) -> *const c_char {
    guard::value(|| Ok(get::<CreatedLinkObject>(created)?.text.pointer()))
}

/// The link's public name: 24 hex characters, for tables, logs and `link.revoke`. No secret.
///
/// @param created  What `gatepass_link_create` gave.
/// @return Valid until `created` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_created_link_reference(
    created: *const gatepass_created_link,
) -> *const c_char {
    guard::value(|| Ok(get::<CreatedLinkObject>(created)?.reference.pointer()))
}

/// Who will be signed in; in a store of mode `host` only what was asked for.
///
/// @param created  What `gatepass_link_create` gave.
/// @return The user's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_created_link_user_id(created: *const gatepass_created_link) -> i64 {
    guard::value(|| Ok(get::<CreatedLinkObject>(created)?.user_id))
}

/// The client that the session will be bound to.
///
/// @param created  What `gatepass_link_create` gave.
/// @return The client's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_created_link_client_id(created: *const gatepass_created_link) -> i64 {
    guard::value(|| Ok(get::<CreatedLinkObject>(created)?.client_id))
}

/// When the link's life ends: at exactly this time it is expired.
///
/// @param created  What `gatepass_link_create` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_created_link_expires_at_ms(created: *const gatepass_created_link) -> i64 {
    guard::value(|| Ok(get::<CreatedLinkObject>(created)?.expires_at_ms))
}

/// Spend a use of a sign-in link and mint its token: as many calls succeed as the link has uses, whatever the
/// number of threads, processes or hosts that try. On success both are on the disk; on any failure the use is
/// not spent. Never for a GET: robots look into mailboxes. Ask the person first; `gatepass_call` with
/// `link.inspect` tells where a link stands and uses nothing.
///
/// @param store    The store.
/// @param request  Takes `link` (needed) and `address`.
/// @param out      What the use gave. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, or a refusal, looked for in this order: GATEPASS_LINK_UNKNOWN, GATEPASS_LINK_USED,
///         GATEPASS_LINK_REVOKED, GATEPASS_LINK_SUPERSEDED or GATEPASS_LINK_OUTDATED,
///         GATEPASS_LINK_NOT_YET_VALID, GATEPASS_LINK_EXPIRED, what became of the credential,
///         GATEPASS_LANDING_NOT_ALLOWED, why the person may not sign in; a code of the classes MISUSE or STORE,
///         where GATEPASS_INDETERMINATE means that the use may be spent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_link_open(
    store: *const gatepass_store,
    request: *const gatepass_request,
    out: *mut *mut gatepass_opened_link,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let request = get::<RequestObject>(request)?.fields().open_link(store.gate())?;
            Ok(OpenedLinkObject::from(store.gate().open_link(&request)?))
        })
    })
}

/// Where to send the browser: the redemption page of the system URL, with the token.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return Valid until `opened` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_redirect_url(
    opened: *const gatepass_opened_link,
) -> *const c_char {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.redirect_url.pointer()))
}

/// The token of this use: 40 hex characters, a secret until it is spent.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return Valid until `opened` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_token(opened: *const gatepass_opened_link) -> *const c_char {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.token.pointer()))
}

/// Where the person lands once the token is redeemed.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return Valid until `opened` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_landing_url(
    opened: *const gatepass_opened_link,
) -> *const c_char {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.landing_url.pointer()))
}

/// The link's public name: 24 hex characters. No secret.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return Valid until `opened` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_reference(
    opened: *const gatepass_opened_link,
) -> *const c_char {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.reference.pointer()))
}

/// Who will be signed in; in a store of mode `host` what the link was made for.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return The user's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_user_id(opened: *const gatepass_opened_link) -> i64 {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.user_id))
}

/// The client that the session will be bound to.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return The client's id; 0 for none or a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_client_id(opened: *const gatepass_opened_link) -> i64 {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.client_id))
}

/// When the token's life ends: at exactly this time it is expired.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return Milliseconds since 1970 UTC; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_expires_at_ms(opened: *const gatepass_opened_link) -> i64 {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.expires_at_ms))
}

/// How often the link can still be used.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return The number; 0 when this was its last use, or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_uses_left(opened: *const gatepass_opened_link) -> i64 {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.uses_left))
}

/// How many things were not checked and are the host's business, in a store of mode `host`.
///
/// @param opened  What `gatepass_link_open` gave.
/// @return The number; 0 in mode `managed` or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_unchecked_count(opened: *const gatepass_opened_link) -> usize {
    guard::value(|| Ok(get::<OpenedLinkObject>(opened)?.unchecked.len()))
}

/// One of the things that were not checked, as a word.
///
/// @param opened  What `gatepass_link_open` gave.
/// @param index   0 up to the count.
/// @return Valid until `opened` is freed; NULL behind the last or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_opened_link_unchecked_at(
    opened: *const gatepass_opened_link,
    index: usize,
) -> *const c_char {
    guard::value(|| {
        let it = get::<OpenedLinkObject>(opened)?;
        Ok(it.unchecked.get(index).map_or(std::ptr::null(), Text::pointer))
    })
}
