//! Guesses at a pace, each from a network of its own, and the rightful meanwhile, in real time: a short
//! flood here, and a long one by `tests/long/flood`, which names its size in the surroundings.
//!
//! Asserted is that the rightful always get in, that memory stays and that the store holds what they left
//! and no more. The rate that was reached and the waits are printed: they are the machine's.

#[cfg(feature = "serve")]
mod served;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gatepass::credential::NewCredential;
use gatepass::directory::Mode;
use gatepass::link::{OpenRequest, SignInLink};
use gatepass::secret::Secret;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{Gatepass, InitOptions, Options};

use crate::common::{Place, person, secret};
use crate::waits::{Waits, memory};

/// A process may grow by so much: caches, and what the threads of the test take.
const LITTLE: u64 = 8 << 20;

/// So many networks must not be remembered.
const MILLION: u64 = 1_000_000;

/// A number of the surroundings.
fn knob(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// Numbers that look random; no two of the first 2⁶⁴ are the same (splitmix64, whose constants these are).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// An address in the /64 of that number.
fn network(number: u64) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from((u128::from(mixed(number)) << 64) | 1))
}

/// A text of so many hex digits that depends on the number.
fn hex(number: u64, length: usize) -> String {
    let text = format!("{:016x}{:016x}", mixed(number ^ 1), mixed(number ^ 2));
    text.repeat(length.div_ceil(32))[..length].to_owned()
}

/// Guesses that are due at a rate, handed out to several threads.
struct Pace {
    began: Instant,
    rate: u64,
    all: u64,
    next: AtomicU64,
    failed: AtomicBool,
}

impl Pace {
    fn new(rate: u64, all: u64) -> Self {
        let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
        Pace { began: Instant::now(), rate, all, next, failed }
    }

    /// The next guess, when it is due.
    fn next(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.all || self.failed.load(Ordering::Relaxed) {
            return None;
        }
        let due = Duration::from_secs_f64(number as f64 / self.rate as f64);
        if let Some(early) = due.checked_sub(self.began.elapsed()).filter(|early| early.as_micros() > 200) {
            std::thread::sleep(early);
        }
        Some(number)
    }

    fn is_over(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.all || self.failed.load(Ordering::Relaxed)
    }

    /// Whether the first tenth is over: whatever is made once has been made.
    fn is_warm(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.all / 10
    }

    fn reached(&self) -> String {
        let rate = self.all as f64 / self.began.elapsed().as_secs_f64();
        let less = if rate < 0.95 * self.rate as f64 { ", which is what this machine gives" } else { "" };
        format!("{} guesses at {rate:.0} a second, asked for {}{less}", self.all, self.rate)
    }
}

/// Marks the pace as failed when its thread panics, so that the others end too.
struct Ends<'a>(&'a Pace);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed.store(true, Ordering::Relaxed);
        }
    }
}

struct Stage {
    place: Place,
    gate: Gatepass,
    client: gatepass::id::ClientId,
    identifier: String,
    secret: Secret,
}

impl Stage {
    fn new(url: &str) -> Self {
        let place = Place::new();
        let gate = Options::new().init(&place.store, &InitOptions::new(Mode::Managed, url).unwrap()).unwrap();
        let (_, client) = person(&gate, "ann@example.com");
        gate.add_admin("root", None).unwrap();
        let new =
            NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
        let made = gate.create_credential(&new).unwrap();
        let (identifier, secret) = (made.credential.identifier.unwrap(), made.secret.unwrap());
        Stage { place, gate, client, identifier, secret }
    }

    fn guess(&self, number: u64) {
        let from = network(number);
        let refused = match number % 5 {
            0 => {
                self.gate.authenticate(&format!("GPI{}", hex(number, 29)), &self.secret, Some(from)).is_err()
            }
            1 | 2 => self.gate.authenticate(&self.identifier, &secret(&hex(number, 32)), Some(from)).is_err(),
            3 => {
                let token = Token::parse(hex(number, 40)).unwrap();
                self.gate.redeem(&RedeemRequest::new(token).from_address(from)).is_err()
            }
            _ if number.is_multiple_of(2) => {
                let text: String =
                    hex(number, 32).bytes().map(|digit| char::from(b'a' + digit % 26)).collect();
                let link = SignInLink::parse(text).unwrap();
                self.gate.open_link(&OpenRequest::new(link).from_address(from)).is_err()
            }
            _ => self.gate.check_session(&SessionId::parse(hex(number, 64)).unwrap(), Some(from)).is_err(),
        };
        assert!(refused, "guess {number} was right");
    }
}

/// Waits of the rightful, act by act.
#[derive(Default)]
struct Rightful {
    authenticate: Waits,
    issue: Waits,
    redeem: Waits,
    session: Waits,
}

