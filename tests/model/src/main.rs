//! The combiner of `src/store/sqlite`, its real sources, under a model checker that tries one order of its
//! threads' steps after the other. Started by `tests/long/model`, which also tries it on sources with faults.
//!
//! The sources see another `std` and another database under the usual names: see the crate `shadow`.

#![allow(
    dead_code,
    unused_imports,
    reason = "not everything in the sources is asked for here, with a fault even less"
)]

extern crate shadow as rusqlite;
extern crate shadow as std;

mod error;
mod faults;
mod store;
mod sys;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use store::sqlite::{turns_check, writing_check};

/// What is checked, and what must have been seen meanwhile, or the check shows nothing.
struct Check {
    promise: &'static str,
    run: fn(),
    must_see: &'static [&'static str],
}

const CHECKS: &[Check] = &[
    Check {
        promise: "work is done for its owner while that waits, and never after",
        run: turns_check::lent,
        must_see: &["done", "taken back"],
    },
    Check {
        promise: "a batch is whoever waits, in the order of arrival, up to the first who wants the writer alone",
        run: turns_check::in_order,
        must_see: &["batch of 3", "alone", "little time"],
    },
    Check {
        promise: "each act is done once, each hears its own outcome, and nobody is forgotten",
        run: turns_check::each_its_own,
        must_see: &["good", "full", "lost leader", "indeterminate", "batch of 3", "alone"],
    },
    Check {
        promise: "the same while deadlines pass: who hears busy was too late, and its act is not done",
        run: turns_check::each_its_own_in_time,
        must_see: &["good", "busy", "batch of 2", "alone"],
    },
    Check {
        promise: "who hears yes is on the disk once, who hears no is not, whatever fails beside it",
        run: writing_check::yes_is_on_the_disk,
        must_see: &["yes", "refused", "panic", "full", "busy", "indeterminate", "poisoned", "noted", "alone"],
    },
    Check {
        promise: "the same while deadlines pass",
        run: writing_check::yes_is_on_the_disk_in_time,
        must_see: &["yes", "refused", "panic", "full", "busy", "indeterminate", "poisoned", "noted"],
    },
];

thread_local!(static SEEN: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) });

/// Count something that happened.
pub(crate) fn seen(what: impl Into<String>) {
    SEEN.with_borrow_mut(|seen| *seen.entry(what.into()).or_default() += 1);
}

/// Run a check under many schedules; what it failed with.
fn holds(check: &Check, schedules: usize) -> Result<(), String> {
    SEEN.take();
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.max_steps = MaxSteps::FailAfter(20_000);
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    // Threads that go on at any step, and threads that are stopped seldom but for long.
    let schedulers: [Box<dyn Scheduler + Send>; 2] =
        [Box::new(RandomScheduler::new(schedules / 2)), Box::new(PctScheduler::new(3, schedules / 2))];
    for scheduler in schedulers {
        let runner = Runner::new(scheduler, config.clone());
        catch_unwind(AssertUnwindSafe(|| runner.run(check.run))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
        })?;
    }
    let seen = SEEN.take();
    let missing: Vec<_> = check.must_see.iter().filter(|what| !seen.contains_key(**what)).collect();
    if !missing.is_empty() {
        return Err(format!("never seen: {missing:?}, only {seen:?}"));
    }
    println!("     {seen:?}");
    Ok(())
}

fn main() -> std::process::ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "--faults" {
        faults::FAULTS.iter().for_each(|fault| println!("{}", fault.name));
        return std::process::ExitCode::SUCCESS;
    }
    // A failure is told once, below.
    std::panic::set_hook(Box::new(|_| {}));
    let schedules: usize = argument.parse().expect("how many schedules, or --faults");
    let mut failed = 0;
    for check in CHECKS {
        match holds(check, schedules) {
            Ok(()) => println!("ok   {}: {schedules} schedules", check.promise),
            Err(why) => {
                failed += 1;
                println!("BAD  {}: {}", check.promise, why.lines().next().unwrap_or_default());
            }
        }
    }
    println!("{} passed, {failed} failed", CHECKS.len() - failed);
    std::process::ExitCode::from(u8::from(failed != 0))
}
