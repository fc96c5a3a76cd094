//! The endpoints that browsers and API clients visit: `includes/api.php`, `oauth/singlesignon.php`,
//! `dologin.php`, `signin.php` and `logout.php` below the system URL.
//!
//! [`handle`] is a plain function, request value in, response value out: no socket, so that the tool's
//! server, the PHP front controllers and the WSGI application give the same answers.
//!
//! The system URL comes from the settings and never from a request. Nothing is spent before the request is
//! known to be a person's own wish: not for HEAD and prefetches, not where somebody else is signed in. A link
//! of an e-mail is never spent by a GET.

mod client_address;
mod confirm;
mod cookies;
mod dologin;
mod html;
mod link;
mod logout;
mod page;
mod refusal;
mod request;
mod response;
mod singlesignon;
mod visit;

pub use request::Request;
pub use response::Response;

use zeroize::Zeroizing;

use crate::api::{self, HttpCall};
use crate::directory::Mode;
use crate::error::{Error, Reason, Result};
use crate::gatepass::Gatepass;
use crate::session::{Session, SessionId};
use client_address::client_address;
use visit::Visit;

const API: &str = "includes/api.php";

/// The paths that [`handle`] answers, below the system URL.
pub const ENDPOINTS: &[&str] = &[API, singlesignon::PATH, dologin::PATH, link::PATH, logout::PATH];

/// The longest body that [`handle`] looks at, in bytes.
pub const MAX_BODY: usize = 65_536;

/// When to come again after the store could not answer, in seconds.
const RETRY_AFTER: &str = "5";

/// Answer a request. Every failure becomes a page or an API answer: nobody is let in on any of them.
pub fn handle(gate: &Gatepass, request: &Request) -> Response {
    let mut response = answer(gate, request);
    if request.method == "HEAD" {
        response.body.clear();
    }
    response
}

fn answer(gate: &Gatepass, request: &Request) -> Response {
    match request.path.as_str() {
        API => call(gate, request),
        _ if request.body.len() > MAX_BODY => {
            notice(413, "Too much", "What was sent is longer than this page takes.")
        }
        singlesignon::PATH => sign_in_page(gate, request, singlesignon::answer),
        dologin::PATH => sign_in_page(gate, request, dologin::answer),
        link::PATH => sign_in_page(gate, request, link::answer),
        logout::PATH => sign_in_page(gate, request, logout::answer),
        _ => notice(404, "Not found", "There is no page at this address."),
    }
}

/// The session whose cookie the request brings: who is signed in here. Counts as a use.
///
/// # Errors
/// Refused: no cookie or unknown ([`Reason::SessionUnknown`]), ended, idle too
/// long, too old, or the person may no longer sign in.
pub fn session(gate: &Gatepass, request: &Request) -> Result<Session> {
    let settings = gate.settings()?;
    let cookies = cookies::Cookies::of(&settings, &gate.info()?.store_id);
    let address = client_address(request, &settings.trusted_proxies);
    let text = cookies.session(request).ok_or(Reason::SessionUnknown)?;
    gate.check_session(&visit::read_session(gate, text, address)?, address)
}

/// A page for people: the rules that hold before any of them looks at the request.
fn sign_in_page(gate: &Gatepass, request: &Request, answer: fn(&Visit<'_>) -> Result<Response>) -> Response {
    if request.body.len() > MAX_BODY {
        return notice(413, "Too much", "What was sent is longer than this page takes.");
    }
    match request.method.as_str() {
        // Link scanners and browsers that look ahead: the same for every token, with nothing looked up.
        "HEAD" => return nothing(),
        "GET" if request.is_prefetch() => return nothing(),
        // A picture on a page of another site below this domain would bring its cookies, and keep ours.
        "GET" | "POST" if !request.is_page_of_its_own() => return nothing(),
        "GET" => {}
        "POST" if request.is_form() => {}
        "POST" => return notice(415, "Not a form", "This page takes forms only."),
        _ => {
            return notice(
                405,
                "Not possible",
                "This page is opened, or its form is sent; nothing else is possible.",
            )
            .header("Allow", "GET, HEAD, POST");
        }
    }
    let answered = Visit::begin(gate, request).and_then(|visit| match visit.settings.mode {
        Mode::Managed => answer(&visit),
        Mode::Host => Ok(kept_by_the_application(&visit)),
    });
    answered.unwrap_or_else(|error| failed(&error))
}

/// For requests that no person made.
fn nothing() -> Response {
    Response::new(503).header("Cache-Control", "no-store")
}

/// The redirect of a sign-in that succeeded, with its session.
fn sign_in(visit: &Visit<'_>, session: Option<&SessionId>, landing_url: String) -> Response {
    let mut response = Response::see_other(landing_url);
    if let Some(session) = session {
        response =
            response.header("Set-Cookie", visit.cookies.set_session(&Zeroizing::new(session.reveal())));
    }
    response.header("Set-Cookie", visit.cookies.clear_confirm())
}

/// For those who come without a link.
fn about(visit: &Visit<'_>) -> Response {
    let title = "Sign-in links lead here";
    let main = page::heading(title)
        .part(page::paragraph(
            "This address takes links that another system made to sign you in. Open such a link to use it; \
             there is nothing to enter here.",
        ))
        .part(page::button_link(&visit.settings.system_url, "Go to the start page"));
    visit.page(200, title, main)
}

/// In host mode only the application can say who may sign in.
fn kept_by_the_application(visit: &Visit<'_>) -> Response {
    let title = "Signing in works elsewhere";
    let main = page::heading(title)
        .part(page::paragraph(
            "The people of this store are kept by its application, which must check and redeem by itself.",
        ))
        .part(page::button_link(&visit.settings.system_url, "Go to the start page"));
    visit.page(503, title, main)
}

/// Nobody gets in when it is not known that he may.
fn failed(error: &Error) -> Response {
    let text = "Nobody can be signed in just now. Try again in a moment.";
    match error {
        Error::Store(_) => notice(503, "Not available", text).header("Retry-After", RETRY_AFTER),
        Error::Refused(_) | Error::Invalid { .. } | Error::Internal(_) => {
            notice(500, "Something is wrong", "Nobody can be signed in here until it is repaired.")
        }
    }
}

/// A page that needs no store.
fn notice(status: u16, title: &'static str, text: &'static str) -> Response {
    page::page(status, None, title, page::heading(title).part(page::paragraph(text)))
}

/// An API call, which knows of no cookie. Whatever is wrong with it is told in the API's own words.
fn call(gate: &Gatepass, request: &Request) -> Response {
    // Where the settings can't be read, the API can't answer either, and says so in its own way.
    let address =
        gate.settings().ok().and_then(|settings| client_address(request, &settings.trusted_proxies));
    let call = HttpCall {
        method: &request.method,
        query: &request.query,
        content_type: request.content_type(),
        body: &request.body,
        address,
    };
    let answer = api::respond(gate, &call);
    let mut response = Response::new(answer.status)
        .header("Content-Type", answer.content_type)
        .header("Cache-Control", "no-store")
        .header("X-Content-Type-Options", "nosniff");
    if answer.status == 405 {
        response = response.header("Allow", "GET, POST");
    }
    if let Some(seconds) = answer.retry_after {
        response = response.header("Retry-After", seconds.to_string());
    }
    response.body = answer.body;
    response
}
