//! What can go wrong, in four classes.
//!
//! * [`Error::Refused`]: an expected "no" with a [`Reason`]. The request was understood and the answer is
//!   final.
//! * [`Error::Invalid`]: the request was not understood; the field that is wrong is named and nothing was
//!   changed.
//! * [`Error::Store`]: the store could not answer, so nobody gets in.
//! * [`Error::Internal`]: a fault of ours or of the system's random generator.
//!
//! No text here ever holds a token, a secret, an e-mail or network address or an SQL parameter, so that
//! errors may be logged.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::audit::AuditRef;
use crate::session::RedemptionId;

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An expected "no". [`Refusal::reason`] says why.
    #[error("{0}")]
    Refused(Refusal),
    /// A value that can't be used; nothing was changed.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, by the name that the caller used for it (`client_id`, `email`,
        /// `settings.session_idle`).
        field: Cow<'static, str>,
        /// What is wrong with it, without repeating its value.
        reason: Cow<'static, str>,
    },
    /// The store could not answer. Treat it as "no".
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A fault of the library or of the system it runs on.
    #[error("internal: {0}")]
    Internal(Cow<'static, str>),
}

impl Error {
    /// An [`Error::Invalid`] for `field`.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Error::Invalid { field: field.into(), reason: reason.into() }
    }

    /// The reason, when this is a refusal.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Error::Refused(refusal) => Some(refusal.reason),
            _ => None,
        }
    }

    /// A stable word for logs and JSON: the reason's code, `invalid`, the store error's code or `internal`.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Refused(refusal) => refusal.reason.code(),
            Error::Invalid { .. } => "invalid",
            Error::Store(error) => error.code(),
            Error::Internal(_) => "internal",
        }
    }
}

/// What serde says is wrong with a value, without the value: it may be a secret in the wrong place.
pub(crate) fn without_value(message: &str) -> String {
    let quotes = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    if !quotes.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    // The value comes first and may hold any text, this one too; what was expected is ours and comes last.
    match message.rsplit_once(", expected ") {
        // The language's names of numbers say nothing to others.
        Some((_, "i64")) => "must be an integer".to_owned(),
        Some((_, "u32" | "u64")) => "must be a whole number that is not negative".to_owned(),
        Some((_, expected)) => format!("must be {expected}"),
        None => "has the wrong form".to_owned(),
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Error::Refused(Refusal::new(reason))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}

/// An expected "no": the reason, and what the caller may do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The audit event that recorded it, to be shown to a person as a reference number.
    pub reference: Option<AuditRef>,
    /// For [`Reason::TokenRedeemed`]: the id that the first redemption was given, so that a host with
    /// sessions of its own can end that session when it takes the replay for a theft (RFC 6749 §4.1.2).
    pub redemption: Option<RedemptionId>,
    /// For [`Reason::TokenRedeemed`] and [`Reason::AutoAuthUsed`]: the session presented is the one that was
    /// started then. Not a replay: the same person clicked twice.
    pub same_browser: bool,
    /// For the same two: it came within 5 seconds of the first use, as a second click does.
    pub duplicate: bool,
    /// For [`Reason::TokenRedeemed`] under the replay policy `revoke`: the first redemption's session was
    /// ended by this call.
    pub session_ended: bool,
    /// Advice to a caller who failed too often: ask again after this time. Nobody who is right is ever held
    /// back by it.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that carries only its reason.
    pub fn new(reason: Reason) -> Self {
        Refusal {
            reason,
            reference: None,
            redemption: None,
            same_browser: false,
            duplicate: false,
            session_ended: false,
            retry_after: None,
        }
    }

    pub(crate) fn recorded(mut self, reference: Option<AuditRef>) -> Self {
        self.reference = reference;
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.message())
    }
}

/// Writes the enum, its stable code and its message side by side, so that the three can't drift apart.
macro_rules! reasons {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $message:literal; )*) => {
        /// Why something was refused. The code of a reason never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $( $(#[$doc])* $name, )*
        }

        impl Reason {
            /// Every reason, in the order of declaration.
            pub const ALL: &'static [Reason] = &[ $( Reason::$name, )* ];

            /// A stable word for logs, JSON and the audit.
            pub fn code(self) -> &'static str {
                match self { $( Reason::$name => $code, )* }
            }

            /// One line for a person, without any of the request's data.
            pub fn message(self) -> &'static str {
                match self { $( Reason::$name => $message, )* }
            }

            /// The reason with that code.
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $( $code => Some(Reason::$name), )* _ => None }
            }
        }
    };
}

