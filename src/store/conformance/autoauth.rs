//! AutoAuth keys, and links accepted once.

use std::sync::Barrier;

use super::world::{
    LOOK_ALIKES, NOON, World, at, client_id, events, ms, no_progress, secs, unknown_key, user_id, yes,
};
use super::{Noun, cases};
use crate::autoauth::{AcceptAct, Accepted, AutoAuthKey, judge_accept};
use crate::clock::Timestamp;
use crate::directory::{ClientStatus, Mode};
use crate::error::{Error, Reason, StoreError};
use crate::id::KeyId;
use crate::session::{Origin, RedemptionId, SessionId};
use crate::settings::Confirm;
use crate::store::{NewKey, Outcome, Store, StoreResult};

pub(super) const NOUN: Noun = Noun {
    name: "autoauth",
    cases: cases![
        a_key_is_stored_sealed_and_told_of,
        a_key_keeps_its_own_policy_to_ask,
        a_key_is_added_only_beside_the_keys_it_was_compared_with,
        look_alike_labels_stay_different,
        keys_are_sealed_anew_all_or_none,
        an_accepted_link_starts_its_session_and_counts_for_its_key,
        a_link_is_refused_while_autoauth_is_off_or_its_key_retired,
        a_window_ends_at_its_last_second,
        a_link_is_accepted_once_whatever_its_spelling,
        of_many_who_bring_one_link_at_once_one_is_let_in,
        the_browser_that_was_let_in_is_known_again,
        a_second_click_is_told_by_its_time,
        the_session_that_is_replaced_ends_with_the_act,
        a_link_is_looked_at_without_a_trace,
        a_link_may_come_again_where_the_policy_is_window,
        what_is_forgotten_is_not_accepted_even_after_the_clock_was_set_back,
        an_address_names_one_user_or_the_owner_of_one_client,
        a_look_alike_address_names_nobody,
        a_person_who_may_not_sign_in_is_refused_and_the_link_not_spent,
        an_unsafe_page_is_refused_before_anything_else_of_the_link,
        a_host_store_looks_nobody_up,
    ],
    reasons: &[
        Reason::AutoAuthOff,
        Reason::AutoAuthHash,
        Reason::AutoAuthTooOld,
        Reason::AutoAuthTooNew,
        Reason::AutoAuthUsed,
        Reason::AutoAuthForgotten,
        Reason::NoMatch,
        Reason::SeveralClients,
        Reason::KeyUnknown,
        Reason::AlreadyExists,
        Reason::UserDisabled,
        Reason::ClientClosed,
        Reason::SsoDisabled,
        Reason::NoClient,
        Reason::NoOwner,
    ],
    fields: &["goto"],
};

fn key_id(id: i64) -> KeyId {
    KeyId::new(id).unwrap()
}

/// Add a key beside all that are active.
fn add_key(
    w: &World<'_>,
    id: KeyId,
    label: &str,
    sealed: &[u8],
    weak: bool,
) -> StoreResult<Outcome<AutoAuthKey>> {
    let judged = w.store().autoauth_keys().unwrap().active_ids();
    w.store().add_key(&NewKey { id, label, sealed, weak, confirm: None }, &judged, at(NOON))
}

/// Switched on, with the key 1 and somebody to sign in.
fn ready(w: &World<'_>) {
    w.ann();
    w.set("autoauth_enabled", true);
    yes(add_key(w, key_id(1), "old site", b"sealed", false));
}

/// A link of its own kind, without a session.
fn link(w: &World<'_>, email: &str, signed_at: Timestamp) -> AcceptAct {
    let mut replay_key = [0; 32];
    w.draw(|random| random.fill(&mut replay_key));
    AcceptAct {
        email: email.to_owned(),
        replay_key,
        signed_at,
        goto: None,
        key: Some(key_id(1)),
        presented: None,
        replace: false,
        session: None,
        redemption: w.draw(RedemptionId::generate),
        address: None,
    }
}

const ANN: &str = "ann@example.com";

fn accept(w: &World<'_>, act: &AcceptAct, now: Timestamp) -> StoreResult<Outcome<Accepted>> {
    w.store().accept_autoauth(act, now)
}

