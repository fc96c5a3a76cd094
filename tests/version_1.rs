//! A store of version 1, made once and kept, is read by today's code to the last value.
//!
//! `GATEPASS_WRITE_FIXTURE=1 cargo test --test version_1` makes `store-v1.db` anew, with what must be known
//! to use it in `store-v1.json`. It is done once per version of the schema, by the release that brings it,
//! and never again: a change of the schema needs a file of its own, beside this one.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepass::audit::AuditQuery;
use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::NewCredential;
use gatepass::destination::Destination;
use gatepass::directory::{ClientStatus, Mode, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::link::{EndLinks, LinkReportQuery, LinkRequest, OpenRequest};
use gatepass::seal::SealingKey;
use gatepass::secret::Secret;
use gatepass::settings::Confirm;
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens};
use gatepass::upkeep::Severity;
use gatepass::{AutoAuthRequest, Gatepass, InitOptions, KeyChoice, Options, Reason};
use serde_json::{Value, json};

/// When the store was made.
const THEN: Timestamp = Timestamp::from_seconds(1_767_225_600);

const AUTOAUTH_KEY: &str = "the-key-of-the-old-website";
const PASSWORD: &str = "correct horse";
/// MD5 of the password, as the legacy form sends it.
const PASSWORD_MD5: &str = "3cb4e732631f47e6eb961f34554b7cde";

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn options(after: Duration, sealing_key: &SealingKey) -> Options {
    Options::new().clock(ManualClock::new(THEN.plus(after))).sealing_key(sealing_key.clone()).actor("fixture")
}

