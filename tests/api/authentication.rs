//! Who may call: contract §3.2, §3.3 and §3.5.

use std::net::IpAddr;
use std::time::Duration;

use gatepass::Reason;
use gatepass::api::{HttpAnswer, HttpCall, respond};
use gatepass::audit::AuditQuery;
use gatepass::credential::{Limits, NewCredential};
use gatepass::directory::Mode;
use serde_json::json;

use crate::common::START;
use crate::{Bench, FORM, credential, document, error, form, post};

/// The MD5 of `correct horse`.
const MD5: &str = "3cb4e732631f47e6eb961f34554b7cde";

const ACTION: (&str, &str) = ("action", "GetUsers");

fn with(bench: &Bench, pairs: &[(&str, &str)]) -> HttpAnswer {
    post(&bench.gate, &form(&[&[ACTION], pairs].concat()))
}

/// The outcome of every call that was refused, the latest last.
fn refusals(bench: &Bench) -> Vec<(String, Option<i64>, Option<i64>)> {
    let mut query = AuditQuery::between(START, START.plus(Duration::from_secs(86_400)));
    query.event = Some("call.refused".to_owned());
    let events = bench.gate.audit_events(&query).unwrap();
    let told = |event: &gatepass::audit::AuditEvent| {
        let credential = event.credential_id.map(|id| id.get());
        (event.outcome.clone(), credential, event.admin_id.map(|id| id.get()))
    };
    events.iter().map(told).collect()
}

#[test]
fn each_of_the_three_forms_lets_the_right_caller_in() {
    let bench = Bench::of(Mode::Managed);
    bench.gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
    let (identifier, secret) = (bench.portal.identifier.as_str(), bench.portal.secret.reveal());
    for pairs in [
        &[("identifier", identifier), ("secret", secret)][..],
        &[("username", identifier), ("password", secret)],
        &[("username", "root"), ("password", MD5)],
        // Fields of the other form that are empty, or say the same; and a key that is none here.
        &[("identifier", identifier), ("secret", secret), ("username", ""), ("password", "")],
        &[("username", "root"), ("password", MD5), ("identifier", ""), ("secret", ""), ("accesskey", "")],
        &[("identifier", identifier), ("secret", secret), ("username", identifier), ("password", secret)],
        &[
            ("identifier", identifier),
            ("secret", secret),
            ("accesskey", "hunter2"),
            ("endpoint", "undefined"),
        ],
    ] {
        let answer = with(&bench, pairs);
        assert_eq!((answer.status, &document(&answer)["result"]), (200, &json!("success")), "{pairs:?}");
    }
}

#[test]
fn every_wrong_credential_of_one_form_is_answered_alike() {
    let bench = Bench::of(Mode::Managed);
    let (identifier, secret) = (bench.portal.identifier.as_str(), bench.portal.secret.reveal());
    let revoked = credential(&bench.gate, "revoked", Limits::default());
    bench.gate.revoke_credential("revoked", false).unwrap();
    let unknown = "GPI00000000000000000000000000000";
    let no_credentials = (403, "Invalid or missing credentials".to_owned());
    for pairs in [
        &[][..],
        &[("identifier", identifier)],
        &[("secret", secret)],
        &[("identifier", ""), ("secret", "")],
        &[("identifier", identifier), ("secret", "wrong")],
        &[("identifier", identifier), ("password", secret)],
        &[("identifier", unknown), ("secret", secret)],
        &[("identifier", revoked.identifier.as_str()), ("secret", revoked.secret.reveal())],
        &[("accesskey", "hunter2")],
    ] {
        let answer = with(&bench, pairs);
        assert_eq!(error(&answer), no_credentials, "{pairs:?}");
    }
    let wrong_password = (403, "Authentication Failed".to_owned());
    for on in [false, true] {
        bench.gate.set_setting("legacy_admin_auth", json!(on)).unwrap();
        for pairs in [
            &[("username", "root")][..],
            &[("username", "root"), ("password", "correct horse")],
            &[("username", "root"), ("password", "098f6bcd4621d373cade4e832627b4f6")],
            &[("username", "nobody"), ("password", MD5)],
            &[("username", identifier), ("password", "wrong")],
            &[("username", unknown), ("password", secret)],
            &[("username", revoked.identifier.as_str()), ("password", revoked.secret.reveal())],
        ] {
            assert_eq!(error(&with(&bench, pairs)), wrong_password, "{pairs:?}");
        }
    }
}

