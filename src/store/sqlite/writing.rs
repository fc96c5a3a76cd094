//! Writing: every change of a store goes through here. Threads take turns ([`super::turns`]), then processes
//! ([`super::gate`]), then SQLite's own lock decides; what must be on the disk is synced before it is
//! answered.
//!
//! On Linux a synced act commits without a sync, lets the next writer in, and only then syncs the log: who
//! waits to write does not wait for the disk (docs/decisions/0015).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::database::Database;
use super::error::ReadError;
use super::gate::{Gate, Pass};
use super::opening::inside;
use super::transaction::{Transaction, execute, wait_until};
use super::turns::Waiter;
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::sys::{lend, sync_log};

/// Whether the log is synced by ourselves after the commit, or by SQLite in it.
const SYNC_AFTER_COMMIT: bool = cfg!(target_os = "linux");

/// How long a note waits for others.
const NOTE: Duration = Duration::from_millis(50);

/// Whether a commit must be on the disk when the act returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Yes: for everything whose loss would let somebody in.
    Synced,
    /// No: losing it fails safe.
    Relaxed,
}

/// Whether what an act changed is kept, and if so, whether it must be on the disk when the act is answered.
pub(super) type Kept = Option<Sync>;

/// A connection for writing.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    gate: Gate,
    /// Which `synchronous` the connection is in.
    synchronous: Cell<Option<u8>>,
}

/// A transaction that is open for writing.
struct Open<'a> {
    transaction: Transaction<'a>,
    pass: Option<Pass<'a>>,
    changes: u64,
}

impl Writer {
    /// The writer of the store at `path`.
    pub(super) fn new(connection: Connection, path: &Path) -> Self {
        Writer { connection, gate: Gate::beside(path), synchronous: Cell::new(None) }
    }

    /// Have SQLite sync in its commits, or not.
    pub(super) fn sync_in_commit(&self, sync: Sync) -> StoreResult<()> {
        let (level, sql) = match sync {
            Sync::Synced => (2, "PRAGMA synchronous = FULL"),
            Sync::Relaxed => (1, "PRAGMA synchronous = NORMAL"),
        };
        if self.synchronous.get() != Some(level) {
            self.connection.execute_batch(sql).read()?;
            self.synchronous.set(Some(level));
        }
        Ok(())
    }

    fn begin(&self, sync: Sync, until: Instant) -> StoreResult<Open<'_>> {
        let pass = self.gate.enter(until);
        wait_until(until);
        self.sync_in_commit(if SYNC_AFTER_COMMIT { Sync::Relaxed } else { sync })?;
        let transaction = Transaction::writing(&self.connection)?;
        Ok(Open { transaction, pass, changes: self.connection.total_changes() })
    }

    /// When this returns, what was changed is there for all to see, and the next one may write.
    fn commit(&self, open: Open<'_>, sync: Sync) -> StoreResult<()> {
        if !SYNC_AFTER_COMMIT && sync == Sync::Synced && self.connection.total_changes() == open.changes {
            // A commit that changes nothing would not sync what others have not synced yet.
            execute(&self.connection, "UPDATE store SET syncs = syncs + 1")?;
        }
        let Open { transaction, pass, .. } = open;
        transaction.commit()?;
        drop(pass);
        Ok(())
    }

    /// When this returns, everything that was committed by anybody is on the disk.
    fn sync(&self) -> StoreResult<()> {
        if SYNC_AFTER_COMMIT {
            sync_log(&self.connection).map_err(|_| StoreError::Indeterminate)
        } else {
            Ok(())
        }
    }
}

