//! What those are told who are not signed in.

use gatepass::audit::AuditRef;
use gatepass::directory::ClientStatus;
use gatepass::token::{RevokeTokens, Token};
use gatepass::web::{Request, Response};
use gatepass::{Error, Reason};
use serde_json::json;

use crate::browser::{Browser, all, text, unescaped};
use crate::site::{HOME, Site};

/// The event that a page's reference leads to.
fn event(site: &Site, page: &Response) -> gatepass::audit::AuditEvent {
    let text = text(page);
    let (_, rest) = text.split_once("Reference for support: <code>").expect("a reference");
    let reference = AuditRef::parse(rest.split_once('<').unwrap().0).unwrap();
    site.gate.audit_event(reference).unwrap().expect("an event of that reference")
}

#[test]
fn the_holder_of_a_known_token_learns_why_and_whom_to_tell() {
    for asked in [false, true] {
        let site = Site::new();
        if asked {
            site.set("confirm", json!("always"));
        }
        let refuse = |act: &dyn Fn(&str), status: u16, heading: &str, reason: Reason, detail: &str| {
            let token = site.token(site.ann);
            act(&token);
            let mut browser = Browser::new();
            let page = browser.open(&site.gate, &token);
            assert_eq!(page.status, status, "{heading}");
            let said = unescaped(&text(&page));
            assert!(said.contains(&format!("<h1>{heading}</h1>")), "{said}");
            assert!(said.contains(&format!("<p class=\"detail\">{detail}</p>")), "{said}");
            assert!(said.contains(&format!("href=\"{HOME}\">Go back")), "{said}");
            assert!(browser.cookies.is_empty() && all(&page, "Set-Cookie").is_empty());
            let event = event(&site, &page);
            let name = Token::parse(&token).unwrap().reference().to_string();
            assert_eq!((event.event.as_str(), event.outcome.as_str()), ("token.redeemed", reason.code()));
            assert_eq!((event.object.as_deref(), event.user_id), (Some(name.as_str()), Some(site.ann.0)));
            assert_eq!(event.address.as_deref(), Some("203.0.113.9"));
            let story =
                site.gate.explain_reference(&gatepass::secret::Reference::parse(&name).unwrap()).unwrap();
            assert!(story.events.contains(&event), "token explain knows it too");
        };
        let unable = "Unable to authenticate with Single Sign-On token for User ID: 1";
        refuse(&|_| site.advance(60), 410, "This link has expired", Reason::TokenExpired, unable);
        refuse(
            &|token| {
                assert_eq!(
                    site.gate.revoke_tokens(&RevokeTokens::One(Token::parse(token).unwrap())).unwrap(),
                    1
                )
            },
            410,
            "This link is no longer valid",
            Reason::TokenRevoked,
            unable,
        );
        refuse(
            &|_| drop(site.gate.set_client_sso(site.ann.1, false).unwrap()),
            403,
            "Signing in is not possible",
            Reason::SsoDisabled,
            "Single Sign-On authentication denied per configuration for User ID: 1",
        );
        site.gate.set_client_sso(site.ann.1, true).unwrap();
        refuse(
            &|_| drop(site.gate.set_client_status(site.ann.1, ClientStatus::Closed).unwrap()),
            403,
            "Signing in is not possible",
            Reason::ClientClosed,
            "Single Sign-On authentication denied for \"Closed\" User ID: 1",
        );
        site.gate.set_client_status(site.ann.1, ClientStatus::Active).unwrap();
        refuse(
            &|_| drop(site.gate.enable_user(site.ann.0, false).unwrap()),
            403,
            "Signing in is not possible",
            Reason::UserDisabled,
            unable,
        );
        site.gate.enable_user(site.ann.0, true).unwrap();
        refuse(
            &|_| drop(site.gate.enable_credential("portal", false).unwrap()),
            410,
            "This link is no longer valid",
            Reason::CredentialDisabled,
            unable,
        );
    }
}

