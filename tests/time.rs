//! Time, to the millisecond: every rule that speaks of a duration holds exactly at its edge, and a clock that
//! is set back lets nobody in who would not have got in otherwise.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::net::IpAddr;
use std::time::Duration;

use common::{Place, START, invalid, issue, person, portal, redeem, refused, secret};
use gatepass::audit::{AuditEvent, AuditQuery};
use gatepass::clock::Timestamp;
use gatepass::credential::{NewCredential, Rotation};
use gatepass::directory::Mode;
use gatepass::link::{LinkReportQuery, LinkRequest, OpenRequest};
use gatepass::token::{IssueRequest, RedeemRequest, TokenState};
use gatepass::{Gatepass, Reason};
use serde_json::json;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn events(gate: &Gatepass, name: &str) -> Vec<AuditEvent> {
    let mut query = AuditQuery::between(Timestamp::from_millis(0), START.plus(1_000 * DAY));
    query.event = Some(name.to_owned());
    gate.audit_events(&query).unwrap()
}

#[test]
fn a_token_expires_exactly_when_its_life_is_over() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    for life in [1, 999, 1_000, 59_999, 60_000] {
        let life = Duration::from_millis(life);
        for (after, reason) in [(life - MILLISECOND, None), (life, Some(Reason::TokenExpired))] {
            clock.set(START);
            let request = IssueRequest::for_client(client).life(life);
            let issued = gate.issue(&portal(&gate), &request).unwrap();
            assert_eq!(issued.expires_at, START.plus(life));
            clock.advance(after);
            assert_eq!(
                gate.inspect(&issued.token, None).unwrap().refusal,
                reason,
                "{life:?} after {after:?}"
            );
            assert_eq!(redeem(&gate, &issued).err().and_then(|error| error.reason()), reason);
        }
    }
    for wrong in [Duration::ZERO, Duration::from_nanos(999_999), Duration::from_millis(60_001), Duration::MAX]
    {
        let request = IssueRequest::for_client(client).life(wrong);
        assert_eq!(invalid(gate.issue(&portal(&gate), &request)), "life", "{wrong:?}");
    }
}

#[test]
fn a_clock_set_back_by_more_than_the_leeway_refuses_and_spends_nothing() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    for leeway in [5, 0, 60] {
        gate.set_setting("token_leeway_seconds", json!(leeway)).unwrap();
        let back = leeway * SECOND;
        clock.set(START);
        let (first, second) = (issue(&gate, client), issue(&gate, client));
        clock.set(START.minus(back));
        redeem(&gate, &first).unwrap();
        clock.set(START.minus(back + MILLISECOND));
        assert_eq!(gate.inspect(&second.token, None).unwrap().state, TokenState::NotYetValid);
        assert_eq!(refused(redeem(&gate, &second)), Reason::TokenNotYetValid, "leeway {leeway} s");
        // The clock is put right: nothing was spent.
        clock.set(START);
        redeem(&gate, &second).unwrap();
    }
}

#[test]
fn a_spent_token_is_told_from_an_unknown_one_until_its_retention_is_over() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    gate.set_setting("token_retention_seconds", json!(3_600)).unwrap();
    let (spent, unspent) = (issue(&gate, client), issue(&gate, client));
    redeem(&gate, &spent).unwrap();
    let retention = Duration::from_secs(3_600);
    for (after, purged, spent_says, unspent_says) in [
        (retention - MILLISECOND, 0, Reason::TokenRedeemed, Reason::TokenExpired),
        (retention, 0, Reason::TokenRedeemed, Reason::TokenExpired),
        (retention + MILLISECOND, 2, Reason::TokenUnknown, Reason::TokenUnknown),
    ] {
        clock.set(START.plus(after));
        assert_eq!(gate.purge(&mut |_, _| {}).unwrap().tokens, purged, "after {after:?}");
        assert_eq!(refused(redeem(&gate, &spent)), spent_says);
        assert_eq!(refused(redeem(&gate, &unspent)), unspent_says);
    }
    // Forgotten is forgotten, also for a clock that shows the token's own minute again.
    clock.set(START);
    assert_eq!(refused(redeem(&gate, &unspent)), Reason::TokenUnknown);
}

#[test]
fn busy_stores_forget_by_themselves() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let spy = place.spy();
    for _ in 0..200 {
        issue(&gate, client);
    }
    clock.advance(DAY + SECOND);
    // One issue in 64 purges a little, so that a thousand leave no old one in all likelihood: (63/64)^1000.
    for _ in 0..1_000 {
        issue(&gate, client);
    }
    assert_eq!(spy.number("SELECT count(*) FROM token"), 1_000);
}

