//! SSO tokens: short-lived, spent once, bound to a person, a destination and the credential that issued them.
//!
//! A token is 20 bytes, shown as 40 lower-case hex characters (the shape of the public example, contract
//! §1.2): 6 bytes of milliseconds and 14 from the system's generator. The store knows it by its time and its
//! SHA-256 only. The order of the checks at redemption is decided in [`judge`](self), not by a backend.

mod binding;
mod judge;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::credential::Caller;
use crate::destination::SafePath;
use crate::directory::Subject;
use crate::error::Reason;
use crate::id::{AdminId, ClientId, CredentialId, ItemId, UserId};
use crate::secret::{Reference, TimedKey, TimedSecret};
use crate::session::{RedemptionId, SessionId};
use crate::settings::Confirm;

pub use binding::Binding;
pub(crate) use judge::{
    DUPLICATE, IssueFacts, RedeemFacts, Replay, TokenFacts, Verdict, admit, fits_browser, judge_issue,
    judge_landing, judge_person, judge_redeem, state_of,
};

/// A token: 20 bytes, of which 112 bits are random.
pub type Token = TimedSecret<20>;

/// Longest and default life of a token (contract §1.3: "maximum of 60 seconds").
pub const LONGEST_LIFE: Duration = Duration::from_secs(60);

/// What to issue a token for.
///
/// ```
/// use gatepass::token::IssueRequest;
/// use gatepass::id::{ClientId, ItemId};
/// # fn main() -> gatepass::Result<()> {
/// let request = IssueRequest::for_client(ClientId::new(1)?)
///     .destination("clientarea:product_details")
///     .service(ItemId::new(1)?);
/// # let _ = request; Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IssueRequest {
    /// Who shall be signed in.
    pub subject: Subject,
    /// The name of the landing page; absent: the client area's home page.
    pub destination: Option<String>,
    /// The service, for a destination that shows one.
    pub service_id: Option<ItemId>,
    /// The domain, for a destination that shows one.
    pub domain_id: Option<ItemId>,
    /// The relative path, for `sso:custom_redirect`.
    pub redirect_path: Option<String>,
    /// A shorter life than usual; at least one millisecond.
    pub life: Option<Duration>,
    /// Only the browser that holds the nonce of this binding may redeem it.
    pub binding: Option<Binding>,
    /// On whose behalf the caller asks, in the caller's words, for the audit; at most 200 bytes.
    pub actor: Option<String>,
    /// Where the call came from.
    pub address: Option<IpAddr>,
    /// Ignore the ids and the path that the destination does not take, instead of calling them invalid.
    pub(crate) drop_leftovers: bool,
}

impl IssueRequest {
    /// For a subject, to the home page.
    pub fn new(subject: Subject) -> Self {
        IssueRequest {
            subject,
            destination: None,
            service_id: None,
            domain_id: None,
            redirect_path: None,
            life: None,
            binding: None,
            actor: None,
            address: None,
            drop_leftovers: false,
        }
    }

    /// For the owner of a client.
    pub fn for_client(client: ClientId) -> Self {
        Self::new(Subject::Client(client))
    }

    /// For a user.
    pub fn for_user(user: UserId) -> Self {
        Self::new(Subject::User(user))
    }

    /// Land on a named page.
    pub fn destination(mut self, name: impl Into<String>) -> Self {
        self.destination = Some(name.into());
        self
    }

    /// The service to show there.
    pub fn service(mut self, id: ItemId) -> Self {
        self.service_id = Some(id);
        self
    }

    /// The domain to show there.
    pub fn domain(mut self, id: ItemId) -> Self {
        self.domain_id = Some(id);
        self
    }

    /// Land on a relative path, through `sso:custom_redirect`.
    pub fn redirect_path(mut self, path: impl Into<String>) -> Self {
        self.destination = Some(crate::destination::CUSTOM_REDIRECT.to_owned());
        self.redirect_path = Some(path.into());
        self
    }

    /// Live shorter than usual.
    pub fn life(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// Bind it to a browser.
    pub fn bound_to(mut self, binding: Binding) -> Self {
        self.binding = Some(binding);
        self
    }

    /// Say on whose behalf.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Say where the call came from.
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }
}

