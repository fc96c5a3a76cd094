//! Audit events: what happened, when, through which credential, to whom, and how it came out.
//!
//! An event never holds a secret or an e-mail address. Events are written in the transaction of the act they
//! tell of. The first refusal per subject, reason and minute writes an event, later ones raise its counter;
//! guesses at things that do not exist, and calls from where none may come, are counted in memory and written
//! as one event at most once a minute.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Reason, Result};
use crate::id::{AdminId, ClientId, CredentialId, KeyId, UserId};

/// Writes the kinds of event and their stable names side by side.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $name:ident = $code:literal; )*) => {
        /// What an event tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventKind { $( $(#[$doc])* $name, )* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [EventKind] = &[ $( EventKind::$name, )* ];

            /// The stable name.
            pub fn code(self) -> &'static str {
                match self { $( EventKind::$name => $code, )* }
            }

            /// The kind with that name.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $( $code => Some(EventKind::$name), )* _ => None }
            }
        }
    };
}

kinds! {
    /// A store was made.
    StoreInitialised = "store.initialised";
    /// A backup was put back: sessions, tokens and links of before are void.
    StoreRestored = "store.restored";
    /// A setting was changed.
    SettingChanged = "setting.changed";
    /// An admin was added.
    AdminAdded = "admin.added";
    /// An admin was enabled.
    AdminEnabled = "admin.enabled";
    /// An admin was disabled, and with it its credentials.
    AdminDisabled = "admin.disabled";
    /// An admin's password was set.
    AdminPasswordSet = "admin.password_set";
    /// An admin logged in by the legacy form, or was refused.
    AdminAuthenticated = "admin.authenticated";
    /// A credential was made.
    CredentialCreated = "credential.created";
    /// A credential got a new secret.
    CredentialRotated = "credential.rotated";
    /// A credential was revoked.
    CredentialRevoked = "credential.revoked";
    /// A host credential was switched on.
    CredentialEnabled = "credential.enabled";
    /// A host credential was switched off.
    CredentialDisabled = "credential.disabled";
    /// A call with a credential was refused.
    CallRefused = "call.refused";
    /// A user was added.
    UserAdded = "user.added";
    /// A user's e-mail address was changed.
    UserEmailSet = "user.email_set";
    /// A user was enabled.
    UserEnabled = "user.enabled";
    /// A user was disabled.
    UserDisabled = "user.disabled";
    /// A user's data was exported.
    UserExported = "user.exported";
    /// A user's personal data was erased; the number stays as a pseudonym.
    UserErased = "user.erased";
    /// A client was added.
    ClientAdded = "client.added";
    /// A client's status was changed.
    ClientStatusSet = "client.status_set";
    /// A client's single sign-on was switched on or off.
    ClientSsoSet = "client.sso_set";
    /// A user became a member of a client.
    MemberAdded = "member.added";
    /// A user was removed from a client.
    MemberRemoved = "member.removed";
    /// A destination was added or changed.
    DestinationSet = "destination.set";
    /// A destination was removed.
    DestinationRemoved = "destination.removed";
    /// A token was issued, or the issue was refused.
    TokenIssued = "token.issued";
    /// A token was redeemed, or the redemption was refused.
    TokenRedeemed = "token.redeemed";
    /// Tokens were revoked.
    TokenRevoked = "token.revoked";
    /// A sign-in link was made, or that was refused.
    LinkCreated = "link.created";
    /// A sign-in link was used, or refused.
    LinkOpened = "link.opened";
    /// Sign-in links ended before their time; the detail says why.
    LinkEnded = "link.ended";
    /// An AutoAuth link was accepted or refused.
    AutoAuthAccepted = "autoauth.accepted";
    /// An AutoAuth key was added.
    KeyAdded = "autoauth_key.added";
    /// An AutoAuth key was retired.
    KeyRetired = "autoauth_key.retired";
    /// The AutoAuth keys were sealed anew.
    KeysResealed = "autoauth_key.resealed";
    /// Sessions were ended.
    SessionEnded = "session.ended";
    /// Guesses at things that do not exist, and calls from addresses that the store's list leaves out,
    /// counted over a minute.
    Guesses = "guesses";
}

impl Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The number of an event: its time and its place within that millisecond. Shown to people as a reference
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditRef {
    pub(crate) at: Timestamp,
    pub(crate) seq: i64,
}

impl AuditRef {
    /// From its text, `1795356826123-0`.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, seq) = text.split_once('-')?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(at) || !digits(seq) {
            return None;
        }
        Some(AuditRef { at: Timestamp::from_millis(at.parse().ok()?), seq: seq.parse().ok()? })
    }
}

impl fmt::Display for AuditRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.as_millis(), self.seq)
    }
}

impl Serialize for AuditRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuditRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        AuditRef::parse(&text).ok_or_else(|| serde::de::Error::custom("must look like 1795356826123-0"))
    }
}

/// An event to be written with an act.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent<'a> {
    pub(crate) kind: EventKind,
    pub(crate) refused: Option<Reason>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) admin: Option<AdminId>,
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    /// The thing acted on, by a name that is no secret: a reference, a label, a setting's name.
    pub(crate) object: Option<String>,
    pub(crate) address: Option<IpAddr>,
    /// Who acted, as the caller says.
    pub(crate) actor: Option<&'a str>,
    pub(crate) detail: Option<String>,
    /// How often it happened.
    pub(crate) count: i64,
}

