//! Processes that share a store.

use std::cell::{Cell, RefCell};

use crate::by_hand::{SYNC_CALL, store};
use crate::child::Child;
use crate::contest::{Sample, contest, side};
use crate::load::processes;
use crate::part::{Goal, Line, Part, Plot, Table, figure, number, time};
use crate::setup::Setup;
use crate::worker;

const NAMES: [&str; 2] = ["Gatepass", "FULL and busy_timeout by hand"];

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("processes");
    drop(store(&folder, "ours.db"));
    drop(store(&folder, "by-hand.db"));
    let length = setup.length * 2;
    let counts: &[usize] = if setup.benching { &[1, 2, 4, 8] } else { &[2] };
    let (pairs, busy) = (Cell::new(0), Cell::new(0));

    let most = counts[counts.len() - 1];
    let workers = |who: &str| -> RefCell<Vec<Child>> {
        let path = folder.join(format!("{who}.db"));
        RefCell::new((0..most).map(|_| worker::start(who, who, &path)).collect())
    };
    let (ours, by_hand) = (workers("ours"), workers("by-hand"));
    // All numbers of processes in each round: what else the machine does meanwhile meets all of them.
    let mut sides = Vec::new();
    for &count in counts {
        let (ours, by_hand, pairs, busy) = (&ours, &by_hand, &pairs, &busy);
        sides.push(side(NAMES[0], move || {
            let (sample, answers) = processes(&mut ours.borrow_mut()[..count], length);
            pairs.set(pairs.get() + answers.iter().map(|one| one.pairs).sum::<usize>());
            busy.set(busy.get() + answers.iter().map(|one| one.busy).sum::<usize>());
            sample
        }));
        sides.push(side(NAMES[1], move || processes(&mut by_hand.borrow_mut()[..count], length).0));
    }
    let samples = contest(setup.rounds, &mut sides);
    let seen: Vec<(usize, &[Sample])> = counts.iter().copied().zip(samples.chunks(NAMES.len())).collect();

    let mut table = Table::new(["processes", "", "pairs/s", "ratio", "share", "p50", "p99", "worst wait"]);
    for (count, sides) in &seen {
        for (name, sample) in NAMES.iter().zip(*sides) {
            let told = |figure: Option<f64>| figure.map_or("-".into(), time);
            table.row([
                count.to_string(),
                (*name).into(),
                figure(sample.per_second),
                figure(sample.per_second / sides[1].per_second),
                sample.share.map_or("-".into(), figure),
                told(sample.p50),
                told(sample.p99),
                told(sample.worst),
            ]);
        }
    }
    let how = format!(
        "Each process keeps its handle, issues (unsynced) and redeems (on the disk when the answer comes, {SYNC_CALL}) for \
         {length:?}, all on one store. By hand: the library's statements, `synchronous=FULL` for the redemption and a busy \
         timeout of 60 s. Medians of {} rounds, by turns; the worst wait is the longest redemption of all rounds. Ratio: \
         throughput against by hand. Share: what the slowest process got done over what the fastest did. p50: of the \
         middle process; p99: of the process where it is longest.",
        setup.rounds
    );
    let note = format!(
        "Of {} pairs by Gatepass, {} heard that the store is busy.",
        number(pairs.get()),
        number(busy.get())
    );
    let mut goals = goals(&seen);
    let answered = (pairs.get() as f64, (pairs.get() + busy.get()) as f64);
    goals.push(Goal::ratio(3, "answers that are not \"busy\", over all", 1.0, answered.0, answered.1));
    Part {
        id: "processes".into(),
        title: "Processes".into(),
        how,
        tables: vec![table],
        goals,
        plots: plots(&seen),
        notes: vec![note],
        ..Part::default()
    }
}

/// Of the run with the most processes.
fn goals(seen: &[(usize, &[Sample])]) -> Vec<Goal> {
    let (count, sides) = seen.last().unwrap();
    let [ours, by_hand] = sides else { panic!("two sides") };
    let what = format!("pairs by {count} processes over FULL and busy_timeout by hand");
    let slowest = format!("slowest of {count} processes over the fastest");
    let wait = format!("worst wait by hand over ours, {count} processes");
    vec![
        Goal::faster(3, &what, 1.7, ours, by_hand),
        Goal::ratio(3, &slowest, 0.9, ours.share.unwrap(), 1.0),
        Goal::shorter(3, &wait, 20.0, ours.worst.unwrap(), by_hand.worst.unwrap()),
    ]
}

fn plots(seen: &[(usize, &[Sample])]) -> Vec<Plot> {
    let lines = |of: fn(&Sample) -> f64| -> Vec<Line> {
        let line = |(at, name): (usize, &&str)| Line {
            name: (*name).into(),
            points: seen.iter().map(|(count, sides)| (*count as f64, of(&sides[at]))).collect(),
        };
        NAMES.iter().enumerate().map(line).collect()
    };
    vec![
        Plot {
            file: "processes.svg".into(),
            title: "Throughput over processes".into(),
            x: "processes".into(),
            y: "pairs of issue and redeem per second".into(),
            log_x: true,
            log_y: false,
            lines: lines(|sample| sample.per_second),
        },
        Plot {
            file: "processes-worst-wait.svg".into(),
            title: "The longest wait for a redemption, over processes".into(),
            x: "processes".into(),
            y: "milliseconds".into(),
            log_x: true,
            log_y: true,
            lines: lines(|sample| sample.worst.unwrap() / 1e3),
        },
    ]
}
