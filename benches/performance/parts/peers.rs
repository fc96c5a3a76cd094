//! What else one would use: libraries of other languages, and the same by hand in them.

use std::cell::RefCell;
use std::path::Path;

use serde_json::json;

use crate::by_hand::{SYNC_CALL, store};
use crate::child::{Child, Counted};
use crate::contest::{Sample, Side, contest, side};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Part, Table, figure, time};
use crate::programs::{
    NOT_MEASURED, Shape, better_auth, django, ours_in_php, ours_in_python, php_by_hand, python_by_hand,
};
use crate::setup::Setup;

const RUST: &str = "Gatepass from Rust";
const PHP: &str = "Gatepass from PHP";
const PYTHON: &str = "Gatepass from Python";
const BETTER_AUTH: &str = "better-auth one-time token, as it comes";
const HASHED: &str = "better-auth one-time token, hashed";
const DJANGO: &str = "Django ORM, token and audit row";
const SESAME: &str = "django-sesame, one-time";

/// A side in another language.
struct Peer {
    name: &'static str,
    /// Which of ours it is compared with: the one in its language, or Rust where there is no package.
    with: &'static str,
    /// Its store lies on a file of this name.
    start: fn(&'static str, &Path, usize) -> Option<Child>,
    /// A round is shorter by so much: it is a slow one.
    slow: usize,
}

const PEERS: [Peer; 10] = [
    Peer { name: PHP, with: RUST, slow: 1, start: |name, at, _| ours_in_php(name, at, Shape::Kept) },
    Peer { name: PYTHON, with: RUST, slow: 1, start: |name, at, _| ours_in_python(name, at) },
    Peer {
        name: "PHP PDO by hand, careful",
        with: PHP,
        slow: 1,
        start: |name, at, _| php_by_hand(name, "Careful", at, Shape::Kept),
    },
    Peer {
        name: "PHP PDO by hand, naive",
        with: PHP,
        slow: 4,
        start: |name, at, _| php_by_hand(name, "Naive", at, Shape::Kept),
    },
    Peer {
        name: "Python sqlite3 by hand, careful",
        with: PYTHON,
        slow: 1,
        start: |name, at, _| python_by_hand(name, "careful", at),
    },
    Peer {
        name: "Python sqlite3 by hand, naive",
        with: PYTHON,
        slow: 4,
        start: |name, at, _| python_by_hand(name, "naive", at),
    },
    Peer { name: BETTER_AUTH, with: RUST, slow: 4, start: |name, at, _| better_auth(name, "plain", at) },
    Peer { name: HASHED, with: RUST, slow: 4, start: |name, at, _| better_auth(name, "hashed", at) },
    Peer { name: DJANGO, with: PYTHON, slow: 2, start: |name, at, most| django(name, "orm", at, most) },
    Peer { name: SESAME, with: PYTHON, slow: 2, start: |name, at, most| django(name, "sesame", at, most) },
];

/// The goals: of which peer, the act, the floor.
const GOALS: [(&str, &str, f64); 7] = [
    (BETTER_AUTH, "issue", 6.0),
    (BETTER_AUTH, "redeem", 6.0),
    (HASHED, "issue", 6.0),
    (HASHED, "redeem", 6.0),
    (DJANGO, "issue", 2.0),
    (DJANGO, "redeem", 2.0),
    (SESAME, "redeem", 4.0),
];

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("peers");
    let path = |at: usize| folder.join(format!("peer-{at}.db"));
    let full = |name: &str| {
        let gate = store(&folder, name);
        gate.set_setting("durability", json!("full")).unwrap();
        gate
    };
    let gate = full("rust.db");
    for (at, peer) in PEERS.iter().enumerate() {
        if [PHP, PYTHON].contains(&peer.name) {
            drop(full(&format!("peer-{at}.db")));
        }
    }
    let started: Vec<(&Peer, Option<RefCell<Child>>)> = PEERS
        .iter()
        .enumerate()
        .map(|(at, peer)| {
            let child = setup.benching.then(|| (peer.start)(peer.name, &path(at), setup.count)).flatten();
            (peer, child.map(RefCell::new))
        })
        .collect();
    let ours = RefCell::new(Ours::new(&gate));

    let issued = acts(setup, &ours, &started, "issue");
    let redeemed = acts(setup, &ours, &started, "redeem");
    let of = |samples: &[(&str, Sample)], name: &str| -> Option<Sample> {
        samples.iter().find(|(known, _)| *known == name).map(|(_, sample)| sample.clone())
    };

