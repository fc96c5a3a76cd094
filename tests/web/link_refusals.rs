//! What the holder of an e-mail's link is told who is not signed in by it.

use gatepass::audit::AuditRef;
use gatepass::destination::DenyTable;
use gatepass::directory::ClientStatus;
use gatepass::link::{CreatedLink, EndLinks, LinkEnd, LinkReportQuery, LinkRequest, OpenRequest, SignInLink};
use gatepass::web::Response;
use gatepass::{Error, Reason};
use serde_json::json;

use crate::browser::{Browser, all, location, text, unescaped};
use crate::common::START;
use crate::links::LANDING;
use crate::site::{HOME, Site, invoice};

const OVER: [Reason; 7] = [
    Reason::LinkUsed,
    Reason::LinkExpired,
    Reason::LinkRevoked,
    Reason::LinkSuperseded,
    Reason::LinkOutdated,
    Reason::CredentialDisabled,
    Reason::LinksNotAllowed,
];
const NOT_POSSIBLE: [Reason; 6] = [
    Reason::LandingNotAllowed,
    Reason::DestinationNotAllowed,
    Reason::ClientClosed,
    Reason::SsoDisabled,
    Reason::UserDisabled,
    Reason::LinkNotYetValid,
];

/// A site at which a link is refused for that reason, and the link.
fn refused_for(reason: Reason) -> (Site, CreatedLink) {
    let site = Site::new();
    if reason == Reason::LinkNotYetValid {
        site.advance(60);
    }
    let request = || -> LinkRequest { invoice(site.ann).label("reminder").end_siblings() };
    let mail = site.mail(&request());
    let use_it = |mail: CreatedLink| drop(site.gate.open_link(&OpenRequest::new(mail.link)).unwrap());
    match reason {
        Reason::LinkUsed => {
            use_it(mail.clone());
            site.advance(5);
        }
        Reason::LinkExpired => site.advance(86_400),
        Reason::LinkRevoked => {
            site.gate.revoke_links(&EndLinks::OfLabel("reminder".into())).unwrap();
        }
        Reason::LinkSuperseded => use_it(site.mail(&request())),
        Reason::LinkOutdated => {
            site.gate.end_links(&EndLinks::OfUser(site.ann.0), LinkEnd::PasswordChanged).unwrap();
        }
        Reason::CredentialDisabled => drop(site.gate.enable_credential("portal", false).unwrap()),
        Reason::LandingNotAllowed => deny_invoices(&site),
        Reason::DestinationNotAllowed => narrow(&site, "{\"links\": true}"),
        Reason::LinksNotAllowed => narrow(&site, "{\"destinations\": [\"*\"]}"),
        Reason::ClientClosed => {
            drop(site.gate.set_client_status(site.ann.1, ClientStatus::Closed).unwrap());
        }
        Reason::SsoDisabled => drop(site.gate.set_client_sso(site.ann.1, false).unwrap()),
        Reason::UserDisabled => drop(site.gate.enable_user(site.ann.0, false).unwrap()),
        Reason::LinkNotYetValid => site.clock.set(START),
        other => panic!("{other:?}"),
    }
    (site, mail)
}

/// No operation narrows a credential yet.
fn narrow(site: &Site, limits: &str) {
    let other = rusqlite::Connection::open(&site.place.store).unwrap();
    other.execute("UPDATE credential SET limits = ?1 WHERE label = 'portal'", [limits]).unwrap();
}

fn deny_invoices(site: &Site) {
    site.set("deny", json!(DenyTable::new("admin", &["viewinvoice.php"]).unwrap()));
}

fn heading(reason: Reason) -> &'static str {
    match reason {
        Reason::LinkUsed => "This link was used already",
        Reason::LinkExpired => "This link has expired",
        Reason::LinkRevoked | Reason::CredentialDisabled | Reason::LinksNotAllowed => {
            "This link is no longer valid"
        }
        Reason::LinkSuperseded => "Another link was used instead",
        Reason::LinkOutdated => "This link is out of date",
        Reason::LandingNotAllowed | Reason::DestinationNotAllowed => {
            "This link leads to a page that is not allowed"
        }
        _ => "Signing in is not possible",
    }
}

