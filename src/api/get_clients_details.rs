//! `GetClientsDetails` (contract §5.3).
//!
//! `stats` is taken and changes nothing: what it asks for is the billing system's.

use serde_json::{Value, json};

use super::answer::{Failure, Fields, fields};
use super::parameters::Parameters;
use super::uuid;
use crate::directory::{Client, DirectoryQuery, Email, Member, User};
use crate::gatepass::{DirectoryView, Gatepass};
use crate::id::ClientId;

pub(super) fn run(
    gate: &Gatepass,
    view: &DirectoryView<'_>,
    parameters: &Parameters,
) -> Result<Fields, Failure> {
    let client = find(view, parameters.text("clientid")?, parameters.text("email")?)?;
    let uuid = uuid::of_name(&gate.info()?.store_id.0, &format!("client {}", client.client_id));
    let client = row(&client, &uuid, &view.members(&client)?);
    // The same fields once more at the top: deprecated, and still read by clients.
    let mut all = fields(client.clone());
    all.insert("client".into(), client);
    Ok(all)
}

/// The client of that number, which must also have the address if both are given: one of them may be left
/// over from an earlier call, and which of the two is not to be guessed.
fn find(view: &DirectoryView<'_>, id: Option<&str>, email: Option<&str>) -> Result<Client, Failure> {
    let none = || Failure::business("Client Not Found");
    match (id, email) {
        (None, None) => Err(Failure::business("Either clientid Or email Is Required")),
        (Some(id), email) => {
            let id: ClientId = id.parse().map_err(|_| none())?;
            let has_it = |client: &Client| {
                let parsed = email.map(Email::parse).transpose();
                parsed.is_ok_and(|email| email.is_none_or(|email| email.as_str() == client.email))
            };
            view.client(id)?.filter(has_it).ok_or_else(none)
        }
        (None, Some(email)) => {
            let query = DirectoryQuery { email: Some(email.to_owned()), ..DirectoryQuery::default() };
            // Two are enough to know that there are several.
            let mut found = view.list_clients(&query, 2)?.items;
            match found.pop() {
                Some(client) if found.is_empty() => Ok(client),
                None => Err(none()),
                // Unknown in the contract, where no two clients share an address. The first would be a guess
                // at who is to be signed in.
                Some(_) => Err(Failure::business("Several Clients Have That email, clientid Is Required")),
            }
        }
    }
}

fn row(client: &Client, uuid: &str, members: &[(User, Member)]) -> Value {
    let owner = client.members.iter().find(|member| member.owner);
    let users: Vec<Value> = members.iter().map(user).collect();
    json!({
        "client_id": client.client_id,
        "owner_user_id": owner.map_or(0, |owner| owner.user_id.get()),
        "userid": client.client_id,
        "id": client.client_id,
        "uuid": uuid,
        "firstname": client.first_name,
        "lastname": client.last_name,
        "companyname": client.company_name,
        "email": client.email,
        "status": client.status.as_str(),
        "allowSingleSignOn": u8::from(client.allow_sso),
        // Nobody asks the holder of an address here.
        "email_verified": false,
        "users": { "user": users },
    })
}

fn user((user, member): &(User, Member)) -> Value {
    json!({
        "id": user.user_id,
        "name": format!("{} {}", user.first_name, user.last_name).trim(),
        "email": user.email.as_deref().unwrap_or_default(),
        "is_owner": member.owner,
    })
}
