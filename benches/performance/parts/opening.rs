//! What the first act costs a process that has to open the store for it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use gatepass::Gatepass;

use crate::by_hand::{SYNC_CALL, store};
use crate::contest::{Sample, contest, median, side};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Part, Table, figure, time};
use crate::setup::{self, Setup};

/// Later requests of a process, and redemptions with the store open.
const AGAIN: usize = 5;
const WARM: usize = 40;

pub(crate) fn run(setup: &Setup) -> Part {
    let mut part = Part { id: "opening".into(), title: "Opening".into(), ..Part::default() };
    if !setup.benching {
        // There may be no shared library to run it with.
        return part;
    }
    let folder = setup.folder("opening");
    let path = folder.join("gatepass.db");
    drop(store(&folder, "gatepass.db"));
    let program = setup::c_program("opening.c", &folder);
    let mut ways: Vec<Way> = [true, false]
        .into_iter()
        .flat_map(|holder| ["plain", "kept"].map(|kind| Way { kind, holder, seen: Vec::new() }))
        .collect();
    let rounds = setup.rounds * 4 - 1;
    let mut sides = Vec::new();
    for way in &mut ways {
        sides.push(side("", || way.round(program.get_program().as_ref(), &folder, &path)));
    }
    contest(rounds, &mut sides);
    drop(sides);

    let mut table = Table::new([
        "a process that",
        "others have the store",
        "open and first redemption",
        "in warm redemptions",
        "in its next requests",
        "in warm redemptions",
        "a warm redemption",
    ]);
    for way in &ways {
        let [first, again, warm] = way.typical();
        if way.kind == "kept" && !way.holder {
            let what = "four warm redemptions over a new process's open and first one";
            part.goals.push(Goal::shorter(11, what, 1.0, first, 4.0 * warm));
        }
        let what = if way.kind == "kept" { "keeps its store open" } else { "opens and closes" };
        let others = if way.holder { "open" } else { "not open" };
        table.row([
            what.into(),
            others.into(),
            time(first),
            figure(first / warm),
            time(again),
            figure(again / warm),
            time(warm),
        ]);
    }
    part.tables.push(table);
    part.how = format!(
        "{rounds} new processes of each kind, which open the store through the C ABI and redeem at once (synced, {SYNC_CALL}), then \
         come back {AGAIN} times as later requests do, and then redeem {WARM} times with the store open. Starting the \
         process and loading the library is not measured. If nobody else has the store open, the first one makes the \
         log anew, and who closes last writes it back and deletes it."
    );
    part
}

/// A kind of process.
struct Way {
    kind: &'static str,
    /// Whether somebody else has the store open all the time.
    holder: bool,
    /// What each process printed.
    seen: Vec<Vec<f64>>,
}

impl Way {
    fn round(&mut self, program: &Path, folder: &Path, store: &Path) -> Sample {
        let gate = Gatepass::open(store).unwrap();
        let mut issuer = Ours::new(&gate);
        let tokens: String =
            (0..1 + AGAIN + WARM).map(|_| format!("{}\n", issuer.issue().reveal())).collect();
        let held = if self.holder { Some(gate) } else { None };
        let mut process = Command::new(program)
            .env("LD_LIBRARY_PATH", folder)
            .arg(store)
            .args([self.kind, &AGAIN.to_string(), &WARM.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(tokens.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        drop(held);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let times: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(times.len(), 1 + AGAIN + WARM);
        let sample = Sample::of(1, times[0] / 1e6);
        self.seen.push(times);
        sample
    }

    /// Medians of the first redemption, of those of later requests and of the warm ones, of which the first
    /// one is left out. So is the first process.
    fn typical(&self) -> [f64; 3] {
        let of = |times: std::ops::Range<usize>| {
            median(self.seen[1..].iter().flat_map(|process| process[times.clone()].to_vec()).collect())
                .unwrap()
        };
        [of(0..1), of(1..1 + AGAIN), of(2 + AGAIN..1 + AGAIN + WARM)]
    }
}