/// A token that was just issued. Its `Debug` leaves the URL out, which holds the token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Issued {
    /// The token. It is shown this once.
    pub token: Token,
    /// Where to send the browser: the system's redemption page with the token (contract §1.2).
    pub redirect_url: String,
    /// Who will be signed in; in host mode only what was asked for.
    pub user_id: Option<UserId>,
    /// The client that the session will be bound to, if one.
    pub client_id: Option<ClientId>,
    /// When its life ends: at exactly this time it is expired.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("token", &self.token)
            .field("user_id", &self.user_id)
            .field("client_id", &self.client_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A redemption to try.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RedeemRequest {
    /// The token, as the browser brought it.
    pub token: Token,
    /// The session that the browser holds here already, if any: the same browser clicking twice is no replay.
    pub presented_session: Option<SessionId>,
    /// Whether the session that the browser holds here already ends when the new one starts, in the same act.
    pub replace_session: bool,
    /// Whether a person confirmed it, or nobody needed to. An unconfirmed GET never counts as a replay.
    pub confirmed: bool,
    /// The SHA-256 of the browser's nonce cookie.
    pub binding: Option<Binding>,
    /// Whether to start a session of ours; a host with sessions of its own leaves it out.
    pub start_session: bool,
    /// Where the call came from.
    pub address: Option<IpAddr>,
}

impl RedeemRequest {
    /// Redeem into a session, confirmed, from a browser that holds none.
    pub fn new(token: Token) -> Self {
        RedeemRequest {
            token,
            presented_session: None,
            replace_session: false,
            confirmed: true,
            binding: None,
            start_session: true,
            address: None,
        }
    }

    /// The session that the browser holds already.
    pub fn presenting(mut self, session: Option<SessionId>) -> Self {
        self.presented_session = session;
        self
    }

    /// The session that the browser holds already, which ends when the new one starts.
    pub fn replacing(self, session: Option<SessionId>) -> Self {
        RedeemRequest { replace_session: true, ..self.presenting(session) }
    }

    /// The browser's nonce.
    pub fn bound_to(mut self, binding: Binding) -> Self {
        self.binding = Some(binding);
        self
    }

    /// Whether a person confirmed it.
    pub fn confirmed(mut self, confirmed: bool) -> Self {
        self.confirmed = confirmed;
        self
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

/// A token that was just spent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Redemption {
    /// The id of this redemption: told again to the host of whoever tries the token once more.
    pub redemption: RedemptionId,
    /// The user signed in; in host mode what the token was issued for.
    pub user_id: Option<UserId>,
    /// The client that the session is bound to.
    pub client_id: Option<ClientId>,
    /// The clients that the session may enter; empty in host mode.
    pub clients: Vec<ClientId>,
    /// The new session, if one was asked for.
    pub session: Option<SessionId>,
    /// Until when that session may last at most.
    pub session_expires_at: Option<Timestamp>,
    /// The name of the landing page.
    pub destination: Option<String>,
    /// Where the browser goes.
    pub landing_url: String,
    /// The credential that issued the token.
    pub credential_id: Option<CredentialId>,
    /// The actor note of the issue.
    pub actor: Option<String>,
    /// What was not checked and is the host's business (mode `host`): see
    /// [`UNCHECKED_IN_HOST_MODE`](crate::directory::UNCHECKED_IN_HOST_MODE).
    pub unchecked: &'static [&'static str],
}

/// What can be said of a token without spending it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenState {
    /// It could be redeemed now, as far as the token itself goes.
    Live,
    /// It was redeemed.
    Redeemed,
    /// It was revoked.
    Revoked,
    /// Its life is over.
    Expired,
    /// It lies in the future: the clock was set back.
    NotYetValid,
    /// The credential that issued it was revoked, has expired or is disabled.
    CredentialVoid,
}

/// A token as an operator, or a page that must not spend it, sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// Its public name.
    pub token: Reference,
    /// Where it stands.
    pub state: TokenState,
    /// Why a redemption would be refused now, the person's and client's standing included.
    pub refusal: Option<Reason>,
    /// Whom it signs in.
    pub user_id: Option<UserId>,
    /// Into which client.
    pub client_id: Option<ClientId>,
    /// The name of the landing page.
    pub destination: Option<String>,
    /// The relative path of the landing page.
    pub landing: String,
    /// The credential that issued it.
    pub credential_id: Option<CredentialId>,
    /// The admin who issued it by password.
    pub admin_id: Option<AdminId>,
    /// The actor note.
    pub actor: Option<String>,
    /// Whether it is bound to a browser.
    pub bound: bool,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When its life ends.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
    /// The redemption.
    pub redemption: Option<RedemptionId>,
    /// The session it started.
    pub session: Option<Reference>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// How often it was tried again after that.
    pub replays: i64,
    /// When it was first tried again.
    pub replayed_at: Option<Timestamp>,
    /// When a sign-in page asks before it spends it: the stricter of the setting and its credential's limit.
    pub confirm: Confirm,
}

/// Which unspent tokens to revoke.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RevokeTokens {
    /// This one.
    One(Token),
    /// The one of that name.
    Named(Reference),
    /// All of a user.
    OfUser(UserId),
    /// All of a client.
    OfClient(ClientId),
    /// All that a credential issued.
    OfCredential(CredentialId),
}

/// Which tokens to list, newest first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenQuery {
    /// Only of this user.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Only of this client.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Only of this credential.
    #[serde(default)]
    pub credential_id: Option<CredentialId>,
    /// Only those that could be redeemed now.
    #[serde(default)]
    pub live: bool,
    /// Only those before this one: the last of the page before.
    #[serde(default)]
    pub before: Option<Reference>,
    /// At most so many (default 100, at most 1,000).
    #[serde(default)]
    pub limit: Option<u32>,
}

/// An issue on its way to the store.
#[derive(Debug, Clone)]
pub(crate) struct IssueAct<'a> {
    pub(crate) caller: Caller,
    pub(crate) request: &'a IssueRequest,
    pub(crate) key: TimedKey,
}

/// What the verdict on an issue grants: a row to insert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grant {
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) destination: Option<String>,
    pub(crate) landing: SafePath,
    pub(crate) expires_at: Timestamp,
    /// The new count of issues in this minute, where they are counted.
    pub(crate) count: Option<(i64, u32)>,
    pub(crate) system_url: crate::destination::SystemUrl,
}

/// A redemption on its way to the store.
#[derive(Debug, Clone)]
pub(crate) struct RedeemAct {
    pub(crate) key: TimedKey,
    pub(crate) presented: Option<TimedKey>,
    /// The presented session ends when the new one starts.
    pub(crate) replace: bool,
    pub(crate) confirmed: bool,
    pub(crate) binding: Option<Binding>,
    pub(crate) redemption: RedemptionId,
    /// The key of the session to start.
    pub(crate) session: Option<TimedKey>,
    pub(crate) address: Option<IpAddr>,
}

/// What a redemption that succeeded gives back.
#[derive(Debug, Clone)]
pub(crate) struct Spent {
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) clients: Vec<ClientId>,
    pub(crate) destination: Option<String>,
    pub(crate) landing_url: String,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) actor: Option<String>,
    pub(crate) session_expires_at: Timestamp,
    pub(crate) managed: bool,
}
