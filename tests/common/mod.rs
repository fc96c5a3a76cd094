//! What the integration tests share: a store in a folder of its own, people in it, a second look at the file,
//! and other processes.
//!
//! The second look is a connection of the same SQLite library that the store uses: SQLite's locks are POSIX
//! locks, and nobody else in this process may open the file (see the library's own notes). Other processes
//! are this same test program, started again with a job to do.

#![allow(dead_code, unreachable_pub)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gatepass::clock::{ManualClock, Timestamp};
use gatepass::credential::Caller;
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::secret::Secret;
use gatepass::token::{IssueRequest, Issued, RedeemRequest, Redemption};
use gatepass::{Error, Gatepass, InitOptions, Options, Reason};

/// When tests with a clock of their own begin: a whole minute.
pub const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The system that the tests' stores sign in to.
pub const SYSTEM: &str = "https://billing.example.com";

/// A folder that is gone with the test, and the path of a store in it.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub store: PathBuf,
}

/// Set for tests whose stores have no gate.
const WITHOUT_GATE: &str = "GATEPASS_TEST_WITHOUT_GATE";

/// Run all other tests of this program once more on stores that have no gate. `own` is the caller.
#[allow(dead_code, reason = "not for every program of tests")]
pub fn everything_holds_without_the_gate(own: &str) {
    if std::env::var_os(WITHOUT_GATE).is_some() {
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--skip", own])
        .env(WITHOUT_GATE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    let passed = told.lines().find_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next());
    assert!(passed.is_some_and(|count| count.parse::<u32>().unwrap() > 5), "{told}");
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store").join("gatepass.db");
        std::fs::create_dir(store.parent().unwrap()).unwrap();
        let place = Place { folder, store };
        if std::env::var_os(WITHOUT_GATE).is_some() {
            // A folder can't be locked, so that everybody goes on without.
            std::fs::create_dir(place.suffixed("-gate")).unwrap();
        }
        place
    }

    /// A path beside the store's folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The store's path with something behind it: `-wal`.
    pub fn suffixed(&self, suffix: &str) -> PathBuf {
        let mut name = self.store.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// Make the store.
    pub fn init(&self, mode: Mode) -> Gatepass {
        self.init_with(mode, Options::new())
    }

    pub fn init_with(&self, mode: Mode, options: Options) -> Gatepass {
        options.init(&self.store, &InitOptions::new(mode, SYSTEM).unwrap()).unwrap()
    }

    /// Make the store with a clock that is moved by hand.
    pub fn init_at_start(&self, mode: Mode) -> (Gatepass, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(START));
        (self.init_with(mode, Options::new().clock(clock.clone())), clock)
    }

    /// Another look at the file, by the same library.
    pub fn spy(&self) -> Spy {
        Spy::on(&self.store)
    }
}

/// A connection that only looks.
pub struct Spy(rusqlite::Connection);

impl Spy {
    pub fn on(path: &Path) -> Self {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let spy = rusqlite::Connection::open_with_flags(path, flags).unwrap();
        spy.busy_timeout(Duration::from_secs(10)).unwrap();
        Spy(spy)
    }

