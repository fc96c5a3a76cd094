//! Sessions checked, touched, listed and ended.

use super::world::{NOON, World, at, client_id, events, ms, secs, unknown_key, user_id, yes};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::Limits;
use crate::directory::ClientStatus;
use crate::error::Reason;
use crate::id::CredentialId;
use crate::session::{SessionId, SessionQuery};
use crate::store::{Named, SessionsOf, Store};
use crate::token::IssueRequest;

pub(super) const NOUN: Noun = Noun {
    name: "sessions",
    cases: cases![
        an_unknown_session_lets_nobody_in,
        a_session_left_alone_is_over_at_exactly_the_idle_time,
        a_session_is_over_at_exactly_its_absolute_end_however_busy,
        a_shorter_absolute_life_holds_for_running_sessions_too,
        a_touch_is_written_at_most_once_a_minute,
        a_short_idle_time_is_touched_often_enough,
        a_clock_set_back_neither_ends_nor_shortens_a_session,
        the_person_is_asked_about_at_every_check,
        one_session_is_ended_for_good,
        sessions_of_a_user_are_ended_and_no_others,
        sessions_of_a_credential_are_ended_since_a_time,
        sessions_are_listed_newest_first_page_by_page,
    ],
    reasons: &[
        Reason::SessionUnknown,
        Reason::SessionEnded,
        Reason::SessionIdle,
        Reason::SessionExpired,
        Reason::UserDisabled,
        Reason::ClientClosed,
        Reason::SsoDisabled,
        Reason::NotAMember,
        Reason::NoClient,
    ],
    fields: &[],
};

const IDLE: u64 = 1_800;
const ABSOLUTE: u64 = 43_200;

/// Bob, user 2, owns client 2.
fn bob(w: &World<'_>) {
    w.user(2, "bob@example.com");
    w.client(2, "two@example.com", Some(2));
}

#[track_caller]
fn over(w: &World<'_>, session: &SessionId, now: Timestamp, reason: Reason) {
    w.no(w.check(session, now), reason);
    w.everywhere(|store| {
        let told = store.check_session(&session.key(), now).unwrap();
        assert_eq!(told.unwrap_err().reason(), Some(reason));
    });
}

/// Check it every quarter of an hour.
fn keep_busy(w: &World<'_>, session: &SessionId, from: u64, to: u64) {
    for second in (from..to).step_by(900) {
        yes(w.check(session, NOON.plus(secs(second))));
    }
}

fn an_unknown_session_lets_nobody_in(w: &World<'_>) {
    w.ann();
    w.session(NOON);
    let stranger = w.draw(|random| SessionId::generate(NOON, random));
    over(w, &stranger, NOON, Reason::SessionUnknown);
    for named in [Named::Key(stranger.key()), Named::Reference(stranger.reference())] {
        w.no(w.store().end_sessions(&SessionsOf::One(named), at(NOON)), Reason::SessionUnknown);
    }
}

fn a_session_left_alone_is_over_at_exactly_the_idle_time(w: &World<'_>) {
    w.ann();
    let [alone, used] = [w.session(NOON), w.session(NOON)];
    over(w, &alone, NOON.plus(secs(IDLE)), Reason::SessionIdle);
    let good = yes(w.check(&used, NOON.plus(ms(IDLE * 1000 - 1))));
    assert_eq!(good.idle_at, NOON.plus(secs(IDLE)), "what is told is how it stood before the touch");
    // The touch counts from then on, through another handle too.
    yes(w.check(&used, NOON.plus(secs(IDLE + 60))));
    over(w, &used, NOON.plus(secs(2 * IDLE + 60)), Reason::SessionIdle);
}

fn a_session_is_over_at_exactly_its_absolute_end_however_busy(w: &World<'_>) {
    w.ann();
    let session = w.session(NOON);
    keep_busy(w, &session, 0, ABSOLUTE);
    let good = yes(w.check(&session, NOON.plus(ms(ABSOLUTE * 1000 - 1))));
    assert_eq!(good.ends_at, NOON.plus(secs(ABSOLUTE)));
    over(w, &session, NOON.plus(secs(ABSOLUTE)), Reason::SessionExpired);
    // A longer life is for new sessions.
    w.set("session_absolute_seconds", 86_400);
    over(w, &session, NOON.plus(secs(ABSOLUTE)), Reason::SessionExpired);
}

fn a_shorter_absolute_life_holds_for_running_sessions_too(w: &World<'_>) {
    w.ann();
    let session = w.session(NOON);
    w.set("session_absolute_seconds", 600);
    let good = yes(w.check(&session, NOON.plus(ms(599_999))));
    assert_eq!(good.ends_at, NOON.plus(secs(600)));
    over(w, &session, NOON.plus(secs(600)), Reason::SessionExpired);
    assert!(w.store().list_sessions(&SessionQuery::default(), 9, NOON.plus(secs(600))).unwrap().is_empty());
}

