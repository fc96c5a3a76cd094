//! The API in the caller's own process, as `localAPI`.

use gatepass::api::call;
use gatepass::credential::{Limits, NewCredential};
use gatepass::{Error, StoreError};
use serde_json::{Value, json};

use crate::{Bench, common, document};

#[test]
fn it_answers_the_document_of_the_endpoint() {
    let bench = Bench::new();
    let caller = common::portal(&bench.gate);
    for (action, pairs) in [
        ("GetClients", &[("search", "client"), ("limitnum", "2"), ("sorting", "DESC")][..]),
        ("getusers", &[("limitstart", "1")]),
        ("GETCLIENTSDETAILS", &[("clientid", "1")]),
        ("GetClientsDetails", &[]),
        ("CreateSsoToken", &[("client_id", "4")]),
        ("CreateSsoToken", &[("client_id[]", "1")]),
        ("AddClient", &[]),
    ] {
        let parameters: Value = pairs.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let inside = call(&bench.gate, &caller, action, &parameters).unwrap();
        let outside = document(&bench.ask(&[&[("action", action)], pairs].concat()));
        assert_eq!(inside.to_string(), outside.to_string(), "{action}");
    }
}

#[test]
fn numbers_texts_lists_and_nothing_are_parameters() {
    let bench = Bench::new();
    let caller = common::portal(&bench.gate);
    let ask = |parameters: Value| call(&bench.gate, &caller, "CreateSsoToken", &parameters).unwrap();
    let error = |message: &str| json!({ "result": "error", "message": message });
    for good in [
        json!({ "client_id": 1 }),
        json!({ "client_id": "1", "user_id": null, "destination": "" }),
        // Means nothing here.
        json!({ "client_id": 1, "responsetype": "nvp", "identifier": "x", "secret": "y", "action": "z" }),
        json!({ "client_id": 1, "custom": [1, { "x": [true] }] }),
        json!({ "client_id": 1, "destination": "sso:custom_redirect", "sso_redirect_path": "cart.php" }),
    ] {
        assert_eq!(ask(good.clone())["result"], "success", "{good}");
    }
    for bad in [json!(true), json!(1.0), json!(-1), json!([1]), json!({ "x": 1 }), json!(u64::MAX)] {
        assert_eq!(ask(json!({ "client_id": bad })), error("Invalid client_id"), "{bad}");
    }
    assert_eq!(ask(Value::Null), error("A valid client_id or user_id is required"));
    assert_eq!(ask(json!([1])), error("The parameters must be a JSON object"));
    assert_eq!(ask(json!({ "a": [[[[1]]]] })), error("The parameter a has more than 3 brackets"));
    let long = "x".repeat(8 * 1024 + 1);
    assert_eq!(ask(json!({ "a": long })), error("The parameter a is longer than 8 KiB"));
    assert_eq!(call(&bench.gate, &caller, "", &Value::Null).unwrap(), error("Empty action request"));
}

#[test]
fn the_caller_s_own_limits_count_here_too() {
    let bench = Bench::new();
    let limits = Limits { actions: Some(vec!["getusers".into()]), ..Limits::default() };
    let new = NewCredential { label: "addon".into(), host: true, limits, ..NewCredential::default() };
    bench.gate.create_credential(&new).unwrap();
    let caller = bench.gate.host_caller("addon").unwrap();
    let ask = |action: &str| call(&bench.gate, &caller, action, &Value::Null).unwrap();
    assert_eq!(ask("GetUsers")["result"], "success");
    assert_eq!(
        ask("CreateSsoToken")["message"],
        "Invalid Permissions: API action \"createssotoken\" is not allowed"
    );
    bench.gate.enable_credential("addon", false).unwrap();
    assert_eq!(ask("GetUsers")["message"], "Invalid or missing credentials");
}

#[test]
fn a_store_that_can_t_answer_is_an_error_and_no_document() {
    let bench = Bench::new();
    let caller = common::portal(&bench.gate);
    crate::faults::replace(&bench);
    for action in ["CreateSsoToken", "GetClients", "GetUsers", "GetClientsDetails"] {
        let parameters = json!({ "client_id": 1, "clientid": 1 });
        match call(&bench.gate, &caller, action, &parameters) {
            Err(Error::Store(StoreError::Replaced)) => {}
            other => panic!("{action}: {other:?}"),
        }
    }
}
