//! The two modes, and what happens to a person between the issue of a token and its end.
//!
//! In mode `managed` the person's and client's standing is asked at the issue, at the redemption and at each
//! check of the session. In mode `host` nothing is looked up: ids and addresses are handed through, and the
//! answer lists what was not checked.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Place, SYSTEM, issue, person, portal, redeem, refused, secret};
use gatepass::directory::{
    ClientStatus, DirectoryQuery, Mode, NewClient, NewUser, Subject, UNCHECKED_IN_HOST_MODE,
};
use gatepass::id::{ClientId, UserId};
use gatepass::secret::Secret;
use gatepass::token::{Binding, IssueRequest, RedeemRequest, TokenState};
use gatepass::{AutoAuthRequest, Error, Gatepass, KeyChoice, Reason, ops};
use serde_json::json;

fn user(id: i64) -> UserId {
    UserId::new(id).unwrap()
}

fn client(id: i64) -> ClientId {
    ClientId::new(id).unwrap()
}

fn key() -> Secret {
    secret("a key of more than twenty characters")
}

fn link(gate: &Gatepass, email: &str) -> String {
    let link = gate.sign_autoauth(email, KeyChoice::Given(&key()), None).unwrap();
    link.split_once('?').unwrap().1.to_owned()
}

fn accept(gate: &Gatepass, link: &str) -> gatepass::Result<gatepass::autoauth::AutoAuthSignIn> {
    gate.accept_autoauth(link.as_bytes(), &AutoAuthRequest::default().with_key(key()))
}

#[test]
fn in_host_mode_ids_are_kept_as_given_and_what_was_not_checked_is_listed() {
    let place = Place::new();
    let gate = place.init(Mode::Host);
    let subjects = [
        Subject::User(user(i64::MAX)),
        Subject::Client(client(77)),
        Subject::UserInClient(user(4_711), client(1)),
    ];
    for subject in subjects {
        let issued = gate.issue(&portal(&gate), &IssueRequest::new(subject)).unwrap();
        assert_eq!((issued.user_id, issued.client_id), (subject.user(), subject.client()));
        let seen = gate.inspect(&issued.token, None).unwrap();
        assert_eq!((seen.user_id, seen.client_id, seen.refusal), (subject.user(), subject.client(), None));
        let redeemed = redeem(&gate, &issued).unwrap();
        assert_eq!((redeemed.user_id, redeemed.client_id), (subject.user(), subject.client()));
        assert_eq!(redeemed.unchecked, UNCHECKED_IN_HOST_MODE);
        assert!(!redeemed.unchecked.is_empty() && redeemed.clients.is_empty());
        let session = gate.check_session(&redeemed.session.unwrap(), None).unwrap();
        assert_eq!((session.user_id, session.client_id), (subject.user(), subject.client()));
    }
    // A host with sessions of its own asks for none, and hears the redemption again with a replay.
    let issued = issue(&gate, client(5));
    let request = RedeemRequest::new(issued.token.clone()).without_session();
    let redeemed = gate.redeem(&request).unwrap();
    assert!(redeemed.session.is_none() && redeemed.session_expires_at.is_none());
    let Error::Refused(replay) = gate.redeem(&request).unwrap_err() else { panic!() };
    assert_eq!(replay.redemption, Some(redeemed.redemption));
}

