//! Two hosts that serve the pages, each beside a node of its own, behind one nginx that sends each request to the next
//! host: what one of them issues the other redeems.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gatepass::Gatepass;
use gatepass::credential::{Limits, NewCredential};
use serde_json::Value;
use tempfile::TempDir;

use super::common::{SYSTEM, secret};

/// Browsers and portals at a time.
const CALLERS: usize = 4;

/// A program that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `gatepass serve` on the store with this URL, and where it listens.
fn host(url: &str) -> (Running, String) {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_gatepass"));
    tool.args(["--store", url, "serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    let mut child = tool.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut greeting = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut greeting).unwrap();
    let address = greeting.trim_end().strip_prefix("listening on http://").unwrap();
    (Running(child), address.split('/').next().unwrap().to_owned())
}

/// Answers that were not as they should be, by what they were; and sign-ins by whether the host that issued a token
/// is the one that redeemed it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) crossed: usize,
    pub(crate) stayed: usize,
    pub(crate) wrong: BTreeMap<String, usize>,
}

impl Told {
    pub(crate) fn wrong(&self) -> usize {
        self.wrong.values().sum()
    }
}

/// The hosts and what stands before them.
pub(crate) struct Site {
    // The server before them ends first.
    _nginx: Running,
    _hosts: Vec<Running>,
    _folder: TempDir,
    address: String,
}

impl Site {
    /// One host for each of the stores.
    pub(crate) fn new(stores: &[String]) -> Self {
        let (hosts, addresses): (Vec<_>, Vec<_>) = stores.iter().map(|store| host(store)).unzip();
        let folder = tempfile::tempdir().unwrap();
        // Free a moment ago, and nobody else is given it that soon.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let upstream: String = addresses.iter().map(|address| format!("server {address};\n")).collect();
        let own = |name: &str| folder.path().join(name).display().to_string();
        let configuration = format!(
            "daemon off; master_process off; pid {pid};\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n\
             access_log off; client_body_temp_path {temporary}; proxy_temp_path {temporary};\n\
             fastcgi_temp_path {temporary}; uwsgi_temp_path {temporary}; scgi_temp_path {temporary};\n\
             upstream hosts {{\n{upstream}}}\n\
             server {{ listen {address}; location / {{\n\
             proxy_pass http://hosts; proxy_next_upstream off; proxy_set_header Host $host;\n\
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
             add_header X-Host $upstream_addr always;\n\
             }} }} }}\n",
            pid = own("pid"),
            temporary = own("temporary"),
        );
        fs::write(own("nginx.conf"), configuration).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let mut nginx = Command::new("nginx");
        nginx.env("PATH", path).args(["-c", &own("nginx.conf"), "-e", &own("log")]);
        let nginx = Running(nginx.stdin(Stdio::null()).spawn().expect("apt-get install nginx-light"));
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(&address).is_err() {
            let log = || fs::read_to_string(own("log")).unwrap_or_default();
            assert!(Instant::now() < until, "nginx does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Site { _nginx: nginx, _hosts: hosts, _folder: folder, address }
    }

    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Answer(answer)
    }

    fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: billing.example.com\r\nConnection: close\r\n\r\n"))
    }

    fn post(&self, path: &str, form: &str) -> Answer {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: billing.example.com\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ))
    }

    /// Hand somebody over, and try the token once more: the host that issued and the one that redeemed, or what was
    /// not as it should be.
    fn hand_over(&self, form: &str) -> Result<(String, String), String> {
        let issued = self.post("/includes/api.php", form);
        let document: Value = serde_json::from_str(issued.body()).unwrap_or_default();
        let Some(token) = document["access_token"].as_str() else {
            return Err(format!("issue: {} {}", issued.status(), issued.body()));
        };
        let path = format!("/oauth/singlesignon.php?access_token={token}");
        let opened = self.get(&path);
        if !opened.signs_in() {
            return Err(format!("redemption: {}", opened.status()));
        }
        if self.get(&path).signs_in() {
            return Err("second redemption: it signs in".to_owned());
        }
        Ok((issued.header("x-host").to_owned(), opened.header("x-host").to_owned()))
    }

    /// Hand somebody over until so many came from one host to the other, or so many tries were made.
    pub(crate) fn hand_over_until(&self, form: &str, crossings: usize, tries: usize) -> Told {
        let told = Mutex::new(Told::default());
        std::thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    loop {
                        {
                            let told = told.lock().unwrap();
                            if told.crossed >= crossings || told.crossed + told.stayed + told.wrong() >= tries
                            {
                                return;
                            }
                        }
                        let came = self.hand_over(form);
                        let mut told = told.lock().unwrap();
                        match came {
                            Ok((issuer, redeemer)) if issuer == redeemer => told.stayed += 1,
                            Ok(_) => told.crossed += 1,
                            Err(wrong) => *told.wrong.entry(wrong).or_default() += 1,
                        }
                    }
                });
            }
        });
        told.into_inner().unwrap()
    }
}

struct Answer(String);

impl Answer {
    fn status(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or("no answer")
    }

    fn header(&self, name: &str) -> &str {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        fields
            .filter(|(held, _)| held.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
            .unwrap_or("")
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// Whether it leads into the system with a new session.
    fn signs_in(&self) -> bool {
        self.status() == "303"
            && self.header("location").starts_with(SYSTEM)
            && self.header("set-cookie").starts_with("__Host-gp_")
    }
}

/// The form of a portal that asks for tokens for that client.
pub(crate) fn portals_form(gate: &Gatepass, client: gatepass::id::ClientId) -> String {
    gate.add_admin("root", Some(&secret("correct horse"))).unwrap();
    let new = NewCredential {
        label: "portal".into(),
        admin: Some("root".into()),
        limits: Limits::default(),
        ..NewCredential::default()
    };
    let made = gate.create_credential(&new).unwrap();
    format!(
        "identifier={}&secret={}&action=CreateSsoToken&client_id={client}&responsetype=json",
        made.credential.identifier.unwrap(),
        made.secret.unwrap().reveal()
    )
}
