//! One caller: the Rust API and the C ABI against the same statements by hand.

use std::cell::RefCell;
use std::path::Path;

use crate::by_hand::{ByHand, SYNC_CALL, store};
use crate::child::{Child, Counted};
use crate::contest::{Sample, Side, contest, side};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Part, Table, figure, time};
use crate::setup::{self, Setup};

const RUST: &str = "Gatepass, Rust API";
const C: &str = "Gatepass, C ABI";

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("single");
    let gate = store(&folder, "rust.db");
    for name in ["tuned.db", "usual.db", "c.db"] {
        drop(store(&folder, name));
    }
    let ours = RefCell::new(Ours::new(&gate));
    let tuned = RefCell::new(ByHand::open(&folder.join("tuned.db"), true));
    let usual = RefCell::new(ByHand::open(&folder.join("usual.db"), false));
    let c = setup.benching.then(|| RefCell::new(c_program(&folder)));
    // Rounds without a sync are short: more of them, and longer.
    let (rounds, issues) = (setup.rounds * 2 - 1, setup.count * 4);

    let mut issuing = vec![
        side("the statements by hand", || tuned.borrow_mut().issues(issues)),
        side(RUST, || ours.borrow_mut().issues(issues)),
        side("by hand, the driver's defaults", || usual.borrow_mut().issues(issues)),
    ];
    issuing.extend(c.as_ref().map(|child| {
        Box::new(Counted { child, before: None, act: "issue", count: issues }) as Box<dyn Side + '_>
    }));
    let issued = contest(rounds, &mut issuing);
    let names: Vec<String> = issuing.iter().map(|side| side.name()).collect();
    let count = setup.count / 2;
    let mut redeeming = vec![
        side("the statements by hand", || tuned.borrow_mut().redemptions(count)),
        side(RUST, || ours.borrow_mut().redemptions(count)),
        side("by hand, the driver's defaults", || usual.borrow_mut().redemptions(count)),
    ];
    redeeming.extend(c.as_ref().map(|child| {
        Box::new(Counted { child, before: Some("issue"), act: "redeem", count }) as Box<dyn Side + '_>
    }));
    let redeemed = contest(rounds, &mut redeeming);

    let mut table =
        Table::new(["one caller", "issue, unsynced", "by hand = 1", "redeem, synced", "by hand = 1"]);
    let mut goals = Vec::new();
    for (at, name) in names.iter().enumerate() {
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
        "Issue without a sync and redeem with one ({SYNC_CALL}), on the shipped schema, by one caller. By hand: \
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
