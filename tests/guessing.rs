//! Whoever guesses learns nothing from what an answer costs: what is unknown and what is known but wrong
//! take the same statements of the database, and the same steps in them but for the row that is found.
//!
//! SQLite itself tells each statement that it ran, and in how many steps of its machine. Times are not
//! asked, so that a busy machine changes nothing; instructions are counted by `benches/instructions`. A
//! guard that returns early, and one that writes down what it knows, must be told apart by the same
//! measure.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use common::{Place, START, person, secret};
use gatepass::api::{self, HttpCall};
use gatepass::clock::ManualClock;
use gatepass::credential::NewCredential;
use gatepass::directory::Mode;
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{AutoAuthRequest, Gatepass, KeyChoice};
use rusqlite::ffi;
use serde_json::json;

/// How many steps of SQLite's machine reading a row may take more than finding none.
const A_ROW: i32 = 30;

/// A statement and its steps.
type Ran = (String, i32);

static RAN: Mutex<Vec<Ran>> = Mutex::new(Vec::new());

fn ran() -> MutexGuard<'static, Vec<Ran>> {
    RAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Called by SQLite for each connection that is opened in this process.
unsafe extern "C" fn opened(
    connection: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    let kind = ffi::SQLITE_TRACE_PROFILE as c_uint;
    // SAFETY: the connection is open, and the function below takes what it is given.
    unsafe { ffi::sqlite3_trace_v2(connection, kind, Some(finished), std::ptr::null_mut()) }
}

/// Called by SQLite for each statement that came to its end.
unsafe extern "C" fn finished(_: c_uint, _: *mut c_void, statement: *mut c_void, _: *mut c_void) -> c_int {
    let statement = statement.cast();
    // SAFETY: SQLite gives a statement, whose text lives as long as it does.
    let (text, steps) = unsafe {
        let steps = ffi::sqlite3_stmt_status(statement, ffi::SQLITE_STMTSTATUS_VM_STEP, 1);
        (CStr::from_ptr(ffi::sqlite3_sql(statement)), steps)
    };
    ran().push((text.to_string_lossy().into_owned(), steps));
    0
}

/// The tests listen to one process, so they take turns.
fn listening() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    static LISTENS: Once = Once::new();
    // SAFETY: the function is of the kind that SQLite calls here.
    LISTENS.call_once(|| assert_eq!(unsafe { ffi::sqlite3_auto_extension(Some(opened)) }, ffi::SQLITE_OK));
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an act runs, once everything that is prepared once has been.
fn cost(act: &mut dyn FnMut()) -> Vec<Ran> {
    for _ in 0..2 {
        act();
    }
    ran().clear();
    act();
    std::mem::take(&mut *ran())
}

/// How the costs of several acts differ; nothing when they don't.
fn difference(costs: &[(&str, Vec<Ran>)]) -> Option<String> {
    let (first, expected) = &costs[0];
    assert!(!expected.is_empty(), "{first} asked the store nothing");
    let texts = |cost: &[Ran]| cost.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
    let steps = |cost: &[Ran]| cost.iter().map(|(_, steps)| steps).sum::<i32>();
    let told: Vec<String> =
        costs.iter().map(|(name, cost)| format!("{name} {} in {}", cost.len(), steps(cost))).collect();
    println!("statements in steps: {}", told.join(", "));
    for (name, cost) in &costs[1..] {
        if texts(cost) != texts(expected) {
            return Some(format!("{first} runs {:#?}, {name} {:#?}", texts(expected), texts(cost)));
        }
    }
    let all = costs.iter().map(|(_, cost)| steps(cost));
    let (most, least) = (all.clone().max().unwrap(), all.min().unwrap());
    (most - least > A_ROW).then(|| format!("between {least} and {most} steps"))
}

/// Acts with their names.
type Acts<'a> = Vec<(&'a str, Box<dyn FnMut() + 'a>)>;

fn costs<'a>(acts: Acts<'a>) -> Vec<(&'a str, Vec<Ran>)> {
    acts.into_iter().map(|(name, mut act)| (name, cost(&mut act))).collect()
}

/// The same act with each of these.
fn each<'a, T>(given: &'a [(&'a str, T)], act: impl Fn(&T) + Copy + 'a) -> Acts<'a> {
    given.iter().map(|(name, it)| (*name, Box::new(move || act(it)) as Box<dyn FnMut()>)).collect()
}

