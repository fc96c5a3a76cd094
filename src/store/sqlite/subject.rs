//! What is known of a person and a client: the facts of `may_sign_in`, loaded in the act that needs them.

use std::sync::LazyLock;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, ToSql};

use super::error::ReadError;
use crate::directory::{ClientFacts, ClientStatus, Mode, Subject, SubjectFacts, UserFacts};
use crate::settings::Settings;
use crate::store::StoreResult;

/// The columns that [`add`] reads, of a statement with the [`joins`].
pub(super) const COLUMNS: &str =
    "user.id, user.enabled, client.id, client.status, client.allow_sso, member.user_id IS NOT NULL";

/// Which of the two was named.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named {
    Client,
    User,
    Both,
}

impl Named {
    /// All of them, in the order in which texts of statements are kept.
    pub(super) const ALL: [Named; 3] = [Named::Client, Named::User, Named::Both];

    /// Which ones, and their ids, a user's before a client's.
    pub(super) fn of(subject: &Subject) -> (Named, Vec<&dyn ToSql>) {
        match subject {
            Subject::Client(client) => (Named::Client, vec![client]),
            Subject::User(user) => (Named::User, vec![user]),
            Subject::UserInClient(user, client) => (Named::Both, vec![user, client]),
        }
    }
}

/// The tables about a subject, joined to a statement that knows the ids by these terms. A user alone has a
/// row for each of his clients.
pub(super) fn joins(named: Named, ids: [&str; 2]) -> String {
    let [first, second] = ids;
    match named {
        Named::Client => format!(
            "LEFT JOIN client ON client.id = {first}
             LEFT JOIN member ON member.client_id = client.id AND member.owner = 1
             LEFT JOIN user ON user.id = member.user_id"
        ),
        Named::User => format!(
            "LEFT JOIN user ON user.id = {first}
             LEFT JOIN member ON member.user_id = user.id
             LEFT JOIN client ON client.id = member.client_id
             ORDER BY member.client_id"
        ),
        Named::Both => format!(
            "LEFT JOIN user ON user.id = {first}
             LEFT JOIN client ON client.id = {second}
             LEFT JOIN member ON member.user_id = user.id AND member.client_id = client.id"
        ),
    }
}

/// Take in what a row says in the columns that begin at `first`.
pub(super) fn add(
    facts: &mut SubjectFacts,
    named: Named,
    row: &Row<'_>,
    first: usize,
) -> rusqlite::Result<()> {
    facts.user = user(row, first)?;
    let client = client(row, first + 2)?;
    match named {
        Named::Client => facts.client = client,
        Named::User => facts.clients.extend(client),
        Named::Both => {
            facts.client = client;
            facts.member = row.get(first + 5)?;
        }
    }
    Ok(())
}

/// The texts of hot statements, put together once.
static ALONE: LazyLock<[String; 3]> = LazyLock::new(|| {
    Named::ALL.map(|named| format!("SELECT {COLUMNS} FROM (SELECT 1) {}", joins(named, ["?1", "?2"])))
});

/// The facts about a subject; nothing in host mode, where the directory is elsewhere.
pub(super) fn load(
    connection: &Connection,
    settings: &Settings,
    subject: Option<Subject>,
) -> StoreResult<SubjectFacts> {
    let mut facts = SubjectFacts::default();
    if let (Mode::Managed, Some(subject)) = (settings.mode, subject) {
        let (named, ids) = Named::of(&subject);
        let mut statement = connection.prepare_cached(&ALONE[named as usize]).read()?;
        let mut rows = statement.query(&ids[..]).read()?;
        while let Some(row) = rows.next().read()? {
            add(&mut facts, named, row, 0).read()?;
        }
    }
    Ok(facts)
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
    let status = ClientStatus::parse(row.get_ref(first + 1)?.as_str()?)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(first + 1, "status".into(), Type::Text))?;
    Ok(Some(ClientFacts { id, status, allow_sso: row.get(first + 2)? }))
}
