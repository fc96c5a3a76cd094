//! The verdict on an AutoAuth link whose hash was right: in time, not used before, leading to a safe page and
//! to somebody who may sign in.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Windows;
use crate::clock::Timestamp;
use crate::destination::{HOME, SafePath, SystemUrl};
use crate::directory::{Admitted, Mode, Subject, SubjectFacts, may_sign_in};
use crate::error::{Error, Reason, Refusal, Result};
use crate::id::{ClientId, KeyId, UserId};
use crate::secret::TimedKey;
use crate::session::{RedemptionId, SessionId};
use crate::settings::{Confirm, ReusePolicy, Settings};
use crate::token::DUPLICATE;

/// How long after its timestamp an accepted link is remembered; no window reaches further.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(3_600);

/// An AutoAuth key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AutoAuthKey {
    /// The number.
    pub key_id: KeyId,
    /// Which calling system has it; unique.
    pub label: String,
    /// The key has fewer than 20 characters, so that it can be guessed from a link.
    pub weak: bool,
    /// When a sign-in page asks before it accepts one of its links; `None`: the setting. The stricter wins.
    pub confirm: Option<Confirm>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was retired: its links are refused since.
    pub retired_at: Option<Timestamp>,
    /// When a link of it was first accepted.
    pub first_used_at: Option<Timestamp>,
    /// When a link of it was last accepted: who still uses the old links.
    pub last_used_at: Option<Timestamp>,
    /// How many links of it were accepted.
    pub uses: i64,
    /// The least of (our clock − the link's time), in seconds; negative when the caller's clock runs ahead.
    pub least_skew_seconds: Option<i64>,
    /// The most of (our clock − the link's time), in seconds.
    pub most_skew_seconds: Option<i64>,
}

/// A key with its sealed blob.
#[derive(Debug, Clone)]
pub(crate) struct SealedKey {
    pub(crate) key: AutoAuthKey,
    pub(crate) sealed: Vec<u8>,
}

/// A link on its way to the store. Its hash was found right.
#[derive(Debug, Clone)]
pub(crate) struct AcceptAct {
    pub(crate) email: String,
    pub(crate) replay_key: [u8; 32],
    /// The link's own time.
    pub(crate) signed_at: Timestamp,
    pub(crate) goto: Option<String>,
    /// The stored key that fits; `None` when the caller gave the key.
    pub(crate) key: Option<KeyId>,
    pub(crate) presented: Option<TimedKey>,
    /// The presented session ends when the new one starts.
    pub(crate) replace: bool,
    pub(crate) session: Option<TimedKey>,
    pub(crate) redemption: RedemptionId,
    pub(crate) address: Option<IpAddr>,
}

/// What a store loads for the verdict.
#[derive(Debug, Clone)]
pub(crate) struct AcceptFacts {
    pub(crate) settings: Arc<Settings>,
    /// The stored key is there and not retired; true when the caller gave the key.
    pub(crate) key_active: bool,
    /// Links with an earlier time are no longer remembered.
    pub(crate) floor: Timestamp,
    /// The link was accepted before; the session it started then.
    pub(crate) seen: Option<Option<TimedKey>>,
    /// Managed mode: whom the address names, and what is known of him.
    pub(crate) found: Result<(Subject, SubjectFacts), Reason>,
}

/// Whom an address names: exactly one user, or else the owner of exactly one client.
pub(crate) fn named_by(user: Option<UserId>, clients: &[ClientId]) -> Result<Subject, Reason> {
    match (user, clients) {
        (Some(user), _) => Ok(Subject::User(user)),
        (None, [client]) => Ok(Subject::Client(*client)),
        (None, []) => Err(Reason::NoMatch),
        (None, _) => Err(Reason::SeveralClients),
    }
}

/// What the verdict grants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Acceptance {
    pub(crate) admitted: Option<Admitted>,
    pub(crate) landing: SafePath,
    pub(crate) system_url: SystemUrl,
}

