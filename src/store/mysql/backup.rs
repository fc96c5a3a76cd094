//! Backup and restore. A backup is a file of the kind that a store without a server is, of one moment of the
//! store; who opens it needs no server.
//!
//! A restore is one transaction: everything goes, the backup's rows come, and what the time since may have used
//! or revoked ends. Whoever was letting somebody in meanwhile may have written his token or session after what
//! was there had gone, on another node of a cluster say. He looks once more before he answers, so what he
//! answered by the old content was there when the restore was committed; therefore everything is ended once
//! more after it. That also ends what was begun in between: he signs in again.

use std::path::Path;
use std::time::Duration;

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::named;
use super::{Address, MysqlStore, content, copying, credentials, link_ends, schema, settings};
use crate::audit::{EventKind, NewEvent};
use crate::autoauth::REMEMBERED;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::link::LinkEnd;
use crate::store::content::{BackupFiles, Filling, Giver, Row, STORE, Value};
use crate::store::{At, StoreResult};
use crate::upkeep::{Progress, Restored};

impl MysqlStore {
    /// What [`crate::store::UpkeepStore::backup`] does; the number of the file's pages.
    pub(super) fn backup_to(&self, to: &Path, progress: &mut Progress<'_>) -> StoreResult<u64> {
        let file = self.backups.create(to)?;
        let mut filling = Filling::default();
        let mut done = 0;
        self.give(&mut |part| {
            done += part.count();
            progress(done, part.of.max(done));
            filling.take(part, &*file)
        })?;
        let pages = file.finish(&filling.store()?)?;
        progress(pages, pages);
        Ok(pages)
    }

    /// What [`crate::store::UpkeepStore::restore`] does.
    pub(super) fn restore_from(
        &self,
        from: &Path,
        nonce: i64,
        at: At<'_>,
        progress: &mut Progress<'_>,
    ) -> StoreResult<Restored> {
        let backup = self.backups.open(from)?;
        let progress = std::cell::RefCell::new(progress);
        let restored = self.server.change_patiently(|connection| {
            let floor = floor_to_keep(connection, at)?;
            content::empty(connection)?;
            let store = take_in(connection, &*backup, &mut **progress.borrow_mut())?;
            describe(connection, &store)?;
            void(connection, nonce, at, floor)
        })?;
        // It is there; what may not be is the end of what came in between.
        let ended = self.server.change_patiently(|connection| end_everything(connection, at));
        ended.map_err(|_| StoreError::Indeterminate)?;
        Ok(restored)
    }
}

