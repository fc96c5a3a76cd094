//! Audit events: numbered, counted when they repeat, found by what is asked for.

use super::world::{NOON, World, client_id, ms, named, secs, user_id, yes};
use super::{Noun, cases};
use crate::audit::{AuditEvent, AuditQuery, AuditRef, EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::error::Reason;
use crate::id::{AdminId, CredentialId};
use crate::store::{Store, TokensOf};
use crate::token::IssueRequest;

pub(super) const NOUN: Noun = Noun {
    name: "audit",
    cases: cases![
        an_event_is_stored_whole_and_numbered_within_its_millisecond,
        refusals_of_one_subject_reason_and_minute_are_one_event,
        a_refusal_is_counted_through_every_handle,
        another_reason_subject_or_minute_is_another_event,
        a_clock_set_back_still_counts,
        events_are_found_by_every_filter,
        look_alike_objects_are_other_objects,
        pages_go_on_where_the_last_one_stopped,
    ],
    reasons: &[Reason::TokenExpired, Reason::TokenRevoked, Reason::UserUnknown],
    fields: &[],
};

fn find(store: &dyn Store, query: &AuditQuery) -> Vec<AuditEvent> {
    store.audit_events(query, 1_000).unwrap()
}

/// From noon on, so that the making of the store is left out.
fn since_noon() -> AuditQuery {
    AuditQuery::between(NOON, Timestamp::from_millis(i64::MAX))
}

fn an_event_is_stored_whole_and_numbered_within_its_millisecond(w: &World<'_>) {
    let mut event = NewEvent::new(EventKind::Guesses).by(Some("José")).object("thing").detail("more");
    event.credential = Some(CredentialId::new(3).unwrap());
    event.admin = Some(AdminId::new(4).unwrap());
    event.user = Some(user_id(5));
    event.client = Some(client_id(6));
    event.address = Some("::ffff:203.0.113.7".parse().unwrap());
    event.count = 42;
    for seq in 0..3 {
        assert_eq!(w.store().record(&event, NOON).unwrap(), AuditRef { at: NOON, seq });
    }
    let next = w.store().record(&event, NOON.plus(ms(1))).unwrap();
    assert_eq!(next, AuditRef { at: NOON.plus(ms(1)), seq: 0 });
    w.everywhere(|store| {
        let found = find(store, &since_noon());
        assert_eq!(found.len(), 4);
        let first = &found[0];
        assert_eq!((first.at, first.last_at, first.count), (NOON, NOON, 42));
        assert_eq!((first.event.as_str(), first.outcome.as_str()), ("guesses", "ok"));
        assert_eq!((first.credential_id, first.admin_id), (event.credential, event.admin));
        assert_eq!((first.user_id, first.client_id), (event.user, event.client));
        assert_eq!(first.address.as_deref(), Some("203.0.113.7"), "a mapped address counts as IPv4");
        assert_eq!((first.object.as_deref(), first.detail.as_deref()), (Some("thing"), Some("more")));
        assert_eq!(first.actor.as_deref(), Some("José"));
    });
}

fn refusals_of_one_subject_reason_and_minute_are_one_event(w: &World<'_>) {
    w.ann();
    let token = w.token(NOON);
    let late = NOON.plus(secs(60));
    let first = w.no(w.redeem(&token, late), Reason::TokenExpired).reference;
    for step in [1, 2, 59_999] {
        let again = w.no(w.redeem(&token, late.plus(ms(step))), Reason::TokenExpired).reference;
        assert_eq!(again, first, "the number is that of the event which counts");
    }
    w.everywhere(|store| {
        let told = super::world::events(store, "token.redeemed");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.at, event.last_at, event.count), (late, late.plus(ms(59_999)), 4));
        assert_eq!(event.outcome, "token_expired");
        assert_eq!(Some(event.reference), first);
    });
    let next = w.no(w.redeem(&token, late.plus(secs(60))), Reason::TokenExpired).reference;
    assert_ne!(next, first);
    assert_eq!(w.events("token.redeemed").len(), 2);
}

fn a_refusal_is_counted_through_every_handle(w: &World<'_>) {
    let mut event = NewEvent::new(EventKind::CallRefused);
    event.credential = Some(CredentialId::new(1).unwrap());
    event.refused = Some(Reason::AddressNotAllowed);
    let first = w.store().record(&event, NOON).unwrap();
    for count in 2..=5 {
        assert_eq!(w.store().record(&event, NOON.plus(ms(count))).unwrap(), first);
        w.everywhere(|store| assert_eq!(find(store, &since_noon())[0].count, count as i64));
    }
}

fn another_reason_subject_or_minute_is_another_event(w: &World<'_>) {
    w.ann();
    let [one, two] = [w.token(NOON), w.token(NOON)];
    let late = NOON.plus(secs(60));
    w.no(w.redeem(&one, late), Reason::TokenExpired);
    w.no(w.redeem(&two, late), Reason::TokenExpired);
    yes(w.store().revoke_tokens(&TokensOf::One(named(&one)), super::world::at(late)));
    w.no(w.redeem(&one, late), Reason::TokenRevoked);
    let nobody = |id| IssueRequest::for_user(user_id(id));
    w.no(w.issue(&w.host(), &nobody(8), late), Reason::UserUnknown);
    w.no(w.issue(&w.host(), &nobody(9), late), Reason::UserUnknown);
    w.no(w.issue(&w.host(), &nobody(9), late), Reason::UserUnknown);
    w.everywhere(|store| {
        let refused = AuditQuery { outcome: Some("refused".to_owned()), ..since_noon() };
        let counts: Vec<_> = find(store, &refused).iter().map(|event| event.count).collect();
        assert_eq!(counts, [1, 1, 1, 1, 2]);
    });
    // The minute that is counted is the clock's, not one that began with the first.
    w.no(w.redeem(&two, late.plus(ms(59_999))), Reason::TokenExpired);
    w.no(w.redeem(&two, late.plus(secs(60))), Reason::TokenExpired);
    let about = AuditQuery { object: Some(two.reference().to_string()), ..since_noon() };
    let counts: Vec<_> =
        find(&*w.store(), &about).iter().map(|event| (event.outcome.len(), event.count)).collect();
    assert_eq!(counts, [(2, 1), (13, 2), (13, 1)]);
}

