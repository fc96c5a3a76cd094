//! An answer as a server sends it.

use std::fmt;

/// An HTTP response. Its `Debug` shows the status only: the rest may hold a session's cookie.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Every header to send but `Content-Length`, which is the server's.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An empty answer.
    pub fn new(status: u16) -> Self {
        Response { status, headers: Vec::new(), body: Vec::new() }
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Go on there with a GET. The address that was left may hold a token, so it is told to nobody.
    pub(super) fn see_other(url: impl Into<String>) -> Self {
        Response::new(303)
            .header("Location", url)
            .header("Referrer-Policy", "no-referrer")
            .header("Cache-Control", "no-store")
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}
