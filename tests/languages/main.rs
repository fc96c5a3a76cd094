//! Programs in several languages on one store: whatever they are written in, a token has one winner and a
//! sign-in link as many as it has uses.
//!
//! Needs `php` with FFI and `python3`. Where one is missing the race is held without it, and said; CI insists
//! on both.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../library/mod.rs"]
mod library;
#[path = "../programs/mod.rs"]
mod programs;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::ClientId;
use gatepass::link::LinkRequest;
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions};
use library::{root, shared_library};
use programs::is_here;

const OF_EACH: usize = 4;
const PRIZES: usize = 200;

/// What is raced for.
struct Contest {
    /// The racers' script, without its language.
    script: &'static str,
    /// Makes a prize for a client, the given one of all; how many may win it.
    prize: fn(&Gatepass, ClientId, usize) -> (String, usize),
    /// What losers hear.
    lost: &'static str,
}

const TOKENS: Contest = Contest {
    script: "redeem",
    prize: |gate, client, _| {
        let caller = gate.host_caller("cli").unwrap();
        (gate.issue(&caller, &IssueRequest::for_client(client)).unwrap().token.reveal(), 1)
    },
    lost: "token_redeemed",
};

const LINKS: Contest = Contest {
    script: "open",
    prize: |gate, client, number| {
        let caller = gate.host_caller("cli").unwrap();
        let uses = 1 + number % 3;
        let request = LinkRequest::new(IssueRequest::for_client(client)).uses(uses.try_into().unwrap());
        (gate.create_link(&caller, &request).unwrap().link.reveal(), uses)
    },
    lost: "link_used",
};

/// A store and prizes in it.
fn stage(folder: &Path, contest: &Contest) -> Vec<(String, usize)> {
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.join("gatepass.db"), &init).unwrap();
    let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let owner = Some(user.user_id);
    let new = NewClient { email: "ann@example.com".into(), owner, ..NewClient::default() };
    let client = gate.add_client(&new).unwrap().client_id;
    (0..PRIZES).map(|number| (contest.prize)(&gate, client, number)).collect()
}

/// The languages that are there and have a racer for the contest.
fn languages(contest: &Contest) -> Vec<(&'static str, PathBuf)> {
    [("php", "php"), ("python3", "py")]
        .into_iter()
        .filter(|(program, _)| is_here(program, "the race of languages"))
        .map(|(program, ending)| {
            (program, root().join("tests/languages").join(contest.script).with_extension(ending))
        })
        .filter(|(_, script)| script.exists())
        .collect()
}

fn start(program: &str, script: &Path, folder: &Path, way: &str, at: Duration, prizes: &str) -> Child {
    let mut child = Command::new(program)
        .arg(script)
        .arg(folder.join("gatepass.db"))
        .arg(way)
        .arg(at.as_millis().to_string())
        .env("GATEPASS_LIBRARY", shared_library())
        .env("PYTHONPATH", root().join("bindings/python/src"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(prizes.as_bytes()).unwrap();
    child
}

/// What came of a race.
struct Came {
    /// How many prizes had so many winners more than they may have; fewer is negative.
    surplus: BTreeMap<isize, usize>,
    /// How often losers heard what.
    heard: BTreeMap<String, usize>,
    /// How many losers there must be.
    losers: usize,
}

fn race(contest: &Contest, way: &str) -> Came {
    let folder = tempfile::tempdir().unwrap();
    let prizes = stage(folder.path(), contest);
    let texts: Vec<&str> = prizes.iter().map(|(text, _)| text.as_str()).collect();
    let texts = texts.join("\n");
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(2);
    let mut children = Vec::new();
    for _ in 0..OF_EACH {
        for (program, script) in languages(contest) {
            children.push(start(program, &script, folder.path(), way, at, &texts));
        }
    }
    let racers = children.len();
    let mut wins = vec![0_isize; PRIZES];
    let mut heard = BTreeMap::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "a racer failed: {:?}", output.status);
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(lines.lines().count(), PRIZES, "a racer did not try all prizes: {lines}");
        for (prize, outcome) in lines.lines().enumerate() {
            match outcome {
                "ok" => wins[prize] += 1,
                other => *heard.entry(other.to_owned()).or_insert(0) += 1,
            }
        }
    }
    let mut surplus = BTreeMap::new();
    let mut losers = 0;
    for (won, (_, may_win)) in wins.iter().zip(&prizes) {
        *surplus.entry(won - isize::try_from(*may_win).unwrap()).or_insert(0) += 1;
        losers += racers - may_win;
    }
    let script = contest.script;
    println!(
        "{script}: {racers} processes, {PRIZES} prizes, {way}: surplus of winners {surplus:?}, losers heard {heard:?}"
    );
    Came { surplus, heard, losers }
}

fn has_no_surplus_of_winners(contest: &Contest) {
    let came = race(contest, contest.script);
    assert_eq!(came.surplus, BTreeMap::from([(0, PRIZES)]));
    assert_eq!(came.heard, BTreeMap::from([(contest.lost.to_owned(), came.losers)]));
}

fn is_noticed_to_have_one(contest: &Contest) {
    let noticed = (0..5).any(|_| race(contest, "look_first").surplus.keys().any(|&surplus| surplus > 0));
    assert!(noticed, "the race can't tell one winner from two");
}

#[test]
fn a_token_has_one_winner_whatever_the_racers_are_written_in() {
    has_no_surplus_of_winners(&TOKENS);
}

#[test]
fn a_sign_in_link_is_opened_as_often_as_it_has_uses_whatever_the_racers_are_written_in() {
    has_no_surplus_of_winners(&LINKS);
}

#[test]
fn racers_that_look_first_and_spend_later_win_twice() {
    is_noticed_to_have_one(&TOKENS);
    is_noticed_to_have_one(&LINKS);
}
