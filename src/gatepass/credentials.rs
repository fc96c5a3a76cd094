//! Who asks, and the registry of those who may.

use std::net::IpAddr;

use serde::Serialize;

use super::Gatepass;
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::credential::{
    Caller, CallerFacts, CallerId, Credential, IssuedSecret, NewCredential, Rotation, authenticate, format,
    within,
};
use crate::error::{Error, Reason, Result};
use crate::id::CredentialId;
use crate::secret::Secret;
use crate::store::{CredentialNamed, CredentialRow};
use crate::throttle::Guess;

/// No identifier is longer; what is, is answered without asking the store.
const LONGEST_IDENTIFIER: usize = 64;

/// No action's name is longer.
const LONGEST_ACTION: usize = 64;

/// What ended with a credential that was revoked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RevokedCredential {
    /// The credential, whose row stays.
    pub credential: Credential,
    /// Unspent tokens that died with it.
    pub tokens_ended: u64,
    /// Sign-in links that died with it.
    pub links_ended: u64,
    /// Sessions that were ended, if asked for.
    pub sessions_ended: u64,
}

impl Gatepass {
    /// Authenticate a calling system by identifier and secret.
    ///
    /// A right secret always succeeds, whatever others did; failures only get advice when to ask again.
    ///
    /// # Errors
    /// [`Reason::AuthenticationFailed`] for unknown, wrong, revoked and expired alike;
    /// [`Reason::AddressNotAllowed`] when the store's list excludes the address (before the credential is
    /// looked at) or the credential's own does (after the secret was right).
    pub fn authenticate(&self, identifier: &str, secret: &Secret, address: Option<IpAddr>) -> Result<Caller> {
        let now = self.now();
        let looked_up = if identifier.len() <= LONGEST_IDENTIFIER { identifier } else { "" };
        let (settings, found) = self.store.secret_facts(looked_up)?;
        if !within(&settings.allowed_addresses, address) {
            // Anybody outside can repeat it at will: counted, not written.
            return Err(self.refuse_guess(Guess::Address, Reason::AddressNotAllowed, address, now));
        }
        match authenticate(found.as_ref(), &secret.digest(), address, now) {
            Ok(caller) => {
                if let Some(found) = &found
                    && found.facts.last_used_due(now)
                {
                    self.store.note_use(found.id, now)?;
                }
                Ok(caller)
            }
            // Nobody knows who guessed: counted, not written.
            Err((reason, None)) => Err(self.refuse_guess(Guess::Credential, reason, address, now)),
            // The secret was right, so an operator wants to see it.
            Err((reason, Some(credential))) => {
                let mut event = NewEvent::new(EventKind::CallRefused);
                event.credential = Some(credential);
                event.address = address;
                event.refused = Some(reason);
                let refused = self.refuse_recorded(&event, reason, address, now);
                // Whoever holds a secret that was revoked hears what a guesser hears.
                Err(match refused {
                    Error::Refused(refusal) if reason == Reason::AuthenticationFailed => {
                        refusal.recorded(None).into()
                    }
                    other => other,
                })
            }
        }
    }

    /// The registered host credential of that label, for callers in this process.
    ///
    /// It proves nothing: code under the same system user owns the store. It says who asks, and limits honest
    /// mistakes.
    ///
    /// # Errors
    /// [`Reason::CredentialUnknown`] or [`Reason::CredentialDisabled`].
    pub fn host_caller(&self, label: &str) -> Result<Caller> {
        let Some((credential, facts)) = self.store.host_caller(label)? else {
            return Err(Reason::CredentialUnknown.into());
        };
        facts.standing(self.now())?;
        Ok(Caller(CallerId::Host { credential }))
    }

    /// May this caller do this API action (in lower case, such as `getclients`), from there, now?
    ///
    /// # Errors
    /// [`Error::Invalid`] for `action` when it is no name of 1 to 64 of `[a-z0-9]`, since it goes to the
    /// audit with a refusal; the credential's standing, [`Reason::AddressNotAllowed`] or
    /// [`Reason::ActionNotAllowed`].
    pub fn authorise(&self, caller: &Caller, action: &str, address: Option<IpAddr>) -> Result<()> {
        self.authorised(caller, action, address).map(drop)
    }

    /// The same, with what the verdict was about.
    pub(super) fn authorised(
        &self,
        caller: &Caller,
        action: &str,
        address: Option<IpAddr>,
    ) -> Result<CallerFacts> {
        let name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if action.is_empty() || action.len() > LONGEST_ACTION || !action.bytes().all(name) {
            return Err(Error::invalid("action", "must be a name in lower case, such as getclients"));
        }
        let now = self.now();
        let facts = self.store.caller_facts(caller)?.ok_or(Reason::CredentialUnknown)?;
        match facts.may(caller, action, address, now) {
            Ok(()) => Ok(facts),
            Err(reason) => {
                let event = NewEvent::new(EventKind::CallRefused).object(action);
                Err(self.refuse_call(event, caller, reason, address, now))
            }
        }
    }

