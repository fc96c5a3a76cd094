//! What the disk may do to a store: a sync that fails, and no space left. The faults are injected into system
//! calls of a child, so that SQLite, the kernel's answers and ours are the real ones. Linux alone can do
//! that.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod programs;
mod support;

use std::path::Path;
use std::process::Command;

use gatepass::credential::NewCredential;
use gatepass::id::UserId;
use gatepass::link::{EndLinks, LinkRequest, OpenRequest, SignInLink};
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, RevokeTokens, Token, TokenState};
use gatepass::upkeep::Severity;
use gatepass::{Gatepass, Reason, StoreError};
use programs::is_here;
use support::{
    folder_with_store, init, issue, names, part, place, played_under, redeem, run, store_error, with_suffix,
};

/// A child whose system calls of some kinds are written to a log, on one file or on all, and fail as told.
fn traced(
    log: &Path,
    file: Option<&Path>,
    calls: &str,
    fault: Option<&str>,
    (test, part, store): (&str, &str, &Path),
) -> Command {
    let (trace, inject) = (format!("trace={calls}"), fault.map(|fault| format!("inject={calls}:{fault}")));
    let mut wrapper = vec!["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", &trace];
    if let Some(file) = file {
        wrapper.extend(["-P", file.to_str().unwrap()]);
    }
    if let Some(inject) = &inject {
        wrapper.extend(["-e", inject]);
    }
    played_under(&wrapper, &std::env::current_exe().unwrap(), test, part, store)
}

/// Run a child whose system calls on one file fail as told.
fn with_fault(test: &str, part: &str, store: &Path, file: &Path, calls: &str, fault: &str) {
    let log = with_suffix(store, ".strace");
    run(&mut traced(&log, Some(file), calls, Some(fault), (test, part, store)));
    let calls = std::fs::read_to_string(&log).unwrap();
    assert!(calls.contains("INJECTED"), "the fault never came:\n{calls}");
}

const SYNCS: &str = "fsync,fdatasync";

/// No handle of this process answers any more, open ones and new ones alike.
fn nobody_trusts(gate: &Gatepass, other: &Gatepass, path: &Path) {
    for gate in [gate, other] {
        assert_eq!(store_error(gate.settings()), StoreError::Poisoned);
        assert_eq!(store_error(issue(gate)), StoreError::Poisoned);
        assert_eq!(store_error(gate.set_setting("token_life_seconds", 20.into())), StoreError::Poisoned);
    }
    assert_eq!(store_error(Gatepass::open(path)), StoreError::Poisoned);
}

/// Another process finds a sound store.
fn sound(path: &Path) -> Gatepass {
    let gate = Gatepass::open(path).unwrap();
    let findings = gate.check(&mut |_, _| {}).unwrap();
    assert!(findings.iter().all(|finding| finding.severity != Severity::Bad));
    let token = issue(&gate).unwrap();
    redeem(&gate, &token).unwrap();
    gate
}

