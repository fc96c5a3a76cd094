//! What a credential is and may do, and the verdict on a caller who uses it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Limits;
use crate::clock::Timestamp;
use crate::directory::check_text;
use crate::error::{Error, Reason, Result};
use crate::id::{AdminId, CredentialId};
use crate::secret::same;

/// Identifier and secret of a calling system, or a registered name for callers in the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// With an identifier and a secret.
    Api,
    /// A registered name without a secret. Whoever runs as the same system user owns the store anyway.
    Host,
}

/// A credential as an operator sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Credential {
    /// The number that the audit names it by.
    pub credential_id: CredentialId,
    /// With a secret, or for the same process.
    pub kind: CredentialKind,
    /// What it is for; unique.
    pub label: String,
    /// The identifier that callers send; none for a host credential.
    pub identifier: Option<String>,
    /// The owner; none for a host credential.
    pub admin_id: Option<AdminId>,
    /// Where a refusal page sends people back to.
    pub home_url: Option<String>,
    /// What it may do.
    pub limits: Limits,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// A host credential may be switched off and on.
    pub enabled: bool,
    /// Until when the secret before the last rotation is still accepted.
    pub old_secret_until: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A credential to make.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// What it is for; unique, 1 to 100 bytes.
    pub label: String,
    /// The owner's username; needed unless `host`.
    #[serde(default)]
    pub admin: Option<String>,
    /// Make a host credential.
    #[serde(default)]
    pub host: bool,
    /// Where a refusal page sends people back to: an http or https address.
    #[serde(default)]
    pub home_url: Option<String>,
    /// What it may do.
    #[serde(default)]
    pub limits: Limits,
    /// When it ends by itself.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl NewCredential {
    pub(crate) fn check(&self) -> Result<()> {
        check_text("label", &self.label, 1, 100)?;
        match (self.host, &self.admin) {
            (true, Some(_)) => return Err(Error::invalid("admin", "a host credential has no admin")),
            (false, None) => return Err(Error::invalid("admin", "is needed")),
            _ => {}
        }
        if let Some(home) = &self.home_url {
            let parsed = url::Url::parse(home).ok();
            let good = parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !good || home.len() > 500 || home.chars().any(char::is_control) {
                return Err(Error::invalid(
                    "home_url",
                    "must be an http or https address of at most 500 bytes",
                ));
            }
        }
        self.limits.check()
    }
}

/// Who asks: the proof of an authentication, or a registered caller in the same process. It can't be built
/// from a request.
///
/// What it may do is read again, in the act itself, each time it is used: a caller whose credential was
/// revoked meanwhile is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub(crate) CallerId);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerId {
    /// A credential, and which of its secrets was shown.
    Api { credential: CredentialId, serial: i64 },
    /// A host credential.
    Host { credential: CredentialId },
    /// An admin who showed the MD5 of the password.
    Admin { admin: AdminId },
}

impl Caller {
    /// The credential, unless an admin authenticated by password.
    pub fn credential_id(&self) -> Option<CredentialId> {
        match self.0 {
            CallerId::Api { credential, .. } | CallerId::Host { credential } => Some(credential),
            CallerId::Admin { .. } => None,
        }
    }

    /// The admin, if one authenticated by password.
    pub fn admin_id(&self) -> Option<AdminId> {
        match self.0 {
            CallerId::Admin { admin } => Some(admin),
            _ => None,
        }
    }

    pub(crate) fn serial(&self) -> i64 {
        match self.0 {
            CallerId::Api { serial, .. } => serial,
            _ => 0,
        }
    }
}

/// What a store loads about a caller, in one transaction with what it is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CallerFacts {
    pub(crate) enabled: bool,
    pub(crate) admin_enabled: bool,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) serial: i64,
    pub(crate) old_until: Option<Timestamp>,
    /// Secrets up to this number are void, and so are the tokens issued with them.
    pub(crate) void_serial: i64,
    pub(crate) limits: Arc<Limits>,
    pub(crate) last_used_at: Option<Timestamp>,
    /// The minute that issues were last counted in, and how many.
    pub(crate) minute: (i64, u32),
    /// The same of sign-in links.
    pub(crate) link_minute: (i64, u32),
}

impl CallerFacts {
    /// An admin by password: no limits but those of the store.
    pub(crate) fn admin(enabled: bool) -> Self {
        CallerFacts {
            enabled: true,
            admin_enabled: enabled,
            expires_at: None,
            revoked_at: None,
            serial: 0,
            old_until: None,
            void_serial: -1,
            limits: Arc::new(Limits { destinations: Some(vec!["*".into()]), ..Limits::default() }),
            last_used_at: None,
            minute: (0, 0),
            link_minute: (0, 0),
        }
    }

    /// Whether the credential is good at all: what a redemption asks about the credential that issued the
    /// token.
    pub(crate) fn standing(&self, now: Timestamp) -> Result<(), Reason> {
        if self.revoked_at.is_some() {
            Err(Reason::CredentialRevoked)
        } else if self.expires_at.is_some_and(|end| now >= end) {
            Err(Reason::CredentialExpired)
        } else if !self.enabled {
            Err(Reason::CredentialDisabled)
        } else if !self.admin_enabled {
            Err(Reason::AdminDisabled)
        } else {
            Ok(())
        }
    }

    /// Whether what was issued under secret number `serial` still counts.
    pub(crate) fn honours(&self, serial: i64) -> Result<(), Reason> {
        if serial <= self.void_serial { Err(Reason::CredentialRevoked) } else { Ok(()) }
    }

