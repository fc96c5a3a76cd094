//! Tokens that come again after they were redeemed.

use super::audit::write_event;
use super::values::named;
use super::{MysqlStore, sessions};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::error::{Reason, Refusal};
use crate::store::StoreResult;
use crate::store::events::{redemption_event, replayed};
use crate::token::{RedeemAct, Replay, TokenFacts};

/// Refuse it, and do what the policy says. A session that must end ends before it is said to have ended; the
/// rest is for the record.
pub(super) fn refuse(
    store: &MysqlStore,
    act: &RedeemAct,
    token: &TokenFacts,
    replay: Replay,
    now: Timestamp,
) -> StoreResult<Refusal> {
    let mut refusal = replayed(token, replay);
    if let Some(session) = token.session.filter(|_| replay.end_session) {
        refusal.session_ended = store.server.act(|connection| {
            let ended = sessions::end_one(connection, &session, now)? > 0;
            if ended {
                // An event of its own: the refusal's may be one that a duplicate in this minute wrote already.
                let mut event = NewEvent::new(EventKind::SessionEnded).object(session.reference());
                event.credential = token.credential;
                event.user = token.user;
                event.client = token.client;
                event.address = act.address;
                event.detail = Some(format!("replay of token {}", token.key.reference()));
                write_event(connection, &event, now)?;
            }
            Ok(ended)
        })?;
    }
    if replay.record {
        store.server.note(|connection| {
            connection.run(
                "UPDATE gatepass_token SET replays = replays + 1, replayed_at = IFNULL(replayed_at, :now)
                 WHERE token_key = :key",
                named! { key: token.key, now: now },
            )?;
            Ok(())
        })?;
    }
    let mut event = redemption_event(token, act);
    event.refused = Some(Reason::TokenRedeemed);
    event.detail = match (replay.same_browser, refusal.session_ended) {
        (true, _) => Some("same browser".to_owned()),
        (false, true) => Some("replay: session ended".to_owned()),
        (false, false) if replay.record => Some("replay".to_owned()),
        (false, false) => None,
    };
    refusal.reference = store.refused(&event, now)?;
    Ok(refusal)
}
