//! Whose turn it is to write: one thread leads, and does the acts of all that wait in one transaction.
//!
//! A commit that is synced costs what the disk takes, however much is in it. So whoever finds the writer
//! taken queues its act; the next one whose turn it is takes all that are queued, does each in a savepoint of
//! its own, commits once, and tells each its own outcome. There is no thread that does only this: who has
//! nobody to wait for goes straight in.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::writing::{Kept, Sync};
use crate::error::StoreError;
use crate::store::StoreResult;
use crate::sys::Lent;

/// So many acts at most are done in one transaction: readers of the log and a crash's repair stay quick.
const MOST: usize = 64;

/// Who has less time than this is done by itself: neither does it wait for others, nor they for it to give
/// up.
const PATIENT: Duration = Duration::from_millis(100);

/// The one writer, and who waits for it.
#[derive(Debug)]
pub(super) struct Turns<W>(Mutex<State<W>>);

#[derive(Debug)]
struct State<W> {
    idle: Option<W>,
    queue: VecDeque<Arc<Waiter>>,
}

/// Somebody who waits.
pub(super) struct Waiter {
    /// The act, and whether it must be synced; `None` for one who wants the writer for himself.
    act: Option<(Lent<Connection, Kept>, Sync)>,
    until: Instant,
    /// Has time enough to wait for what others do before.
    patient: bool,
    thread: Thread,
    /// What became of the transaction, once it is known.
    outcome: Mutex<Option<StoreResult<()>>>,
    settled: AtomicBool,
}

impl std::fmt::Debug for Waiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiter").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Waiter {
    fn new(act: Option<(Lent<Connection, Kept>, Sync)>, until: Instant) -> Arc<Self> {
        let thread = std::thread::current();
        let patient = until.saturating_duration_since(Instant::now()) >= PATIENT;
        Arc::new(Waiter {
            act,
            until,
            patient,
            thread,
            outcome: Mutex::new(None),
            settled: AtomicBool::new(false),
        })
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// What the act may need, whatever comes of it.
    pub(super) fn sync(&self) -> Sync {
        self.act.as_ref().map_or(Sync::Relaxed, |(_, sync)| *sync)
    }

    /// Do the act.
    pub(super) fn run(&self, connection: &Connection) -> Kept {
        self.act.as_ref().and_then(|(lent, _)| lent.run(connection)).flatten()
    }

    /// Tell what became of the act. What was told first stands.
    pub(super) fn settle(&self, outcome: StoreResult<()>) {
        locked(&self.outcome).get_or_insert(outcome);
        self.settled.store(true, Ordering::Release);
        self.thread.unpark();
    }

    fn outcome(&self) -> StoreResult<()> {
        locked(&self.outcome).take().unwrap_or(Err(StoreError::Indeterminate))
    }
}

/// What waiting came to.
enum Turn<'a, W> {
    /// The writer is ours, and so are the acts that were queued, our own first.
    Lead(Lease<'a, W>, Vec<Arc<Waiter>>),
    /// Another one did it.
    Settled,
}

impl<W> Turns<W> {
    pub(super) fn new(writer: W) -> Self {
        Turns(Mutex::new(State { idle: Some(writer), queue: VecDeque::new() }))
    }

