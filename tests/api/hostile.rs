//! Whatever comes in, an answer goes out: a document of the type that it says it is.

use std::cell::RefCell;

use gatepass::api::{HttpCall, call, respond};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Bench, FORM, common};

const STATUSES: [u16; 6] = [200, 400, 403, 405, 413, 415];

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) }
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// The bench of this test; opening a store for each case would take most of the time.
fn with_bench<T>(act: impl FnOnce(&Bench) -> T) -> T {
    BENCH.with_borrow_mut(|bench| act(bench.get_or_insert_with(Bench::new)))
}

/// Forms, nearly forms, and anything else.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let word =
        "action|identifier|secret|username|password|responsetype|client_id|destination|limitnum|a\\[b\\]";
    let value =
        "GetClients|createssotoken|getusers|xml|json|1|-1|clientarea:invoices|[%+&=\\[\\]]{0,5}|\\PC{0,5}";
    let pairs = prop::collection::vec((word, "=|", value), 0..8);
    let written = |pairs: Vec<(String, String, String)>| {
        let pairs: Vec<String> = pairs.into_iter().map(|(name, sign, value)| name + &sign + &value).collect();
        pairs.join("&").into_bytes()
    };
    prop_oneof![
        4 => pairs.prop_map(written),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => "(--b(\r\n)?(Content-Disposition: form-data; name=\"?[a\\[\"]{0,3}\"?)?(\r\n){0,2}x{0,3}(\r\n)?(--)?){0,4}"
            .prop_map(String::into_bytes),
    ]
}

fn content_type() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => Just(Some(FORM.to_owned())),
        2 => Just(Some("multipart/form-data; boundary=b".to_owned())),
        1 => "multipart/form-data;\\PC{0,20}".prop_map(Some),
        1 => "\\PC{0,20}".prop_map(Some),
        1 => Just(None),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_call_is_answered(
        method in "GET|POST|POST|PUT|\\PC{0,5}",
        query in bytes(),
        kind in content_type(),
        body in bytes(),
        known: bool,
    ) {
        with_bench(|bench| {
            let body = match known {
                true => [bench.portal.form(&[]).as_bytes(), b"&", &body].concat(),
                false => body,
            };
            let sent = HttpCall::new(&method).query(&query).body(kind.as_deref(), &body);
            let answer = respond(&bench.gate, &sent);
            prop_assert!(STATUSES.contains(&answer.status), "{}", answer.status);
            let text = String::from_utf8(answer.body).unwrap();
            if answer.content_type.starts_with("application/json") {
                let document: Value = serde_json::from_str(&text).unwrap();
                let ok = document["result"] == "success";
                prop_assert!(ok == (answer.status == 200 && document.get("message").is_none()), "{text}");
                prop_assert!(ok || document["message"].is_string(), "{text}");
            } else {
                prop_assert!(text.starts_with("<?xml ") && text.ends_with("</whmcsapi>\n"), "{text}");
            }
            prop_assert!(!text.contains(bench.portal.secret.reveal()), "{text}");
            Ok(())
        })?;
    }

    #[test]
    fn every_call_in_process_is_answered(
        action in "CreateSsoToken|GetClients|GetUsers|GetClientsDetails|\\PC{0,8}",
        name in "client_id|user_id|clientid|email|limitnum|search|destination|\\PC{0,5}",
        text in "\\PC{0,12}|[0-9]{1,20}",
        number: i64,
    ) {
        with_bench(|bench| {
            let caller = common::portal(&bench.gate);
            for value in [json!(text), json!(number), json!([text]), json!({ text.clone(): text })] {
                let document = call(&bench.gate, &caller, &action, &json!({ name.clone(): value })).unwrap();
                prop_assert!(document["result"] == "success" || document["message"].is_string());
            }
            Ok(())
        })?;
    }
}
