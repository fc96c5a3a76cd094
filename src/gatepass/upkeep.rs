//! Purge, backup, restore and check.

use std::path::Path;
use std::time::Duration;

use super::Gatepass;
use super::open::apart;
use crate::error::{Error, Reason, Result};
use crate::upkeep::{Finding, Progress, Purged, Restored, Severity};

impl Gatepass {
    /// Delete everything whose time is over: spent and expired tokens past their retention, old sessions and
    /// audit events. Issues do a part of it all along, so only a quiet store needs this.
    pub fn purge(&self, progress: &mut Progress<'_>) -> Result<Purged> {
        Ok(self.store.purge(self.now(), progress)?)
    }

    /// Copy the store, as it is now, to a new file while others use it; the number of pages. The copy holds
    /// no secret in clear, but treat it as the store itself.
    pub fn backup(&self, to: impl AsRef<Path>, progress: &mut Progress<'_>) -> Result<u64> {
        Ok(self.store.backup(to.as_ref(), progress)?)
    }

    /// Put a backup in place of everything. Sessions, tokens and sign-in links of the backup end, AutoAuth
    /// accepts only links signed after the end of its window, and credentials revoked since the backup are
    /// good again: check the list in the answer.
    pub fn restore(&self, from: impl AsRef<Path>, progress: &mut Progress<'_>) -> Result<Restored> {
        Ok(self.store.restore(from.as_ref(), self.nonce()?, self.at(), progress)?)
    }

    /// Whether this handle may still be used: a host that keeps one open for long asks before it hands it on.
    ///
    /// # Errors
    /// [`StoreError::Forked`](crate::StoreError::Forked),
    /// [`StoreError::Poisoned`](crate::StoreError::Poisoned), or
    /// [`StoreError::Replaced`](crate::StoreError::Replaced): drop it and open the store again.
    pub fn usable(&self) -> Result<()> {
        self.own_process()?;
        Ok(self.store.usable()?)
    }

    /// Look for damage and danger: the file's structure, schema, permissions, identity, the clock, the sealed
    /// keys, and settings that endanger. Each thing looked at gives at least one finding.
    pub fn check(&self, progress: &mut Progress<'_>) -> Result<Vec<Finding>> {
        let mut findings = self.store.check(self.now(), progress)?;
        let held = self.store.autoauth_keys()?;
        findings.extend(self.store_clock_finding(held.settings.leeway())?);
        findings.push(self.sealed_keys_finding(held.active().count()));
        for key in held.active().filter(|key| key.key.weak) {
            let message = format!("AutoAuth key {} has fewer than 20 characters; retire it", key.key.label);
            findings.push(Finding::new("autoauth_keys", Severity::Warning, message));
        }
        let dangers = held.settings.dangers();
        if dangers.is_empty() {
            findings.push(Finding::new("settings", Severity::Good, "no setting endangers anybody"));
        }
        findings.extend(dangers);
        Ok(findings)
    }

    /// The clock of a store that has one of its own against this host's, now and when it was opened.
    fn store_clock_finding(&self, leeway: Duration) -> Result<Option<Finding>> {
        let Some(theirs) = self.store.clock()? else { return Ok(None) };
        let most = self.clock_apart.max(Some(apart(theirs, self.now()))).unwrap_or_default();
        Ok(Some(if most > leeway {
            let message = format!("this host's clock and the server's are {} ms apart", most.as_millis());
            Finding::new("store_clock", Severity::Warning, message)
        } else {
            Finding::new("store_clock", Severity::Good, "this host's clock agrees with the server's")
        }))
    }

    fn sealed_keys_finding(&self, count: usize) -> Finding {
        let finding = |severity, message: String| Finding::new("sealed_keys", severity, message);
        if count == 0 {
            // Nothing needs the key today; a file that was named and is of no use is told all the same.
            if let (Some(_), Err(error)) = (&self.sealing_key_file, self.own_sealing_key()) {
                return finding(Severity::Bad, error.to_string());
            }
            return finding(Severity::Good, "there are none".to_owned());
        }
        match self.check_sealed_keys() {
            Ok(opened) => finding(Severity::Good, format!("all {opened} open")),
            Err(Error::Refused(refusal)) if refusal.reason == Reason::SealingKeyMissing => {
                finding(Severity::Warning, format!("{count} keys not tried: no sealing key was given"))
            }
            Err(error) => finding(Severity::Bad, error.to_string()),
        }
    }
}
