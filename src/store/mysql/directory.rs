//! Users, clients and memberships.

use super::audit::write_event;
use super::connection::Connection;
use super::credentials::next_id;
use super::error::{Done, Fault};
use super::values::{Row, WRONG_KIND, named};
use super::{MysqlStore, directory_lists, link_ends, sessions, tokens};
use crate::audit::{EventKind, NewEvent};
use crate::directory::{
    Client, ClientStatus, DirectoryQuery, Email, Member, NewClient, NewUser, Page, Place, User,
};
use crate::error::{Error, Reason, StoreError};
use crate::id::{ClientId, UserId};
use crate::link::LinkEnd;
use crate::store::{At, DirectoryStore, LinksOf, Outcome, StoreResult};
use crate::upkeep::Erased;

pub(super) const USER: &str = "id, email, first_name, last_name, enabled, created_at, erased_at";
pub(super) const CLIENT: &str =
    "id, email, first_name, last_name, company_name, status, allow_sso, group_id, created_at";

const NO_USER: Fault = Fault::Store(StoreError::Corrupt("a user is missing"));
const NO_CLIENT: Fault = Fault::Store(StoreError::Corrupt("a client is missing"));

pub(super) fn user(row: &Row) -> Done<User> {
    Ok(User {
        user_id: row.get(0)?,
        email: row.get(1)?,
        first_name: row.get(2)?,
        last_name: row.get(3)?,
        enabled: row.get(4)?,
        created_at: row.get(5)?,
        erased_at: row.get(6)?,
        clients: Vec::new(),
    })
}

pub(super) fn client(row: &Row) -> Done<Client> {
    Ok(Client {
        client_id: row.get(0)?,
        email: row.get(1)?,
        first_name: row.get(2)?,
        last_name: row.get(3)?,
        company_name: row.get(4)?,
        status: ClientStatus::parse(row.text(5)?).ok_or(Fault::Store(WRONG_KIND))?,
        allow_sso: row.get(6)?,
        group_id: row.get(7)?,
        created_at: row.get(8)?,
        members: Vec::new(),
    })
}

pub(super) fn places(connection: &Connection, user: UserId) -> Done<Vec<Place>> {
    connection.all(
        "SELECT client_id, owner FROM gatepass_member WHERE user_id = :user ORDER BY client_id",
        named! { user: user },
        |row| Ok(Place { client_id: row.get(0)?, owner: row.get(1)? }),
    )
}

pub(super) fn members(connection: &Connection, client: ClientId) -> Done<Vec<Member>> {
    connection.all(
        "SELECT user_id, owner FROM gatepass_member WHERE client_id = :client ORDER BY user_id",
        named! { client: client },
        |row| Ok(Member { user_id: row.get(0)?, owner: row.get(1)? }),
    )
}

fn find_user(connection: &Connection, id: UserId) -> Done<Option<User>> {
    let sql = format!("SELECT {USER} FROM gatepass_user WHERE id = :id");
    let Some(mut user) = connection.one(&sql, named! { id: id }, user)? else { return Ok(None) };
    user.clients = places(connection, id)?;
    Ok(Some(user))
}

fn find_client(connection: &Connection, id: ClientId) -> Done<Option<Client>> {
    let sql = format!("SELECT {CLIENT} FROM gatepass_client WHERE id = :id");
    let Some(mut client) = connection.one(&sql, named! { id: id }, client)? else { return Ok(None) };
    client.members = members(connection, id)?;
    Ok(Some(client))
}

const NONE_LEFT: &str = "is needed: the highest number is taken, so none follows";

/// The user of an address, if there is one.
pub(super) fn user_of_address(connection: &Connection, email: &Email) -> Done<Option<UserId>> {
    connection.one(
        "SELECT id FROM gatepass_user WHERE email = :email",
        named! { email: email.as_str() },
        |row| row.get(0),
    )
}

