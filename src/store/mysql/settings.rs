//! Settings, and making a store with its first ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::named;
use super::{MysqlStore, credentials, schema};
use crate::audit::{EventKind, NewEvent};
use crate::credential::Limits;
use crate::destination::SystemUrl;
use crate::directory::Mode;
use crate::error::StoreError;
use crate::settings::Settings;
use crate::store::{At, Creation, Outcome, SettingsStore, StoreResult};
use crate::upkeep::{StoreId, StoreInfo};

/// Put a store's first content into tables that are there and empty.
pub(super) fn fill(connection: &Connection, creation: &Creation<'_>, at: At<'_>) -> Done<()> {
    let made = connection.run(
        "INSERT INTO gatepass_store (id, store_id, created_at, settings_nonce) VALUES (1, :id, :now, :nonce)",
        named! { id: creation.id.0, now: at.now, nonce: creation.nonce },
    );
    match made {
        Err(Fault::Duplicate) => return Err(Fault::Store(StoreError::Exists)),
        other => other?,
    };
    for setting in creation.settings.list() {
        store_value(connection, setting.name, &setting.value)?;
    }
    let limits = Limits { destinations: Some(vec!["*".to_owned()]), links: true, ..Limits::default() };
    for label in creation.host_credentials {
        credentials::insert_host(connection, label, &limits, at.now)?;
    }
    let event = NewEvent::new(EventKind::StoreInitialised).by(at.by).detail(creation.settings.mode.as_str());
    write_event(connection, &event, at.now)
}

fn store_value(connection: &Connection, name: &str, value: &Value) -> Done<()> {
    connection.run(
        "INSERT INTO gatepass_setting (name, value) VALUES (:name, :value) ON DUPLICATE KEY UPDATE value = :value",
        named! { name: name, value: value.to_string() },
    )?;
    Ok(())
}

/// Read all settings, and the number that marks them, by one statement: somebody may change them just now. A
/// name that this release does not know was written by a newer one, and is left alone.
pub(super) fn load(connection: &Connection) -> Done<(i64, Settings)> {
    let corrupt = || Fault::Store(StoreError::Corrupt("a setting can't be read"));
    let rows = connection.rows(
        "SELECT store.settings_nonce, setting.name, setting.value
         FROM gatepass_store AS store CROSS JOIN gatepass_setting AS setting WHERE store.id = 1",
        named! {},
    )?;
    let mut nonce = None;
    let mut values = BTreeMap::new();
    for row in &rows {
        nonce = Some(row.get(0)?);
        let value: Value = serde_json::from_str(row.text(2)?).map_err(|_| corrupt())?;
        values.insert(row.text(1)?.to_owned(), value);
    }
    let nonce = nonce.ok_or(Fault::Store(StoreError::Missing))?;
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
    Ok((nonce, settings))
}

impl SettingsStore for MysqlStore {
    fn settings(&self) -> StoreResult<Arc<Settings>> {
        self.server.act(|connection| self.server.settings(connection))
    }

    fn set_setting(
        &self,
        name: &str,
        value: Value,
        nonce: i64,
        at: At<'_>,
    ) -> StoreResult<Outcome<Arc<Settings>>> {
        self.server.change(|connection| {
            let mut settings = (*self.server.settings(connection)?).clone();
            if let Err(error) = settings.set(name, value.clone()) {
                return Ok(Err(error));
            }
            let value = match settings.get(name) {
                Ok(setting) => setting.value,
                Err(error) => return Ok(Err(error)),
            };
            store_value(connection, name, &value)?;
            let mark = "UPDATE gatepass_store SET settings_nonce = :nonce WHERE id = 1";
            connection.run(mark, named! { nonce: nonce })?;
            let event = NewEvent::new(EventKind::SettingChanged).by(at.by).object(name).detail(value);
            write_event(connection, &event, at.now)?;
            Ok(Ok(Arc::new(settings)))
        })
    }

    fn info(&self) -> StoreResult<StoreInfo> {
        self.server.act(|connection| {
            let (id, created_at, database) = connection
                .one(
                    "SELECT store_id, created_at, VERSION() FROM gatepass_store WHERE id = 1",
                    named! {},
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )?
                .ok_or(Fault::Store(StoreError::Missing))?;
            Ok(StoreInfo {
                store_id: StoreId(id),
                created_at,
                schema: schema::version(connection)?,
                database,
            })
        })
    }
}
