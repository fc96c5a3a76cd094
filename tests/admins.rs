//! The guards of authentication: the legacy form of admins with its lock and its two places, the store-wide
//! address list before everything, and what all of it leaves in the audit.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::net::IpAddr;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use common::{Place, START, person, refused, secret};
use gatepass::audit::{AuditEvent, AuditQuery};
use gatepass::clock::ManualClock;
use gatepass::credential::{Caller, NewCredential};
use gatepass::directory::Mode;
use gatepass::secret::Secret;
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Error, Gatepass, Options, Reason, StoreError};
use serde_json::json;

/// The MD5 of `correct horse`, as an old client sends it.
const RIGHT: &str = "3cb4e732631f47e6eb961f34554b7cde";

/// The MD5 of something else.
const WRONG: &str = "098f6bcd4621d373cade4e832627b4f6";

const MINUTE: Duration = Duration::from_secs(60);

struct Bench {
    place: Place,
    gate: Gatepass,
    clock: Arc<ManualClock>,
}

impl Bench {
    /// A store with the admin `root`, whose password is set, and the legacy form on.
    fn new() -> Self {
        let bench = Bench::with_legacy_off();
        bench.gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
        bench
    }

    fn with_legacy_off() -> Self {
        let place = Place::new();
        let (gate, clock) = place.init_at_start(Mode::Managed);
        gate.add_admin("root", Some(&secret("correct horse"))).unwrap();
        Bench { place, gate, clock }
    }

    fn log_in(&self, username: &str, md5: &str) -> gatepass::Result<Caller> {
        self.gate.authenticate_admin(username, &secret(md5), Some(ip("192.0.2.7")))
    }

    /// The outcome, count and admin of each event of that kind.
    fn told(&self, kind: &str) -> Vec<(String, i64, Option<String>)> {
        let admin = |event: &AuditEvent| event.admin_id.map(|admin| admin.to_string());
        self.events(kind).iter().map(|event| (event.outcome.clone(), event.count, admin(event))).collect()
    }

    fn events(&self, kind: &str) -> Vec<AuditEvent> {
        let mut query = AuditQuery::between(START, START.plus(Duration::from_secs(86_400)));
        query.event = Some(kind.to_owned());
        self.gate.audit_events(&query).unwrap()
    }

    /// The counts of guesses, told a minute after the first.
    fn guesses(&self) -> Vec<(i64, String)> {
        self.clock.advance(MINUTE);
        assert_eq!(refused(self.gate.read_token("no token", None)), Reason::TokenUnknown);
        self.events("guesses").into_iter().map(|event| (event.count, event.detail.unwrap())).collect()
    }

