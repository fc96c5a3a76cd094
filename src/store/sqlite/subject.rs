//! What is known of a person and a client: the facts of `may_sign_in`, loaded in the act that needs them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::ReadError;
use crate::directory::{ClientFacts, ClientStatus, Mode, Subject, SubjectFacts, UserFacts};
use crate::error::StoreError;
use crate::id::{ClientId, UserId};
use crate::settings::Settings;
use crate::store::StoreResult;

/// The facts about a subject; nothing in host mode, where the directory is elsewhere.
pub(super) fn load(
    connection: &Connection,
    settings: &Settings,
    subject: Option<Subject>,
) -> StoreResult<SubjectFacts> {
    match (settings.mode, subject) {
        (Mode::Host, _) | (_, None) => Ok(SubjectFacts::default()),
        (Mode::Managed, Some(Subject::Client(client))) => of_client(connection, client),
        (Mode::Managed, Some(Subject::User(user))) => of_user(connection, user),
        (Mode::Managed, Some(Subject::UserInClient(user, client))) => of_both(connection, user, client),
    }
}

fn user(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<UserFacts>> {
    Ok(match row.get(first)? {
        Some(id) => Some(UserFacts { id, enabled: row.get(first + 1)? }),
        None => None,
    })
}

fn client(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<ClientFacts>> {
    let Some(id) = row.get(first)? else {
        return Ok(None);
    };
    let status = ClientStatus::parse(&row.get::<_, String>(first + 1)?).ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(first + 1, "status".into(), rusqlite::types::Type::Text)
    })?;
    Ok(Some(ClientFacts { id, status, allow_sso: row.get(first + 2)? }))
}

fn of_client(connection: &Connection, wanted: ClientId) -> StoreResult<SubjectFacts> {
    let found = connection
        .prepare_cached(
            "SELECT user.id, user.enabled, client.id, client.status, client.allow_sso
             FROM client
             LEFT JOIN member ON member.client_id = client.id AND member.owner = 1
             LEFT JOIN user ON user.id = member.user_id
             WHERE client.id = ?1",
        )
        .read()?
        .query_row([wanted], |row| {
            Ok(SubjectFacts { user: user(row, 0)?, client: client(row, 2)?, ..SubjectFacts::default() })
        })
        .optional()
        .read()?;
    Ok(found.unwrap_or_default())
}

fn of_user(connection: &Connection, wanted: UserId) -> StoreResult<SubjectFacts> {
    let mut statement = connection
        .prepare_cached(
            "SELECT user.id, user.enabled, client.id, client.status, client.allow_sso
             FROM user
             LEFT JOIN member ON member.user_id = user.id
             LEFT JOIN client ON client.id = member.client_id
             WHERE user.id = ?1 ORDER BY client.id",
        )
        .read()?;
    let mut rows = statement.query([wanted]).read()?;
    let mut facts = SubjectFacts::default();
    while let Some(row) = rows.next().read()? {
        facts.user = user(row, 0).read()?;
        facts.clients.extend(client(row, 2).read()?);
    }
    Ok(facts)
}

fn of_both(connection: &Connection, user_id: UserId, client_id: ClientId) -> StoreResult<SubjectFacts> {
    connection
        .prepare_cached(
            "SELECT user.id, user.enabled, client.id, client.status, client.allow_sso,
                    EXISTS (SELECT 1 FROM member WHERE user_id = ?1 AND client_id = ?2)
             FROM (SELECT 1) LEFT JOIN user ON user.id = ?1 LEFT JOIN client ON client.id = ?2",
        )
        .read()?
        .query_row(params![user_id, client_id], |row| {
            Ok(SubjectFacts {
                user: user(row, 0)?,
                client: client(row, 2)?,
                member: row.get(5)?,
                ..SubjectFacts::default()
            })
        })
        .read()
        .map_err(|error| match error {
            StoreError::Corrupt(_) => StoreError::Corrupt("a client's standing can't be read"),
            other => other,
        })
}
