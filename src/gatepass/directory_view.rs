//! The directory as an API caller may see it: all of it, or the clients that its credential is limited to.

use std::net::IpAddr;
use std::sync::Arc;

use super::Gatepass;
use super::directory::check_search;
use crate::credential::{Caller, Limits};
use crate::directory::{Client, DirectoryQuery, Member, Page, User};
use crate::error::Result;
use crate::id::ClientId;

/// What a caller may see. Made anew for each call, since the limits are those of that moment.
pub(crate) struct DirectoryView<'a> {
    gate: &'a Gatepass,
    limits: Arc<Limits>,
}

impl Gatepass {
    /// Authorise an action, and open the directory for it.
    pub(crate) fn directory_view(
        &self,
        caller: &Caller,
        action: &str,
        address: Option<IpAddr>,
    ) -> Result<DirectoryView<'_>> {
        let facts = self.authorised(caller, action, address)?;
        self.managed()?;
        Ok(DirectoryView { gate: self, limits: facts.limits })
    }
}

impl DirectoryView<'_> {
    /// Clients that match, of those that may be seen; at most `limit`, whatever the query says.
    pub(crate) fn list_clients(&self, query: &DirectoryQuery, limit: u32) -> Result<Page<Client>> {
        check_search(query)?;
        Ok(self.gate.store.list_clients(query, self.limits.clients.as_deref(), limit)?)
    }

    /// Users that match, of those who have a place in a client that may be seen, with only such places; at
    /// most `limit`, whatever the query says.
    pub(crate) fn list_users(&self, query: &DirectoryQuery, limit: u32) -> Result<Page<User>> {
        check_search(query)?;
        let mut found = self.gate.store.list_users(query, self.limits.clients.as_deref(), limit)?;
        for user in &mut found.items {
            user.clients.retain(|place| self.limits.allows_client(place.client_id));
        }
        Ok(found)
    }

    /// A client that may be seen.
    pub(crate) fn client(&self, id: ClientId) -> Result<Option<Client>> {
        if !self.limits.allows_client(id) {
            return Ok(None);
        }
        Ok(self.gate.store.find_client(id)?)
    }

    /// The members of a client as users.
    pub(crate) fn members(&self, client: &Client) -> Result<Vec<(User, Member)>> {
        let mut members = Vec::with_capacity(client.members.len());
        for member in &client.members {
            if let Some(user) = self.gate.store.find_user(member.user_id)? {
                members.push((user, *member));
            }
        }
        Ok(members)
    }
}
