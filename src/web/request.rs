//! A request as a server hands it over.

use std::fmt;
use std::net::IpAddr;

/// An HTTP request. Its `Debug` shows method and path only: the rest holds tokens and cookies.
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
        Request { method: method.into(), path: path.into(), ..Request::default() }
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

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
