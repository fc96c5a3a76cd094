//! Admins, and the legacy form of authentication.

use std::net::IpAddr;

use super::Gatepass;
use crate::admin::{
    Admin, NO_PASSWORD, PasswordFacts, check_username, hash_password, is_md5, legacy_md5, verify_password,
};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerId, within};
use crate::error::{Error, Reason, Refusal, Result, StoreError};
use crate::id::AdminId;
use crate::secret::Secret;
use crate::throttle::Guess;

impl Gatepass {
    /// Authenticate an admin by username and the MD5 of the password, as old WHMCS clients do (contract
    /// §3.2). Works only while the setting `legacy_admin_auth` is on, and locks a name for 15 minutes after 5
    /// failures. Two passwords are worked on at a time; eight more wait for their turn, up to the handle's
    /// deadline, and a larger crowd is told at once that it is busy.
    ///
    /// Leaves an event `admin.authenticated`, refusals one per admin and minute, those of names that nobody
    /// has in one without an admin. What a lock keeps out is counted with the guesses at credentials.
    /// Nothing of it costs more for a name that exists, and no refusal carries a reference: both would tell
    /// such names apart.
    ///
    /// # Errors
    /// [`Reason::AddressNotAllowed`], [`Reason::LegacyAuthOff`], [`Reason::LockedOut`],
    /// [`Reason::AuthenticationFailed`]; [`StoreError::Busy`] when the deadline passed before the others were
    /// done, or too many wait.
    pub fn authenticate_admin(
        &self,
        username: &str,
        md5: &Secret,
        address: Option<IpAddr>,
    ) -> Result<Caller> {
        let mut found = self.may_log_in(username, address)?;
        // What is no MD5 can't be right, and needs no 19 MiB to find out; it counts as a failure all the
        // same.
        let slot = if is_md5(md5.reveal()) {
            let slot = self.passwords.enter(self.deadline).ok_or(StoreError::Busy)?;
            // While one waits, the admin may be disabled, and others may fail with the name: a crowd that
            // waits buys no further guesses.
            found = self.may_log_in(username, address)?;
            Some(slot)
        } else {
            None
        };
        let stored = found.as_ref().and_then(|found| found.hash.as_deref()).unwrap_or(NO_PASSWORD);
        let right = slot.is_some() && verify_password(md5, stored)?;
        let admitted = found.as_ref().filter(|found| right && found.enabled);
        let (lock, now) = (self.login_lock()?, self.now());
        match admitted {
            Some(_) => lock.succeeded(username, now),
            None => lock.failed(username, now),
        }
        // Only now, so that whoever gets the place sees the lock.
        drop(slot);
        let Some(admin) = admitted.map(|found| found.id) else {
            return Err(self.refuse_login(found.map(|found| found.id), address, now));
        };
        // Nobody gets in without a trace, so a yes that can't be written is none.
        self.store.record(&self.login_event(Some(admin), address), now)?;
        Ok(Caller(CallerId::Admin { admin }))
    }

    /// What is to be known of a name before its password is looked at; a refusal when it won't be.
    fn may_log_in(&self, username: &str, address: Option<IpAddr>) -> Result<Option<PasswordFacts>> {
        let now = self.now();
        let looked_up = if check_username(username).is_ok() { username } else { "" };
        let (settings, found) = self.store.password_facts(looked_up)?;
        if !within(&settings.allowed_addresses, address) {
            // Anybody outside can repeat it at will: counted, not written.
            return Err(self.refuse_guess(Guess::Address, Reason::AddressNotAllowed, address, now));
        }
        // After the address, so that nobody outside learns how the switch stands.
        if !settings.legacy_admin_auth {
            return Err(Reason::LegacyAuthOff.into());
        }
        match self.login_lock()?.locked_for(username, now) {
            Some(wait) => {
                // Anybody can repeat it at will, too.
                self.own_process()?;
                self.note_guess(Guess::Credential, now);
                let mut refusal = Refusal::new(Reason::LockedOut);
                refusal.retry_after = Some(wait);
                Err(refusal.into())
            }
            None => Ok(found),
        }
    }

    /// A wrong password, or one for nobody: the same answer, and the same work. The lock bounds how many of
    /// these events there can be, whatever names are tried.
    fn refuse_login(&self, known: Option<AdminId>, address: Option<IpAddr>, now: Timestamp) -> Error {
        let mut event = self.login_event(known, address);
        event.refused = Some(Reason::AuthenticationFailed);
        // Its reference stays here: it would tell that the name exists.
        if let Err(forked) = self.record_refusal(&event, now) {
            return forked;
        }
        self.refuse_failure(Reason::AuthenticationFailed, address, now)
    }

    fn login_event(&self, admin: Option<AdminId>, address: Option<IpAddr>) -> NewEvent<'_> {
        let mut event = NewEvent::new(EventKind::AdminAuthenticated).by(self.actor.as_deref());
        event.admin = admin;
        event.address = address;
        event
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
