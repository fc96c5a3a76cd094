//! A sync that fails: the act is in doubt, and the process trusts no handle of that store again.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use gatepass::credential::NewCredential;
use gatepass::id::UserId;
use gatepass::link::{EndLinks, LinkRequest, OpenRequest, SignInLink};
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, RevokeTokens};
use gatepass::{Gatepass, Reason, StoreError};

use super::injector::{Fault, Harm, Injector, calls};
use super::programs::is_here;
use super::support::{
    folder_with_store, init, issue, names, part, place, play, redeem, run, store_error, with_suffix,
};
use super::traced::{SYNCS, sound, traced, with_fault};

/// No handle of this process answers any more, open ones and new ones alike.
fn nobody_trusts(gate: &Gatepass, other: &Gatepass, path: &Path) {
    for gate in [gate, other] {
        assert_eq!(store_error(gate.settings()), StoreError::Poisoned);
        assert_eq!(store_error(issue(gate)), StoreError::Poisoned);
        assert_eq!(store_error(gate.set_setting("token_life_seconds", 20.into())), StoreError::Poisoned);
    }
    assert_eq!(store_error(Gatepass::open(path)), StoreError::Poisoned);
}

#[test]
fn after_a_failed_sync_no_handle_of_the_process_is_trusted() {
    const NAME: &str = "syncs::after_a_failed_sync_no_handle_of_the_process_is_trusted";
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
    const NAME: &str = "syncs::a_sync_that_fails_after_the_commit_is_as_bad_as_one_in_it";
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
    const NAME: &str = "syncs::a_sync_that_fails_while_the_log_is_written_back_is_noticed_too";
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
    const NAME: &str = "syncs::a_restore_whose_sync_fails_is_indeterminate";
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
    const NAME: &str = "syncs::every_synced_act_reaches_the_disk_and_no_issue_waits_for_it";
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
fn a_new_store_on_the_inode_of_one_that_is_gone_is_another_store() {
    const NAME: &str = "syncs::a_new_store_on_the_inode_of_one_that_is_gone_is_another_store";
    if part().is_some() {
        let path = place().join("store").join("gatepass.db");
        let inode = || std::fs::metadata(&path).unwrap().ino();
        let gate = Gatepass::init(&path, &init()).unwrap();
        let poisoned = inode();
        let injector = Injector::here();
        injector.order(Fault::on_all(calls::SYNC, Harm::Fails(libc::EIO)), 1, u32::MAX);
        let changed = gate.set_setting("token_life_seconds", 30.into());
        injector.stop();
        assert_eq!(store_error(changed), StoreError::Indeterminate);
        drop(gate);
        assert_eq!(store_error(Gatepass::open(&path)), StoreError::Poisoned);
        for round in 0..100 {
            for name in names(path.parent().unwrap()) {
                std::fs::remove_file(path.with_file_name(name)).unwrap();
            }
            // A store is made and opened in one step, so that a poisoned one could not even be made.
            let again = Gatepass::init(&path, &init());
            if inode() == poisoned {
                let gate = again.unwrap();
                let token = issue(&gate).unwrap();
                return redeem(&gate, &token).unwrap();
            }
            // Whatever stands in between takes its turn.
            std::fs::write(place().join(round.to_string()), "x").unwrap();
        }
        return eprintln!("this file system gives no inode anew");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("store")).unwrap();
    let orders = tempfile::tempdir().unwrap();
    let mut child = play(NAME, "act", folder.path());
    Injector::new(orders.path().join("orders")).watch(&mut child, &folder.path().join("store"));
    run(&mut child);
}