#[test]
fn a_session_ends_when_it_is_left_alone_or_too_old_and_not_a_millisecond_before() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    gate.set_setting("session_idle_seconds", json!(600)).unwrap();
    gate.set_setting("session_absolute_seconds", json!(3_600)).unwrap();
    let start = || {
        clock.set(START);
        redeem(&gate, &issue(&gate, client)).unwrap().session.unwrap()
    };
    let idle = Duration::from_secs(600);
    let session = start();
    clock.advance(idle - MILLISECOND);
    assert_eq!(gate.check_session(&session, None).unwrap().ends_at, START.plus(6 * idle));
    // That check was a use, so the idle time begins again.
    clock.advance(idle - MILLISECOND);
    gate.check_session(&session, None).unwrap();
    clock.advance(idle);
    assert_eq!(refused(gate.check_session(&session, None)), Reason::SessionIdle);

    let session = start();
    for _ in 0..6 {
        clock.advance(idle - MILLISECOND);
        gate.check_session(&session, None).unwrap();
    }
    clock.advance(5 * MILLISECOND);
    gate.check_session(&session, None).unwrap();
    clock.advance(MILLISECOND);
    assert_eq!(refused(gate.check_session(&session, None)), Reason::SessionExpired);
    // Set back, the clock finds it alive again until it is really over: nothing was decided by the refusal.
    clock.set(START.minus(DAY));
    gate.check_session(&session, None).unwrap();
}

#[test]
fn an_old_secret_works_exactly_as_long_as_its_overlap() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    person(&gate, "ann@example.com");
    gate.add_admin("root", None).unwrap();
    let new =
        NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
    let made = gate.create_credential(&new).unwrap();
    let identifier = made.credential.identifier.unwrap();
    let old = made.secret.unwrap();
    let overlap = Duration::from_secs(3_600);
    let rotated = gate.rotate_credential("portal", &Rotation::with_overlap(overlap)).unwrap();
    let new = rotated.secret.unwrap();
    clock.set(START.plus(overlap - MILLISECOND));
    let caller = gate.authenticate(&identifier, &old, None).unwrap();
    gate.authorise(&caller, "getclients", None).unwrap();
    clock.set(START.plus(overlap));
    assert_eq!(refused(gate.authenticate(&identifier, &old, None)), Reason::AuthenticationFailed);
    // Who was let in with the old secret is out with it.
    assert_eq!(refused(gate.authorise(&caller, "getclients", None)), Reason::CredentialRevoked);
    gate.authenticate(&identifier, &new, None).unwrap();
    // Two rotations on, the first secret is gone whatever the overlap.
    gate.rotate_credential("portal", &Rotation::with_overlap(overlap)).unwrap();
    gate.rotate_credential("portal", &Rotation::with_overlap(overlap)).unwrap();
    assert_eq!(refused(gate.authenticate(&identifier, &new, None)), Reason::AuthenticationFailed);
}

#[test]
fn a_credential_expires_exactly_then_and_its_tokens_with_it() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    gate.add_admin("root", None).unwrap();
    let end = START.plus(30 * SECOND);
    let new = |expires_at| NewCredential {
        label: "portal".into(),
        admin: Some("root".into()),
        expires_at: Some(expires_at),
        ..NewCredential::default()
    };
    assert_eq!(invalid(gate.create_credential(&new(START))), "expires_at");
    let made = gate.create_credential(&new(end)).unwrap();
    let (identifier, secret) = (made.credential.identifier.unwrap(), made.secret.unwrap());
    let caller = gate.authenticate(&identifier, &secret, None).unwrap();
    let request = IssueRequest::for_client(client);
    let (first, second) = (gate.issue(&caller, &request).unwrap(), gate.issue(&caller, &request).unwrap());
    clock.set(end.minus(MILLISECOND));
    gate.authenticate(&identifier, &secret, None).unwrap();
    redeem(&gate, &first).unwrap();
    clock.set(end);
    assert_eq!(refused(gate.authenticate(&identifier, &secret, None)), Reason::AuthenticationFailed);
    assert_eq!(refused(gate.issue(&caller, &request)), Reason::CredentialExpired);
    assert_eq!(refused(redeem(&gate, &second)), Reason::CredentialExpired);
}

