//! A flood of guesses, 10,000 wrong secrets and 10,000 unknown tokens and links for each second of the
//! store's clock, from addresses all over and from those of the rightful: who is right gets in all the
//! while, the store does not grow. (That memory does not either is told by the throttle's own tests.)
//!
//! Only outcomes are asserted, never speed; the rate that was reached is printed. The clock is moved by hand,
//! so that a slow machine sees the same flood. The measure of growth is also put to a guard that is broken on
//! purpose and writes an event for each guess, which it must notice.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(feature = "serve")]
#[path = "../../benches/serve/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../common/mod.rs"]
mod common;
mod paced;
mod waits;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::{Place, START, Spy, person, refused, secret};
use gatepass::audit::AuditQuery;
use gatepass::clock::Clock;
use gatepass::credential::NewCredential;
use gatepass::directory::Mode;
use gatepass::link::{OpenRequest, SignInLink};
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{AutoAuthRequest, Error, Gatepass, Reason};
use waits::Waits;

/// Guesses of each kind for a second of the store's clock.
const EACH: u64 = 10_000;

/// Seconds of flood.
const SECONDS: u64 = 3;

/// The tests of this file measure the whole process, so they take turns.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Every fourth address is one of the rightful; the others are anywhere in IPv4, or in a /64 of their
    /// own.
    fn address(&mut self) -> IpAddr {
        let number = self.next();
        match number % 4 {
            0 => RIGHTFUL[(number >> 8) as usize % RIGHTFUL.len()],
            1 | 2 => IpAddr::V4(Ipv4Addr::from((number >> 16) as u32)),
            _ => IpAddr::V6(Ipv6Addr::from((0x2001_0db8 << 96) | (u128::from(number) << 32) | 1)),
        }
    }

    /// A text of the right shape.
    fn link(&mut self) -> SignInLink {
        let letters = self.hex(32).bytes().map(|digit| char::from(b'a' + digit % 26)).collect::<String>();
        SignInLink::parse(letters).unwrap()
    }

    fn hex(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(length);
        text
    }
}

/// Where the rightful are, and some of the guessers too.
const RIGHTFUL: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, 6)),
];

struct Bench {
    place: Place,
    gate: Gatepass,
    clock: std::sync::Arc<gatepass::clock::ManualClock>,
    spy: Spy,
    identifier: String,
    secret: Secret,
    request: IssueRequest,
}

impl Bench {
    fn new() -> Self {
        let place = Place::new();
        let (gate, clock) = place.init_at_start(Mode::Managed);
        let (_, client) = person(&gate, "ann@example.com");
        gate.add_admin("root", None).unwrap();
        gate.set_setting("autoauth_enabled", serde_json::json!(true)).unwrap();
        let new =
            NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
        let made = gate.create_credential(&new).unwrap();
        let spy = place.spy();
        Bench {
            gate,
            clock,
            spy,
            identifier: made.credential.identifier.unwrap(),
            secret: made.secret.unwrap(),
            request: IssueRequest::for_client(client),
            place,
        }
    }

