//! The endpoints, for a front controller: a request as the web server gave it in, the answer to send out, and
//! who is signed in.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

use super::caller;
use super::code::gatepass_code;
use super::guard::{self, Failure};
use super::handle::{Kind, Object, get, make};
use super::session::{SessionObject, gatepass_session};
use super::store::{StoreObject, gatepass_store};
use super::text::{self, Text};
use crate::web::{self, Request, Response};

/// An HTTP request, as a front controller hands it over. Freed by `gatepass_free`.
pub struct gatepass_web_request {
    _opaque: [u8; 0],
}

#[derive(Default)]
pub(super) struct WebRequestObject(Mutex<Arc<Request>>);

impl Object for WebRequestObject {
    type Opaque = gatepass_web_request;
    const KIND: Kind = Kind::WebRequest;
    const ARGUMENT: &'static str = "request";
}

impl WebRequestObject {
    /// What was set, as it is now. No lock is held while it is answered.
    fn request(&self) -> Arc<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, change: impl FnOnce(&mut Request)) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut held));
    }
}

/// An HTTP answer, to be sent as it is. Freed by `gatepass_free`.
pub struct gatepass_web_response {
    _opaque: [u8; 0],
}

pub(super) struct WebResponseObject {
    status: i32,
    headers: Vec<(Text, Text)>,
    body: Text,
}

impl Object for WebResponseObject {
    type Opaque = gatepass_web_response;
    const KIND: Kind = Kind::WebResponse;
    const ARGUMENT: &'static str = "response";
}

impl From<Response> for WebResponseObject {
    fn from(mut response: Response) -> Self {
        let headers = response.headers.iter().map(|(name, value)| (Text::new(name), Text::new(value)));
        let answer = WebResponseObject {
            status: i32::from(response.status),
            headers: headers.collect(),
            body: Text::from_bytes(&response.body),
        };
        // A session's cookie stands in the one, and in the other an API call's token.
        response.headers.iter_mut().for_each(|(_, value)| value.zeroize());
        response.body.zeroize();
        answer
    }
}

/// Make a request for one of the endpoints: `includes/api.php`, `oauth/singlesignon.php`, `dologin.php`,
/// `signin.php`, `logout.php`.
///
/// @param method         Such as `GET`.
/// @param method_length  In bytes.
/// @param path           Below the system URL, without a slash at its start.
/// @param path_length    In bytes.
/// @param out            The request. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_request_new(
    method: *const c_char,
    method_length: usize,
    path: *const c_char,
    path_length: usize,
    out: *mut *mut gatepass_web_request,
) -> gatepass_code {
    // SAFETY: the caller's promises about the texts and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let method = text::required(method, method_length, "method")?;
            let path = text::required(path, path_length, "path")?;
            Ok(WebRequestObject(Mutex::new(Arc::new(Request::new(method, path)))))
        })
    })
}

/// Set the query, as it came.
///
/// @param request       The request.
/// @param query         What stands behind `?`, not decoded; NULL with length 0 takes it back.
/// @param query_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_request_set_query(
    request: *mut gatepass_web_request,
    query: *const c_char,
    query_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe {
        let query = text::bytes(query, query_length, "query")?.unwrap_or_default().to_vec();
        get::<WebRequestObject>(request)?.set(|request| request.query = query);
        Ok(())
    })
}

/// Add a header, as it came. `Content-Type`, `Cookie`, `X-Forwarded-For` and the signs of a prefetch
/// (`Sec-Purpose`, `Purpose`, `X-Moz`) are looked at; others do no harm.
///
/// @param request       The request.
/// @param name          In any letter case.
/// @param name_length   In bytes.
/// @param value         Its value.
/// @param value_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_request_add_header(
    request: *mut gatepass_web_request,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promises about the texts.
    guard::fallible(|| unsafe {
        let name = text::required(name, name_length, "name")?.to_owned();
        let value = text::bytes(value, value_length, "value")?.unwrap_or_default().to_vec();
        get::<WebRequestObject>(request)?.set(|request| request.headers.push((name, value)));
        Ok(())
    })
}

/// Set the body, as it came. Of one that is longer than 65,536 bytes, 65,537 are enough: it is refused.
///
/// @param request      The request.
/// @param body         Any bytes; NULL with length 0 takes it back.
/// @param body_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_request_set_body(
    request: *mut gatepass_web_request,
    body: *const c_char,
    body_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe {
        let body = text::bytes(body, body_length, "body")?.unwrap_or_default().to_vec();
        get::<WebRequestObject>(request)?.set(|request| request.body = body);
        Ok(())
    })
}

