//! What crossing into the library costs: issue, inspect, session check and redeem from C, Python and PHP,
//! against the same calls from Rust, by turns in one run on one disk. What counts is the ratio.
//!
//! Needs `target/release/libgatepass.so` (`cargo build --release -p gatepass-c`), `cc`, `python3` and `php`.
//! Run it with `cargo bench --bench crossing`; a number of rounds and of calls per round may be given:
//! `cargo bench --bench crossing -- 9 400`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::ClientId;
use gatepass::session::SessionId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{Gatepass, InitOptions};

const ACTS: [&str; 4] = ["issue", "inspect", "redeem", "session check"];

/// Microseconds a call, act by act.
type Times = [f64; 4];

/// The work that every language does: `count` of each act, one after the other.
fn rust(path: &Path, count: usize) -> Times {
    let gate = Gatepass::open(path).unwrap();
    let caller = gate.host_caller("cli").unwrap();
    let request = || {
        IssueRequest::for_client(ClientId::new(1).unwrap()).destination("clientarea:invoices").actor("bench")
    };
    let mut tokens: Vec<String> = Vec::new();
    let mut sessions: Vec<String> = Vec::new();
    let token = |text: &String| Token::parse(text).unwrap();
    [
        timed(count, |_| {
            let issued = gate.issue(&caller, &request()).unwrap();
            assert!(!issued.redirect_url.is_empty());
            tokens.push(issued.token.reveal());
        }),
        timed(count, |round| {
            std::hint::black_box(gate.inspect(&token(&tokens[round]), None).unwrap());
        }),
        timed(count, |round| {
            let redeemed = gate.redeem(&RedeemRequest::new(token(&tokens[round]))).unwrap();
            sessions.push(redeemed.session.unwrap().reveal());
        }),
        timed(count, |round| {
            let session = SessionId::parse(&sessions[round]).unwrap();
            std::hint::black_box(gate.check_session(&session, None).unwrap());
        }),
    ]
}

fn timed(count: usize, mut act: impl FnMut(usize)) -> f64 {
    let begun = Instant::now();
    (0..count).for_each(&mut act);
    begun.elapsed().as_secs_f64() * 1e6 / count as f64
}

/// The same work by another program, which prints the four times.
fn by_program(program: &mut Command, path: &Path, count: usize) -> Times {
    let output = program.arg(path).arg(count.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let times: Vec<f64> =
        String::from_utf8(output.stdout).unwrap().split_whitespace().map(|it| it.parse().unwrap()).collect();
    times.try_into().expect("four times")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The C program, compiled against the committed header.
fn compiled(root: &Path, library: &Path, folder: &Path) -> PathBuf {
    let program = folder.join("crossing");
    let status = Command::new("cc")
        .args(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", "-o"])
        .arg(&program)
        .arg(root.join("benches/crossing/crossing.c"))
        .arg("-I")
        .arg(root.join("include"))
        .arg(library)
        .status()
        .unwrap();
    assert!(status.success());
    std::os::unix::fs::symlink(library, folder.join("libgatepass.so.1")).unwrap();
    program
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let rounds = numbers.next().unwrap_or(9);
    let count = numbers.next().unwrap_or(400);

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = std::env::var_os("GATEPASS_LIBRARY")
        .map_or_else(|| root.join("target/release/libgatepass.so"), PathBuf::from);
    assert!(library.exists(), "build it first: cargo build --release -p gatepass-c");
    let folder = tempfile::tempdir_in(".").unwrap();
    let c = compiled(root, &library, folder.path());
    let program = |name: &str| match name {
        "C" => {
            let mut command = Command::new(&c);
            command.env("LD_LIBRARY_PATH", folder.path());
            command
        }
        "Python" => {
            let mut command = Command::new("python3");
            command.arg(root.join("benches/crossing/crossing.py"));
            command.env("PYTHONPATH", root.join("bindings/python/src"));
            command.env("PYTHONDONTWRITEBYTECODE", "1");
            command
        }
        _ => {
            let mut command = Command::new("php");
            command.arg(root.join("benches/crossing/crossing.php"));
            command
        }
    };

    let languages = ["C", "Python", "PHP"];
    let mut ratios = vec![[const { Vec::new() }; 4]; languages.len()];
    let mut spent = [const { Vec::new() }; 4];
    for round in 0..rounds {
        let path = folder.path().join(format!("{round}.db"));
        let init = InitOptions::new(Mode::Managed, "https://billing.example.com").unwrap();
        let gate = Gatepass::init(&path, &init).unwrap();
        let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
        let owner = Some(user.user_id);
        gate.add_client(&NewClient { email: "ann@example.com".into(), owner, ..NewClient::default() })
            .unwrap();
        drop(gate);
        let ours = rust(&path, count);
        for (act, time) in ours.iter().enumerate() {
            spent[act].push(*time);
        }
        for (language, ratios) in languages.iter().zip(&mut ratios) {
            let mut command = program(language);
            let theirs = by_program(command.env("GATEPASS_LIBRARY", &library), &path, count);
            for act in 0..ACTS.len() {
                ratios[act].push(theirs[act] / ours[act]);
            }
        }
    }
    println!(
        "{rounds} rounds of {count} calls; times from Rust, then the others as multiples of it (medians)"
    );
    println!("{:14} {:>9} {:>8} {:>8} {:>8}", "", "Rust", languages[0], languages[1], languages[2]);
    for (act, name) in ACTS.iter().enumerate() {
        print!("{name:14} {:>6.1} µs", median(spent[act].clone()));
        for ratios in &ratios {
            print!(" {:>8.2}", median(ratios[act].clone()));
        }
        println!();
    }
}
