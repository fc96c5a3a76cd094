//! Exit statuses, and the one document that each outcome is.

use serde_json::{Value, json};

use crate::harness::{Bench, finish};

#[test]
fn a_success_is_status_0_and_its_fields() {
    let bench = Bench::new();
    let issued = bench.ok("token issue --client 1 --destination clientarea:product_details --service 1");
    let token = issued["access_token"].as_str().unwrap();
    assert_eq!(
        issued["redirect_url"],
        format!("https://billing.example.com/oauth/singlesignon.php?access_token={token}")
    );
    assert!(issued["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(issued["user_id"], 1);
    let redeemed = bench.feed(&["--json", "token", "redeem", "-"], token.as_bytes()).ended(0).document();
    assert_eq!(
        redeemed["landing_url"],
        "https://billing.example.com/clientarea.php?action=productdetails&id=1"
    );
    assert_eq!(redeemed["session_id"].as_str().unwrap().len(), 64);
    assert_eq!((&redeemed["user_id"], &redeemed["client_id"]), (&json!(1), &json!(1)));
    assert_eq!(redeemed["unchecked"], json!([]));
}

#[test]
fn a_person_reads_the_names_that_a_program_reads() {
    let bench = Bench::new();
    let text = bench.run(&["token", "issue", "--client", "1"]).ended(0).stdout;
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    let token = line("access_token").unwrap().split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(token.len(), 40);
    assert!(line("redirect_url").unwrap().ends_with(&format!("access_token={token}")));
    assert!(line("expires_at").unwrap().ends_with(" UTC"));
}

#[test]
fn a_refusal_is_status_1_with_its_reason_on_both_outputs() {
    let bench = Bench::new();
    let token = bench.token();
    let redeem = |more: &[&str]| {
        let arguments = [&["token", "redeem", "-"], more].concat();
        bench.feed(&arguments, token.as_bytes())
    };
    let first = redeem(&["--json"]).ended(0).document();
    let error = redeem(&["--json"]).failed(1, "refused", "token_redeemed");
    assert_eq!(error["message"], "already redeemed");
    assert_eq!(error["redemption"], first["redemption"]);
    assert_eq!(error["same_browser"], false);
    let reference = error["reference"].as_str().unwrap();
    let event = bench.ok(&format!("audit list --reference {reference}"));
    assert_eq!(event[0]["outcome"], "token_redeemed");

    let human = redeem(&[]).ended(1);
    assert_eq!(human.stdout, "");
    assert_eq!(human.stderr, format!("gatepass: already redeemed (reference {reference})\n"));

    let unknown = bench.feed(&["token", "redeem", "-", "--json"], &[b'0'; 40]);
    assert_eq!(unknown.failed(1, "refused", "token_unknown").get("reference"), None);
    bench.run(&["user", "show", "9", "--json"]).failed(1, "refused", "user_unknown");
}

#[test]
fn advice_when_to_ask_again_is_in_whole_seconds() {
    let bench = Bench::new();
    bench.ok("settings set legacy_admin_auth true");
    bench.ok("credential create slow --host --per-minute 1");
    bench.ok("token issue --client 1 --as slow");
    let issue = || bench.run(&["token", "issue", "--client", "1", "--as", "slow", "--json"]);
    // A minute may begin in between.
    let answer = (0..3).map(|_| issue()).find(|answer| answer.status != 0).unwrap();
    let error = answer.failed(1, "refused", "rate_limited");
    if let Some(wait) = error.get("retry_after_seconds") {
        assert!((1..=60).contains(&wait.as_u64().unwrap()), "{wait}");
    }
}

#[test]
fn an_invalid_value_is_status_2_and_names_its_field() {
    let bench = Bench::new();
    let error = bench
        .run(&["--json", "token", "issue", "--client", "1", "--life", "61"])
        .failed(2, "invalid", "invalid");
    assert_eq!(error["field"], "life");
    let human = bench.run(&["user", "add", ""]).ended(2);
    assert_eq!(human.stdout, "");
    assert_eq!(human.stderr, "gatepass: email: must not be empty\n");
}

#[test]
fn bad_usage_is_status_2_and_one_document_as_well() {
    let bench = Bench::new();
    for arguments in [
        &["--json"][..],
        &["--json", "token"],
        &["nonsense", "--json"],
        &["token", "issue", "--json"],
        &["token", "issue", "--json", "--client", "1", "--nonsense"],
        &["token", "issue", "--json", "--client", "1", "--identifier", "x"],
        &["token", "revoke", "--user", "1", "--client", "1", "--json"],
        &["link", "create", "--json"],
        &["link", "create", "--client", "1", "--end-siblings", "--json"],
        &["link", "create", "--client", "1", "--life", "90", "--json"],
        &["link", "revoke", "--json"],
        &["link", "revoke", "--user", "1", "--label", "x", "--json"],
        &["link", "account-changed", "--user", "1", "--json"],
        &["link", "account-changed", "--user", "1", "--changed", "name", "--json"],
        &["--json", "init", "--mode", "other", "--system-url", "https://a.example"],
        &["credential", "create", "x", "--json"],
        &["credential", "rotate", "cli", "--since", "1h", "--json"],
        &["admin", "set-password", "alice", "--json"],
        &["autoauth", "sign", "--email", "a@b", "--json"],
        &["user", "erase", "1", "--json"],
        &["restore", "nothing.db", "--json"],
        &["audit", "list", "--since", "yesterday", "--json"],
        &["check", "--deadline", "soon", "--json"],
    ] {
        let error = bench.run(arguments).failed(2, "usage", "usage");
        assert!(error["message"].as_str().unwrap().len() > 10, "{arguments:?}: {error}");
    }
    let human = bench.run(&["token", "issue"]).ended(2);
    assert_eq!(human.stdout, "");
    assert!(human.stderr.starts_with("gatepass: the following required arguments"), "{}", human.stderr);
    assert_eq!(bench.ok("user show 1")["email"], "ann@example.com", "nothing was erased");
}

#[test]
fn without_a_store_both_ways_to_name_one_are_told() {
    let bench = Bench::empty();
    let run = |arguments: &[&str]| {
        let mut command = bench.command();
        command.env_remove("GATEPASS_STORE").args(arguments);
        finish(command, b"")
    };
    let error = run(&["user", "list", "--json"]).failed(2, "usage", "usage");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("--store PATH") && message.contains("GATEPASS_STORE"), "{message}");
    run(&["user", "list"]).ended(2);
    // These need none.
    run(&["version"]).ended(0);
    run(&["completions", "zsh"]).ended(0);
    run(&["man"]).ended(0);
}

#[test]
fn a_store_that_can_not_answer_is_status_3() {
    let bench = Bench::empty();
    let at = |path: &str, more: &[&str]| bench.run(&[&["--json", "--store", path], more].concat());
    at(&bench.path("none.db"), &["user", "list"]).failed(3, "store", "store_missing");
    at(&bench.path("keys"), &["check"]).failed(3, "store", "is_a_folder");
    let foreign = bench.path("foreign.db");
    std::fs::write(&foreign, "no database, only some text that is long enough to look at".repeat(20))
        .unwrap();
    let error = at(&foreign, &["check"]).failed(3, "store", "not_a_store");
    assert_eq!(error["retryable"], false);
    assert!(std::fs::read_to_string(&foreign).unwrap().starts_with("no database"));
    bench.ok("init --mode host --system-url https://billing.example.com");
    let again = ["init", "--mode", "host", "--system-url", "https://billing.example.com", "--json"];
    bench.run(&again).failed(3, "store", "store_exists");
    bench.ok("backup copy.db");
    bench.run(&["backup", "copy.db", "--json"]).failed(3, "store", "store_exists");
    let human = bench.run(&["--store", "none.db", "user", "list"]).ended(3);
    assert_eq!(human.stdout, "");
    assert!(human.stderr.starts_with("gatepass: no store there"), "{}", human.stderr);
}

#[test]
fn a_store_that_stays_locked_is_waited_for_until_the_deadline() {
    let bench = Bench::new();
    let other = rusqlite::Connection::open(bench.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = std::time::Instant::now();
    let answer = bench.run(&["user", "add", "bob@example.com", "--deadline", "0.3", "--json"]);
    assert_eq!(answer.failed(3, "store", "store_busy")["retryable"], true);
    let waited = began.elapsed().as_secs_f64();
    assert!((0.25..5.0).contains(&waited), "waited {waited} s");
    bench.run(&["user", "add", "bob@example.com", "--deadline", "0", "--json"]).failed(
        3,
        "store",
        "store_busy",
    );
    // Readers need not wait.
    bench.ok("user list --deadline 0");
    other.execute_batch("ROLLBACK").unwrap();
    bench.ok("user add bob@example.com");
}

#[test]
fn help_and_version_are_documents_too() {
    let bench = Bench::empty();
    for arguments in [&["--json", "help"][..], &["token", "issue", "--json", "--help"], &["--help", "--json"]]
    {
        let document = bench.run(arguments).ended(0).document();
        assert!(document["help"].as_str().unwrap().contains("Usage: gatepass"), "{document}");
    }
    let document = bench.run(&["--json", "--version"]).ended(0).document();
    assert!(document["version"].as_str().unwrap().starts_with("gatepass "), "{document}");
}

#[test]
fn check_is_refused_when_something_is_bad_and_says_what() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.ok("check");
    std::fs::set_permissions(bench.store(), PermissionsExt::from_mode(0o666)).unwrap();
    let answer = bench.run(&["check", "--json"]).ended(1);
    let document = answer.document();
    let bad: Vec<_> = document.as_array().unwrap().iter().filter(|one| one["severity"] == "bad").collect();
    assert!(!bad.is_empty() && bad.iter().all(|one| one["subject"] == "permissions"), "{bad:?}");
    assert!(answer.stderr.ends_with("must be mended\n"), "{}", answer.stderr);
}

#[test]
fn a_mistyped_identifier_or_secret_gets_a_hint() {
    let bench = Bench::new();
    bench.ok("admin add alice");
    let created = bench.ok("credential create portal --admin alice");
    let identifier = created["credential"]["identifier"].as_str().unwrap();
    let secret = created["secret"].as_str().unwrap();
    let mut swapped = identifier.to_owned().into_bytes();
    let at = (3..31).find(|&at| swapped[at] != swapped[at + 1]).unwrap();
    swapped.swap(at, at + 1);
    let swapped = String::from_utf8(swapped).unwrap();
    let error =
        bench.run(&["credential", "show", &swapped, "--json"]).failed(1, "refused", "credential_unknown");
    assert!(error["hint"].as_str().unwrap().contains("check sum"), "{error}");
    let error =
        bench.run(&["credential", "revoke", secret, "--json"]).failed(1, "refused", "credential_unknown");
    assert!(error["hint"].as_str().unwrap().contains("looks like a secret"), "{error}");
    let error = bench.run(&["credential", "show", "no such label", "--json"]).failed(
        1,
        "refused",
        "credential_unknown",
    );
    assert_eq!(error.get("hint"), None);

    let issue = |identifier: &str, secret: &str| {
        let arguments =
            ["token", "issue", "--client", "1", "--identifier", identifier, "--secret", "-", "--json"];
        bench.feed(&arguments, secret.as_bytes())
    };
    let error = issue(identifier, &secret[..31]).failed(1, "refused", "authentication_failed");
    assert_eq!(error["hint"], "the secret: it has 31 characters instead of 32");
    let error = issue(&swapped, secret).failed(1, "refused", "authentication_failed");
    assert!(error["hint"].as_str().unwrap().starts_with("the identifier: "), "{error}");
    issue(identifier, secret).ended(0);
}

#[test]
fn what_a_credential_may_not_is_refused_through_the_tool_too() {
    let bench = Bench::new();
    bench.ok("admin add alice");
    let created =
        bench.ok("credential create portal --admin alice --client 2 --destination clientarea:invoices");
    let identifier = created["credential"]["identifier"].as_str().unwrap();
    let secret = created["secret"].as_str().unwrap();
    let issue = |more: &[&str]| {
        let first =
            ["token", "issue", "--client", "1", "--identifier", identifier, "--secret", "-", "--json"];
        bench.feed(&[&first, more].concat(), secret.as_bytes())
    };
    issue(&[]).failed(1, "refused", "client_not_allowed");
    issue(&["--destination", "clientarea:emails"]).failed(1, "refused", "destination_not_allowed");
    bench.ok("credential revoke portal");
    issue(&[]).failed(1, "refused", "authentication_failed");
    bench.ok("credential disable cli");
    bench.run(&["token", "issue", "--client", "1", "--json"]).failed(1, "refused", "credential_disabled");
}

#[test]
fn a_credential_a_key_and_the_setting_say_when_a_page_asks() {
    let bench = Bench::new();
    let made = bench.ok("credential create addon --host --confirm always");
    assert_eq!(made["credential"]["limits"]["confirm"], "always");
    assert_eq!(bench.ok("credential create other --host")["credential"]["limits"]["confirm"], Value::Null);
    let token = bench.ok("token issue --client 1 --as addon");
    let inspected = bench.ok(&format!("token inspect {}", token["access_token"].as_str().unwrap()));
    assert_eq!(inspected["confirm"], "always");
    assert_eq!(bench.ok("settings set confirm always")["value"], "always");
    let answer = bench.run(&["settings", "set", "confirm", "never", "--json"]);
    assert_eq!(answer.failed(2, "invalid", "invalid")["field"], "confirm");
    assert_eq!(bench.ok("settings set trusted_proxies 10.0.0.1")["value"][0], "10.0.0.1/32");
    bench.run(&["credential", "create", "third", "--host", "--confirm", "never"]).ended(2);
}