#[test]
fn after_a_failed_sync_no_handle_of_the_process_is_trusted() {
    const NAME: &str = "after_a_failed_sync_no_handle_of_the_process_is_trusted";
    if part().is_some() {
        let path = place();
        let (gate, other) = (Gatepass::open(&path).unwrap(), Gatepass::open(&path).unwrap());
        let changed = gate.set_setting("token_life_seconds", 30.into());
        assert_eq!(store_error(changed), StoreError::Indeterminate);
        nobody_trusts(&gate, &other, &path);
        drop((gate, other));
        assert_eq!(store_error(Gatepass::open(&path)), StoreError::Poisoned, "closing is no cure");
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    let (_folder, path) = folder_with_store();
    with_fault(NAME, "act", &path, &with_suffix(&path, "-wal"), SYNCS, "error=EIO:when=1");
    // The act was done or not; nothing in between.
    assert!([30, 60].contains(&sound(&path).settings().unwrap().token_life_seconds));
}

#[test]
fn a_sync_that_fails_after_the_commit_is_as_bad_as_one_in_it() {
    const NAME: &str = "a_sync_that_fails_after_the_commit_is_as_bad_as_one_in_it";
    if part().is_some() {
        let path = place();
        let (gate, other) = (Gatepass::open(&path).unwrap(), Gatepass::open(&path).unwrap());
        gate.set_setting("token_life_seconds", 50.into()).unwrap();
        let changed = gate.set_setting("token_life_seconds", 30.into());
        assert_eq!(store_error(changed), StoreError::Indeterminate);
        nobody_trusts(&gate, &other, &path);
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    let (_folder, path) = folder_with_store();
    // The log's header, the first act, the second.
    with_fault(NAME, "act", &path, &with_suffix(&path, "-wal"), SYNCS, "error=EIO:when=3");
    assert!([30, 50].contains(&sound(&path).settings().unwrap().token_life_seconds));
}

#[test]
fn a_sync_that_fails_while_the_log_is_written_back_is_noticed_too() {
    const NAME: &str = "a_sync_that_fails_while_the_log_is_written_back_is_noticed_too";
    if part().is_some() {
        let path = place();
        let (gate, other) = (Gatepass::open(&path).unwrap(), Gatepass::open(&path).unwrap());
        // Issues are not synced, so the first sync of all is that of the checkpoint which one of them runs
        // into.
        let failed = (0..2_000).find_map(|_| issue(&gate).err());
        assert_eq!(store_error::<()>(Err(failed.expect("no issue failed"))), StoreError::Indeterminate);
        nobody_trusts(&gate, &other, &path);
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    // The log's header, the log before it is written back, and the database.
    for (suffix, sync) in [("-wal", 1), ("-wal", 2), ("", 1)] {
        let (_folder, path) = folder_with_store();
        let fault = format!("error=EIO:when={sync}");
        with_fault(NAME, "fill", &path, &with_suffix(&path, suffix), SYNCS, &fault);
        sound(&path);
    }
}

#[test]
fn a_restore_whose_sync_fails_is_indeterminate() {
    const NAME: &str = "a_restore_whose_sync_fails_is_indeterminate";
    if part().is_some() {
        let path = place();
        let (gate, other) = (Gatepass::open(&path).unwrap(), Gatepass::open(&path).unwrap());
        let restored = gate.restore(with_suffix(&path, ".backup"), &mut |_, _| {});
        assert_eq!(store_error(restored), StoreError::Indeterminate);
        nobody_trusts(&gate, &other, &path);
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    let (_folder, path) = folder_with_store();
    let gate = Gatepass::open(&path).unwrap();
    gate.backup(with_suffix(&path, ".backup"), &mut |_, _| {}).unwrap();
    drop(gate);
    with_fault(NAME, "restore", &path, &with_suffix(&path, "-wal"), SYNCS, "error=EIO:when=1");
    sound(&path);
}

/// How often a child that plays `part` syncs the log.
fn syncs_of(test: &str, part: &str) -> usize {
    let (_folder, path) = folder_with_store();
    let (log, file) = (with_suffix(&path, ".strace"), with_suffix(&path, "-wal"));
    run(&mut traced(&log, Some(&file), SYNCS, None, (test, part, &path)));
    let calls = std::fs::read_to_string(&log).unwrap();
    calls.lines().filter(|line| line.contains("sync(")).count()
}

#[test]
fn every_synced_act_reaches_the_disk_and_no_issue_waits_for_it() {
    const NAME: &str = "every_synced_act_reaches_the_disk_and_no_issue_waits_for_it";
    const ACTS: usize = 20;
    if let Some(part) = part() {
        let gate = Gatepass::open(place()).unwrap();
        let tokens: Vec<_> = (0..ACTS).map(|_| issue(&gate).unwrap()).collect();
        let request = LinkRequest::new(IssueRequest::for_user(UserId::new(1).unwrap()));
        let caller = gate.host_caller("cli").unwrap();
        let plain = NewCredential { label: "plain".into(), host: true, ..NewCredential::default() };
        gate.create_credential(&plain).unwrap();
        let plain = gate.host_caller("plain").unwrap();
        let make = |uses| gate.create_link(&caller, &request.clone().uses(uses)).unwrap().link;
        let open = |link: &SignInLink| gate.open_link(&OpenRequest::new(link.clone()));
        let [many, used] = [make(100), make(1)];
        open(&used).unwrap();
        let revoked = issue(&gate).unwrap();
        gate.revoke_tokens(&RevokeTokens::One(revoked.clone())).unwrap();
        for token in &tokens {
            match part.as_str() {
                "redeem" => redeem(&gate, token).unwrap(),
                // Ends nobody's session: nothing changes.
                "make a link" => drop(make(1)),
                "open a link" => drop(open(&many).unwrap()),
                "refuse to make a link" => {
                    let refused = gate.create_link(&plain, &request).unwrap_err();
                    assert_eq!(refused.reason(), Some(Reason::LinksNotAllowed));
                }
                "refuse a revoked token" => assert!(redeem(&gate, &revoked).is_err()),
                "refuse a link" => assert_eq!(open(&used).unwrap_err().reason(), Some(Reason::LinkUsed)),
                "end links" => drop(gate.revoke_links(&EndLinks::OfUser(UserId::new(9).unwrap())).unwrap()),
                "nothing" => drop(gate.end_sessions(&EndSessions::OfUser(UserId::new(9).unwrap())).unwrap()),
                _ => drop(issue(&gate).unwrap()),
            }
        }
        return;
    }
    if !is_here("strace", NAME) {
        return;
    }
    // The five acts before, the log's header, and what the last one to close does.
    for part in ["issue", "refuse a revoked token", "refuse a link", "refuse to make a link"] {
        let syncs = syncs_of(NAME, part);
        assert!(syncs < 8, "{ACTS} times {part} synced {syncs} times");
    }
    for part in ["redeem", "make a link", "open a link", "end links", "nothing"] {
        let syncs = syncs_of(NAME, part);
        assert!(syncs > ACTS, "{ACTS} times {part} synced {syncs} times");
    }
}

#[test]
fn a_full_disk_is_said_and_changes_nothing() {
    const NAME: &str = "a_full_disk_is_said_and_changes_nothing";
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
    const NAME: &str = "of_threads_that_are_done_together_each_hears_what_a_failing_disk_left_of_its_own_act";
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
    const NAME: &str = "on_a_small_disk_every_act_is_done_whole_or_said_to_be_full";
    if part().is_some() {
        let path = place().join("gatepass.db");
        let gate = Gatepass::init(&path, &init()).unwrap();
        let filler = place().join("filler");
        std::fs::write(&filler, vec![1; 300_000]).unwrap();
        let mut tokens = Vec::new();
        let full = loop {
            match issue(&gate) {
                Ok(token) => tokens.push(token),
                Err(error) => break error,
            }
        };
        assert_eq!(store_error::<()>(Err(full)), StoreError::Full);
        assert!(tokens.len() > 10, "{}", tokens.len());
        let last = tokens.last().unwrap();
        assert_eq!(store_error(redeem(&gate, last)), StoreError::Full);
        assert_eq!(gate.inspect(last, None).unwrap().redeemed_at, None);
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
    const NAME: &str = "a_disk_that_is_full_when_the_log_is_written_back_takes_back_no_answer";
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
    const NAME: &str = "a_store_is_not_made_on_a_disk_that_is_full_or_fails";
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
