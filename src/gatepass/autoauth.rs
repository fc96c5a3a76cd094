//! AutoAuth: links signed, verified and accepted once; the keys, and who still uses them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use super::sealing::aad;
use super::{Gatepass, wrong_hashes_in};
use crate::audit::{AuditQuery, AuditRef, EventKind, NewEvent};
use crate::autoauth::{
    AcceptAct, AutoAuthInspection, AutoAuthKey, AutoAuthSignIn, Link, Matched, Windows, judge_accept,
    landing_of, replay_key, sign, told, verify,
};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::directory::{Email, Mode, Subject, SubjectFacts, UNCHECKED_IN_HOST_MODE, check_text};
use crate::error::{Error, Reason, Refusal, Result, StoreError};
use crate::id::KeyId;
use crate::secret::Secret;
use crate::session::{RedemptionId, SessionId};
use crate::settings::Confirm;
use crate::store::{AutoAuthKeys, NewKey};
use crate::throttle::Guess;

/// A key with fewer characters can be guessed from one link.
const SHORTEST_STRONG_KEY: usize = 20;

/// How a link is to be accepted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AutoAuthRequest {
    /// The key, given by the caller as `configuration.php` did; otherwise the stored keys are tried.
    pub key: Option<Secret>,
    /// The session that the browser holds here already: a second click is told apart from a theft.
    pub presented_session: Option<SessionId>,
    /// Whether that session ends when the new one starts, in the same act.
    pub replace_session: bool,
    /// Whether to start a session of ours.
    pub start_session: bool,
    /// Where the call came from.
    pub address: Option<IpAddr>,
}

impl Default for AutoAuthRequest {
    fn default() -> Self {
        AutoAuthRequest {
            key: None,
            presented_session: None,
            replace_session: false,
            start_session: true,
            address: None,
        }
    }
}

impl AutoAuthRequest {
    /// Use this key and no stored one.
    pub fn with_key(mut self, key: Secret) -> Self {
        self.key = Some(key);
        self
    }

    /// The session that the browser holds already.
    pub fn presenting(mut self, session: Option<SessionId>) -> Self {
        self.presented_session = session;
        self
    }

    /// The session that the browser holds already, which ends when the new one starts.
    pub fn replacing(self, session: Option<SessionId>) -> Self {
        AutoAuthRequest { replace_session: true, ..self.presenting(session) }
    }

    /// Start no session of ours.
    pub fn without_session(mut self) -> Self {
        self.start_session = false;
        self
    }

    /// Where the call came from.
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }
}

/// Which key signs a link.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum KeyChoice<'a> {
    /// The stored key of this label.
    Label(&'a str),
    /// This one.
    Given(&'a Secret),
}

/// Who still uses the old links.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AutoAuthReport {
    /// Whether links are accepted at all.
    pub enabled: bool,
    /// Every key with its first and last use, count and clock skew.
    pub keys: Vec<AutoAuthKey>,
    /// From when the counts below are.
    pub since: Timestamp,
    /// Links whose hash was right, by outcome: `ok`, or the reason's code.
    pub outcomes: BTreeMap<String, i64>,
    /// Links whose hash fitted no key, as far as they were told to the audit: each process tells its counts
    /// once a minute at most.
    pub wrong_hashes: i64,
}

/// A link whose hash was right, on its way to the store.
fn accept_act(
    link: &Link,
    matched: Matched,
    key: Option<&AutoAuthKey>,
    request: &AutoAuthRequest,
    (redemption, session): (RedemptionId, Option<&SessionId>),
) -> AcceptAct {
    AcceptAct {
        replay_key: replay_key(&matched.digest),
        email: matched.email,
        signed_at: link.at(),
        goto: link.goto().map(str::to_owned),
        key: key.map(|key| key.key_id),
        presented: request.presented_session.as_ref().map(SessionId::key),
        replace: request.replace_session,
        session: session.map(SessionId::key),
        redemption,
        address: request.address,
    }
}

