//! Backup and restore.
//!
//! A backup is a copy of one snapshot, made while others work, in a file of its own that needs no side
//! files. A restore first prepares a private copy of the backup (schema brought up to date, sessions and
//! tokens ended, AutoAuth's floor raised) and then puts it in place in one transaction, so that a crash
//! leaves either the old content or the whole new one, and processes that have the store open simply see
//! the new content.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::audit::write_event;
use super::database::{connect, copy};
use super::error::{ReadError, not_placed, of_io, of_private};
use super::identity::refuse_inherited;
use super::opening::{check_sqlite, inside, refuse_planted, require_wal};
use super::settings::{self, finish, new_file, place};
use super::{SqliteStore, credentials, link_ends, schema};
use crate::audit::{EventKind, NewEvent};
use crate::autoauth::REMEMBERED;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::link::LinkEnd;
use crate::store::{At, StoreResult};
use crate::sys::{self, NewFile};
use crate::upkeep::{Progress, Restored};

/// How long work on a file that nobody else uses may wait.
pub(super) const PRIVATE: Duration = Duration::from_secs(5);

impl SqliteStore {
    /// What [`crate::store::UpkeepStore::backup`] does; the number of pages.
    pub(super) fn backup_to(&self, to: &Path, progress: &mut Progress<'_>) -> StoreResult<u64> {
        if std::fs::symlink_metadata(to).is_ok() {
            return Err(StoreError::Exists);
        }
        self.database.unchanged()?;
        let mode = sys::mode(self.database.path()).map_err(|error| of_io(&error))?;
        let made = new_file(to, mode)?;
        let copied = self.database.read(|snapshot| {
            // Reading something pins the snapshot, so that the copy need not start again when others write.
            snapshot.query_row("SELECT id FROM store", [], |_| Ok(())).read()?;
            let mut target = connect(made.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, PRIVATE)?;
            let pages = copy(snapshot, &mut target, self.database.deadline(), of_private, progress)?;
            stand_alone(target)?;
            Ok(pages)
        });
        let pages = copied.map_err(not_placed)?;
        place(made, to)?;
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
        self.database.usable()?;
        self.database.unchanged()?;
        if sys::file_id(from).ok() == sys::file_id(self.database.path()).ok() {
            return Err(StoreError::NotAStore("the backup is the store itself"));
        }
        let (prepared, restored) =
            prepare(from, self.database.path(), nonce, at, self.floor_to_keep(at), progress)
                .map_err(not_placed)?;
        let source = connect(prepared.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, PRIVATE)?;
        self.database.replace_content(&source, progress)?;
        drop(source);
        Ok(restored)
    }

    /// Below what AutoAuth must accept nothing, seen from the content that is about to go: it may have
    /// forgotten more than the backup has, and have accepted links further ahead. What can't be read had
    /// the longest window.
    fn floor_to_keep(&self, at: At<'_>) -> Timestamp {
        let known = self.database.read(|connection| {
            let floor: i64 =
                connection.query_row("SELECT autoauth_floor FROM store", [], |row| row.get(0)).read()?;
            Ok((Timestamp::from_seconds(floor), self.database.settings(connection)?))
        });
        match known {
            Ok((floor, settings)) => floor.max(settings.above_window(at.now)),
            Err(_) => at.now.plus(REMEMBERED).plus(Duration::from_secs(1)),
        }
    }
}

/// Make a store from a backup where nothing stands.
pub(in crate::store) fn restore_to_new(
    path: &Path,
    from: &Path,
    nonce: i64,
    at: At<'_>,
    progress: &mut Progress<'_>,
) -> StoreResult<Restored> {
    let _inside = inside()?;
    check_sqlite()?;
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(StoreError::Exists);
    }
    let (prepared, restored) =
        prepare(from, path, nonce, at, Timestamp::from_millis(0), progress).map_err(not_placed)?;
    place(prepared, path)?;
    Ok(restored)
}

/// A private copy of a backup, ready to take the store's place.
fn prepare(
    from: &Path,
    beside: &Path,
    nonce: i64,
    at: At<'_>,
    floor: Timestamp,
    progress: &mut Progress<'_>,
) -> StoreResult<(NewFile, Restored)> {
    let source = source(from)?;
    let made = new_file(beside, 0o600)?;
    let mut copied = connect(made.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, PRIVATE)?;
    copy(&source, &mut copied, PRIVATE, of_private, progress)?;
    drop(source);
    require_wal(&copied, PRIVATE)?;
    sound(&copied)?;
    copied.execute_batch("BEGIN IMMEDIATE").read()?;
    let restored = void(&copied, nonce, at, floor)?;
    copied.execute_batch("COMMIT").read()?;
    finish(copied)?;
    Ok((made, restored))
}

/// Open a backup for reading.
pub(super) fn source(from: &Path) -> StoreResult<Connection> {
    match std::fs::metadata(from) {
        Err(_) => return Err(StoreError::Missing),
        Ok(metadata) if metadata.is_dir() => return Err(StoreError::IsAFolder),
        Ok(metadata) if metadata.len() == 0 => return Err(StoreError::NotAStore("the file is empty")),
        Ok(_) => {}
    }
    let from = from.canonicalize().map_err(|error| of_io(&error))?;
    refuse_inherited(&from, sys::file_id(&from).map_err(|error| of_io(&error))?)?;
    refuse_planted(&from)?;
    connect(&from, OpenFlags::SQLITE_OPEN_READ_ONLY, PRIVATE)
}

/// Bring a private copy up to date, unless it is broken.
pub(super) fn sound(copied: &Connection) -> StoreResult<()> {
    schema::check_and_upgrade(copied)?;
    let sound: String = copied.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).read()?;
    if sound == "ok" { Ok(()) } else { Err(StoreError::Corrupt("the backup's structure is broken")) }
}

/// Close a file so that it stands by itself: the log is written back, and there will be none while nobody
/// writes.
pub(super) fn stand_alone(finished: Connection) -> StoreResult<()> {
    let mode: String =
        finished.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0)).read()?;
    if mode != "delete" {
        return Err(StoreError::Busy);
    }
    finished.close().map_err(|(_, error)| StoreError::from(error))
}

/// End everything that the time between the backup and now may have used or revoked.
fn void(connection: &Connection, nonce: i64, at: At<'_>, floor: Timestamp) -> StoreResult<Restored> {
    let settings = settings::load(connection)?;
    let changed = |sql: &str| -> StoreResult<u64> {
        let rows = connection.execute(sql, [at.now]).read()?;
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    };
    let tokens_ended =
        changed("UPDATE token SET revoked_at = ?1 WHERE redeemed_at IS NULL AND revoked_at IS NULL")?;
    let links_ended = link_ends::end_where(connection, "1", &[], LinkEnd::Revoked, at.now)?;
    let sessions_ended = changed("UPDATE session SET ended_at = ?1 WHERE ended_at IS NULL")?;
    // Links accepted since the backup are not remembered in it, and may lie ahead by the window.
    let floor = floor.max(settings.above_window(at.now));
    let autoauth_floor: i64 = connection
        .query_row(
            "UPDATE store SET autoauth_floor = max(autoauth_floor, ?1), settings_nonce = ?2
             RETURNING autoauth_floor",
            params![floor.as_seconds(), nonce],
            |row| row.get(0),
        )
        .read()?;
    let autoauth_floor = Timestamp::from_seconds(autoauth_floor);
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
