//! `signin.php?…`: where the sign-in links of e-mails lead.
//!
//! Robots look into mailboxes and open what they find. So a GET never uses a link, whoever is signed in: it
//! asks, and the form of that page uses it.

use zeroize::Zeroizing;

use super::confirm::{self, Question};
use super::refusal::{self, Known};
use super::visit::{Visit, unless_refused};
use super::{Response, about, sign_in};
use crate::error::{Error, Reason, Refusal, Result};
use crate::link::{LinkInspection, LinkState, OpenRequest, SignInLink};

/// The field of the confirm form that brings the link, and the parameter that names it to the page which
/// offers a fresh one.
const LINK: &str = "link";

pub(super) const PATH: &str = "signin.php";

pub(super) fn answer(visit: &Visit<'_>) -> Result<Response> {
    if !visit.is_post() && visit.request.query.is_empty() {
        return Ok(about(visit));
    }
    let Some(link) = unless_refused(brought(visit))? else {
        return Ok(refusal::unknown(visit));
    };
    let Some(seen) = unless_refused(visit.gate.inspect_link(&link, visit.address))? else {
        return Ok(refusal::unknown(visit));
    };
    if let Some(landing) = own_landing(visit, &seen) {
        return Ok(Response::see_other(landing));
    }
    if let Some(refusal) = visit.gate.refused_link(&seen, visit.address)? {
        return refused(visit, &seen, refusal);
    }
    if visit.is_post() && confirm::is_confirmed(visit) {
        return open(visit, link, &seen);
    }
    let question = Question {
        user: seen.user_id,
        client: seen.client_id,
        title: seen.title.as_deref(),
        landing: visit.url(&seen.landing),
        endpoint: PATH,
        field: (LINK, &Zeroizing::new(link.reveal())),
        back: visit.home_of(Some(seen.credential_id))?,
    };
    confirm::ask(visit, question)
}

fn brought(visit: &Visit<'_>) -> Result<SignInLink> {
    let text = match visit.is_post() {
        true => visit.request.form_field(LINK),
        false => SignInLink::in_query(&visit.request.query).map(|link| Zeroizing::new(link.reveal())),
    };
    visit.gate.read_link(&text.unwrap_or_default(), visit.address)
}

/// Where the link leads, for whom it would sign in and who is signed in here already: he needs no use of it,
/// even when it is over. Nobody is led on for a credential or a page that is not allowed any more.
fn own_landing(visit: &Visit<'_>, seen: &LinkInspection) -> Option<String> {
    let allowed = !matches!(seen.state, LinkState::CredentialVoid | LinkState::NotYetValid);
    let own = allowed && visit.is_signed_in(seen.user_id, seen.client_id);
    if own { visit.safe_url(&seen.landing) } else { None }
}

fn open(visit: &Visit<'_>, link: SignInLink, seen: &LinkInspection) -> Result<Response> {
    let mut request = OpenRequest::new(link).signing_in(visit.presented.clone());
    request.address = visit.address;
    match visit.gate.open_link(&request) {
        Ok(opened) => {
            let session = opened.redemption.and_then(|redemption| redemption.session);
            Ok(sign_in(visit, session.as_ref(), opened.landing_url))
        }
        // Purged since it was looked at.
        Err(Error::Refused(Refusal { reason: Reason::LinkUnknown, .. })) => Ok(refusal::unknown(visit)),
        Err(Error::Refused(refusal)) => refused(visit, seen, refusal),
        Err(error) => Err(error),
    }
}

fn refused(visit: &Visit<'_>, seen: &LinkInspection, refusal: Refusal) -> Result<Response> {
    let known = Known {
        renewal: if renewable(refusal.reason) { renewal(visit, seen) } else { None },
        refusal,
        user: seen.user_id,
        client: seen.client_id,
        landing: visit.safe_url(&seen.landing),
        back: visit.home_of(Some(seen.credential_id))?,
    };
    Ok(refusal::known(visit, &known))
}

/// Whether the person could sign in with another link.
fn renewable(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::LinkUsed
            | Reason::LinkExpired
            | Reason::LinkRevoked
            | Reason::LinkSuperseded
            | Reason::LinkOutdated
            | Reason::LinksNotAllowed
            | Reason::CredentialRevoked
            | Reason::CredentialExpired
            | Reason::CredentialDisabled
            | Reason::AdminDisabled
    )
}

/// The application's page that offers a fresh link, told the public name of this one.
fn renewal(visit: &Visit<'_>, seen: &LinkInspection) -> Option<String> {
    let page = visit.settings.link_renewal_path.as_str();
    let join = if page.contains('?') { '&' } else { '?' };
    if page.is_empty() { None } else { visit.safe_url(&format!("{page}{join}{LINK}={}", seen.link)) }
}
