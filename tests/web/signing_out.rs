//! Signing out.

use gatepass::web::Request;

use crate::browser::{Browser, all, header, location, text};
use crate::site::Site;

#[test]
fn the_button_ends_the_session_and_looking_does_not() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let id = browser.session().unwrap().clone();
    let page = browser.get(&site.gate, "logout.php", "");
    assert!(page.status == 200 && text(&page).contains("Ann Ünal"));
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
    let answer = browser.press(&site.gate, &page);
    assert_eq!(location(&answer), "https://billing.example.com");
    assert!(header(&answer, "Set-Cookie").ends_with("Max-Age=0"));
    assert!(browser.session().is_none() && site.sessions() == 0);
    let session = site.gate.read_session_id(&id, None).unwrap();
    assert!(site.gate.check_session(&session, None).is_err());
    assert_eq!(site.outcomes("session.ended"), ["ok"]);
    let page = browser.get(&site.gate, "logout.php", "");
    assert!(page.status == 200 && text(&page).contains("Nobody is signed in"));
}

#[test]
fn a_form_of_another_site_comes_without_the_cookie_and_ends_nothing() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let answer = Browser::new().send(&site.gate, Request::new("POST", "logout.php"));
    assert_eq!(location(&answer), "https://billing.example.com");
    assert!(all(&answer, "Set-Cookie").is_empty(), "no cookie is cleared");
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
}

#[test]
fn nobody_is_told_that_he_is_signed_out_while_he_is_not() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let other = rusqlite::Connection::open(&site.place.store).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = browser.post(&site.gate, "logout.php", &[]);
    assert_eq!((answer.status, header(&answer, "Retry-After")), (503, "5"));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
}

#[test]
fn a_cookie_that_is_no_session_is_cleared() {
    let site = Site::new();
    let name = format!("__Host-gp_{}", &site.gate.info().unwrap().store_id.to_string()[..16]);
    for junk in ["", "x", &"00".repeat(32)] {
        let mut browser = Browser::new();
        browser.cookies.insert(name.clone(), junk.to_owned());
        assert_eq!(browser.post(&site.gate, "logout.php", &[]).status, 303);
        assert!(browser.cookies.is_empty());
    }
}
