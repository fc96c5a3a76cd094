//! Sign-in links used: as often as they allow, each use one act with the token that it mints.

use std::sync::Barrier;

use super::world::{
    NOON, World, api, at, client_id, days, digest_of, events, ms, named, secs, stored, unknown_key, user_id,
    yes,
};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::{Limits, Rotation};
use crate::directory::{ClientStatus, Mode, Subject};
use crate::error::{Error, Reason, Refusal};
use crate::link::{LinkEnd, LinkRequest, LinkTally, OpenAct, SignInLink};
use crate::session::{Origin, SessionId};
use crate::store::LinksOf;
use crate::token::{IssueRequest, TokenQuery};

pub(super) const NOUN: Noun = Noun {
    name: "link_openings",
    cases: cases![
        a_use_spends_mints_tallies_and_tells_in_one_act,
        a_use_may_sign_in_within_the_same_act,
        a_use_that_is_refused_leaves_nothing_half_done,
        a_link_is_opened_exactly_as_often_as_it_allows,
        of_many_who_try_at_once_as_many_win_as_there_are_uses,
        an_unknown_link_changes_nothing,
        a_second_click_is_told_apart_from_a_later_one,
        a_link_is_over_at_exactly_the_end_of_its_life,
        a_link_from_further_ahead_than_the_leeway_is_refused,
        a_link_dies_with_its_credential,
        a_leaked_secret_takes_its_links_along_and_a_rotated_one_does_not,
        the_person_is_asked_about_again,
        a_page_that_is_no_longer_safe_is_refused,
        the_first_reason_in_design_order_is_told,
        a_token_of_a_link_lives_as_long_as_its_credential_allows,
        a_host_store_checks_nobody,
        uses_purge_by_themselves,
    ],
    reasons: &[
        Reason::LinkUnknown,
        Reason::LinkUsed,
        Reason::LinkRevoked,
        Reason::LinkNotYetValid,
        Reason::LinkExpired,
        Reason::LandingNotAllowed,
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
        Reason::TokenRedeemed,
        Reason::TokenExpired,
    ],
    fields: &[],
};

fn to(id: i64) -> LinkRequest {
    LinkRequest::new(IssueRequest::for_client(client_id(id)))
}

fn links() -> Limits {
    Limits { links: true, ..Limits::default() }
}

/// The use of a link that also redeems the token into a new session.
fn signing_in(w: &World<'_>, link: &SignInLink, now: Timestamp) -> (OpenAct, SessionId) {
    let (mut act, token) = w.opening(link, now);
    let (mut redeem, session) = w.act(&token, now);
    redeem.replace = true;
    act.redeem = Some(redeem);
    (act, session)
}

/// How often something was counted for the links of a label.
fn counted(w: &World<'_>, label: Option<&str>, what: LinkTally, now: Timestamp) -> u64 {
    let tallies = w.store().link_tallies(label, NOON.minus(days(1)), now).unwrap();
    tallies.iter().filter(|tally| tally.what == what).map(|tally| tally.count).sum()
}

/// Refused, whether or not it shall sign in; nothing but the refusal's event and count is left of it.
#[track_caller]
fn refused(w: &World<'_>, link: &SignInLink, now: Timestamp, reason: Reason) -> Refusal {
    let before = stored(&*w.store(), link);
    let tokens = w.store().list_tokens(&TokenQuery::default(), 1_000, now).unwrap().1.len();
    let (act, session) = signing_in(w, link, now);
    let refusal = w.no(w.open_by(&act, now), reason);
    assert!(refusal.reference.is_some(), "a refusal of a known link has a number");
    w.no(w.open(link, now), reason);
    w.everywhere(|store| {
        assert_eq!(stored(store, link), before);
        assert_eq!(store.list_tokens(&TokenQuery::default(), 1_000, now).unwrap().1.len(), tokens);
        let check = store.check_session(&session.key(), now).unwrap();
        assert_eq!(check.unwrap_err().reason(), Some(Reason::SessionUnknown));
    });
    refusal
}

