//! What a program does to a store while it is recorded: acts of every kind, drawn at random, each noted.
//!
//! Noted as done is only what must survive a power cut. An issue need not, unless the store's `durability` is
//! `full`.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::common::portal;
use super::dice::Dice;
use super::notes::Notes;
use gatepass::clock::Timestamp;
use gatepass::credential::{Caller, NewCredential, Rotation};
use gatepass::directory::{ClientStatus, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::link::{EndLinks, LinkRequest, OpenRequest};
use gatepass::secret::Secret;
use gatepass::session::{EndSessions, SessionId};
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens, Token};
use gatepass::{AutoAuthRequest, Gatepass, KeyChoice};
use serde_json::json;

/// The key of all AutoAuth links here.
pub(crate) fn autoauth_key() -> Secret {
    Secret::new("the key of the old website's links")
}

/// What an actor does most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Acts of every kind.
    Everything,
    /// Sign-ins and what belongs to them; nothing that empties the log, so that it gets long.
    SignIns,
}

/// Somebody who acts on a store and notes it.
pub(crate) struct Actor<'a> {
    pub(crate) gate: &'a Gatepass,
    pub(crate) notes: &'a Notes,
    pub(crate) dice: Dice,
    pub(crate) habit: Habit,
    /// Distinguishes its things from those of others.
    pub(crate) number: i64,
    /// Tokens that were issued since the last synced act.
    pub(crate) unsynced: Vec<String>,
}

/// Actors of these numbers act on a store at once, an act in each turn.
pub(crate) fn play(
    gate: &Gatepass,
    notes: &Notes,
    habit: Habit,
    numbers: Range<i64>,
    turns: &Range<u64>,
    dice: &mut Dice,
) {
    std::thread::scope(|scope| {
        for number in numbers {
            let mut actor = Actor { gate, notes, dice: dice.split(), habit, number, unsynced: Vec::new() };
            scope.spawn(move || actor.play(turns.clone()));
        }
    });
}

