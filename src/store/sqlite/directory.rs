//! Users, clients and memberships.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::audit::write_event;
use super::error::ReadError;
use super::writing::Sync;
use super::{SqliteStore, directory_lists, link_ends, sessions, tokens};
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

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
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

pub(super) fn client(row: &Row<'_>) -> rusqlite::Result<Client> {
    let status = ClientStatus::parse(row.get_ref(5)?.as_str()?)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(5, "status".into(), rusqlite::types::Type::Text))?;
    Ok(Client {
        client_id: row.get(0)?,
        email: row.get(1)?,
        first_name: row.get(2)?,
        last_name: row.get(3)?,
        company_name: row.get(4)?,
        status,
        allow_sso: row.get(6)?,
        group_id: row.get(7)?,
        created_at: row.get(8)?,
        members: Vec::new(),
    })
}

pub(super) fn places(connection: &Connection, user: UserId) -> StoreResult<Vec<Place>> {
    connection
        .prepare_cached("SELECT client_id, owner FROM member WHERE user_id = ?1 ORDER BY client_id")
        .read()?
        .query_map([user], |row| Ok(Place { client_id: row.get(0)?, owner: row.get(1)? }))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()
}

pub(super) fn members(connection: &Connection, client: ClientId) -> StoreResult<Vec<Member>> {
    connection
        .prepare_cached("SELECT user_id, owner FROM member WHERE client_id = ?1 ORDER BY user_id")
        .read()?
        .query_map([client], |row| Ok(Member { user_id: row.get(0)?, owner: row.get(1)? }))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()
}

pub(super) fn find_user(connection: &Connection, id: UserId) -> StoreResult<Option<User>> {
    let found = connection
        .prepare_cached(&format!("SELECT {USER} FROM user WHERE id = ?1"))
        .read()?
        .query_row([id], user)
        .optional()
        .read()?;
    match found {
        Some(mut user) => {
            user.clients = places(connection, id)?;
            Ok(Some(user))
        }
        None => Ok(None),
    }
}

pub(super) fn find_client(connection: &Connection, id: ClientId) -> StoreResult<Option<Client>> {
    let found = connection
        .prepare_cached(&format!("SELECT {CLIENT} FROM client WHERE id = ?1"))
        .read()?
        .query_row([id], client)
        .optional()
        .read()?;
    match found {
        Some(mut client) => {
            client.members = members(connection, id)?;
            Ok(Some(client))
        }
        None => Ok(None),
    }
}

const NONE_LEFT: &str = "is needed: the highest number is taken, so none follows";

/// Whether the highest number of all was given to a row once, so that none can be chosen for the next.
fn none_left(connection: &Connection, table: &str) -> StoreResult<bool> {
    connection
        .prepare_cached("SELECT 1 FROM sqlite_sequence WHERE name = ?1 AND seq = ?2")
        .read()?
        .exists(params![table, i64::MAX])
        .read()
}

/// The user of an address, if there is one.
pub(super) fn user_of_address(connection: &Connection, email: &Email) -> StoreResult<Option<UserId>> {
    connection
        .prepare_cached("SELECT id FROM user WHERE email = ?1")
        .read()?
        .query_row([email.as_str()], |row| row.get(0))
        .optional()
        .read()
}

/// The clients of an address; two are enough to know that there are several.
pub(super) fn clients_of_address(connection: &Connection, email: &Email) -> StoreResult<Vec<ClientId>> {
    connection
        .prepare_cached("SELECT id FROM client WHERE email = ?1 ORDER BY id LIMIT 2")
        .read()?
        .query_map([email.as_str()], |row| row.get(0))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()
}

fn exists(connection: &Connection, sql: &str, value: impl ToSql) -> StoreResult<bool> {
    connection.prepare_cached(sql).read()?.exists([value]).read()
}

fn insert_member(connection: &Connection, user: UserId, client: ClientId, owner: bool) -> StoreResult<()> {
    connection
        .prepare_cached("INSERT INTO member (user_id, client_id, owner) VALUES (?1, ?2, ?3)")
        .read()?
        .execute(params![user, client, owner])
        .read()?;
    Ok(())
}

fn write_user(connection: &Connection, kind: EventKind, user: UserId, at: At<'_>) -> StoreResult<()> {
    let mut event = NewEvent::new(kind).by(at.by);
    event.user = Some(user);
    write_event(connection, &event, at.now)
}

