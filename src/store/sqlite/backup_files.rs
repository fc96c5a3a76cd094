//! Backups of stores that are no file: a file of this kind is made for them, and read.

use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use super::backup::{PRIVATE, sound, source};
use super::copying::Copying;
use super::database::{connect, copy};
use super::error::{not_placed, of_private};
use super::opening::{check_sqlite, inside};
use super::settings::{new_file, place};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::store::content::{BackupFiles, Giver, Range, Row, Taker};
use crate::sys::NewFile;
use crate::upkeep::StoreId;

/// Backups in files of SQLite.
#[derive(Debug)]
pub(in crate::store) struct Backups;

impl BackupFiles for Backups {
    fn create(&self, to: &Path) -> StoreResult<Box<dyn Taker>> {
        let _inside = inside()?;
        check_sqlite()?;
        if std::fs::symlink_metadata(to).is_ok() {
            return Err(StoreError::Exists);
        }
        let made = new_file(to, 0o600)?;
        // Nobody else knows the file, so it matters to nobody whose it is.
        let copying = Copying::empty(&made, StoreId([0; 16]), 0).map_err(not_placed)?;
        Ok(Box::new(NewBackup { copying, made, to: to.to_owned() }))
    }

    fn open(&self, from: &Path) -> StoreResult<Box<dyn Giver>> {
        let _inside = inside()?;
        check_sqlite()?;
        let source = source(from)?;
        // A file without a name, which goes with the connection: the backup itself may be of an older release.
        let mut copied = connect(Path::new(""), OpenFlags::SQLITE_OPEN_READ_WRITE, PRIVATE)?;
        copy(&source, &mut copied, PRIVATE, of_private, &mut |_, _| ())?;
        sound(&copied)?;
        Ok(Box::new(copied))
    }
}

/// A backup that is being written.
struct NewBackup {
    copying: Copying,
    made: NewFile,
    to: PathBuf,
}

impl Taker for NewBackup {
    fn rows(&self, range: &Range<'_>, most: usize) -> StoreResult<Vec<Row>> {
        self.copying.rows(range, most)
    }

    fn put(&self, range: &Range<'_>, rows: &[Row]) -> StoreResult<()> {
        self.copying.put(range, rows).map_err(not_placed)
    }

    fn finish(self: Box<Self>, store: &Row) -> StoreResult<u64> {
        let _inside = inside()?;
        let NewBackup { copying, made, to } = *self;
        let (connection, pages) = copying.complete(store).map_err(not_placed)?;
        super::backup::stand_alone(connection).map_err(not_placed)?;
        place(made, &to)?;
        Ok(pages)
    }
}