fn a_clock_set_back_still_counts(w: &World<'_>) {
    let mut event = NewEvent::new(EventKind::CallRefused).object("x");
    event.refused = Some(Reason::AddressNotAllowed);
    let ahead = w.store().record(&event, NOON.plus(secs(600))).unwrap();
    let back = w.store().record(&event, NOON).unwrap();
    assert_ne!(ahead, back);
    assert_eq!(w.store().record(&event, NOON.plus(secs(1))).unwrap(), back);
    assert_eq!(w.store().record(&event, NOON.plus(secs(601))).unwrap(), ahead);
}

fn events_are_found_by_every_filter(w: &World<'_>) {
    let record = |kind, change: &dyn Fn(&mut NewEvent<'_>), step| {
        let mut event = NewEvent::new(kind);
        change(&mut event);
        w.store().record(&event, NOON.plus(ms(step))).unwrap();
    };
    record(EventKind::TokenIssued, &|event| event.user = Some(user_id(1)), 0);
    record(EventKind::TokenRedeemed, &|event| event.client = Some(client_id(2)), 1);
    record(EventKind::UserAdded, &|event| event.credential = CredentialId::new(3).ok(), 2);
    record(EventKind::TokenIssued, &|event| event.refused = Some(Reason::UserUnknown), 3);
    record(EventKind::UserErased, &|event| event.object = Some("four".to_owned()), 4);
    let text = |text: &str| Some(text.to_owned());
    w.everywhere(|store| {
        let steps = |query: AuditQuery| -> Vec<u128> {
            find(store, &query).iter().map(|event| event.at.since(NOON).as_millis()).collect()
        };
        assert_eq!(steps(since_noon()), [0, 1, 2, 3, 4]);
        assert_eq!(steps(AuditQuery { event: text("token."), ..since_noon() }), [0, 1, 3]);
        assert_eq!(steps(AuditQuery { event: text("token.issued"), ..since_noon() }), [0, 3]);
        for none in ["token", "Token.", "token.issue", "%."] {
            assert!(steps(AuditQuery { event: text(none), ..since_noon() }).is_empty(), "{none}");
        }
        assert_eq!(steps(AuditQuery { outcome: text("ok"), ..since_noon() }), [0, 1, 2, 4]);
        assert_eq!(steps(AuditQuery { outcome: text("refused"), ..since_noon() }), [3]);
        assert_eq!(steps(AuditQuery { outcome: text("user_unknown"), ..since_noon() }), [3]);
        assert!(steps(AuditQuery { outcome: text("User_unknown"), ..since_noon() }).is_empty());
        assert_eq!(steps(AuditQuery { user_id: Some(user_id(1)), ..since_noon() }), [0]);
        assert_eq!(steps(AuditQuery { client_id: Some(client_id(2)), ..since_noon() }), [1]);
        assert_eq!(steps(AuditQuery { credential_id: CredentialId::new(3).ok(), ..since_noon() }), [2]);
        assert_eq!(steps(AuditQuery { object: text("four"), ..since_noon() }), [4]);
        assert_eq!(
            steps(AuditQuery::between(NOON.plus(ms(1)), NOON.plus(ms(3)))),
            [1, 2],
            "up to, not including"
        );
        assert!(steps(AuditQuery::between(NOON.plus(ms(3)), NOON)).is_empty());
    });
}

fn look_alike_objects_are_other_objects(w: &World<'_>) {
    for (number, (one, other)) in super::world::LOOK_ALIKES.iter().enumerate() {
        let now = NOON.plus(ms(number as u64));
        for object in [one, other] {
            let mut event = NewEvent::new(EventKind::CallRefused).object(object);
            event.refused = Some(Reason::AddressNotAllowed);
            w.store().record(&event, now).unwrap();
        }
        w.everywhere(|store| {
            for object in [one, other] {
                let query = AuditQuery { object: Some((*object).to_owned()), ..since_noon() };
                let found = find(store, &query);
                assert_eq!((found.len(), found[0].count), (1, 1), "{object:?}");
            }
        });
    }
}

fn pages_go_on_where_the_last_one_stopped(w: &World<'_>) {
    for step in [0, 0, 0, 1, 2, 2] {
        w.store().record(&NewEvent::new(EventKind::Guesses), NOON.plus(ms(step))).unwrap();
    }
    w.everywhere(|store| {
        let mut query = since_noon();
        let mut seen = Vec::new();
        loop {
            let page = store.audit_events(&query, 2).unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(last.reference);
            seen.extend(page.into_iter().map(|event| event.reference));
        }
        let all: Vec<_> = find(store, &since_noon()).into_iter().map(|event| event.reference).collect();
        assert_eq!((seen.len(), seen), (6, all));
    });
}