fn a_key_is_stored_sealed_and_told_of(w: &World<'_>) {
    let add = |id, label: &str, weak| add_key(w, key_id(id), label, &[0, 1, 255], weak);
    let strong = yes(add(5, "site", false));
    let weak = yes(add(3, "toy", true));
    w.no(add(5, "other", false), Reason::AlreadyExists);
    w.no(add(6, "site", false), Reason::AlreadyExists);
    w.no(w.store().retire_key("nobody", at(NOON)), Reason::KeyUnknown);
    let retired = yes(w.store().retire_key("toy", at(NOON.plus(secs(1)))));
    assert_eq!(retired.retired_at, Some(NOON.plus(secs(1))));
    assert_eq!(yes(w.store().retire_key("toy", at(NOON.plus(secs(9))))), retired, "the first time stands");
    w.no(add(7, "toy", false), Reason::AlreadyExists);
    w.everywhere(|store| {
        let held = store.autoauth_keys().unwrap();
        assert_eq!(held.store, store.info().unwrap().store_id);
        assert_eq!(held.active().map(|key| key.key.key_id).collect::<Vec<_>>(), [key_id(5)]);
        let keys = held.keys;
        assert_eq!(keys.len(), 2);
        assert_eq!(
            (&*keys[0].sealed, &*keys[1].sealed),
            (&[][..], &[0, 1, 255][..]),
            "a retired key is wiped"
        );
        assert_eq!((&keys[0].key, &keys[1].key), (&retired, &strong));
        assert!(weak.weak && !strong.weak);
        assert_eq!((strong.uses, strong.first_used_at, strong.least_skew_seconds), (0, None, None));
        let labels = |kind| -> Vec<_> { events(store, kind).into_iter().map(|one| one.object).collect() };
        assert_eq!(labels("autoauth_key.added"), [Some("site".to_owned()), Some("toy".to_owned())]);
        assert_eq!(labels("autoauth_key.retired"), [Some("toy".to_owned())]);
    });
}

fn a_key_keeps_its_own_policy_to_ask(w: &World<'_>) {
    let all = [None, Some(Confirm::OtherUser), Some(Confirm::Always)];
    for (number, confirm) in all.into_iter().enumerate() {
        let label = format!("key {number}");
        let id = key_id(i64::try_from(number).unwrap() + 1);
        let judged = w.store().autoauth_keys().unwrap().active_ids();
        let new = NewKey { id, label: &label, sealed: b"sealed", weak: false, confirm };
        assert_eq!(yes(w.store().add_key(&new, &judged, at(NOON))).confirm, confirm);
    }
    w.everywhere(|store| {
        let held: Vec<_> = store.autoauth_keys().unwrap().keys.iter().map(|key| key.key.confirm).collect();
        assert_eq!(held, all);
    });
}

fn a_key_is_added_only_beside_the_keys_it_was_compared_with(w: &World<'_>) {
    for id in [3, 1, 2] {
        yes(add_key(w, key_id(id), &format!("key {id}"), b"old", false));
    }
    yes(w.store().retire_key("key 2", at(NOON)));
    let add = |judged: &[i64]| {
        let judged: Vec<_> = judged.iter().copied().map(key_id).collect();
        let new = NewKey { id: key_id(4), label: "key 4", sealed: b"new", weak: false, confirm: None };
        w.store().add_key(&new, &judged, at(NOON))
    };
    for others in [&[][..], &[1], &[1, 2], &[1, 2, 3], &[1, 3, 4]] {
        assert!(matches!(add(others), Err(StoreError::Busy)), "{others:?}");
    }
    w.everywhere(|store| assert_eq!(store.autoauth_keys().unwrap().keys.len(), 3));
    yes(add(&[1, 3]));
}

fn look_alike_labels_stay_different(w: &World<'_>) {
    for (number, (one, other)) in (1..).step_by(2).zip(LOOK_ALIKES) {
        yes(add_key(w, key_id(number), one, b"one", false));
        w.no(w.store().retire_key(other, at(NOON)), Reason::KeyUnknown);
        yes(add_key(w, key_id(number + 1), other, b"other", false));
        assert_eq!(yes(w.store().retire_key(other, at(NOON))).key_id, key_id(number + 1));
    }
    w.everywhere(|store| {
        for sealed in store.autoauth_keys().unwrap().keys {
            let told = (sealed.key.retired_at.is_some(), &*sealed.sealed);
            assert!(told == (true, b"") || told == (false, b"one"), "{told:?}");
        }
    });
}