impl Rightful {
    /// A whole sign-in, each part of which must succeed.
    fn sign_in(&mut self, stage: &Stage) {
        let from = Some("203.0.113.5".parse().unwrap());
        let Stage { gate, identifier, secret, client, .. } = stage;
        let caller = self.authenticate.of(|| gate.authenticate(identifier, secret, from)).unwrap();
        let issued = self.issue.of(|| gate.issue(&caller, &IssueRequest::for_client(*client))).unwrap();
        let redeemed = self.redeem.of(|| gate.redeem(&RedeemRequest::new(issued.token))).unwrap();
        let session = redeemed.session.unwrap();
        self.session.of(|| gate.check_session(&session, from)).unwrap();
    }

    fn told(&self, when: &str) {
        let Rightful { authenticate, issue, redeem, session } = self;
        println!("{when}: authenticate {authenticate}");
        println!("{when}: issue {issue}");
        println!("{when}: redeem {redeem}");
        println!("{when}: check a session {session}");
    }
}

/// A guard that locks an account after ten failures, as many do.
#[derive(Default)]
struct LockingGuard(Mutex<HashMap<String, u32>>);

impl LockingGuard {
    fn authenticate(&self, stage: &Stage, given: &Secret) -> bool {
        let mut failures = self.0.lock().unwrap();
        let failures = failures.entry(stage.identifier.clone()).or_default();
        if *failures >= 10 {
            return false;
        }
        let right = stage.gate.authenticate(&stage.identifier, given, None).is_ok();
        *failures = if right { 0 } else { *failures + 1 };
        right
    }
}

#[test]
fn the_rightful_get_in_through_the_library() {
    let _alone = crate::alone();
    let (rate, networks) = (knob("FLOOD_RATE", 10_000), knob("FLOOD_NETWORKS", 20_000));
    let stage = Stage::new("https://billing.example.com");
    let live =
        stage.gate.issue(&stage.gate.host_caller("cli").unwrap(), &IssueRequest::for_client(stage.client));
    let live = live.unwrap().token;

    let mut alone = Rightful::default();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(knob("FLOOD_ALONE", 1)) {
        alone.sign_in(&stage);
        std::thread::sleep(Duration::from_millis(5));
    }
    alone.told("alone");
    stage.gate.redeem(&RedeemRequest::new(live)).unwrap();

    let live =
        stage.gate.issue(&stage.gate.host_caller("cli").unwrap(), &IssueRequest::for_client(stage.client));
    let (live, until) = (live.unwrap().token, Instant::now() + Duration::from_secs(30));
    let (mut flooded, mut live, mut warm) = (Rightful::default(), Some(live), None);
    let told = || stage.place.spy().number("SELECT count(*) FROM audit WHERE event <> 'guesses'");
    let before = told();
    let pace = Pace::new(rate, networks);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _ends = Ends(&pace);
                while let Some(number) = pace.next() {
                    stage.guess(number);
                }
            });
        }
        let _ends = Ends(&pace);
        while !pace.is_over() {
            flooded.sign_in(&stage);
            if warm.is_none() && pace.is_warm() {
                warm = Some(memory(std::process::id()));
            }
            // A token from before the flood is good as long as it lives.
            if live.is_some() && (Instant::now() > until || pace.next.load(Ordering::Relaxed) > networks / 2)
            {
                stage.gate.redeem(&RedeemRequest::new(live.take().unwrap())).unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let after = memory(std::process::id());
    println!("{}", pace.reached());
    flooded.told("in the flood");
    assert!(flooded.redeem.count() > 10 && live.is_none(), "the rightful did nothing");

    let warm = warm.unwrap();
    println!("memory {} KiB after a tenth, {} KiB in the end", warm / 1024, after / 1024);
    assert!(after < warm + LITTLE, "{} bytes more", after - warm);
    // A sign-in leaves two events, and the live token one more.
    assert_eq!(told() - before, 2 * flooded.redeem.count() as i64 + 1, "guesses left events");

    // The controls: a guard that locks accounts, and one that remembers networks.
    let guard = LockingGuard::default();
    assert!(guard.authenticate(&stage, &stage.secret));
    for number in 0..20 {
        assert!(!guard.authenticate(&stage, &secret(&hex(number, 32))));
    }
    assert!(!guard.authenticate(&stage, &stage.secret), "a guard that locks accounts was not caught");
    let before = memory(std::process::id());
    let remembered: HashMap<IpAddr, u32> = (0..MILLION).map(|number| (network(number), 1)).collect();
    let grown = memory(std::process::id());
    assert!(grown > before + LITTLE, "a guard that remembers networks was not caught");
    println!(
        "controls: the right secret was locked out; {} networks took {} KiB: both caught",
        remembered.len(),
        (grown - before) / 1024
    );
}
