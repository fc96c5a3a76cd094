//! Nothing secret is left anywhere: not in the store, its `-wal`, a backup or the audit, and not in any text
//! that may be logged.
//!
//! Everything is done once with secrets that this test knows. Then every file and text is searched for each
//! of them: as raw bytes, as hex in both cases, as base64 in both alphabets and as base32 wherever it may
//! begin, percent-encoded, as UTF-16, backwards, and for halves of it; tokens and session ids by what
//! follows their time, which is no secret. The search is proven by planting each secret in each of those
//! forms, made by another way than the search's own, in a copy of the store.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod search;
#[cfg(feature = "serve")]
mod served;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Place, START, SYSTEM, invalid, person, portal, refused, secret};
use gatepass::audit::AuditQuery;
use gatepass::autoauth::{Link, digest};
use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::{NewCredential, Rotation};
use gatepass::directory::{Email, Mode};
use gatepass::link::{EndLinks, LinkRequest, OpenRequest, SignInLink};
use gatepass::session::EndSessions;
use gatepass::token::{Binding, IssueRequest, RedeemRequest, RevokeTokens};
use gatepass::{AutoAuthRequest, Error, Gatepass, InitOptions, KeyChoice, Options, Reason, ops};
use search::{Hidden, Search, Vault, forms, hex, unhex};
use serde_json::json;

const EMAIL: &str = "anneliese.unmistakable@example.com";
const KEY: &str = "Vq8-portal key of 2009, never rotated: zX";
const SECOND_KEY: &str = "hT3/another system's key, given at call";
const PASSWORD: &str = "correct horse battery staple";
const NONCE: &str = "the nonce of one browser's cookie";

/// Everything that was said, in the words of errors and of `Debug`.
#[derive(Default)]
struct Texts(Vec<String>);

impl Texts {
    fn debug(&mut self, value: &impl std::fmt::Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}"));
    }

    fn error<T: std::fmt::Debug>(&mut self, result: gatepass::Result<T>) -> Error {
        let error = result.expect_err("was to be refused");
        self.0.push(error.to_string());
        self.debug(&error);
        error
    }
}

/// Another process copies a file that is open here.
fn copied(place: &Place, suffix: &str) -> Vec<u8> {
    let target = place.beside(&format!("copy{suffix}"));
    assert!(Command::new("cp").arg(place.suffixed(suffix)).arg(&target).status().unwrap().success());
    std::fs::read(target).unwrap()
}

/// The MD5 that legacy clients send for [`PASSWORD`].
const PASSWORD_MD5: &str = "9cc2ae8a1ba7a93da39b46fc1019c481";

