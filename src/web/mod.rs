//! The endpoints that browsers and API clients visit: `includes/api.php`, `oauth/singlesignon.php`,
//! `dologin.php` and `logout.php` below the system URL.
//!
//! [`handle`] is a plain function, request value in, response value out: no socket, so that the tool's
//! server, the PHP front controllers and the WSGI application give the same answers.

mod request;
mod response;

pub use request::Request;
pub use response::Response;

use crate::error::{Reason, Result};
use crate::gatepass::Gatepass;
use crate::session::Session;

/// The paths that [`handle`] answers, below the system URL.
pub const ENDPOINTS: &[&str] = &["includes/api.php", "oauth/singlesignon.php", "dologin.php", "logout.php"];

/// The longest body that [`handle`] looks at, in bytes.
pub const MAX_BODY: usize = 65_536;

/// Answer a request. Every failure becomes a page or an API answer: nobody is let in on any of them.
pub fn handle(_gate: &Gatepass, _request: &Request) -> Response {
    Response::new(404)
}

/// The session whose cookie the request brings: who is signed in here. Counts as a use.
///
/// # Errors
/// Refused: no cookie or unknown ([`Reason::SessionUnknown`]), ended, idle too long, too old, or the person may no longer sign in.
pub fn session(_gate: &Gatepass, _request: &Request) -> Result<Session> {
    Err(Reason::SessionUnknown.into())
}
