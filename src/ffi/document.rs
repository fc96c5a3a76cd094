//! Everything that is managed: one call by name, JSON in and JSON out. And freeing.

use std::ffi::{c_char, c_void};
use std::fmt::Write;

use serde_json::Value;
use zeroize::Zeroizing;

use super::caller::{CallerObject, gatepass_caller};
use super::code::gatepass_code;
use super::guard::{self, Failure};
use super::handle::{self, Kind, Object, get, make};
use super::store::{StoreObject, gatepass_store};
use super::text::{self, Text};
use crate::api;
use crate::error::Error;
use crate::ops;

/// A text that a call gave: JSON, or a link. Freed by `gatepass_free`.
pub struct gatepass_document {
    _opaque: [u8; 0],
}

pub(super) struct DocumentObject(Text);

impl DocumentObject {
    pub(super) fn new(text: &str) -> Self {
        DocumentObject(Text::new(text))
    }
}

impl Object for DocumentObject {
    type Opaque = gatepass_document;
    const KIND: Kind = Kind::Document;
    const ARGUMENT: &'static str = "document";
}

/// Run a management operation: admins, credentials, directory, destinations, sign-in links, AutoAuth keys,
/// settings, audit, upkeep. `gatepass_operation_name` lists them; `docs/operations.md` describes each.
///
/// @param store             The store.
/// @param operation         Its name, such as `user.add`.
/// @param operation_length  In bytes.
/// @param parameters        A JSON object; NULL with length 0 for none. Times are RFC 3339 in UTC, durations
///                          whole seconds, ids numbers. An unknown parameter is an error.
/// @param parameters_length In bytes.
/// @param out               The answer, a JSON document. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_INVALID for `operation`, `parameters` or the parameter that is wrong; what
///         the operation itself says; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_call(
    store: *const gatepass_store,
    operation: *const c_char,
    operation_length: usize,
    parameters: *const c_char,
    parameters_length: usize,
    out: *mut *mut gatepass_document,
) -> gatepass_code {
    // SAFETY: the caller's promises about the texts and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let operation = text::required(operation, operation_length, "operation")?;
            let parameters = read(parameters, parameters_length)?;
            Ok(written(ops::call(store.gate(), operation, parameters)?))
        })
    })
}

/// Run an action of the WHMCS-compatible API for a caller in this process, as `localAPI` does:
/// `CreateSsoToken`, `GetClients`, `GetClientsDetails`, `GetUsers`.
///
/// @param store             The store that authenticated the caller.
/// @param caller            Who asks.
/// @param action            The action, in any letter case.
/// @param action_length     In bytes.
/// @param parameters        A JSON object of the action's parameters; NULL with length 0 for none. Unknown ones
///                          are ignored, as the API does.
/// @param parameters_length In bytes.
/// @param out               The answer, a JSON document with `result` (`success` or `error`) and, for an error,
///                          `message`. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK, also for an answer that says `error`; GATEPASS_INVALID for `parameters`; a code of the
///         classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_api_call(
    store: *const gatepass_store,
    caller: *const gatepass_caller,
    action: *const c_char,
    action_length: usize,
    parameters: *const c_char,
    parameters_length: usize,
    out: *mut *mut gatepass_document,
) -> gatepass_code {
    // SAFETY: the caller's promises about the texts and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let caller = get::<CallerObject>(caller)?.to(&store)?;
            let action = text::required(action, action_length, "action")?;
            let mut parameters = read(parameters, parameters_length)?;
            let answer = api::call(store.gate(), &caller, action, &parameters);
            ops::wipe(&mut parameters);
            Ok(written(answer?))
        })
    })
}

/// An answer as text. It may hold a secret, so nothing else of it stays: it is written into memory that
/// seldom has to grow, and what it was made of is wiped.
fn written(mut answer: Value) -> DocumentObject {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    // Writing to a string can't fail.
    let _ = write!(text, "{answer}");
    ops::wipe(&mut answer);
    DocumentObject::new(&text)
}

/// Parameters as JSON, `null` where there are none. Where it breaks is told, what stands there is not: it may be
/// a secret.
///
/// # Safety
/// As for [`text::bytes`].
unsafe fn read(pointer: *const c_char, length: usize) -> Result<Value, Failure> {
    // SAFETY: the caller's promise.
    let Some(json) = (unsafe { text::optional(pointer, length, "parameters") })? else {
        return Ok(Value::Null);
    };
    serde_json::from_str(json).map_err(|error| {
        let place = format!("is no JSON: line {}, column {}", error.line(), error.column());
        Error::invalid("parameters", place).into()
    })
}

/// The text of a document.
///
/// @param document  What a call gave.
/// @return UTF-8 with a NUL behind it, valid until `document` is freed; NULL for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_document_text(document: *const gatepass_document) -> *const c_char {
    guard::value(|| Ok(get::<DocumentObject>(document)?.0.pointer()))
}

/// The length of that text.
///
/// @param document  What a call gave.
/// @return Bytes, without the NUL; 0 for a bad handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_document_length(document: *const gatepass_document) -> usize {
    guard::value(|| Ok(get::<DocumentObject>(document)?.0.len()))
}

/// Free options, a caller, a request or anything that a call gave but a store, which is closed. Texts
/// borrowed from it end with it.
///
/// @param handle  The object; NULL is no error.
/// @return GATEPASS_OK; GATEPASS_INVALID_HANDLE when it was freed already; GATEPASS_WRONG_HANDLE for a store;
///         GATEPASS_FORKED in a child that inherited it, where there is nothing to free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_free(handle: *mut c_void) -> gatepass_code {
    guard::fallible(|| handle::free(handle, "handle", |kind| kind != Kind::Store as u64))
}
