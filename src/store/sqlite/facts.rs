//! What the verdicts on an issue and a redemption ask for, each loaded by one statement: between the
//! beginning of an act and its changes nobody else may write.

use std::sync::LazyLock;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::credentials::{FACTS, FACTS_WIDTH};
use super::error::ReadError;
use super::{SqliteStore, credentials, destinations, subject, tokens};
use crate::credential::{Caller, CallerFacts};
use crate::directory::{Mode, Subject, SubjectFacts};
use crate::store::{Named, StoreResult};
use crate::token::{IssueFacts, IssueRequest, RedeemFacts, TokenFacts};

/// Where the columns of an issue's facts begin: the settings' nonce, the admin who asks by password, the
/// caller, the destination, the subject.
const CALLER: usize = 2;
const DESTINATION: usize = CALLER + FACTS_WIDTH;
const SUBJECT: usize = DESTINATION + 3;

/// The facts of an issue, by what its subject names.
pub(super) static OF_ISSUE: LazyLock<[String; 3]> = LazyLock::new(|| {
    subject::Named::ALL.map(|named| {
        format!(
            "SELECT store.settings_nonce, admin.enabled, {FACTS}, {}, {}
             FROM store
             LEFT JOIN credential ON credential.id = ?1
             LEFT JOIN admin ON admin.id = ifnull(credential.admin_id, ?2)
             LEFT JOIN destination ON destination.name = ?3
             {}",
            destinations::COLUMNS,
            subject::COLUMNS,
            subject::joins(named, ["?4", "?5"]),
        )
    })
});

/// Where the columns behind a token's begin: the settings' nonce, and the subject if the token names both.
const NONCE: usize = tokens::WIDTH;
const PERSON: usize = NONCE + 1;

fn of_token(condition: &str) -> String {
    let joins = subject::joins(subject::Named::Both, ["token.user_id", "token.client_id"]);
    tokens::select(
        &format!(", store.settings_nonce, {}", subject::COLUMNS),
        &format!("JOIN store {joins} {condition}"),
    )
}

/// The facts of a redemption.
pub(super) static OF_KEY: LazyLock<String> = LazyLock::new(|| of_token("WHERE token.key = ?1"));

/// A name is the start of the key, so the first key at or after it is the one, if it begins so.
static OF_REFERENCE: LazyLock<String> =
    LazyLock::new(|| of_token("WHERE token.key >= ?1 ORDER BY token.key LIMIT 1"));

/// A token, the nonce of the settings, and its person if it names a client too.
fn token(row: &Row<'_>) -> rusqlite::Result<(TokenFacts, i64, SubjectFacts)> {
    let token = tokens::token(row)?;
    let mut person = SubjectFacts::default();
    if let Some(Subject::UserInClient(..)) = token.subject() {
        subject::add(&mut person, subject::Named::Both, row, PERSON)?;
    }
    Ok((token, row.get(NONCE)?, person))
}

impl SqliteStore {
    /// What the verdict on an issue asks for, and that on a sign-in link; `None` if there is no such caller.
    pub(super) fn issue_facts(
        &self,
        connection: &Connection,
        caller: &Caller,
        request: &IssueRequest,
    ) -> StoreResult<Option<IssueFacts>> {
        let (named, ids) = subject::Named::of(&request.subject);
        let (credential, admin, wanted) =
            (caller.credential_id(), caller.admin_id(), request.destination.as_deref());
        let mut values: Vec<&dyn ToSql> = vec![&credential, &admin, &wanted];
        values.extend(ids);
        let mut statement = connection.prepare_cached(&OF_ISSUE[named as usize]).read()?;
        let mut rows = statement.query(&values[..]).read()?;
        let Some(row) = rows.next().read()? else { return Ok(None) };
        let caller = match admin {
            Some(_) => row.get::<_, Option<bool>>(1).read()?.map(CallerFacts::admin),
            None if row.get_ref(CALLER).read()? == ValueRef::Null => None,
            None => Some(credentials::facts(row, CALLER).read()?),
        };
        let Some(caller) = caller else { return Ok(None) };
        let destination = match wanted {
            Some(name) => destinations::of_row(row, DESTINATION, name).read()?,
            None => None,
        };
        let settings = self.database.settings_of(connection, row.get(0).read()?)?;
        let mut subject = SubjectFacts::default();
        if settings.mode == Mode::Managed {
            let mut next = Some(row);
            while let Some(row) = next {
                subject::add(&mut subject, named, row, SUBJECT).read()?;
                next = rows.next().read()?;
            }
        }
        Ok(Some(IssueFacts { settings, caller, subject, destination }))
    }

    /// What the verdict on a redemption asks for; `None` if there is no such token.
    pub(super) fn redeem_facts(
        &self,
        connection: &Connection,
        named: &Named,
    ) -> StoreResult<Option<RedeemFacts>> {
        let found = match named {
            Named::Key(key) => {
                connection.prepare_cached(&OF_KEY).read()?.query_row([key], token).optional().read()?
            }
            Named::Reference(reference) => connection
                .prepare_cached(&OF_REFERENCE)
                .read()?
                .query_row([reference.as_slice()], token)
                .optional()
                .read()?
                .filter(|(token, ..)| token.key.reference() == *reference),
        };
        let Some((token, nonce, person)) = found else { return Ok(None) };
        let settings = self.database.settings_of(connection, nonce)?;
        let subject = match (settings.mode, token.subject()) {
            (Mode::Managed, Some(Subject::UserInClient(..))) => person,
            (_, named) => subject::load(connection, &settings, named)?,
        };
        Ok(Some(RedeemFacts { settings, token, subject }))
    }
}
