//! Admins.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::audit::write_event;
use super::error::ReadError;
use super::writing::Sync;
use crate::admin::{Admin, PasswordFacts};
use crate::audit::{EventKind, NewEvent};
use crate::error::{Reason, StoreError};
use crate::settings::Settings;
use crate::store::{AdminStore, At, Outcome, StoreResult};

const COLUMNS: &str = "id, username, enabled, password IS NOT NULL, created_at";

fn admin(row: &Row<'_>) -> rusqlite::Result<Admin> {
    Ok(Admin {
        admin_id: row.get(0)?,
        username: row.get(1)?,
        enabled: row.get(2)?,
        has_password: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// By username.
pub(super) fn find(connection: &Connection, username: &str) -> StoreResult<Option<Admin>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM admin WHERE username = ?1"))
        .read()?
        .query_row([username], admin)
        .optional()
        .read()
}

impl SqliteStore {
    /// Change one admin and tell of it.
    fn change_admin(
        &self,
        username: &str,
        kind: EventKind,
        at: At<'_>,
        change: impl Fn(&Connection, &Admin) -> rusqlite::Result<usize> + std::marker::Sync,
    ) -> StoreResult<Outcome<Admin>> {
        self.database.write(Sync::Synced, |connection| {
            let Some(found) = find(connection, username)? else {
                return Ok(Err(Reason::AdminUnknown.into()));
            };
            change(connection, &found).read()?;
            let mut event = NewEvent::new(kind).by(at.by).object(username);
            event.admin = Some(found.admin_id);
            write_event(connection, &event, at.now)?;
            find(connection, username)?.map(Ok).ok_or(StoreError::Corrupt("an admin is missing"))
        })
    }
}

impl AdminStore for SqliteStore {
    fn password_facts(&self, username: &str) -> StoreResult<(Arc<Settings>, Option<PasswordFacts>)> {
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            let found = connection
                .prepare_cached("SELECT id, enabled, password FROM admin WHERE username = ?1")
                .read()?
                .query_row([username], |row| {
                    Ok(PasswordFacts { id: row.get(0)?, enabled: row.get(1)?, hash: row.get(2)? })
                })
                .optional()
                .read()?;
            Ok((settings, found))
        })
    }

    fn add_admin(&self, username: &str, hash: Option<&str>, at: At<'_>) -> StoreResult<Outcome<Admin>> {
        self.database.write(Sync::Synced, |connection| {
            if find(connection, username)?.is_some() {
                return Ok(Err(Reason::AlreadyExists.into()));
            }
            connection
                .execute(
                    "INSERT INTO admin (username, password, created_at) VALUES (?1, ?2, ?3)",
                    params![username, hash, at.now],
                )
                .read()?;
            let made = find(connection, username)?.ok_or(StoreError::Corrupt("an admin is missing"))?;
            let mut event = NewEvent::new(EventKind::AdminAdded).by(at.by).object(username);
            event.admin = Some(made.admin_id);
            write_event(connection, &event, at.now)?;
            Ok(Ok(made))
        })
    }

    fn list_admins(&self) -> StoreResult<Vec<Admin>> {
        self.database.read(|connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM admin ORDER BY id"))
                .read()?
                .query_map([], admin)
                .read()?
                .collect::<rusqlite::Result<_>>()
                .read()
        })
    }

    fn enable_admin(&self, username: &str, enabled: bool, at: At<'_>) -> StoreResult<Outcome<Admin>> {
        let kind = if enabled { EventKind::AdminEnabled } else { EventKind::AdminDisabled };
        self.change_admin(username, kind, at, |connection, admin| {
            connection
                .execute("UPDATE admin SET enabled = ?2 WHERE id = ?1", params![admin.admin_id, enabled])
        })
    }

    fn set_admin_password(
        &self,
        username: &str,
        hash: Option<&str>,
        at: At<'_>,
    ) -> StoreResult<Outcome<Admin>> {
        self.change_admin(username, EventKind::AdminPasswordSet, at, |connection, admin| {
            connection.execute("UPDATE admin SET password = ?2 WHERE id = ?1", params![admin.admin_id, hash])
        })
    }
}
