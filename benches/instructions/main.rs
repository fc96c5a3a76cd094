//! How many instructions the parts take that only compute, counted by callgrind: no clock, so no noise.
//!
//! `benches/instructions/check` compares with what stands in `expected.txt` and fails when a part has come to take more
//! than [`TOLERANCE`] allows; `--write` writes the file anew. Each time it also counts a variant of each part
//! that does a little more than it must, and fails if that one is not caught. Answers whose cost must not
//! tell what is known are compared with each other, see [`pairs`].
//!
//! Another compiler or processor gives other counts: with another release of rustc, or on another
//! architecture than the file names, they are shown and nothing fails. Whoever changes the compiler writes
//! the file anew.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pairs;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::{Command, ExitCode};

use gatepass::autoauth::{Link, sign};
use gatepass::clock::Timestamp;
use gatepass::destination::{DenyTable, SafePath, SystemUrl};
use gatepass::secret::Secret;
use gatepass::token::Token;
use pairs::{EARLY, GROUPS};

/// How much more than expected a part may take.
const TOLERANCE: f64 = 1.05;

/// How often each is done while it is counted. In the slower variant one in `SLOWER` is done twice.
const TIMES: u64 = 200;
const SLOWER: u64 = 10;

/// Names in the order of the file. What each does is in [`run`].
const PARTS: [&str; 4] = ["autoauth_parse_and_verify", "token_parse", "token_digest", "path_rule"];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [flag, part, slower] if flag == "--run" => {
            run(part, slower == "slower");
            return ExitCode::SUCCESS;
        }
        [flag, group, answer] if flag == "--answer" => {
            let times = GROUPS.iter().find(|it| it.name == group).unwrap().times;
            // Whatever is prepared once has been by then, but every name has its failures counted.
            pairs::counted(group, answer, |act| {
                if times > 10 {
                    act();
                }
                counted_part(act, times, None);
            });
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    if !words.iter().any(|word| word == "--bench") {
        // `cargo test --benches`: shows that each part works.
        PARTS.iter().for_each(|part| run(part, false));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: no valgrind here, so no instructions are counted");
        return if std::env::var_os("CI").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let alike = answers_cost_alike();
    let counted: BTreeMap<&str, u64> = PARTS.into_iter().map(|part| (part, count(part, false))).collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/expected.txt");
    if words.iter().any(|word| word == "--write") {
        std::fs::write(file, written(&counted)).unwrap();
    }
    let checked = check(&counted, &std::fs::read_to_string(file).unwrap());
    if alike { checked } else { ExitCode::FAILURE }
}

/// Whether what is unknown costs what is known and wrong does; told line by line.
fn answers_cost_alike() -> bool {
    let mut alike = true;
    for group in &GROUPS {
        let take = |answer: &str| measured(&["--answer", group.name, answer]) / group.times;
        let costs: Vec<(&str, u64)> = group.answers.iter().map(|answer| (*answer, take(answer))).collect();
        let ratio = |costs: &[(&str, u64)]| {
            let (most, least) = (costs.iter().map(|it| it.1).max(), costs.iter().map(|it| it.1).min());
            most.unwrap() as f64 / least.unwrap().max(1) as f64
        };
        let found = ratio(&costs);
        // A guard that asks nothing where it knows of nothing.
        let caught = ratio(&[costs[1], (EARLY, take(EARLY))]) > group.allowed;
        alike &= caught && found <= group.allowed;
        let told: Vec<String> = costs.iter().map(|(answer, cost)| format!("{answer} {cost}")).collect();
        println!(
            "{:<12}{:>8.3} of {:<6}{:<12}{}",
            group.name,
            found,
            group.allowed,
            if caught { "caught" } else { "NOT CAUGHT" },
            told.join(", ")
        );
    }
    if !alike {
        println!("the cost of an answer tells what is known, or a guard that returns early was not caught");
    }
    alike
}

/// Instructions of one time.
fn count(part: &str, slower: bool) -> u64 {
    measured(&["--run", part, if slower { "slower" } else { "as-it-is" }]) / TIMES
}

/// Instructions within [`counted_part`] of this program with these arguments.
fn measured(arguments: &[&str]) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=counted_part"])
        .arg(std::env::current_exe().unwrap())
        .args(arguments)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    log.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .filter(|total| *total > 0)
        .unwrap_or_else(|| panic!("callgrind told no count: {log}"))
}

