//! A call over HTTP: from its bytes to the caller and the action, and from what came out to bytes.

use std::fmt;
use std::net::IpAddr;

use super::action::Action;
use super::answer::{self, Failure, Fields};
use super::parameters::{MAX_BYTES, Parameters};
use super::{authentication, json, multipart, xml};
use crate::gatepass::Gatepass;
use crate::ops::wipe;

/// An API call as it came over HTTP. Its `Debug` shows the method only: the rest holds secrets.
#[derive(Clone, Copy, Default)]
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

impl<'a> HttpCall<'a> {
    /// A call without query and body, from nowhere.
    pub fn new(method: &'a str) -> Self {
        HttpCall { method, ..HttpCall::default() }
    }

    /// With this query.
    pub fn query(mut self, query: &'a [u8]) -> Self {
        self.query = query;
        self
    }

    /// With this body and its type.
    pub fn body(mut self, content_type: Option<&'a str>, body: &'a [u8]) -> Self {
        (self.content_type, self.body) = (content_type, body);
        self
    }

    /// From there.
    pub fn from_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }
}

impl fmt::Debug for HttpCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCall").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What an API call is answered with. Its `Debug` leaves the body out, which may hold a token.
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAnswer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Xml,
}

impl Format {
    /// Without `responsetype` it is JSON. The default is unknown in the contract; the old one, NVP, is
    /// deprecated and can't carry a list.
    fn asked_for(parameters: &Parameters) -> Result<Format, Failure> {
        match parameters.text("responsetype")? {
            None => Ok(Format::Json),
            Some(name) if name.eq_ignore_ascii_case("json") => Ok(Format::Json),
            Some(name) if name.eq_ignore_ascii_case("xml") => Ok(Format::Xml),
            Some(_) => Err(Failure::malformed("Invalid responsetype")),
        }
    }
}

/// What is known of a call that may fail at any moment.
struct Asked {
    format: Format,
    action: Option<Action>,
}

impl Asked {
    /// Learn what can be read; an answer must be given whatever can't.
    fn learn(&mut self, parameters: &Parameters) {
        if let (Ok(Some(_)), Ok(format)) = (parameters.text("responsetype"), Format::asked_for(parameters)) {
            self.format = format;
        }
        if let Ok(Some(name)) = parameters.text("action") {
            self.action = Action::find(name);
        }
    }
}

/// Answer a call.
pub(super) fn respond(gate: &Gatepass, call: &HttpCall<'_>) -> HttpAnswer {
    let mut asked = Asked { format: Format::Json, action: None };
    let done = run(gate, call, &mut asked);
    let (status, mut document, advice) = match done {
        Ok(fields) => (200, answer::success(fields), None),
        Err(Failure::Said { status, message, retry_after }) => (status, answer::error(&message), retry_after),
        Err(Failure::Fault(error)) => {
            let status = if matches!(error, crate::Error::Store(_)) { 503 } else { 500 };
            (status, answer::error(&Action::fault_message(asked.action, &error)), None)
        }
    };
    let (content_type, body) = match asked.format {
        Format::Json => ("application/json; charset=utf-8", json::write(&document)),
        Format::Xml => {
            let action = asked.action.map_or("", Action::name);
            ("application/xml; charset=utf-8", xml::write(action, &document))
        }
    };
    // A token may stand in it.
    wipe(&mut document);
    // Rounded up: who comes back at that second is not too early.
    let retry_after = advice.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    HttpAnswer { status, content_type, body: body.into_bytes(), retry_after }
}

fn run(gate: &Gatepass, call: &HttpCall<'_>, asked: &mut Asked) -> Result<Fields, Failure> {
    if call.query.len() > MAX_BYTES {
        return Err(Failure::too_long("The query is longer than 64 KiB"));
    }
    let mut query = Parameters::default();
    let read = query.read_form(call.query);
    asked.learn(&query);
    if !matches!(call.method, "GET" | "POST") {
        return Err(Failure::method());
    }
    read?;
    let body = body(call)?;
    // What stood in a URL is known to logs, whether the body repeats it or not.
    let secret_in_query = ["secret", "password"].iter().any(|name| query.holds(name));
    asked.learn(&body);
    let mut parameters = body.over(query)?;
    asked.format = Format::asked_for(&parameters)?;
    let Some(action) = parameters.text("action")?.map(str::to_owned) else {
        return Err(Failure::no_action());
    };
    let caller = authentication::authenticate(gate, &mut parameters, secret_in_query, call.address)?;
    Action::named(&action)?.run(gate, &caller, &parameters, call.address)
}

/// The parameters of the body. One without content may be of any type.
fn body(call: &HttpCall<'_>) -> Result<Parameters, Failure> {
    let mut parameters = Parameters::default();
    if call.body.is_empty() {
        return Ok(parameters);
    }
    if call.body.len() > MAX_BYTES {
        return Err(Failure::too_long("The body is longer than 64 KiB"));
    }
    let (essence, attributes) = match call.content_type {
        Some(content_type) => content_type.split_once(';').unwrap_or((content_type, "")),
        None => return Err(Failure::body_type()),
    };
    let essence = essence.trim_matches([' ', '\t']);
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        parameters.read_form(call.body)?;
    } else if essence.eq_ignore_ascii_case("multipart/form-data") {
        multipart::read(attributes, call.body, &mut parameters)?;
    } else {
        return Err(Failure::body_type());
    }
    Ok(parameters)
}
