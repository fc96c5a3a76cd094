//! Sign-in links as a Rust program uses them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::NewCredential;
use gatepass::directory::{Mode, NewClient, NewUser, UNCHECKED_IN_HOST_MODE};
use gatepass::id::{ClientId, UserId};
use gatepass::link::{EndLinks, LinkEnd, LinkReportQuery, LinkRequest, OpenRequest};
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Gatepass, InitOptions, Options, Reason, ops};
use serde_json::json;

/// A store in which user 1 owns client 1.
fn store() -> (tempfile::TempDir, Gatepass) {
    store_with(Options::new())
}

/// The same, and a clock that is moved by hand, at half past eight of a morning.
fn store_with_clock() -> (tempfile::TempDir, Gatepass, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::parse("2027-03-01T08:30:00Z").unwrap()));
    let (folder, gate) = store_with(Options::new().clock(clock.clone()).actor("helpdesk"));
    (folder, gate, clock)
}

fn store_with(options: Options) -> (tempfile::TempDir, Gatepass) {
    let folder = tempfile::tempdir().unwrap();
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
    let gate = options.init(folder.path().join("gatepass.db"), &init).unwrap();
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

#[test]
fn a_change_of_somebody_who_is_not_there_is_no_silent_nothing() {
    let (_folder, gate) = store();
    for (who, reason) in [("user_id", Reason::UserUnknown), ("client_id", Reason::ClientUnknown)] {
        let told = json!({ who: 99, "changed": "password" });
        let refused = ops::call(&gate, "link.account_changed", told).unwrap_err();
        assert_eq!(refused.reason(), Some(reason));
    }
    let known = json!({ "client_id": 1, "changed": "password" });
    assert_eq!(ops::call(&gate, "link.account_changed", known).unwrap(), json!({ "ended": 0 }));
}

#[test]
fn in_host_mode_a_link_carries_the_ids_as_given_and_lists_what_was_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let init = InitOptions::new(Mode::Host, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.path().join("gatepass.db"), &init).unwrap();
    let cli = gate.host_caller("cli").unwrap();
    let user = UserId::new(4_711).unwrap();
    let made = gate.create_link(&cli, &LinkRequest::new(IssueRequest::for_user(user)).uses(2)).unwrap();
    assert_eq!((made.user_id, made.client_id), (Some(user), None));
    let seen = gate.inspect_link(&made.link, None).unwrap();
    assert_eq!((seen.user_id, seen.refusal), (Some(user), None));
    let opened = gate.open_link(&OpenRequest::new(made.link.clone())).unwrap();
    assert_eq!((opened.user_id, opened.unchecked), (Some(user), UNCHECKED_IN_HOST_MODE));
    assert!(!opened.unchecked.is_empty());
    let signed_in = gate.open_link(&OpenRequest::new(made.link.clone()).signing_in(None)).unwrap();
    assert_eq!(signed_in.redemption.unwrap().unchecked, UNCHECKED_IN_HOST_MODE);
    // The host tells what the store can't know.
    let made = gate.create_link(&cli, &LinkRequest::new(IssueRequest::for_user(user))).unwrap();
    let told = json!({ "user_id": user, "changed": "email" });
    assert_eq!(ops::call(&gate, "link.account_changed", told).unwrap(), json!({ "ended": 1 }));
    let refused = gate.open_link(&OpenRequest::new(made.link)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::LinkOutdated));
    assert_eq!(gate.set_user_email(user, "x@example.com").unwrap_err().reason(), Some(Reason::HostMode));
}

#[test]
fn the_story_of_a_link_is_told_in_the_order_in_which_it_happened() {
    let (_folder, gate, clock) = store_with_clock();
    let cli = gate.host_caller("cli").unwrap();
    let mut request = invoice().uses(2).label("reminder");
    request.issue.actor = Some("billing run".to_owned());
    let made = gate.create_link(&cli, &request).unwrap();
    let minutes = |count: u64| clock.advance(Duration::from_secs(60 * count));
    minutes(5);
    gate.open_link(&OpenRequest::new(made.link.clone())).unwrap();
    let story = gate.explain_link_reference(&made.reference).unwrap().story;
    assert!(story.last().unwrap().contains("live, for 86100 s more and 1 of 2 uses"), "{story:#?}");
    minutes(5);
    gate.set_client_sso(ClientId::new(1).unwrap(), false).unwrap();
    gate.open_link(&OpenRequest::new(made.link.clone())).unwrap_err();
    minutes(5);
    gate.revoke_links(&made.reference.into()).unwrap();
    gate.open_link(&OpenRequest::new(made.link.clone())).unwrap_err();
    let told = gate.explain_link(&made.link).unwrap();
    let words = [
        ("08:30", "made under reminder for user 1 in client 1 by credential 1, on behalf of billing run"),
        ("08:35", "opened for token"),
        ("08:40", Reason::SsoDisabled.message()),
        ("08:45", "ended: revoked"),
        ("08:45", Reason::LinkRevoked.message()),
        ("08:45", "a use would be refused"),
    ];
    for (time, text) in words {
        let found = told.story.iter().find(|line| line.contains(text));
        assert!(found.is_some_and(|line| line.contains(time)), "{text} at {time}: {:#?}", told.story);
    }
    assert!(told.story.is_sorted_by(|one, other| one[..16] <= other[..16]), "{:#?}", told.story);
    let shown = ops::call(&gate, "link.explain", json!({ "link": made.url })).unwrap();
    assert_eq!(shown["story"], json!(told.story));
    assert!(!shown.to_string().contains(&made.link.reveal()));
}

