//! `GetClients` (contract §5.1).

use serde_json::{Value, json};

use super::answer::{Failure, Fields};
use super::listing::{counts, date, query};
use super::parameters::Parameters;
use crate::directory::{Client, ClientStatus, DirectoryOrder};
use crate::gatepass::DirectoryView;

pub(super) fn run(view: &DirectoryView<'_>, parameters: &Parameters) -> Result<Fields, Failure> {
    let (mut query, limit) = query(parameters)?;
    query.status = match parameters.text("status")? {
        None => None,
        Some(status) => Some(ClientStatus::parse(status).ok_or_else(|| Failure::invalid("status"))?),
    };
    query.order_by = match parameters.text("orderby")? {
        // Unknown in the contract. By number, pages don't shift when a name changes between two calls.
        None => DirectoryOrder::Id,
        Some(name) => order(&name.to_ascii_lowercase()).ok_or_else(|| Failure::invalid("orderby"))?,
    };
    let page = view.list_clients(&query, limit)?;
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    let mut fields = counts(page.total, &query, &rows);
    fields.insert("clients".into(), json!({ "client": rows }));
    Ok(fields)
}

fn order(name: &str) -> Option<DirectoryOrder> {
    Some(match name {
        "id" => DirectoryOrder::Id,
        "firstname" => DirectoryOrder::FirstName,
        "lastname" => DirectoryOrder::LastName,
        "companyname" => DirectoryOrder::CompanyName,
        "email" => DirectoryOrder::Email,
        "groupid" => DirectoryOrder::GroupId,
        "datecreated" => DirectoryOrder::CreatedAt,
        "status" => DirectoryOrder::Status,
        _ => return None,
    })
}

fn row(client: &Client) -> Value {
    json!({
        "id": client.client_id,
        "firstname": client.first_name,
        "lastname": client.last_name,
        "companyname": client.company_name,
        "email": client.email,
        "datecreated": date(client.created_at),
        "groupid": client.group_id,
        "status": client.status.as_str(),
    })
}
