//! SSO tokens: issued, inspected, redeemed, revoked.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::{write_event, write_refusal};
use super::credentials::{FACTS, FACTS_WIDTH, facts};
use super::error::ReadError;
use super::writing::Sync;
use super::{SqliteStore, credentials, purge};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::credential::CallerFacts;
use crate::error::{Error, Reason, Refusal};
use crate::id::{AdminId, ClientId, CredentialId, UserId};
use crate::secret::TimedKey;
use crate::settings::Settings;
use crate::store::{At, Named, Outcome, StoreResult, TokenStore, TokensOf};
use crate::token::{
    Binding, Grant, IssueAct, LONGEST_LIFE, RedeemAct, RedeemFacts, Spent, TokenFacts, TokenQuery,
    judge_issue, state_of,
};

/// One issue in so many also deletes what is over: 128 rows at a time cost less than two at each (perf lever
/// 6).
pub(super) const PURGE_EVERY: u8 = 64;

/// The columns of a token, followed by those of the credential that issued it, of the admin, and `more`.
pub(super) fn select(more: &str, condition: &str) -> String {
    format!(
        "SELECT token.key, token.user_id, token.client_id, token.destination, token.landing, token.credential_id,
                token.admin_id, token.serial, token.actor, token.binding, token.issued_at, token.expires_at,
                token.redeemed_at, token.redemption, token.session_key, token.revoked_at, token.replays,
                token.replayed_at, by_password.enabled, {FACTS}{more}
         FROM token
         LEFT JOIN credential ON credential.id = token.credential_id
         LEFT JOIN admin ON admin.id = credential.admin_id
         LEFT JOIN admin AS by_password ON by_password.id = token.admin_id
         {condition}"
    )
}

/// The text of a hot statement, put together once.
static BY_KEY: LazyLock<String> = LazyLock::new(|| select("", "WHERE token.key = ?1"));

/// How many columns [`token`] reads.
pub(super) const WIDTH: usize = 19 + FACTS_WIDTH;

pub(super) fn token(row: &Row<'_>) -> rusqlite::Result<TokenFacts> {
    let credential: Option<CredentialId> = row.get(5)?;
    let issuer = match credential {
        Some(_) => facts(row, 19)?,
        None => CallerFacts::admin(row.get::<_, Option<bool>>(18)?.unwrap_or(false)),
    };
    Ok(TokenFacts {
        key: row.get(0)?,
        user: row.get(1)?,
        client: row.get(2)?,
        destination: row.get(3)?,
        landing: row.get(4)?,
        credential,
        admin: row.get(6)?,
        serial: row.get(7)?,
        actor: row.get(8)?,
        binding: row.get::<_, Option<[u8; 32]>>(9)?.map(Binding),
        issued_at: row.get(10)?,
        expires_at: row.get(11)?,
        redeemed_at: row.get(12)?,
        redemption: row.get(13)?,
        session: row.get(14)?,
        revoked_at: row.get(15)?,
        replays: row.get(16)?,
        replayed_at: row.get(17)?,
        issuer,
    })
}

/// One token by key or name.
fn find(connection: &Connection, named: &Named) -> StoreResult<Option<TokenFacts>> {
    let mut statement = match named {
        Named::Key(_) => connection.prepare_cached(&BY_KEY),
        // A name is the start of the key, so the first key at or after it is the one, if it begins so.
        Named::Reference(_) => {
            connection.prepare_cached(&select("", "WHERE token.key >= ?1 ORDER BY token.key LIMIT 1"))
        }
    }
    .read()?;
    match named {
        Named::Key(key) => statement.query_row([key.as_slice()], token).optional().read(),
        Named::Reference(reference) => Ok(statement
            .query_row([reference.as_slice()], token)
            .optional()
            .read()?
            .filter(|found| found.key.reference() == *reference)),
    }
}

