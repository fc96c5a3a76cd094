//! Credentials: found by what callers send, made, rotated and revoked.

use std::sync::{Arc, LazyLock};

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::audit::write_event;
use super::error::ReadError;
use super::writing::Sync;
use super::{link_ends, sessions, tokens};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::credential::{
    Caller, CallerFacts, CallerId, Credential, CredentialKind, IssuedSecret, Limits, Rotation, SecretFacts,
};
use crate::error::{Error, Reason, StoreError};
use crate::id::CredentialId;
use crate::settings::Settings;
use crate::store::{
    At, CredentialNamed, CredentialRow, CredentialStore, Ended, Outcome, StoreResult, limits,
};

/// The columns of [`facts`], for the table `credential` and its owner `admin`.
pub(super) const FACTS: &str = "credential.enabled, ifnull(admin.enabled, 1), credential.expires_at,
    credential.revoked_at, credential.serial, credential.old_until, credential.void_serial, credential.limits,
    credential.last_used_at, credential.minute, credential.minute_issues, credential.link_minute,
    credential.minute_links";

/// How many columns that is.
pub(super) const FACTS_WIDTH: usize = 13;

/// What may be said of a caller, from the columns [`FACTS`] beginning at `first`.
pub(super) fn facts(row: &Row<'_>, first: usize) -> rusqlite::Result<CallerFacts> {
    Ok(CallerFacts {
        enabled: row.get(first)?,
        admin_enabled: row.get(first + 1)?,
        expires_at: row.get(first + 2)?,
        revoked_at: row.get(first + 3)?,
        serial: row.get(first + 4)?,
        old_until: row.get(first + 5)?,
        void_serial: row.get(first + 6)?,
        limits: read_limits(row, first + 7)?,
        last_used_at: row.get(first + 8)?,
        minute: (row.get(first + 9)?, row.get(first + 10)?),
        link_minute: (row.get(first + 11)?, row.get(first + 12)?),
    })
}

fn read_limits(row: &Row<'_>, at: usize) -> rusqlite::Result<Arc<Limits>> {
    limits::read(row.get_ref(at)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error)))
}

/// The text of a hot statement, put together once.
static FACTS_BY_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {FACTS} FROM credential LEFT JOIN admin ON admin.id = credential.admin_id
         WHERE credential.id = ?1"
    )
});

/// How a credential stands in this transaction.
pub(super) fn facts_by_id(
    connection: &Connection,
    credential: CredentialId,
) -> StoreResult<Option<CallerFacts>> {
    connection
        .prepare_cached(&FACTS_BY_ID)
        .read()?
        .query_row([credential], |row| facts(row, 0))
        .optional()
        .read()
}

/// How a caller stands in this transaction.
pub(super) fn caller_facts(connection: &Connection, caller: &Caller) -> StoreResult<Option<CallerFacts>> {
    match caller.0 {
        CallerId::Api { credential, .. } | CallerId::Host { credential } => {
            facts_by_id(connection, credential)
        }
        CallerId::Admin { admin } => connection
            .prepare_cached("SELECT enabled FROM admin WHERE id = ?1")
            .read()?
            .query_row([admin], |row| Ok(CallerFacts::admin(row.get(0)?)))
            .optional()
            .read(),
    }
}

/// What a credential makes that is counted by the minute.
#[derive(Clone, Copy)]
pub(super) enum Made {
    Token,
    Link,
}

/// Note the use of a credential: its last use and the count of this minute, where they changed.
pub(super) fn note(
    connection: &Connection,
    caller: &Caller,
    facts: &CallerFacts,
    (made, count): (Made, Option<(i64, u32)>),
    now: Timestamp,
) -> StoreResult<()> {
    let Some(credential) = caller.credential_id() else {
        return Ok(());
    };
    if let Some((minute, count)) = count {
        let counted = match made {
            Made::Token => "UPDATE credential SET minute = ?2, minute_issues = ?3 WHERE id = ?1",
            Made::Link => "UPDATE credential SET link_minute = ?2, minute_links = ?3 WHERE id = ?1",
        };
        connection.prepare_cached(counted).read()?.execute(params![credential, minute, count]).read()?;
    }
    if facts.last_used_due(now) {
        connection
            .prepare_cached("UPDATE credential SET last_used_at = ?2 WHERE id = ?1")
            .read()?
            .execute(params![credential, now])
            .read()?;
    }
    Ok(())
}

const COLUMNS: &str =
    "id, kind, label, identifier, admin_id, home_url, limits, created_at, expires_at, revoked_at,
    enabled, old_until, last_used_at";

fn credential(row: &Row<'_>) -> rusqlite::Result<Credential> {
    let kind: String = row.get(1)?;
    Ok(Credential {
        credential_id: row.get(0)?,
        kind: if kind == "host" { CredentialKind::Host } else { CredentialKind::Api },
        label: row.get(2)?,
        identifier: row.get(3)?,
        admin_id: row.get(4)?,
        home_url: row.get(5)?,
        limits: (*read_limits(row, 6)?).clone(),
        created_at: row.get(7)?,
        expires_at: row.get(8)?,
        revoked_at: row.get(9)?,
        enabled: row.get(10)?,
        old_secret_until: row.get(11)?,
        last_used_at: row.get(12)?,
    })
}

