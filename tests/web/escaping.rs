//! Nothing of a request or of the directory stands on a page as markup.

use serde_json::json;

use crate::browser::{Browser, form_of, text, unescaped};
use crate::site::{Site, invoice, somebody};

const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style><svg onload=alert(1)>",
    "&lt;b&gt;&amp;&#60;",
    "{{7*7}}${7*7}",
    "\u{202e}nimda\u{2066}",
    "日本語 <é>",
];

/// As a page shows it: without what turns the direction of the text around it.
fn shown(name: &str) -> String {
    name.replace(['\u{202e}', '\u{2066}'], "")
}

/// The tags of a page's body.
fn tags(page: &str) -> Vec<String> {
    let body = page.split_once("<body>").unwrap().1;
    let tags = body.split('<').skip(1).map(|tag| tag.split('>').next().unwrap());
    tags.map(|tag| tag.split([' ', '\n']).next().unwrap().to_owned()).collect()
}

#[test]
fn names_of_people_are_text_and_nothing_else() {
    let site = Site::new();
    let mut plain = Browser::new();
    plain.open(&site.gate, &site.token(site.ann));
    let usual = tags(&text(&plain.open(&site.gate, &site.token(site.ben))));
    let usual_logout = tags(&text(&plain.get(&site.gate, "logout.php", "")));
    for (at, name) in NASTY.iter().enumerate() {
        let one = somebody(&site.gate, &format!("<i>{at}'\"&@example.com"), name, name);
        let two = somebody(&site.gate, &format!("{at}@<b>.example.com"), name, "");
        let mut browser = Browser::new();
        assert_eq!(browser.open(&site.gate, &site.token(one)).status, 303);
        let page = browser.open(&site.gate, &site.token(two));
        let said = text(&page);
        assert_eq!(tags(&said), usual, "{said}");
        assert!(unescaped(&said).contains(&shown(name)), "{said}");
        assert_eq!(tags(&text(&browser.get(&site.gate, "logout.php", ""))), usual_logout);
        assert_eq!(browser.press(&site.gate, &page).status, 303);
    }
}

#[test]
fn tokens_and_links_come_back_in_the_form_as_they_were() {
    let site = Site::new();
    site.switch_on(None);
    let usual = tags(&text(&Browser::new().get(&site.gate, "oauth/singlesignon.php", "")));
    for nasty in NASTY {
        let encoded: String = form_urlencoded::byte_serialize(nasty.as_bytes()).collect();
        for spelled in [encoded.as_str(), nasty] {
            for (path, query) in [
                ("oauth/singlesignon.php", format!("access_token={spelled}")),
                ("dologin.php", format!("email={spelled}&timestamp={spelled}&hash={spelled}&goto={spelled}")),
            ] {
                let page = Browser::new().get(&site.gate, path, &query);
                assert_eq!((page.status, tags(&text(&page))), (403, usual.clone()));
                assert!(!text(&page).contains(nasty));
            }
        }
    }
    // A goto that is allowed, with the characters that an attribute would end at.
    site.set("confirm", json!("always"));
    let goto = "clientarea.php?action=&amp;x=%22%3E%3Cb%3E&quot;";
    let link = site.link("ann@example.com", Some(goto));
    let mut browser = Browser::new();
    let page = browser.get(&site.gate, "dologin.php", &format!("{link}&more=<i>\"'é"));
    assert_eq!(page.status, 200);
    assert!(unescaped(&text(&page)).contains(&format!("https://billing.example.com/{goto}</code>")));
    assert!(!text(&page).contains("<i>"));
    let (_, fields) = form_of(&page);
    assert_eq!(fields[0].1, format!("{link}&more=<i>\"'%C3%A9"));
    let answer = browser.press(&site.gate, &page);
    assert_eq!(crate::browser::location(&answer), format!("https://billing.example.com/{goto}"));
}

#[test]
fn what_a_link_leads_to_is_text_and_what_its_mailing_is_called_is_told_nobody() {
    let site = Site::new();
    let usual = tags(&text(&Browser::new().open_mail(&site.gate, &site.mail(&invoice(site.ann)).link)));
    for name in NASTY {
        let mail = site.mail(&invoice(site.ann).title(*name).label(format!("label {name}")));
        let mut browser = Browser::new();
        let page = browser.open_mail(&site.gate, &mail.link);
        let said = text(&page);
        assert_eq!(tags(&said), usual, "{said}");
        let heading =
            format!("<h1>Continue as \u{2068}Ann Ünal\u{2069} to \u{2068}{}\u{2069}?</h1>", shown(name));
        assert!(unescaped(&said).contains(&heading), "{said}");
        assert!(!unescaped(&said).contains("label"), "{said}");
        assert_eq!(browser.press(&site.gate, &page).status, 303);
    }
}