impl SqliteStore {
    /// Change one client and tell of it.
    fn change_client(
        &self,
        id: ClientId,
        event: NewEvent<'_>,
        at: At<'_>,
        change: impl Fn(&Connection) -> StoreResult<Result<(), Reason>> + std::marker::Sync,
    ) -> StoreResult<Outcome<Client>> {
        self.database.write(Sync::Synced, |connection| {
            if !exists(connection, "SELECT 1 FROM client WHERE id = ?1", id)? {
                return Ok(Err(Reason::ClientUnknown.into()));
            }
            if let Err(reason) = change(connection)? {
                return Ok(Err(reason.into()));
            }
            let mut event = event.clone().by(at.by);
            event.client = Some(id);
            write_event(connection, &event, at.now)?;
            find_client(connection, id)?.map(Ok).ok_or(StoreError::Corrupt("a client is missing"))
        })
    }
}

impl DirectoryStore for SqliteStore {
    fn add_user(&self, new: &NewUser, email: &Email, at: At<'_>) -> StoreResult<Outcome<User>> {
        self.database.write(Sync::Synced, |connection| {
            let taken = match new.user_id {
                Some(id) => exists(connection, "SELECT 1 FROM user WHERE id = ?1", id)?,
                None => false,
            };
            if taken || user_of_address(connection, email)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            if new.user_id.is_none() && none_left(connection, "user")? {
                return Ok(Err(Error::invalid("user_id", NONE_LEFT)));
            }
            connection
                .prepare_cached(
                    "INSERT INTO user (id, email, first_name, last_name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .read()?
                .execute(params![new.user_id, email.as_str(), new.first_name, new.last_name, at.now])
                .read()?;
            let made = user_of_address(connection, email)?.ok_or(StoreError::Corrupt("a user is missing"))?;
            write_user(connection, EventKind::UserAdded, made, at)?;
            find_user(connection, made)?.map(Ok).ok_or(StoreError::Corrupt("a user is missing"))
        })
    }

    fn find_user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.database.read(|connection| find_user(connection, id))
    }

    fn list_users(
        &self,
        query: &DirectoryQuery,
        within: Option<&[ClientId]>,
        limit: u32,
    ) -> StoreResult<Page<User>> {
        self.database.read(|connection| directory_lists::users(connection, query, within, limit))
    }

    fn set_user_email(&self, id: UserId, email: &Email, at: At<'_>) -> StoreResult<Outcome<User>> {
        let changed = self.database.write(Sync::Synced, |connection| {
            let Some(found) = find_user(connection, id)?.filter(|found| found.erased_at.is_none()) else {
                return Ok(Err(Reason::UserUnknown.into()));
            };
            if found.email.as_deref() == Some(email.as_str()) {
                return Ok(Ok(found));
            }
            if user_of_address(connection, email)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            connection
                .execute("UPDATE user SET email = ?2 WHERE id = ?1", params![id, email.as_str()])
                .read()?;
            write_user(connection, EventKind::UserEmailSet, id, at)?;
            if let Err(error) = link_ends::end_of(connection, &LinksOf::User(id), LinkEnd::EmailChanged, at)?
            {
                return Ok(Err(error));
            }
            find_user(connection, id)?.map(Ok).ok_or(StoreError::Corrupt("a user is missing"))
        })?;
        // The log still holds the address of before.
        self.database.empty_log()?;
        Ok(changed)
    }

    fn enable_user(&self, id: UserId, enabled: bool, at: At<'_>) -> StoreResult<Outcome<User>> {
        self.database.write(Sync::Synced, |connection| {
            let Some(found) = find_user(connection, id)? else {
                return Ok(Err(Reason::UserUnknown.into()));
            };
            if enabled && found.erased_at.is_some() {
                return Ok(Err(Reason::UserUnknown.into()));
            }
            connection.execute("UPDATE user SET enabled = ?2 WHERE id = ?1", params![id, enabled]).read()?;
            if !enabled {
                sessions::end_of_user(connection, id, at.now)?;
            }
            let kind = if enabled { EventKind::UserEnabled } else { EventKind::UserDisabled };
            write_user(connection, kind, id, at)?;
            find_user(connection, id)?.map(Ok).ok_or(StoreError::Corrupt("a user is missing"))
        })
    }