#[test]
fn a_used_token_leads_to_its_event_too() {
    let site = Site::new();
    let token = site.token(site.ann);
    Browser::new().open(&site.gate, &token);
    site.advance(30);
    let page = Browser::new().open(&site.gate, &token);
    let event = event(&site, &page);
    assert_eq!((event.outcome.as_str(), event.detail.as_deref()), ("token_redeemed", Some("replay")));
}

#[test]
fn what_never_was_and_what_cant_be_are_told_the_same() {
    let site = Site::new();
    site.switch_on(None);
    let mut answers = Vec::new();
    for query in [
        format!("access_token={}", "00".repeat(20)),
        format!("access_token={}", "ff".repeat(20)),
        "access_token=<script>".to_owned(),
        "access_token=%00%ff".to_owned(),
        "access_token=".to_owned(),
        format!("access_token={0}&access_token={0}", site.token(site.ann)),
        format!("Access_token={}", site.token(site.ann)),
        String::new(),
        "&&==&%".to_owned(),
    ] {
        answers.push(Browser::new().get(&site.gate, "oauth/singlesignon.php", &query));
    }
    let link = site.link("ann@example.com", None);
    for query in [
        link.replace("ann", "amy"),
        "email=a&timestamp=1&hash=x".to_owned(),
        format!("{link}&email=x"),
        "hash=1".to_owned(),
    ] {
        answers.push(Browser::new().get(&site.gate, "dologin.php", &query));
    }
    site.set("autoauth_enabled", json!(false));
    answers.push(Browser::new().get(&site.gate, "dologin.php", &link));
    answers.push(Browser::new().post(&site.gate, "dologin.php", &[]));
    for answer in &answers {
        assert_eq!(answer.status, 403);
        assert!(answer == &answers[0], "{}", text(answer));
    }
    assert!(text(&answers[0]).contains("href=\"https://billing.example.com\">Go to the start page"));
    assert_eq!(site.sessions(), 0);
}

#[test]
fn guesses_on_a_page_count_for_the_address_that_they_come_from() {
    type Guess = fn(&Site, &mut Browser, u32);
    let token: Guess = |site, browser, guess| drop(browser.open(&site.gate, &format!("{guess:040x}")));
    let no_token: Guess = |site, browser, guess| drop(browser.open(&site.gate, &format!("{guess}")));
    let cookie: Guess = |site, browser, guess| {
        browser.cookies.insert(session_cookie(site), format!("{guess}"));
        browser.get(&site.gate, "logout.php", "");
        browser.cookies.clear();
    };
    // Through a proxy, whose own address is not to blame.
    let asked: Guess = |site, browser, guess| {
        if guess == 0 {
            site.set("trusted_proxies", json!(["192.0.2.66"]));
        }
        let cookie = format!("{}={}", session_cookie(site), "00".repeat(32));
        let request = Request::new("GET", "x").header("Cookie", cookie).peer("192.0.2.66".parse().unwrap());
        let request = request.header("X-Forwarded-For", browser.address.to_string());
        assert!(gatepass::web::session(&site.gate, &request).is_err());
    };
    for (guesser, guess) in [token, no_token, cookie, asked].into_iter().enumerate() {
        let site = Site::new();
        let mut browser = Browser::new();
        (0..200).for_each(|at| guess(&site, &mut browser, at));
        let unknown = Token::parse("00".repeat(20)).unwrap();
        let advice = |address: &str| {
            let Err(Error::Refused(refusal)) = site.gate.inspect(&unknown, Some(address.parse().unwrap()))
            else {
                panic!()
            };
            refusal.retry_after
        };
        assert!(advice("203.0.113.9").is_some(), "{guesser}");
        assert!(advice("198.51.100.7").is_none() && advice("192.0.2.66").is_none(), "{guesser}");
        // And whoever is right is let in all the same.
        assert_eq!(browser.open(&site.gate, &site.token(site.ann)).status, 303);
    }
}

fn session_cookie(site: &Site) -> String {
    format!("__Host-gp_{}", &site.gate.info().unwrap().store_id.to_string()[..16])
}