#[test]
fn in_host_mode_the_directory_is_the_hosts() {
    let place = Place::new();
    let gate = place.init(Mode::Host);
    let (one, any) = (user(1), client(1));
    let query = DirectoryQuery::default();
    let answers = [
        gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).map(drop),
        gate.user(one).map(drop),
        gate.list_users(&query).map(drop),
        gate.enable_user(one, false).map(drop),
        gate.export_user(one).map(drop),
        gate.erase_user(one).map(drop),
        gate.add_client(&NewClient { email: "ann@example.com".into(), ..NewClient::default() }).map(drop),
        gate.client(any).map(drop),
        gate.list_clients(&query).map(drop),
        gate.set_client_status(any, ClientStatus::Closed).map(drop),
        gate.set_client_sso(any, false).map(drop),
        gate.add_member(one, any, false).map(drop),
        gate.remove_member(one, any).map(drop),
    ];
    for answer in answers {
        assert_eq!(refused(answer), Reason::HostMode);
    }
    for (operation, parameters) in [
        ("user.add", json!({ "email": "ann@example.com" })),
        ("client.show", json!({ "client_id": 1 })),
        ("member.list", json!({ "client_id": 1 })),
        ("user.erase", json!({ "user_id": 1 })),
    ] {
        assert_eq!(refused(ops::call(&gate, operation, parameters)), Reason::HostMode);
    }
    // Sessions and tokens of a user end all the same: only their numbers are needed.
    let request = IssueRequest::for_user(one);
    let spent = gate.issue(&portal(&gate), &request).unwrap();
    let session = redeem(&gate, &spent).unwrap().session.unwrap();
    let unspent = gate.issue(&portal(&gate), &request).unwrap();
    assert_eq!(ops::call(&gate, "session.end_user", json!({ "user_id": 1 })).unwrap()["ended"], 1);
    assert_eq!(ops::call(&gate, "token.revoke", json!({ "user_id": 1 })).unwrap()["revoked"], 1);
    assert_eq!(refused(gate.check_session(&session, None)), Reason::SessionEnded);
    assert_eq!(refused(redeem(&gate, &unspent)), Reason::TokenRevoked);
}

#[test]
fn in_host_mode_autoauth_gives_the_address_that_was_signed_byte_for_byte() {
    let place = Place::new();
    let gate = place.init(Mode::Host);
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    for email in ["Ann@Example.COM", "ann+news@example.com", "josé@example.com", "o'brien&co=1@example.com"]
    {
        let once = link(&gate, email);
        let signed_in = accept(&gate, &once).unwrap();
        assert_eq!(signed_in.email, email);
        assert_eq!((signed_in.user_id, signed_in.client_id), (None, None));
        assert_eq!(signed_in.unchecked, UNCHECKED_IN_HOST_MODE);
        assert_eq!(signed_in.landing_url, format!("{SYSTEM}/clientarea.php"));
        assert_eq!(refused(accept(&gate, &once)), Reason::AutoAuthUsed);
    }
}

