//! A writer is killed again and again, at random moments, over one store: everything that it was told is done
//! is there afterwards, and nothing is half done.
//!
//! The writer is another process. It says each act only after the call returned, and is killed with SIGKILL,
//! which leaves it no time to put anything in order. What it said is then asked of the store by this process.
//! The same is done with a writer that is broken on purpose, which speaks before it acts: it must be caught.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Child;
use std::time::Duration;

use common::{Place, Spy, hear, job, person, portal, refused, say, start, wait_for_go};
use gatepass::directory::{Mode, NewUser};
use gatepass::id::ClientId;
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token, TokenState};
use gatepass::upkeep::Severity;
use gatepass::{Gatepass, Reason};

/// How often the writer is killed.
const KILLS: usize = 15;

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

/// Let a process work for a moment of random length, kill it, and give what it said.
fn let_live(child: &mut Child) -> Vec<String> {
    let mut lines = hear(child);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    // What it says has to be taken from the pipe all the time, or it would wait for us instead of working.
    let listener = std::thread::spawn(move || lines.collect::<Vec<String>>());
    let moment = 5_000 + common::micros() % 60_000;
    std::thread::sleep(Duration::from_micros(u64::try_from(moment).unwrap()));
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap()
}

/// Let a writer work for a moment, kill it, and add what it said.
fn kill_one(place: &Place, order: &str, said: &mut Said) {
    let mut child = start("writer", &[place.store.to_str().unwrap(), order]);
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
    while lives < KILLS || (said.redeemed.len() < 2 * KILLS && lives < 10 * KILLS) {
        lives += 1;
        kill_one(&place, "act first", &mut said);
        let gate = Gatepass::open(&place.store).unwrap();
        for token in &said.issued {
            gate.inspect(token, None).unwrap();
        }
        assert_eq!(missing(&gate, &said), 0);
        assert_eq!(half_done(&place.spy()), 0);
        for finding in gate.check(&mut |_, _| {}).unwrap() {
            assert_ne!(finding.severity, Severity::Bad, "{finding:?}");
        }
    }
    let gate = Gatepass::open(&place.store).unwrap();
    for (token, session) in &said.redeemed {
        assert_eq!(refused(gate.redeem(&RedeemRequest::new(token.clone()))), Reason::TokenRedeemed);
        gate.check_session(session.as_ref().unwrap(), None).unwrap();
    }
    let (issued, redeemed) = (said.issued.len(), said.redeemed.len());
    println!("{issued} issues and {redeemed} redemptions were told in {lives} lives");
    assert!(redeemed >= 2 * KILLS, "too few to say anything");
}

#[test]
fn a_writer_that_speaks_before_it_acts_is_caught() {
    let place = Place::new();
    person(&place.init(Mode::Managed), "ann@example.com");
    let mut said = Said::default();
    let mut caught = 0;
    for _ in 0..2 * KILLS {
        kill_one(&place, "speak first", &mut said);
        caught = missing(&Gatepass::open(&place.store).unwrap(), &said);
        if caught > 0 {
            break;
        }
    }
    assert!(caught > 0, "the harness can't tell a false word from a true one");
}

/// Users in the larger of two backups; the smaller has one.
const MANY: i64 = 400;

/// The other process: put two backups back in turns, and make a backup, until killed.
#[test]
fn restorer() {
    let Some(words) = job() else { return };
    let [path, small, large, copy] = &words[..] else { panic!() };
    let gate = Gatepass::open(path).unwrap();
    wait_for_go();
    for turn in 0u64.. {
        for (name, file) in [("small", small), ("large", large)] {
            say(&format!("restoring {name}"));
            gate.restore(file, &mut |_, _| {}).unwrap();
            say(&format!("restored {name}"));
        }
        gate.backup(format!("{copy}-{turn}"), &mut |_, _| {}).unwrap();
    }
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_content_or_the_new_and_a_backup_is_whole_or_not_there() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    person(&gate, "ann@example.com");
    let (small, large) = (place.beside("small"), place.beside("large"));
    gate.backup(&small, &mut |_, _| {}).unwrap();
    for at in 1..MANY {
        let email = format!("ann{at}@example.com");
        gate.add_user(&NewUser { email, first_name: "A".repeat(200), ..NewUser::default() }).unwrap();
    }
    gate.backup(&large, &mut |_, _| {}).unwrap();
    drop(gate);
    let mut kills_inside = 0;
    for life in 0..KILLS {
        let copy = place.beside(&format!("copy-{life}"));
        let paths = [&place.store, &small, &large, &copy].map(|path| path.to_str().unwrap());
        let mut child = start("restorer", &paths);
        let said = let_live(&mut child);
        kills_inside += usize::from(said.last().is_some_and(|line| line.starts_with("restoring")));

        let gate = Gatepass::open(&place.store).unwrap();
        let users = place.spy().number("SELECT count(*) FROM user");
        let allowed: Vec<i64> = match said.last().map(String::as_str) {
            Some("restored small") => vec![1],
            // A backup may have been on its way then, or the next restore not yet told.
            Some("restored large") => vec![MANY],
            _ => vec![1, MANY],
        };
        assert!(allowed.contains(&users), "{users} users after {:?}", said.last());
        for finding in gate.check(&mut |_, _| {}).unwrap() {
            assert_ne!(finding.severity, Severity::Bad, "{finding:?}");
        }
        drop(gate);
        for turn in 0.. {
            let copy = place.beside(&format!("copy-{life}-{turn}"));
            if !copy.exists() {
                break;
            }
            assert_eq!(Spy::on(&copy).number("SELECT count(*) FROM user"), MANY);
            let gate = Gatepass::open(&copy).unwrap();
            let bad = Severity::Bad;
            assert!(gate.check(&mut |_, _| {}).unwrap().iter().all(|finding| finding.severity != bad));
        }
    }
    println!("{kills_inside} of {KILLS} kills fell into a restore");
    assert!(kills_inside > 0, "no restore was ever interrupted");
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
    let mut child = start("mailer", &[place.store.to_str().unwrap(), order]);
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
    while lives < KILLS || (signed_in(&told) < KILLS && lives < 10 * KILLS) {
        lives += 1;
        kill_mailer(&place, "act first", &mut told);
        let gate = Gatepass::open(&place.store).unwrap();
        assert_eq!(uncounted(&gate, &told), 0);
        assert_eq!(links_half_done(&place.spy()), 0);
        for finding in gate.check(&mut |_, _| {}).unwrap() {
            assert_ne!(finding.severity, Severity::Bad, "{finding:?}");
        }
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
    assert!(signed_in(&told) >= KILLS, "too few to say anything");
}

#[test]
fn a_mailer_that_speaks_before_it_acts_is_caught() {
    let place = Place::new();
    person(&place.init(Mode::Managed), "ann@example.com");
    let mut told = BTreeMap::new();
    let caught = (0..2 * KILLS).any(|_| {
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

/// The gate is there for fairness alone.
#[test]
fn all_of_this_holds_without_the_gate() {
    common::everything_holds_without_the_gate("all_of_this_holds_without_the_gate");
}
