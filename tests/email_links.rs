//! Links survive the mail, and the programs in `docs/email-links.md` run as they are printed.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod programs;

use std::collections::BTreeMap;
use std::process::Command;

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::ClientId;
use gatepass::link::LinkRequest;
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions};

use programs::is_here;

const SYSTEM: &str = "https://billing.example.com";

/// The longest line that quoted-printable leaves in one piece (RFC 2045 §6.7).
const LINE: usize = 76;

/// A link as it is mailed.
fn mailed() -> String {
    let folder = tempfile::tempdir().unwrap();
    let init = InitOptions::new(Mode::Managed, SYSTEM).unwrap();
    let gate = Gatepass::init(folder.path().join("gatepass.db"), &init).unwrap();
    let ann = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "ann@example.com".into(), owner: Some(ann.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    let invoice = IssueRequest::for_client(ClientId::new(1).unwrap()).redirect_path("viewinvoice.php?id=5");
    let cli = gate.host_caller("cli").unwrap();
    gate.create_link(&cli, &LinkRequest::new(invoice)).unwrap().url
}

/// The ways of going by mail in which this address does not arrive as it is.
fn damaged(url: &str) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/transport.py");
    let sent = Command::new("python3").args([script, url]).output().unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let ways: BTreeMap<String, String> = serde_json::from_slice(&sent.stdout).unwrap();
    assert!(ways.len() >= 10, "{ways:?}");
    let arrives = |text: &str| text.lines().any(|line| line.trim_start_matches("> ") == url);
    ways.into_iter().filter(|(_, text)| !arrives(text)).map(|(way, _)| way).collect()
}

#[test]
fn a_link_arrives_as_it_was_sent_whatever_a_mail_does_to_its_text() {
    if is_here("python3", "links in mails") {
        for _ in 0..20 {
            let url = mailed();
            assert_eq!(damaged(&url), Vec::<String>::new(), "{url}");
        }
    }
}

#[test]
fn a_link_with_an_equals_sign_or_a_long_one_would_not() {
    if is_here("python3", "links in mails") {
        let wrong = ["wrong: plain, labelled quoted-printable", "wrong: quoted-printable, labelled 7bit"];
        assert_eq!(damaged(&mailed().replace('?', "?link=ab")), wrong);
        assert_eq!(damaged(&format!("{}aaaaaa", mailed())), [wrong[1]]);
    }
}

#[test]
fn a_link_stays_on_one_line_of_a_mail() {
    assert_eq!(SYSTEM.len(), 27);
    let url = mailed();
    assert!(url.len() <= LINE, "{} characters", url.len());
    let unreserved = |one: char| one.is_ascii_alphanumeric() || "-._~:/?".contains(one);
    assert!(url.chars().all(unreserved), "{url}");
}
