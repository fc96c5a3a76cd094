//! Runs `gatepass serve` and speaks HTTP with it, byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions};
use serde_json::Value;

/// What a run of the tool came to.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The tool, with nothing of our own surroundings.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepass"));
    command.env_remove("GATEPASS_STORE").env_remove("GATEPASS_SEAL_KEY").stdin(Stdio::null());
    command
}

/// Run the tool to its end.
pub(crate) fn tool(arguments: &[&str]) -> Ended {
    let output = command().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// An answer, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or("0").parse().unwrap();
        let header =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

/// A server that runs until it is stopped or dropped.
pub(crate) struct Serving {
    child: Child,
    store: Option<std::path::PathBuf>,
    _folder: tempfile::TempDir,
    pub(crate) greeting: String,
    pub(crate) url: String,
}

impl Serving {
    /// Of a store with user 1, who owns client 1; its system URL is the server's own.
    pub(crate) fn store(arguments: &[&str]) -> Self {
        Self::at("", arguments)
    }

    /// The same with a path in the system URL.
    pub(crate) fn at(path: &str, arguments: &[&str]) -> Self {
        Self::of(path, &[], arguments)
    }

    /// The same with this environment.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub(crate) fn within(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::of("", environment, arguments)
    }

    fn of(path: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("gatepass.db");
        // Free a moment ago, and nobody else is given it that soon.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}{path}");
        let gate = Gatepass::init(&store, &InitOptions::new(Mode::Managed, &url).unwrap()).unwrap();
        let ann = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() }).unwrap();
        let client =
            NewClient { email: "ann@example.com".into(), owner: Some(ann.user_id), ..NewClient::default() };
        gate.add_client(&client).unwrap();
        drop(gate);
        let mut all = vec!["--store".to_owned(), store.to_str().unwrap().to_owned(), "serve".to_owned()];
        all.extend(["--listen".to_owned(), format!("127.0.0.1:{port}")]);
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let mut server = Self::start(environment, &all, folder);
        server.store = Some(store);
        if server.url.is_empty() {
            server.url = url;
        }
        server
    }

    /// Of the demo.
    pub(crate) fn demo(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all: Vec<String> =
            ["--json", "serve", "--demo", "--listen", "127.0.0.1:0", "--folder"].map(str::to_owned).into();
        all.push(folder.path().to_str().unwrap().to_owned());
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Self::start(&[], &all, folder)
    }

    fn start(environment: &[(&str, &str)], arguments: &[String], folder: tempfile::TempDir) -> Self {
        let mut command = command();
        command.envs(environment.iter().copied()).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut greeting).unwrap();
        let greeting = greeting.trim_end().to_owned();
        if greeting.is_empty() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("it did not start: {said}");
        }
        let started: Option<Value> = serde_json::from_str(&greeting).ok();
        let told = |started: &Value| started["url"].as_str().unwrap().to_owned();
        let url = match &started {
            Some(started) => told(started),
            None => greeting.strip_prefix("listening on ").unwrap().to_owned(),
        };
        Serving { child, store: None, _folder: folder, greeting, url }
    }

    /// The document that it began with.
    pub(crate) fn started(&self) -> Value {
        serde_json::from_str(&self.greeting).unwrap()
    }

    /// Address and port.
    pub(crate) fn address(&self) -> String {
        self.url.trim_start_matches("http://").split('/').next().unwrap().to_owned()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Send these bytes, and read until the server closes.
    pub(crate) fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        // A server that has heard enough may answer and close before all was sent.
        let _ = stream.write_all(request.as_bytes());
        read(&mut stream)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn post(&self, path: &str, form: &str) -> Answer {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
    }

    /// A token for client 1.
    pub(crate) fn issue(&self) -> String {
        let gate = Gatepass::open(self.store.as_ref().unwrap()).unwrap();
        let caller = gate.host_caller("cli").unwrap();
        let request = IssueRequest::for_client(gatepass::id::ClientId::new(1).unwrap());
        gate.issue(&caller, &request).unwrap().token.reveal()
    }

    /// Change a setting of the store.
    pub(crate) fn set(&self, name: &str, value: Value) {
        Gatepass::open(self.store.as_ref().unwrap()).unwrap().set_setting(name, value).unwrap();
    }

    pub(crate) fn signal(&self, signal: i32) {
        // SAFETY: a signal to our own child.
        assert_eq!(unsafe { libc::kill(self.child.id() as i32, signal) }, 0);
    }

    /// Ask it to stop, and wait until it did.
    pub(crate) fn stop(&mut self) -> Ended {
        self.signal(libc::SIGTERM);
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> Ended {
        let mut ended = Ended { status: 0, stdout: String::new(), stderr: String::new() };
        self.child.stderr.take().unwrap().read_to_string(&mut ended.stderr).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut ended.stdout).unwrap();
        ended.status = self.child.wait().unwrap().code().unwrap_or(-1);
        ended
    }

    /// What the system says of it below `/proc`.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub(crate) fn told_by_the_system(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self._folder.path()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What there is until the server closes.
pub(crate) fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    // A reset after the answer is as good as an end.
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
    }
    Answer::parse(&String::from_utf8_lossy(&bytes))
}
