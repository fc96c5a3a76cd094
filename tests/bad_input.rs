//! Bad input, by name: what the library says to each, through its types and through its operations.
//!
//! Each gives a refusal or an error that names the field; nothing is written, nothing panics, and no text of
//! an error repeats what was given, for it may have been a secret in the wrong place. That nothing is written
//! is seen by a second connection, whose `data_version` changes with every commit of anybody else, and which
//! compares every row.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use common::{Place, SYSTEM, Spy, invalid, issue, person, portal, redeem, refused, secret};
use gatepass::autoauth::digest;
use gatepass::clock::ManualClock;
use gatepass::credential::NewCredential;
use gatepass::directory::{DirectoryQuery, Mode, NewUser};
use gatepass::id::{ClientId, ItemId, UserId};
use gatepass::secret::Reference;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, Token};
use gatepass::{AutoAuthRequest, Error, Gatepass, KeyChoice, Options, Reason, ops};
use serde_json::{Value, json};

/// Planted wherever a text goes: no error may repeat it.
const PLANTED: &str = "hunter2";

/// A store that is watched.
struct Bench {
    place: Place,
    gate: Gatepass,
    clock: std::sync::Arc<ManualClock>,
    spy: Spy,
    /// The last dump, and the version that it shows.
    seen: RefCell<(i64, Vec<String>)>,
    client: ClientId,
}

impl Bench {
    fn new() -> Self {
        let place = Place::new();
        std::fs::create_dir(place.beside("keys")).unwrap();
        let key = Gatepass::new_sealing_key_file(place.beside("keys").join("seal"), &place.store).unwrap();
        let clock = std::sync::Arc::new(ManualClock::new(common::START));
        let gate = place.init_with(Mode::Managed, Options::new().clock(clock.clone()).sealing_key(key));
        let (_, client) = person(&gate, "ann@example.com");
        let spy = place.spy();
        Bench { place, gate, clock, spy, seen: RefCell::new((-1, Vec::new())), client }
    }

    /// Run something that must fail without leaving a trace, and say how.
    #[track_caller]
    fn untouched<T: std::fmt::Debug>(&self, act: impl FnOnce(&Gatepass) -> gatepass::Result<T>) -> Error {
        let before = self.spy.version();
        if self.seen.borrow().0 != before {
            self.seen.replace((before, self.spy.dump_without(&[])));
        }
        let error = act(&self.gate).expect_err("bad input was taken");
        if self.spy.version() != before {
            // A synced act that found nothing to change marks that it synced, and nothing else.
            assert_eq!(
                self.spy.dump_without(&[]),
                self.seen.borrow().1,
                "something was written before {error:?}"
            );
        }
        silent(&error);
        error
    }

    /// The field that an act names which changes nothing.
    #[track_caller]
    fn field<T: std::fmt::Debug>(&self, act: impl FnOnce(&Gatepass) -> gatepass::Result<T>) -> String {
        match self.untouched(act) {
            Error::Invalid { field, .. } => field.into_owned(),
            other => panic!("expected an invalid value, got {other:?}"),
        }
    }

    /// The same through an operation.
    #[track_caller]
    fn field_of(&self, operation: &str, parameters: Value) -> String {
        self.field(|gate| ops::call(gate, operation, parameters))
    }
}

/// No text of an error holds what was given.
#[track_caller]
fn silent(error: &Error) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains(PLANTED), "repeated: {text}");
        assert!(text.len() < 1_000, "an error of {} bytes", text.len());
        assert!(!text.contains('\0'));
    }
}

fn wrong_hex(length: usize) -> Vec<String> {
    let good: String = "0123456789abcdef".chars().cycle().take(length).collect();
    vec![
        String::new(),
        good[..length - 1].to_owned(),
        format!("{good}0"),
        good.to_uppercase(),
        good.replace('7', "g"),
        good.replace('0', "\0"),
        format!("{}\0", &good[1..]),
        format!(" {}", &good[1..]),
        format!("{good}\n"),
        good.replace('a', "а"),
        format!("{PLANTED}{}", &good[7..]),
        "a".repeat(1 << 20),
    ]
}

#[test]
fn a_wrong_token_is_unknown_and_costs_no_write() {
    let bench = Bench::new();
    let gate = &bench.gate;
    let mut wrong = wrong_hex(40);
    // An id of a session, a name of a token, and the shape of a token that was never issued.
    wrong.extend(["ab".repeat(32), "ab".repeat(12)]);
    for text in &wrong {
        let error = bench.untouched(|gate| gate.read_token(text, None));
        assert_eq!(error.reason(), Some(Reason::TokenUnknown));
        assert!(Token::parse(text).is_none());
        if text.len() != 24 {
            assert_eq!(bench.field_of("token.explain", json!({ "token": text })), "token");
            assert_eq!(bench.field_of("token.revoke", json!({ "token": text })), "token");
        }
    }
    let never = gate.read_token(&"ab".repeat(20), None).unwrap();
    for error in [
        bench.untouched(|gate| gate.redeem(&gatepass::token::RedeemRequest::new(never.clone()))),
        bench.untouched(|gate| gate.inspect(&never)),
        bench.untouched(|gate| gate.explain(&never)),
        bench.untouched(|gate| ops::call(gate, "token.explain", json!({ "token": never.reveal() }))),
    ] {
        assert_eq!(error.reason(), Some(Reason::TokenUnknown));
        assert!(!format!("{error:?}{error}").contains(&never.reveal()));
    }
    for text in wrong_hex(64) {
        assert_eq!(
            bench.untouched(|gate| gate.read_session_id(&text, None)).reason(),
            Some(Reason::SessionUnknown)
        );
        assert_eq!(bench.field_of("session.end", json!({ "session": text })), "session");
    }
    for text in wrong_hex(24) {
        assert!(Reference::parse(&text).is_none());
        assert_eq!(bench.field_of("token.list", json!({ "before": text })), "before");
        assert_eq!(bench.field_of("session.list", json!({ "before": text })), "before");
    }
    assert!(SessionId::parse("ab".repeat(32)).is_some());
}

