//! The bytes of an answer: JSON as PHP writes it, XML as a parser reads it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use gatepass::api::{HttpCall, respond};
use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::Limits;
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::{Gatepass, InitOptions, Options};
use serde_json::{Value, json};

use crate::programs::is_here;
use crate::{Bench, FORM, client_id, common::Place, credential, post, user_id};

/// Draws the same bytes each time.
struct Fixed;

impl rand_core::TryRng for Fixed {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!()
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!()
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        let drawn = 0x00b6_e754_92cd_d421_cc45_8b19_91a9_7c00_u128.to_be_bytes();
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = drawn[1 + at % 14];
        }
        Ok(())
    }
}
impl rand_core::TryCryptoRng for Fixed {}

/// A store whose clock and chance are ours.
fn fixed(now: Timestamp) -> (Place, Gatepass, Arc<ManualClock>) {
    let place = Place::new();
    let clock = Arc::new(ManualClock::new(now));
    let init = InitOptions::new(Mode::Managed, "https://example.test").unwrap();
    let gate = Options::new().clock(clock.clone()).random(Fixed).init(&place.store, &init).unwrap();
    gate.add_admin("root", None).unwrap();
    (place, gate, clock)
}

fn body(gate: &Gatepass, pair: &crate::Pair, pairs: &[(&str, &str)]) -> String {
    String::from_utf8(post(gate, &pair.form(pairs)).body).unwrap()
}

/// The example of contract §1.2 to the byte, but for `https`, which a store insists on.
#[test]
fn a_token_s_answer_is_that_of_the_contract() {
    let (_place, gate, _clock) = fixed(Timestamp::from_millis(0xafae_d448_2ad1));
    let (_, client) = crate::common::person(&gate, "ann@example.com");
    let pair = credential(&gate, "portal", Limits::default());
    let client = client.to_string();
    assert_eq!(
        body(&gate, &pair, &[("action", "CreateSsoToken"), ("client_id", &client)]),
        r#"{"result":"success","access_token":"afaed4482ad1b6e75492cdd421cc458b1991a97c","redirect_url":"https:\/\/example.test\/oauth\/singlesignon.php?access_token=afaed4482ad1b6e75492cdd421cc458b1991a97c"}"#
    );
    assert_eq!(
        body(&gate, &pair, &[("action", "CreateSsoToken"), ("client_id", "9")]),
        r#"{"result":"error","message":"Invalid client_id"}"#
    );
}

/// The examples of contract §5.1 and §5.2.
#[test]
fn the_lists_are_those_of_the_contract() {
    let day = |text: &str| Timestamp::parse(text).unwrap();
    let (_place, gate, clock) = fixed(day("2016-01-01T23:59:59Z"));
    let john = NewUser {
        email: "john.smith@example.net".into(),
        first_name: "John".into(),
        last_name: "Smith".into(),
        ..NewUser::default()
    };
    let client = |first: &str, last: &str, email: &str| NewClient {
        email: email.into(),
        first_name: first.into(),
        last_name: last.into(),
        ..NewClient::default()
    };
    gate.add_client(&client("Price", "Beier", "cecelia99@example.com")).unwrap();
    clock.set(day("2016-01-15T00:00:00Z"));
    gate.add_client(&client("Angelica", "Mohr", "price.ima@example.com")).unwrap();
    clock.set(day("2020-12-15T15:29:49.999Z"));
    gate.add_user(&john).unwrap();
    gate.add_member(user_id(1), client_id(1), true).unwrap();
    let pair = credential(&gate, "portal", Limits::default());
    assert_eq!(
        body(&gate, &pair, &[("action", "GetClients"), ("sorting", "DESC")]),
        concat!(
            r#"{"result":"success","totalresults":2,"startnumber":0,"numreturned":2,"clients":{"client":["#,
            r#"{"id":2,"firstname":"Angelica","lastname":"Mohr","companyname":"","email":"price.ima@example.com","datecreated":"2016-01-15","groupid":0,"status":"Active"},"#,
            r#"{"id":1,"firstname":"Price","lastname":"Beier","companyname":"","email":"cecelia99@example.com","datecreated":"2016-01-01","groupid":0,"status":"Active"}]}}"#
        )
    );
    assert_eq!(
        body(&gate, &pair, &[("action", "GetUsers")]),
        concat!(
            r#"{"result":"success","totalresults":1,"startnumber":0,"numreturned":1,"users":["#,
            r#"{"id":1,"firstname":"John","lastname":"Smith","email":"john.smith@example.net","datecreated":"2020-12-15 15:29:49","validationdata":"","clients":[{"id":1,"isOwner":true}]}]}"#
        )
    );
    let empty = [("action", "GetClients"), ("search", "nobody")];
    assert_eq!(
        body(&gate, &pair, &empty),
        r#"{"result":"success","totalresults":0,"startnumber":0,"numreturned":0,"clients":{"client":[]}}"#
    );
}

#[test]
fn a_permission_s_message_has_its_quotes_escaped() {
    let bench = Bench::new();
    let limits = Limits { actions: Some(vec!["getusers".into()]), ..Limits::default() };
    let pair = credential(&bench.gate, "reader", limits);
    assert_eq!(
        body(&bench.gate, &pair, &[("action", "CreateSsoToken")]),
        r#"{"result":"error","message":"Invalid Permissions: API action \u0022createssotoken\u0022 is not allowed"}"#
    );
}

