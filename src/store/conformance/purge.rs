//! What a purge forgets, and what it keeps.

use super::world::{NOON, World, client_id, days, ms, named, no_progress, secs, yes};
use super::{Noun, cases};
use crate::audit::{AuditQuery, EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::error::Reason;
use crate::session::SessionQuery;
use crate::store::Store;
use crate::token::{IssueRequest, TokenQuery};
use crate::upkeep::Purged;

pub(super) const NOUN: Noun = Noun {
    name: "purge",
    cases: cases![
        tokens_go_when_their_retention_is_over_in_small_steps,
        a_retention_set_longer_keeps_them_longer,
        sessions_go_a_day_after_they_are_over,
        events_go_when_their_retention_is_over,
        events_of_one_millisecond_go_together,
        addresses_are_cut_after_their_time_and_only_then,
        addresses_of_one_millisecond_are_all_cut,
        addresses_are_cut_again_after_the_clock_was_set_back,
        issues_purge_by_themselves,
        an_empty_store_has_nothing_to_purge,
    ],
    reasons: &[Reason::TokenUnknown, Reason::TokenRedeemed, Reason::SessionUnknown, Reason::SessionExpired],
    fields: &[],
};

fn purge(w: &World<'_>, now: Timestamp) -> Purged {
    w.store().purge(now, &mut no_progress()).unwrap()
}

fn tokens_held(store: &dyn Store) -> usize {
    store.list_tokens(&TokenQuery::default(), 100_000, NOON).unwrap().1.len()
}

fn tokens_go_when_their_retention_is_over_in_small_steps(w: &World<'_>) {
    w.ann();
    for _ in 0..299 {
        w.token(NOON);
    }
    let spent = w.token(NOON);
    yes(w.redeem(&spent, NOON));
    let later = w.token(NOON.plus(ms(1)));
    assert_eq!(purge(w, NOON.plus(days(1))).total(), 0);
    w.no(w.redeem(&spent, NOON.plus(days(1))), Reason::TokenRedeemed);
    let mut told = Vec::new();
    let done =
        w.store().purge(NOON.plus(days(1)).plus(ms(1)), &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!((done.tokens, done.total()), (300, 300));
    assert_eq!(told, [(128, 300), (256, 300), (300, 300), (300, 300)]);
    w.everywhere(|store| {
        assert!(store.inspect(&named(&spent)).unwrap().is_none());
        assert!(store.inspect(&named(&later)).unwrap().is_some());
        assert_eq!(tokens_held(store), 1);
    });
    w.no(w.redeem(&spent, NOON.plus(days(1))), Reason::TokenUnknown);
}

fn a_retention_set_longer_keeps_them_longer(w: &World<'_>) {
    w.ann();
    let token = w.token(NOON);
    w.set("token_retention_seconds", 172_800);
    assert_eq!(purge(w, NOON.plus(days(2))).tokens, 0);
    w.set("token_retention_seconds", 3_600);
    assert_eq!(purge(w, NOON.plus(secs(3_600))).tokens, 0);
    assert_eq!(purge(w, NOON.plus(ms(3_600_001))).tokens, 1);
    assert!(w.store().inspect(&named(&token)).unwrap().is_none());
}

fn sessions_go_a_day_after_they_are_over(w: &World<'_>) {
    w.ann();
    for _ in 0..129 {
        w.session(NOON);
    }
    let session = w.session(NOON);
    let gone = NOON.plus(secs(43_200)).plus(days(1));
    purge(w, gone);
    w.no(w.check(&session, gone), Reason::SessionExpired);
    let done = purge(w, gone.plus(ms(1)));
    assert_eq!(done.sessions, 130);
    w.no(w.check(&session, gone), Reason::SessionUnknown);
    w.everywhere(|store| {
        let all = SessionQuery { all: true, ..SessionQuery::default() };
        assert!(store.list_sessions(&all, 999, NOON).unwrap().is_empty());
    });
}

/// So many events, one each millisecond from noon on, each from another address.
fn record(w: &World<'_>, count: u64, apart: u64) {
    for number in 0..count {
        let mut event = NewEvent::new(EventKind::Guesses);
        event.address = Some(std::net::Ipv4Addr::from(0xcb00_7100 + 256 * number as u32 + 9).into());
        w.store().record(&event, NOON.plus(ms(number * apart))).unwrap();
    }
}

fn guesses(store: &dyn Store) -> Vec<crate::audit::AuditEvent> {
    let ever = AuditQuery::between(NOON, Timestamp::from_millis(i64::MAX));
    store.audit_events(&AuditQuery { event: Some("guesses".to_owned()), ..ever }, 100_000).unwrap()
}

fn events_go_when_their_retention_is_over(w: &World<'_>) {
    record(w, 1_300, 1);
    assert_eq!(purge(w, NOON.plus(days(90))).audit_events, 1, "the making of the store, a day before");
    let mut told = Vec::new();
    let now = NOON.plus(days(90)).plus(ms(1_290));
    let done = w.store().purge(now, &mut |done, _| told.push(done)).unwrap();
    assert_eq!(done.audit_events, 1_290);
    assert!(told.len() >= 3, "in steps: {told:?}");
    w.everywhere(|store| {
        let left = guesses(store);
        assert_eq!((left.len(), left[0].at), (10, NOON.plus(ms(1_290))));
    });
    // A refusal whose event is gone is told anew.
    let mut event = NewEvent::new(EventKind::CallRefused).object("x");
    event.refused = Some(Reason::AddressNotAllowed);
    let first = w.store().record(&event, NOON.plus(secs(1))).unwrap();
    purge(w, NOON.plus(days(90)).plus(secs(2)));
    let again = w.store().record(&event, NOON.plus(secs(1))).unwrap();
    assert_eq!(first, again);
    w.everywhere(|store| assert_eq!(super::world::events(store, "call.refused")[0].count, 1));
}

fn events_of_one_millisecond_go_together(w: &World<'_>) {
    record(w, 300, 0);
    assert_eq!(purge(w, NOON.plus(days(90)).plus(ms(1))).audit_events, 301);
    w.everywhere(|store| assert!(guesses(store).is_empty()));
}

fn cut(store: &dyn Store) -> usize {
    guesses(store).iter().filter(|event| event.address.as_deref().unwrap().ends_with(".0")).count()
}

fn addresses_are_cut_after_their_time_and_only_then(w: &World<'_>) {
    record(w, 300, 1);
    let mut event = NewEvent::new(EventKind::Guesses);
    event.address = Some("2001:db8:1:2::3".parse().unwrap());
    w.store().record(&event, NOON.minus(secs(1))).unwrap();
    assert_eq!(purge(w, NOON.plus(days(30))).addresses_cut, 1);
    let six = AuditQuery::between(NOON.minus(secs(1)), NOON);
    w.everywhere(|store| {
        assert_eq!(store.audit_events(&six, 9).unwrap()[0].address.as_deref(), Some("2001:db8:1::"));
        assert_eq!(cut(store), 0);
    });
    assert_eq!(purge(w, NOON.plus(days(30)).plus(ms(290))).addresses_cut, 290);
    assert_eq!(purge(w, NOON.plus(days(30)).plus(ms(290))).addresses_cut, 0);
    w.everywhere(|store| {
        assert_eq!(cut(store), 290);
        assert!(guesses(store)[290].address.as_deref().unwrap().ends_with(".9"));
    });
    w.set("audit_address_days", 0);
    assert_eq!(purge(w, NOON.plus(ms(300))).addresses_cut, 10);
    w.everywhere(|store| assert_eq!(cut(store), 300));
}

fn addresses_of_one_millisecond_are_all_cut(w: &World<'_>) {
    record(w, 300, 0);
    assert_eq!(purge(w, NOON.plus(days(30)).plus(ms(1))).addresses_cut, 300);
    w.everywhere(|store| assert_eq!(cut(store), 300));
}

fn addresses_are_cut_again_after_the_clock_was_set_back(w: &World<'_>) {
    // The clock ran a year ahead, a purge came, and the clock was put right.
    purge(w, NOON.plus(days(365)));
    record(w, 3, 1);
    purge(w, NOON.plus(secs(1)));
    assert_eq!(purge(w, NOON.plus(days(31))).addresses_cut, 3);
    w.everywhere(|store| assert_eq!(cut(store), 3));
}

fn issues_purge_by_themselves(w: &World<'_>) {
    w.ann();
    for _ in 0..40 {
        w.token(NOON);
    }
    let old = w.token(NOON);
    let now = NOON.plus(days(2));
    // One issue in 64 does it; the numbers of the suite are the same in each run.
    let host = w.host();
    let mut issues = 0;
    while w.store().inspect(&named(&old)).unwrap().is_some() {
        yes(w.issue(&host, &IssueRequest::for_client(client_id(1)), now));
        issues += 1;
        assert!(issues < 1_000, "no issue purged");
    }
    w.everywhere(|store| assert_eq!(tokens_held(store), issues));
}

fn an_empty_store_has_nothing_to_purge(w: &World<'_>) {
    assert_eq!(purge(w, NOON), Purged::default());
    assert_eq!(purge(w, Timestamp::from_millis(0)), Purged::default());
    w.everywhere(|store| assert_eq!(super::world::events(store, "store.initialised").len(), 1));
}
