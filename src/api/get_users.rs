//! `GetUsers` (contract §5.2).

use serde_json::{Value, json};

use super::answer::{Failure, Fields};
use super::listing::{counts, date_time, query};
use super::parameters::Parameters;
use crate::directory::{Place, User};
use crate::gatepass::DirectoryView;

pub(super) fn run(view: &DirectoryView<'_>, parameters: &Parameters) -> Result<Fields, Failure> {
    let (query, limit) = query(parameters)?;
    let page = view.list_users(&query, limit)?;
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    let mut fields = counts(page.total, &query, &rows);
    fields.insert("users".into(), Value::Array(rows));
    Ok(fields)
}

/// A user whose data was erased keeps the number; the rest is empty.
fn row(user: &User) -> Value {
    let place = |place: &Place| json!({ "id": place.client_id, "isOwner": place.owner });
    json!({
        "id": user.user_id,
        "firstname": user.first_name,
        "lastname": user.last_name,
        "email": user.email.as_deref().unwrap_or_default(),
        "datecreated": date_time(user.created_at),
        "validationdata": "",
        "clients": user.clients.iter().map(place).collect::<Vec<_>>(),
    })
}
