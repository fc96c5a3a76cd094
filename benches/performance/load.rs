//! Many at once: threads of this process or processes of their own, for a length of time.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::child::{Answer, Ask, Child};
use crate::contest::{Sample, median, percentile};

/// What one worker got done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Pairs that were over before the time was.
    pub(crate) pairs: usize,
    /// How long each took, in microseconds: those too that began in time and ended late.
    pub(crate) waits: Vec<f64>,
}

/// Do pairs until the time is over. `pair` says how long what counts of it took.
pub(crate) fn work(length: Duration, mut pair: impl FnMut() -> Duration) -> Done {
    let until = Instant::now() + length;
    let mut done = Done::default();
    while Instant::now() < until {
        done.waits.push(pair().as_secs_f64() * 1e6);
        done.pairs += usize::from(Instant::now() <= until);
    }
    done.waits.sort_by(f64::total_cmp);
    done
}

pub(crate) fn timed(act: impl FnOnce()) -> Duration {
    let began = Instant::now();
    act();
    began.elapsed()
}

/// So many threads, each with a pair of its own to do, which `worker` makes before the time begins.
pub(crate) fn threads<P: FnMut() -> Duration>(
    count: usize,
    length: Duration,
    worker: impl Fn() -> P + Sync,
) -> Sample {
    let go = Barrier::new(count);
    let done: Vec<Done> = std::thread::scope(|scope| {
        let each = || {
            let pair = worker();
            go.wait();
            work(length, pair)
        };
        let all: Vec<_> = (0..count).map(|_| scope.spawn(each)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let pairs: Vec<usize> = done.iter().map(|one| one.pairs).collect();
    let mut waits: Vec<f64> = done.into_iter().flat_map(|one| one.waits).collect();
    waits.sort_by(f64::total_cmp);
    Sample {
        p50: percentile(&waits, 0.5),
        p99: percentile(&waits, 0.99),
        worst: waits.last().copied(),
        share: Some(share(&pairs)),
        ..Sample::of(pairs.iter().sum(), length.as_secs_f64())
    }
}

/// All of these processes at the same moment. The middle one's median and the worst one's p99 stand for all.
pub(crate) fn processes(children: &mut [Child], length: Duration) -> (Sample, Vec<Answer>) {
    children.iter_mut().for_each(|child| child.tell(&Ask::pairs(length)));
    let answers: Vec<Answer> = children.iter_mut().map(Child::answer).collect();
    let pairs: Vec<usize> = answers.iter().map(|one| one.pairs).collect();
    let longest = |of: fn(&Answer) -> Option<f64>| answers.iter().filter_map(of).reduce(f64::max);
    let sample = Sample {
        per_second: answers.iter().map(|one| one.pairs as f64 / one.seconds).sum(),
        p50: median(answers.iter().filter_map(|one| one.p50).collect()),
        p99: longest(|one| one.p99),
        worst: longest(|one| one.worst),
        share: Some(share(&pairs)),
    };
    (sample, answers)
}

/// What the slowest got done over what the fastest did.
pub(crate) fn share(pairs: &[usize]) -> f64 {
    let (least, most) = (pairs.iter().min().unwrap(), pairs.iter().max().unwrap());
    *least as f64 / (*most).max(1) as f64
}
