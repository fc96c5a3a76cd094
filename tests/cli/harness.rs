//! Runs the tool on a store in a folder of its own.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What one run came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// The one JSON document on standard output.
    pub(crate) fn document(&self) -> Value {
        let mut documents = serde_json::Deserializer::from_str(&self.stdout).into_iter::<Value>();
        let document = documents.next().expect("no document").expect("no JSON");
        assert!(documents.next().is_none(), "more than one document: {}", self.stdout);
        document
    }

    /// Checks the exit status.
    #[track_caller]
    pub(crate) fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Checks that it ended with this status and an error document, and gives what stands in it.
    #[track_caller]
    pub(crate) fn failed(self, status: i32, class: &str, code: &str) -> Value {
        let answer = self.ended(status);
        let error = answer.document()["error"].clone();
        assert_eq!(error["class"], class, "{error}");
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        assert!(answer.stderr.starts_with("gatepass: "), "{}", answer.stderr);
        error
    }
}

/// A folder with a store, and one for the sealing keys.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    /// Folders without a store.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        Bench { folder }
    }

    /// A managed store with user 1, who owns client 1.
    pub(crate) fn new() -> Self {
        let bench = Bench::empty();
        bench.ok("init --mode managed --system-url https://billing.example.com");
        bench.ok("user add ann@example.com");
        bench.ok("client add ann@example.com --owner 1");
        bench
    }

    /// A path in the folder, as text.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store/gatepass.db")
    }

    /// The tool, with nothing of our own surroundings.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatepass"));
        command.env_clear().env("GATEPASS_STORE", self.store()).current_dir(self.folder.path());
        command
    }

    /// Run with these arguments and this standard input.
    pub(crate) fn feed(&self, arguments: &[&str], stdin: &[u8]) -> Answer {
        let mut command = self.command();
        command.args(arguments);
        finish(command, stdin)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.feed(arguments, b"")
    }

    /// A run that succeeds, with `--json`; its document. The arguments are split at blanks.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &str) -> Value {
        let mut words: Vec<&str> = arguments.split(' ').collect();
        words.push("--json");
        self.run(&words).ended(0).document()
    }

    /// A fresh token for client 1.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        self.ok("token issue --client 1")["access_token"].as_str().unwrap().to_owned()
    }

    /// A sign-in link for client 1, with these options besides; its URL.
    #[track_caller]
    pub(crate) fn link(&self, options: &[&str]) -> String {
        let words = [&["link", "create", "--client", "1", "--json"], options].concat();
        self.run(&words).ended(0).document()["url"].as_str().unwrap().to_owned()
    }

    /// A token for client 1, redeemed; its session.
    #[track_caller]
    pub(crate) fn session(&self) -> String {
        let token = self.token();
        let redeemed = self.feed(&["token", "redeem", "-", "--json"], token.as_bytes()).ended(0).document();
        redeemed["session_id"].as_str().unwrap().to_owned()
    }

    /// All that bad input must leave alone, as one text.
    pub(crate) fn contents(&self) -> String {
        let parts = [
            "audit list --since 7d --limit 10000",
            "token list",
            "link list",
            "session list --all",
            "user list",
            "client list",
            "credential list",
            "admin list",
            "settings list",
            "destination list",
            "autoauth key list",
        ];
        parts.map(|part| self.ok(part).to_string()).join("\n")
    }
}

/// Run a command to its end.
pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Answer {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // The tool may end without reading everything; then the pipe closes and there is nothing to tell.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Answer {
        status: output.status.code().expect("killed by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