reasons! {
    /// No such token: never issued here, or purged after its retention time.
    TokenUnknown = "token_unknown", "unknown token";
    /// The token was redeemed before.
    TokenRedeemed = "token_redeemed", "already redeemed";
    /// The token was revoked before it was redeemed.
    TokenRevoked = "token_revoked", "token revoked";
    /// The token was issued later than now plus the leeway: the clock was set back.
    TokenNotYetValid = "token_not_yet_valid", "token issued in the future: the clock was set back";
    /// The token's life is over.
    TokenExpired = "token_expired", "token expired";
    /// The token is bound to another browser. It was not spent.
    BrowserMismatch = "browser_mismatch", "token bound to another browser";

    /// Unknown identifier, wrong secret, revoked or expired credential: one answer for all of them.
    AuthenticationFailed = "authentication_failed", "authentication failed";
    /// The credential was revoked since the caller was authenticated, or since the token was issued.
    CredentialRevoked = "credential_revoked", "credential revoked";
    /// The credential's own expiry has passed.
    CredentialExpired = "credential_expired", "credential expired";
    /// The host credential is switched off.
    CredentialDisabled = "credential_disabled", "host credential disabled";
    /// The admin who owns the credential is disabled.
    AdminDisabled = "admin_disabled", "admin disabled";
    /// The credential does not allow calls from this address.
    AddressNotAllowed = "address_not_allowed", "address not allowed";
    /// The credential does not allow this action.
    ActionNotAllowed = "action_not_allowed", "action not allowed";
    /// The credential does not allow this destination.
    DestinationNotAllowed = "destination_not_allowed", "destination not allowed for this credential";
    /// The credential does not allow this client.
    ClientNotAllowed = "client_not_allowed", "client not allowed for this credential";
    /// The credential allows only shorter tokens.
    LifeNotAllowed = "life_not_allowed", "token life longer than this credential allows";
    /// The credential's issues per minute are used up.
    RateLimited = "rate_limited", "too many tokens in this minute";
    /// The secret was right but stood in the query of a URL, which the credential does not allow.
    SecretInQuery = "secret_in_query", "secret in the query, not allowed for this credential";
    /// `legacy_admin_auth` is off.
    LegacyAuthOff = "legacy_auth_off", "legacy admin authentication is off";
    /// Too many wrong passwords for this admin; wait.
    LockedOut = "locked_out", "too many wrong passwords, locked for a while";

    /// No such user.
    UserUnknown = "user_unknown", "unknown user";
    /// The user is disabled.
    UserDisabled = "user_disabled", "user disabled";
    /// No such client.
    ClientUnknown = "client_unknown", "unknown client";
    /// The client's status is Closed.
    ClientClosed = "client_closed", "client closed";
    /// The client has single sign-on switched off.
    SsoDisabled = "sso_disabled", "single sign-on switched off for this client";
    /// The user has no place in that client.
    NotAMember = "not_a_member", "user is not a member of this client";
    /// The user has no client at all.
    NoClient = "no_client", "user has no client";
    /// The client has no owner who could be signed in.
    NoOwner = "no_owner", "client has no owner";

    /// AutoAuth is switched off, or has no key.
    AutoAuthOff = "autoauth_off", "AutoAuth is off";
    /// The hash fits no active key.
    AutoAuthHash = "autoauth_hash", "AutoAuth hash does not match";
    /// The link is older than the window.
    AutoAuthTooOld = "autoauth_too_old", "AutoAuth link too old";
    /// The link's time lies further in the future than the window.
    AutoAuthTooNew = "autoauth_too_new", "AutoAuth link from the future";
    /// The link was accepted before.
    AutoAuthUsed = "autoauth_used", "AutoAuth link already used";
    /// The link is older than what the store still remembers, so a reuse could not be told.
    AutoAuthForgotten = "autoauth_forgotten", "AutoAuth link older than the store remembers";
    /// The link's hash was right but its `goto` is not safe. Stands in the audit only: the caller is told
    /// that `goto` is invalid.
    GotoNotAllowed = "goto_not_allowed", "AutoAuth link leads to a page that is not allowed";
    /// No user and no client has that address.
    NoMatch = "no_match", "no user and no client has this address";
    /// No user but several clients have that address.
    SeveralClients = "several_clients", "several clients have this address";

    /// No such session.
    SessionUnknown = "session_unknown", "unknown session";
    /// The session was ended.
    SessionEnded = "session_ended", "session ended";
    /// The session was left alone longer than the idle time.
    SessionIdle = "session_idle", "session idle for too long";
    /// The session's absolute life is over.
    SessionExpired = "session_expired", "session expired";

    /// No such admin.
    AdminUnknown = "admin_unknown", "unknown admin";
    /// No such credential.
    CredentialUnknown = "credential_unknown", "unknown credential";
    /// No such destination.
    DestinationUnknown = "destination_unknown", "unknown destination";
    /// No such AutoAuth key.
    KeyUnknown = "key_unknown", "unknown AutoAuth key";
    /// An id, name, label or address that must be unique is taken.
    AlreadyExists = "already_exists", "already exists";
    /// The client has an owner already; one member is the owner.
    OwnerExists = "owner_exists", "client has an owner already";
    /// The owner can't be removed from the client.
    OwnerStays = "owner_stays", "the owner can't be removed";
    /// The operation needs the directory, which the host keeps itself in mode `host`.
    HostMode = "host_mode", "the directory is kept by the host in this store";
    /// The sealing key is needed and was not given.
    SealingKeyMissing = "sealing_key_missing", "the sealing key is needed and was not given";
    /// The sealing key does not open this store's AutoAuth keys.
    SealingKeyWrong = "sealing_key_wrong", "the sealing key does not open this store's AutoAuth keys";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Why the store could not answer. Nobody is let in on any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store at that path.
    #[error("no store there: make one with init")]
    Missing,
    /// Something stands at the path where a new file was to be made.
    #[error("there is a file at that path already")]
    Exists,
    /// The file is no Gatepass store.
    #[error("not a Gatepass store: {0}")]
    NotAStore(&'static str),
    /// The path is a folder.
    #[error("the path is a folder, not a store")]
    IsAFolder,
    /// The folder or the file can't be written, which a store needs even for reading.
    #[error("the store or its folder can't be written by this user")]
    ReadOnly,
    /// The file may not be opened by this user.
    #[error("permission denied")]
    Denied,
    /// A newer release wrote this store.
    #[error("the store has schema {found}, this release knows {known}: use a newer release")]
    SchemaNewer {
        /// The schema version in the file.
        found: i64,
        /// The newest version that this release knows.
        known: i64,
    },
    /// An older release wrote this store and the change needs an explicit step.
    #[error("the store has schema {found}, this release needs {needed}: it must be migrated first")]
    SchemaOlder {
        /// The schema version in the file.
        found: i64,
        /// The version that is needed.
        needed: i64,
    },
    /// The file under the open store was replaced or deleted. Open it again.
    #[error("the store's file was replaced or deleted while it was open")]
    Replaced,
    /// This process inherited the store open over a fork. Close it before forking, or open it in the child
    /// only.
    #[error("the store was open when this process was forked; its locks did not come along")]
    Forked,
    /// A sync failed earlier in this process, so that no handle of it is trusted any more. Start the process
    /// again.
    #[error("an earlier sync failed; this process no longer trusts the store")]
    Poisoned,
    /// The store stayed locked until the deadline.
    #[error("the store was busy until the deadline")]
    Busy,
    /// The disk is full. Nothing was changed.
    #[error("the disk is full")]
    Full,
    /// It is not known whether the act was done. Treat it as "no", and ask again.
    #[error("it is not known whether the act was done")]
    Indeterminate,
    /// The file is damaged.
    #[error("the store is damaged: {0}")]
    Corrupt(&'static str),
    /// Reading or writing failed.
    #[error("input or output error ({0})")]
    Io(String),
    /// The SQLite that was linked is too old.
    #[error("SQLite {found} is too old, {needed} is needed")]
    SqliteTooOld {
        /// The version at run time.
        found: &'static str,
        /// The oldest version that works.
        needed: &'static str,
    },
    /// Anything else that the database said.
    #[error("the database said: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the same call may succeed a moment later without anybody's doing.
    pub fn retryable(&self) -> bool {
        matches!(self, StoreError::Busy | StoreError::Indeterminate)
    }

    /// Whether it says nothing about what the store holds, only that it can't be written at this moment: an
    /// answer that is known already stands all the same.
    pub(crate) fn passing(&self) -> bool {
        matches!(self, StoreError::Busy | StoreError::Full | StoreError::ReadOnly | StoreError::Io(_))
    }

    /// A stable word for logs and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Missing => "store_missing",
            StoreError::Exists => "store_exists",
            StoreError::NotAStore(_) => "not_a_store",
            StoreError::IsAFolder => "is_a_folder",
            StoreError::ReadOnly => "store_read_only",
            StoreError::Denied => "store_denied",
            StoreError::SchemaNewer { .. } => "schema_newer",
            StoreError::SchemaOlder { .. } => "schema_older",
            StoreError::Replaced => "store_replaced",
            StoreError::Forked => "forked",
            StoreError::Poisoned => "store_poisoned",
            StoreError::Busy => "store_busy",
            StoreError::Full => "disk_full",
            StoreError::Indeterminate => "indeterminate",
            StoreError::Corrupt(_) => "store_corrupt",
            StoreError::Io(_) => "store_io",
            StoreError::SqliteTooOld { .. } => "sqlite_too_old",
            StoreError::Database(_) => "store_database",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_says_is_passed_on_without_the_value() {
        for (said, passed_on) in [
            ("invalid type: string \"hunter2\", expected u32", "must be a whole number that is not negative"),
            (
                "invalid type: string \"x, expected hunter2\", expected u32",
                "must be a whole number that is not negative",
            ),
            ("invalid value: integer `-7`, expected i64", "must be an integer"),
            ("unknown variant `hunter2`, expected one of `off`, `warn`", "must be one of `off`, `warn`"),
            ("unknown variant `hunter2`, there are no variants", "has the wrong form"),
            ("must look like 1795356826123-0", "must look like 1795356826123-0"),
        ] {
            assert_eq!(without_value(said), passed_on);
        }
    }

    #[test]
    fn every_reason_has_a_code_of_its_own_and_is_found_by_it() {
        let mut seen = std::collections::HashSet::new();
        for &reason in Reason::ALL {
            assert!(seen.insert(reason.code()), "{} stands twice", reason.code());
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code("no such reason"), None);
    }
}
