//! The sign-in links of e-mails, opened by the people whom they are for.

use gatepass::web::Request;

use crate::browser::{Browser, all, form_of, header, location, text, unescaped};
use crate::site::{HOME, Site, invoice};

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