struct Done {
    vault: Vault,
    texts: Texts,
    /// What may be shown to an operator, as JSON.
    shown: Vec<String>,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// Do everything once.
fn everything(place: &Place) -> Done {
    let mut vault = Vault::default();
    let mut texts = Texts::default();
    let keys = place.beside("keys");
    std::fs::create_dir(&keys).unwrap();
    let sealing = Gatepass::new_sealing_key_file(keys.join("seal"), &place.store).unwrap();
    let line = sealing.to_file_text();
    vault.digest("sealing key", line.reveal().trim().rsplit(' ').next().unwrap());
    let clock = std::sync::Arc::new(ManualClock::new(START));
    let options = || Options::new().clock(clock.clone()).sealing_key(sealing.clone()).actor("the portal");
    texts.debug(&options());
    texts.debug(&sealing);
    texts.debug(&InitOptions::new(Mode::Managed, SYSTEM).unwrap());
    let gate = place.init_with(Mode::Managed, options());
    texts.debug(&gate);
    let (user, client) = person(&gate, EMAIL);
    texts.debug(&Email::parse(EMAIL).unwrap());

    // Admins and credentials.
    vault.text("password", PASSWORD);
    vault.digest("password's MD5", PASSWORD_MD5);
    gate.add_admin("root", Some(&secret(PASSWORD))).unwrap();
    gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
    texts.debug(&gate.authenticate_admin("root", &secret(PASSWORD_MD5), None).unwrap());
    texts.error(gate.authenticate_admin("root", &secret(PASSWORD), None));
    texts.error(gate.authenticate_admin(PASSWORD, &secret(PASSWORD_MD5), None));
    texts.error(gate.add_admin("root", Some(&secret(PASSWORD))));
    let new =
        NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
    let made = gate.create_credential(&new).unwrap();
    texts.debug(&made);
    texts.debug(&new);
    let (identifier, first) = (made.credential.identifier.clone().unwrap(), made.secret.unwrap());
    vault.secret(&first);
    let rotation = Rotation::with_overlap(Duration::from_secs(3_600));
    let rotated = gate.rotate_credential("portal", &rotation).unwrap();
    texts.debug(&rotated);
    let second = rotated.secret.unwrap();
    vault.secret(&second);
    let address = "203.0.113.9".parse().ok();
    let caller = gate.authenticate(&identifier, &second, address).unwrap();
    gate.authenticate(&identifier, &first, address).unwrap();
    texts.debug(&caller);
    // Secrets in the wrong place.
    texts.error(gate.authenticate(second.reveal(), &secret(&identifier), address));
    texts.error(gate.authenticate(&identifier, &secret(PASSWORD), address));
    texts.error(gate.credential(second.reveal()));
    texts.error(gate.authorise(&caller, second.reveal(), None));
    texts.error(gate.create_credential(&NewCredential { admin: Some(first.reveal().into()), ..new.clone() }));

    // Tokens and sessions.
    let binding = Binding::of_nonce(NONCE.as_bytes());
    vault.text("nonce", NONCE);
    let request = IssueRequest::for_client(client).actor("a clerk").bound_to(binding);
    texts.debug(&request);
    let issue = || {
        let issued = gate.issue(&caller, &request).unwrap();
        (issued.token.clone(), format!("{issued:?}"))
    };
    let (spent, shown) = issue();
    texts.0.push(shown);
    let (revoked, _) = issue();
    let (expired, _) = issue();
    for token in [&spent, &revoked, &expired] {
        vault.token(token);
        texts.debug(token);
        texts.debug(&token.reference());
        texts.debug(&RevokeTokens::One(token.clone()));
    }
    let redeem = RedeemRequest::new(spent.clone()).bound_to(binding);
    texts.error(gate.redeem(&RedeemRequest::new(spent.clone())));
    let redeemed = gate.redeem(&redeem).unwrap();
    let session = redeemed.session.clone().unwrap();
    vault.session(&session);
    texts.debug(&redeemed);
    texts.debug(&session);
    texts.debug(&EndSessions::One(session.clone()));
    texts.debug(&redeem.clone().presenting(Some(session.clone())));
    texts.error(gate.redeem(&redeem));
    texts.error(gate.redeem(&redeem.clone().presenting(Some(session.clone()))));
    gate.revoke_tokens(&RevokeTokens::One(revoked.clone())).unwrap();
    texts.error(gate.redeem(&RedeemRequest::new(revoked.clone()).bound_to(binding)));
    texts.error(gate.revoke_tokens(&RevokeTokens::One(spent.clone())));
    texts.debug(&gate.check_session(&session, address).unwrap());
    texts.debug(&gate.inspect(&spent, None).unwrap());
    texts.debug(&gate.explain(&spent).unwrap());
    let unknown = "0123456789abcdef".repeat(2) + "01234567";
    vault.timed("token never issued", &unknown);
    let unknown = gate.read_token(&unknown, None).unwrap();
    texts.error(gate.redeem(&RedeemRequest::new(unknown)));
    texts.error(gate.read_token(session.reveal().as_str(), None));
    texts.error(gate.read_session_id(&spent.reveal(), None));
    clock.advance(Duration::from_secs(61));
    texts.error(gate.redeem(&RedeemRequest::new(expired).bound_to(binding)));

    // Sign-in links.
    let portal = portal(&gate);
    let request = LinkRequest::new(IssueRequest::for_client(client)).label("reminder").uses(2);
    texts.debug(&request);
    let make = || gate.create_link(&portal, &request).unwrap();
    let [mailed, ended] = [make(), make()];
    for made in [&mailed, &ended] {
        vault.link(&made.link);
        texts.debug(made);
        texts.debug(&made.link);
        texts.debug(&EndLinks::One(made.link.clone()));
    }
    let opening = OpenRequest::new(mailed.link.clone()).from_address("203.0.113.9".parse().unwrap());
    texts.debug(&opening);
    let opened = gate.open_link(&opening).unwrap();
    vault.token(&opened.token);
    texts.debug(&opened);
    let opened = gate.open_link(&opening.clone().signing_in(Some(session.clone()))).unwrap();
    vault.token(&opened.token);
    vault.session(opened.redemption.as_ref().unwrap().session.as_ref().unwrap());
    texts.debug(&opened);
    texts.error(gate.open_link(&opening));
    texts.error(gate.revoke_links(&EndLinks::One(mailed.link.clone())));
    gate.revoke_links(&EndLinks::One(ended.link.clone())).unwrap();
    texts.error(gate.open_link(&OpenRequest::new(ended.link.clone())));
    texts.debug(&gate.inspect_link(&mailed.link, None).unwrap());
    texts.debug(&gate.explain_link(&mailed.link).unwrap());
    let unknown = "abcdefghijklmnopqrstuvwxyz234567";
    vault.link(&SignInLink::parse(unknown).unwrap());
    texts.error(gate.open_link(&OpenRequest::new(gate.read_link(unknown, None).unwrap())));
    texts.error(gate.read_link(&spent.reveal(), None));
    texts.error(ops::call(&gate, "link.inspect", json!({ "link": format!("{}x", mailed.url) })));

    // AutoAuth.
    vault.text("AutoAuth key", KEY);
    vault.text("AutoAuth key given by the caller", SECOND_KEY);
    gate.add_autoauth_key("old", &secret(KEY), None).unwrap();
    texts.error(gate.add_autoauth_key("old", &secret(KEY), None));
    texts.error(gate.add_autoauth_key(KEY, &secret(&KEY[1..]), None));
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    for (key, choice) in [(KEY, KeyChoice::Label("old")), (SECOND_KEY, KeyChoice::Given(&secret(SECOND_KEY)))]
    {
        texts.debug(&choice);
        let link = gate.sign_autoauth(EMAIL, choice, Some("cart.php")).unwrap();
        let query = link.split_once('?').unwrap().1.as_bytes();
        let parsed = Link::parse(query).unwrap();
        vault
            .digest("link's hash", &hex(&digest(EMAIL.as_bytes(), parsed.at().as_seconds(), key.as_bytes())));
        texts.debug(&parsed);
        texts.debug(&parsed.matched_by(&secret(key)));
        let mut request = AutoAuthRequest::default().from_address("2001:db8::7".parse().unwrap());
        if key == SECOND_KEY {
            request = request.with_key(secret(key));
        }
        texts.debug(&request);
        let foreign = String::from_utf8_lossy(query).replace("cart.php", "%2F%2Fevil.example");
        texts.error(gate.accept_autoauth(foreign.as_bytes(), &request));
        let signed_in = gate.accept_autoauth(query, &request).unwrap();
        vault.session(signed_in.session.as_ref().unwrap());
        texts.debug(&signed_in);
        texts.error(gate.accept_autoauth(query, &request));
        texts.error(gate.accept_autoauth(query, &AutoAuthRequest::default().with_key(secret(PASSWORD))));
        clock.advance(Duration::from_secs(2_000));
        texts.error(gate.accept_autoauth(query, &request));
    }
    for json in [json!({ "label": KEY.repeat(4), "key": KEY }), json!({ "label": "x", "key": [KEY] })] {
        texts.error(ops::call(&gate, "autoauth.key_add", json));
    }
    texts.error(ops::call(&gate, "settings.set", json!({ "name": "replay_policy", "value": KEY })));
    texts.error(ops::call(&gate, "user.add", json!({ "email": EMAIL })));
    texts.error(ops::call(&gate, "user.add", json!({ "email": format!("{EMAIL}\n") })));
    texts.error(gate.sign_autoauth(&format!("{EMAIL}\0"), KeyChoice::Label("old"), None));

    // What operators see.
    let range = json!({ "from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z", "limit": 10_000 });
    let mut shown = vec![ops::call(&gate, "audit.list", range).unwrap().to_string()];
    let all = AuditQuery::between(Timestamp::from_millis(0), START.plus(Duration::from_secs(1 << 30)));
    texts.debug(&all);
    texts.debug(&gate.audit_events(&AuditQuery { limit: Some(10_000), ..all }).unwrap());
    for (operation, parameters) in [
        ("store.info", json!({})),
        ("settings.list", json!({})),
        ("credential.list", json!({})),
        ("admin.list", json!({})),
        ("autoauth.key_list", json!({})),
        ("autoauth.report", json!({})),
        ("token.list", json!({})),
        ("token.explain", json!({ "token": spent.reveal() })),
        ("session.list", json!({ "all": true })),
        ("link.list", json!({})),
        ("link.explain", json!({ "link": mailed.url })),
        ("link.report", json!({})),
        ("store.check", json!({})),
    ] {
        shown.push(ops::call(&gate, operation, parameters).unwrap().to_string());
    }
    texts.debug(&gate.list_credentials().unwrap());
    texts.debug(&gate.list_autoauth_keys().unwrap());
    texts.debug(&gate.settings().unwrap());

    // The files, first while the store is open.
    let backup = place.beside("backup");
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    let mut files = vec![
        ("store while open", copied(place, "")),
        ("-wal while open", copied(place, "-wal")),
        ("-shm while open", copied(place, "-shm")),
        ("-gate", copied(place, "-gate")),
        ("backup", std::fs::read(&backup).unwrap()),
    ];
    assert!(files[1].1.len() > 50_000, "the -wal holds next to nothing");
    let exported = serde_json::to_string(&gate.export_user(user).unwrap()).unwrap();
    shown.push(exported.replace(EMAIL, "the address"));
    drop(gate);
    files.push(("closed store", std::fs::read(&place.store).unwrap()));
    Done { vault, texts, shown, files }
}

#[test]
fn no_secret_is_left_in_any_file_or_text() {
    let place = Place::new();
    let Done { vault, texts, shown, files } = everything(&place);
    let count = vault.0.len();
    let mut hidden = vault.0.clone();
    let search = Search::new(vault.0);
    for (name, bytes) in &files {
        assert_eq!(search.found(bytes), [""; 0], "in the {name}");
    }
    for text in shown.iter().chain(&texts.0) {
        assert_eq!(search.found(text.as_bytes()), [""; 0], "in {text}");
    }
    // Addresses stand in the directory, and in no error or event.
    let addresses = Search::new(vec![Hidden { name: "address".into(), raw: EMAIL.as_bytes().to_vec() }]);
    assert!(!addresses.found(&files.last().unwrap().1).is_empty(), "the search does not find what is there");
    for text in shown.iter().chain(&texts.0) {
        assert_eq!(addresses.found(text.as_bytes()), [""; 0], "in {text}");
        assert!(!text.contains(EMAIL.split('@').next().unwrap()), "{text}");
    }

    // The search finds each of them in each form. One at a time, so that none hides behind another.
    let mut planted = 0;
    let clean = &files.last().unwrap().1;
    let middle = clean.len() / 2;
    for it in &mut hidden {
        for form in forms(&it.raw) {
            let around = 200;
            let mut copy = clean[middle - around..middle + around].to_vec();
            copy.splice(around..around, form.iter().copied());
            assert!(search.found(&copy).contains(&it.name.as_str()), "{} as {form:?} was not found", it.name);
            planted += 1;
        }
    }
    println!(
        "{count} secrets in {} files ({} bytes) and {} texts: none found; {planted} planted: all found",
        files.len(),
        files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(),
        shown.len() + texts.0.len()
    );
}

#[test]
fn a_token_in_clear_in_a_row_is_found_in_the_file() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, EMAIL);
    let token = common::issue(&gate, client).token;
    let copy = place.beside("copy");
    gate.backup(&copy, &mut |_, _| {}).unwrap();
    let mut vault = Vault::default();
    vault.token(&token);
    let search = Search::new(vault.0);
    let look = |path: &Path| search.found(&std::fs::read(path).unwrap()).len();
    assert_eq!(look(&copy), 0);
    let raw = unhex(&token.reveal());
    for (column, plant) in [
        ("detail", rusqlite::types::Value::Text(token.reveal())),
        ("object", rusqlite::types::Value::Text(STANDARD.encode(&raw))),
        ("actor", rusqlite::types::Value::Text(format!("x{}", URL_SAFE_NO_PAD.encode(token.reveal())))),
    ] {
        let planted = place.beside(column);
        std::fs::copy(&copy, &planted).unwrap();
        let connection = rusqlite::Connection::open(&planted).unwrap();
        connection.execute(&format!("UPDATE audit SET {column} = ?1 WHERE seq = 0"), [plant]).unwrap();
        connection.close().unwrap();
        assert!(look(&planted) > 0, "{column}");
    }
}

#[test]
fn errors_name_the_field_and_the_reason_and_nothing_of_the_request() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, EMAIL);
    let issued = gate.issue(&portal(&gate), &IssueRequest::for_client(client)).unwrap();
    assert!(!format!("{issued:?} {issued:#?}").contains(&issued.token.reveal()));
    assert!(issued.redirect_url.ends_with(&issued.token.reveal()));
    let revoked = gate.revoke_tokens(&RevokeTokens::One(issued.token.clone()));
    assert_eq!(revoked.unwrap(), 1);
    assert_eq!(refused(gate.redeem(&RedeemRequest::new(issued.token))), Reason::TokenRevoked);
    assert_eq!(invalid(gate.add_admin("root", Some(&secret("hunter2")))), "password");
}
