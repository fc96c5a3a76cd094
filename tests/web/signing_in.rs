//! Tokens, opened in browsers.

use gatepass::Error;
use gatepass::token::{Binding, IssueRequest};
use gatepass::web::Request;
use serde_json::json;

use crate::browser::{Browser, all, header, location, text};
use crate::common::portal;
use crate::site::Site;

const INVOICES: &str = "https://billing.example.com/clientarea.php?action=invoices";

#[test]
fn a_link_signs_in_once_and_lands_where_its_token_says() {
    let site = Site::new();
    let mut browser = Browser::new();
    assert_eq!(browser.signed_in(&site.gate), None);
    let token = site.token(site.ann);
    let answer = browser.open(&site.gate, &token);
    assert_eq!(location(&answer), INVOICES);
    let store = site.gate.info().unwrap().store_id.to_string();
    let id = browser.session().unwrap();
    let cookies = all(&answer, "Set-Cookie");
    let wanted = format!("__Host-gp_{}={id}; Path=/; Secure; HttpOnly; SameSite=Lax", &store[..16]);
    assert_eq!(cookies[0], wanted);
    assert!(cookies[1].contains("gp_confirm_") && cookies[1].ends_with("Max-Age=0"));
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
    let session = site.gate.read_session_id(id, None).unwrap();
    assert_eq!(site.gate.check_session(&session, None).unwrap().client_id, Some(site.ann.1));
    assert_eq!(site.outcomes("token.redeemed"), ["ok"]);
    // Whoever took the link from the history later gets nothing but words.
    site.advance(6);
    let mut thief = Browser::new();
    let answer = thief.open(&site.gate, &token);
    assert_eq!((answer.status, thief.cookies.len()), (410, 0));
    assert_eq!((site.sessions(), site.replays(&token)), (1, 1));
}

#[test]
fn a_second_click_in_the_same_browser_goes_on_to_the_page() {
    let site = Site::new();
    site.set("replay_policy", json!("revoke"));
    let mut browser = Browser::new();
    let token = site.token(site.ann);
    browser.open(&site.gate, &token);
    for after in [0, 10, 300] {
        site.advance(after);
        let answer = browser.open(&site.gate, &token);
        assert_eq!(location(&answer), INVOICES);
        assert!(all(&answer, "Set-Cookie").is_empty());
        assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
    }
    assert_eq!(site.replays(&token), 0);
    // With the session gone there is nowhere to go on to.
    site.gate.end_sessions(&gatepass::session::EndSessions::OfUser(site.ann.0)).unwrap();
    let answer = browser.open(&site.gate, &token);
    assert!(answer.status == 410 && text(&answer).contains("was used already"));
    // Nor is a browser whose session ended at once told that it is signed in.
    let token = site.token(site.ann);
    browser.open(&site.gate, &token);
    site.gate.end_sessions(&gatepass::session::EndSessions::OfUser(site.ann.0)).unwrap();
    assert!(text(&browser.open(&site.gate, &token)).contains("was used already"));
}

#[test]
fn who_comes_back_to_an_older_link_of_his_own_goes_on_and_no_theft_is_recorded() {
    let site = Site::new();
    site.set("replay_policy", json!("revoke"));
    let mut browser = Browser::new();
    let (first, second) = (site.token(site.ann), site.token(site.ann));
    browser.open(&site.gate, &first);
    browser.open(&site.gate, &second);
    site.advance(60);
    let answer = browser.open(&site.gate, &first);
    assert_eq!(location(&answer), INVOICES);
    assert!(all(&answer, "Set-Cookie").is_empty());
    assert_eq!((site.replays(&first), browser.signed_in(&site.gate)), (0, Some(site.ann.0)));
    // Somebody else's session is no reason to go on, and asking is no theft either.
    let mut bens = Browser::new();
    bens.open(&site.gate, &site.token(site.ben));
    let answer = bens.open(&site.gate, &first);
    assert_eq!((answer.status, site.replays(&first)), (410, 0));
    assert_eq!(bens.signed_in(&site.gate), Some(site.ben.0));
}

