//! Keeping a store in order: what purge, backup, restore, check and erase tell.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::credential::Credential;
use crate::id::UserId;
use crate::secret::hex;

/// Told now and then during long work: how much is done, and of how much. Units depend on the work (pages,
/// rows).
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// The random name of a store. It is bound into every sealed key and names the session cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreId(pub(crate) [u8; 16]);

impl std::fmt::Display for StoreId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for StoreId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a store says about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoreInfo {
    /// Its random name.
    pub store_id: StoreId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The version of its schema.
    pub schema: i64,
    /// The version of the database library at run time.
    pub database: String,
}

/// How many rows a purge deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Purged {
    /// Tokens past their retention.
    pub tokens: u64,
    /// Sign-in links past their retention, which is that of audit events after the longest life of a link.
    pub links: u64,
    /// Sessions that are over.
    pub sessions: u64,
    /// AutoAuth links that no window admits any more.
    pub autoauth_links: u64,
    /// Audit events past their retention.
    pub audit_events: u64,
    /// Audited addresses that were cut.
    pub addresses_cut: u64,
}

impl Purged {
    /// Everything together.
    pub fn total(&self) -> u64 {
        self.tokens
            + self.links
            + self.sessions
            + self.autoauth_links
            + self.audit_events
            + self.addresses_cut
    }
}

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Migrated {
    /// The schema version before; 0 if there were no tables.
    pub from: i64,
    /// The schema version now.
    pub to: i64,
}

/// What a copy to another place came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Copied {
    /// Whether there is a store at the other place now.
    pub verdict: Verdict,
    /// The tables that are not the same on both sides, or changed.
    pub differing: Vec<&'static str>,
    /// The store's name, which the copy has too.
    pub store_id: StoreId,
    /// How many rows the source had.
    pub rows: u64,
    /// How many of them were there already, from an earlier copy.
    pub found: u64,
    /// How many rows each table had.
    pub tables: BTreeMap<&'static str, u64>,
}

/// What the comparison at the end of a copy found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every table has the same rows on both sides, in number and digest: the copy is a store.
    Verified,
    /// The source was changed while it was copied; the copy is none yet. Repeat it when nobody uses the source.
    SourceChanged,
    /// The copy has other rows than the source; it is no store. Repeat it: what differs is replaced.
    Differs,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Restored {
    /// Unspent tokens of the backup that were ended.
    pub tokens_ended: u64,
    /// Sign-in links of the backup that could still be used and were ended.
    pub links_ended: u64,
    /// Sessions of the backup that were ended.
    pub sessions_ended: u64,
    /// Links of before this time are no longer accepted by AutoAuth.
    pub autoauth_floor: Timestamp,
    /// The credentials that are good again now: check each, since an old copy brings revoked ones back.
    pub credentials_to_check: Vec<Credential>,
}

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Erased {
    /// The number that stays as a pseudonym.
    pub user_id: UserId,
    /// Unspent tokens that were ended.
    pub tokens_ended: u64,
    /// Sign-in links that were ended.
    pub links_ended: u64,
    /// Sessions that were ended.
    pub sessions_ended: u64,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Good,
    /// Works, but look at it.
    Warning,
    /// Must be mended.
    Bad,
}

/// One line of `check`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked at: `integrity`, `schema`, `permissions`, `identity`, `clock`, `sealed_keys`, or a
    /// setting's name.
    pub subject: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(subject: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Finding { subject, severity, message: message.into() }
    }
}
