//! `CreateSsoToken`: contract §1.1 to §1.4.

use std::time::Duration;

use gatepass::audit::AuditQuery;
use gatepass::credential::Limits;
use gatepass::directory::Mode;
use gatepass::token::{RedeemRequest, Redemption, Token};
use serde_json::Value;

use crate::common::START;
use crate::{Bench, credential, document, error, post};

const ACTION: (&str, &str) = ("action", "CreateSsoToken");

/// Where and as whom the token of an answer signs in.
fn redeemed(bench: &Bench, issued: &Value) -> Redemption {
    let token = Token::parse(issued["access_token"].as_str().unwrap()).unwrap();
    bench.gate.redeem(&RedeemRequest::new(token)).unwrap()
}

#[test]
fn the_owner_a_user_or_a_user_in_a_client_is_signed_in() {
    let bench = Bench::new();
    for (parameters, user, client) in [
        (&[("client_id", "1")][..], 1, Some(1)),
        (&[("user_id", "1")], 1, Some(1)),
        (&[("user_id", "2")], 2, None),
        (&[("client_id", "1"), ("user_id", "2")], 2, Some(1)),
        (&[("client_id", "2"), ("user_id", "")], 2, Some(2)),
    ] {
        let issued = bench.ok(&[&[ACTION], parameters].concat());
        let names: Vec<&String> = issued.as_object().unwrap().keys().collect();
        assert_eq!(names, ["result", "access_token", "redirect_url"]);
        let token = issued["access_token"].as_str().unwrap();
        let url = format!("https://billing.example.com/oauth/singlesignon.php?access_token={token}");
        assert_eq!(issued["redirect_url"], url);
        let redeemed = redeemed(&bench, &issued);
        assert_eq!(redeemed.user_id.map(|id| id.get()), Some(user), "{parameters:?}");
        assert_eq!(redeemed.client_id.map(|id| id.get()), client, "{parameters:?}");
        assert_eq!(redeemed.landing_url, "https://billing.example.com/clientarea.php");
    }
}

#[test]
fn the_landing_page_is_the_destination_s() {
    let bench = Bench::new();
    let limits = Limits { destinations: Some(vec!["*".into()]), ..Limits::default() };
    let shop = credential(&bench.gate, "shop", limits);
    for (parameters, landing) in [
        (&[("destination", "")][..], "clientarea.php"),
        (&[("destination", "clientarea:invoices")], "clientarea.php?action=invoices"),
        (
            &[("destination", "clientarea:product_details"), ("service_id", "7")],
            "clientarea.php?action=productdetails&id=7",
        ),
        (
            &[("destination", "clientarea:domain_details"), ("domain_id", "8")],
            "clientarea.php?action=domaindetails&id=8",
        ),
        (
            &[("destination", "sso:custom_redirect"), ("sso_redirect_path", "viewinvoice.php?id=123")],
            "viewinvoice.php?id=123",
        ),
        // What earlier calls left behind is dropped, whatever it is.
        (
            &[("service_id", "7"), ("domain_id", "x"), ("sso_redirect_path", "//evil.example")],
            "clientarea.php",
        ),
        (
            &[
                ("destination", "clientarea:product_details"),
                ("service_id", "7"),
                ("domain_id", "8"),
                ("sso_redirect_path", "cart.php"),
            ],
            "clientarea.php?action=productdetails&id=7",
        ),
    ] {
        let pairs = [&[ACTION, ("client_id", "1")], parameters].concat();
        let issued = document(&post(&bench.gate, &shop.form(&pairs)));
        let landing = format!("https://billing.example.com/{landing}");
        assert_eq!(redeemed(&bench, &issued).landing_url, landing, "{parameters:?}");
    }
}

