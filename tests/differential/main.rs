//! Where a path leads that our rule takes: Python's urllib and Chromium are asked, and both must say the same
//! as we do, below the system URL and byte by byte.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../programs/mod.rs"]
mod programs;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use gatepass::destination::{DenyTable, SafePath, SystemUrl};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const SYSTEMS: [&str; 4] = [
    "https://billing.example.com",
    "https://example.com/billing",
    "http://127.0.0.1:8080/a/b.c",
    "https://[2001:db8::1]:8443/x~y",
];

/// For each system this many paths, and what the fuzzer found.
const PATHS: usize = 2_000;

/// What paths are made of, most of it looked at more than once by somebody.
const PIECES: &[&str] = &[
    "a",
    "b.php",
    "/",
    "/",
    ".",
    "..",
    "...",
    "~",
    "-",
    "_",
    ":",
    "@",
    ";",
    ";a=b",
    "=",
    "&",
    "+",
    ",",
    "!",
    "$",
    "'",
    "(",
    ")",
    "*",
    "?",
    "?",
    "#",
    "#x",
    "%20",
    "%2e",
    "%2f",
    "%5c",
    "%25",
    "%252e",
    "%3a",
    "%3f",
    "%23",
    "%c3%a9",
    "%ff",
    "%09",
    "//",
    "\\",
    "http:",
    "x:y",
    "evil.example",
    "[",
    "]",
    "{",
    "}",
    "|",
    "^",
    "`",
    "\"",
    "<",
    "%",
    "%zz",
    "é",
    " ",
    "\t",
    "rp=/announcements",
    "u=http://evil.example/",
    "javascript:",
    "1",
    "index.php",
];

/// A path that our rule takes for a system.
struct Taken {
    system: SystemUrl,
    path: String,
}

/// Where somebody says that a path leads.
struct Lands {
    /// As a relative reference, from the home page.
    relative: Value,
    /// As the address that we send a browser to, from the sign-in page.
    absolute: Value,
}

