//! PHP as a web server runs it: workers that begin each request with nothing.

use std::cell::RefCell;
use std::path::Path;

use serde_json::json;

use crate::by_hand::{SYNC_CALL, store};
use crate::child::Child;
use crate::contest::{Sample, contest, side};
use crate::load::processes;
use crate::part::{Goal, Part, Table, figure, time};
use crate::programs::{NOT_MEASURED, Shape, ours_in_php, php_by_hand};
use crate::setup::Setup;

const WORKERS: usize = 8;

const OURS: &str = "Gatepass, opened in each request, each act synced";
const DEFAULT: &str = "Gatepass, opened in each request, issue unsynced (default)";
const NEW: &str = "PDO by hand, careful, opened in each request";
const KEPT: &str = "PDO by hand, careful, kept open in the process";
const NAIVE: &str = "PDO by hand, naive, opened in each request";

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("php_requests");
    let part =
        Part { id: "php_requests".into(), title: "PHP requests".into(), how: how(setup), ..Part::default() };
    let workers = setup.benching.then(|| all_workers(&folder)).flatten();
    let Some(workers) = workers else {
        return Part { notes: vec![format!("The workers in PHP: {NOT_MEASURED}.")], ..part };
    };
    let mut versions = std::collections::BTreeMap::new();
    for (side, children) in &workers {
        for (name, version) in children[0].ready.versions.clone() {
            let whose = if side.starts_with("Gatepass") { "Gatepass" } else { "php" };
            versions.insert(if name == "sqlite" { format!("sqlite in {whose}") } else { name }, version);
        }
    }
    let syncs: Vec<String> = workers.iter().map(|(_, children)| children[0].ready.sync.clone()).collect();
    let workers: Vec<_> =
        workers.into_iter().map(|(name, children)| (name, RefCell::new(children))).collect();
    let mut sides: Vec<_> = workers
        .iter()
        .map(|(name, children)| {
            // A pair is two requests.
            side(*name, || requests(processes(&mut children.borrow_mut(), setup.length * 2).0))
        })
        .collect();
    let seen = contest(setup.rounds, &mut sides);
    let ours = &seen[0];

    let mut table = Table::new([
        "8 workers",
        "requests/s",
        "Gatepass is faster by",
        "p50",
        "p99",
        "worst wait",
        "share",
        "sync call",
    ]);
    let told = |figure: Option<f64>| figure.map_or("-".into(), time);
    for (((name, _), sample), sync) in workers.iter().zip(&seen).zip(&syncs) {
        table.row([
            (*name).into(),
            figure(sample.per_second),
            figure(ours.per_second / sample.per_second),
            told(sample.p50),
            told(sample.p99),
            told(sample.worst),
            sample.share.map_or("-".into(), figure),
            if sync.is_empty() { SYNC_CALL.into() } else { sync.clone() },
        ]);
    }
    let of = |name: &str| &seen[workers.iter().position(|(known, _)| *known == name).unwrap()];
    let faster = |at_least, name: &str| {
        Goal::faster(4, &format!("PHP requests by 8 workers over: {name}"), at_least, ours, of(name))
    };
    let sooner = |name: &str| {
        let what = format!("worst wait over ours, PHP requests by 8 workers: {name}");
        Goal::shorter(4, &what, 10.0, ours.worst.unwrap(), of(name).worst.unwrap())
    };
    let goals = vec![
        faster(4.0, NEW),
        faster(20.0, NAIVE),
        faster(1.5, KEPT),
        sooner(NEW),
        sooner(NAIVE),
        sooner(KEPT),
    ];
    Part { tables: vec![table], goals, versions, ..part }
}

/// Of each side its workers; all or nothing.
fn all_workers(folder: &Path) -> Option<Vec<(&'static str, Vec<Child>)>> {
    let gate = store(folder, "full.db");
    gate.set_setting("durability", json!("full")).unwrap();
    drop(gate);
    drop(store(folder, "default.db"));
    let ours = |name, file: &str| ours_in_php(name, &folder.join(file), Shape::Request);
    let by_hand = |name, how, file: &str, shape| php_by_hand(name, how, &folder.join(file), shape);
    type Start<'a> = Box<dyn Fn() -> Option<Child> + 'a>;
    let sides: [(&'static str, Start<'_>); 5] = [
        (OURS, Box::new(|| ours(OURS, "full.db"))),
        (DEFAULT, Box::new(|| ours(DEFAULT, "default.db"))),
        (NEW, Box::new(|| by_hand(NEW, "Careful", "new.db", Shape::Request))),
        (KEPT, Box::new(|| by_hand(KEPT, "Careful", "kept.db", Shape::Kept))),
        (NAIVE, Box::new(|| by_hand(NAIVE, "Naive", "naive.db", Shape::Request))),
    ];
    sides
        .iter()
        .map(|(name, start)| Some((*name, (0..WORKERS).map(|_| start()).collect::<Option<_>>()?)))
        .collect()
}

/// Pairs as requests.
fn requests(pairs: Sample) -> Sample {
    Sample { per_second: pairs.per_second * 2.0, ..pairs }
}

fn how(setup: &Setup) -> String {
    format!(
        "8 PHP processes on one store, for {:?} a round, {} rounds by turns. A request is an issue or, the next one, the \
         redemption of that token; its wait is the time of the whole request without the start of PHP. Gatepass: as php-fpm \
         with the documented preloading, which gives each request the classes and the header; the request declares the library, \
         opens the store, acts and lets go, and what lives longer is the store that the library keeps open in the process. By \
         hand, careful: PDO, a write-ahead log, `synchronous=FULL`, `BEGIN IMMEDIATE`, one conditional UPDATE and an audit \
         row, a busy timeout of 60 s. By hand, naive: PDO as it comes, a rollback journal, each statement for itself, look first \
         and write then. All sync each act before they answer, but for the row that says otherwise. The work by hand is less: \
         no session, no check of person, client and caller.",
        setup.length * 2,
        setup.rounds,
    )
}
