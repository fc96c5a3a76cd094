//! Secrets and tokens come from standard input, a line each, in the order that the help names.

use crate::harness::Bench;

#[test]
fn a_line_end_is_cut_and_nothing_else() {
    let bench = Bench::new();
    for end in ["", "\n", "\r\n", "\nmore\n"] {
        let line = format!("{}{end}", bench.token());
        bench.feed(&["token", "redeem", "-", "--json"], line.as_bytes()).ended(0);
    }
    for (before, end) in [("", " "), ("", "\n\n "), (" ", ""), ("\n", "")] {
        let line = format!("{before}{}{end}", bench.token());
        let status = if end == "\n\n " { 0 } else { 1 };
        bench.feed(&["token", "redeem", "-", "--json"], line.as_bytes()).ended(status);
    }
}

#[test]
fn several_values_are_read_in_the_order_of_the_help() {
    let bench = Bench::new();
    bench.ok("admin add alice");
    let created = bench.ok("credential create portal --admin alice");
    let identifier = created["credential"]["identifier"].as_str().unwrap();
    let secret = created["secret"].as_str().unwrap();

    // The secret, the nonce.
    let issue =
        ["token", "issue", "--client", "1", "--identifier", identifier, "--secret", "-", "--bind-nonce", "-"];
    let lines = format!("{secret}\ncookie of this browser\n");
    let issued = bench.feed(&[&issue[..], &["--json"]].concat(), lines.as_bytes()).ended(0).document();
    let token = issued["access_token"].as_str().unwrap();

    // The token, the presented session, the nonce.
    let redeem = ["token", "redeem", "-", "--presented-session", "-", "--bind-nonce", "-", "--json"];
    let lines = |session: &str, nonce: &str| format!("{token}\n{session}\n{nonce}\n");
    let other = bench.feed(&redeem, lines("none", "cookie of another").as_bytes());
    other.failed(1, "refused", "browser_mismatch");
    let redeemed =
        bench.feed(&redeem, lines("none", "cookie of this browser").as_bytes()).ended(0).document();
    let session = redeemed["session_id"].as_str().unwrap();
    let again = bench.feed(&redeem, lines(session, "cookie of this browser").as_bytes());
    assert_eq!(again.failed(1, "refused", "token_redeemed")["same_browser"], true);

    // The link, the key.
    bench.ok("autoauth enable");
    let key = "a key of more than twenty characters";
    let sign = ["autoauth", "sign", "--email", "ann@example.com", "--key", "-", "--json"];
    let link = bench.feed(&sign, key.as_bytes()).ended(0).document()["url"].as_str().unwrap().to_owned();
    let verify = ["autoauth", "verify", "-", "--key", "-", "--no-session", "--json"];
    let accepted = bench.feed(&verify, format!("{link}\n{key}\n").as_bytes()).ended(0).document();
    assert_eq!(accepted["user_id"], 1);
    assert!(accepted["session_id"].is_null());
    let again = bench.feed(&verify, format!("{link}\n{key}\n").as_bytes());
    again.failed(1, "refused", "autoauth_used");
}

#[test]
fn what_is_missing_there_is_named() {
    let bench = Bench::new();
    for (arguments, field) in [
        (&["token", "redeem", "-", "--json"][..], "token"),
        (&["token", "issue", "--client", "1", "--bind-nonce", "-", "--json"], "nonce"),
        (&["admin", "add", "eve", "--password", "-", "--json"], "password"),
        (&["autoauth", "verify", "-", "--json"], "query"),
        (&["session", "check", "-", "--json"], "session"),
        (&["link", "open", "-", "--json"], "link"),
    ] {
        let error = bench.run(arguments).failed(2, "invalid", "invalid");
        assert_eq!(error["field"], field);
    }
}

#[test]
fn no_secret_that_was_read_is_told_again() {
    let bench = Bench::new();
    let secret = "GPShunter2hunter2hunter2hunter2x";
    for arguments in [
        &["token", "redeem", "-"][..],
        &["token", "inspect", "-"],
        &["token", "explain", "-"],
        &["token", "revoke", "-"],
        &["session", "check", "-"],
        &["link", "inspect", "-"],
        &["link", "explain", "-"],
        &["link", "open", "-"],
        &["link", "revoke", "-"],
        &["session", "end", "-"],
        &["autoauth", "verify", "-"],
        &["autoauth", "key", "add", "portal", "--key", "-"],
        &["token", "issue", "--client", "1", "--identifier", "GPIx", "--secret", "-"],
    ] {
        for json in [&[][..], &["--json"]] {
            let answer = bench.feed(&[arguments, json].concat(), secret.as_bytes());
            assert_ne!(answer.status, 0, "{arguments:?}");
            assert!(!answer.stdout.contains("hunter2") && !answer.stderr.contains("hunter2"), "{answer:?}");
        }
    }
}
