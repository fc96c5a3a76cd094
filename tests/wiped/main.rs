//! Secrets are wiped when they go: no block of memory that the library gives back holds one.
//!
//! This program's allocator looks into every block before it is freed. What is secret is known beforehand:
//! each part is played twice with the same clock and the same random numbers, first to learn what comes
//! out, then to look for it. A text that grows is always moved, so that nothing is missed by luck. The
//! search is put to plain texts, which it must find.
//!
//! What is handed out as plain text (a redirect URL, what `reveal` gives, an answer as JSON) is its
//! holder's, who wipes it here. Not seen: registers and the stack (`tests/c/wiped.c` searches a whole
//! process), SQLite's own memory, into which digests alone go.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod freed;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use common::{Place, START, person};
use freed::{Named, locked};
use gatepass::api::{self, HttpCall};
use gatepass::autoauth::{Link, digest};
use gatepass::clock::ManualClock;
use gatepass::credential::{NewCredential, Rotation};
use gatepass::directory::Mode;
use gatepass::link::{EndLinks, LinkRequest, OpenRequest, SignInLink};
use gatepass::rand_core::{TryCryptoRng, TryRng};
use gatepass::seal::SealingKey;
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::{Binding, IssueRequest, RedeemRequest, RevokeTokens, Token};
use gatepass::{AutoAuthRequest, Gatepass, KeyChoice, Options, ops, web};
use serde_json::{Value, json};
use zeroize::{Zeroize, Zeroizing};

/// Random numbers that come again.
struct Again(u64);

impl TryRng for Again {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = (self.try_next_u64()? >> 24) as u8;
        }
        Ok(())
    }
}

impl TryCryptoRng for Again {}

/// What a part of the play knew.
#[derive(Default)]
struct Known(Vec<Named>);

impl Known {
    fn text(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.as_bytes().to_vec()));
    }

    /// Without the six bytes of time at its start, which are no secret.
    fn timed(&mut self, name: &str, text: &str) {
        self.text(&format!("{name} (text)"), &text[12..]);
        self.bytes(name, &text[12..]);
    }

    fn bytes(&mut self, name: &str, hex: &str) {
        let byte = |at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
        self.0.push((format!("{name} (bytes)"), (0..hex.len() / 2).map(byte).collect()));
    }

    fn token(&mut self, token: &Token) {
        self.timed("token", &Zeroizing::new(token.reveal()));
    }

    fn session(&mut self, session: &SessionId) {
        self.timed("session id", &Zeroizing::new(session.reveal()));
    }

    fn link(&mut self, link: &SignInLink) {
        self.text("sign-in link", &Zeroizing::new(link.reveal()));
    }
}

const SEALING_KEY: &str =
    "gatepass-sealing-key-1 8f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\n";

struct Stage {
    _place: Place,
    gate: Gatepass,
    client: gatepass::id::ClientId,
    known: Known,
}

impl Stage {
    fn new() -> Self {
        let place = Place::new();
        let options = Options::new()
            .clock(Arc::new(ManualClock::new(START)))
            .random(Again(0x9e37_79b9_7f4a_7c15))
            .sealing_key(SealingKey::parse(SEALING_KEY).unwrap());
        let gate = place.init_with(Mode::Managed, options);
        let (_, client) = person(&gate, "ann@example.com");
        Stage { _place: place, gate, client, known: Known::default() }
    }

    /// An identifier and its secret.
    fn credential(&mut self) -> (String, Secret) {
        let _ = self.gate.add_admin("root", None);
        let mut new =
            NewCredential { label: "crm".into(), admin: Some("root".into()), ..NewCredential::default() };
        new.limits.secret_in_query = true;
        new.limits.destinations = Some(vec!["*".into()]);
        let made = self.gate.create_credential(&new).unwrap();
        let secret = made.secret.unwrap();
        self.known.text("credential's secret", secret.reveal());
        (made.credential.identifier.unwrap(), secret)
    }
}

/// Play a part twice; what was found of it in freed memory the second time, and who freed it.
fn left_by(part: fn(&mut Stage)) -> BTreeMap<String, String> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = locked(&TURN);
    let play = || {
        let mut stage = Stage::new();
        part(&mut stage);
        // Closing is part of it.
        let Stage { gate, known, .. } = stage;
        drop(gate);
        known.0
    };
    let known = play();
    assert!(!known.is_empty() && known.iter().all(|(_, secret)| secret.len() >= 12));
    let (mut again, left) = freed::left_by(known.clone(), play);
    assert!(known == again, "it came out otherwise the second time");
    again.iter_mut().for_each(|(_, secret)| secret.zeroize());
    left
}