    fn erase_user(&self, id: UserId, at: At<'_>) -> StoreResult<Outcome<Erased>> {
        let erased = self.database.write(Sync::Synced, |connection| {
            if !exists(connection, "SELECT 1 FROM user WHERE id = ?1", id)? {
                return Ok(Err(Reason::UserUnknown.into()));
            }
            connection
                .execute(
                    "UPDATE user SET email = NULL, first_name = '', last_name = '', enabled = 0,
                            erased_at = ifnull(erased_at, ?2) WHERE id = ?1",
                    params![id, at.now],
                )
                .read()?;
            let sessions_ended = sessions::end_of_user(connection, id, at.now)?;
            let tokens_ended = tokens::revoke_where(connection, "user_id = ?2", id, at.now)?;
            let links_ended =
                link_ends::end_where(connection, "user_id = ?4", &[&id], LinkEnd::Revoked, at.now)?;
            // What a page called the person's own business may name him.
            connection.execute("UPDATE link SET title = NULL WHERE user_id = ?1", [id]).read()?;
            write_user(connection, EventKind::UserErased, id, at)?;
            Ok(Ok(Erased { user_id: id, tokens_ended, links_ended, sessions_ended }))
        })?;
        // The log still holds the pages as they were.
        self.database.empty_log()?;
        Ok(erased)
    }

    fn add_client(&self, new: &NewClient, email: &Email, at: At<'_>) -> StoreResult<Outcome<Client>> {
        self.database.write(Sync::Synced, |connection| {
            if let Some(id) = new.client_id
                && exists(connection, "SELECT 1 FROM client WHERE id = ?1", id)?
            {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            if let Some(owner) = new.owner
                && !exists(connection, "SELECT 1 FROM user WHERE id = ?1", owner)?
            {
                return Ok(Err(Reason::UserUnknown.into()));
            }
            if new.client_id.is_none() && none_left(connection, "client")? {
                return Ok(Err(Error::invalid("client_id", NONE_LEFT)));
            }
            let made: ClientId = connection
                .prepare_cached(
                    "INSERT INTO client (id, email, first_name, last_name, company_name, status, group_id, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
                )
                .read()?
                .query_row(
                    params![
                        new.client_id,
                        email.as_str(),
                        new.first_name,
                        new.last_name,
                        new.company_name,
                        new.status.as_str(),
                        new.group_id,
                        at.now,
                    ],
                    |row| row.get(0),
                )
                .read()?;
            if let Some(owner) = new.owner {
                insert_member(connection, owner, made, true)?;
            }
            let mut event = NewEvent::new(EventKind::ClientAdded).by(at.by);
            event.client = Some(made);
            event.user = new.owner;
            write_event(connection, &event, at.now)?;
            find_client(connection, made)?.map(Ok).ok_or(StoreError::Corrupt("a client is missing"))
        })
    }

    fn find_client(&self, id: ClientId) -> StoreResult<Option<Client>> {
        self.database.read(|connection| find_client(connection, id))
    }

    fn list_clients(
        &self,
        query: &DirectoryQuery,
        within: Option<&[ClientId]>,
        limit: u32,
    ) -> StoreResult<Page<Client>> {
        self.database.read(|connection| directory_lists::clients(connection, query, within, limit))
    }

    fn set_client_status(
        &self,
        id: ClientId,
        status: ClientStatus,
        at: At<'_>,
    ) -> StoreResult<Outcome<Client>> {
        let event = NewEvent::new(EventKind::ClientStatusSet).detail(status.as_str());
        self.change_client(id, event, at, |connection| {
            connection
                .execute("UPDATE client SET status = ?2 WHERE id = ?1", params![id, status.as_str()])
                .read()?;
            Ok(Ok(()))
        })
    }

    fn set_client_sso(&self, id: ClientId, allow: bool, at: At<'_>) -> StoreResult<Outcome<Client>> {
        let event = NewEvent::new(EventKind::ClientSsoSet).detail(if allow { "on" } else { "off" });
        self.change_client(id, event, at, |connection| {
            connection
                .execute("UPDATE client SET allow_sso = ?2 WHERE id = ?1", params![id, allow])
                .read()?;
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
        self.change_client(client, event, at, |connection| {
            if !exists(connection, "SELECT 1 FROM user WHERE id = ?1", user)? {
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
        self.change_client(client, event, at, |connection| {
            match members(connection, client)?.iter().find(|member| member.user_id == user) {
                None => Ok(Err(Reason::NotAMember)),
                Some(member) if member.owner => Ok(Err(Reason::OwnerStays)),
                Some(_) => {
                    connection
                        .execute(
                            "DELETE FROM member WHERE user_id = ?1 AND client_id = ?2",
                            params![user, client],
                        )
                        .read()?;
                    Ok(Ok(()))
                }
            }
        })
    }
}
