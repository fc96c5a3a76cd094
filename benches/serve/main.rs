//! Throughput of `gatepass serve` against a bare "hello" of the same HTTP library, in turn in one run.
//!
//! `cargo bench --bench serve --features serve`: 8 connections for 10 seconds each. Each request is checked, and the
//! server's memory is read before and after.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod hello;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::Connection;
use gatepass::credential::{Limits, NewCredential};
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::{Gatepass, InitOptions};

const CONNECTIONS: usize = 8;

/// A server in a process of its own.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Start it, and wait for its first line.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on "), "{line}");
        Server(child)
    }

    /// Resident memory in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// One connection's work: asks once, and says whether the answer was right.
type Work<'a> = &'a (dyn Fn(&mut Connection) -> bool + Sync);

/// Requests answered per second, and how many were answered wrong.
fn load(address: &str, work: Work<'_>, time: Duration) -> (f64, u64) {
    let (answered, wrong) = (AtomicU64::new(0), AtomicU64::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut connection = Connection::new(address);
                while began.elapsed() < time {
                    if !work(&mut connection) {
                        wrong.fetch_add(1, Ordering::Relaxed);
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    (answered.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64(), wrong.into_inner())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn main() {
    let seconds =
        std::env::var("GATEPASS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let time = Duration::from_secs(seconds);
    if std::env::args().any(|argument| argument == "hello") {
        return hello::serve(std::env::args().next_back().unwrap().parse().unwrap());
    }

    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("gatepass.db");
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let gate = Gatepass::init(&store, &InitOptions::new(Mode::Managed, &url).unwrap()).unwrap();
    let ann = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
    let client =
        NewClient { email: "ann@example.com".into(), owner: Some(ann.user_id), ..NewClient::default() };
    gate.add_client(&client).unwrap();
    gate.add_admin("ops", None).unwrap();
    let credential = NewCredential {
        label: "bench".into(),
        admin: Some("ops".into()),
        limits: Limits::default(),
        ..NewCredential::default()
    };
    let issued = gate.create_credential(&credential).unwrap();
    let (identifier, secret) = (issued.credential.identifier.unwrap(), issued.secret.unwrap());
    drop(gate);

    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepass"));
    command.args(["--store", store.to_str().unwrap(), "serve", "--log", "off", "--listen"]);
    command.arg(format!("127.0.0.1:{port}"));
    let served = Server::start(command);
    let hello_port = free_port();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["hello", &hello_port.to_string()]);
    let hello = Server::start(command);

    let (address, hello_address) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{hello_port}"));
    let form = |action: &str| {
        format!("action={action}&identifier={identifier}&secret={}&responsetype=json&", secret.reveal())
    };
    let create = form("CreateSsoToken") + "client_id=1";
    let details = form("GetClientsDetails") + "clientid=1";
    let token = |body: &str| {
        body.split_once("\"access_token\":\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(token, _)| token.to_owned())
    };
    let works: [(&str, Work<'_>); 3] = [
        ("GetClientsDetails", &|connection| {
            let answer = connection.post("/includes/api.php", &details);
            answer.status == 200 && answer.body.contains("\"client_id\":1")
        }),
        ("CreateSsoToken", &|connection| {
            let answer = connection.post("/includes/api.php", &create);
            answer.status == 200 && token(&answer.body).is_some()
        }),
        ("CreateSsoToken, then its redemption", &|connection| {
            let answer = connection.post("/includes/api.php", &create);
            let Some(token) = token(&answer.body) else { return false };
            connection.get(&format!("/oauth/singlesignon.php?access_token={token}")).status == 303
        }),
    ];
    println!("{CONNECTIONS} connections, {seconds} s each\n");
    println!("| work | per second | hello per second | ratio | wrong | memory before, after (KiB) |");
    println!("|---|---|---|---|---|---|");
    let mut failed = false;
    for (name, work) in works {
        // Pages and threads that the first requests bring are no growth.
        load(&address, work, Duration::from_secs(1));
        let before = served.memory();
        let (rate, wrong) = load(&address, work, time);
        let after = served.memory();
        let (hello_rate, unanswered) =
            load(&hello_address, &|connection| connection.get("/").body == "hello", time);
        println!(
            "| {name} | {rate:.0} | {hello_rate:.0} | {:.2} | {} | {before}, {after} |",
            rate / hello_rate,
            wrong + unanswered
        );
        failed |= wrong + unanswered > 0;
    }
    drop((served, hello));
    assert!(!failed, "some answers were wrong");
}