/// Neither the switch that is off nor a lock differs from a wrong password.
#[test]
fn a_password_s_answers_tell_nothing_about_switch_and_lock() {
    let answers = |on: bool, password: &str| {
        let bench = Bench::of(Mode::Managed);
        bench.gate.set_setting("legacy_admin_auth", json!(on)).unwrap();
        let ask = || with(&bench, &[("username", "root"), ("password", password)]);
        (0..8).map(|_| ask()).collect::<Vec<_>>()
    };
    let off = answers(false, MD5);
    assert_eq!(off, answers(true, "no MD5"), "the last three were locked");
    assert_eq!(error(&off[7]), (403, "Authentication Failed".to_owned()));
    // From outside the store's addresses the switch is not even reached.
    for on in [false, true] {
        let bench = Bench::of(Mode::Managed);
        bench.gate.set_setting("legacy_admin_auth", json!(on)).unwrap();
        bench.gate.set_setting("allowed_addresses", json!(["10.0.0.0/8"])).unwrap();
        let answer = with(&bench, &[("username", "root"), ("password", MD5)]);
        assert_eq!(error(&answer), (403, "Invalid IP 203.0.113.7".to_owned()));
    }
}

#[test]
fn two_different_credentials_are_none() {
    let bench = Bench::of(Mode::Managed);
    let (identifier, secret) = (bench.portal.identifier.as_str(), bench.portal.secret.reveal());
    for pairs in [
        &[("identifier", identifier), ("secret", secret), ("username", "root"), ("password", MD5)][..],
        &[("identifier", identifier), ("secret", secret), ("username", "root")],
        &[("username", identifier), ("password", secret), ("secret", "other")],
    ] {
        assert_eq!(error(&with(&bench, pairs)), (400, "Two different credentials are given".to_owned()));
    }
    let twice = [("identifier", identifier), ("secret", secret), ("secret", "other")];
    let told = "The parameter secret has two different values".to_owned();
    assert_eq!(error(&with(&bench, &twice)), (400, told));
}

#[test]
fn an_address_is_judged_before_a_store_s_credentials_and_after_a_credential_s_secret() {
    let bench = Bench::of(Mode::Managed);
    let near = credential(
        &bench.gate,
        "near",
        Limits { addresses: vec!["10.0.0.0/8".parse().unwrap()], ..Limits::default() },
    );
    let from = |address: Option<&str>, body: &str| {
        let address = address.map(|text| text.parse::<IpAddr>().unwrap());
        let call = HttpCall::new("POST").body(Some(FORM), body.as_bytes()).from_address(address);
        respond(&bench.gate, &call)
    };
    let right = near.form(&[ACTION]);
    for (address, told) in [
        (Some("192.0.2.1"), "Invalid IP 192.0.2.1"),
        (Some("::ffff:192.0.2.1"), "Invalid IP 192.0.2.1"),
        (Some("2001:db8::1"), "Invalid IP 2001:db8::1"),
        (None, "Invalid IP unknown"),
    ] {
        assert_eq!(error(&from(address, &right)), (403, told.to_owned()));
    }
    assert_eq!(from(Some("10.1.2.3"), &right).status, 200);
    let wrong = form(&[ACTION, ("identifier", &near.identifier), ("secret", "wrong")]);
    assert_eq!(error(&from(Some("192.0.2.1"), &wrong)).1, "Invalid or missing credentials");

    bench.gate.set_setting("allowed_addresses", json!(["10.0.0.0/8"])).unwrap();
    for body in [wrong, form(&[ACTION]), bench.portal.form(&[ACTION])] {
        assert_eq!(error(&from(Some("192.0.2.1"), &body)).1, "Invalid IP 192.0.2.1");
    }
}

