//! AutoAuth keys over their life: a lost sealing key is recovered from, and one key's trouble is its own.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::{Place, START, invalid, person, refused, secret};
use gatepass::autoauth::AutoAuthSignIn;
use gatepass::clock::ManualClock;
use gatepass::directory::Mode;
use gatepass::seal::SealingKey;
use gatepass::upkeep::Severity;
use gatepass::{AutoAuthRequest, Error, Gatepass, KeyChoice, Options, Reason, StoreError};
use serde_json::json;

const ONE: &str = "the first key, of the old website";
const TWO: &str = "the second key, of the new portal";

fn sealing_key(place: &Place, name: &str) -> (PathBuf, SealingKey) {
    std::fs::create_dir_all(place.beside("keys")).unwrap();
    let file = place.beside("keys").join(name);
    let key = Gatepass::new_sealing_key_file(&file, &place.store).unwrap();
    (file, key)
}

fn options() -> Options {
    Options::new().clock(ManualClock::new(START))
}

#[test]
fn the_report_counts_wrong_hashes_and_refused_pages() {
    let place = Place::new();
    let clock = Arc::new(ManualClock::new(START));
    let sealing_key = sealing_key(&place, "seal").1;
    let gate = place.init_with(Mode::Managed, Options::new().clock(clock.clone()).sealing_key(sealing_key));
    person(&gate, "ann@example.com");
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    gate.add_autoauth_key("old", &secret(ONE), None).unwrap();
    assert_eq!(gate.autoauth_report(1).unwrap().wrong_hashes, 0);
    for _ in 0..12 {
        assert_eq!(refused(accept(&gate, &signed(&gate, TWO))), Reason::AutoAuthHash);
    }
    let link = signed(&gate, ONE);
    for _ in 0..3 {
        assert_eq!(invalid(accept(&gate, &format!("{link}&goto=//evil.example"))), "goto");
    }
    accept(&gate, &link).unwrap();
    clock.advance(Duration::from_secs(61));
    assert_eq!(refused(accept(&gate, &signed(&gate, TWO))), Reason::AutoAuthHash);
    let report = gate.autoauth_report(1).unwrap();
    assert_eq!(report.wrong_hashes, 13);
    let outcomes: Vec<_> = report.outcomes.iter().map(|(code, count)| (code.as_str(), *count)).collect();
    assert_eq!(outcomes, [("goto_not_allowed", 3), ("ok", 1)]);
}

/// A store with Ann, switched on, whose key `old` was sealed under a sealing key that is lost since.
fn lost() -> Place {
    let place = Place::new();
    let gate = place.init_with(Mode::Managed, options().sealing_key(sealing_key(&place, "lost").1));
    person(&gate, "ann@example.com");
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    gate.add_autoauth_key("old", &secret(ONE), None).unwrap();
    place
}

fn signed(gate: &Gatepass, key: &str) -> String {
    let url = gate.sign_autoauth("ann@example.com", KeyChoice::Given(&secret(key)), None).unwrap();
    url.split_once('?').unwrap().1.to_owned()
}

fn accept(gate: &Gatepass, query: &str) -> gatepass::Result<AutoAuthSignIn> {
    gate.accept_autoauth(query.as_bytes(), &AutoAuthRequest::default())
}

fn bad(gate: &Gatepass) -> Vec<String> {
    let findings = gate.check(&mut |_, _| {}).unwrap();
    findings.into_iter().filter(|one| one.severity == Severity::Bad).map(|one| one.message).collect()
}

#[test]
fn a_lost_sealing_key_costs_the_old_keys_and_nothing_after_them() {
    let place = lost();
    let blob: Vec<u8> = rusqlite::Connection::open(&place.store)
        .unwrap()
        .query_row("SELECT sealed FROM autoauth_key", [], |row| row.get(0))
        .unwrap();
    // Any piece of it: a shorter row may lie over an end of the old one by chance.
    let in_the_file = || {
        let file = std::fs::read(&place.store).unwrap();
        file.windows(8).any(|there| blob[29..].windows(8).any(|piece| piece == there))
    };
    assert!(in_the_file(), "the search finds what is there");
    let new = sealing_key(&place, "new").1;
    let gate = options().sealing_key(new.clone()).open(&place.store).unwrap();
    assert_eq!(bad(&gate).len(), 1);
    gate.retire_autoauth_key("old").unwrap();
    // Closed, so that all stands in the file, and before another row may take the place by chance.
    drop(gate);
    assert!(!in_the_file(), "a retired secret stayed in the file");
    let gate = options().sealing_key(new).open(&place.store).unwrap();
    gate.add_autoauth_key("new", &secret(TWO), None).unwrap();
    assert!(bad(&gate).is_empty());
    assert_eq!(gate.check_sealed_keys().unwrap(), 1);
    accept(&gate, &signed(&gate, TWO)).unwrap();
    let next = sealing_key(&place, "next").1;
    assert_eq!(gate.rotate_sealing_key(&next).unwrap(), 1);
    drop(gate);
    assert_eq!(options().sealing_key(next).open(&place.store).unwrap().check_sealed_keys().unwrap(), 1);
}