#[track_caller]
fn assert_same_cost(acts: Acts<'_>) {
    let difference = difference(&costs(acts));
    assert!(difference.is_none(), "{}", difference.unwrap());
}

struct Stage {
    _place: Place,
    gate: Gatepass,
    clock: Arc<ManualClock>,
    client: gatepass::id::ClientId,
}

impl Stage {
    fn new() -> Self {
        let place = Place::new();
        let (gate, clock) = place.init_at_start(Mode::Managed);
        let (_, client) = person(&gate, "ann@example.com");
        Stage { _place: place, gate, clock, client }
    }

    /// Identifiers and secrets of a good credential, a revoked one, one that has expired, and one of an
    /// admin who is disabled.
    fn credentials(&self) -> Vec<(&'static str, String, String)> {
        let gate = &self.gate;
        gate.add_admin("root", None).unwrap();
        gate.add_admin("sam", None).unwrap();
        let make = |label: &'static str, admin: &str, expires_at| {
            let new = NewCredential {
                label: label.into(),
                admin: Some(admin.into()),
                expires_at,
                ..NewCredential::default()
            };
            let made = gate.create_credential(&new).unwrap();
            (label, made.credential.identifier.unwrap(), made.secret.unwrap().reveal().to_owned())
        };
        let soon = Some(START.plus(Duration::from_secs(1)));
        let all = ["good", "revoked", "expired", "disabled"].map(|label| {
            make(label, if label == "disabled" { "sam" } else { "root" }, soon.filter(|_| label == "expired"))
        });
        gate.revoke_credential("revoked", false).unwrap();
        gate.enable_admin("sam", false).unwrap();
        self.clock.advance(Duration::from_secs(2));
        all.into()
    }
}

/// The text with another last character.
fn mistyped(text: &str) -> String {
    let last = if text.ends_with('a') { 'b' } else { 'a' };
    format!("{}{last}", &text[..text.len() - 1])
}

const UNKNOWN: &str = "GPIabcdefghijklmnopqrstuvw4YKuwB";

#[test]
fn an_unknown_identifier_costs_what_a_wrong_secret_costs() {
    let _turn = listening();
    let stage = Stage::new();
    let all = stage.credentials();
    let fails = |identifier: &str, given: &str| {
        let (identifier, given) = (identifier.to_owned(), secret(given));
        let gate = &stage.gate;
        Box::new(move || drop(gate.authenticate(&identifier, &given, None).unwrap_err())) as Box<dyn FnMut()>
    };
    let wrong = "GPSabcdefghijklmnopqrstuvw4YKuwB";
    let mut acts: Acts<'_> = vec![("unknown", fails(UNKNOWN, wrong)), ("empty", fails("", ""))];
    acts.push(("too long", fails(&UNKNOWN.repeat(10), wrong)));
    for (label, identifier, right) in &all {
        acts.push((label, fails(identifier, wrong)));
        acts.push(("mistyped", fails(identifier, &mistyped(right))));
    }
    assert_same_cost(acts);
}

#[test]
fn an_api_call_with_an_unknown_identifier_costs_what_one_with_a_wrong_secret_costs() {
    let _turn = listening();
    let stage = Stage::new();
    let all = stage.credentials();
    let asks = |identifier: &str| {
        let body = format!("action=GetUsers&identifier={identifier}&secret=GPSwrong");
        let gate = &stage.gate;
        Box::new(move || {
            let mut call = HttpCall::new("POST");
            call.content_type = Some("application/x-www-form-urlencoded");
            call.body = body.as_bytes();
            assert_eq!(api::respond(gate, &call).status, 403);
        }) as Box<dyn FnMut()>
    };
    let mut acts: Acts<'_> = vec![("unknown", asks(UNKNOWN))];
    acts.extend(all.iter().map(|(label, identifier, _)| (*label, asks(identifier))));
    assert_same_cost(acts);
}

