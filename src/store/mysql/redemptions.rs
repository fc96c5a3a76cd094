//! The redemption of a token: exactly once among all hosts, and refused with the truth otherwise.
//!
//! One statement decides, in a transaction of its own. Whoever lets somebody in asks who holds the claim
//! afterwards, and by which facts, once everything that the sign-in needs stands in the store:
//!
//! 1. The facts, and the verdict.
//! 2. The claim: a conditional UPDATE that leaves a random number of ours.
//! 3. The session.
//! 4. The facts again. Is the number ours, and would the verdict be the same? Who ends sessions writes down why
//!    before he looks for them, so either he finds this one or this finds the reason.
//! 5. The event.
//!
//! docs/decisions/0016 says why no transaction of several statements decides, and what a crash between these
//! leaves.

use std::cell::Cell;

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::named;
use super::{MysqlStore, replay, sessions};
use crate::clock::Timestamp;
use crate::directory::{Admitted, Mode};
use crate::error::{Reason, Refusal};
use crate::id::{ClientId, UserId};
use crate::session::{Origin, SessionStart};
use crate::settings::Settings;
use crate::store::events::redemption_event;
use crate::store::{Named, StoreResult};
use crate::token::{RedeemAct, RedeemFacts, Spent, Verdict, judge_redeem};

/// What became of an attempt, before what is not part of the decision is written down.
enum Attempt {
    Spent(Spent),
    Unknown,
    /// Refused by the rule; the facts for the event.
    Refused(Reason, RedeemFacts),
    /// It was redeemed before.
    Replayed(RedeemFacts),
}

impl MysqlStore {
    /// What [`crate::store::TokenStore::redeem`] does.
    pub(super) fn redeem_token(
        &self,
        act: &RedeemAct,
        now: Timestamp,
    ) -> StoreResult<Result<Spent, Refusal>> {
        let claimed = Cell::new(false);
        let attempt = self.server.act(|connection| self.attempt(connection, act, &claimed, now))?;
        match attempt {
            Attempt::Spent(spent) => Ok(Ok(spent)),
            Attempt::Unknown => Ok(Err(Refusal::new(Reason::TokenUnknown))),
            Attempt::Refused(reason, facts) => {
                let mut event = redemption_event(&facts.token, act);
                event.refused = Some(reason);
                let reference = self.refused(&event, now)?;
                Ok(Err(Refusal::new(reason).recorded(reference)))
            }
            Attempt::Replayed(facts) => self.refuse_replay(act, &facts, now).map(Err),
        }
    }

    /// `claimed` is set by an attempt that got so far, and tells those after it.
    fn attempt(
        &self,
        connection: &Connection,
        act: &RedeemAct,
        claimed: &Cell<bool>,
        now: Timestamp,
    ) -> Done<Attempt> {
        let look = || self.redeem_facts(connection, &Named::Key(act.key));
        let Some(facts) = look()? else { return Ok(Attempt::Unknown) };
        if !claimed.get() {
            match judge_redeem(act, &facts, now) {
                Verdict::Spend(_) => {}
                Verdict::Refuse(reason) => return Ok(Attempt::Refused(reason, facts)),
                Verdict::Redeemed(_) => return Ok(Attempt::Replayed(facts)),
            }
            claimed.set(claim(connection, act, now)?);
            if !claimed.get() {
                // Somebody else was first, or it was revoked: the facts tell.
                return Err(Fault::Conflict);
            }
        }
        let started = session_of(act, &facts, now);
        if let Some(session) = &started {
            sessions::insert(connection, session, now)?;
        }
        let Some(again) = look()? else {
            // Somebody has put a backup in place of everything.
            forget(connection, started.as_ref())?;
            return Ok(Attempt::Unknown);
        };
        let held = again.token.redemption == Some(act.redemption);
        let verdict =
            if held { judge_redeem(act, &again.unspent(), now) } else { judge_redeem(act, &again, now) };
        match verdict {
            Verdict::Spend(admitted) if held => {
                if session_of(act, &again, now) != started {
                    // He is somebody else's owner by now, say. The claim stands; only the session is made anew.
                    forget(connection, started.as_ref())?;
                    return Err(Fault::Conflict);
                }
                self.tell_redeemed(connection, act, &again, started.as_ref(), now)?;
                Ok(Attempt::Spent(spent(&again, admitted, now)))
            }
            other => {
                forget(connection, started.as_ref())?;
                Ok(match other {
                    Verdict::Refuse(reason) => Attempt::Refused(reason, again),
                    _ => Attempt::Replayed(again),
                })
            }
        }
    }

