//! What a case stands in: a store with two handles, people, callers and tokens made in a few words.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Backend, Place};
use crate::audit::{AuditEvent, AuditQuery};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerId, Credential, Limits, NewCredential};
use crate::directory::{Client, Email, Mode, NewClient, NewUser, User};
use crate::error::{Error, Reason, Refusal, Result};
use crate::id::{ClientId, CredentialId, UserId};
use crate::link::{CreateAct, LinkFacts, LinkRequest, OpenAct, Opened, SignInLink};
use crate::secret::{Randomness, TimedKey, sha256};
use crate::session::{RedemptionId, Session, SessionId};
use crate::settings::Settings;
use crate::store::{At, Creation, CredentialRow, LinkNamed, Named, Outcome, Store, StoreResult};
use crate::token::{Grant, IssueAct, IssueRequest, RedeemAct, Spent, Token};
use crate::upkeep::StoreId;

/// When most cases begin: the first millisecond of a minute.
pub(super) const NOON: Timestamp = Timestamp::from_millis(1_795_356_780_000);

pub(super) const SYSTEM_URL: &str = "https://billing.example.com";

/// Texts that a careless comparison takes for one another.
pub(super) const LOOK_ALIKES: &[(&str, &str)] = &[
    ("A", "a"),
    ("josé", "jose"),
    ("x", "x "),
    (" y", "y"),
    ("é", "e\u{301}"),
    ("É", "Éx"),
    ("ß", "ss"),
    ("i", "ı"),
    ("p%", "pq"),
    ("1", "1.0"),
];

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

pub(super) fn at(now: Timestamp) -> At<'static> {
    At { now, by: Some("suite") }
}

pub(super) fn user_id(id: i64) -> UserId {
    UserId::new(id).unwrap()
}

pub(super) fn client_id(id: i64) -> ClientId {
    ClientId::new(id).unwrap()
}

/// For those who need not be told.
pub(super) fn no_progress() -> impl FnMut(u64, u64) {
    |_, _| ()
}

/// What refusals and invalid values the cases met.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) reasons: Vec<Reason>,
    pub(super) fields: Vec<String>,
}

/// Numbers that look random and are the same in each run.
struct Counting(u64);

impl Randomness for Counting {
    fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        for part in out.chunks_mut(32) {
            self.0 += 1;
            part.copy_from_slice(&sha256(&[&self.0.to_be_bytes()])[..part.len()]);
        }
        Ok(())
    }
}

/// A store with two handles, made when a case first needs it.
pub(super) struct World<'a> {
    backend: &'a dyn Backend,
    place: RefCell<Option<Box<dyn Place>>>,
    handles: RefCell<Vec<Arc<dyn Store>>>,
    turn: Cell<usize>,
    drawn: Cell<u64>,
    seen: RefCell<Seen>,
}

impl<'a> World<'a> {
    pub(super) fn new(backend: &'a dyn Backend) -> Self {
        World {
            backend,
            place: RefCell::default(),
            handles: RefCell::default(),
            turn: Cell::new(0),
            drawn: Cell::new(0),
            seen: RefCell::default(),
        }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.take()
    }

    /// Make the store in this mode; otherwise it is made in managed mode.
    pub(super) fn make(&self, mode: Mode) {
        let settings = Settings::new(mode, crate::destination::SystemUrl::parse(SYSTEM_URL).unwrap());
        let mut id = [0; 16];
        self.draw(|random| random.fill(&mut id));
        let creation = Creation {
            settings: &settings,
            id: StoreId(id),
            nonce: 7,
            group_writable: false,
            host_credentials: &["cli"],
        };
        let made = self.backend.make(&creation, At { now: NOON.minus(days(1)), by: None });
        *self.handles.borrow_mut() = vec![made.open(), made.open()];
        *self.place.borrow_mut() = Some(made);
    }

    fn made(&self) {
        if self.place.borrow().is_none() {
            self.make(Mode::Managed);
        }
    }

    pub(super) fn draw<T>(&self, make: impl FnOnce(&mut dyn Randomness) -> Result<T>) -> T {
        let mut counting = Counting(self.drawn.get());
        let made = make(&mut counting).unwrap();
        self.drawn.set(counting.0);
        made
    }

