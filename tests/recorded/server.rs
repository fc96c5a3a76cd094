//! The three servers, and a request to one of them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::fixed::Fixed;
use super::library::{root, shared_library};
use super::story::Request;

/// How the endpoints are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `gatepass serve`.
    Serve,
    /// `php -S` with the package's front controllers.
    Php,
    /// `gatepass.wsgi` under wsgiref.
    Wsgi,
    /// The same, with a byte of each body changed: what must be noticed.
    Changed,
}

/// A server that runs on a store of its own.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    child: Child,
    address: SocketAddr,
    store: PathBuf,
}

/// What came back, without what each server adds of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Sorted; names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

const OF_THE_SERVER: &[&str] =
    &["connection", "content-length", "date", "host", "server", "transfer-encoding"];

impl Server {
    pub(crate) fn start(kind: Kind, fixed: &Fixed, store: PathBuf, seal_key: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut command = program(kind, fixed, address);
        command.env("GATEPASS_STORE", &store).env("GATEPASS_SEAL_KEY", seal_key);
        command.env("GATEPASS_LIBRARY", shared_library());
        let log = std::fs::File::create(store.with_extension("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let server = Server { kind, child: command.spawn().unwrap(), address, store };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < until, "{kind:?} does not listen: {}", server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.store.with_extension("log")).unwrap_or_default()
    }

    pub(crate) fn ask(&self, request: &Request) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        head += "host: somewhere.example\r\nconnection: close\r\n";
        for (name, value) in &request.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !request.body.is_empty() || request.method == "POST" {
            head += &format!("content-length: {}\r\n", request.body.len());
        }
        stream.write_all(format!("{head}\r\n{}", request.body).as_bytes()).unwrap();
        let mut came = Vec::new();
        stream.read_to_end(&mut came).unwrap();
        let came = String::from_utf8(came).unwrap();
        self.read(&came).unwrap_or_else(|| panic!("{:?} answered {came:?}: {}", self.kind, self.log()))
    }

    fn read(&self, came: &str) -> Option<Answer> {
        let (head, body) = came.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let told = |name: &str| headers.iter().find(|header| header.0 == name).map(|header| header.1.clone());
        let chunked = told("transfer-encoding").is_some_and(|coding| coding == "chunked");
        let body = if chunked { dechunked(body)? } else { body.to_owned() };
        if let Some(length) = told("content-length").filter(|_| !body.is_empty()) {
            assert_eq!(length, body.len().to_string(), "{:?} tells another length than it sends", self.kind);
        }
        headers.retain(|(name, _)| !OF_THE_SERVER.contains(&name.as_str()));
        headers.sort();
        Some(Answer { status, headers, body })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(kind: Kind, fixed: &Fixed, address: SocketAddr) -> Command {
    let text = address.to_string();
    let mut command = match kind {
        Kind::Serve => fixed.command(env!("CARGO_BIN_EXE_gatepass")),
        Kind::Php => fixed.command("php"),
        Kind::Wsgi | Kind::Changed => fixed.command("python3"),
    };
    match kind {
        Kind::Serve => command.args(["serve", "--log", "off", "--listen", &text]),
        Kind::Php => {
            let settings = ["ffi.enable=true", "enable_post_data_reading=0", "display_errors=0"];
            command.args(settings.iter().flat_map(|setting| ["-d", setting]));
            command.args(["-S", &text, "-t"]).arg(root().join("bindings/php/public"))
        }
        Kind::Wsgi | Kind::Changed => {
            command.env("PYTHONPATH", root().join("bindings/python/src")).env("PYTHONDONTWRITEBYTECODE", "1");
            command.arg(root().join("tests/recorded/serve.py")).arg(address.port().to_string());
            command.args((kind == Kind::Changed).then_some("changed"))
        }
    };
    command
}

fn dechunked(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, behind) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body += behind.get(..length)?;
        rest = behind.get(length + 2..)?;
    }
}