/// Set who is at the other end of the connection, perhaps a proxy: the setting `trusted_proxies` says whose
/// `X-Forwarded-For` is believed.
///
/// @param request      The request.
/// @param peer         Such as `203.0.113.9` or `2001:db8::1`; NULL with length 0 takes it back.
/// @param peer_length  In bytes.
/// @return GATEPASS_OK; GATEPASS_INVALID for `address`; another code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_request_set_peer(
    request: *mut gatepass_web_request,
    peer: *const c_char,
    peer_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        // SAFETY: the caller's promise about the text.
        let peer = unsafe { caller::address(peer, peer_length) }?;
        get::<WebRequestObject>(request)?.set(|request| request.peer = peer);
        Ok(())
    })
}

/// Answer a request. Every failure of what it asks for is an answer too, with its status: nobody is let in on
/// any of them.
///
/// @param store    The store.
/// @param request  The request.
/// @param out      The answer. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_handle(
    store: *const gatepass_store,
    request: *const gatepass_web_request,
    out: *mut *mut gatepass_web_response,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let request = get::<WebRequestObject>(request)?.request();
            Ok(WebResponseObject::from(web::handle(store.gate(), &request)))
        })
    })
}

/// Who is signed in: the session whose cookie the request brings. It counts as a use.
///
/// @param store    The store.
/// @param request  The request; only its headers and peer are looked at.
/// @param out      The session. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_SESSION_UNKNOWN, also when there is no cookie; GATEPASS_SESSION_ENDED,
///         GATEPASS_SESSION_EXPIRED, GATEPASS_SESSION_IDLE; why the person may not be signed in any more; a
///         code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_session(
    store: *const gatepass_store,
    request: *const gatepass_web_request,
    out: *mut *mut gatepass_session,
) -> gatepass_code {
    // SAFETY: the caller's promise about `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let request = get::<WebRequestObject>(request)?.request();
            Ok(SessionObject::from(web::session(store.gate(), &request)?))
        })
    })
}

/// The HTTP status.
///
/// @param response  What `gatepass_web_handle` gave.
/// @return 200 to 599; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_response_status(response: *const gatepass_web_response) -> i32 {
    guard::value(|| Ok(get::<WebResponseObject>(response)?.status))
}

/// How many headers there are to send. `Content-Length` is not among them.
///
/// @param response  What `gatepass_web_handle` gave.
/// @return The number; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_response_header_count(response: *const gatepass_web_response) -> usize {
    guard::value(|| Ok(get::<WebResponseObject>(response)?.headers.len()))
}

/// The name of a header. A name may come several times (`Set-Cookie`): send each.
///
/// @param response  What `gatepass_web_handle` gave.
/// @param index     0 up to the count.
/// @return Valid until `response` is freed; NULL behind the last or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_response_header_name(
    response: *const gatepass_web_response,
    index: usize,
) -> *const c_char {
    guard::value(|| header(response, index, |(name, _)| name.pointer()))
}

/// The value of a header.
///
/// @param response  What `gatepass_web_handle` gave.
/// @param index     0 up to the count.
/// @return Valid until `response` is freed; NULL behind the last or for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_response_header_value(
    response: *const gatepass_web_response,
    index: usize,
) -> *const c_char {
    guard::value(|| header(response, index, |(_, value)| value.pointer()))
}

fn header(
    response: *const gatepass_web_response,
    index: usize,
    part: impl FnOnce(&(Text, Text)) -> *const c_char,
) -> Result<*const c_char, Failure> {
    let response = get::<WebResponseObject>(response)?;
    Ok(response.headers.get(index).map_or(std::ptr::null(), part))
}

/// The body.
///
/// @param response  What `gatepass_web_handle` gave.
/// @return With a NUL behind it, valid until `response` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_response_body(response: *const gatepass_web_response) -> *const c_char {
    guard::value(|| Ok(get::<WebResponseObject>(response)?.body.pointer()))
}

/// The length of the body.
///
/// @param response  What `gatepass_web_handle` gave.
/// @return Bytes, without the NUL; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_web_response_body_length(response: *const gatepass_web_response) -> usize {
    guard::value(|| Ok(get::<WebResponseObject>(response)?.body.len()))
}
