//! What crossing into the library costs: the same acts from PHP and Python.

use std::cell::RefCell;

use gatepass::Gatepass;
use gatepass::session::SessionId;
use gatepass::token::{RedeemRequest, Token};

use crate::by_hand::{ByHand, SYNC_CALL, store};
use crate::child::Child;
use crate::contest::{Sample, Side, contest, side};
use crate::load::timed;
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Part, Table, figure, time};
use crate::programs::{NOT_MEASURED, Shape, ours_in_php, ours_in_python};
use crate::setup::Setup;

const BY_HAND: &str = "the statements by hand, Rust";
const RUST: &str = "Gatepass from Rust";
const PHP: &str = "Gatepass from PHP";
const PYTHON: &str = "Gatepass from Python";

/// An act, what it needs before, what the others are measured by, and how many of it go for one of the setup.
struct Act {
    name: &'static str,
    told: &'static str,
    before: &'static [&'static str],
    by: &'static str,
    times: usize,
}

/// What syncs takes longest, so there is least of it.
const ACTS: [Act; 4] = [
    Act { name: "issue", told: "issue, unsynced", before: &[], by: BY_HAND, times: 5 },
    Act { name: "redeem", told: "redeem, synced", before: &["issue"], by: BY_HAND, times: 1 },
    Act { name: "inspect", told: "inspect", before: &["issue"], by: RUST, times: 5 },
    Act { name: "check", told: "session check", before: &["issue", "redeem"], by: RUST, times: 1 },
];

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("crossing");
    let gate = store(&folder, "rust.db");
    for name in ["by-hand.db", "php.db", "python.db"] {
        drop(store(&folder, name));
    }
    let ours = RefCell::new(Ours::new(&gate));
    let by_hand = RefCell::new(ByHand::open(&folder.join("by-hand.db"), true));
    let others = setup.benching.then(|| {
        [
            (PHP, ours_in_php(PHP, &folder.join("php.db"), Shape::Kept)),
            (PYTHON, ours_in_python(PYTHON, &folder.join("python.db"))),
        ]
    });
    let (mut missing, mut children) = (Vec::new(), Vec::new());
    for (name, child) in others.into_iter().flatten() {
        match child {
            Some(child) => children.push(RefCell::new(child)),
            None => missing.push(name),
        }
    }

    let mut table = Table::new(["one caller", "act", "a call", "ratio"]);
    let mut goals = Vec::new();
    for act in &ACTS {
        let count = setup.count / 5 * act.times;
        let mut sides: Vec<Box<dyn Side + '_>> = Vec::new();
        if act.by == BY_HAND {
            sides.push(side(BY_HAND, || match act.name {
                "issue" => by_hand.borrow_mut().issues(count),
                _ => by_hand.borrow_mut().redemptions(count),
            }));
        }
        sides.push(side(RUST, || from_rust(&gate, &mut ours.borrow_mut(), act.name, count)));
        sides.extend(children.iter().map(|child| crossing(child, act, count)));
        let seen = contest(setup.many_rounds(), &mut sides);
        for (side, sample) in sides.iter().zip(&seen) {
            let name = side.name();
            let ratio = figure(sample.per_second / seen[0].per_second);
            table.row([name.clone(), act.told.into(), time(sample.each()), ratio]);
            if act.name == "redeem" && [PHP, PYTHON].contains(&name.as_str()) {
                let what = format!("{}, one caller: {name} over the same statements by hand", act.told);
                goals.push(Goal::faster(1, &what, 0.85, sample, &seen[0]));
            }
        }
    }
    let how = format!(
        "The same acts through the PHP package (FFI), the Python package (ctypes) and the Rust API, by one caller, each on a \
         store of its own; issue without a sync, redeem with one ({}), inspect and session check write nothing. Each \
         call is that of a user of the package, objects and exceptions included. The ratio is throughput: for issue and redeem \
         against the library's statements in a hand-written loop in Rust under the same sync rule, which judges nothing; for \
         the other two against the Rust API. {} rounds by turns, of {} calls, or {} without a sync.",
        SYNC_CALL,
        setup.many_rounds(),
        setup.count / 5,
        setup.count,
    );
    let mut versions = std::collections::BTreeMap::new();
    for (name, version) in children.iter().flat_map(|child| child.borrow().ready.versions.clone()) {
        versions.insert(if name == "sqlite" { "sqlite in Gatepass".into() } else { name }, version);
    }
    Part {
        id: "crossing".into(),
        title: "From PHP and Python".into(),
        how,
        tables: vec![table],
        goals,
        notes: missing.iter().map(|name| format!("{name}: {NOT_MEASURED}.")).collect(),
        versions,
        ..Part::default()
    }
}

/// A side that is a program in another language.
fn crossing<'a>(child: &'a RefCell<Child>, act: &'a Act, count: usize) -> Box<dyn Side + 'a> {
    let name = child.borrow().name().to_owned();
    side(name, move || {
        let mut child = child.borrow_mut();
        for before in act.before {
            child.count(before, count);
        }
        Sample::of(count, child.count(act.name, count).seconds)
    })
}

/// So many of an act through the Rust API, with what it needs done before.
fn from_rust(gate: &Gatepass, ours: &mut Ours<'_>, act: &str, count: usize) -> Sample {
    let tokens = |ours: &mut Ours<'_>| -> Vec<Token> { (0..count).map(|_| Pairs::issue(ours)).collect() };
    let took = match act {
        "issue" => return ours.issues(count),
        "redeem" => return ours.redemptions(count),
        "inspect" => {
            let tokens: Vec<String> = tokens(ours).iter().map(Token::reveal).collect();
            timed(|| {
                for token in &tokens {
                    std::hint::black_box(gate.inspect(&Token::parse(token).unwrap(), None).unwrap());
                }
            })
        }
        _ => {
            let started = |token| gate.redeem(&RedeemRequest::new(token)).unwrap().session.unwrap().reveal();
            let sessions: Vec<String> = tokens(ours).into_iter().map(started).collect();
            timed(|| {
                for session in &sessions {
                    let session = SessionId::parse(session).unwrap();
                    std::hint::black_box(gate.check_session(&session, None).unwrap());
                }
            })
        }
    };
    Sample::of(count, took.as_secs_f64())
}
