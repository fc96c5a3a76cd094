//! What an act costs in a store that holds much, against an empty one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use gatepass::Gatepass;
use gatepass::id::{ClientId, ItemId};
use gatepass::token::{IssueRequest, RedeemRequest, Token};

use crate::by_hand::SYNC_CALL;
use crate::contest::{Sample, contest, median, percentile, side};
use crate::fill::{Dice, Rows, filled};
use crate::part::{Goal, Line, Part, Plot, Table, figure, time};
use crate::setup::Setup;

/// As many as the page says.
const PEOPLE: i64 = 10_000;

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("growth");
    let mut stores = stores(&folder, setup.rows);
    let (rounds, count) = (setup.rounds * 4 - 1, setup.count);
    let issued = turns(rounds, &mut stores, |store| store.issues(count).1);
    let redeemed = turns(rounds, &mut stores, |store| store.redemptions(count));
    let moved: Vec<_> = stores.iter().map(Store::moved).collect();
    let cold = (count / 4).max(1);
    let cold_issued = turns(setup.rounds, &mut stores, |store| {
        store.forget();
        store.issues(cold).1
    });
    let cold_redeemed = turns(setup.rounds, &mut stores, |store| {
        let made = store.issues(cold).0;
        store.forget();
        store.redeem(made)
    });

    let mut warm = Table::new([
        "store",
        "issue, unsynced",
        "empty = 1",
        "redeem, synced",
        "empty = 1",
        "a redemption writes",
        "and reads",
    ]);
    let mut after_reopening =
        Table::new(["store, reopened", "issue, unsynced", "empty = 1", "redeem, synced", "empty = 1"]);
    let mut goals = Vec::new();
    for (at, store) in stores.iter().enumerate() {
        let ratio = |all: &[Sample]| figure(all[at].per_second / all[0].per_second);
        let each = |all: &[Sample]| time(all[at].each());
        let name = || store.name.clone();
        let bytes = |amount: fn(&(f64, f64)) -> f64| {
            moved[at].as_ref().map_or("-".into(), |it| format!("{} KiB", figure(amount(it) / 1024.0)))
        };
        warm.row([
            name(),
            each(&issued),
            ratio(&issued),
            each(&redeemed),
            ratio(&redeemed),
            bytes(|it| it.0),
            bytes(|it| it.1),
        ]);
        after_reopening.row([
            name(),
            each(&cold_issued),
            ratio(&cold_issued),
            each(&cold_redeemed),
            ratio(&cold_redeemed),
        ]);
        if store.rows.tokens.max(store.rows.events) == setup.rows {
            let what = |act: &str| format!("{act} with {} over an empty store", store.name);
            goals.push(Goal::faster(6, &what("issue"), 0.95, &issued[at], &issued[0]));
            goals.push(Goal::faster(6, &what("redeem"), 0.95, &redeemed[at], &redeemed[0]));
        }
    }
    let sync = SYNC_CALL;
    let plot = plot(&stores, &issued, &redeemed);
    drop(stores);
    std::fs::remove_dir_all(folder).unwrap();
    Part {
        id: "growth".into(),
        title: "Growth".into(),
        how: format!(
            "The library's own issue (without a sync) and redeem (with one, {sync}, and a session) for one of \
             10,000 people by chance, on the shipped schema with all its indexes. The rows are filled in by SQL: tokens \
             of the last 20 hours, sessions of the last 11, audit events of the last 25 days, so that none is due to be \
             purged. {rounds} rounds of {count} acts. \"Empty, once more\" is a second empty store: how far it is from \
             1 is the noise. What is written and read is counted by the kernel, the log's write-back included, and \
             has no noise to speak of. For the second table the store is closed before each round, the kernel is \
             told to forget the file, and the first {cold} acts after opening it are measured, the opening itself not."
        ),
        tables: vec![warm, after_reopening],
        goals,
        plots: vec![plot],
        ..Part::default()
    }
}

