//! Admins.

use std::sync::Arc;

use super::MysqlStore;
use super::audit::write_event;
use super::connection::Connection;
use super::credentials::next_id;
use super::error::{Done, Fault};
use super::values::{Row, named};
use crate::admin::{Admin, PasswordFacts};
use crate::audit::{EventKind, NewEvent};
use crate::error::{Reason, StoreError};
use crate::settings::Settings;
use crate::store::{AdminStore, At, Outcome, StoreResult};

const COLUMNS: &str = "id, username, enabled, password IS NOT NULL, created_at";

const GONE: Fault = Fault::Store(StoreError::Corrupt("an admin is missing"));

fn admin(row: &Row) -> Done<Admin> {
    Ok(Admin {
        admin_id: row.get(0)?,
        username: row.get(1)?,
        enabled: row.get(2)?,
        has_password: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// By username.
pub(super) fn find(connection: &Connection, username: &str) -> Done<Option<Admin>> {
    connection.one(
        &format!("SELECT {COLUMNS} FROM gatepass_admin WHERE username = :username"),
        named! { username: username },
        admin,
    )
}

impl MysqlStore {
    /// Change one admin and tell of it.
    fn change_admin(
        &self,
        username: &str,
        kind: EventKind,
        at: At<'_>,
        change: impl Fn(&Connection, &Admin) -> Done<u64>,
    ) -> StoreResult<Outcome<Admin>> {
        self.server.change(|connection| {
            let Some(found) = find(connection, username)? else {
                return Ok(Err(Reason::AdminUnknown.into()));
            };
            change(connection, &found)?;
            let mut event = NewEvent::new(kind).by(at.by).object(username);
            event.admin = Some(found.admin_id);
            write_event(connection, &event, at.now)?;
            find(connection, username)?.map(Ok).ok_or(GONE)
        })
    }
}

impl AdminStore for MysqlStore {
    fn password_facts(&self, username: &str) -> StoreResult<(Arc<Settings>, Option<PasswordFacts>)> {
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let found = connection.one(
                "SELECT id, enabled, password FROM gatepass_admin WHERE username = :username",
                named! { username: username },
                |row| Ok(PasswordFacts { id: row.get(0)?, enabled: row.get(1)?, hash: row.get(2)? }),
            )?;
            Ok((settings, found))
        })
    }

    fn add_admin(&self, username: &str, hash: Option<&str>, at: At<'_>) -> StoreResult<Outcome<Admin>> {
        self.server.change(|connection| {
            if find(connection, username)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            connection.run(
                "INSERT INTO gatepass_admin (id, username, password, created_at)
                 VALUES (:id, :username, :password, :now)",
                named! {
                    id: next_id(connection, "gatepass_admin")?,
                    username: username,
                    password: hash,
                    now: at.now,
                },
            )?;
            let made = find(connection, username)?.ok_or(GONE)?;
            let mut event = NewEvent::new(EventKind::AdminAdded).by(at.by).object(username);
            event.admin = Some(made.admin_id);
            write_event(connection, &event, at.now)?;
            Ok(Ok(made))
        })
    }

    fn list_admins(&self) -> StoreResult<Vec<Admin>> {
        let sql = format!("SELECT {COLUMNS} FROM gatepass_admin ORDER BY id");
        self.server.act(|connection| connection.all(&sql, named! {}, admin))
    }

    fn enable_admin(&self, username: &str, enabled: bool, at: At<'_>) -> StoreResult<Outcome<Admin>> {
        let kind = if enabled { EventKind::AdminEnabled } else { EventKind::AdminDisabled };
        self.change_admin(username, kind, at, |connection, admin| {
            connection.run(
                "UPDATE gatepass_admin SET enabled = :enabled WHERE id = :id",
                named! { id: admin.admin_id, enabled: enabled },
            )
        })
    }

    fn set_admin_password(
        &self,
        username: &str,
        hash: Option<&str>,
        at: At<'_>,
    ) -> StoreResult<Outcome<Admin>> {
        self.change_admin(username, EventKind::AdminPasswordSet, at, |connection, admin| {
            connection.run(
                "UPDATE gatepass_admin SET password = :password WHERE id = :id",
                named! { id: admin.admin_id, password: hash },
            )
        })
    }
}
