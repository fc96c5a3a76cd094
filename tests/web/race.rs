//! Processes that open one link at the same moment, through the pages.

use std::collections::BTreeMap;

use gatepass::Gatepass;
use gatepass::directory::Mode;
use gatepass::token::{Token, TokenState};
use gatepass::web::{Request, Response, handle};

use crate::browser::all;
use crate::common::{Place, issue, job, person, run_together, say, start, wait_for_go, wait_until};

const PROCESSES: usize = 8;
const TOKENS: usize = 30;

/// Time between one token's moment and the next, in microseconds.
const STEP: u128 = 20_000;

fn open(gate: &Gatepass, token: &str) -> Response {
    handle(gate, &Request::new("GET", "oauth/singlesignon.php").query(format!("access_token={token}")))
}

/// Whether the page signed in. The broken one looks first, and lets in whoever found the token live.
fn signed_in(gate: &Gatepass, token: &str, broken: bool) -> bool {
    if !broken {
        let answer = open(gate, token);
        let session = all(&answer, "Set-Cookie").iter().any(|cookie| !cookie.contains("Max-Age"));
        assert!(session || answer.status == 410, "{}", answer.status);
        return answer.status == 303 && session;
    }
    let live = gate.inspect(&Token::parse(token).unwrap(), None).unwrap().state == TokenState::Live;
    std::thread::sleep(std::time::Duration::from_millis(1));
    open(gate, token);
    live
}

/// A process that opens each token at the moment that all know, and says whether it was let in.
#[test]
fn visitor() {
    let Some(words) = job() else { return };
    let gate = Gatepass::open(&words[0]).unwrap();
    let moment: u128 = wait_for_go().parse().unwrap();
    for (at, token) in words[2..].iter().enumerate() {
        wait_until(moment + STEP * at as u128);
        say(&format!("{at} {}", signed_in(&gate, token, words[1] == "broken")));
    }
}

fn winners(place: &Place, variant: &str, tokens: &[String]) -> BTreeMap<usize, usize> {
    let words: Vec<&str> = [place.store.to_str().unwrap(), variant]
        .into_iter()
        .chain(tokens.iter().map(String::as_str))
        .collect();
    let children = (0..PROCESSES).map(|_| start("race::visitor", &words)).collect();
    let heard = run_together(children, |_| {}).into_iter().flatten();
    let mut winners: BTreeMap<usize, usize> = BTreeMap::new();
    let mut tries = 0;
    for line in heard {
        let (at, won) = line.split_once(' ').unwrap();
        *winners.entry(at.parse().unwrap()).or_default() += usize::from(won == "true");
        tries += 1;
    }
    assert_eq!(tries, PROCESSES * tokens.len());
    winners
}

#[test]
fn of_eight_processes_that_open_one_link_one_is_signed_in() {
    let place = Place::new();
    let gate = place.init(Mode::Managed);
    let (_, client) = person(&gate, "ann@example.com");
    let tokens = || -> Vec<String> { (0..TOKENS).map(|_| issue(&gate, client).token.reveal()).collect() };
    let sound = winners(&place, "sound", &tokens());
    assert!(sound.len() == TOKENS && sound.values().all(|&won| won == 1), "{sound:?}");
    let broken = winners(&place, "broken", &tokens());
    let doubled = broken.values().filter(|&&won| won > 1).count();
    println!("looking first and acting later: {doubled} of {TOKENS} links let in two or more");
    assert!(doubled > 0, "the harness did not catch the broken page");
}