#[test]
fn a_secret_in_the_query_needs_a_credential_that_allows_it() {
    let bench = Bench::of(Mode::Managed);
    let npm = credential(&bench.gate, "npm", Limits { secret_in_query: true, ..Limits::default() });
    let get = |query: &str| respond(&bench.gate, &HttpCall::new("GET").query(query.as_bytes()));
    let refused = "Invalid Permissions: the secret stood in the URL, which this credential does not allow; \
                   send it in the body of a POST";
    assert_eq!(get(&npm.form(&[ACTION])).status, 200);
    let query = bench.portal.form(&[ACTION]);
    assert_eq!(error(&get(&query)), (403, refused.to_owned()));
    assert_eq!(refusals(&bench), [("secret_in_query".to_owned(), Some(2), None)]);
    let reason = Reason::from_code("secret_in_query").unwrap();
    assert_eq!(reason, Reason::SecretInQuery);

    // A wrong one is told nothing of this, and a body that repeats it takes nothing back.
    let wrong = form(&[ACTION, ("identifier", &bench.portal.identifier), ("secret", "wrong")]);
    assert_eq!(error(&get(&wrong)), (403, "Invalid or missing credentials".to_owned()));
    for method in ["GET", "POST"] {
        let call = HttpCall::new(method).query(query.as_bytes()).body(Some(FORM), query.as_bytes());
        assert_eq!(error(&respond(&bench.gate, &call)), (403, refused.to_owned()));
    }
    // The identifier is no secret.
    let half = form(&[ACTION, ("identifier", &bench.portal.identifier)]);
    let body = form(&[("secret", bench.portal.secret.reveal())]);
    let call = HttpCall::new("POST").query(half.as_bytes()).body(Some(FORM), body.as_bytes());
    assert_eq!(respond(&bench.gate, &call).status, 200);

    // An admin's password never may.
    bench.gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
    let query = form(&[ACTION, ("username", "root"), ("password", MD5)]);
    assert_eq!(error(&get(&query)), (403, refused.to_owned()));
    assert_eq!(refusals(&bench).last().unwrap(), &("secret_in_query".to_owned(), None, Some(1)));
    let query = form(&[ACTION, ("username", "root"), ("password", "wrong")]);
    assert_eq!(error(&get(&query)), (403, "Authentication Failed".to_owned()));
}

#[test]
fn who_fails_often_is_advised_to_wait_and_who_is_right_is_let_in() {
    let bench = Bench::of(Mode::Managed);
    let wrong = [("identifier", bench.portal.identifier.as_str()), ("secret", "wrong")];
    let advice: Vec<Option<u64>> = (0..40).map(|_| with(&bench, &wrong).retry_after).collect();
    assert_eq!(advice[0], None);
    assert!(advice[39].is_some_and(|seconds| seconds > 0), "{advice:?}");
    assert_eq!(bench.ask(&[ACTION]).status, 200);

    // The right identifier and a mistyped one in the other form's fields are the same failure at the same cost.
    let mut mistyped = bench.portal.identifier.clone();
    let last = mistyped.pop();
    mistyped.push(if last == Some('0') { '1' } else { '0' });
    for username in [&bench.portal.identifier, &mistyped] {
        let bench = Bench::of(Mode::Managed);
        let wrong = [("username", username.as_str()), ("password", "wrong")];
        let advice: Vec<Option<u64>> = (0..40).map(|_| with(&bench, &wrong).retry_after).collect();
        assert!(advice[0].is_none() && advice[39].is_some(), "{advice:?}");
    }
}

#[test]
fn the_action_is_looked_at_after_the_caller() {
    let bench = Bench::of(Mode::Managed);
    let ask = |pairs: &[(&str, &str)]| error(&post(&bench.gate, &form(pairs)));
    assert_eq!(ask(&[]), (400, "Empty action request".to_owned()));
    assert_eq!(ask(&[("action", "")]), (400, "Empty action request".to_owned()));
    assert_eq!(ask(&[("action", "NoSuch")]), (403, "Invalid or missing credentials".to_owned()));
    for action in ["NoSuch", "AddClient", "getclients ", "get\0users", "<script>"] {
        let told = error(&bench.ask(&[("action", action)]));
        assert_eq!(told, (400, "The requested API Action could not be found.".to_owned()), "{action:?}");
    }
    for action in ["GetUsers", "getusers", "GETUSERS", "gEtUsErS"] {
        bench.ok(&[("action", action)]);
    }
}

#[test]
fn an_expired_credential_is_a_wrong_one() {
    let bench = Bench::of(Mode::Managed);
    let new = NewCredential {
        label: "short".into(),
        admin: Some("root".into()),
        expires_at: Some(START.plus(Duration::from_secs(60))),
        ..NewCredential::default()
    };
    let made = bench.gate.create_credential(&new).unwrap();
    let (identifier, secret) = (made.credential.identifier.unwrap(), made.secret.unwrap());
    let pairs = [("identifier", identifier.as_str()), ("secret", secret.reveal())];
    assert_eq!(with(&bench, &pairs).status, 200);
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(error(&with(&bench, &pairs)), (403, "Invalid or missing credentials".to_owned()));
}
