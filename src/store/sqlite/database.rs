//! The one way to the file: connections, transactions, what is synced, and whether an answer may be given.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags, TransactionState};

use super::error::{ReadError, of_commit, of_first_use, sync_failed};
use super::identity::{Identity, refuse_inherited, with_suffix};
use super::opening::{
    check_sqlite, inside, look_at, refuse_planted, require_wal, require_writable_log, with_rights,
};
use super::transaction::{Transaction, keep_to_deadlines, wait_until};
use super::turns::Turns;
use super::writing::{Sync, Writer};
use super::{schema, settings};
use crate::error::StoreError;
use crate::settings::{Durability, Settings};
use crate::store::StoreResult;
use crate::store::pool::{Lease, Pool};
use crate::sys;
use crate::upkeep::Progress;

/// How many readers may be at work at once in one process.
pub(super) const READERS: usize = 4;

/// How long the log's cut waits for those who read it.
const CUTTING: Duration = Duration::from_millis(50);

/// How many pages the write-ahead log holds before it is written back to the database.
const LOG_PAGES: std::ffi::c_int = 1_000;

/// An open store file.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    deadline: Duration,
    pub(super) writer: Turns<Writer>,
    readers: Pool<Connection>,
    identity: Identity,
    replaced: AtomicBool,
    settings: Mutex<Option<(i64, Arc<Settings>)>>,
    /// Whether the settings ask for a sync of everything; until they are known, yes.
    full: AtomicBool,
    /// How many transactions were synced.
    #[cfg(test)]
    pub(super) syncs: std::sync::atomic::AtomicU64,
    /// Whether the next sync fails.
    #[cfg(test)]
    pub(super) fail_sync: AtomicBool,
}

/// A connection with the settings that every one of ours has.
pub(super) fn connect(path: &Path, flags: OpenFlags, deadline: Duration) -> StoreResult<Connection> {
    let mut connection = Connection::open_with_flags(
        path,
        flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW,
    )
    .read()?;
    keep_to_deadlines(&mut connection)?;
    wait_until(Instant::now() + deadline);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).read()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).read()?;
    // Plans must not depend on bound values: a statement whose plan might is compiled again at every binding.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).read()?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.wal_hook(Some(write_back)).read()?;
    // What is deleted is overwritten: an erased address must not stay in the file.
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;")
        .read()
        .map_err(|error| of_first_use(&connection, error))?;
    // Elsewhere a sync reaches the disk by itself.
    #[cfg(target_os = "macos")]
    connection.execute_batch("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;").read()?;
    Ok(connection)
}

/// After each commit: write a long log back. SQLite would do so by itself, but keep a failed sync to itself
/// too, after which later syncs of the log lie. It makes the commit fail. Anything else that goes wrong is
/// tried again after the next commit.
fn write_back(log: &mut Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    if pages < LOG_PAGES {
        return Ok(());
    }
    match log.checkpoint() {
        Err(error) if sync_failed(&error) => Err(error),
        _ => Ok(()),
    }
}

impl Database {
    /// Open what stands there.
    pub(super) fn open(path: &Path, deadline: Duration) -> StoreResult<Self> {
        let _inside = inside()?;
        check_sqlite()?;
        let path = look_at(path)?;
        with_rights(|| Self::open_once(&path, deadline))
    }

