//! The sign-in links of e-mails, opened by the people whom they are for.

use gatepass::web::Request;
use serde_json::json;

use crate::browser::{Browser, all, form, form_of, header, location, text, unescaped};
use crate::site::{HOME, Site, invoice};

const PATH: &str = "signin.php";

pub(crate) const LANDING: &str = "https://billing.example.com/viewinvoice.php?id=5";

#[test]
fn a_link_asks_and_its_button_signs_in_once() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann));
    assert_eq!(mail.url, format!("https://billing.example.com/signin.php?{}", mail.link.reveal()));
    let mut ann = Browser::new();
    let page = ann.open_mail(&site.gate, &mail.link);
    assert_eq!(page.status, 200);
    let said = unescaped(&text(&page));
    for wanted in [
        "<h1>Continue as \u{2068}Ann Ünal\u{2069} to \u{2068}invoice 5\u{2069}?</h1>",
        "<bdi>ann@example.com</bdi>",
        LANDING,
        "Nobody is signed in here yet.",
        "<button type=\"submit\">Continue as \u{2068}Ann Ünal\u{2069}</button>",
        &format!("href=\"{HOME}\">Cancel"),
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let (path, fields) = form_of(&page);
    assert_eq!(path, "signin.php");
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, &fields[0].1), (vec!["link", "nonce"], &mail.link.reveal()));
    assert_eq!(text(&page).matches(&mail.link.reveal()).count(), 1, "the link stands in the form alone");
    assert_eq!((ann.signed_in(&site.gate), site.seen(&mail.link).used), (None, 0));

    let answer = ann.press(&site.gate, &page);
    assert_eq!(location(&answer), LANDING);
    let set = all(&answer, "Set-Cookie");
    assert!(set.len() == 2 && set[1].contains("confirm") && set[1].contains("Max-Age=0"), "{set:?}");
    assert_eq!((ann.signed_in(&site.gate), site.seen(&mail.link).used), (Some(site.ann.0), 1));
    assert_eq!(
        (site.outcomes("link.opened"), site.outcomes("token.redeemed")),
        (vec!["ok".into()], vec!["ok".into()])
    );
}

#[test]
fn without_a_link_the_page_says_what_it_is_for() {
    let site = Site::new();
    let about = Browser::new().get(&site.gate, "signin.php", "");
    assert_eq!(about.status, 200);
    assert!(text(&about).contains("<h1>Sign-in links lead here</h1>"));
    assert_eq!(text(&about), text(&Browser::new().get(&site.gate, "dologin.php", "")));
    let form = Browser::new().send(&site.gate, Request::new("POST", "signin.php"));
    assert_eq!(form.status, 403);
    assert_eq!(header(&form, "Cache-Control"), "no-store");
}

#[test]
fn a_link_without_a_title_asks_with_its_page_alone() {
    let site = Site::new();
    let mut request = invoice(site.ann);
    request.title = None;
    let page = Browser::new().open_mail(&site.gate, &site.mail(&request).link);
    let said = unescaped(&text(&page));
    assert!(said.contains("<h1>Continue as \u{2068}Ann Ünal\u{2069}?</h1>"), "{said}");
    assert!(said.contains(&format!("<code>{LANDING}</code>")), "{said}");
}

#[test]
fn whoever_else_is_signed_in_is_told_that_it_signs_him_out() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ben));
    let bens = browser.session().unwrap().clone();
    let mail = site.mail(&invoice(site.ann));
    let page = browser.open_mail(&site.gate, &mail.link);
    let said = unescaped(&text(&page));
    for wanted in [
        "You are signed in as <strong><bdi>Ben Boe</bdi></strong> (<bdi>ben@example.com</bdi>); continuing signs \
         \u{2068}Ben Boe\u{2069} out in this browser.",
        "href=\"https://billing.example.com/clientarea.php\">Stay signed in as \u{2068}Ben Boe\u{2069}",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(browser.signed_in(&site.gate), Some(site.ben.0), "to be asked changes nothing");
    assert_eq!(location(&browser.press(&site.gate, &page)), LANDING);
    assert_eq!((browser.signed_in(&site.gate), site.sessions()), (Some(site.ann.0), 1));
    let bens = site.gate.read_session_id(&bens, None).unwrap();
    assert!(site.gate.check_session(&bens, None).is_err(), "the session of before is over");
}

#[test]
fn whoever_is_signed_in_already_goes_on_without_a_use() {
    let site = Site::new();
    let mut ann = Browser::new();
    let mail = site.mail(&invoice(site.ann).uses(3));
    let early = Browser::new().open_mail(&site.gate, &mail.link);
    ann.open(&site.gate, &site.token(site.ann));
    let before = site.place.spy().dump_without(&[]);
    for _ in 0..3 {
        let answer = ann.open_mail(&site.gate, &mail.link);
        assert_eq!((location(&answer), all(&answer, "Set-Cookie").len()), (LANDING, 0));
        // Also from the form of a page that was left open, with or without its nonce.
        assert_eq!(location(&ann.press(&site.gate, &early)), LANDING);
    }
    assert_eq!(site.place.spy().dump_without(&[]), before);
}

