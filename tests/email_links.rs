//! Links survive the mail, and the programs in `docs/email-links.md` run as they are printed.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "library/mod.rs"]
mod library;
mod programs;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use gatepass::directory::{Mode, NewClient, NewUser, Subject};
use gatepass::id::{ClientId, ItemId};
use gatepass::link::{LinkQuery, LinkRequest, LinkState, SignInLink};
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions};
use serde_json::json;

use library::{root, shared_library};
use programs::is_here;

const SYSTEM: &str = "https://billing.example.com";

/// The longest line that quoted-printable leaves in one piece (RFC 2045 §6.7).
const LINE: usize = 76;

/// A store in which Ann owns client 1, and the credential that the guide makes for its mails.
fn store(folder: &Path) -> Gatepass {
    let init = InitOptions::new(Mode::Managed, SYSTEM).unwrap();
    let gate = Gatepass::init(folder.join("gatepass.db"), &init).unwrap();
    let ann = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "ann@example.com".into(), owner: Some(ann.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    let destinations = ["*", "sso:custom_redirect"];
    let limits = json!({ "destinations": destinations, "links": true, "max_link_life_seconds": 259_200 });
    let mailer = json!({ "label": "mailer", "host": true, "limits": limits });
    gatepass::ops::call(&gate, "credential.create", mailer).unwrap();
    gate
}

/// A link as it is mailed.
fn mailed() -> String {
    let folder = tempfile::tempdir().unwrap();
    let gate = store(folder.path());
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

#[test]
fn the_mail_that_the_php_example_writes_is_read_with_its_link_whole() {
    if is_here("python3", "the PHP example's mail") && is_here("php", "the PHP example's mail") {
        let folder = tempfile::tempdir().unwrap();
        let gate = store(folder.path());
        let example = root().join("bindings/php/examples/mail/invoice-mail.php");
        let mut write = Command::new("php");
        write.arg("-dffi.enable=true").arg(example).arg(folder.path().join("gatepass.db"));
        write.args(["1", "5", "Ánn <Núñez>", "ann@example.com"]).env("GATEPASS_LIBRARY", shared_library());
        let mail = write.output().unwrap();
        assert!(mail.status.success(), "{}", told(&mail));
        let file = folder.path().join("mail");
        fs::write(&file, &mail.stdout).unwrap();
        let mut read = Command::new("python3");
        read.arg(root().join("tests/mail/reading.py")).stdin(fs::File::open(&file).unwrap());
        let read = read.output().unwrap();
        assert!(read.status.success(), "{}", told(&read));
        let read: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
        let url = read["html"].as_str().unwrap();
        assert_eq!((&read["defects"], url.len()), (&json!(0), SYSTEM.len() + 44));
        assert!(read["plain"].as_str().unwrap().lines().any(|line| line == url), "{read}");
        let seen = gate.inspect_link(&SignInLink::from_url(url).unwrap(), None).unwrap();
        assert_eq!((seen.state, &*seen.landing), (LinkState::Live, "viewinvoice.php?id=5"));
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// What stands in the guide in this language, one program after the other.
fn programs_in(language: &str) -> String {
    let guide = fs::read_to_string(root().join("docs/email-links.md")).unwrap();
    let fence = format!("```{language}\n");
    guide.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Runs it beside the store; what it printed.
fn printed(folder: &Path, interpreter: &str, options: &[&str], program: &str) -> String {
    fs::write(folder.join("program"), program).unwrap();
    let mut run = Command::new(interpreter);
    run.args(options).arg("program").current_dir(folder).env("GATEPASS_LIBRARY", shared_library());
    run.env("PYTHONPATH", root().join("bindings/python/src")).env("PYTHONDONTWRITEBYTECODE", "1");
    let ran = run.output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{}", told(&ran));
    told(&ran)
}

#[test]
fn the_python_programs_of_the_guide_run_as_printed() {
    if is_here("python3", "the Python programs of the guide to links") {
        let folder = tempfile::tempdir().unwrap();
        let gate = store(folder.path());
        let told = printed(folder.path(), "python3", &[], &programs_in("python"));
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "looked at: live");
        assert!(lines[1] == "lands on https://billing.example.com/viewinvoice.php?id=5", "{told}");
        assert_eq!(lines[2..], ["again: sign-in link already used", "a fresh link for user 1"]);
        // It may be asked for as often as anybody likes.
        let links = gate.list_links(&LinkQuery::default()).unwrap();
        let found = links.iter().map(|link| (link.label.as_deref(), link.used, &*link.landing));
        let mut found: Vec<_> = found.collect();
        // Both may be of one millisecond.
        found.sort_unstable();
        let invoice = "viewinvoice.php?id=5";
        assert_eq!(
            found,
            [(Some("invoice-created"), 1, invoice), (Some("invoice-created-renewed"), 0, invoice)]
        );
    }
}

#[test]
fn the_guides_fresh_link_is_for_the_user_of_the_old_one_and_not_for_the_clients_owner() {
    if is_here("python3", "the Python programs of the guide to links") {
        let folder = tempfile::tempdir().unwrap();
        let gate = store(folder.path());
        let bob = gate.add_user(&NewUser { email: "bob@example.com".into(), ..NewUser::default() }).unwrap();
        let client = ClientId::new(1).unwrap();
        gate.add_member(bob.user_id, client, false).unwrap();
        let mut asked = IssueRequest::new(Subject::UserInClient(bob.user_id, client));
        asked.destination = Some("clientarea:product_details".into());
        asked.service_id = Some(ItemId::new(7).unwrap());
        let cli = gate.host_caller("cli").unwrap();
        let old = gate.create_link(&cli, &LinkRequest::new(asked).label("offer")).unwrap().reference;
        let renew = format!("renew(gatepass.open('gatepass.db'), '{old}', print)\n");
        let told = printed(folder.path(), "python3", &["-Wignore"], &(programs_in("python") + &renew));
        let last = told.lines().last().unwrap();
        assert!(last.starts_with(&format!("{} {SYSTEM}/signin.php?", bob.user_id)), "{told}");
        let links =
            gate.list_links(&LinkQuery { label: Some("offer-renewed".into()), ..LinkQuery::default() });
        let link = &links.unwrap()[0];
        assert_eq!((link.user_id, link.client_id), (Some(bob.user_id), Some(client)));
        assert!(link.landing.ends_with("id=7"), "{}", link.landing);
    }
}

#[test]
fn the_php_program_of_the_guide_runs_as_printed() {
    if is_here("php", "the PHP program of the guide to links") {
        let folder = tempfile::tempdir().unwrap();
        let gate = store(folder.path());
        fs::create_dir(folder.path().join("vendor")).unwrap();
        let source = root().join("bindings/php/src");
        let autoload = format!(
            "<?php spl_autoload_register(static function (string $class): void {{
                 require '{}/' . strtr(substr($class, 9), '\\\\', '/') . '.php';
             }});",
            source.display()
        );
        fs::write(folder.path().join("vendor/autoload.php"), autoload).unwrap();
        let told = printed(folder.path(), "php", &["-dffi.enable=true"], &programs_in("php"));
        let url = told.lines().find(|line| line.starts_with("https://")).unwrap();
        let seen = gate.inspect_link(&SignInLink::from_url(url).unwrap(), None).unwrap();
        assert_eq!((seen.state, seen.label.as_deref()), (LinkState::Live, Some("invoice-created")));
    }
}

/// The tool's commands in the guide: those on lines of their own, and those in the text that have options.
#[cfg(feature = "cli")]
fn commands() -> Vec<String> {
    let guide = fs::read_to_string(root().join("docs/email-links.md")).unwrap().replace("\\\n", " ");
    let own = guide.lines().filter_map(|line| line.strip_prefix("    "));
    let within = guide.split('`').filter(|text| text.contains(" --") && !text.contains('\n'));
    let found = own.chain(within).filter(|text| text.starts_with("gatepass "));
    found.map(str::to_owned).collect()
}

#[test]
#[cfg(feature = "cli")]
fn the_commands_of_the_guide_run_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(folder.path()));
    let tool = Path::new(env!("CARGO_BIN_EXE_gatepass")).parent().unwrap();
    let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
    let commands = commands();
    assert!(commands.len() >= 9, "{commands:?}");
    for command in commands {
        // The store has the first of the guide's credentials already.
        let command = command.replace("credential create mailer", "credential create mailer2");
        let mut run = Command::new("sh");
        run.args(["-ec", &command])
            .env("PATH", &path)
            .env("GATEPASS_STORE", folder.path().join("gatepass.db"));
        let ran = run.output().unwrap();
        assert!(ran.status.success(), "{command}: {}", told(&ran));
    }
}