fn keys_are_sealed_anew_all_or_none(w: &World<'_>) {
    for id in [1, 2, 4] {
        yes(add_key(w, key_id(id), &format!("key {id}"), b"old", false));
    }
    yes(w.store().retire_key("key 4", at(NOON)));
    let blobs = |store: &dyn Store| -> Vec<_> {
        store.autoauth_keys().unwrap().keys.into_iter().map(|key| key.sealed).collect()
    };
    let seal = |keys: &[(i64, &[u8], &[u8])]| {
        let keys: Vec<_> =
            keys.iter().map(|(id, old, new)| (key_id(*id), old.to_vec(), new.to_vec())).collect();
        w.store().reseal_keys(&keys, at(NOON))
    };
    for partly in [
        &[(1, &b"old"[..], &b"new"[..])][..],
        &[(1, b"old", b"new"), (2, b"other", b"new")],
        &[(1, b"old", b"new"), (3, b"old", b"new")],
        &[(1, b"old", b"new"), (2, b"old", b"new"), (3, b"old", b"new")],
        &[(1, b"old", b"new"), (2, b"old", b"new"), (4, b"old", b"new")],
        &[(1, b"old", b"new"), (2, b"old", b"new"), (4, b"", b"new")],
        &[],
    ] {
        let told = seal(partly);
        assert!(matches!(told, Err(StoreError::Busy)), "{partly:?}: {told:?}");
        w.everywhere(|store| {
            assert_eq!(blobs(store), [&b"old"[..], b"old", b""]);
            assert!(events(store, "autoauth_key.resealed").is_empty());
        });
    }
    yes(seal(&[(1, b"old", b"new"), (2, b"old", b"new")]));
    w.everywhere(|store| {
        assert_eq!(blobs(store), [&b"new"[..], b"new", b""], "the retired one needs no sealing key");
        assert_eq!(events(store, "autoauth_key.resealed").len(), 1);
    });
}

fn an_accepted_link_starts_its_session_and_counts_for_its_key(w: &World<'_>) {
    ready(w);
    let session = w.draw(|random| SessionId::generate(NOON, random));
    let mut act = link(w, ANN, NOON.minus(secs(7)));
    act.session = Some(session.key());
    act.goto = Some("clientarea.php?action=invoices".to_owned());
    act.address = Some("203.0.113.9".parse().unwrap());
    let accepted = yes(accept(w, &act, NOON));
    let admitted = accepted.acceptance.admitted.unwrap();
    assert_eq!((admitted.user, admitted.client), (user_id(1), Some(client_id(1))));
    assert_eq!(accepted.acceptance.landing.as_str(), "clientarea.php?action=invoices");
    assert_eq!(accepted.session_expires_at, NOON.plus(secs(43_200)));
    let ahead = NOON.plus(secs(60));
    let home = yes(accept(w, &link(w, "  ANN@Example.com ", ahead.plus(secs(30))), ahead));
    assert_eq!(home.acceptance.landing.as_str(), "clientarea.php");
    w.everywhere(|store| {
        let live = store.check_session(&session.key(), NOON).unwrap().unwrap();
        assert_eq!((live.user_id, live.client_id), (Some(user_id(1)), Some(client_id(1))));
        assert_eq!((live.origin, live.autoauth_key_id), (Origin::AutoAuth, Some(key_id(1))));
        assert_eq!((live.credential_id, live.redemption), (None, Some(act.redemption)));
        let key = store.autoauth_keys().unwrap().keys.remove(0).key;
        assert_eq!((key.uses, key.first_used_at, key.last_used_at), (2, Some(NOON), Some(ahead)));
        assert_eq!((key.least_skew_seconds, key.most_skew_seconds), (Some(-30), Some(7)));
        let told = events(store, "autoauth.accepted");
        assert_eq!((told.len(), told[0].outcome.as_str()), (2, "ok"));
        assert_eq!((told[0].object.as_deref(), told[0].user_id), (Some("key 1"), Some(user_id(1))));
        assert_eq!(told[0].address.as_deref(), Some("203.0.113.9"));
        assert!(!format!("{told:?}").contains("ann@"), "no address of a person in the audit");
    });
    let mut given = link(w, ANN, NOON);
    given.key = None;
    yes(accept(w, &given, NOON));
    assert_eq!(w.events("autoauth.accepted")[1].object.as_deref(), Some("key given by the caller"));
}