    /// A number that changes whenever anybody else commits something.
    pub fn version(&self) -> i64 {
        self.0.pragma_query_value(None, "data_version", |row| row.get(0)).unwrap()
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Every row of every table but those named, as text. Left out is also the mark by which a synced act
    /// that found nothing to change makes SQLite sync.
    pub fn dump_without(&self, left_out: &[&str]) -> Vec<String> {
        let mut tables = self
            .0
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .unwrap();
        let names: Vec<String> =
            tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let mut rows = Vec::new();
        for name in names.iter().filter(|name| !left_out.contains(&name.as_str())) {
            let mut all = self.0.prepare(&format!("SELECT * FROM {name}")).unwrap();
            let columns = all.column_count();
            let mark = all.column_names().position(|column| column == "syncs");
            let mut found = all.query([]).unwrap();
            while let Some(row) = found.next().unwrap() {
                let value = |at| row.get::<_, rusqlite::types::Value>(at).unwrap();
                let values: Vec<_> = (0..columns).filter(|at| Some(*at) != mark).map(value).collect();
                rows.push(format!("{name} {values:?}"));
            }
        }
        rows.sort();
        rows
    }
}

/// A user who owns a client, both with that address.
pub fn person(gate: &Gatepass, email: &str) -> (UserId, ClientId) {
    let user = gate.add_user(&NewUser { email: email.into(), ..NewUser::default() }).unwrap();
    let client = gate
        .add_client(&NewClient { email: email.into(), owner: Some(user.user_id), ..NewClient::default() })
        .unwrap();
    (user.user_id, client.client_id)
}

/// The caller that every store has.
pub fn portal(gate: &Gatepass) -> Caller {
    gate.host_caller("cli").unwrap()
}

pub fn issue(gate: &Gatepass, client: ClientId) -> Issued {
    gate.issue(&portal(gate), &IssueRequest::for_client(client)).unwrap()
}

pub fn redeem(gate: &Gatepass, issued: &Issued) -> gatepass::Result<Redemption> {
    gate.redeem(&RedeemRequest::new(issued.token.clone()))
}

/// The reason of a refusal; anything else fails the test.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: gatepass::Result<T>) -> Reason {
    match result {
        Err(Error::Refused(refusal)) => refusal.reason,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// The field of an invalid value; anything else fails the test.
#[track_caller]
pub fn invalid<T: std::fmt::Debug>(result: gatepass::Result<T>) -> String {
    match result {
        Err(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("expected an invalid value, got {other:?}"),
    }
}

/// A secret of the tests' own.
pub fn secret(text: &str) -> Secret {
    Secret::new(text)
}

/// Names the job of a process that was started by [`start`].
const JOB: &str = "GATEPASS_TEST_JOB";

/// What this process was started for; `None` in the test run itself.
pub fn job() -> Option<Vec<String>> {
    let job = std::env::var(JOB).ok()?;
    Some(job.split('\u{1f}').map(str::to_owned).collect())
}

/// Start this test program once more for one of its tests, which finds the words in [`job`].
pub fn start(test: &str, words: &[&str]) -> Child {
    command(test, words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// The command that does so.
pub fn command(test: &str, words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(JOB, words.join("\u{1f}"));
    command
}

/// Say a line to the process that started this one. It has left this process when the call returns.
pub fn say(line: &str) {
    // The test harness writes to the same pipe, so a line begins with a break and a mark of its own.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Hear the lines of a process as they come, until it ends.
pub fn hear(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = BufReader::new(child.stdout.take().unwrap());
    out.split(b'\n').map_while(Result::ok).filter_map(|line| {
        let line = String::from_utf8_lossy(&line).into_owned();
        line.strip_prefix('@').map(str::to_owned)
    })
}

/// Tell that this process is ready, and wait until it may go on; the line that it was told then.
pub fn wait_for_go() -> String {
    say("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// Microseconds since 1970, by the clock that all processes share.
pub fn micros() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()
}

/// Wait for that moment, the last of it without sleeping so that all who wait begin together.
pub fn wait_until(moment: u128) {
    loop {
        let left = moment.saturating_sub(micros());
        match left {
            0 => return,
            1_000.. => std::thread::sleep(Duration::from_micros(u64::try_from(left - 500).unwrap())),
            _ => std::hint::spin_loop(),
        }
    }
}

/// Wait for a process's end; it must have succeeded.
#[track_caller]
pub fn done(mut child: Child) {
    assert!(child.wait().unwrap().success(), "a process of the test failed; its output stands above");
}

/// Release all processes when each is ready, do something `meanwhile`, and give what each said. They are told
/// one moment, in [`micros`], at which to begin.
pub fn run_together(mut children: Vec<Child>, meanwhile: impl FnOnce(u128)) -> Vec<Vec<String>> {
    let threads: Vec<_> = children
        .iter_mut()
        .map(|child| {
            let lines = hear(child);
            let (ready, is_ready) = std::sync::mpsc::channel();
            let thread = std::thread::spawn(move || {
                let mut heard = Vec::new();
                for line in lines {
                    match line.as_str() {
                        "ready" => ready.send(()).unwrap(),
                        _ => heard.push(line),
                    }
                }
                heard
            });
            (is_ready, thread)
        })
        .collect();
    for (is_ready, _) in &threads {
        is_ready.recv_timeout(Duration::from_secs(60)).expect("a process of the test did not get ready");
    }
    let moment = micros() + 50_000;
    for child in &mut children {
        child.stdin.take().unwrap().write_all(format!("{moment}\n").as_bytes()).unwrap();
    }
    meanwhile(moment);
    let heard = threads.into_iter().map(|(_, thread)| thread.join().unwrap()).collect();
    children.into_iter().for_each(done);
    heard
}
