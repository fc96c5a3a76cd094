//! The MySQL backend: one database for many hosts, a single server or a cluster of MariaDB with Galera.
//!
//! Several nodes may take changes at once, and a transaction that lost against another node's is undone after the
//! fact, sometimes without a word. So nothing that lets somebody in is decided by a transaction of several
//! statements: one statement claims, and what it left is read again before the answer (see `redemptions`, and
//! docs/decisions/0016). Management, which lets nobody in, takes turns (see `connection`).

mod address;
mod admins;
mod audit;
mod autoauth;
mod backup;
mod check;
mod connection;
mod content;
mod copying;
mod credentials;
mod destinations;
mod directory;
mod directory_lists;
mod error;
mod facts;
mod link_ends;
mod link_openings;
mod link_tallies;
mod links;
mod purge;
mod redemptions;
mod replay;
mod schema;
mod server;
mod sessions;
mod settings;
mod subject;
mod tokens;
mod values;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub(super) use address::Address;
pub(super) use backup::restore_to_new;
pub(super) use copying::begin_copy;

use self::connection::Connection;
use self::error::Fault;
use self::server::Server;
use crate::error::StoreError;
use crate::store::content::BackupFiles;
use crate::store::{At, Creation, Store, StoreResult};
use crate::upkeep::Migrated;

/// A store in tables of a database server.
#[derive(Debug)]
pub(super) struct MysqlStore {
    server: Server,
    /// Backups are files, of a kind that is none of ours.
    backups: &'static dyn BackupFiles,
}

impl MysqlStore {
    /// Open what is there; no call waits longer than about `deadline`.
    pub(super) fn open(
        address: &Address,
        deadline: Duration,
        backups: &'static dyn BackupFiles,
    ) -> StoreResult<Self> {
        MysqlStore::open_as(address, deadline, backups, true)
    }

    /// The same, but a node of a cluster answers by what it happens to know.
    pub(super) fn open_without_causality(
        address: &Address,
        deadline: Duration,
        backups: &'static dyn BackupFiles,
    ) -> StoreResult<Self> {
        MysqlStore::open_as(address, deadline, backups, false)
    }

    fn open_as(
        address: &Address,
        deadline: Duration,
        backups: &'static dyn BackupFiles,
        waits_for_cluster: bool,
    ) -> StoreResult<Self> {
        let server = Server::open(address.options(deadline), deadline, waits_for_cluster)?;
        server.act(|connection| {
            schema::check(connection)?;
            match server.settings(connection) {
                Err(Fault::Store(StoreError::Missing)) if copying::begun(connection)? => {
                    Err(Fault::Store(copying::UNFINISHED))
                }
                other => other,
            }
        })?;
        Ok(MysqlStore { server, backups })
    }
}

/// Make a store in tables that are there ([`migrate`]) and hold none.
pub(super) fn create(
    address: &Address,
    deadline: Duration,
    creation: &Creation<'_>,
    at: At<'_>,
) -> StoreResult<()> {
    let server = Server::open(address.options(deadline), deadline, true)?;
    server.act(|connection| {
        schema::check(connection)?;
        if copying::begun(connection)? {
            return Err(Fault::Store(StoreError::Exists));
        }
        connection.together(|| settings::fill(connection, creation, at))
    })
}

/// Make the tables, or bring them up to date.
pub(super) fn migrate(address: &Address, deadline: Duration) -> StoreResult<Migrated> {
    let connection = Connection::open(&address.options(deadline), deadline, true)?;
    schema::migrate(&connection, schema::STEPS, schema::VERSION).map_err(Fault::unchanged)
}

/// What lets an account use the tables and nothing else, in SQL.
pub(super) fn grants(address: &Address, user: &str, host: &str) -> Vec<String> {
    let database = address.database().replace('`', "``");
    let grant = |(table, rights): &(&str, &str)| {
        format!("GRANT {rights} ON `{database}`.`{table}` TO '{user}'@'{host}';")
    };
    schema::RIGHTS.iter().map(grant).collect()
}

impl Store for MysqlStore {}