    /// A credential's identifier and secret.
    fn credential(&self) -> (String, Secret) {
        let new =
            NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
        let made = self.gate.create_credential(&new).unwrap();
        (made.credential.identifier.unwrap(), made.secret.unwrap())
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_legacy_form_is_off_until_it_is_switched_on() {
    let bench = Bench::with_legacy_off();
    for (username, md5) in [("root", RIGHT), ("root", WRONG), ("nobody", RIGHT)] {
        assert_eq!(refused(bench.log_in(username, md5)), Reason::LegacyAuthOff);
    }
    bench.gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
    bench.log_in("root", RIGHT).unwrap();
    bench.gate.set_setting("legacy_admin_auth", json!(false)).unwrap();
    assert_eq!(refused(bench.log_in("root", RIGHT)), Reason::LegacyAuthOff);
}

#[test]
fn only_the_md5_of_the_password_is_right() {
    let bench = Bench::new();
    bench.log_in("root", RIGHT).unwrap();
    for wrong in [WRONG, "correct horse", ""] {
        assert_eq!(refused(bench.log_in("root", wrong)), Reason::AuthenticationFailed, "{wrong}");
    }
    for stranger in ["Root", "root ", "", "nobody"] {
        assert_eq!(refused(bench.log_in(stranger, RIGHT)), Reason::AuthenticationFailed, "{stranger:?}");
    }
    // An admin without a password has none that is right.
    bench.gate.set_admin_password("root", None).unwrap();
    assert_eq!(refused(bench.log_in("root", RIGHT)), Reason::AuthenticationFailed);
}

#[test]
fn five_failures_lock_a_name_for_15_minutes_even_with_the_right_md5() {
    let bench = Bench::new();
    for _ in 0..5 {
        assert_eq!(refused(bench.log_in("root", WRONG)), Reason::AuthenticationFailed);
        bench.clock.advance(Duration::from_secs(1));
    }
    match bench.log_in("root", RIGHT) {
        Err(Error::Refused(refusal)) => {
            assert_eq!(refusal.reason, Reason::LockedOut);
            assert_eq!(refusal.retry_after, Some(Duration::from_secs(899)));
        }
        other => panic!("{other:?}"),
    }
    bench.clock.advance(Duration::from_millis(898_999));
    assert_eq!(refused(bench.log_in("root", RIGHT)), Reason::LockedOut);
    bench.clock.advance(Duration::from_millis(1));
    bench.log_in("root", RIGHT).unwrap();
}

#[test]
fn a_name_that_exists_and_one_that_does_not_get_the_same_answers() {
    let answers = |username: &str| {
        let bench = Bench::new();
        (0..8)
            .map(|turn| {
                bench.clock.advance(Duration::from_secs(turn));
                format!("{:?}", bench.log_in(username, if turn == 2 { "no MD5" } else { WRONG }))
            })
            .collect::<Vec<_>>()
    };
    let known = answers("root");
    assert!(known[7].contains("LockedOut"), "{known:?}");
    assert_eq!(known, answers("nobody"));
    // Too long to be a name of anybody.
    assert_eq!(known, answers(&"n".repeat(65)));
}

#[test]
fn a_disabled_admin_is_refused_and_so_are_the_tokens_it_had_issued() {
    let bench = Bench::new();
    let (_, client) = person(&bench.gate, "ann@example.com");
    let caller = bench.log_in("root", RIGHT).unwrap();
    let issue = || bench.gate.issue(&caller, &IssueRequest::for_client(client));
    let (before, after) = (issue().unwrap().token, issue().unwrap().token);
    bench.gate.redeem(&RedeemRequest::new(before)).unwrap();
    bench.gate.enable_admin("root", false).unwrap();
    assert_eq!(refused(bench.log_in("root", RIGHT)), Reason::AuthenticationFailed);
    assert_eq!(refused(bench.gate.redeem(&RedeemRequest::new(after))), Reason::AdminDisabled);
    assert_eq!(refused(issue()), Reason::AdminDisabled);
    bench.gate.enable_admin("root", true).unwrap();
    bench.log_in("root", RIGHT).unwrap();
}

#[test]
fn the_address_list_of_the_store_stands_before_all_credentials() {
    let bench = Bench::new();
    let (identifier, right) = bench.credential();
    bench.gate.set_setting("allowed_addresses", json!(["10.0.0.0/8", "2001:db8::/32"])).unwrap();
    for from in [Some(ip("192.0.2.7")), Some(ip("2001:db9::1")), None] {
        for given in [&right, &secret("wrong")] {
            let answer = bench.gate.authenticate(&identifier, given, from);
            assert_eq!(refused(answer), Reason::AddressNotAllowed, "{from:?}");
        }
        // Not even the lock counts what comes from outside.
        for md5 in [RIGHT, WRONG, WRONG, WRONG] {
            let answer = bench.gate.authenticate_admin("root", &secret(md5), from);
            assert_eq!(refused(answer), Reason::AddressNotAllowed, "{from:?}");
        }
    }
    for from in ["10.9.8.7", "::ffff:10.9.8.7", "2001:db8::1"].map(ip) {
        bench.gate.authenticate(&identifier, &right, Some(from)).unwrap();
        bench.gate.authenticate_admin("root", &secret(RIGHT), Some(from)).unwrap();
    }
}

#[test]
fn refusals_by_the_address_list_are_told_in_one_event_a_minute() {
    let bench = Bench::new();
    let (identifier, right) = bench.credential();
    bench.gate.set_setting("allowed_addresses", json!(["10.0.0.0/8"])).unwrap();
    let spy = bench.place.spy();
    let before = spy.version();
    for _ in 0..50 {
        let from = Some(ip("192.0.2.7"));
        assert_eq!(refused(bench.gate.authenticate(&identifier, &right, from)), Reason::AddressNotAllowed);
        assert_eq!(refused(bench.log_in("root", RIGHT)), Reason::AddressNotAllowed);
    }
    assert_eq!(spy.version(), before, "a refusal of an address was written by itself");
    let told = bench.guesses();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, 101);
    assert!(told[0].1.contains("tokens 1, credentials 0,"), "{}", told[0].1);
    assert!(told[0].1.contains("addresses 100"), "{}", told[0].1);
}

#[test]
fn legacy_log_ins_and_their_refusals_are_audited() {
    let bench = Bench::new();
    let admin = Some("1".to_owned());
    bench.log_in("root", RIGHT).unwrap();
    assert_eq!(bench.told("admin.authenticated"), [("ok".to_owned(), 1, admin.clone())]);
    assert_eq!(bench.events("admin.authenticated")[0].address.as_deref(), Some("192.0.2.7"));
    for _ in 0..5 {
        assert_eq!(refused(bench.log_in("root", WRONG)), Reason::AuthenticationFailed);
    }
    for _ in 0..3 {
        assert_eq!(refused(bench.log_in("root", RIGHT)), Reason::LockedOut);
    }
    let failed = Reason::AuthenticationFailed.code().to_owned();
    let mut all = vec![("ok".to_owned(), 1, admin.clone()), (failed.clone(), 5, admin)];
    assert_eq!(bench.told("admin.authenticated"), all);

    // Names that nobody has, alike: what takes as many steps can't be told apart by the time it takes.
    for name in ["nobody", "nobody else"] {
        for _ in 0..7 {
            assert!(bench.log_in(name, RIGHT).is_err());
        }
    }
    all.push((failed, 10, None));
    assert_eq!(bench.told("admin.authenticated"), all);
    // What the locks kept out is counted in memory.
    let told = bench.guesses();
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("credentials 7,"), "{}", told[0].1);
}

