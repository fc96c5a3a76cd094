//! What was begun and what was answered, and whether a store that comes back from a power cut agrees.
//!
//! Every thing that is acted on climbs a ladder: a token is unspent (0) or redeemed (1), a session unknown
//! (0), alive (1) or ended (2). A note says which rung an act begins to climb to and, once it was answered,
//! which it has reached. Whatever the power cut left, the thing must stand no lower than what was answered,
//! and no higher than what was begun.

use std::collections::HashMap;

use super::dice::Dice;
use super::notes::Note;
use gatepass::audit::AuditQuery;
use gatepass::clock::Timestamp;
use gatepass::directory::ClientStatus;
use gatepass::id::{ClientId, UserId};
use gatepass::link::SignInLink;
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::{RedeemRequest, Token, TokenState};
use gatepass::{AutoAuthRequest, Error, Gatepass, Reason, StoreError};

#[derive(Debug, Default, Clone, Copy)]
struct Rungs {
    begun: u32,
    done: u32,
}

/// How many of the things that were noted last are looked at, and how many of all before.
const LATEST: usize = 40;
const EARLIER: usize = 25;

/// What is known of all things up to some moment.
#[derive(Debug, Default, Clone)]
pub(crate) struct Ledger<'a> {
    things: HashMap<(&'a str, &'a str), Rungs>,
    /// In the order in which they were noted, some more than once.
    noted: Vec<(&'a str, &'a str)>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn take(&mut self, note: Note<'a>) {
        let rungs = self.things.entry((note.kind, note.name)).or_default();
        rungs.begun = rungs.begun.max(note.rung);
        if note.done {
            rungs.done = rungs.done.max(note.rung);
        }
        self.noted.push((note.kind, note.name));
    }

    /// Whether it was answered that the thing stands on that rung, or above it.
    pub(crate) fn was_told(&self, rung: u32, kind: &str, name: &str) -> bool {
        self.things.get(&(kind, name)).is_some_and(|rungs| rungs.done >= rung)
    }

    /// Where the store disagrees, of the latest things and some earlier ones.
    pub(crate) fn wrong(&self, gate: &Gatepass, dice: &mut Dice) -> Vec<String> {
        let (earlier, latest) = self.noted.split_at(self.noted.len().saturating_sub(LATEST));
        let some = (0..EARLIER.min(earlier.len())).map(|_| earlier[dice.below(earlier.len())]);
        let mut looked_at: Vec<_> = latest.iter().copied().chain(some).collect();
        looked_at.sort_unstable();
        looked_at.dedup();
        looked_at.into_iter().filter_map(|(kind, name)| self.wrong_of(gate, kind, name)).collect()
    }

    /// Where the store disagrees, of all things.
    pub(crate) fn all_wrong(&self, gate: &Gatepass) -> Vec<String> {
        self.things.keys().filter_map(|(kind, name)| self.wrong_of(gate, kind, name)).collect()
    }

    /// Where the store disagrees, of one thing.
    pub(crate) fn wrong_of(&self, gate: &Gatepass, kind: &str, name: &str) -> Option<String> {
        let Rungs { begun, done } = *self.things.get(&(kind, name))?;
        let found = rung_of(gate, kind, name);
        if found.as_ref().is_ok_and(|found| (done..=begun).contains(found)) {
            return None;
        }
        let found = found.map_or_else(|error| error.to_string(), |found| found.to_string());
        Some(format!("{kind} {name}: {found}, told {done}, begun {begun}"))
    }
}

/// Where a thing stands, as the store tells.
fn rung_of(gate: &Gatepass, kind: &str, name: &str) -> gatepass::Result<u32> {
    let id = || name.parse::<i64>().unwrap();
    Ok(match kind {
        "token" | "revoked" | "known" => {
            let token = Token::parse(name).unwrap();
            let state = match gate.inspect(&token, None) {
                Err(error) if error.reason() == Some(Reason::TokenUnknown) => return Ok(0),
                seen => seen?.state,
            };
            match (kind, state) {
                ("known", _) => 1,
                ("token", TokenState::Redeemed) => spent(gate, token),
                (_, state) => u32::from(kind == "revoked" && state == TokenState::Revoked),
            }
        }
        "session" => match gate.check_session(&SessionId::parse(name).unwrap(), None) {
            Err(error) if error.reason() == Some(Reason::SessionUnknown) => 0,
            Err(error) if error.reason() == Some(Reason::SessionEnded) => 2,
            session => session.map(|_| 1)?,
        },
        "link" => match gate.inspect_link(&SignInLink::parse(name).unwrap(), None) {
            Err(error) if error.reason() == Some(Reason::LinkUnknown) => 0,
            seen => seen.map(|seen| if seen.ended_at.is_some() { 9 } else { 1 + seen.used })?,
        },
        "autoauth" => {
            let request = AutoAuthRequest::default().with_key(super::acts::autoauth_key());
            let seen = gate.inspect_autoauth(name.as_bytes(), &request)?;
            u32::from(seen.refusal.is_some_and(|refusal| refusal.reason == Reason::AutoAuthUsed))
        }
        "credential" => match gate.credential(name) {
            Err(error) if error.reason() == Some(Reason::CredentialUnknown) => 0,
            credential => credential.map(|credential| 1 + u32::from(credential.revoked_at.is_some()))?,
        },
        "secret" => {
            let (identifier, secret) = name.split_once(':').unwrap();
            match gate.authenticate(identifier, &Secret::new(secret), None) {
                Err(Error::Refused(_)) => 2,
                caller => caller.map(|_| 1)?,
            }
        }
        "user" => match gate.user(UserId::new(id())?) {
            Err(error) if error.reason() == Some(Reason::UserUnknown) => 0,
            user => match user? {
                user if user.erased_at.is_some() => 99,
                user if !user.enabled => 98,
                user => {
                    let rung = |email: &str| email.split(['-', '@']).nth(1)?.parse().ok();
                    user.email.as_deref().and_then(rung).unwrap_or(0)
                }
            },
        },
        "client" => match gate.client(ClientId::new(id())?) {
            Err(error) if error.reason() == Some(Reason::ClientUnknown) => 0,
            client => client.map(|client| 1 + u32::from(client.status == ClientStatus::Closed))?,
        },
        "admin" => {
            let admins = gate.list_admins()?;
            let found = admins.iter().find(|admin| admin.username == name);
            found.map_or(0, |admin| if admin.enabled { 1 } else { 2 })
        }
        "destination" => {
            let found = gate.list_destinations()?.into_iter().find(|found| found.name == name);
            let number =
                found.and_then(|it| it.path.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok());
            number.unwrap_or(0)
        }
        "log-in" => {
            let ever = AuditQuery::between(Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
            let event = Some("admin.authenticated".to_owned());
            u32::try_from(gate.audit_events(&AuditQuery { event, ..ever })?.len()).unwrap()
        }
        "setting" => u32::try_from(gate.setting(name)?.value.as_u64().unwrap()).unwrap(),
        "backup" => match Gatepass::open(gate.path().with_file_name(name)) {
            Err(Error::Store(StoreError::Missing)) => 0,
            copy => copy.map(|_| 1)?,
        },
        "store" => 1,
        _ => panic!("no such kind: {kind}"),
    })
}

/// 1 if a token that is redeemed is refused as such when it is tried once more.
fn spent(gate: &Gatepass, token: Token) -> u32 {
    let again = gate.redeem(&RedeemRequest::new(token));
    u32::from(again.is_err_and(|error| error.reason() == Some(Reason::TokenRedeemed)))
}