#[test]
fn in_another_client_the_same_person_is_asked_and_not_told_to_go() {
    let site = Site::new();
    let second = gatepass::directory::NewClient {
        email: "shop@example.com".into(),
        owner: Some(site.ann.0),
        ..Default::default()
    };
    let second = (site.ann.0, site.gate.add_client(&second).unwrap().client_id);
    let mut ann = Browser::new();
    ann.open(&site.gate, &site.token(site.ann));
    let mail = site.mail(&invoice(second));
    let page = ann.open_mail(&site.gate, &mail.link);
    let said = text(&page);
    assert!(
        page.status == 200 && said.contains("You are signed in as ") && !said.contains("continuing signs")
    );
    assert_eq!(location(&ann.press(&site.gate, &page)), LANDING);
    let open = site.gate.list_sessions(&Default::default()).unwrap();
    assert!(open.len() == 1 && open[0].client_id == Some(second.1), "{open:?}");
}

#[test]
fn what_mail_programs_and_counters_of_clicks_do_to_a_link_does_not_break_it() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann));
    let link = mail.link.reveal();
    for query in [
        format!("{link}="),
        format!("{link}."),
        link.to_uppercase(),
        format!("utm_source=mail&{link}&fbclid=x"),
        format!("{link}&utm_source={}", "x".repeat(32)),
        format!("{link}&{link}"),
    ] {
        let page = Browser::new().get(&site.gate, "signin.php", &query);
        assert_eq!((page.status, &form_of(&page).1[0].1), (200, &link), "{query}");
    }
    let other = site.mail(&invoice(site.ben)).link.reveal();
    for query in [format!("{link}&{other}"), format!("link={link}"), format!("x{link}")] {
        assert_eq!(Browser::new().get(&site.gate, "signin.php", &query).status, 403, "{query}");
    }
}

#[test]
fn a_form_of_another_site_signs_nobody_in() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ben));
    let fields =
        |nonce: &str| vec![("link".to_owned(), mail.link.reveal()), ("nonce".to_owned(), nonce.to_owned())];
    let (_, theirs) = form_of(&Browser::new().open_mail(&site.gate, &mail.link));
    let name = format!("__Host-gp_confirm_{}", &site.gate.info().unwrap().store_id.to_string()[..16]);
    let nonce = "ab".repeat(32);
    for (cookie, fields) in [
        (None, theirs.clone()),
        (None, fields("")),
        (None, fields("")[..1].to_vec()),
        (Some(""), fields("")),
        (Some(nonce.as_str()), theirs),
        (Some(nonce.as_str()), fields(&nonce.to_uppercase())),
        (Some(nonce.as_str()), [fields(&nonce), fields(&nonce)[1..].to_vec()].concat()),
    ] {
        let mut victim = Browser::new();
        if let Some(cookie) = cookie {
            victim.cookies.insert(name.clone(), cookie.to_owned());
        }
        let page = victim.post(&site.gate, "signin.php", &fields);
        assert!(page.status == 200 && text(&page).contains("Continue as"), "{fields:?}");
        assert_eq!((victim.session(), site.seen(&mail.link).used), (None, 0), "{fields:?}");
    }
    // Nor does a GET that brings all of it.
    let mut browser = Browser::new();
    let page = browser.open_mail(&site.gate, &mail.link);
    let mut all = form(PATH, &form_of(&page).1).query(mail.link.reveal());
    all.method = "GET".into();
    assert_eq!((browser.send(&site.gate, all).status, site.sessions()), (200, 0));
    // Two links in a form are none.
    let two = [fields(&nonce), fields(&nonce)].concat();
    browser.cookies.insert(name, nonce);
    assert_eq!((browser.post(&site.gate, PATH, &two).status, site.sessions()), (403, 0));
}

#[test]
fn each_use_signs_in_another_browser_until_they_are_spent() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann).uses(2));
    for used in [1, 2] {
        let mut browser = Browser::new();
        let page = browser.open_mail(&site.gate, &mail.link);
        assert_eq!(location(&browser.press(&site.gate, &page)), LANDING);
        assert_eq!((browser.signed_in(&site.gate), site.seen(&mail.link).used), (Some(site.ann.0), used));
    }
    assert_eq!(Browser::new().open_mail(&site.gate, &mail.link).status, 410);
    assert_eq!(site.sessions(), 2);
}

#[test]
fn the_address_of_who_used_a_link_stands_in_the_audit_through_trusted_proxies() {
    let site = Site::new();
    site.set("trusted_proxies", json!(["203.0.113.0/24"]));
    let mail = site.mail(&invoice(site.ann));
    let mut ann = Browser::new();
    let (path, fields) = form_of(&ann.open_mail(&site.gate, &mail.link));
    let press = form(&path, &fields).header("X-Forwarded-For", "198.51.100.77");
    assert_eq!(location(&ann.send(&site.gate, press)), LANDING);
    let story = site.gate.explain_link(&mail.link).unwrap();
    let opened = story.events.iter().find(|event| event.event == "link.opened").unwrap();
    assert_eq!(opened.address.as_deref(), Some("198.51.100.77"));
}