#[test]
fn the_holder_of_a_link_learns_why_and_whom_to_tell_and_nothing_of_the_person() {
    for reason in OVER.into_iter().chain(NOT_POSSIBLE) {
        let (site, mail) = refused_for(reason);
        let mut browser = Browser::new();
        let page = browser.open_mail(&site.gate, &mail.link);
        assert_eq!(page.status, if OVER.contains(&reason) { 410 } else { 403 }, "{reason:?}");
        let said = unescaped(&text(&page));
        assert!(said.contains(&format!("<h1>{}</h1>", heading(reason))), "{reason:?}: {said}");
        assert!(said.contains(&format!("href=\"{HOME}\">Go back")), "{said}");
        for secret in
            ["Ann", "Ünal", "ann@example.com", "viewinvoice", &mail.link.reveal(), "invoice 5", "reminder"]
        {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        assert!(browser.cookies.is_empty() && all(&page, "Set-Cookie").is_empty());
        let documented = matches!(reason, Reason::ClientClosed | Reason::SsoDisabled);
        assert!(!documented || said.contains("Single Sign-On authentication denied "), "{said}");

        // The API's line for tokens says less than the page does.
        let own_words = reason.code().starts_with("link_") || reason == Reason::LandingNotAllowed;
        assert_eq!(said.contains("<p class=\"detail\">"), !own_words, "{reason:?}: {said}");

        let (_, rest) = said.split_once("Reference for support: <code>").expect("a reference");
        let reference = AuditRef::parse(rest.split_once('<').unwrap().0).unwrap();
        let event = site.gate.audit_event(reference).unwrap().expect("an event of that reference");
        assert_eq!((event.event.as_str(), event.outcome.as_str()), ("link.opened", reason.code()));
        let name = mail.reference.to_string();
        assert_eq!(event.object.as_deref(), Some(name.as_str()));
        assert_eq!((event.user_id, event.client_id), (Some(site.ann.0), Some(site.ann.1)));
        assert_eq!(event.address.as_deref(), Some("203.0.113.9"));
        let report = site.gate.link_report(&LinkReportQuery::of_label("reminder")).unwrap();
        assert!(
            report.labels[0].refused.iter().any(|refused| refused.reason == reason && refused.count == 1)
        );
    }
}

#[test]
fn what_was_changed_and_what_was_used_instead_is_said_in_plain_words() {
    for (reason, advice) in [
        (Reason::LinkOutdated, "Your e-mail address or password was changed since this link was sent."),
        (Reason::LinkSuperseded, "You have used another link of the same kind, which ended this one."),
    ] {
        let (site, mail) = refused_for(reason);
        assert!(text(&Browser::new().open_mail(&site.gate, &mail.link)).contains(advice));
    }
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann));
    site.gate.set_user_email(site.ann.0, "ann@elsewhere.example").unwrap();
    let said = text(&Browser::new().open_mail(&site.gate, &mail.link));
    assert!(said.contains("Your e-mail address or password was changed") && !said.contains("elsewhere"));
}

#[test]
fn a_fresh_link_is_offered_where_one_would_help_and_its_page_is_safe() {
    for reason in OVER.into_iter().chain(NOT_POSSIBLE) {
        let (site, mail) = refused_for(reason);
        let page = |path: &str| {
            site.set("link_renewal_path", json!(path));
            unescaped(&text(&Browser::new().open_mail(&site.gate, &mail.link)))
        };
        let name = mail.reference;
        for (path, url) in [
            ("fresh.php", format!("https://billing.example.com/fresh.php?link={name}")),
            ("index.php?m=fresh", format!("https://billing.example.com/index.php?m=fresh&link={name}")),
        ] {
            let offered = format!("<a class=\"button\" href=\"{url}\">Get a new link</a>");
            let said = page(path);
            assert_eq!(said.contains(&offered), OVER.contains(&reason), "{reason:?}: {said}");
            assert_eq!(said.contains("Get a new link"), OVER.contains(&reason), "{reason:?}: {said}");
            assert!(said.contains(&format!("href=\"{HOME}\">Go back")), "{said}");
        }
        assert!(!page("").contains("Get a new link"));
        // The page was allowed when the setting was made.
        page("fresh.php");
        site.set("deny", json!(DenyTable::new("admin", &["fresh.php"]).unwrap()));
        assert!(!text(&Browser::new().open_mail(&site.gate, &mail.link)).contains("Get a new link"));
    }
}

