//! A writer that makes sign-in links and opens them is killed at random moments.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{Gatepass, Reason};

use super::common::{Place, Spy, job, person, portal, refused, say, start, wait_for_go};
use super::{is_sound, kills, let_live};

/// The other process: make links, open each for a token, and once more to sign in, until killed.
#[test]
fn mailer() {
    let Some(words) = job() else { return };
    let [path, order] = &words[..] else { panic!() };
    let gate = Gatepass::open(path).unwrap();
    wait_for_go();
    let caller = portal(&gate);
    let issue = IssueRequest::for_client(ClientId::new(1).unwrap());
    let request = LinkRequest::new(issue).uses(2).label("reminder");
    loop {
        let link = gate.create_link(&caller, &request).unwrap().link;
        let text = link.reveal();
        say(&format!("made {text}"));
        if order == "speak first" {
            say(&format!("opened {text} -"));
            std::thread::sleep(Duration::from_millis(2));
        }
        let opened = gate.open_link(&OpenRequest::new(link.clone())).unwrap();
        if order == "act first" {
            say(&format!("opened {text} {}", opened.token.reveal()));
        }
        let opened = gate.open_link(&OpenRequest::new(link).signing_in(None)).unwrap();
        say(&format!("signed-in {text} {}", opened.redemption.unwrap().session.unwrap().reveal()));
    }
}

/// What was told of one link.
#[derive(Default)]
struct Mailed {
    openings: u32,
    token: Option<Token>,
    session: Option<SessionId>,
}

/// Let a mailer work for a moment, kill it, and add what it said. The last line may be cut off.
fn kill_mailer(place: &Place, order: &str, told: &mut BTreeMap<String, Mailed>) {
    let mut child = start("links::mailer", &[place.store.to_str().unwrap(), order]);
    for line in let_live(&mut child) {
        let words: Vec<&str> = line.split(' ').collect();
        match &words[..] {
            ["made", link] if SignInLink::parse(link).is_some() => {
                told.insert((*link).to_owned(), Mailed::default());
            }
            ["opened", link, token] if *token == "-" || Token::parse(token).is_some() => {
                let mailed = told.get_mut(*link).unwrap();
                mailed.openings = 1;
                mailed.token = Token::parse(token);
            }
            ["signed-in", link, session] if SessionId::parse(session).is_some() => {
                let mailed = told.get_mut(*link).unwrap();
                mailed.openings = 2;
                mailed.session = SessionId::parse(session);
            }
            _ => {}
        }
    }
}

/// Openings that were told as done and do not count.
fn uncounted(gate: &Gatepass, told: &BTreeMap<String, Mailed>) -> usize {
    let used = |link: &str| gate.inspect_link(&SignInLink::parse(link).unwrap(), None).unwrap().used;
    told.iter().filter(|(link, mailed)| used(link) < mailed.openings).count()
}

/// Links and openings of which a part is there and another is not.
fn links_half_done(spy: &Spy) -> i64 {
    let name = "lower(hex(substr(link.key, 1, 12)))";
    let told = |event: &str, about: &str| {
        format!("(SELECT count(*) FROM audit WHERE event = '{event}' AND outcome = 'ok' AND {about})")
    };
    let created = told("link.created", &format!("object = {name}"));
    let opened = told("link.opened", &format!("object = {name}"));
    let minted = told("token.issued", &format!("detail = 'link ' || {name}"));
    let tallied = |events: &str| {
        format!(
            "(SELECT ifnull(sum(count), 0) FROM link_tally WHERE label = 'reminder' AND event IN ({events}))"
        )
    };
    [
        format!("SELECT count(*) FROM link WHERE {created} <> 1 OR {opened} <> used OR {minted} <> used"),
        format!("SELECT abs((SELECT count(*) FROM link) - {})", tallied("'created'")),
        format!("SELECT abs((SELECT ifnull(sum(used), 0) FROM link) - {})", tallied("'opened', 'reopened'")),
        "SELECT abs((SELECT ifnull(sum(used), 0) FROM link) - (SELECT count(*) FROM token))".to_owned(),
        "SELECT abs((SELECT count(*) FROM link WHERE used = 2) - (SELECT count(*) FROM session))".to_owned(),
    ]
    .iter()
    .map(|sql| spy.number(sql))
    .sum()
}

