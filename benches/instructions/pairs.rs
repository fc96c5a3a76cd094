//! Answers that must cost the same, lest their cost tells what is known: whole calls with SQLite and all,
//! counted against each other and not against a file.
//!
//! A row that is found is read, which one that is not there can't be: that much is allowed, see
//! [`Group::allowed`]. In each group a guard that returns early for what is unknown is counted too, and must be
//! caught.

use std::sync::Arc;
use std::time::Duration;

use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::NewCredential;
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{AutoAuthRequest, Gatepass, InitOptions, KeyChoice, Options};

/// Answers of one kind, how much more than the cheapest the dearest may take, and how often each is counted.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) answers: &'static [&'static str],
    pub(crate) allowed: f64,
    pub(crate) times: u64,
}

/// What a part of this kind is called on the command line.
pub(crate) const EARLY: &str = "early";

pub(crate) const GROUPS: [Group; 6] = [
    Group {
        name: "credential",
        answers: &["unknown", "wrong", "mistyped", "revoked", "expired", "admin_disabled"],
        allowed: 1.35,
        times: 100,
    },
    Group { name: "token", answers: &["unknown", "same_time", "near"], allowed: 1.02, times: 100 },
    Group { name: "session", answers: &["unknown", "near"], allowed: 1.02, times: 100 },
    Group { name: "link", answers: &["unknown", "near"], allowed: 1.02, times: 100 },
    Group { name: "autoauth", answers: &["unknown", "wrong", "near"], allowed: 1.02, times: 100 },
    // Argon2 outweighs everything else; it must run for everybody.
    Group { name: "admin", answers: &["unknown", "wrong", "disabled", "without"], allowed: 1.02, times: 2 },
];

const WRONG_MD5: &str = "098f6bcd4621d373cade4e832627b4f6";

/// The text with another last character.
fn mistyped(text: &str) -> String {
    let last = if text.ends_with('a') { 'b' } else { 'a' };
    format!("{}{last}", &text[..text.len() - 1])
}

fn person(gate: &Gatepass, email: &str) -> gatepass::id::ClientId {
    let user = gate.add_user(&NewUser { email: email.into(), ..NewUser::default() }).unwrap();
    let owner = Some(user.user_id);
    gate.add_client(&NewClient { email: email.into(), owner, ..NewClient::default() }).unwrap().client_id
}

/// An answer of a group, ready to be counted.
pub(crate) fn counted(group: &str, answer: &str, count: impl FnOnce(&dyn Fn())) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = Options::new().clock(clock.clone()).init(folder.path().join("x.db"), &init).unwrap();
    let client = person(&gate, "ann@example.com");
    match group {
        "credential" => credential(&gate, &clock, answer, count),
        "admin" => admin(&gate, answer, count),
        "autoauth" => autoauth(&gate, answer, count),
        other => holders(&gate, client, other, answer, count),
    }
}

fn credential(gate: &Gatepass, clock: &ManualClock, answer: &str, count: impl FnOnce(&dyn Fn())) {
    gate.add_admin("root", None).unwrap();
    let expires_at = Some(Timestamp::from_seconds(1_800_000_001)).filter(|_| answer == "expired");
    let admin = Some("root".to_owned());
    let new = NewCredential { label: "x".into(), admin, expires_at, ..NewCredential::default() };
    let made = gate.create_credential(&new).unwrap();
    let identifier = match answer {
        "unknown" | EARLY => "GPIabcdefghijklmnopqrstuvw4YKuwB".to_owned(),
        _ => made.credential.identifier.unwrap(),
    };
    match answer {
        "revoked" => drop(gate.revoke_credential("x", false).unwrap()),
        "admin_disabled" => drop(gate.enable_admin("root", false).unwrap()),
        "expired" => clock.advance(Duration::from_secs(2)),
        _ => {}
    }
    let wrong = match answer {
        "mistyped" => Secret::new(mistyped(made.secret.unwrap().reveal())),
        _ => Secret::new("GPSabcdefghijklmnopqrstuvw4YKuwB"),
    };
    if answer == EARLY {
        // Knows the identifiers by heart, and asks only about those.
        let known = gate.list_credentials().unwrap();
        return count(&|| {
            let is_known = |named: &&str| known.iter().any(|it| it.identifier.as_deref() == Some(named));
            if Some(&*identifier).filter(is_known).is_some() {
                gate.authenticate(&identifier, &wrong, None).unwrap_err();
            }
        });
    }
    count(&|| drop(gate.authenticate(&identifier, &wrong, None).unwrap_err()));
}