fn a_link_is_refused_while_autoauth_is_off_or_its_key_retired(w: &World<'_>) {
    ready(w);
    let act = link(w, ANN, NOON);
    w.set("autoauth_enabled", false);
    let refusal = w.no(accept(w, &act, NOON), Reason::AutoAuthOff);
    assert!(refusal.reference.is_some());
    w.set("autoauth_enabled", true);
    let strange = AcceptAct { key: Some(key_id(9)), ..act.clone() };
    w.no(accept(w, &strange, NOON), Reason::AutoAuthHash);
    yes(w.store().retire_key("old site", at(NOON)));
    w.no(accept(w, &act, NOON), Reason::AutoAuthHash);
    w.everywhere(|store| {
        let told = events(store, "autoauth.accepted");
        let outcomes: Vec<_> = told.iter().map(|event| event.outcome.as_str()).collect();
        assert_eq!(outcomes, ["autoauth_off", "autoauth_hash", "autoauth_hash"]);
    });
    yes(accept(w, &AcceptAct { key: None, ..act }, NOON));
}

fn a_window_ends_at_its_last_second(w: &World<'_>) {
    ready(w);
    let signed = |at: Timestamp, now| accept(w, &link(w, ANN, at), now);
    w.no(signed(NOON, NOON.plus(secs(901))), Reason::AutoAuthTooOld);
    yes(signed(NOON, NOON.plus(ms(900_999))));
    w.no(signed(NOON.plus(secs(901)), NOON), Reason::AutoAuthTooNew);
    w.no(signed(NOON.plus(secs(901)), NOON.plus(ms(999)).minus(ms(999))), Reason::AutoAuthTooNew);
    yes(signed(NOON.plus(secs(900)), NOON));
    w.set("autoauth_past_seconds", 10);
    w.set("autoauth_future_seconds", 0);
    yes(signed(NOON, NOON.plus(secs(10))));
    w.no(signed(NOON, NOON.plus(secs(11))), Reason::AutoAuthTooOld);
    yes(signed(NOON, NOON));
    w.no(signed(NOON, NOON.minus(ms(1))), Reason::AutoAuthTooNew);
}

fn a_link_is_accepted_once_whatever_its_spelling(w: &World<'_>) {
    ready(w);
    yes(add_key(w, key_id(2), "twin", b"sealed", false));
    let act = link(w, ANN, NOON);
    yes(accept(w, &act, NOON));
    for again in [
        act.clone(),
        AcceptAct { goto: Some("cart.php".to_owned()), ..act.clone() },
        AcceptAct { key: Some(key_id(2)), ..act.clone() },
        AcceptAct { key: None, ..act.clone() },
        AcceptAct { email: "Ann@Example.com".to_owned(), ..act.clone() },
    ] {
        let refusal = w.no(accept(w, &again, NOON.plus(secs(1))), Reason::AutoAuthUsed);
        assert!(!refusal.same_browser);
    }
    w.reopen();
    w.no(accept(w, &act, NOON.plus(secs(900))), Reason::AutoAuthUsed);
    w.store().purge(NOON.plus(secs(3_600)), &mut no_progress()).unwrap();
    w.no(accept(w, &act, NOON), Reason::AutoAuthUsed);
    assert_eq!(w.store().autoauth_keys().unwrap().keys[0].key.uses, 1);
}

