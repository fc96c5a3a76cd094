//! Many at once, in threads and in processes of their own: one winner for each token and each link, and every
//! loser hears why, never that the store was busy.
//!
//! Processes are released at moments that all of them know, one for each token, and tell when they were
//! inside; how many tokens really had several inside at once is printed. Each race is also run with a
//! redemption that is broken on purpose (it looks first and acts later, as most hand-written ones do), which
//! must be caught with two winners.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::process::Child;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Place, job, micros, person, portal, run_together, say, secret, start, wait_for_go, wait_until};
use gatepass::credential::NewCredential;
use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::link::{EndLinks, LinkRequest, LinkState, OpenRequest, SignInLink};
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens, Token, TokenState};
use gatepass::{AutoAuthRequest, Gatepass, KeyChoice, Reason};
use serde_json::json;

const PROCESSES: usize = 8;

/// Time between one token's moment and the next, in microseconds.
const STEP: u128 = 20_000;

const KEY: &str = "a key of more than twenty characters";

/// Redeem as it should be, or look first and act later.
fn redeem(gate: &Gatepass, token: &Token, broken: bool) -> gatepass::Result<()> {
    let request = RedeemRequest::new(token.clone());
    if !broken {
        return gate.redeem(&request).map(drop);
    }
    match gate.inspect(token, None)?.state {
        TokenState::Live => {
            // A page has other things to do in between, too.
            std::thread::sleep(Duration::from_millis(1));
            drop(gate.redeem(&request));
            Ok(())
        }
        TokenState::Redeemed => Err(Reason::TokenRedeemed.into()),
        TokenState::Revoked => Err(Reason::TokenRevoked.into()),
        other => panic!("{other:?}"),
    }
}

/// Open a link as it should be, or look first and act later.
fn open(gate: &Gatepass, link: &SignInLink, broken: bool) -> gatepass::Result<()> {
    let request = OpenRequest::new(link.clone());
    if !broken {
        return gate.open_link(&request).map(drop);
    }
    match gate.inspect_link(link, None)?.state {
        LinkState::Live => {
            std::thread::sleep(Duration::from_millis(1));
            drop(gate.open_link(&request));
            Ok(())
        }
        LinkState::Used => Err(Reason::LinkUsed.into()),
        LinkState::Revoked => Err(Reason::LinkRevoked.into()),
        other => panic!("{other:?}"),
    }
}