    /// Guess at secrets and at tokens, session ids, sign-in links and AutoAuth hashes, `EACH` of both; how
    /// many were advised to wait.
    fn guess(&self, numbers: &mut Numbers) -> u64 {
        let mut advised = 0;
        let mut count = |error: Error, reason: Reason| match error {
            Error::Refused(refusal) => {
                assert_eq!(refusal.reason, reason);
                assert!(refusal.retry_after.is_none_or(|wait| wait <= Duration::from_secs(60)));
                advised += u64::from(refusal.retry_after.is_some());
            }
            other => panic!("{other:?}"),
        };
        for turn in 0..EACH {
            let from = Some(numbers.address());
            let wrong = secret(&format!("GPS{}", numbers.hex(29)));
            let error = match turn % 3 {
                0 => self.gate.authenticate(&format!("GPI{}", numbers.hex(29)), &wrong, from),
                _ => self.gate.authenticate(&self.identifier, &wrong, from),
            };
            count(error.unwrap_err(), Reason::AuthenticationFailed);
            let text = numbers.hex(40);
            let from = numbers.address();
            match turn % 8 {
                0 => count(self.gate.read_token(&text[1..], Some(from)).unwrap_err(), Reason::TokenUnknown),
                1 => {
                    let id = SessionId::parse(numbers.hex(64)).unwrap();
                    count(self.gate.check_session(&id, Some(from)).unwrap_err(), Reason::SessionUnknown);
                }
                2 => count(
                    self.gate.inspect(&Token::parse(&text).unwrap(), Some(from)).unwrap_err(),
                    Reason::TokenUnknown,
                ),
                3 => {
                    let stamp = self.clock.now().as_seconds();
                    let link = format!("email=ann%40example.com&timestamp={stamp}&hash={text}");
                    let request = AutoAuthRequest::default().with_key(self.secret.clone()).from_address(from);
                    let accepted = self.gate.accept_autoauth(link.as_bytes(), &request);
                    count(accepted.unwrap_err(), Reason::AutoAuthHash);
                }
                4 => {
                    let request = OpenRequest::new(numbers.link()).from_address(from);
                    count(self.gate.open_link(&request).unwrap_err(), Reason::LinkUnknown);
                }
                5 => count(
                    self.gate.inspect_link(&numbers.link(), Some(from)).unwrap_err(),
                    Reason::LinkUnknown,
                ),
                6 => count(self.gate.read_link(&text[..32], Some(from)).unwrap_err(), Reason::LinkUnknown),
                _ => {
                    let request = RedeemRequest::new(Token::parse(&text).unwrap()).from_address(from);
                    count(self.gate.redeem(&request).unwrap_err(), Reason::TokenUnknown);
                }
            }
        }
        advised
    }

    /// Guess in one thread for some seconds of the store's clock while `rightful` runs again and again in
    /// another.
    fn flood(&self, rightful: impl Fn(IpAddr) + Sync) -> u64 {
        let (over, turns, mut waits) = (AtomicBool::new(false), AtomicU64::new(0), Waits::default());
        let begun = Instant::now();
        let mut advised = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let turn = turns.fetch_add(1, Ordering::SeqCst);
                    waits.of(|| rightful(RIGHTFUL[turn as usize % RIGHTFUL.len()]));
                }
            });
            // However the guessing ends, the other thread must end too.
            let guessed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
                for _ in 0..SECONDS {
                    advised += self.guess(&mut numbers);
                    self.clock.advance(Duration::from_secs(1));
                }
            }));
            over.store(true, Ordering::SeqCst);
            guessed.unwrap();
        });
        let rate = (2 * EACH * SECONDS) as f64 / begun.elapsed().as_secs_f64();
        println!("{rate:.0} guesses a second, {advised} advised to wait; turns of the rightful: {waits}");
        assert!(turns.into_inner() > 10, "the rightful did nothing");
        advised
    }

    fn growth(&self) -> Growth {
        let size = |suffix| std::fs::metadata(self.place.suffixed(suffix)).unwrap().len();
        Growth {
            store: size(""),
            wal: size("-wal"),
            version: self.spy.version(),
            events: self.spy.number("SELECT count(*) FROM audit"),
        }
    }

    fn guesses_told(&self) -> Vec<i64> {
        let mut query = AuditQuery::between(START, START.plus(Duration::from_secs(86_400)));
        query.event = Some("guesses".to_owned());
        self.gate.audit_events(&query).unwrap().into_iter().map(|event| event.count).collect()
    }
}

/// What a store measures, as far as guesses could change it.
#[derive(Debug, PartialEq)]
struct Growth {
    store: u64,
    wal: u64,
    version: i64,
    events: i64,
}