    /// A handle to act through: one and the other by turns.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        self.made();
        self.turn.set(self.turn.get() + 1);
        Arc::clone(&self.handles.borrow()[self.turn.get() % 2])
    }

    /// Look at something through both handles, then close both, open the store again and look once more.
    pub(super) fn everywhere(&self, look: impl Fn(&dyn Store)) {
        self.made();
        for handle in self.handles.borrow().iter() {
            look(&**handle);
        }
        self.reopen();
        look(&**self.handles.borrow().first().unwrap());
    }

    pub(super) fn reopen(&self) {
        self.handles.borrow_mut().clear();
        let place = self.place.borrow();
        let place = place.as_ref().unwrap();
        *self.handles.borrow_mut() = vec![place.open(), place.open()];
    }

    pub(super) fn backup_file(&self, name: &str) -> PathBuf {
        self.made();
        self.place.borrow().as_ref().unwrap().folder().join(name)
    }

    pub(super) fn with_place<T>(&self, act: impl FnOnce(&dyn Place) -> T) -> T {
        self.made();
        act(&**self.place.borrow().as_ref().unwrap())
    }

    /// It must be refused for this reason.
    #[track_caller]
    pub(super) fn no<T: std::fmt::Debug>(&self, outcome: StoreResult<Outcome<T>>, reason: Reason) -> Refusal {
        match outcome {
            Ok(Err(Error::Refused(refusal))) if refusal.reason == reason => {
                self.seen.borrow_mut().reasons.push(reason);
                refusal
            }
            other => panic!("expected {reason:?}, got {other:?}"),
        }
    }

    /// It must be called invalid in this field.
    #[track_caller]
    pub(super) fn invalid<T: std::fmt::Debug>(&self, outcome: StoreResult<Outcome<T>>, field: &str) {
        match outcome {
            Ok(Err(Error::Invalid { field: named, .. })) if named == field => {
                self.seen.borrow_mut().fields.push(field.to_owned());
            }
            other => panic!("expected an invalid {field}, got {other:?}"),
        }
    }

    pub(super) fn set(&self, name: &str, value: impl Into<Value>) {
        yes(self.store().set_setting(name, value.into(), self.nonce(), at(NOON)));
    }

    /// A number that marks a change of the settings.
    pub(super) fn nonce(&self) -> i64 {
        let mut bytes = [0; 8];
        self.draw(|random| random.fill(&mut bytes));
        i64::from_be_bytes(bytes)
    }

    // People.

    pub(super) fn user(&self, id: i64, email: &str) -> User {
        let new = NewUser { user_id: Some(user_id(id)), email: email.to_owned(), ..NewUser::default() };
        yes(self.store().add_user(&new, &Email::parse(email).unwrap(), at(NOON)))
    }

    pub(super) fn client(&self, id: i64, email: &str, owner: Option<i64>) -> Client {
        let new = NewClient {
            client_id: Some(client_id(id)),
            email: email.to_owned(),
            owner: owner.map(user_id),
            ..NewClient::default()
        };
        yes(self.store().add_client(&new, &Email::parse(email).unwrap(), at(NOON)))
    }

    /// User 1 owns client 1.
    pub(super) fn ann(&self) {
        self.user(1, "ann@example.com");
        self.client(1, "billing@example.com", Some(1));
    }

    // Callers.

    /// A credential of the admin `root`, who is added when first needed.
    pub(super) fn credential_with(
        &self,
        label: &str,
        limits: Limits,
        expires_at: Option<Timestamp>,
    ) -> Credential {
        if !self.store().list_admins().unwrap().iter().any(|admin| admin.username == "root") {
            yes(self.store().add_admin("root", None, at(NOON)));
        }
        let new = NewCredential {
            label: label.to_owned(),
            admin: Some("root".to_owned()),
            limits,
            expires_at,
            ..NewCredential::default()
        };
        let identifier = format!("GPI-{label}");
        let digest = Some(sha256(&[label.as_bytes()]));
        let row = CredentialRow { new: &new, identifier: Some(&identifier), digest };
        yes(self.store().create_credential(&row, at(NOON)))
    }

    pub(super) fn credential(&self, label: &str) -> Credential {
        self.credential_with(label, Limits::default(), None)
    }

    /// A credential with these limits, as its first secret asks.
    pub(super) fn limited(&self, label: &str, limits: Limits) -> Caller {
        api(self.credential_with(label, limits, None).credential_id, 1)
    }

    /// The host credential that every store begins with.
    pub(super) fn host(&self) -> Caller {
        let (credential, _) = self.store().host_caller("cli").unwrap().unwrap();
        Caller(CallerId::Host { credential })
    }

    // Tokens.

    pub(super) fn issue(
        &self,
        caller: &Caller,
        request: &IssueRequest,
        now: Timestamp,
    ) -> StoreResult<Outcome<(Token, Grant)>> {
        let token = self.draw(|random| Token::generate(now, random));
        let act = IssueAct { caller: *caller, request, key: token.key() };
        Ok(self.store().issue(&act, now)?.map(|grant| (token, grant)))
    }

    pub(super) fn token_of(&self, caller: &Caller, request: &IssueRequest, now: Timestamp) -> Token {
        yes(self.issue(caller, request, now)).0
    }

    /// A token for client 1 by the host credential.
    pub(super) fn token(&self, now: Timestamp) -> Token {
        self.token_of(&self.host(), &IssueRequest::for_client(client_id(1)), now)
    }

    /// A redemption into a new session.
    pub(super) fn act(&self, token: &Token, now: Timestamp) -> (RedeemAct, SessionId) {
        let session = self.draw(|random| SessionId::generate(now, random));
        let redemption = self.draw(RedemptionId::generate);
        let act = RedeemAct {
            key: token.key(),
            presented: None,
            replace: false,
            confirmed: true,
            binding: None,
            redemption,
            session: Some(session.key()),
            address: None,
        };
        (act, session)
    }

    // Links.

    pub(super) fn create(
        &self,
        caller: &Caller,
        request: &LinkRequest,
        now: Timestamp,
    ) -> StoreResult<Outcome<(SignInLink, Grant)>> {
        let link = self.draw(|random| SignInLink::generate(random));
        let key = TimedKey::new(now, &link.digest());
        let act = CreateAct { caller: *caller, request, key };
        Ok(self.store().create_link(&act, now)?.map(|grant| (link, grant)))
    }

    /// A link by the host credential.
    pub(super) fn link_of(&self, request: &LinkRequest, now: Timestamp) -> SignInLink {
        yes(self.create(&self.host(), request, now)).0
    }

    /// A link for client 1 by the host credential.
    pub(super) fn link(&self, now: Timestamp) -> SignInLink {
        self.link_of(&LinkRequest::new(IssueRequest::for_client(client_id(1))), now)
    }

    /// The use of a link, and the token that it would mint.
    pub(super) fn opening(&self, link: &SignInLink, now: Timestamp) -> (OpenAct, Token) {
        let token = self.draw(|random| Token::generate(now, random));
        (OpenAct { digest: link.digest(), token: token.key(), redeem: None, address: None }, token)
    }

    pub(super) fn open_by(&self, act: &OpenAct, now: Timestamp) -> StoreResult<Outcome<Opened>> {
        Ok(self.store().open_link(act, now)?.map_err(Error::from))
    }

    pub(super) fn open(&self, link: &SignInLink, now: Timestamp) -> StoreResult<Outcome<Opened>> {
        self.open_by(&self.opening(link, now).0, now)
    }

    pub(super) fn redeem_by(&self, act: &RedeemAct, now: Timestamp) -> StoreResult<Outcome<Spent>> {
        Ok(self.store().redeem(act, now)?.map_err(Error::from))
    }

    pub(super) fn redeem(&self, token: &Token, now: Timestamp) -> StoreResult<Outcome<Spent>> {
        self.redeem_by(&self.act(token, now).0, now)
    }

    /// Issue and redeem: a session of client 1's owner.
    pub(super) fn session_of(&self, caller: &Caller, request: &IssueRequest, now: Timestamp) -> SessionId {
        let token = self.token_of(caller, request, now);
        let (act, session) = self.act(&token, now);
        yes(self.redeem_by(&act, now));
        session
    }

    pub(super) fn session(&self, now: Timestamp) -> SessionId {
        self.session_of(&self.host(), &IssueRequest::for_client(client_id(1)), now)
    }

    pub(super) fn check(&self, session: &SessionId, now: Timestamp) -> StoreResult<Outcome<Session>> {
        self.store().check_session(&session.key(), now)
    }

    // Looking.

    /// Every event of one kind, of any time.
    pub(super) fn events(&self, kind: &str) -> Vec<AuditEvent> {
        events(&*self.store(), kind)
    }
}

pub(super) fn events(store: &dyn Store, kind: &str) -> Vec<AuditEvent> {
    let ever = AuditQuery::between(Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    store.audit_events(&AuditQuery { event: Some(kind.to_owned()), ..ever }, 100_000).unwrap()
}

/// It must be done.
#[track_caller]
pub(super) fn yes<T>(outcome: StoreResult<Outcome<T>>) -> T {
    match outcome {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => panic!("refused: {error} ({error:?})"),
        Err(error) => panic!("the store could not answer: {error:?}"),
    }
}

pub(super) fn api(credential: CredentialId, serial: i64) -> Caller {
    Caller(CallerId::Api { credential, serial })
}

pub(super) fn named(token: &Token) -> Named {
    Named::Key(token.key())
}

pub(super) fn digest_of(link: &SignInLink) -> LinkNamed {
    LinkNamed::Digest(link.digest())
}

/// What a store has of a link.
pub(super) fn stored(store: &dyn Store, link: &SignInLink) -> LinkFacts {
    store.inspect_link(&digest_of(link)).unwrap().unwrap().link
}

/// A key that is in no store.
pub(super) fn unknown_key(world: &World<'_>) -> TimedKey {
    world.draw(|random| Token::generate(NOON, random)).key()
}