fn a_use_spends_mints_tallies_and_tells_in_one_act(w: &World<'_>) {
    w.ann();
    let mailer = w.limited("mailer", links());
    let request = IssueRequest::for_client(client_id(1)).destination("clientarea:invoices").actor("cron");
    let request = LinkRequest::new(request).uses(2).label("reminder");
    let (link, _) = yes(w.create(&mailer, &request, NOON));
    let now = NOON.plus(secs(3_600));
    let (mut act, token) = w.opening(&link, now);
    act.address = Some("2001:db8::7".parse().unwrap());
    let opened = yes(w.open_by(&act, now));
    let name = stored(&*w.store(), &link).key.reference();
    assert_eq!((opened.link, opened.uses_left, opened.managed), (name, 1, true));
    assert!(opened.spent.is_none());
    assert_eq!((opened.opening.user, opened.opening.client), (Some(user_id(1)), Some(client_id(1))));
    assert_eq!(opened.opening.landing.as_str(), "clientarea.php?action=invoices");
    assert_eq!(opened.opening.expires_at, now.plus(secs(60)));
    w.everywhere(|store| {
        let stored = stored(store, &link);
        assert_eq!((stored.used, stored.ended), (1, None));
        assert_eq!((stored.first_opened_at, stored.last_opened_at), (Some(now), Some(now)));
        let minted = store.inspect(&named(&token)).unwrap().unwrap().token;
        assert_eq!((minted.user, minted.client), (Some(user_id(1)), Some(client_id(1))));
        assert_eq!(minted.destination.as_deref(), Some("clientarea:invoices"));
        assert_eq!(minted.landing, "clientarea.php?action=invoices");
        assert_eq!((minted.credential, minted.serial), (mailer.credential_id(), 1));
        assert_eq!((minted.actor.as_deref(), minted.redeemed_at), (Some("cron"), None));
        assert_eq!((minted.issued_at, minted.expires_at), (now, now.plus(secs(60))));
        for (kind, object, detail) in [
            ("link.opened", name, format!("token {}", token.reference())),
            ("token.issued", token.reference(), format!("link {name}")),
        ] {
            let told = events(store, kind);
            let [event] = &told[..] else { panic!("{told:?}") };
            assert_eq!((event.outcome.as_str(), event.at), ("ok", now));
            assert_eq!((&event.object, &event.detail), (&Some(object.to_string()), &Some(detail)));
            assert_eq!((event.credential_id, event.user_id), (mailer.credential_id(), Some(user_id(1))));
            assert_eq!(event.address.as_deref(), Some("2001:db8::7"));
        }
    });
    let later = now.plus(secs(10));
    assert_eq!(yes(w.open(&link, later)).uses_left, 0);
    w.everywhere(|store| {
        let stored = stored(store, &link);
        assert_eq!((stored.first_opened_at, stored.last_opened_at), (Some(now), Some(later)));
    });
    let count = |what| counted(w, Some("reminder"), what, later);
    assert_eq!([LinkTally::Created, LinkTally::Opened, LinkTally::Reopened].map(count), [1, 1, 1]);
    assert_eq!(
        yes(w.redeem(&token, later)).landing_url,
        "https://billing.example.com/clientarea.php?action=invoices"
    );
}

fn a_use_may_sign_in_within_the_same_act(w: &World<'_>) {
    w.ann();
    let (old, now) = (w.session(NOON), NOON.plus(secs(1)));
    let link = w.link_of(&to(1).uses(2), NOON);
    let (mut act, session) = signing_in(w, &link, now);
    act.redeem.as_mut().unwrap().presented = Some(old.key());
    let opened = yes(w.open_by(&act, now));
    let spent = opened.spent.unwrap();
    assert_eq!((spent.user, spent.client), (Some(user_id(1)), Some(client_id(1))));
    w.no(w.check(&old, now), Reason::SessionEnded);
    w.everywhere(|store| {
        let minted = store.inspect(&crate::store::Named::Key(act.token)).unwrap().unwrap().token;
        assert_eq!((minted.redeemed_at, minted.session), (Some(now), Some(session.key())));
        let live = store.check_session(&session.key(), now).unwrap().unwrap();
        assert_eq!((live.origin, live.user_id), (Origin::Token, Some(user_id(1))));
        assert_eq!(Some(live.credential_id), Some(w.host().credential_id()));
        assert_eq!(stored(store, &link).used, 1);
        assert_eq!(events(store, "token.redeemed").len(), 2, "that of the session before, and this one");
    });
    let redeem = act.redeem.unwrap();
    w.no(w.redeem_by(&redeem, now.plus(secs(10))), Reason::TokenRedeemed);
    // A session that never was stands in nobody's way.
    let (mut act, session) = signing_in(w, &link, now);
    act.redeem.as_mut().unwrap().presented = Some(unknown_key(w));
    yes(w.open_by(&act, now));
    yes(w.check(&session, now));
}

