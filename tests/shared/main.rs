//! A shared store as its users have it: the tool, and the C library under Python and PHP, against a MariaDB server
//! that the test starts itself (`tests/mariadb`).

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use mysql::prelude::Queryable;
use serde_json::Value;

/// The password of everyday use, which nothing may show.
const PASSWORD: &str = "hunter2";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A server and a store on it, for the owner and for everyday use.
struct Field {
    owner: String,
    everyday: String,
    port: u16,
    // The server ends with its input.
    _server: Child,
}

impl Field {
    fn new() -> Self {
        let mut server = Command::new(root().join("tests/mariadb"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().next().expect("tests/mariadb says how to reach it").to_owned();
        let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
        let mut by_hand = mysql::Conn::new(format!("{url}?prefer_socket=false").as_str()).unwrap();
        for said in [
            "CREATE DATABASE `gate pass`".to_owned(),
            format!("CREATE USER gatepass@'%' IDENTIFIED BY '{PASSWORD}'"),
        ] {
            by_hand.query_drop(said).unwrap();
        }
        let owner = format!("{url}/gate%20pass");
        let everyday = format!("mysql://gatepass:{PASSWORD}@127.0.0.1:{port}/gate%20pass");
        let field = Field { owner, everyday, port, _server: server };
        assert_eq!(field.done(&field.owner, &["migrate"]), serde_json::json!({ "from": 0, "to": 1 }));
        let init = ["init", "--mode", "host", "--system-url", "https://billing.example.com"];
        field.done(&field.owner, &init);
        for grant in field.done(&field.owner, &["grants"])["grants"].as_array().unwrap() {
            by_hand.query_drop(grant.as_str().unwrap()).unwrap();
        }
        field
    }

    /// Run the tool, and see that it shows the password nowhere.
    fn tool(&self, store: &str, words: &[&str], input: &str) -> Output {
        let mut running = Command::new(env!("CARGO_BIN_EXE_gatepass"))
            .args(["--json", "--deadline", "5"])
            .args(words)
            .env("GATEPASS_STORE", store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = running.wait_with_output().unwrap();
        let said = [&output.stdout[..], &output.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(PASSWORD), "{words:?} shows the password");
        output
    }

    #[track_caller]
    fn done(&self, store: &str, words: &[&str]) -> Value {
        let output = self.tool(store, words, "");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The code of a failure and the tool's status.
    fn failed(&self, store: &str, words: &[&str], input: &str) -> (String, i32) {
        let output = self.tool(store, words, input);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let code = document["error"]["code"].as_str().or(document["code"].as_str());
        (code.unwrap_or_else(|| panic!("{document}")).to_owned(), output.status.code().unwrap())
    }

    fn issue(&self) -> String {
        let issued = self.done(&self.everyday, &["token", "issue", "--client", "1"]);
        issued["access_token"].as_str().unwrap().to_owned()
    }
}

fn field() -> &'static Field {
    static FIELD: OnceLock<Field> = OnceLock::new();
    FIELD.get_or_init(Field::new)
}

#[test]
fn the_tool_signs_people_in_with_the_rights_of_everyday_use() {
    let field = field();
    let token = field.issue();
    let redeemed = field.tool(&field.everyday, &["token", "redeem", "-"], &format!("{token}\n"));
    assert!(redeemed.status.success(), "{}", String::from_utf8_lossy(&redeemed.stderr));
    let again = field.failed(&field.everyday, &["token", "redeem", "-"], &format!("{token}\n"));
    assert_eq!(again, ("token_redeemed".to_owned(), 1));
    let info = field.done(&field.everyday, &["info"]);
    assert!(info["database"].as_str().unwrap().contains("MariaDB"), "{info}");
    let findings = field.done(&field.everyday, &["check"]);
    let clock = findings.as_array().unwrap().iter().find(|finding| finding["subject"] == "store_clock");
    assert_eq!(clock.unwrap()["severity"], "good", "{findings}");
    field.done(&field.everyday, &["purge"]);
}

#[test]
fn what_can_not_be_reached_or_used_says_so() {
    let field = field();
    let port = field.port;
    let at = |place: &str| format!("mysql://gatepass:{PASSWORD}@{place}");
    for (store, words, code, status) in [
        (at("127.0.0.1:1/gate%20pass"), &["info"][..], "store_unavailable", 3),
        (format!("mysql://gatepass:{PASSWORD}no@127.0.0.1:{port}/x"), &["info"], "store_denied", 3),
        (at(&format!("127.0.0.1:{port}/mysql")), &["info"], "store_denied", 3),
        (at(&format!("127.0.0.1:{port}/gate%20pass")), &["migrate"], "store_denied", 3),
        (at("127.0.0.1"), &["info"], "invalid", 2),
        (at("127.0.0.1/x?tls=perhaps"), &["info"], "invalid", 2),
        (field.everyday.clone(), &["grants", "--user", "a'b"], "invalid", 2),
        ("/nowhere/store.db".to_owned(), &["grants"], "invalid", 2),
    ] {
        assert_eq!(field.failed(&store, words, ""), (code.to_owned(), status), "{words:?}");
    }
    let exists = ["init", "--mode", "host", "--system-url", "https://billing.example.com"];
    assert_eq!(field.failed(&field.owner, &exists, ""), ("store_exists".to_owned(), 3));
}

#[test]
fn of_many_processes_that_bring_one_token_one_is_let_in() {
    let field = field();
    for _ in 0..5 {
        let token = field.issue();
        let running: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..6)
                .map(|_| {
                    let input = format!("{token}\n");
                    scope.spawn(move || field.tool(&field.everyday, &["token", "redeem", "-"], &input))
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap().status.code().unwrap()).collect()
        });
        assert_eq!(running.iter().filter(|status| **status == 0).count(), 1, "{running:?}");
        assert_eq!(running.iter().filter(|status| **status == 1).count(), 5, "{running:?}");
    }
}

/// The shared library with this kind of store in it.
fn library() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "-p", "gatepass-c", "--features", "mysql", "--message-format=json"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success());
    let told = String::from_utf8(built.stdout).unwrap();
    let messages = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut names = messages
        .filter(|message| message["target"]["kind"].to_string().contains("cdylib"))
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    let is_shared =
        |name: &Value| name.as_str().is_some_and(|name| name.ends_with(".so") || name.ends_with(".dylib"));
    names.find(is_shared).unwrap().as_str().unwrap().into()
}

#[test]
fn python_and_php_redeem_each_others_tokens() {
    let field = field();
    let library = library();
    let here = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let script = |name: &str| root().join("tests/shared").join(name);
    let say = |language: &str, words: &[&str]| {
        let mut command = match language {
            "python" => Command::new("python3"),
            _ => Command::new("php"),
        };
        match language {
            "python" => command.arg(script("sign_in.py")),
            _ => command.args(["-d", "ffi.enable=true"]).arg(script("sign_in.php")),
        };
        let told = command
            .arg(&field.everyday)
            .args(words)
            .env("PYTHONPATH", root().join("bindings/python/src"))
            .env("GATEPASS_LIBRARY", &library)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        String::from_utf8(told.stdout).unwrap().trim().to_owned()
    };
    if !here("python3") || !here("php") {
        println!("skipped: python3 or php is missing");
        return;
    }
    for (one, other) in [("python", "php"), ("php", "python")] {
        let token = say(one, &["issue"]);
        assert_eq!(token.len(), 40, "{one}: {token}");
        assert_eq!(say(other, &["redeem", &token]), "ok");
        assert_eq!(say(one, &["redeem", &token]), "token_redeemed");
    }
}