fn check(counted: &BTreeMap<&str, u64>, expected: &str) -> ExitCode {
    let expected: BTreeMap<&str, &str> = expected
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let same_compiler = expected["compiler"] == compiler();
    if !same_compiler {
        println!("counted with {}, expected with {}: nothing is compared", compiler(), expected["compiler"]);
    }
    let mut failed = false;
    println!(
        "{:<28}{:>12}{:>12}{:>10}{:>18}",
        "instructions", "counted", "expected", "ratio", "slower variant"
    );
    for (part, &count_now) in counted {
        let allowed: u64 = expected[part].parse().unwrap();
        let slower = count(part, true);
        let over = |count: u64, base: u64| count as f64 > base as f64 * TOLERANCE;
        // Of what it takes now, even if that is less than expected.
        let caught = over(slower, count_now.min(allowed));
        println!(
            "{part:<28}{count_now:>12}{allowed:>12}{:>10.3}{:>18}",
            count_now as f64 / allowed as f64,
            if caught { "caught" } else { "NOT CAUGHT" }
        );
        if same_compiler && over(allowed, count_now) {
            println!("{part} takes less than expected: --write, or it may come to take as much again unseen");
        }
        failed |= !caught || (same_compiler && over(count_now, allowed));
    }
    if failed {
        println!(
            "a part takes more than {TOLERANCE} of what is expected, or the slower variant was not caught"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn written(counted: &BTreeMap<&str, u64>) -> String {
    let head = "# Instructions of each part, one time: benches/instructions/check --write\n";
    let lines = counted.iter().map(|(part, count)| format!("{part} {count}\n"));
    format!("{head}compiler {}\n{}", compiler(), lines.collect::<String>())
}

/// What a count depends on besides the source: the compiler's release (`1.95`), the architecture, and the
/// versions of Valgrind and of the C library, whose functions for copying are counted too.
fn compiler() -> String {
    let told = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let rustc = told("rustc");
    let release = rustc.split(' ').nth(1).unwrap_or_default();
    let release = release.rsplit_once('.').map_or(release, |(release, _)| release);
    let last_word = |text: String| {
        text.lines().next().and_then(|line| line.split(' ').next_back()).unwrap_or("?").to_owned()
    };
    let (valgrind, libc) = (last_word(told("valgrind")), last_word(told("ldd")));
    format!("{release} {} {valgrind} libc-{libc}", std::env::consts::ARCH)
}

/// The function between whose beginning and end callgrind counts; it knows it by this name.
#[unsafe(no_mangle)]
#[inline(never)]
fn counted_part(act: &dyn Fn(), times: u64, slower: Option<u64>) {
    for time in 0..times {
        act();
        if slower.is_some_and(|slower| time % slower == 0) {
            act();
        }
    }
}

fn run(part: &str, slower: bool) {
    let counted_part = |act: &dyn Fn()| counted_part(act, TIMES, slower.then_some(SLOWER));
    let key = Secret::new("a key of more than twenty characters");
    let at = Timestamp::from_seconds(1_800_000_000);
    let goto = "clientarea.php?action=productdetails&id=1";
    let link =
        sign("https://billing.example.com/dologin.php", "ann.example@example.com", at, &key, Some(goto))
            .unwrap();
    let (_, query) = link.split_once('?').unwrap();
    let token = "018bcfe568000102030405060708090a0b0c0d0e";
    let parsed = Token::parse(token).unwrap();
    let reference = parsed.reference();
    let base = SystemUrl::parse("https://billing.example.com/portal").unwrap();
    let deny = DenyTable::default();
    match part {
        "autoauth_parse_and_verify" => counted_part(&|| {
            let link = Link::parse(black_box(query.as_bytes())).unwrap();
            assert!(black_box(link.matched_by(black_box(&key))).is_some());
        }),
        "token_parse" => counted_part(&|| assert!(black_box(Token::parse(black_box(token))).is_some())),
        "token_digest" => counted_part(&|| assert!(black_box(black_box(&parsed).reference() == reference))),
        "path_rule" => counted_part(&|| {
            let path = "clientarea.php?action=productdetails&id=1#tabOverview";
            drop(black_box(SafePath::parse(black_box(path), &base, &deny).unwrap()));
        }),
        other => panic!("no part {other:?}"),
    }
}