/// The clients of an address; two are enough to know that there are several.
pub(super) fn clients_of_address(connection: &Connection, email: &Email) -> Done<Vec<ClientId>> {
    connection.all(
        "SELECT id FROM gatepass_client WHERE email = :email ORDER BY id LIMIT 2",
        named! { email: email.as_str() },
        |row| row.get(0),
    )
}

fn user_exists(connection: &Connection, id: UserId) -> Done<bool> {
    connection.exists("SELECT 1 FROM gatepass_user WHERE id = :id", named! { id: id })
}

fn client_exists(connection: &Connection, id: ClientId) -> Done<bool> {
    connection.exists("SELECT 1 FROM gatepass_client WHERE id = :id", named! { id: id })
}

fn insert_member(connection: &Connection, user: UserId, client: ClientId, owner: bool) -> Done<()> {
    connection.run(
        "INSERT INTO gatepass_member (user_id, client_id, owner) VALUES (:user, :client, :owner)",
        named! { user: user, client: client, owner: owner },
    )?;
    Ok(())
}

fn write_user(connection: &Connection, kind: EventKind, user: UserId, at: At<'_>) -> Done<()> {
    let mut event = NewEvent::new(kind).by(at.by);
    event.user = Some(user);
    write_event(connection, &event, at.now)
}

