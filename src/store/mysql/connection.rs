//! One connection to the server, and the statements on it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use mysql::prelude::Queryable;
use mysql::{Conn, Opts, OptsBuilder, Params, Value};

use super::error::{Done, Fault, LOST};
use super::values::{Named, Row, named};
use crate::error::StoreError;
use crate::store::StoreResult;

/// A connection that was left alone for longer is asked whether it still stands before it is used.
const QUIET: Duration = Duration::from_millis(500);

/// How long a statement may take that concerns many rows.
const LONG: Duration = Duration::from_secs(24 * 3_600);

/// So often a statement that stands alone is said again, if its time is not over before.
const AGAIN: u32 = 20;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    open: RefCell<Conn>,
    used: Cell<Instant>,
    lost: Cell<bool>,
    /// How long a statement may wait for others.
    patience: Duration,
    /// Whether a transaction of several statements is open.
    within: Cell<bool>,
    /// Whether something was changed since the act began.
    changed: Cell<bool>,
    /// Whether the server is a node of a cluster.
    pub(super) clustered: bool,
}

impl Connection {
    /// Connect, and set the session up: everything that an answer may depend on is asked for, whatever the
    /// server's defaults are.
    pub(super) fn open(options: &Opts, deadline: Duration, waits_for_cluster: bool) -> StoreResult<Self> {
        let open = Conn::new(options.clone()).map_err(|error| match Fault::from(error) {
            Fault::Store(error) => error,
            _ => LOST,
        })?;
        let mut connection = Connection {
            open: RefCell::new(open),
            used: Cell::new(Instant::now()),
            lost: Cell::new(false),
            patience: deadline,
            within: Cell::new(false),
            changed: Cell::new(false),
            clustered: false,
        };
        connection.set_up(deadline, waits_for_cluster).map_err(Fault::unchanged)?;
        Ok(connection)
    }

    /// A connection for something long: no statement is cut off, however many rows it concerns.
    pub(super) fn patient(options: &Opts, deadline: Duration) -> StoreResult<Self> {
        let options = OptsBuilder::from_opts(options.clone()).read_timeout(Some(LONG)).into();
        let connection = Self::open(&options, deadline, true)?;
        let unhurried = || -> Done<()> {
            let known = connection.rows(
                "SHOW SESSION VARIABLES WHERE Variable_name IN ('max_statement_time', 'innodb_snapshot_isolation')",
                named! {},
            )?;
            for variable in &known {
                connection.say(&format!("SET SESSION {} = 0", variable.text(0)?))?;
            }
            Ok(())
        };
        unhurried().map_err(Fault::unchanged)?;
        Ok(connection)
    }