fn admin(gate: &Gatepass, answer: &str, count: impl FnOnce(&dyn Fn())) {
    let password = (answer != "without").then(|| Secret::new("correct horse"));
    gate.add_admin("root", password.as_ref()).unwrap();
    gate.set_setting("legacy_admin_auth", serde_json::json!(true)).unwrap();
    if answer == "disabled" {
        gate.enable_admin("root", false).unwrap();
    }
    let name = if matches!(answer, "unknown" | EARLY) { "nobody" } else { "root" };
    let wrong = Secret::new(WRONG_MD5);
    let known = gate.list_admins().unwrap();
    count(&|| {
        if answer != EARLY || known.iter().any(|admin| admin.username == name) {
            gate.authenticate_admin(name, &wrong, None).unwrap_err();
        }
    });
}

fn autoauth(gate: &Gatepass, answer: &str, count: impl FnOnce(&dyn Fn())) {
    gate.set_setting("autoauth_enabled", serde_json::json!(true)).unwrap();
    let key = Secret::new("a key of more than twenty characters");
    let email = if matches!(answer, "unknown" | EARLY) { "bob@example.com" } else { "ann@example.com" };
    let link = gate.sign_autoauth(email, KeyChoice::Given(&key), None).unwrap();
    let (_, query) = link.split_once('?').unwrap();
    let query = match answer {
        "near" => mistyped(query),
        _ => format!("{}{}", &query[..query.len() - 40], "0".repeat(40)),
    };
    let request = AutoAuthRequest::default().with_key(key);
    count(&|| {
        if answer != EARLY || query.contains("ann") {
            gate.accept_autoauth(query.as_bytes(), &request).unwrap_err();
        }
    });
}

/// What is held by somebody: a token, a session, a link.
fn holders(
    gate: &Gatepass,
    client: gatepass::id::ClientId,
    group: &str,
    answer: &str,
    count: impl FnOnce(&dyn Fn()),
) {
    let caller = gate.host_caller("cli").unwrap();
    let request = IssueRequest::for_client(client);
    let token = gate.issue(&caller, &request).unwrap().token;
    let live = match group {
        "token" => token.reveal(),
        "session" => gate.redeem(&RedeemRequest::new(token)).unwrap().session.unwrap().reveal(),
        _ => gate.create_link(&caller, &LinkRequest::new(request)).unwrap().link.reveal(),
    };
    let text = match (answer, group) {
        ("near", _) => mistyped(&live),
        ("same_time", _) => format!("{}{}", &live[..12], "5".repeat(28)),
        (_, "link") => "a".repeat(32),
        _ => "0".repeat(live.len()),
    };
    count(&|| match group {
        // Looks at nothing that does not begin as a live one does.
        _ if answer == EARLY && !live.starts_with(&text[..12]) => {}
        "token" => {
            let request = RedeemRequest::new(Token::parse(&text).unwrap());
            drop(gate.redeem(&request).unwrap_err());
        }
        "session" => drop(gate.check_session(&SessionId::parse(&text).unwrap(), None).unwrap_err()),
        _ => {
            let request = OpenRequest::new(SignInLink::parse(&text).unwrap());
            drop(gate.open_link(&request).unwrap_err());
        }
    });
}
