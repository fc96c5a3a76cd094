//! Threads of one process that issue and redeem at once.

use std::sync::Mutex;

use crate::by_hand::{ByHand, SYNC_CALL, store};
use crate::contest::{Sample, contest, side};
use crate::load::{threads, timed};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Line, Part, Plot, Table, figure, time};
use crate::setup::Setup;

const NAMES: [&str; 4] = ["Gatepass", "a connection per thread", "one connection, a mutex", "one thread"];

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("threads");
    let gate = store(&folder, "ours.db");
    for name in ["own.db", "mutex.db", "alone.db"] {
        drop(store(&folder, name));
    }
    let own = folder.join("own.db");
    // One stays open, so that the log is not written back whenever the threads of a round are gone.
    let _holder = ByHand::open(&own, true);
    let mutex = Mutex::new(ByHand::open(&folder.join("mutex.db"), true));
    let alone = Mutex::new(ByHand::open(&folder.join("alone.db"), true));
    let length = setup.length;
    let counts: &[usize] = if setup.benching { &[1, 2, 4, 8, 16] } else { &[2] };

    let mut seen: Vec<(usize, Vec<Sample>)> = Vec::new();
    for &count in counts {
        let ours = || {
            threads(count, length, || {
                let mut ours = Ours::new(&gate);
                move || ours.pair()
            })
        };
        let own_connections = || {
            threads(count, length, || {
                let mut hand = ByHand::open(&own, true);
                hand.pair();
                move || hand.pair()
            })
        };
        let one_mutex = || {
            threads(count, length, || {
                || {
                    let key = mutex.lock().unwrap().issue();
                    timed(|| mutex.lock().unwrap().redeem(&key))
                }
            })
        };
        let one_thread = || threads(1, length, || || alone.lock().unwrap().pair());
        let mut sides = vec![
            side(NAMES[0], ours),
            side(NAMES[1], own_connections),
            side(NAMES[2], one_mutex),
            side(NAMES[3], one_thread),
        ];
        seen.push((count, contest(setup.rounds, &mut sides)));
    }

    let mut table =
        Table::new(["threads", "", "pairs/s", "Gatepass is faster by", "share", "p50", "p99", "worst"]);
    for (count, sides) in &seen {
        for (name, sample) in NAMES.iter().zip(sides) {
            let told = |figure: Option<f64>| figure.map_or("-".into(), time);
            table.row([
                count.to_string(),
                (*name).into(),
                figure(sample.per_second),
                figure(sides[0].per_second / sample.per_second),
                sample.share.map_or("-".into(), figure),
                told(sample.p50),
                told(sample.p99),
                told(sample.worst),
            ]);
        }
    }
    let how = format!(
        "Each thread issues (unsynced) and redeems (synced, {SYNC_CALL}) for {length:?}, on one store. Gatepass: one \
         handle for all threads. The others run the library's statements by hand under the same sync rule: a connection \
         per thread with a busy timeout of 60 s, one connection behind a mutex, and for comparison one thread alone. \
         Medians of {} rounds, by turns. Share: what the slowest thread got done over what the fastest did. \
         p50, p99 and worst: how long a redemption took.",
        setup.rounds
    );
    Part {
        id: "threads".into(),
        title: "Threads".into(),
        how,
        tables: vec![table],
        goals: goals(&seen),
        plots: vec![throughput(&seen)],
        ..Part::default()
    }
}

/// Of the run with the most threads.
fn goals(seen: &[(usize, Vec<Sample>)]) -> Vec<Goal> {
    let (count, sides) = seen.last().unwrap();
    let [ours, own, mutex, alone] = sides.as_slice() else { panic!("four sides") };
    let faster = |than: &str, at_least, theirs| {
        Goal::faster(2, &format!("pairs by {count} threads over {than}"), at_least, ours, theirs)
    };
    vec![
        faster("a connection per thread", 15.0, own),
        faster("one mutex", 5.0, mutex),
        faster("one thread by hand", 5.0, alone),
        Goal::ratio(
            2,
            &format!("slowest of {count} threads over the fastest"),
            0.9,
            ours.share.unwrap(),
            1.0,
        ),
        Goal::shorter(
            2,
            "one mutex's worst wait over our p99",
            10.0,
            ours.p99.unwrap(),
            mutex.worst.unwrap(),
        ),
    ]
}

fn throughput(seen: &[(usize, Vec<Sample>)]) -> Plot {
    let line = |(at, name): (usize, &&str)| Line {
        name: (*name).into(),
        points: seen.iter().map(|(count, sides)| (*count as f64, sides[at].per_second)).collect(),
    };
    Plot {
        file: "threads.svg".into(),
        title: "Throughput over threads".into(),
        x: "threads".into(),
        y: "pairs of issue and redeem per second".into(),
        log_x: true,
        log_y: false,
        lines: NAMES.iter().enumerate().map(line).collect(),
    }
}