#[test]
fn a_duplicate_without_the_cookie_is_shown_the_way_on_and_gets_no_session() {
    let site = Site::new();
    site.set("replay_policy", json!("revoke"));
    let mut first = Browser::new();
    let token = site.token(site.ann);
    first.open(&site.gate, &token);
    site.advance(4);
    let mut second = Browser::new();
    let answer = second.open(&site.gate, &token);
    assert_eq!(answer.status, 410);
    assert!(text(&answer).contains("used a moment ago"));
    assert!(
        text(&answer)
            .contains("href=\"https://billing.example.com/clientarea.php?action=invoices\">Continue")
    );
    // An operator finds it, and the person finds back.
    assert!(
        text(&answer).contains("Reference for support: <code>") && text(&answer).contains(">Go back</a>")
    );
    assert!(second.cookies.is_empty());
    assert_eq!((site.sessions(), site.replays(&token)), (1, 0));
    // Later it is a replay, and what the policy says happens.
    site.advance(2);
    assert!(text(&second.open(&site.gate, &token)).contains("was used already"));
    assert_eq!((site.sessions(), site.replays(&token)), (0, 1));
}

#[test]
fn the_session_of_before_ends_and_its_id_is_never_adopted() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let before = browser.session().unwrap().clone();
    assert_eq!(location(&browser.open(&site.gate, &site.token(site.ann))), INVOICES);
    let after = browser.session().unwrap().clone();
    assert_ne!(before, after);
    assert_eq!(site.sessions(), 1);
    let old = site.gate.read_session_id(&before, None).unwrap();
    assert!(matches!(site.gate.check_session(&old, None), Err(Error::Refused(_))));

    // An id that somebody planted before is not the one that is good afterwards.
    let mut browser = Browser::new();
    let name = format!("__Host-gp_{}", &site.gate.info().unwrap().store_id.to_string()[..16]);
    let planted = "00".repeat(32);
    browser.cookies.insert(name, planted.clone());
    browser.open(&site.gate, &site.token(site.ann));
    assert_ne!(browser.session(), Some(&planted));
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
}

#[test]
fn only_the_browser_that_a_token_is_bound_to_spends_it() {
    let site = Site::new();
    let store = site.gate.info().unwrap().store_id.to_string();
    let nonce = "a nonce of the portal";
    let request = IssueRequest::for_client(site.ann.1).bound_to(Binding::of_nonce(nonce.as_bytes()));
    let token = site.gate.issue(&portal(&site.gate), &request).unwrap().token.reveal();
    let mut other = Browser::new();
    let answer = other.open(&site.gate, &token);
    assert!(answer.status == 403 && text(&answer).contains("another browser"));
    let mut own = Browser::new();
    own.cookies.insert(format!("__Host-gp_browser_{}", &store[..16]), nonce.to_owned());
    assert_eq!(location(&own.open(&site.gate, &token)), "https://billing.example.com/clientarea.php");
}

#[test]
fn another_browser_is_not_even_asked_whom_a_bound_token_signs_in() {
    let site = Site::new();
    site.set("confirm", json!("always"));
    let store = site.gate.info().unwrap().store_id.to_string();
    let request = IssueRequest::for_client(site.ann.1).bound_to(Binding::of_nonce(b"mine"));
    let token = site.gate.issue(&portal(&site.gate), &request).unwrap().token.reveal();
    let name = format!("__Host-gp_browser_{}", &store[..16]);
    for cookie in [None, Some("others")] {
        let mut other = Browser::new();
        other.cookies.extend(cookie.map(|cookie| (name.clone(), cookie.to_owned())));
        let answer = other.open(&site.gate, &token);
        assert!(answer.status == 403 && text(&answer).contains("another browser"));
        assert!(text(&answer).contains("Reference for support: <code>"));
        assert!(!text(&answer).contains("ann@example.com") && all(&answer, "Set-Cookie").is_empty());
    }
    assert_eq!(site.outcomes("token.redeemed"), ["browser_mismatch"]);
    let mut own = Browser::new();
    own.cookies.insert(name, "mine".to_owned());
    let page = own.open(&site.gate, &token);
    assert_eq!((page.status, own.press(&site.gate, &page).status), (200, 303));
}

