//! Users, clients and memberships of a store in mode `managed`.

use serde::Serialize;

use super::Gatepass;
use crate::audit::{AuditEvent, AuditQuery, EventKind, NewEvent, page_limit};
use crate::clock::Timestamp;
use crate::directory::{
    Client, ClientStatus, DirectoryQuery, Email, NewClient, NewUser, Page, User, check_name, check_text,
};
use crate::error::{Error, Reason, Result};
use crate::id::{ClientId, UserId};
use crate::link::{LinkInspection, LinkQuery};
use crate::session::{Session, SessionQuery};
use crate::token::{Inspection, TokenQuery};
use crate::upkeep::Erased;

/// Everything that a store holds about one user.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserExport {
    /// The user, and the clients that he has a place in.
    pub user: User,
    /// The sessions that are still stored, those that are over too.
    pub sessions: Vec<Session>,
    /// The tokens that are still stored.
    pub tokens: Vec<Inspection>,
    /// The sign-in links that are still stored.
    pub links: Vec<LinkInspection>,
    /// The audit events that are still stored.
    pub events: Vec<AuditEvent>,
}

/// How many rows an export reads at a time.
const PAGE: u32 = 1_000;

impl Gatepass {
    /// Add a user.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `email`, `first_name` or `last_name`; [`Reason::AlreadyExists`];
    /// [`Reason::HostMode`].
    pub fn add_user(&self, new: &NewUser) -> Result<User> {
        self.managed()?;
        let email = Email::parse(&new.email)?;
        check_name("first_name", &new.first_name)?;
        check_name("last_name", &new.last_name)?;
        self.store.add_user(new, &email, self.at())?
    }

    /// One user.
    pub fn user(&self, id: UserId) -> Result<User> {
        self.managed()?;
        self.store.find_user(id)?.ok_or_else(|| Reason::UserUnknown.into())
    }

    /// Users that match, by exact address or by the start of a name.
    pub fn list_users(&self, query: &DirectoryQuery) -> Result<Page<User>> {
        self.managed()?;
        if query.status.is_some() {
            return Err(Error::invalid("status", "users have none"));
        }
        if !query.order_by.is_of_users() {
            return Err(Error::invalid("order_by", "is for clients alone"));
        }
        check_search(query)?;
        Ok(self.store.list_users(query, None, page_limit(query.limit, 1_000)?)?)
    }

    /// Set a user's e-mail address. The sign-in links that were mailed to the one before end at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `email`; [`Reason::UserUnknown`], also for one that was erased;
    /// [`Reason::AlreadyExists`] when another user has the address; [`Reason::HostMode`].
    pub fn set_user_email(&self, id: UserId, email: &str) -> Result<User> {
        self.managed()?;
        self.store.set_user_email(id, &Email::parse(email)?, self.at())?
    }

    /// Enable or disable a user. Disabling ends the user's sessions at once and for good; unspent tokens are
    /// refused with [`Reason::UserDisabled`] from that moment, for as long as the user stays disabled.
    pub fn enable_user(&self, id: UserId, enabled: bool) -> Result<User> {
        self.managed()?;
        self.store.enable_user(id, enabled, self.at())?
    }

    /// Everything that the store holds about a user. The export itself is audited.
    pub fn export_user(&self, id: UserId) -> Result<UserExport> {
        self.managed()?;
        let user = self.user(id)?;
        let now = self.now();
        let mut sessions: Vec<Session> = Vec::new();
        let mut query = SessionQuery { user_id: Some(id), all: true, ..SessionQuery::default() };
        while let page = self.store.list_sessions(&query, PAGE, now)?
            && !page.is_empty()
        {
            query.before = page.last().map(|session| session.session);
            sessions.extend(page);
        }
        let mut tokens: Vec<Inspection> = Vec::new();
        let mut query = TokenQuery { user_id: Some(id), limit: Some(PAGE), ..TokenQuery::default() };
        while let page = self.list_tokens(&query)?
            && !page.is_empty()
        {
            query.before = page.last().map(|token| token.token);
            tokens.extend(page);
        }
        let mut links: Vec<LinkInspection> = Vec::new();
        let mut query = LinkQuery { user_id: Some(id), limit: Some(PAGE), ..LinkQuery::default() };
        while let page = self.list_links(&query)?
            && !page.is_empty()
        {
            query.before = page.last().map(|link| link.link);
            links.extend(page);
        }
        let mut events: Vec<AuditEvent> = Vec::new();
        let ages = AuditQuery::between(Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
        let mut query = AuditQuery { user_id: Some(id), ..ages };
        while let page = self.store.audit_events(&query, PAGE)?
            && !page.is_empty()
        {
            query.after = page.last().map(|event| event.reference);
            events.extend(page);
        }
        let mut event = NewEvent::new(EventKind::UserExported).by(self.actor.as_deref());
        event.user = Some(id);
        self.store.record(&event, now)?;
        Ok(UserExport { user, sessions, tokens, links, events })
    }

    /// Erase a user's personal data: address and names go, the user is disabled, sessions and unspent tokens
    /// end. The number stays as a pseudonym in memberships and the audit, which hold no personal data but
    /// network addresses, cut after a time.
    pub fn erase_user(&self, id: UserId) -> Result<Erased> {
        self.managed()?;
        self.store.erase_user(id, self.at())?
    }

    /// Add a client, by choice with its owner.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `email` or a name; [`Reason::AlreadyExists`], [`Reason::UserUnknown`] for the
    /// owner; [`Reason::HostMode`].
    pub fn add_client(&self, new: &NewClient) -> Result<Client> {
        self.managed()?;
        let email = Email::parse(&new.email)?;
        check_name("first_name", &new.first_name)?;
        check_name("last_name", &new.last_name)?;
        check_name("company_name", &new.company_name)?;
        self.store.add_client(new, &email, self.at())?
    }

    /// One client.
    pub fn client(&self, id: ClientId) -> Result<Client> {
        self.managed()?;
        self.store.find_client(id)?.ok_or_else(|| Reason::ClientUnknown.into())
    }

    /// Clients that match, by exact address, by the start of a name, or by standing.
    pub fn list_clients(&self, query: &DirectoryQuery) -> Result<Page<Client>> {
        self.managed()?;
        check_search(query)?;
        Ok(self.store.list_clients(query, None, page_limit(query.limit, 1_000)?)?)
    }

    /// Set a client's standing. A closed one signs nobody in from now on.
    pub fn set_client_status(&self, id: ClientId, status: ClientStatus) -> Result<Client> {
        self.managed()?;
        self.store.set_client_status(id, status, self.at())?
    }

    /// Switch a client's single sign-on on or off.
    pub fn set_client_sso(&self, id: ClientId, allow: bool) -> Result<Client> {
        self.managed()?;
        self.store.set_client_sso(id, allow, self.at())?
    }

    /// Give a user a place in a client. One member is the owner.
    pub fn add_member(&self, user: UserId, client: ClientId, owner: bool) -> Result<Client> {
        self.managed()?;
        self.store.add_member(user, client, owner, self.at())?
    }

    /// Take a user's place in a client away; the owner stays.
    pub fn remove_member(&self, user: UserId, client: ClientId) -> Result<Client> {
        self.managed()?;
        self.store.remove_member(user, client, self.at())?
    }
}

/// Whether a search may be one.
pub(super) fn check_search(query: &DirectoryQuery) -> Result<()> {
    query.search.as_deref().map_or(Ok(()), |search| check_text("search", search, 0, 200))
}
