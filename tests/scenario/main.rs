//! The scenario that every language runs, told to the Rust API. `README.md` beside this file says how a line
//! is read.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod line;

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use gatepass::autoauth::Link;
use gatepass::clock::Timestamp;
use gatepass::credential::Caller;
use gatepass::directory::{Mode, Subject};
use gatepass::id::{ClientId, ItemId, UserId};
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::seal::SealingKey;
use gatepass::secret::Secret;
use gatepass::session::{EndSessions, Origin, SessionId};
use gatepass::token::{Binding, IssueRequest, RedeemRequest, TokenState};
use gatepass::{AutoAuthRequest, Error, Gatepass, InitOptions, KeyChoice, Options, Reason, Result, ops};

use line::{Line, Words};

/// The codes of the border of C. Rust says the same in other words, or its types leave no way to say it.
const BORDER: &[&str] = &["nul_inside", "invalid_utf8", "too_long"];

/// What a line gave: its values by name, and the captures.
#[derive(Default)]
struct Told {
    values: HashMap<&'static str, Option<String>>,
    document: String,
    captures: Vec<(&'static str, String)>,
}

impl Told {
    fn text(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.insert(name, Some(value.to_string()));
        self
    }

    fn maybe(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.values.insert(name, value.map(|value| value.to_string()));
        self
    }

    fn time(self, name: &'static str, at: Option<Timestamp>) -> Self {
        self.maybe(name, at.map(Timestamp::as_millis))
    }

    fn clients(self, clients: &[ClientId]) -> Self {
        let list: Vec<String> = clients.iter().map(ToString::to_string).collect();
        self.text("clients", list.join(","))
    }
}

struct Stage {
    gate: Gatepass,
    callers: HashMap<String, Caller>,
}

impl Stage {
    fn tell(&mut self, verb: &str, words: &Words) -> Result<Told> {
        match verb {
            "call" => self.call(words),
            "authenticate" => self.authenticate(words),
            "issue" => self.issue(words),
            "link_create" => self.create_link(words),
            "link_open" => self.open_link(words),
            "redeem" => self.redeem(words),
            "inspect" => self.inspect(words),
            "session_check" => self.check(words),
            "session_end" => {
                let session = self.gate.read_session_id(words.text("session")?.unwrap(), None)?;
                self.gate.end_sessions(&EndSessions::One(session)).map(|_| Told::default())
            }
            "sign" => self.sign(words),
            "accept" => self.accept(words),
            "wait" => {
                std::thread::sleep(Duration::from_millis(words.rest.parse().unwrap()));
                Ok(Told::default())
            }
            other => panic!("no verb {other}"),
        }
    }

    fn call(&self, words: &Words) -> Result<Told> {
        let (operation, json) = words.rest.split_once(' ').unwrap();
        let answer = ops::call(&self.gate, operation, serde_json::from_str(json).unwrap())?;
        Ok(Told { document: answer.to_string(), ..Told::default() })
    }

    fn authenticate(&mut self, words: &Words) -> Result<Told> {
        let secret = Secret::new(words.text("secret")?.unwrap());
        let address = words.parsed::<IpAddr>("address")?;
        let caller = self.gate.authenticate(words.text("identifier")?.unwrap(), &secret, address)?;
        self.callers.insert(words.text("as")?.unwrap().to_owned(), caller);
        Ok(Told::default())
    }

    fn caller(&self, words: &Words) -> Result<Caller> {
        match words.text("caller")? {
            Some(name) => Ok(self.callers[name]),
            None => self.gate.host_caller("cli"),
        }
    }

    fn issue(&self, words: &Words) -> Result<Told> {
        let caller = self.caller(words)?;
        let mut request = whom_and_where(words)?;
        request.life = life(words);
        request.binding = words.bytes("binding").map(Binding::of_nonce);
        let issued = self.gate.issue(&caller, &request)?;
        let mut told = Told::default()
            .text("token", issued.token.reveal())
            .text("redirect_url", &issued.redirect_url)
            .maybe("user_id", issued.user_id)
            .maybe("client_id", issued.client_id)
            .time("expires_at_ms", Some(issued.expires_at));
        told.captures.push(("", issued.token.reveal()));
        Ok(told)
    }

