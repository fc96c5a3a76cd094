//! The one way to the file: connections, transactions, what is synced, and whether an answer may be given.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

use super::error::{ReadError, of_commit, sync_failed};
use super::identity::{Identity, refuse_inherited, with_suffix};
use super::opening::{check_sqlite, inside, look_at, require_wal, require_writable_log, with_rights};
use super::pool::Pool;
use super::turns::{Turns, Waiter};
use super::{schema, settings};
use crate::error::StoreError;
use crate::settings::Settings;
use crate::store::StoreResult;
use crate::sys::{self, lend};
use crate::upkeep::Progress;

/// How many readers may be at work at once in one process.
const READERS: usize = 4;

/// Whether a commit must be on the disk when the act returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Yes: for everything whose loss would let somebody in.
    Synced,
    /// No: losing it fails safe.
    Relaxed,
}

/// How long a note waits for others.
const NOTE: Duration = Duration::from_millis(50);

/// How many pages the write-ahead log holds before it is written back to the database.
const LOG_PAGES: std::ffi::c_int = 1_000;

/// A connection for writing, and which `synchronous` it is in.
#[derive(Debug)]
pub(super) struct Writer {
    connection: Connection,
    synchronous: AtomicU8,
}

impl Writer {
    fn prepare(&self, sync: Sync) -> StoreResult<()> {
        let (level, sql) = match sync {
            Sync::Synced => (2, "PRAGMA synchronous = FULL"),
            Sync::Relaxed => (1, "PRAGMA synchronous = NORMAL"),
        };
        if self.synchronous.load(Ordering::Relaxed) != level {
            self.connection.execute_batch(sql).read()?;
            self.synchronous.store(level, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// An open store file.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    deadline: Duration,
    writer: Turns<Writer>,
    readers: Pool<Connection>,
    identity: Identity,
    replaced: AtomicBool,
    settings: Mutex<Option<(i64, Arc<Settings>)>>,
}

/// A connection with the settings that every one of ours has.
pub(super) fn connect(path: &Path, flags: OpenFlags, deadline: Duration) -> StoreResult<Connection> {
    let mut connection = Connection::open_with_flags(
        path,
        flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW,
    )
    .read()?;
    connection.busy_timeout(deadline).read()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).read()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).read()?;
    // Plans must not depend on bound values: a statement whose plan might is compiled again at every binding.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).read()?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.wal_hook(Some(write_back)).read()?;
    // What is deleted is overwritten: an erased address must not stay in the file.
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;")
        .read()?;
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
        refuse_inherited(id)?;
        // Closing the last connection writes the log back and deletes it: not our right as long as both may
        // be another's.
        let log_was_there = sys::file_id(&with_suffix(path, "-wal")).is_ok();
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, log_was_there).read()?;
        schema::check_and_upgrade(&connection)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).read()?;
        require_wal(&connection, deadline)?;
        // The first read makes `-wal` and `-shm` if nobody has the store open.
        connection.query_row("SELECT id FROM store", [], |_| Ok(())).read()?;
        require_writable_log(&connection, deadline)?;
        let identity = Identity::register(path, id)?;
        let writer = Writer { connection, synchronous: AtomicU8::new(2) };
        Ok(Database {
            path: path.to_owned(),
            deadline,
            writer: Turns::new(writer),
            readers: Pool::new(READERS, None),
            identity,
            replaced: AtomicBool::new(false),
            settings: Mutex::new(None),
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
        self.usable()?;
        let _inside = inside()?;
        // A "yes" may come from a read alone, such as a session's check.
        self.unchanged()?;
        let until = Instant::now() + self.deadline;
        let lease = self
            .readers
            .take(until, || connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE, self.deadline))?;
        let connection = lease.get()?;
        wait_until(connection, until)?;
        let _open = Rollback::begin(connection, "BEGIN DEFERRED")?;
        act(connection)
    }

    /// Run a single reading statement. Uses the writer's connection while nobody writes, since its pages are
    /// in memory.
    pub(super) fn peek<T>(&self, act: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        self.usable()?;
        match self.writer.take_idle() {
            Some(lease) => {
                let _inside = inside()?;
                let connection = &lease.get()?.connection;
                wait_until(connection, Instant::now() + self.deadline)?;
                act(connection)
            }
            None => self.read(act),
        }
    }

    /// Run a writing act: every change of a store goes through here.
    ///
    /// The act sees its facts and makes its changes under SQLite's write lock. An `Err` of the act undoes
    /// everything. A synced act syncs even if it changed nothing, so that no answer rests on what another
    /// caller has not synced yet, and is answered only if the file is still the one that was opened.
    pub(super) fn write<T: Send>(
        &self,
        sync: Sync,
        act: impl FnMut(&Connection) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        self.write_until(Instant::now() + self.deadline, sync, act)
    }

    /// Run a writing act of which only some outcomes must be synced. Without a sync such a one is undone, and is
    /// `None`.
    pub(super) fn write_unless<T: Send>(
        &self,
        sync: Sync,
        mut must_sync: impl FnMut(&T) -> bool + Send,
        mut act: impl FnMut(&Connection) -> StoreResult<T> + Send,
    ) -> StoreResult<Option<T>> {
        let mut unsynced = false;
        let done = self.write(sync, |connection| {
            let outcome = act(connection)?;
            unsynced = sync == Sync::Relaxed && must_sync(&outcome);
            if unsynced { Err(StoreError::Busy) } else { Ok(outcome) }
        });
        if unsynced { Ok(None) } else { done.map(Some) }
    }

    /// Write something that no answer depends on, such as a last use. It waits hardly at all, and a store
    /// that is busy, full or failing is no reason to change the answer.
    pub(super) fn note(&self, act: impl FnMut(&Connection) -> StoreResult<()> + Send) -> StoreResult<()> {
        match self.write_until(Instant::now() + NOTE, Sync::Relaxed, act) {
            Err(error) if error.passing() => Ok(()),
            other => other,
        }
    }

    fn write_until<T: Send>(
        &self,
        until: Instant,
        sync: Sync,
        mut act: impl FnMut(&Connection) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        self.usable()?;
        let _inside = inside()?;
        let mut answer = None;
        let mut work = |connection: &Connection| {
            // Whoever leads goes on with the others' acts.
            let said = catch_unwind(AssertUnwindSafe(|| act(connection)));
            let keep = matches!(said, Ok(Ok(_)));
            answer = Some(said);
            keep
        };
        let settled = match self.writer.take_idle() {
            Some(lease) => self.alone(lease.get()?, sync, until, &mut work),
            None => lend(&mut work, |lent| {
                self.writer.join(lent, sync, until, |writer, batch| self.together(writer, batch))
            }),
        };
        match answer {
            Some(Ok(Ok(done))) => settled.map(|()| done),
            Some(Ok(Err(error))) => Err(error).inspect_err(|error| self.trust_after(error)),
            Some(Err(panic)) => resume_unwind(panic),
            None => settled.and(Err(StoreError::Busy)),
        }
    }

    /// One act in a transaction of its own.
    fn alone(
        &self,
        writer: &Writer,
        sync: Sync,
        until: Instant,
        act: &mut dyn FnMut(&Connection) -> bool,
    ) -> StoreResult<()> {
        let connection = &writer.connection;
        wait_until(connection, until)?;
        writer.prepare(sync)?;
        let open = Rollback::begin(connection, "BEGIN IMMEDIATE")?;
        let before = connection.total_changes();
        if !act(connection) {
            return Ok(());
        }
        self.commit(connection, open, sync, before)
    }

    fn commit(
        &self,
        connection: &Connection,
        open: Rollback<'_>,
        sync: Sync,
        before: u64,
    ) -> StoreResult<()> {
        if sync == Sync::Synced && connection.total_changes() == before {
            connection.prepare_cached("UPDATE store SET syncs = syncs + 1").read()?.execute([]).read()?;
        }
        open.commit().inspect_err(|error| self.trust_after(error))?;
        if sync == Sync::Synced { self.unchanged() } else { Ok(()) }
    }

    /// Several acts; what became of each. All in one transaction, or if that can't be, each in its own.
    fn together(&self, writer: &Writer, batch: &[Arc<Waiter>]) -> Vec<StoreResult<()>> {
        if batch.len() > 1
            && let Some(settled) = self.in_one(writer, batch)
        {
            return vec![settled; batch.len()];
        }
        let alone = |waiter: &Arc<Waiter>| {
            self.alone(writer, waiter.sync(), waiter.until(), &mut |connection| waiter.run(connection))
        };
        batch.iter().map(alone).collect()
    }

    /// Do all acts in one transaction, each in a savepoint, so that one which fails takes nothing with it. `None`,
    /// with everything undone, if that transaction did not last until the commit: SQLite ends it by itself when
    /// the disk is full or fails, and the next savepoint would begin another one unnoticed.
    fn in_one(&self, writer: &Writer, batch: &[Arc<Waiter>]) -> Option<StoreResult<()>> {
        let connection = &writer.connection;
        let sync = if batch.iter().any(|waiter| waiter.sync() == Sync::Synced) {
            Sync::Synced
        } else {
            Sync::Relaxed
        };
        let until = batch.iter().map(|waiter| waiter.until()).min()?;
        wait_until(connection, until).and_then(|()| writer.prepare(sync)).ok()?;
        let open = Rollback::begin(connection, "BEGIN IMMEDIATE").ok()?;
        let before = connection.total_changes();
        for waiter in batch {
            execute(connection, "SAVEPOINT act").ok()?;
            let keep = waiter.run(connection);
            if connection.is_autocommit() {
                return None;
            }
            if !keep {
                execute(connection, "ROLLBACK TO act").ok()?;
            }
            execute(connection, "RELEASE act").ok()?;
        }
        Some(self.commit(connection, open, sync, before))
    }

    /// Keep everybody else from writing.
    #[cfg(test)]
    pub(super) fn hold(&self) -> super::turns::Lease<'_, Writer> {
        self.writer.take_idle().unwrap()
    }

    /// How many wait to write.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    /// Nobody trusts the store after a commit of which nobody knows whether it was one.
    fn trust_after(&self, error: &StoreError) {
        if *error == StoreError::Indeterminate {
            self.identity.poison();
        }
    }

    /// Write the whole log back and cut it, so that it holds no copy of what was deleted. Whoever reads
    /// meanwhile keeps it from being cut; the next write-back does it then.
    pub(super) fn empty_log(&self) -> StoreResult<()> {
        let _inside = inside()?;
        let lease = self.writer.take(Instant::now() + self.deadline)?;
        let connection = &lease.get()?.connection;
        wait_until(connection, Instant::now() + NOTE)?;
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
        let until = Instant::now() + self.deadline;
        let mut lease = self.writer.take(until)?;
        let writer = lease.get_mut()?;
        wait_until(&writer.connection, until)?;
        writer.prepare(Sync::Synced)?;
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
        if let Some((known, settings)) = &*cached
            && *known == nonce
        {
            return Ok(Arc::clone(settings));
        }
        let settings = Arc::new(settings::load(connection)?);
        *cached = Some((nonce, Arc::clone(&settings)));
        Ok(settings)
    }
}

