//! Who calls: the three forms of the contract (§3.2).
//!
//! `identifier` and `secret`; the same pair as `username` and `password`; or an admin's `username` with the
//! MD5 of the password. `accesskey` is ignored: no key stands over the list of addresses here.

use std::net::IpAddr;

use super::answer::{Failure, NO_CREDENTIALS};
use super::parameters::{Parameters, Text};
use crate::credential::{Caller, Part, Typo, check};
use crate::error::{Error, Reason, Result};
use crate::gatepass::Gatepass;
use crate::secret::Secret;

/// For a wrong username or password (contract §3.5).
const WRONG_PASSWORD: &str = "Authentication Failed";

/// Which pair of fields the caller filled, and with what.
enum Given {
    Identifier(String, Secret),
    Username(String, Secret),
}

/// Take the credentials out of the parameters and authenticate the caller.
pub(super) fn authenticate(
    gate: &Gatepass,
    parameters: &mut Parameters,
    secret_in_query: bool,
    address: Option<IpAddr>,
) -> Result<Caller, Failure> {
    let given = given(parameters)?;
    let (told, advises, answer) = match &given {
        Given::Identifier(identifier, secret) => {
            (NO_CREDENTIALS, true, gate.authenticate(identifier, secret, address))
        }
        Given::Username(username, password) if is_identifier(username) => {
            (WRONG_PASSWORD, true, gate.authenticate(username, password, address))
        }
        // No advice here: a wrong password, a lock and the switch that is off each have another, and would
        // be told apart by it.
        Given::Username(username, password) => {
            (WRONG_PASSWORD, false, gate.authenticate_admin(username, password, address))
        }
    };
    let caller = answer.map_err(|error| match error {
        Error::Refused(refusal) => {
            let failure = match refusal.reason {
                Reason::AddressNotAllowed => Failure::address(address),
                _ => Failure::forbidden(told),
            };
            failure.retry_after(refusal.retry_after.filter(|_| advises))
        }
        other => other.into(),
    })?;
    if secret_in_query {
        gate.authorise_query_secret(&caller, address).map_err(|error| match error.reason() {
            // The secret was right, so this tells nothing that its holder did not know.
            Some(Reason::SecretInQuery) => Failure::forbidden(
                "Invalid Permissions: the secret stood in the URL, which this credential does not allow; \
                 send it in the body of a POST",
            ),
            _ => Failure::of_call(error, "", address),
        })?;
    }
    Ok(caller)
}

/// What was given; nothing at all is an identifier that nobody has, so that it costs and answers the same.
fn given(parameters: &mut Parameters) -> Result<Given, Failure> {
    let mut take = |name| parameters.take(name);
    let (identifier, secret) = (take("identifier"), take("secret"));
    let (username, password) = (take("username"), take("password"));
    let differ = |one: &Option<Text>, other: &Option<Text>| match (one, other) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    if differ(&identifier, &username) || differ(&secret, &password) {
        return Err(Failure::malformed("Two different credentials are given"));
    }
    let plain = |text: Text| text.as_str().to_owned();
    let proof = |text: Option<Text>| Secret::new(std::mem::take(&mut *text.unwrap_or_default()));
    Ok(match (identifier, username) {
        (None, Some(username)) => Given::Username(plain(username), proof(password)),
        (identifier, _) => Given::Identifier(plain(identifier.unwrap_or_default()), proof(secret)),
    })
}

/// Whether it looks like an identifier. The check sum is not asked: it must not decide what an answer costs.
fn is_identifier(username: &str) -> bool {
    matches!(check(Part::Identifier, username), Ok(()) | Err(Typo::CheckSum))
}