    /// The events of a redemption, and the end of the session in whose place the new one stands.
    fn tell_redeemed(
        &self,
        connection: &Connection,
        act: &RedeemAct,
        facts: &RedeemFacts,
        started: Option<&SessionStart>,
        now: Timestamp,
    ) -> Done<()> {
        if let (Some(session), Some(old)) = (started, act.presented.filter(|_| act.replace)) {
            sessions::end_replaced(connection, &old, &session.key, act.address, now)?;
        }
        let mut event = redemption_event(&facts.token, act);
        event.actor = facts.token.actor.as_deref();
        event.detail = act.session.map(|session| format!("session {}", session.reference()));
        write_event(connection, &event, now)
    }

    fn refuse_replay(&self, act: &RedeemAct, facts: &RedeemFacts, now: Timestamp) -> StoreResult<Refusal> {
        match judge_redeem(act, facts, now) {
            Verdict::Redeemed(verdict) => replay::refuse(self, act, &facts.token, verdict, now),
            // What was lost to somebody else is redeemed, whatever else would be said of it.
            _ => Ok(Refusal::new(Reason::TokenRedeemed)),
        }
    }
}

/// Take the token, if nobody has; whether that was done.
fn claim(connection: &Connection, act: &RedeemAct, now: Timestamp) -> Done<bool> {
    let claimed = connection.run(
        "UPDATE gatepass_token SET redeemed_at = :now, redemption = :redemption, session_key = :session
         WHERE token_key = :key AND redeemed_at IS NULL AND revoked_at IS NULL",
        named! { key: act.key, now: now, redemption: act.redemption, session: act.session },
    )?;
    Ok(claimed == 1)
}

/// Take back a session whose id nobody was told.
fn forget(connection: &Connection, started: Option<&SessionStart>) -> Done<()> {
    started.map_or(Ok(()), |session| sessions::forget(connection, &session.key))
}

fn ends_at(settings: &Settings, now: Timestamp) -> Timestamp {
    now.plus(Settings::seconds(settings.session_absolute_seconds))
}

/// The session that a redemption starts.
fn session_of(act: &RedeemAct, facts: &RedeemFacts, now: Timestamp) -> Option<SessionStart> {
    let admitted = match judge_redeem(act, &facts.unspent(), now) {
        Verdict::Spend(admitted) => admitted,
        _ => None,
    };
    let (user, client) = person(facts, admitted.as_ref());
    Some(SessionStart {
        key: act.session?,
        user,
        client,
        origin: Origin::Token,
        credential: facts.token.credential,
        admin: facts.token.admin,
        autoauth_key: None,
        redemption: Some(act.redemption),
        ends_at: ends_at(&facts.settings, now),
    })
}

/// Whom a redemption signs in; in host mode nobody has looked.
fn person(facts: &RedeemFacts, admitted: Option<&Admitted>) -> (Option<UserId>, Option<ClientId>) {
    match admitted {
        Some(admitted) => (Some(admitted.user), admitted.client),
        None => (facts.token.user, facts.token.client),
    }
}

/// What a redemption gives back.
pub(super) fn spent(facts: &RedeemFacts, admitted: Option<Admitted>, now: Timestamp) -> Spent {
    let token = &facts.token;
    let (user, client) = person(facts, admitted.as_ref());
    Spent {
        user,
        client,
        clients: admitted.map(|admitted| admitted.clients).unwrap_or_default(),
        destination: token.destination.clone(),
        landing_url: format!("{}/{}", facts.settings.system_url, token.landing),
        credential: token.credential,
        actor: token.actor.clone(),
        session_expires_at: ends_at(&facts.settings, now),
        managed: facts.settings.mode == Mode::Managed,
    }
}
