//! What a store holds that has been busy for long: `tests/load/run.js` puts its servers on one.
//!
//! Everything that is purged goes when its time is over, and the shortest times are an hour for tokens and a
//! day for sessions and events. So that as much goes as comes from the first minute on, what came that long
//! ago is made with a clock that is moved by hand.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{Place, job, person, portal};
use gatepass::clock::{Clock, ManualClock, SystemClock, Timestamp};
use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Gatepass, Options};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Threads share the syncs of the disk.
const THREADS: u64 = 8;

/// The shortest times.
fn forget_soon(gate: &Gatepass) {
    for (name, value) in [
        ("token_retention_seconds", 3_600),
        ("session_absolute_seconds", 300),
        ("session_idle_seconds", 60),
        ("audit_retention_days", 1),
        ("audit_address_days", 0),
    ] {
        gate.set_setting(name, json!(value)).unwrap();
    }
}

/// A time in which a store was busy.
struct Span {
    begin: Timestamp,
    length: Duration,
}

impl Span {
    fn ago(age: Duration, length: Duration) -> Self {
        Span { begin: SystemClock.now().minus(age), length }
    }

    /// So many acts a minute, evenly spread over it.
    fn fill_at(&self, per_minute: u64, store: &Path, act: impl Fn(&Gatepass) + Sync) {
        self.fill(store, per_minute * self.length.as_secs() / 60, act);
    }

    /// So many acts, spread over it.
    fn fill(&self, store: &Path, many: u64, act: impl Fn(&Gatepass) + Sync) {
        let clock = Arc::new(ManualClock::new(self.begin));
        let gate = Options::new().clock(clock.clone()).open(store).unwrap();
        let step = self.length / u32::try_from(many.max(1)).unwrap();
        let begun = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while begun.fetch_add(1, Ordering::Relaxed) < many {
                        clock.advance(step);
                        act(&gate);
                    }
                });
            }
        });
    }
}

fn sign_in_and_out(gate: &Gatepass) {
    let token = common::issue(gate, ClientId::new(1).unwrap()).token;
    let session = gate.redeem(&RedeemRequest::new(token)).unwrap().session.unwrap();
    gate.end_sessions(&EndSessions::One(session)).unwrap();
}

/// Let a store have been busy: in each minute from now on, for so long, so many sign-ins go.
fn make_history(store: &Path, length: Duration, sign_ins: u64) {
    // Sessions are kept for five minutes more than events. The first to go and the last are not waited for.
    Span::ago(DAY + 6 * MINUTE, length + 7 * MINUTE).fill_at(sign_ins, store, sign_in_and_out);
    Span::ago(HOUR + MINUTE, length + 2 * MINUTE).fill_at(sign_ins, store, |gate| {
        gate.issue(&portal(gate), &IssueRequest::for_client(ClientId::new(1).unwrap())).map(drop).unwrap();
    });
}

/// The other process: `tests/load/run.js` wants so many people, and a history of so many minutes with so many
/// sign-ins in each.
#[test]
fn history() {
    let Some(words) = job() else { return };
    let [store, minutes, sign_ins, people] = &words[..] else { panic!() };
    let [minutes, sign_ins, people]: [u64; 3] = [minutes, sign_ins, people].map(|word| word.parse().unwrap());
    let gate = Gatepass::open(store).unwrap();
    forget_soon(&gate);
    for number in 1..=people {
        person(&gate, &format!("person{number}@example.com"));
    }
    drop(gate);
    make_history(Path::new(store), u32::try_from(minutes).unwrap() * MINUTE, sign_ins);
}

#[test]
fn of_a_store_with_a_history_everything_goes_that_is_due() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    person(&gate, "ann@example.com");
    forget_soon(&gate);
    drop(gate);
    Span::ago(DAY + 30 * MINUTE, 10 * MINUTE).fill(&place.store, 1_000, sign_in_and_out);
    let a_day_ago = SystemClock.now().minus(DAY).as_millis();
    let due = format!("SELECT count(*) FROM audit WHERE at < {a_day_ago}");
    let spy = place.spy();
    assert_eq!(spy.number(&due), 3_000);
    Span::ago(Duration::ZERO, MINUTE).fill(&place.store, 1_500, sign_in_and_out);
    assert_eq!(spy.number(&due), 0);
}