impl Database {
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
        self.write_until(self.until(), sync, |_| sync, act)
    }

    /// Run a writing act whose outcome says whether it must be synced: a refusal must not, so that nobody can
    /// make it cost a sync each time. Where the commit itself syncs, it does.
    pub(super) fn write_judged<T: Send>(
        &self,
        until: Instant,
        mut must_sync: impl FnMut(&T) -> bool + Send,
        act: impl FnMut(&Connection) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        let sync = move |outcome: &T| if must_sync(outcome) { Sync::Synced } else { Sync::Relaxed };
        self.write_until(until, Sync::Synced, sync, act)
    }

    /// Write something that no answer depends on, such as a last use. It waits hardly at all, and a store
    /// that is busy, full or failing is no reason to change the answer.
    pub(super) fn note(&self, act: impl FnMut(&Connection) -> StoreResult<()> + Send) -> StoreResult<()> {
        match self.write_until(Instant::now() + NOTE, Sync::Relaxed, |()| Sync::Relaxed, act) {
            Err(error) if error.passing() => Ok(()),
            other => other,
        }
    }

    /// `most` is what the act may need, `needs` what its outcome does.
    fn write_until<T: Send>(
        &self,
        until: Instant,
        most: Sync,
        mut needs: impl FnMut(&T) -> Sync + Send,
        mut act: impl FnMut(&Connection) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        self.usable()?;
        let _inside = inside()?;
        let mut answer = None;
        let mut work = |connection: &Connection| {
            // Whoever leads goes on with the others' acts.
            let said = catch_unwind(AssertUnwindSafe(|| act(connection)));
            if let Ok(Err(error)) = &said {
                self.trust_after(error);
            }
            let kept = said.as_ref().ok().and_then(|done| done.as_ref().ok()).map(&mut needs);
            answer = Some(said);
            kept
        };
        let settled = match self.writer.take_idle() {
            Some(lease) => self.alone(lease.get()?, most, until, &mut work),
            None => lend(&mut work, |lent| {
                self.writer.join(lent, most, until, |writer, batch| self.together(writer, batch))
            }),
        };
        match answer {
            Some(Ok(Ok(done))) => settled.map(|()| done),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(panic)) => resume_unwind(panic),
            None => settled.and(Err(StoreError::Busy)),
        }
    }

    /// One act in a transaction of its own.
    fn alone(
        &self,
        writer: &Writer,
        most: Sync,
        until: Instant,
        act: &mut dyn FnMut(&Connection) -> Kept,
    ) -> StoreResult<()> {
        let open = self.begin(writer, most, until)?;
        match act(&writer.connection) {
            Some(sync) => self.commit(writer, open, &[(sync, None)]),
            None => Ok(()),
        }
    }

    /// Several acts; what became of each. All in one transaction, or if that can't be, each in its own.
    fn together(&self, writer: &Writer, batch: &[Arc<Waiter>]) -> Vec<StoreResult<()>> {
        if batch.len() > 1
            && let Some(settled) = self.in_one(writer, batch)
        {
            return match settled {
                Ok(()) => batch.iter().map(|_| Ok(())).collect(),
                Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
            };
        }
        let alone = |waiter: &Arc<Waiter>| {
            let done =
                self.alone(writer, waiter.sync(), waiter.until(), &mut |connection| waiter.run(connection));
            // Nobody waits for those after it.
            waiter.settle(done.clone());
            done
        };
        batch.iter().map(alone).collect()
    }

    /// Do all acts in one transaction, each in a savepoint, so that one which fails takes nothing with it.
    /// `None`, with everything undone, if that transaction did not last until the commit: SQLite ends it by
    /// itself when the disk is full or fails, and what follows would stand outside of it.
    fn in_one(&self, writer: &Writer, batch: &[Arc<Waiter>]) -> Option<StoreResult<()>> {
        let connection = &writer.connection;
        let must_sync = batch.iter().any(|waiter| waiter.sync() == Sync::Synced);
        let most = if must_sync { Sync::Synced } else { Sync::Relaxed };
        let until = batch.iter().map(|waiter| waiter.until()).min()?;
        let open = self.begin(writer, most, until).ok()?;
        let mut done = Vec::with_capacity(batch.len());
        for waiter in batch {
            execute(connection, "SAVEPOINT act").ok()?;
            let kept = waiter.run(connection);
            if connection.is_autocommit() || self.usable().is_err() {
                return None;
            }
            if kept.is_none() {
                execute(connection, "ROLLBACK TO act").ok()?;
            }
            execute(connection, "RELEASE act").ok()?;
            done.push((kept.unwrap_or(Sync::Relaxed), Some(&**waiter)));
        }
        Some(self.commit(writer, open, &done))
    }

    /// Begin to write, unless the store was found out not to be trusted while we waited for our turn.
    fn begin<'a>(&self, writer: &'a Writer, most: Sync, until: Instant) -> StoreResult<Open<'a>> {
        self.usable()?;
        writer.begin(self.at_least(most), until).inspect_err(|error| self.trust_after(error))
    }

    /// Commit what was `done`, and sync if any of it must be. Whose act need not is told before.
    fn commit(&self, writer: &Writer, open: Open<'_>, done: &[(Sync, Option<&Waiter>)]) -> StoreResult<()> {
        // Asked only now: an act may have been the first to see that the setting has changed.
        let needs = |sync: &Sync| self.at_least(*sync) == Sync::Synced;
        let sync = if done.iter().any(|(sync, _)| needs(sync)) { Sync::Synced } else { Sync::Relaxed };
        writer.commit(open, sync).inspect_err(|error| self.trust_after(error))?;
        if sync == Sync::Relaxed {
            return Ok(());
        }
        for (_, waiter) in done.iter().filter(|(sync, _)| !needs(sync)) {
            waiter.inspect(|waiter| waiter.settle(Ok(())));
        }
        #[cfg(test)]
        self.count_sync().inspect_err(|error| self.trust_after(error))?;
        writer.sync().inspect_err(|error| self.trust_after(error))?;
        // A sync after another handle's failed one tells nothing.
        self.usable()?;
        self.unchanged()
    }

    /// Keep everybody else from writing.
    #[cfg(test)]
    pub(super) fn hold(&self) -> super::turns::Lease<'_, Writer> {
        self.writer.take_idle().unwrap()
    }

    /// Count a sync, and have it fail if a test wants that.
    #[cfg(test)]
    fn count_sync(&self) -> StoreResult<()> {
        use std::sync::atomic::Ordering::Relaxed;
        self.syncs.fetch_add(1, Relaxed);
        if self.fail_sync.swap(false, Relaxed) { Err(StoreError::Indeterminate) } else { Ok(()) }
    }

    /// How many wait to write.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.writer.waiting()
    }
}

/// A refusal is one whether or not it can be written down: if the act could not be done for now, `look` says
/// whether it would have been refused.
pub(super) fn or_refused<T, R>(
    done: StoreResult<Result<T, R>>,
    look: impl FnOnce() -> StoreResult<Option<R>>,
) -> StoreResult<Result<T, R>> {
    match done {
        Err(error) if error.passing() => look().ok().flatten().map_or(Err(error), |refused| Ok(Err(refused))),
        done => done,
    }
}
