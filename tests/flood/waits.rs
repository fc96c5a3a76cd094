//! How long the rightful waited, and what a process holds.

use std::fmt;
use std::time::{Duration, Instant};

/// Waits of one kind.
#[derive(Default)]
pub(crate) struct Waits(Vec<Duration>);

impl Waits {
    /// Do it, and note how long it took.
    pub(crate) fn of<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = act();
        self.0.push(began.elapsed());
        done
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The median, the 99th percentile and the longest.
impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.0.clone();
        all.sort_unstable();
        let at = |share: usize| all.get((all.len() * share / 100).min(all.len().saturating_sub(1)));
        let [half, most, last] = [50, 99, 100].map(|share| at(share).copied().unwrap_or_default());
        write!(f, "p50 {half:.1?}, p99 {most:.1?}, longest {last:.1?} of {}", all.len())
    }
}

/// Resident memory of a process, in bytes.
pub(crate) fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
