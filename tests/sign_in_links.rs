//! Sign-in links as a Rust program uses them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::ClientId;
use gatepass::link::{EndLinks, LinkEnd, LinkReportQuery, LinkRequest, OpenRequest};
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Gatepass, InitOptions, Reason, ops};
use serde_json::json;

/// A store in which user 1 owns client 1.
fn store() -> (tempfile::TempDir, Gatepass) {
    let folder = tempfile::tempdir().unwrap();
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.path().join("gatepass.db"), &init).unwrap();
    let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "ann@example.com".into(), owner: Some(user.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    (folder, gate)
}

fn invoice() -> LinkRequest {
    let client = ClientId::new(1).unwrap();
    LinkRequest::new(IssueRequest::for_client(client).redirect_path("viewinvoice.php?id=5"))
        .title("invoice 5")
}

#[test]
fn a_link_is_mailed_opened_once_and_its_token_signs_in() {
    let (_folder, gate) = store();
    let cli = gate.host_caller("cli").unwrap();
    let made = gate.create_link(&cli, &invoice().label("reminder")).unwrap();
    assert!(made.url.starts_with("https://billing.example.com/signin.php?"), "{}", made.url);
    assert_eq!(gate.inspect_link(&made.link, None).unwrap().refusal, None);
    let opened = gate.open_link(&OpenRequest::new(made.link.clone())).unwrap();
    assert_eq!(opened.uses_left, 0);
    let signed_in = gate.redeem(&RedeemRequest::new(opened.token)).unwrap();
    assert_eq!(signed_in.landing_url, "https://billing.example.com/viewinvoice.php?id=5");
    let again = gate.open_link(&OpenRequest::new(made.link.clone())).unwrap_err();
    assert_eq!(again.reason(), Some(Reason::LinkUsed));
    let report = gate.link_report(&LinkReportQuery::of_label("reminder")).unwrap();
    let row = &report.labels[0];
    assert_eq!((row.created, row.opened, row.openings, row.refused.len()), (1, 1, 1, 1), "{report:?}");
    let story = gate.explain_link(&made.link).unwrap().story;
    assert!(story.iter().any(|line| line.contains("opened for token")), "{story:#?}");
}

#[test]
fn a_link_signs_in_within_the_act_that_opens_it() {
    let (_folder, gate) = store();
    let cli = gate.host_caller("cli").unwrap();
    let made = gate.create_link(&cli, &invoice().uses(2)).unwrap();
    let first = gate.open_link(&OpenRequest::new(made.link.clone()).signing_in(None)).unwrap();
    let first = first.redemption.unwrap().session.unwrap();
    let second = gate.open_link(&OpenRequest::new(made.link).signing_in(Some(first.clone()))).unwrap();
    assert_eq!(second.uses_left, 0);
    assert!(gate.redeem(&RedeemRequest::new(second.token)).is_err(), "the token was spent in the act");
    assert_eq!(gate.check_session(&first, None).unwrap_err().reason(), Some(Reason::SessionEnded));
    gate.check_session(&second.redemption.unwrap().session.unwrap(), None).unwrap();
}

#[test]
fn a_change_of_the_address_ends_the_links_mailed_to_the_one_before() {
    let (_folder, gate) = store();
    let cli = gate.host_caller("cli").unwrap();
    let made = gate.create_link(&cli, &invoice()).unwrap();
    gate.set_user_email(made.user_id.unwrap(), "ann@example.org").unwrap();
    let refused = gate.open_link(&OpenRequest::new(made.link)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::LinkOutdated));
    let made = gate.create_link(&cli, &invoice()).unwrap();
    let client = EndLinks::OfClient(ClientId::new(1).unwrap());
    assert_eq!(gate.end_links(&client, LinkEnd::PasswordChanged).unwrap(), 1);
    assert_eq!(
        gate.open_link(&OpenRequest::new(made.link)).unwrap_err().reason(),
        Some(Reason::LinkOutdated)
    );
}

#[test]
fn the_use_of_one_link_ends_its_siblings_and_nobody_elses() {
    let (_folder, gate) = store();
    let cli = gate.host_caller("cli").unwrap();
    let mail = |label: &str| gate.create_link(&cli, &invoice().label(label).end_siblings()).unwrap();
    let (first, second, other) = (mail("reminder"), mail("reminder"), mail("offer"));
    gate.open_link(&OpenRequest::new(second.link)).unwrap();
    let refused = gate.open_link(&OpenRequest::new(first.link)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::LinkSuperseded));
    gate.open_link(&OpenRequest::new(other.link)).unwrap();
}

#[test]
fn what_is_no_link_is_refused_as_an_unknown_one_by_inspection_too() {
    let (_folder, gate) = store();
    for text in ["", "x", "https://billing.example.com/signin.php?", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let refused = ops::call(&gate, "link.inspect", json!({ "link": text })).unwrap_err();
        assert_eq!(refused.reason(), Some(Reason::LinkUnknown), "{text}");
    }
}