    let mut table = Table::new([
        "one caller, all synced",
        "issue",
        "slower by",
        "redeem",
        "slower by",
        "than",
        "sync call",
    ]);
    let rows = std::iter::once((RUST, RUST, None)).chain(started.iter().map(|(peer, child)| {
        (peer.name, peer.with, child.as_ref().map(|child| child.borrow().ready.sync.clone()))
    }));
    for (name, with, sync) in rows {
        let cells = |all: &[(&str, Sample)]| match (of(all, name), of(all, with)) {
            (Some(it), Some(base)) => (time(it.each()), figure(base.per_second / it.per_second)),
            _ => (NOT_MEASURED.into(), "-".into()),
        };
        let ((issue, issue_ratio), (redeem, redeem_ratio)) = (cells(&issued), cells(&redeemed));
        let sync = match sync {
            Some(sync) if !sync.is_empty() => sync,
            _ if of(&issued, name).is_some() => SYNC_CALL.into(),
            _ => "-".into(),
        };
        table.row([name.into(), issue, issue_ratio, redeem, redeem_ratio, with.into(), sync]);
    }
    let (mut goals, mut notes) = (Vec::new(), Vec::new());
    for (name, act, at_least) in GOALS {
        let with = PEERS.iter().find(|peer| peer.name == name).unwrap().with;
        let all = if act == "issue" { &issued } else { &redeemed };
        let what = format!("{act}, synced: {with} over {name}");
        match (of(all, with), of(all, name)) {
            (Some(ours), Some(theirs)) => goals.push(Goal::faster(8, &what, at_least, &ours, &theirs)),
            _ => notes.push(format!("{what}: {NOT_MEASURED}.")),
        }
    }
    let mut versions = std::collections::BTreeMap::new();
    for child in started.iter().filter_map(|(_, child)| child.as_ref()) {
        let told = child.borrow().ready.versions.clone();
        // Each language brings an SQLite of its own.
        let language = ["php", "node", "python"].into_iter().find(|it| told.contains_key(*it)).unwrap_or("");
        versions.extend(told.into_iter().map(|(name, version)| match name.as_str() {
            "sqlite" => (format!("sqlite in {language}"), version),
            _ => (name, version),
        }));
    }
    Part {
        id: "peers".into(),
        title: "Libraries, and the same by hand".into(),
        how: how(setup),
        tables: vec![table],
        goals,
        notes,
        versions,
        ..Part::default()
    }
}

/// What each came to in an act; who is not there is not in it.
fn acts(
    setup: &Setup,
    ours: &RefCell<Ours<'_>>,
    started: &[(&'static Peer, Option<RefCell<Child>>)],
    act: &'static str,
) -> Vec<(&'static str, Sample)> {
    let count = setup.count / 5;
    let mut names = vec![RUST];
    let mut sides: Vec<Box<dyn Side + '_>> = vec![side(RUST, move || match act {
        "issue" => ours.borrow_mut().issues(count),
        _ => ours.borrow_mut().redemptions(count),
    })];
    for (peer, child) in started {
        let Some(child) = child else { continue };
        names.push(peer.name);
        let before = (act == "redeem").then_some("issue");
        sides.push(Box::new(Counted { child, before, act, count: (count / peer.slow).max(1) }));
    }
    names.into_iter().zip(contest(setup.many_rounds(), &mut sides)).collect()
}

fn how(setup: &Setup) -> String {
    format!(
        "Each does its own real job through its public interface, on the same disk, with a connection that stays open, a \
         write-ahead log and a sync at each commit (`synchronous=FULL`, set explicitly; Gatepass with durability `full`); only the \
         naive ones take the defaults of their database, a rollback journal. better-auth reads the session of the signed-in \
         user, stores and deletes a row; it writes no audit row. Django stores token and audit row in one transaction and spends \
         it with one conditional UPDATE. django-sesame stores nothing when it issues, and writes when the user logged in last \
         when it redeems, which voids all of the user's tokens; its issue has no goal. By hand, careful: `BEGIN IMMEDIATE`, one \
         conditional UPDATE, digests, an audit row. By hand, naive: look first and write then, each statement for itself. One fsync \
         is most of each act, so a careful loop by hand is at parity with Gatepass, and may be faster: it judges nothing and \
         starts no session. {} rounds of {} acts by turns, fewer for the slow ones.",
        setup.many_rounds(),
        setup.count / 5,
    )
}