fn touched(store: &dyn Store, session: &SessionId) -> Timestamp {
    let all = SessionQuery { all: true, ..SessionQuery::default() };
    let listed = store.list_sessions(&all, 99, NOON).unwrap();
    listed.iter().find(|one| one.session == session.reference()).unwrap().touched_at
}

fn a_touch_is_written_at_most_once_a_minute(w: &World<'_>) {
    w.ann();
    let session = w.session(NOON);
    let expect = |now, written| {
        yes(w.check(&session, now));
        w.everywhere(|store| assert_eq!(touched(store, &session), written));
    };
    expect(NOON.plus(ms(59_999)), NOON);
    expect(NOON.plus(secs(60)), NOON.plus(secs(60)));
    expect(NOON.plus(secs(119)), NOON.plus(secs(60)));
    expect(NOON.plus(secs(120)), NOON.plus(secs(120)));
}

fn a_short_idle_time_is_touched_often_enough(w: &World<'_>) {
    w.ann();
    w.set("session_idle_seconds", 60);
    let session = w.session(NOON);
    for second in (0..300).step_by(15) {
        yes(w.check(&session, NOON.plus(secs(second))));
    }
    over(w, &session, NOON.plus(secs(285 + 60)), Reason::SessionIdle);
}

fn a_clock_set_back_neither_ends_nor_shortens_a_session(w: &World<'_>) {
    w.ann();
    let session = w.session(NOON);
    yes(w.check(&session, NOON.plus(secs(600))));
    yes(w.check(&session, NOON.minus(secs(600))));
    w.everywhere(|store| assert_eq!(touched(store, &session), NOON.plus(secs(600))));
    over(w, &session, NOON.plus(secs(600 + IDLE)), Reason::SessionIdle);
}

fn the_person_is_asked_about_at_every_check(w: &World<'_>) {
    w.ann();
    bob(w);
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    let unbound = w.session_of(&w.host(), &IssueRequest::for_user(user_id(2)), NOON);
    let bound = w.session_of(&w.host(), &IssueRequest::for_client(client_id(1)), NOON);
    assert_eq!(yes(w.check(&unbound, NOON)).clients, [client_id(1), client_id(2)]);
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    over(w, &bound, NOON, Reason::ClientClosed);
    assert_eq!(yes(w.check(&unbound, NOON)).clients, [client_id(2)], "the other client is still open");
    yes(w.store().set_client_status(client_id(1), ClientStatus::Active, at(NOON)));
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    over(w, &bound, NOON, Reason::SsoDisabled);
    yes(w.store().set_client_sso(client_id(1), true, at(NOON)));
    yes(w.check(&bound, NOON));

    let member = w.session_of(
        &w.host(),
        &IssueRequest::new(crate::directory::Subject::UserInClient(user_id(2), client_id(1))),
        NOON,
    );
    yes(w.store().remove_member(user_id(2), client_id(1), at(NOON)));
    over(w, &member, NOON, Reason::NotAMember);
    assert_eq!(yes(w.check(&unbound, NOON)).clients, [client_id(2)]);

    w.user(3, "cy@example.com");
    for client in [1, 2] {
        yes(w.store().add_member(user_id(3), client_id(client), false, at(NOON)));
    }
    let homeless = w.session_of(&w.host(), &IssueRequest::for_user(user_id(3)), NOON);
    for client in [1, 2] {
        yes(w.store().remove_member(user_id(3), client_id(client), at(NOON)));
    }
    over(w, &homeless, NOON, Reason::NoClient);

    // Disabling ends the sessions for good.
    yes(w.store().enable_user(user_id(2), false, at(NOON)));
    over(w, &unbound, NOON, Reason::SessionEnded);
    yes(w.store().enable_user(user_id(2), true, at(NOON)));
    over(w, &unbound, NOON, Reason::SessionEnded);
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    w.no(w.issue(&w.host(), &IssueRequest::for_client(client_id(1)), NOON), Reason::UserDisabled);
}

fn one_session_is_ended_for_good(w: &World<'_>) {
    w.ann();
    let [one, two, kept] = [w.session(NOON), w.session(NOON), w.session(NOON)];
    let end = |named| yes(w.store().end_sessions(&SessionsOf::One(named), at(NOON.plus(secs(1)))));
    assert_eq!(end(Named::Key(one.key())), 1);
    assert_eq!(end(Named::Reference(two.reference())), 1);
    assert_eq!(end(Named::Key(one.key())), 0, "it was over already");
    over(w, &one, NOON, Reason::SessionEnded);
    over(w, &two, NOON, Reason::SessionEnded);
    yes(w.check(&kept, NOON));
    let told = w.events("session.ended");
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].object, Some(one.reference().to_string()));
    assert_eq!((told[0].user_id, told[0].client_id), (Some(user_id(1)), Some(client_id(1))));
    assert_eq!(told[0].actor.as_deref(), Some("suite"));
    // A touch must not bring it back.
    w.no(w.check(&one, NOON.plus(secs(120))), Reason::SessionEnded);
    let gone = SessionsOf::One(Named::Key(unknown_key(w)));
    w.no(w.store().end_sessions(&gone, at(NOON)), Reason::SessionUnknown);
}

