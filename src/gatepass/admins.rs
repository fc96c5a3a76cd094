//! Admins, and the legacy form of authentication.

use std::net::IpAddr;

use super::Gatepass;
use crate::admin::{Admin, NO_PASSWORD, check_username, hash_password, is_md5, legacy_md5, verify_password};
use crate::credential::{Caller, CallerId, within};
use crate::error::{Error, Reason, Refusal, Result, StoreError};
use crate::secret::Secret;

impl Gatepass {
    /// Authenticate an admin by username and the MD5 of the password, as old WHMCS clients do (contract
    /// §3.2). Works only while the setting `legacy_admin_auth` is on, at most two at a time, and locks a name
    /// for 15 minutes after 5 failures.
    ///
    /// # Errors
    /// [`Reason::LegacyAuthOff`], [`Reason::LockedOut`], [`Reason::AuthenticationFailed`];
    /// [`StoreError::Busy`] while two others are being worked on.
    pub fn authenticate_admin(
        &self,
        username: &str,
        md5: &Secret,
        address: Option<IpAddr>,
    ) -> Result<Caller> {
        let now = self.now();
        let looked_up = if check_username(username).is_ok() { username } else { "" };
        let (settings, found) = self.store.password_facts(looked_up)?;
        if !settings.legacy_admin_auth {
            return Err(Reason::LegacyAuthOff.into());
        }
        if !within(&settings.allowed_addresses, address) {
            return Err(self.refuse_failure(Reason::AddressNotAllowed, address, now));
        }
        let lock = self.login_lock()?;
        if let Some(wait) = lock.locked_for(username, now) {
            let mut refusal = Refusal::new(Reason::LockedOut);
            refusal.retry_after = Some(wait);
            return Err(refusal.into());
        }
        // What is no MD5 can't be right, and needs no 19 MiB to find out; it counts as a failure all the
        // same.
        let right = is_md5(md5.reveal()) && {
            let _slot = self.passwords.try_enter().ok_or(StoreError::Busy)?;
            let stored = found.as_ref().and_then(|found| found.hash.as_deref()).unwrap_or(NO_PASSWORD);
            verify_password(md5, stored)?
        };
        match found {
            Some(found) if right && found.enabled => {
                lock.succeeded(username, now);
                Ok(Caller(CallerId::Admin { admin: found.id }))
            }
            _ => {
                lock.failed(username, now);
                Err(self.refuse_failure(Reason::AuthenticationFailed, address, now))
            }
        }
    }

    /// Add an admin, by choice with a password for the legacy form.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `username` or `password`; [`Reason::AlreadyExists`].
    pub fn add_admin(&self, username: &str, password: Option<&Secret>) -> Result<Admin> {
        check_username(username)?;
        let hash = self.password_hash(password)?;
        self.store.add_admin(username, hash.as_deref(), self.at())?
    }

    /// All admins.
    pub fn list_admins(&self) -> Result<Vec<Admin>> {
        Ok(self.store.list_admins()?)
    }

    /// Enable or disable an admin. Disabling one disables its credentials at once.
    pub fn enable_admin(&self, username: &str, enabled: bool) -> Result<Admin> {
        self.store.enable_admin(username, enabled, self.at())?
    }

    /// Set an admin's password, given in clear, or remove it.
    pub fn set_admin_password(&self, username: &str, password: Option<&Secret>) -> Result<Admin> {
        let hash = self.password_hash(password)?;
        self.store.set_admin_password(username, hash.as_deref(), self.at())?
    }

    fn password_hash(&self, password: Option<&Secret>) -> Result<Option<String>> {
        let Some(password) = password else {
            return Ok(None);
        };
        let md5 = legacy_md5(password)?;
        let hash = self.with_random(|random| hash_password(&md5, random))?;
        Ok::<_, Error>(Some(hash))
    }
}