fn word<T>(result: &gatepass::Result<T>) -> String {
    match result {
        Ok(_) => "won".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

/// A process that tries each thing in turn, at the moment that all know, and says how it came out and when.
#[test]
fn runner() {
    let Some(words) = job() else { return };
    let (path, what, things) = (&words[0], words[1].as_str(), &words[2..]);
    let gate = Gatepass::open(path).unwrap();
    let moment: u128 = wait_for_go().parse().unwrap();
    for (at, thing) in things.iter().enumerate() {
        // Those who redeem tokens of their own go on as fast as they can.
        if what != "redeem own" {
            wait_until(moment + STEP * at as u128);
        }
        let token = || Token::parse(thing).unwrap();
        let link = || SignInLink::parse(thing).unwrap();
        let begun = micros();
        let outcome = match what {
            "redeem" | "redeem own" => word(&redeem(&gate, &token(), false)),
            "redeem broken" => word(&redeem(&gate, &token(), true)),
            "revoke" => match gate.revoke_tokens(&RevokeTokens::One(token())) {
                Ok(1) => "revoked".to_owned(),
                Ok(0) => "token_revoked".to_owned(),
                other => word(&other),
            },
            "open" => word(&open(&gate, &link(), false)),
            "open broken" => word(&open(&gate, &link(), true)),
            "revoke link" => match gate.revoke_links(&EndLinks::One(link())) {
                Ok(1) => "revoked".to_owned(),
                Ok(0) => "link_revoked".to_owned(),
                other => word(&other),
            },
            "accept" => {
                let request = AutoAuthRequest::default().with_key(secret(KEY));
                word(&gate.accept_autoauth(thing.as_bytes(), &request))
            }
            other => panic!("{other}"),
        };
        say(&format!("{at} {outcome} {begun} {}", micros()));
    }
}

/// What one process said about one thing.
#[derive(Debug)]
struct Try {
    outcome: String,
    begun: u128,
    ended: u128,
}

fn runners<'a>(
    place: &Place,
    what: &str,
    count: usize,
    things: impl Fn(usize) -> Vec<&'a str>,
) -> Vec<Child> {
    let path = place.store.to_str().unwrap();
    (0..count).map(|at| start("runner", &[&[path, what], &things(at)[..]].concat())).collect()
}

/// The tries of all processes, by the thing tried.
fn by_thing(heard: Vec<Vec<String>>) -> BTreeMap<usize, Vec<Try>> {
    let mut tries: BTreeMap<usize, Vec<Try>> = BTreeMap::new();
    for line in heard.into_iter().flatten() {
        let words: Vec<&str> = line.split(' ').collect();
        let [at, outcome, begun, ended] = words[..] else { panic!("{line}") };
        let (begun, ended) = (begun.parse().unwrap(), ended.parse().unwrap());
        tries.entry(at.parse().unwrap()).or_default().push(Try { outcome: outcome.to_owned(), begun, ended });
    }
    tries
}

/// How many things had two inside at once.
fn contended(tries: &BTreeMap<usize, Vec<Try>>) -> usize {
    let overlap = |tries: &&Vec<Try>| {
        tries.iter().enumerate().any(|(at, one)| {
            tries[at + 1..].iter().any(|other| one.begun < other.ended && other.begun < one.ended)
        })
    };
    tries.values().filter(overlap).count()
}

fn count(tries: &[Try], outcome: &str) -> usize {
    tries.iter().filter(|tried| tried.outcome == outcome).count()
}

fn tokens(gate: &Gatepass, client: ClientId, count: usize) -> Vec<String> {
    (0..count).map(|_| common::issue(gate, client).token.reveal()).collect()
}

fn words(things: &[String]) -> Vec<&str> {
    things.iter().map(String::as_str).collect()
}

#[test]
fn of_eight_processes_one_redeems_and_seven_hear_already_redeemed() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let all = tokens(&gate, client, 40);
    let tries = by_thing(run_together(runners(&place, "redeem", PROCESSES, |_| words(&all)), |_| {}));
    assert_eq!(tries.len(), 40);
    for (token, tries) in &tries {
        assert_eq!(count(tries, "won"), 1, "token {token}: {tries:?}");
        assert_eq!(count(tries, "token_redeemed"), PROCESSES - 1, "token {token}: {tries:?}");
    }
    println!("{} of 40 tokens had two processes inside at once", contended(&tries));
    assert!(contended(&tries) > 0, "nobody met anybody: this proves nothing");

    let all = tokens(&gate, client, 40);
    let tries = by_thing(run_together(runners(&place, "redeem broken", PROCESSES, |_| words(&all)), |_| {}));
    let doubled = tries.values().filter(|tries| count(tries, "won") > 1).count();
    println!("looking first and acting later: {doubled} of 40 tokens had two winners or more");
    assert!(doubled > 0, "the harness did not catch the broken redemption");
}

fn links(gate: &Gatepass, client: ClientId, count: usize, uses: u32) -> Vec<String> {
    let request = LinkRequest::new(IssueRequest::for_client(client)).uses(uses);
    (0..count).map(|_| gate.create_link(&portal(gate), &request).unwrap().link.reveal()).collect()
}

#[test]
fn of_eight_processes_as_many_open_a_link_as_it_has_uses_and_the_others_hear_already_used() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    for uses in [1, 3] {
        let all = links(&gate, client, 30, uses);
        let tries = by_thing(run_together(runners(&place, "open", PROCESSES, |_| words(&all)), |_| {}));
        assert_eq!(tries.len(), 30);
        for (link, tries) in &tries {
            assert_eq!(count(tries, "won"), uses as usize, "link {link}: {tries:?}");
            assert_eq!(count(tries, "link_used"), PROCESSES - uses as usize, "link {link}: {tries:?}");
        }
        println!("{} of 30 links had two processes inside at once", contended(&tries));
        assert!(contended(&tries) > 0, "nobody met anybody: this proves nothing");
        let minted = "SELECT count(*) FROM audit WHERE event = 'token.issued' AND detail LIKE 'link %'";
        let used = "SELECT sum(used) FROM link";
        assert_eq!(place.spy().number(minted), place.spy().number(used), "a token for each use");

        let all = links(&gate, client, 30, uses);
        let racers = runners(&place, "open broken", PROCESSES, |_| words(&all));
        let tries = by_thing(run_together(racers, |_| {}));
        let over = tries.values().filter(|tries| count(tries, "won") > uses as usize).count();
        println!("looking first and acting later: {over} of 30 links were opened too often");
        assert!(over > 0, "the harness did not catch the broken opening");
    }
}

