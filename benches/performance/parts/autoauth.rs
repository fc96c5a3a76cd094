//! AutoAuth links: parse and verify, refuse, accept once.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Duration;

use gatepass::autoauth::{Windows, digest};
use gatepass::clock::Timestamp;
use gatepass::directory::Mode;

use gatepass::secret::Secret;
use gatepass::{AutoAuthRequest, Error, Gatepass, InitOptions};
use serde_json::json;

use crate::by_hand::{SYNC_CALL, hex};
use crate::child::{Child, Counted};
use crate::contest::{Sample, Side, contest, side};
use crate::load::timed;
use crate::part::{Goal, Part, Table, time};
use crate::programs::{NOT_MEASURED, autoauth_in_php, autoauth_in_python};
use crate::setup::Setup;

const RUST: &str = "Gatepass from Rust";
const PHP: &str = "Gatepass from PHP";
const PYTHON: &str = "Gatepass from Python";
const PHP_BY_HAND: &str = "PHP by hand: parse_str, sha1, hash_equals";
const PYTHON_BY_HAND: &str = "Python by hand: parse_qs, sha1, compare_digest";

const KEY: &str = "a key that the systems share, of some length";

/// An act, what is done before it, and what it is called. All sides do all of them.
struct Act {
    name: &'static str,
    before: &'static str,
    told: &'static str,
    synced: bool,
}

const SIDES: [&str; 5] = [RUST, PHP, PHP_BY_HAND, PYTHON, PYTHON_BY_HAND];

const ACTS: [Act; 3] = [
    Act { name: "verify", before: "sign", told: "parse and verify, no store", synced: false },
    Act { name: "refuse", before: "forge", told: "refuse a forged link, no store", synced: false },
    Act { name: "accept", before: "sign", told: "accept a link once, synced", synced: true },
];

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("autoauth");
    let gate = host_store(&folder, "rust.db");
    drop(host_store(&folder, "php.db"));
    drop(host_store(&folder, "python.db"));
    let at = |name: &str| folder.join(format!("{name}.db"));
    let children: Vec<(&str, Option<RefCell<Child>>)> = [
        (PHP, autoauth_in_php as fn(&str, &str, &Path) -> Option<Child>, "ours", at("php")),
        (PHP_BY_HAND, autoauth_in_php, "by_hand", at("php-by-hand")),
        (PYTHON, autoauth_in_python, "ours", at("python")),
        (PYTHON_BY_HAND, autoauth_in_python, "by_hand", at("python-by-hand")),
    ]
    .into_iter()
    .map(|(name, start, how, path)| {
        let child = setup.benching.then(|| start(name, how, &path)).flatten();
        (name, child.map(RefCell::new))
    })
    .collect();
    let child =
        |name: &str| children.iter().find(|(known, _)| *known == name).and_then(|(_, child)| child.as_ref());
    let mut table = Table::new(["one caller", "act", "a link"]);
    let mut goals = Vec::new();
    let signed = Cell::new(0);
    for act in &ACTS {
        let count = if act.synced { setup.count / 5 } else { setup.count * 2 };
        let mut sides: Vec<Box<dyn Side + '_>> = Vec::new();
        let mut here = Vec::new();
        for name in SIDES {
            if name == RUST {
                sides.push(side(name, || from_rust(&gate, &signed, act.name, count)));
            } else if let Some(child) = child(name) {
                sides.push(Box::new(Counted { child, before: Some(act.before), act: act.name, count }));
            } else {
                continue;
            }
            here.push(name);
        }
        let seen = contest(setup.many_rounds(), &mut sides);
        let of = |name: &str| here.iter().position(|known| *known == name).map(|at| &seen[at]);
        for name in SIDES {
            let told = of(name).map_or(NOT_MEASURED.into(), |sample| time(sample.each()));
            table.row([name.into(), act.told.into(), told]);
        }
        for (ours, by_hand, floor) in [(PHP, PHP_BY_HAND, 1.5), (PYTHON, PYTHON_BY_HAND, 5.0)] {
            if let (Some(ours_seen), Some(theirs), false) = (of(ours), of(by_hand), act.synced) {
                let what = format!("AutoAuth, {}: {ours} over {by_hand}", act.told);
                goals.push(Goal::faster(10, &what, floor, ours_seen, theirs));
            }
        }
    }
    let mut versions = std::collections::BTreeMap::new();
    for (_, child) in &children {
        versions.extend(child.iter().flat_map(|child| child.borrow().ready.versions.clone()));
    }
    Part {
        id: "autoauth".into(),
        title: "AutoAuth links".into(),
        how: how(setup),
        tables: vec![table],
        goals,
        versions,
        ..Part::default()
    }
}

/// A store whose users the application keeps: a link is verified, and nobody looked up.
fn host_store(folder: &Path, name: &str) -> Gatepass {
    let init = InitOptions::new(Mode::Host, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.join(name), &init).unwrap();
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    gate
}

/// So many links that nobody had yet; forged ones have a hash that fits nothing.
fn links(signed: &Cell<usize>, forged: bool, count: usize) -> Vec<String> {
    let now = now().as_seconds();
    let link = |_| {
        let number = signed.replace(signed.get() + 1);
        let email = format!("ann+{number}@example.com");
        let key = if forged { "another key, of about the same length" } else { KEY };
        let hash = hex(&digest(email.as_bytes(), now, key.as_bytes()));
        format!("email=ann%2B{number}%40example.com&timestamp={now}&hash={hash}&goto=cart.php%3Fa%3Dview")
    };
    (0..count).map(link).collect()
}

fn from_rust(gate: &Gatepass, signed: &Cell<usize>, act: &str, count: usize) -> Sample {
    let key = Secret::new(KEY);
    let request = AutoAuthRequest::default().with_key(key.clone()).without_session();
    let windows = Windows::default();
    let links = links(signed, act == "refuse", count);
    let took = match act {
        "verify" => over(&links, |query| {
            std::hint::black_box(Gatepass::verify_autoauth(query, &key, windows).unwrap());
        }),
        "refuse" => over(&links, |query| {
            assert!(matches!(Gatepass::verify_autoauth(query, &key, windows), Err(Error::Refused(_))));
        }),
        _ => over(&links, |query| drop(gate.accept_autoauth(query, &request).unwrap())),
    };
    Sample::of(count, took.as_secs_f64())
}

fn over(links: &[String], each: impl Fn(&[u8])) -> Duration {
    timed(|| links.iter().for_each(|link| each(link.as_bytes())))
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

fn how(setup: &Setup) -> String {
    format!(
        "Links of about 130 bytes, the key given by the caller, as `configuration.php` gave it, in a store of mode `host`: the \
         verified address is the answer, and nobody is looked up. *Parse and verify* takes a query apart, checks the form of the \
         fields and the time, and compares the hash, in one call without a store. *Refuse a forged link* is the same with the other \
         outcome. *Accept once*: by hand the verification, \
         and a row under the link's digest with an audit row in one synced transaction ({}, PHP's and Python's SQLite \
         fdatasync). {} rounds of {} links by turns, {} where nothing is synced.",
        SYNC_CALL,
        setup.many_rounds(),
        setup.count / 5,
        setup.count * 2,
    )
}