fn a_use_that_is_refused_leaves_nothing_half_done(w: &World<'_>) {
    w.ann();
    let (kept, now) = (w.session(NOON), NOON.plus(secs(1)));
    let link = w.link_of(&to(1).label("reminder").end_siblings(), NOON);
    let sibling = w.link_of(&to(1).label("reminder"), NOON);
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    let (mut act, session) = signing_in(w, &link, now);
    act.redeem.as_mut().unwrap().presented = Some(kept.key());
    w.no(w.open_by(&act, now), Reason::SsoDisabled);
    yes(w.store().set_client_sso(client_id(1), true, at(NOON)));
    w.everywhere(|store| {
        let (link, sibling) = (stored(store, &link), stored(store, &sibling));
        assert_eq!((link.used, link.first_opened_at, sibling.ended), (0, None, None));
        assert!(store.inspect(&crate::store::Named::Key(act.token)).unwrap().is_none());
        assert!(store.check_session(&session.key(), now).unwrap().is_err());
        let told = events(store, "link.opened");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.outcome.as_str(), event.count), ("sso_disabled", 1));
    });
    yes(w.check(&kept, now));
    assert_eq!(counted(w, Some("reminder"), LinkTally::Refused(Reason::SsoDisabled), now), 1);
    yes(w.open_by(&act, now));
    w.no(w.check(&kept, now), Reason::SessionEnded);
}

fn a_link_is_opened_exactly_as_often_as_it_allows(w: &World<'_>) {
    w.ann();
    for uses in [1, 2, 100] {
        let link = w.link_of(&to(1).uses(uses), NOON);
        for used in 1..=uses {
            assert_eq!(yes(w.open(&link, NOON)).uses_left, uses - used);
        }
        refused(w, &link, NOON, Reason::LinkUsed);
    }
}

