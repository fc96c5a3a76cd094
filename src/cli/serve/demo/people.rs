//! Who plays: two people with a client each, a portal with a credential, and an old system with an AutoAuth
//! key.

use std::path::Path;

use gatepass::credential::{Caller, Limits, NewCredential};
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::secret::Secret;
use gatepass::{Error, Gatepass, InitOptions, Options};
use serde_json::json;

use super::mailbox::MAIL;

/// The label of the portal's credential.
const PORTAL: &str = "customer portal";

/// The label of the AutoAuth key.
pub(super) const OLD_SYSTEM: &str = "old mail system";

/// A person who uses the portal.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The name in the portal's cookie.
    pub(super) name: &'static str,
    pub(super) shown: String,
    pub(super) email: &'static str,
    pub(super) client: ClientId,
}

/// Everybody, and the secrets that were handed out.
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
    pub(super) identifier: String,
    pub(super) secret: Secret,
    pub(super) autoauth_key: Secret,
}

impl Cast {
    /// Who goes by that name.
    pub(super) fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name == name)
    }
}

/// Make the store with everybody in it.
pub(super) fn gather(store: &Path, seal: &Path, url: &str) -> Result<(Gatepass, Caller, Cast), Error> {
    Gatepass::new_sealing_key_file(seal, store)?;
    let options = Options::new().sealing_key_file(seal).actor("gatepass serve --demo");
    let gate = options.init(store, &InitOptions::new(Mode::Managed, url)?)?;
    let mut people = Vec::new();
    for (name, first, email) in [("ann", "Ann", "ann@example.com"), ("bob", "Bob", "bob@example.net")] {
        let client = add(&gate, first, email)?;
        people.push(Person { name, shown: format!("{first} Example"), email, client });
    }
    gate.add_admin("ops", None)?;
    let issued = gate.create_credential(&NewCredential {
        label: PORTAL.into(),
        admin: Some("ops".into()),
        home_url: Some(format!("{url}/portal/")),
        limits: Limits { destinations: Some(vec!["*".into()]), links: true, ..Limits::default() },
        ..NewCredential::default()
    })?;
    let missing = || Error::Internal("a new credential has no secret".into());
    let identifier = issued.credential.identifier.ok_or_else(missing)?;
    let secret = issued.secret.ok_or_else(missing)?;
    // A key's text is as random as any secret; nothing is ever sealed under this one.
    let random = Gatepass::new_sealing_key_file(seal.with_extension("random"), store)?.to_file_text();
    let autoauth_key = Secret::new(random.reveal().trim());
    gate.add_autoauth_key(OLD_SYSTEM, &autoauth_key, None)?;
    gate.set_setting("autoauth_enabled", json!(true))?;
    gate.set_setting("link_renewal_path", json!(MAIL))?;
    let caller = gate.authenticate(&identifier, &secret, None)?;
    Ok((gate, caller, Cast { people, identifier, secret, autoauth_key }))
}

fn add(gate: &Gatepass, first: &str, email: &str) -> Result<ClientId, Error> {
    let user: UserId = gate
        .add_user(&NewUser {
            email: email.into(),
            first_name: first.into(),
            last_name: "Example".into(),
            ..NewUser::default()
        })?
        .user_id;
    let client = gate.add_client(&NewClient {
        email: email.into(),
        first_name: first.into(),
        last_name: "Example".into(),
        owner: Some(user),
        ..NewClient::default()
    })?;
    Ok(client.client_id)
}
