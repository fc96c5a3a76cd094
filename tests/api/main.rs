//! The WHMCS-compatible API against the public contract: every text, status, parameter and shape, written by
//! hand from the contract, over HTTP and in process.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authentication;
mod bytes;
#[path = "../common/mod.rs"]
mod common;
mod create_sso_token;
mod faults;
mod forms;
mod hostile;
mod in_process;
mod limited;
mod lists;
#[path = "../programs/mod.rs"]
mod programs;

use std::net::IpAddr;
use std::sync::Arc;

use common::{Place, secret};
use gatepass::Gatepass;
use gatepass::api::{HttpAnswer, HttpCall, respond};
use gatepass::clock::ManualClock;
use gatepass::credential::{Limits, NewCredential};
use gatepass::directory::{ClientStatus, Mode, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::secret::Secret;
use serde_json::Value;

const FORM: &str = "application/x-www-form-urlencoded";

fn client_id(id: i64) -> ClientId {
    ClientId::new(id).unwrap()
}

fn user_id(id: i64) -> UserId {
    UserId::new(id).unwrap()
}

/// Names and values as a form.
fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A call with that body.
fn post(gate: &Gatepass, body: &str) -> HttpAnswer {
    respond(gate, &HttpCall::new("POST").body(Some(FORM), body.as_bytes()).from_address(address()))
}

fn address() -> Option<IpAddr> {
    Some("203.0.113.7".parse().unwrap())
}

/// The document of an answer.
#[track_caller]
fn document(answer: &HttpAnswer) -> Value {
    assert_eq!(answer.content_type, "application/json; charset=utf-8");
    serde_json::from_slice(&answer.body).unwrap()
}

/// Status and message of an error; nothing else may stand in it.
#[track_caller]
fn error(answer: &HttpAnswer) -> (u16, String) {
    let document = document(answer);
    assert_eq!(document["result"], "error", "{document}");
    assert_eq!(document.as_object().unwrap().len(), 2, "{document}");
    (answer.status, document["message"].as_str().unwrap().to_owned())
}

/// A pair of a credential.
struct Pair {
    identifier: String,
    secret: Secret,
}

impl Pair {
    /// The pair as parameters, followed by others.
    fn form(&self, pairs: &[(&str, &str)]) -> String {
        let own = [("identifier", self.identifier.as_str()), ("secret", self.secret.reveal())];
        form(&[&own, pairs].concat())
    }
}

struct Bench {
    place: Place,
    gate: Gatepass,
    clock: Arc<ManualClock>,
    portal: Pair,
}

impl Bench {
    /// A managed store with people in it and a credential without limits but those that every one has.
    ///
    /// | client | owner | other members | |
    /// |---|---|---|---|
    /// | 1 | 1 | 2 | |
    /// | 2 | 2 | | |
    /// | 3 | nobody | | |
    /// | 4 | 4 | | closed |
    /// | 5 | 5 | | its single sign-on is off |
    /// | 6 | 6 | | the owner is disabled |
    ///
    /// User 3 has no client.
    fn new() -> Self {
        let bench = Bench::of(Mode::Managed);
        let gate = &bench.gate;
        for id in 1..=6 {
            let email = format!("user{id}@example.com");
            gate.add_user(&NewUser { user_id: Some(user_id(id)), email, ..NewUser::default() }).unwrap();
        }
        for id in 1..=6 {
            let new = NewClient {
                client_id: Some(client_id(id)),
                email: format!("client{id}@example.com"),
                owner: (id != 3).then(|| user_id(id)),
                ..NewClient::default()
            };
            gate.add_client(&new).unwrap();
        }
        gate.add_member(user_id(2), client_id(1), false).unwrap();
        gate.set_client_status(client_id(4), ClientStatus::Closed).unwrap();
        gate.set_client_sso(client_id(5), false).unwrap();
        gate.enable_user(user_id(6), false).unwrap();
        bench
    }

    fn of(mode: Mode) -> Self {
        let place = Place::new();
        let (gate, clock) = place.init_at_start(mode);
        gate.add_admin("root", Some(&secret("correct horse"))).unwrap();
        let portal = credential(&gate, "portal", Limits::default());
        Bench { place, gate, clock, portal }
    }

    /// A call of the portal.
    fn ask(&self, pairs: &[(&str, &str)]) -> HttpAnswer {
        post(&self.gate, &self.portal.form(pairs))
    }

    /// A call of the portal that succeeds; its document.
    #[track_caller]
    fn ok(&self, pairs: &[(&str, &str)]) -> Value {
        let answer = self.ask(pairs);
        let document = document(&answer);
        assert_eq!((answer.status, &document["result"]), (200, &"success".into()), "{pairs:?} {document}");
        document
    }

    /// A call of the portal that the action refuses; the message.
    #[track_caller]
    fn no(&self, pairs: &[(&str, &str)]) -> String {
        let (status, message) = error(&self.ask(pairs));
        assert_eq!(status, 200, "{message}");
        message
    }
}

fn credential(gate: &Gatepass, label: &str, limits: Limits) -> Pair {
    let new =
        NewCredential { label: label.into(), admin: Some("root".into()), limits, ..NewCredential::default() };
    let made = gate.create_credential(&new).unwrap();
    Pair { identifier: made.credential.identifier.unwrap(), secret: made.secret.unwrap() }
}
