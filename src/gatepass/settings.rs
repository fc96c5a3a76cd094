//! Settings and destinations.

use std::sync::Arc;

use serde_json::Value;

use super::Gatepass;
use crate::destination::{self, Destination};
use crate::error::Result;
use crate::settings::{Setting, Settings};
use crate::upkeep::StoreInfo;

impl Gatepass {
    /// All settings, as they are now.
    pub fn settings(&self) -> Result<Arc<Settings>> {
        Ok(self.store.settings()?)
    }

    /// One setting with its default and meaning. [`Error::Invalid`](crate::Error::Invalid) for `name` if
    /// there is none.
    pub fn setting(&self, name: &str) -> Result<Setting> {
        self.store.settings()?.get(name)
    }

    /// Change one setting, for every process that uses the store.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for an unknown name, a wrong type or a value out of range.
    pub fn set_setting(&self, name: &str, value: Value) -> Result<Setting> {
        self.store.set_setting(name, value, self.nonce()?, self.at())??.get(name)
    }

    /// What the store says about itself.
    pub fn info(&self) -> Result<StoreInfo> {
        Ok(self.store.info()?)
    }

    /// All destinations: the built-in ones, less those removed, with the host's own, by name.
    pub fn list_destinations(&self) -> Result<Vec<Destination>> {
        let changes = self.store.changed_destinations()?;
        let untouched = destination::defaults()
            .iter()
            .filter(|built_in| changes.iter().all(|(name, _)| *name != built_in.name))
            .cloned();
        let mut all: Vec<Destination> =
            untouched.chain(changes.iter().filter_map(|(_, own)| own.clone())).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Add a destination, or change the path of one.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for `name`, `input` or `path`; the path must be safe like
    /// any redirect.
    pub fn set_destination(&self, destination: &Destination) -> Result<()> {
        self.store.set_destination(destination, self.at())?
    }

    /// Remove a destination, a built-in one too; setting it again brings it back.
    pub fn remove_destination(&self, name: &str) -> Result<()> {
        self.store.remove_destination(name, self.at())?
    }
}
