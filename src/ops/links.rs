//! Sign-in links, as far as they are managed: make and open are typed calls.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, operation};
use crate::directory::Mode;
use crate::error::{Error, Result};
use crate::gatepass::Gatepass;
use crate::id::{ClientId, CredentialId, UserId};
use crate::link::{EndLinks, LinkEnd, LinkQuery, LinkReportQuery, SignInLink};
use crate::secret::{Reference, Secret};

/// A link by its text (32 characters), its URL or its public name (24).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneLink {
    link: Secret,
}

/// The same, as brought from an address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inspect {
    link: Secret,
    #[serde(default)]
    address: Option<IpAddr>,
}

enum Found {
    Link(SignInLink),
    Name(Reference),
}

fn find(link: &Secret) -> Result<Found> {
    let text = link.reveal();
    let found = SignInLink::from_url(text).map(Found::Link);
    found.or_else(|| Reference::parse(text).map(Found::Name)).ok_or_else(|| {
        Error::invalid(
            "link",
            "must be a sign-in link (its URL or 32 characters) or its name (24 hex characters)",
        )
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    #[serde(default)]
    link: Option<Secret>,
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    client_id: Option<ClientId>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    credential_id: Option<CredentialId>,
}

fn revoke(gate: &Gatepass, revoke: Revoke) -> Result<Value> {
    let given = (revoke.link, revoke.user_id, revoke.client_id, revoke.label, revoke.credential_id);
    let which = match given {
        (Some(link), None, None, None, None) => match find(&link)? {
            Found::Link(link) => EndLinks::One(link),
            Found::Name(name) => EndLinks::Named(name),
        },
        (None, Some(user), None, None, None) => EndLinks::OfUser(user),
        (None, None, Some(client), None, None) => EndLinks::OfClient(client),
        (None, None, None, Some(label), None) => EndLinks::OfLabel(label),
        (None, None, None, None, Some(credential)) => EndLinks::OfCredential(credential),
        _ => {
            return Err(Error::invalid(
                "link",
                "exactly one of link, user_id, client_id, label and credential_id is needed",
            ));
        }
    };
    Ok(json!({ "ended": gate.revoke_links(&which)? }))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Changed {
    Email,
    Password,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChanged {
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    client_id: Option<ClientId>,
    changed: Changed,
}

fn account_changed(gate: &Gatepass, account: &AccountChanged) -> Result<Value> {
    // A wrong id would end nothing, and nobody would notice. In host mode only the host knows whom there is.
    let managed = gate.settings()?.mode == Mode::Managed;
    let which = match (account.user_id, account.client_id) {
        (Some(user), None) => {
            if managed {
                gate.user(user)?;
            }
            EndLinks::OfUser(user)
        }
        (None, Some(client)) => {
            if managed {
                gate.client(client)?;
            }
            EndLinks::OfClient(client)
        }
        _ => return Err(Error::invalid("user_id", "exactly one of user_id and client_id is needed")),
    };
    let why = match account.changed {
        Changed::Email => LinkEnd::EmailChanged,
        Changed::Password => LinkEnd::PasswordChanged,
    };
    Ok(json!({ "ended": gate.end_links(&which, why)? }))
}

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("link.inspect", "Tell where a sign-in link stands, using nothing.", |gate, one: Inspect| {
        match find(&one.link) {
            Ok(Found::Link(link)) => gate.inspect_link(&link, one.address),
            Ok(Found::Name(name)) => gate.inspect_link_reference(&name),
            // A page gives this whatever a browser brought: what is none is a guess, as it is to who opens it.
            Err(_) => gate.inspect_link(&gate.read_link(one.link.reveal(), one.address)?, one.address),
        }
    }),
    operation!("link.explain", "Tell the whole story of one sign-in link.", |gate, one: OneLink| {
        match find(&one.link)? {
            Found::Link(link) => gate.explain_link(&link),
            Found::Name(name) => gate.explain_link_reference(&name),
        }
    }),
    operation!("link.list", "List sign-in links, newest first.", |gate, query: LinkQuery| gate
        .list_links(&query)),
    operation!(
        "link.revoke",
        "Revoke sign-in links: one, or all of a user, client, label or credential.",
        |gate, which: Revoke| { revoke(gate, which) }
    ),
    operation!(
        "link.account_changed",
        "End the sign-in links of somebody whose e-mail address or password was changed.",
        |gate, account: AccountChanged| { account_changed(gate, &account) }
    ),
    operation!(
        "link.report",
        "Tell what became of the sign-in links of one label, or of each.",
        |gate, query: LinkReportQuery| { gate.link_report(&query) }
    ),
];