#[test]
fn a_link_is_opened_or_revoked_and_never_both() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    for (opener, sound) in [("open", true), ("open broken", false)] {
        let all = links(&gate, client, 40, 1);
        let mut children = runners(&place, opener, 4, |_| words(&all));
        children.extend(runners(&place, "revoke link", 4, |_| words(&all)));
        let tries = by_thing(run_together(children, |_| {}));
        let mut both = 0;
        for (link, tries) in &tries {
            let (opened, revoked) = (count(tries, "won"), count(tries, "revoked"));
            both += usize::from(opened + revoked > 1);
            if sound {
                assert_eq!(opened + revoked, 1, "link {link}: {tries:?}");
                let told = count(tries, ["link_revoked", "link_used"][opened]);
                assert_eq!(told, 7, "link {link}: {tries:?}");
            }
        }
        println!("{opener}: {both} of 40 links opened and revoked, or opened twice");
        assert_eq!(both == 0, sound, "the broken opening was not caught");
    }
}

#[test]
fn of_eight_threads_one_redeems_and_seven_hear_already_redeemed() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let race = |broken: bool| {
        let all: Vec<Token> = (0..60).map(|_| common::issue(&gate, client).token).collect();
        let winners: Vec<_> = all.iter().map(|_| AtomicUsize::new(0)).collect();
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for (token, won) in all.iter().zip(&winners) {
                        barrier.wait();
                        match redeem(&gate, token, broken) {
                            Ok(()) => _ = won.fetch_add(1, Ordering::SeqCst),
                            Err(error) => {
                                assert_eq!(error.reason(), Some(Reason::TokenRedeemed), "{error:?}")
                            }
                        }
                    }
                });
            }
        });
        winners.into_iter().map(AtomicUsize::into_inner).collect::<Vec<_>>()
    };
    assert_eq!(race(false), vec![1; 60]);
    assert!(race(true).iter().any(|&winners| winners > 1), "the broken redemption was not caught");
}

#[test]
fn of_eight_processes_one_is_let_in_by_an_autoauth_link() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    gate.set_setting("autoauth_enabled", json!(true)).unwrap();
    let links: Vec<String> = (0..20)
        .map(|at| {
            let email = format!("ann{at}@example.com");
            person(&gate, &email);
            let link = gate.sign_autoauth(&email, KeyChoice::Given(&secret(KEY)), None).unwrap();
            link.split_once('?').unwrap().1.to_owned()
        })
        .collect();
    let tries = by_thing(run_together(runners(&place, "accept", PROCESSES, |_| words(&links)), |_| {}));
    assert_eq!(tries.len(), 20);
    for (link, tries) in &tries {
        assert_eq!(count(tries, "won"), 1, "link {link}: {tries:?}");
        assert_eq!(count(tries, "autoauth_used"), PROCESSES - 1, "link {link}: {tries:?}");
    }
    println!("{} of 20 links had two processes inside at once", contended(&tries));
    assert!(contended(&tries) > 0);

    // The policy that allows reuse is the broken variant: the harness sees every one let in.
    gate.set_setting("autoauth_reuse", json!("window")).unwrap();
    let tries = by_thing(run_together(runners(&place, "accept", 2, |_| words(&links)), |_| {}));
    assert!(tries.values().all(|tries| count(tries, "won") == 2));
}

#[test]
fn a_token_is_redeemed_or_revoked_and_never_both() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    for (redeemer, sound) in [("redeem", true), ("redeem broken", false)] {
        let all = tokens(&gate, client, 40);
        let mut children = runners(&place, redeemer, 4, |_| words(&all));
        children.extend(runners(&place, "revoke", 4, |_| words(&all)));
        let tries = by_thing(run_together(children, |_| {}));
        let mut ends = [0; 2];
        let mut both = 0;
        for (token, tries) in &tries {
            let (redeemed, revoked) = (count(tries, "won"), count(tries, "revoked"));
            both += usize::from(redeemed + revoked > 1);
            if sound {
                assert_eq!(redeemed + revoked, 1, "token {token}: {tries:?}");
                let told = count(tries, ["token_revoked", "token_redeemed"][redeemed]);
                assert_eq!(told, 7, "token {token}: {tries:?}");
                ends[redeemed] += 1;
            }
        }
        match sound {
            true => println!("{} revoked, {} redeemed, none both", ends[0], ends[1]),
            false => println!("looking first and acting later: {both} of 40 tokens redeemed and revoked"),
        }
        assert_eq!(both == 0, sound, "the broken redemption was not caught");
    }
}

/// How long the work in company goes on.
const COMPANY: Duration = Duration::from_millis(2_500);