#[track_caller]
fn assert_nothing_left(part: fn(&mut Stage)) {
    let left = left_by(part);
    let told: Vec<String> = left.iter().map(|(name, who)| format!("{name}, freed by\n    {who}")).collect();
    assert!(left.is_empty(), "left in freed memory:\n{}", told.join("\n"));
}

#[test]
fn tokens_and_session_ids_are_wiped() {
    assert_nothing_left(|stage| {
        let caller = stage.gate.host_caller("cli").unwrap();
        let nonce = Zeroizing::new("the nonce of one browser's cookie".to_owned());
        stage.known.text("nonce", &nonce);
        let binding = Binding::of_nonce(nonce.as_bytes());
        let request = IssueRequest::for_client(stage.client).bound_to(binding);
        let issued = stage.gate.issue(&caller, &request).unwrap();
        let _url = Zeroizing::new(issued.redirect_url);
        stage.known.token(&issued.token);
        let read = stage.gate.read_token(&Zeroizing::new(issued.token.reveal()), None).unwrap();
        stage.gate.inspect(&read, None).unwrap();
        let redeem = RedeemRequest::new(read).bound_to(binding);
        let redeemed = stage.gate.redeem(&redeem).unwrap();
        let session = redeemed.session.unwrap();
        stage.known.session(&session);
        stage.gate.redeem(&redeem.presenting(Some(session.clone()))).unwrap_err();
        let text = Zeroizing::new(session.reveal());
        let id = stage.gate.read_session_id(&text, None).unwrap();
        stage.gate.check_session(&id, None).unwrap();
        stage.gate.revoke_tokens(&RevokeTokens::One(issued.token.clone())).unwrap_err();
        stage.gate.explain(&issued.token).unwrap();
    });
}

#[test]
fn sign_in_links_are_wiped() {
    assert_nothing_left(|stage| {
        let caller = stage.gate.host_caller("cli").unwrap();
        let request = LinkRequest::new(IssueRequest::for_client(stage.client)).uses(3);
        let made = stage.gate.create_link(&caller, &request).unwrap();
        let url = Zeroizing::new(made.url);
        stage.known.link(&made.link);
        let link = SignInLink::from_url(&url).unwrap();
        stage.gate.inspect_link(&link, None).unwrap();
        let opened = stage.gate.open_link(&OpenRequest::new(link.clone())).unwrap();
        let _url = Zeroizing::new(opened.redirect_url);
        stage.known.token(&opened.token);
        let opened = stage.gate.open_link(&OpenRequest::new(link.clone()).signing_in(None)).unwrap();
        let _url = Zeroizing::new(opened.redirect_url);
        stage.known.token(&opened.token);
        stage.known.session(&opened.redemption.unwrap().session.unwrap());
        stage.gate.explain_link(&link).unwrap();
        stage.gate.revoke_links(&EndLinks::One(link)).unwrap();
    });
}

#[test]
fn credentials_secrets_are_wiped() {
    assert_nothing_left(|stage| {
        let (identifier, old) = stage.credential();
        stage.gate.authenticate(&identifier, &old, None).unwrap();
        let rotation = Rotation::with_overlap(std::time::Duration::from_secs(3_600));
        let new = stage.gate.rotate_credential("crm", &rotation).unwrap().secret.unwrap();
        stage.known.text("the new secret", new.reveal());
        stage.gate.authenticate(&identifier, &old, None).unwrap();
        stage.gate.authenticate(&identifier, &new, None).unwrap();
        stage.gate.revoke_credential("crm", true).unwrap();
        stage.gate.authenticate(&identifier, &new, None).unwrap_err();
    });
}

#[test]
fn passwords_and_their_md5_are_wiped() {
    assert_nothing_left(|stage| {
        let password = Secret::new("correct horse battery staple");
        let md5 = Secret::new("9cc2ae8a1ba7a93da39b46fc1019c481");
        stage.known.text("password", password.reveal());
        stage.known.text("password's MD5", md5.reveal());
        stage.gate.add_admin("ops", Some(&password)).unwrap();
        stage.gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
        stage.gate.authenticate_admin("ops", &md5, None).unwrap();
        stage.gate.authenticate_admin("nobody", &md5, None).unwrap_err();
    });
}