fn of_many_who_try_at_once_as_many_win_as_there_are_uses(w: &World<'_>) {
    w.ann();
    for uses in [1, 3, 1, 3, 1, 3, 1, 3] {
        let link = w.link_of(&to(1).uses(uses), NOON);
        // Half of them sign in at once, half take the token along.
        let tries: Vec<_> = (0..8)
            .map(|number| match number % 2 {
                0 => (w.store(), signing_in(w, &link, NOON).0),
                _ => (w.store(), w.opening(&link, NOON).0),
            })
            .collect();
        let start = Barrier::new(tries.len());
        let left: Vec<u32> = std::thread::scope(|scope| {
            let running: Vec<_> = tries
                .iter()
                .map(|(store, act)| {
                    scope.spawn(|| {
                        start.wait();
                        match store.open_link(act, NOON).unwrap() {
                            Ok(opened) => Some(opened.uses_left),
                            Err(refusal) => {
                                assert_eq!(refusal.reason, Reason::LinkUsed);
                                None
                            }
                        }
                    })
                })
                .collect();
            running.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        let mut left = left;
        left.sort_unstable();
        assert_eq!(left, (0..uses).collect::<Vec<_>>(), "each winner was told another number of uses left");
        w.everywhere(|store| assert_eq!(stored(store, &link).used, uses));
    }
}

fn an_unknown_link_changes_nothing(w: &World<'_>) {
    w.ann();
    w.link(NOON);
    let before = w.events("").len();
    let stranger = w.draw(|random| SignInLink::generate(random));
    let (act, session) = signing_in(w, &stranger, NOON);
    let refusal = w.no(w.open_by(&act, NOON), Reason::LinkUnknown);
    assert_eq!(refusal.reference, None);
    w.everywhere(|store| {
        assert!(store.check_session(&session.key(), NOON).unwrap().is_err());
        assert!(store.list_tokens(&TokenQuery::default(), 9, NOON).unwrap().1.is_empty());
    });
    assert_eq!(w.events("").len(), before, "no write per guess");
}

fn a_second_click_is_told_apart_from_a_later_one(w: &World<'_>) {
    w.ann();
    let link = w.link_of(&to(1).uses(2), NOON);
    yes(w.open(&link, NOON));
    let last = NOON.plus(secs(60));
    yes(w.open(&link, last));
    let duplicate = |now| w.no(w.open(&link, now), Reason::LinkUsed).duplicate;
    assert!(duplicate(last));
    assert!(duplicate(last.plus(ms(4_999))));
    assert!(!duplicate(last.plus(secs(5))));
    let revoked = w.link(NOON);
    yes(w.store().end_links(&LinksOf::One(digest_of(&revoked)), LinkEnd::Revoked, at(NOON)));
    assert!(!w.no(w.open(&revoked, NOON), Reason::LinkRevoked).duplicate);
    let ended = w.link_of(&to(1).uses(2), NOON);
    yes(w.open(&ended, NOON));
    yes(w.store().end_links(&LinksOf::One(digest_of(&ended)), LinkEnd::Revoked, at(NOON)));
    assert!(!w.no(w.open(&ended, NOON), Reason::LinkRevoked).duplicate, "a use before is no second click");
}

fn a_link_is_over_at_exactly_the_end_of_its_life(w: &World<'_>) {
    w.ann();
    let [late, just] = [w.link(NOON), w.link(NOON)];
    refused(w, &late, NOON.plus(days(1)), Reason::LinkExpired);
    let last = NOON.plus(days(1)).minus(ms(1));
    let (act, token) = w.opening(&just, last);
    assert_eq!(yes(w.open_by(&act, last)).opening.expires_at, last.plus(secs(60)));
    // The token of a use in the last moment lives its own life.
    yes(w.redeem(&token, NOON.plus(days(1)).plus(secs(59))));
    let (act, token) = w.opening(&late, last);
    yes(w.open_by(&act, last));
    w.no(w.redeem(&token, last.plus(secs(60))), Reason::TokenExpired);
}

fn a_link_from_further_ahead_than_the_leeway_is_refused(w: &World<'_>) {
    w.ann();
    let link = w.link(NOON);
    refused(w, &link, NOON.minus(ms(5_001)), Reason::LinkNotYetValid);
    w.set("token_leeway_seconds", 0);
    refused(w, &link, NOON.minus(ms(1)), Reason::LinkNotYetValid);
    w.set("token_leeway_seconds", 5);
    yes(w.open(&link, NOON.minus(secs(5))));
}

fn a_link_dies_with_its_credential(w: &World<'_>) {
    w.ann();
    let ends = w.credential_with("ends", links(), Some(NOON.plus(secs(100))));
    let ends = api(ends.credential_id, 1);
    let [link, other] = [(); 2].map(|()| yes(w.create(&ends, &to(1), NOON)).0);
    refused(w, &link, NOON.plus(secs(100)), Reason::CredentialExpired);
    yes(w.open(&link, NOON.plus(ms(99_999))));
    yes(w.store().enable_admin("root", false, at(NOON)));
    refused(w, &other, NOON, Reason::AdminDisabled);
    yes(w.store().enable_admin("root", true, at(NOON)));
    yes(w.create(&ends, &to(1).life(secs(60)), NOON.minus(secs(60))));
    let ended = yes(w.store().revoke_credential("ends", false, at(NOON)));
    assert_eq!(ended.links, 1, "the one that could still be used");
    refused(w, &other, NOON, Reason::CredentialRevoked);
    assert_eq!(yes(w.store().revoke_credential("ends", false, at(NOON))).links, 0);
    let detail = w.events("credential.revoked")[0].detail.clone();
    assert_eq!(detail.as_deref(), Some("1 tokens, 1 links and 0 sessions ended"));

    let link = w.link(NOON);
    yes(w.store().enable_credential("cli", false, at(NOON)));
    refused(w, &link, NOON, Reason::CredentialDisabled);
    yes(w.store().enable_credential("cli", true, at(NOON)));
    yes(w.open(&link, NOON));
}

fn a_leaked_secret_takes_its_links_along_and_a_rotated_one_does_not(w: &World<'_>) {
    w.ann();
    let mailer = w.limited("mailer", links());
    let id = mailer.credential_id().unwrap();
    let [one, two] = [(); 2].map(|()| yes(w.create(&mailer, &to(1), NOON)).0);
    let rotate = |digest, rotation: &Rotation| {
        yes(w.store().rotate_credential("mailer", &[digest; 32], rotation, at(NOON))).links_ended
    };
    assert_eq!(rotate(2, &Rotation::with_overlap(secs(0))), 0);
    yes(w.open(&one, NOON));
    let (three, _) = yes(w.create(&api(id, 2), &to(1), NOON));
    assert_eq!(rotate(3, &Rotation::leaked(NOON)), 2);
    refused(w, &two, NOON, Reason::CredentialRevoked);
    refused(w, &three, NOON, Reason::CredentialRevoked);
    let (four, _) = yes(w.create(&api(id, 3), &to(1), NOON));
    assert_eq!(rotate(4, &Rotation::leaked(NOON)), 1, "what was void before does not end again");
    refused(w, &four, NOON, Reason::CredentialRevoked);
    let (five, _) = yes(w.create(&api(id, 4), &to(1), NOON));
    yes(w.open(&five, NOON));
    yes(w.create(&api(id, 4), &to(1), NOON));
    let ended = yes(w.store().end_links(&LinksOf::Credential(id), LinkEnd::Revoked, at(NOON)));
    assert_eq!(
        (ended, counted(w, None, LinkTally::Ended(LinkEnd::Revoked), NOON)),
        (1, 1),
        "nor is it counted"
    );
}

fn the_person_is_asked_about_again(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    let both = IssueRequest::new(Subject::UserInClient(user_id(2), client_id(1)));
    let link = w.link_of(&LinkRequest::new(both), NOON);
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    refused(w, &link, NOON, Reason::SsoDisabled);
    yes(w.store().set_client_sso(client_id(1), true, at(NOON)));
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    refused(w, &link, NOON, Reason::ClientClosed);
    yes(w.store().set_client_status(client_id(1), ClientStatus::Active, at(NOON)));
    yes(w.store().enable_user(user_id(2), false, at(NOON)));
    refused(w, &link, NOON, Reason::UserDisabled);
    yes(w.store().enable_user(user_id(2), true, at(NOON)));
    yes(w.store().remove_member(user_id(2), client_id(1), at(NOON)));
    refused(w, &link, NOON, Reason::NotAMember);
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    yes(w.open(&link, NOON));

    // Bound to no client: it enters whatever is still open to the person.
    w.client(2, "c2@example.com", Some(1));
    yes(w.store().add_member(user_id(2), client_id(2), false, at(NOON)));
    let user = LinkRequest::new(IssueRequest::for_user(user_id(2)));
    let [link, none] = [(); 2].map(|()| w.link_of(&user, NOON));
    yes(w.store().remove_member(user_id(2), client_id(1), at(NOON)));
    let (act, _) = signing_in(w, &link, NOON);
    assert_eq!(yes(w.open_by(&act, NOON)).spent.unwrap().clients, [client_id(2)]);
    yes(w.store().set_client_status(client_id(2), ClientStatus::Closed, at(NOON)));
    refused(w, &none, NOON, Reason::ClientClosed);
    yes(w.store().remove_member(user_id(2), client_id(2), at(NOON)));
    refused(w, &none, NOON, Reason::NoClient);
}

fn a_page_that_is_no_longer_safe_is_refused(w: &World<'_>) {
    w.ann();
    let link = w.link_of(&LinkRequest::new(to(1).issue.redirect_path("shop/offer.php?id=5")), NOON);
    let home = w.link(NOON);
    w.set("deny", serde_json::json!(["shop/"]));
    refused(w, &link, NOON, Reason::LandingNotAllowed);
    yes(w.open(&home, NOON));
    w.set("deny", serde_json::json!([]));
    // Only the page matters, not where the system is: links move along with it.
    w.set("system_url", "https://new.example.com/billing");
    let opened = yes(w.open(&link, NOON));
    assert_eq!(
        opened.system_url.join(&opened.opening.landing),
        "https://new.example.com/billing/shop/offer.php?id=5"
    );
}

fn the_first_reason_in_design_order_is_told(w: &World<'_>) {
    w.ann();
    let mailer = w.limited("mailer", Limits { destinations: Some(vec!["*".to_owned()]), ..links() });
    let request = LinkRequest::new(to(1).issue.redirect_path("shop/offer.php"));
    let (link, _) = yes(w.create(&mailer, &request, NOON));
    let (expired, back) = (NOON.plus(days(1)), NOON.minus(secs(6)));
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    refused(w, &link, NOON, Reason::UserDisabled);
    w.set("deny", serde_json::json!(["shop/"]));
    refused(w, &link, NOON, Reason::LandingNotAllowed);
    yes(w.store().revoke_credential("mailer", false, at(NOON)));
    refused(w, &link, NOON, Reason::CredentialRevoked);
    refused(w, &link, expired, Reason::LinkExpired);
    refused(w, &link, back, Reason::LinkNotYetValid);
    yes(w.store().end_links(&LinksOf::One(digest_of(&link)), LinkEnd::Revoked, at(NOON)));
    for now in [NOON, expired, back] {
        refused(w, &link, now, Reason::LinkRevoked);
    }
    yes(w.store().enable_user(user_id(1), true, at(NOON)));
    let used = w.link(NOON);
    yes(w.open(&used, NOON));
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    for now in [NOON, expired, back] {
        refused(w, &used, now, Reason::LinkUsed);
    }
}

fn a_token_of_a_link_lives_as_long_as_its_credential_allows(w: &World<'_>) {
    w.ann();
    let short = w.limited("short", Limits { max_token_life_seconds: Some(10), ..links() });
    let (link, _) = yes(w.create(&short, &to(1).uses(2), NOON));
    let life = |link| yes(w.open(link, NOON)).opening.expires_at.since(NOON);
    assert_eq!(life(&link), secs(10));
    w.set("token_life_seconds", 5);
    assert_eq!(life(&link), secs(5));
    assert_eq!(life(&w.link(NOON)), secs(5));
}

fn a_host_store_checks_nobody(w: &World<'_>) {
    w.make(Mode::Host);
    let link = w.link_of(&to(7).uses(2), NOON);
    let (act, token) = w.opening(&link, NOON);
    let opened = yes(w.open_by(&act, NOON));
    assert_eq!((opened.opening.user, opened.opening.client), (None, Some(client_id(7))));
    assert!(!opened.managed);
    assert!(!yes(w.redeem(&token, NOON)).managed);
    let (act, session) = signing_in(w, &link, NOON);
    assert_eq!(yes(w.open_by(&act, NOON)).spent.unwrap().client, Some(client_id(7)));
    yes(w.check(&session, NOON));
    refused(w, &link, NOON.plus(secs(9)), Reason::LinkUsed);
}

fn uses_purge_by_themselves(w: &World<'_>) {
    w.ann();
    let old = w.token(NOON);
    let now = NOON.plus(days(2));
    let mut uses = 0;
    let mut link = w.link_of(&to(1).uses(100), now);
    while w.store().inspect(&named(&old)).unwrap().is_some() {
        match w.open(&link, now) {
            Ok(Err(Error::Refused(_))) => link = w.link_of(&to(1).uses(100), now),
            opened => drop(yes(opened)),
        }
        uses += 1;
        assert!(uses < 1_000, "no use purged");
    }
}
