//! AutoAuth keys, and links accepted once.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::{write_event, write_refusal};
use super::error::ReadError;
use super::writing::{Sync, or_refused};
use super::{SqliteStore, directory, purge, sessions, subject};
use crate::audit::{EventKind, NewEvent};
use crate::autoauth::{
    AcceptAct, AcceptFacts, Acceptance, Accepted, AutoAuthKey, SealedKey, judge_accept, named_by, told,
};
use crate::clock::Timestamp;
use crate::directory::{Email, Mode, Subject, SubjectFacts};
use crate::error::{Error, Reason, StoreError};
use crate::id::KeyId;
use crate::session::{Origin, SessionStart};
use crate::settings::Settings;
use crate::store::events::acceptance_event;
use crate::store::{At, AutoAuthKeys, AutoAuthStore, NewKey, Outcome, StoreResult};
use crate::upkeep::StoreId;

const COLUMNS: &str =
    "id, label, weak, added_at, retired_at, first_used, last_used, uses, least_skew, most_skew, confirm";

fn key(row: &Row<'_>) -> rusqlite::Result<AutoAuthKey> {
    Ok(AutoAuthKey {
        key_id: row.get(0)?,
        label: row.get(1)?,
        weak: row.get(2)?,
        confirm: row.get(10)?,
        added_at: row.get(3)?,
        retired_at: row.get(4)?,
        first_used_at: row.get(5)?,
        last_used_at: row.get(6)?,
        uses: row.get(7)?,
        least_skew_seconds: row.get(8)?,
        most_skew_seconds: row.get(9)?,
    })
}

/// By label.
fn find(connection: &Connection, label: &str) -> StoreResult<Option<AutoAuthKey>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM autoauth_key WHERE label = ?1"))
        .read()?
        .query_row([label], key)
        .optional()
        .read()
}

/// The keys that are not retired, by number.
fn active_keys(connection: &Connection) -> StoreResult<Vec<KeyId>> {
    connection
        .prepare_cached("SELECT id FROM autoauth_key WHERE retired_at IS NULL ORDER BY id")
        .read()?
        .query_map([], |row| row.get(0))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()
}

/// Whom the address of a link names, and what is known of him.
fn look_up(
    connection: &Connection,
    settings: &Settings,
    email: &str,
) -> StoreResult<Result<(Subject, SubjectFacts), Reason>> {
    if settings.mode == Mode::Host {
        return Ok(Err(Reason::HostMode));
    }
    let Ok(email) = Email::parse(email) else {
        return Ok(Err(Reason::NoMatch));
    };
    let user = directory::user_of_address(connection, &email)?;
    let clients = match user {
        Some(_) => Vec::new(),
        None => directory::clients_of_address(connection, &email)?,
    };
    match named_by(user, &clients) {
        Ok(named) => Ok(Ok((named, subject::load(connection, settings, Some(named))?))),
        Err(reason) => Ok(Err(reason)),
    }
}

impl SqliteStore {
    fn accept_facts(&self, connection: &Connection, act: &AcceptAct) -> StoreResult<AcceptFacts> {
        let settings = self.database.settings(connection)?;
        let key_active = match act.key {
            None => true,
            Some(key) => connection
                .prepare_cached("SELECT 1 FROM autoauth_key WHERE id = ?1 AND retired_at IS NULL")
                .read()?
                .exists([key])
                .read()?,
        };
        let floor: i64 = connection
            .prepare_cached("SELECT autoauth_floor FROM store")
            .read()?
            .query_row([], |row| row.get(0))
            .read()?;
        let seen = connection
            .prepare_cached("SELECT session_key FROM autoauth_link WHERE signed_at = ?1 AND digest = ?2")
            .read()?
            .query_row(params![act.signed_at.as_seconds(), act.replay_key], |row| row.get(0))
            .optional()
            .read()?;
        let found = look_up(connection, &settings, &act.email)?;
        Ok(AcceptFacts { settings, key_active, floor: Timestamp::from_seconds(floor), seen, found })
    }