#[test]
fn whoever_only_looks_ahead_spends_nothing_and_learns_nothing() {
    let site = Site::new();
    site.switch_on(None);
    let (live, spent) = (site.token(site.ann), site.token(site.ann));
    Browser::new().open(&site.gate, &spent);
    let spy = site.place.spy();
    let before = spy.version();
    let link = site.link("ann@example.com", None);
    for (path, query) in [
        ("oauth/singlesignon.php", format!("access_token={live}")),
        ("oauth/singlesignon.php", format!("access_token={spent}")),
        ("oauth/singlesignon.php", format!("access_token={}", "00".repeat(20))),
        ("oauth/singlesignon.php", "access_token=x".to_owned()),
        ("dologin.php", link),
        ("dologin.php", String::new()),
        ("logout.php", String::new()),
    ] {
        let ahead = [
            Request::new("HEAD", path),
            Request::new("GET", path).header("Sec-Purpose", "prefetch"),
            Request::new("GET", path).header("sec-purpose", "prefetch;prerender"),
            Request::new("GET", path).header("Sec-Purpose", "prefetch; anonymous-client-ip"),
            Request::new("GET", path).header("Purpose", "prefetch"),
            Request::new("GET", path).header("X-Moz", "prefetch"),
            Request::new("GET", path).header("X-Purpose", "preview"),
            Request::new("GET", path).header("Purpose", "Preview"),
        ];
        for request in ahead {
            let answer = Browser::new().send(&site.gate, request.query(query.clone()));
            assert_eq!((answer.status, answer.body.len()), (503, 0));
            assert_eq!(answer.headers, [("Cache-Control", "no-store".to_owned())]);
        }
    }
    assert_eq!(spy.version(), before, "something was written");
    let person = Request::new("GET", "oauth/singlesignon.php").header("Sec-Purpose", "navigate");
    let answer = Browser::new().send(&site.gate, person.query(format!("access_token={live}")));
    assert_eq!(location(&answer), INVOICES);
}

#[test]
fn on_a_loopback_host_without_tls_the_cookie_is_one_that_browsers_take() {
    let site = Site::at("http://localhost:8080");
    let mut browser = Browser::new();
    let answer = browser.open(&site.gate, &site.token(site.ann));
    assert_eq!(location(&answer), "http://localhost:8080/clientarea.php?action=invoices");
    let cookie = all(&answer, "Set-Cookie")[0];
    assert!(cookie.starts_with("gp_") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
    // And with somebody else there, the confirm page works as well.
    let page = browser.open(&site.gate, &site.token(site.ben));
    assert!(header(&page, "Content-Security-Policy").ends_with("form-action 'self' http://localhost:8080"));
    assert_eq!(browser.press(&site.gate, &page).status, 303);
    assert_eq!(browser.signed_in(&site.gate), Some(site.ben.0));
}

#[test]
fn the_session_of_two_cookies_of_one_name_is_nobodys() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let (name, id) = browser.cookies.iter().next().unwrap();
    let once = Request::new("GET", "x").header("cookie", format!("a=b; {name}={id}"));
    assert_eq!(gatepass::web::session(&site.gate, &once).unwrap().user_id, Some(site.ann.0));
    let twice = once.header("Cookie", format!("{name}={id}"));
    assert_eq!(
        gatepass::web::session(&site.gate, &twice).unwrap_err().reason(),
        Some(gatepass::Reason::SessionUnknown)
    );
}