impl Gatepass {
    /// Accept an AutoAuth link: the raw query string of the request, with or without `?`.
    ///
    /// In managed mode the person is signed in; in host mode the verified address is given back and the
    /// application looks it up, byte for byte. A link is accepted once, whatever its spelling.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `query`, `email`, `timestamp`, `hash` or `goto`; refused when AutoAuth is off,
    /// the hash fits no key, the link is too old, too new or used, or its address names nobody, or several,
    /// or one who may not sign in. When the hash fits no key that opens, but one does not open, the answer
    /// says why that one does not: [`Reason::SealingKeyMissing`], [`Reason::SealingKeyWrong`],
    /// [`StoreError::Corrupt`](crate::StoreError::Corrupt), or what is wrong with the sealing key's file.
    pub fn accept_autoauth(&self, query: &[u8], request: &AutoAuthRequest) -> Result<AutoAuthSignIn> {
        self.accept_autoauth_link(&Link::parse(query)?, request)
    }

    /// The same for a link whose fields were taken apart already.
    pub fn accept_autoauth_link(&self, link: &Link, request: &AutoAuthRequest) -> Result<AutoAuthSignIn> {
        let now = self.now();
        let held = self.store.autoauth_keys()?;
        let settings = &held.settings;
        let (key, matched) = self.match_link(&held, link, request, now)?;
        let (redemption, session) = self.draw_sign_in(request.start_session, now)?;
        let act = accept_act(link, matched, key, request, (redemption, session.as_ref()));
        let accepted = self.store.accept_autoauth(&act, now)??;
        let acceptance = accepted.acceptance;
        let landing_url = acceptance.system_url.join(&acceptance.landing);
        let (user_id, client_id, clients) = match acceptance.admitted {
            Some(admitted) => (Some(admitted.user), admitted.client, admitted.clients),
            None => (None, None, Vec::new()),
        };
        Ok(AutoAuthSignIn {
            email: act.email,
            user_id,
            client_id,
            clients,
            session_expires_at: session.is_some().then_some(accepted.session_expires_at),
            session,
            redemption,
            landing_url,
            key: key.map(|key| key.label.clone()),
            unchecked: if settings.mode == Mode::Host { UNCHECKED_IN_HOST_MODE } else { &[] },
        })
    }

    /// Tell whom a link would sign in, where it would land and why it would be refused, spending nothing and
    /// writing nothing: safe for a page that asks first. A hash that fits no key counts as a guess.
    ///
    /// # Errors
    /// As of [`Gatepass::accept_autoauth`] up to the hash: what comes after it stands in the answer.
    pub fn inspect_autoauth(&self, query: &[u8], request: &AutoAuthRequest) -> Result<AutoAuthInspection> {
        self.inspect_autoauth_link(&Link::parse(query)?, request)
    }

    /// The same for a link whose fields were taken apart already.
    pub fn inspect_autoauth_link(
        &self,
        link: &Link,
        request: &AutoAuthRequest,
    ) -> Result<AutoAuthInspection> {
        let now = self.now();
        let held = self.store.autoauth_keys()?;
        let (key, matched) = self.match_link(&held, link, request, now)?;
        // The act is looked at only, so this sign-in never comes about.
        let sign_in = self.draw_sign_in(false, now)?;
        let act = accept_act(link, matched, key, request, (sign_in.0, None));
        let facts = self.store.inspect_autoauth(&act)?;
        let refused = |error| match told(error, &act, &facts, now) {
            Error::Refused(refusal) => refusal,
            _ => Refusal::new(Reason::GotoNotAllowed),
        };
        let (admitted, refusal) = match judge_accept(&act, &facts, now) {
            Ok(acceptance) => (acceptance.admitted, None),
            Err(error) => (None, Some(refused(error))),
        };
        let named = facts.found.as_ref().ok().map(|(subject, _)| *subject);
        let only = match &facts.found {
            Ok((_, SubjectFacts { clients, .. })) if clients.len() == 1 => Some(clients[0].id),
            _ => None,
        };
        Ok(AutoAuthInspection {
            user_id: admitted.as_ref().map(|it| it.user).or(named.and_then(Subject::user)),
            client_id: admitted.map_or(named.and_then(Subject::client).or(only), |it| it.client),
            landing: landing_of(&act, &facts.settings).ok(),
            refusal,
            confirm: facts.settings.confirm_with(key.and_then(|key| key.confirm)),
            key_id: act.key,
            signed_at: act.signed_at,
            email: act.email,
        })
    }