/// By label or identifier.
fn find(connection: &Connection, name: &str) -> StoreResult<Option<Credential>> {
    find_where(connection, "label = ?1 OR identifier = ?1", name)
}

fn find_where(
    connection: &Connection,
    condition: &str,
    value: impl rusqlite::ToSql,
) -> StoreResult<Option<Credential>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM credential WHERE {condition}"))
        .read()?
        .query_row([value], credential)
        .optional()
        .read()
}

/// By label or identifier, right after it was changed.
fn reread(connection: &Connection, name: &str) -> StoreResult<Credential> {
    find(connection, name)?.ok_or(StoreError::Corrupt("a credential is missing"))
}

/// All that are there.
pub(super) fn all(connection: &Connection) -> StoreResult<Vec<Credential>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM credential ORDER BY id"))
        .read()?
        .query_map([], credential)
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()
}

/// A host credential without limits but those given.
pub(super) fn insert_host(
    connection: &Connection,
    label: &str,
    limits: &Limits,
    now: Timestamp,
) -> StoreResult<()> {
    let limits = limits::text(limits);
    connection
        .execute(
            "INSERT INTO credential (kind, label, limits, serial, void_serial, created_at) VALUES ('host', ?1, ?2, 0, -1, ?3)",
            params![label, limits, now],
        )
        .read()?;
    Ok(())
}

