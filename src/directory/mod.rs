//! The directory: users, clients and memberships, and the one rule of who may sign in.
//!
//! A store in mode `managed` keeps the directory itself; in mode `host` the ids live in the application's
//! database and nothing here is looked up. Facts come from the store, the verdict is `may_sign_in`'s alone.

mod rule;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::id::{ClientId, UserId};

pub(crate) use rule::{Admitted, ClientFacts, SubjectFacts, UserFacts, may_sign_in, may_still_sign_in};
pub use rule::{Subject, UNCHECKED_IN_HOST_MODE};

/// Where users, clients and memberships live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In this store: ids must exist here and are checked at every step.
    Managed,
    /// In the application's database: ids are stored as given, and the application checks them.
    Host,
}

impl Mode {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Managed => "managed",
            Mode::Host => "host",
        }
    }
}

/// An e-mail address as it is stored and compared: trimmed, ASCII letters in lower case, otherwise byte for
/// byte. A look-alike in other letters is another address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Longest address, in bytes (RFC 5321 §4.5.3.1.3 less the angle brackets).
    pub const LONGEST: usize = 254;

    /// Check and normalise; otherwise [`Error::Invalid`] for `email`.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: &'static str| Err(Error::invalid("email", reason));
        let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if trimmed.is_empty() {
            return invalid("must not be empty");
        }
        if trimmed.len() > Self::LONGEST {
            return invalid("must not be longer than 254 bytes");
        }
        if trimmed.chars().any(char::is_control) {
            return invalid("must not hold control characters");
        }
        match trimmed.rsplit_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
                Ok(Email(trimmed.to_ascii_lowercase()))
            }
            _ => invalid("must look like name@domain"),
        }
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// The number.
    pub user_id: UserId,
    /// The address; `None` once erased.
    pub email: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether the user may sign in at all.
    pub enabled: bool,
    /// When the user was added.
    pub created_at: Timestamp,
    /// When the personal data was erased.
    pub erased_at: Option<Timestamp>,
    /// The clients that the user has a place in.
    pub clients: Vec<Place>,
}

/// A user's place in a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The client.
    pub client_id: ClientId,
    /// Whether the user owns it.
    pub owner: bool,
}

/// A user to add.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The number; the next free one if absent.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// The address. Several users may not share one.
    pub email: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
}

/// A client's standing with the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ClientStatus {
    /// In good standing.
    #[default]
    Active,
    /// Without active services; may still sign in.
    Inactive,
    /// Closed; may not sign in.
    Closed,
}

impl ClientStatus {
    /// The word for it, as the WHMCS API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            ClientStatus::Active => "Active",
            ClientStatus::Inactive => "Inactive",
            ClientStatus::Closed => "Closed",
        }
    }

    /// From that word, in any letter case.
    pub fn parse(text: &str) -> Option<Self> {
        [ClientStatus::Active, ClientStatus::Inactive, ClientStatus::Closed]
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(text))
    }
}

/// A billable account.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Client {
    /// The number.
    pub client_id: ClientId,
    /// The account's address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Company name.
    pub company_name: String,
    /// Standing.
    pub status: ClientStatus,
    /// Whether single sign-on is allowed: the client's own switch.
    pub allow_sso: bool,
    /// The host's group number, 0 for none.
    pub group_id: i64,
    /// When the client was added.
    pub created_at: Timestamp,
    /// Who has a place in it; one is the owner.
    pub members: Vec<Member>,
}

/// Somebody's place in a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// Whether the user owns the client.
    pub owner: bool,
}

/// A client to add.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// The number; the next free one if absent.
    #[serde(default)]
    pub client_id: Option<ClientId>,
    /// The account's address. Clients may share one.
    pub email: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Company name.
    #[serde(default)]
    pub company_name: String,
    /// Standing; Active if absent.
    #[serde(default)]
    pub status: ClientStatus,
    /// The host's group number.
    #[serde(default)]
    pub group_id: i64,
    /// The user who owns it; a member may be made owner later if absent.
    #[serde(default)]
    pub owner: Option<UserId>,
}

/// What a list stands in the order of: texts byte by byte, but ASCII letters in any case; rows that are alike
/// in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryOrder {
    /// The number.
    #[default]
    Id,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// Clients only: the company name.
    CompanyName,
    /// The address.
    Email,
    /// Clients only: the host's group number.
    GroupId,
    /// When the row was added.
    CreatedAt,
    /// Clients only: the word for the standing.
    Status,
}

impl DirectoryOrder {
    /// Every order.
    pub const ALL: &'static [DirectoryOrder] = &[
        DirectoryOrder::Id,
        DirectoryOrder::FirstName,
        DirectoryOrder::LastName,
        DirectoryOrder::CompanyName,
        DirectoryOrder::Email,
        DirectoryOrder::GroupId,
        DirectoryOrder::CreatedAt,
        DirectoryOrder::Status,
    ];

    /// Whether users have what it asks for.
    pub fn is_of_users(self) -> bool {
        !matches!(self, DirectoryOrder::CompanyName | DirectoryOrder::GroupId | DirectoryOrder::Status)
    }
}

/// How to search users or clients.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryQuery {
    /// Exactly this address.
    #[serde(default)]
    pub email: Option<String>,
    /// The start of the address, first, last, full or company name, ASCII letters in any case.
    #[serde(default)]
    pub search: Option<String>,
    /// Clients only: of this standing.
    #[serde(default)]
    pub status: Option<ClientStatus>,
    /// Skip so many.
    #[serde(default)]
    pub offset: u64,
    /// At most so many (default 100, at most 1,000).
    #[serde(default)]
    pub limit: Option<u32>,
    /// In this order.
    #[serde(default)]
    pub order_by: DirectoryOrder,
    /// The other way round: the highest number first.
    #[serde(default)]
    pub descending: bool,
}

/// One page of a list, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// How many match in all.
    pub total: u64,
    /// This page.
    pub items: Vec<T>,
}

/// A name of a person or company: at most 200 bytes, no control characters.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<()> {
    check_text(field, name, 0, 200)
}

/// A text of `least` to `most` bytes without control characters.
pub(crate) fn check_text(field: &'static str, text: &str, least: usize, most: usize) -> Result<()> {
    if text.len() < least {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.len() > most {
        return Err(Error::invalid(field, format!("must not be longer than {most} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not hold control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_byte_for_byte_after_trimming_and_ascii_lower_case() {
        let plain = Email::parse(" Jose@Example.COM\t").unwrap();
        assert_eq!(plain.as_str(), "jose@example.com");
        for other in ["josé@example.com", "jose@exаmple.com", "jose@example.com.", "ⅉose@example.com"] {
            assert_ne!(Email::parse(other).unwrap(), plain, "{other}");
        }
        assert_ne!(Email::parse("İ@example.com").unwrap(), Email::parse("i@example.com").unwrap());
        for bad in ["", "  ", "a", "@", "a@", "@b", "a\0@b", "a\n@b", "a\u{85}@b", &"a@b".repeat(4000)] {
            assert!(Email::parse(bad).is_err(), "{bad:.20?}");
        }
    }
}
