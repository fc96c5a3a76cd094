//! SSO tokens: issued, inspected, revoked.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use mysql::Value;

use super::audit::write_event;
use super::connection::Connection;
use super::credentials::{FACTS, FACTS_WIDTH, facts};
use super::error::Done;
use super::values::{Row, named};
use super::{MysqlStore, credentials};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::credential::CallerFacts;
use crate::error::{Error, Reason, Refusal};
use crate::id::{AdminId, ClientId, CredentialId, UserId};
use crate::secret::TimedKey;
use crate::session::RedemptionId;
use crate::settings::Settings;
use crate::store::{At, Named, Outcome, StoreResult, TokenStore, TokensOf};
use crate::token::{
    Binding, Grant, IssueAct, LONGEST_LIFE, RedeemAct, RedeemFacts, Spent, TokenFacts, TokenQuery,
    judge_issue, state_of,
};

/// One issue in so many also deletes what is over.
pub(super) const PURGE_EVERY: u8 = 64;

/// The columns of a token, followed by those of the credential that issued it, of the admin, and `more`.
pub(super) fn select(more: &str, condition: &str) -> String {
    format!(
        "SELECT token.token_key, token.user_id, token.client_id, token.destination, token.landing,
                token.credential_id, token.admin_id, token.serial, token.actor, token.binding, token.issued_at,
                token.expires_at, token.redeemed_at, token.redemption, token.session_key, token.revoked_at,
                token.replays, token.replayed_at, by_password.enabled, {FACTS}{more}
         FROM gatepass_token AS token
         LEFT JOIN gatepass_credential AS credential ON credential.id = token.credential_id
         LEFT JOIN gatepass_admin AS admin ON admin.id = credential.admin_id
         LEFT JOIN gatepass_admin AS by_password ON by_password.id = token.admin_id
         {condition}"
    )
}

/// How many columns [`token`] reads.
pub(super) const WIDTH: usize = 19 + FACTS_WIDTH;

pub(super) fn token(row: &Row) -> Done<TokenFacts> {
    let credential: Option<CredentialId> = row.get(5)?;
    let issuer = match credential {
        Some(_) => facts(row, 19)?,
        None => CallerFacts::admin(row.get::<Option<bool>>(18)?.unwrap_or(false)),
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
        binding: row.get::<Option<[u8; 32]>>(9)?.map(Binding),
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
    /// What it is spent on as soon as it is made, and the session that this starts.
    pub(super) spent: Option<(RedemptionId, Option<TimedKey>)>,
}

pub(super) fn insert(connection: &Connection, token: &NewToken<'_>, now: Timestamp) -> Done<()> {
    connection.run(
        "INSERT INTO gatepass_token (token_key, user_id, client_id, destination, landing, credential_id, admin_id,
                                     serial, actor, binding, issued_at, expires_at, redeemed_at, redemption,
                                     session_key)
         VALUES (:key, :user, :client, :destination, :landing, :credential, :admin, :serial, :actor, :binding, :now,
                 :expires_at, :redeemed_at, :redemption, :session)",
        named! {
            key: token.key,
            user: token.user,
            client: token.client,
            destination: token.destination,
            landing: token.landing,
            credential: token.credential,
            admin: token.admin,
            serial: token.serial,
            actor: token.actor,
            binding: token.binding.map(|binding| binding.0),
            now: now,
            expires_at: token.expires_at,
            redeemed_at: token.spent.map(|_| now),
            redemption: token.spent.map(|(redemption, _)| redemption),
            session: token.spent.and_then(|(_, session)| session),
        },
    )?;
    Ok(())
}

/// How many unspent tokens of a credential could still be redeemed: those of the last minute.
pub(super) fn count_unspent(connection: &Connection, credential: CredentialId, now: Timestamp) -> Done<u64> {
    connection.only(
        "SELECT COUNT(*) FROM gatepass_token
         WHERE token_key >= :from AND credential_id = :credential AND redeemed_at IS NULL AND revoked_at IS NULL
           AND expires_at > :now AND serial > (SELECT void_serial FROM gatepass_credential WHERE id = :credential)",
        named! {
            from: TimedKey::bound(now.minus(LONGEST_LIFE)).to_vec(),
            credential: credential,
            now: now,
        },
        |row| row.get(0),
    )
}

impl MysqlStore {
    /// Judge, count and insert. What is counted is compared with what was judged when it is raised, so that
    /// no limit is passed however many issue at once.
    fn issue_once(
        &self,
        connection: &Connection,
        act: &IssueAct<'_>,
        now: Timestamp,
    ) -> Done<Result<(Grant, Arc<Settings>), Error>> {
        let Some(facts) = self.issue_facts(connection, &act.caller, act.request)? else {
            return Ok(Err(Reason::CredentialUnknown.into()));
        };
        let grant = match judge_issue(&act.caller, act.request, &facts, now) {
            Ok(grant) => grant,
            Err(error) => return Ok(Err(error)),
        };
        credentials::count(connection, &act.caller, &facts.caller, (credentials::Made::Token, grant.count))?;
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
            spent: None,
        };
        let mut event = issue_event(act);
        event.user = grant.user;
        event.client = grant.client;
        event.object = Some(act.key.reference().to_string());
        connection.together_again(|| {
            write_event(connection, &event, now)?;
            insert(connection, &token, now)
        })?;
        connection.kept("SELECT 1 FROM gatepass_token WHERE token_key = :key", named! { key: act.key })?;
        credentials::note_use(connection, &act.caller, &facts.caller, now);
        Ok(Ok((grant, facts.settings)))
    }
}

