//! The seam between the use cases and whatever keeps the data.
//!
//! Each method is one whole act: it begins, loads the facts, asks the domain's verdict, commits with its
//! audit event and returns what came out. The outer `Err` means that the store could not answer; a refusal or
//! an invalid value is the inner one. Only digests cross this seam, and `now` always comes from the caller.
//! No transaction, driver or SQL type may appear here.

#[cfg(test)]
mod conformance;
pub(crate) mod content;
mod events;
mod limits;
#[cfg(feature = "mysql")]
mod mysql;
mod open;
mod pool;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::admin::{Admin, PasswordFacts};
use crate::audit::{AuditEvent, AuditQuery, AuditRef, NewEvent};
use crate::autoauth::{AcceptAct, AcceptFacts, Accepted, AutoAuthKey, SealedKey};
use crate::clock::Timestamp;
use crate::credential::{
    Caller, CallerFacts, Credential, IssuedSecret, NewCredential, Rotation, SecretFacts,
};
use crate::destination::Destination;
use crate::directory::{Client, ClientStatus, DirectoryQuery, Email, NewClient, NewUser, Page, User};
use crate::error::{Error, Refusal, StoreError};
use crate::id::{ClientId, CredentialId, KeyId, UserId};
use crate::link::{CreateAct, LinkEnd, LinkFacts, LinkQuery, OpenAct, OpenFacts, Opened, Tallied};
use crate::secret::{Reference, TimedKey};
use crate::session::{Session, SessionQuery};
use crate::settings::{Confirm, Settings};
use crate::token::{Grant, IssueAct, RedeemAct, RedeemFacts, Spent, TokenFacts, TokenQuery};
use crate::upkeep::{Erased, Finding, Progress, Purged, Restored, StoreId, StoreInfo};

use content::Giver;

pub(crate) use open::{Place, sqlite_version};

/// The outer result: the store answered, or it could not.
pub(crate) type StoreResult<T> = Result<T, StoreError>;

/// The inner result: done, or refused, or invalid.
pub(crate) type Outcome<T> = Result<T, Error>;

/// When an act happens and who says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) now: Timestamp,
    pub(crate) by: Option<&'a str>,
}

/// A store to be made.
#[derive(Debug)]
pub(crate) struct Creation<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) id: StoreId,
    /// A random number that marks these settings.
    pub(crate) nonce: i64,
    /// Readable and writable for the file's group too.
    pub(crate) group_writable: bool,
    /// The host credentials to begin with: a label each.
    pub(crate) host_credentials: &'a [&'a str],
}

/// Everything that a backend offers.
pub(crate) trait Store:
    TokenStore
    + LinkStore
    + SessionStore
    + CredentialStore
    + AdminStore
    + DirectoryStore
    + DestinationStore
    + AutoAuthStore
    + AuditStore
    + SettingsStore
    + UpkeepStore
    + Giver
    + Send
    + Sync
{
}

/// A token or session, by its key or by its public name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    Key(TimedKey),
    Reference(Reference),
}

/// A credential, by its number or by what people call it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CredentialNamed<'a> {
    Id(CredentialId),
    /// Its label or identifier.
    Name(&'a str),
}

/// Which unspent tokens to revoke.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TokensOf {
    One(Named),
    User(UserId),
    Client(ClientId),
    Credential(CredentialId),
}

/// A sign-in link, by what its text hashes to or by its public name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LinkNamed {
    Digest([u8; 32]),
    Reference(Reference),
}

