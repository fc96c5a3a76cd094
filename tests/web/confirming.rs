//! Who is asked before being signed in, and what counts as an answer.

use gatepass::settings::Confirm;
use gatepass::web::Request;
use serde_json::json;

use crate::browser::{Browser, all, form, form_of, header, location, text};
use crate::site::{HOME, Site};

#[test]
fn somebody_else_who_is_signed_in_is_asked_before_he_is_replaced() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let anns = browser.session().unwrap().clone();
    let token = site.token(site.ben);
    let page = browser.open(&site.gate, &token);
    assert_eq!(page.status, 200);
    let said = text(&page);
    for wanted in
        ["Ann Ünal", "ann@example.com", "Ben Boe", "ben@example.com", "clientarea.php?action=invoices"]
    {
        assert!(said.contains(wanted), "{wanted}");
    }
    assert!(said.contains("href=\"https://billing.example.com/clientarea.php\">Stay signed in as "));
    let cookie = header(&page, "Set-Cookie");
    assert!(cookie.starts_with("__Host-gp_confirm_"), "{cookie}");
    assert!(cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="), "{cookie}");
    // Looking spends nothing and changes nobody.
    assert_eq!(browser.signed_in(&site.gate), Some(site.ann.0));
    assert_eq!(site.outcomes("token.redeemed"), ["ok"]);

    let answer = browser.press(&site.gate, &page);
    assert_eq!(location(&answer), "https://billing.example.com/clientarea.php?action=invoices");
    assert_eq!(browser.signed_in(&site.gate), Some(site.ben.0));
    assert!(!browser.cookies.keys().any(|name| name.contains("confirm")));
    let anns = site.gate.read_session_id(&anns, None).unwrap();
    assert!(site.gate.check_session(&anns, None).is_err(), "the session of before is over");
    assert_eq!(site.sessions(), 1);
}

#[test]
fn a_form_without_this_browsers_nonce_spends_nothing_even_where_nobody_is_signed_in() {
    let site = Site::new();
    let token = site.token(site.ben);
    let mut attacker = Browser::new();
    attacker.open(&site.gate, &site.token(site.ann));
    let (_, theirs) = form_of(&attacker.open(&site.gate, &token));
    let field = |nonce: &str| {
        vec![("access_token".to_owned(), token.clone()), ("nonce".to_owned(), nonce.to_owned())]
    };
    let name = format!("__Host-gp_confirm_{}", &site.gate.info().unwrap().store_id.to_string()[..16]);
    let nonce = "ab".repeat(32);
    for (cookie, fields) in [
        (None, theirs.clone()),
        (None, field("")),
        (None, vec![("access_token".to_owned(), token.clone())]),
        (Some(""), field("")),
        (Some(""), vec![("access_token".to_owned(), token.clone())]),
        (Some(nonce.as_str()), theirs),
        (Some(nonce.as_str()), field(&nonce[1..])),
        (Some(nonce.as_str()), field(&nonce.to_uppercase())),
        (Some(nonce.as_str()), [field(&nonce), field(&nonce)].concat()),
    ] {
        let mut victim = Browser::new();
        if let Some(cookie) = cookie {
            victim.cookies.insert(name.clone(), cookie.to_owned());
        }
        let page = victim.post(&site.gate, "oauth/singlesignon.php", &fields);
        assert!(page.status == 200 || page.status == 403, "{}", page.status);
        assert_eq!(victim.session(), None, "{fields:?}");
        assert_eq!(site.sessions(), 1);
    }
    // Two cookies of that name: one is somebody else's.
    let twice = form("oauth/singlesignon.php", &field(&nonce))
        .header("Cookie", format!("{name}={nonce}"))
        .header("Cookie", format!("{name}={nonce}"));
    assert_eq!(Browser::new().send(&site.gate, twice).status, 200);
    // A person who sees that page and goes on is signed in.
    let mut person = Browser::new();
    let page = person.post(&site.gate, "oauth/singlesignon.php", &field(""));
    assert!(text(&page).contains("Nobody is signed in here yet"));
    assert!(text(&page).contains(&format!("href=\"{HOME}\">Cancel")));
    assert_eq!(person.press(&site.gate, &page).status, 303);
    assert_eq!(person.signed_in(&site.gate), Some(site.ben.0));
}

#[test]
fn the_same_person_is_asked_only_where_a_policy_says_always() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    assert_eq!(browser.open(&site.gate, &site.token(site.ann)).status, 303);

    let (strict, lax) = (site.asking("strict", Confirm::Always), site.asking("lax", Confirm::OtherUser));
    let open = |browser: &mut Browser, caller| {
        let token = site.issue(caller, site.ann).token.reveal();
        browser.open(&site.gate, &token)
    };
    assert_eq!(open(&mut browser, &lax).status, 303);
    let page = open(&mut browser, &strict);
    assert_eq!(page.status, 200);
    assert_eq!(browser.press(&site.gate, &page).status, 303);
    assert_eq!(open(&mut Browser::new(), &strict).status, 200);

    // A credential can't loosen what the setting says.
    site.set("confirm", json!("always"));
    for caller in [&strict, &lax] {
        assert_eq!(open(&mut browser, caller).status, 200);
        assert_eq!(open(&mut Browser::new(), caller).status, 200);
    }
}

#[test]
fn a_visit_that_would_have_been_asked_is_no_replay() {
    let site = Site::new();
    site.set("replay_policy", json!("revoke"));
    let token = site.token(site.ben);
    let mut ben = Browser::new();
    ben.open(&site.gate, &token);
    site.advance(60);
    let mut ann = Browser::new();
    ann.open(&site.gate, &site.token(site.ann));
    let answer = ann.open(&site.gate, &token);
    assert!(answer.status == 410 && text(&answer).contains("was used already"));
    let form_without_nonce = [("access_token".to_owned(), token.clone())];
    assert_eq!(Browser::new().post(&site.gate, "oauth/singlesignon.php", &form_without_nonce).status, 410);
    assert_eq!(site.replays(&token), 0);
    assert_eq!(ben.signed_in(&site.gate), Some(site.ben.0));
    // One that nobody needed to be asked about is.
    Browser::new().open(&site.gate, &token);
    assert_eq!((site.replays(&token), ben.signed_in(&site.gate)), (1, None));
}

#[test]
fn each_confirm_page_has_a_nonce_of_its_own() {
    let site = Site::new();
    site.set("confirm", json!("always"));
    let token = site.token(site.ann);
    let mut nonces: Vec<String> = (0..20)
        .map(|_| {
            let page = Browser::new().open(&site.gate, &token);
            let (_, fields) = form_of(&page);
            let nonce = fields.iter().find(|(name, _)| name == "nonce").unwrap().1.clone();
            assert!(header(&page, "Set-Cookie").contains(&format!("={nonce};")));
            assert_eq!(nonce.len(), 64);
            nonce
        })
        .collect();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 20);
}

#[test]
fn a_confirmed_token_that_was_refused_meanwhile_is_refused() {
    let site = Site::new();
    site.set("confirm", json!("always"));
    let mut browser = Browser::new();
    let page = browser.open(&site.gate, &site.token(site.ann));
    site.advance(60);
    let answer = browser.press(&site.gate, &page);
    assert!(answer.status == 410 && text(&answer).contains("expired"));
    assert!(all(&answer, "Set-Cookie").is_empty());
    let plain = Request::new("POST", "oauth/singlesignon.php").body("access_token=x");
    assert_eq!(browser.send(&site.gate, plain).status, 415);
}