#[test]
fn autoauth_keys_and_the_sealing_key_are_wiped() {
    assert_nothing_left(|stage| {
        let key = Secret::new("the AutoAuth key of the old portal, 2009");
        stage.known.text("AutoAuth key", key.reveal());
        stage.known.text("sealing key (text)", &SEALING_KEY[23..87]);
        stage.known.bytes("sealing key", &SEALING_KEY[23..87]);
        stage.gate.add_autoauth_key("old", &key, None).unwrap();
        stage.gate.set_setting("autoauth_enabled", json!(true)).unwrap();
        for choice in [KeyChoice::Label("old"), KeyChoice::Given(&key)] {
            let url = stage.gate.sign_autoauth("ann@example.com", choice, None).unwrap();
            let url = Zeroizing::new(url);
            let query = url.split_once('?').unwrap().1.as_bytes();
            let _ = stage.gate.accept_autoauth(query, &AutoAuthRequest::default());
            let given = AutoAuthRequest::default().with_key(key.clone());
            stage.gate.accept_autoauth(query, &given).unwrap_err();
            drop(Link::parse(query).unwrap().matched_by(&key).unwrap());
        }
        let other = SealingKey::parse(&SEALING_KEY.replace('8', "7")).unwrap();
        stage.gate.rotate_sealing_key(&other).unwrap();
        drop(other.to_file_text());
    });
}