#[test]
fn a_refusal_stands_although_it_cannot_be_audited() {
    let bench = Bench::new();
    let mut new =
        NewCredential { label: "limited".into(), admin: Some("root".into()), ..NewCredential::default() };
    new.limits.actions = Some(Vec::new());
    new.limits.addresses = vec!["10.0.0.0/8".parse().unwrap()];
    let made = bench.gate.create_credential(&new).unwrap();
    let (identifier, right) = (made.credential.identifier.unwrap(), made.secret.unwrap());
    let (inside, outside) = (Some(ip("10.0.0.1")), Some(ip("192.0.2.7")));
    let clock = bench.clock.clone();
    let gate = Options::new().clock(clock).deadline(Duration::from_millis(20));
    let gate = gate.open(&bench.place.store).unwrap();
    let caller = gate.authenticate(&identifier, &right, inside).unwrap();

    let writer = rusqlite::Connection::open(&bench.place.store).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let unrecorded = |result: gatepass::Result<Caller>| match result {
        Err(Error::Refused(refusal)) if refusal.reference.is_none() => refusal.reason,
        other => panic!("{other:?}"),
    };
    let log_in = |md5: &str| gate.authenticate_admin("root", &secret(md5), inside);
    assert_eq!(unrecorded(gate.authenticate(&identifier, &right, outside)), Reason::AddressNotAllowed);
    let asked = gate.authorise(&caller, "getclients", inside).map(|()| caller);
    assert_eq!(unrecorded(asked), Reason::ActionNotAllowed);
    // A yes needs its event.
    assert!(matches!(log_in(RIGHT), Err(Error::Store(StoreError::Busy))));
    for _ in 0..5 {
        assert_eq!(unrecorded(log_in(WRONG)), Reason::AuthenticationFailed);
    }
    assert_eq!(unrecorded(log_in(RIGHT)), Reason::LockedOut);
    writer.execute_batch("ROLLBACK").unwrap();
}

/// Log in as different strangers, all at the same time.
fn crowd(gate: &Gatepass, people: usize) -> Vec<Error> {
    let together = Barrier::new(people);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..people)
            .map(|number| {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    let name = format!("stranger {number}");
                    gate.authenticate_admin(&name, &secret(WRONG), None).unwrap_err()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn more_than_two_at_once_wait_for_their_turn() {
    let bench = Bench::new();
    // Two are in, and eight may wait.
    for error in crowd(&bench.gate, 10) {
        assert_eq!(error.reason(), Some(Reason::AuthenticationFailed), "{error:?}");
    }
}

#[test]
fn who_finds_no_place_before_the_deadline_is_told_that_it_is_busy() {
    let bench = Bench::new();
    let gate = Options::new().deadline(Duration::from_millis(1)).open(&bench.place.store).unwrap();
    let answers = crowd(&gate, 16);
    let busy = |error: &&Error| matches!(error, Error::Store(StoreError::Busy));
    let done = |error: &&Error| error.reason() == Some(Reason::AuthenticationFailed);
    let (busy, done) = (answers.iter().filter(busy).count(), answers.iter().filter(done).count());
    assert!(busy > 0 && done > 0 && busy + done == 16, "{answers:?}");
}

#[test]
fn waiting_for_a_place_buys_no_guess_at_a_locked_name() {
    let bench = Bench::new();
    let together = Barrier::new(24);
    let tried = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..24)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    match bench.log_in("root", WRONG) {
                        // More than eight don't wait.
                        Err(Error::Store(StoreError::Busy)) => false,
                        tried => refused(tried) == Reason::AuthenticationFailed,
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
    });
    // The one beside the fifth was begun before that failed.
    assert!((5..=6).contains(&tried), "{tried} passwords were tried");
}
