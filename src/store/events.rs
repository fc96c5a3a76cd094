//! Events and refusals that every backend tells in the same words.

use crate::audit::{EventKind, NewEvent};
use crate::autoauth::AcceptAct;
use crate::directory::{Subject, SubjectFacts};
use crate::error::{Reason, Refusal};
use crate::link::{LinkFacts, OpenAct};
use crate::token::{RedeemAct, Replay, TokenFacts};

/// The event of a redemption, or of its refusal.
pub(super) fn redemption_event(token: &TokenFacts, act: &RedeemAct) -> NewEvent<'static> {
    let mut event = NewEvent::new(EventKind::TokenRedeemed).object(token.key.reference());
    event.credential = token.credential;
    event.admin = token.admin;
    event.user = token.user;
    event.client = token.client;
    event.address = act.address;
    event
}

/// The refusal of a token that was redeemed before.
pub(super) fn replayed(token: &TokenFacts, replay: Replay) -> Refusal {
    let mut refusal = Refusal::new(Reason::TokenRedeemed);
    refusal.redemption = token.redemption;
    refusal.same_browser = replay.same_browser;
    refusal.duplicate = replay.duplicate;
    refusal
}

/// The event of a link's use, or of its refusal.
pub(super) fn opening_event(link: &LinkFacts, act: &OpenAct) -> NewEvent<'static> {
    let mut event = NewEvent::new(EventKind::LinkOpened).object(link.key.reference());
    event.credential = Some(link.credential);
    event.user = link.user;
    event.client = link.client;
    event.address = act.address;
    event
}

/// The event of an AutoAuth link's acceptance, or of its refusal.
pub(super) fn acceptance_event(
    act: &AcceptAct,
    found: &Result<(Subject, SubjectFacts), Reason>,
) -> NewEvent<'static> {
    let mut event = NewEvent::autoauth(act.key);
    event.address = act.address;
    if let Ok((subject, _)) = found {
        event.user = subject.user();
        event.client = subject.client();
    }
    event
}
