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

mod reason;
mod store_error;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::audit::AuditRef;
use crate::session::RedemptionId;

pub use reason::Reason;
pub use store_error::StoreError;

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
}
