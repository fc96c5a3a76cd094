//! Destinations that differ from the built-in ones.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::audit::write_event;
use super::error::ReadError;
use super::writing::Sync;
use crate::audit::{EventKind, NewEvent};
use crate::destination::{self, Destination, Input};
use crate::error::Reason;
use crate::store::{At, DestinationChange, DestinationStore, Outcome, StoreResult};

fn input_name(input: Input) -> &'static str {
    match input {
        Input::None => "none",
        Input::Service => "service",
        Input::Domain => "domain",
        Input::Path => "path",
    }
}

fn input_of(name: &str) -> Option<Input> {
    [Input::None, Input::Service, Input::Domain, Input::Path]
        .into_iter()
        .find(|input| input_name(*input) == name)
}

fn change(row: &Row<'_>) -> rusqlite::Result<DestinationChange> {
    let name: String = row.get(0)?;
    let (path, input): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
    let changed = path.map(|path| Destination {
        name: name.clone(),
        path,
        input: input.as_deref().and_then(input_of).unwrap_or(Input::None),
    });
    Ok((name, changed))
}

/// The destination of that name as it is now: changed by the host, removed, or built in.
pub(super) fn find(connection: &Connection, name: &str) -> StoreResult<Option<Destination>> {
    let changed = connection
        .prepare_cached("SELECT name, path, input FROM destination WHERE name = ?1")
        .read()?
        .query_row([name], change)
        .optional()
        .read()?;
    Ok(match changed {
        Some((_, changed)) => changed,
        None => destination::find_default(name).cloned(),
    })
}

impl DestinationStore for SqliteStore {
    fn changed_destinations(&self) -> StoreResult<Vec<DestinationChange>> {
        self.database.read(|connection| {
            connection
                .prepare_cached("SELECT name, path, input FROM destination ORDER BY name")
                .read()?
                .query_map([], change)
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
                destination.map(|destination| input_name(destination.input)),
            ],
        )
        .read()?;
    Ok(())
}
