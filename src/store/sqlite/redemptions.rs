//! The redemption of a token: exactly once, synced, and refused with the truth otherwise.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::audit::{write_event, write_refusal};
use super::error::ReadError;
use super::writing::{Sync, or_refused};
use super::{SqliteStore, replay, sessions};
use crate::clock::Timestamp;
use crate::error::{Reason, Refusal};
use crate::secret::TimedKey;
use crate::session::{Origin, SessionStart};
use crate::settings::Settings;
use crate::store::events::redemption_event;
use crate::store::{Named, StoreResult};
use crate::token::{RedeemAct, RedeemFacts, Spent, Verdict, judge_redeem};

/// How long the variants that the race self-check must catch take between look and act.
pub(super) const CARELESS: Duration = Duration::from_millis(1);

/// The text of the one statement that spends, put together once.
static SPEND: LazyLock<String> = LazyLock::new(|| spend("redeemed_at IS NULL"));

fn spend(condition: &str) -> String {
    format!(
        "UPDATE token SET redeemed_at = ?2, redemption = ?3, session_key = ?4 WHERE key = ?1 AND {condition}"
    )
}

fn exists(connection: &Connection, key: &TimedKey) -> StoreResult<bool> {
    connection.prepare_cached("SELECT 1 FROM token WHERE key = ?1").read()?.exists([key.as_slice()]).read()
}

impl SqliteStore {
    /// What [`crate::store::TokenStore::redeem`] does.
    pub(super) fn redeem_token(
        &self,
        act: &RedeemAct,
        now: Timestamp,
    ) -> StoreResult<Result<Spent, Refusal>> {
        if self.redeems_check_then_act() {
            return self.redeem_check_then_act(act, now);
        }
        let until = self.database.until();
        // What is unknown is answered without a write.
        if !self.database.peek(until, |connection| exists(connection, &act.key))? {
            return Ok(Err(Refusal::new(Reason::TokenUnknown)));
        }
        or_refused(self.redeem_once(act, now, until), || self.known_refusal(act, now, until))
    }

    /// Do what the verdict says. The row is changed by a condition of its own all the same, so that no
    /// mistake before it can spend a token twice; `guarded` is false only in the variant that the race
    /// self-check must catch.
    pub(super) fn apply_redemption(
        &self,
        connection: &Connection,
        act: &RedeemAct,
        facts: &RedeemFacts,
        now: Timestamp,
        guarded: bool,
    ) -> StoreResult<Result<Spent, Refusal>> {
        let token = &facts.token;
        let admitted = match judge_redeem(act, facts, now) {
            Verdict::Spend(admitted) => admitted,
            Verdict::Refuse(reason) => {
                let mut event = redemption_event(token, act);
                event.refused = Some(reason);
                let reference = write_refusal(connection, &event, now)?;
                return Ok(Err(Refusal::new(reason).recorded(Some(reference))));
            }
            Verdict::Redeemed(replay) => return replay::refuse(connection, act, token, replay, now).map(Err),
        };
        let unguarded;
        let sql = if guarded {
            &*SPEND
        } else {
            unguarded = spend("1");
            &unguarded
        };
        let spent = connection
            .prepare_cached(sql)
            .read()?
            .execute(params![token.key, now, act.redemption, act.session])
            .read()?;
        if spent != 1 {
            return Ok(Err(Refusal::new(Reason::TokenRedeemed)));
        }
        let ends_at = now.plus(Settings::seconds(facts.settings.session_absolute_seconds));
        let (user, client, clients) = match admitted {
            Some(admitted) => (Some(admitted.user), admitted.client, admitted.clients),
            None => (token.user, token.client, Vec::new()),
        };
        if let Some(key) = act.session {
            let session = SessionStart {
                key,
                user,
                client,
                origin: Origin::Token,
                credential: token.credential,
                admin: token.admin,
                autoauth_key: None,
                redemption: Some(act.redemption),
                ends_at,
            };
            let replaced = act.presented.filter(|_| act.replace);
            sessions::start(connection, &session, replaced, act.address, now)?;
        }
        let mut event = redemption_event(token, act);
        event.actor = token.actor.as_deref();
        event.detail = act.session.map(|session| format!("session {}", session.reference()));
        write_event(connection, &event, now)?;
        Ok(Ok(Spent {
            user,
            client,
            clients,
            destination: token.destination.clone(),
            landing_url: format!("{}/{}", facts.settings.system_url, token.landing),
            credential: token.credential,
            actor: token.actor.clone(),
            session_expires_at: ends_at,
            managed: facts.settings.mode == crate::directory::Mode::Managed,
        }))
    }

    /// Judge and spend in one transaction.
    fn redeem_once(
        &self,
        act: &RedeemAct,
        now: Timestamp,
        until: Instant,
    ) -> StoreResult<Result<Spent, Refusal>> {
        let must_sync = |outcome: &Result<Spent, Refusal>| match outcome {
            Ok(_) => true,
            Err(refusal) => refusal.session_ended,
        };
        self.database.write_judged(until, must_sync, |connection| {
            match self.redeem_facts(connection, &Named::Key(act.key))? {
                Some(facts) => self.apply_redemption(connection, act, &facts, now, true),
                None => Ok(Err(Refusal::new(Reason::TokenUnknown))),
            }
        })
    }

    /// Look in one transaction, spend in another: what most hand-written redemptions do.
    fn redeem_check_then_act(&self, act: &RedeemAct, now: Timestamp) -> StoreResult<Result<Spent, Refusal>> {
        let facts = self.database.read(|connection| self.redeem_facts(connection, &Named::Key(act.key)))?;
        // A page has other things to do in between, too.
        std::thread::sleep(CARELESS);
        match facts {
            None => Ok(Err(Refusal::new(Reason::TokenUnknown))),
            Some(facts) => self
                .database
                .write(Sync::Synced, |connection| self.apply_redemption(connection, act, &facts, now, false)),
        }
    }
}