    /// Read one moment of the store from here on.
    pub(super) fn pin(&self) -> Done<()> {
        self.say("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
        self.say("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    }

    fn set_up(&mut self, deadline: Duration, waits_for_cluster: bool) -> Done<()> {
        let seconds = deadline.as_secs().max(1);
        let mut open = self.open.borrow_mut();
        open.query_drop(format!(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
                 time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = {seconds},
                 lock_wait_timeout = {seconds}, NAMES utf8mb4"
        ))?;
        open.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")?;
        let known: Vec<(String, String)> = open.query(
            "SHOW SESSION VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_sync_wait', 'max_statement_time',
                 'innodb_snapshot_isolation')",
        )?;
        for (name, value) in known {
            match name.as_str() {
                // Seconds; in MySQL the variable is another one, and it holds for SELECT alone.
                "max_statement_time" => {
                    open.query_drop(format!("SET SESSION max_statement_time = {seconds}"))?
                }
                "wsrep_on" => self.clustered = value == "ON",
                // A node answers, and changes, only what all others had written before it was asked: 1 for what
                // reads, 2 for what changes.
                "wsrep_sync_wait" if waits_for_cluster => {
                    open.query_drop("SET SESSION wsrep_sync_wait = 3")?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it can be used again. A panic in the middle of a transaction leaves that open.
    pub(super) fn stands(&self) -> bool {
        !self.lost.get() && !self.within.get()
    }

    /// An act begins: nothing was changed by it.
    pub(super) fn begin(&self) {
        self.changed.set(false);
    }

    /// Whether something was changed since.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.get()
    }

    /// Whether it can be used now; asks the server if it was left alone for some time.
    pub(super) fn answers(&self) -> bool {
        self.stands() && (self.used.get().elapsed() < QUIET || self.open.borrow_mut().ping().is_ok())
    }

    fn noted<T>(&self, result: mysql::Result<T>) -> Done<T> {
        self.used.set(Instant::now());
        result.map_err(|error| {
            let fault = Fault::from(error);
            if matches!(fault, Fault::Lost | Fault::Store(StoreError::Indeterminate)) {
                self.lost.set(true);
            }
            fault
        })
    }

    /// The rows of an answer, as they came.
    pub(super) fn rows(&self, sql: &str, values: Named) -> Done<Vec<Row>> {
        let rows: Vec<mysql::Row> = self.noted(self.open.borrow_mut().exec(sql, params(values)))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// The same with values by their places.
    pub(super) fn listed(&self, sql: &str, values: Vec<Value>) -> Done<Vec<Row>> {
        let values = if values.is_empty() { Params::Empty } else { Params::Positional(values) };
        let rows: Vec<mysql::Row> = self.noted(self.open.borrow_mut().exec(sql, values))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    /// Change something as a part of a transaction, with values by their places.
    pub(super) fn change(&self, sql: &str, values: Vec<Value>) -> Done<()> {
        self.listed(sql, values).map(drop)
    }

    /// The rows of an answer.
    pub(super) fn all<T>(&self, sql: &str, values: Named, read: impl Fn(&Row) -> Done<T>) -> Done<Vec<T>> {
        self.rows(sql, values)?.iter().map(read).collect()
    }

    /// So many rows, newest first, out of pages: those that a rule wants which the statement doesn't know.
    /// `values` takes the key before which a page begins.
    #[expect(clippy::too_many_arguments, reason = "a list is told by all of them")]
    pub(super) fn pages<T>(
        &self,
        sql: &str,
        most: usize,
        first: Option<Vec<u8>>,
        values: impl Fn(Option<Vec<u8>>) -> Named,
        read: impl Fn(&Row) -> Done<T>,
        key: impl Fn(&T) -> Vec<u8>,
        wanted: impl Fn(&T) -> bool,
    ) -> Done<Vec<T>> {
        let mut found = Vec::new();
        let mut before = first;
        loop {
            let page = self.all(sql, values(before), &read)?;
            let whole = page.len() == most;
            before = page.last().map(&key);
            found.extend(page.into_iter().filter(&wanted));
            if found.len() >= most || !whole {
                found.truncate(most);
                return Ok(found);
            }
        }
    }

    /// The first row of an answer.
    pub(super) fn one<T>(&self, sql: &str, values: Named, read: impl Fn(&Row) -> Done<T>) -> Done<Option<T>> {
        let row: Option<mysql::Row> = self.noted(self.open.borrow_mut().exec_first(sql, params(values)))?;
        row.map(|row| read(&Row(row))).transpose()
    }

    /// The only row of an answer that has one.
    pub(super) fn only<T>(&self, sql: &str, values: Named, read: impl Fn(&Row) -> Done<T>) -> Done<T> {
        self.one(sql, values, read)?.ok_or(Fault::Store(StoreError::Corrupt("a row is missing")))
    }

    /// Whether there is a row.
    pub(super) fn exists(&self, sql: &str, values: Named) -> Done<bool> {
        Ok(self.one(sql, values, |_| Ok(()))?.is_some())
    }

    /// Change something; how many rows the condition found.
    ///
    /// Outside of [`Connection::together`] the statement is a transaction of its own, and is said again if
    /// others were in its way: its condition is asked anew each time. If no answer comes, nobody knows whether
    /// it was done.
    pub(super) fn run(&self, sql: &str, values: Named) -> Done<u64> {
        if self.within.get() {
            return self.run_once(sql, values);
        }
        let until = Instant::now() + self.patience;
        let mut attempt = 1;
        loop {
            match self.run_once(sql, values.clone()) {
                Err(Fault::Conflict) if attempt < AGAIN && Instant::now() < until => {
                    std::thread::sleep(Duration::from_micros(100) * attempt);
                    attempt += 1;
                }
                Ok(found) => {
                    self.changed.set(self.changed.get() || found > 0);
                    return Ok(found);
                }
                other => return other.map_err(Fault::sent),
            }
        }
    }

    fn run_once(&self, sql: &str, values: Named) -> Done<u64> {
        let mut open = self.open.borrow_mut();
        let done = open.exec_drop(sql, params(values));
        let found = open.affected_rows();
        drop(open);
        self.noted(done)?;
        Ok(found)
    }

    /// A statement that takes no values and can't be prepared.
    pub(super) fn say(&self, sql: &str) -> Done<()> {
        self.noted(self.open.borrow_mut().query_drop(sql))
    }

    /// Run several statements as one transaction. Who may write at the same time is not its business: it must
    /// not decide by what it reads. What the answer depends on goes last: a cluster may undo what stands before it,
    /// for the sake of another node's transaction, and say nothing of that.
    pub(super) fn together<T>(&self, act: impl FnOnce() -> Done<T>) -> Done<T> {
        // And not by START TRANSACTION: what follows such a loss would stand by itself, beyond any rollback.
        self.say("SET autocommit = 0")?;
        self.within.set(true);
        let done = act();
        self.within.set(false);
        let done = done.and_then(|done| {
            self.say("COMMIT").map_err(Fault::sent)?;
            self.changed.set(true);
            Ok(done)
        });
        let undone = done.is_ok() || self.say("ROLLBACK").is_ok();
        if self.stands() && !(undone && self.say("SET autocommit = 1").is_ok()) {
            self.lost.set(true);
        }
        done
    }

    /// [`Connection::together`], begun again if others were in its way: for what goes on from something that is
    /// done already, such as a count, and must not begin before it.
    pub(super) fn together_again<T>(&self, act: impl Fn() -> Done<T>) -> Done<T> {
        for attempt in 1..AGAIN {
            match self.together(&act) {
                Err(Fault::Conflict) => std::thread::sleep(Duration::from_micros(100) * attempt),
                other => return other,
            }
        }
        self.together(act).map_err(|fault| match fault {
            Fault::Conflict => Fault::Store(StoreError::Busy),
            other => other,
        })
    }

    /// Run several statements as a transaction beside which nobody else changes anything in this way. Every
    /// one of them writes its name first, so they take turns, on a cluster too. If the name is another one at the
    /// end, the server has undone the beginning and said nothing of it; if it isn't kept afterwards, the server has
    /// undone everything and called that a commit (docs/decisions/0016).
    pub(super) fn exclusively<T>(&self, act: impl FnOnce() -> Done<T>) -> Done<T> {
        let writer = || {
            self.only("SELECT writer FROM gatepass_store WHERE id = 1", named! {}, |row| {
                row.get::<Vec<u8>>(0)
            })
        };
        let (name, done) = self.together(|| {
            if self.run("UPDATE gatepass_store SET writer = UUID() WHERE id = 1", named! {})? != 1 {
                return Err(Fault::Store(StoreError::Missing));
            }
            let name = writer()?;
            self.run("DELETE FROM gatepass_change WHERE at < UNIX_TIMESTAMP() - 3600", named! {})?;
            self.run(
                "INSERT INTO gatepass_change (name, at) VALUES (:name, UNIX_TIMESTAMP())",
                named! { name: name.as_slice() },
            )?;
            let done = act()?;
            if writer()? != name {
                return Err(Fault::Conflict);
            }
            Ok((name, done))
        })?;
        let kept = self.exists("SELECT 1 FROM gatepass_change WHERE name = :name", named! { name: name });
        match kept {
            Ok(true) => Ok(done),
            Ok(false) => Err(Fault::Conflict),
            Err(_) => Err(Fault::Store(StoreError::Indeterminate)),
        }
    }

    /// On a cluster, look whether a row that was committed with others is there: a commit may be said to be done
    /// that was undone. It can be tried again if not.
    pub(super) fn kept(&self, sql: &str, values: Named) -> Done<()> {
        if !self.clustered {
            return Ok(());
        }
        match self.exists(sql, values) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::Conflict),
            Err(_) => Err(Fault::Store(StoreError::Indeterminate)),
        }
    }
}

fn params(values: Named) -> Params {
    if values.is_empty() { Params::Empty } else { values.into() }
}
