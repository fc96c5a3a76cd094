//! Sessions: started within other acts, checked, touched, ended.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::LazyLock;

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::{Row, WRONG_KIND, named};
use super::{MysqlStore, subject};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::directory::{Mode, Subject};
use crate::error::Reason;
use crate::id::{CredentialId, UserId};
use crate::secret::TimedKey;
use crate::session::{CheckFacts, Origin, Session, SessionFacts, SessionQuery, SessionStart, judge_check};
use crate::store::{At, Named, Outcome, SessionStore, SessionsOf, StoreResult};

/// Put a session in place, as a part of an act that has not answered yet.
pub(super) fn insert(connection: &Connection, session: &SessionStart, now: Timestamp) -> Done<()> {
    connection.run(
        "INSERT INTO gatepass_session (session_key, user_id, client_id, origin, credential_id, admin_id,
                                       autoauth_key_id, redemption, started_at, touched_at, ends_at)
         VALUES (:key, :user, :client, :origin, :credential, :admin, :autoauth_key, :redemption, :now, :now, :ends_at)
         ON DUPLICATE KEY UPDATE session_key = session_key",
        named! {
            key: session.key,
            user: session.user,
            client: session.client,
            origin: session.origin.as_str(),
            credential: session.credential,
            admin: session.admin,
            autoauth_key: session.autoauth_key,
            redemption: session.redemption,
            now: now,
            ends_at: session.ends_at,
        },
    )?;
    Ok(())
}

/// Take back a session whose id nobody was told.
pub(super) fn forget(connection: &Connection, key: &TimedKey) -> Done<()> {
    connection.run("DELETE FROM gatepass_session WHERE session_key = :key", named! { key: *key })?;
    Ok(())
}

const COLUMNS: &str = "session_key, session.user_id, session.client_id, origin, credential_id, admin_id,
    autoauth_key_id, redemption, started_at, touched_at, ends_at, ended_at";

/// Where the columns behind a session's begin: the settings' nonce, and the subject if the session names both.
const NONCE: usize = 12;

/// The facts of a check, which each request of a signed-in person asks for, by one statement.
static OF_CHECK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS}, store.settings_nonce, {}
         FROM gatepass_session AS session JOIN gatepass_store AS store ON store.id = 1 {}
         WHERE session_key = :key",
        subject::COLUMNS,
        subject::joins(subject::Named::Both, "session.user_id", "session.client_id"),
    )
});

fn session(row: &Row) -> Done<SessionFacts> {
    let start = SessionStart {
        key: row.get(0)?,
        user: row.get(1)?,
        client: row.get(2)?,
        origin: Origin::parse(row.text(3)?).ok_or(Fault::Store(WRONG_KIND))?,
        credential: row.get(4)?,
        admin: row.get(5)?,
        autoauth_key: row.get(6)?,
        redemption: row.get(7)?,
        ends_at: row.get(10)?,
    };
    Ok(SessionFacts { start, started_at: row.get(8)?, touched_at: row.get(9)?, ended_at: row.get(11)? })
}

fn find(connection: &Connection, named: &Named) -> Done<Option<SessionFacts>> {
    match named {
        Named::Key(key) => connection.one(
            &format!("SELECT {COLUMNS} FROM gatepass_session AS session WHERE session_key = :key"),
            named! { key: *key },
            session,
        ),
        // A name is the start of the key, so the first key at or after it is the one, if it begins so.
        Named::Reference(reference) => Ok(connection
            .one(
                &format!(
                    "SELECT {COLUMNS} FROM gatepass_session AS session
                     WHERE session_key >= :from ORDER BY session_key LIMIT 1"
                ),
                named! { from: reference.as_slice() },
                session,
            )?
            .filter(|found| found.start.key.reference() == *reference)),
    }
}

/// End one session; 0 if it was over already.
pub(super) fn end_one(connection: &Connection, key: &TimedKey, now: Timestamp) -> Done<u64> {
    connection.run(
        "UPDATE gatepass_session SET ended_at = :now WHERE session_key = :key AND ended_at IS NULL",
        named! { key: *key, now: now },
    )
}

