//! One caller: the Rust API and the C ABI against the same statements by hand.

use std::cell::RefCell;
use std::path::Path;

use crate::by_hand::{SYNC_CALL, store};
use crate::child::{Child, Counted};
use crate::contest::{Sample, Side, contest};
use crate::part::{Goal, Part, Table, figure, time};
use crate::setup::{self, Setup};
use crate::worker;

const RUST: &str = "Gatepass, Rust API";
const C: &str = "Gatepass, C ABI";
const BY_HAND: &str = "the statements by hand";
const BY_DEFAULT: &str = "by hand, the driver's defaults";

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("single");
    let mut children = Vec::new();
    for (name, who) in [(BY_HAND, "by-hand"), (RUST, "ours"), (BY_DEFAULT, "by-default")] {
        let file = format!("{who}.db");
        drop(store(&folder, &file));
        children.push(RefCell::new(worker::start(name, who, &folder.join(file))));
    }
    if setup.benching {
        drop(store(&folder, "c.db"));
        children.push(RefCell::new(c_program(&folder)));
    }
    let (rounds, issues, count) = (setup.many_rounds(), setup.count, setup.count / 5);
    let meet = |before: Option<&'static str>, act: &'static str, count: usize| {
        let side = |child| Box::new(Counted { child, before, act, count }) as Box<dyn Side + '_>;
        contest(rounds, &mut children.iter().map(side).collect::<Vec<_>>())
    };
    let issued = meet(None, "issue", issues);
    let redeemed = meet(Some("issue"), "redeem", count);

    let mut table =
        Table::new(["one caller", "issue, unsynced", "by hand = 1", "redeem, synced", "by hand = 1"]);
    let mut goals = Vec::new();
    for (at, child) in children.iter().enumerate() {
        let name = child.borrow().name().to_owned();
        let ratio = |all: &[Sample]| figure(all[at].per_second / all[0].per_second);
        table.row([
            name.clone(),
            time(issued[at].each()),
            ratio(&issued),
            time(redeemed[at].each()),
            ratio(&redeemed),
        ]);
        if [RUST, C].contains(&name.as_str()) {
            let what = |act: &str| format!("{act}, one caller: {name} over the same statements by hand");
            goals.push(Goal::faster(1, &what("issue unsynced"), 0.90, &issued[at], &issued[0]));
            goals.push(Goal::faster(1, &what("redeem synced"), 0.95, &redeemed[at], &redeemed[0]));
        }
    }
    let how = format!(
        "Issue without a sync and redeem with one ({SYNC_CALL}), on the shipped schema, by one caller, each side a process of its own. By hand: \
         rusqlite, the library's own statements prepared once, one `BEGIN IMMEDIATE` transaction an act, the same \
         SQLite, the same sync rule. The hand-written loop judges nothing: it stores a fixed landing page. \
         \"The driver's defaults\" is the same loop without stable query plans, as most would write it. \
         {rounds} rounds of {issues} issues and of {count} redemptions; a ratio above 1 is faster than by hand."
    );
    Part {
        id: "single".into(),
        title: "One caller".into(),
        how,
        tables: vec![table],
        goals,
        ..Part::default()
    }
}

/// `abi.c`, compiled against the committed header and the shared library.
fn c_program(folder: &Path) -> Child {
    Child::start(C, setup::c_program("abi.c", folder).arg(folder.join("c.db")))
}
