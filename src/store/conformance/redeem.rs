//! Tokens redeemed, once, and what becomes of those that come again.

use std::sync::Barrier;

use super::world::{NOON, World, api, at, client_id, events, ms, named, secs, unknown_key, user_id, yes};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::{Limits, Rotation};
use crate::directory::{ClientStatus, Mode, Subject};
use crate::error::{Error, Reason, Refusal};
use crate::session::{Origin, SessionId};
use crate::store::{SessionsOf, TokensOf};
use crate::token::{Binding, IssueRequest, RedeemAct, Token};

pub(super) const NOUN: Noun = Noun {
    name: "redeem",
    cases: cases![
        a_redemption_starts_its_session_and_leaves_an_event_in_one_act,
        a_redemption_may_leave_the_session_to_the_host,
        the_session_that_is_replaced_ends_with_the_act_and_no_other_way,
        of_many_who_try_at_once_one_wins,
        an_unknown_token_changes_nothing,
        a_token_is_over_at_exactly_the_end_of_its_life,
        a_token_from_further_ahead_than_the_leeway_is_refused,
        a_token_dies_with_its_credential,
        a_leaked_secret_takes_its_tokens_along_and_a_rotated_one_does_not,
        the_person_is_asked_about_again,
        only_the_browser_that_a_token_is_bound_to_spends_it,
        the_first_reason_in_design_order_is_told,
        a_session_bound_to_no_client_enters_those_that_are_open,
        a_host_store_checks_nobody,
        a_replay_is_counted_unless_the_policy_is_off,
        a_duplicate_within_five_seconds_is_no_replay,
        a_replay_within_ten_minutes_ends_the_session_under_revoke,
        the_same_browser_is_never_a_replay,
        an_unconfirmed_attempt_is_never_a_replay,
        a_replay_without_a_session_tells_the_redemption_and_ends_nothing,
    ],
    reasons: &[
        Reason::TokenUnknown,
        Reason::TokenRedeemed,
        Reason::TokenRevoked,
        Reason::TokenNotYetValid,
        Reason::TokenExpired,
        Reason::BrowserMismatch,
        Reason::CredentialRevoked,
        Reason::CredentialExpired,
        Reason::CredentialDisabled,
        Reason::AdminDisabled,
        Reason::UserDisabled,
        Reason::ClientClosed,
        Reason::SsoDisabled,
        Reason::NotAMember,
        Reason::NoClient,
        Reason::SessionEnded,
    ],
    fields: &[],
};

fn for_client(id: i64) -> IssueRequest {
    IssueRequest::for_client(client_id(id))
}

/// Refused, and unspent afterwards.
#[track_caller]
fn refused(w: &World<'_>, token: &Token, now: Timestamp, reason: Reason) -> Refusal {
    let (act, session) = w.act(token, now);
    let refusal = w.no(w.redeem_by(&act, now), reason);
    assert!(refusal.reference.is_some(), "a refusal of a known token has a number");
    w.everywhere(|store| {
        assert_eq!(store.inspect(&named(token)).unwrap().unwrap().token.redeemed_at, None);
        let check = store.check_session(&session.key(), now).unwrap();
        assert_eq!(check.unwrap_err().reason(), Some(Reason::SessionUnknown));
    });
    refusal
}