fn of_many_who_bring_one_link_at_once_one_is_let_in(w: &World<'_>) {
    ready(w);
    for _ in 0..5 {
        let act = link(w, ANN, NOON);
        let stores: Vec<_> = (0..8).map(|_| w.store()).collect();
        let start = Barrier::new(stores.len());
        let won: usize = std::thread::scope(|scope| {
            let running: Vec<_> = stores
                .iter()
                .map(|store| {
                    scope.spawn(|| {
                        start.wait();
                        match store.accept_autoauth(&act, NOON).unwrap() {
                            Ok(_) => 1,
                            Err(Error::Refused(refusal)) if refusal.reason == Reason::AutoAuthUsed => 0,
                            Err(other) => panic!("{other:?}"),
                        }
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(won, 1);
    }
}

fn the_browser_that_was_let_in_is_known_again(w: &World<'_>) {
    ready(w);
    let session = w.draw(|random| SessionId::generate(NOON, random));
    let mut act = link(w, ANN, NOON);
    act.session = Some(session.key());
    yes(accept(w, &act, NOON));
    for (presented, same) in [(None, false), (Some(unknown_key(w)), false), (Some(session.key()), true)] {
        let next = w.draw(|random| SessionId::generate(NOON, random));
        let again = AcceptAct { presented, session: Some(next.key()), ..act.clone() };
        let refusal = w.no(accept(w, &again, NOON), Reason::AutoAuthUsed);
        assert_eq!(refusal.same_browser, same);
        assert!(w.check(&next, NOON).unwrap().is_err());
    }
    yes(w.check(&session, NOON));
    // A link without a session of ours is nobody's: an absent session is not the same as an absent one.
    let act = link(w, ANN, NOON);
    yes(accept(w, &act, NOON));
    assert!(!w.no(accept(w, &act, NOON), Reason::AutoAuthUsed).same_browser);
}

fn a_second_click_is_told_by_its_time(w: &World<'_>) {
    ready(w);
    let mut act = link(w, ANN, NOON);
    act.session = Some(w.draw(|random| SessionId::generate(NOON, random)).key());
    yes(accept(w, &act, NOON));
    for (after, duplicate) in [(0, true), (4_999, true), (5_000, false)] {
        let refusal = w.no(accept(w, &act, NOON.plus(ms(after))), Reason::AutoAuthUsed);
        assert_eq!(refusal.duplicate, duplicate, "after {after} ms");
    }
}

fn the_session_that_is_replaced_ends_with_the_act(w: &World<'_>) {
    ready(w);
    let old = w.session(NOON);
    let new = w.draw(|random| SessionId::generate(NOON, random));
    for (replace, ended) in [(false, false), (true, true)] {
        let mut act = link(w, ANN, NOON);
        (act.presented, act.replace) = (Some(old.key()), replace);
        act.session = Some(if replace { new.key() } else { unknown_key(w) });
        yes(accept(w, &act, NOON));
        assert_eq!(w.check(&old, NOON).unwrap().is_err(), ended);
    }
    w.everywhere(|store| {
        store.check_session(&new.key(), NOON).unwrap().unwrap();
        let told = events(store, "session.ended");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].detail, Some(format!("replaced by session {}", new.reference())));
    });
}

fn a_link_is_looked_at_without_a_trace(w: &World<'_>) {
    ready(w);
    let act = link(w, ANN, NOON);
    let all = |store: &dyn Store| {
        format!("{:?} {:?}", store.autoauth_keys().unwrap().keys, events(store, "autoauth.accepted"))
    };
    let before = all(&*w.store());
    w.everywhere(|store| {
        let facts = store.inspect_autoauth(&act).unwrap();
        assert!(facts.key_active && facts.seen.is_none());
        assert_eq!(judge_accept(&act, &facts, NOON).unwrap().admitted.unwrap().user, user_id(1));
        assert_eq!(all(store), before);
    });
    yes(accept(w, &act, NOON));
    w.everywhere(|store| assert!(store.inspect_autoauth(&act).unwrap().seen.is_some()));
}

fn a_link_may_come_again_where_the_policy_is_window(w: &World<'_>) {
    ready(w);
    w.set("autoauth_reuse", "window");
    let act = link(w, ANN, NOON);
    for _ in 0..3 {
        yes(accept(w, &act, NOON));
    }
    assert_eq!(w.store().autoauth_keys().unwrap().keys[0].key.uses, 3);
    w.no(accept(w, &act, NOON.plus(secs(901))), Reason::AutoAuthTooOld);
    let once = link(w, ANN, NOON);
    w.set("autoauth_reuse", "once");
    w.no(accept(w, &act, NOON), Reason::AutoAuthUsed);
    yes(accept(w, &once, NOON));
    w.no(accept(w, &once, NOON), Reason::AutoAuthUsed);
}

fn what_is_forgotten_is_not_accepted_even_after_the_clock_was_set_back(w: &World<'_>) {
    ready(w);
    let act = link(w, ANN, NOON);
    yes(accept(w, &act, NOON));
    let purged = w.store().purge(NOON.plus(secs(3_601)), &mut no_progress()).unwrap();
    assert_eq!(purged.autoauth_links, 1);
    w.everywhere(|store| {
        let told = store.accept_autoauth(&act, NOON).unwrap().unwrap_err();
        assert_eq!(told.reason(), Some(Reason::AutoAuthForgotten));
    });
    w.no(accept(w, &act, NOON), Reason::AutoAuthForgotten);
    w.no(accept(w, &link(w, ANN, NOON), NOON), Reason::AutoAuthForgotten);
    // From the floor on links are remembered, so they are accepted.
    yes(accept(w, &link(w, ANN, NOON.plus(secs(1))), NOON));
    // The floor never sinks.
    w.store().purge(NOON, &mut no_progress()).unwrap();
    w.no(accept(w, &act, NOON), Reason::AutoAuthForgotten);
    w.set("autoauth_reuse", "window");
    yes(accept(w, &act, NOON));
}

fn an_address_names_one_user_or_the_owner_of_one_client(w: &World<'_>) {
    ready(w);
    let named = |email: &str| accept(w, &link(w, email, NOON), NOON);
    let admitted = |email: &str| {
        let admitted = yes(named(email)).acceptance.admitted.unwrap();
        (admitted.user.get(), admitted.client.map(|client| client.get()))
    };
    assert_eq!(admitted(ANN), (1, Some(1)));
    assert_eq!(admitted("billing@example.com"), (1, Some(1)), "the owner of the only client");
    w.client(2, ANN, Some(1));
    assert_eq!(admitted(ANN), (1, None), "a user goes before clients of the same address");
    w.client(3, "billing@example.com", Some(1));
    w.no(named("billing@example.com"), Reason::SeveralClients);
    w.client(4, "nobody@example.com", None);
    w.no(named("nobody@example.com"), Reason::NoOwner);
    w.user(5, "alone@example.com");
    w.no(named("alone@example.com"), Reason::NoClient);
    for no_address in ["strange@example.com", "", "no address", "a\0@b"] {
        w.no(named(no_address), Reason::NoMatch);
    }
}

fn a_look_alike_address_names_nobody(w: &World<'_>) {
    ready(w);
    w.user(2, "jose@example.com");
    w.client(2, "josé@example.com", Some(2));
    let owner = yes(accept(w, &link(w, "josé@example.com", NOON), NOON)).acceptance.admitted.unwrap();
    assert_eq!(owner.client, Some(client_id(2)));
    for other in [
        "JOSÉ@example.com",
        "jose\u{301}@example.com",
        "josè@example.com",
        "jose@exаmple.com",
        "jose@example.com.",
        "jose @example.com",
        "jose%@example.com",
        "jos_@example.com",
    ] {
        w.no(accept(w, &link(w, other, NOON), NOON), Reason::NoMatch);
    }
}

fn a_person_who_may_not_sign_in_is_refused_and_the_link_not_spent(w: &World<'_>) {
    ready(w);
    let act = link(w, ANN, NOON);
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    w.no(accept(w, &act, NOON), Reason::SsoDisabled);
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    w.no(accept(w, &act, NOON), Reason::ClientClosed);
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    w.no(accept(w, &act, NOON), Reason::UserDisabled);
    yes(w.store().enable_user(user_id(1), true, at(NOON)));
    yes(w.store().set_client_status(client_id(1), ClientStatus::Active, at(NOON)));
    yes(w.store().set_client_sso(client_id(1), true, at(NOON)));
    assert_eq!(w.store().autoauth_keys().unwrap().keys[0].key.uses, 0);
    yes(accept(w, &act, NOON));
}

fn an_unsafe_page_is_refused_before_anything_else_of_the_link(w: &World<'_>) {
    ready(w);
    let mut act = link(w, ANN, NOON);
    for now in [NOON, NOON.plus(secs(5_000))] {
        for goto in ["//evil.example", "https://evil.example", "../x", "dologin.php", "x\\y"] {
            act.goto = Some(goto.to_owned());
            w.invalid(accept(w, &act, now), "goto");
        }
    }
    // It is the clearest sign of tampering there is, so it leaves a trace, but not one each.
    let told = w.events("autoauth.accepted");
    let told: Vec<_> = told.iter().map(|event| (event.outcome.as_str(), event.count)).collect();
    assert_eq!(told, [("goto_not_allowed", 5), ("goto_not_allowed", 5)]);
    act.goto = Some(String::new());
    assert_eq!(yes(accept(w, &act, NOON)).acceptance.landing.as_str(), "clientarea.php");
}

fn a_host_store_looks_nobody_up(w: &World<'_>) {
    w.make(Mode::Host);
    w.set("autoauth_enabled", true);
    yes(add_key(w, key_id(1), "old site", b"sealed", false));
    let session = w.draw(|random| SessionId::generate(NOON, random));
    let mut act = link(w, "Somebody, whoever", NOON);
    act.session = Some(session.key());
    assert_eq!(yes(accept(w, &act, NOON)).acceptance.admitted, None);
    w.everywhere(|store| {
        let live = store.check_session(&session.key(), NOON).unwrap().unwrap();
        assert_eq!((live.user_id, live.client_id), (None, None));
    });
    w.no(accept(w, &act, NOON), Reason::AutoAuthUsed);
}