impl Actor<'_> {
    /// An act in each turn.
    fn play(&mut self, turns: Range<u64>) {
        let caller = portal(self.gate);
        let full = self.gate.setting("durability").is_ok_and(|setting| setting.value == json!("full"));
        for turn in turns {
            let id = self.number * 100_000 + i64::try_from(turn).unwrap() + 1_000;
            if self.habit == Habit::Everything && turn % 40 == 10 {
                self.keep_user(id);
                continue;
            }
            match (self.dice.below(100), self.habit) {
                (0..=44, _) => self.sign_in(&caller, full),
                (45..=59, _) => drop(self.issue(&caller, full)),
                (60..=66, _) => self.revoke_token(&caller, full),
                (67..=76, _) => self.follow_link(&caller),
                (77..=81, _) => self.follow_old_link(id),
                (82..=84, _) => self.keep_credential(id),
                (85..=87, _) => self.keep_client(id),
                (88..=89, _) => self.keep_admin(id),
                (90..=94, _) => self.set_things(u32::try_from(turn).unwrap()),
                (95, Habit::Everything) => self.back_up(id),
                (96, Habit::Everything) => drop(self.gate.purge(&mut |_, _| {}).unwrap()),
                _ => self.sign_in(&caller, full),
            }
        }
    }

    fn issue(&mut self, caller: &Caller, full: bool) -> Token {
        let request = IssueRequest::for_client(ClientId::new(1).unwrap());
        let token = self.gate.issue(caller, &request).unwrap().token;
        if full {
            self.notes.done(1, "known", &token.reveal());
        } else {
            self.unsynced.push(token.reveal());
        }
        token
    }

    /// A session of the token's, alive.
    fn redeem(&mut self, token: Token) -> SessionId {
        let name = token.reveal();
        self.notes.begin(1, "token", &name);
        let session = self.gate.redeem(&RedeemRequest::new(token)).unwrap().session.unwrap();
        self.notes.done(1, "token", &name);
        self.notes.done(1, "session", &session.reveal());
        // What is synced has everything before it on the disk too.
        self.unsynced.drain(..).for_each(|name| self.notes.done(1, "known", &name));
        session
    }

    fn end(&mut self, session: SessionId) {
        let name = session.reveal();
        let end = EndSessions::One(session);
        self.notes.act(2, "session", &name, || self.gate.end_sessions(&end).unwrap());
    }

    pub(crate) fn sign_in(&mut self, caller: &Caller, full: bool) {
        let token = self.issue(caller, full);
        let session = self.redeem(token);
        self.gate.check_session(&session, None).unwrap();
        if self.dice.percent(25) {
            self.end(session);
        }
    }

    pub(crate) fn revoke_token(&mut self, caller: &Caller, full: bool) {
        let token = self.issue(caller, full);
        let name = token.reveal();
        let revoke = RevokeTokens::One(token);
        self.notes.act(1, "revoked", &name, || self.gate.revoke_tokens(&revoke).unwrap());
    }

    pub(crate) fn follow_link(&mut self, caller: &Caller) {
        let issue = IssueRequest::for_client(ClientId::new(1).unwrap());
        let request = LinkRequest::new(issue).uses(2).label("reminder");
        let link = self.gate.create_link(caller, &request).unwrap().link;
        let name = link.reveal();
        self.notes.done(1, "link", &name);
        let open = OpenRequest::new(link.clone());
        let opened = self.notes.act(2, "link", &name, || self.gate.open_link(&open).unwrap());
        self.notes.done(1, "known", &opened.token.reveal());
        if self.dice.percent(50) {
            self.redeem(opened.token);
        }
        if self.dice.percent(50) {
            let open = open.signing_in(None);
            let opened = self.notes.act(3, "link", &name, || self.gate.open_link(&open).unwrap());
            let session = opened.redemption.unwrap().session.unwrap();
            self.notes.done(1, "session", &session.reveal());
        } else {
            let end = EndLinks::One(link);
            self.notes.act(9, "link", &name, || self.gate.revoke_links(&end).unwrap());
        }
    }

    /// An AutoAuth link, of a person of its own: two of one person and second are the same link.
    pub(crate) fn follow_old_link(&mut self, id: i64) {
        let email = format!("old{id}-1@example.com");
        let user_id = Some(UserId::new(id).unwrap());
        let new = NewUser { user_id, email: email.clone(), ..NewUser::default() };
        let owner = self.notes.act(1, "user", &id.to_string(), || self.gate.add_user(&new).unwrap()).user_id;
        let client_id = Some(ClientId::new(id).unwrap());
        let new = NewClient { client_id, email: email.clone(), owner: Some(owner), ..NewClient::default() };
        self.notes.act(1, "client", &id.to_string(), || self.gate.add_client(&new).unwrap());
        let url = self.gate.sign_autoauth(&email, KeyChoice::Given(&autoauth_key()), None).unwrap();
        let query = url.split_once('?').unwrap().1;
        let request = AutoAuthRequest::default().with_key(autoauth_key());
        let accept = || self.gate.accept_autoauth(query.as_bytes(), &request).unwrap();
        let session = self.notes.act(1, "autoauth", query, accept).session.unwrap();
        self.notes.done(1, "session", &session.reveal());
    }

    pub(crate) fn keep_credential(&mut self, id: i64) {
        let label = format!("system {id}");
        let admin = Some("owner".to_owned());
        let new = NewCredential { label: label.clone(), admin, ..NewCredential::default() };
        let create = || self.gate.create_credential(&new).unwrap();
        let made = self.notes.act(1, "credential", &label, create);
        let named = |secret: Option<Secret>| {
            format!("{}:{}", made.credential.identifier.as_ref().unwrap(), secret.unwrap().reveal())
        };
        let first = named(made.secret.clone());
        self.notes.done(1, "secret", &first);
        let leaked = Rotation::leaked(Timestamp::from_seconds(0));
        let rotate = || self.gate.rotate_credential(&label, &leaked).unwrap();
        let second = named(self.notes.act(2, "secret", &first, rotate).secret);
        self.notes.done(1, "secret", &second);
        if self.dice.percent(50) {
            self.notes.begin(2, "secret", &second);
            let revoke = || self.gate.revoke_credential(&label, true).unwrap();
            self.notes.act(2, "credential", &label, revoke);
        }
    }

    pub(crate) fn keep_client(&mut self, id: i64) {
        let name = id.to_string();
        let client_id = ClientId::new(id).unwrap();
        let email = format!("client{id}@example.com");
        let new = NewClient { client_id: Some(client_id), email, ..NewClient::default() };
        self.notes.act(1, "client", &name, || self.gate.add_client(&new).unwrap());
        let close = || self.gate.set_client_status(client_id, ClientStatus::Closed).unwrap();
        self.notes.act(2, "client", &name, close);
    }

    pub(crate) fn keep_admin(&mut self, id: i64) {
        let name = format!("admin{id}");
        self.notes.act(1, "admin", &name, || self.gate.add_admin(&name, None).unwrap());
        self.notes.act(2, "admin", &name, || self.gate.enable_admin(&name, false).unwrap());
    }

    /// Two values that only this actor changes, and only upwards.
    pub(crate) fn set_things(&mut self, turn: u32) {
        let value = turn + 91;
        if self.number == 0 {
            let name = "audit_retention_days";
            self.notes.act(value, "setting", name, || self.gate.set_setting(name, value.into()).unwrap());
        }
        let name = format!("custom:page{}", char::from(b'a' + u8::try_from(self.number).unwrap()));
        let destination =
            serde_json::from_value(json!({ "name": name, "path": format!("page{value}.php") })).unwrap();
        let set = || self.gate.set_destination(&destination).unwrap();
        self.notes.act(value, "destination", &name, set);
    }

    /// A person from first to last. Each change of the address empties the log, as does the erasing.
    pub(crate) fn keep_user(&mut self, id: i64) {
        let (name, user) = (id.to_string(), UserId::new(id).unwrap());
        let email = |rung: u32| format!("user{id}-{rung}@example.com");
        let new = NewUser { user_id: Some(user), email: email(1), ..NewUser::default() };
        self.notes.act(1, "user", &name, || self.gate.add_user(&new).unwrap());
        for rung in 2..4 {
            let set = || self.gate.set_user_email(user, &email(rung)).unwrap();
            self.notes.act(rung, "user", &name, set);
        }
        self.notes.act(98, "user", &name, || self.gate.enable_user(user, false).unwrap());
        if self.dice.percent(50) {
            self.notes.act(99, "user", &name, || self.gate.erase_user(user).unwrap());
        }
    }

    pub(crate) fn back_up(&mut self, id: i64) {
        let name = format!("backup-{id}");
        let to = self.gate.path().with_file_name(&name);
        self.notes.act(1, "backup", &name, || self.gate.backup(to, &mut |_, _| {}).unwrap());
    }
}

/// Put backups back one after the other; each holds its number as a destination.
pub(crate) fn restore(gate: &Gatepass, notes: &Notes, folder: &Path, many: u32) {
    for number in 1..=many {
        let from = folder.join(format!("numbered-{number}"));
        let restore = || gate.restore(from, &mut |_, _| {}).unwrap();
        notes.act(number, "destination", NUMBERED, restore);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The destination that tells which backup a store was restored from.
pub(crate) const NUMBERED: &str = "custom:number";