fn a_redemption_starts_its_session_and_leaves_an_event_in_one_act(w: &World<'_>) {
    w.ann();
    let shop = w.limited("shop", Limits::default());
    let request = for_client(1).destination("clientarea:invoices").actor("cron");
    let token = w.token_of(&shop, &request, NOON);
    let now = NOON.plus(secs(3));
    let (mut act, session) = w.act(&token, now);
    act.address = Some("2001:db8::7".parse().unwrap());
    let spent = yes(w.redeem_by(&act, now));
    assert_eq!((spent.user, spent.client), (Some(user_id(1)), Some(client_id(1))));
    assert_eq!(spent.clients, [client_id(1)]);
    assert_eq!(spent.destination.as_deref(), Some("clientarea:invoices"));
    assert_eq!(spent.landing_url, "https://billing.example.com/clientarea.php?action=invoices");
    assert_eq!((spent.credential, spent.actor.as_deref()), (shop.credential_id(), Some("cron")));
    assert_eq!(spent.session_expires_at, now.plus(secs(43_200)));
    assert!(spent.managed);
    w.everywhere(|store| {
        let stored = store.inspect(&named(&token)).unwrap().unwrap().token;
        assert_eq!((stored.redeemed_at, stored.redemption), (Some(now), Some(act.redemption)));
        assert_eq!(stored.session, Some(session.key()));
        let live = store.check_session(&session.key(), now).unwrap().unwrap();
        assert_eq!((live.user_id, live.client_id), (Some(user_id(1)), Some(client_id(1))));
        assert_eq!((live.origin, live.credential_id), (Origin::Token, shop.credential_id()));
        assert_eq!((live.started_at, live.ends_at), (now, now.plus(secs(43_200))));
        assert_eq!(live.redemption, Some(act.redemption));
        let told = events(store, "token.redeemed");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.outcome.as_str(), event.at), ("ok", now));
        assert_eq!(event.object, Some(token.reference().to_string()));
        assert_eq!(event.detail, Some(format!("session {}", session.reference())));
        assert_eq!((event.address.as_deref(), event.actor.as_deref()), (Some("2001:db8::7"), Some("cron")));
    });
    w.no(w.redeem(&token, now), Reason::TokenRedeemed);
}

fn a_redemption_may_leave_the_session_to_the_host(w: &World<'_>) {
    w.ann();
    let token = w.token(NOON);
    let (mut act, session) = w.act(&token, NOON);
    act.session = None;
    yes(w.redeem_by(&act, NOON));
    w.everywhere(|store| {
        let stored = store.inspect(&named(&token)).unwrap().unwrap().token;
        assert_eq!((stored.redemption, stored.session), (Some(act.redemption), None));
        assert!(store.check_session(&session.key(), NOON).unwrap().is_err());
        assert_eq!(events(store, "token.redeemed")[0].detail, None);
    });
}

fn the_session_that_is_replaced_ends_with_the_act_and_no_other_way(w: &World<'_>) {
    w.ann();
    let (old, later) = (w.session(NOON), NOON.plus(secs(1)));
    let redeem = |presented, replace, session: bool| {
        let token = w.token(NOON);
        let (mut act, new) = w.act(&token, later);
        (act.presented, act.replace) = (Some(presented), replace);
        act.session = act.session.filter(|_| session);
        yes(w.redeem_by(&act, later));
        new
    };
    redeem(old.key(), false, true);
    redeem(old.key(), true, false);
    yes(w.check(&old, later));
    let new = redeem(old.key(), true, true);
    w.no(w.check(&old, later), Reason::SessionEnded);
    // One that is over, or that never was, stands in nobody's way.
    redeem(old.key(), true, true);
    redeem(unknown_key(w), true, true);
    w.everywhere(|store| {
        store.check_session(&new.key(), later).unwrap().unwrap();
        let told = events(store, "session.ended");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!(
            (event.object.clone(), event.user_id),
            (Some(old.reference().to_string()), Some(user_id(1)))
        );
        assert_eq!(event.detail, Some(format!("replaced by session {}", new.reference())));
    });
    // A redemption that is refused replaces nothing.
    let token = w.token(NOON);
    let (mut act, _) = w.act(&token, NOON.plus(secs(61)));
    (act.presented, act.replace) = (Some(new.key()), true);
    w.no(w.redeem_by(&act, NOON.plus(secs(61))), Reason::TokenExpired);
    yes(w.check(&new, NOON.plus(secs(61))));
}

