//! What a store holds that has been busy for long: `tests/load/run.js` puts its servers on one.
//!
//! Everything that is purged goes when its time is over, and the shortest times are an hour for tokens and a
//! day for sessions and events. So that as much goes as comes from the first minute on, what came that long
//! ago is made with a clock that is moved by hand.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use common::{Place, job, person, portal};
use gatepass::clock::{Clock, ManualClock, SystemClock, Timestamp};
use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, Issued, RedeemRequest};
use gatepass::{Gatepass, Options};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Where everybody comes from.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

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

/// A token for one of these clients, asked for from where the traffic comes from.
fn issue(gate: &Gatepass, clients: &Range<i64>) -> Issued {
    static TURN: AtomicI64 = AtomicI64::new(0);
    // Far from the one before, as among people.
    let turn = TURN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9);
    let request = IssueRequest::for_client(
        ClientId::new(clients.start + turn.rem_euclid(clients.end - clients.start)).unwrap(),
    );
    gate.issue(&portal(gate), &request.from_address(ADDRESS)).unwrap()
}

fn sign_in_and_out(gate: &Gatepass, clients: &Range<i64>) {
    let request = RedeemRequest::new(issue(gate, clients).token).from_address(ADDRESS);
    let session = gate.redeem(&request).unwrap().session.unwrap();
    gate.end_sessions(&EndSessions::One(session)).unwrap();
}

/// Let a store have been busy: in each minute from now on, for so long, so many sign-ins go.
fn make_history(store: &Path, length: Duration, sign_ins: u64, clients: Range<i64>) {
    // Sessions are kept for five minutes more than events. The first to go and the last are not waited for.
    let signing_in = |gate: &Gatepass| sign_in_and_out(gate, &clients);
    Span::ago(DAY + 6 * MINUTE, length + 7 * MINUTE).fill_at(sign_ins, store, signing_in);
    let issuing = |gate: &Gatepass| drop(issue(gate, &clients));
    Span::ago(HOUR + MINUTE, length + 2 * MINUTE).fill_at(sign_ins, store, issuing);
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
    let made: Vec<i64> =
        (1..=people).map(|number| person(&gate, &format!("person{number}@example.com")).1.get()).collect();
    drop(gate);
    let clients = made[0]..made[0] + i64::try_from(people).unwrap();
    make_history(Path::new(store), u32::try_from(minutes).unwrap() * MINUTE, sign_ins, clients);
}

#[test]
fn of_a_store_with_a_history_everything_goes_that_is_due() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    person(&gate, "ann@example.com");
    forget_soon(&gate);
    drop(gate);
    let signing_in = |gate: &Gatepass| sign_in_and_out(gate, &(1..2));
    Span::ago(DAY + 30 * MINUTE, 10 * MINUTE).fill(&place.store, 1_000, signing_in);
    let a_day_ago = SystemClock.now().minus(DAY).as_millis();
    let due = format!("SELECT count(*) FROM audit WHERE at < {a_day_ago}");
    let spy = place.spy();
    assert_eq!(spy.number(&due), 3_000);
    Span::ago(Duration::ZERO, MINUTE).fill(&place.store, 1_500, signing_in);
    assert_eq!(spy.number(&due), 0);
}
