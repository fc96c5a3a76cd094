//! Credentials: found by what callers send, made, rotated and revoked.

use std::sync::{Arc, LazyLock};

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::{Named, Row, WRONG_KIND, named};
use super::{MysqlStore, admins, link_ends, sessions, tokens};
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
pub(super) const FACTS: &str = "credential.enabled, IFNULL(admin.enabled, 1), credential.expires_at,
    credential.revoked_at, credential.serial, credential.old_until, credential.void_serial, credential.limits,
    credential.last_used_at, credential.minute, credential.minute_issues, credential.link_minute,
    credential.minute_links";

/// How many columns that is.
pub(super) const FACTS_WIDTH: usize = 13;

/// The tables of [`FACTS`].
const TABLES: &str = "gatepass_credential AS credential
    LEFT JOIN gatepass_admin AS admin ON admin.id = credential.admin_id";

/// What may be said of a caller, from the columns [`FACTS`] beginning at `first`.
pub(super) fn facts(row: &Row, first: usize) -> Done<CallerFacts> {
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

fn read_limits(row: &Row, at: usize) -> Done<Arc<Limits>> {
    limits::read(row.text(at)?).map_err(|_| Fault::Store(WRONG_KIND))
}

static FACTS_BY_ID: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {FACTS} FROM {TABLES} WHERE credential.id = :id"));

/// How a credential stands.
pub(super) fn facts_by_id(connection: &Connection, credential: CredentialId) -> Done<Option<CallerFacts>> {
    connection.one(&FACTS_BY_ID, named! { id: credential }, |row| facts(row, 0))
}

/// What a credential makes that is counted by the minute.
#[derive(Clone, Copy)]
pub(super) enum Made {
    Token,
    Link,
}

/// Count what is to be made in this minute, if nobody has counted since the verdict.
pub(super) fn count(
    connection: &Connection,
    caller: &Caller,
    facts: &CallerFacts,
    (made, count): (Made, Option<(i64, u32)>),
) -> Done<()> {
    let (Some(credential), Some((minute, count))) = (caller.credential_id(), count) else {
        return Ok(());
    };
    let (sql, (was_minute, was)) = match made {
        Made::Token => (
            "UPDATE gatepass_credential SET minute = :minute, minute_issues = :count
             WHERE id = :id AND minute = :was_minute AND minute_issues = :was",
            facts.minute,
        ),
        Made::Link => (
            "UPDATE gatepass_credential SET link_minute = :minute, minute_links = :count
             WHERE id = :id AND link_minute = :was_minute AND minute_links = :was",
            facts.link_minute,
        ),
    };
    let values = named! { id: credential, minute: minute, count: count, was_minute: was_minute, was: was };
    match connection.run(sql, values)? {
        1 => Ok(()),
        _ => Err(Fault::Conflict),
    }
}

/// Write the last use down, to the minute. No answer depends on it.
pub(super) fn note_use(connection: &Connection, caller: &Caller, facts: &CallerFacts, now: Timestamp) {
    if let Some(credential) = caller.credential_id().filter(|_| facts.last_used_due(now)) {
        // What could not be written is left out.
        let _ = touch(connection, credential, now);
    }
}

fn touch(connection: &Connection, credential: CredentialId, now: Timestamp) -> Done<()> {
    connection.run(
        "UPDATE gatepass_credential SET last_used_at = :now WHERE id = :id",
        named! { id: credential, now: now },
    )?;
    Ok(())
}

const COLUMNS: &str =
    "id, kind, label, identifier, admin_id, home_url, limits, created_at, expires_at, revoked_at,
    enabled, old_until, last_used_at";

fn credential(row: &Row) -> Done<Credential> {
    Ok(Credential {
        credential_id: row.get(0)?,
        kind: if row.text(1)? == "host" { CredentialKind::Host } else { CredentialKind::Api },
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
fn find(connection: &Connection, name: &str) -> Done<Option<Credential>> {
    find_where(connection, "label = :name OR identifier = :name", named! { name: name })
}

fn find_where(connection: &Connection, condition: &str, values: Named) -> Done<Option<Credential>> {
    connection.one(
        &format!("SELECT {COLUMNS} FROM gatepass_credential WHERE {condition}"),
        values,
        credential,
    )
}

/// By label or identifier, right after it was changed.
fn reread(connection: &Connection, name: &str) -> Done<Credential> {
    find(connection, name)?.ok_or(Fault::Store(StoreError::Corrupt("a credential is missing")))
}

/// All that are there.
pub(super) fn all(connection: &Connection) -> Done<Vec<Credential>> {
    connection.all(&format!("SELECT {COLUMNS} FROM gatepass_credential ORDER BY id"), named! {}, credential)
}

/// The number of the next row: rows never go, so none comes twice. Who changes something is alone.
pub(super) fn next_id(connection: &Connection, table: &str) -> Done<Option<i64>> {
    let sql = format!("SELECT MAX(id) FROM {table}");
    let last: Option<i64> = connection.only(&sql, named! {}, |row| row.get(0))?;
    Ok(last.unwrap_or(0).checked_add(1))
}

/// A host credential without limits but those given.
pub(super) fn insert_host(connection: &Connection, label: &str, limits: &Limits, now: Timestamp) -> Done<()> {
    connection.run(
        "INSERT INTO gatepass_credential (id, kind, label, limits, serial, void_serial, created_at)
         VALUES (:id, 'host', :label, :limits, 0, -1, :now)",
        named! {
            id: next_id(connection, "gatepass_credential")?,
            label: label,
            limits: limits::text(limits),
            now: now,
        },
    )?;
    Ok(())
}

impl CredentialStore for MysqlStore {
    fn secret_facts(&self, identifier: &str) -> StoreResult<(Arc<Settings>, Option<SecretFacts>)> {
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let found = connection.one(
                &format!(
                    "SELECT {FACTS}, credential.id, credential.digest, credential.old_digest
                     FROM {TABLES} WHERE credential.identifier = :identifier"
                ),
                named! { identifier: identifier },
                |row| {
                    Ok(SecretFacts {
                        id: row.get(FACTS_WIDTH)?,
                        digest: row.get(FACTS_WIDTH + 1)?,
                        old_digest: row.get(FACTS_WIDTH + 2)?,
                        facts: facts(row, 0)?,
                    })
                },
            )?;
            Ok((settings, found))
        })
    }

    fn host_caller(&self, label: &str) -> StoreResult<Option<(CredentialId, CallerFacts)>> {
        self.server.act(|connection| {
            connection.one(
                &format!(
                    "SELECT {FACTS}, credential.id FROM {TABLES}
                     WHERE credential.label = :label AND credential.kind = 'host'"
                ),
                named! { label: label },
                |row| Ok((row.get(FACTS_WIDTH)?, facts(row, 0)?)),
            )
        })
    }

    fn caller_facts(&self, caller: &Caller) -> StoreResult<Option<CallerFacts>> {
        self.server.act(|connection| match caller.0 {
            CallerId::Api { credential, .. } | CallerId::Host { credential } => {
                facts_by_id(connection, credential)
            }
            CallerId::Admin { admin } => connection.one(
                "SELECT enabled FROM gatepass_admin WHERE id = :id",
                named! { id: admin },
                |row| Ok(CallerFacts::admin(row.get(0)?)),
            ),
        })
    }

    fn note_use(&self, credential: CredentialId, now: Timestamp) -> StoreResult<()> {
        self.server.note(|connection| touch(connection, credential, now))
    }

    fn create_credential(&self, row: &CredentialRow<'_>, at: At<'_>) -> StoreResult<Outcome<Credential>> {
        self.server.change(|connection| {
            let new = row.new;
            let admin = match &new.admin {
                None => None,
                Some(username) => match admins::find(connection, username)? {
                    Some(admin) => Some(admin.admin_id),
                    None => return Ok(Err(Reason::AdminUnknown.into())),
                },
            };
            if find(connection, &new.label)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            let (serial, void_serial) = if new.host { (0, -1) } else { (1, 0) };
            connection.run(
                "INSERT INTO gatepass_credential (id, kind, label, identifier, admin_id, home_url, limits, digest,
                                                  serial, void_serial, created_at, expires_at)
                 VALUES (:id, :kind, :label, :identifier, :admin, :home_url, :limits, :digest, :serial, :void_serial,
                         :now, :expires_at)",
                named! {
                    id: next_id(connection, "gatepass_credential")?,
                    kind: if new.host { "host" } else { "api" },
                    label: new.label.as_str(),
                    identifier: row.identifier,
                    admin: admin,
                    home_url: new.home_url.as_deref(),
                    limits: limits::text(&new.limits),
                    digest: row.digest,
                    serial: serial,
                    void_serial: void_serial,
                    now: at.now,
                    expires_at: new.expires_at,
                },
            )?;
            let made = reread(connection, &new.label)?;
            write(connection, EventKind::CredentialCreated, &made, None, at)?;
            Ok(Ok(made))
        })
    }

    fn list_credentials(&self) -> StoreResult<Vec<Credential>> {
        self.server.act(all)
    }

    fn find_credential(&self, which: CredentialNamed<'_>) -> StoreResult<Option<Credential>> {
        self.server.act(|connection| match which {
            CredentialNamed::Id(id) => find_where(connection, "id = :id", named! { id: id }),
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
        let leaked = rotation.leaked_since.is_some();
        let rotated = self.server.change(|connection| {
            let Some(found) = find(connection, name)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            if found.revoked_at.is_some() {
                return Ok(Err(Reason::CredentialRevoked.into()));
            }
            if found.kind == CredentialKind::Host {
                return Ok(Err(Error::invalid("credential", "a host credential has no secret")));
            }
            let (tokens_ended, links_ended) =
                if leaked { unspent(connection, found.credential_id, at.now)? } else { (0, 0) };
            // Without an overlap the old secret goes at once, or it would live again after the clock is set
            // back.
            let old_until = (!rotation.overlap.is_zero()).then(|| at.now.plus(rotation.overlap));
            connection.run(
                "UPDATE gatepass_credential
                 SET old_digest = IF(:old_until IS NULL, NULL, digest), digest = :digest, old_until = :old_until,
                     void_serial = IF(:leaked, serial, void_serial), serial = serial + 1
                 WHERE id = :id",
                named! { id: found.credential_id, leaked: leaked, digest: *digest, old_until: old_until },
            )?;
            let credential = reread(connection, &found.label)?;
            let detail = format!("old secret accepted for {} s more", rotation.overlap.as_secs());
            if !leaked {
                write(connection, EventKind::CredentialRotated, &credential, Some(detail), at)?;
            }
            Ok(Ok(IssuedSecret { credential, secret: None, tokens_ended, links_ended, sessions_ended: 0 }))
        })?;
        let mut issued = match rotated {
            Ok(issued) => issued,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(since) = rotation.leaked_since {
            // Only now that nobody can start another one with the old secret.
            issued.sessions_ended = self.end_sessions_of(issued.credential.credential_id, since, at)?;
            let (tokens, links, sessions) = (issued.tokens_ended, issued.links_ended, issued.sessions_ended);
            let detail = format!("leaked: {tokens} tokens, {links} links and {sessions} sessions ended");
            self.tell(EventKind::CredentialRotated, &issued.credential, detail, at)?;
        }
        Ok(Ok(issued))
    }

    fn revoke_credential(&self, name: &str, end_sessions: bool, at: At<'_>) -> StoreResult<Outcome<Ended>> {
        let revoked = self.server.change(|connection| {
            let Some(found) = find(connection, name)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            if found.revoked_at.is_some() {
                return Ok(Ok((false, Ended { credential: found, tokens: 0, links: 0, sessions: 0 })));
            }
            let (tokens, links) = unspent(connection, found.credential_id, at.now)?;
            connection.run(
                "UPDATE gatepass_credential SET revoked_at = :now WHERE id = :id",
                named! { id: found.credential_id, now: at.now },
            )?;
            let credential = reread(connection, &found.label)?;
            Ok(Ok((true, Ended { credential, tokens, links, sessions: 0 })))
        })?;
        let (now_revoked, mut ended) = match revoked {
            Ok(revoked) => revoked,
            Err(error) => return Ok(Err(error)),
        };
        let id = ended.credential.credential_id;
        if end_sessions {
            // Only now that nobody can start another one.
            ended.sessions = self.end_sessions_of(id, Timestamp::from_millis(0), at)?;
        }
        if now_revoked {
            let Ended { tokens, links, sessions, .. } = ended;
            let detail = format!("{tokens} tokens, {links} links and {sessions} sessions ended");
            self.tell(EventKind::CredentialRevoked, &ended.credential, detail, at)?;
        } else if ended.sessions > 0 {
            let mut event = NewEvent::new(EventKind::SessionEnded).by(at.by);
            event.credential = Some(id);
            event.count = i64::try_from(ended.sessions).unwrap_or(i64::MAX);
            self.server.act(|connection| write_event(connection, &event, at.now))?;
        }
        Ok(Ok(ended))
    }

    fn enable_credential(&self, name: &str, enabled: bool, at: At<'_>) -> StoreResult<Outcome<Credential>> {
        self.server.change(|connection| {
            let Some(found) = find(connection, name)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            if found.kind != CredentialKind::Host {
                return Ok(Err(Error::invalid(
                    "credential",
                    "only a host credential can be switched off and on; revoke this one",
                )));
            }
            connection.run(
                "UPDATE gatepass_credential SET enabled = :enabled WHERE id = :id",
                named! { id: found.credential_id, enabled: enabled },
            )?;
            let credential = reread(connection, &found.label)?;
            let kind = if enabled { EventKind::CredentialEnabled } else { EventKind::CredentialDisabled };
            write(connection, kind, &credential, None, at)?;
            Ok(Ok(credential))
        })
    }
}

impl MysqlStore {
    fn end_sessions_of(&self, credential: CredentialId, since: Timestamp, at: At<'_>) -> StoreResult<u64> {
        self.server.act(|connection| sessions::end_of_credential(connection, credential, since, at.now))
    }

    fn tell(&self, kind: EventKind, credential: &Credential, detail: String, at: At<'_>) -> StoreResult<()> {
        self.server.act(|connection| write(connection, kind, credential, Some(detail.clone()), at))
    }
}

/// How many tokens and links of a credential could still be used.
fn unspent(connection: &Connection, credential: CredentialId, now: Timestamp) -> Done<(u64, u64)> {
    let tokens = tokens::count_unspent(connection, credential, now)?;
    Ok((tokens, link_ends::count_live(connection, credential, now)?))
}

fn write(
    connection: &Connection,
    kind: EventKind,
    credential: &Credential,
    detail: Option<String>,
    at: At<'_>,
) -> Done<()> {
    let mut event = NewEvent::new(kind).by(at.by).object(&credential.label);
    event.credential = Some(credential.credential_id);
    event.admin = credential.admin_id;
    event.detail = detail;
    write_event(connection, &event, at.now)
}
