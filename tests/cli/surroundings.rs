//! Pipes, shells, manual pages, environment.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::harness::{Bench, finish};

#[test]
fn a_pipe_gets_no_escape_codes_whatever_the_environment_says() {
    let bench = Bench::new();
    for arguments in [&["check"][..], &["audit", "list"], &["--help"], &["nonsense"], &["token"]] {
        for (name, value) in [("NO_COLOR", "1"), ("NO_COLOR", ""), ("TERM", "xterm-256color")] {
            let mut command = bench.command();
            command.env(name, value).args(arguments);
            let answer = finish(command, b"");
            assert!(!answer.stdout.contains('\u{1b}'), "{arguments:?} with {name}={value}");
            assert!(!answer.stderr.contains('\u{1b}'), "{arguments:?} with {name}={value}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    for _ in 0..50 {
        bench.ok("settings set session_idle_seconds 900");
    }
    for arguments in [
        &["audit", "list", "--limit", "1000"][..],
        &["audit", "export"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["settings", "list", "--json"],
    ] {
        let mut command = bench.command();
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}: {said}");
        assert_eq!(said, "", "{arguments:?}");
    }
}

#[test]
fn an_answer_that_can_not_be_written_is_told() {
    let bench = Bench::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    // Not every system has such a file.
    let Ok(full) = full else { return };
    let mut command = bench.command();
    command.args(["user", "show", "1"]).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("gatepass: the answer could not be written"), "{said}");
}

#[test]
fn completions_know_the_commands_in_every_shell() {
    let bench = Bench::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = bench.run(&["completions", shell]).ended(0).stdout;
        for word in ["gatepass", "redeem", "autoauth", "set-status", "--json"] {
            // Fish writes long options without their dashes.
            assert!(script.contains(word.trim_start_matches('-')), "{shell} does not know {word}");
        }
        let document = bench.ok(&format!("completions {shell}"));
        assert_eq!(document["script"], script);
    }
}

#[test]
fn bash_finds_no_fault_with_its_completions() {
    let bench = Bench::empty();
    let script = bench.run(&["completions", "bash"]).ended(0).stdout;
    let mut command = std::process::Command::new("bash");
    command.args(["-n", "/dev/stdin"]);
    let answer = finish(command, script.as_bytes()).ended(0);
    assert_eq!(answer.stderr, "");
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let bench = Bench::empty();
    let page = bench.run(&["man"]).ended(0).stdout;
    assert!(page.contains(".TH gatepass 1") && page.contains("Exit status"), "{page}");
    assert!(!page.contains(bench.folder.path().to_str().unwrap()), "the page tells where it was made");
    let folder = bench.path("man");
    std::fs::create_dir(&folder).unwrap();
    let pages = bench.ok(&format!("man --output {folder}"))["pages"].as_array().unwrap().len();
    assert!(pages > 60, "{pages}");
    let issue = std::fs::read_to_string(bench.path("man/gatepass-token-issue.1")).unwrap();
    assert!(issue.contains("destination") && issue.contains("Examples"), "{issue}");
    bench.run(&["man", "--output", "/nowhere/at/all", "--json"]).failed(2, "invalid", "invalid");
}

