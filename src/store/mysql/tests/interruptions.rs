//! Connections that break, and servers that say nothing: nobody is let in on a doubt, nobody twice.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use getrandom::SysRng;

use super::server::{DEADLINE, open, server};
use crate::clock::{Clock, SystemClock};
use crate::credential::{Caller, CallerId};
use crate::destination::SystemUrl;
use crate::directory::Mode;
use crate::error::{Reason, StoreError};
use crate::id::ClientId;
use crate::session::{RedemptionId, SessionId};
use crate::settings::Settings;
use crate::store::mysql::values::named;
use crate::store::mysql::{Address, MysqlStore, create, migrate};
use crate::store::{
    At, Creation, CredentialStore, Named, SessionStore, StoreResult, TokenStore, UpkeepStore,
};
use crate::token::{IssueAct, IssueRequest, RedeemAct, Spent, Token};
use crate::upkeep::StoreId;

/// When a wire is cut.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// The packet that is the last is passed on; only its answer is lost.
    passes_last: bool,
    /// New connections are cut too, until the wire is mended.
    for_good: bool,
}

/// Stands between the library and a server, and is cut when so many more packets have come from the library.
struct Wire {
    port: u16,
    left: Arc<AtomicI64>,
}

impl Wire {
    fn to(port: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire =
            Wire { port: listener.local_addr().unwrap().port(), left: Arc::new(AtomicI64::new(i64::MAX)) };
        let left = Arc::clone(&wire.left);
        std::thread::spawn(move || {
            for here in listener.incoming() {
                let (here, there) = (here.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
                let left = Arc::clone(&left);
                let (mut from, mut to) = (there.try_clone().unwrap(), here.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                std::thread::spawn(move || carry(here, there, &left, cut));
            }
        });
        wire
    }

    /// Cut at the packet with this number, counted from 1.
    fn cut_at(&self, packet: i64) {
        self.left.store(packet, Ordering::SeqCst);
    }

    /// Whether it was cut since.
    fn mended(&self) -> bool {
        self.left.swap(i64::MAX, Ordering::SeqCst) <= 0
    }
}

fn carry(mut here: TcpStream, mut there: TcpStream, left: &AtomicI64, cut: Cut) {
    let mut packet = vec![0; 1 << 16];
    while let Ok(length) = here.read(&mut packet)
        && length > 0
    {
        let number = left.fetch_sub(1, Ordering::SeqCst);
        let last = number == 1 || number <= 0 && cut.for_good;
        if last {
            // The answer must not come back, or it would have been none.
            let _ = here.shutdown(Shutdown::Both);
        }
        if !last || cut.passes_last {
            let _ = there.write_all(&packet[..length]);
        }
        if last {
            break;
        }
    }
    let _ = there.shutdown(Shutdown::Both);
}

pub(super) fn now() -> crate::clock::Timestamp {
    SystemClock.now()
}

/// A store in host mode.
pub(super) fn made() -> Address {
    let address = server().database();
    migrate(&address, DEADLINE).unwrap();
    let settings = Settings::new(Mode::Host, SystemUrl::parse("https://billing.example.com").unwrap());
    let creation = Creation {
        settings: &settings,
        id: StoreId([7; 16]),
        nonce: 1,
        group_writable: false,
        host_credentials: &["cli"],
    };
    create(&address, DEADLINE, &creation, At { now: now(), by: None }).unwrap();
    address
}

pub(super) fn issue(store: &MysqlStore) -> Token {
    let (credential, _) = store.host_caller("cli").unwrap().unwrap();
    let request = IssueRequest::for_client(ClientId::new(1).unwrap());
    let token = Token::generate(now(), &mut SysRng).unwrap();
    let act = IssueAct { caller: Caller(CallerId::Host { credential }), request: &request, key: token.key() };
    store.issue(&act, now()).unwrap().unwrap();
    token
}

pub(super) fn attempt(token: &Token) -> (RedeemAct, SessionId) {
    let session = SessionId::generate(now(), &mut SysRng).unwrap();
    let act = RedeemAct {
        key: token.key(),
        presented: None,
        replace: false,
        confirmed: true,
        binding: None,
        redemption: RedemptionId::generate(&mut SysRng).unwrap(),
        session: Some(session.key()),
        address: None,
    };
    (act, session)
}

pub(super) fn redeem(store: &MysqlStore, act: &RedeemAct) -> StoreResult<Result<Spent, Reason>> {
    Ok(store.redeem(act, now())?.map_err(|refusal| refusal.reason))
}

/// How redemptions end that are cut off at their first packet, their second, and so on, until one is not.
fn redeem_cut_off(cut: Cut) -> Vec<Result<(), StoreError>> {
    let address = made();
    let direct = open(&address, DEADLINE).unwrap();
    let wire = Wire::to(server().port(), cut);
    let mut ends = Vec::new();
    loop {
        let packet = i64::try_from(ends.len()).unwrap() + 1;
        let store = open(&address.at_port(wire.port), DEADLINE).unwrap();
        let token = issue(&direct);
        let (act, session) = attempt(&token);
        wire.cut_at(packet);
        let first = redeem(&store, &act);
        let was_cut = wire.mended();
        let second = redeem(&direct, &attempt(&token).0).unwrap();
        let alive = direct.check_session(&session.key(), now()).unwrap().is_ok();
        ends.push(match first {
            Ok(Ok(_)) => {
                assert_eq!(second.unwrap_err(), Reason::TokenRedeemed, "{cut:?}, packet {packet}");
                assert!(alive, "{cut:?}, packet {packet}: who was let in has no session");
                Ok(())
            }
            Ok(Err(reason)) => panic!("{cut:?}, packet {packet}: {reason:?}"),
            Err(error) => {
                let told = matches!(error, StoreError::Indeterminate | StoreError::Unavailable(_));
                assert!(told, "{cut:?}, packet {packet}: {error:?}");
                // Spent for nobody, or not at all; and only where that was told to be open.
                if second.is_err() {
                    assert_eq!(error, StoreError::Indeterminate, "{cut:?}, packet {packet}");
                }
                Err(error)
            }
        });
        if !was_cut {
            return ends;
        }
    }
}

#[test]
fn a_redemption_cut_off_at_any_packet_lets_in_one_or_nobody() {
    for passes_last in [false, true] {
        let ends = redeem_cut_off(Cut { passes_last, for_good: true });
        let doubts = ends.iter().filter(|end| **end == Err(StoreError::Indeterminate)).count();
        assert!(ends.len() > 6 && doubts >= 3, "{passes_last}: {ends:?}");
        assert!(matches!(ends[0], Err(StoreError::Unavailable(_))), "{ends:?}");
    }
}

#[test]
fn a_connection_that_breaks_once_costs_a_redemption_only_at_its_claim_and_its_event() {
    for passes_last in [false, true] {
        let ends = redeem_cut_off(Cut { passes_last, for_good: false });
        // Each of the two is prepared, and then said.
        let failed = ends.iter().filter(|end| end.is_err()).count();
        assert!((2..=6).contains(&failed) && ends.len() > failed + 3, "{passes_last}: {ends:?}");
    }
}

#[test]
fn a_server_that_says_nothing_is_waited_for_no_longer_than_the_deadline() {
    // It takes the connection, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server().database().at_port(silent.local_addr().unwrap().port());
    let begun = Instant::now();
    let told = open(&address, Duration::from_secs(1)).unwrap_err();
    assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_handle_outlives_a_server_that_was_away() {
    let address = made();
    let wire = Wire::to(server().port(), Cut { passes_last: false, for_good: true });
    let store = open(&address.at_port(wire.port), DEADLINE).unwrap();
    wire.cut_at(1);
    assert!(store.clock().is_err(), "the server is away");
    assert!(wire.mended());
    assert!(store.clock().is_ok(), "the server is back");
    let token = issue(&store);
    redeem(&store, &attempt(&token).0).unwrap().unwrap();
    assert!(store.inspect(&Named::Key(token.key())).unwrap().unwrap().token.redeemed_at.is_some());
}

#[test]
fn a_panic_in_the_middle_of_a_change_leaves_no_part_of_it_and_no_connection_behind() {
    let address = made();
    let store = open(&address, DEADLINE).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.server.change::<()>(|connection| {
            connection.run("UPDATE gatepass_credential SET label = 'half'", named! {})?;
            panic!("by the test");
        })
    }));
    assert!(panicked.is_err());
    // Written by itself again, and seen by others at once.
    let token = issue(&store);
    redeem(&open(&address, DEADLINE).unwrap(), &attempt(&token).0).unwrap().unwrap();
    assert!(store.host_caller("cli").unwrap().is_some(), "the change was kept");
}
