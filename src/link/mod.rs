//! Sign-in links: for e-mail, where a token of 60 seconds can't go.
//!
//! A link lives for hours or days and can be used a few times; each use mints an SSO token of its own. It is
//! 160 random bits, shown as 32 characters of RFC 4648's base 32 in lower case, without anything that a mail
//! program could break at or decode. The store knows it by its SHA-256 only. Merely to look at a link changes
//! nothing, so the robots that look into mailboxes use nothing up.

mod judge;
mod report;
mod text;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::credential::Caller;
use crate::destination::SystemUrl;
use crate::directory::check_text;
use crate::error::{Error, Reason, Result};
use crate::id::{ClientId, CredentialId, UserId};
use crate::secret::{Reference, TimedKey};
use crate::session::SessionId;
use crate::token::{IssueRequest, RedeemAct, Redemption, Spent, Token};

pub(crate) use judge::{
    LinkFacts, OpenFacts, Opening, concerns_the_link, is_second_click, judge_create, judge_open, stands,
    state_of, told,
};
pub use report::{LinkMoment, LinkReport, LinkReportQuery, LinkReportRow, RefusalCount};
pub(crate) use report::{LinkTally, Tallied, hour_of, range_of, report_of};
pub use text::SignInLink;

/// The longest life of a link.
pub const LONGEST_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// The shortest life of a link.
pub const SHORTEST_LIFE: Duration = Duration::from_secs(60);

/// How often a link may be used at most.
pub const MOST_USES: u32 = 100;

/// What to make a link for.
///
/// ```
/// use gatepass::link::LinkRequest;
/// use gatepass::token::IssueRequest;
/// use gatepass::id::ClientId;
/// # fn main() -> gatepass::Result<()> {
/// let invoice = IssueRequest::for_client(ClientId::new(1)?).redirect_path("viewinvoice.php?id=5");
/// let request = LinkRequest::new(invoice).title("invoice 5").label("invoice-reminder");
/// # let _ = request; Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LinkRequest {
    /// Whom each use signs in, and where. Its `life` and `binding` must be absent: tokens of links live as long
    /// as the store's do and are for whatever browser opens the mail.
    pub issue: IssueRequest,
    /// How long the link lives, a minute to 7 days; absent: the setting `link_life_seconds`.
    pub life: Option<Duration>,
    /// How often it may be used: 1 to 100.
    pub uses: u32,
    /// What the mailing is called, for reports and to revoke all of it; 1 to 100 bytes.
    pub label: Option<String>,
    /// What waits for the person there, as the page that asks says it: `invoice 5`; 1 to 100 bytes.
    pub title: Option<String>,
    /// When it is used, all other links of the same label for the same user and client end. Needs a label.
    pub end_siblings: bool,
}

impl LinkRequest {
    /// A link of the usual life that can be used once.
    pub fn new(issue: IssueRequest) -> Self {
        LinkRequest { issue, life: None, uses: 1, label: None, title: None, end_siblings: false }
    }

    /// Live shorter or longer than usual.
    pub fn life(mut self, life: Duration) -> Self {
        self.life = Some(life);
        self
    }

    /// May be used so often.
    pub fn uses(mut self, uses: u32) -> Self {
        self.uses = uses;
        self
    }

    /// Belongs to this mailing.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Leads to this, in words for the person.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The first one used ends the others of its label and person.
    pub fn end_siblings(mut self) -> Self {
        self.end_siblings = true;
        self
    }

    /// What is wrong with it in itself, whoever asks.
    pub(crate) fn check(&self) -> Result<()> {
        if self.issue.binding.is_some() {
            return Err(Error::invalid("binding", "a link is for whatever browser opens the mail"));
        }
        if self.issue.life.is_some() {
            return Err(Error::invalid("life", "the tokens of a link live as long as the store's do"));
        }
        match self.life {
            Some(life) if life < SHORTEST_LIFE => {
                return Err(Error::invalid("life", "must be at least a minute"));
            }
            Some(life) if life > LONGEST_LIFE => {
                return Err(Error::invalid("life", "must be at most 7 days"));
            }
            _ => {}
        }
        if !(1..=MOST_USES).contains(&self.uses) {
            return Err(Error::invalid("uses", "must be 1 to 100"));
        }
        if let Some(label) = &self.label {
            check_label(label)?;
        }
        if let Some(title) = &self.title {
            check_text("title", title, 1, 100)?;
        }
        if let Some(actor) = &self.issue.actor {
            check_text("actor", actor, 0, 200)?;
        }
        if self.end_siblings && self.label.is_none() {
            return Err(Error::invalid("label", "is needed to tell which other links end"));
        }
        Ok(())
    }
}

