//! Sessions: started within other acts, checked, touched, ended.

use std::net::IpAddr;
use std::sync::LazyLock;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::write_event;
use super::error::ReadError;
use super::writing::Sync;
use super::{SqliteStore, subject};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::directory::Subject;
use crate::error::Reason;
use crate::id::{CredentialId, UserId};
use crate::secret::TimedKey;
use crate::session::{CheckFacts, Origin, Session, SessionFacts, SessionQuery, SessionStart, judge_check};
use crate::store::{At, Named, Outcome, SessionStore, SessionsOf, StoreResult};

/// Start a session inside its act, in place of the one that `replaced` names.
pub(super) fn start(
    connection: &Connection,
    session: &SessionStart,
    replaced: Option<TimedKey>,
    address: Option<IpAddr>,
    now: Timestamp,
) -> StoreResult<()> {
    insert(connection, session, now)?;
    match replaced {
        Some(old) => end_replaced(connection, &old, session, address, now),
        None => Ok(()),
    }
}

fn insert(connection: &Connection, session: &SessionStart, now: Timestamp) -> StoreResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO session (key, user_id, client_id, origin, credential_id, admin_id, autoauth_key_id, redemption,
                                  started_at, touched_at, ends_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
        )
        .read()?
        .execute(params![
            session.key,
            session.user,
            session.client,
            session.origin.as_str(),
            session.credential,
            session.admin,
            session.autoauth_key,
            session.redemption,
            now,
            session.ends_at,
        ])
        .read()?;
    Ok(())
}

const COLUMNS: &str =
    "key, user_id, client_id, origin, credential_id, admin_id, autoauth_key_id, redemption, started_at,
    touched_at, ends_at, ended_at";

fn session(row: &Row<'_>) -> rusqlite::Result<SessionFacts> {
    let start = SessionStart {
        key: row.get(0)?,
        user: row.get(1)?,
        client: row.get(2)?,
        origin: Origin::parse(row.get_ref(3)?.as_str()?)
            .ok_or_else(|| rusqlite::Error::InvalidColumnType(3, "origin".into(), Type::Text))?,
        credential: row.get(4)?,
        admin: row.get(5)?,
        autoauth_key: row.get(6)?,
        redemption: row.get(7)?,
        ends_at: row.get(10)?,
    };
    Ok(SessionFacts { start, started_at: row.get(8)?, touched_at: row.get(9)?, ended_at: row.get(11)? })
}

/// The text of a hot statement, put together once.
static BY_KEY: LazyLock<String> = LazyLock::new(|| format!("SELECT {COLUMNS} FROM session WHERE key = ?1"));

fn find(connection: &Connection, named: &Named) -> StoreResult<Option<SessionFacts>> {
    match named {
        Named::Key(key) => {
            connection.prepare_cached(&BY_KEY).read()?.query_row([key.as_slice()], session).optional().read()
        }
        Named::Reference(reference) => Ok(connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM session WHERE key >= ?1 ORDER BY key LIMIT 1"))
            .read()?
            .query_row([reference.as_slice()], session)
            .optional()
            .read()?
            .filter(|found| found.start.key.reference() == *reference)),
    }
}

fn rows(changed: usize) -> u64 {
    u64::try_from(changed).unwrap_or(u64::MAX)
}

/// Whether nobody ended it, whatever its age.
pub(super) fn not_ended(connection: &Connection, key: &TimedKey) -> StoreResult<bool> {
    connection
        .prepare_cached("SELECT 1 FROM session WHERE key = ?1 AND ended_at IS NULL")
        .read()?
        .exists([key])
        .read()
}

/// End one session; 0 if it was over already.
pub(super) fn end_one(connection: &Connection, key: &TimedKey, now: Timestamp) -> StoreResult<u64> {
    connection
        .execute("UPDATE session SET ended_at = ?2 WHERE key = ?1 AND ended_at IS NULL", params![key, now])
        .read()
        .map(rows)
}

