//! The suite that every backend must pass, over a MariaDB server.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;

use super::server::{DEADLINE, server};
use crate::store::conformance::{Backend, Place, every_noun};
use crate::store::mysql::{self, Address};
use crate::store::{self, At, Creation, Store, StoreResult};
use crate::upkeep::{Migrated, Restored};

/// As whom the suite acts: the account of everyday use, or the owner of the tables, who may restore.
struct Everyday;
struct Owner;

struct Database {
    address: Address,
    /// Tables without a store, once they are asked for.
    new: OnceCell<Address>,
    folder: tempfile::TempDir,
}

fn database(address: Address) -> Box<dyn Place> {
    Box::new(Database { address, new: OnceCell::new(), folder: tempfile::tempdir().unwrap() })
}

/// As everybody else opens it, with what makes backups.
fn place(address: &Address) -> store::Place {
    store::Place::Server(address.clone())
}

fn tables() -> Address {
    let address = server().database();
    assert_eq!(mysql::migrate(&address, DEADLINE), Ok(Migrated { from: 0, to: 1 }));
    address
}

fn make(creation: &Creation<'_>, at: At<'_>) -> Address {
    let address = tables();
    mysql::create(&address, DEADLINE, creation, at).unwrap();
    address
}

impl Backend for Owner {
    fn make(&self, creation: &Creation<'_>, at: At<'_>) -> Box<dyn Place> {
        database(make(creation, at))
    }
}

impl Backend for Everyday {
    fn make(&self, creation: &Creation<'_>, at: At<'_>) -> Box<dyn Place> {
        database(server().everyday(&make(creation, at)))
    }
}

impl Place for Database {
    fn open(&self) -> Arc<dyn Store> {
        place(&self.address).open(DEADLINE).unwrap()
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn restore_to_new(
        &self,
        backup: &Path,
        nonce: i64,
        at: At<'_>,
    ) -> StoreResult<(Restored, Arc<dyn Store>)> {
        let new = place(self.new.get_or_init(tables));
        let restored = new.restore(DEADLINE, backup, nonce, at, &mut |_, _| ())?;
        Ok((restored, new.open(DEADLINE)?))
    }
}

every_noun!(
    Everyday: tokens, links, link_openings, redeem, sessions, credentials, admins, directory, destinations, autoauth,
        audit, settings, purge;
    Owner: link_ends, backup
);