/// A token's row as it begins.
pub(super) struct NewToken<'a> {
    pub(super) key: TimedKey,
    pub(super) user: Option<UserId>,
    pub(super) client: Option<ClientId>,
    pub(super) destination: Option<&'a str>,
    pub(super) landing: &'a str,
    pub(super) credential: Option<CredentialId>,
    pub(super) admin: Option<AdminId>,
    pub(super) serial: i64,
    pub(super) actor: Option<&'a str>,
    pub(super) binding: Option<Binding>,
    pub(super) expires_at: Timestamp,
}

pub(super) fn insert(connection: &Connection, token: &NewToken<'_>, now: Timestamp) -> StoreResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO token (key, user_id, client_id, destination, landing, credential_id, admin_id, serial,
                                actor, binding, issued_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .read()?
        .execute(params![
            token.key,
            token.user,
            token.client,
            token.destination,
            token.landing,
            token.credential,
            token.admin,
            token.serial,
            token.actor,
            token.binding.map(|binding| binding.0),
            now,
            token.expires_at,
        ])
        .read()?;
    Ok(())
}

/// How many unspent tokens of a credential could still be redeemed: those of the last minute.
pub(super) fn count_unspent(
    connection: &Connection,
    credential: CredentialId,
    now: Timestamp,
) -> StoreResult<u64> {
    connection
        .query_row(
            "SELECT count(*) FROM token WHERE key >= ?1 AND credential_id = ?2 AND redeemed_at IS NULL
               AND revoked_at IS NULL AND expires_at > ?3
               AND serial > (SELECT void_serial FROM credential WHERE id = ?2)",
            params![&TimedKey::bound(now.minus(LONGEST_LIFE))[..], credential, now],
            |row| row.get(0),
        )
        .read()
}

impl TokenStore for SqliteStore {
    fn issue(&self, act: &IssueAct<'_>, now: Timestamp) -> StoreResult<Outcome<Grant>> {
        self.database.write(Sync::Relaxed, |connection| {
            let Some(facts) = self.issue_facts(connection, &act.caller, act.request)? else {
                return Ok(Err(Reason::CredentialUnknown.into()));
            };
            let mut event = NewEvent::new(EventKind::TokenIssued).by(act.request.actor.as_deref());
            event.credential = act.caller.credential_id();
            event.admin = act.caller.admin_id();
            event.address = act.request.address;
            let grant = match judge_issue(&act.caller, act.request, &facts, now) {
                Ok(grant) => grant,
                Err(Error::Refused(refusal)) => {
                    event.refused = Some(refusal.reason);
                    event.user = act.request.subject.user();
                    event.client = act.request.subject.client();
                    let reference = write_refusal(connection, &event, now)?;
                    return Ok(Err(refusal.recorded(Some(reference)).into()));
                }
                Err(error) => return Ok(Err(error)),
            };
            let token = NewToken {
                key: act.key,
                user: grant.user,
                client: grant.client,
                destination: grant.destination.as_deref(),
                landing: grant.landing.as_str(),
                credential: act.caller.credential_id(),
                admin: act.caller.admin_id(),
                serial: act.caller.serial(),
                actor: act.request.actor.as_deref(),
                binding: act.request.binding,
                expires_at: grant.expires_at,
            };
            insert(connection, &token, now)?;
            let count = (credentials::Made::Token, grant.count);
            credentials::note(connection, &act.caller, &facts.caller, count, now)?;
            event.user = grant.user;
            event.client = grant.client;
            event.object = Some(act.key.reference().to_string());
            write_event(connection, &event, now)?;
            if act.key.one_in(PURGE_EVERY) {
                purge::step(connection, &facts.settings, now)?;
            }
            Ok(Ok(grant))
        })
    }

    fn redeem(&self, act: &RedeemAct, now: Timestamp) -> StoreResult<Result<Spent, Refusal>> {
        self.redeem_token(act, now)
    }

