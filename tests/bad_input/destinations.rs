//! Destinations and their inputs; paths that must pass and paths that must not.

use std::time::Duration;

use super::autoauth::{KEY, accept, hash, query, switch_on};
use super::{Bench, PLANTED};
use crate::common::{SYSTEM, invalid, portal, redeem, refused};
use gatepass::credential::NewCredential;
use gatepass::id::ItemId;
use gatepass::token::IssueRequest;
use gatepass::{AutoAuthRequest, Gatepass, KeyChoice, Reason, ops};
use serde_json::json;

#[test]
fn a_destination_takes_what_it_needs_and_nothing_else() {
    let bench = Bench::new();
    let one = ItemId::new(1).unwrap();
    let to = |destination: &str| IssueRequest::for_client(bench.client).destination(destination);
    let with_path = |destination: &str, path: &str| {
        let mut request = to(destination);
        request.redirect_path = Some(path.to_owned());
        request
    };
    let long = "clientarea:".to_owned() + &"a".repeat(1 << 20);
    for (request, field) in [
        (to(""), "destination"),
        (to(PLANTED), "destination"),
        (to("clientarea:hunter2"), "destination"),
        (to("ClientArea:profile"), "destination"),
        (to("clientarea:profile "), "destination"),
        (to("clientarea:profile\0"), "destination"),
        (to("clientarea:sso"), "destination"),
        (to(&long), "destination"),
        (to("clientarea:product_details"), "service_id"),
        (to("clientarea:domain_details"), "domain_id"),
        (to("clientarea:product_details").domain(one), "service_id"),
        (to("clientarea:product_details").service(one).domain(one), "domain_id"),
        (to("clientarea:domain_details").service(one), "service_id"),
        (to("clientarea:profile").service(one), "service_id"),
        (to("clientarea:profile").domain(one), "domain_id"),
        (IssueRequest::for_client(bench.client).service(one), "service_id"),
        (to("sso:custom_redirect"), "redirect_path"),
        (with_path("sso:custom_redirect", "cart.php").service(one), "service_id"),
        (with_path("clientarea:profile", "cart.php"), "redirect_path"),
        (with_path("clientarea:product_details", "cart.php").service(one), "redirect_path"),
    ] {
        let issue = |gate: &Gatepass| gate.issue(&portal(gate), &request);
        assert_eq!(bench.field(issue), field, "{:.60?}", request.destination);
    }
    for (destination, field) in [
        (json!({ "name": "x", "path": "cart.php" }), "name"),
        (json!({ "name": "clientarea:sso", "path": "cart.php" }), "name"),
        (json!({ "name": "hunter2:Hunter2", "path": "cart.php" }), "name"),
        (json!({ "name": "own:page", "path": "//hunter2" }), "path"),
        (json!({ "name": "own:page", "path": "cart.php?id={id}" }), "path"),
        (json!({ "name": "own:page", "path": "cart.php", "input": "service" }), "path"),
        (json!({ "name": "own:page", "path": "cart.php", "input": "hunter2" }), "input"),
        (json!({ "name": "own:page", "path": "", "input": "path" }), "input"),
        (json!({ "name": "sso:custom_redirect", "path": "cart.php" }), "input"),
        (json!({ "path": "cart.php" }), "name"),
    ] {
        assert_eq!(bench.field_of("destination.set", destination.clone()), field, "{destination}");
    }
    let unknown = bench.untouched(|gate| ops::call(gate, "destination.remove", json!({ "name": PLANTED })));
    assert_eq!(unknown.reason(), Some(Reason::DestinationUnknown));
}

/// What must pass (design §5), and a few that people use.
const PASS: &[&str] = &[
    "viewinvoice.php?id=5",
    "index.php?rp=/account/paymentmethods",
    "cart.php?a=add&domain=register",
    "clientarea.php?action=productdetails&id=1#tabOverview",
    "search.php?q=my%20ticket",
    "x.php?u=http%3A%2F%2Fexample.com",
    "viewquote.php?id=5",
    "knowledgebase/5/How-do-I.html",
    "pages/caf%C3%A9.html?lang=%E6%97%A5#top",
    "search.php?q=c%2B%2B+hosting&in=a|b",
];