    /// Judge and accept in one transaction.
    fn accept_once(&self, act: &AcceptAct, now: Timestamp, until: Instant) -> StoreResult<Outcome<Accepted>> {
        self.database.write_judged(until, Result::is_ok, |connection| {
            let facts = self.accept_facts(connection, act)?;
            let mut event = acceptance_event(act, &facts.found);
            match judge_accept(act, &facts, now).map_err(|error| told(error, act, &facts, now)) {
                Ok(acceptance) => {
                    let session_expires_at = apply(connection, act, &acceptance, &facts.settings, now)?;
                    if let Some(admitted) = &acceptance.admitted {
                        event.user = Some(admitted.user);
                        event.client = admitted.client;
                    }
                    event.detail = act.session.map(|session| format!("session {}", session.reference()));
                    write_event(connection, &event, now)?;
                    Ok(Ok(Accepted { acceptance, session_expires_at }))
                }
                Err(Error::Refused(refusal)) => {
                    event.refused = Some(refusal.reason);
                    let reference = write_refusal(connection, &event, now)?;
                    Ok(Err(refusal.recorded(Some(reference)).into()))
                }
                Err(error @ Error::Invalid { .. }) => {
                    // The hash was right and the page is not: somebody changed the one thing that is not
                    // signed. The caller hears of a bad value; the audit keeps it as the refusal it is.
                    event.refused = Some(Reason::GotoNotAllowed);
                    write_refusal(connection, &event, now)?;
                    Ok(Err(error))
                }
                Err(error) => Ok(Err(error)),
            }
        })
    }
}