    fn create_link(&self, words: &Words) -> Result<Told> {
        let caller = self.caller(words)?;
        let mut request = LinkRequest::new(whom_and_where(words)?);
        request.life = life(words);
        // Nor can a negative number of uses.
        request.uses = words.number("uses").map_or(1, |uses| uses.try_into().unwrap_or(0));
        request.label = words.owned("label")?;
        request.title = words.owned("title")?;
        request.end_siblings = words.flag("end_siblings", false);
        let created = self.gate.create_link(&caller, &request)?;
        let mut told = Told::default()
            .text("text", created.link.reveal())
            .text("url", &created.url)
            .text("reference", created.reference)
            .maybe("user_id", created.user_id)
            .maybe("client_id", created.client_id)
            .time("expires_at_ms", Some(created.expires_at));
        told.captures.push(("", created.link.reveal()));
        told.captures.push(("_reference", created.reference.to_string()));
        Ok(told)
    }

    fn open_link(&self, words: &Words) -> Result<Told> {
        let address = words.parsed("address")?;
        let text = words.text("link")?.unwrap();
        let link = SignInLink::from_url(text).map_or_else(|| self.gate.read_link(text, address), Ok)?;
        let mut request = OpenRequest::new(link);
        request.address = address;
        let opened = self.gate.open_link(&request)?;
        let mut told = Told::default()
            .text("token", opened.token.reveal())
            .text("redirect_url", &opened.redirect_url)
            .text("landing_url", &opened.landing_url)
            .text("reference", opened.link)
            .maybe("user_id", opened.user_id)
            .maybe("client_id", opened.client_id)
            .time("expires_at_ms", Some(opened.expires_at))
            .text("uses_left", opened.uses_left)
            .text("unchecked_count", opened.unchecked.len());
        told.captures.push(("", opened.token.reveal()));
        Ok(told)
    }

    fn redeem(&self, words: &Words) -> Result<Told> {
        let address = words.parsed("address")?;
        let mut request = RedeemRequest::new(self.gate.read_token(words.text("token")?.unwrap(), address)?)
            .presenting(words.text("session")?.and_then(SessionId::parse));
        request.confirmed = words.flag("confirmed", true);
        request.binding = words.bytes("binding").map(Binding::of_nonce);
        request.start_session = words.flag("start_session", true);
        request.address = address;
        let redeemed = self.gate.redeem(&request)?;
        let told = Told::default()
            .maybe("destination", redeemed.destination)
            .maybe("credential_id", redeemed.credential_id)
            .maybe("actor", redeemed.actor)
            .maybe("email", None::<String>)
            .maybe("key_label", None::<String>)
            .maybe("user_id", redeemed.user_id)
            .maybe("client_id", redeemed.client_id)
            .clients(&redeemed.clients)
            .text("landing_url", redeemed.landing_url)
            .time("session_expires_at_ms", redeemed.session_expires_at)
            .text("unchecked_count", redeemed.unchecked.len());
        Ok(signed_in(told, redeemed.session, redeemed.redemption.to_string()))
    }

    fn inspect(&self, words: &Words) -> Result<Told> {
        let address = words.parsed("address")?;
        let seen =
            self.gate.inspect(&self.gate.read_token(words.text("token")?.unwrap(), address)?, address)?;
        let state = match seen.state {
            TokenState::Live => 1,
            TokenState::Redeemed => 2,
            TokenState::Revoked => 3,
            TokenState::Expired => 4,
            TokenState::NotYetValid => 5,
            TokenState::CredentialVoid => 6,
            other => panic!("{other:?} has no number"),
        };
        Ok(Told::default()
            .text("name", seen.token)
            .text("state", state)
            .text("refusal", seen.refusal.map_or(0, number))
            .maybe("user_id", seen.user_id)
            .maybe("client_id", seen.client_id)
            .maybe("destination", seen.destination)
            .text("landing", seen.landing)
            .maybe("credential_id", seen.credential_id)
            .maybe("actor", seen.actor)
            .text("bound", u8::from(seen.bound))
            .time("issued_at_ms", Some(seen.issued_at))
            .time("expires_at_ms", Some(seen.expires_at))
            .time("redeemed_at_ms", seen.redeemed_at)
            .maybe("redemption", seen.redemption))
    }

