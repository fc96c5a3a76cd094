//! Browsers that send the form of one link at the same moment, and a store that can't answer.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use gatepass::link::CreatedLink;
use gatepass::{Gatepass, Options};
use rusqlite::Connection;

use crate::browser::{Browser, all, header, location, text};
use crate::links::LANDING;
use crate::site::{Site, invoice};

const BROWSERS: usize = 8;
const ROUNDS: usize = 10;

/// How many of the browsers that send the form together are signed in. The broken one looks first, and lets in
/// whoever found the link live.
fn winners(gate: &Gatepass, mail: &CreatedLink, broken: bool) -> usize {
    let barrier = Barrier::new(BROWSERS);
    let attempt = || {
        let mut browser = Browser::new();
        let page = browser.open_mail(gate, &mail.link);
        barrier.wait();
        let live = gate.inspect_link(&mail.link, None).unwrap().refusal.is_none();
        if broken {
            barrier.wait();
        }
        let answer = browser.press(gate, &page);
        let signed_in = browser.signed_in(gate).is_some();
        assert!(signed_in || text(&answer).contains("was used a moment ago"), "{}", text(&answer));
        assert_eq!(answer.status, if signed_in { 303 } else { 410 });
        if broken { live } else { signed_in }
    };
    let won = thread::scope(|scope| {
        let all: Vec<_> = (0..BROWSERS).map(|_| scope.spawn(attempt)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<bool>>()
    });
    won.into_iter().filter(|won| *won).count()
}

#[test]
fn of_eight_browsers_as_many_are_signed_in_as_the_link_has_uses() {
    let site = Site::new();
    // Eight at once on a busy machine take longer than a visitor would wait.
    let patient = Options::new().clock(site.clock.clone()).deadline(Duration::from_secs(60));
    let gate = patient.open(&site.place.store).unwrap();
    let mut sessions = 0;
    for uses in [1, 3] {
        for _ in 0..ROUNDS {
            let mail = site.mail(&invoice(site.ann).uses(uses));
            assert_eq!(winners(&gate, &mail, false), uses as usize);
            sessions += uses as usize;
            assert_eq!(site.sessions(), sessions);
        }
        let mail = site.mail(&invoice(site.ann).uses(uses));
        assert!(winners(&gate, &mail, true) > uses as usize, "the broken page is not found out");
        sessions += uses as usize;
    }
}

#[test]
fn when_the_store_cant_answer_nobody_gets_in_and_no_use_is_spent() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann));
    let mut ann = Browser::new();
    let page = ann.open_mail(&site.gate, &mail.link);
    let other = Connection::open(&site.place.store).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = ann.press(&site.gate, &page);
    assert_eq!((answer.status, header(&answer, "Retry-After")), (503, "5"));
    assert!(all(&answer, "Set-Cookie").is_empty());
    // Who only looks is answered, and told why even where that can't be written down.
    assert_eq!(ann.open_mail(&site.gate, &mail.link).status, 200);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!((ann.session(), site.seen(&mail.link).used), (None, 0));
    let page = ann.open_mail(&site.gate, &mail.link);
    assert_eq!(location(&ann.press(&site.gate, &page)), LANDING);

    site.advance(60);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = Browser::new().open_mail(&site.gate, &mail.link);
    assert!(answer.status == 410 && text(&answer).contains("used already"), "{}", text(&answer));
    assert!(!text(&answer).contains("Reference for support"));
    other.execute_batch("ROLLBACK").unwrap();
}
