//! AutoAuth keys, and links accepted once. The steps of an acceptance are those of a redemption (see
//! `redemptions`); the claim is the row that remembers the link.

use std::cell::Cell;

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::{Row, named};
use super::{MysqlStore, directory, sessions, subject};
use crate::audit::{EventKind, NewEvent};
use crate::autoauth::{
    AcceptAct, AcceptFacts, Acceptance, Accepted, AutoAuthKey, SealedKey, judge_accept, named_by, told,
};
use crate::clock::Timestamp;
use crate::directory::{Email, Mode, Subject, SubjectFacts};
use crate::error::{Error, Reason, StoreError};
use crate::id::KeyId;
use crate::secret::TimedKey;
use crate::session::{Origin, RedemptionId, SessionStart};
use crate::settings::{ReusePolicy, Settings};
use crate::store::events::acceptance_event;
use crate::store::{At, AutoAuthKeys, AutoAuthStore, NewKey, Outcome, StoreResult};
use crate::upkeep::StoreId;

const COLUMNS: &str =
    "id, label, weak, added_at, retired_at, first_used, last_used, uses, least_skew, most_skew, confirm";

const GONE: Fault = Fault::Store(StoreError::Corrupt("a key is missing"));

fn key(row: &Row) -> Done<AutoAuthKey> {
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
fn find(connection: &Connection, label: &str) -> Done<Option<AutoAuthKey>> {
    connection.one(
        &format!("SELECT {COLUMNS} FROM gatepass_autoauth_key WHERE label = :label"),
        named! { label: label },
        key,
    )
}

/// The keys that are not retired, by number.
fn active_keys(connection: &Connection) -> Done<Vec<KeyId>> {
    connection.all(
        "SELECT id FROM gatepass_autoauth_key WHERE retired_at IS NULL ORDER BY id",
        named! {},
        |row| row.get(0),
    )
}

/// Whom the address of a link names, and what is known of him.
fn look_up(
    connection: &Connection,
    settings: &Settings,
    email: &str,
) -> Done<Result<(Subject, SubjectFacts), Reason>> {
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

/// The facts of a link, and who has it.
struct Found {
    facts: AcceptFacts,
    held_by: Option<RedemptionId>,
}

impl Found {
    /// The facts as they were before this act claimed the link, if it did.
    fn before(mut self, act: &AcceptAct) -> AcceptFacts {
        if self.held_by == Some(act.redemption) {
            self.facts.seen = None;
        }
        self.facts
    }
}

/// What became of an attempt; with the facts, for the event.
type Attempt = (Outcome<Accepted>, AcceptFacts);

impl MysqlStore {
    fn accept_facts(&self, connection: &Connection, act: &AcceptAct) -> Done<Found> {
        let settings = self.server.settings(connection)?;
        let (floor, key_active): (i64, bool) = connection.only(
            "SELECT store.autoauth_floor,
                    :key IS NULL OR EXISTS (SELECT 1 FROM gatepass_autoauth_key
                                            WHERE id = :key AND retired_at IS NULL)
             FROM gatepass_store AS store WHERE store.id = 1",
            named! { key: act.key },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let claim: Option<(Option<TimedKey>, Option<RedemptionId>)> = connection.one(
            "SELECT session_key, redemption FROM gatepass_autoauth_link
             WHERE signed_at = :signed_at AND digest = :digest",
            named! { signed_at: act.signed_at.as_seconds(), digest: act.replay_key },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let found = look_up(connection, &settings, &act.email)?;
        let seen = claim.as_ref().map(|(session, _)| *session);
        let floor = Timestamp::from_seconds(floor);
        let facts = AcceptFacts { settings, key_active, floor, seen, found };
        Ok(Found { facts, held_by: claim.and_then(|(_, holder)| holder) })
    }

    /// `claimed` is set by an attempt that got so far, and tells those after it.
    fn attempt_accept(
        &self,
        connection: &Connection,
        act: &AcceptAct,
        claimed: &Cell<bool>,
        now: Timestamp,
    ) -> Done<Attempt> {
        let found = self.accept_facts(connection, act)?;
        let facts = if claimed.get() { found.before(act) } else { found.facts };
        let acceptance = match judge_accept(act, &facts, now) {
            Ok(acceptance) => acceptance,
            Err(error) => return Ok((Err(error), facts)),
        };
        if !claimed.get() {
            claim(connection, act, &facts.settings)?;
            claimed.set(true);
        }
        let session = session_of(act, &acceptance, &facts.settings, now);
        if let Some(session) = &session {
            sessions::insert(connection, session, now)?;
        }
        let again = self.accept_facts(connection, act)?;
        let ours = again.held_by == Some(act.redemption)
            || again.facts.settings.autoauth_reuse == ReusePolicy::Window && again.facts.seen.is_some();
        let again = again.before(act);
        let verdict = judge_accept(act, &again, now);
        if let Ok(same) = &verdict
            && ours
            && *same == acceptance
        {
            self.tell_accepted(connection, act, &acceptance, &again, session.as_ref(), now)?;
            let session_expires_at = ends_at(&again.settings, now);
            return Ok((Ok(Accepted { acceptance, session_expires_at }), again));
        }
        if let Some(session) = &session {
            sessions::forget(connection, &session.key)?;
        }
        match verdict {
            Err(error) => Ok((Err(error), again)),
            Ok(_) => Err(Fault::Conflict),
        }
    }

    /// The use of the key, the end of the session in whose place the new one stands, and the event.
    fn tell_accepted(
        &self,
        connection: &Connection,
        act: &AcceptAct,
        acceptance: &Acceptance,
        facts: &AcceptFacts,
        session: Option<&SessionStart>,
        now: Timestamp,
    ) -> Done<()> {
        if let Some(key) = act.key {
            connection.run(
                "UPDATE gatepass_autoauth_key
                 SET uses = uses + 1, first_used = IFNULL(first_used, :now), last_used = :now,
                     least_skew = LEAST(IFNULL(least_skew, :skew), :skew),
                     most_skew = GREATEST(IFNULL(most_skew, :skew), :skew)
                 WHERE id = :key",
                named! { key: key, now: now, skew: now.as_seconds() - act.signed_at.as_seconds() },
            )?;
        }
        if let (Some(session), Some(old)) = (session, act.presented.filter(|_| act.replace)) {
            sessions::end_replaced(connection, &old, &session.key, act.address, now)?;
        }
        let mut event = acceptance_event(act, &facts.found);
        if let Some(admitted) = &acceptance.admitted {
            event.user = Some(admitted.user);
            event.client = admitted.client;
        }
        event.detail = act.session.map(|session| format!("session {}", session.reference()));
        write_event(connection, &event, now)
    }
}

fn ends_at(settings: &Settings, now: Timestamp) -> Timestamp {
    now.plus(Settings::seconds(settings.session_absolute_seconds))
}

fn session_of(
    act: &AcceptAct,
    acceptance: &Acceptance,
    settings: &Settings,
    now: Timestamp,
) -> Option<SessionStart> {
    let admitted = acceptance.admitted.as_ref();
    Some(SessionStart {
        key: act.session?,
        user: admitted.map(|admitted| admitted.user),
        client: admitted.and_then(|admitted| admitted.client),
        origin: Origin::AutoAuth,
        credential: None,
        admin: None,
        autoauth_key: act.key,
        redemption: Some(act.redemption),
        ends_at: ends_at(settings, now),
    })
}

/// Remember the link as ours. Under the policy `window` too, where it may be remembered already: the policy may
/// change before the link's time is over.
fn claim(connection: &Connection, act: &AcceptAct, settings: &Settings) -> Done<()> {
    let claimed = connection.run(
        "INSERT INTO gatepass_autoauth_link (signed_at, digest, session_key, redemption)
         VALUES (:signed_at, :digest, :session, :redemption)",
        named! {
            signed_at: act.signed_at.as_seconds(),
            digest: act.replay_key,
            session: act.session,
            redemption: act.redemption,
        },
    );
    match claimed {
        Err(Fault::Duplicate) if settings.autoauth_reuse == ReusePolicy::Window => Ok(()),
        // Somebody else was first: the facts tell.
        Err(Fault::Duplicate) => Err(Fault::Conflict),
        other => other.map(drop),
    }
}

impl AutoAuthStore for MysqlStore {
    fn autoauth_keys(&self) -> StoreResult<AutoAuthKeys> {
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let keys = connection.all(
                &format!("SELECT {COLUMNS}, sealed FROM gatepass_autoauth_key ORDER BY added_at, id"),
                named! {},
                |row| Ok(SealedKey { key: key(row)?, sealed: row.get(11)? }),
            )?;
            let store = "SELECT store_id FROM gatepass_store WHERE id = 1";
            let store = connection.only(store, named! {}, |row| row.get(0))?;
            Ok(AutoAuthKeys { settings, store: StoreId(store), keys })
        })
    }

    fn inspect_autoauth(&self, act: &AcceptAct) -> StoreResult<AcceptFacts> {
        self.server.act(|connection| Ok(self.accept_facts(connection, act)?.facts))
    }

    fn accept_autoauth(&self, act: &AcceptAct, now: Timestamp) -> StoreResult<Outcome<Accepted>> {
        let claimed = Cell::new(false);
        let (outcome, facts) =
            self.server.act(|connection| self.attempt_accept(connection, act, &claimed, now))?;
        let error = match outcome {
            Ok(accepted) => {
                if act.replay_key[0].is_multiple_of(64) {
                    self.purge_step(&facts.settings, now);
                }
                return Ok(Ok(accepted));
            }
            Err(error) => told(error, act, &facts, now),
        };
        let mut event = acceptance_event(act, &facts.found);
        match error {
            Error::Refused(refusal) => {
                event.refused = Some(refusal.reason);
                let reference = self.refused(&event, now)?;
                Ok(Err(refusal.recorded(reference).into()))
            }
            Error::Invalid { .. } => {
                // The hash was right and the page is not: somebody changed the one thing that is not signed.
                // The caller hears of a bad value; the audit keeps it as the refusal it is.
                event.refused = Some(Reason::GotoNotAllowed);
                self.refused(&event, now)?;
                Ok(Err(error))
            }
            other => Ok(Err(other)),
        }
    }

    fn add_key(&self, key: &NewKey<'_>, judged: &[KeyId], at: At<'_>) -> StoreResult<Outcome<AutoAuthKey>> {
        self.server.change(|connection| {
            let taken = connection.exists(
                "SELECT 1 FROM gatepass_autoauth_key WHERE id = :id OR label = :label",
                named! { id: key.id, label: key.label },
            )?;
            if taken {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            if active_keys(connection)? != judged {
                // Somebody added or retired one since; the new key may be the end of that one.
                return Err(Fault::Store(StoreError::Busy));
            }
            connection.run(
                "INSERT INTO gatepass_autoauth_key (id, label, sealed, weak, confirm, added_at)
                 VALUES (:id, :label, :sealed, :weak, :confirm, :now)",
                named! {
                    id: key.id,
                    label: key.label,
                    sealed: key.sealed,
                    weak: key.weak,
                    confirm: key.confirm,
                    now: at.now,
                },
            )?;
            let event = NewEvent::new(EventKind::KeyAdded).by(at.by).object(key.label);
            write_event(connection, &event, at.now)?;
            find(connection, key.label)?.map(Ok).ok_or(GONE)
        })
    }

    fn retire_key(&self, label: &str, at: At<'_>) -> StoreResult<Outcome<AutoAuthKey>> {
        self.server.change(|connection| {
            let Some(found) = find(connection, label)? else {
                return Ok(Err(Reason::KeyUnknown.into()));
            };
            if found.retired_at.is_some() {
                return Ok(Ok(found));
            }
            // Nothing needs the blob any more, and nobody may need its sealing key.
            connection.run(
                "UPDATE gatepass_autoauth_key SET sealed = '', retired_at = :now WHERE id = :id",
                named! { id: found.key_id, now: at.now },
            )?;
            let event = NewEvent::new(EventKind::KeyRetired).by(at.by).object(label);
            write_event(connection, &event, at.now)?;
            find(connection, label)?.map(Ok).ok_or(GONE)
        })
    }

    fn reseal_keys(&self, sealed: &[(KeyId, Vec<u8>, Vec<u8>)], at: At<'_>) -> StoreResult<Outcome<()>> {
        self.server.change(|connection| {
            let held = active_keys(connection)?.len();
            let mut changed = 0;
            for (id, old, new) in sealed {
                changed += connection.run(
                    "UPDATE gatepass_autoauth_key SET sealed = :new
                     WHERE id = :id AND sealed = :old AND retired_at IS NULL",
                    named! { id: *id, old: old.as_slice(), new: new.as_slice() },
                )?;
            }
            let changed = usize::try_from(changed).unwrap_or(usize::MAX);
            if changed != held || changed != sealed.len() {
                // Somebody added or sealed a key meanwhile. The error undoes what was changed so far.
                return Err(Fault::Store(StoreError::Busy));
            }
            let event = NewEvent::new(EventKind::KeysResealed).by(at.by).detail(format!("{changed} keys"));
            write_event(connection, &event, at.now)?;
            Ok(Ok(()))
        })
    }
}
