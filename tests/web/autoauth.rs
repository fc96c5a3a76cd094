//! AutoAuth links, opened in browsers: the same rules as for tokens.

use gatepass::audit::AuditQuery;
use gatepass::clock::Clock;
use gatepass::settings::Confirm;
use gatepass::{AutoAuthRequest, Reason};
use serde_json::json;

use crate::browser::{Browser, all, form_of, location, text};
use crate::common::{START, invalid, refused};
use crate::site::{Site, somebody};

const INVOICES: &str = "https://billing.example.com/clientarea.php?action=invoices";
const GOTO: &str = "clientarea.php?action=invoices";

fn site() -> Site {
    let site = Site::new();
    site.switch_on(None);
    site
}

#[test]
fn a_link_signs_in_once_and_its_second_click_goes_on() {
    let site = site();
    let link = site.link("ann@example.com", Some(GOTO));
    let mut browser = Browser::new();
    assert_eq!(location(&browser.get(&site.gate, "dologin.php", &link)), INVOICES);
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
    let again = browser.get(&site.gate, "dologin.php", &link);
    assert_eq!(location(&again), INVOICES);
    assert!(all(&again, "Set-Cookie").is_empty());

    let mut other = Browser::new();
    let page = other.get(&site.gate, "dologin.php", &link);
    assert!(page.status == 410 && text(&page).contains(&format!("href=\"{INVOICES}\">Continue")));
    site.advance(5);
    let page = other.get(&site.gate, "dologin.php", &link);
    assert!(page.status == 410 && text(&page).contains("was used already"));
    assert!(text(&page).contains("Reference for support: <code>"));
    assert_eq!((other.cookies.len(), site.sessions()), (0, 1));
    assert_eq!(location(&browser.get(&site.gate, "dologin.php", &link)), INVOICES);
}

#[test]
fn somebody_else_is_asked_and_the_form_brings_every_byte_of_the_link() {
    let site = site();
    let zoe = somebody(&site.gate, "zoé+news@example.com", "Zoé", "\"Z\"");
    for spelled in ["zo%C3%A9%2Bnews%40example.com", "zoé+news@example.com", "zo%c3%a9+news@example.com"] {
        let mut browser = Browser::new();
        browser.open(&site.gate, &site.token(site.ann));
        let link = site.link("zoé+news@example.com", Some(GOTO));
        let link = link.replacen("zo%C3%A9%2Bnews%40example.com", spelled, 1);
        let page = browser.get(&site.gate, "dologin.php", &link);
        assert_eq!(page.status, 200, "{}", text(&page));
        assert!(text(&page).contains("Ann Ünal") && text(&page).contains("Zoé &quot;Z&quot;"));
        let (path, fields) = form_of(&page);
        assert!(path == "dologin.php" && fields[0].1.is_ascii());
        assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
        assert_eq!(location(&browser.press(&site.gate, &page)), INVOICES);
        assert_eq!(browser.signed_in(&site.gate), Some(zoe.0));
        site.advance(1);
    }
    assert_eq!(site.sessions(), 3, "each browser's first session is over");
}

#[test]
fn a_form_of_another_site_is_asked_about() {
    let site = site();
    let link = site.link("ann@example.com", None);
    let mut browser = Browser::new();
    let page = browser.post(&site.gate, "dologin.php", &[("link".to_owned(), link)]);
    assert!(page.status == 200 && browser.session().is_none());
    assert_eq!(location(&browser.press(&site.gate, &page)), "https://billing.example.com/clientarea.php");
}

#[test]
fn a_key_or_the_setting_may_say_that_everybody_is_asked() {
    let site = Site::new();
    site.switch_on(Some(Confirm::Always));
    let page = Browser::new().get(&site.gate, "dologin.php", &site.link("ann@example.com", None));
    assert_eq!(page.status, 200);
    let site = self::site();
    site.set("confirm", json!("always"));
    let page = Browser::new().get(&site.gate, "dologin.php", &site.link("ann@example.com", None));
    assert_eq!(page.status, 200);
    assert_eq!(site.sessions(), 0);
}