#[test]
fn only_positive_whole_numbers_are_ids() {
    let bench = Bench::new();
    for wrong in [0, -1, i64::MIN] {
        assert_eq!(invalid(UserId::new(wrong)), "user_id");
        assert_eq!(invalid(ClientId::new(wrong)), "client_id");
        assert_eq!(invalid(ItemId::new(wrong)), "item_id");
    }
    let beyond: Value = serde_json::from_str("9223372036854775808").unwrap();
    let huge: Value = serde_json::from_str("1e300").unwrap();
    let wrong = [
        json!(0),
        json!(-1),
        json!(i64::MIN),
        beyond,
        json!(u64::MAX),
        huge,
        json!(1.0),
        json!(1.5),
        json!("1"),
        json!(PLANTED),
        json!(true),
        json!([1]),
        json!({ "user_id": 1 }),
        Value::Null,
    ];
    for id in wrong {
        for (operation, field) in [
            ("user.show", "user_id"),
            ("user.enable", "user_id"),
            ("user.disable", "user_id"),
            ("user.export", "user_id"),
            ("user.erase", "user_id"),
            ("client.show", "client_id"),
            ("member.list", "client_id"),
            ("session.end_user", "user_id"),
            ("session.end_credential", "credential_id"),
        ] {
            assert_eq!(bench.field_of(operation, json!({ field: id })), field, "{operation} {id}");
        }
        if !id.is_null() {
            let who = json!({ "email": "ben@example.com", "user_id": id });
            assert_eq!(bench.field_of("user.add", who), "user_id");
            assert_eq!(bench.field_of("token.list", json!({ "client_id": id })), "client_id");
        }
    }
    // The largest id is one like any other, also in the directory that counts on from it.
    let last = json!({ "email": "last@example.com", "user_id": i64::MAX });
    assert_eq!(ops::call(&bench.gate, "user.add", last).unwrap()["user_id"], i64::MAX);
    let next = ops::call(&bench.gate, "user.add", json!({ "email": "next@example.com" }));
    if let Err(error) = next {
        assert!(matches!(error, Error::Refused(_) | Error::Invalid { .. }), "no id is left: {error:?}");
    }
}

/// Addresses that are none.
fn no_addresses() -> Vec<String> {
    let mut wrong: Vec<String> =
        ["", " ", "\t\n", PLANTED, "@", "a@", "@b", "a@b\0", "a\0@b", "a\r\nb@c", "a\u{85}@b"]
            .map(str::to_owned)
            .into();
    wrong.extend((0..32u8).map(|control| format!("a{}@b", char::from(control))));
    wrong.push(format!("{}@example.com", PLANTED.repeat(1_463)));
    wrong.push(format!("a@{}", "b".repeat(253)));
    wrong
}

#[test]
fn an_address_that_is_none_is_named() {
    let bench = Bench::new();
    for email in no_addresses() {
        for operation in ["user.add", "client.add"] {
            assert_eq!(bench.field_of(operation, json!({ "email": email })), "email");
        }
        let new = NewUser { email: email.clone(), ..NewUser::default() };
        assert_eq!(bench.field(|gate| gate.add_user(&new)), "email");
        let sign = |gate: &Gatepass| gate.sign_autoauth(&email, KeyChoice::Given(&secret(KEY)), None);
        assert_eq!(bench.field(sign), "email");
        // A search for what can't be there finds nobody, or says so; it never fails otherwise.
        let query = DirectoryQuery { email: Some(email.clone()), ..DirectoryQuery::default() };
        match bench.gate.list_users(&query) {
            Ok(page) => assert_eq!(page.total, 0, "{email:.20?}"),
            Err(error) => {
                assert!(matches!(&error, Error::Invalid { field, .. } if field == "email"), "{error:?}")
            }
        }
    }
}

/// Other addresses that look or fold like `kim@example.com`.
const LOOKALIKES: &[&str] = &[
    "\u{212a}im@example.com",
    "kım@example.com",
    "kİm@example.com",
    "кim@example.com",
    "kim@exаmple.com",
    "ｋim@example.com",
    "kim＠example.com@x",
    "kim@example。com",
    "kim@ex\u{ad}ample.com",
    "kim\u{200b}@example.com",
    "k\u{301}im@example.com",
    "kím@example.com",
    "kim@example.com\u{a0}",
    "kim@example.com.",
    "kim@ｅxample.com",
    "ᵏim@example.com",
];