#[test]
fn a_key_that_does_not_open_refuses_no_links_but_its_own() {
    let place = lost();
    let gate = options().sealing_key(sealing_key(&place, "new").1).open(&place.store).unwrap();
    let keyless = options().open(&place.store).unwrap();
    assert_eq!(refused(gate.add_autoauth_key("new", &secret(TWO), None)), Reason::SealingKeyWrong);
    let link = signed(&gate, ONE);
    for (who, reason) in [(&gate, Reason::SealingKeyWrong), (&keyless, Reason::SealingKeyMissing)] {
        assert_eq!(refused(accept(who, &link)), reason);
    }
    gate.retire_autoauth_key("old").unwrap();
    gate.add_autoauth_key("new", &secret(TWO), None).unwrap();
    gate.add_autoauth_key("newer", &secret(ONE), None).unwrap();
    // Damaged, and the first to be tried.
    let damage = "UPDATE autoauth_key SET sealed = x'00', added_at = 0 WHERE label = 'new'";
    assert_eq!(rusqlite::Connection::open(&place.store).unwrap().execute(damage, []).unwrap(), 1);
    accept(&gate, &link).unwrap();
    assert!(matches!(accept(&gate, &signed(&gate, TWO)), Err(Error::Store(StoreError::Corrupt(_)))));
    let given = AutoAuthRequest::default().with_key(secret(TWO));
    gate.accept_autoauth(signed(&gate, TWO).as_bytes(), &given).unwrap();
}

#[test]
fn the_file_of_the_sealing_key_is_read_when_the_key_is_needed_and_once() {
    let place = Place::new();
    std::fs::create_dir(place.beside("keys")).unwrap();
    let file = place.beside("keys").join("seal");
    let gate = place.init_with(Mode::Managed, options().sealing_key_file(&file));
    let (_, client) = person(&gate, "ann@example.com");
    common::issue(&gate, client);
    assert_eq!(bad(&gate).len(), 1, "a file of no use is told by the check");
    let add = || gate.add_autoauth_key("old", &secret(ONE), None);
    assert_eq!(invalid(add()), "sealing_key_file");
    std::fs::write(&file, "nonsense").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(invalid(add()), "sealing_key");
    std::fs::remove_file(&file).unwrap();
    let key = Gatepass::new_sealing_key_file(&file, &place.store).unwrap();
    add().unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(gate.check_sealed_keys().unwrap(), 1);
    let beside = place.store.with_file_name("seal");
    std::fs::write(&beside, key.to_file_text().reveal()).unwrap();
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600)).unwrap();
    let beside = options().sealing_key_file(beside).open(&place.store).unwrap();
    assert_eq!(invalid(beside.check_sealed_keys()), "sealing_key_file");
}

#[test]
fn of_two_keys_that_end_alike_and_come_at_once_one_is_added() {
    let place = Place::new();
    let key = sealing_key(&place, "seal").1;
    drop(place.init(Mode::Managed));
    let gates = [(); 2].map(|()| options().sealing_key(key.clone()).open(&place.store).unwrap());
    for round in 0..10 {
        let added = std::thread::scope(|scope| {
            let running = [0, 1].map(|at| {
                let text = secret(&format!("{}{ONE} of round {round}", ["", "7"][at]));
                let gate = &gates[at];
                scope.spawn(move || gate.add_autoauth_key(&format!("{at} of {round}"), &text, None))
            });
            running.map(|thread| thread.join().unwrap())
        });
        let refused: Vec<_> = added.into_iter().filter(Result::is_err).map(invalid).collect();
        assert_eq!(refused, ["key"]);
    }
}
