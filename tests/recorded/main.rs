//! Recorded requests: the endpoints answer what was written down from the contract, byte for byte the same from
//! `gatepass serve`, from PHP's front controllers and from a WSGI server. `README.md` says how the files are read.
#![cfg(all(target_os = "linux", feature = "serve"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod compare;
mod fixed;
#[path = "../library/mod.rs"]
mod library;
#[path = "../programs/mod.rs"]
mod programs;
mod server;
mod story;

use std::path::{Path, PathBuf};

use compare::differences;
use fixed::Fixed;
use library::root;
use programs::is_here;
use server::{Kind, Server};
use story::Step;

/// What a run found: how many requests were made, and what was wrong.
struct Found {
    requests: usize,
    wrong: Vec<String>,
}

/// The servers that can run here.
fn kinds(test: &str) -> Vec<Kind> {
    let wanted = [(Kind::Serve, "cc"), (Kind::Php, "php"), (Kind::Wsgi, "python3")];
    wanted.into_iter().filter(|(_, program)| is_here(program, test)).map(|(kind, _)| kind).collect()
}

/// A folder with a store in it, and the servers once the first request comes.
struct Stage<'a> {
    kinds: &'a [Kind],
    fixed: Fixed,
    folder: tempfile::TempDir,
    servers: Vec<Server>,
}

impl<'a> Stage<'a> {
    fn new(kinds: &'a [Kind]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage { kinds, fixed: Fixed::new(folder.path()), folder, servers: Vec::new() };
        // A sealing key may not stand in a store's folder.
        for name in ["stores", "keys"] {
            std::fs::create_dir(stage.folder.path().join(name)).unwrap();
        }
        stage.tool(&["seal".into(), "new".into(), stage.seal_key().to_str().unwrap().into()], None);
        stage
    }

    fn store(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("stores/{name}.db"))
    }

    fn seal_key(&self) -> PathBuf {
        self.folder.path().join("keys/seal")
    }

    fn tool(&self, words: &[String], store: Option<&Path>) {
        let mut tool = self.fixed.command(env!("CARGO_BIN_EXE_gatepass"));
        tool.env("GATEPASS_SEAL_KEY", self.seal_key());
        tool.env("GATEPASS_STORE", store.unwrap_or(&self.store("made")));
        let told = tool.args(words).output().unwrap();
        assert!(told.status.success(), "gatepass {words:?}: {}", String::from_utf8_lossy(&told.stderr));
    }

    fn start(&mut self) {
        for &kind in self.kinds {
            let store = self.store(&format!("{kind:?}"));
            std::fs::copy(self.store("made"), &store).unwrap();
            self.servers.push(Server::start(kind, &self.fixed, store, &self.seal_key()));
        }
    }

    fn step(&mut self, step: &Step, found: &mut Found) {
        match step {
            Step::Fixed { ms, fill } => self.fixed.set(*ms, *fill),
            Step::Tool(words) if self.servers.is_empty() => self.tool(words, None),
            Step::Tool(words) => {
                self.servers.iter().for_each(|server| self.tool(words, Some(server.store())))
            }
            Step::Exchange(exchange) => {
                if self.servers.is_empty() {
                    self.start();
                }
                found.requests += 1;
                let answers = self.servers.iter().map(|server| (server.kind, server.ask(&exchange.request)));
                let answers: Vec<_> = answers.collect();
                for (index, (kind, answer)) in answers.iter().enumerate() {
                    let other = *answer != answers[0].1;
                    // What all do wrong alike is told once.
                    let mut wrong =
                        if other || index == 0 { differences(&exchange.wanted, answer) } else { vec![] };
                    if other {
                        wrong.push(format!("other than {:?}", answers[0].0));
                    }
                    let named = wrong.iter().map(|what| format!("{} ({kind:?}): {what}", exchange.name));
                    found.wrong.extend(named);
                }
            }
        }
    }
}

fn run(path: &Path, kinds: &[Kind]) -> Found {
    let steps = story::read(path, &story::sets(&root().join("tests/recorded/headers.txt")));
    let mut found = Found { requests: 0, wrong: Vec::new() };
    let mut stage = Stage::new(kinds);
    for step in &steps {
        stage.step(step, &mut found);
    }
    found
}

/// The recorded files, or those of them that `RECORDED` names.
fn files() -> Vec<PathBuf> {
    let folder = root().join("tests/recorded/requests");
    let only = std::env::var("RECORDED").unwrap_or_default();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_string_lossy().contains(&only));
    files.sort();
    files
}

#[test]
fn three_servers_answer_what_was_written_down_and_all_the_same() {
    let kinds = kinds("the recorded requests");
    let mut requests = 0;
    let mut wrong = Vec::new();
    for file in files() {
        let found = run(&file, &kinds);
        requests += found.requests;
        wrong.extend(found.wrong);
    }
    println!("{requests} requests to each of {kinds:?}");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(requests >= 100 || std::env::var_os("RECORDED").is_some(), "only {requests} requests");
}

/// A story of one request, whose answer is 404 and nothing else.
fn planted(answer: &str) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("planted.txt");
    std::fs::write(&file, format!("$ init --mode managed --system-url https://a.example\n{answer}")).unwrap();
    run(&file, &[Kind::Serve])
}

#[test]
fn a_wrong_byte_in_what_was_written_down_is_noticed() {
    const RIGHT: &str = "= nothing\n> POST /includes/api.php\n< 400\n< @api\n<| {\"result\":\"error\",\"message\":\"Empty action request\"}\n";
    assert_eq!(planted(RIGHT).wrong, Vec::<String>::new());
    for (from, to) in
        [("400", "401"), ("Empty", "empty"), ("< @api", "< @api\n< X-More: 1"), ("@api", "@form")]
    {
        assert_ne!(planted(&RIGHT.replace(from, to)).wrong, Vec::<String>::new(), "{from} for {to}");
    }
    for planted_line in ["<+ Full", "<- Empty"] {
        assert_ne!(planted(&format!("{RIGHT}{planted_line}\n")).wrong, Vec::<String>::new());
    }
}

#[test]
fn a_server_that_answers_another_byte_is_noticed() {
    if !is_here("python3", "the recorded requests' control") {
        return;
    }
    let found = run(&files()[0], &[Kind::Serve, Kind::Changed]);
    let other = found.wrong.iter().filter(|what| what.ends_with("(Changed): other than Serve"));
    assert!(other.count() > 3, "{:?}", found.wrong);
    assert!(found.wrong.iter().all(|what| what.contains("(Changed)")), "{:?}", found.wrong);
}
