//! What is no link, and what no link can be made for.

use super::{Bench, PLANTED, wrong_hex};
use crate::common::portal;
use gatepass::directory::Subject;
use gatepass::id::{ClientId, ItemId};
use gatepass::link::{EndLinks, LinkEnd, LinkReportQuery, LinkRequest, OpenRequest, SignInLink};
use gatepass::token::{Binding, IssueRequest};
use gatepass::{Reason, ops};
use serde_json::json;
use std::time::Duration;

/// A text that is a link but for something.
fn wrong_links() -> Vec<String> {
    let good: String = ('a'..='z').chain('2'..='7').collect();
    vec![
        String::new(),
        good[..31].to_owned(),
        format!("{good}a"),
        good.replace('7', "1"),
        good.replace('7', "8"),
        good.replace('a', "="),
        good.replace('a', "\0"),
        good.replace('a', "а"),
        format!(" {}", &good[1..]),
        format!("{good}\n"),
        PLANTED.repeat(5)[..32].to_owned().replace('2', "1"),
        "a".repeat(1 << 20),
    ]
}

#[test]
fn a_wrong_link_is_unknown_and_costs_no_write() {
    let bench = Bench::new();
    let mut wrong = wrong_links();
    wrong.extend(wrong_hex(40));
    for text in &wrong {
        let error = bench.untouched(|gate| gate.read_link(text, None));
        assert_eq!(error.reason(), Some(Reason::LinkUnknown));
        // A page inspects whatever a browser brought.
        let error = bench.untouched(|gate| ops::call(gate, "link.inspect", json!({ "link": text })));
        assert_eq!(error.reason(), Some(Reason::LinkUnknown), "{text:.50}");
        for operation in ["link.explain", "link.revoke"] {
            assert_eq!(bench.field_of(operation, json!({ "link": text })), "link", "{text:.50}");
        }
    }
    let never = SignInLink::parse("ab".repeat(16)).unwrap();
    let opening = OpenRequest::new(never.clone());
    for error in [
        bench.untouched(|gate| gate.open_link(&opening)),
        bench.untouched(|gate| gate.open_link(&opening.clone().signing_in(None))),
    ] {
        assert_eq!(error.reason(), Some(Reason::LinkUnknown));
        assert!(!format!("{error:?}{error}").contains(&never.reveal()));
    }
    for error in [
        bench.untouched(|gate| gate.inspect_link(&never, None).map(drop)),
        bench.untouched(|gate| gate.explain_link(&never).map(drop)),
        bench.untouched(|gate| gate.revoke_links(&EndLinks::One(never.clone())).map(drop)),
    ] {
        assert_eq!(error.reason(), Some(Reason::LinkUnknown));
    }
    for text in wrong_hex(24) {
        assert_eq!(bench.field_of("link.list", json!({ "before": text })), "before");
    }
}

#[test]
fn every_field_of_a_link_that_is_wrong_is_named_and_no_link_is_made() {
    let bench = Bench::new();
    let issue = || IssueRequest::for_client(bench.client);
    let to = |issue: IssueRequest| LinkRequest::new(issue);
    let seconds = Duration::from_secs;
    let item = ItemId::new(1).unwrap();
    let long = PLANTED.repeat(20);
    let mut wrong = vec![
        ("binding", to(issue().bound_to(Binding::of_nonce(PLANTED.as_bytes())))),
        ("life", to(issue().life(seconds(30)))),
        ("life", to(issue()).life(Duration::ZERO)),
        ("life", to(issue()).life(Duration::from_millis(59_999))),
        ("life", to(issue()).life(seconds(604_801))),
        ("life", to(issue()).life(Duration::MAX)),
        ("uses", to(issue()).uses(0)),
        ("uses", to(issue()).uses(101)),
        ("uses", to(issue()).uses(u32::MAX)),
        ("label", to(issue()).end_siblings()),
        ("actor", to(issue().actor(format!("{long}{long}")))),
        ("actor", to(issue().actor("hunter2\0"))),
        ("destination", to(issue().destination(PLANTED))),
        ("destination", to(issue().destination(""))),
        ("service_id", to(issue().destination("clientarea:product_details"))),
        ("service_id", to(issue().destination("clientarea:invoices").service(item))),
        ("domain_id", to(issue().destination("clientarea:domain_details"))),
        ("redirect_path", to(issue().destination("sso:custom_redirect"))),
    ];
    for text in ["", &long, "hunter2\0", "hunter2\r\nBcc: x", "hunter2\u{85}"] {
        wrong.push(("label", to(issue()).label(text)));
        wrong.push(("title", to(issue()).title(text)));
    }
    for path in
        ["//hunter2.example", "https://hunter2.example/", "a/../hunter2", "signin.php?hunter2", "logout.php"]
    {
        wrong.push(("redirect_path", to(issue().redirect_path(path))));
    }
    for (field, request) in &wrong {
        let told = bench.field(|gate| gate.create_link(&portal(gate), request).map(drop));
        assert_eq!(told, *field, "{request:?}");
    }
    // Nobody of that number: a refusal, which leaves its event and count and no link.
    let nobody = IssueRequest::new(Subject::Client(ClientId::new(i64::MAX).unwrap()));
    let refused = bench.gate.create_link(&portal(&bench.gate), &to(nobody)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::ClientUnknown));
    assert_eq!(bench.spy.number("SELECT count(*) FROM link"), 0);
}

#[test]
fn what_asks_for_links_and_makes_no_sense_is_named() {
    let bench = Bench::new();
    let superseded =
        |gate: &gatepass::Gatepass| gate.end_links(&EndLinks::OfClient(bench.client), LinkEnd::Superseded);
    assert_eq!(bench.field(superseded), "why");
    for days in [0, 3_651, u32::MAX] {
        let report = LinkReportQuery::default().days(days);
        assert_eq!(bench.field(|gate| gate.link_report(&report)), "days");
    }
    for label in [String::new(), PLANTED.repeat(20), "hunter2\0".to_owned()] {
        assert_eq!(bench.field(|gate| gate.link_report(&LinkReportQuery::of_label(&label))), "label");
    }
    for parameters in
        [json!({}), json!({ "user_id": 1, "label": "x" }), json!({ "client_id": 1, "credential_id": 1 })]
    {
        assert_eq!(bench.field_of("link.revoke", parameters), "link");
    }
    for parameters in
        [json!({ "changed": "email" }), json!({ "user_id": 1, "client_id": 1, "changed": "email" })]
    {
        assert_eq!(bench.field_of("link.account_changed", parameters), "user_id");
    }
    for changed in ["", "Email", "superseded", PLANTED] {
        let parameters = json!({ "user_id": 1, "changed": changed });
        assert_eq!(bench.field_of("link.account_changed", parameters), "changed");
    }
    assert_eq!(bench.field_of("link.list", json!({ "limit": 1_001 })), "limit");
}