#[test]
fn an_unknown_token_link_or_session_costs_the_same_however_near_it_is() {
    let _turn = listening();
    let stage = Stage::new();
    let gate = &stage.gate;
    let caller = gate.host_caller("cli").unwrap();
    let request = IssueRequest::for_client(stage.client);
    let live = gate.issue(&caller, &request).unwrap().token.reveal();
    let other = gate.issue(&caller, &request).unwrap().token;
    let session = gate.redeem(&RedeemRequest::new(other)).unwrap().session.unwrap().reveal();
    let link = gate.create_link(&caller, &LinkRequest::new(request)).unwrap().link.reveal();

    let same_time = format!("{}{}", &live[..12], "5".repeat(28));
    let tokens = [("far", "0".repeat(40)), ("same time", same_time), ("near", mistyped(&live))];
    let token = |text: &String| Token::parse(text).unwrap();
    assert_same_cost(each(&tokens, |text| drop(gate.redeem(&RedeemRequest::new(token(text))).unwrap_err())));
    assert_same_cost(each(&tokens, |text| drop(gate.inspect(&token(text), None).unwrap_err())));
    let sessions = [("far", "0".repeat(64)), ("near", mistyped(&session))];
    let session = |text: &String| SessionId::parse(text).unwrap();
    assert_same_cost(each(&sessions, |text| drop(gate.check_session(&session(text), None).unwrap_err())));
    let links = [("far", "a".repeat(32)), ("near", mistyped(&link))];
    let link = |text: &String| SignInLink::parse(text).unwrap();
    assert_same_cost(each(&links, |text| drop(gate.open_link(&OpenRequest::new(link(text))).unwrap_err())));
    assert_same_cost(each(&links, |text| drop(gate.inspect_link(&link(text), None).unwrap_err())));
}

#[test]
fn an_autoauth_link_of_nobody_costs_what_one_of_somebody_costs() {
    let _turn = listening();
    let stage = Stage::new();
    let gate = &stage.gate;
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    let key = secret("a key of more than twenty characters");
    let request = AutoAuthRequest::default().with_key(key.clone());
    let signed = |email: &str| gate.sign_autoauth(email, KeyChoice::Given(&key), None).unwrap();
    let query = |link: &str| link.split_once('?').unwrap().1.to_owned();
    let known = query(&signed("ann@example.com"));
    let queries = [
        ("somebody", mistyped(&known)),
        ("nobody", mistyped(&query(&signed("bob@example.com")))),
        ("far", format!("{}{}", &known[..known.len() - 40], "0".repeat(40))),
    ];
    assert_same_cost(each(&queries, |query| {
        drop(gate.accept_autoauth(query.as_bytes(), &request).unwrap_err());
    }));
}

#[test]
fn a_username_that_nobody_has_costs_what_an_admin_s_costs() {
    let _turn = listening();
    let stage = Stage::new();
    let gate = &stage.gate;
    let password = secret("correct horse");
    for name in ["root", "sam", "locked root"] {
        gate.add_admin(name, Some(&password)).unwrap();
    }
    gate.add_admin("without", None).unwrap();
    gate.enable_admin("sam", false).unwrap();
    gate.set_setting("legacy_admin_auth", json!(true)).unwrap();
    gate.add_admin("root 2", Some(&password)).unwrap();
    let fails = |name: &str, md5: &str| drop(gate.authenticate_admin(name, &secret(md5), None).unwrap_err());
    let wrong = "098f6bcd4621d373cade4e832627b4f6";
    let same = |names: &[&'static str], md5: &str| {
        let names: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
        assert_same_cost(each(&names, |name| fails(name, md5)));
    };
    same(&["root", "nobody", "sam", "without"], wrong);
    for name in ["locked root", "locked nobody"] {
        (0..5).for_each(|_| fails(name, wrong));
    }
    same(&["locked root", "locked nobody"], wrong);
    // What is no MD5 is refused without Argon2, for everybody.
    same(&["root 2", "nobody 2"], "no MD5");
}

#[test]
fn guards_that_tell_what_they_know_by_their_cost_are_caught() {
    let _turn = listening();
    let stage = Stage::new();
    let gate = &stage.gate;
    let all = stage.credentials();
    let wrong = secret("wrong");
    // Looks whether there is such a credential, and returns early.
    let early = |identifier: &str| {
        if gate.credential(identifier).is_ok() {
            gate.authenticate(identifier, &wrong, None).unwrap_err();
        }
    };
    let told = costs(vec![("unknown", Box::new(|| early(UNKNOWN))), ("good", Box::new(|| early(&all[0].1)))]);
    assert!(difference(&told).is_some());
    // The same statements, but one goes through what there is.
    let through =
        |named: &str| drop(gate.list_clients(&serde_json::from_value(json!({ "search": named })).unwrap()));
    for number in 0..20 {
        person(gate, &format!("many{number}@example.com"));
    }
    let told = costs(vec![("few", Box::new(|| through("ann"))), ("many", Box::new(|| through("many")))]);
    assert!(difference(&told).is_some());
}