impl CredentialStore for SqliteStore {
    fn secret_facts(&self, identifier: &str) -> StoreResult<(Arc<Settings>, Option<SecretFacts>)> {
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            let found = connection
                .prepare_cached(&format!(
                    "SELECT {FACTS}, credential.id, credential.digest, credential.old_digest
                     FROM credential LEFT JOIN admin ON admin.id = credential.admin_id
                     WHERE credential.identifier = ?1"
                ))
                .read()?
                .query_row([identifier], |row| {
                    Ok(SecretFacts {
                        id: row.get(FACTS_WIDTH)?,
                        digest: row.get(FACTS_WIDTH + 1)?,
                        old_digest: row.get(FACTS_WIDTH + 2)?,
                        facts: facts(row, 0)?,
                    })
                })
                .optional()
                .read()?;
            Ok((settings, found))
        })
    }

    fn host_caller(&self, label: &str) -> StoreResult<Option<(CredentialId, CallerFacts)>> {
        self.database.read(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {FACTS}, credential.id FROM credential LEFT JOIN admin ON admin.id = credential.admin_id
                     WHERE credential.label = ?1 AND credential.kind = 'host'"
                ))
                .read()?
                .query_row([label], |row| Ok((row.get(FACTS_WIDTH)?, facts(row, 0)?)))
                .optional()
                .read()
        })
    }

    fn caller_facts(&self, caller: &Caller) -> StoreResult<Option<CallerFacts>> {
        self.database.read(|connection| caller_facts(connection, caller))
    }

    fn note_use(&self, credential: CredentialId, now: Timestamp) -> StoreResult<()> {
        self.database.note(|connection| {
            connection
                .prepare_cached("UPDATE credential SET last_used_at = ?2 WHERE id = ?1")
                .read()?
                .execute(params![credential, now])
                .read()?;
            Ok(())
        })
    }

    fn create_credential(&self, row: &CredentialRow<'_>, at: At<'_>) -> StoreResult<Outcome<Credential>> {
        self.database.write(Sync::Synced, |connection| {
            let new = row.new;
            let admin = match &new.admin {
                None => None,
                Some(username) => match super::admins::find(connection, username)? {
                    Some(admin) => Some(admin.admin_id),
                    None => return Ok(Err(Reason::AdminUnknown.into())),
                },
            };
            if find(connection, &new.label)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            let limits = limits::text(&new.limits);
            let (serial, void_serial) = if new.host { (0, -1) } else { (1, 0) };
            connection
                .execute(
                    "INSERT INTO credential (kind, label, identifier, admin_id, home_url, limits, digest, serial,
                                             void_serial, created_at, expires_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                    params![
                        if new.host { "host" } else { "api" },
                        new.label,
                        row.identifier,
                        admin,
                        new.home_url,
                        limits,
                        row.digest,
                        serial,
                        void_serial,
                        at.now,
                        new.expires_at,
                    ],
                )
                .read()?;
            let made = reread(connection, &new.label)?;
            write(connection, EventKind::CredentialCreated, &made, None, at)?;
            Ok(Ok(made))
        })
    }

    fn list_credentials(&self) -> StoreResult<Vec<Credential>> {
        self.database.read(all)
    }

    fn find_credential(&self, which: CredentialNamed<'_>) -> StoreResult<Option<Credential>> {
        self.database.read(|connection| match which {
            CredentialNamed::Id(id) => find_where(connection, "id = ?1", id),
            CredentialNamed::Name(name) => find(connection, name),
        })
    }

    fn rotate_credential(
        &self,
        name: &str,
        digest: &[u8; 32],
        rotation: &Rotation,
        at: At<'_>,
    ) -> StoreResult<Outcome<IssuedSecret>> {
        self.database.write(Sync::Synced, |connection| {
            let Some(found) = find(connection, name)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            if found.revoked_at.is_some() {
                return Ok(Err(Reason::CredentialRevoked.into()));
            }
            if found.kind == CredentialKind::Host {
                return Ok(Err(Error::invalid("credential", "a host credential has no secret")));
            }
            let leaked = rotation.leaked_since.is_some();
            let tokens_ended =
                if leaked { tokens::count_unspent(connection, found.credential_id, at.now)? } else { 0 };
            let links_ended =
                if leaked { link_ends::count_live(connection, found.credential_id, at.now)? } else { 0 };
            let sessions_ended = match rotation.leaked_since {
                Some(since) => sessions::end_of_credential(connection, found.credential_id, since, at.now)?,
                None => 0,
            };
            // Without an overlap the old secret goes at once, or it would live again after the clock is set
            // back.
            let old_until = (!rotation.overlap.is_zero()).then(|| at.now.plus(rotation.overlap));
            connection
                .execute(
                    "UPDATE credential SET old_digest = CASE WHEN ?4 IS NULL THEN NULL ELSE digest END, digest = ?3,
                            old_until = ?4, void_serial = CASE WHEN ?2 THEN serial ELSE void_serial END,
                            serial = serial + 1
                     WHERE id = ?1",
                    params![found.credential_id, leaked, digest, old_until],
                )
                .read()?;
            let credential = reread(connection, &found.label)?;
            let detail = if leaked {
                format!("leaked: {tokens_ended} tokens, {links_ended} links and {sessions_ended} sessions ended")
            } else {
                format!("old secret accepted for {} s more", rotation.overlap.as_secs())
            };
            write(connection, EventKind::CredentialRotated, &credential, Some(detail), at)?;
            Ok(Ok(IssuedSecret { credential, secret: None, tokens_ended, links_ended, sessions_ended }))
        })
    }

    fn revoke_credential(&self, name: &str, end_sessions: bool, at: At<'_>) -> StoreResult<Outcome<Ended>> {
        self.database.write(Sync::Synced, |connection| {
            let Some(found) = find(connection, name)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            let id = found.credential_id;
            let sessions = if end_sessions {
                sessions::end_of_credential(connection, id, Timestamp::from_millis(0), at.now)?
            } else {
                0
            };
            if found.revoked_at.is_some() {
                if sessions > 0 {
                    let mut event = NewEvent::new(EventKind::SessionEnded).by(at.by);
                    event.credential = Some(id);
                    event.count = i64::try_from(sessions).unwrap_or(i64::MAX);
                    write_event(connection, &event, at.now)?;
                }
                return Ok(Ok(Ended { credential: found, tokens: 0, links: 0, sessions }));
            }
            let tokens = tokens::count_unspent(connection, id, at.now)?;
            let links = link_ends::count_live(connection, id, at.now)?;
            connection
                .execute("UPDATE credential SET revoked_at = ?2 WHERE id = ?1", params![id, at.now])
                .read()?;
            let credential = reread(connection, &found.label)?;
            let detail = format!("{tokens} tokens, {links} links and {sessions} sessions ended");
            write(connection, EventKind::CredentialRevoked, &credential, Some(detail), at)?;
            Ok(Ok(Ended { credential, tokens, links, sessions }))
        })
    }

    fn enable_credential(&self, name: &str, enabled: bool, at: At<'_>) -> StoreResult<Outcome<Credential>> {
        self.database.write(Sync::Synced, |connection| {
            let Some(found) = find(connection, name)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            if found.kind != CredentialKind::Host {
                return Ok(Err(Error::invalid(
                    "credential",
                    "only a host credential can be switched off and on; revoke this one",
                )));
            }
            connection
                .execute(
                    "UPDATE credential SET enabled = ?2 WHERE id = ?1",
                    params![found.credential_id, enabled],
                )
                .read()?;
            let credential = reread(connection, &found.label)?;
            let kind = if enabled { EventKind::CredentialEnabled } else { EventKind::CredentialDisabled };
            write(connection, kind, &credential, None, at)?;
            Ok(Ok(credential))
        })
    }
}

fn write(
    connection: &Connection,
    kind: EventKind,
    credential: &Credential,
    detail: Option<String>,
    at: At<'_>,
) -> StoreResult<()> {
    let mut event = NewEvent::new(kind).by(at.by).object(&credential.label);
    event.credential = Some(credential.credential_id);
    event.admin = credential.admin_id;
    event.detail = detail;
    write_event(connection, &event, at.now)
}
