//! How long a call waits for others, and that nobody is sent away before.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::{NewCredential, Rotation};
use gatepass::id::UserId;
use gatepass::link::{LinkRequest, OpenRequest};
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens, TokenQuery};
use gatepass::{Error, Gatepass, Options, Reason, StoreError};
use rusqlite::Connection;
use support::{
    Talk, folder_with_store, issue, listen, open_within, part, place, play, redeem, say, store_error,
};

#[test]
fn a_call_waits_for_another_process_until_its_deadline_and_no_longer() {
    const NAME: &str = "a_call_waits_for_another_process_until_its_deadline_and_no_longer";
    const DEADLINE: Duration = Duration::from_millis(400);
    if part().is_some() {
        let connection = Connection::open(place()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        say("locked");
        listen();
        connection.execute_batch("ROLLBACK").unwrap();
        say("unlocked");
        listen();
        return;
    }
    let (_folder, path) = folder_with_store();
    let gate = open_within(&path, DEADLINE);
    let token = issue(&gate).unwrap();
    let mail = LinkRequest::new(IssueRequest::for_user(UserId::new(1).unwrap()));
    let caller = gate.host_caller("cli").unwrap();
    let [used, live] = [(); 2].map(|()| OpenRequest::new(gate.create_link(&caller, &mail).unwrap().link));
    gate.open_link(&used).unwrap();
    let mut other = Talk::start(play(NAME, "holder", &path));
    other.hear("locked");
    let waits = |act: &dyn Fn() -> StoreError| {
        let start = Instant::now();
        assert_eq!(act(), StoreError::Busy);
        let waited = start.elapsed();
        assert!(waited >= DEADLINE / 2 && waited <= DEADLINE * 3, "{waited:?}");
    };
    waits(&|| store_error(gate.set_setting("token_life_seconds", 30.into())));
    waits(&|| store_error(issue(&gate)));
    waits(&|| store_error(redeem(&gate, &token)));
    waits(&|| store_error(gate.create_link(&caller, &mail)));
    waits(&|| store_error(gate.open_link(&live)));
    // That a link is used is known, whether or not it can be written down that it was tried again.
    let refused = gate.open_link(&used).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::LinkUsed));
    // Reading and opening wait for nobody who only writes.
    let start = Instant::now();
    assert_eq!(gate.settings().unwrap().token_life_seconds, 60);
    open_within(&path, DEADLINE).info().unwrap();
    assert_eq!(gate.inspect_link(&live.link, None).unwrap().refusal, None);
    assert!(start.elapsed() < DEADLINE / 2);
    other.go_on();
    other.hear("unlocked");
    redeem(&gate, &token).unwrap();
    gate.open_link(&live).unwrap();
    other.go_on();
    assert!(other.end().success());
}

#[test]
#[cfg(target_os = "linux")]
fn who_is_woken_late_each_time_keeps_to_its_deadline_all_the_same() {
    const NAME: &str = "who_is_woken_late_each_time_keeps_to_its_deadline_all_the_same";
    const DEADLINE: Duration = Duration::from_millis(600);
    const LATE: Duration = Duration::from_millis(100);
    if part().is_some() {
        let connection = Connection::open(place()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        say("locked");
        listen();
        return;
    }
    let (_folder, path) = folder_with_store();
    let gate = open_within(&path, DEADLINE);
    let mut other = Talk::start(play(NAME, "holder", &path));
    other.hear("locked");
    let waited = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let late = libc::c_ulong::try_from(LATE.as_nanos()).unwrap();
            // SAFETY: it takes a number, and changes how exactly this thread is woken, and nothing else.
            assert_eq!(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, late) }, 0);
            let start = Instant::now();
            assert_eq!(store_error(issue(&gate)), StoreError::Busy);
            start.elapsed()
        });
        waiter.join().unwrap()
    });
    println!("waited {waited:.1?}");
    assert!(waited >= DEADLINE / 2 && waited < DEADLINE + 5 * LATE, "{waited:?}");
    other.go_on();
    assert!(other.end().success());
}

