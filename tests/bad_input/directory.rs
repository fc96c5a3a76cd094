//! Numbers that are no ids, and addresses that are none or only look like one.

use super::autoauth::{KEY, accept, hash, query, switch_on};
use super::{Bench, PLANTED};
use crate::common::{invalid, person, refused, secret};
use gatepass::directory::{DirectoryQuery, NewUser};
use gatepass::id::{ClientId, ItemId, UserId};
use gatepass::{Error, Gatepass, KeyChoice, Reason, ops};
use serde_json::{Value, json};

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
pub(super) fn no_addresses() -> Vec<String> {
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
