//! Destinations that differ from the built-in ones.

use std::borrow::Cow;

use super::MysqlStore;
use super::audit::write_event;
use super::connection::Connection;
use super::error::Done;
use super::values::{Row, named};
use crate::audit::{EventKind, NewEvent};
use crate::destination::{self, Destination, Input};
use crate::error::Reason;
use crate::store::{At, DestinationChange, DestinationStore, Outcome, StoreResult};

/// The columns of [`change`].
pub(super) const COLUMNS: &str = "destination.name, destination.path, destination.input";

/// How many columns that is.
pub(super) const WIDTH: usize = 3;

fn change(row: &Row, first: usize) -> Done<DestinationChange> {
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
pub(super) fn of_row(row: &Row, first: usize, name: &str) -> Done<Option<Cow<'static, Destination>>> {
    Ok(match row.bytes(first)? {
        None => destination::find_default(name).map(Cow::Borrowed),
        Some(_) => change(row, first)?.1.map(Cow::Owned),
    })
}

/// The destination of that name as it is now: changed by the host, removed, or built in.
fn find(connection: &Connection, name: &str) -> Done<Option<Cow<'static, Destination>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT 1) AS one
         LEFT JOIN gatepass_destination AS destination ON destination.name = :name"
    );
    connection.only(&sql, named! { name: name }, |row| of_row(row, 0, name))
}

impl DestinationStore for MysqlStore {
    fn changed_destinations(&self) -> StoreResult<Vec<DestinationChange>> {
        let sql = format!("SELECT {COLUMNS} FROM gatepass_destination AS destination ORDER BY name");
        self.server.act(|connection| connection.all(&sql, named! {}, |row| change(row, 0)))
    }

    fn set_destination(&self, destination: &Destination, at: At<'_>) -> StoreResult<Outcome<()>> {
        self.server.change(|connection| {
            let settings = self.server.settings(connection)?;
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
        self.server.change(|connection| {
            if find(connection, name)?.is_none() {
                return Ok(Err(Reason::DestinationUnknown.into()));
            }
            if destination::find_default(name).is_some() {
                store(connection, name, None)?;
            } else {
                let delete = "DELETE FROM gatepass_destination WHERE name = :name";
                connection.run(delete, named! { name: name })?;
            }
            let event = NewEvent::new(EventKind::DestinationRemoved).by(at.by).object(name);
            write_event(connection, &event, at.now)?;
            Ok(Ok(()))
        })
    }
}

fn store(connection: &Connection, name: &str, destination: Option<&Destination>) -> Done<()> {
    connection.run(
        "REPLACE INTO gatepass_destination (name, path, input) VALUES (:name, :path, :input)",
        named! {
            name: name,
            path: destination.map(|destination| destination.path.as_str()),
            input: destination.map(|destination| destination.input.as_str()),
        },
    )?;
    Ok(())
}
