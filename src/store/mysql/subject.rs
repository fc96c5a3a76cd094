//! What is known of a person and a client: the facts of `may_sign_in`, loaded in the act that needs them.

use mysql::Value;

use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::{Named as Values, Row, WRONG_KIND};
use crate::directory::{ClientFacts, ClientStatus, Mode, Subject, SubjectFacts, UserFacts};
use crate::settings::Settings;

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

    /// Which ones, and their ids by the names `user` and `client`.
    pub(super) fn of(subject: &Subject) -> (Named, [(&'static str, Value); 2]) {
        let named = match subject {
            Subject::Client(_) => Named::Client,
            Subject::User(_) => Named::User,
            Subject::UserInClient(..) => Named::Both,
        };
        (named, [("user", subject.user().into()), ("client", subject.client().into())])
    }
}

/// The tables about a subject, joined to a statement that knows the ids by these terms, a user's and a
/// client's. A user alone has a row for each of his clients.
pub(super) fn joins(named: Named, user: &str, client: &str) -> String {
    match named {
        Named::Client => format!(
            "LEFT JOIN gatepass_client AS client ON client.id = {client}
             LEFT JOIN gatepass_member AS member ON member.owned = client.id
             LEFT JOIN gatepass_user AS user ON user.id = member.user_id"
        ),
        Named::User => format!(
            "LEFT JOIN gatepass_user AS user ON user.id = {user}
             LEFT JOIN gatepass_member AS member ON member.user_id = user.id
             LEFT JOIN gatepass_client AS client ON client.id = member.client_id"
        ),
        Named::Both => format!(
            "LEFT JOIN gatepass_user AS user ON user.id = {user}
             LEFT JOIN gatepass_client AS client ON client.id = {client}
             LEFT JOIN gatepass_member AS member ON member.user_id = user.id AND member.client_id = client.id"
        ),
    }
}

/// Take in what a row says in the columns that begin at `first`.
pub(super) fn add(facts: &mut SubjectFacts, named: Named, row: &Row, first: usize) -> Done<()> {
    facts.user = match row.get(first)? {
        Some(id) => Some(UserFacts { id, enabled: row.get(first + 1)? }),
        None => None,
    };
    let client = match row.get(first + 2)? {
        Some(id) => Some(ClientFacts {
            id,
            status: ClientStatus::parse(row.text(first + 3)?).ok_or(Fault::Store(WRONG_KIND))?,
            allow_sso: row.get(first + 4)?,
        }),
        None => None,
    };
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

/// What a statement with an order of clients says of a subject, its columns beginning at `first`.
pub(super) fn gather(rows: &[Row], named: Named, first: usize) -> Done<SubjectFacts> {
    let mut facts = SubjectFacts::default();
    for row in rows {
        add(&mut facts, named, row, first)?;
    }
    facts.clients.sort_unstable_by_key(|client| client.id);
    Ok(facts)
}

/// The facts about a subject; nothing in host mode, where the directory is elsewhere.
pub(super) fn load(
    connection: &Connection,
    settings: &Settings,
    subject: Option<Subject>,
) -> Done<SubjectFacts> {
    let (Mode::Managed, Some(subject)) = (settings.mode, subject) else {
        return Ok(SubjectFacts::default());
    };
    let (named, ids) = Named::of(&subject);
    let sql = format!("SELECT {COLUMNS} FROM (SELECT 1) AS one {}", joins(named, ":user", ":client"));
    let rows = connection.rows(&sql, Values::from(ids))?;
    gather(&rows, named, 0)
}