/// An empty store twice, and filled ones up to so many rows; the three kinds are filled at once.
fn stores(folder: &Path, most: i64) -> Vec<Store> {
    let empty = Rows { people: PEOPLE, ..Rows::default() };
    let kinds: [(&str, Vec<Rows>); 4] = [
        ("", vec![empty, empty]),
        ("tokens", [most / 100, most / 10, most].map(|tokens| Rows { tokens, ..empty }).into()),
        ("audit events", [most / 10, most].map(|events| Rows { events, ..empty }).into()),
        ("sessions", vec![Rows { sessions: most / 10, ..empty }]),
    ];
    let make = |(kind, sizes): &(&str, Vec<Rows>)| -> Vec<Store> {
        let one = |(at, &rows): (usize, &Rows)| {
            let size = rows.tokens + rows.events + rows.sessions;
            let name = match (size, at) {
                (0, 0) => "empty".into(),
                (0, _) => "empty, once more".into(),
                _ => format!("{} {kind}", amount(size)),
            };
            let path = filled(folder, &format!("{size} {kind} {at}.db"), rows);
            Store {
                name,
                rows,
                gate: Some(Gatepass::open(&path).unwrap()),
                path,
                dice: Dice(7),
                moved: Vec::new(),
            }
        };
        sizes.iter().enumerate().map(one).collect()
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = kinds.iter().map(|kind| scope.spawn(|| make(kind))).collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn amount(rows: i64) -> String {
    match rows {
        it if it % 1_000_000 == 0 => format!("{} million", it / 1_000_000),
        it if it % 1_000 == 0 => format!("{},000", it / 1_000),
        it => it.to_string(),
    }
}

fn turns(rounds: usize, stores: &mut [Store], round: impl Fn(&mut Store) -> Sample + Copy) -> Vec<Sample> {
    let mut sides = Vec::new();
    for store in stores {
        sides.push(side(store.name.clone(), move || round(store)));
    }
    contest(rounds, &mut sides)
}

struct Store {
    name: String,
    rows: Rows,
    path: PathBuf,
    gate: Option<Gatepass>,
    dice: Dice,
    /// Bytes that a redemption wrote and read, by round.
    moved: Vec<(f64, f64)>,
}

impl Store {
    fn issues(&mut self, count: usize) -> (Vec<Token>, Sample) {
        let gate = self.gate.as_ref().unwrap();
        let caller = gate.host_caller("cli").unwrap();
        each(0..count, |_| {
            let request = IssueRequest::for_client(ClientId::new(self.dice.one_of(PEOPLE)).unwrap())
                .destination("clientarea:product_details")
                .service(ItemId::new(1).unwrap());
            gate.issue(&caller, &request).unwrap().token
        })
    }

    fn redeem(&self, tokens: Vec<Token>) -> Sample {
        let gate = self.gate.as_ref().unwrap();
        each(tokens, |token| drop(gate.redeem(&RedeemRequest::new(token)).unwrap())).1
    }

    fn redemptions(&mut self, count: usize) -> Sample {
        let made = self.issues(count).0;
        let before = written_and_read();
        let sample = self.redeem(made);
        if let (Some(before), Some(after)) = (before, written_and_read()) {
            self.moved.push(((after.0 - before.0) / count as f64, (after.1 - before.1) / count as f64));
        }
        sample
    }

    fn moved(&self) -> Option<(f64, f64)> {
        let of = |amount: fn(&(f64, f64)) -> f64| median(self.moved.iter().map(amount).collect());
        Some((of(|it| it.0)?, of(|it| it.1)?))
    }

    /// Open the store anew, with nothing of it in memory, not even in the kernel's.
    fn forget(&mut self) {
        drop(self.gate.take());
        std::fs::File::open(&self.path).unwrap().sync_all().unwrap();
        let mut dd = Command::new("dd");
        let dd =
            dd.arg(format!("if={}", self.path.display())).args(["iflag=nocache", "count=0", "status=none"]);
        assert!(dd.status().unwrap().success());
        self.gate = Some(Gatepass::open(&self.path).unwrap());
    }
}

/// Do an act with each; what came of them, and how long they took.
fn each<A, T>(all: impl IntoIterator<Item = A>, mut act: impl FnMut(A) -> T) -> (Vec<T>, Sample) {
    let (mut done, mut waits) = (Vec::new(), Vec::new());
    let began = Instant::now();
    for one in all {
        let began = Instant::now();
        done.push(act(one));
        waits.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let sample = Sample::of(done.len(), began.elapsed().as_secs_f64());
    waits.sort_by(f64::total_cmp);
    (done, Sample { p50: percentile(&waits, 0.5), worst: waits.last().copied(), ..sample })
}

/// Bytes that this process has handed to the kernel and taken from it, where the kernel counts them.
fn written_and_read() -> Option<(f64, f64)> {
    let counts = std::fs::read_to_string("/proc/self/io").ok()?;
    let of = |name: &str| counts.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Some((of("wchar:")?, of("rchar:")?))
}

fn plot(stores: &[Store], issued: &[Sample], redeemed: &[Sample]) -> Plot {
    type Count = fn(&Rows) -> i64;
    let line = |name: &str, all: &[Sample], size: Count| Line {
        name: name.into(),
        points: stores
            .iter()
            .zip(all)
            .filter(|(store, _)| size(&store.rows) > 0)
            .map(|(store, sample)| (size(&store.rows) as f64, sample.each()))
            .collect(),
    };
    Plot {
        file: "growth.svg".into(),
        title: "Cost of an act over the size of the table".into(),
        x: "rows".into(),
        y: "µs".into(),
        log_x: true,
        log_y: false,
        lines: vec![
            line("redeem, tokens", redeemed, |rows| rows.tokens),
            line("redeem, audit events", redeemed, |rows| rows.events),
            line("issue, tokens", issued, |rows| rows.tokens),
            line("issue, audit events", issued, |rows| rows.events),
        ],
    }
}
