//! `dologin.php?email=…&timestamp=…&hash=…&goto=…`: where old AutoAuth links are accepted.

use zeroize::Zeroizing;

use super::confirm::{self, Question};
use super::refusal::{self, Known};
use super::visit::Visit;
use super::{Response, about, sign_in};
use crate::autoauth::{AutoAuthInspection, Link};
use crate::error::{Error, Reason, Refusal, Result};
use crate::gatepass::AutoAuthRequest;

/// The field of the confirm form that brings the link's query.
const LINK: &str = "link";

pub(super) const PATH: &str = "dologin.php";

pub(super) fn answer(visit: &Visit<'_>) -> Result<Response> {
    let query = match visit.is_post() {
        true => visit.request.form_field(LINK).unwrap_or_default(),
        false => as_text(&visit.request.query),
    };
    if !visit.is_post() && !["email", "timestamp", "hash"].iter().any(|name| visit.request.asks_with(name)) {
        return Ok(about(visit));
    }
    let Ok(link) = Link::parse(query.as_bytes()) else {
        return Ok(refusal::unknown(visit));
    };
    let mut request = AutoAuthRequest::default().replacing(visit.presented.clone());
    request.address = visit.address;
    let seen = match visit.gate.inspect_autoauth_link(&link, &request) {
        Ok(seen) => seen,
        Err(error) if is_nobodys(&error) => return Ok(refusal::unknown(visit)),
        Err(error) => return Err(error),
    };
    if let Some(refusal) = &seen.refusal {
        let reference = visit.gate.record_refused_autoauth(&seen, visit.address)?;
        return Ok(refused(visit, &seen, refusal.clone().recorded(reference)));
    }
    let asks = match visit.is_post() {
        true => !confirm::is_confirmed(visit),
        false => visit.must_ask(seen.confirm, seen.user_id),
    };
    if asks {
        let landing = seen.landing.as_ref().map_or("", |landing| landing.as_str());
        let question = Question {
            user: seen.user_id,
            client: seen.client_id,
            title: None,
            landing: visit.url(landing),
            endpoint: PATH,
            field: (LINK, &query),
            back: visit.settings.system_url.to_string(),
        };
        return confirm::ask(visit, question);
    }
    match visit.gate.accept_autoauth_link(&link, &request) {
        Ok(accepted) => Ok(sign_in(visit, accepted.session.as_ref(), accepted.landing_url)),
        Err(error) if is_nobodys(&error) => Ok(refusal::unknown(visit)),
        // Somebody was faster since it was looked at.
        Err(Error::Refused(refusal)) => Ok(refused(visit, &seen, refusal)),
        Err(error) => Err(error),
    }
}

/// Whether it says nothing but that this is no link of ours.
fn is_nobodys(error: &Error) -> bool {
    matches!(error.reason(), Some(Reason::AutoAuthOff | Reason::AutoAuthHash))
}

fn refused(visit: &Visit<'_>, seen: &AutoAuthInspection, refusal: Refusal) -> Response {
    let back = visit.settings.system_url.to_string();
    let landing = seen.landing.as_ref().map(|landing| visit.url(landing.as_str()));
    let (user, client) = (seen.user_id, seen.client_id);
    refusal::known(visit, &Known { refusal, user, client, landing, back, renewal: None })
}

/// The raw query as a text that stands for the same bytes: a form brings it back without harm.
fn as_text(query: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(3 * query.len()));
    for &byte in query {
        match byte {
            0x21..=0x7E => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_query_goes_through_the_confirm_form_with_every_byte_under_its_hash(
            email in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let fields = |query: &[u8]| {
                form_urlencoded::parse(query).map(|(name, value)| (name.into_owned(), value.into_owned()))
                    .collect::<Vec<_>>()
            };
            let query = [b"email=a%4", &email[..], b"%zz@b+%&timestamp=1800000000&hash=", &[b'0'; 40][..]].concat();
            let text = as_text(&query);
            prop_assert!(text.is_ascii());
            let form = form_urlencoded::Serializer::new(String::new()).append_pair(LINK, &text).finish();
            let brought = Request::new("POST", PATH).body(form).form_field(LINK).unwrap();
            prop_assert_eq!(fields(&query), fields(brought.as_bytes()));
            prop_assert_eq!(Link::parse(&query).ok(), Link::parse(brought.as_bytes()).ok());
        }
    }

    use super::super::Request;
}