#[test]
fn issues_are_counted_by_the_minute_of_the_clock() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let mut new = NewCredential { label: "limited".into(), host: true, ..NewCredential::default() };
    new.limits.issues_per_minute = Some(2);
    gate.create_credential(&new).unwrap();
    let caller = gate.host_caller("limited").unwrap();
    let request = IssueRequest::for_client(client);
    for minute in 0..3 {
        clock.set(START.plus(minute * 60 * SECOND + 59 * SECOND));
        gate.issue(&caller, &request).unwrap();
        // What is not understood is not counted.
        invalid(gate.issue(&caller, &request.clone().destination("clientarea:nowhere")));
        gate.issue(&caller, &request).unwrap();
        clock.advance(SECOND - MILLISECOND);
        assert_eq!(refused(gate.issue(&caller, &request)), Reason::RateLimited);
    }
}

#[test]
fn audited_addresses_are_cut_after_30_days_and_events_deleted_after_90() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    for address in ["203.0.113.77", "2001:db8:1:2:3:4:5:6", "::ffff:198.51.100.9"] {
        let request = IssueRequest::for_client(client).from_address(ip(address));
        gate.issue(&portal(&gate), &request).unwrap();
    }
    let addresses = || -> Vec<String> {
        events(&gate, "token.issued").into_iter().map(|event| event.address.unwrap()).collect()
    };
    let full = ["203.0.113.77", "2001:db8:1:2:3:4:5:6", "198.51.100.9"];
    assert_eq!(addresses(), full);
    clock.set(START.plus(30 * DAY));
    gate.purge(&mut |_, _| {}).unwrap();
    assert_eq!(addresses(), full);
    clock.advance(MILLISECOND);
    assert_eq!(gate.purge(&mut |_, _| {}).unwrap().addresses_cut, 3);
    assert_eq!(addresses(), ["203.0.113.0", "2001:db8:1::", "198.51.100.0"]);
    assert_eq!(gate.purge(&mut |_, _| {}).unwrap().total(), 0, "a second purge found something");
    clock.set(START.plus(90 * DAY));
    gate.purge(&mut |_, _| {}).unwrap();
    assert_eq!(addresses().len(), 3);
    clock.advance(MILLISECOND);
    assert!(gate.purge(&mut |_, _| {}).unwrap().audit_events >= 3);
    assert!(addresses().is_empty());
}

#[test]
fn a_clock_that_once_ran_ahead_does_not_keep_later_addresses_whole() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    clock.set(START.plus(3_650 * DAY));
    gate.purge(&mut |_, _| {}).unwrap();
    clock.set(START);
    gate.purge(&mut |_, _| {}).unwrap();
    let request = IssueRequest::for_client(client).from_address(ip("203.0.113.77"));
    gate.issue(&portal(&gate), &request).unwrap();
    let address = || events(&gate, "token.issued")[0].address.clone().unwrap();
    clock.set(START.plus(30 * DAY));
    gate.purge(&mut |_, _| {}).unwrap();
    assert_eq!(address(), "203.0.113.77");
    clock.advance(MILLISECOND);
    assert_eq!(gate.purge(&mut |_, _| {}).unwrap().addresses_cut, 1);
    assert_eq!(address(), "203.0.113.0");
}

#[test]
fn guesses_are_told_at_most_once_a_minute_and_none_is_lost() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    person(&gate, "ann@example.com");
    let guess = || {
        assert_eq!(refused(gate.read_token("no token", None)), Reason::TokenUnknown);
        let wrong = gate.authenticate("GPInobody", &secret("wrong"), Some(ip("192.0.2.1")));
        assert_eq!(refused(wrong), Reason::AuthenticationFailed);
        assert_eq!(refused(gate.read_session_id("no session", None)), Reason::SessionUnknown);
    };
    // Ten minutes, one guess of each kind per second.
    for _ in 0..600 {
        guess();
        clock.advance(SECOND);
    }
    let told = events(&gate, "guesses");
    assert_eq!(told.len(), 9, "one event a minute, none before the first was over");
    for pair in told.windows(2) {
        assert!(pair[1].at.since(pair[0].at) >= Duration::from_secs(60));
    }
    drop(gate);
    let gate = Gatepass::open(&place.store).unwrap();
    let total: i64 = events(&gate, "guesses").iter().map(|event| event.count).sum();
    assert_eq!(total, 1_800);
    assert!(events(&gate, "guesses").iter().all(|event| event.object.is_none() && event.address.is_none()));
}

