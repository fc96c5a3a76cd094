//! A request as a server hands it over.

use std::fmt;
use std::net::IpAddr;

use zeroize::{Zeroize, Zeroizing};

/// An HTTP request. Its `Debug` shows method and path only: the rest holds tokens and cookies, and is wiped
/// when it goes.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path below the system URL, without a leading slash: `oauth/singlesignon.php`.
    pub path: String,
    /// The raw query, without `?`.
    pub query: Vec<u8>,
    /// Names in any letter case, in the order in which they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// Who is at the other end of the connection: a proxy, perhaps.
    pub peer: Option<IpAddr>,
}

impl Request {
    /// A request without query, headers and body.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        let mut request = Request::default();
        (request.method, request.path) = (method.into(), path.into());
        request
    }

    /// With this query.
    pub fn query(mut self, query: impl Into<Vec<u8>>) -> Self {
        self.query = query.into();
        self
    }

    /// With one more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// From this end of the connection.
    pub fn peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }
}

/// What the pages ask of a request.
impl Request {
    /// Every header of that name, in the order in which they came.
    pub(super) fn header_lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |(found, _): &&(String, Vec<u8>)| found.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_slice())
    }

    /// The header `Content-Type`, if there is exactly one.
    pub(super) fn content_type(&self) -> Option<&str> {
        let mut lines = self.header_lines("content-type");
        let line = lines.next().filter(|_| lines.next().is_none())?;
        std::str::from_utf8(line).ok()
    }

    /// Whether the body is a form as our pages send it. An empty one without a type will do.
    pub(super) fn is_form(&self) -> bool {
        let nothing = self.body.is_empty() && self.header_lines("content-type").next().is_none();
        nothing
            || self.content_type().is_some_and(|line| {
                let media = line.split(';').next().unwrap_or_default().trim();
                media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
            })
    }

    /// Whether the browser says that nobody asked to see this yet.
    pub(super) fn is_prefetch(&self) -> bool {
        ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| {
            self.header_lines(name).flat_map(|line| line.split(|byte| b";, ".contains(byte))).any(|word| {
                ["prefetch", "prerender", "preview"]
                    .iter()
                    .any(|ahead| word.eq_ignore_ascii_case(ahead.as_bytes()))
            })
        })
    }

    /// Whether the browser says that this is to be a page of its own, or is too old to say (Fetch Metadata): no
    /// picture, script or frame of another page, which nobody asked to see.
    pub(super) fn is_page_of_its_own(&self) -> bool {
        self.header_lines("sec-fetch-dest").all(|line| line.trim_ascii() == b"document")
    }

    /// The field of the query, if it stands there exactly once.
    pub(super) fn query_field(&self, name: &str) -> Option<Zeroizing<String>> {
        field(&self.query, name)
    }

    /// The field of the form, if it stands there exactly once.
    pub(super) fn form_field(&self, name: &str) -> Option<Zeroizing<String>> {
        field(&self.body, name)
    }

    /// Whether the query has a field of that name.
    pub(super) fn asks_with(&self, name: &str) -> bool {
        form_urlencoded::parse(&self.query).any(|(found, _)| found == name)
    }
}

fn field(form: &[u8], name: &str) -> Option<Zeroizing<String>> {
    let mut values = form_urlencoded::parse(form).filter(|(found, _)| found == name);
    let (_, value) = values.next()?;
    values.next().is_none().then(|| Zeroizing::new(value.into_owned()))
}

/// Tokens, cookies and secrets stand in all of them.
impl Drop for Request {
    fn drop(&mut self) {
        self.query.zeroize();
        self.body.zeroize();
        self.headers.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