    /// Write to the audit that a link was refused on the ground of its inspection, as an attempt to use it
    /// would have. The event's number, for the person to quote; `None` when the inspection found nothing to
    /// refuse, or the store can't be written just now.
    pub fn record_refused_autoauth(
        &self,
        seen: &AutoAuthInspection,
        address: Option<IpAddr>,
    ) -> Result<Option<AuditRef>> {
        let Some(refusal) = &seen.refusal else { return Ok(None) };
        let mut event = NewEvent::autoauth(seen.key_id);
        event.refused = Some(refusal.reason);
        event.user = seen.user_id;
        event.client = seen.client_id;
        event.address = address;
        self.record_refusal(&event, self.now())
    }

    /// The key that signed the link: the one given, or the stored one that fits.
    fn match_link<'a>(
        &self,
        held: &'a AutoAuthKeys,
        link: &Link,
        request: &AutoAuthRequest,
        now: Timestamp,
    ) -> Result<(Option<&'a AutoAuthKey>, Matched)> {
        if !held.settings.autoauth_enabled || (request.key.is_none() && held.active().next().is_none()) {
            return Err(Reason::AutoAuthOff.into());
        }
        let mut closed = None;
        match &request.key {
            Some(given) => {
                if let Some(matched) = link.matched_by(given) {
                    return Ok((None, matched));
                }
            }
            None => {
                for sealed in held.active() {
                    match self.unseal(held, sealed) {
                        Ok(key) => {
                            if let Some(matched) = link.matched_by(&key) {
                                return Ok((Some(&sealed.key), matched));
                            }
                        }
                        // One system's trouble is not the others'.
                        Err(error) => closed = closed.or(Some(error)),
                    }
                }
            }
        }
        // With a key that does not open, it is not known to be a wrong hash: it may be that key's.
        Err(closed.unwrap_or_else(|| {
            self.refuse_guess(Guess::AutoAuth, Reason::AutoAuthHash, request.address, now)
        }))
    }

    /// Judge a link by itself, now by the system's clock and without a store: see [`verify`].
    ///
    /// **This makes no link single-use and looks nobody up.** To sign somebody in, accept the link:
    /// [`Gatepass::accept_autoauth`].
    ///
    /// # Errors
    /// As of [`verify`].
    pub fn verify_autoauth(query: &[u8], key: &Secret, windows: Windows) -> Result<Matched> {
        verify(query, key, windows, SystemClock.now())
    }

    /// Build a link by the documented formula, signed for now.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `email` or `key`; [`Reason::KeyUnknown`], [`Reason::SealingKeyMissing`].
    pub fn sign_autoauth(&self, email: &str, key: KeyChoice<'_>, goto: Option<&str>) -> Result<String> {
        let settings = self.store.settings()?;
        Email::parse(email)?;
        if let Some(goto) = goto {
            crate::destination::SafePath::parse(goto, &settings.system_url, &settings.deny)
                .map_err(|error| error.invalid("goto"))?;
        }
        let stored;
        let key = match key {
            KeyChoice::Given(key) => key,
            KeyChoice::Label(label) => {
                let held = self.store.autoauth_keys()?;
                let found = held.active().find(|key| key.key.label == label).ok_or(Reason::KeyUnknown)?;
                stored = self.unseal(&held, found)?;
                &stored
            }
        };
        sign(settings.system_url.as_str(), email, self.now(), key, goto)
    }

    /// Store a key, sealed under this handle's sealing key. One key per calling system, so that each can be
    /// retired alone. `confirm` makes sign-in pages ask more often than the setting says.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `label` or `key`; [`Reason::AlreadyExists`]; [`Reason::SealingKeyMissing`].
    pub fn add_autoauth_key(
        &self,
        label: &str,
        key: &Secret,
        confirm: Option<Confirm>,
    ) -> Result<AutoAuthKey> {
        check_text("label", label, 1, 100)?;
        let text = key.reveal();
        if text.is_empty() || text.len() > 1024 {
            return Err(Error::invalid("key", "must have 1 to 1024 bytes"));
        }
        self.own_sealing_key()?;
        let held = self.store.autoauth_keys()?;
        match self.add_judged_key(label, key, confirm, &held) {
            Err(Error::Store(StoreError::Busy)) => {
                // Somebody else's key came between the look and the act, or the store is locked: only the
                // first is worth another try, for the deadline is over with the second.
                let now = self.store.autoauth_keys()?;
                if now.active_ids() == held.active_ids() {
                    return Err(StoreError::Busy.into());
                }
                self.add_judged_key(label, key, confirm, &now)
            }
            told => told,
        }
    }

    fn add_judged_key(
        &self,
        label: &str,
        key: &Secret,
        confirm: Option<Confirm>,
        held: &AutoAuthKeys,
    ) -> Result<AutoAuthKey> {
        let text = key.reveal();
        for sealed in held.active() {
            let other = self.unseal(held, sealed)?;
            // The formula has no separator: digits could move between a timestamp and a key that is another's
            // end.
            if text.ends_with(other.reveal()) || other.reveal().ends_with(text) {
                return Err(Error::invalid("key", "is the same as, or the end of, another active key"));
            }
        }
        let (id, blob) = self.with_random(|random| {
            let mut bytes = [0; 4];
            random.fill(&mut bytes)?;
            let id = KeyId::new(i64::from(u32::from_ne_bytes(bytes) >> 1) + 1)?;
            Ok((id, self.own_sealing_key()?.seal(key, &aad(held, id), random)?))
        })?;
        let weak = text.chars().count() < SHORTEST_STRONG_KEY;
        let new = NewKey { id, label, sealed: &blob, weak, confirm };
        self.store.add_key(&new, &held.active_ids(), self.at())?
    }

    /// All keys, with who still uses them.
    pub fn list_autoauth_keys(&self) -> Result<Vec<AutoAuthKey>> {
        Ok(self.store.autoauth_keys()?.keys.into_iter().map(|sealed| sealed.key).collect())
    }

    /// Retire a key: links signed with it are refused from now on, and it is wiped from the store.
    pub fn retire_autoauth_key(&self, label: &str) -> Result<AutoAuthKey> {
        self.store.retire_key(label, self.at())?
    }

    /// Prove that every active key opens under this handle's sealing key; how many there are.
    pub fn check_sealed_keys(&self) -> Result<usize> {
        let held = self.store.autoauth_keys()?;
        let mut opened = 0;
        for sealed in held.active() {
            self.unseal(&held, sealed)?;
            opened += 1;
        }
        Ok(opened)
    }

    /// Who still uses the old links, over the last `days` days (1 to 3,650).
    pub fn autoauth_report(&self, days: u32) -> Result<AutoAuthReport> {
        if !(1..=3_650).contains(&days) {
            return Err(Error::invalid("days", "must be 1 to 3650"));
        }
        let now = self.now();
        let since = now.minus(Duration::from_secs(u64::from(days) * 86_400));
        let held = self.store.autoauth_keys()?;
        let mut outcomes = BTreeMap::new();
        let mut wrong_hashes = 0_i64;
        let mut query = AuditQuery::between(since, now.plus(Duration::from_millis(1)));
        for (kind, counted) in [(EventKind::AutoAuthAccepted, true), (EventKind::Guesses, false)] {
            query.event = Some(kind.code().to_owned());
            query.after = None;
            loop {
                let page = self.store.audit_events(&query, 10_000)?;
                query.after = page.last().map(|event| event.reference);
                for event in &page {
                    if counted {
                        *outcomes.entry(event.outcome.clone()).or_insert(0) += event.count;
                    } else {
                        let detail = event.detail.as_deref().unwrap_or_default();
                        wrong_hashes = wrong_hashes.saturating_add(wrong_hashes_in(detail));
                    }
                }
                if page.len() < 10_000 {
                    break;
                }
            }
        }
        let enabled = held.settings.autoauth_enabled;
        let keys = held.keys.into_iter().map(|sealed| sealed.key).collect();
        Ok(AutoAuthReport { enabled, keys, since, outcomes, wrong_hashes })
    }
}
