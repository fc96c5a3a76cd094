//! A file that is deleted or replaced under an open store is noticed before anybody is let in by it.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use gatepass::{Gatepass, StoreError};
use support::{
    Talk, folder_with_store, issue, listen, part, place, play, redeem, say, store_error, with_suffix,
};

/// Does something to a file; what was there goes to the second path.
type Harm = fn(&Path, &Path);

const HARMS: [(&str, Harm); 3] = [
    ("deleted", |file, aside| fs::rename(file, aside).unwrap()),
    ("replaced", |file, aside| {
        fs::rename(file, aside).unwrap();
        fs::write(file, "something else").unwrap();
    }),
    ("renamed over", |file, aside| {
        fs::hard_link(file, aside).unwrap();
        let other = with_suffix(file, ".other");
        fs::write(&other, "something else").unwrap();
        fs::rename(&other, file).unwrap();
    }),
];

#[test]
fn a_store_whose_file_was_replaced_answers_nothing_any_more() {
    for (what, harm) in HARMS {
        for suffix in ["", "-wal", "-shm"] {
            for first in ["read", "write", "redeem", "asked"] {
                let (folder, path) = folder_with_store();
                let gate = Gatepass::open(&path).unwrap();
                let token = issue(&gate).unwrap();
                let file = with_suffix(&path, suffix);
                let aside = folder.path().join("aside");
                harm(&file, &aside);
                let error = match first {
                    "read" => store_error(gate.settings()),
                    "write" => store_error(gate.set_setting("token_life_seconds", 30.into())),
                    "asked" => store_error(gate.usable()),
                    _ => store_error(redeem(&gate, &token)),
                };
                assert_eq!(error, StoreError::Replaced, "{file:?} {what}, {first}");
                // The handle stays refused even if the file comes back.
                fs::rename(&aside, &file).unwrap();
                assert_eq!(store_error(gate.settings()), StoreError::Replaced, "{file:?} {what}, {first}");
                assert_eq!(store_error(issue(&gate)), StoreError::Replaced, "{file:?} {what}, {first}");
                assert_eq!(store_error(redeem(&gate, &token)), StoreError::Replaced);
            }
        }
    }
}

#[test]
fn a_session_is_not_confirmed_from_a_file_that_is_gone() {
    let (_folder, path) = folder_with_store();
    let gate = Gatepass::open(&path).unwrap();
    let token = issue(&gate).unwrap();
    let session = gate.redeem(&gatepass::token::RedeemRequest::new(token)).unwrap().session.unwrap();
    gate.check_session(&session, None).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(store_error(gate.check_session(&session, None)), StoreError::Replaced);
}

#[test]
fn a_replaced_file_shows_in_no_other_process_that_has_it_open() {
    const NAME: &str = "a_replaced_file_shows_in_no_other_process_that_has_it_open";
    if part().is_some() {
        let gate = Gatepass::open(place()).unwrap();
        say("open");
        listen();
        gate.set_setting("token_life_seconds", 30.into()).unwrap();
        return;
    }
    let (folder, path) = folder_with_store();
    let gate = Gatepass::open(&path).unwrap();
    let mut other = Talk::start(play(NAME, "bystander", &path));
    other.hear("open");
    let aside = folder.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    assert_eq!(store_error(gate.settings()), StoreError::Replaced);
    fs::rename(&aside, &path).unwrap();
    // Whoever asked nothing meanwhile has lost nothing, and whoever opens anew sees what it wrote.
    other.go_on();
    assert!(other.end().success());
    assert_eq!(Gatepass::open(&path).unwrap().settings().unwrap().token_life_seconds, 30);
    assert_eq!(store_error(gate.settings()), StoreError::Replaced);
}
