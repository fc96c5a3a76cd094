//! Programs in several languages on one store: whatever they are written in, a token has one winner.
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
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions};
use library::{root, shared_library};
use programs::is_here;

const OF_EACH: usize = 4;
const TOKENS: usize = 200;

/// A store and unspent tokens in it.
fn stage(folder: &Path) -> Vec<String> {
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.join("gatepass.db"), &init).unwrap();
    let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let owner = Some(user.user_id);
    let new = NewClient { email: "ann@example.com".into(), owner, ..NewClient::default() };
    let client = gate.add_client(&new).unwrap().client_id;
    let caller = gate.host_caller("cli").unwrap();
    let issue = || gate.issue(&caller, &IssueRequest::for_client(client)).unwrap().token.reveal();
    (0..TOKENS).map(|_| issue()).collect()
}

/// The languages that are there.
fn languages() -> Vec<(&'static str, &'static str)> {
    let wanted = [("php", "redeem.php"), ("python3", "redeem.py")];
    wanted.into_iter().filter(|(program, _)| is_here(program, "the race of languages")).collect()
}

fn start(program: &str, script: &str, folder: &Path, way: &str, at: Duration, tokens: &str) -> Child {
    let mut child = Command::new(program)
        .arg(root().join("tests/languages").join(script))
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
    child.stdin.take().unwrap().write_all(tokens.as_bytes()).unwrap();
    child
}

/// Winners per token, and how often each loser heard what.
fn race(way: &str) -> (BTreeMap<usize, usize>, BTreeMap<String, usize>) {
    let folder = tempfile::tempdir().unwrap();
    let tokens = stage(folder.path()).join("\n");
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(2);
    let mut children = Vec::new();
    for _ in 0..OF_EACH {
        for (program, script) in languages() {
            children.push(start(program, script, folder.path(), way, at, &tokens));
        }
    }
    let racers = children.len();
    let mut wins = vec![0; TOKENS];
    let mut heard = BTreeMap::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "a racer failed: {:?}", output.status);
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(lines.lines().count(), TOKENS, "a racer did not try all tokens: {lines}");
        for (token, outcome) in lines.lines().enumerate() {
            match outcome {
                "ok" => wins[token] += 1,
                other => *heard.entry(other.to_owned()).or_insert(0) += 1,
            }
        }
    }
    let mut winners = BTreeMap::new();
    for count in wins {
        *winners.entry(count).or_insert(0) += 1;
    }
    println!(
        "{racers} processes, {TOKENS} tokens, {way}: winners per token {winners:?}, losers heard {heard:?}"
    );
    (winners, heard)
}

#[test]
fn a_token_has_one_winner_whatever_the_racers_are_written_in() {
    let racers = OF_EACH * languages().len();
    let (winners, heard) = race("redeem");
    assert_eq!(winners, BTreeMap::from([(1, TOKENS)]));
    let losers = TOKENS * (racers - 1);
    assert_eq!(heard, BTreeMap::from([("token_redeemed".to_owned(), losers)]));
}

#[test]
fn racers_that_look_first_and_spend_later_win_twice() {
    let doubled = (0..5).any(|_| race("look_first").0.keys().any(|&winners| winners > 1));
    assert!(doubled, "the race can't tell one winner from two");
}