/// What must not: other hosts, other folders, other lines, other schemes.
const ESCAPES: &[&str] = &[
    "//hunter2.example",
    "///hunter2.example",
    "////hunter2.example",
    "/\\hunter2.example",
    "\\\\hunter2.example",
    "\\/hunter2.example",
    "https://hunter2.example/",
    "https:hunter2.example",
    "https:/hunter2.example",
    "HTTP:\\\\hunter2.example",
    "http://billing.example.com@hunter2.example/",
    "ftp://hunter2.example",
    "javascript:alert('hunter2')",
    "javascript://billing.example.com/%0aalert(1)",
    "data:text/html,hunter2",
    "vbscript:hunter2",
    "mailto:hunter2@example.com",
    "hunter2:x",
    ":443/hunter2",
    "../hunter2",
    "./hunter2",
    "..",
    ".",
    "a/../../hunter2",
    "a/..",
    "a/./hunter2",
    "..;/hunter2",
    "..\\hunter2",
    "a//hunter2.example",
    "a\r\nLocation: https://hunter2.example",
    "a\nhunter2",
    "a\thunter2",
    "a\0hunter2",
    "\u{1b}[2Jhunter2",
    "x.php?a=1\r\nSet-Cookie: hunter2=1",
    "x.php?a=\\hunter2",
];

/// What may not stand there as it is. Encoded, it would be a strange name of a file and nothing worse.
const RAW: &[&str] = &[
    "x.php?a=\"hunter2\"",
    "x.php?a=<hunter2>",
    "x.php#a=hunter2",
    "x.php#%0d",
    "x.php?a=1 hunter2",
    "x y.php",
    "é.php",
];

/// Pages of the deny table, in the spellings that servers read alike.
const DENIED: &[&str] = &[
    "dologin.php",
    "DOLOGIN.php?username=hunter2",
    "dologin.php/x",
    "dologin.php;x",
    "logout.php",
    "index.php?rp=/logout",
    "index.php/logout.php",
    "oauth/singlesignon.php?access_token=hunter2",
    "OAUTH/authorize.php",
    "includes/api.php",
    "modules/gateways/callback/hunter2.php",
    "admin/index.php",
    "Admin/",
    "clientarea.php?action=productdetails&id=1&dosinglesignon=1",
    "clientarea.php?id=1&DoSingleSignOn=1",
    "clientarea.php?dosinglesignon[]=1",
];

pub(super) fn percent(text: &str, which: impl Fn(u8) -> bool) -> String {
    text.bytes().map(|b| if which(b) { format!("%{b:02X}") } else { char::from(b).to_string() }).collect()
}

/// An attack in the spellings that somebody between us and the page may undo.
fn spellings(attack: &str) -> Vec<String> {
    let once = percent(attack, |b| !b.is_ascii_alphanumeric());
    let path_only = attack.split_once('?').map(|(path, query)| {
        format!("{}?{query}", percent(path, |b| !b"/.".contains(&b) && b.is_ascii_alphanumeric()))
    });
    let mut all = vec![
        attack.to_owned(),
        percent(attack, |_| true),
        percent(&once, |b| b == b'%'),
        percent(attack, |b| b == b'.' || b == b'%'),
        format!(" {attack}"),
        format!("\t{attack}"),
        format!("\u{feff}{attack}"),
        format!("{attack}\0"),
        format!("{attack}\n"),
        once,
    ];
    all.extend(path_only);
    all
}

/// Every hostile path of this file, spelled out.
fn hostile_paths() -> Vec<String> {
    let attacks = ESCAPES.iter().chain(DENIED);
    let mut all: Vec<String> = attacks.flat_map(|attack| spellings(attack)).collect();
    all.extend([
        "/".to_owned(),
        "a".repeat(513),
        format!("x?{}", "a".repeat(1_501)),
        "x#".to_owned() + &"a".repeat(129),
    ]);
    all.extend(
        ["%2e%2e/x", "%252e%252e/x", "..%2fx", "%c0%ae%c0%ae/x", "%ff", "%", "a%2", "／／x", "．．/x"]
            .map(str::to_owned),
    );
    all.extend(RAW.iter().map(|raw| (*raw).to_owned()));
    all.push("a".repeat(1 << 20));
    all
}