#[test]
fn every_refusal_has_the_text_of_the_contract() {
    let bench = Bench::new();
    let details = ("destination", "clientarea:product_details");
    let domain = ("destination", "clientarea:domain_details");
    let one = ("client_id", "1");
    for (parameters, message) in [
        (&[][..], "A valid client_id or user_id is required"),
        (&[("client_id", ""), ("user_id", "")], "A valid client_id or user_id is required"),
        (&[("client_id", "0")], "Invalid client_id"),
        (&[("client_id", "-1")], "Invalid client_id"),
        (&[("client_id", "01")], "Invalid client_id"),
        (&[("client_id", " 1")], "Invalid client_id"),
        (&[("client_id", "1.0")], "Invalid client_id"),
        (&[("client_id", "1e0")], "Invalid client_id"),
        (&[("client_id", "one")], "Invalid client_id"),
        (&[("client_id", "9223372036854775808")], "Invalid client_id"),
        (&[("client_id[]", "1")], "Invalid client_id"),
        (&[("client_id", "9")], "Invalid client_id"),
        (&[("client_id", "9"), ("user_id", "1")], "Invalid client_id"),
        (&[("client_id", "0"), ("user_id", "1")], "Invalid client_id"),
        (&[("user_id", "0")], "Invalid user_id"),
        (&[("user_id", "x")], "Invalid user_id"),
        (&[("user_id", "9")], "Invalid user_id"),
        (&[one, ("user_id", "9")], "Invalid user_id"),
        (&[one, ("user_id", "0")], "Invalid user_id"),
        (&[("client_id", "2"), ("user_id", "1")], "Invalid user_id for client"),
        (&[one, ("contact_id", "5")], "Invalid contact_id"),
        (&[("client_id", "4")], "SSO authentication blocked for client 4"),
        (&[("client_id", "4"), ("user_id", "4")], "SSO authentication blocked for client 4"),
        (&[("user_id", "4")], "SSO authentication blocked for client 4"),
        (&[("client_id", "5")], "SSO authentication blocked for client 5"),
        (&[("user_id", "5")], "SSO authentication blocked for client 5"),
        (&[("client_id", "3")], "Token could not be provisioned: access_denied. client has no owner"),
        (&[("user_id", "3")], "Token could not be provisioned: access_denied. user has no client"),
        (&[("client_id", "6")], "Token could not be provisioned: access_denied. user disabled"),
        (&[one, ("destination", "clientarea:sso")], "Invalid destination"),
        (&[one, ("destination", "clientarea:upgrade")], "Invalid destination"),
        (&[one, ("destination", "CLIENTAREA:INVOICES")], "Invalid destination"),
        (&[one, ("destination[]", "x")], "Invalid destination"),
        (&[one, details], "Invalid destination"),
        (&[one, details, ("service_id", "")], "Invalid destination"),
        (&[one, details, ("service_id", "0")], "Invalid destination"),
        (&[one, details, ("service_id", "x")], "Invalid destination"),
        (&[one, details, ("domain_id", "1")], "Invalid destination"),
        (&[one, domain, ("service_id", "1")], "Invalid destination"),
        // Not allowed unless a credential names it.
        (
            &[one, ("destination", "sso:custom_redirect"), ("sso_redirect_path", "cart.php")],
            "Invalid destination",
        ),
    ] {
        assert_eq!(bench.no(&[&[ACTION], parameters].concat()), message, "{parameters:?}");
    }
    // The contact that 7.10 called "none".
    bench.ok(&[ACTION, one, ("contact_id", "0")]);
}

#[test]
fn a_path_that_is_not_safe_is_no_destination() {
    let bench = Bench::new();
    let limits = Limits { destinations: Some(vec!["*".into()]), ..Limits::default() };
    let shop = credential(&bench.gate, "shop", limits);
    for path in ["", "//evil.example", "https://evil.example/", "../x.php", "a\\b", "dologin.php", "x\0.php"]
    {
        let answer = post(
            &bench.gate,
            &shop.form(&[
                ACTION,
                ("client_id", "1"),
                ("destination", "sso:custom_redirect"),
                ("sso_redirect_path", path),
            ]),
        );
        assert_eq!(error(&answer), (200, "Invalid destination".to_owned()), "{path:?}");
    }
}

#[test]
fn too_many_tokens_are_put_off() {
    let bench = Bench::new();
    let slow = credential(&bench.gate, "slow", Limits { issues_per_minute: Some(1), ..Limits::default() });
    let ask = || post(&bench.gate, &slow.form(&[ACTION, ("client_id", "1")]));
    assert_eq!(document(&ask())["result"], "success");
    let message = "Token could not be provisioned: temporarily_unavailable. too many in this minute";
    let answer = ask();
    assert_eq!(error(&answer), (200, message.to_owned()));
    // The count begins anew with the minute.
    let gone = START.as_seconds().rem_euclid(60).unsigned_abs();
    assert_eq!(answer.retry_after, Some(60 - gone));
    bench.clock.advance(Duration::from_secs(60 - gone));
    assert_eq!(document(&ask())["result"], "success");
}

#[test]
fn in_host_mode_ids_are_the_application_s() {
    let bench = Bench::of(Mode::Host);
    let issued = bench.ok(&[ACTION, ("client_id", "4711"), ("user_id", "12")]);
    let redeemed = redeemed(&bench, &issued);
    assert_eq!(redeemed.client_id.map(|id| id.get()), Some(4711));
    assert_eq!(bench.no(&[ACTION]), "A valid client_id or user_id is required");
    for action in ["GetClients", "GetUsers", "GetClientsDetails"] {
        assert_eq!(
            bench.no(&[("action", action), ("clientid", "1")]),
            "Clients and users are kept by the application, which this API does not ask"
        );
    }
}

#[test]
fn the_audit_knows_where_a_token_was_asked_for() {
    let bench = Bench::new();
    bench.ok(&[("action", "CreateSsoToken"), ("client_id", "1")]);
    let mut query = AuditQuery::between(START, START.plus(Duration::from_secs(1)));
    query.event = Some("token.issued".to_owned());
    let events = bench.gate.audit_events(&query).unwrap();
    assert_eq!(events[0].address.as_deref(), Some("203.0.113.7"));
}