/// May this link sign somebody in? Order: the switch, the key, the page, the window, the floor, an earlier
/// use, the person.
pub(crate) fn judge_accept(act: &AcceptAct, facts: &AcceptFacts, now: Timestamp) -> Result<Acceptance> {
    let settings = &*facts.settings;
    if !settings.autoauth_enabled {
        return Err(Reason::AutoAuthOff.into());
    }
    if !facts.key_active {
        return Err(Reason::AutoAuthHash.into());
    }
    let landing = landing_of(act, settings)?;
    windows(settings).admits(act.signed_at, now)?;
    if settings.autoauth_reuse == ReusePolicy::Once {
        if act.signed_at < facts.floor {
            return Err(Reason::AutoAuthForgotten.into());
        }
        if facts.seen.is_some() {
            return Err(Reason::AutoAuthUsed.into());
        }
    }
    let admitted = match (settings.mode, &facts.found) {
        (Mode::Host, _) => None,
        (Mode::Managed, Ok((subject, known))) => Some(may_sign_in(*subject, known)?),
        (Mode::Managed, Err(reason)) => return Err((*reason).into()),
    };
    Ok(Acceptance { admitted, landing, system_url: settings.system_url.clone() })
}

/// Where the link leads.
pub(crate) fn landing_of(act: &AcceptAct, settings: &Settings) -> Result<SafePath> {
    let goto = act.goto.as_deref().filter(|goto| !goto.is_empty()).unwrap_or(HOME);
    SafePath::parse(goto, &settings.system_url, &settings.deny).map_err(|error| error.invalid("goto"))
}

/// A refusal as the caller hears it: of a used link, whether the same browser came again, or somebody so soon
/// that it is a second click.
pub(crate) fn told(error: Error, act: &AcceptAct, facts: &AcceptFacts, now: Timestamp) -> Error {
    match error {
        Error::Refused(mut refusal) if refusal.reason == Reason::AutoAuthUsed => {
            if let Some(first) = facts.seen.flatten() {
                refusal.same_browser = act.presented == Some(first);
                refusal.duplicate = now.since(first.made_at()) < DUPLICATE;
            }
            refusal.into()
        }
        other => other,
    }
}

fn windows(settings: &Settings) -> Windows {
    Windows {
        past: Settings::seconds(settings.autoauth_past_seconds),
        future: Settings::seconds(settings.autoauth_future_seconds),
    }
}

/// What an AutoAuth link would do, told without spending it. Its `Debug` leaves the address out.
#[derive(Clone)]
#[non_exhaustive]
pub struct AutoAuthInspection {
    /// The address that the link was signed for.
    pub email: String,
    /// The user whom it would sign in (managed mode).
    pub user_id: Option<UserId>,
    /// The client that the session would be bound to, or if it would be refused, the one that the address or
    /// its user has (managed mode).
    pub client_id: Option<ClientId>,
    /// The relative path of the landing page; `None` when its `goto` is not allowed.
    pub landing: Option<SafePath>,
    /// Why it would be refused now.
    pub refusal: Option<Refusal>,
    /// When a sign-in page asks before it accepts it: the stricter of the setting and its key.
    pub confirm: Confirm,
    /// The number of the stored key that signed it; `None` when the caller gave the key.
    pub key_id: Option<KeyId>,
    /// When it was signed.
    pub signed_at: Timestamp,
}

impl fmt::Debug for AutoAuthInspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoAuthInspection")
            .field("user_id", &self.user_id)
            .field("client_id", &self.client_id)
            .field("refusal", &self.refusal)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// An AutoAuth link that was accepted. Its `Debug` leaves the address out.
#[derive(Clone)]
#[non_exhaustive]
pub struct AutoAuthSignIn {
    /// The address that the link was signed for. In host mode this is what the application looks up, byte for
    /// byte.
    pub email: String,
    /// The user signed in (managed mode).
    pub user_id: Option<UserId>,
    /// The client that the session is bound to (managed mode).
    pub client_id: Option<ClientId>,
    /// The clients that the session may enter (managed mode).
    pub clients: Vec<ClientId>,
    /// The new session, if one was asked for.
    pub session: Option<SessionId>,
    /// Until when that session may last at most.
    pub session_expires_at: Option<Timestamp>,
    /// The id of this sign-in.
    pub redemption: RedemptionId,
    /// Where the browser goes.
    pub landing_url: String,
    /// The label of the key that signed it; `None` when the caller gave the key.
    pub key: Option<String>,
    /// What was not checked and is the host's business (mode `host`).
    pub unchecked: &'static [&'static str],
}

impl fmt::Debug for AutoAuthSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoAuthSignIn")
            .field("user_id", &self.user_id)
            .field("client_id", &self.client_id)
            .field("session", &self.session)
            .field("redemption", &self.redemption)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What a store gives back of an acceptance.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) acceptance: Acceptance,
    pub(crate) session_expires_at: Timestamp,
}

#[cfg(test)]
mod tests;