#[test]
fn a_lookalike_never_matches_the_ascii_address() {
    let bench = Bench::new();
    let gate = &bench.gate;
    let (user, client) = person(gate, " Kim@Example.COM ");
    switch_on(gate);
    let search = |email: &str| {
        let query = DirectoryQuery { email: Some(email.to_owned()), ..DirectoryQuery::default() };
        (gate.list_users(&query).unwrap().total, gate.list_clients(&query).unwrap().total)
    };
    for same in ["kim@example.com", "KIM@EXAMPLE.COM", "\tkim@example.com "] {
        assert_eq!(search(same), (1, 1));
    }
    let mut at = bench.clock_seconds();
    for other in LOOKALIKES {
        assert_eq!(search(other), (0, 0), "{other}");
        at += 1;
        let link =
            query(&[("email", other), ("timestamp", &at.to_string()), ("hash", &hash(other, at, KEY))]);
        assert_eq!(refused(accept(gate, &link)), Reason::NoMatch, "{other}");
        // It may belong to somebody of its own, who is then not Kim.
        let theirs = gate.add_user(&NewUser { email: (*other).to_owned(), ..NewUser::default() }).unwrap();
        assert_ne!(theirs.user_id, user);
    }
    let link = query(&[
        ("email", "KIM@example.com"),
        ("timestamp", &at.to_string()),
        ("hash", &hash("KIM@example.com", at, KEY)),
    ]);
    assert_eq!(accept(gate, &link).unwrap().client_id, Some(client));
}

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
        (to("sso:custom_redirect"), "sso_redirect_path"),
        (with_path("sso:custom_redirect", "cart.php").service(one), "service_id"),
        (with_path("clientarea:profile", "cart.php"), "sso_redirect_path"),
        (with_path("clientarea:product_details", "cart.php").service(one), "sso_redirect_path"),
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

fn percent(text: &str, which: impl Fn(u8) -> bool) -> String {
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
        assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "sso_redirect_path", "{path:.80?}");
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
    assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "sso_redirect_path");
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
    assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "sso_redirect_path");
    gate.set_destination(
        &serde_json::from_value(json!({ "name": "own:page", "path": "viewquote.php" })).unwrap(),
    )
    .unwrap();
    deny.push("viewquote.php".into());
    gate.set_setting("deny", json!(deny)).unwrap();
    let request = IssueRequest::for_client(bench.client).destination("own:page");
    assert_eq!(bench.field(|gate| gate.issue(&caller, &request)), "destination");
}

// ---- AutoAuth ----

const KEY: &str = "a key of more than twenty characters";

impl Bench {
    fn clock_seconds(&self) -> i64 {
        use gatepass::clock::Clock;
        self.clock.now().as_seconds()
    }
}

fn switch_on(gate: &Gatepass) {
    gate.add_autoauth_key("old", &secret(KEY)).unwrap();
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
}