/// Make a store from a backup in tables that are there and hold none.
pub(in crate::store) fn restore_to_new(
    address: &Address,
    deadline: Duration,
    backups: &dyn BackupFiles,
    from: &Path,
    (nonce, at): (i64, At<'_>),
    progress: &mut Progress<'_>,
) -> StoreResult<Restored> {
    let connection = Connection::patient(&address.options(deadline), deadline)?;
    schema::check(&connection).map_err(Fault::unchanged)?;
    let backup = backups.open(from)?;
    let restored = connection.together(|| {
        if copying::begun(&connection)? {
            return Err(Fault::Store(StoreError::Exists));
        }
        // First of all, so that nobody else makes one.
        connection.run(
            "INSERT INTO gatepass_store (id, store_id, created_at, settings_nonce) VALUES (1, '', 0, 0)",
            named! {},
        )?;
        let store = take_in(&connection, &*backup, progress)?;
        describe(&connection, &store)?;
        void(&connection, nonce, at, Timestamp::from_millis(0))
    });
    restored.map_err(|fault| match fault {
        Fault::Duplicate => StoreError::Exists,
        other => other.unchanged(),
    })
}

/// Insert a backup's rows; the one that it says of itself.
fn take_in(connection: &Connection, backup: &dyn Giver, progress: &mut Progress<'_>) -> Done<Row> {
    let (mut done, mut store, mut fault) = (0, None, None);
    let given = backup.give(&mut |part| {
        if part.table.name == STORE.name {
            store = part.rows.first().cloned();
            return Ok(());
        }
        if let Err(met) = content::insert(connection, part.table, part.rows) {
            fault = Some(met);
            // Only to end it.
            return Err(StoreError::Busy);
        }
        done += part.count();
        progress(done, part.of.max(done));
        Ok(())
    });
    match fault {
        Some(fault) => Err(fault),
        None => given.map_err(Fault::Store),
    }?;
    store.ok_or(Fault::Store(StoreError::Corrupt("the backup says nothing about itself")))
}

/// Have the store say of itself what the backup does. Its floor is kept where it is higher.
fn describe(connection: &Connection, store: &Row) -> Done<()> {
    let [created_at, _, floor, cut] = copying::numbers(store)?;
    let id = match store.first() {
        Some(Value::Bytes(id)) => id.as_slice(),
        _ => return Err(Fault::Store(StoreError::Corrupt("the backup has no name"))),
    };
    connection.run(
        "UPDATE gatepass_store SET store_id = :id, created_at = :created_at, addresses_cut = :cut,
                                   autoauth_floor = GREATEST(autoauth_floor, :floor) WHERE id = 1",
        named! { id: id, created_at: created_at, floor: floor, cut: cut },
    )?;
    Ok(())
}

/// Below what AutoAuth must accept nothing, seen from the content that is about to go: it may have forgotten
/// more than the backup has, and have accepted links further ahead. What can't be read had the longest window.
fn floor_to_keep(connection: &Connection, at: At<'_>) -> Done<Timestamp> {
    let sql = "SELECT autoauth_floor FROM gatepass_store WHERE id = 1";
    let floor = Timestamp::from_seconds(connection.only(sql, named! {}, |row| row.get(0))?);
    let ahead = match settings::load(connection) {
        Ok((_, settings)) => settings.above_window(at.now),
        Err(Fault::Store(StoreError::Corrupt(_) | StoreError::Missing)) => {
            at.now.plus(REMEMBERED).plus(Duration::from_secs(1))
        }
        Err(fault) => return Err(fault),
    };
    Ok(floor.max(ahead))
}

/// End everything that the time between the backup and now may have used or revoked.
fn void(connection: &Connection, nonce: i64, at: At<'_>, floor: Timestamp) -> Done<Restored> {
    // Links accepted since the backup are not remembered in it, and may lie ahead by the window.
    let floor = floor.max(settings::load(connection)?.1.above_window(at.now));
    let (tokens_ended, links_ended, sessions_ended) = end_everything(connection, at)?;
    connection.run(
        "UPDATE gatepass_store SET autoauth_floor = GREATEST(autoauth_floor, :floor), settings_nonce = :nonce
         WHERE id = 1",
        named! { floor: floor.as_seconds(), nonce: nonce },
    )?;
    let sql = "SELECT autoauth_floor FROM gatepass_store WHERE id = 1";
    let autoauth_floor = Timestamp::from_seconds(connection.only(sql, named! {}, |row| row.get(0))?);
    let credentials_to_check: Vec<_> = credentials::all(connection)?
        .into_iter()
        .filter(|credential| credential.revoked_at.is_none() && credential.enabled)
        .collect();
    let event = NewEvent::new(EventKind::StoreRestored)
        .by(at.by)
        .detail(format!("{tokens_ended} tokens, {links_ended} links and {sessions_ended} sessions ended"));
    write_event(connection, &event, at.now)?;
    Ok(Restored { tokens_ended, links_ended, sessions_ended, autoauth_floor, credentials_to_check })
}

/// End all tokens, links and sessions that could still let somebody in; how many of each.
fn end_everything(connection: &Connection, at: At<'_>) -> Done<(u64, u64, u64)> {
    let tokens =
        "UPDATE gatepass_token SET revoked_at = :now WHERE redeemed_at IS NULL AND revoked_at IS NULL";
    let sessions = "UPDATE gatepass_session SET ended_at = :now WHERE ended_at IS NULL";
    Ok((
        connection.run(tokens, named! { now: at.now })?,
        link_ends::end_where(connection, "1 = 1", named! {}, LinkEnd::Revoked, at.now)?,
        connection.run(sessions, named! { now: at.now })?,
    ))
}
