//! The page that asks before somebody is signed in, and the proof that its button was pressed.
//!
//! The proof is a nonce in a hidden field that equals a cookie of the same browser, which no other site can
//! set or send along. The header `Origin` would prove nothing: under `no-referrer` browsers send `null`.

use super::html::Html;
use super::visit::{Visit, isolated};
use super::{Response, page};
use crate::error::Result;
use crate::id::{ClientId, UserId};
use crate::secret::same;

/// The hidden field that holds the nonce.
const NONCE: &str = "nonce";

/// A sign-in to be confirmed.
pub(super) struct Question<'a> {
    /// Whom it signs in.
    pub(super) user: Option<UserId>,
    /// Into which client.
    pub(super) client: Option<ClientId>,
    /// What waits there, if that has a name.
    pub(super) title: Option<&'a str>,
    /// Where it leads.
    pub(super) landing: String,
    /// The page that the form is sent to, below the system URL.
    pub(super) endpoint: &'static str,
    /// The hidden field that brings the token or link, and its value.
    pub(super) field: (&'static str, &'a str),
    /// Where somebody goes who doesn't want this and is not signed in.
    pub(super) back: String,
}

/// Whether the form comes from a page that this browser was shown.
pub(super) fn is_confirmed(visit: &Visit<'_>) -> bool {
    let (cookie, field) = (visit.cookies.confirm(visit.request), visit.request.form_field(NONCE));
    match (cookie, field) {
        (Some(cookie), Some(field)) => !cookie.is_empty() && same(cookie, field.as_bytes()),
        _ => false,
    }
}

/// Ask. Nothing is spent until the answer comes.
pub(super) fn ask(visit: &Visit<'_>, question: Question<'_>) -> Result<Response> {
    let nonce = visit.gate.page_nonce()?;
    let here = visit.signed_in()?;
    let person = visit.person(question.user, question.client)?;
    let main = page::heading(match question.title {
        Some(title) => format!("Continue as {person} to {}?", isolated(title)),
        None => format!("Continue as {person}?"),
    });
    let main = main.part(match &here {
        Some(here) => {
            let signed_in = Html::new().markup("<p>You are signed in as ").part(here.html());
            match visit.is_other(question.user) {
                true => {
                    signed_in.markup("; continuing signs ").text(here).markup(" out in this browser.</p>\n")
                }
                false => signed_in.markup(".</p>\n"),
            }
        }
        None => page::paragraph("Nobody is signed in here yet."),
    });
    let main =
        main.markup("<p>This link signs you in as ").part(person.html()).markup(" and leads to <code>");
    let main = main.text(&question.landing).markup("</code>.</p>\n");
    let main = main.part(page::paragraph(
        "If that is not you, don't continue: somebody may want you to use an account that is not yours.",
    ));
    let fields = [question.field, (NONCE, &*nonce)];
    let main =
        main.part(page::form(visit.url(question.endpoint), &fields, format_args!("Continue as {person}")));
    let main = main.part(match &here {
        Some(here) => page::other_link(visit.home(), format_args!("Stay signed in as {here}")),
        None => page::other_link(question.back, "Cancel"),
    });
    let response = visit.page(200, "Confirm the sign-in", main);
    Ok(response.header("Set-Cookie", visit.cookies.set_confirm(&nonce)))
}