#[test]
fn the_report_of_a_mailing_is_told_by_the_hour() {
    let (_folder, gate, clock) = store_with_clock();
    let cli = gate.host_caller("cli").unwrap();
    let mail =
        || gate.create_link(&cli, &invoice().label("reminder").life(Duration::from_secs(3_600))).unwrap();
    let [one, two, _unused] = [mail(), mail(), mail()];
    gate.open_link(&OpenRequest::new(one.link.clone())).unwrap();
    clock.advance(Duration::from_secs(3_600));
    gate.open_link(&OpenRequest::new(one.link)).unwrap_err();
    // A page that may not try writes down what its look found, and so does an attempt.
    let seen = gate.inspect_link(&two.link, None).unwrap();
    assert_eq!(seen.refusal, Some(Reason::LinkExpired));
    assert!(gate.record_refused_link(&seen, None).unwrap().is_some());
    let live = mail();
    assert_eq!(gate.record_refused_link(&gate.inspect_link(&live.link, None).unwrap(), None).unwrap(), None);
    let report = ops::call(&gate, "link.report", json!({ "label": "reminder", "days": 1 })).unwrap();
    assert_eq!(report["step_seconds"], 3_600);
    let row = &report["labels"][0];
    let counts =
        ["created", "opened", "openings", "expired", "live", "revoked"].map(|name| row[name].as_u64());
    assert_eq!(counts, [Some(4), Some(1), Some(1), Some(2), Some(1), Some(0)], "{report:#}");
    let refused = json!([{ "reason": "link_expired", "count": 1 }, { "reason": "link_used", "count": 1 }]);
    assert_eq!(row["refused"], refused);
    let moments: Vec<_> = row["over_time"].as_array().unwrap().iter().map(|one| one["at"].clone()).collect();
    assert_eq!(moments, ["2027-03-01T08:00:00.000Z", "2027-03-01T09:00:00.000Z"]);
    // An old report knows nothing of a mailing that nobody sent.
    let none = ops::call(&gate, "link.report", json!({ "label": "Reminder" })).unwrap();
    assert_eq!((&none["labels"], &none["step_seconds"]), (&json!([]), &json!(86_400)));
}

#[test]
fn a_credential_makes_links_only_by_a_right_of_its_own() {
    let (_folder, gate) = store();
    let mut new = NewCredential { label: "shop".into(), host: true, ..NewCredential::default() };
    gate.create_credential(&new).unwrap();
    let shop = gate.host_caller("shop").unwrap();
    let to_invoices = || {
        let client = IssueRequest::for_client(ClientId::new(1).unwrap());
        LinkRequest::new(client.destination("clientarea:invoices"))
    };
    let refused = gate.create_link(&shop, &to_invoices()).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::LinksNotAllowed));
    new.label = "mailer".into();
    (new.limits.links, new.limits.links_per_minute) = (true, Some(1));
    gate.create_credential(&new).unwrap();
    let mailer = gate.host_caller("mailer").unwrap();
    gate.create_link(&mailer, &to_invoices()).unwrap();
    let refused = gate.create_link(&mailer, &to_invoices()).unwrap_err();
    let gatepass::Error::Refused(refusal) = refused else { panic!() };
    assert_eq!(refusal.reason, Reason::RateLimited);
    assert!(refusal.retry_after.is_some_and(|wait| wait <= Duration::from_secs(60)));
}

#[test]
fn an_end_that_only_a_newer_release_knows_lets_nobody_in() {
    let (folder, gate) = store();
    let made = gate.create_link(&gate.host_caller("cli").unwrap(), &invoice()).unwrap();
    let newer = rusqlite::Connection::open(folder.path().join("gatepass.db")).unwrap();
    newer.execute("UPDATE link SET ended_at = created_at, ended_by = 'address_proved'", []).unwrap();
    let seen = gate.inspect_link(&made.link, None).unwrap();
    assert_eq!((seen.refusal, seen.ended_by), (Some(Reason::LinkRevoked), Some(LinkEnd::Revoked)));
    let refused = gate.open_link(&OpenRequest::new(made.link)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::LinkRevoked));
}