fn new_sealing_key() -> SealingKey {
    let (key, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Gatepass::new_sealing_key_file(key.path().join("seal.key"), store.path().join("gatepass.db")).unwrap()
}

/// Make the file that is kept.
fn write() {
    let path = kept("store-v1.db");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(&path);
    let sealing_key = new_sealing_key();
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com/portal").unwrap();
    let gate = options(Duration::ZERO, &sealing_key).init(&path, &init).unwrap();

    gate.add_admin("root", Some(&Secret::new(PASSWORD))).unwrap();
    gate.add_admin("gone", None).unwrap();
    gate.enable_admin("gone", false).unwrap();
    let new = NewCredential {
        label: "website".into(),
        admin: Some("root".into()),
        home_url: Some("https://www.example.com/".into()),
        ..NewCredential::default()
    };
    let website = gate.create_credential(&new).unwrap();
    let new = NewCredential { label: "cron".into(), host: true, ..NewCredential::default() };
    gate.create_credential(&new).unwrap();

    let ann = gate
        .add_user(&NewUser {
            email: "ann@example.com".into(),
            first_name: "Ann".into(),
            last_name: "Ünal".into(),
            ..NewUser::default()
        })
        .unwrap();
    let account = gate
        .add_client(&NewClient {
            email: "billing@example.com".into(),
            company_name: "Example Ltd".into(),
            owner: Some(ann.user_id),
            ..NewClient::default()
        })
        .unwrap();
    let closed = NewClient { email: "old@example.com".into(), ..NewClient::default() };
    let closed = gate.add_client(&closed).unwrap();
    gate.set_client_status(closed.client_id, ClientStatus::Closed).unwrap();

    for (name, value) in [
        ("session_idle_seconds", json!(900)),
        ("autoauth_enabled", json!(true)),
        ("legacy_admin_auth", json!(true)),
    ] {
        gate.set_setting(name, value).unwrap();
    }
    let offers: Destination =
        serde_json::from_value(json!({ "name": "shop:offers", "path": "offers.php" })).unwrap();
    gate.set_destination(&offers).unwrap();
    gate.add_autoauth_key("old website", &Secret::new(AUTOAUTH_KEY), Some(Confirm::Always)).unwrap();

    let identifier = website.credential.identifier.clone().unwrap();
    let caller = gate.authenticate(&identifier, website.secret.as_ref().unwrap(), None).unwrap();
    let issue = || gate.issue(&caller, &IssueRequest::for_client(account.client_id)).unwrap().token;
    let (redeemed, revoked, live) = (issue(), issue(), issue());
    let session = gate.redeem(&RedeemRequest::new(redeemed.clone())).unwrap().session.unwrap();
    gate.revoke_tokens(&RevokeTokens::One(revoked.clone())).unwrap();
    let cli = gate.host_caller("cli").unwrap();
    let mail = || {
        let offers = IssueRequest::for_client(account.client_id).destination("shop:offers").actor("mailing");
        LinkRequest::new(offers)
            .label("Frühling")
            .title("our offers")
            .uses(2)
            .life(Duration::from_secs(7 * 86_400))
    };
    let [link_sibling, link_revoked, link_live] =
        [(); 3].map(|()| gate.create_link(&cli, &mail().end_siblings()).unwrap().link);
    gate.revoke_links(&EndLinks::One(link_revoked.clone())).unwrap();
    let link_once = gate.create_link(&cli, &mail().uses(1).label("winter")).unwrap().link;
    gate.open_link(&OpenRequest::new(link_once.clone())).unwrap();
    let known = json!({
        "link_once": link_once.reveal(),
        "link_revoked": link_revoked.reveal(),
        "link_live": link_live.reveal(),
        "link_sibling": link_sibling.reveal(),
        "sealing_key": sealing_key.to_file_text().reveal(),
        "identifier": identifier,
        "secret": website.secret.unwrap().reveal(),
        "redeemed": redeemed.reveal(),
        "revoked": revoked.reveal(),
        "live": live.reveal(),
        "session": session.reveal(),
    });
    drop(gate);
    let text = serde_json::to_string_pretty(&known).unwrap() + "\n";
    std::fs::write(kept("store-v1.json"), text).unwrap();
}

#[test]
fn a_store_of_version_1_is_read_to_the_last_value() {
    if std::env::var_os("GATEPASS_WRITE_FIXTURE").is_some() {
        write();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    std::fs::copy(kept("store-v1.db"), &path).unwrap();
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(kept("store-v1.json")).unwrap()).unwrap();
    let text = |name: &str| known[name].as_str().unwrap();
    let sealing_key = SealingKey::parse(text("sealing_key")).unwrap();
    let gate = options(Duration::from_secs(30), &sealing_key).open(&path).unwrap();
    let (ann, account, closed) =
        (UserId::new(1).unwrap(), ClientId::new(1).unwrap(), ClientId::new(2).unwrap());

    let settings = gate.settings().unwrap();
    assert_eq!(settings.mode, Mode::Managed);
    assert_eq!(settings.system_url.as_str(), "https://billing.example.com/portal");
    assert_eq!((settings.session_idle_seconds, settings.token_life_seconds), (900, 60));
    assert!(settings.autoauth_enabled && settings.legacy_admin_auth);

    let admins: Vec<_> =
        gate.list_admins().unwrap().into_iter().map(|admin| (admin.username, admin.enabled)).collect();
    assert_eq!(admins, [("root".to_owned(), true), ("gone".to_owned(), false)]);
    gate.authenticate_admin("root", &Secret::new(PASSWORD_MD5), None).unwrap();

    let website = gate.credential("website").unwrap();
    assert_eq!(website.identifier.as_deref(), Some(text("identifier")));
    assert_eq!(website.home_url.as_deref(), Some("https://www.example.com/"));
    let caller = gate.authenticate(text("identifier"), &Secret::new(text("secret")), None).unwrap();
    gate.host_caller("cron").unwrap();
    gate.host_caller("cli").unwrap();

    let user = gate.user(ann).unwrap();
    assert_eq!((user.first_name.as_str(), user.last_name.as_str()), ("Ann", "Ünal"));
    assert_eq!(gate.client(account).unwrap().company_name, "Example Ltd");
    assert_eq!(gate.client(closed).unwrap().status, ClientStatus::Closed);
    assert!(gate.list_destinations().unwrap().iter().any(|found| found.path == "offers.php"));

    let redeem = |name: &str| {
        let token = gate.read_token(text(name), None).unwrap();
        gate.redeem(&RedeemRequest::new(token))
    };
    assert_eq!(redeem("redeemed").unwrap_err().reason(), Some(Reason::TokenRedeemed));
    assert_eq!(redeem("revoked").unwrap_err().reason(), Some(Reason::TokenRevoked));
    let live = redeem("live").unwrap();
    assert_eq!((live.user_id, live.client_id), (Some(ann), Some(account)));
    let session = gate.read_session_id(text("session"), None).unwrap();
    assert_eq!(gate.check_session(&session, None).unwrap().user_id, Some(ann));
    gate.issue(&caller, &IssueRequest::for_client(account)).unwrap();

    let open = |name: &str| gate.open_link(&OpenRequest::new(gate.read_link(text(name), None).unwrap()));
    assert_eq!(open("link_once").unwrap_err().reason(), Some(Reason::LinkUsed));
    assert_eq!(open("link_revoked").unwrap_err().reason(), Some(Reason::LinkRevoked));
    let opened = open("link_live").unwrap();
    assert_eq!((opened.user_id, opened.client_id, opened.uses_left), (Some(ann), Some(account), 1));
    assert_eq!(opened.landing_url, "https://billing.example.com/portal/offers.php");
    assert_eq!(gate.redeem(&RedeemRequest::new(opened.token)).unwrap().actor.as_deref(), Some("mailing"));
    assert_eq!(open("link_sibling").unwrap_err().reason(), Some(Reason::LinkSuperseded));
    let live = gate.inspect_link(&gate.read_link(text("link_live"), None).unwrap(), None).unwrap();
    assert_eq!((live.title.as_deref(), live.label.as_deref()), (Some("our offers"), Some("Frühling")));
    assert_eq!((live.created_at, live.expires_at), (THEN, THEN.plus(Duration::from_secs(7 * 86_400))));
    let report = gate.link_report(&LinkReportQuery::of_label("Frühling")).unwrap();
    let row = &report.labels[0];
    assert_eq!((row.created, row.opened, row.revoked, row.superseded), (3, 1, 1, 1));

    assert_eq!(gate.list_autoauth_keys().unwrap()[0].confirm, Some(Confirm::Always));
    let link = gate.sign_autoauth("ann@example.com", KeyChoice::Label("old website"), None).unwrap();
    let query = link.split_once('?').unwrap().1;
    let signed_in = gate.accept_autoauth(query.as_bytes(), &AutoAuthRequest::default()).unwrap();
    assert_eq!(signed_in.user_id, Some(ann));
    // The key in the file is the key that was stored, and none that merely fits itself.
    let given =
        gate.sign_autoauth("ann@example.com", KeyChoice::Given(&Secret::new(AUTOAUTH_KEY)), None).unwrap();
    assert_eq!(given, link);

    let events = gate.audit_events(&AuditQuery::between(THEN, THEN.plus(Duration::from_secs(1)))).unwrap();
    let said: Vec<String> = events.iter().map(|event| event.event.as_str().to_owned()).collect();
    for wanted in ["store.initialised", "token.issued", "token.redeemed", "token.revoked", "link.created"] {
        assert!(said.iter().any(|event| event == wanted), "{wanted} is not in {said:?}");
    }
    let findings = gate.check(&mut |_, _| {}).unwrap();
    let bad: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Bad).collect();
    assert!(bad.is_empty() || bad.iter().all(|finding| finding.subject == "permissions"), "{bad:?}");
}
