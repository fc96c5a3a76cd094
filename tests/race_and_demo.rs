//! The two self-checks of the tool, as a user starts them: what they print, how they end, and that they leave
//! nothing behind.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail it by panicking")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

fn tool(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepass"));
    command.args(arguments).arg("--folder").arg(folder);
    command.env_remove("GATEPASS_STORE").env_remove("NO_COLOR");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    tool(folder, arguments).output().unwrap()
}

/// The one document on stdout.
fn document(output: &Output) -> Value {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    serde_json::from_str(text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    })
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn every_step_of_the_demo_comes_out_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["demo", "--json"]);
    let document = document(&output);
    let steps = document["steps"].as_array().unwrap();
    for step in steps {
        assert_eq!(step["ok"], true, "{step:#}");
        let checks = step["checks"].as_array().unwrap();
        assert!(!checks.is_empty(), "{} compares nothing", step["title"]);
        assert!(checks.iter().all(|check| check["promised"] == check["found"]), "{step:#}");
    }
    assert_eq!(steps.len(), 15);
    assert_eq!(document["ok"], true);
    assert_eq!(output.status.code(), Some(0));
    assert!(is_empty(folder.path()), "the demo left something behind");
}

#[test]
fn the_demo_tells_people_every_step_without_colours_for_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["demo"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.starts_with(" 1  "), "{text}");
    assert!(text.contains(r#"{"result":"success","access_token":""#), "{text}");
    assert!(text.contains(r"https:\/\/billing.example.com\/oauth\/singlesignon.php?access_token="), "{text}");
    assert!(!text.contains('✗') && !text.contains('\x1b'), "{text}");
    assert!(text.trim_end().lines().last().unwrap().starts_with("All 15 steps"), "{text}");
}

#[test]
fn each_token_of_a_race_is_redeemed_once() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["race", "--processes", "4", "--tokens", "40", "--json"]);
    let found = document(&output);
    assert_eq!(found["winners_per_token"], json!({ "1": 40 }), "{found:#}");
    assert_eq!(found["losers_heard"], json!({ "token_redeemed": 120 }), "{found:#}");
    assert_eq!(found["forgotten_tokens"], 0);
    assert!(found["overlapped_tokens"].as_u64().unwrap() >= 10, "{found:#}");
    assert_eq!(found["ok"], true);
    assert_eq!(output.status.code(), Some(0));
    assert!(is_empty(folder.path()), "the race left something behind");
}

#[test]
fn a_redemption_that_looks_first_and_spends_later_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["race", "--broken", "--processes", "4", "--tokens", "40", "--json"]);
    let found = document(&output);
    assert_eq!(found["caught"], true, "{found:#}");
    assert_eq!(found["ok"], true);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn each_link_of_a_race_is_opened_as_often_as_it_allows() {
    let folder = tempfile::tempdir().unwrap();
    for uses in [1, 3] {
        let uses_text = uses.to_string();
        let links = ["--links", "--uses", &uses_text];
        let output = run(folder.path(), &[&["race", "--tokens", "40", "--json"], &links[..]].concat());
        let found = document(&output);
        assert_eq!(found["winners_per_link"], json!({ uses_text.as_str(): 40 }), "{found:#}");
        assert_eq!(found["losers_heard"], json!({ "link_used": 40 * (8 - uses) }), "{found:#}");
        assert_eq!((&found["forgotten_links"], &found["uses"]), (&json!(0), &json!(uses)));
        assert!(found["overlapped_links"].as_u64().unwrap() >= 10, "{found:#}");
        assert_eq!(found["ok"], true);
        assert_eq!(output.status.code(), Some(0));

        let broken = [&["race", "--broken", "--tokens", "40", "--json"], &links[..]].concat();
        let output = run(folder.path(), &broken);
        let found = document(&output);
        assert_eq!(found["caught"], true, "{found:#}");
        assert_eq!(output.status.code(), Some(0));
    }
    assert!(is_empty(folder.path()), "the race left something behind");
}

#[test]
fn the_race_is_held_beside_the_store_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gatepass"))
        .args(["race", "--processes", "2", "--tokens", "1", "--json", "--store"])
        .arg(folder.path().join("gatepass.db"))
        .output()
        .unwrap();
    let found = document(&output);
    assert_eq!(found["folder"].as_str().map(Path::new), Some(folder.path()));
    assert!(is_empty(folder.path()));
}

#[test]
fn what_can_not_be_raced_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    for bad in [
        &["--processes", "1"][..],
        &["--processes", "65"],
        &["--processes", "many"],
        &["--tokens", "0"],
        &["--tokens", "-1"],
        &["--winners", "1"],
        &["--uses", "2"],
        &["--links", "--uses", "0"],
        &["--links", "--processes", "3", "--uses", "3"],
    ] {
        let output = run(folder.path(), &[&["race"], bad].concat());
        assert_eq!(output.status.code(), Some(2), "{bad:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{bad:?}");
    }
    for command in ["race", "demo"] {
        let output = run(&folder.path().join("nowhere"), &[command]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("folder"), "{command}");
    }
    assert!(is_empty(folder.path()));
}

#[test]
fn a_race_whose_parent_is_killed_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut race = tool(folder.path(), &["race", "--processes", "3", "--tokens", "100000"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let give_up = Instant::now() + Duration::from_secs(30);
    let wait_until = |done: &dyn Fn() -> bool, what: &str| {
        while !done() {
            assert!(Instant::now() < give_up, "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait_until(&|| !is_empty(folder.path()), "the race did not begin");
    // Long enough for its processes to be racing.
    std::thread::sleep(Duration::from_secs(2));
    race.kill().unwrap();
    race.wait().unwrap();
    wait_until(&|| is_empty(folder.path()), "the store of a killed race stayed");
}
