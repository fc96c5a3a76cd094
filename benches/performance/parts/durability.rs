//! What the default durability saves against a sync at each act.

use std::cell::RefCell;

use crate::by_hand::{ByHand, SYNC_CALL, store};
use crate::contest::{contest, side};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Part, Table, figure, time};
use crate::setup::Setup;

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("durability");
    let gate = store(&folder, "ours.db");
    let all_synced = store(&folder, "ours-full.db");
    all_synced.set_setting("durability", "full".into()).unwrap();
    drop(store(&folder, "redeem.db"));
    drop(store(&folder, "full.db"));
    let ours = RefCell::new(Ours::new(&gate));
    let ours_full = RefCell::new(Ours::new(&all_synced));
    let redeem = RefCell::new(ByHand::open(&folder.join("redeem.db"), true));
    let full = RefCell::new(ByHand::open(&folder.join("full.db"), true).full());
    let (rounds, count) = (setup.many_rounds(), setup.count / 8);

    let names = [
        "Gatepass, durability `redeem` (default)",
        "Gatepass, durability `full`",
        "by hand, issue unsynced and redeem synced",
        "by hand, both synced",
    ];
    let seen = contest(
        rounds,
        &mut [
            side(names[0], || ours.borrow_mut().pairs(count)),
            side(names[1], || ours_full.borrow_mut().pairs(count)),
            side(names[2], || redeem.borrow_mut().pairs(count)),
            side(names[3], || full.borrow_mut().pairs(count)),
        ],
    );
    let mut table = Table::new(["pairs of issue and redeem", "pairs/s", "a pair", "`full` = 1"]);
    for (name, sample) in names.iter().zip(&seen) {
        let ratio = figure(sample.per_second / seen[1].per_second);
        table.row([(*name).into(), figure(sample.per_second), time(sample.each()), ratio]);
    }
    let how = format!(
        "{rounds} rounds of {count} pairs by one caller. An issue that a power cut takes away fails safe, and the sync of the \
         redemption ({SYNC_CALL}) brings everything before it to the disk, so one sync a pair is enough. `full` syncs the issue too. \
         By hand: the same statements, with `synchronous=NORMAL` and `FULL` in turn, or `FULL` always."
    );
    let goal = Goal::faster(5, "pairs under durability `redeem` over `full`", 1.5, &seen[0], &seen[1]);
    Part {
        id: "durability".into(),
        title: "Durability".into(),
        how,
        tables: vec![table],
        goals: vec![goal],
        ..Part::default()
    }
}