#[test]
fn the_version_names_both_libraries() {
    let bench = Bench::empty();
    let version = bench.ok("version");
    assert_eq!(version["gatepass"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["sqlite"], gatepass::sqlite_version());
    let target = version["target"].as_str().unwrap();
    assert!(target.contains(std::env::consts::ARCH), "{target}");
    let (own, sqlite) = (env!("CARGO_PKG_VERSION"), gatepass::sqlite_version());
    let line = format!("gatepass {own} (SQLite {sqlite}, {target})\n");
    assert_eq!(bench.run(&["version"]).ended(0).stdout, line);
    assert_eq!(bench.run(&["--version"]).ended(0).stdout, line);
}

#[test]
fn the_environment_names_the_store_and_the_sealing_key_and_options_win() {
    let bench = Bench::new();
    let key = bench.path("keys/seal.key");
    bench.ok(&format!("seal new {key}"));
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let add = ["autoauth", "key", "add", "portal", "--key", "-", "--json"];
    let secret = b"a key of more than twenty characters";
    bench.feed(&add, secret).failed(1, "refused", "sealing_key_missing");
    let mut command = bench.command();
    command.env("GATEPASS_SEAL_KEY", &key).args(add);
    finish(command, secret).ended(0);
    let mut command = bench.command();
    command.env("GATEPASS_SEAL_KEY", "/nowhere").args(["check", "--seal-key", &key]);
    finish(command, b"").ended(0);
    let mut command = bench.command();
    command.env("GATEPASS_STORE", "/nowhere").args(["user", "show", "1", "--store"]).arg(bench.store());
    finish(command, b"").ended(0);
    // Set and empty is the same as not set.
    let mut command = bench.command();
    command.env("GATEPASS_SEAL_KEY", "").args(["check"]);
    finish(command, b"").ended(0);
}

#[test]
fn a_sealing_key_file_that_is_not_there_stops_nothing_but_what_needs_the_key() {
    let bench = Bench::new();
    let add = ["autoauth", "key", "add", "portal", "--key", "-", "--seal-key", "/nowhere", "--json"];
    let error = bench.feed(&add, b"a key of more than twenty characters").failed(2, "invalid", "invalid");
    assert_eq!(error["field"], "sealing_key_file");
    bench.ok("token list --seal-key /nowhere");
    bench.run(&["check", "--seal-key", "/nowhere"]).ended(1);
}

#[test]
fn a_key_in_the_folder_of_the_store_is_refused() {
    let bench = Bench::new();
    let error =
        bench.run(&["seal", "new", &bench.path("store/seal.key"), "--json"]).failed(2, "invalid", "invalid");
    assert_eq!(error["field"], "sealing_key_file");
    assert!(!std::path::Path::new(&bench.path("store/seal.key")).exists());
}

#[test]
fn an_export_takes_every_page_and_never_replaces_a_file() {
    let bench = Bench::new();
    for _ in 0..20 {
        bench.token();
    }
    let lines = bench.run(&["audit", "export", "--event", "token."]).ended(0).stdout;
    let events: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 20);
    assert_eq!(bench.ok("audit export --event token.").as_array().unwrap(), &events);
    assert_eq!(bench.ok("audit export --event token. --output out.jsonl")["events"], 20);
    assert_eq!(std::fs::read_to_string(bench.path("out.jsonl")).unwrap(), lines);
    let mode = std::fs::metadata(bench.path("out.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let store = bench.store();
    for taken in ["out.jsonl", store.to_str().unwrap()] {
        let error =
            bench.run(&["audit", "export", "--output", taken, "--json"]).failed(2, "invalid", "invalid");
        assert_eq!(error["field"], "output");
    }
    bench.ok("check");
    // The last 24 hours unless said otherwise, and nothing from before.
    assert_eq!(bench.ok("audit list --until 1h").as_array().unwrap().len(), 0);
    assert_eq!(bench.ok("audit list --since 2000-01-01 --until 2001-01-01").as_array().unwrap().len(), 0);
}

#[test]
fn a_restore_over_a_store_must_be_wanted() {
    let bench = Bench::new();
    bench.ok("backup copy.db");
    bench.ok("user add late@example.com");
    bench.run(&["restore", "copy.db"]).ended(2);
    assert_eq!(bench.ok("user list")["total"], 2);
    let restored = bench.ok("restore copy.db --yes");
    assert_eq!(restored["credentials_to_check"][0]["label"], "cli");
    assert_eq!(bench.ok("user list")["total"], 1);
    bench.ok("--store elsewhere.db restore copy.db");
    assert_eq!(bench.ok("--store elsewhere.db user list")["total"], 1);
}

#[test]
fn a_leaked_secret_takes_its_tokens_and_sessions_along() {
    let bench = Bench::new();
    bench.ok("admin add alice");
    let created = bench.ok("credential create portal --admin alice");
    let identifier = created["credential"]["identifier"].as_str().unwrap();
    let issue = |secret: &str| {
        let arguments =
            ["token", "issue", "--client", "1", "--identifier", identifier, "--secret", "-", "--json"];
        bench.feed(&arguments, secret.as_bytes())
    };
    let secret = created["secret"].as_str().unwrap().to_owned();
    let spent = issue(&secret).ended(0).document()["access_token"].as_str().unwrap().to_owned();
    let redeemed = bench.feed(&["token", "redeem", "-", "--json"], spent.as_bytes()).ended(0).document();
    let unspent = issue(&secret).ended(0).document()["access_token"].as_str().unwrap().to_owned();
    let rotated = bench.ok("credential rotate portal --leaked");
    assert_eq!((rotated["tokens_ended"].as_u64(), rotated["sessions_ended"].as_u64()), (Some(1), Some(1)));
    issue(&secret).failed(1, "refused", "authentication_failed");
    bench.feed(&["token", "redeem", "-", "--json"], unspent.as_bytes()).ended(1);
    let session = redeemed["session_id"].as_str().unwrap();
    bench.feed(&["session", "check", "-", "--json"], session.as_bytes()).failed(
        1,
        "refused",
        "session_ended",
    );
    let secret = rotated["secret"].as_str().unwrap().to_owned();
    bench.ok("credential rotate portal --overlap 1h");
    issue(&secret).ended(0);
    // What the leak ended is not ended once more.
    assert_eq!(bench.ok("credential revoke portal")["tokens_ended"], 1);
}