#[test]
fn a_killed_mailer_loses_no_link_and_no_opening_that_it_was_told_is_done() {
    let place = Place::new();
    person(&place.init(Mode::Managed), "ann@example.com");
    let mut told = BTreeMap::new();
    let mut lives = 0;
    let signed_in =
        |told: &BTreeMap<String, Mailed>| told.values().filter(|one| one.session.is_some()).count();
    while lives < kills() || (signed_in(&told) < kills() && lives < 10 * kills()) {
        lives += 1;
        kill_mailer(&place, "act first", &mut told);
        let gate = Gatepass::open(&place.store).unwrap();
        assert_eq!(uncounted(&gate, &told), 0);
        assert_eq!(links_half_done(&place.spy()), 0);
        is_sound(&gate);
    }
    let gate = Gatepass::open(&place.store).unwrap();
    for (link, mailed) in &told {
        if let Some(token) = &mailed.token {
            // On a slow disk its minute may be over by now; unknown it must not be.
            let redeemed = gate.redeem(&RedeemRequest::new(token.clone()));
            assert!(redeemed.is_ok() || refused(redeemed) == Reason::TokenExpired);
        }
        if let Some(session) = &mailed.session {
            gate.check_session(session, None).unwrap();
            let again = gate.open_link(&OpenRequest::new(SignInLink::parse(link).unwrap()));
            assert_eq!(refused(again), Reason::LinkUsed);
        }
    }
    let openings: u32 = told.values().map(|mailed| mailed.openings).sum();
    println!("{} links and {openings} openings were told in {lives} lives", told.len());
    assert!(signed_in(&told) >= kills(), "too few to say anything");
}

#[test]
fn a_mailer_that_speaks_before_it_acts_is_caught() {
    let place = Place::new();
    person(&place.init(Mode::Managed), "ann@example.com");
    let mut told = BTreeMap::new();
    let caught = (0..2 * kills()).any(|_| {
        kill_mailer(&place, "speak first", &mut told);
        uncounted(&Gatepass::open(&place.store).unwrap(), &told) > 0
    });
    assert!(caught, "the harness can't tell a false word from a true one");
}

#[test]
fn a_half_done_opening_is_caught() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let request = LinkRequest::new(IssueRequest::for_client(client)).uses(2).label("reminder");
    let link = gate.create_link(&portal(&gate), &request).unwrap().link;
    gate.open_link(&OpenRequest::new(link.clone())).unwrap();
    gate.open_link(&OpenRequest::new(link).signing_in(None)).unwrap();
    let copy = place.beside("copy");
    gate.backup(&copy, &mut |_, _| {}).unwrap();
    assert_eq!(links_half_done(&Spy::on(&copy)), 0);
    for (at, damage) in [
        "UPDATE link SET used = 1",
        "DELETE FROM audit WHERE event = 'link.created'",
        "DELETE FROM audit WHERE event = 'link.opened'",
        "DELETE FROM audit WHERE event = 'token.issued'",
        "DELETE FROM link_tally WHERE event = 'reopened'",
        "DELETE FROM link_tally WHERE event = 'created'",
        "DELETE FROM token WHERE redeemed_at IS NULL",
        "DELETE FROM session",
    ]
    .into_iter()
    .enumerate()
    {
        let damaged = place.beside(&format!("damaged-{at}"));
        std::fs::copy(&copy, &damaged).unwrap();
        rusqlite::Connection::open(&damaged).unwrap().execute_batch(damage).unwrap();
        assert!(links_half_done(&Spy::on(&damaged)) > 0, "{damage}");
    }
}