fn end_replaced(
    connection: &Connection,
    old: &TimedKey,
    new: &SessionStart,
    address: Option<IpAddr>,
    now: Timestamp,
) -> StoreResult<()> {
    let Some(SessionFacts { start, .. }) = find(connection, &Named::Key(*old))? else { return Ok(()) };
    if end_one(connection, old, now)? > 0 {
        let mut event = NewEvent::new(EventKind::SessionEnded).object(old.reference());
        event.credential = start.credential;
        event.user = start.user;
        event.client = start.client;
        event.address = address;
        event.detail = Some(format!("replaced by session {}", new.key.reference()));
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
) -> StoreResult<u64> {
    connection
        .execute(
            "UPDATE session SET ended_at = ?3
             WHERE key >= ?4 AND credential_id = ?1 AND started_at >= ?2 AND ended_at IS NULL",
            params![credential, since, now, &TimedKey::bound(since)[..]],
        )
        .read()
        .map(rows)
}

/// Goes through the index `session_user` from one minute to the next.
pub(super) const END_OF_USER: &str = "
    WITH RECURSIVE minute (bytes) AS (
        SELECT min(substr(key, 1, 4)) FROM session
        UNION ALL
        SELECT (SELECT min(substr(key, 1, 4)) FROM session WHERE substr(key, 1, 4) > bytes)
        FROM minute WHERE bytes IS NOT NULL
    )
    UPDATE session SET ended_at = ?2
    WHERE ended_at IS NULL AND key IN (
        SELECT key FROM minute CROSS JOIN session WHERE substr(key, 1, 4) = bytes AND user_id = ?1)";

/// End all sessions of a user; how many.
pub(super) fn end_of_user(connection: &Connection, user: UserId, now: Timestamp) -> StoreResult<u64> {
    connection.execute(END_OF_USER, params![user, now]).read().map(rows)
}

impl SessionStore for SqliteStore {
    fn check_session(&self, key: &TimedKey, now: Timestamp) -> StoreResult<Outcome<Session>> {
        let facts = self.database.read(|connection| {
            let Some(session) = find(connection, &Named::Key(*key))? else {
                return Ok(None);
            };
            let settings = self.database.settings(connection)?;
            let who = Subject::from_ids(session.start.user, session.start.client).ok();
            let subject = subject::load(connection, &settings, who)?;
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
            self.database.note(|connection| {
                connection
                    .prepare_cached(
                        "UPDATE session SET touched_at = max(touched_at, ?2) WHERE key = ?1 AND ended_at IS NULL",
                    )
                    .read()?
                    .execute(params![key, now])
                    .read()?;
                Ok(())
            })?;
        }
        Ok(Ok(good))
    }

    fn list_sessions(&self, query: &SessionQuery, limit: u32, now: Timestamp) -> StoreResult<Vec<Session>> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            let mut statement = connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM session
                     WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR client_id = ?2)
                       AND (?3 IS NULL OR credential_id = ?3) AND (?4 IS NULL OR key < ?4)
                       AND (?5 = 1 OR (ended_at IS NULL AND ends_at > ?6))
                     ORDER BY key DESC"
                ))
                .read()?;
            let before = query.before.map(|before| before.as_slice().to_vec());
            let mut rows = statement
                .query(params![query.user_id, query.client_id, query.credential_id, before, query.all, now])
                .read()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().read()? {
                let facts = session(row).read()?;
                if query.all || facts.own_state(&settings, now).is_ok() {
                    found.push(facts.view(&settings, Vec::new()));
                }
                if found.len() == most {
                    break;
                }
            }
            Ok(found)
        })
    }

    fn end_sessions(&self, which: &SessionsOf, at: At<'_>) -> StoreResult<Outcome<u64>> {
        self.database.write(Sync::Synced, |connection| {
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
            };
            if ended > 0 {
                event.count = i64::try_from(ended).unwrap_or(i64::MAX);
                write_event(connection, &event, at.now)?;
            }
            Ok(Ok(ended))
        })
    }
}