/// A link that was just made. Its `Debug` leaves the URL out, which holds the link.
#[derive(Clone)]
#[non_exhaustive]
pub struct CreatedLink {
    /// The link. It is shown this once.
    pub link: SignInLink,
    /// What goes into the mail.
    pub url: String,
    /// Its public name, for tables, logs and to revoke it.
    pub reference: Reference,
    /// Who will be signed in; in host mode only what was asked for.
    pub user_id: Option<UserId>,
    /// The client that the session will be bound to, if one.
    pub client_id: Option<ClientId>,
    /// When its life ends: at exactly this time it is expired.
    pub expires_at: Timestamp,
}

impl fmt::Debug for CreatedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedLink")
            .field("reference", &self.reference)
            .field("user_id", &self.user_id)
            .field("client_id", &self.client_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A link to open: spend one of its uses.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The link, as the browser brought it.
    pub link: SignInLink,
    /// Redeem the token into a session at once, in the same act: for the host that opens links and is where
    /// they lead. Nobody ever sees the token then.
    pub sign_in: bool,
    /// The session that the browser holds already; it ends when the new one starts.
    pub presented_session: Option<SessionId>,
    /// Where the call came from.
    pub address: Option<IpAddr>,
}

impl OpenRequest {
    /// Open it for a token, which the browser takes on to where it is redeemed.
    pub fn new(link: SignInLink) -> Self {
        OpenRequest { link, sign_in: false, presented_session: None, address: None }
    }

    /// Sign in at once, in place of the session that the browser holds already, if any.
    pub fn signing_in(mut self, replacing: Option<SessionId>) -> Self {
        self.sign_in = true;
        self.presented_session = replacing;
        self
    }

    /// Where the call came from.
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }
}

/// A use of a link that was just spent. Its `Debug` leaves the URL out, which holds the token.
#[derive(Clone)]
#[non_exhaustive]
pub struct OpenedLink {
    /// The link's public name.
    pub link: Reference,
    /// The token of this use. It is shown this once.
    pub token: Token,
    /// Where to send the browser: the system's redemption page with the token.
    pub redirect_url: String,
    /// Who will be signed in; in host mode what the link was made for.
    pub user_id: Option<UserId>,
    /// The client that the session will be bound to, if one.
    pub client_id: Option<ClientId>,
    /// Where the person lands then.
    pub landing_url: String,
    /// When the token's life ends.
    pub expires_at: Timestamp,
    /// How often the link can still be used.
    pub uses_left: u32,
    /// The redemption, if one was asked for.
    pub redemption: Option<Redemption>,
    /// What was not checked and is the host's business (mode `host`): see
    /// [`UNCHECKED_IN_HOST_MODE`](crate::directory::UNCHECKED_IN_HOST_MODE).
    pub unchecked: &'static [&'static str],
}

impl fmt::Debug for OpenedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedLink")
            .field("link", &self.link)
            .field("token", &self.token)
            .field("user_id", &self.user_id)
            .field("client_id", &self.client_id)
            .field("uses_left", &self.uses_left)
            .finish_non_exhaustive()
    }
}

/// Why a link ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkEnd {
    /// It was revoked.
    Revoked,
    /// Another link of its label and person was used.
    Superseded,
    /// The person's e-mail address was changed.
    EmailChanged,
    /// The person's password was changed.
    PasswordChanged,
}

