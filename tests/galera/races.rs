//! Who races for what, through the library.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatepass::autoauth::sign;
use gatepass::clock::Timestamp;
use gatepass::credential::{Caller, Limits, NewCredential};
use gatepass::id::ClientId;
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{AutoAuthRequest, Gatepass};

use super::common::SYSTEM;
use super::contest::Member;

pub(crate) fn code<T>(result: gatepass::Result<T>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

/// Redeems tokens.
pub(crate) struct Redeemer<'a> {
    pub(crate) gate: &'a Gatepass,
    pub(crate) caller: Caller,
    pub(crate) client: ClientId,
}

impl Member for Redeemer<'_> {
    type Prize = Token;

    fn make(&mut self, _: usize) -> Token {
        self.gate.issue(&self.caller, &IssueRequest::for_client(self.client)).unwrap().token
    }

    fn attempt(&mut self, token: &Token, _: usize) -> &'static str {
        code(self.gate.redeem(&RedeemRequest::new(token.clone())))
    }
}

/// Opens sign-in links, and is signed in by them.
pub(crate) struct Opener<'a> {
    pub(crate) redeemer: Redeemer<'a>,
    pub(crate) uses: u32,
}

impl Member for Opener<'_> {
    type Prize = SignInLink;

    fn make(&mut self, _: usize) -> SignInLink {
        let Redeemer { gate, caller, client } = &self.redeemer;
        let request = LinkRequest::new(IssueRequest::for_client(*client)).label("race").uses(self.uses);
        gate.create_link(caller, &request).unwrap().link
    }

    fn attempt(&mut self, link: &SignInLink, _: usize) -> &'static str {
        code(self.redeemer.gate.open_link(&OpenRequest::new(link.clone()).signing_in(None)))
    }
}

/// Accepts AutoAuth links, each of which is signed with a key of its own.
pub(crate) struct Accepter<'a> {
    pub(crate) gate: &'a Gatepass,
    pub(crate) email: &'a str,
}

impl Member for Accepter<'_> {
    type Prize = (String, Secret);

    fn make(&mut self, round: usize) -> (String, Secret) {
        let key = Secret::new(format!("a key for the link of round {round}"));
        let now = Timestamp::from_seconds(i64::try_from(super::common::micros() / 1_000_000).unwrap());
        let url = sign(SYSTEM, self.email, now, &key, None).unwrap();
        (url.split_once('?').unwrap().1.to_owned(), key)
    }

    fn attempt(&mut self, (query, key): &(String, Secret), _: usize) -> &'static str {
        let request = AutoAuthRequest::default().with_key(key.clone());
        code(self.gate.accept_autoauth(query.as_bytes(), &request))
    }
}

/// How much later than the others somebody begins.
pub(crate) fn later(round: usize) -> Duration {
    Duration::from_micros(500 * u64::try_from(round % 8).unwrap())
}

/// Redeems the token of a credential that another one revokes at the same moment, with the sessions that it started.
pub(crate) struct Revoker<'a> {
    pub(crate) gate: &'a Gatepass,
    pub(crate) client: ClientId,
    /// Sessions that were good after the revocation was acknowledged.
    pub(crate) survived: &'a AtomicUsize,
    /// Tokens that were redeemed before.
    pub(crate) redeemed: &'a AtomicUsize,
}

pub(crate) struct Revoked {
    label: String,
    token: Token,
    later: Duration,
    session: Mutex<Option<SessionId>>,
}

impl Member for Revoker<'_> {
    type Prize = Revoked;

    fn make(&mut self, round: usize) -> Revoked {
        let label = format!("portal {round}");
        let limits = Limits { destinations: Some(vec!["*".to_owned()]), ..Limits::default() };
        let new = NewCredential { label: label.clone(), host: true, limits, ..NewCredential::default() };
        self.gate.create_credential(&new).unwrap();
        let caller = self.gate.host_caller(&label).unwrap();
        let token = self.gate.issue(&caller, &IssueRequest::for_client(self.client)).unwrap().token;
        Revoked { label, token, later: later(round), session: Mutex::new(None) }
    }

    fn attempt(&mut self, prize: &Revoked, turn: usize) -> &'static str {
        if turn > 0 {
            return match self.gate.redeem(&RedeemRequest::new(prize.token.clone())) {
                Ok(redemption) => {
                    *prize.session.lock().unwrap() = redemption.session;
                    self.redeemed.fetch_add(1, Ordering::Relaxed);
                    "redeemed"
                }
                Err(error) => error.code(),
            };
        }
        // From before the others have looked at the token until after they have the session.
        std::thread::sleep(prize.later);
        code(self.gate.revoke_credential(&prize.label, true))
    }

    fn afterwards(&mut self, prize: &Revoked) {
        let session = prize.session.lock().unwrap().clone();
        if session.is_some_and(|session| self.gate.check_session(&session, None).is_ok()) {
            self.survived.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Makes a credential of its own each round, while others make theirs.
pub(crate) struct Manager<'a> {
    pub(crate) gate: &'a Gatepass,
    /// Acknowledged, and not there.
    pub(crate) lost: &'a AtomicUsize,
    pub(crate) made: Option<String>,
}

impl Member for Manager<'_> {
    type Prize = usize;

    fn make(&mut self, round: usize) -> usize {
        round
    }

    fn attempt(&mut self, round: &usize, turn: usize) -> &'static str {
        let label = format!("portal {round} {turn}");
        let new = NewCredential { label: label.clone(), host: true, ..NewCredential::default() };
        let told = code(self.gate.create_credential(&new));
        self.made = (told == "ok").then_some(label);
        told
    }

    fn afterwards(&mut self, _: &usize) {
        let made = self.made.take();
        let lost = made.is_some_and(|label| self.gate.credential(&label).is_err());
        self.lost.fetch_add(usize::from(lost), Ordering::Relaxed);
    }
}
