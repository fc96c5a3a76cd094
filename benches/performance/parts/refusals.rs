//! What it costs to refuse a token that nobody issued.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use gatepass::id::UserId;
use gatepass::token::{RedeemRequest, RevokeTokens, Token};
use gatepass::{Error, Reason};
use rusqlite::Connection;

use crate::by_hand::{ByHand, SYNC_CALL, hex, store};
use crate::contest::{Sample, contest, side};
use crate::pairs::{Ours, Pairs};
use crate::part::{Goal, Part, Table, figure, time};
use crate::setup::Setup;

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("refusals");
    let gate = store(&folder, "ours.db");
    drop(store(&folder, "by-hand.db"));
    let by_hand = RefCell::new(ByHand::open(&folder.join("by-hand.db"), true));
    let ours = RefCell::new(Ours::new(&gate));
    let (many, guesses, count) = (setup.many_rounds(), setup.count, (setup.count / 8).max(2));
    let watcher = Connection::open(folder.join("ours.db")).unwrap();
    let (rounds, wrote) = (Cell::new(0), Cell::new(0));
    let refused = |tokens: Vec<Token>, reason: Reason| {
        let requests: Vec<RedeemRequest> = tokens.into_iter().map(RedeemRequest::new).collect();
        let began = Instant::now();
        for request in &requests {
            let Err(Error::Refused(refusal)) = gate.redeem(request) else { panic!("must be refused") };
            assert_eq!(refusal.reason, reason);
        }
        Sample::of(requests.len(), began.elapsed().as_secs_f64())
    };
    let unknown = || {
        let tokens = std::iter::repeat_with(guess).take(guesses).collect();
        let before = commits(&watcher);
        let sample = refused(tokens, Reason::TokenUnknown);
        rounds.set(rounds.get() + 1);
        wrote.set(wrote.get() + usize::from(commits(&watcher) != before));
        sample
    };
    let revoked = || {
        let tokens: Vec<Token> = std::iter::repeat_with(|| ours.borrow_mut().issue()).take(count).collect();
        gate.revoke_tokens(&RevokeTokens::OfUser(UserId::new(1).unwrap())).unwrap();
        refused(tokens, Reason::TokenRevoked)
    };
    let redeemed = || {
        let mut ours = ours.borrow_mut();
        let tokens: Vec<Token> = std::iter::repeat_with(|| ours.issue()).take(count / 2).collect();
        let again = tokens.iter().map(|token| Token::parse(token.reveal()).unwrap()).collect();
        tokens.into_iter().for_each(|token| ours.redeem(token));
        refused(again, Reason::TokenRedeemed)
    };
    let names = [
        "Gatepass: unknown token, answered without a write",
        "Gatepass: redeemed token, an event each, unsynced",
        "Gatepass: revoked token, an event each, unsynced",
        "by hand: unknown token, an audit row each, unsynced",
        "by hand: unknown token, an audit row each, synced",
    ];
    let seen = contest(
        many,
        &mut [
            side(names[0], unknown),
            side(names[1], redeemed),
            side(names[2], revoked),
            side(names[3], || by_hand.borrow_mut().refusals(count, false)),
            side(names[4], || by_hand.borrow_mut().refusals(count, true)),
        ],
    );

    let mut table = Table::new(["refusal", "each", "times the first"]);
    for (name, sample) in names.iter().zip(&seen) {
        table.row([(*name).into(), time(sample.each()), figure(sample.each() / seen[0].each())]);
    }
    let how = format!(
        "A token that nobody issued is redeemed {} times in each of {} rounds; the others refuse up to {count} a round. What writes \
         does so in a transaction of its own. By hand \"synced\" is `synchronous=FULL` with {SYNC_CALL} and \"unsynced\" `NORMAL`; no \
         refusal by Gatepass is synced. After each round of guesses another connection asks SQLite whether anything was committed meanwhile.",
        guesses, many,
    );
    let quiet = (rounds.get() - wrote.get()) as f64;
    Part {
        id: "refusals".into(),
        title: "Refusals".into(),
        how,
        tables: vec![table],
        goals: vec![
            Goal::faster(
                9,
                "unknown token over a refusal that writes and syncs (by hand)",
                30.0,
                &seen[0],
                &seen[4],
            ),
            Goal::ratio(
                9,
                "rounds of guesses in which nothing was written, over all",
                1.0,
                quiet,
                rounds.get() as f64,
            ),
        ],
        notes: vec![format!(
            "Against a refusal of our own that writes without a sync the ratio is {}, against one by hand without a sync {}. \
             In {} of {} rounds of guesses something was written.",
            figure(seen[1].each() / seen[0].each()),
            figure(seen[3].each() / seen[0].each()),
            wrote.get(),
            rounds.get(),
        )],
        ..Part::default()
    }
}

/// A token that looks like one.
fn guess() -> Token {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).unwrap();
    Token::parse(hex(&bytes)).unwrap()
}

/// A number that changes when another connection commits.
fn commits(watcher: &Connection) -> i64 {
    watcher.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap()
}