#[test]
fn a_replay_that_is_to_end_a_session_is_not_answered_before_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    let options = Options::new().clock(clock.clone()).deadline(Duration::from_millis(200));
    let gate = options.init(&path, &support::init()).unwrap();
    gate.set_setting("replay_policy", "revoke".into()).unwrap();
    let token = issue(&gate).unwrap();
    let session = gate.redeem(&RedeemRequest::new(token.clone())).unwrap().session.unwrap();
    clock.advance(Duration::from_secs(10));
    let replay = RedeemRequest::new(token).confirmed(true);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store_error(gate.redeem(&replay)), StoreError::Busy);
    gate.check_session(&session, None).unwrap();
    writer.execute_batch("ROLLBACK").unwrap();
    let refused = gate.redeem(&replay).unwrap_err();
    assert!(matches!(refused, Error::Refused(refusal) if refusal.session_ended));
    gate.check_session(&session, None).unwrap_err();
    // Nothing is left to be done, so that the answer is known whoever writes.
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(gate.redeem(&replay).unwrap_err().reason(), Some(Reason::TokenRedeemed));
}

/// One round of everything that a store does.
fn round(gate: &Gatepass, path: &Path, number: u64) -> gatepass::Result<()> {
    let token = issue(gate)?;
    gate.inspect(&token, None)?;
    let session = gate.redeem(&RedeemRequest::new(token.clone()))?.session.unwrap();
    assert_eq!(redeem(gate, &token).unwrap_err().code(), "token_redeemed");
    gate.check_session(&session, None)?;
    gate.end_sessions(&EndSessions::One(session))?;
    gate.revoke_tokens(&RevokeTokens::One(issue(gate)?))?;
    gate.list_tokens(&TokenQuery { limit: Some(5), ..TokenQuery::default() })?;
    let value = 30 + number % 30;
    gate.set_setting("token_life_seconds", value.into())?;
    if number.is_multiple_of(8) {
        let label = format!("credential {number}");
        let new =
            NewCredential { label: label.clone(), admin: Some("root".into()), ..NewCredential::default() };
        gate.create_credential(&new)?;
        gate.rotate_credential(&label, &Rotation::default())?;
        gate.revoke_credential(&label, true)?;
        gate.end_sessions(&EndSessions::OfUser(UserId::new(77).unwrap()))?;
    }
    if number.is_multiple_of(32) {
        gate.backup(support::with_suffix(path, &format!(".{number}")), &mut |_, _| {})?;
        gate.purge(&mut |_, _| {})?;
        gate.check(&mut |_, _| {})?;
    }
    Ok(())
}

#[test]
fn threads_on_two_handles_that_do_everything_at_once_are_never_sent_away() {
    let (_folder, path) = folder_with_store();
    let gates = [Gatepass::open(&path).unwrap(), Gatepass::open(&path).unwrap()];
    gates[0].add_admin("root", None).unwrap();
    let numbers = AtomicU64::new(0);
    let until = Instant::now() + Duration::from_secs(3);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (gate, path, numbers) = (&gates[worker % 2], &path, &numbers);
            scope.spawn(move || {
                // On a busy machine it takes longer until enough has happened to mean anything.
                while Instant::now() < until || numbers.load(Ordering::Relaxed) < 40 {
                    round(gate, path, numbers.fetch_add(1, Ordering::Relaxed)).unwrap();
                }
            });
        }
    });
}

#[test]
fn reading_first_and_writing_later_would_be_sent_away() {
    // The control of the test above: what our acts avoid does fail, however long the deadline.
    let folder = tempfile::tempdir().unwrap();
    let connect = || {
        let connection = Connection::open(folder.path().join("other.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection
    };
    let (first, second) = (connect(), connect());
    first.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (0)").unwrap();
    first.execute_batch("BEGIN").unwrap();
    first.query_row("SELECT x FROM t", [], |_| Ok(())).unwrap();
    second.execute("UPDATE t SET x = x + 1", []).unwrap();
    let start = Instant::now();
    let failure = first.execute("UPDATE t SET x = x + 1", []).unwrap_err();
    assert_eq!(failure.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy));
    assert!(start.elapsed() < Duration::from_secs(1));
}
