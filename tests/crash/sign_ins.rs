//! A writer that issues and redeems is killed at random moments.

use std::time::Duration;

use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token, TokenState};
use gatepass::{Gatepass, Reason};

use super::common::{self, Place, Spy, job, person, portal, refused, say, start, wait_for_go};
use super::{is_sound, kills, let_live};

/// The other process: issue and redeem until killed.
#[test]
fn writer() {
    let Some(words) = job() else { return };
    let [path, order] = &words[..] else { panic!() };
    let gate = Gatepass::open(path).unwrap();
    wait_for_go();
    let caller = portal(&gate);
    let request = IssueRequest::for_client(ClientId::new(1).unwrap());
    for turn in 0u64.. {
        let issued = gate.issue(&caller, &request).unwrap();
        let token = issued.token.reveal();
        say(&format!("issued {token}"));
        if turn % 4 == 3 {
            continue;
        }
        if order == "speak first" {
            say(&format!("redeemed {token} -"));
            // A kill during the sync would find the act done all the same: give it a chance to come before.
            std::thread::sleep(Duration::from_millis(2));
        }
        let redeemed = gate.redeem(&RedeemRequest::new(issued.token)).unwrap();
        if order == "act first" {
            say(&format!("redeemed {token} {}", redeemed.session.unwrap().reveal()));
        }
    }
}

/// What a writer said before it died.
#[derive(Default)]
struct Said {
    issued: Vec<Token>,
    redeemed: Vec<(Token, Option<SessionId>)>,
}

/// Let a writer work for a moment, kill it, and add what it said.
fn kill_one(place: &Place, order: &str, said: &mut Said) {
    let mut child = start("sign_ins::writer", &[place.store.to_str().unwrap(), order]);
    for line in let_live(&mut child) {
        let words: Vec<&str> = line.split(' ').collect();
        match &words[..] {
            // The last line may be cut off.
            ["issued", token] => said.issued.extend(Token::parse(token)),
            ["redeemed", token, session] => {
                let session = SessionId::parse(session);
                if let Some(token) =
                    Token::parse(token).filter(|_| session.is_some() || order == "speak first")
                {
                    said.redeemed.push((token, session));
                }
            }
            _ => {}
        }
    }
}

/// Redemptions that were told as done and are not.
fn missing(gate: &Gatepass, said: &Said) -> usize {
    let undone = |token: &&(Token, Option<SessionId>)| {
        gate.inspect(&token.0, None).map_or(true, |seen| seen.state != TokenState::Redeemed)
    };
    said.redeemed.iter().filter(undone).count()
}

/// Acts of which a part is there and another is not.
fn half_done(spy: &Spy) -> i64 {
    let name = "lower(hex(substr(token.key, 1, 12)))";
    let told = |event: &str| {
        format!("EXISTS (SELECT 1 FROM audit WHERE event = '{event}' AND outcome = 'ok' AND object = {name})")
    };
    let (issued, redeemed) = (told("token.issued"), told("token.redeemed"));
    [
        format!("SELECT count(*) FROM token WHERE NOT {issued}"),
        format!("SELECT count(*) FROM token WHERE (redeemed_at IS NOT NULL) <> {redeemed}"),
        "SELECT count(*) FROM token WHERE redeemed_at IS NOT NULL
            AND session_key NOT IN (SELECT key FROM session)"
            .to_owned(),
        "SELECT count(*) FROM session WHERE key NOT IN
            (SELECT session_key FROM token WHERE redeemed_at IS NOT NULL AND redemption = session.redemption)"
            .to_owned(),
        "SELECT count(*) FROM token WHERE (redeemed_at IS NULL) <> (redemption IS NULL)
            OR (redeemed_at IS NULL) <> (session_key IS NULL)"
            .to_owned(),
        "SELECT abs((SELECT count(*) FROM audit WHERE event = 'token.redeemed' AND outcome = 'ok')
            - (SELECT count(*) FROM token WHERE redeemed_at IS NOT NULL))"
            .to_owned(),
    ]
    .iter()
    .map(|sql| spy.number(sql))
    .sum()
}

#[test]
fn a_killed_writer_loses_nothing_that_it_was_told_is_done() {
    let place = Place::new();
    person(&place.init(Mode::Managed), "ann@example.com");
    let mut said = Said::default();
    let mut lives = 0;
    // On a slow disk some more lives are needed to have said anything.
    while lives < kills() || (said.redeemed.len() < 2 * kills() && lives < 10 * kills()) {
        lives += 1;
        kill_one(&place, "act first", &mut said);
        let gate = Gatepass::open(&place.store).unwrap();
        for token in &said.issued {
            gate.inspect(token, None).unwrap();
        }
        assert_eq!(missing(&gate, &said), 0);
        assert_eq!(half_done(&place.spy()), 0);
        is_sound(&gate);
    }
    let gate = Gatepass::open(&place.store).unwrap();
    for (token, session) in &said.redeemed {
        assert_eq!(refused(gate.redeem(&RedeemRequest::new(token.clone()))), Reason::TokenRedeemed);
        gate.check_session(session.as_ref().unwrap(), None).unwrap();
    }
    let (issued, redeemed) = (said.issued.len(), said.redeemed.len());
    println!("{issued} issues and {redeemed} redemptions were told in {lives} lives");
    assert!(redeemed >= 2 * kills(), "too few to say anything");
}

#[test]
fn a_writer_that_speaks_before_it_acts_is_caught() {
    let place = Place::new();
    person(&place.init(Mode::Managed), "ann@example.com");
    let mut said = Said::default();
    let mut caught = 0;
    for _ in 0..2 * kills() {
        kill_one(&place, "speak first", &mut said);
        caught = missing(&Gatepass::open(&place.store).unwrap(), &said);
        if caught > 0 {
            break;
        }
    }
    assert!(caught > 0, "the harness can't tell a false word from a true one");
}

#[test]
fn a_half_done_redemption_is_caught() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let issued = common::issue(&gate, client);
    common::redeem(&gate, &issued).unwrap();
    common::issue(&gate, client);
    let copy = place.beside("copy");
    gate.backup(&copy, &mut |_, _| {}).unwrap();
    assert_eq!(half_done(&Spy::on(&copy)), 0);
    for (at, damage) in [
        "DELETE FROM session",
        "DELETE FROM audit WHERE event = 'token.redeemed'",
        "DELETE FROM audit WHERE event = 'token.issued'",
        "UPDATE token SET redeemed_at = NULL",
        "UPDATE token SET session_key = NULL",
    ]
    .into_iter()
    .enumerate()
    {
        let damaged = place.beside(&format!("damaged-{at}"));
        std::fs::copy(&copy, &damaged).unwrap();
        rusqlite::Connection::open(&damaged).unwrap().execute_batch(damage).unwrap();
        assert!(half_done(&Spy::on(&damaged)) > 0, "{damage}");
    }
}