#[test]
fn who_is_right_gets_in_all_the_while_and_the_store_does_not_grow() {
    let _alone = alone();
    let bench = Bench::new();
    let caller = bench.gate.authenticate(&bench.identifier, &bench.secret, None).unwrap();
    let live = bench.gate.issue(&caller, &bench.request).unwrap().token;
    let session = bench.gate.redeem(&RedeemRequest::new(live.clone())).unwrap().session.unwrap();
    let live = bench.gate.issue(&caller, &bench.request).unwrap().token;

    let before = bench.growth();
    let advised = bench.flood(|from| {
        bench.gate.authenticate(&bench.identifier, &bench.secret, Some(from)).unwrap();
        assert_eq!(bench.gate.inspect(&live, None).unwrap().refusal, None);
        bench.gate.check_session(&session, Some(from)).unwrap();
    });
    assert_eq!(bench.growth(), before, "the flood left something in the store");
    assert!(advised > EACH, "hardly anybody was advised to wait");
    bench.gate.redeem(&RedeemRequest::new(live).from_address(RIGHTFUL[0])).unwrap();

    // A minute later all of it is told, in one event.
    assert_eq!(bench.guesses_told(), [0; 0]);
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(refused(bench.gate.read_token("one more", None)), Reason::TokenUnknown);
    assert_eq!(bench.guesses_told(), [2 * (EACH * SECONDS) as i64 + 1]);
}

#[test]
fn whole_sign_ins_succeed_during_a_flood_and_leave_no_more_than_without_one() {
    let _alone = alone();
    let bench = Bench::new();
    // The credential's last use is written once a minute; let that be over.
    bench.gate.authenticate(&bench.identifier, &bench.secret, None).unwrap();
    let before = bench.growth();
    let done = AtomicU64::new(0);
    bench.flood(|from| {
        let caller = bench.gate.authenticate(&bench.identifier, &bench.secret, Some(from)).unwrap();
        let issued = bench.gate.issue(&caller, &bench.request.clone().from_address(from)).unwrap();
        let redeemed = bench.gate.redeem(&RedeemRequest::new(issued.token).from_address(from)).unwrap();
        bench.gate.check_session(&redeemed.session.unwrap(), Some(from)).unwrap();
        done.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
    });
    let done = done.into_inner() as i64;
    assert_eq!(
        bench.growth().events - before.events,
        2 * done,
        "each sign-in leaves two events, guesses none"
    );
}

#[test]
fn advice_grows_with_the_failures_and_holds_nobody_back() {
    let _alone = alone();
    let bench = Bench::new();
    let from = Some(RIGHTFUL[0]);
    let mut waits = Vec::new();
    for _ in 0..14 {
        let wrong = bench.gate.authenticate(&bench.identifier, &secret("wrong"), from);
        let Error::Refused(refusal) = wrong.unwrap_err() else { panic!() };
        waits.push(refusal.retry_after.map_or(0, |wait| wait.as_secs()));
        bench.gate.authenticate(&bench.identifier, &bench.secret, from).unwrap();
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn a_guard_that_locks_an_account_is_caught() {
    let _alone = alone();
    let bench = Bench::new();
    // Ten failures lock the account for the rest of the flood; the guards here never do.
    let failures = AtomicU64::new(0);
    let guarded = |given: &Secret| {
        let locked = failures.load(Ordering::SeqCst) >= 10;
        let right = !locked && bench.gate.authenticate(&bench.identifier, given, None).is_ok();
        failures.fetch_add(u64::from(!right), Ordering::SeqCst);
        right
    };
    assert!(guarded(&bench.secret));
    let mut numbers = Numbers(7);
    for _ in 0..100 {
        assert!(!guarded(&secret(&numbers.hex(32))));
        bench.gate.authenticate(&bench.identifier, &secret(&numbers.hex(32)), None).unwrap_err();
    }
    assert!(!guarded(&bench.secret), "the measure would not see a lock");
    bench.gate.authenticate(&bench.identifier, &bench.secret, None).unwrap();
}

#[test]
fn a_guard_that_writes_for_each_guess_is_caught() {
    let _alone = alone();
    let bench = Bench::new();
    let mut new = NewCredential { label: "limited".into(), host: true, ..NewCredential::default() };
    new.limits.actions = Some(Vec::new());
    bench.gate.create_credential(&new).unwrap();
    let caller = bench.gate.host_caller("limited").unwrap();
    let before = bench.growth();
    for guess in 0..2_000 {
        // Stands for a guess that is audited one by one: a refusal of its own each time.
        assert_eq!(
            refused(bench.gate.authorise(&caller, &format!("guess{guess}"), None)),
            Reason::ActionNotAllowed
        );
    }
    let after = bench.growth();
    assert!(after.events >= before.events + 2_000 && after.version != before.version);
    assert!(after.store + after.wal > before.store + before.wal, "{before:?} {after:?}");
}