#[test]
fn the_holder_of_a_right_hash_learns_why() {
    let site = site();
    let told = |query: &str, status: u16, words: &str, outcome: &str| {
        let page = Browser::new().get(&site.gate, "dologin.php", query);
        assert_eq!(page.status, status, "{}", text(&page));
        assert!(text(&page).contains(words), "{}", text(&page));
        assert!(text(&page).contains("Reference for support: <code>"));
        assert_eq!(site.outcomes("autoauth.accepted").last().unwrap(), outcome);
    };
    let link = site.link("ann@example.com", None);
    let evil = "a page that is not allowed";
    told(&format!("{link}&goto=https://evil.example/"), 403, evil, "goto_not_allowed");
    told(&format!("{link}&goto=logout.php"), 403, evil, "goto_not_allowed");
    told(&site.link("nobody@example.com", None), 403, "Contact support", "no_match");
    site.advance(901);
    told(&link, 410, "expired", "autoauth_too_old");
    let link = site.link("ann@example.com", None);
    site.gate.set_client_sso(site.ann.1, false).unwrap();
    told(&link, 403, "denied per configuration for User ID: 1", "sso_disabled");
    assert_eq!(site.sessions(), 0);
}

#[test]
fn the_audit_knows_where_a_link_was_opened() {
    let site = site();
    let link = site.link("ann@example.com", None);
    let mut browser = Browser::new();
    browser.get(&site.gate, "dologin.php", &link);
    site.advance(60);
    browser.cookies.clear();
    browser.get(&site.gate, "dologin.php", &link);
    let to = site.clock.now().plus(std::time::Duration::from_secs(1));
    let mut query = AuditQuery::between(START, to);
    query.event = Some("autoauth.accepted".to_owned());
    let events = site.gate.audit_events(&query).unwrap();
    let told: Vec<_> = events.iter().map(|one| (one.outcome.as_str(), one.address.as_deref())).collect();
    assert_eq!(told, [("ok", Some("203.0.113.9")), ("autoauth_used", Some("203.0.113.9"))]);
}

#[test]
fn without_a_link_the_page_says_what_it_is_for() {
    let site = site();
    for query in ["", "goto=clientarea.php", "x=y"] {
        let page = Browser::new().get(&site.gate, "dologin.php", query);
        assert!(page.status == 200 && text(&page).contains("Sign-in links lead here"));
    }
}

#[test]
fn a_link_is_looked_at_without_a_trace() {
    let site = site();
    let link = site.link("ann@example.com", Some(GOTO));
    let spy = site.place.spy();
    let before = spy.version();
    let request = AutoAuthRequest::default();
    let look = |query: &str| site.gate.inspect_autoauth(query.as_bytes(), &request);
    for _ in 0..3 {
        let seen = look(&link).unwrap();
        assert_eq!((seen.user_id, seen.client_id), (Some(site.ann.0), Some(site.ann.1)));
        assert_eq!(seen.landing.unwrap().as_str(), GOTO);
        assert!(seen.refusal.is_none() && seen.key_id.is_some());
        assert_eq!((seen.confirm, seen.email.as_str()), (Confirm::OtherUser, "ann@example.com"));
    }
    let unsafe_page = look(&link.replace("clientarea.php", "logout.php")).unwrap();
    assert_eq!(unsafe_page.refusal.unwrap().reason, Reason::GotoNotAllowed);
    assert!(unsafe_page.landing.is_none());
    assert!(!format!("{:?}", look(&link).unwrap()).contains("ann@"), "Debug shows no address");
    assert_eq!(refused(look(&link.replace("ann", "amy"))), Reason::AutoAuthHash);
    assert_eq!(invalid(look(&link.replace("timestamp=1", "timestamp=x"))), "timestamp");
    assert_eq!(spy.version(), before, "something was written");
    site.gate.accept_autoauth(link.as_bytes(), &request).unwrap();
    let used = look(&link).unwrap().refusal.unwrap();
    assert!(used.reason == Reason::AutoAuthUsed && used.duplicate && !used.same_browser);
}