#[test]
fn an_autoauth_link_s_hash_is_wiped() {
    assert_nothing_left(|stage| {
        let key = Secret::new("the AutoAuth key of the old portal, 2009");
        stage.gate.set_setting("autoauth_enabled", json!(true)).unwrap();
        let choice = KeyChoice::Given(&key);
        let url = Zeroizing::new(stage.gate.sign_autoauth("ann@example.com", choice, None).unwrap());
        let (_, query) = url.split_once('?').unwrap();
        let hash = digest(b"ann@example.com", START.as_seconds(), key.reveal().as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        stage.known.text("hash (text)", &Zeroizing::new(hex));
        let given = AutoAuthRequest::default().with_key(key.clone());
        stage.gate.accept_autoauth(query.as_bytes(), &given).unwrap();
    });
}

/// Wipe a document, as the C ABI does with those that it hands on.
fn wipe(document: &mut Value) {
    match document {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

#[test]
fn what_management_operations_take_is_wiped() {
    assert_nothing_left(|stage| {
        let caller = stage.gate.host_caller("cli").unwrap();
        let issued = stage.gate.issue(&caller, &IssueRequest::for_client(stage.client)).unwrap();
        let _url = Zeroizing::new(issued.redirect_url);
        stage.known.token(&issued.token);
        let redeemed = stage.gate.redeem(&RedeemRequest::new(issued.token.clone())).unwrap();
        stage.known.session(redeemed.session.as_ref().unwrap());
        let session = Zeroizing::new(redeemed.session.unwrap().reveal());
        let token = Zeroizing::new(issued.token.reveal());
        let request = LinkRequest::new(IssueRequest::for_client(stage.client));
        let made = stage.gate.create_link(&caller, &request).unwrap();
        let url = Zeroizing::new(made.url);
        stage.known.link(&made.link);
        stage.known.text("password", "correct horse battery staple");
        stage.known.text("AutoAuth key", "the AutoAuth key of the old portal, 2009");
        for (operation, parameters) in [
            ("admin.add", json!({ "username": "ops", "password": "correct horse battery staple" })),
            ("admin.add", json!({ "username": "ops", "passwort": "correct horse battery staple" })),
            ("admin.add", json!({ "username": ["ops"], "password": "correct horse battery staple" })),
            ("autoauth.key_add", json!({ "label": "x", "key": "the AutoAuth key of the old portal, 2009" })),
            ("token.explain", json!({ "token": &*token })),
            ("token.revoke", json!({ "token": &*token })),
            ("session.end", json!({ "session": &*session })),
            ("link.explain", json!({ "link": &*url })),
            ("link.revoke", json!({ "link": &*url })),
            ("no.such", json!({ "password": "correct horse battery staple" })),
        ] {
            let _ = ops::call(&stage.gate, operation, parameters);
        }
        let parameters = json!({ "label": "portal", "admin": "ops" });
        let mut answer = ops::call(&stage.gate, "credential.create", parameters).unwrap();
        stage.known.text("credential's secret", answer["secret"].as_str().unwrap());
        wipe(&mut answer);
    });
}

#[test]
fn what_api_calls_bring_and_get_is_wiped() {
    assert_nothing_left(|stage| {
        let (identifier, secret) = stage.credential();
        let password = "9cc2ae8a1ba7a93da39b46fc1019c481";
        stage.known.text("password's MD5", password);
        // In one piece each, for what is freed here counts too.
        let client = stage.client.to_string();
        let head = "--b\r\nContent-Disposition: form-data; name=";
        let form: [&str; 6] = [
            "action=CreateSsoToken&responsetype=json&client_id=",
            &client,
            "&identifier=",
            &identifier,
            "&secret=",
            secret.reveal(),
        ];
        let multipart = [
            &[head, "\"action\"\r\n\r\nCreateSsoToken\r\n", head, "\"client_id\"\r\n\r\n", &client, "\r\n"][..],
            &[head, "\"identifier\"\r\n\r\n", &identifier, "\r\n"],
            &[head, "\"secret\"\r\n\r\n", secret.reveal(), "\r\n--b--\r\n"],
        ];
        let form = Zeroizing::new(form.concat());
        let multipart = Zeroizing::new(multipart.concat().concat());
        let legacy = Zeroizing::new(["action=GetUsers&username=ops&password=", password].concat());
        let (posted, mixed) = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b");
        for (kind, body) in [(posted, &form), (mixed, &multipart), (posted, &legacy)] {
            for xml in ["", "&responsetype=xml"] {
                let mut call = HttpCall::new("POST");
                (call.content_type, call.body, call.query) = (Some(kind), body.as_bytes(), xml.as_bytes());
                let answer = api::respond(&stage.gate, &call);
                let body = Zeroizing::new(answer.body);
                let text = std::str::from_utf8(&body).unwrap();
                if let Some(at) = text.find("access_token") {
                    let after = &text[at + "access_token".len()..];
                    let token = after.find(|letter: char| letter.is_ascii_hexdigit()).unwrap();
                    stage.known.timed("token", &after[token..token + 40]);
                }
            }
        }
        let mut call = HttpCall::new("GET");
        call.query = form.as_bytes();
        drop(Zeroizing::new(api::respond(&stage.gate, &call).body));
        assert!(stage.known.0.len() > 3, "nobody was given a token");
    });
}

#[test]
fn what_pages_bring_and_get_is_wiped() {
    assert_nothing_left(|stage| {
        let caller = stage.gate.host_caller("cli").unwrap();
        let (mut cookies, mut tokens) = (Zeroizing::new(String::new()), Vec::new());
        for _ in 0..2 {
            let issued = stage.gate.issue(&caller, &IssueRequest::for_client(stage.client)).unwrap();
            drop(Zeroizing::new(issued.redirect_url));
            stage.known.token(&issued.token);
            tokens.push(issued.token);
        }
        // A sign-in, another one that must be confirmed, its form, and the same token again.
        let asked =
            |token: &Token| Zeroizing::new(["access_token=", &Zeroizing::new(token.reveal())].concat());
        let mut form = asked(&tokens[1]);
        for (method, token) in [("GET", 0), ("GET", 1), ("POST", 1), ("GET", 0)] {
            let mut request =
                web::Request::new(method, "oauth/singlesignon.php").header("Cookie", cookies.as_bytes());
            match method {
                "GET" => request = request.query(asked(&tokens[token]).as_bytes()),
                _ => {
                    request = request.header("Content-Type", "application/x-www-form-urlencoded");
                    request = request.body(form.as_bytes());
                }
            }
            let mut response = web::handle(&stage.gate, &request);
            let nonce = std::str::from_utf8(&response.body).unwrap().split("name=\"nonce\" value=\"").nth(1);
            if let Some(nonce) = nonce {
                let nonce = &nonce[..64];
                stage.known.text("nonce of the form", nonce);
                form = Zeroizing::new([&form, "&nonce=", nonce].concat());
            }
            for (name, value) in &response.headers {
                let pair = value.split(';').next().unwrap();
                if *name == "Set-Cookie" && pair.len() > 64 {
                    if !pair.contains("confirm") {
                        stage.known.timed("session id", pair.split_once('=').unwrap().1);
                    }
                    cookies = Zeroizing::new([&cookies, "; ", pair].concat());
                }
            }
            response.headers.iter_mut().for_each(|(_, value)| value.zeroize());
            response.body.zeroize();
        }
        assert!(stage.known.0.len() >= 2 * 2 + 2, "nobody was signed in");
    });
}

#[test]
fn what_is_not_wiped_is_found() {
    let left = left_by(|stage| {
        stage.known.text("dropped", "a text that is dropped");
        stage.known.text("grown", "a text that has grown");
        stage.known.text("wiped", "a text that is wiped");
        stage.known.text("kept", "a text that is still held");
        drop("a text that is dropped".to_owned());
        let mut grown = "a text that has grown".to_owned();
        grown.push_str(&" and is longer".repeat(10));
        grown.zeroize();
        drop(Zeroizing::new("a text that is wiped".to_owned()));
        std::mem::forget("a text that is still held".to_owned());
    });
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["dropped", "grown"]);
}
