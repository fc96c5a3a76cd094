//! Bad input, by name: what the library says to each, through its types and through its operations.
//!
//! Each gives a refusal or an error that names the field; nothing is written, nothing panics, and no text of
//! an error repeats what was given, for it may have been a secret in the wrong place. That nothing is written
//! is seen by a second connection, whose `data_version` changes with every commit of anybody else, and which
//! compares every row.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod autoauth;
#[path = "../common/mod.rs"]
mod common;
mod credentials;
mod destinations;
mod directory;
mod links;
mod operations;
mod settings;
mod tokens;

use std::cell::RefCell;

use common::{Place, Spy, person};
use gatepass::clock::{Clock, ManualClock};
use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::{Error, Gatepass, Options, ops};
use serde_json::Value;

/// Planted wherever a text goes: no error may repeat it.
const PLANTED: &str = "hunter2";

/// A store that is watched.
struct Bench {
    place: Place,
    gate: Gatepass,
    clock: std::sync::Arc<ManualClock>,
    spy: Spy,
    /// The last dump, and the version that it shows.
    seen: RefCell<(i64, Vec<String>)>,
    client: ClientId,
}

impl Bench {
    fn new() -> Self {
        let place = Place::new();
        std::fs::create_dir(place.beside("keys")).unwrap();
        let key = Gatepass::new_sealing_key_file(place.beside("keys").join("seal"), &place.store).unwrap();
        let clock = std::sync::Arc::new(ManualClock::new(common::START));
        let gate = place.init_with(Mode::Managed, Options::new().clock(clock.clone()).sealing_key(key));
        let (_, client) = person(&gate, "ann@example.com");
        let spy = place.spy();
        Bench { place, gate, clock, spy, seen: RefCell::new((-1, Vec::new())), client }
    }

    /// Run something that must fail without leaving a trace, and say how.
    #[track_caller]
    fn untouched<T: std::fmt::Debug>(&self, act: impl FnOnce(&Gatepass) -> gatepass::Result<T>) -> Error {
        let before = self.spy.version();
        if self.seen.borrow().0 != before {
            self.seen.replace((before, self.spy.dump_without(&[])));
        }
        let error = act(&self.gate).expect_err("bad input was taken");
        if self.spy.version() != before {
            // A synced act that found nothing to change marks that it synced, and nothing else.
            assert_eq!(
                self.spy.dump_without(&[]),
                self.seen.borrow().1,
                "something was written before {error:?}"
            );
        }
        silent(&error);
        error
    }

    /// The field that an act names which changes nothing.
    #[track_caller]
    fn field<T: std::fmt::Debug>(&self, act: impl FnOnce(&Gatepass) -> gatepass::Result<T>) -> String {
        match self.untouched(act) {
            Error::Invalid { field, .. } => field.into_owned(),
            other => panic!("expected an invalid value, got {other:?}"),
        }
    }

    fn clock_seconds(&self) -> i64 {
        self.clock.now().as_seconds()
    }

    /// The same through an operation.
    #[track_caller]
    fn field_of(&self, operation: &str, parameters: Value) -> String {
        self.field(|gate| ops::call(gate, operation, parameters))
    }
}

/// No text of an error holds what was given.
#[track_caller]
fn silent(error: &Error) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains(PLANTED), "repeated: {text}");
        assert!(text.len() < 1_000, "an error of {} bytes", text.len());
        assert!(!text.contains('\0'));
    }
}

fn wrong_hex(length: usize) -> Vec<String> {
    let good: String = "0123456789abcdef".chars().cycle().take(length).collect();
    vec![
        String::new(),
        good[..length - 1].to_owned(),
        format!("{good}0"),
        good.to_uppercase(),
        good.replace('7', "g"),
        good.replace('0', "\0"),
        format!("{}\0", &good[1..]),
        format!(" {}", &good[1..]),
        format!("{good}\n"),
        good.replace('a', "а"),
        format!("{PLANTED}{}", &good[7..]),
        "a".repeat(1 << 20),
    ]
}