    /// The writer, if nobody has it or waits for it.
    pub(super) fn take_idle(&self) -> Option<Lease<'_, W>> {
        let mut state = locked(&self.0);
        let writer = if state.queue.is_empty() { state.idle.take() } else { None };
        writer.map(|writer| Lease { turns: self, writer: Some(writer) })
    }

    /// The writer alone, for what is no act.
    pub(super) fn take(&self, until: Instant) -> StoreResult<Lease<'_, W>> {
        if let Some(lease) = self.take_idle() {
            return Ok(lease);
        }
        let waiter = Waiter::new(None, until);
        match self.wait(&waiter)? {
            Turn::Lead(lease, _) => Ok(lease),
            Turn::Settled => Err(StoreError::Indeterminate),
        }
    }

    /// Have an act done: by whoever leads, or by `lead`, which is given the writer and all acts to do, and
    /// says what became of each.
    pub(super) fn join(
        &self,
        act: Lent<Connection, Kept>,
        sync: Sync,
        until: Instant,
        lead: impl FnOnce(&W, &[Arc<Waiter>]) -> Vec<StoreResult<()>>,
    ) -> StoreResult<()> {
        let waiter = Waiter::new(Some((act, sync)), until);
        if let Turn::Lead(lease, batch) = self.wait(&waiter)? {
            let mut led = Led { batch, outcomes: Vec::new() };
            led.outcomes = lead(lease.get()?, &led.batch);
            // The next one may begin while these are told.
            drop(lease);
            drop(led);
        }
        waiter.outcome()
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        locked(&self.0).queue.len()
    }

    fn wait(&self, waiter: &Arc<Waiter>) -> StoreResult<Turn<'_, W>> {
        let mut state = locked(&self.0);
        state.queue.push_back(Arc::clone(waiter));
        loop {
            if waiter.settled.load(Ordering::Acquire) {
                return Ok(Turn::Settled);
            }
            if let Some(place) = state.queue.iter().position(|queued| Arc::ptr_eq(queued, waiter)) {
                if let Some(writer) = state.idle.take() {
                    state.queue.remove(place);
                    let batch = batch(waiter, &mut state.queue);
                    return Ok(Turn::Lead(Lease { turns: self, writer: Some(writer) }, batch));
                }
                let left = waiter.until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    state.queue.remove(place);
                    return Err(StoreError::Busy);
                }
                drop(state);
                std::thread::park_timeout(left);
            } else {
                // Somebody is at it, who keeps to a deadline of his own.
                drop(state);
                std::thread::park();
            }
            state = locked(&self.0);
        }
    }

    /// The writer, if it is not lent out. Takes no lock: in the child of a fork it may be held for ever by a
    /// thread that is not there.
    pub(super) fn drain(&mut self) -> Option<W> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).idle.take()
    }
}

/// Our own act and those that were queued up to the first who wants the writer alone. Whoever has little time
/// is left to lead by itself.
fn batch(own: &Arc<Waiter>, queue: &mut VecDeque<Arc<Waiter>>) -> Vec<Arc<Waiter>> {
    let mut batch = vec![Arc::clone(own)];
    if own.act.is_none() || !own.patient {
        return batch;
    }
    let mut at = 0;
    while batch.len() < MOST {
        match queue.get(at) {
            Some(next) if next.act.is_some() && next.patient => batch.extend(queue.remove(at)),
            Some(next) if next.act.is_some() => at += 1,
            _ => break,
        }
    }
    batch
}

/// A batch that is being done. Everybody in it is told, even if the leader panics.
struct Led {
    batch: Vec<Arc<Waiter>>,
    outcomes: Vec<StoreResult<()>>,
}

impl Drop for Led {
    fn drop(&mut self) {
        let mut outcomes = self.outcomes.drain(..);
        for waiter in &self.batch {
            waiter.settle(outcomes.next().unwrap_or(Err(StoreError::Indeterminate)));
        }
    }
}

/// The writer, lent; it goes back when dropped, and the first who waits is woken.
#[derive(Debug)]
pub(super) struct Lease<'a, W> {
    turns: &'a Turns<W>,
    writer: Option<W>,
}

impl<W> Lease<'_, W> {
    /// The writer.
    pub(super) fn get(&self) -> StoreResult<&W> {
        self.writer.as_ref().ok_or(StoreError::Busy)
    }

    /// The writer, to be changed.
    pub(super) fn get_mut(&mut self) -> StoreResult<&mut W> {
        self.writer.as_mut().ok_or(StoreError::Busy)
    }
}

impl<W> Drop for Lease<'_, W> {
    fn drop(&mut self) {
        let mut state = locked(&self.turns.0);
        state.idle = self.writer.take();
        let next = state.queue.front().map(|waiter| waiter.thread.clone());
        drop(state);
        if let Some(next) = next {
            next.unpark();
        }
    }
}

// Nothing is done under these locks that could leave it half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