impl<'a> NewEvent<'a> {
    pub(crate) fn new(kind: EventKind) -> Self {
        NewEvent {
            kind,
            refused: None,
            credential: None,
            admin: None,
            user: None,
            client: None,
            object: None,
            address: None,
            actor: None,
            detail: None,
            count: 1,
        }
    }

    /// The event of an AutoAuth link that a key fits, its acceptance or refusal: it names the key, never the
    /// address.
    pub(crate) fn autoauth(key: Option<KeyId>) -> Self {
        let mut event = NewEvent::new(EventKind::AutoAuthAccepted);
        event.object = Some(match key {
            Some(key) => format!("key {key}"),
            None => "key given by the caller".to_owned(),
        });
        event
    }

    pub(crate) fn by(mut self, actor: Option<&'a str>) -> Self {
        self.actor = actor;
        self
    }

    pub(crate) fn object(mut self, object: impl fmt::Display) -> Self {
        self.object = Some(object.to_string());
        self
    }

    pub(crate) fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// What makes two refusals the same one: the thing refused, by whatever names it best.
    pub(crate) fn subject(&self) -> String {
        match (&self.object, self.user, self.client, self.credential, self.admin) {
            (Some(object), ..) => format!("o{object}"),
            (None, Some(user), ..) => format!("u{user}"),
            (None, None, Some(client), ..) => format!("c{client}"),
            (None, None, None, Some(credential), _) => format!("k{credential}"),
            (None, None, None, None, Some(admin)) => format!("a{admin}"),
            (None, None, None, None, None) => String::new(),
        }
    }
}

/// An event as it was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditEvent {
    /// Its number.
    pub reference: AuditRef,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: an [`EventKind`]'s code. A newer release may have written kinds unknown here.
    pub event: String,
    /// `ok`, or the code of the [`Reason`] why not.
    pub outcome: String,
    /// The credential that asked.
    pub credential_id: Option<CredentialId>,
    /// The admin concerned.
    pub admin_id: Option<AdminId>,
    /// The user concerned.
    pub user_id: Option<UserId>,
    /// The client concerned.
    pub client_id: Option<ClientId>,
    /// The thing acted on: the reference of a token or session, a label, a setting's name.
    pub object: Option<String>,
    /// Where the call came from; cut to /24 or /48 after a time (setting `audit_address_days`).
    pub address: Option<String>,
    /// Who acted, in the caller's words.
    pub actor: Option<String>,
    /// More about it.
    pub detail: Option<String>,
    /// How often it happened in the minute after `at`.
    pub count: i64,
    /// When it happened last.
    pub last_at: Timestamp,
}

/// Which events to read. A time range is required; the rest narrows it down.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// From this time on.
    pub from: Timestamp,
    /// Up to and not including this time.
    pub to: Timestamp,
    /// Only this kind of event, or with a trailing `.` all kinds that begin so (`token.`).
    #[serde(default)]
    pub event: Option<String>,
    /// Only this outcome: `ok`, `refused` for any refusal, or a reason's code.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Only through this credential.
    #[serde(default)]
    pub credential_id: Option<CredentialId>,
    /// Only about this user.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Only about this client.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// Only about this thing.
    #[serde(default)]
    pub object: Option<String>,
    /// Only events after this one: the last of the page before.
    #[serde(default)]
    pub after: Option<AuditRef>,
    /// At most so many (default 100, at most 10,000).
    #[serde(default)]
    pub limit: Option<u32>,
}

impl AuditQuery {
    /// All events from `from` up to and not including `to`.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        AuditQuery { from, to, ..AuditQuery::default() }
    }

    /// The number of events to give, checked.
    pub(crate) fn checked_limit(&self) -> Result<u32> {
        page_limit(self.limit, 10_000)
    }
}

/// A page's size: 100 unless said, 1 to `most`.
pub(crate) fn page_limit(limit: Option<u32>, most: u32) -> Result<u32> {
    match limit.unwrap_or(100) {
        n if (1..=most).contains(&n) => Ok(n),
        _ => Err(Error::invalid("limit", format!("must be 1 to {most}"))),
    }
}

/// An address without its last part: /24 for IPv4, /48 for IPv6. Mapped IPv4 addresses count as IPv4.
pub(crate) fn coarse(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_number_reads_back() {
        let reference = AuditRef { at: Timestamp::from_millis(1_795_356_826_123), seq: 7 };
        assert_eq!(AuditRef::parse(&reference.to_string()), Some(reference));
        for bad in ["", "-", "1-", "-1", "1", "1-2-3", "+1-2", "1-99999999999999999999"] {
            assert_eq!(AuditRef::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn coarse_addresses_lose_their_last_part() {
        for (given, cut) in [
            ("203.0.113.77", "203.0.113.0"),
            ("::ffff:203.0.113.77", "203.0.113.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ] {
            assert_eq!(coarse(given.parse().unwrap()).to_string(), cut);
        }
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for &kind in EventKind::ALL {
            assert_eq!(EventKind::from_code(kind.code()), Some(kind));
        }
    }
}
