//! Robots that look into mailboxes, and browsers that look ahead: they change nothing, and the person who reads
//! the mail after them gets in.

use gatepass::directory::Mode;
use gatepass::web::{Request, Response};

use crate::browser::{Browser, all, form, location, text};
use crate::common::{Place, portal};
use crate::links::LANDING;
use crate::site::{Site, invoice};

const ROBOTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Slackbot-LinkExpanding 1.0",
    "curl/8.5.0",
    "",
];

#[test]
fn nothing_is_written_for_whoever_only_looks_and_the_person_gets_in() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann).label("reminder"));
    let before = site.place.spy().dump_without(&[]);
    let look = |method: &str| Request::new(method, "signin.php").query(mail.link.reveal());
    for robot in ROBOTS {
        for address in ["192.0.2.1", "198.51.100.1", "2001:db8::1"] {
            let mut browser = Browser { address: address.parse().unwrap(), ..Browser::new() };
            for _ in 0..10 {
                let answer = browser.send(&site.gate, look("GET").header("User-Agent", *robot));
                assert_eq!((answer.status, browser.session()), (200, None));
            }
            browser.send(&site.gate, look("HEAD").header("User-Agent", *robot));
        }
    }
    // A robot that presses buttons but keeps no cookies does not get past the question.
    let page = Browser::new().open_mail(&site.gate, &mail.link);
    assert_eq!(Browser::new().press(&site.gate, &page).status, 200);
    assert_eq!(site.place.spy().dump_without(&[]), before, "not a row is another one");

    let mut ann = Browser::new();
    let page = ann.open_mail(&site.gate, &mail.link);
    assert_eq!(location(&ann.press(&site.gate, &page)), LANDING);
    assert_ne!(site.place.spy().dump_without(&[]), before);
}

#[test]
fn whatever_is_no_page_of_its_own_is_told_nothing() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann));
    let nothing = |answer: Response| {
        assert_eq!((answer.status, answer.body.len(), all(&answer, "Set-Cookie").len()), (503, 0, 0));
    };
    let mut ann = Browser::new();
    let page = ann.open_mail(&site.gate, &mail.link);
    let fields = crate::browser::form_of(&page).1;
    for link in [mail.link.reveal(), "a".repeat(32)] {
        let get = || Request::new("GET", "signin.php").query(link.clone());
        nothing(ann.send(&site.gate, Request::new("HEAD", "signin.php").query(link.clone())));
        nothing(ann.send(&site.gate, get().header("Sec-Purpose", "prefetch;prerender")));
        nothing(ann.send(&site.gate, get().header("Purpose", "preview")));
        for destination in ["image", "iframe", "empty"] {
            nothing(ann.send(&site.gate, get().header("Sec-Fetch-Dest", destination)));
            nothing(ann.send(&site.gate, form("signin.php", &fields).header("Sec-Fetch-Dest", destination)));
        }
    }
    assert_eq!((site.seen(&mail.link).used, site.sessions()), (0, 0));
    assert_eq!(location(&ann.press(&site.gate, &page)), LANDING, "its cookie was not touched");
}

#[test]
fn in_host_mode_no_link_is_used_here() {
    let place = Place::new();
    let gate = place.init(Mode::Host);
    let client = gatepass::id::ClientId::new(1).unwrap();
    let request = gatepass::link::LinkRequest::new(gatepass::token::IssueRequest::for_client(client));
    let mail = gate.create_link(&portal(&gate), &request).unwrap();
    for request in [
        Request::new("GET", "signin.php").query(mail.link.reveal()),
        form("signin.php", &[("link".into(), mail.link.reveal())]),
    ] {
        let answer = Browser::new().send(&gate, request);
        assert!(answer.status == 503 && text(&answer).contains("kept by its application"));
    }
    assert_eq!(gate.inspect_link(&mail.link, None).unwrap().refusal, None);
}