    fn check(&self, words: &Words) -> Result<Told> {
        let address = words.parsed("address")?;
        let session = self.gate.read_session_id(words.text("session")?.unwrap(), address)?;
        let session = self.gate.check_session(&session, address)?;
        let origin = match session.origin {
            Origin::Token => 1,
            Origin::AutoAuth => 2,
            other => panic!("{other:?} has no number"),
        };
        Ok(Told::default()
            .text("name", session.session)
            .maybe("user_id", session.user_id)
            .maybe("client_id", session.client_id)
            .clients(&session.clients)
            .text("origin", origin)
            .maybe("credential_id", session.credential_id)
            .maybe("autoauth_key_id", session.autoauth_key_id)
            .maybe("redemption", session.redemption)
            .time("started_at_ms", Some(session.started_at))
            .time("touched_at_ms", Some(session.touched_at))
            .time("idle_at_ms", Some(session.idle_at))
            .time("ends_at_ms", Some(session.ends_at)))
    }

    fn sign(&self, words: &Words) -> Result<Told> {
        let given = words.owned("key")?.map(Secret::new);
        let key = match (&given, words.text("key_label")?) {
            (Some(key), None) => KeyChoice::Given(key),
            (None, Some(label)) => KeyChoice::Label(label),
            _ => panic!("a line signs with one key"),
        };
        let link = self.gate.sign_autoauth(words.text("email")?.unwrap(), key, words.text("goto")?)?;
        let (_, query) = link.split_once('?').unwrap();
        Ok(Told { captures: vec![("", query.to_owned())], ..Told::default() })
    }

