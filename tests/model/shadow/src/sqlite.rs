//! A database of numbers: what SQLite promises about transactions, savepoints and syncs, and how it fails.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::clock::{Instant, look_ahead};

/// What the database says no with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    Busy,
    Full,
    Io,
}

pub type Result<T> = std::result::Result<T, Error>;

/// The database, which the connection changes and a check looks at.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

/// What is in the file and on the disk.
#[derive(Debug, Default)]
pub struct State {
    /// What is committed, in this order.
    pub committed: Vec<u32>,
    /// So much of it would survive a power cut.
    pub synced: usize,
    /// Say no to so many statements that begin a transaction.
    pub busy: u32,
    /// Fail the next commit that has something to write; nobody knows whether it is there then.
    pub fail_commit: Option<bool>,
    /// Fail the next sync.
    pub fail_sync: bool,
    /// Until when whoever began the last transaction would wait for other processes, if at all.
    pub waits_until: Option<Instant>,
    /// After a failed sync the next ones say yes and do nothing.
    lies: bool,
    open: Option<Open>,
    changes: u64,
    syncs_in_commit: bool,
}

#[derive(Debug, Default)]
struct Open {
    rows: Vec<u32>,
    savepoint: Option<usize>,
    writes: bool,
    /// A savepoint outside of a transaction is one itself, and committed when it is released.
    by_savepoint: bool,
}

impl Disk {
    /// Look at it, or plan a fault. Nothing in `look` may be a point where other threads go on.
    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().expect("nothing fails under this lock"))
    }
}

/// A connection; several threads may hand it on, but only one uses it.
#[derive(Debug)]
pub struct Connection {
    disk: Disk,
    ask_again: Option<fn(i32) -> bool>,
    // As rusqlite's.
    _not_shared: std::marker::PhantomData<std::cell::Cell<()>>,
}

/// A point where other threads may go on.
fn pause() {
    shuttle::thread::sleep(Duration::ZERO);
}

impl Connection {
    pub fn new(disk: Disk) -> Self {
        Connection { disk, ask_again: None, _not_shared: std::marker::PhantomData }
    }

    fn disk(&self) -> MutexGuard<'_, State> {
        self.disk.0.lock().expect("nothing fails under this lock")
    }

    /// Insert a row. Outside of a transaction it is committed at once, as SQLite does it.
    pub fn insert(&self, row: u32) {
        pause();
        let mut disk = self.disk();
        disk.changes += 1;
        match &mut disk.open {
            Some(open) => {
                open.rows.push(row);
                open.writes = true;
            }
            None => disk.committed.push(row),
        }
    }

    /// End the transaction, as SQLite does by itself when the disk is full.
    pub fn end(&self) {
        self.disk().open = None;
    }

    /// Put everything that is committed on the disk.
    pub fn sync(&self) -> Result<()> {
        let covered = self.disk().committed.len();
        pause();
        let mut disk = self.disk();
        if std::mem::take(&mut disk.fail_sync) {
            disk.lies = true;
            return Err(Error::Io);
        }
        if !disk.lies {
            disk.synced = disk.synced.max(covered);
        }
        Ok(())
    }

    pub fn is_autocommit(&self) -> bool {
        self.disk().open.is_none()
    }

    pub fn total_changes(&self) -> u64 {
        self.disk().changes
    }

    pub fn busy_handler(&mut self, ask_again: Option<fn(i32) -> bool>) -> Result<()> {
        self.ask_again = ask_again;
        Ok(())
    }

    /// When a statement would give up that finds the database taken all the time.
    fn gives_up(&self) -> Option<Instant> {
        let ask_again = self.ask_again.expect("somebody says how long to wait");
        let then = look_ahead(|| assert!((0..1_000).any(|tried| !ask_again(tried)), "waits for ever"));
        (then > Instant::now()).then_some(then)
    }

    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.run(sql)
    }

    pub fn prepare_cached<'a>(&'a self, sql: &'a str) -> Result<Statement<'a>> {
        Ok(Statement { connection: self, sql })
    }

    fn run(&self, sql: &str) -> Result<()> {
        match sql {
            "PRAGMA synchronous = FULL" => self.disk().syncs_in_commit = true,
            "PRAGMA synchronous = NORMAL" => self.disk().syncs_in_commit = false,
            "BEGIN IMMEDIATE" => {
                pause();
                let gives_up = self.gives_up();
                let mut disk = self.disk();
                disk.waits_until = gives_up;
                if let Some(left) = disk.busy.checked_sub(1) {
                    disk.busy = left;
                    return Err(Error::Busy);
                }
                assert!(disk.open.replace(Open::default()).is_none(), "a transaction in a transaction");
            }
            "UPDATE store SET syncs = syncs + 1" => {
                let mut disk = self.disk();
                disk.changes += 1;
                disk.open.as_mut().expect("in a transaction").writes = true;
            }
            "COMMIT" => return self.commit(),
            "ROLLBACK" => self.end(),
            "SAVEPOINT act" => {
                let mut disk = self.disk();
                let by_savepoint = disk.open.is_none();
                let open = disk.open.get_or_insert_default();
                open.by_savepoint |= by_savepoint;
                open.savepoint = Some(open.rows.len());
            }
            "RELEASE act" => {
                let by_savepoint = {
                    let mut disk = self.disk();
                    let open = disk.open.as_mut().ok_or(Error::Io)?;
                    open.savepoint = None;
                    open.by_savepoint
                };
                return if by_savepoint { self.commit() } else { Ok(()) };
            }
            "ROLLBACK TO act" => {
                let mut disk = self.disk();
                let open = disk.open.as_mut().ok_or(Error::Io)?;
                open.rows.truncate(open.savepoint.ok_or(Error::Io)?);
            }
            _ => panic!("the model does not know {sql}"),
        }
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        pause();
        let in_commit = {
            let mut disk = self.disk();
            let open = disk.open.take().ok_or(Error::Io)?;
            assert!(open.savepoint.is_none(), "a commit within a savepoint");
            let fails = if open.writes { disk.fail_commit.take() } else { None };
            if fails != Some(false) {
                disk.committed.extend(open.rows);
            }
            if fails.is_some() {
                return Err(Error::Io);
            }
            open.writes && disk.syncs_in_commit
        };
        if in_commit { self.sync() } else { Ok(()) }
    }
}

/// A statement that is ready.
#[derive(Debug)]
pub struct Statement<'a> {
    connection: &'a Connection,
    sql: &'a str,
}

impl Statement<'_> {
    pub fn execute(&mut self, _parameters: [(); 0]) -> Result<usize> {
        self.connection.run(self.sql).map(|()| 0)
    }
}
