//! Lists of users and clients: searched, in an order, page by page.

use mysql::Value;

use super::connection::Connection;
use super::directory::{CLIENT, USER, client, members, places, user};
use super::error::Done;
use super::values::{Row, named};
use crate::directory::{Client, ClientStatus, DirectoryOrder, DirectoryQuery, Email, Page, User};
use crate::id::ClientId;

/// A table to list, and which of its rows match.
struct List<T> {
    table: &'static str,
    columns: &'static str,
    condition: &'static str,
    /// The clients that may be seen, told by a list of numbers.
    within: fn(&str) -> String,
    read: fn(&Row) -> Done<T>,
}

const USERS: List<User> = List {
    table: "gatepass_user",
    columns: USER,
    condition: "(:email IS NULL OR email = :email) AND :status IS NULL AND (:search IS NULL
        OR LEFT(email, LENGTH(:search)) = :search OR LEFT(first_folded, LENGTH(:search)) = :search
        OR LEFT(last_folded, LENGTH(:search)) = :search
        OR LEFT(CONCAT(first_folded, ' ', last_folded), LENGTH(:search)) = :search)",
    within: |clients| {
        format!(
            "id IN (SELECT member.user_id FROM gatepass_member AS member WHERE member.client_id IN ({clients}))"
        )
    },
    read: user,
};

const CLIENTS: List<Client> = List {
    table: "gatepass_client",
    columns: CLIENT,
    condition:
        "(:email IS NULL OR email = :email) AND (:status IS NULL OR status = :status) AND (:search IS NULL
        OR LEFT(email, LENGTH(:search)) = :search OR LEFT(first_folded, LENGTH(:search)) = :search
        OR LEFT(last_folded, LENGTH(:search)) = :search
        OR LEFT(CONCAT(first_folded, ' ', last_folded), LENGTH(:search)) = :search
        OR LEFT(company_folded, LENGTH(:search)) = :search)",
    within: |clients| format!("id IN ({clients})"),
    read: client,
};

/// Users that match, with all their places.
pub(super) fn users(
    connection: &Connection,
    query: &DirectoryQuery,
    within: Option<&[ClientId]>,
    limit: u32,
) -> Done<Page<User>> {
    let mut found = page(connection, &USERS, query, within, limit)?;
    for user in &mut found.items {
        user.clients = places(connection, user.user_id)?;
    }
    Ok(found)
}

/// Clients that match, with their members.
pub(super) fn clients(
    connection: &Connection,
    query: &DirectoryQuery,
    within: Option<&[ClientId]>,
    limit: u32,
) -> Done<Page<Client>> {
    let mut found = page(connection, &CLIENTS, query, within, limit)?;
    for client in &mut found.items {
        client.members = members(connection, client.client_id)?;
    }
    Ok(found)
}

/// What to sort by. Names without regard to the case of ASCII letters, as they are searched.
fn column(order: DirectoryOrder) -> &'static str {
    match order {
        DirectoryOrder::Id => "id",
        DirectoryOrder::FirstName => "first_folded",
        DirectoryOrder::LastName => "last_folded",
        DirectoryOrder::CompanyName => "company_folded",
        DirectoryOrder::Email => "email",
        DirectoryOrder::GroupId => "group_id",
        DirectoryOrder::CreatedAt => "created_at",
        DirectoryOrder::Status => "status",
    }
}

/// One page of a table, and how many rows match in all.
fn page<T>(
    connection: &Connection,
    list: &List<T>,
    query: &DirectoryQuery,
    within: Option<&[ClientId]>,
    limit: u32,
) -> Done<Page<T>> {
    let email = match query.email.as_deref().map(Email::parse) {
        Some(Ok(email)) => Some(email.as_str().to_owned()),
        // Nobody has an address that is none.
        Some(Err(_)) => return Ok(Page { total: 0, items: Vec::new() }),
        None => None,
    };
    let List { table, columns, condition, read, .. } = list;
    let within = match within {
        None => "1".to_owned(),
        Some([]) => "0".to_owned(),
        // Numbers alone, so they may stand in the text.
        Some(clients) => {
            (list.within)(&clients.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
    };
    let mut values = named! {
        email: email,
        search: query.search.as_deref().filter(|search| !search.is_empty()).map(str::to_ascii_lowercase),
        status: query.status.map(ClientStatus::as_str),
    };
    let total = connection.only(
        &format!("SELECT COUNT(*) FROM {table} WHERE {condition} AND {within}"),
        values.clone(),
        |row| row.get(0),
    )?;
    let way = if query.descending { "DESC" } else { "ASC" };
    let column = column(query.order_by);
    values.push(("limit", Value::from(limit)));
    values.push(("offset", Value::from(query.offset.min(i64::MAX.unsigned_abs()))));
    let items = connection.all(
        &format!(
            "SELECT {columns} FROM {table} WHERE {condition} AND {within}
             ORDER BY {column} {way}, id {way} LIMIT :limit OFFSET :offset"
        ),
        values,
        read,
    )?;
    Ok(Page { total, items })
}
