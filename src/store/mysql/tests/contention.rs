//! Rows that somebody else holds: what was done is said to be done, what was not is not, and nobody waits for ever.

use std::time::{Duration, Instant};

use getrandom::SysRng;
use mysql::Conn;
use mysql::prelude::Queryable;

use super::interruptions::{attempt, issue, made, now, redeem};
use super::server::{self, server};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerId};
use crate::error::{Reason, StoreError};
use crate::id::ClientId;
use crate::link::{CreateAct, LinkRequest, OpenAct, SignInLink};
use crate::secret::TimedKey;
use crate::store::mysql::{Address, MysqlStore};
use crate::store::{
    At, CredentialStore, LinkNamed, LinkStore, Named, SessionStore, SessionsOf, StoreResult, TokenStore,
    TokensOf,
};
use crate::token::{IssueRequest, Token};

const SHORT: Duration = Duration::from_secs(1);

fn open(address: &Address) -> MysqlStore {
    server::open(address, SHORT).unwrap()
}

/// Somebody who holds the rows that a statement reads, as long as he is there.
fn holder(address: &Address, rows: &str) -> Conn {
    let mut holder = server().by_hand(address);
    holder.query_drop("START TRANSACTION").unwrap();
    let held: Vec<mysql::Row> = holder.query(format!("{rows} FOR UPDATE")).unwrap();
    assert!(!held.is_empty());
    holder
}

fn counted(address: &Address, what: &str) -> u64 {
    server().by_hand(address).query_first(format!("SELECT COUNT(*) FROM {what}")).unwrap().unwrap()
}

fn reminder() -> LinkRequest {
    LinkRequest::new(IssueRequest::for_client(ClientId::new(1).unwrap())).label("reminder")
}

fn create(store: &MysqlStore, request: &LinkRequest) -> StoreResult<SignInLink> {
    let (credential, _) = store.host_caller("cli").unwrap().unwrap();
    let link = SignInLink::generate(&mut SysRng).unwrap();
    let key = TimedKey::new(now(), &link.digest());
    let act = CreateAct { caller: Caller(CallerId::Host { credential }), request, key };
    store.create_link(&act, now())?.unwrap();
    Ok(link)
}

fn use_once(store: &MysqlStore, link: &SignInLink) -> StoreResult<Result<(), Reason>> {
    let token = Token::generate(now(), &mut SysRng).unwrap().key();
    let act = OpenAct { digest: link.digest(), token, redeem: None, address: None };
    Ok(store.open_link(&act, now())?.map(drop).map_err(|refusal| refusal.reason))
}

#[test]
fn a_link_is_made_and_used_whoever_holds_what_counts_it() {
    let address = made();
    let store = open(&address);
    use_once(&store, &create(&store, &reminder()).unwrap()).unwrap().unwrap();
    let held = holder(&address, "SELECT * FROM gatepass_link_tally");
    let link = create(&store, &reminder()).unwrap();
    assert!(store.inspect_link(&LinkNamed::Digest(link.digest())).unwrap().is_some());
    use_once(&store, &link).unwrap().unwrap();
    drop(held);
    assert_eq!(use_once(&store, &link).unwrap(), Err(Reason::LinkUsed));
    for event in ["link.created", "link.opened", "token.issued"] {
        let told = format!("gatepass_audit WHERE event = '{event}' AND outcome = 'ok'");
        assert_eq!(counted(&address, &told), 2, "{event}");
    }
}

#[test]
fn a_row_that_somebody_holds_is_waited_for_no_longer_than_the_deadline() {
    let address = made();
    let store = open(&address);
    let token = issue(&store);
    let held = holder(&address, "SELECT * FROM gatepass_token");
    let begun = Instant::now();
    assert_eq!(redeem(&store, &attempt(&token).0).unwrap_err(), StoreError::Busy);
    assert!(begun.elapsed() < 4 * SHORT, "{:?}", begun.elapsed());
    drop(held);
    assert!(store.inspect(&Named::Key(token.key())).unwrap().unwrap().token.redeemed_at.is_none());
    redeem(&store, &attempt(&token).0).unwrap().unwrap();
}

#[test]
fn what_is_half_done_at_the_deadline_is_in_doubt() {
    let address = made();
    let store = open(&address);
    let token = issue(&store);
    // Once the token is claimed the session must wait.
    let mut held = server().by_hand(&address);
    held.query_drop("LOCK TABLES gatepass_session READ").unwrap();
    assert_eq!(redeem(&store, &attempt(&token).0).unwrap_err(), StoreError::Indeterminate);
    drop(held);
    assert!(store.inspect(&Named::Key(token.key())).unwrap().unwrap().token.redeemed_at.is_some());
}

#[test]
fn a_link_that_was_superseded_in_the_middle_of_its_use_is_said_to_be_superseded() {
    let address = made();
    let store = open(&address);
    let link = create(&store, &reminder().end_siblings()).unwrap();
    let mut by_hand = server().by_hand(&address);
    let claim = "INSERT INTO gatepass_link_use (link_key, number, token_key, claimed_at)
                 SELECT link_key, 1, 'x', created_at FROM gatepass_link";
    by_hand.query_drop(claim).unwrap();
    by_hand.query_drop("UPDATE gatepass_link SET ended_at = created_at, ended_by = 'superseded'").unwrap();
    assert_eq!(use_once(&store, &link).unwrap(), Err(Reason::LinkSuperseded));
}

/// Whoever writes an event is told so often that others are in his way that the act is begun again; once for each
/// connection.
fn events_are_refused_at_first(address: &Address) {
    server()
        .by_hand(address)
        .query_drop(
            "CREATE TRIGGER in_the_way BEFORE INSERT ON gatepass_audit FOR EACH ROW
             BEGIN
                 SET @refused = IFNULL(@refused, 0) + 1;
                 IF @refused <= 25 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF;
             END",
        )
        .unwrap();
}

#[test]
fn what_ends_many_says_how_many_also_when_its_event_is_tried_again() {
    let address = made();
    let store = open(&address);
    let (credential, _) = store.host_caller("cli").unwrap().unwrap();
    for _ in 0..3 {
        redeem(&store, &attempt(&issue(&store)).0).unwrap().unwrap();
    }
    let tokens: Vec<Token> = (0..4).map(|_| issue(&store)).collect();
    events_are_refused_at_first(&address);
    let at = At { now: now(), by: None };

    let one = TokensOf::One(Named::Key(tokens[0].key()));
    assert_eq!(open(&address).revoke_tokens(&one, at).unwrap().unwrap(), 1);
    let all = TokensOf::Credential(credential);
    assert_eq!(open(&address).revoke_tokens(&all, at).unwrap().unwrap(), 3);
    let sessions = SessionsOf::Credential(credential, Timestamp::from_millis(0));
    assert_eq!(open(&address).end_sessions(&sessions, at).unwrap().unwrap(), 3);

    let mut by_hand = server().by_hand(&address);
    let told: Vec<(String, i64)> = by_hand
        .query("SELECT event, count FROM gatepass_audit WHERE event IN ('token.revoked', 'session.ended') ORDER BY at, seq")
        .unwrap();
    let told: Vec<(&str, i64)> = told.iter().map(|(event, count)| (event.as_str(), *count)).collect();
    assert_eq!(told, [("token.revoked", 1), ("token.revoked", 3), ("session.ended", 3)]);
}
