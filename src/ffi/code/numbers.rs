//! Which number an error has.

use super::gatepass_code::{self, *};
use crate::error::{Error, Reason, StoreError};

impl gatepass_code {
    /// The number of an error.
    pub(in crate::ffi) fn of(error: &Error) -> Self {
        match error {
            Error::Invalid { .. } => GATEPASS_INVALID,
            Error::Refused(refusal) => Self::of_reason(refusal.reason),
            Error::Store(error) => Self::of_store(error),
            Error::Internal(_) => GATEPASS_INTERNAL,
        }
    }

    fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::Missing => GATEPASS_STORE_MISSING,
            StoreError::Exists => GATEPASS_STORE_EXISTS,
            StoreError::NotAStore(_) => GATEPASS_NOT_A_STORE,
            StoreError::IsAFolder => GATEPASS_IS_A_FOLDER,
            StoreError::ReadOnly => GATEPASS_STORE_READ_ONLY,
            StoreError::Denied => GATEPASS_STORE_DENIED,
            StoreError::SchemaNewer { .. } => GATEPASS_SCHEMA_NEWER,
            StoreError::SchemaOlder { .. } => GATEPASS_SCHEMA_OLDER,
            StoreError::Replaced => GATEPASS_STORE_REPLACED,
            StoreError::Forked => GATEPASS_FORKED,
            StoreError::Poisoned => GATEPASS_STORE_POISONED,
            StoreError::Busy => GATEPASS_STORE_BUSY,
            StoreError::Full => GATEPASS_DISK_FULL,
            StoreError::Indeterminate => GATEPASS_INDETERMINATE,
            StoreError::Corrupt(_) => GATEPASS_STORE_CORRUPT,
            StoreError::Io(_) => GATEPASS_STORE_IO,
            StoreError::SqliteTooOld { .. } => GATEPASS_SQLITE_TOO_OLD,
            StoreError::Unavailable(_) => GATEPASS_STORE_UNAVAILABLE,
            StoreError::NotBuiltIn(_) => GATEPASS_NOT_BUILT_IN,
            StoreError::Database(_) => GATEPASS_STORE_DATABASE,
        }
    }

    /// The number of a reason.
    pub(in crate::ffi) fn of_reason(reason: Reason) -> Self {
        match reason {
            Reason::TokenUnknown => GATEPASS_TOKEN_UNKNOWN,
            Reason::TokenRedeemed => GATEPASS_TOKEN_REDEEMED,
            Reason::TokenRevoked => GATEPASS_TOKEN_REVOKED,
            Reason::TokenNotYetValid => GATEPASS_TOKEN_NOT_YET_VALID,
            Reason::TokenExpired => GATEPASS_TOKEN_EXPIRED,
            Reason::BrowserMismatch => GATEPASS_BROWSER_MISMATCH,
            Reason::AuthenticationFailed => GATEPASS_AUTHENTICATION_FAILED,
            Reason::CredentialRevoked => GATEPASS_CREDENTIAL_REVOKED,
            Reason::CredentialExpired => GATEPASS_CREDENTIAL_EXPIRED,
            Reason::CredentialDisabled => GATEPASS_CREDENTIAL_DISABLED,
            Reason::AdminDisabled => GATEPASS_ADMIN_DISABLED,
            Reason::AddressNotAllowed => GATEPASS_ADDRESS_NOT_ALLOWED,
            Reason::ActionNotAllowed => GATEPASS_ACTION_NOT_ALLOWED,
            Reason::DestinationNotAllowed => GATEPASS_DESTINATION_NOT_ALLOWED,
            Reason::ClientNotAllowed => GATEPASS_CLIENT_NOT_ALLOWED,
            Reason::LifeNotAllowed => GATEPASS_LIFE_NOT_ALLOWED,
            Reason::RateLimited => GATEPASS_RATE_LIMITED,
            Reason::LegacyAuthOff => GATEPASS_LEGACY_AUTH_OFF,
            Reason::LockedOut => GATEPASS_LOCKED_OUT,
            Reason::SecretInQuery => GATEPASS_SECRET_IN_QUERY,
            Reason::LinksNotAllowed => GATEPASS_LINKS_NOT_ALLOWED,
            Reason::UserUnknown => GATEPASS_USER_UNKNOWN,
            Reason::UserDisabled => GATEPASS_USER_DISABLED,
            Reason::ClientUnknown => GATEPASS_CLIENT_UNKNOWN,
            Reason::ClientClosed => GATEPASS_CLIENT_CLOSED,
            Reason::SsoDisabled => GATEPASS_SSO_DISABLED,
            Reason::NotAMember => GATEPASS_NOT_A_MEMBER,
            Reason::NoClient => GATEPASS_NO_CLIENT,
            Reason::NoOwner => GATEPASS_NO_OWNER,
            Reason::AutoAuthOff => GATEPASS_AUTOAUTH_OFF,
            Reason::AutoAuthHash => GATEPASS_AUTOAUTH_HASH,
            Reason::AutoAuthTooOld => GATEPASS_AUTOAUTH_TOO_OLD,
            Reason::AutoAuthTooNew => GATEPASS_AUTOAUTH_TOO_NEW,
            Reason::AutoAuthUsed => GATEPASS_AUTOAUTH_USED,
            Reason::AutoAuthForgotten => GATEPASS_AUTOAUTH_FORGOTTEN,
            Reason::GotoNotAllowed => GATEPASS_GOTO_NOT_ALLOWED,
            Reason::NoMatch => GATEPASS_NO_MATCH,
            Reason::SeveralClients => GATEPASS_SEVERAL_CLIENTS,
            Reason::SessionUnknown => GATEPASS_SESSION_UNKNOWN,
            Reason::SessionEnded => GATEPASS_SESSION_ENDED,
            Reason::SessionIdle => GATEPASS_SESSION_IDLE,
            Reason::SessionExpired => GATEPASS_SESSION_EXPIRED,
            Reason::AdminUnknown => GATEPASS_ADMIN_UNKNOWN,
            Reason::CredentialUnknown => GATEPASS_CREDENTIAL_UNKNOWN,
            Reason::DestinationUnknown => GATEPASS_DESTINATION_UNKNOWN,
            Reason::KeyUnknown => GATEPASS_KEY_UNKNOWN,
            Reason::AlreadyExists => GATEPASS_ALREADY_EXISTS,
            Reason::OwnerExists => GATEPASS_OWNER_EXISTS,
            Reason::OwnerStays => GATEPASS_OWNER_STAYS,
            Reason::HostMode => GATEPASS_HOST_MODE,
            Reason::SealingKeyMissing => GATEPASS_SEALING_KEY_MISSING,
            Reason::SealingKeyWrong => GATEPASS_SEALING_KEY_WRONG,
            Reason::LinkUnknown => GATEPASS_LINK_UNKNOWN,
            Reason::LinkUsed => GATEPASS_LINK_USED,
            Reason::LinkRevoked => GATEPASS_LINK_REVOKED,
            Reason::LinkSuperseded => GATEPASS_LINK_SUPERSEDED,
            Reason::LinkOutdated => GATEPASS_LINK_OUTDATED,
            Reason::LinkNotYetValid => GATEPASS_LINK_NOT_YET_VALID,
            Reason::LinkExpired => GATEPASS_LINK_EXPIRED,
            Reason::LandingNotAllowed => GATEPASS_LANDING_NOT_ALLOWED,
        }
    }
}