#[test]
fn what_must_pass_lands_on_exactly_that_page_by_token_and_by_link() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    // Not the seconds in which the links below are signed, which would be the same links.
    let mut at = bench.clock_seconds() + 500;
    for path in PASS {
        let request = IssueRequest::for_client(bench.client).redirect_path(*path);
        let issued = gate.issue(&portal(gate), &request).unwrap();
        assert_eq!(redeem(gate, &issued).unwrap().landing_url, format!("{SYSTEM}/{path}"));
        at += 1;
        let (stamp, hash) = (at.to_string(), hash("ann@example.com", at, KEY));
        let fields = [("email", "ann@example.com"), ("timestamp", &*stamp), ("hash", &*hash), ("goto", path)];
        assert_eq!(accept(gate, &query(&fields)).unwrap().landing_url, format!("{SYSTEM}/{path}"));
        let signed = gate.sign_autoauth("ann@example.com", KeyChoice::Label("old"), Some(path)).unwrap();
        bench.clock.advance(Duration::from_secs(1));
        let raw = signed.split_once('?').unwrap().1;
        assert_eq!(
            gate.accept_autoauth(raw.as_bytes(), &AutoAuthRequest::default()).unwrap().landing_url,
            format!("{SYSTEM}/{path}")
        );
    }
    // A credential stays out of `sso:custom_redirect` unless it was chosen for it.
    let new = NewCredential { label: "limited".into(), host: true, ..NewCredential::default() };
    gate.create_credential(&new).unwrap();
    let limited = gate.host_caller("limited").unwrap();
    let request = IssueRequest::for_client(bench.client).redirect_path("cart.php");
    assert_eq!(refused(gate.issue(&limited, &request)), Reason::DestinationNotAllowed);
}

#[test]
fn a_hostile_path_is_refused_by_token_and_by_link_and_the_link_is_not_used_up() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let caller = portal(gate);
    let at = bench.clock_seconds();
    let (stamp, hash) = (at.to_string(), hash("ann@example.com", at, KEY));
    let link = |goto: &str| {
        query(&[("email", "ann@example.com"), ("timestamp", &stamp), ("hash", &hash), ("goto", goto)])
    };
    let all = hostile_paths();
    assert!(all.len() > 500);
    for path in &all {
        let request = IssueRequest::for_client(bench.client).redirect_path(path.clone());
        assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "redirect_path", "{path:.80?}");
        // A right hash with such a `goto` is told to the audit.
        let field = invalid(accept(gate, &link(path)));
        assert!(field == "goto" || field == "query", "{path:.80?}: {field}");
        let sign =
            |gate: &Gatepass| gate.sign_autoauth("ann@example.com", KeyChoice::Label("old"), Some(path));
        assert_eq!(bench.field(sign), "goto", "{path:.80?}");
        let own = json!({ "name": "own:page", "path": path });
        assert_eq!(bench.field_of("destination.set", own), "path", "{path:.80?}");
    }
    let request = IssueRequest::for_client(bench.client).redirect_path("");
    assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "redirect_path");
    // An empty goto is none, and the link was not used up by all those.
    assert_eq!(accept(gate, &link("")).unwrap().landing_url, format!("{SYSTEM}/clientarea.php"));
}

#[test]
fn the_deny_table_in_force_is_that_of_the_moment_of_landing() {
    let bench = Bench::new();
    let gate = &bench.gate;
    let caller = portal(gate);
    let mut deny: Vec<String> = serde_json::from_value(gate.setting("deny").unwrap().value).unwrap();
    deny.push("viewinvoice.php".into());
    gate.set_setting("deny", json!(deny)).unwrap();
    let request = IssueRequest::for_client(bench.client).redirect_path("viewinvoice.php?id=5");
    assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "redirect_path");
    gate.set_destination(
        &serde_json::from_value(json!({ "name": "own:page", "path": "viewquote.php" })).unwrap(),
    )
    .unwrap();
    deny.push("viewquote.php".into());
    gate.set_setting("deny", json!(deny)).unwrap();
    let request = IssueRequest::for_client(bench.client).destination("own:page");
    assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "destination");
}
