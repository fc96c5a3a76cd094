//! `oauth/singlesignon.php?access_token=…`: where a token is spent.

use super::confirm::{self, Question};
use super::refusal::{self, Known};
use super::visit::{Visit, unless_refused};
use super::{Response, sign_in};
use crate::error::{Error, Reason, Refusal, Result};
use crate::token::{Binding, Inspection, RedeemRequest, TokenState};

/// The field that brings the token, in the query of a GET and in the confirm form.
const TOKEN: &str = "access_token";

pub(super) const PATH: &str = "oauth/singlesignon.php";

pub(super) fn answer(visit: &Visit<'_>) -> Result<Response> {
    let text = match visit.is_post() {
        true => visit.request.form_field(TOKEN),
        false => visit.request.query_field(TOKEN),
    };
    let text = text.unwrap_or_default();
    let Some(token) = unless_refused(visit.gate.read_token(&text, visit.address))? else {
        return Ok(refusal::unknown(visit));
    };
    let browser = visit.cookies.browser(visit.request).map(Binding::of_nonce);
    let seen = visit.gate.inspect_for_browser(&token, browser.as_ref(), visit.address);
    let Some(seen) = unless_refused(seen)? else {
        return Ok(refusal::unknown(visit));
    };
    // A form without its nonce may be any site's, so it is asked about even where nobody is signed in.
    let asks = match visit.is_post() {
        true => !confirm::is_confirmed(visit),
        false => visit.must_ask(seen.confirm, seen.user_id),
    };
    let attempt = |confirmed| {
        let mut request = RedeemRequest::new(token).replacing(visit.presented.clone()).confirmed(confirmed);
        (request.binding, request.address) = (browser, visit.address);
        request
    };
    match (seen.state, seen.refusal) {
        // What is spent stays so: the attempt only finds out who tries once more.
        // Whoever is signed in as the same person came back to a link of his own, which is no theft.
        (TokenState::Redeemed, _) => {
            let own = visit.is_signed_in(seen.user_id, seen.client_id);
            spend(visit, attempt(!asks && !own), &seen)
        }
        (_, Some(reason)) => {
            let reference = visit.gate.record_refused_token(&seen, visit.address)?;
            refused(visit, &seen, Refusal::new(reason).recorded(reference))
        }
        (_, None) if asks => confirm::ask(
            visit,
            Question {
                user: seen.user_id,
                client: seen.client_id,
                title: None,
                landing: visit.url(&seen.landing),
                endpoint: PATH,
                field: (TOKEN, &text),
                back: visit.home_of(seen.credential_id)?,
            },
        ),
        (_, None) => spend(visit, attempt(true), &seen),
    }
}

fn spend(visit: &Visit<'_>, attempt: RedeemRequest, seen: &Inspection) -> Result<Response> {
    match visit.gate.redeem(&attempt) {
        Ok(spent) => Ok(sign_in(visit, spent.session.as_ref(), spent.landing_url)),
        // Purged since it was looked at.
        Err(Error::Refused(Refusal { reason: Reason::TokenUnknown, .. })) => Ok(refusal::unknown(visit)),
        Err(Error::Refused(refusal)) => refused(visit, seen, refusal),
        Err(error) => Err(error),
    }
}

fn refused(visit: &Visit<'_>, seen: &Inspection, refusal: Refusal) -> Result<Response> {
    let (landing, back) = (Some(visit.url(&seen.landing)), visit.home_of(seen.credential_id)?);
    let (user, client) = (seen.user_id, seen.client_id);
    Ok(refusal::known(visit, &Known { refusal, user, client, landing, back, renewal: None }))
}
