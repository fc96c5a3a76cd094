//! What a server that was sent every kind of secret says: its log, its arguments and its answers to what is
//! wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use gatepass::credential::NewCredential;
use gatepass::directory::Mode;
use gatepass::link::LinkRequest;
use gatepass::token::IssueRequest;
use gatepass::{Gatepass, InitOptions, KeyChoice};
use serde_json::json;

use super::common::{Place, issue, person, portal, secret};
use super::search::{Search, Vault, hex};
use super::{EMAIL, KEY, PASSWORD, PASSWORD_MD5};

/// Ended with its owner.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The whole answer.
fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that has heard enough may close before all was read.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
}

fn post(path: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

#[test]
fn a_server_tells_no_secret_in_its_log_its_arguments_or_its_refusals() {
    for form in ["text", "json"] {
        told_by_a_server(form);
    }
}

fn told_by_a_server(form: &str) {
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut vault = Vault::default();
    let keys = place.beside("keys");
    std::fs::create_dir(&keys).unwrap();
    let seal = Gatepass::new_sealing_key_file(keys.join("seal"), &place.store).unwrap();
    vault.digest("sealing key", seal.to_file_text().reveal().trim().rsplit(' ').next().unwrap());
    let system_url = InitOptions::new(Mode::Managed, &format!("http://{address}")).unwrap();
    let gate = gatepass::Options::new().sealing_key(seal).init(&place.store, &system_url).unwrap();
    let (_, client) = person(&gate, EMAIL);
    vault.text("password", PASSWORD);
    vault.digest("password's MD5", PASSWORD_MD5);
    gate.add_admin("root", Some(&secret(PASSWORD))).unwrap();
    for setting in ["legacy_admin_auth", "autoauth_enabled"] {
        gate.set_setting(setting, json!(true)).unwrap();
    }
    let new =
        NewCredential { label: "portal".into(), admin: Some("root".into()), ..NewCredential::default() };
    let made = gate.create_credential(&new).unwrap();
    let (identifier, given) = (made.credential.identifier.unwrap(), made.secret.unwrap());
    vault.secret(&given);
    vault.text("AutoAuth key", KEY);
    gate.add_autoauth_key("old", &secret(KEY), None).unwrap();
    let autoauth = gate.sign_autoauth(EMAIL, KeyChoice::Label("old"), None).unwrap();
    let autoauth = autoauth.split_once('?').unwrap().1.to_owned();
    let hash = autoauth.split("hash=").nth(1).unwrap()[..40].to_owned();
    vault.digest("link's hash", &hash);
    let link = gate.create_link(&portal(&gate), &LinkRequest::new(IssueRequest::for_client(client))).unwrap();
    vault.link(&link.link);
    let tokens = [issue(&gate, client).token, issue(&gate, client).token];
    tokens.iter().for_each(|token| vault.token(token));
    let [first, second] = tokens.map(|token| token.reveal());
    drop(gate);

    let mut server = Command::new(env!("CARGO_BIN_EXE_gatepass"));
    server.arg("--store").arg(&place.store).arg("--seal-key").arg(keys.join("seal"));
    server.args(["serve", "--log", form, "--listen", &address]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Server(server.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let arguments = std::fs::read(format!("/proc/{}/cmdline", server.0.id())).unwrap();
    let surroundings = std::fs::read(format!("/proc/{}/environ", server.0.id())).unwrap();

    // Whoever is let in is answered with secrets; nobody else is.
    let signed_in = send(&address, &get(&format!("/oauth/singlesignon.php?access_token={first}"), ""));
    let cookie = signed_in.split("Set-Cookie: ").chain(signed_in.split("set-cookie: "));
    let cookie = cookie.map(|rest| rest.split(';').next().unwrap()).find(|pair| pair.starts_with("gp_"));
    let cookie = cookie.unwrap_or_else(|| panic!("nobody was signed in: {signed_in}")).to_owned();
    vault.timed("session id", cookie.split_once('=').unwrap().1);
    let call = |more: &str| format!("action=CreateSsoToken&client_id={client}&responsetype=json&{more}");
    let right = format!("identifier={identifier}&secret={}", given.reveal());
    let created = send(&address, &post("/includes/api.php", &call(&right)));
    let (_, token) = created.split_once("\"access_token\":\"").expect("no token");
    vault.timed("token", &token[..40]);
    send(&address, &post("/includes/api.php", &call(&format!("username=root&password={PASSWORD_MD5}"))));
    let key: String = form_urlencoded::byte_serialize(KEY.as_bytes()).collect();
    let wrong = [
        get(&format!("/oauth/singlesignon.php?access_token={first}"), ""),
        get(&format!("/oauth/singlesignon.php?access_token={first}&{key}={key}"), "gp=1"),
        get(&format!("/{second}/{}?{second}", given.reveal()), &cookie),
        get(&format!("/signin.php/{}", link.link.reveal()), ""),
        get(&format!("/includes/api.php?{}", call(&right)), ""),
        post("/includes/api.php", &call(&format!("identifier={}&secret={identifier}", given.reveal()))),
        post("/includes/api.php", &call(&format!("{right}&{}=1", given.reveal()))),
        post("/includes/api.php", &call(&format!("{right}&client_id={}", given.reveal()))),
        post("/includes/api.php", &call(&format!("username={PASSWORD_MD5}&password={PASSWORD}"))),
        post("/includes/api.php", &format!("action={}", given.reveal())),
        get(&format!("/dologin.php?{autoauth}&goto=//evil.example"), ""),
        get(&format!("/dologin.php?email={hash}&timestamp={hash}&hash={hash}"), ""),
        format!("BREW /{first} HTTP/1.1\r\nHost: {first}\r\nConnection: close\r\n\r\n"),
        format!("{first} / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ];
    let refusals: Vec<String> = wrong.iter().map(|request| send(&address, request)).collect();
    // These two spend what they bring, or show it in a form that brings it back.
    send(&address, &get(&format!("/signin.php?{}", link.link.reveal()), ""));
    send(&address, &get(&format!("/dologin.php?{autoauth}"), ""));
    // SAFETY: a signal to our own child.
    assert_eq!(unsafe { libc::kill(server.0.id().cast_signed(), libc::SIGTERM) }, 0);
    let mut log = String::new();
    server.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();

    assert!(log.lines().count() >= 12, "{log}");
    let planted = format!("{log}GET /x?token={} 200", hex(first.as_bytes()));
    let search = Search::new(vault.0);
    for (name, text) in [("log", log.as_bytes()), ("arguments", &arguments), ("environment", &surroundings)] {
        assert_eq!(search.found(text), [""; 0], "in the {name}: {}", String::from_utf8_lossy(text));
    }
    for (request, refusal) in wrong.iter().zip(&refusals) {
        assert_eq!(search.found(refusal.as_bytes()), [""; 0], "{request}\nwas answered\n{refusal}");
    }
    assert!(!log.contains(EMAIL.split('@').next().unwrap()), "{log}");
    assert!(!search.found(planted.as_bytes()).is_empty(), "the search finds nothing");
    assert!(!search.found(created.as_bytes()).is_empty(), "the search does not find what is there");
}