fn hash(email: &str, at: i64, key: &str) -> String {
    let digest = digest(email.as_bytes(), at, key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn query(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn accept(gate: &Gatepass, query: &str) -> gatepass::Result<gatepass::autoauth::AutoAuthSignIn> {
    gate.accept_autoauth(query.as_bytes(), &AutoAuthRequest::default())
}

#[test]
fn a_malformed_link_names_its_field_and_leaves_no_trace() {
    let bench = Bench::new();
    switch_on(&bench.gate);
    let (email, at) = ("ann@example.com", bench.clock_seconds());
    let (stamp, hash) = (at.to_string(), hash(email, at, KEY));
    let good = [("email", email), ("timestamp", &*stamp), ("hash", &*hash)];
    for missing in 0..3 {
        let mut fields = good.to_vec();
        let (name, _) = fields.remove(missing);
        assert_eq!(bench.field(|gate| accept(gate, &query(&fields))), name);
        // An empty one, one by another letter case and one as a list are not there either.
        for instead in [format!("{name}="), format!("{}=1", name.to_uppercase()), format!("{name}[]=1")] {
            let text = format!("{}&{instead}", query(&fields));
            assert_eq!(bench.field(|gate| accept(gate, &text)), name, "{text}");
        }
    }
    for (name, value) in good.into_iter().chain([("goto", "cart.php")]) {
        let twice = format!("{}&goto=cart.php&{name}={value}", query(&good));
        assert_eq!(bench.field(|gate| accept(gate, &twice)), name);
        let hidden = format!("{}&goto=cart.php&%{:02x}{}=x", query(&good), name.as_bytes()[0], &name[1..]);
        assert_eq!(bench.field(|gate| accept(gate, &hidden)), name, "{hidden}");
    }
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    wrong.insert(
        "hash",
        wrong_hex(40).into_iter().filter(|text| text != &text.to_uppercase() || text.len() != 40).collect(),
    );
    wrong.insert(
        "email",
        no_addresses().into_iter().filter(|text| text.len() > 254 || !text.contains('@')).collect(),
    );
    let ten = |text: &str| text.to_owned();
    wrong.insert(
        "timestamp",
        vec![
            ten(""),
            format!("+{at}"),
            format!("-{at}"),
            format!("+{}", &stamp[1..]),
            format!(" {at}"),
            format!("{at} "),
            format!(" {}", &stamp[1..]),
            format!("{at}\n"),
            format!("{at}\0"),
            format!("0{at}"),
            format!("0{}", &stamp[..9]),
            ten(&stamp[..9]),
            format!("{at}0"),
            format!("{at}.0"),
            ten("1.80000e9"),
            ten("1800000e03"),
            ten("0x6b49d200"),
            ten("1_80000000"),
            ten("1,80000000"),
            "١٨٠٠٠٠٠٠٠٠".to_owned(),
            ten("18000000OO"),
            ten("99999999999999999999"),
            ten(PLANTED),
            "9".repeat(5_000),
        ],
    );
    for (name, values) in wrong {
        for value in values {
            let fields = good.map(|(field, usual)| (field, if field == name { &*value } else { usual }));
            let field = bench.field(|gate| accept(gate, &query(&fields)));
            assert!(field == name || field == "query", "{value:.40?} gave {field}");
        }
    }
    let endless = format!("{}&x={}", query(&good), "a".repeat(1 << 20));
    assert_eq!(bench.field(|gate| accept(gate, &endless)), "query");
    for junk in ["", "?", "&&&&", "=", "=&=", "%", "Email", "\0", "email=%ff&timestamp=1&hash=2"] {
        assert_eq!(bench.field(|gate| accept(gate, junk)), "email", "{junk:?}");
    }
    // After all this, the link is still good once.
    accept(&bench.gate, &query(&good)).unwrap();
}

#[test]
fn the_window_is_900_seconds_to_both_sides_and_no_more() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let mut at = bench.clock_seconds();
    for (offset, late, verdict) in [
        (900, 0, None),
        (900, 999, None),
        (901, 0, Some(Reason::AutoAuthTooOld)),
        (-900, 0, None),
        (-901, 999, Some(Reason::AutoAuthTooNew)),
        (-901, 0, Some(Reason::AutoAuthTooNew)),
        (i64::from(i32::MAX), 0, Some(Reason::AutoAuthTooOld)),
    ] {
        at += 1;
        let link = query(&[
            ("email", "ann@example.com"),
            ("timestamp", &at.to_string()),
            ("hash", &hash("ann@example.com", at, KEY)),
        ]);
        let now = gatepass::clock::Timestamp::from_millis((at + offset) * 1_000 + late);
        bench.clock.set(now);
        assert_eq!(
            accept(gate, &link).err().and_then(|error| error.reason()),
            verdict,
            "{offset} s {late} ms"
        );
    }
}

/// One link in the ways in which it may be written.
fn respelled(email: &str, at: i64) -> Vec<String> {
    let (stamp, hash) = (at.to_string(), hash(email, at, KEY));
    let upper = hash.to_uppercase();
    let mixed: String = hash
        .chars()
        .enumerate()
        .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
        .collect();
    let encoded = |text: &str| percent(text, |_| true);
    let lower = |text: &str| percent(text, |_| true).to_lowercase();
    vec![
        query(&[("email", email), ("timestamp", &stamp), ("hash", &hash)]),
        format!("?{}", query(&[("hash", &hash), ("timestamp", &stamp), ("email", email)])),
        query(&[("timestamp", &stamp), ("email", email), ("hash", &upper)]),
        query(&[("email", email), ("timestamp", &stamp), ("hash", &mixed), ("goto", "cart.php")]),
        query(&[("goto", "viewinvoice.php?id=5"), ("email", email), ("timestamp", &stamp), ("hash", &hash)]),
        // As most generators wrote it: not encoded at all, so that the plus reads as a blank.
        format!("email={email}&timestamp={stamp}&hash={hash}"),
        format!("email={}&timestamp={stamp}&hash={hash}", email.replace('+', "%20")),
        format!("email={}&timestamp={}&hash={}", encoded(email), encoded(&stamp), encoded(&hash)),
        format!("email={}&timestamp={}&hash={}&goto=", lower(email), lower(&stamp), lower(&upper)),
        format!("%65mail={email}&%74imestamp={stamp}&%68ash={hash}"),
        format!("a=1&&email={email}&x&timestamp={stamp}&=&hash={hash}&email[]=x&Email=y&goto=%63art.php"),
    ]
}

#[test]
fn a_link_is_accepted_once_in_all_its_spellings() {
    let bench = Bench::new();
    let gate = &bench.gate;
    let email = "ann+news@example.com";
    person(gate, email);
    switch_on(gate);
    let start = bench.clock_seconds();
    let count = respelled(email, start).len();
    for first in 0..count {
        // Another second is another link.
        let links = respelled(email, start + first as i64);
        let signed_in = accept(gate, &links[first]).unwrap();
        assert_eq!(signed_in.email, email);
        for (other, link) in links.iter().enumerate() {
            assert_eq!(refused(accept(gate, link)), Reason::AutoAuthUsed, "{other} after {first}");
            // With the key from the caller's own configuration it is the same link.
            let given = AutoAuthRequest::default().with_key(secret(KEY));
            assert_eq!(refused(gate.accept_autoauth(link.as_bytes(), &given)), Reason::AutoAuthUsed);
        }
    }
    assert_eq!(bench.spy.number("SELECT count(*) FROM autoauth_link"), count as i64);
    assert_eq!(bench.spy.number("SELECT uses FROM autoauth_key"), count as i64);
}

#[test]
fn a_purge_and_a_clock_set_back_bring_no_used_link_back() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let email = "ann@example.com";
    let link =
        |at: i64| query(&[("email", email), ("timestamp", &at.to_string()), ("hash", &hash(email, at, KEY))]);
    let start = bench.clock_seconds();
    // One from the end of the window, so that it is the longest to be remembered.
    let (used, ahead) = (link(start), link(start + 900));
    accept(gate, &used).unwrap();
    accept(gate, &ahead).unwrap();
    for later in [600, 900, 1_801, 3_600, 3_601, 4_501, 90_000, 90_000_000] {
        bench.clock.set(common::START.plus(Duration::from_secs(later)));
        gate.purge(&mut |_, _| {}).unwrap();
        for back in [0, later, later + 900] {
            bench.clock.set(common::START.plus(Duration::from_secs(later)).minus(Duration::from_secs(back)));
            for spent in [&used, &ahead] {
                let reason = refused(accept(gate, spent));
                let known = [
                    Reason::AutoAuthUsed,
                    Reason::AutoAuthForgotten,
                    Reason::AutoAuthTooOld,
                    Reason::AutoAuthTooNew,
                ];
                assert!(known.contains(&reason), "{later} s later, set back by {back} s: {reason:?}");
            }
        }
    }
    // Under another key id it is the same link too, and a retired key signs nothing.
    bench.clock.set(common::START.plus(Duration::from_secs(100_000_000)));
    let now = bench.clock_seconds();
    accept(gate, &link(now)).unwrap();
    gate.retire_autoauth_key("old").unwrap();
    assert_eq!(refused(accept(gate, &link(now + 1))), Reason::AutoAuthOff);
    gate.add_autoauth_key("new", &secret(KEY)).unwrap();
    assert_eq!(refused(accept(gate, &link(now))), Reason::AutoAuthUsed);
    accept(gate, &link(now + 1)).unwrap();
}

#[test]
fn no_digit_moves_between_address_time_and_key() {
    let bench = Bench::new();
    let gate = &bench.gate;
    switch_on(gate);
    let at = bench.clock_seconds();
    let stamp = at.to_string();
    // An address that ends in digits, so that they could move either way.
    let email = "ann@example.com1";
    person(gate, email);
    let hash = hash(email, at, KEY);
    for (moved, time) in [
        (format!("{email}{}", &stamp[..1]), stamp[1..].to_owned()),
        (format!("{email}{}", &stamp[..5]), stamp[5..].to_owned()),
        (email[..email.len() - 1].to_owned(), format!("1{stamp}")),
    ] {
        let link = query(&[("email", &moved), ("timestamp", &time), ("hash", &hash)]);
        assert_eq!(bench.field(|gate| accept(gate, &link)), "timestamp");
    }
    // Ten digits all the same: the hash no longer fits, unless the key gives a digit.
    let shifted = format!("{}7", &stamp[1..]);
    let link =
        query(&[("email", &format!("{email}{}", &stamp[..1])), ("timestamp", &shifted), ("hash", &hash)]);
    assert_eq!(bench.untouched(|gate| accept(gate, &link)).reason(), Some(Reason::AutoAuthHash));
    for related in [&format!("7{KEY}"), &KEY[1..], KEY, &KEY[KEY.len() - 1..]] {
        let add = |gate: &Gatepass| gate.add_autoauth_key("other", &secret(related));
        assert_eq!(bench.field(add), "key");
    }
    gate.add_autoauth_key("other", &secret("another key that ends otherwise")).unwrap();
    for (label, key, field) in [
        ("x", "", "key"),
        ("", "hunter2 and more than twenty", "label"),
        ("x\0", "hunter2 and more than twenty", "label"),
        (&*"x".repeat(101), "hunter2 and more than twenty", "label"),
        ("x", &*PLANTED.repeat(200), "key"),
    ] {
        let parameters = json!({ "label": label, "key": key });
        assert_eq!(bench.field_of("autoauth.key_add", parameters), field);
    }
    let taken =
        bench.untouched(|gate| gate.add_autoauth_key("old", &secret("hunter2, a third key of some length")));
    assert_eq!(taken.reason(), Some(Reason::AlreadyExists));
}

#[test]
fn an_action_that_is_no_name_is_named_and_never_audited() {
    let bench = Bench::new();
    let mut new = NewCredential { label: "limited".into(), host: true, ..NewCredential::default() };
    new.limits.actions = Some(vec!["createssotoken".into()]);
    bench.gate.create_credential(&new).unwrap();
    let caller = bench.gate.host_caller("limited").unwrap();
    for action in ["", "GetClients", "get clients", "hunter2@example.com", "x\0", "é", &PLANTED.repeat(10)] {
        assert_eq!(bench.field(|gate| gate.authorise(&caller, action, None)), "action", "{action}");
    }
    assert_eq!(refused(bench.gate.authorise(&caller, "getclients", None)), Reason::ActionNotAllowed);
    bench.gate.authorise(&caller, "createssotoken", None).unwrap();
}

// ---- Settings and operations ----

#[test]
fn a_wrong_setting_is_named_and_stays_as_it_was() {
    let bench = Bench::new();
    let wrong = [
        json!(null),
        json!(-1),
        json!(u64::MAX),
        json!(4_000_000_000u32),
        json!(1.5),
        json!(PLANTED),
        json!(""),
        json!([PLANTED]),
        json!([1]),
        json!({ PLANTED: 1 }),
        json!(["10.0.0.0/33"]),
        json!(["../hunter2"]),
    ];
    let settings = bench.gate.settings().unwrap().list();
    for setting in &settings {
        for value in &wrong {
            // A file may be called so.
            let names = [json!([PLANTED]), json!(["10.0.0.0/33"])];
            if setting.name == "deny" && names.contains(value) {
                continue;
            }
            let parameters = json!({ "name": setting.name, "value": value });
            assert_eq!(bench.field_of("settings.set", parameters), setting.name, "{value}");
            assert_eq!(bench.field(|gate| gate.set_setting(setting.name, value.clone())), setting.name);
        }
    }
    for (name, value) in [
        ("token_life_seconds", json!(0)),
        ("token_life_seconds", json!(61)),
        ("token_leeway_seconds", json!(61)),
        ("token_retention_seconds", json!(3_599)),
        ("token_retention_seconds", json!(2_592_001)),
        ("session_idle_seconds", json!(59)),
        ("session_idle_seconds", json!(86_401)),
        ("session_absolute_seconds", json!(299)),
        ("autoauth_past_seconds", json!(0)),
        ("autoauth_past_seconds", json!(3_601)),
        ("autoauth_future_seconds", json!(3_601)),
        ("audit_retention_days", json!(0)),
        ("audit_retention_days", json!(3_651)),
        ("audit_address_days", json!(3_651)),
        ("mode", json!("managed")),
        ("system_url", json!("http://hunter2.example")),
        ("system_url", json!("https://hunter2@billing.example.com")),
        ("system_url", json!("https://billing.example.com/?hunter2")),
        ("deny", json!(["a".repeat(129)])),
        ("deny", json!((0..300).map(|n| format!("x{n}.php")).collect::<Vec<_>>())),
    ] {
        assert_eq!(bench.field(|gate| gate.set_setting(name, value.clone())), name, "{value}");
    }
    for name in ["", "Mode", "token_life", PLANTED, "token_life_seconds\0"] {
        assert_eq!(bench.field_of("settings.get", json!({ "name": name })), "name");
        assert_eq!(bench.field_of("settings.set", json!({ "name": name, "value": 1 })), "name");
    }
    assert_eq!(bench.gate.settings().unwrap().list(), settings);
}

/// Good parameters of every operation, in a store that [`prepared`] made. An operation that is missing here
/// fails the test.
fn good(name: &str, place: &Place) -> Value {
    let file = |name: &str| place.beside(name).to_str().unwrap().to_owned();
    let (from, to) = ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    match name {
        "store.info" | "settings.list" | "destination.list" | "store.purge" | "store.check"
        | "admin.list" | "credential.list" | "autoauth.enable" | "autoauth.disable" | "autoauth.key_list" => {
            json!({})
        }
        "settings.get" => json!({ "name": "token_life_seconds" }),
        "settings.set" => json!({ "name": "token_life_seconds", "value": 30 }),
        "destination.set" => json!({ "name": "own:page", "path": "cart.php", "input": "none" }),
        "destination.remove" => json!({ "name": "clientarea:emails" }),
        "audit.list" => json!({
            "from": from, "to": to, "event": "token.", "outcome": "ok", "credential_id": 1, "user_id": 1,
            "client_id": 1, "object": "x", "after": "1795356826123-0", "limit": 10
        }),
        "store.backup" => json!({ "file": file("new-backup") }),
        "store.restore" => json!({ "file": file("backup") }),
        "admin.add" => json!({ "username": "second", "password": "long enough" }),
        "admin.enable" | "admin.disable" => json!({ "username": "root" }),
        "admin.set_password" => json!({ "username": "root", "password": "long enough" }),
        "credential.create" => json!({
            "label": "second", "admin": "root", "host": false, "home_url": "https://portal.example.com",
            "expires_at": to,
            "limits": {
                "actions": ["createssotoken"], "destinations": ["*"], "clients": [1],
                "addresses": ["10.0.0.0/8"],
                "max_token_life_seconds": 30, "issues_per_minute": 10
            }
        }),
        "credential.show" => json!({ "credential": "portal" }),
        "credential.rotate" => json!({ "credential": "portal", "overlap_seconds": 0, "leaked_since": from }),
        "credential.revoke" => json!({ "credential": "portal", "end_sessions": true }),
        "credential.enable" | "credential.disable" => json!({ "credential": "cli" }),
        "autoauth.key_add" => json!({ "label": "second", "key": "some other key of a good length" }),
        "autoauth.key_retire" => json!({ "label": "old" }),
        "autoauth.report" => json!({ "days": 30 }),
        "seal.rotate" => json!({ "file": place.beside("keys").join("next").to_str().unwrap() }),
        "user.add" => {
            json!({ "user_id": 50, "email": "ben@example.com", "first_name": "Ben", "last_name": "B" })
        }
        "user.list" => json!({
            "email": "ann@example.com", "search": "a", "offset": 0, "limit": 10, "descending": false
        }),
        "client.list" => json!({
            "email": "ann@example.com", "search": "a", "status": "Active", "offset": 0, "limit": 10,
            "descending": true
        }),
        "user.show" | "user.enable" | "user.disable" | "user.export" | "user.erase" | "session.end_user" => {
            json!({ "user_id": 1 })
        }
        "client.add" => json!({
            "client_id": 50, "email": "ben@example.com", "first_name": "Ben", "last_name": "B",
            "company_name": "B & B", "status": "Inactive", "group_id": 3, "owner": 1
        }),
        "client.show" | "member.list" => json!({ "client_id": 1 }),
        "client.set_status" => json!({ "client_id": 1, "status": "Closed" }),
        "client.allow_sso" => json!({ "client_id": 1, "allow": false }),
        "member.add" => json!({ "user_id": 2, "client_id": 1, "owner": false }),
        "member.remove" => json!({ "user_id": 3, "client_id": 1 }),
        "token.list" => json!({
            "user_id": 1, "client_id": 1, "credential_id": 1, "live": true, "before": "ff".repeat(12),
            "limit": 10
        }),
        "token.explain" | "token.revoke" => {
            json!({ "token": std::fs::read_to_string(place.beside("token")).unwrap() })
        }
        "session.list" => json!({
            "user_id": 1, "client_id": 1, "credential_id": 1, "all": true, "before": "ff".repeat(12),
            "limit": 10
        }),
        "session.end" => json!({ "session": std::fs::read_to_string(place.beside("session")).unwrap() }),
        "session.end_credential" => json!({ "credential_id": 1, "since": from }),
        other => panic!("{other} is new: give it good parameters here"),
    }
}

/// A store in which every one of the [`good`] parameters means something.
fn prepared() -> Bench {
    let bench = Bench::new();
    let gate = &bench.gate;
    gate.add_admin("root", None).unwrap();
    let new =
        NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
    gate.create_credential(&new).unwrap();
    switch_on(gate);
    person(gate, "cat@example.com");
    let dora = gate.add_user(&NewUser { email: "dora@example.com".into(), ..NewUser::default() }).unwrap();
    gate.add_member(dora.user_id, bench.client, false).unwrap();
    let session = redeem(gate, &issue(gate, bench.client)).unwrap().session.unwrap();
    std::fs::write(bench.place.beside("session"), session.reveal()).unwrap();
    std::fs::write(bench.place.beside("token"), issue(gate, bench.client).token.reveal()).unwrap();
    gate.backup(bench.place.beside("backup"), &mut |_, _| {}).unwrap();
    Gatepass::new_sealing_key_file(bench.place.beside("keys").join("next"), &bench.place.store).unwrap();
    bench
}

fn nested(depth: usize) -> Value {
    (0..depth)
        .fold(json!(PLANTED), |inside, at| if at % 2 == 0 { json!([inside]) } else { json!({ "x": inside }) })
}

#[test]
fn every_operation_does_its_work_with_good_parameters() {
    for operation in ops::all() {
        let bench = prepared();
        let parameters = good(operation.name, &bench.place);
        if let Err(error) = ops::call(&bench.gate, operation.name, parameters) {
            panic!("{}: {error:?}", operation.name);
        }
    }
}

#[test]
fn no_operation_takes_junk() {
    let bench = prepared();
    for operation in ops::all() {
        let wants_nothing = good(operation.name, &bench.place) == json!({});
        for junk in [json!([]), json!("x"), json!(5), json!(true), json!([[PLANTED]]), nested(500)] {
            let parameters = if junk.is_object() { json!([junk]) } else { junk };
            assert_eq!(bench.field_of(operation.name, parameters), "parameters", "{}", operation.name);
        }
        assert_eq!(bench.field_of(operation.name, json!({ "x": 1 })), "x", "{}", operation.name);
        assert_eq!(bench.field_of(operation.name, json!({ "x": nested(500) })), "x", "{}", operation.name);
        // A name that is none is not repeated, for an error is one short line.
        let endless = PLANTED.repeat(20_000);
        for name in ["", "hunter2\nhunter2", "hunter2@example.com", "\u{1b}[2J", "a b", "é", &endless] {
            let field = bench.field_of(operation.name, json!({ name: 1 }));
            assert_eq!(field, "parameters", "{} {name:.20?}", operation.name);
        }
        for nothing in [json!({}), Value::Null] {
            let optional = ["user.list", "client.list", "token.list", "session.list", "autoauth.report"];
            if !wants_nothing && !optional.contains(&operation.name) {
                let field = bench.field_of(operation.name, nothing);
                assert!(!field.is_empty() && field != "parameters", "{}: {field}", operation.name);
            }
        }
    }
    for name in ["", "token", "token.", "TOKEN.LIST", "token.list ", "token.list\0", PLANTED] {
        assert_eq!(bench.field_of(name, json!({})), "operation");
    }
}

/// Every place in a document that holds no object, by its path.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// What an operation may leave behind when it refuses: that it did.
const REFUSAL_TABLES: &[&str] = &["audit", "refusal"];

#[test]
fn every_parameter_of_every_operation_stands_up_to_every_wrong_value() {
    let mut calls = 0;
    for operation in ops::all() {
        let mut bench = prepared();
        let model = good(operation.name, &bench.place);
        let mut places = Vec::new();
        if model != json!({}) {
            leaves(&model, "", &mut places);
        }
        for place in &places {
            let wrong = [
                Value::Null,
                json!(true),
                json!(0),
                json!(-1),
                json!(1.5),
                json!(1e300),
                json!(i64::MAX),
                json!(i64::MIN),
                json!(u64::MAX),
                json!(""),
                json!(PLANTED),
                json!("x\0y"),
                json!("\u{1b}]0;hunter2\u{7}"),
                json!(PLANTED.repeat(20_000)),
                json!("9999-12-31T23:59:59.999999999Z"),
                json!("0000-01-01T00:00:00Z"),
                json!([]),
                json!([PLANTED]),
                json!([null, 1, "hunter2", {}]),
                json!({}),
                json!({ PLANTED: PLANTED }),
                nested(100),
            ];
            for value in wrong {
                calls += 1;
                let value = match value {
                    // What is a file name for everybody must not make a file here.
                    Value::String(text) if place == "/file" => json!(format!("/no such folder/{text}")),
                    value => value,
                };
                let mut parameters = model.clone();
                *parameters.pointer_mut(place).unwrap() = value.clone();
                let before = (bench.spy.version(), bench.spy.dump_without(REFUSAL_TABLES));
                let told = format!("{} {place} = {value:.60}", operation.name);
                match ops::call(&bench.gate, operation.name, parameters) {
                    Ok(_) => {
                        // A text is a text, and some numbers are fine; a value of another kind never is, but
                        // for the settings' own, which is judged by its setting, and lists that may be
                        // absent.
                        let usual = model.pointer(place).unwrap();
                        let fine = value.is_null() || kind(usual) == kind(&value) || place.contains("limits");
                        assert!(fine, "{told} was taken");
                        bench = prepared();
                        if place.ends_with("/token")
                            || place.ends_with("/session")
                            || place.ends_with("/file")
                        {
                            panic!("{told} was taken");
                        }
                    }
                    Err(error) => {
                        silent(&error);
                        match &error {
                            Error::Invalid { field, .. } => {
                                assert!(!field.is_empty(), "{told}: {error:?}");
                                if bench.spy.version() != before.0 {
                                    let after = bench.spy.dump_without(REFUSAL_TABLES);
                                    assert_eq!(after, before.1, "{told} wrote: {error:?}");
                                }
                            }
                            Error::Refused(_) => {
                                let after = bench.spy.dump_without(REFUSAL_TABLES);
                                assert_eq!(after, before.1, "{told} wrote: {error:?}");
                            }
                            // A file that is not there, or is no store: named by the operation, told by the
                            // store.
                            Error::Store(_) if place == "/file" => {
                                assert_eq!(bench.spy.version(), before.0, "{told} wrote: {error:?}");
                            }
                            other => panic!("{told}: {other:?}"),
                        }
                    }
                }
            }
        }
    }
    println!("{calls} wrong values");
    assert!(calls > 1_500);
}

#[test]
fn the_store_itself_pipes_and_devices_are_no_files_to_read() {
    // Closing any descriptor of the store's files would drop SQLite's locks in this process.
    let bench = prepared();
    let link = bench.place.beside("keys").join("link");
    std::os::unix::fs::symlink(&bench.place.store, &link).unwrap();
    for file in [bench.place.store.clone(), bench.place.suffixed("-wal"), bench.place.suffixed("-shm"), link]
    {
        let file = file.to_str().unwrap();
        let field = bench.field_of("seal.rotate", json!({ "file": file }));
        assert!(field.ends_with("file"), "{field}");
        for operation in ["store.backup", "store.restore"] {
            let error = bench.untouched(|gate| ops::call(gate, operation, json!({ "file": file })));
            assert!(matches!(error, Error::Store(_)), "{operation} {error:?}");
        }
    }
    // Nor is anything that never ends, or never begins.
    let pipe = bench.place.beside("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for file in [pipe.to_str().unwrap(), "/dev/zero", "/dev/null", "/"] {
        assert!(bench.field_of("seal.rotate", json!({ "file": file })).ends_with("file"), "{file}");
        let error = bench.untouched(|gate| ops::call(gate, "store.restore", json!({ "file": file })));
        assert!(matches!(error, Error::Store(_)), "{file} {error:?}");
    }
    // The locks are still there: another process sees a writer of this one.
    let (first, second) = (issue(&bench.gate, bench.client), issue(&bench.gate, bench.client));
    redeem(&bench.gate, &first).unwrap();
    redeem(&bench.gate, &second).unwrap();
}