    /// Whether the secret of that number may still be used to ask.
    pub(crate) fn accepts(&self, serial: i64, now: Timestamp) -> bool {
        serial == self.serial
            || (serial + 1 == self.serial
                && serial > self.void_serial
                && self.old_until.is_some_and(|end| now < end))
    }

    /// May this caller ask for anything from there now?
    pub(crate) fn may_ask(
        &self,
        caller: &Caller,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Reason> {
        self.standing(now)?;
        if caller.credential_id().is_some() && !self.accepts(caller.serial(), now) {
            return Err(Reason::CredentialRevoked);
        }
        if !self.limits.allows_address(address) {
            return Err(Reason::AddressNotAllowed);
        }
        Ok(())
    }

    /// May this caller do this action from there now?
    pub(crate) fn may(
        &self,
        caller: &Caller,
        action: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Reason> {
        self.may_ask(caller, address, now)?;
        if !self.limits.allows_action(action) {
            return Err(Reason::ActionNotAllowed);
        }
        Ok(())
    }

    /// The longest life of a token.
    pub(crate) fn longest_life(&self, of_store: Duration) -> Duration {
        match self.limits.max_token_life_seconds {
            Some(seconds) => of_store.min(Duration::from_secs(u64::from(seconds))),
            None => of_store,
        }
    }

    /// Whether one more issue fits into this minute; the new count to store, if issues are counted at all.
    pub(crate) fn count_issue(&self, now: Timestamp) -> Result<Option<(i64, u32)>, Reason> {
        one_more(self.limits.issues_per_minute, self.minute, now)
    }

    /// The same for one more sign-in link.
    pub(crate) fn count_link(&self, now: Timestamp) -> Result<Option<(i64, u32)>, Reason> {
        one_more(self.limits.links_per_minute, self.link_minute, now)
    }

    /// `last_used` is written at most once a minute.
    pub(crate) fn last_used_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now.since(last) >= Duration::from_secs(60) || last > now)
    }
}

/// The count of this minute, one higher, if there is a limit and it is not reached.
fn one_more(
    most: Option<u32>,
    (counted, count): (i64, u32),
    now: Timestamp,
) -> Result<Option<(i64, u32)>, Reason> {
    let Some(most) = most else {
        return Ok(None);
    };
    let minute = now.as_seconds().div_euclid(60);
    let used = if counted == minute { count } else { 0 };
    if used >= most { Err(Reason::RateLimited) } else { Ok(Some((minute, used + 1))) }
}

/// What a store loads to check an identifier and a secret.
#[derive(Debug, Clone)]
pub(crate) struct SecretFacts {
    pub(crate) id: CredentialId,
    pub(crate) digest: [u8; 32],
    pub(crate) old_digest: Option<[u8; 32]>,
    pub(crate) facts: CallerFacts,
}

/// The verdict on an identifier and a secret's digest. Unknown, wrong, revoked and expired get one answer
/// after the same comparisons; which of them it was stands only in the returned `Option` for the audit.
pub(crate) fn authenticate(
    found: Option<&SecretFacts>,
    digest: &[u8; 32],
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Caller, (Reason, Option<CredentialId>)> {
    // An unknown identifier is compared too, with digests that nothing hashes to in practice.
    let current = same(digest, found.map_or(&[0xA5; 32], |found| &found.digest));
    let old = same(digest, found.and_then(|found| found.old_digest.as_ref()).unwrap_or(&[0x5A; 32]));
    let failed = Err((Reason::AuthenticationFailed, None));
    let Some(found) = found else {
        return failed;
    };
    let serial = match (current, old) {
        (true, _) => found.facts.serial,
        (false, true) => found.facts.serial - 1,
        (false, false) => return failed,
    };
    if !found.facts.accepts(serial, now) || found.facts.standing(now).is_err() {
        return Err((Reason::AuthenticationFailed, Some(found.id)));
    }
    if !found.facts.limits.allows_address(address) {
        return Err((Reason::AddressNotAllowed, Some(found.id)));
    }
    Ok(Caller(CallerId::Api { credential: found.id, serial }))
}

/// How to rotate a credential's secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// How long the old secret is still accepted; at most 30 days.
    pub overlap: Duration,
    /// The old secret leaked: no overlap, its unspent tokens end, and so do the sessions that it started
    /// since this time.
    pub leaked_since: Option<Timestamp>,
}

impl Rotation {
    /// Longest overlap.
    pub const LONGEST_OVERLAP: Duration = Duration::from_secs(30 * 86_400);

    /// Accept the old secret for `overlap` longer.
    pub fn with_overlap(overlap: Duration) -> Self {
        Rotation { overlap, leaked_since: None }
    }

    /// The old secret leaked at `since` or later.
    pub fn leaked(since: Timestamp) -> Self {
        Rotation { overlap: Duration::ZERO, leaked_since: Some(since) }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.overlap > Self::LONGEST_OVERLAP {
            return Err(Error::invalid("overlap_seconds", "must be at most 30 days"));
        }
        if self.leaked_since.is_some() && !self.overlap.is_zero() {
            return Err(Error::invalid("overlap_seconds", "a leaked secret gets no overlap"));
        }
        Ok(())
    }
}

/// A secret that was just made. It is shown this once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IssuedSecret {
    /// The credential.
    pub credential: Credential,
    /// Its new secret; `None` for a host credential.
    pub secret: Option<crate::secret::Secret>,
    /// Unspent tokens that a rotation with `leaked` ended.
    pub tokens_ended: u64,
    /// Sign-in links that a rotation with `leaked` ended.
    pub links_ended: u64,
    /// Sessions that a rotation with `leaked` ended.
    pub sessions_ended: u64,
}

#[cfg(test)]
mod tests;