/// Which sign-in links to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LinksOf<'a> {
    One(LinkNamed),
    User(UserId),
    Client(ClientId),
    Label(&'a str),
    Credential(CredentialId),
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SessionsOf {
    One(Named),
    User(UserId),
    Credential(CredentialId, Timestamp),
}

/// SSO tokens.
pub(crate) trait TokenStore {
    /// Judge and insert. Not synced: a lost issue fails safe.
    fn issue(&self, act: &IssueAct<'_>, now: Timestamp) -> StoreResult<Outcome<Grant>>;
    /// Judge and spend, start the session, write the event: one act, synced when it succeeds.
    fn redeem(&self, act: &RedeemAct, now: Timestamp) -> StoreResult<Result<Spent, Refusal>>;
    /// The facts of one token, spending nothing; `None` if unknown.
    fn inspect(&self, token: &Named) -> StoreResult<Option<RedeemFacts>>;
    /// Tokens, newest first.
    fn list_tokens(
        &self,
        query: &TokenQuery,
        limit: u32,
        now: Timestamp,
    ) -> StoreResult<(Arc<Settings>, Vec<TokenFacts>)>;
    /// Revoke unspent tokens; how many. Synced.
    fn revoke_tokens(&self, which: &TokensOf, at: At<'_>) -> StoreResult<Outcome<u64>>;
}

/// Sign-in links.
pub(crate) trait LinkStore {
    /// Judge and insert. Synced: what was mailed must work.
    fn create_link(&self, act: &CreateAct<'_>, now: Timestamp) -> StoreResult<Outcome<Grant>>;
    /// Judge, spend a use, mint a token and, if asked, redeem it: one act, synced when it succeeds.
    fn open_link(&self, act: &OpenAct, now: Timestamp) -> StoreResult<Result<Opened, Refusal>>;
    /// The facts of one link, using nothing; `None` if unknown.
    fn inspect_link(&self, link: &LinkNamed) -> StoreResult<Option<OpenFacts>>;
    /// Write down that a visit was refused on the ground of its inspection. Not synced.
    fn record_refused_visit(
        &self,
        event: &NewEvent<'_>,
        label: Option<&str>,
        now: Timestamp,
    ) -> StoreResult<AuditRef>;
    /// Links, newest first.
    fn list_links(
        &self,
        query: &LinkQuery,
        limit: u32,
        now: Timestamp,
    ) -> StoreResult<(Arc<Settings>, Vec<LinkFacts>)>;
    /// End links that could still be used; how many. Synced.
    fn end_links(&self, which: &LinksOf<'_>, why: LinkEnd, at: At<'_>) -> StoreResult<Outcome<u64>>;
    /// What was counted since a time, of one label or of all.
    fn link_tallies(&self, label: Option<&str>, from: Timestamp, now: Timestamp)
    -> StoreResult<Vec<Tallied>>;
}

/// Sessions.
pub(crate) trait SessionStore {
    /// Judge a session, and touch it when that is due.
    fn check_session(&self, key: &TimedKey, now: Timestamp) -> StoreResult<Outcome<Session>>;
    /// Sessions, newest first.
    fn list_sessions(&self, query: &SessionQuery, limit: u32, now: Timestamp) -> StoreResult<Vec<Session>>;
    /// End sessions; how many. Synced.
    fn end_sessions(&self, which: &SessionsOf, at: At<'_>) -> StoreResult<Outcome<u64>>;
}

/// A credential's new row, with what the use case made for it.
#[derive(Debug, Clone)]
pub(crate) struct CredentialRow<'a> {
    pub(crate) new: &'a NewCredential,
    pub(crate) identifier: Option<&'a str>,
    pub(crate) digest: Option<[u8; 32]>,
}

/// Credentials, host credentials among them.
pub(crate) trait CredentialStore {
    /// What an authentication needs to know.
    fn secret_facts(&self, identifier: &str) -> StoreResult<(Arc<Settings>, Option<SecretFacts>)>;
    /// A host credential by its label.
    fn host_caller(&self, label: &str) -> StoreResult<Option<(CredentialId, CallerFacts)>>;
    /// How a caller stands now.
    fn caller_facts(&self, caller: &Caller) -> StoreResult<Option<CallerFacts>>;
    /// Note a use, to the minute. Not synced.
    fn note_use(&self, credential: CredentialId, now: Timestamp) -> StoreResult<()>;
    /// Make one. Synced.
    fn create_credential(&self, row: &CredentialRow<'_>, at: At<'_>) -> StoreResult<Outcome<Credential>>;
    /// All of them, oldest first.
    fn list_credentials(&self) -> StoreResult<Vec<Credential>>;
    /// One of them.
    fn find_credential(&self, which: CredentialNamed<'_>) -> StoreResult<Option<Credential>>;
    /// A new secret. Synced.
    fn rotate_credential(
        &self,
        name: &str,
        digest: &[u8; 32],
        rotation: &Rotation,
        at: At<'_>,
    ) -> StoreResult<Outcome<IssuedSecret>>;
    /// Revoke for good, by choice with the sessions that it started. Synced.
    fn revoke_credential(&self, name: &str, end_sessions: bool, at: At<'_>) -> StoreResult<Outcome<Ended>>;
    /// Switch a host credential on or off. Synced.
    fn enable_credential(&self, name: &str, enabled: bool, at: At<'_>) -> StoreResult<Outcome<Credential>>;
}

/// What ended with a credential.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ended {
    pub(crate) credential: Credential,
    pub(crate) tokens: u64,
    pub(crate) links: u64,
    pub(crate) sessions: u64,
}

/// Admins.
pub(crate) trait AdminStore {
    /// What a legacy log-in needs to know.
    fn password_facts(&self, username: &str) -> StoreResult<(Arc<Settings>, Option<PasswordFacts>)>;
    /// Add one. Synced.
    fn add_admin(&self, username: &str, hash: Option<&str>, at: At<'_>) -> StoreResult<Outcome<Admin>>;
    /// All of them.
    fn list_admins(&self) -> StoreResult<Vec<Admin>>;
    /// Enable or disable. Synced.
    fn enable_admin(&self, username: &str, enabled: bool, at: At<'_>) -> StoreResult<Outcome<Admin>>;
    /// Set or remove the password. Synced.
    fn set_admin_password(
        &self,
        username: &str,
        hash: Option<&str>,
        at: At<'_>,
    ) -> StoreResult<Outcome<Admin>>;
}

/// Users, clients and memberships; refused in host mode by the use case.
pub(crate) trait DirectoryStore {
    /// Add a user. Synced.
    fn add_user(&self, new: &NewUser, email: &Email, at: At<'_>) -> StoreResult<Outcome<User>>;
    /// One user.
    fn find_user(&self, user: UserId) -> StoreResult<Option<User>>;
    /// Users that match; with `within`, only those who have a place in one of these clients.
    fn list_users(
        &self,
        query: &DirectoryQuery,
        within: Option<&[ClientId]>,
        limit: u32,
    ) -> StoreResult<Page<User>>;
    /// Set the e-mail address; the sign-in links mailed to the one before end. Synced.
    fn set_user_email(&self, user: UserId, email: &Email, at: At<'_>) -> StoreResult<Outcome<User>>;
    /// Enable or disable; disabling ends the sessions. Synced.
    fn enable_user(&self, user: UserId, enabled: bool, at: At<'_>) -> StoreResult<Outcome<User>>;
    /// Erase the personal data, disable, end sessions, tokens and links; the number stays. Synced.
    fn erase_user(&self, user: UserId, at: At<'_>) -> StoreResult<Outcome<Erased>>;
    /// Add a client. Synced.
    fn add_client(&self, new: &NewClient, email: &Email, at: At<'_>) -> StoreResult<Outcome<Client>>;
    /// One client.
    fn find_client(&self, client: ClientId) -> StoreResult<Option<Client>>;
    /// Clients that match; with `within`, only these.
    fn list_clients(
        &self,
        query: &DirectoryQuery,
        within: Option<&[ClientId]>,
        limit: u32,
    ) -> StoreResult<Page<Client>>;
    /// Set the standing. Synced.
    fn set_client_status(
        &self,
        client: ClientId,
        status: ClientStatus,
        at: At<'_>,
    ) -> StoreResult<Outcome<Client>>;
    /// Switch single sign-on on or off. Synced.
    fn set_client_sso(&self, client: ClientId, allow: bool, at: At<'_>) -> StoreResult<Outcome<Client>>;
    /// Make a user a member. Synced.
    fn add_member(
        &self,
        user: UserId,
        client: ClientId,
        owner: bool,
        at: At<'_>,
    ) -> StoreResult<Outcome<Client>>;
    /// Remove a member who is not the owner. Synced.
    fn remove_member(&self, user: UserId, client: ClientId, at: At<'_>) -> StoreResult<Outcome<Client>>;
}

/// A change to the destinations: one of the host's own, or `None` for one that was removed.
pub(crate) type DestinationChange = (String, Option<Destination>);

/// Destinations that differ from the defaults.
pub(crate) trait DestinationStore {
    /// What was changed.
    fn changed_destinations(&self) -> StoreResult<Vec<DestinationChange>>;
    /// Add or change one. Judged against the settings in force. Synced.
    fn set_destination(&self, destination: &Destination, at: At<'_>) -> StoreResult<Outcome<()>>;
    /// Remove one, a default one too. Synced.
    fn remove_destination(&self, name: &str, at: At<'_>) -> StoreResult<Outcome<()>>;
}

/// All AutoAuth keys, with what it takes to use them, as one read found them.
#[derive(Debug, Clone)]
pub(crate) struct AutoAuthKeys {
    pub(crate) settings: Arc<Settings>,
    /// The store that the blobs are bound to.
    pub(crate) store: StoreId,
    /// Retired ones too, whose blobs are empty; oldest first.
    pub(crate) keys: Vec<SealedKey>,
}

impl AutoAuthKeys {
    /// Those that are not retired.
    pub(crate) fn active(&self) -> impl Iterator<Item = &SealedKey> {
        self.keys.iter().filter(|key| key.key.retired_at.is_none())
    }

    /// Their numbers, in order.
    pub(crate) fn active_ids(&self) -> Vec<KeyId> {
        let mut ids: Vec<_> = self.active().map(|key| key.key.key_id).collect();
        ids.sort_unstable();
        ids
    }
}

/// A key to be added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewKey<'a> {
    /// The number that the seal is bound to.
    pub(crate) id: KeyId,
    pub(crate) label: &'a str,
    pub(crate) sealed: &'a [u8],
    pub(crate) weak: bool,
    pub(crate) confirm: Option<Confirm>,
}

/// AutoAuth keys and accepted links.
pub(crate) trait AutoAuthStore {
    /// All keys, sealed.
    fn autoauth_keys(&self) -> StoreResult<AutoAuthKeys>;
    /// The facts of a link, changing nothing.
    fn inspect_autoauth(&self, act: &AcceptAct) -> StoreResult<AcceptFacts>;
    /// Judge a link, remember it, start the session: one act, synced when it succeeds.
    fn accept_autoauth(&self, act: &AcceptAct, now: Timestamp) -> StoreResult<Outcome<Accepted>>;
    /// Add a key. `judged` are the active keys that it was compared with; busy if those are not the active
    /// ones now. Synced.
    fn add_key(&self, key: &NewKey<'_>, judged: &[KeyId], at: At<'_>) -> StoreResult<Outcome<AutoAuthKey>>;
    /// Retire a key and wipe its blob. Synced.
    fn retire_key(&self, label: &str, at: At<'_>) -> StoreResult<Outcome<AutoAuthKey>>;
    /// Replace the blob of every active key at once; busy if those changed since they were read. Synced.
    fn reseal_keys(&self, sealed: &[(KeyId, Vec<u8>, Vec<u8>)], at: At<'_>) -> StoreResult<Outcome<()>>;
}

/// Audit events.
pub(crate) trait AuditStore {
    /// Events in a time range, oldest first.
    fn audit_events(&self, query: &AuditQuery, limit: u32) -> StoreResult<Vec<AuditEvent>>;
    /// Write one event outside of any other act. Synced, but for refusals and counts of guesses.
    fn record(&self, event: &NewEvent<'_>, now: Timestamp) -> StoreResult<AuditRef>;
}

/// Settings.
pub(crate) trait SettingsStore {
    /// All of them, as they are now.
    fn settings(&self) -> StoreResult<Arc<Settings>>;
    /// Change one. `nonce` is a new random number that marks the change. Synced.
    fn set_setting(
        &self,
        name: &str,
        value: Value,
        nonce: i64,
        at: At<'_>,
    ) -> StoreResult<Outcome<Arc<Settings>>>;
    /// What the store says about itself.
    fn info(&self) -> StoreResult<StoreInfo>;
}

/// Keeping the store in order.
pub(crate) trait UpkeepStore {
    /// Delete everything whose time is over, in small steps.
    fn purge(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Purged>;
    /// Copy the store, as it is now, to a new file while others use it.
    fn backup(&self, to: &Path, progress: &mut Progress<'_>) -> StoreResult<u64>;
    /// Put the content of a backup in place of everything, in one act, with all sessions, tokens and links
    /// ended.
    fn restore(
        &self,
        from: &Path,
        nonce: i64,
        at: At<'_>,
        progress: &mut Progress<'_>,
    ) -> StoreResult<Restored>;
    /// Whether this process may still use the handle: not over a fork, not after a failed sync, and on the
    /// same files.
    fn usable(&self) -> StoreResult<()>;
    /// The clock of a store that has one of its own.
    fn clock(&self) -> StoreResult<Option<Timestamp>>;
    /// Look for damage and danger.
    fn check(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Vec<Finding>>;
}