fn of_many_who_try_at_once_one_wins(w: &World<'_>) {
    w.ann();
    for _ in 0..10 {
        let token = w.token(NOON);
        let tries: Vec<_> = (0..8).map(|_| (w.store(), w.act(&token, NOON).0)).collect();
        let start = Barrier::new(tries.len());
        let won: usize = std::thread::scope(|scope| {
            let running: Vec<_> = tries
                .iter()
                .map(|(store, act)| {
                    scope.spawn(|| {
                        start.wait();
                        match store.redeem(act, NOON).unwrap() {
                            Ok(_) => 1,
                            Err(refusal) => {
                                assert_eq!(refusal.reason, Reason::TokenRedeemed);
                                0
                            }
                        }
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(won, 1);
    }
}

fn an_unknown_token_changes_nothing(w: &World<'_>) {
    w.ann();
    let token = w.token(NOON);
    let (mut act, session) = w.act(&token, NOON);
    act.key = unknown_key(w);
    let refusal = w.no(w.redeem_by(&act, NOON), Reason::TokenUnknown);
    assert_eq!(refusal.reference, None);
    w.everywhere(|store| {
        assert!(store.check_session(&session.key(), NOON).unwrap().is_err());
        assert!(events(store, "token.redeemed").is_empty());
    });
}

fn a_token_is_over_at_exactly_the_end_of_its_life(w: &World<'_>) {
    w.ann();
    let [late, just] = [w.token(NOON), w.token(NOON)];
    refused(w, &late, NOON.plus(secs(60)), Reason::TokenExpired);
    yes(w.redeem(&just, NOON.plus(ms(59_999))));
    let short = w.token_of(&w.host(), &for_client(1).life(ms(1)), NOON);
    refused(w, &short, NOON.plus(ms(1)), Reason::TokenExpired);
    yes(w.redeem(&short, NOON));
}

fn a_token_from_further_ahead_than_the_leeway_is_refused(w: &World<'_>) {
    w.ann();
    let token = w.token(NOON);
    refused(w, &token, NOON.minus(ms(5_001)), Reason::TokenNotYetValid);
    w.set("token_leeway_seconds", 0);
    refused(w, &token, NOON.minus(ms(1)), Reason::TokenNotYetValid);
    w.set("token_leeway_seconds", 5);
    yes(w.redeem(&token, NOON.minus(secs(5))));
}

fn a_token_dies_with_its_credential(w: &World<'_>) {
    w.ann();
    let ends = w.credential_with("ends", Limits::default(), Some(NOON.plus(secs(10))));
    let ends = api(ends.credential_id, 1);
    let [token, other] = [w.token_of(&ends, &for_client(1), NOON), w.token_of(&ends, &for_client(1), NOON)];
    refused(w, &token, NOON.plus(secs(10)), Reason::CredentialExpired);
    yes(w.redeem(&token, NOON.plus(ms(9_999))));

    let admin = yes(w.store().enable_admin("root", false, at(NOON)));
    refused(w, &other, NOON, Reason::AdminDisabled);
    yes(w.store().enable_admin("root", true, at(NOON)));
    let by_password = crate::credential::Caller(crate::credential::CallerId::Admin { admin: admin.admin_id });
    let token = w.token_of(&by_password, &for_client(1), NOON);
    yes(w.store().enable_admin("root", false, at(NOON)));
    refused(w, &token, NOON, Reason::AdminDisabled);
    yes(w.store().enable_admin("root", true, at(NOON)));
    yes(w.redeem(&token, NOON));

    yes(w.store().revoke_credential("ends", false, at(NOON)));
    refused(w, &other, NOON, Reason::CredentialRevoked);

    let token = w.token(NOON);
    yes(w.store().enable_credential("cli", false, at(NOON)));
    refused(w, &token, NOON, Reason::CredentialDisabled);
    yes(w.store().enable_credential("cli", true, at(NOON)));
    yes(w.redeem(&token, NOON));
}

fn a_leaked_secret_takes_its_tokens_along_and_a_rotated_one_does_not(w: &World<'_>) {
    w.ann();
    let shop = w.limited("shop", Limits::default());
    let id = shop.credential_id().unwrap();
    let [one, two] = [w.token_of(&shop, &for_client(1), NOON), w.token_of(&shop, &for_client(1), NOON)];
    yes(w.store().rotate_credential("shop", &[2; 32], &Rotation::with_overlap(secs(0)), at(NOON)));
    yes(w.redeem(&one, NOON));
    let three = w.token_of(&api(id, 2), &for_client(1), NOON);
    yes(w.store().rotate_credential("shop", &[3; 32], &Rotation::leaked(NOON), at(NOON)));
    refused(w, &two, NOON, Reason::CredentialRevoked);
    refused(w, &three, NOON, Reason::CredentialRevoked);
    let four = w.token_of(&api(id, 3), &for_client(1), NOON);
    yes(w.redeem(&four, NOON));
}

fn the_person_is_asked_about_again(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    let both = IssueRequest::new(Subject::UserInClient(user_id(2), client_id(1)));
    let token = w.token_of(&w.host(), &both, NOON);
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    refused(w, &token, NOON, Reason::SsoDisabled);
    yes(w.store().set_client_sso(client_id(1), true, at(NOON)));
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    refused(w, &token, NOON, Reason::ClientClosed);
    yes(w.store().set_client_status(client_id(1), ClientStatus::Active, at(NOON)));
    yes(w.store().enable_user(user_id(2), false, at(NOON)));
    refused(w, &token, NOON, Reason::UserDisabled);
    yes(w.store().enable_user(user_id(2), true, at(NOON)));
    yes(w.store().remove_member(user_id(2), client_id(1), at(NOON)));
    refused(w, &token, NOON, Reason::NotAMember);
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    yes(w.redeem(&token, NOON));
}

fn only_the_browser_that_a_token_is_bound_to_spends_it(w: &World<'_>) {
    w.ann();
    let request = for_client(1).bound_to(Binding::of_nonce(b"mine"));
    let token = w.token_of(&w.host(), &request, NOON);
    let (mut act, _) = w.act(&token, NOON);
    for binding in [None, Some(Binding::of_nonce(b"Mine")), Some(Binding::of_nonce(b"mine "))] {
        act.binding = binding;
        w.no(w.redeem_by(&act, NOON), Reason::BrowserMismatch);
    }
    w.everywhere(|store| {
        let stored = store.inspect(&named(&token)).unwrap().unwrap().token;
        assert_eq!((stored.redeemed_at, stored.replays), (None, 0), "not spent, and no replay");
    });
    act.binding = Some(Binding::of_nonce(b"mine"));
    yes(w.redeem_by(&act, NOON));
    // A nonce where none was asked for is no reason to refuse.
    let (mut act, _) = w.act(&w.token(NOON), NOON);
    act.binding = Some(Binding::of_nonce(b"mine"));
    yes(w.redeem_by(&act, NOON));
}

fn the_first_reason_in_design_order_is_told(w: &World<'_>) {
    w.ann();
    let shop = w.limited("shop", Limits::default());
    let request = for_client(1).bound_to(Binding::of_nonce(b"mine"));
    let token = w.token_of(&shop, &request, NOON);
    refused(w, &token, NOON, Reason::BrowserMismatch);
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    refused(w, &token, NOON, Reason::UserDisabled);
    yes(w.store().revoke_credential("shop", false, at(NOON)));
    refused(w, &token, NOON, Reason::CredentialRevoked);
    refused(w, &token, NOON.plus(secs(60)), Reason::TokenExpired);
    refused(w, &token, NOON.minus(secs(6)), Reason::TokenNotYetValid);
    yes(w.store().revoke_tokens(&TokensOf::One(named(&token)), at(NOON)));
    refused(w, &token, NOON.minus(secs(6)), Reason::TokenRevoked);
    refused(w, &token, NOON.plus(secs(60)), Reason::TokenRevoked);

    yes(w.store().enable_user(user_id(1), true, at(NOON)));
    let spent = w.token(NOON);
    yes(w.redeem(&spent, NOON));
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    w.no(w.redeem(&spent, NOON.plus(secs(60))), Reason::TokenRedeemed);
    w.no(w.redeem(&spent, NOON.minus(secs(6))), Reason::TokenRedeemed);
}

fn a_session_bound_to_no_client_enters_those_that_are_open(w: &World<'_>) {
    w.ann();
    w.client(2, "two@example.com", Some(1));
    w.client(3, "three@example.com", Some(1));
    let request = IssueRequest::for_user(user_id(1));
    let issue = || w.token_of(&w.host(), &request, NOON);
    let [one, two, three] = [issue(), issue(), issue()];
    yes(w.store().set_client_status(client_id(2), ClientStatus::Closed, at(NOON)));
    let spent = yes(w.redeem(&one, NOON));
    assert_eq!((spent.client, spent.clients), (None, vec![client_id(1), client_id(3)]));
    for client in [1, 3] {
        yes(w.store().set_client_sso(client_id(client), false, at(NOON)));
    }
    refused(w, &two, NOON, Reason::SsoDisabled);
    w.user(4, "dan@example.com");
    let token = {
        for client in [1, 2] {
            yes(w.store().add_member(user_id(4), client_id(client), false, at(NOON)));
        }
        yes(w.store().set_client_sso(client_id(1), true, at(NOON)));
        w.token_of(&w.host(), &IssueRequest::for_user(user_id(4)), NOON)
    };
    let other = w.token_of(&w.host(), &IssueRequest::for_user(user_id(4)), NOON);
    yes(w.store().remove_member(user_id(4), client_id(2), at(NOON)));
    let spent = yes(w.redeem(&token, NOON));
    assert_eq!((spent.client, spent.clients), (None, vec![client_id(1)]), "bound to none stays so");
    yes(w.store().remove_member(user_id(4), client_id(1), at(NOON)));
    refused(w, &other, NOON, Reason::NoClient);
    yes(w.store().erase_user(user_id(1), at(NOON)));
    refused(w, &three, NOON, Reason::TokenRevoked);
}

fn a_host_store_checks_nobody(w: &World<'_>) {
    w.make(Mode::Host);
    let both = IssueRequest::new(Subject::UserInClient(user_id(7), client_id(8)));
    let token = w.token_of(&w.host(), &both, NOON);
    let (act, session) = w.act(&token, NOON);
    let spent = yes(w.redeem_by(&act, NOON));
    assert_eq!((spent.user, spent.client), (Some(user_id(7)), Some(client_id(8))));
    assert!(spent.clients.is_empty() && !spent.managed);
    w.everywhere(|store| {
        let live = store.check_session(&session.key(), NOON).unwrap().unwrap();
        assert_eq!((live.user_id, live.client_id), (Some(user_id(7)), Some(client_id(8))));
    });
    // The store knows no user of a managed directory either, if it became one by a restore of settings.
    let unknown = w.token_of(&w.host(), &for_client(8), NOON);
    assert!(yes(w.redeem(&unknown, NOON)).user.is_none());
}

/// A token that was redeemed at noon.
struct Redeemed {
    token: Token,
    first: RedeemAct,
    session: SessionId,
}

fn redeemed(w: &World<'_>) -> Redeemed {
    let token = w.token(NOON);
    let (first, session) = w.act(&token, NOON);
    yes(w.redeem_by(&first, NOON));
    Redeemed { token, first, session }
}

impl Redeemed {
    /// It comes again.
    #[track_caller]
    fn again(&self, w: &World<'_>, now: Timestamp, change: impl FnOnce(&mut RedeemAct)) -> Refusal {
        let (mut act, session) = w.act(&self.token, now);
        change(&mut act);
        let refusal = w.no(w.redeem_by(&act, now), Reason::TokenRedeemed);
        assert_eq!(refusal.redemption, Some(self.first.redemption));
        assert!(refusal.reference.is_some());
        w.everywhere(|store| {
            assert!(store.check_session(&session.key(), now).unwrap().is_err(), "a loser got a session");
        });
        refusal
    }

    /// How many replays were counted, and whether the session lives.
    fn state(&self, w: &World<'_>, now: Timestamp) -> (i64, bool) {
        let token = w.store().inspect(&named(&self.token)).unwrap().unwrap().token;
        assert_eq!(token.redeemed_at, Some(NOON));
        match w.check(&self.session, now) {
            Ok(Ok(_)) => (token.replays, true),
            other => {
                w.no(other, Reason::SessionEnded);
                (token.replays, false)
            }
        }
    }
}

const LATER: Timestamp = Timestamp::from_millis(NOON.as_millis() + 5_000);

fn a_replay_is_counted_unless_the_policy_is_off(w: &World<'_>) {
    w.ann();
    let off = redeemed(w);
    w.set("replay_policy", "off");
    assert!(!off.again(w, LATER, |_| ()).session_ended);
    assert_eq!(off.state(w, LATER), (0, true));
    w.set("replay_policy", "warn");
    let warned = redeemed(w);
    for replays in 1..=3 {
        assert!(!warned.again(w, LATER, |_| ()).session_ended);
        assert_eq!(warned.state(w, LATER), (replays, true));
    }
    w.everywhere(|store| {
        let token = store.inspect(&named(&warned.token)).unwrap().unwrap().token;
        assert_eq!(token.replayed_at, Some(LATER), "the first time is kept");
    });
}

fn a_duplicate_within_five_seconds_is_no_replay(w: &World<'_>) {
    w.ann();
    for policy in ["warn", "revoke"] {
        w.set("replay_policy", policy);
        let first = redeemed(w);
        for now in [NOON, NOON.plus(ms(4_999)), NOON.minus(secs(1))] {
            let refusal = first.again(w, now, |_| ());
            assert!(refusal.duplicate && !refusal.session_ended);
            assert_eq!(first.state(w, now), (0, true), "{policy}");
        }
        let refusal = first.again(w, NOON.plus(secs(5)), |_| ());
        assert!(!refusal.duplicate);
        assert_eq!(refusal.session_ended, policy == "revoke");
        assert_eq!(first.state(w, NOON.plus(secs(5))), (1, policy == "warn"));
    }
}

fn a_replay_within_ten_minutes_ends_the_session_under_revoke(w: &World<'_>) {
    w.ann();
    w.set("replay_policy", "revoke");
    let [just, late] = [redeemed(w), redeemed(w)];
    let end = NOON.plus(secs(600));
    assert!(!late.again(w, end.plus(ms(1)), |_| ()).session_ended);
    assert_eq!(late.state(w, end.plus(ms(1))), (1, true), "too late to end it, counted all the same");
    // A duplicate in the same minute must not hide that a session was ended.
    let early = redeemed(w);
    early.again(w, NOON, |_| ());
    assert!(early.again(w, LATER, |_| ()).session_ended);
    assert_eq!(early.state(w, LATER), (1, false));
    assert!(just.again(w, end, |_| ()).session_ended);
    assert_eq!(just.state(w, end), (1, false));
    assert!(!just.again(w, end, |_| ()).session_ended, "it was ended before");
    w.everywhere(|store| {
        let told = events(store, "session.ended");
        let objects: Vec<_> = told.iter().filter_map(|event| event.object.clone()).collect();
        let wanted = [&early, &just].map(|one| one.session.reference().to_string());
        assert_eq!(objects, wanted, "each ended session has an event of its own");
        assert!(told.iter().all(|event| event.detail.as_deref().unwrap().starts_with("replay of token ")));
    });
}

fn the_same_browser_is_never_a_replay(w: &World<'_>) {
    w.ann();
    w.set("replay_policy", "revoke");
    let first = redeemed(w);
    let other = w.session(NOON);
    let refusal = first.again(w, LATER, |act| act.presented = Some(first.session.key()));
    assert!(refusal.same_browser && !refusal.session_ended);
    assert_eq!(first.state(w, LATER), (0, true));
    let refusal = first.again(w, LATER, |act| act.presented = Some(other.key()));
    assert!(!refusal.same_browser && refusal.session_ended, "another session is another browser");
    yes(w.check(&other, LATER));
}

fn an_unconfirmed_attempt_is_never_a_replay(w: &World<'_>) {
    w.ann();
    w.set("replay_policy", "revoke");
    let first = redeemed(w);
    assert!(!first.again(w, LATER, |act| act.confirmed = false).session_ended);
    assert_eq!(first.state(w, LATER), (0, true));
}

fn a_replay_without_a_session_tells_the_redemption_and_ends_nothing(w: &World<'_>) {
    w.ann();
    w.set("replay_policy", "revoke");
    let token = w.token(NOON);
    let (mut first, session) = w.act(&token, NOON);
    first.session = None;
    yes(w.redeem_by(&first, NOON));
    let one = Redeemed { token, first, session };
    let refusal = one.again(w, LATER, |act| act.presented = None);
    assert!(!refusal.session_ended && !refusal.same_browser);
    // Nor one that somebody ended already.
    let ended = redeemed(w);
    yes(w.store().end_sessions(&SessionsOf::User(user_id(1)), at(NOON)));
    assert!(!ended.again(w, LATER, |_| ()).session_ended);
    assert!(matches!(w.redeem(&one.token, LATER), Ok(Err(Error::Refused(_)))));
}
