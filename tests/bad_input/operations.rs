//! Every operation, with good parameters, junk, and every wrong value for every parameter.

use super::autoauth::switch_on;
use super::{Bench, PLANTED, silent};
use crate::common::{Place, issue, person, portal, redeem};
use gatepass::credential::NewCredential;
use gatepass::directory::NewUser;
use gatepass::link::LinkRequest;
use gatepass::token::IssueRequest;
use gatepass::{Error, Gatepass, ops};
use serde_json::{Value, json};

/// Good parameters of every operation, in a store that [`prepared`] made. An operation that is missing here
/// fails the test.
pub(super) fn good(name: &str, place: &Place) -> Value {
    let file = |name: &str| place.beside(name).to_str().unwrap().to_owned();
    let kept = |name: &str| std::fs::read_to_string(place.beside(name)).unwrap();
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
                "max_token_life_seconds": 30, "issues_per_minute": 10, "secret_in_query": true,
                "confirm": "always", "links": true, "link_destinations": ["clientarea:invoices"],
                "max_link_life_seconds": 3600, "links_per_minute": 10
            }
        }),
        "credential.show" => json!({ "credential": "portal" }),
        "credential.rotate" => json!({ "credential": "portal", "overlap_seconds": 0, "leaked_since": from }),
        "credential.revoke" => json!({ "credential": "portal", "end_sessions": true }),
        "credential.enable" | "credential.disable" => json!({ "credential": "cli" }),
        "autoauth.key_add" => {
            json!({ "label": "second", "key": "some other key of a good length", "confirm": "always" })
        }
        "autoauth.key_retire" => json!({ "label": "old" }),
        "autoauth.report" => json!({ "days": 30 }),
        "seal.rotate" => json!({ "file": place.beside("keys").join("next").to_str().unwrap() }),
        "user.add" => {
            json!({ "user_id": 50, "email": "ben@example.com", "first_name": "Ben", "last_name": "B" })
        }
        "user.set_email" => json!({ "user_id": 1, "email": "ann@example.org" }),
        "user.list" => json!({
            "email": "ann@example.com", "search": "a", "offset": 0, "limit": 10, "order_by": "last_name",
            "descending": false
        }),
        "client.list" => json!({
            "email": "ann@example.com", "search": "a", "status": "Active", "offset": 0, "limit": 10,
            "order_by": "group_id", "descending": true
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
            json!({ "token": kept("token") })
        }
        "link.inspect" => json!({ "link": kept("link"), "address": "203.0.113.7" }),
        "link.explain" | "link.revoke" => json!({ "link": kept("link") }),
        "link.list" => json!({
            "user_id": 1, "client_id": 1, "credential_id": 1, "label": "reminder", "live": true,
            "before": "ff".repeat(12), "limit": 10
        }),
        "link.account_changed" => json!({ "user_id": 1, "changed": "password" }),
        "link.report" => json!({ "label": "reminder", "days": 7 }),
        "session.list" => json!({
            "user_id": 1, "client_id": 1, "credential_id": 1, "all": true, "before": "ff".repeat(12),
            "limit": 10
        }),
        "session.end" => json!({ "session": kept("session") }),
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
    let mail = LinkRequest::new(IssueRequest::for_client(bench.client)).label("reminder");
    let link = gate.create_link(&portal(gate), &mail).unwrap().link;
    std::fs::write(bench.place.beside("link"), link.reveal()).unwrap();
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
            let optional = [
                "user.list",
                "client.list",
                "token.list",
                "session.list",
                "link.list",
                "link.report",
                "autoauth.report",
            ];
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