    fn open_once(path: &Path, deadline: Duration) -> StoreResult<Self> {
        let id = sys::file_id(path).map_err(|_| StoreError::Missing)?;
        refuse_inherited(path, id)?;
        refuse_planted(path)?;
        // Closing the last connection writes the log back and deletes it: not our right as long as both may
        // be another's.
        let log_was_there = sys::file_id(&with_suffix(path, "-wal")).is_ok();
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, log_was_there).read()?;
        schema::check_and_upgrade(&connection)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).read()?;
        require_wal(&connection, deadline)?;
        // The first read makes `-wal` and `-shm` if nobody has the store open.
        let read = connection.query_row("SELECT id FROM store", [], |_| Ok(())).read();
        read.map_err(|error| of_first_use(&connection, error))?;
        require_writable_log(&connection, deadline)?;
        let identity = Identity::register(path, id)?;
        // Once more, for what came in between: these are the files that SQLite opened.
        refuse_planted(path)?;
        Ok(Database {
            path: path.to_owned(),
            deadline,
            writer: Turns::new(Writer::new(connection, path)),
            readers: Pool::new(READERS, None),
            identity,
            replaced: AtomicBool::new(false),
            settings: Mutex::new(None),
            full: AtomicBool::new(true),
            #[cfg(test)]
            syncs: std::sync::atomic::AtomicU64::new(0),
            #[cfg(test)]
            fail_sync: AtomicBool::new(false),
        })
    }

    /// Where it stands.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How long anything may wait.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Until when an act that begins now may wait, for everything together.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Whether this process may use the handle, and the file is not known to be another.
    pub(super) fn usable(&self) -> StoreResult<()> {
        self.identity.usable()?;
        if self.replaced.load(Ordering::Acquire) { Err(StoreError::Replaced) } else { Ok(()) }
    }

    /// Is it still the file that was opened? If not, this handle answers nothing any more.
    pub(super) fn unchanged(&self) -> StoreResult<()> {
        self.identity.unchanged().inspect_err(|_| self.replaced.store(true, Ordering::Release))
    }

    /// Run a reading act on one snapshot.
    pub(super) fn read<T>(&self, act: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        self.read_until(self.until(), act)
    }

    /// The same as a part of something longer.
    pub(super) fn read_until<T>(
        &self,
        until: Instant,
        act: impl FnOnce(&Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.usable()?;
        let _inside = inside()?;
        // A "yes" may come from a read alone, such as a session's check.
        self.unchanged()?;
        let lease = self.reader(until)?;
        let connection = lease.get()?;
        let _open = Transaction::reading(connection)?;
        act(connection)
    }

    fn reader(&self, until: Instant) -> StoreResult<Lease<'_, Connection>> {
        let left = || until.saturating_duration_since(Instant::now());
        let lease = self.readers.take(until, || {
            refuse_planted(&self.path)?;
            connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE, left())
        })?;
        wait_until(until);
        Ok(lease)
    }

    /// Run a single reading statement that lets nobody in by itself. Uses the writer's connection while
    /// nobody writes, since its pages are in memory.
    pub(super) fn peek<T>(
        &self,
        until: Instant,
        act: impl FnOnce(&Connection) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.usable()?;
        let _inside = inside()?;
        match self.writer.take_idle() {
            Some(lease) => {
                let connection = &lease.get()?.connection;
                wait_until(until);
                act(connection)
            }
            None => act(self.reader(until)?.get()?),
        }
    }

    /// What an act asks for, or more if the settings do.
    pub(super) fn at_least(&self, sync: Sync) -> Sync {
        if self.full.load(Ordering::Relaxed) { Sync::Synced } else { sync }
    }

    /// Nobody trusts the store after a commit of which nobody knows whether it was one.
    pub(super) fn trust_after(&self, error: &StoreError) {
        if *error == StoreError::Indeterminate {
            self.identity.poison();
        }
    }

    /// Write the whole log back and cut it, so that it holds no copy of what was deleted. Whoever reads
    /// meanwhile keeps it from being cut; the next write-back does it then.
    pub(super) fn empty_log(&self) -> StoreResult<()> {
        let _inside = inside()?;
        let lease = self.writer.take(self.until())?;
        let connection = &lease.get()?.connection;
        wait_until(Instant::now() + CUTTING);
        let cut = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        match cut.read() {
            Err(error) if error.passing() => Ok(()),
            other => other.inspect_err(|error| self.trust_after(error)),
        }
    }

    /// Replace the whole content by another file's, in one synced transaction of SQLite's own.
    pub(super) fn replace_content(&self, from: &Connection, progress: &mut Progress<'_>) -> StoreResult<()> {
        self.usable()?;
        let _inside = inside()?;
        let until = self.until();
        let mut lease = self.writer.take(until)?;
        let writer = lease.get_mut()?;
        wait_until(until);
        writer.sync_in_commit(Sync::Synced)?;
        writer.connection.flush_prepared_statement_cache();
        copy(from, &mut writer.connection, self.deadline, of_commit, progress)
            .inspect_err(|error| self.trust_after(error))?;
        self.unchanged()
    }

    /// The settings in force in this transaction. They are parsed anew only when their nonce has changed.
    pub(super) fn settings(&self, connection: &Connection) -> StoreResult<Arc<Settings>> {
        let nonce: i64 = connection
            .prepare_cached("SELECT settings_nonce FROM store")
            .read()?
            .query_row([], |row| row.get(0))
            .read()?;
        self.settings_of(connection, nonce)
    }

    /// The same by the nonce that was read in this transaction.
    pub(super) fn settings_of(&self, connection: &Connection, nonce: i64) -> StoreResult<Arc<Settings>> {
        let mut cached = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let none_known = cached.is_none();
        let settings = match &*cached {
            Some((known, settings)) if *known == nonce => Arc::clone(settings),
            _ => {
                let settings = Arc::new(settings::load(connection)?);
                *cached = Some((nonce, Arc::clone(&settings)));
                settings
            }
        };
        // Who only reads may look at an older state, from before the syncs were asked for.
        if none_known || connection.transaction_state(Some(c"main")).read()? == TransactionState::Write {
            self.full.store(settings.durability == Durability::Full, Ordering::Relaxed);
        }
        Ok(settings)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.identity.inherited() {
            // Closing here could end the parent's WAL: the child never had the locks that would forbid it.
            self.writer.drain().into_iter().for_each(std::mem::forget);
            self.readers.drain().into_iter().for_each(std::mem::forget);
        } else {
            let _inside = inside();
            drop((self.writer.drain(), self.readers.drain()));
        }
    }
}

/// Copy all pages from one connection to another. The reader's snapshot must be held by the caller if the
/// source may change; `meaning` says what a failure of SQLite means for the target.
pub(super) fn copy(
    from: &Connection,
    to: &mut Connection,
    deadline: Duration,
    meaning: fn(&rusqlite::Error) -> StoreError,
    progress: &mut Progress<'_>,
) -> StoreResult<u64> {
    const PAGES: std::ffi::c_int = 256;
    let backup = Backup::new(from, to).read()?;
    let mut until = Instant::now() + deadline;
    loop {
        let step = backup.step(PAGES).map_err(|error| meaning(&error))?;
        let counts = backup.progress();
        let total = u64::try_from(counts.pagecount).unwrap_or(0);
        progress(total - u64::try_from(counts.remaining).unwrap_or(0).min(total), total);
        match step {
            StepResult::Done => return Ok(total),
            StepResult::More => until = Instant::now() + deadline,
            _ if Instant::now() >= until => return Err(StoreError::Busy),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}