    /// May this caller's secret stand in the query of a URL, where logs and histories keep it? To be asked
    /// once the secret was found right: whoever hears this "no" knew it already.
    ///
    /// # Errors
    /// [`Reason::SecretInQuery`], unless the credential's limit `secret_in_query` allows it; an admin's
    /// password never may. It stands in the audit.
    pub fn authorise_query_secret(&self, caller: &Caller, address: Option<IpAddr>) -> Result<()> {
        let now = self.now();
        let facts = self.store.caller_facts(caller)?.ok_or(Reason::CredentialUnknown)?;
        if facts.limits.secret_in_query {
            return Ok(());
        }
        let event = NewEvent::new(EventKind::CallRefused);
        Err(self.refuse_call(event, caller, Reason::SecretInQuery, address, now))
    }

    fn refuse_call(
        &self,
        mut event: NewEvent<'_>,
        caller: &Caller,
        reason: Reason,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Error {
        event.credential = caller.credential_id();
        event.admin = caller.admin_id();
        event.address = address;
        event.refused = Some(reason);
        self.refuse_recorded(&event, reason, address, now)
    }

    /// Make a credential. Its secret is in the answer and never shown again.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `label`, `admin`, `home_url`, `expires_at` or a limit;
    /// [`Reason::AdminUnknown`], [`Reason::AlreadyExists`].
    pub fn create_credential(&self, new: &NewCredential) -> Result<IssuedSecret> {
        new.check()?;
        let at = self.at();
        if new.expires_at.is_some_and(|end| end <= at.now) {
            return Err(Error::invalid("expires_at", "must lie in the future"));
        }
        if new.host {
            let row = CredentialRow { new, identifier: None, digest: None };
            let credential = self.store.create_credential(&row, at)??;
            return Ok(IssuedSecret {
                credential,
                secret: None,
                tokens_ended: 0,
                links_ended: 0,
                sessions_ended: 0,
            });
        }
        let (identifier, secret) = self.with_random(|random| {
            Ok((format::generate_identifier(random)?, format::generate_secret(random)?))
        })?;
        let row = CredentialRow { new, identifier: Some(&identifier), digest: Some(secret.digest()) };
        let credential = self.store.create_credential(&row, at)??;
        Ok(IssuedSecret {
            credential,
            secret: Some(secret),
            tokens_ended: 0,
            links_ended: 0,
            sessions_ended: 0,
        })
    }

    /// All credentials, host credentials too, oldest first.
    pub fn list_credentials(&self) -> Result<Vec<Credential>> {
        Ok(self.store.list_credentials()?)
    }

    /// A credential by its label or identifier.
    pub fn credential(&self, name: &str) -> Result<Credential> {
        self.find_credential(CredentialNamed::Name(name))
    }

    /// A credential by its number, as a token's inspection tells it.
    pub fn credential_by_id(&self, id: CredentialId) -> Result<Credential> {
        self.find_credential(CredentialNamed::Id(id))
    }

    fn find_credential(&self, which: CredentialNamed<'_>) -> Result<Credential> {
        self.store.find_credential(which)?.ok_or_else(|| Reason::CredentialUnknown.into())
    }

    /// Give a credential a new secret. See [`Rotation`] for the overlap, and for a secret that leaked.
    pub fn rotate_credential(&self, name: &str, rotation: &Rotation) -> Result<IssuedSecret> {
        rotation.check()?;
        let secret = self.with_random(format::generate_secret)?;
        let rotated = self.store.rotate_credential(name, &secret.digest(), rotation, self.at())??;
        Ok(IssuedSecret { secret: Some(secret), ..rotated })
    }

    /// Revoke a credential for good. Its unspent tokens die at once, its sessions if asked for.
    pub fn revoke_credential(&self, name: &str, end_sessions: bool) -> Result<RevokedCredential> {
        let ended = self.store.revoke_credential(name, end_sessions, self.at())??;
        Ok(RevokedCredential {
            credential: ended.credential,
            tokens_ended: ended.tokens,
            links_ended: ended.links,
            sessions_ended: ended.sessions,
        })
    }

    /// Switch a host credential on or off.
    pub fn enable_credential(&self, name: &str, enabled: bool) -> Result<Credential> {
        self.store.enable_credential(name, enabled, self.at())?
    }
}
