//! A credential that is limited to some clients sees no others, in no action.

use gatepass::credential::Limits;
use gatepass::directory::ClientStatus;
use serde_json::{Value, json};

use crate::{Bench, Pair, client_id, credential, document, error, post, user_id};

fn limited(bench: &Bench, clients: &[i64]) -> Pair {
    let clients = clients.iter().map(|&id| client_id(id)).collect();
    credential(&bench.gate, "limited", Limits { clients: Some(clients), ..Limits::default() })
}

fn ask(bench: &Bench, pair: &Pair, pairs: &[(&str, &str)]) -> Value {
    document(&post(&bench.gate, &pair.form(pairs)))
}

#[test]
fn lists_hold_only_what_may_be_seen() {
    let bench = Bench::new();
    let pair = limited(&bench, &[1, 4]);
    let clients = ask(&bench, &pair, &[("action", "GetClients")]);
    assert_eq!((&clients["totalresults"], &clients["numreturned"]), (&json!(2), &json!(2)));
    assert_eq!(
        [&clients["clients"]["client"][0]["id"], &clients["clients"]["client"][1]["id"]],
        [&json!(1), &json!(4)]
    );
    let users = ask(&bench, &pair, &[("action", "GetUsers")]);
    let ids: Vec<&Value> = users["users"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
    assert_eq!(ids, [1, 2, 4]);
    // User 2 owns client 2 as well, which is none of this credential's business.
    assert_eq!(users["users"][1]["clients"], json!([{ "id": 1, "isOwner": false }]));
    let found = ask(&bench, &pair, &[("action", "GetClients"), ("search", "client2@")]);
    assert_eq!((&found["totalresults"], &found["clients"]["client"]), (&json!(0), &json!([])));
}

#[test]
fn a_client_of_others_is_not_found() {
    let bench = Bench::new();
    let pair = limited(&bench, &[1]);
    assert_eq!(ask(&bench, &pair, &[("action", "GetClientsDetails"), ("clientid", "1")])["userid"], 1);
    for which in [("clientid", "2"), ("clientid", "9"), ("email", "client2@example.com")] {
        let answer = post(&bench.gate, &pair.form(&[("action", "GetClientsDetails"), which]));
        assert_eq!(error(&answer), (200, "Client Not Found".to_owned()), "{which:?}");
    }
}

/// Nor does a token's refusal tell whether a client of others is there, closed, or has its switch off.
#[test]
fn every_client_of_others_is_refused_alike() {
    let bench = Bench::new();
    let pair = limited(&bench, &[1]);
    let no = |pairs: &[(&str, &str)]| {
        let own = [("action", "CreateSsoToken")];
        error(&post(&bench.gate, &pair.form(&[&own, pairs].concat()))).1
    };
    for client in ["2", "3", "4", "5", "6", "9"] {
        assert_eq!(no(&[("client_id", client)]), "Invalid client_id");
        assert_eq!(no(&[("client_id", client), ("user_id", "4")]), "Invalid client_id");
    }
    for user in ["2", "3", "4", "5", "6", "9"] {
        assert_eq!(no(&[("user_id", user)]), "Invalid user_id", "{user}");
    }
    let own = [("action", "CreateSsoToken"), ("client_id", "1"), ("user_id", "2")];
    assert_eq!(ask(&bench, &pair, &own)["result"], "success");
    assert_eq!(ask(&bench, &pair, &[("action", "CreateSsoToken"), ("user_id", "1")])["result"], "success");
}

#[test]
fn only_the_allowed_actions_are_done() {
    let bench = Bench::new();
    let limits = Limits { actions: Some(vec!["getusers".into()]), ..Limits::default() };
    let pair = credential(&bench.gate, "reader", limits);
    assert_eq!(ask(&bench, &pair, &[("action", "GETUSERS")])["result"], "success");
    for action in ["CreateSsoToken", "getClients", "GetClientsDetails"] {
        let told =
            format!("Invalid Permissions: API action \"{}\" is not allowed", action.to_ascii_lowercase());
        let answer = post(&bench.gate, &pair.form(&[("action", action), ("client_id", "1")]));
        assert_eq!(error(&answer), (403, told));
    }
}

/// Of a user with several clients it is not told how those of others stand, nor their numbers.
#[test]
fn a_user_s_other_clients_don_t_show_in_the_answer() {
    let bench = Bench::new();
    let pairs = [1, 2].map(|id| {
        let limits = Limits { clients: Some(vec![client_id(id)]), ..Limits::default() };
        credential(&bench.gate, &format!("limited to {id}"), limits)
    });
    let no = |pair: &Pair| {
        let asked = [("action", "CreateSsoToken"), ("user_id", "2")];
        error(&post(&bench.gate, &pair.form(&asked))).1
    };
    let neither = ["Invalid user_id"; 2];
    assert_eq!(pairs.each_ref().map(no), neither);
    for id in [2, 1] {
        bench.gate.set_client_status(client_id(id), ClientStatus::Closed).unwrap();
        assert_eq!(pairs.each_ref().map(no), neither, "client {id} is closed too");
    }
    // Of a user's only client it is told what stands against it, if it may be seen.
    bench.gate.remove_member(user_id(2), client_id(1)).unwrap();
    assert_eq!(pairs.each_ref().map(no), ["Invalid user_id", "SSO authentication blocked for client 2"]);
}