fn apply(
    connection: &Connection,
    act: &AcceptAct,
    acceptance: &Acceptance,
    settings: &Settings,
    now: Timestamp,
) -> StoreResult<Timestamp> {
    // Under the policy `window` too, where it may be remembered already: the policy may change before the
    // link's time is over.
    connection
        .prepare_cached(
            "INSERT INTO autoauth_link (signed_at, digest, session_key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )
        .read()?
        .execute(params![act.signed_at.as_seconds(), act.replay_key, act.session])
        .read()?;
    if let Some(key) = act.key {
        connection
            .prepare_cached(
                "UPDATE autoauth_key SET uses = uses + 1, first_used = ifnull(first_used, ?2), last_used = ?2,
                        least_skew = min(ifnull(least_skew, ?3), ?3), most_skew = max(ifnull(most_skew, ?3), ?3)
                 WHERE id = ?1",
            )
            .read()?
            .execute(params![key, now, now.as_seconds() - act.signed_at.as_seconds()])
            .read()?;
    }
    let ends_at = now.plus(Settings::seconds(settings.session_absolute_seconds));
    if let Some(session) = act.session {
        let admitted = acceptance.admitted.as_ref();
        let session = SessionStart {
            key: session,
            user: admitted.map(|admitted| admitted.user),
            client: admitted.and_then(|admitted| admitted.client),
            origin: Origin::AutoAuth,
            credential: None,
            admin: None,
            autoauth_key: act.key,
            redemption: Some(act.redemption),
            ends_at,
        };
        let replaced = act.presented.filter(|_| act.replace);
        sessions::start(connection, &session, replaced, act.address, now)?;
    }
    if act.replay_key[0].is_multiple_of(64) {
        purge::step(connection, settings, now)?;
    }
    Ok(ends_at)
}

impl AutoAuthStore for SqliteStore {
    fn autoauth_keys(&self) -> StoreResult<AutoAuthKeys> {
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            let keys = connection
                .prepare_cached(&format!("SELECT {COLUMNS}, sealed FROM autoauth_key ORDER BY added_at, id"))
                .read()?
                .query_map([], |row| Ok(SealedKey { key: key(row)?, sealed: row.get(11)? }))
                .read()?
                .collect::<rusqlite::Result<_>>()
                .read()?;
            let store = connection
                .prepare_cached("SELECT store_id FROM store")
                .read()?
                .query_row([], |row| row.get(0))
                .read()?;
            Ok(AutoAuthKeys { settings, store: StoreId(store), keys })
        })
    }

    fn inspect_autoauth(&self, act: &AcceptAct) -> StoreResult<AcceptFacts> {
        self.database.read(|connection| self.accept_facts(connection, act))
    }

    fn accept_autoauth(&self, act: &AcceptAct, now: Timestamp) -> StoreResult<Outcome<Accepted>> {
        let until = self.database.until();
        or_refused(self.accept_once(act, now, until), || {
            let facts = self.database.read_until(until, |connection| self.accept_facts(connection, act))?;
            Ok(judge_accept(act, &facts, now).err().map(|error| told(error, act, &facts, now)))
        })
    }

    fn add_key(&self, key: &NewKey<'_>, judged: &[KeyId], at: At<'_>) -> StoreResult<Outcome<AutoAuthKey>> {
        self.database.write(Sync::Synced, |connection| {
            let taken = connection
                .prepare_cached("SELECT 1 FROM autoauth_key WHERE id = ?1 OR label = ?2")
                .read()?
                .exists(params![key.id, key.label])
                .read()?;
            if taken {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            if active_keys(connection)? != judged {
                // Somebody added or retired one since; the new key may be the end of that one.
                return Err(StoreError::Busy);
            }
            connection
                .execute(
                    "INSERT INTO autoauth_key (id, label, sealed, weak, confirm, added_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![key.id, key.label, key.sealed, key.weak, key.confirm, at.now],
                )
                .read()?;
            write_event(connection, &NewEvent::new(EventKind::KeyAdded).by(at.by).object(key.label), at.now)?;
            find(connection, key.label)?.map(Ok).ok_or(StoreError::Corrupt("a key is missing"))
        })
    }

    fn retire_key(&self, label: &str, at: At<'_>) -> StoreResult<Outcome<AutoAuthKey>> {
        self.database.write(Sync::Synced, |connection| {
            let Some(found) = find(connection, label)? else {
                return Ok(Err(Reason::KeyUnknown.into()));
            };
            if found.retired_at.is_some() {
                return Ok(Ok(found));
            }
            // Nothing needs the blob any more, and nobody may need its sealing key. Zeros of the same length
            // go over it where it stands first; what merely shrinks leaves its old bytes in the page.
            for wipe in [
                "UPDATE autoauth_key SET sealed = zeroblob(length(sealed)) WHERE id = ?1",
                "UPDATE autoauth_key SET sealed = x'' WHERE id = ?1",
            ] {
                connection.execute(wipe, [found.key_id]).read()?;
            }
            connection
                .execute(
                    "UPDATE autoauth_key SET retired_at = ?2 WHERE id = ?1",
                    params![found.key_id, at.now],
                )
                .read()?;
            write_event(connection, &NewEvent::new(EventKind::KeyRetired).by(at.by).object(label), at.now)?;
            find(connection, label)?.map(Ok).ok_or(StoreError::Corrupt("a key is missing"))
        })
    }

    fn reseal_keys(&self, sealed: &[(KeyId, Vec<u8>, Vec<u8>)], at: At<'_>) -> StoreResult<Outcome<()>> {
        self.database.write(Sync::Synced, |connection| {
            let held = active_keys(connection)?.len();
            let mut changed = 0;
            for (id, old, new) in sealed {
                changed += connection
                    .execute(
                        "UPDATE autoauth_key SET sealed = ?3 WHERE id = ?1 AND sealed = ?2
                           AND retired_at IS NULL",
                        params![id, old, new],
                    )
                    .read()?;
            }
            if changed != held || changed != sealed.len() {
                // Somebody added or sealed a key meanwhile. The error undoes what was changed so far.
                return Err(StoreError::Busy);
            }
            let event = NewEvent::new(EventKind::KeysResealed).by(at.by).detail(format!("{changed} keys"));
            write_event(connection, &event, at.now)?;
            Ok(Ok(()))
        })
    }
}
