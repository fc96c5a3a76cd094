//! `CreateSsoToken` (contract §1).

use std::net::IpAddr;
use std::str::FromStr;

use serde_json::Value;

use super::action::Action;
use super::answer::{Failure, Fields};
use super::parameters::Parameters;
use crate::credential::Caller;
use crate::directory::Subject;
use crate::error::{Error, Reason, Refusal};
use crate::gatepass::Gatepass;
use crate::id::{ClientId, UserId};
use crate::token::IssueRequest;

pub(super) fn run(
    gate: &Gatepass,
    caller: &Caller,
    parameters: &Parameters,
    address: Option<IpAddr>,
) -> Result<Fields, Failure> {
    let of_call = |error| Failure::of_call(error, Action::CreateSsoToken.name(), address);
    gate.authorise(caller, Action::CreateSsoToken.name(), address).map_err(of_call)?;
    let request = request(parameters, address)?;
    match gate.issue(caller, &request) {
        // Moved and not copied: each of them lets somebody in.
        Ok(issued) => Ok(Fields::from_iter([
            ("access_token".to_owned(), Value::String(issued.token.reveal())),
            ("redirect_url".to_owned(), Value::String(issued.redirect_url)),
        ])),
        Err(Error::Refused(refusal)) => Err(refused(gate, &request, refusal, of_call)),
        // What can be invalid by now is where to land: no such destination, one that lacks its id or path, or
        // a path that is not safe. The text for the first is documented; for the others it is unknown in the
        // contract (§11.1).
        Err(Error::Invalid { .. }) => Err(Failure::invalid("destination")),
        Err(fault) => Err(Failure::Fault(fault)),
    }
}

fn request(parameters: &Parameters, address: Option<IpAddr>) -> Result<IssueRequest, Failure> {
    // Version 7.10 signed in a client's contact by this. There are none here, and the owner instead would be
    // more than was asked for. 0 says "none".
    if parameters.text("contact_id")?.is_some_and(|id| id != "0") {
        return Err(Failure::invalid("contact_id"));
    }
    let client: Option<ClientId> = id(parameters, "client_id")?;
    let user: Option<UserId> = id(parameters, "user_id")?;
    let subject = Subject::from_ids(user, client)
        .map_err(|_| Failure::business("A valid client_id or user_id is required"))?;
    let mut request = IssueRequest::new(subject);
    request.destination = parameters.text("destination")?.map(str::to_owned);
    // An id that is none counts as missing: whether it is needed is the destination's to say.
    request.service_id = parameters.text("service_id")?.and_then(|id| id.parse().ok());
    request.domain_id = parameters.text("domain_id")?.and_then(|id| id.parse().ok());
    request.redirect_path = parameters.text("sso_redirect_path")?.map(str::to_owned);
    request.drop_leftovers = true;
    request.address = address;
    Ok(request)
}

fn id<T: FromStr>(parameters: &Parameters, name: &str) -> Result<Option<T>, Failure> {
    let text = parameters.text(name)?;
    text.map(|text| text.parse().map_err(|_| Failure::invalid(name))).transpose()
}

fn refused(
    gate: &Gatepass,
    request: &IssueRequest,
    refusal: Refusal,
    of_call: impl FnOnce(Error) -> Failure,
) -> Failure {
    let reason = refusal.reason;
    let denied = |code| Failure::business(not_provisioned(code, reason.message()));
    let failure = match reason {
        Reason::ClientUnknown => Failure::invalid("client_id"),
        // Without a client's id it was the user who led to none that the credential may see.
        Reason::ClientNotAllowed if request.subject.client().is_none() => Failure::invalid("user_id"),
        Reason::ClientNotAllowed => Failure::invalid("client_id"),
        Reason::UserUnknown => Failure::invalid("user_id"),
        Reason::NotAMember => Failure::invalid("user_id for client"),
        Reason::DestinationNotAllowed => Failure::invalid("destination"),
        Reason::ClientClosed | Reason::SsoDisabled => match blocked_client(gate, request.subject) {
            Ok(Some(client)) => Failure::business(format!("SSO authentication blocked for client {client}")),
            Ok(None) => denied("access_denied"),
            Err(fault) => fault,
        },
        Reason::RateLimited => denied("temporarily_unavailable"),
        Reason::UserDisabled | Reason::NoClient | Reason::NoOwner => denied("access_denied"),
        // The caller itself may not, or no longer.
        _ => return of_call(refusal.into()),
    };
    failure.retry_after(refusal.retry_after)
}

/// The client that blocks: the one named, or the first of a user who was named alone, whose standing decides
/// then.
fn blocked_client(gate: &Gatepass, subject: Subject) -> Result<Option<ClientId>, Failure> {
    match (subject.client(), subject.user()) {
        (None, Some(user)) => match gate.user(user) {
            Ok(user) => Ok(user.clients.first().map(|place| place.client_id)),
            Err(fault @ (Error::Store(_) | Error::Internal(_))) => Err(Failure::Fault(fault)),
            Err(_) => Ok(None),
        },
        (client, _) => Ok(client),
    }
}

/// The documented text with an OAuth error code (RFC 6749) and what it means here.
pub(super) fn not_provisioned(code: &str, description: &str) -> String {
    format!("Token could not be provisioned: {code}. {description}")
}