fn taken() -> Vec<Taken> {
    let deny = DenyTable::default();
    let mut runner = TestRunner::deterministic();
    let path = prop::collection::vec(prop::sample::select(PIECES), 1..8).prop_map(|pieces| pieces.concat());
    let mut all = Vec::new();
    for system in SYSTEMS.map(|text| SystemUrl::parse(text).unwrap()) {
        let mut paths = BTreeSet::new();
        while paths.len() < PATHS {
            let path = path.new_tree(&mut runner).unwrap().current();
            paths.extend(SafePath::parse(&path, &system, &deny).ok().map(|path| path.to_string()));
        }
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/path");
        for input in std::fs::read_dir(corpus).unwrap() {
            let input = std::fs::read(input.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(input.get(1..).unwrap_or_default()).into_owned();
            paths.extend(SafePath::parse(&text, &system, &deny).ok().map(|path| path.to_string()));
        }
        all.extend(paths.into_iter().map(|path| Taken { system: system.clone(), path }));
    }
    all
}

/// What a rule would take that is too kind, for the system with a folder; the judges must see each.
fn kindly_taken() -> Vec<Taken> {
    let paths = [
        "//evil.example/x",
        "https://evil.example/x",
        "/x",
        "../x",
        "a/../../x",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "a\\..\\..\\x",
        "%2e%2e/x",
        "x\r\n",
        " x",
    ];
    let system = SystemUrl::parse(SYSTEMS[1]).unwrap();
    paths.map(|path| Taken { system: system.clone(), path: path.to_owned() }).into()
}

/// What is wrong with where a path leads; `differs` is told what an address may become.
fn fault(taken: &Taken, lands: &Lands, differs: fn(&str) -> String) -> Option<String> {
    let wanted = differs(&format!("{}/{}", taken.system, taken.path));
    let way = |name: &str, told: &Value| match told.as_str() {
        Some(told) if told == wanted => None,
        _ => Some(format!("{name} {:?} leads to {told} and not to {wanted}", taken.path)),
    };
    way("the relative", &lands.relative).or_else(|| way("the absolute", &lands.absolute))
}

/// All are judged; those of the rule that is too kind must be `noticed`.
fn judge(name: &str, ask: impl Fn(&[Taken]) -> Vec<Lands>, differs: fn(&str) -> String, noticed: &[&str]) {
    let all = taken();
    let lands = ask(&all);
    assert_eq!(all.len(), lands.len());
    let faults: Vec<_> =
        all.iter().zip(&lands).filter_map(|(taken, lands)| fault(taken, lands, differs)).collect();
    let shown = faults.iter().take(20).collect::<Vec<_>>();
    assert!(faults.is_empty(), "{name}: {} of {} paths: {shown:#?}", faults.len(), all.len());

    let kindly = kindly_taken();
    let lands = ask(&kindly);
    let seen = kindly.iter().zip(&lands).filter(|(taken, lands)| fault(taken, lands, differs).is_some());
    let seen: BTreeSet<&str> = seen.map(|(taken, _)| taken.path.as_str()).collect();
    let missed: Vec<_> = noticed.iter().filter(|path| !seen.contains(**path)).collect();
    assert!(missed.is_empty(), "{name} does not notice {missed:?}");
    eprintln!(
        "{name}: {} paths land where we said, {} of {} bad ones noticed",
        all.len(),
        seen.len(),
        kindly.len()
    );
}

fn cases(all: &[Taken]) -> Vec<Value> {
    all.iter().map(|taken| json!([taken.system.as_str(), taken.path])).collect()
}

fn lands(told: Value) -> Vec<Lands> {
    let pair = |pair: &Value| Lands { relative: pair[0].clone(), absolute: pair[1].clone() };
    told.as_array().unwrap().iter().map(pair).collect()
}

fn urllib(all: &[Taken]) -> Vec<Lands> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/urls.py");
    let mut python =
        Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let cases = Value::from(cases(all)).to_string();
    let mut pipe = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(cases.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    lands(serde_json::from_slice(&output.stdout).unwrap())
}

/// A page is opened that writes down what the browser makes of each.
fn chromium(all: &[Taken]) -> Vec<Lands> {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("urls.html");
    let cases = Value::from(cases(all)).to_string().replace('<', "\\u003c");
    std::fs::write(&page, include_str!("urls.html").replace("CASES", &cases)).unwrap();
    let output = Command::new("timeout")
        .args(["600", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told = text.split_once("<pre>").and_then(|(_, rest)| Some(rest.split_once("</pre>")?.0));
    let told = BASE64_STANDARD.decode(told.unwrap_or_else(|| panic!("no answer: {text:.300}"))).unwrap();
    lands(serde_json::from_slice(&told).unwrap())
}

/// urllib writes no empty query, no empty fragment and no empty parameters (`;`) of the last segment, and
/// leads to the same page all the same.
fn without_empty_ends(address: &str) -> String {
    let (page, fragment) = address.split_once('#').unwrap_or((address, ""));
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let path = match name.split_once(';') {
        Some((name, "")) => &path[..folder.len() + 1 + name.len()],
        _ => path,
    };
    let part = |sign: &str, text: &str| if text.is_empty() { String::new() } else { format!("{sign}{text}") };
    format!("{path}{}{}", part("?", query), part("#", fragment))
}

#[test]
fn urllib_lands_where_we_said() {
    if programs::is_here("python3", "urllib_lands_where_we_said") {
        // It knows no backslashes, and takes tabs away at other places than a browser.
        let noticed =
            ["//evil.example/x", "https://evil.example/x", "/x", "../x", "a/../../x", "javascript:alert(1)"];
        judge("urllib", urllib, without_empty_ends, &noticed);
    }
}

#[test]
fn chromium_lands_where_we_said() {
    if programs::is_here("chromium", "chromium_lands_where_we_said") {
        let noticed: Vec<String> = kindly_taken().into_iter().map(|taken| taken.path).collect();
        let noticed: Vec<&str> = noticed.iter().map(String::as_str).collect();
        judge("Chromium", chromium, str::to_owned, &noticed);
    }
}