#[test]
fn whoever_is_signed_in_goes_on_from_a_link_that_is_over_and_from_no_other() {
    for reason in OVER.into_iter().chain(NOT_POSSIBLE) {
        let (site, mail) = refused_for(reason);
        let own = matches!(
            reason,
            Reason::LinkUsed
                | Reason::LinkExpired
                | Reason::LinkRevoked
                | Reason::LinkSuperseded
                | Reason::LinkOutdated
        );
        if matches!(reason, Reason::ClientClosed | Reason::SsoDisabled | Reason::UserDisabled) {
            continue;
        }
        let mut ann = Browser::new();
        let token = site.gate.issue(
            &site.gate.host_caller("cli").unwrap(),
            &gatepass::token::IssueRequest::for_client(site.ann.1),
        );
        assert_eq!(ann.open(&site.gate, &token.unwrap().token.reveal()).status, 303);
        let refusals =
            |site: &Site| site.outcomes("link.opened").iter().filter(|outcome| *outcome != "ok").count();
        let answer = ann.open_mail(&site.gate, &mail.link);
        if !own {
            assert!(matches!(answer.status, 403 | 410) && refusals(&site) == 1, "{reason:?}");
            continue;
        }
        assert_eq!(location(&answer), LANDING, "{reason:?}");
        assert_eq!(refusals(&site), 0, "{reason:?}");
        // Not to a page that links may no longer lead to, and not Ben.
        let mut ben = Browser::new();
        ben.open(&site.gate, &site.token(site.ben));
        assert_eq!(ben.open_mail(&site.gate, &mail.link).status, 410, "{reason:?}");
        deny_invoices(&site);
        assert_eq!(ann.open_mail(&site.gate, &mail.link).status, 410, "{reason:?}");
    }
}

#[test]
fn whoever_may_no_longer_sign_in_is_signed_in_nowhere() {
    for reason in [Reason::ClientClosed, Reason::SsoDisabled, Reason::UserDisabled] {
        let (site, mail) = refused_for(reason);
        site.gate.set_client_status(site.ann.1, ClientStatus::Active).unwrap();
        site.gate.set_client_sso(site.ann.1, true).unwrap();
        site.gate.enable_user(site.ann.0, true).unwrap();
        let mut ann = Browser::new();
        assert_eq!(ann.open(&site.gate, &site.token(site.ann)).status, 303);
        match reason {
            Reason::ClientClosed => {
                drop(site.gate.set_client_status(site.ann.1, ClientStatus::Closed).unwrap())
            }
            Reason::SsoDisabled => drop(site.gate.set_client_sso(site.ann.1, false).unwrap()),
            _ => drop(site.gate.enable_user(site.ann.0, false).unwrap()),
        }
        assert_eq!(ann.open_mail(&site.gate, &mail.link).status, 403, "{reason:?}");
    }
}

#[test]
fn a_link_that_ended_after_it_was_asked_about_signs_nobody_in() {
    let site = Site::new();
    let expire = |_: &CreatedLink| site.advance(86_400);
    let revoke =
        |mail: &CreatedLink| assert_eq!(site.gate.revoke_links(&EndLinks::Named(mail.reference)).unwrap(), 1);
    let email =
        |_: &CreatedLink| site.gate.set_user_email(site.ann.0, "ann@elsewhere.example").map(drop).unwrap();
    let close =
        |_: &CreatedLink| drop(site.gate.set_client_status(site.ann.1, ClientStatus::Closed).unwrap());
    type Change<'a> = (&'a str, &'a dyn Fn(&CreatedLink));
    let changes: [Change<'_>; 4] = [
        ("This link has expired", &expire),
        ("This link is no longer valid", &revoke),
        ("This link is out of date", &email),
        ("Signing in is not possible", &close),
    ];
    for (heading, change) in changes {
        let mail = site.mail(&invoice(site.ann));
        let mut ann = Browser::new();
        let page = ann.open_mail(&site.gate, &mail.link);
        change(&mail);
        let answer = ann.press(&site.gate, &page);
        assert!(text(&answer).contains(heading), "{heading}: {}", text(&answer));
        assert_eq!((ann.session(), site.seen(&mail.link).used, site.sessions()), (None, 0, 0));
    }
}