/// A process that does one kind of work again and again, and says how often; anything but success fails it.
#[test]
fn worker() {
    let Some(words) = job() else { return };
    let [path, work, own] = &words[..] else { panic!() };
    let gate = Gatepass::open(path).unwrap();
    wait_until(wait_for_go().parse().unwrap());
    let (begun, mut turns) = (Instant::now(), 0);
    while begun.elapsed() < COMPANY {
        match work.as_str() {
            "sign in" => {
                let issued =
                    gate.issue(&portal(&gate), &IssueRequest::for_client(ClientId::new(1).unwrap())).unwrap();
                let session = gate.redeem(&RedeemRequest::new(issued.token)).unwrap().session.unwrap();
                gate.check_session(&session, None).unwrap();
            }
            "purge" => drop(gate.purge(&mut |_, _| {}).unwrap()),
            "backup" => {
                let file = format!("{own}-{turns}");
                gate.backup(&file, &mut |_, _| {}).unwrap();
                // A backup is a store: it opens, and everything in it is sound.
                let copy = Gatepass::open(&file).unwrap();
                assert_eq!(copy.info().unwrap().store_id, gate.info().unwrap().store_id);
            }
            "check" => {
                let bad = gatepass::upkeep::Severity::Bad;
                assert!(gate.check(&mut |_, _| {}).unwrap().iter().all(|finding| finding.severity != bad));
            }
            "open" => drop(Gatepass::open(path).unwrap().settings().unwrap()),
            other => panic!("{other}"),
        }
        turns += 1;
    }
    say(&format!("{work} {turns}"));
}

#[test]
fn sign_ins_purges_backups_and_checks_of_many_processes_never_hear_busy() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    person(&gate, "ann@example.com");
    let path = place.store.to_str().unwrap();
    let works = ["sign in", "sign in", "sign in", "purge", "backup", "check", "open"];
    let children = works.iter().enumerate().map(|(at, work)| {
        start("worker", &[path, work, place.beside(&format!("backup-{at}")).to_str().unwrap()])
    });
    let heard = run_together(children.collect(), |_| {});
    let told: Vec<String> = heard.into_iter().flatten().collect();
    println!("{}", told.join(", "));
    assert_eq!(told.len(), works.len());
    assert!(told.iter().all(|line| !line.ends_with(" 0")), "somebody got nothing done");
}

#[test]
fn nothing_is_redeemed_after_the_revocation_of_its_credential_returned() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let spy = place.spy();
    let new = NewCredential { label: "portal".into(), host: true, ..NewCredential::default() };
    for broken in [false, true] {
        let label = format!("portal {broken}");
        gate.create_credential(&NewCredential { label: label.clone(), ..new.clone() }).unwrap();
        let caller = gate.host_caller(&label).unwrap();
        let request = IssueRequest::for_client(client);
        let all: Vec<String> =
            (0..PROCESSES * 60).map(|_| gate.issue(&caller, &request).unwrap().token.reveal()).collect();
        let share = |at: usize| words(&all[at * 60..(at + 1) * 60]);
        let redeemed = "SELECT count(*) FROM token WHERE redeemed_at IS NOT NULL";
        let (already, mut returned) = (spy.number(redeemed), 0);
        let heard = run_together(runners(&place, "redeem own", PROCESSES, share), |moment| {
            wait_until(moment);
            // In the midst of it: some are redeemed, most are not.
            while spy.number(redeemed) < already + 40 {
                std::thread::sleep(Duration::from_micros(200));
            }
            if !broken {
                gate.revoke_credential(&label, false).unwrap();
            }
            returned = micros();
        });
        let tries: Vec<Try> = by_thing(heard).into_values().flatten().collect();
        let (before, after): (Vec<_>, Vec<_>) = tries.into_iter().partition(|tried| tried.begun < returned);
        let late = after.iter().filter(|tried| tried.outcome == "won").count();
        let early = before.iter().filter(|tried| tried.outcome == "won").count();
        println!("revoked {}: {early} redeemed before, {late} of {} after", !broken, after.len());
        assert!(early > 0 && !after.is_empty(), "the revocation did not fall between the redemptions");
        // A revocation that does nothing must be caught.
        assert_eq!(late == 0, !broken);
        for tried in before.iter().chain(&after) {
            let expected = ["won", "token_revoked", "credential_revoked"].contains(&tried.outcome.as_str());
            assert!(expected, "{tried:?}");
        }
    }
}

/// The gate is there for fairness alone.
#[test]
fn all_of_this_holds_without_the_gate() {
    common::everything_holds_without_the_gate("all_of_this_holds_without_the_gate");
}