/// Names that make trouble in JSON, HTML or XML. Control characters are none of a name's.
const NAMES: &[&str] = &[
    "O'Brien & \"Söhne\" <b>/</b>",
    "]]> \\ \u{2028}\u{2029}",
    "\u{1F600} \u{fffe}\u{ffff} \u{feff}",
    "日本語 é e\u{301} \u{a0}",
    "%00 &amp; &#0; \\u0022",
];

/// A store in which clients have these names.
fn named() -> Bench {
    let bench = Bench::of(Mode::Managed);
    for name in NAMES {
        let new =
            NewClient { email: "a@example.com".into(), company_name: (*name).into(), ..NewClient::default() };
        bench.gate.add_client(&new).unwrap();
    }
    bench
}

/// What a program makes of its standard input.
fn filter(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn json_is_written_as_php_writes_it() {
    let bench = named();
    let ours = bench.ask(&[("action", "GetClients")]).body;
    for (at, name) in NAMES.iter().enumerate() {
        let read: Value = serde_json::from_slice(&ours).unwrap();
        assert_eq!(read["clients"]["client"][at]["companyname"], *name);
    }
    assert!(ours.is_ascii());
    if !is_here("php", "json_is_written_as_php_writes_it") {
        return;
    }
    let script = "echo json_encode(json_decode(stream_get_contents(STDIN)),
        JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT | JSON_THROW_ON_ERROR);";
    let theirs = filter("php", &["-n", "-r", script], &ours);
    assert_eq!(String::from_utf8(ours).unwrap(), String::from_utf8(theirs).unwrap());
}

/// Reads XML from standard input and writes it as JSON: elements as lists of name and content.
const READER: &str = "
import json, sys, xml.etree.ElementTree as tree
def told(element):
    return [element.tag, [told(child) for child in element] or (element.text or '')]
print(json.dumps(told(tree.fromstring(sys.stdin.buffer.read()))))";

fn read_xml(xml: &[u8]) -> Value {
    serde_json::from_slice(&filter("python3", &["-c", READER], xml)).unwrap()
}

#[test]
fn xml_holds_what_json_holds() {
    if !is_here("python3", "xml_holds_what_json_holds") {
        return;
    }
    let bench = named();
    let answer = bench.ask(&[("action", "GetClients"), ("responsetype", "xml")]);
    assert_eq!(answer.content_type, "application/xml; charset=utf-8");
    let read = read_xml(&answer.body);
    assert_eq!(read[0], "whmcsapi");
    assert_eq!(
        read[1].as_array().unwrap()[..5],
        [
            json!(["action", "getclients"]),
            json!(["result", "success"]),
            json!(["totalresults", "5"]),
            json!(["startnumber", "0"]),
            json!(["numreturned", "5"]),
        ]
    );
    // A list is its element repeated, within the element that holds it.
    let clients = read[1][5][1].as_array().unwrap();
    assert_eq!((&read[1][5][0], clients.len()), (&json!("clients"), NAMES.len()));
    for (client, name) in clients.iter().zip(NAMES) {
        assert_eq!(client[0], "client");
        let fields = client[1].as_array().unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field[0].as_str().unwrap()).collect();
        let wanted =
            ["id", "firstname", "lastname", "companyname", "email", "datecreated", "groupid", "status"];
        assert_eq!(names, wanted);
        // What is no character of XML 1.0 is replaced.
        assert_eq!(fields[3][1], name.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"));
    }

    let bench = Bench::new();
    let users =
        read_xml(&bench.ask(&[("action", "GetUsers"), ("limitnum", "2"), ("responsetype", "xml")]).body);
    let second = &users[1][6];
    assert_eq!((&users[1][5][0], &second[0]), (&json!("users"), &json!("users")));
    let place = |id: &str, owner: &str| json!(["clients", [["id", id], ["isOwner", owner]]]);
    assert_eq!(second[1].as_array().unwrap()[6..], [place("1", "false"), place("2", "true")]);

    let none = [("action", "GetClients"), ("search", "nobody"), ("responsetype", "xml")];
    assert_eq!(read_xml(&bench.ask(&none).body)[1][5], json!(["clients", ""]));
    let error = bench.ask(&[("action", "CreateSsoToken"), ("responsetype", "xml")]);
    let told = "A valid client_id or user_id is required";
    assert_eq!(
        read_xml(&error.body),
        json!(["whmcsapi", [["action", "createssotoken"], ["result", "error"], ["message", told]]])
    );
    let call = HttpCall::new("POST").body(Some(FORM), b"responsetype=xml&action=<script>");
    let told = "Invalid or missing credentials";
    assert_eq!(
        read_xml(&respond(&bench.gate, &call).body),
        json!(["whmcsapi", [["action", ""], ["result", "error"], ["message", told]]])
    );
}

#[test]
fn no_debug_text_shows_what_a_call_holds() {
    let bench = Bench::new();
    let body = bench.portal.form(&[("action", "CreateSsoToken"), ("client_id", "1")]);
    let call = HttpCall::new("POST").query(b"secret=hunter2").body(Some(FORM), body.as_bytes());
    assert_eq!(format!("{call:?}"), "HttpCall { method: \"POST\", .. }");
    let answer = post(&bench.gate, &body);
    let json = "application/json; charset=utf-8";
    assert_eq!(
        format!("{answer:?}"),
        format!("HttpAnswer {{ status: 200, content_type: {json:?}, retry_after: None, .. }}")
    );
}

/// A reader makes a line feed of a bare carriage return, so that it has to be written as a reference.
#[test]
fn a_carriage_return_outlives_the_xml() {
    let text = gatepass::api::to_xml("x", &json!({ "a": "b\r\nc" }));
    assert!(text.contains("<a>b&#13;\nc</a>"), "{text}");
}
