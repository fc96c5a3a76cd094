//! The WHMCS-compatible API: `CreateSsoToken`, `GetClients`, `GetClientsDetails` and `GetUsers`, with the
//! parameters, answers and error strings of the public contract (contract §1, §3, §5).
//!
//! [`call`] is the in-process form (`localAPI` style), [`respond`] the one over HTTP. Both are plain
//! functions of a request value: no socket, no header, no cookie is known here.

use std::net::IpAddr;

use serde_json::Value;

use crate::credential::Caller;
use crate::error::Result;
use crate::gatepass::Gatepass;

/// An API call as it came over HTTP.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct HttpCall<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The raw query, without `?`.
    pub query: &'a [u8],
    /// The header `Content-Type`, if there is one.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Where the call came from, proxies already looked through.
    pub address: Option<IpAddr>,
}

/// What an API call is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `application/json` or `application/xml`, with the charset.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Advice when to ask again, in seconds.
    pub retry_after: Option<u64>,
}

/// Run an action for a caller in this process, as `localAPI` does. Parameters are a JSON object.
///
/// # Errors
/// What the store could not answer. An expected "no" is a document with `result` and `message`.
pub fn call(_gate: &Gatepass, _caller: &Caller, _action: &str, _parameters: &Value) -> Result<Value> {
    Err(crate::error::Error::invalid("action", "there is none of that name"))
}

/// Answer a call that came over HTTP.
pub fn respond(_gate: &Gatepass, _call: &HttpCall<'_>) -> HttpAnswer {
    HttpAnswer { status: 404, content_type: "application/json", body: Vec::new(), retry_after: None }
}