#[test]
fn a_replay_ends_the_session_only_within_its_ten_minutes_and_not_as_a_second_click() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    gate.set_setting("replay_policy", json!("revoke")).unwrap();
    for (after, ends) in [
        (Duration::ZERO, false),
        (5 * SECOND - MILLISECOND, false),
        (5 * SECOND, true),
        (600 * SECOND, true),
        (600 * SECOND + MILLISECOND, false),
    ] {
        for (confirmed, presented) in [(true, false), (false, false), (true, true)] {
            clock.set(START);
            let issued = issue(&gate, client);
            let session = redeem(&gate, &issued).unwrap().session.unwrap();
            clock.advance(after);
            let replay = RedeemRequest::new(issued.token.clone())
                .confirmed(confirmed)
                .presenting(presented.then(|| session.clone()));
            let gatepass::Error::Refused(refusal) = gate.redeem(&replay).unwrap_err() else { panic!() };
            let ended = ends && confirmed && !presented;
            assert_eq!(refusal.reason, Reason::TokenRedeemed);
            assert_eq!(
                (refusal.session_ended, refusal.same_browser),
                (ended, presented),
                "after {after:?}, {confirmed}"
            );
            assert_eq!(gate.check_session(&session, None).is_err(), ended, "after {after:?}, {confirmed}");
        }
    }
}

#[test]
fn a_clock_at_the_ends_of_time_neither_panics_nor_lets_anybody_in_twice() {
    let place = Place::new();
    let (gate, clock) = place.init_at_start(Mode::Managed);
    let (user, client) = person(&gate, "ann@example.com");
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    gate.add_admin("root", None).unwrap();
    let key = secret("a key of more than twenty characters");
    let year = 365 * DAY.as_secs() as i64 * 1_000;
    let ends =
        [i64::MIN, i64::MAX, -1, 0, 1, 1 << 47, 1 << 48, 8_000 * year, -8_000 * year, i64::MAX / 1_000];
    for (turn, millis) in ends.into_iter().enumerate() {
        clock.set(Timestamp::from_millis(millis));
        let new = NewCredential {
            label: format!("portal {turn}"),
            admin: Some("root".into()),
            ..NewCredential::default()
        };
        let made = gate.create_credential(&new).unwrap();
        let name = made.credential.identifier.unwrap();
        let caller = gate.authenticate(&name, made.secret.as_ref().unwrap(), Some(ip("192.0.2.1"))).unwrap();
        drop(gate.rotate_credential(&name, &Rotation::with_overlap(DAY)));
        refused(gate.authenticate(&name, &secret("wrong"), None));
        refused(gate.read_token("none", None));
        // A token may be unusable at such a time, as long as it is never spent twice.
        if let Ok(issued) = gate.issue(&caller, &IssueRequest::for_client(client)) {
            drop(gate.inspect(&issued.token, None));
            drop(gate.explain(&issued.token));
            if let Ok(redeemed) = redeem(&gate, &issued) {
                refused(redeem(&gate, &issued));
                drop(gate.check_session(&redeemed.session.unwrap(), None));
            }
        }
        let mail = LinkRequest::new(IssueRequest::for_client(client)).label("reminder");
        if let Ok(made) = gate.create_link(&portal(&gate), &mail) {
            drop(gate.inspect_link(&made.link, None));
            drop(gate.explain_link(&made.link));
            let opening = OpenRequest::new(made.link.clone()).signing_in(None);
            if gate.open_link(&opening).is_ok() {
                assert_eq!(refused(gate.open_link(&opening)), Reason::LinkUsed);
            }
        }
        gate.link_report(&LinkReportQuery::default()).unwrap();
        let signed = gate.sign_autoauth("ann@example.com", gatepass::KeyChoice::Given(&key), None);
        let usual = format!("email=ann%40example.com&timestamp=1800000000&hash={}", "0".repeat(40));
        for link in signed.iter().map(|link| link.split_once('?').unwrap().1).chain([usual.as_str()]) {
            let request = gatepass::AutoAuthRequest::default().with_key(key.clone());
            drop(gate.accept_autoauth(link.as_bytes(), &request));
            assert!(gate.accept_autoauth(link.as_bytes(), &request).is_err());
        }
        gate.purge(&mut |_, _| {}).unwrap();
        gate.check(&mut |_, _| {}).unwrap();
        gate.autoauth_report(3_650).unwrap();
        gate.export_user(user).unwrap();
        for operation in gatepass::ops::all().filter(|operation| operation.name.ends_with(".list")) {
            let range = json!({ "from": "0000-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z" });
            let parameters = match operation.name {
                "audit.list" => range,
                "member.list" => json!({ "client_id": client }),
                _ => json!({}),
            };
            gatepass::ops::call(&gate, operation.name, parameters).unwrap();
        }
    }
}
