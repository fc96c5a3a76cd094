//! A restore shows in every process, whole or not at all.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::time::Duration;

use gatepass::Gatepass;
use gatepass::audit::AuditQuery;
use gatepass::clock::Timestamp;
use gatepass::token::{RedeemRequest, TokenQuery};
use support::{
    Talk, folder_with_store, issue, listen, mode, names, part, place, play, redeem, say, with_suffix,
};

#[test]
fn another_process_that_has_the_store_open_sees_the_restored_content() {
    const NAME: &str = "another_process_that_has_the_store_open_sees_the_restored_content";
    if part().is_some() {
        let gate = Gatepass::open(place()).unwrap();
        let live = issue(&gate).unwrap();
        assert_eq!(gate.settings().unwrap().token_life_seconds, 30);
        say("open");
        listen();
        // The same handle, with its cached settings and statements.
        assert_eq!(gate.settings().unwrap().token_life_seconds, 60);
        assert_eq!(redeem(&gate, &live).unwrap_err().code(), "token_unknown");
        let token = issue(&gate).unwrap();
        redeem(&gate, &token).unwrap();
        say("wrote");
        listen();
        return;
    }
    let (_folder, path) = folder_with_store();
    let backup = with_suffix(&path, ".backup");
    let gate = Gatepass::open(&path).unwrap();
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    gate.set_setting("token_life_seconds", 30.into()).unwrap();
    let mut other = Talk::start(play(NAME, "other", &path));
    other.hear("open");
    gate.restore(&backup, &mut |_, _| {}).unwrap();
    other.go_on();
    other.hear("wrote");
    // And what it writes then is in the store that everybody sees.
    assert_eq!(gate.list_tokens(&TokenQuery::default()).unwrap().len(), 1);
    other.go_on();
    assert!(other.end().success());
}

/// How much a store holds before the restore, and a backup besides.
const ROWS: usize = 400;

/// Which content a store has: `old` as before the restore, `new` as after. Anything between fails the test.
fn content(path: &Path) -> &'static str {
    let gate = Gatepass::open(path).unwrap();
    let findings = gate.check(&mut |_, _| {}).unwrap();
    let sound =
        |finding: &&gatepass::upkeep::Finding| finding.subject == "integrity" || finding.subject == "schema";
    for finding in findings.iter().filter(sound) {
        assert_eq!(finding.severity, gatepass::upkeep::Severity::Good, "{finding:?}");
    }
    let life = gate.settings().unwrap().token_life_seconds;
    let live = gate.list_sessions(&gatepass::session::SessionQuery::default()).unwrap().len();
    let range = AuditQuery::between(Timestamp::from_seconds(0), Timestamp::from_seconds(1 << 40));
    let restored = AuditQuery { event: Some("store.restored".into()), ..range };
    let restored = gate.audit_events(&restored).unwrap().len();
    let tokens = gate.list_tokens(&TokenQuery { limit: Some(1_000), ..TokenQuery::default() }).unwrap().len();
    match (life, live, restored, tokens) {
        (30, 2, 0, tokens) if tokens == ROWS + 2 => "old",
        (60, 0, 1, tokens) if tokens == ROWS + 1 => "new",
        other => panic!("neither old nor new: {other:?}"),
    }
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_content_or_the_whole_new_one() {
    const NAME: &str = "a_restore_that_is_killed_leaves_the_old_content_or_the_whole_new_one";
    if part().is_some() {
        let gate = Gatepass::open(place()).unwrap();
        say("open");
        listen();
        gate.restore(with_suffix(&place(), ".backup"), &mut |_, _| {}).unwrap();
        say("restored");
        listen();
        return;
    }
    // The backup holds a live session, the store before the restore another one.
    let (_folder, original) = folder_with_store();
    let gate = Gatepass::open(&original).unwrap();
    let start_session = || {
        let token = issue(&gate).unwrap();
        gate.redeem(&RedeemRequest::new(token)).unwrap().session.unwrap();
    };
    (0..ROWS).for_each(|_| drop(issue(&gate).unwrap()));
    start_session();
    let backup = with_suffix(&original, ".backup");
    gate.backup(&backup, &mut |_, _| {}).unwrap();
    gate.set_setting("token_life_seconds", 30.into()).unwrap();
    start_session();
    drop(gate);
    let mut seen = Vec::new();
    for round in 0..12_u32 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gatepass.db");
        std::fs::copy(&original, &path).unwrap();
        std::fs::copy(&backup, with_suffix(&path, ".backup")).unwrap();
        let mut child = Talk::start(play(NAME, "restorer", &path));
        child.hear("open");
        child.go_on();
        // From before it begins until after its end, and at all sorts of moments between.
        match round {
            11 => child.hear("restored"),
            _ => std::thread::sleep(Duration::from_micros(u64::from(round) * 1_700)),
        }
        child.kill();
        seen.push(content(&path));
        // What it was preparing is still there, hidden and private; nothing of it is ever taken for the
        // store.
        for name in names(folder.path()).iter().filter(|name| name.starts_with('.')) {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
        }
    }
    assert!(seen.contains(&"old") && seen.contains(&"new"), "{seen:?}");
}