/// Do an act that a look at its facts may have found to be refused: a refusal needs no sync, so that it can't
/// be made to cost one each time. `act` is `None`, with everything undone, if it needs a sync and has none.
pub(super) fn settle<T, R>(
    refused: Option<R>,
    act: impl Fn(Sync) -> StoreResult<Option<Result<T, R>>>,
) -> StoreResult<Result<T, R>> {
    let Some(refused) = refused else {
        return act(Sync::Synced)?.ok_or(StoreError::Busy);
    };
    match act(Sync::Relaxed) {
        // Something was changed since it was looked at; that attempt was undone.
        Ok(None) => act(Sync::Synced)?.ok_or(StoreError::Busy),
        Ok(Some(outcome)) => Ok(outcome),
        // It is known that it is refused, whether or not that can be written down.
        Err(error) if error.passing() => Ok(Err(refused)),
        Err(error) => Err(error),
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

fn execute(connection: &Connection, sql: &str) -> StoreResult<()> {
    connection.prepare_cached(sql).read()?.execute([]).read()?;
    Ok(())
}

/// What is left of the deadline after waiting for a thread is the time to wait for other processes.
fn wait_until(connection: &Connection, until: Instant) -> StoreResult<()> {
    connection.busy_timeout(until.saturating_duration_since(Instant::now())).read()
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

/// An open transaction that is undone unless committed, also when the act panics.
struct Rollback<'a>(Option<&'a Connection>);

impl<'a> Rollback<'a> {
    fn begin(connection: &'a Connection, sql: &str) -> StoreResult<Self> {
        execute(connection, sql)?;
        Ok(Rollback(Some(connection)))
    }

    fn commit(mut self) -> StoreResult<()> {
        let Some(connection) = self.0.take() else {
            return Ok(());
        };
        let committed = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        committed.map(drop).map_err(|error| {
            let meaning = of_commit(&error);
            undo(connection);
            meaning
        })
    }
}

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.0 {
            undo(connection);
        }
    }
}

fn undo(connection: &Connection) {
    if !connection.is_autocommit() {
        // If even this fails, SQLite has undone the transaction itself, or the next BEGIN says what is wrong.
        let _ = connection.prepare_cached("ROLLBACK").and_then(|mut rollback| rollback.execute([]));
    }
}