/// End the session in whose place another one stands.
pub(super) fn end_replaced(
    connection: &Connection,
    old: &TimedKey,
    new: &TimedKey,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Done<()> {
    let Some(SessionFacts { start, .. }) = find(connection, &Named::Key(*old))? else { return Ok(()) };
    if end_one(connection, old, now)? > 0 {
        let mut event = NewEvent::new(EventKind::SessionEnded).object(old.reference());
        event.credential = start.credential;
        event.user = start.user;
        event.client = start.client;
        event.address = address;
        event.detail = Some(format!("replaced by session {}", new.reference()));
        write_event(connection, &event, now)?;
    }
    Ok(())
}

/// End what a credential started since a time; how many.
pub(super) fn end_of_credential(
    connection: &Connection,
    credential: CredentialId,
    since: Timestamp,
    now: Timestamp,
) -> Done<u64> {
    connection.run(
        "UPDATE gatepass_session SET ended_at = :now
         WHERE session_key >= :from AND credential_id = :credential AND started_at >= :since AND ended_at IS NULL",
        named! { from: TimedKey::bound(since).to_vec(), credential: credential, since: since, now: now },
    )
}

/// End all sessions of a user; how many.
pub(super) fn end_of_user(connection: &Connection, user: UserId, now: Timestamp) -> Done<u64> {
    connection.run(
        "UPDATE gatepass_session SET ended_at = :now WHERE user_id = :user AND ended_at IS NULL",
        named! { user: user, now: now },
    )
}

impl SessionStore for MysqlStore {
    fn check_session(&self, key: &TimedKey, now: Timestamp) -> StoreResult<Outcome<Session>> {
        let facts = self.server.act(|connection| {
            let rows = connection.rows(&OF_CHECK, named! { key: *key })?;
            let Some(row) = rows.first() else { return Ok(None) };
            let session = session(row)?;
            let settings = self.server.settings_of(connection, row.get(NONCE)?)?;
            let subject = match Subject::from_ids(session.start.user, session.start.client).ok() {
                Some(Subject::UserInClient(..)) if settings.mode == Mode::Managed => {
                    subject::gather(&rows, subject::Named::Both, NONCE + 1)?
                }
                who => subject::load(connection, &settings, who)?,
            };
            Ok(Some(CheckFacts { settings, session, subject }))
        })?;
        let Some(facts) = facts else {
            return Ok(Err(Reason::SessionUnknown.into()));
        };
        let good = match judge_check(&facts, now) {
            Ok(good) => good,
            Err(reason) => return Ok(Err(reason.into())),
        };
        if facts.session.touch_due(&facts.settings, now) {
            // A touch that finds the session ended meanwhile changes nothing; the next check tells.
            self.server.note(|connection| {
                connection.run(
                    "UPDATE gatepass_session SET touched_at = GREATEST(touched_at, :now)
                     WHERE session_key = :key AND ended_at IS NULL",
                    named! { key: *key, now: now },
                )?;
                Ok(())
            })?;
        }
        Ok(Ok(good))
    }

    fn list_sessions(&self, query: &SessionQuery, limit: u32, now: Timestamp) -> StoreResult<Vec<Session>> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let sql = format!(
            "SELECT {COLUMNS} FROM gatepass_session AS session
             WHERE (:user IS NULL OR user_id = :user) AND (:client IS NULL OR client_id = :client)
               AND (:credential IS NULL OR credential_id = :credential)
               AND (:before IS NULL OR session_key < :before)
               AND (:all = 1 OR (ended_at IS NULL AND ends_at > :now))
             ORDER BY session_key DESC LIMIT :limit"
        );
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let values = |before: Option<Vec<u8>>| {
                named! {
                    user: query.user_id,
                    client: query.client_id,
                    credential: query.credential_id,
                    before: before,
                    all: query.all,
                    now: now,
                    limit: limit,
                }
            };
            let wanted = |facts: &SessionFacts| query.all || facts.own_state(&settings, now).is_ok();
            let first = query.before.map(|before| before.as_slice().to_vec());
            let key = |facts: &SessionFacts| facts.start.key.as_slice().to_vec();
            let found = connection.pages(&sql, most, first, values, session, key, wanted)?;
            Ok(found.into_iter().map(|facts| facts.view(&settings, Vec::new())).collect())
        })
    }

    fn end_sessions(&self, which: &SessionsOf, at: At<'_>) -> StoreResult<Outcome<u64>> {
        // What was ended before the event was in somebody's way.
        let before = Cell::new(0);
        self.server.act(|connection| {
            let mut event = NewEvent::new(EventKind::SessionEnded).by(at.by);
            let ended = match which {
                SessionsOf::One(named) => {
                    let Some(SessionFacts { start, .. }) = find(connection, named)? else {
                        return Ok(Err(Reason::SessionUnknown.into()));
                    };
                    event.object = Some(start.key.reference().to_string());
                    event.user = start.user;
                    event.client = start.client;
                    event.credential = start.credential;
                    end_one(connection, &start.key, at.now)?
                }
                SessionsOf::User(user) => {
                    event.user = Some(*user);
                    end_of_user(connection, *user, at.now)?
                }
                SessionsOf::Credential(credential, since) => {
                    event.credential = Some(*credential);
                    end_of_credential(connection, *credential, *since, at.now)?
                }
            } + before.get();
            before.set(ended);
            if ended > 0 {
                event.count = i64::try_from(ended).unwrap_or(i64::MAX);
                write_event(connection, &event, at.now)?;
            }
            Ok(Ok(ended))
        })
    }
}