impl LinkEnd {
    const ALL: [LinkEnd; 4] =
        [LinkEnd::Revoked, LinkEnd::Superseded, LinkEnd::EmailChanged, LinkEnd::PasswordChanged];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            LinkEnd::Revoked => "revoked",
            LinkEnd::Superseded => "superseded",
            LinkEnd::EmailChanged => "email_changed",
            LinkEnd::PasswordChanged => "password_changed",
        }
    }

    /// From that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }

    /// What the holder of such a link hears.
    pub fn reason(self) -> Reason {
        match self {
            LinkEnd::Revoked => Reason::LinkRevoked,
            LinkEnd::Superseded => Reason::LinkSuperseded,
            LinkEnd::EmailChanged | LinkEnd::PasswordChanged => Reason::LinkOutdated,
        }
    }
}

/// Which links to end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EndLinks {
    /// This one.
    One(SignInLink),
    /// The one of that name.
    Named(Reference),
    /// All of a user.
    OfUser(UserId),
    /// All of a client.
    OfClient(ClientId),
    /// All of a mailing.
    OfLabel(String),
    /// All that a credential made.
    OfCredential(CredentialId),
}

/// What can be said of a link without using it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkState {
    /// It could be opened now, as far as the link itself goes.
    Live,
    /// All its uses are spent.
    Used,
    /// It was revoked.
    Revoked,
    /// Another one of its label and person was used.
    Superseded,
    /// The person's e-mail address or password was changed.
    Outdated,
    /// Its life is over.
    Expired,
    /// It lies in the future: the clock was set back.
    NotYetValid,
    /// The credential that made it was revoked, has expired or is disabled, or may no longer make one like it.
    CredentialVoid,
}

/// A link as an operator, or a page that must not use it, sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LinkInspection {
    /// Its public name.
    pub link: Reference,
    /// Where it stands.
    pub state: LinkState,
    /// Why it would be refused now, the person's and client's standing included.
    pub refusal: Option<Reason>,
    /// Whom it signs in.
    pub user_id: Option<UserId>,
    /// Into which client.
    pub client_id: Option<ClientId>,
    /// The name of the landing page.
    pub destination: Option<String>,
    /// The relative path of the landing page.
    pub landing: String,
    /// What waits there, in words for the person.
    pub title: Option<String>,
    /// The mailing.
    pub label: Option<String>,
    /// The credential that made it.
    pub credential_id: CredentialId,
    /// The actor note.
    pub actor: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its life ends.
    pub expires_at: Timestamp,
    /// How often it may be used.
    pub uses: u32,
    /// How often it was.
    pub used: u32,
    /// When it was used for the first time.
    pub first_opened_at: Option<Timestamp>,
    /// When it was used last.
    pub last_opened_at: Option<Timestamp>,
    /// Whether its use ends the others of its label and person.
    pub end_siblings: bool,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub ended_by: Option<LinkEnd>,
}

/// Which links to list, newest first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkQuery {
    /// Only of this user.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Only of this client.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Only of this credential.
    #[serde(default)]
    pub credential_id: Option<CredentialId>,
    /// Only of this mailing.
    #[serde(default)]
    pub label: Option<String>,
    /// Only those that could be opened now.
    #[serde(default)]
    pub live: bool,
    /// Only those before this one: the last of the page before.
    #[serde(default)]
    pub before: Option<Reference>,
    /// At most so many (default 100, at most 1,000).
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What a mailing may be called. An empty name is that of no links, least of all of those without one.
pub(crate) fn check_label(label: &str) -> Result<()> {
    check_text("label", label, 1, 100)
}

/// A link to be made, on its way to the store.
#[derive(Debug, Clone)]
pub(crate) struct CreateAct<'a> {
    pub(crate) caller: Caller,
    pub(crate) request: &'a LinkRequest,
    pub(crate) key: TimedKey,
}

/// A use on its way to the store.
#[derive(Debug, Clone)]
pub(crate) struct OpenAct {
    pub(crate) digest: [u8; 32],
    /// The key of the token to mint.
    pub(crate) token: TimedKey,
    /// Redeem that token in the same act.
    pub(crate) redeem: Option<RedeemAct>,
    pub(crate) address: Option<IpAddr>,
}

/// What a use gives back.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) link: Reference,
    pub(crate) opening: Opening,
    pub(crate) uses_left: u32,
    pub(crate) system_url: SystemUrl,
    /// What the redemption gave, if one was asked for.
    pub(crate) spent: Option<Spent>,
    pub(crate) managed: bool,
}
