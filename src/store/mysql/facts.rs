//! What the verdicts on an issue and a redemption ask for, each loaded by one statement: one moment of the store,
//! and one question to a server that may be far away.

use std::sync::LazyLock;

use super::connection::Connection;
use super::credentials::{FACTS, FACTS_WIDTH};
use super::error::{Done, Fault};
use super::values::named;
use super::{MysqlStore, credentials, destinations, subject, tokens};
use crate::credential::{Caller, CallerFacts};
use crate::directory::{Mode, Subject, SubjectFacts};
use crate::error::StoreError;
use crate::store::Named;
use crate::token::{IssueFacts, IssueRequest, RedeemFacts};

/// Where the columns of an issue's facts begin: the settings' nonce, the admin who asks by password, the
/// caller's number and facts, the destination, the subject.
const ID: usize = 2;
const CALLER: usize = ID + 1;
const DESTINATION: usize = CALLER + FACTS_WIDTH;
const SUBJECT: usize = DESTINATION + destinations::WIDTH;

/// The facts of an issue, by what its subject names.
static OF_ISSUE: LazyLock<[String; 3]> = LazyLock::new(|| {
    subject::Named::ALL.map(|named| {
        format!(
            "SELECT store.settings_nonce, admin.enabled, credential.id, {FACTS}, {}, {}
             FROM gatepass_store AS store
             LEFT JOIN gatepass_credential AS credential ON credential.id = :credential
             LEFT JOIN gatepass_admin AS admin ON admin.id = IFNULL(credential.admin_id, :admin)
             LEFT JOIN gatepass_destination AS destination ON destination.name = :destination
             {} WHERE store.id = 1",
            destinations::COLUMNS,
            subject::COLUMNS,
            subject::joins(named, ":user", ":client"),
        )
    })
});

/// Where the columns behind a token's begin: the settings' nonce, and the subject if the token names both.
const NONCE: usize = tokens::WIDTH;
const PERSON: usize = NONCE + 1;

fn of_token(condition: &str) -> String {
    let joins = subject::joins(subject::Named::Both, "token.user_id", "token.client_id");
    tokens::select(
        &format!(", store.settings_nonce, {}", subject::COLUMNS),
        &format!("JOIN gatepass_store AS store ON store.id = 1 {joins} {condition}"),
    )
}

static OF_KEY: LazyLock<String> = LazyLock::new(|| of_token("WHERE token.token_key = :key"));

/// A name is the start of the key, so the first key at or after it is the one, if it begins so.
static OF_REFERENCE: LazyLock<String> =
    LazyLock::new(|| of_token("WHERE token.token_key >= :key ORDER BY token.token_key LIMIT 1"));

impl MysqlStore {
    /// What the verdict on an issue asks for, and that on a sign-in link; `None` if there is no such caller.
    pub(super) fn issue_facts(
        &self,
        connection: &Connection,
        caller: &Caller,
        request: &IssueRequest,
    ) -> Done<Option<IssueFacts>> {
        let (named, ids) = subject::Named::of(&request.subject);
        let wanted = request.destination.as_deref();
        let mut values =
            named! { credential: caller.credential_id(), admin: caller.admin_id(), destination: wanted };
        values.extend(ids);
        let rows = connection.rows(&OF_ISSUE[named as usize], values)?;
        let Some(row) = rows.first() else { return Err(Fault::Store(StoreError::Missing)) };
        let caller = match caller.admin_id() {
            Some(_) => row.get::<Option<bool>>(1)?.map(CallerFacts::admin),
            None if row.get::<Option<i64>>(ID)?.is_none() => None,
            None => Some(credentials::facts(row, CALLER)?),
        };
        let Some(caller) = caller else { return Ok(None) };
        let destination = match wanted {
            Some(name) => destinations::of_row(row, DESTINATION, name)?,
            None => None,
        };
        let settings = self.server.settings_of(connection, row.get(0)?)?;
        let subject = match settings.mode {
            Mode::Managed => subject::gather(&rows, named, SUBJECT)?,
            Mode::Host => SubjectFacts::default(),
        };
        Ok(Some(IssueFacts { settings, caller, subject, destination }))
    }

    /// What the verdict on a redemption asks for; `None` if there is no such token.
    pub(super) fn redeem_facts(&self, connection: &Connection, named: &Named) -> Done<Option<RedeemFacts>> {
        let (sql, key) = match named {
            Named::Key(key) => (&*OF_KEY, key.as_slice()),
            Named::Reference(reference) => (&*OF_REFERENCE, reference.as_slice()),
        };
        let rows = connection.rows(sql, named! { key: key })?;
        let Some(row) = rows.first() else { return Ok(None) };
        let token = tokens::token(row)?;
        if let Named::Reference(reference) = named
            && token.key.reference() != *reference
        {
            return Ok(None);
        }
        let settings = self.server.settings_of(connection, row.get(NONCE)?)?;
        let subject = match (settings.mode, token.subject()) {
            (Mode::Managed, Some(Subject::UserInClient(..))) => {
                subject::gather(&rows, subject::Named::Both, PERSON)?
            }
            (_, named) => subject::load(connection, &settings, named)?,
        };
        Ok(Some(RedeemFacts { settings, token, subject }))
    }
}
