//! Admins, credentials, AutoAuth keys and the sealing key.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Value, json};

use super::{Operation, operation};
use crate::clock::Timestamp;
use crate::credential::{IssuedSecret, NewCredential, Rotation};
use crate::error::Result;
use crate::gatepass::Gatepass;
use crate::secret::Secret;
use crate::settings::Confirm;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAdmin {
    username: String,
    #[serde(default)]
    password: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdminName {
    username: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    username: String,
    /// The password in clear; `null` removes it.
    password: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialName {
    credential: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    credential: String,
    #[serde(default)]
    overlap_seconds: u64,
    #[serde(default)]
    leaked_since: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    credential: String,
    #[serde(default)]
    end_sessions: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    label: String,
    key: Secret,
    #[serde(default)]
    confirm: Option<Confirm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyLabel {
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    #[serde(default = "thirty")]
    days: u32,
}

fn thirty() -> u32 {
    30
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    file: PathBuf,
}

/// A new secret is shown this once.
struct ShownOnce(IssuedSecret);

impl Serialize for ShownOnce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ShownOnce(issued) = self;
        let mut fields = serializer.serialize_struct("ShownOnce", 5)?;
        fields.serialize_field("credential", &issued.credential)?;
        fields.serialize_field("secret", &issued.secret.as_ref().map(Secret::reveal))?;
        fields.serialize_field("tokens_ended", &issued.tokens_ended)?;
        fields.serialize_field("links_ended", &issued.links_ended)?;
        fields.serialize_field("sessions_ended", &issued.sessions_ended)?;
        fields.end()
    }
}

fn switch_autoauth(gate: &Gatepass, on: bool) -> Result<Value> {
    gate.set_setting("autoauth_enabled", json!(on))?;
    let active = gate.list_autoauth_keys()?.iter().filter(|key| key.retired_at.is_none()).count();
    Ok(json!({ "enabled": on, "active_keys": active }))
}

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("admin.add", "Add an admin, the owner of credentials.", |gate, new: NewAdmin| {
        gate.add_admin(&new.username, new.password.as_ref())
    }),
    operation!("admin.list", "List the admins.", |gate| gate.list_admins()),
    operation!("admin.enable", "Enable an admin.", |gate, admin: AdminName| {
        gate.enable_admin(&admin.username, true)
    }),
    operation!("admin.disable", "Disable an admin and all its credentials.", |gate, admin: AdminName| {
        gate.enable_admin(&admin.username, false)
    }),
    operation!("admin.set_password", "Set an admin's password, or remove it.", |gate, new: NewPassword| {
        gate.set_admin_password(&new.username, new.password.as_ref())
    }),
    operation!(
        "credential.create",
        "Make a credential; its secret is shown once.",
        |gate, new: NewCredential| { gate.create_credential(&new).map(ShownOnce) }
    ),
    operation!("credential.list", "List the credentials.", |gate| gate.list_credentials()),
    operation!(
        "credential.show",
        "Tell one credential, by label or identifier.",
        |gate, named: CredentialName| { gate.credential(&named.credential) }
    ),
    operation!("credential.rotate", "Give a credential a new secret, shown once.", |gate, rotate: Rotate| {
        let rotation = Rotation {
            overlap: Duration::from_secs(rotate.overlap_seconds),
            leaked_since: rotate.leaked_since,
        };
        gate.rotate_credential(&rotate.credential, &rotation).map(ShownOnce)
    }),
    operation!(
        "credential.revoke",
        "Revoke a credential and its unspent tokens for good.",
        |gate, revoke: Revoke| { gate.revoke_credential(&revoke.credential, revoke.end_sessions) }
    ),
    operation!("credential.enable", "Switch a host credential on.", |gate, named: CredentialName| {
        gate.enable_credential(&named.credential, true)
    }),
    operation!("credential.disable", "Switch a host credential off.", |gate, named: CredentialName| {
        gate.enable_credential(&named.credential, false)
    }),
    operation!("autoauth.enable", "Accept AutoAuth links.", |gate| switch_autoauth(gate, true)),
    operation!("autoauth.disable", "Refuse AutoAuth links.", |gate| switch_autoauth(gate, false)),
    operation!("autoauth.key_add", "Store an AutoAuth key, sealed.", |gate, new: NewKey| {
        gate.add_autoauth_key(&new.label, &new.key, new.confirm)
    }),
    operation!("autoauth.key_list", "List the AutoAuth keys and their use.", |gate| gate
        .list_autoauth_keys()),
    operation!("autoauth.key_retire", "Retire an AutoAuth key.", |gate, key: KeyLabel| {
        gate.retire_autoauth_key(&key.label)
    }),
    operation!("autoauth.report", "Tell who still uses AutoAuth links.", |gate, over: Days| {
        gate.autoauth_report(over.days)
    }),
    operation!(
        "seal.rotate",
        "Seal all AutoAuth keys anew under the key in a file.",
        |gate, new: KeyFile| {
            let key = gate.read_sealing_key_file(&new.file)?;
            gate.rotate_sealing_key(&key).map(|keys| json!({ "keys": keys }))
        }
    ),
];
