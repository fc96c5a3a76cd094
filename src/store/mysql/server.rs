//! The way to the server: connections, what is tried again, and for how long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mysql::Opts;

use super::connection::Connection;
use super::error::{Done, Fault, LOST};
use super::settings;
use super::values::named;
use crate::error::StoreError;
use crate::settings::Settings;
use crate::store::StoreResult;
use crate::store::pool::{Lease, Pool};
use crate::sys::process_id;

/// How many connections one process has open at most.
const CONNECTIONS: usize = 8;

/// So often an act is begun again because others were in its way.
const ATTEMPTS: u32 = 100;

/// The longest pause before it is.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the shared store is, and the connections to it.
#[derive(Debug)]
pub(super) struct Server {
    options: Opts,
    deadline: Duration,
    connections: Pool<Connection>,
    /// A child of the process must not use its parent's connections.
    process: u32,
    settings: Mutex<Option<(i64, Arc<Settings>)>>,
    /// Numbers the pauses, so that those who met do not meet again.
    paused: AtomicU32,
    /// Off in the variant that a test must catch: a node may answer by what it knew some time ago.
    waits_for_cluster: bool,
}

impl Server {
    /// Connect to see that somebody is there.
    pub(super) fn open(options: Opts, deadline: Duration, waits_for_cluster: bool) -> StoreResult<Self> {
        let first = Connection::open(&options, deadline, waits_for_cluster)?;
        Ok(Server {
            options,
            deadline,
            connections: Pool::new(CONNECTIONS, Some(first)),
            process: process_id(),
            settings: Mutex::new(None),
            paused: AtomicU32::new(process_id()),
            waits_for_cluster,
        })
    }

    /// Until when an act that begins now may wait, for everything together.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Whether this process may use the handle.
    pub(super) fn usable(&self) -> StoreResult<()> {
        if process_id() == self.process { Ok(()) } else { Err(StoreError::Forked) }
    }

    fn lease(&self, until: Instant) -> StoreResult<Lease<'_, Connection>> {
        loop {
            let connect = || Connection::open(&self.options, self.deadline, self.waits_for_cluster);
            let lease = self.connections.take(until, connect)?;
            if lease.get()?.answers() {
                return Ok(lease);
            }
            lease.discard();
            // Each may take its time to say nothing.
            if Instant::now() >= until {
                return Err(LOST);
            }
        }
    }

    /// Do something on a connection, again if others were in its way. It must begin by reading what it goes
    /// by, so that it finds what it has done already; what it reads may come over a new connection, once.
    pub(super) fn act<T>(&self, act: impl Fn(&Connection) -> Done<T>) -> StoreResult<T> {
        self.act_until(self.until(), act)
    }

    /// The same as a part of something longer.
    pub(super) fn act_until<T>(
        &self,
        until: Instant,
        act: impl Fn(&Connection) -> Done<T>,
    ) -> StoreResult<T> {
        self.usable()?;
        let (mut reconnected, mut changed) = (false, false);
        // "Nothing was changed" must be true of all attempts together.
        let failed = |error: StoreError, changed: bool| match changed && error.passing() {
            true => StoreError::Indeterminate,
            false => error,
        };
        for attempt in 1..=ATTEMPTS {
            let lease = self.lease(until).map_err(|error| failed(error, changed))?;
            let connection = lease.get()?;
            connection.begin();
            let done = act(connection);
            changed |= connection.has_changed();
            if !connection.stands() {
                lease.discard();
            }
            match done {
                Ok(done) => return Ok(done),
                Err(Fault::Lost) if !reconnected && Instant::now() < until => reconnected = true,
                Err(Fault::Conflict | Fault::Duplicate) if Instant::now() < until => {
                    std::thread::sleep(
                        self.pause(attempt).min(until.saturating_duration_since(Instant::now())),
                    );
                }
                Err(fault) => return Err(failed(fault.unchanged(), changed)),
            }
        }
        Err(failed(StoreError::Busy, changed))
    }

    /// Do something beside which nobody else changes anything that takes several statements.
    pub(super) fn change<T>(&self, act: impl Fn(&Connection) -> Done<T>) -> StoreResult<T> {
        self.act(|connection| connection.exclusively(|| act(connection)))
    }

    /// The same for something long, on a connection of its own.
    pub(super) fn change_patiently<T>(&self, act: impl Fn(&Connection) -> Done<T>) -> StoreResult<T> {
        const MOST: u32 = 10;
        let connection = self.patient()?;
        for attempt in 1..=MOST {
            match connection.exclusively(|| act(&connection)) {
                Err(Fault::Conflict | Fault::Duplicate) if connection.stands() => {
                    std::thread::sleep(self.pause(attempt));
                }
                other => return other.map_err(Fault::unchanged),
            }
        }
        Err(StoreError::Busy)
    }

    /// A connection for something long.
    pub(super) fn patient(&self) -> StoreResult<Connection> {
        self.usable()?;
        Connection::patient(&self.options, self.deadline)
    }

    /// Write something that no answer depends on. If that can't be done for now, it is left out.
    pub(super) fn note(&self, act: impl Fn(&Connection) -> Done<()>) -> StoreResult<()> {
        match self.act(act) {
            Err(StoreError::Forked) => Err(StoreError::Forked),
            _ => Ok(()),
        }
    }

    /// Longer each time, and not the same for all who met.
    fn pause(&self, attempt: u32) -> Duration {
        let spread = self.paused.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9) >> 30;
        (Duration::from_micros(200) * attempt * (spread + 1)).min(PAUSE)
    }

    /// The settings in force.
    pub(super) fn settings(&self, connection: &Connection) -> Done<Arc<Settings>> {
        let nonce = connection
            .one("SELECT settings_nonce FROM gatepass_store WHERE id = 1", named! {}, |row| row.get(0))?
            .ok_or(Fault::Store(StoreError::Missing))?;
        self.settings_of(connection, nonce)
    }

    /// The same by the nonce that was read a moment ago. They are parsed anew only when it has changed.
    pub(super) fn settings_of(&self, connection: &Connection, nonce: i64) -> Done<Arc<Settings>> {
        let known = || self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, settings)) = &*known()
            && *of == nonce
        {
            return Ok(Arc::clone(settings));
        }
        let (nonce, settings) = settings::load(connection)?;
        let settings = Arc::new(settings);
        *known() = Some((nonce, Arc::clone(&settings)));
        Ok(settings)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.usable().is_err() {
            // To say goodbye here would end the parent's sessions.
            self.connections.drain().into_iter().for_each(std::mem::forget);
        }
    }
}
