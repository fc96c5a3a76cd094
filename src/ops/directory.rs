//! Users, clients and memberships.

use serde::Deserialize;

use super::{Operation, operation};
use crate::directory::{ClientStatus, DirectoryQuery, NewClient, NewUser};
use crate::id::{ClientId, UserId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneUser {
    user_id: UserId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEmail {
    user_id: UserId,
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneClient {
    client_id: ClientId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    client_id: ClientId,
    status: ClientStatus,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowSso {
    client_id: ClientId,
    allow: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMember {
    user_id: UserId,
    client_id: ClientId,
    #[serde(default)]
    owner: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneMember {
    user_id: UserId,
    client_id: ClientId,
}

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("user.add", "Add a user.", |gate, new: NewUser| gate.add_user(&new)),
    operation!(
        "user.list",
        "List users, by exact address or the start of a name.",
        |gate, query: DirectoryQuery| { gate.list_users(&query) }
    ),
    operation!("user.show", "Tell one user.", |gate, one: OneUser| gate.user(one.user_id)),
    operation!(
        "user.set_email",
        "Set a user's e-mail address; sign-in links mailed to the one before end.",
        |gate, new: NewEmail| { gate.set_user_email(new.user_id, &new.email) }
    ),
    operation!("user.enable", "Enable a user.", |gate, one: OneUser| gate.enable_user(one.user_id, true)),
    operation!("user.disable", "Disable a user and end the sessions.", |gate, one: OneUser| {
        gate.enable_user(one.user_id, false)
    }),
    operation!("user.export", "Give everything that is stored about a user.", |gate, one: OneUser| {
        gate.export_user(one.user_id)
    }),
    operation!("user.erase", "Erase a user's personal data for good.", |gate, one: OneUser| {
        gate.erase_user(one.user_id)
    }),
    operation!("client.add", "Add a client.", |gate, new: NewClient| gate.add_client(&new)),
    operation!(
        "client.list",
        "List clients, by address, name or standing.",
        |gate, query: DirectoryQuery| { gate.list_clients(&query) }
    ),
    operation!("client.show", "Tell one client.", |gate, one: OneClient| gate.client(one.client_id)),
    operation!("client.set_status", "Set a client's standing.", |gate, new: Status| {
        gate.set_client_status(new.client_id, new.status)
    }),
    operation!("client.allow_sso", "Switch a client's single sign-on on or off.", |gate, new: AllowSso| {
        gate.set_client_sso(new.client_id, new.allow)
    }),
    operation!("member.add", "Give a user a place in a client.", |gate, new: NewMember| {
        gate.add_member(new.user_id, new.client_id, new.owner)
    }),
    operation!("member.remove", "Take a user's place in a client away.", |gate, one: OneMember| {
        gate.remove_member(one.user_id, one.client_id)
    }),
    operation!("member.list", "List the members of a client.", |gate, one: OneClient| {
        gate.client(one.client_id).map(|client| client.members)
    }),
];
