//! Destinations that differ from the built-in ones.

use std::borrow::Cow;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::audit::write_event;
use super::error::ReadError;
use super::writing::Sync;
use crate::audit::{EventKind, NewEvent};
use crate::destination::{self, Destination, Input};
use crate::error::Reason;
use crate::store::{At, DestinationChange, DestinationStore, Outcome, StoreResult};

/// The columns of [`change`].
pub(super) const COLUMNS: &str = "destination.name, destination.path, destination.input";

fn change(row: &Row<'_>, first: usize) -> rusqlite::Result<DestinationChange> {
    let name: String = row.get(first)?;
    let (path, input): (Option<String>, Option<String>) = (row.get(first + 1)?, row.get(first + 2)?);
    let changed = path.map(|path| Destination {
        name: name.clone(),
        path,
        input: input.as_deref().and_then(Input::parse).unwrap_or(Input::None),
    });
    Ok((name, changed))
}

/// The destination of that name: as the host changed it, if the columns that begin at `first` say so, or as
/// it is built in.
pub(super) fn of_row(
    row: &Row<'_>,
    first: usize,
    name: &str,
) -> rusqlite::Result<Option<Cow<'static, Destination>>> {
    Ok(match row.get_ref(first)? {
        ValueRef::Null => destination::find_default(name).map(Cow::Borrowed),
        _ => change(row, first)?.1.map(Cow::Owned),
    })
}

/// The destination of that name as it is now: changed by the host, removed, or built in.
fn find(connection: &Connection, name: &str) -> StoreResult<Option<Cow<'static, Destination>>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM (SELECT 1) LEFT JOIN destination ON destination.name = ?1"
        ))
        .read()?
        .query_row([name], |row| of_row(row, 0, name))
        .read()
}

impl DestinationStore for SqliteStore {
    fn changed_destinations(&self) -> StoreResult<Vec<DestinationChange>> {
        self.database.read(|connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM destination ORDER BY name"))
                .read()?
                .query_map([], |row| change(row, 0))
                .read()?
                .collect::<rusqlite::Result<_>>()
                .read()
        })
    }

    fn set_destination(&self, destination: &Destination, at: At<'_>) -> StoreResult<Outcome<()>> {
        self.database.write(Sync::Synced, |connection| {
            let settings = self.database.settings(connection)?;
            if let Err(error) = destination.check(&settings.system_url, &settings.deny) {
                return Ok(Err(error));
            }
            store(connection, &destination.name, Some(destination))?;
            let event = NewEvent::new(EventKind::DestinationSet)
                .by(at.by)
                .object(&destination.name)
                .detail(&destination.path);
            write_event(connection, &event, at.now)?;
            Ok(Ok(()))
        })
    }

    fn remove_destination(&self, name: &str, at: At<'_>) -> StoreResult<Outcome<()>> {
        self.database.write(Sync::Synced, |connection| {
            if find(connection, name)?.is_none() {
                return Ok(Err(Reason::DestinationUnknown.into()));
            }
            if destination::find_default(name).is_some() {
                store(connection, name, None)?;
            } else {
                connection.execute("DELETE FROM destination WHERE name = ?1", [name]).read()?;
            }
            let event = NewEvent::new(EventKind::DestinationRemoved).by(at.by).object(name);
            write_event(connection, &event, at.now)?;
            Ok(Ok(()))
        })
    }
}

fn store(connection: &Connection, name: &str, destination: Option<&Destination>) -> StoreResult<()> {
    connection
        .execute(
            "INSERT OR REPLACE INTO destination (name, path, input) VALUES (?1, ?2, ?3)",
            params![
                name,
                destination.map(|destination| &destination.path),
                destination.map(|destination| destination.input.as_str()),
            ],
        )
        .read()?;
    Ok(())
}
