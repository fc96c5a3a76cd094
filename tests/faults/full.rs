//! No space left: it is said, nothing is half done, and the same handle goes on when there is space again.

use std::process::Command;

use gatepass::token::{Token, TokenState};
use gatepass::{Gatepass, StoreError};

use super::programs::is_here;
use super::support::{
    folder_with_store, init, issue, names, part, place, played_under, redeem, run, store_error, with_suffix,
};
use super::traced::{SYNCS, sound, traced, with_fault};

/// Tokens issued until there is no room for one more, nor for a redemption, which leaves the token as it is.
pub(crate) fn issued_until_full(gate: &Gatepass) -> Vec<Token> {
    let mut tokens = Vec::new();
    let full = loop {
        match issue(gate) {
            Ok(token) => tokens.push(token),
            Err(error) => break error,
        }
    };
    assert_eq!(store_error::<()>(Err(full)), StoreError::Full);
    assert!(tokens.len() > 10, "{}", tokens.len());
    let last = tokens.last().unwrap();
    assert_eq!(store_error(redeem(gate, last)), StoreError::Full);
    assert_eq!(gate.inspect(last, None).unwrap().redeemed_at, None);
    tokens
}

#[test]
fn a_full_disk_is_said_and_changes_nothing() {
    const NAME: &str = "full::a_full_disk_is_said_and_changes_nothing";
    if part().is_some() {
        let path = place();
        let gate = Gatepass::open(&path).unwrap();
        let changed = gate.set_setting("token_life_seconds", 30.into());
        assert_eq!(store_error(changed), StoreError::Full);
        assert_eq!(gate.settings().unwrap().token_life_seconds, 60);
        // There is space again, and the same handle goes on.
        gate.set_setting("token_life_seconds", 40.into()).unwrap();
        assert_eq!(gate.settings().unwrap().token_life_seconds, 40);
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    for write in 1..=3 {
        let (_folder, path) = folder_with_store();
        let fault = format!("error=ENOSPC:when={write}");
        with_fault(NAME, "act", &path, &with_suffix(&path, "-wal"), "pwrite64", &fault);
        assert_eq!(sound(&path).settings().unwrap().token_life_seconds, 40);
    }
}

#[test]
fn of_threads_that_are_done_together_each_hears_what_a_failing_disk_left_of_its_own_act() {
    const NAME: &str =
        "full::of_threads_that_are_done_together_each_hears_what_a_failing_disk_left_of_its_own_act";
    if part().is_some() {
        let gate = Gatepass::open(place()).unwrap();
        // One thread: redeemed, and what it heard otherwise.
        let work = || {
            let (mut redeemed, mut failed) = (Vec::new(), 0);
            for _ in 0..60 {
                let done = issue(&gate).and_then(|token| redeem(&gate, &token).map(|()| token));
                match done.map_err(|error| store_error::<()>(Err(error))) {
                    Ok(token) => redeemed.push(token.reveal()),
                    Err(StoreError::Full | StoreError::Io(_)) => failed += 1,
                    Err(StoreError::Indeterminate | StoreError::Poisoned) => break,
                    Err(other) => panic!("{other:?}"),
                }
            }
            (redeemed, failed)
        };
        let heard: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let redeemed: Vec<_> = heard.iter().flat_map(|(tokens, _)| tokens.clone()).collect();
        std::fs::write(with_suffix(&place(), ".redeemed"), redeemed.join("\n")).unwrap();
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    for fault in ["error=ENOSPC:when=40+31", "error=EIO:when=90+31"] {
        let (_folder, path) = folder_with_store();
        with_fault(NAME, "threads", &path, &with_suffix(&path, "-wal"), "pwrite64", fault);
        let gate = sound(&path);
        let redeemed = std::fs::read_to_string(with_suffix(&path, ".redeemed")).unwrap();
        assert!(redeemed.lines().count() > 5, "{fault}");
        for token in redeemed.lines() {
            let state = gate.inspect(&Token::parse(token).unwrap(), None).unwrap().state;
            assert_eq!(state, TokenState::Redeemed, "{fault}");
        }
    }
}

#[test]
fn on_a_small_disk_every_act_is_done_whole_or_said_to_be_full() {
    const NAME: &str = "full::on_a_small_disk_every_act_is_done_whole_or_said_to_be_full";
    if part().is_some() {
        let path = place().join("gatepass.db");
        let gate = Gatepass::init(&path, &init()).unwrap();
        let filler = place().join("filler");
        std::fs::write(&filler, vec![1; 300_000]).unwrap();
        let tokens = issued_until_full(&gate);
        let last = tokens.last().unwrap();
        // Nor does anybody die who has to wait where there is no room even for a gate.
        std::fs::remove_file(with_suffix(&path, "-gate")).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let gate = Gatepass::open(&path).unwrap();
                    (0..20).for_each(|_| assert_eq!(store_error(redeem(&gate, last)), StoreError::Full));
                });
            }
        });
        // There is space again, and everything that was answered is there.
        std::fs::remove_file(filler).unwrap();
        for token in &tokens[tokens.len() - 10..] {
            redeem(&gate, token).unwrap();
        }
        drop(gate);
        sound(&path);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=1m none '{}' && exec \"$@\"", folder.path().display());
    let may = Command::new("unshare").args(["--mount", "sh", "-c", &mount, "sh", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "a small disk can't be mounted here: a full one is injected alone, in the tests beside this"
        );
        return;
    }
    let program = std::env::current_exe().unwrap();
    let wrapper = ["unshare", "--mount", "sh", "-c", &mount, "sh"];
    run(&mut played_under(&wrapper, &program, NAME, "fill", folder.path()));
}