/// As people search for it: ASCII letters in lower case.
pub(super) fn folded(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl MysqlStore {
    /// Change one client and tell of it.
    fn change_client(
        &self,
        id: ClientId,
        event: &NewEvent<'_>,
        at: At<'_>,
        change: impl Fn(&Connection) -> Done<Result<(), Reason>>,
    ) -> StoreResult<Outcome<Client>> {
        self.server.change(|connection| {
            if !client_exists(connection, id)? {
                return Ok(Err(Reason::ClientUnknown.into()));
            }
            if let Err(reason) = change(connection)? {
                return Ok(Err(reason.into()));
            }
            let mut event = event.clone().by(at.by);
            event.client = Some(id);
            write_event(connection, &event, at.now)?;
            find_client(connection, id)?.map(Ok).ok_or(NO_CLIENT)
        })
    }
}

impl DirectoryStore for MysqlStore {
    fn add_user(&self, new: &NewUser, email: &Email, at: At<'_>) -> StoreResult<Outcome<User>> {
        self.server.change(|connection| {
            let taken = match new.user_id {
                Some(id) => user_exists(connection, id)?,
                None => false,
            };
            if taken || user_of_address(connection, email)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            let next = match new.user_id {
                Some(id) => Some(id.get()),
                None => next_id(connection, "gatepass_user")?,
            };
            let Some(id) = next else { return Ok(Err(Error::invalid("user_id", NONE_LEFT))) };
            connection.run(
                "INSERT INTO gatepass_user (id, email, first_name, last_name, first_folded, last_folded, created_at)
                 VALUES (:id, :email, :first_name, :last_name, :first_folded, :last_folded, :now)",
                named! {
                    id: id,
                    email: email.as_str(),
                    first_name: new.first_name.as_str(),
                    last_name: new.last_name.as_str(),
                    first_folded: folded(&new.first_name),
                    last_folded: folded(&new.last_name),
                    now: at.now,
                },
            )?;
            let made = user_of_address(connection, email)?.ok_or(NO_USER)?;
            write_user(connection, EventKind::UserAdded, made, at)?;
            find_user(connection, made)?.map(Ok).ok_or(NO_USER)
        })
    }

    fn find_user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.server.act(|connection| find_user(connection, id))
    }

    fn list_users(
        &self,
        query: &DirectoryQuery,
        within: Option<&[ClientId]>,
        limit: u32,
    ) -> StoreResult<Page<User>> {
        self.server.act(|connection| directory_lists::users(connection, query, within, limit))
    }

    fn set_user_email(&self, id: UserId, email: &Email, at: At<'_>) -> StoreResult<Outcome<User>> {
        self.server.change(|connection| {
            let Some(found) = find_user(connection, id)?.filter(|found| found.erased_at.is_none()) else {
                return Ok(Err(Reason::UserUnknown.into()));
            };
            if found.email.as_deref() == Some(email.as_str()) {
                return Ok(Ok(found));
            }
            if user_of_address(connection, email)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            connection.run(
                "UPDATE gatepass_user SET email = :email WHERE id = :id",
                named! { id: id, email: email.as_str() },
            )?;
            write_user(connection, EventKind::UserEmailSet, id, at)?;
            let ended = link_ends::end_of(connection, &LinksOf::User(id), LinkEnd::EmailChanged, at)?;
            if let Err(error) = ended {
                return Ok(Err(error));
            }
            find_user(connection, id)?.map(Ok).ok_or(NO_USER)
        })
    }

    fn enable_user(&self, id: UserId, enabled: bool, at: At<'_>) -> StoreResult<Outcome<User>> {
        let changed = self.server.change(|connection| {
            let Some(found) = find_user(connection, id)? else {
                return Ok(Err(Reason::UserUnknown.into()));
            };
            if enabled && found.erased_at.is_some() {
                return Ok(Err(Reason::UserUnknown.into()));
            }
            connection.run(
                "UPDATE gatepass_user SET enabled = :enabled WHERE id = :id",
                named! { id: id, enabled: enabled },
            )?;
            let kind = if enabled { EventKind::UserEnabled } else { EventKind::UserDisabled };
            write_user(connection, kind, id, at)?;
            find_user(connection, id)?.map(Ok).ok_or(NO_USER)
        })?;
        if changed.is_ok() && !enabled {
            // Only now that nobody can start another one.
            self.server.act(|connection| sessions::end_of_user(connection, id, at.now))?;
        }
        Ok(changed)
    }

    fn erase_user(&self, id: UserId, at: At<'_>) -> StoreResult<Outcome<Erased>> {
        let erased = self.server.change(|connection| {
            if !user_exists(connection, id)? {
                return Ok(Err(Error::from(Reason::UserUnknown)));
            }
            connection.run(
                "UPDATE gatepass_user
                 SET email = NULL, first_name = '', last_name = '', first_folded = '', last_folded = '', enabled = 0,
                     erased_at = IFNULL(erased_at, :now)
                 WHERE id = :id",
                named! { id: id, now: at.now },
            )?;
            let tokens = tokens::revoke_where(connection, "user_id = :which", id, at.now)?;
            let condition = "link.user_id = :which";
            let links =
                link_ends::end_where(connection, condition, named! { which: id }, LinkEnd::Revoked, at.now)?;
            // What a page called the person's own business may name him.
            connection
                .run("UPDATE gatepass_link SET title = NULL WHERE user_id = :id", named! { id: id })?;
            write_user(connection, EventKind::UserErased, id, at)?;
            Ok(Ok((tokens, links)))
        })?;
        let (tokens_ended, links_ended) = match erased {
            Ok(ended) => ended,
            Err(error) => return Ok(Err(error)),
        };
        // Only now that nobody can start another one.
        let sessions_ended = self.server.act(|connection| sessions::end_of_user(connection, id, at.now))?;
        Ok(Ok(Erased { user_id: id, tokens_ended, links_ended, sessions_ended }))
    }

    fn add_client(&self, new: &NewClient, email: &Email, at: At<'_>) -> StoreResult<Outcome<Client>> {
        self.server.change(|connection| {
            if let Some(id) = new.client_id
                && client_exists(connection, id)?
            {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            if let Some(owner) = new.owner
                && !user_exists(connection, owner)?
            {
                return Ok(Err(Reason::UserUnknown.into()));
            }
            let next = match new.client_id {
                Some(id) => Some(id.get()),
                None => next_id(connection, "gatepass_client")?,
            };
            let Some(made) = next.and_then(|id| ClientId::new(id).ok()) else {
                return Ok(Err(Error::invalid("client_id", NONE_LEFT)));
            };
            connection.run(
                "INSERT INTO gatepass_client (id, email, first_name, last_name, company_name, first_folded,
                                              last_folded, company_folded, status, group_id, created_at)
                 VALUES (:id, :email, :first_name, :last_name, :company_name, :first_folded, :last_folded,
                         :company_folded, :status, :group, :now)",
                named! {
                    id: made,
                    email: email.as_str(),
                    first_name: new.first_name.as_str(),
                    last_name: new.last_name.as_str(),
                    company_name: new.company_name.as_str(),
                    first_folded: folded(&new.first_name),
                    last_folded: folded(&new.last_name),
                    company_folded: folded(&new.company_name),
                    status: new.status.as_str(),
                    group: new.group_id,
                    now: at.now,
                },
            )?;
            if let Some(owner) = new.owner {
                insert_member(connection, owner, made, true)?;
            }
            let mut event = NewEvent::new(EventKind::ClientAdded).by(at.by);
            event.client = Some(made);
            event.user = new.owner;
            write_event(connection, &event, at.now)?;
            find_client(connection, made)?.map(Ok).ok_or(NO_CLIENT)
        })
    }

    fn find_client(&self, id: ClientId) -> StoreResult<Option<Client>> {
        self.server.act(|connection| find_client(connection, id))
    }

    fn list_clients(
        &self,
        query: &DirectoryQuery,
        within: Option<&[ClientId]>,
        limit: u32,
    ) -> StoreResult<Page<Client>> {
        self.server.act(|connection| directory_lists::clients(connection, query, within, limit))
    }

    fn set_client_status(
        &self,
        id: ClientId,
        status: ClientStatus,
        at: At<'_>,
    ) -> StoreResult<Outcome<Client>> {
        let event = NewEvent::new(EventKind::ClientStatusSet).detail(status.as_str());
        self.change_client(id, &event, at, |connection| {
            let sql = "UPDATE gatepass_client SET status = :status WHERE id = :id";
            connection.run(sql, named! { id: id, status: status.as_str() })?;
            Ok(Ok(()))
        })
    }

    fn set_client_sso(&self, id: ClientId, allow: bool, at: At<'_>) -> StoreResult<Outcome<Client>> {
        let event = NewEvent::new(EventKind::ClientSsoSet).detail(if allow { "on" } else { "off" });
        self.change_client(id, &event, at, |connection| {
            let sql = "UPDATE gatepass_client SET allow_sso = :allow WHERE id = :id";
            connection.run(sql, named! { id: id, allow: allow })?;
            Ok(Ok(()))
        })
    }

    fn add_member(
        &self,
        user: UserId,
        client: ClientId,
        owner: bool,
        at: At<'_>,
    ) -> StoreResult<Outcome<Client>> {
        let mut event = NewEvent::new(EventKind::MemberAdded);
        event.user = Some(user);
        event.detail = owner.then(|| "owner".to_owned());
        self.change_client(client, &event, at, |connection| {
            if !user_exists(connection, user)? {
                return Ok(Err(Reason::UserUnknown));
            }
            let held = members(connection, client)?;
            if held.iter().any(|member| member.user_id == user) {
                return Ok(Err(Reason::AlreadyExists));
            }
            if owner && held.iter().any(|member| member.owner) {
                return Ok(Err(Reason::OwnerExists));
            }
            insert_member(connection, user, client, owner)?;
            Ok(Ok(()))
        })
    }

    fn remove_member(&self, user: UserId, client: ClientId, at: At<'_>) -> StoreResult<Outcome<Client>> {
        let mut event = NewEvent::new(EventKind::MemberRemoved);
        event.user = Some(user);
        self.change_client(client, &event, at, |connection| {
            match members(connection, client)?.iter().find(|member| member.user_id == user) {
                None => Ok(Err(Reason::NotAMember)),
                Some(member) if member.owner => Ok(Err(Reason::OwnerStays)),
                Some(_) => {
                    connection.run(
                        "DELETE FROM gatepass_member WHERE user_id = :user AND client_id = :client",
                        named! { user: user, client: client },
                    )?;
                    Ok(Ok(()))
                }
            }
        })
    }
}
