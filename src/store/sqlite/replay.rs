//! Tokens that come again after they were redeemed.

use std::time::Instant;

use rusqlite::{Connection, params};

use super::audit::{write_event, write_refusal};
use super::error::ReadError;
use super::{SqliteStore, sessions};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::error::{Reason, Refusal};
use crate::store::events::{redemption_event, replayed};
use crate::store::{Named, StoreResult};
use crate::token::{RedeemAct, Replay, TokenFacts, Verdict, judge_redeem};

impl SqliteStore {
    /// The refusal of an attempt on a token, without writing anything; `None` if it is to be done, or to end
    /// a session, which must not be said before it is.
    pub(super) fn known_refusal(
        &self,
        act: &RedeemAct,
        now: Timestamp,
        until: Instant,
    ) -> StoreResult<Option<Refusal>> {
        self.database.read_until(until, |connection| {
            let Some(facts) = self.redeem_facts(connection, &Named::Key(act.key))? else {
                return Ok(Some(Refusal::new(Reason::TokenUnknown)));
            };
            let replay = match judge_redeem(act, &facts, now) {
                Verdict::Spend(_) => return Ok(None),
                Verdict::Refuse(reason) => return Ok(Some(Refusal::new(reason))),
                Verdict::Redeemed(replay) => replay,
            };
            let ends_session = match &facts.token.session {
                Some(session) if replay.end_session => sessions::not_ended(connection, session)?,
                _ => false,
            };
            Ok((!ends_session).then(|| replayed(&facts.token, replay)))
        })
    }
}

/// Refuse it, and do what the policy says.
pub(super) fn refuse(
    connection: &Connection,
    act: &RedeemAct,
    token: &TokenFacts,
    replay: Replay,
    now: Timestamp,
) -> StoreResult<Refusal> {
    let mut refusal = replayed(token, replay);
    if replay.record {
        connection
            .prepare_cached(
                "UPDATE token SET replays = replays + 1, replayed_at = ifnull(replayed_at, ?2) WHERE key = ?1",
            )
            .read()?
            .execute(params![token.key, now])
            .read()?;
    }
    if let Some(session) = token.session.filter(|_| replay.end_session) {
        refusal.session_ended = sessions::end_one(connection, &session, now)? > 0;
        if refusal.session_ended {
            // An event of its own: the refusal's may be one that a duplicate in this minute wrote already.
            let mut event = NewEvent::new(EventKind::SessionEnded).object(session.reference());
            event.credential = token.credential;
            event.user = token.user;
            event.client = token.client;
            event.address = act.address;
            event.detail = Some(format!("replay of token {}", token.key.reference()));
            write_event(connection, &event, now)?;
        }
    }
    let mut event = redemption_event(token, act);
    event.refused = Some(Reason::TokenRedeemed);
    event.detail = match (replay.same_browser, refusal.session_ended) {
        (true, _) => Some("same browser".to_owned()),
        (false, true) => Some("replay: session ended".to_owned()),
        (false, false) if replay.record => Some("replay".to_owned()),
        (false, false) => None,
    };
    refusal.reference = Some(write_refusal(connection, &event, now)?);
    Ok(refusal)
}
