//! Time, as the model has it: it stands still until a check lets the next deadline pass, at any moment that
//! the model checker likes. So every thread may be as slow as it gets, and as long as nobody moves it, whoever
//! sleeps for ever was forgotten.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;
use std::time::Duration;

use shuttle::thread::Thread;

#[derive(Default)]
struct Clock {
    now: Duration,
    /// Who sleeps until when.
    sleepers: Vec<(Duration, Thread)>,
    /// Who ever slept so.
    slept: BTreeSet<usize>,
    /// Until when a thread may sleep at most.
    promises: BTreeMap<usize, Duration>,
    /// Somebody looks ahead: for him it is so much later.
    ahead: Option<Duration>,
    /// Who waits until so many slept.
    watcher: Option<(usize, Thread)>,
}

// All threads of the model are one of the system's, and no borrow lasts over a point where they change.
thread_local!(static CLOCK: RefCell<Clock> = RefCell::default());

fn with<T>(look: impl FnOnce(&mut Clock) -> T) -> T {
    CLOCK.with(|clock| look(&mut clock.borrow_mut()))
}

/// A moment of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Self {
        Instant(with(|clock| clock.now + clock.ahead.unwrap_or_default()))
    }

    pub fn saturating_duration_since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, more: Duration) -> Instant {
        Instant(self.0 + more)
    }
}

/// Sleep until somebody wakes this thread or the clock was moved so far.
pub fn park_timeout(most: Duration) {
    let this = shuttle::thread::current();
    let id = this.id();
    let watcher = with(|clock| {
        let until = clock.now + most;
        let promised = clock.promises.get(&id.into());
        assert!(promised.is_none_or(|promised| until <= *promised), "slept longer than its deadline");
        clock.sleepers.push((until, this));
        clock.slept.insert(id.into());
        let enough = clock.watcher.as_ref().is_some_and(|(many, _)| clock.slept.len() >= *many);
        if enough { clock.watcher.take() } else { None }
    });
    if let Some((_, watcher)) = watcher {
        watcher.unpark();
    }
    shuttle::thread::park();
    with(|clock| clock.sleepers.retain(|(_, thread)| thread.id() != id));
}

/// For whoever looks ahead, so much passes; for everybody else, none does.
pub fn sleep(most: Duration) {
    let looking = with(|clock| clock.ahead.as_mut().map(|ahead| *ahead += most).is_some());
    if !looking {
        shuttle::thread::sleep(most);
    }
}

/// When something would be over that sleeps again and again. Nothing in it may be a step of the model.
pub fn look_ahead(over: impl FnOnce()) -> Instant {
    with(|clock| clock.ahead = Some(Duration::ZERO));
    over();
    let then = Instant::now();
    with(|clock| clock.ahead = None);
    then
}

/// From now on this thread may sleep until then and no longer.
pub fn promise(until: Instant) {
    let this = shuttle::thread::current().id();
    with(|clock| clock.promises.insert(this.into(), until.0));
}

/// Wait until so many threads have gone to sleep with a deadline.
pub fn wait_for_sleepers(many: usize) {
    while with(|clock| {
        let enough = clock.slept.len() >= many;
        clock.watcher = (!enough).then(|| (many, shuttle::thread::current()));
        !enough
    }) {
        shuttle::thread::park();
    }
}

/// Let the next deadline pass; a while, if nobody has one.
pub fn strike(while_nobody: Duration) {
    let woken = with(|clock| {
        let next = clock.sleepers.iter().min_by_key(|(until, _)| *until).cloned();
        clock.now = next.as_ref().map_or(clock.now + while_nobody, |(until, _)| clock.now.max(*until));
        next
    });
    if let Some((_, thread)) = woken {
        thread.unpark();
    }
}

/// The clock of a new run.
pub fn reset() {
    with(|clock| *clock = Clock::default());
}