    fn inspect(&self, named: &Named) -> StoreResult<Option<RedeemFacts>> {
        self.database.read(|connection| self.redeem_facts(connection, named))
    }

    fn list_tokens(
        &self,
        query: &TokenQuery,
        limit: u32,
        now: Timestamp,
    ) -> StoreResult<(Arc<Settings>, Vec<TokenFacts>)> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            let mut statement = connection
                .prepare_cached(&select(
                    "",
                    "WHERE (?1 IS NULL OR token.user_id = ?1) AND (?2 IS NULL OR token.client_id = ?2)
                       AND (?3 IS NULL OR token.credential_id = ?3) AND (?4 IS NULL OR token.key < ?4)
                       AND (?5 = 0 OR (token.redeemed_at IS NULL AND token.revoked_at IS NULL AND token.expires_at > ?6))
                     ORDER BY token.key DESC",
                ))
                .read()?;
            let mut rows = statement
                .query(params![
                    query.user_id,
                    query.client_id,
                    query.credential_id,
                    query.before.map(|before| before.as_slice().to_vec()),
                    query.live,
                    now,
                ])
                .read()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().read()? {
                let token = token(row).read()?;
                let wanted = !query.live || state_of(&token, &settings, now).1.is_none();
                if wanted {
                    found.push(token);
                }
                if found.len() == most {
                    break;
                }
            }
            drop(rows);
            drop(statement);
            Ok((settings, found))
        })
    }

    fn revoke_tokens(&self, which: &TokensOf, at: At<'_>) -> StoreResult<Outcome<u64>> {
        self.database.write(Sync::Synced, |connection| {
            let mut event = NewEvent::new(EventKind::TokenRevoked).by(at.by);
            let revoked = match which {
                TokensOf::One(named) => {
                    let Some(token) = find(connection, named)? else {
                        return Ok(Err(Reason::TokenUnknown.into()));
                    };
                    if token.redeemed_at.is_some() {
                        return Ok(Err(Reason::TokenRedeemed.into()));
                    }
                    event.object = Some(token.key.reference().to_string());
                    revoke_where(connection, "key = ?2", token.key.as_slice(), at.now)?
                }
                TokensOf::User(user) => {
                    event.user = Some(*user);
                    revoke_where(connection, "user_id = ?2", user, at.now)?
                }
                TokensOf::Client(client) => {
                    event.client = Some(*client);
                    revoke_where(connection, "client_id = ?2", client, at.now)?
                }
                TokensOf::Credential(credential) => {
                    event.credential = Some(*credential);
                    revoke_where(connection, "credential_id = ?2", credential, at.now)?
                }
            };
            if revoked > 0 {
                event.count = i64::try_from(revoked).unwrap_or(i64::MAX);
                write_event(connection, &event, at.now)?;
            }
            Ok(Ok(revoked))
        })
    }
}

/// How far back unspent tokens are looked for. They live for a minute; the rest is for clocks that were set.
const REVOKE_REACH: Duration = Duration::from_secs(3_600);

/// Revoke unspent tokens that a condition on `?2` names; how many of them could still be redeemed.
pub(super) fn revoke_where(
    connection: &Connection,
    condition: &str,
    value: impl rusqlite::ToSql,
    now: Timestamp,
) -> StoreResult<u64> {
    let unspent = format!("key >= ?3 AND {condition} AND redeemed_at IS NULL AND revoked_at IS NULL");
    let from = TimedKey::bound(now.minus(REVOKE_REACH));
    let live = connection
        .query_row(
            &format!("SELECT count(*) FROM token WHERE expires_at > ?1 AND {unspent}"),
            params![now, value, &from[..]],
            |row| row.get(0),
        )
        .read()?;
    connection
        .execute(&format!("UPDATE token SET revoked_at = ?1 WHERE {unspent}"), params![now, value, &from[..]])
        .read()?;
    Ok(live)
}