#[test]
fn a_disk_that_is_full_when_the_log_is_written_back_takes_back_no_answer() {
    const NAME: &str = "full::a_disk_that_is_full_when_the_log_is_written_back_takes_back_no_answer";
    if part().is_some() {
        let gate = Gatepass::open(place()).unwrap();
        // What is in the log is done, wherever else it can't be written.
        let tokens: Vec<_> = (0..700).map(|_| issue(&gate).unwrap()).collect();
        for token in &tokens[600..] {
            redeem(&gate, token).unwrap();
        }
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    let (_folder, path) = folder_with_store();
    with_fault(NAME, "fill", &path, &path, "pwrite64", "error=ENOSPC:when=1+");
    sound(&path);
}

#[test]
fn a_store_is_not_made_on_a_disk_that_is_full_or_fails() {
    const NAME: &str = "full::a_store_is_not_made_on_a_disk_that_is_full_or_fails";
    if part().is_some() {
        let made = Gatepass::init(place(), &init());
        let error = store_error(made);
        assert!(
            matches!(error, StoreError::Full | StoreError::Io(_) | StoreError::Indeterminate),
            "{error:?}"
        );
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    // The scratch file's name is the child's affair, so the fault is counted over all calls: those up to
    // where a store is made.
    for (calls, faults) in [("pwrite64", 48), (SYNCS, 12)] {
        let error = if calls == "pwrite64" { "ENOSPC" } else { "EIO" };
        let mut failed = 0;
        for when in (1..=faults).step_by(if calls == SYNCS { 1 } else { 3 }) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("gatepass.db");
            let fault = format!("error={error}:when={when}");
            let log = folder.path().join("strace");
            let output = traced(&log, None, calls, Some(&fault), (NAME, "make", &path)).output().unwrap();
            if !std::fs::read_to_string(&log).unwrap().contains("INJECTED") {
                break;
            }
            failed += i32::from(output.status.success());
            // A whole store may be there even after a failure: the sync of the folder comes last of all.
            let mut left = names(folder.path());
            left.retain(|name| name != "gatepass.db-gate");
            if left == ["gatepass.db", "strace"] {
                Gatepass::open(&path).unwrap_or_else(|error| panic!("{calls} {when}: half a store: {error}"));
            } else {
                assert!(output.status.success(), "{calls} {when}");
                assert_eq!(left, ["strace"], "{calls} {when}: something was left");
            }
        }
        assert!(failed > 0, "no fault was ever noticed");
    }
}