/// A change of somebody's standing: what it is called, the change, and what an issue, a token issued before
/// and a session begun before hear of it.
type Change = (&'static str, fn(&Gatepass), [Reason; 3]);

const CHANGES: &[Change] = &[
    (
        "the user is disabled",
        |gate| drop(gate.enable_user(user(1), false).unwrap()),
        [Reason::UserDisabled, Reason::UserDisabled, Reason::SessionEnded],
    ),
    (
        "the user is erased",
        |gate| {
            gate.erase_user(user(1)).unwrap();
        },
        [Reason::UserDisabled, Reason::TokenRevoked, Reason::SessionEnded],
    ),
    (
        "the client is closed",
        |gate| drop(gate.set_client_status(client(1), ClientStatus::Closed).unwrap()),
        [Reason::ClientClosed; 3],
    ),
    (
        "single sign-on is switched off",
        |gate| drop(gate.set_client_sso(client(1), false).unwrap()),
        [Reason::SsoDisabled; 3],
    ),
];

/// What undoes a change, where something does.
fn undo(gate: &Gatepass) {
    drop(gate.enable_user(user(1), true));
    gate.set_client_status(client(1), ClientStatus::Active).unwrap();
    gate.set_client_sso(client(1), true).unwrap();
}

#[test]
fn a_person_who_may_no_longer_sign_in_is_refused_at_every_step() {
    for (what, change, [to_issue, to_token, to_session]) in CHANGES {
        let place = Place::new();
        let gate = place.init(Mode::Managed);
        gate.set_setting("autoauth_enabled", json!(true)).unwrap();
        let (_, owned) = person(&gate, "ann@example.com");
        let unspent = issue(&gate, owned);
        let session = redeem(&gate, &issue(&gate, owned)).unwrap().session.unwrap();
        let link = link(&gate, "ann@example.com");
        change(&gate);
        assert_eq!(gate.inspect(&unspent.token, None).unwrap().refusal, Some(*to_token), "{what}");
        assert_eq!(refused(redeem(&gate, &unspent)), *to_token, "{what}");
        assert_eq!(refused(gate.check_session(&session, None)), *to_session, "{what}");
        let request = IssueRequest::for_client(owned);
        assert_eq!(refused(gate.issue(&portal(&gate), &request)), *to_issue, "{what}");
        assert_eq!(refused(accept(&gate, &link)), *to_issue, "{what}");
        // A refusal spends nothing: once all is well again, what did not end for good is good again.
        undo(&gate);
        let ended = |reason: &Reason| matches!(reason, Reason::TokenRevoked | Reason::SessionEnded);
        assert_eq!(redeem(&gate, &unspent).is_ok(), !ended(to_token), "{what}");
        assert_eq!(gate.check_session(&session, None).is_ok(), !ended(to_session), "{what}");
        assert_eq!(accept(&gate, &link).is_ok(), *what != "the user is erased", "{what}");
    }
}

#[test]
fn a_member_who_was_removed_is_out_at_once_and_only_there() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, first) = person(&gate, "ann@example.com");
    let (_, second) = person(&gate, "ben@example.com");
    let dora =
        gate.add_user(&NewUser { email: "dora@example.com".into(), ..NewUser::default() }).unwrap().user_id;
    gate.add_member(dora, first, false).unwrap();
    gate.add_member(dora, second, false).unwrap();
    let issue = |subject| gate.issue(&portal(&gate), &IssueRequest::new(subject)).unwrap();
    let in_first = || issue(Subject::UserInClient(dora, first));
    let (unspent, everywhere) = (in_first(), issue(Subject::User(dora)));
    let bound = redeem(&gate, &in_first()).unwrap().session.unwrap();
    let free = redeem(&gate, &issue(Subject::User(dora))).unwrap();
    assert_eq!(free.clients, [first, second]);
    gate.remove_member(dora, first).unwrap();
    assert_eq!(refused(redeem(&gate, &unspent)), Reason::NotAMember);
    assert_eq!(refused(gate.check_session(&bound, None)), Reason::NotAMember);
    assert_eq!(gate.check_session(&free.session.clone().unwrap(), None).unwrap().clients, [second]);
    assert_eq!(redeem(&gate, &everywhere).unwrap().clients, [second]);
    gate.remove_member(dora, second).unwrap();
    assert_eq!(refused(gate.check_session(&free.session.unwrap(), None)), Reason::NoClient);
    assert_eq!(refused(gate.remove_member(user(1), first)), Reason::OwnerStays);
}

#[test]
fn another_browser_is_refused_and_spends_nothing() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    gate.set_setting("replay_policy", json!("revoke")).unwrap();
    let (_, owned) = person(&gate, "ann@example.com");
    let binding = Binding::of_nonce(b"the right browser");
    let request = IssueRequest::for_client(owned).bound_to(binding);
    let issued = gate.issue(&portal(&gate), &request).unwrap();
    assert!(gate.inspect(&issued.token, None).unwrap().bound);
    let plain = || RedeemRequest::new(issued.token.clone());
    for wrong in [
        plain(),
        plain().bound_to(Binding::of_nonce(b"")),
        plain().bound_to(Binding::of_nonce(b"The right browser")),
    ] {
        assert_eq!(refused(gate.redeem(&wrong)), Reason::BrowserMismatch);
    }
    let seen = gate.inspect(&issued.token, None).unwrap();
    assert_eq!((seen.state, seen.replays, seen.refusal), (TokenState::Live, 0, None));
    let session = gate.redeem(&plain().bound_to(binding)).unwrap().session.unwrap();
    // From then on it is redeemed for everybody, and a stranger with a mismatch learns no more than that.
    assert_eq!(refused(gate.redeem(&plain())), Reason::TokenRedeemed);
    gate.check_session(&session, None).unwrap();
    // A token without a binding does not mind a nonce.
    let issued = issue(&gate, owned);
    gate.redeem(&RedeemRequest::new(issued.token).bound_to(binding)).unwrap();
}

#[test]
fn the_mode_is_chosen_once() {
    for mode in [Mode::Host, Mode::Managed] {
        let place = Place::new();
        let gate = place.init(mode);
        for value in ["host", "managed"] {
            assert_eq!(common::invalid(gate.set_setting("mode", json!(value))), "mode");
        }
        drop(gate);
        assert_eq!(Gatepass::open(&place.store).unwrap().settings().unwrap().mode, mode);
    }
}
