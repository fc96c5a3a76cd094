//! What the tests of the opening rules share: stores in folders of their own, and the test itself run once
//! more as a child, with a part to play, where a rule is about processes.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use gatepass::directory::Mode;
use gatepass::id::UserId;
use gatepass::token::{IssueRequest, RedeemRequest, Token};
use gatepass::{Error, Gatepass, InitOptions, Options, StoreError};

const PART: &str = "GATEPASS_TEST_PART";
const PLACE: &str = "GATEPASS_TEST_PLACE";

/// The part that this process plays, if it was started by [`play`].
pub(crate) fn part() -> Option<String> {
    std::env::var(PART).ok()
}

/// The path that a child was given.
pub(crate) fn place() -> PathBuf {
    std::env::var_os(PLACE).expect("a child gets a path").into()
}

/// The command that runs `test` of this same program as a child which plays `part` at `place`.
pub(crate) fn play(test: &str, part: &str, place: &Path) -> Command {
    played_by(&std::env::current_exe().unwrap(), test, part, place)
}

/// The same by a copy of the program, for users who may not read where it was built.
pub(crate) fn played_by(program: &Path, test: &str, part: &str, place: &Path) -> Command {
    let mut command = Command::new(program);
    as_part(&mut command, test, part, place);
    command
}

/// The same behind other programs (`strace`, `setpriv`), which run what follows them.
pub(crate) fn played_under(
    wrapper: &[&str],
    program: &Path,
    test: &str,
    part: &str,
    place: &Path,
) -> Command {
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(program);
    as_part(&mut command, test, part, place);
    command
}

fn as_part(command: &mut Command, test: &str, part: &str, place: &Path) {
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(PART, part).env(PLACE, place);
}

/// Run a child to its end; it must succeed. What it printed is given back.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    assert!(text.contains("1 passed"), "the child ran no test:\n{text}");
    text
}

/// A child that is talked to line by line.
pub(crate) struct Talk {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Talk {
    pub(crate) fn start(mut command: Command) -> Talk {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take();
        Talk { child, input, output }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Wait until the child [says](say) this.
    pub(crate) fn hear(&mut self, wanted: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the child ended before it said {wanted}");
            if line.trim_end().ends_with(&format!("«{wanted}»")) {
                return;
            }
        }
    }

    /// Let a child that [listens](listen) go on.
    pub(crate) fn go_on(&mut self) {
        self.input.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn end(mut self) -> ExitStatus {
        drop(self.input.take());
        std::io::copy(&mut self.output, &mut std::io::sink()).unwrap();
        self.child.wait().unwrap()
    }
}

/// A child tells its parent how far it is.
pub(crate) fn say(text: &str) {
    println!("«{text}»");
}

/// A child waits for its parent.
pub(crate) fn listen() {
    let mut line = String::new();
    assert!(std::io::stdin().read_line(&mut line).unwrap() > 0, "the parent is gone");
}

/// What a new store in these tests is.
pub(crate) fn init() -> InitOptions {
    InitOptions::new(Mode::Host, "https://billing.example.com").unwrap()
}

/// A store in a folder of its own, closed again.
pub(crate) fn folder_with_store() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepass.db");
    drop(Gatepass::init(&path, &init()).unwrap());
    (folder, path)
}

/// Open with a deadline.
pub(crate) fn open_within(path: &Path, deadline: Duration) -> Gatepass {
    Options::new().deadline(deadline).open(path).unwrap()
}

/// A token for user 1, from the caller that every store knows.
pub(crate) fn issue(gate: &Gatepass) -> gatepass::Result<Token> {
    let request = IssueRequest::for_user(UserId::new(1).unwrap());
    Ok(gate.issue(&gate.host_caller("cli")?, &request)?.token)
}

/// Spend a token.
pub(crate) fn redeem(gate: &Gatepass, token: &Token) -> gatepass::Result<()> {
    gate.redeem(&RedeemRequest::new(token.clone())).map(drop)
}

/// The store's error; anything else fails the test.
#[track_caller]
pub(crate) fn store_error<T: std::fmt::Debug>(result: gatepass::Result<T>) -> StoreError {
    match result {
        Err(Error::Store(error)) => error,
        other => panic!("not an error of the store: {other:?}"),
    }
}

/// A path with something added to its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The names in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// How many file locks a process holds, as the kernel tells it.
pub(crate) fn locks_of(process: u32) -> usize {
    // The kernel gives the list out in pieces, between which other processes' locks come and go and shift it.
    let mut before = None;
    loop {
        let now = locks_shown(process);
        if before.replace(now.clone()) == Some(now.clone()) {
            return now.len();
        }
    }
}

fn locks_shown(process: u32) -> BTreeSet<String> {
    let pid = process.to_string();
    let mut text = vec![0; 1 << 20];
    let read = std::fs::File::open("/proc/locks").unwrap().read(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text[..read]).into_owned();
    // Number: kind, mandatory or not, read or write, process, file, from, to.
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(_, lock)| lock.split_whitespace().nth(3) == Some(&pid))
        .map(|(_, lock)| lock.to_owned())
        .collect()
}

/// Whether this user is root, who is held back by no permission.
pub(crate) fn root() -> bool {
    std::fs::metadata(tempfile::tempdir().unwrap().path()).unwrap().uid() == 0
}

/// This program where every user can run it.
pub(crate) fn world_readable_program(folder: &Path) -> PathBuf {
    readable_by_all(&std::env::current_exe().unwrap(), &folder.join("program"))
}

/// A copy of a program that every user can run.
pub(crate) fn readable_by_all(program: &Path, copy: &Path) -> PathBuf {
    std::fs::copy(program, copy).unwrap();
    std::fs::set_permissions(copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    copy.to_owned()
}
