//! What somebody is told who is not signed in.
//!
//! Whoever holds a known token or a link with the right hash learns why, for it is his. Anybody else hears
//! one line, the same for what never was and for what can't be.

use super::html::Html;
use super::visit::Visit;
use super::{Response, page};
use crate::error::{Reason, Refusal};
use crate::id::{ClientId, UserId};

/// A refusal of something known.
pub(super) struct Known {
    pub(super) refusal: Refusal,
    pub(super) user: Option<UserId>,
    pub(super) client: Option<ClientId>,
    /// Where it would have led, if that is known.
    pub(super) landing: Option<String>,
    /// Where the person came from.
    pub(super) back: String,
    /// Where a fresh link can be had, if that would help.
    pub(super) renewal: Option<String>,
}

/// Status, heading and advice.
///
/// 410 where the link itself is over, so that nobody tries it again (RFC 9110 §15.5.11); 403 where the link
/// is good and the person, the browser or the page is not.
fn told(reason: Reason) -> (u16, &'static str, &'static str) {
    match reason {
        Reason::TokenRedeemed | Reason::AutoAuthUsed => {
            (410, "This link was used already", "Each link signs in once. Go back and ask for a new one.")
        }
        Reason::TokenExpired | Reason::AutoAuthTooOld | Reason::AutoAuthForgotten => {
            (410, "This link has expired", "Go back and ask for a new one.")
        }
        Reason::LinkUsed => {
            (410, "This link was used already", "It can't be used again. You need a new one to sign in.")
        }
        Reason::LinkExpired => (
            410,
            "This link has expired",
            "Links in e-mails work for a limited time. You need a new one to sign in.",
        ),
        Reason::LinkSuperseded => (
            410,
            "Another link was used instead",
            "You have used another link of the same kind, which ended this one. You need a new one to sign in.",
        ),
        Reason::LinkOutdated => (
            410,
            "This link is out of date",
            "Your e-mail address or password was changed since this link was sent. You need a new one to sign in.",
        ),
        Reason::TokenRevoked
        | Reason::LinkRevoked
        | Reason::LinksNotAllowed
        | Reason::CredentialRevoked
        | Reason::CredentialExpired
        | Reason::CredentialDisabled
        | Reason::AdminDisabled => (
            410,
            "This link is no longer valid",
            "Go back and ask for a new one. If that does not help, contact support.",
        ),
        Reason::BrowserMismatch => (
            403,
            "This link belongs to another browser",
            "Open it in the browser in which you asked for it, or go back and ask for a new one.",
        ),
        Reason::GotoNotAllowed => (
            403,
            "This link leads to a page that is not allowed",
            "It was changed since it was made. Go back and ask for a new one.",
        ),
        Reason::LandingNotAllowed | Reason::DestinationNotAllowed => (
            403,
            "This link leads to a page that is not allowed",
            "Links may no longer lead there. Go back and sign in, or contact support.",
        ),
        _ => (403, "Signing in is not possible", "Contact support."),
    }
}

/// The line of the documented error, where there is one (contract §1.5: its "User ID" is the client's).
fn documented(reason: Reason, client: ClientId) -> Option<String> {
    match reason {
        Reason::ClientClosed => {
            Some(format!("Single Sign-On authentication denied for \"Closed\" User ID: {client}"))
        }
        Reason::SsoDisabled => {
            Some(format!("Single Sign-On authentication denied per configuration for User ID: {client}"))
        }
        Reason::AutoAuthUsed
        | Reason::AutoAuthTooOld
        | Reason::AutoAuthTooNew
        | Reason::AutoAuthForgotten
        | Reason::GotoNotAllowed
        | Reason::LinkUsed
        | Reason::LinkRevoked
        | Reason::LinkSuperseded
        | Reason::LinkOutdated
        | Reason::LinkNotYetValid
        | Reason::LinkExpired
        | Reason::LandingNotAllowed => None,
        _ => Some(format!("Unable to authenticate with Single Sign-On token for User ID: {client}")),
    }
}

/// To the holder of something known. Whom it signed in, and who still is, goes on to its page; a double click is
/// shown the way there, and everybody else why not.
pub(super) fn known(visit: &Visit<'_>, known: &Known) -> Response {
    let refusal = &known.refusal;
    let used = matches!(refusal.reason, Reason::TokenRedeemed | Reason::AutoAuthUsed);
    match &known.landing {
        Some(landing) if used && visit.is_signed_in(known.user, known.client) => Response::see_other(landing),
        Some(landing) if refusal.duplicate && !refusal.same_browser => used_just_now(visit, known, landing),
        _ => explained(visit, known),
    }
}

fn explained(visit: &Visit<'_>, known: &Known) -> Response {
    let reason = known.refusal.reason;
    let (status, title, advice) = told(reason);
    let mut main = page::heading(title).part(page::paragraph(advice)).part(told_reference(known));
    if let Some(line) = known.client.and_then(|client| documented(reason, client)) {
        main = main.markup("<p class=\"detail\">").text(line).markup("</p>\n");
    }
    main = main.part(match &known.renewal {
        Some(renewal) => {
            page::button_link(renewal, "Get a new link").part(page::other_link(&known.back, "Go back"))
        }
        None => page::button_link(&known.back, "Go back"),
    });
    visit.page(status, title, main)
}

/// To somebody whose link was used a moment ago, most likely by himself: a double click whose first answer
/// was lost. Nobody is signed in by this; whoever holds the session goes on.
fn used_just_now(visit: &Visit<'_>, known: &Known, landing: &str) -> Response {
    let title = "This link was used a moment ago";
    let main = page::heading(title)
        .part(page::paragraph("If that was you, you are signed in already."))
        .part(told_reference(known))
        .part(page::button_link(landing, "Continue"));
    // A mail's filter that opens links may have come first, just when the person clicked.
    let main = main.part(match &known.renewal {
        Some(renewal) => page::other_link(renewal, "That was not me: get a new link"),
        None => Html::new(),
    });
    let main = main.part(page::other_link(&known.back, "Go back"));
    visit.page(410, title, main)
}

/// What an operator finds the event in the audit by.
fn told_reference(known: &Known) -> Html {
    match known.refusal.reference {
        Some(reference) => {
            Html::new().markup("<p>Reference for support: <code>").text(reference).markup("</code></p>\n")
        }
        None => Html::new(),
    }
}

/// To everybody else.
pub(super) fn unknown(visit: &Visit<'_>) -> Response {
    let title = "This link does not work";
    let main = page::heading(title)
        .part(page::paragraph("Go back to where you found it, and ask for a new one."))
        .part(page::button_link(&visit.settings.system_url, "Go to the start page"));
    visit.page(403, title, main)
}