    fn accept(&self, words: &Words) -> Result<Told> {
        let mut request =
            AutoAuthRequest::default().presenting(words.text("session")?.and_then(SessionId::parse));
        request.key = words.owned("key")?.map(Secret::new);
        request.start_session = words.flag("start_session", true);
        request.address = words.parsed("address")?;
        let accepted = match words.bytes("query") {
            Some(query) => self.gate.accept_autoauth(query, &request)?,
            None => {
                let field = |name| words.bytes(name).unwrap();
                let goto = words.bytes("goto");
                let link = Link::from_fields(field("email"), field("timestamp"), field("hash"), goto)?;
                self.gate.accept_autoauth_link(&link, &request)?
            }
        };
        let told = Told::default()
            .text("email", accepted.email)
            .maybe("key_label", accepted.key)
            .maybe("destination", None::<String>)
            .maybe("credential_id", None::<String>)
            .maybe("actor", None::<String>)
            .maybe("user_id", accepted.user_id)
            .maybe("client_id", accepted.client_id)
            .clients(&accepted.clients)
            .text("landing_url", accepted.landing_url)
            .time("session_expires_at_ms", accepted.session_expires_at)
            .text("unchecked_count", accepted.unchecked.len());
        Ok(signed_in(told, accepted.session, accepted.redemption.to_string()))
    }
}

/// Who shall be signed in, where they land, and who asks for it.
fn whom_and_where(words: &Words) -> Result<IssueRequest> {
    let id = |name| words.number(name);
    let user = id("user_id").map(UserId::new).transpose()?;
    let client = id("client_id").map(ClientId::new).transpose()?;
    let mut request = IssueRequest::new(Subject::from_ids(user, client)?);
    request.destination = words.owned("destination")?;
    request.service_id = id("service_id").map(|id| item("service_id", id)).transpose()?;
    request.domain_id = id("domain_id").map(|id| item("domain_id", id)).transpose()?;
    request.redirect_path = words.owned("redirect_path")?;
    request.actor = words.owned("actor")?;
    request.address = words.parsed("address")?;
    Ok(request)
}

/// A negative duration can't be said in Rust; none at all is as wrong.
fn life(words: &Words) -> Option<Duration> {
    words.number("life_ms").map(|ms| Duration::from_millis(ms.try_into().unwrap_or(0)))
}

fn item(field: &'static str, id: i64) -> Result<ItemId> {
    ItemId::new(id).map_err(|_| Error::Invalid { field: field.into(), reason: "must be positive".into() })
}

fn signed_in(told: Told, session: Option<SessionId>, redemption: String) -> Told {
    let session = session.map(|session| session.reveal());
    let mut told = told.maybe("session", session.as_deref()).text("redemption", &redemption);
    told.captures.push(("_session", session.unwrap_or_default()));
    told.captures.push(("_redemption", redemption));
    told
}

/// The numbers that the scenario names, by the header.
fn number(reason: Reason) -> i32 {
    match reason {
        Reason::TokenRedeemed => 2002,
        Reason::TokenRevoked => 2003,
        Reason::TokenExpired => 2005,
        Reason::CredentialRevoked => 2102,
        other => panic!("the scenario does not look at {other:?}"),
    }
}

/// What is wrong with an outcome; nothing if it is as it must be.
fn wrong(line: &Line, outcome: &Result<Told>) -> Option<String> {
    let told = match outcome {
        Ok(told) if line.code == "ok" => told,
        Err(_) if BORDER.contains(&line.code.as_str()) => return None,
        Err(error) if error.code() == line.code => return wrong_error(line, error),
        Ok(_) => return Some("was done".to_owned()),
        Err(error) => return Some(format!("{}: {error}", error.code())),
    };
    line.expected.iter().find_map(|(name, wanted)| {
        let found = match name.as_str() {
            "contains" if told.document.contains(wanted) => return None,
            "lacks" if !told.document.contains(wanted) => return None,
            "contains" | "lacks" => return Some(format!("the answer is {}", told.document)),
            name => told.values.get(name).unwrap_or_else(|| panic!("no value {name}")),
        };
        let nothing = |text: &str| text.is_empty() || text == "0";
        let right = match (wanted.as_str(), found) {
            ("-", found) => found.as_deref().is_none_or(nothing),
            ("*", found) => found.as_deref().is_some_and(|text| !nothing(text)),
            (wanted, Some(found)) => wanted == found,
            (_, None) => false,
        };
        (!right).then(|| format!("{name} is {found:?}"))
    })
}

fn wrong_error(line: &Line, error: &Error) -> Option<String> {
    line.expected.iter().find_map(|(name, wanted)| {
        let found = match (name.as_str(), error) {
            ("field", Error::Invalid { field, .. }) => field.to_string(),
            ("redemption", Error::Refused(refusal)) => refusal.redemption?.to_string(),
            ("same_browser", Error::Refused(refusal)) => u8::from(refusal.same_browser).to_string(),
            _ => "nothing".to_owned(),
        };
        (*wanted != found).then(|| format!("{name} is {found}"))
    })
}

#[test]
fn the_story_comes_out_as_it_was_written_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let key = format!("gatepass-sealing-key-1 {}", "0123456789abcdef".repeat(4));
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com/whmcs").unwrap();
    let gate = Options::new()
        .sealing_key(SealingKey::parse(&key).unwrap())
        .init(folder.path().join("gatepass.db"), &init)
        .unwrap();
    let mut stage = Stage { gate, callers: HashMap::new() };
    let mut names = HashMap::new();
    let (mut told, mut failed) = (0, Vec::new());
    for (number, text) in include_str!("scenario.txt").lines().enumerate() {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let line = Line::read(text, &names);
        let outcome = match Words::read(&line.verb, &line.words, &names) {
            Ok(words) => {
                let outcome = stage.tell(&line.verb, &words);
                if let (Ok(told), Some(name)) = (&outcome, words.name()) {
                    for (suffix, value) in &told.captures {
                        names.insert(format!("{name}{suffix}"), value.clone());
                    }
                }
                outcome
            }
            Err(error) => Err(error),
        };
        if let Ok(told) = &outcome {
            line.capture(&told.document, &mut names);
        }
        // What was captured just now may stand in what is expected.
        let line = Line::read(text, &names);
        if let Some(wrong) = wrong(&line, &outcome) {
            failed.push(format!("line {}: {text:.200}\n    {wrong}", number + 1));
        }
        told += 1;
    }
    assert!(told > 100, "only {told} lines were told");
    assert!(failed.is_empty(), "{} of {told} lines came out wrong:\n{}", failed.len(), failed.join("\n"));
}
