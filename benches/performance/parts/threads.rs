//! Threads of one process that issue and redeem at once.

use std::path::Path;
use std::sync::Mutex;

use crate::by_hand::{ByHand, SYNC_CALL, store};
use crate::contest::{Sample, contest, side};
use crate::load::{threads, timed};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Line, Part, Plot, Table, figure, time};
use crate::setup::Setup;

const NAMES: [&str; 4] = ["Gatepass", "a connection per thread", "one connection, a mutex", "one thread"];

/// What is synced, on all sides.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// The redemption alone.
    Redeem,
    /// The issue too.
    Full,
}

impl Rule {
    fn name(self) -> &'static str {
        match self {
            Rule::Redeem => "redeem synced",
            Rule::Full => "both synced",
        }
    }

    fn by_hand(self, path: &Path) -> ByHand {
        let hand = ByHand::open(path, true);
        if self == Rule::Full { hand.full() } else { hand }
    }
}

/// What all sides showed with so many threads.
struct Seen {
    rule: Rule,
    threads: usize,
    sides: Vec<Sample>,
}

pub(crate) fn run(setup: &Setup) -> Part {
    let counts: &[usize] = if setup.benching { &[1, 2, 4, 8, 16] } else { &[2] };
    let mut seen = meet(setup, Rule::Redeem, counts);
    seen.extend(meet(setup, Rule::Full, &counts[counts.len() - 1..]));

    let head = ["threads", "", "pairs/s", "Gatepass is faster by", "share", "p50", "p99", "worst"];
    let mut table = Table::new(head);
    for Seen { rule, threads, sides } in &seen {
        let ours = &sides[0];
        for (name, sample) in NAMES.iter().zip(sides) {
            let told = |figure: Option<f64>| figure.map_or("-".into(), time);
            table.row([
                format!("{threads}, {}", rule.name()),
                (*name).into(),
                figure(sample.per_second),
                figure(ours.per_second / sample.per_second),
                sample.share.map_or("-".into(), figure),
                told(sample.p50),
                told(sample.p99),
                told(sample.worst),
            ]);
        }
    }
    let how = format!(
        "Each thread issues and redeems for {:?}, on one store. Gatepass: one handle for all threads. The others run the \
         library's statements by hand under the same sync rule: a connection per thread with a busy timeout of 60 s, one \
         connection behind a mutex, and for comparison one thread alone. \"Redeem synced\" is the default durability: the issue \
         is not synced, on no side; \"both synced\" is `full`. The sync call is {SYNC_CALL}. Medians of {} rounds, by turns. \
         Share: what the slowest thread got done over what the fastest did. p50, p99 and worst: how long a redemption took.",
        setup.length, setup.rounds
    );
    let most = counts[counts.len() - 1];
    Part {
        id: "threads".into(),
        title: "Threads".into(),
        how,
        tables: vec![table],
        goals: seen.iter().filter(|seen| seen.threads == most).flat_map(goals).collect(),
        plots: vec![throughput(&seen)],
        ..Part::default()
    }
}

/// Let the sides meet, with each of these numbers of threads.
fn meet(setup: &Setup, rule: Rule, counts: &[usize]) -> Vec<Seen> {
    let folder = setup.folder(if rule == Rule::Full { "threads-full" } else { "threads" });
    let gate = store(&folder, "ours.db");
    if rule == Rule::Full {
        gate.set_setting("durability", "full".into()).unwrap();
    }
    for name in ["own.db", "mutex.db", "alone.db"] {
        drop(store(&folder, name));
    }
    let own = folder.join("own.db");
    // One stays open, so that the log is not written back whenever the threads of a round are gone.
    let _holder = rule.by_hand(&own);
    let mutex = Mutex::new(rule.by_hand(&folder.join("mutex.db")));
    let alone = Mutex::new(rule.by_hand(&folder.join("alone.db")));
    let length = setup.length;

    let ours = |count| {
        threads(count, length, || {
            let mut ours = Ours::new(&gate);
            move || ours.pair()
        })
    };
    let own_connections = |count| {
        threads(count, length, || {
            let mut hand = rule.by_hand(&own);
            hand.pair();
            move || hand.pair()
        })
    };
    let one_mutex = |count| {
        threads(count, length, || {
            || {
                let key = mutex.lock().unwrap().issue();
                timed(|| mutex.lock().unwrap().redeem(&key))
            }
        })
    };
    // All numbers of threads in each round: what else the machine does meanwhile meets all of them.
    let mut sides = vec![side(NAMES[3], || threads(1, length, || || alone.lock().unwrap().pair()))];
    for &count in counts {
        sides.push(side(NAMES[0], move || ours(count)));
        sides.push(side(NAMES[1], move || own_connections(count)));
        sides.push(side(NAMES[2], move || one_mutex(count)));
    }
    let mut samples = contest(setup.rounds, &mut sides).into_iter();
    let alone = samples.next().unwrap();
    let with = |&threads: &usize| {
        let sides = samples.by_ref().take(3).chain([alone.clone()]).collect();
        Seen { rule, threads, sides }
    };
    counts.iter().map(with).collect()
}

fn goals(seen: &Seen) -> Vec<Goal> {
    let [ours, own, mutex, alone] = seen.sides.as_slice() else { panic!("four sides") };
    let what = |text: &str| format!("{} threads, {}: {text}", seen.threads, seen.rule.name());
    let faster = |than: &str, at_least, theirs| {
        Goal::faster(2, &what(&format!("pairs over {than}")), at_least, ours, theirs)
    };
    let (slowest, wait) =
        (what("slowest thread over the fastest"), what("one mutex's worst wait over our p99"));
    vec![
        faster("a connection per thread", 15.0, own),
        faster("one mutex", 5.0, mutex),
        faster("one thread by hand", 5.0, alone),
        Goal::ratio(2, &slowest, 0.9, ours.share.unwrap(), 1.0),
        Goal::shorter(2, &wait, 10.0, ours.p99.unwrap(), mutex.worst.unwrap()),
    ]
}

fn throughput(seen: &[Seen]) -> Plot {
    let of_default = || seen.iter().filter(|seen| seen.rule == Rule::Redeem);
    let line = |(at, name): (usize, &&str)| Line {
        name: (*name).into(),
        points: of_default().map(|seen| (seen.threads as f64, seen.sides[at].per_second)).collect(),
    };
    Plot {
        file: "threads.svg".into(),
        title: "Throughput over threads, redemptions synced".into(),
        x: "threads".into(),
        y: "pairs of issue and redeem per second".into(),
        log_x: true,
        log_y: false,
        lines: NAMES.iter().enumerate().map(line).collect(),
    }
}