fn sessions_of_a_user_are_ended_and_no_others(w: &World<'_>) {
    w.ann();
    bob(w);
    let [one, two] = [w.session(NOON), w.session(NOON)];
    let bobs = w.session_of(&w.host(), &IssueRequest::for_user(user_id(2)), NOON);
    assert_eq!(yes(w.store().end_sessions(&SessionsOf::User(user_id(1)), at(NOON))), 2);
    assert_eq!(yes(w.store().end_sessions(&SessionsOf::User(user_id(1)), at(NOON))), 0);
    assert_eq!(yes(w.store().end_sessions(&SessionsOf::User(user_id(9)), at(NOON))), 0);
    over(w, &one, NOON, Reason::SessionEnded);
    over(w, &two, NOON, Reason::SessionEnded);
    yes(w.check(&bobs, NOON));
    w.everywhere(|store| {
        let told = events(store, "session.ended");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.user_id, event.count), (Some(user_id(1)), 2));
    });
}

fn sessions_of_a_credential_are_ended_since_a_time(w: &World<'_>) {
    w.ann();
    let shop = w.limited("shop", Limits::default());
    let request = IssueRequest::for_client(client_id(1));
    let before = w.session_of(&shop, &request, NOON.minus(ms(1)));
    let since = w.session_of(&shop, &request, NOON);
    let others = w.session(NOON);
    let which = SessionsOf::Credential(shop.credential_id().unwrap(), NOON);
    assert_eq!(yes(w.store().end_sessions(&which, at(NOON))), 1);
    assert_eq!(yes(w.store().end_sessions(&which, at(NOON))), 0);
    yes(w.check(&before, NOON));
    yes(w.check(&others, NOON));
    over(w, &since, NOON, Reason::SessionEnded);
    assert_eq!(w.events("session.ended")[0].credential_id, shop.credential_id());
    let nobodys = SessionsOf::Credential(CredentialId::new(99).unwrap(), Timestamp::from_millis(0));
    assert_eq!(yes(w.store().end_sessions(&nobodys, at(NOON))), 0);
}

fn sessions_are_listed_newest_first_page_by_page(w: &World<'_>) {
    w.ann();
    bob(w);
    let shop = w.limited("shop", Limits::default());
    let one = w.session(NOON);
    let two = w.session_of(&shop, &IssueRequest::for_client(client_id(2)), NOON.plus(ms(1)));
    let three = w.session(NOON.plus(ms(2)));
    let ended = w.session(NOON.plus(ms(3)));
    yes(w.store().end_sessions(&SessionsOf::One(Named::Key(ended.key())), at(NOON)));
    let query = SessionQuery::default;
    let names = |sessions: &[&SessionId]| sessions.iter().map(|one| one.reference()).collect::<Vec<_>>();
    w.everywhere(|store| {
        let list = |query: &SessionQuery, limit, now| -> Vec<_> {
            store.list_sessions(query, limit, now).unwrap().into_iter().map(|one| one.session).collect()
        };
        assert_eq!(list(&query(), 9, NOON), names(&[&three, &two, &one]));
        assert_eq!(list(&query(), 2, NOON), names(&[&three, &two]));
        let all = SessionQuery { all: true, ..query() };
        assert_eq!(list(&all, 9, NOON), names(&[&ended, &three, &two, &one]));
        assert_eq!(list(&SessionQuery { before: Some(two.reference()), ..query() }, 9, NOON), names(&[&one]));
        for one_of in [
            SessionQuery { user_id: Some(user_id(2)), ..query() },
            SessionQuery { client_id: Some(client_id(2)), ..query() },
            SessionQuery { credential_id: shop.credential_id(), ..query() },
        ] {
            assert_eq!(list(&one_of, 9, NOON), names(&[&two]));
        }
        // What is over by its age is no longer listed, unless all are asked for.
        assert_eq!(list(&query(), 9, NOON.plus(secs(IDLE)).plus(ms(1))), names(&[&three]));
        assert_eq!(list(&query(), 9, NOON.plus(secs(ABSOLUTE + 1))), []);
        assert_eq!(list(&all, 9, NOON.plus(secs(ABSOLUTE + 1))).len(), 4);
    });
}
