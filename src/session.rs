//! Sessions: what a redemption or log-in starts, in the same act.
//!
//! A session id is 32 bytes (6 of milliseconds, 26 random), shown as 64 lower-case hex characters, stored as
//! a digest and never adopted from a request. A session ends when it is idle too long, too old, ended, or
//! when its person may no longer sign in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::directory::{Admitted, Mode, Subject, SubjectFacts, may_sign_in};
use crate::error::{Reason, Result};
use crate::id::{AdminId, ClientId, CredentialId, KeyId, UserId};
use crate::secret::{Randomness, Reference, TimedKey, TimedSecret, hex, unhex};
use crate::settings::Settings;

/// A session's id: for the browser's cookie and nobody else.
pub type SessionId = TimedSecret<32>;

/// The id of a redemption: 16 random bytes, shown as 32 lower-case hex characters. No secret: it lets nobody
/// in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RedemptionId([u8; 16]);

impl RedemptionId {
    pub(crate) fn generate(random: &mut dyn Randomness) -> Result<Self> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(RedemptionId(bytes))
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text.as_bytes()).map(RedemptionId)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(RedemptionId)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for RedemptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for RedemptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for RedemptionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// An SSO token was redeemed.
    Token,
    /// An AutoAuth link was accepted.
    AutoAuth,
}

impl Origin {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Origin::Token => "token",
            Origin::AutoAuth => "auto_auth",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Origin::Token, Origin::AutoAuth].into_iter().find(|origin| origin.as_str() == text)
    }
}

/// What is known of a session from its start on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionStart {
    pub(crate) key: TimedKey,
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) origin: Origin,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) admin: Option<AdminId>,
    pub(crate) autoauth_key: Option<KeyId>,
    pub(crate) redemption: Option<RedemptionId>,
    pub(crate) ends_at: Timestamp,
}

/// A stored session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionFacts {
    pub(crate) start: SessionStart,
    pub(crate) started_at: Timestamp,
    pub(crate) touched_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// What a store loads for a check.
#[derive(Debug, Clone)]
pub(crate) struct CheckFacts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) session: SessionFacts,
    /// In managed mode only.
    pub(crate) subject: SubjectFacts,
}

/// A session that is good.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Its public name.
    pub session: Reference,
    /// Who is signed in; in host mode what the token was issued for.
    pub user_id: Option<UserId>,
    /// The client it is bound to.
    pub client_id: Option<ClientId>,
    /// The clients that it may enter; empty in host mode.
    pub clients: Vec<ClientId>,
    /// How it began.
    pub origin: Origin,
    /// The credential that issued its token.
    pub credential_id: Option<CredentialId>,
    /// The admin who issued its token by password.
    pub admin_id: Option<AdminId>,
    /// The AutoAuth key that signed its link.
    pub autoauth_key_id: Option<KeyId>,
    /// The redemption that started it.
    pub redemption: Option<RedemptionId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last seen, to about a minute.
    pub touched_at: Timestamp,
    /// When it ends if nobody uses it.
    pub idle_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl SessionFacts {
    /// The public view.
    pub(crate) fn view(&self, settings: &Settings, clients: Vec<ClientId>) -> Session {
        Session {
            session: self.start.key.reference(),
            user_id: self.start.user,
            client_id: self.start.client,
            clients,
            origin: self.start.origin,
            credential_id: self.start.credential,
            admin_id: self.start.admin,
            autoauth_key_id: self.start.autoauth_key,
            redemption: self.start.redemption,
            started_at: self.started_at,
            touched_at: self.touched_at,
            idle_at: self.touched_at.plus(Settings::seconds(settings.session_idle_seconds)),
            ends_at: self.ends_at(settings),
            ended_at: self.ended_at,
        }
    }

    /// The end that was set at the start, or an earlier one if the absolute life was shortened since: whoever
    /// shortens it means the sessions that run, and a purge forgets them by the setting in force.
    fn ends_at(&self, settings: &Settings) -> Timestamp {
        self.start.ends_at.min(self.started_at.plus(Settings::seconds(settings.session_absolute_seconds)))
    }

    /// What the session itself says: ended, too old, idle too long.
    pub(crate) fn own_state(&self, settings: &Settings, now: Timestamp) -> Result<(), Reason> {
        if self.ended_at.is_some() {
            Err(Reason::SessionEnded)
        } else if now >= self.ends_at(settings) {
            Err(Reason::SessionExpired)
        } else if now.since(self.touched_at) >= Settings::seconds(settings.session_idle_seconds) {
            Err(Reason::SessionIdle)
        } else {
            Ok(())
        }
    }

    /// A touch is written at most once a minute, and often enough for the shortest idle time.
    pub(crate) fn touch_due(&self, settings: &Settings, now: Timestamp) -> bool {
        let every = Settings::seconds(settings.session_idle_seconds) / 4;
        now.since(self.touched_at) >= every.min(Duration::from_secs(60))
    }
}

/// Is this session good now?
pub(crate) fn judge_check(facts: &CheckFacts, now: Timestamp) -> Result<Session, Reason> {
    let session = &facts.session;
    session.own_state(&facts.settings, now)?;
    let clients = match facts.settings.mode {
        Mode::Host => Vec::new(),
        Mode::Managed => {
            let subject = Subject::from_ids(session.start.user, session.start.client)
                .map_err(|_| Reason::UserUnknown)?;
            let Admitted { clients, .. } = may_sign_in(subject, &facts.subject)?;
            clients
        }
    };
    Ok(session.view(&facts.settings, clients))
}

/// Which sessions to list, newest first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionQuery {
    /// Only of this user.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Only of this client.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Only through this credential.
    #[serde(default)]
    pub credential_id: Option<CredentialId>,
    /// Also those that are over.
    #[serde(default)]
    pub all: bool,
    /// Only those before this one: the last of the page before.
    #[serde(default)]
    pub before: Option<Reference>,
    /// At most so many (default 100, at most 1,000).
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Which sessions to end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EndSessions {
    /// This one.
    One(SessionId),
    /// The one of that name.
    Named(Reference),
    /// All of a user.
    OfUser(UserId),
    /// All that a credential started, since a time.
    OfCredential(CredentialId, Timestamp),
}
