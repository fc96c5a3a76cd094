//! Settings, and making a store with its first ones.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};
use serde_json::Value;

use super::audit::write_event;
use super::database::connect;
use super::error::{ReadError, not_placed, of_io};
use super::opening::{check_sqlite, inside, require_wal};
use super::writing::Sync;
use super::{SqliteStore, schema};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::credential::Limits;
use crate::destination::SystemUrl;
use crate::directory::Mode;
use crate::error::StoreError;
use crate::settings::Settings;

use crate::store::{At, Creation, Outcome, SettingsStore, StoreResult};
use crate::sys::{self, NewFile};
use crate::upkeep::{StoreId, StoreInfo};

/// How long the making of a new file may wait; nobody else knows its name.
const NEW_FILE: Duration = Duration::from_secs(5);

/// Make a store under a hidden name, complete, and give it its name in one step: nobody ever sees half of
/// one.
pub(in crate::store) fn create(path: &Path, creation: &Creation<'_>, at: At<'_>) -> StoreResult<()> {
    let _inside = inside()?;
    check_sqlite()?;
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(StoreError::IsAFolder),
        Ok(_) => return Err(StoreError::Exists),
        Err(_) => {}
    }
    let made = new_file(path, if creation.group_writable { 0o660 } else { 0o600 })?;
    make(&made, creation, at).map_err(not_placed)?;
    place(made, path)
}

fn make(made: &NewFile, creation: &Creation<'_>, at: At<'_>) -> StoreResult<()> {
    let connection = connect(made.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, NEW_FILE)?;
    require_wal(&connection, NEW_FILE)?;
    connection.execute_batch("BEGIN IMMEDIATE").read()?;
    schema::create(&connection).read()?;
    fill(&connection, creation, at)?;
    connection.execute_batch("COMMIT").read()?;
    finish(connection)
}

/// Close a finished file with everything in the file itself. A close alone would write the log back too, but
/// say nothing of what went wrong there, and then the log is deleted with the scratch file's name.
pub(super) fn finish(connection: Connection) -> StoreResult<()> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).read()?;
    if busy {
        return Err(StoreError::Busy);
    }
    connection.close().map_err(|(_, error)| StoreError::from(error))
}

/// A private scratch file beside `path`.
pub(super) fn new_file(path: &Path, mode: u32) -> StoreResult<NewFile> {
    let folder = sys::folder_of(path);
    if !folder.is_dir() {
        return Err(StoreError::Io("the folder does not exist".to_owned()));
    }
    if !sys::writable(folder) {
        return Err(StoreError::ReadOnly);
    }
    // SQLite is told to follow no symbolic link, not even in the folder's path.
    let folder = folder.canonicalize().map_err(|error| of_io(&error))?;
    let name = path.file_name().ok_or_else(|| StoreError::Io("the path names no file".to_owned()))?;
    NewFile::beside(&folder.join(name), mode).map_err(|error| of_io(&error))
}

/// Give a finished file its name.
pub(super) fn place(made: NewFile, path: &Path) -> StoreResult<()> {
    made.name(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::Exists,
        _ => of_io(&error),
    })?;
    // The file is there now, and nobody knows for how long.
    sys::sync_names(path).map_err(|_| StoreError::Indeterminate)
}

fn fill(connection: &Connection, creation: &Creation<'_>, at: At<'_>) -> StoreResult<()> {
    connection
        .execute(
            "INSERT INTO store (id, store_id, created_at, compatible, settings_nonce) VALUES (1, ?1, ?2, ?3, ?4)",
            params![creation.id.0, at.now, schema::COMPATIBLE, creation.nonce],
        )
        .read()?;
    for setting in creation.settings.list() {
        store_value(connection, setting.name, &setting.value)?;
    }
    let limits = Limits { destinations: Some(vec!["*".to_owned()]), links: true, ..Limits::default() };
    for label in creation.host_credentials {
        super::credentials::insert_host(connection, label, &limits, at.now)?;
    }
    let event = NewEvent::new(EventKind::StoreInitialised).by(at.by).detail(creation.settings.mode.as_str());
    write_event(connection, &event, at.now)
}

fn store_value(connection: &Connection, name: &str, value: &Value) -> StoreResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO setting (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .read()?
        .execute(params![name, value.to_string()])
        .read()?;
    Ok(())
}

/// Read all settings. A name that this release does not know was written by a newer one, and is left alone.
pub(super) fn load(connection: &Connection) -> StoreResult<Settings> {
    let corrupt = || StoreError::Corrupt("a setting can't be read");
    let mut statement = connection.prepare_cached("SELECT name, value FROM setting").read()?;
    let mut values = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .read()?
        .map(|pair| {
            let (name, text) = pair.read()?;
            Ok((name, serde_json::from_str::<Value>(&text).map_err(|_| corrupt())?))
        })
        .collect::<StoreResult<std::collections::BTreeMap<String, Value>>>()?;
    let mut required = |name: &str| values.remove(name).ok_or_else(corrupt);
    let mode: Mode = serde_json::from_value(required("mode")?).map_err(|_| corrupt())?;
    let url: SystemUrl = serde_json::from_value(required("system_url")?).map_err(|_| corrupt())?;
    let mut settings = Settings::new(mode, url);
    let known: Vec<&str> = settings.list().iter().map(|setting| setting.name).collect();
    for (name, value) in values {
        if known.contains(&name.as_str()) {
            settings.set(&name, value).map_err(|_| corrupt())?;
        }
    }
    Ok(settings)
}

impl SettingsStore for SqliteStore {
    fn settings(&self) -> StoreResult<Arc<Settings>> {
        self.database.read(|connection| self.database.settings(connection))
    }

    fn set_setting(
        &self,
        name: &str,
        value: Value,
        nonce: i64,
        at: At<'_>,
    ) -> StoreResult<Outcome<Arc<Settings>>> {
        self.database.write(Sync::Synced, |connection| {
            let mut settings = (*self.database.settings(connection)?).clone();
            if let Err(error) = settings.set(name, value.clone()) {
                return Ok(Err(error));
            }
            let value = match settings.get(name) {
                Ok(setting) => setting.value,
                Err(error) => return Ok(Err(error)),
            };
            store_value(connection, name, &value)?;
            connection.execute("UPDATE store SET settings_nonce = ?1", [nonce]).read()?;
            let event = NewEvent::new(EventKind::SettingChanged).by(at.by).object(name).detail(value);
            write_event(connection, &event, at.now)?;
            Ok(Ok(Arc::new(settings)))
        })
    }

    fn info(&self) -> StoreResult<StoreInfo> {
        self.database.read(|connection| {
            let (id, created_at) = connection
                .query_row("SELECT store_id, created_at FROM store", [], |row| {
                    Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Timestamp>(1)?))
                })
                .read()?;
            Ok(StoreInfo {
                store_id: StoreId(id),
                created_at,
                schema: schema::version(connection)?,
                database: format!("SQLite {}", rusqlite::version()),
            })
        })
    }
}
