//! `logout.php`: who is signed in, and a button that ends it.
//!
//! The form needs no nonce: a browser sends the session's cookie along with no other site's POST, and without
//! it nothing ends.

use super::html::Html;
use super::visit::{Visit, unless_refused};
use super::{Response, page};
use crate::error::Result;
use crate::session::EndSessions;

pub(super) const PATH: &str = "logout.php";

pub(super) fn answer(visit: &Visit<'_>) -> Result<Response> {
    if visit.is_post() { end(visit) } else { show(visit) }
}

fn show(visit: &Visit<'_>) -> Result<Response> {
    let Some(person) = visit.signed_in()? else {
        let title = "Nobody is signed in";
        let main = page::heading(title)
            .part(page::paragraph("There is nothing to sign out of in this browser."))
            .part(page::button_link(&visit.settings.system_url, "Go to the start page"));
        return Ok(visit.page(200, title, main));
    };
    let title = "Sign out";
    let main = page::heading("Sign out?");
    let main =
        main.part(Html::new().markup("<p>You are signed in as ").part(person.html()).markup(".</p>\n"));
    let main = main.part(page::form(visit.url(PATH), &[], "Sign out"));
    let main = main.part(page::other_link(visit.home(), "Stay signed in"));
    Ok(visit.page(200, title, main))
}

fn end(visit: &Visit<'_>) -> Result<Response> {
    let response = Response::see_other(visit.settings.system_url.to_string());
    if visit.cookies.session(visit.request).is_none() {
        return Ok(response);
    }
    if let Some(session) = &visit.presented {
        unless_refused(visit.gate.end_sessions(&EndSessions::One(session.clone())))?;
    }
    Ok(response.header("Set-Cookie", visit.cookies.clear_session()))
}
