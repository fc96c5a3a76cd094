//! Lists of users and clients: searched, in an order, page by page.

use rusqlite::{Connection, Row, params};

use super::directory::{CLIENT, USER, client, members, places, user};
use super::error::ReadError;
use crate::directory::{Client, ClientStatus, DirectoryOrder, DirectoryQuery, Email, Page, User};
use crate::id::ClientId;
use crate::store::StoreResult;

/// A table to list, and which of its rows match. The parameters are the same for both: address, start of a
/// name, status, and the numbers of the clients that may be seen, as a JSON list.
struct List<T> {
    table: &'static str,
    columns: &'static str,
    condition: &'static str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
}

const USERS: List<User> = List {
    table: "user",
    columns: USER,
    condition: r"(?1 IS NULL OR email = ?1) AND ?3 IS NULL AND (?2 IS NULL
        OR email LIKE ?2 ESCAPE '\' OR first_name LIKE ?2 ESCAPE '\' OR last_name LIKE ?2 ESCAPE '\'
        OR (first_name || ' ' || last_name) LIKE ?2 ESCAPE '\')
        AND (?4 IS NULL OR EXISTS (SELECT 1 FROM member WHERE member.user_id = user.id
                                   AND member.client_id IN (SELECT value FROM json_each(?4))))",
    read: user,
};

const CLIENTS: List<Client> = List {
    table: "client",
    columns: CLIENT,
    condition: r"(?1 IS NULL OR email = ?1) AND (?3 IS NULL OR status = ?3) AND (?2 IS NULL
        OR email LIKE ?2 ESCAPE '\' OR first_name LIKE ?2 ESCAPE '\' OR last_name LIKE ?2 ESCAPE '\'
        OR (first_name || ' ' || last_name) LIKE ?2 ESCAPE '\' OR company_name LIKE ?2 ESCAPE '\')
        AND (?4 IS NULL OR id IN (SELECT value FROM json_each(?4)))",
    read: client,
};

/// Users that match, with all their places.
pub(super) fn users(
    connection: &Connection,
    query: &DirectoryQuery,
    within: Option<&[ClientId]>,
    limit: u32,
) -> StoreResult<Page<User>> {
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
) -> StoreResult<Page<Client>> {
    let mut found = page(connection, &CLIENTS, query, within, limit)?;
    for client in &mut found.items {
        client.members = members(connection, client.client_id)?;
    }
    Ok(found)
}

/// A prefix for LIKE, which folds ASCII letters only.
fn prefix(search: &str) -> String {
    let mut pattern = String::with_capacity(search.len() + 1);
    for character in search.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// What to sort by. NOCASE folds ASCII letters only, as LIKE does.
fn column(order: DirectoryOrder) -> &'static str {
    match order {
        DirectoryOrder::Id => "id",
        DirectoryOrder::FirstName => "first_name COLLATE NOCASE",
        DirectoryOrder::LastName => "last_name COLLATE NOCASE",
        DirectoryOrder::CompanyName => "company_name COLLATE NOCASE",
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
) -> StoreResult<Page<T>> {
    let email = match query.email.as_deref().map(Email::parse) {
        Some(Ok(email)) => Some(email.as_str().to_owned()),
        // Nobody has an address that is none.
        Some(Err(_)) => return Ok(Page { total: 0, items: Vec::new() }),
        None => None,
    };
    let search = query.search.as_deref().filter(|search| !search.is_empty()).map(prefix);
    let status = query.status.map(ClientStatus::as_str);
    let within = within.map(|clients| serde_json::json!(clients).to_string());
    let List { table, columns, condition, read } = list;
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM {table} WHERE {condition}"))
        .read()?
        .query_row(params![email, search, status, within], |row| row.get(0))
        .read()?;
    let way = if query.descending { "DESC" } else { "ASC" };
    let column = column(query.order_by);
    let items = connection
        .prepare_cached(&format!(
            "SELECT {columns} FROM {table} WHERE {condition}
             ORDER BY {column} {way}, id {way} LIMIT ?5 OFFSET ?6"
        ))
        .read()?
        .query_map(
            params![email, search, status, within, limit, i64::try_from(query.offset).unwrap_or(i64::MAX)],
            read,
        )
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()?;
    Ok(Page { total, items })
}