fn issue_event<'a>(act: &IssueAct<'a>) -> NewEvent<'a> {
    let mut event = NewEvent::new(EventKind::TokenIssued).by(act.request.actor.as_deref());
    event.credential = act.caller.credential_id();
    event.admin = act.caller.admin_id();
    event.address = act.request.address;
    event
}

impl TokenStore for MysqlStore {
    fn issue(&self, act: &IssueAct<'_>, now: Timestamp) -> StoreResult<Outcome<Grant>> {
        match self.server.act(|connection| self.issue_once(connection, act, now))? {
            Ok((grant, settings)) => {
                if act.key.one_in(PURGE_EVERY) {
                    self.purge_step(&settings, now);
                }
                Ok(Ok(grant))
            }
            Err(Error::Refused(refusal)) if refusal.reason != Reason::CredentialUnknown => {
                let mut event = issue_event(act);
                event.refused = Some(refusal.reason);
                event.user = act.request.subject.user();
                event.client = act.request.subject.client();
                let reference = self.refused(&event, now)?;
                Ok(Err(refusal.recorded(reference).into()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn redeem(&self, act: &RedeemAct, now: Timestamp) -> StoreResult<Result<Spent, Refusal>> {
        self.redeem_token(act, now)
    }

    fn inspect(&self, named: &Named) -> StoreResult<Option<RedeemFacts>> {
        self.server.act(|connection| self.redeem_facts(connection, named))
    }

    fn list_tokens(
        &self,
        query: &TokenQuery,
        limit: u32,
        now: Timestamp,
    ) -> StoreResult<(Arc<Settings>, Vec<TokenFacts>)> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let sql = select(
            "",
            "WHERE (:user IS NULL OR token.user_id = :user) AND (:client IS NULL OR token.client_id = :client)
               AND (:credential IS NULL OR token.credential_id = :credential)
               AND (:before IS NULL OR token.token_key < :before)
               AND (:live = 0
                    OR (token.redeemed_at IS NULL AND token.revoked_at IS NULL AND token.expires_at > :now))
             ORDER BY token.token_key DESC LIMIT :limit",
        );
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let values = |before: Option<Vec<u8>>| {
                named! {
                    user: query.user_id,
                    client: query.client_id,
                    credential: query.credential_id,
                    before: before,
                    live: query.live,
                    now: now,
                    limit: limit,
                }
            };
            let wanted = |token: &TokenFacts| !query.live || state_of(token, &settings, now).1.is_none();
            let first = query.before.map(|before| before.as_slice().to_vec());
            let key = |token: &TokenFacts| token.key.as_slice().to_vec();
            let found = connection.pages(&sql, most, first, values, token, key, wanted)?;
            Ok((settings, found))
        })
    }

    fn revoke_tokens(&self, which: &TokensOf, at: At<'_>) -> StoreResult<Outcome<u64>> {
        // What was revoked before the event was in somebody's way.
        let before = Cell::new(0);
        self.server.act(|connection| {
            let mut event = NewEvent::new(EventKind::TokenRevoked).by(at.by);
            let revoked = match which {
                TokensOf::One(named) => {
                    let Some(facts) = self.redeem_facts(connection, named)? else {
                        return Ok(Err(Reason::TokenUnknown.into()));
                    };
                    let token = facts.token;
                    if token.redeemed_at.is_some() {
                        return Ok(Err(Reason::TokenRedeemed.into()));
                    }
                    event.object = Some(token.key.reference().to_string());
                    let revoked = revoke_where(connection, "token_key = :which", token.key, at.now)?;
                    // Somebody may have redeemed it since it was looked at; then it was not revoked.
                    if revoked + before.get() == 0
                        && token.revoked_at.is_none()
                        && self.is_redeemed(connection, named)?
                    {
                        return Ok(Err(Reason::TokenRedeemed.into()));
                    }
                    revoked
                }
                TokensOf::User(user) => {
                    event.user = Some(*user);
                    revoke_where(connection, "user_id = :which", *user, at.now)?
                }
                TokensOf::Client(client) => {
                    event.client = Some(*client);
                    revoke_where(connection, "client_id = :which", *client, at.now)?
                }
                TokensOf::Credential(credential) => {
                    event.credential = Some(*credential);
                    revoke_where(connection, "credential_id = :which", *credential, at.now)?
                }
            } + before.get();
            before.set(revoked);
            if revoked > 0 {
                event.count = i64::try_from(revoked).unwrap_or(i64::MAX);
                write_event(connection, &event, at.now)?;
            }
            Ok(Ok(revoked))
        })
    }
}

impl MysqlStore {
    fn is_redeemed(&self, connection: &Connection, named: &Named) -> Done<bool> {
        Ok(self.redeem_facts(connection, named)?.is_some_and(|facts| facts.token.redeemed_at.is_some()))
    }
}

/// How far back unspent tokens are looked for. They live for a minute; the rest is for clocks that were set.
const REVOKE_REACH: Duration = Duration::from_secs(3_600);

/// Revoke unspent tokens that a condition on `:which` names; how many of them could still be redeemed. Two
/// statements, of which each decides for itself: a token is redeemed before, or it is revoked.
pub(super) fn revoke_where(
    connection: &Connection,
    condition: &str,
    which: impl Into<Value>,
    now: Timestamp,
) -> Done<u64> {
    let which = which.into();
    let revoke = |life: &str| {
        connection.run(
            &format!(
                "UPDATE gatepass_token SET revoked_at = :now
                 WHERE token_key >= :from AND {condition} AND {life} AND redeemed_at IS NULL AND revoked_at IS NULL"
            ),
            named! {
                now: now,
                from: TimedKey::bound(now.minus(REVOKE_REACH)).to_vec(),
                which: which.clone(),
            },
        )
    };
    let live = revoke("expires_at > :now")?;
    revoke("expires_at <= :now")?;
    Ok(live)
}