#[test]
fn a_form_that_is_sent_twice_leads_on_and_signs_in_once() {
    let site = Site::new();
    let mail = site.mail(&invoice(site.ann));
    let mut ann = Browser::new();
    let page = ann.open_mail(&site.gate, &mail.link);
    let before = ann.cookies.clone();
    assert_eq!(location(&ann.press(&site.gate, &page)), LANDING);
    // The browser that kept the first answer goes on.
    assert_eq!(location(&ann.press(&site.gate, &page)), LANDING);
    // One that lost it is shown the way, and gets no session.
    let mut lost = Browser { cookies: before.clone(), ..Browser::new() };
    let press = |lost: &mut Browser| -> Response { lost.press(&site.gate, &page) };
    let answer = press(&mut lost);
    let said = text(&answer);
    assert!(answer.status == 410 && said.contains("<h1>This link was used a moment ago</h1>"), "{said}");
    assert!(said.contains(&format!("<a class=\"button\" href=\"{LANDING}\">Continue</a>")), "{said}");
    assert_eq!((lost.session(), site.sessions()), (None, 1));
    // It may have been a robot that was first.
    site.set("link_renewal_path", json!("fresh.php"));
    let said = text(&press(&mut lost));
    let renewal = format!("href=\"https://billing.example.com/fresh.php?link={}\"", mail.reference);
    assert!(said.contains("used a moment ago") && said.contains(&renewal), "{said}");
    site.advance(5);
    let said = text(&press(&mut lost));
    assert!(said.contains("<h1>This link was used already</h1>") && !said.contains("viewinvoice"), "{said}");
    // Nor is anybody shown the way to a page that links may no longer lead to.
    let mail = site.mail(&invoice(site.ben));
    site.gate.open_link(&OpenRequest::new(mail.link.clone())).unwrap();
    deny_invoices(&site);
    let said = text(&Browser::new().open_mail(&site.gate, &mail.link));
    assert!(said.contains("<h1>This link was used already</h1>") && !said.contains("viewinvoice"), "{said}");
}

#[test]
fn what_never_was_a_link_and_what_cant_be_one_are_told_the_same_and_counted() {
    let site = Site::new();
    let token = Browser::new().open(&site.gate, "x");
    let mut browser = Browser::new();
    for query in [
        "a".repeat(32),
        "7".repeat(32),
        "utm_source=x".into(),
        "<script>".into(),
        "%00%ff".into(),
        "&".into(),
    ] {
        assert_eq!(browser.get(&site.gate, "signin.php", &query), token, "{query}");
        assert_eq!(
            browser.post(&site.gate, "signin.php", &[("link".into(), query.clone())]),
            token,
            "{query}"
        );
    }
    assert_eq!(site.outcomes("link.opened"), Vec::<String>::new());
    for (at, guess) in [
        (|site: &Site, browser: &mut Browser| drop(browser.get(&site.gate, "signin.php", "x")))
            as fn(&Site, &mut Browser),
        |site, browser| drop(browser.get(&site.gate, "signin.php", &"a".repeat(32))),
        |site, browser| drop(browser.post(&site.gate, "signin.php", &[])),
    ]
    .into_iter()
    .enumerate()
    {
        let site = Site::new();
        let mut browser = Browser::new();
        (0..200).for_each(|_| guess(&site, &mut browser));
        let advice = |address: &str| {
            let unknown = SignInLink::parse("b".repeat(32)).unwrap();
            let Err(Error::Refused(refusal)) =
                site.gate.inspect_link(&unknown, Some(address.parse().unwrap()))
            else {
                panic!()
            };
            refusal.retry_after
        };
        assert!(advice("203.0.113.9").is_some() && advice("198.51.100.7").is_none(), "{at}");
        // And whoever is right is let in all the same.
        let page = browser.open_mail(&site.gate, &site.mail(&invoice(site.ann)).link);
        assert_eq!(browser.press(&site.gate, &page).status, 303);
    }
}
