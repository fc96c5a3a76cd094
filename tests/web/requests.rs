//! Whatever else may arrive: other methods, other bodies, other stores, and a store that can't answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatepass::Options;
use gatepass::directory::Mode;
use gatepass::web::{ENDPOINTS, MAX_BODY, Request, Response, handle};
use rusqlite::Connection;
use serde_json::json;

use crate::browser::{Browser, all, form, header, text};
use crate::common::Place;
use crate::site::Site;

const PAGES: &[&str] = &["oauth/singlesignon.php", "dologin.php", "signin.php", "logout.php"];

#[test]
fn other_methods_are_told_what_is_possible() {
    let site = Site::new();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "", "FETCH"] {
        for path in PAGES {
            let answer = Browser::new().send(&site.gate, Request::new(method, *path));
            assert_eq!((answer.status, header(&answer, "Allow")), (405, "GET, HEAD, POST"));
        }
    }
    for method in ["HEAD", "PUT", "OPTIONS", ""] {
        let answer = Browser::new().send(&site.gate, Request::new(method, "includes/api.php"));
        assert_eq!((answer.status, header(&answer, "Allow")), (405, "GET, POST"));
        is_of_the_api(&answer);
        assert_eq!(answer.body.is_empty(), method == "HEAD");
    }
}

#[test]
fn pictures_frames_and_scripts_of_other_pages_sign_nobody_in() {
    let site = Site::new();
    let token = site.token(site.ann);
    let query = format!("access_token={token}");
    for destination in ["image", "iframe", "empty", "script", "style", "object", "Document", "document,image"]
    {
        for request in [Request::new("GET", PAGES[0]).query(&*query), form(PAGES[0], &[])] {
            let answer = Browser::new().send(&site.gate, request.header("Sec-Fetch-Dest", destination));
            assert_eq!((answer.status, answer.body.len()), (503, 0), "{destination}");
            assert!(all(&answer, "Set-Cookie").is_empty());
        }
    }
    assert_eq!(site.sessions(), 0);
    let asked = Request::new("GET", PAGES[0]).query(&*query).header("sec-fetch-dest", " document ");
    assert_eq!(Browser::new().send(&site.gate, asked).status, 303);
}

/// Clients read the type of every answer (contract §3.4), and some break without one.
#[track_caller]
fn is_of_the_api(answer: &Response) {
    assert_eq!(header(answer, "Content-Type"), "application/json; charset=utf-8");
    assert_eq!(header(answer, "X-Content-Type-Options"), "nosniff");
}

#[test]
fn unknown_paths_are_not_found() {
    let site = Site::new();
    for path in
        ["", "/", "index.php", "/dologin.php", "dologin.php/", "Dologin.php", "oauth/", "../dologin.php"]
    {
        for method in ["GET", "POST", "HEAD"] {
            let answer = Browser::new().send(&site.gate, Request::new(method, path));
            assert_eq!((answer.status, answer.body.is_empty()), (404, method == "HEAD"), "{path}");
        }
    }
    for path in ENDPOINTS {
        assert_ne!(handle(&site.gate, &Request::new("GET", *path)).status, 405, "{path}");
    }
}

#[test]
fn bodies_that_are_too_long_or_no_forms_are_refused() {
    let site = Site::new();
    for path in ENDPOINTS {
        let long = Request::new("POST", *path).body(vec![b'x'; MAX_BODY + 1]);
        let answer = Browser::new().send(&site.gate, long);
        assert_eq!(answer.status, 413);
        assert_eq!(header(&answer, "Content-Type").starts_with("application/json"), *path == ENDPOINTS[0]);
    }
    for path in PAGES {
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "\u{e9}"] {
            let answer = Browser::new()
                .send(&site.gate, Request::new("POST", *path).header("Content-Type", kind).body("a=b"));
            assert_eq!(answer.status, 415, "{path} {kind}");
        }
        let twice = form(path, &[]).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(Browser::new().send(&site.gate, twice).status, 415);
        let kind = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
        let good = Request::new("POST", *path).header("content-type", kind).body("a=b");
        assert_ne!(Browser::new().send(&site.gate, good).status, 415);
    }
}

#[test]
fn the_api_answers_without_cache_sniffing_or_other_sites() {
    let site = Site::new();
    for request in [
        Request::new("GET", "includes/api.php").query("action=GetClients"),
        form("includes/api.php", &[("action".to_owned(), "GetClients".to_owned())])
            .header("Origin", "https://x.test"),
    ] {
        let answer = Browser::new().send(&site.gate, request);
        assert_eq!(header(&answer, "X-Content-Type-Options"), "nosniff");
        assert!(header(&answer, "Content-Type").starts_with("application/"));
        assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("Access-Control")));
        assert!(all(&answer, "Set-Cookie").is_empty());
    }
}

#[test]
fn advice_when_to_call_again_stands_in_a_header() {
    let site = Site::new();
    let advice = || {
        let answer =
            Browser::new().send(&site.gate, Request::new("GET", "includes/api.php").query("action=x"));
        all(&answer, "Retry-After").first().map(|seconds| seconds.parse::<u64>().unwrap())
    };
    let heard: Vec<Option<u64>> = (0..40).map(|_| advice()).collect();
    assert_eq!(heard[0], None);
    assert!(heard[39].is_some_and(|seconds| seconds > 0), "{heard:?}");
}

#[test]
fn in_host_mode_nobody_is_signed_in_here() {
    let place = Place::new();
    let gate = place.init(Mode::Host);
    let issued = crate::common::issue(&gate, gatepass::id::ClientId::new(1).unwrap());
    let token = issued.token.reveal();
    for path in PAGES {
        for request in [
            Request::new("GET", *path).query(format!("access_token={token}")),
            form(path, &[("access_token".to_owned(), token.clone())]),
        ] {
            let answer = Browser::new().send(&gate, request);
            assert!(answer.status == 503 && text(&answer).contains("kept by its application"));
            assert!(all(&answer, "Set-Cookie").is_empty());
        }
    }
    assert_eq!(gate.inspect(&issued.token, None).unwrap().refusal, None);
    let api = Browser::new().send(&gate, Request::new("GET", "includes/api.php"));
    assert_ne!(api.status, 503);
}

#[test]
fn the_address_is_seen_through_trusted_proxies_only() {
    for (trusted, seen) in [(json!([]), "203.0.113.9"), (json!(["203.0.113.0/24"]), "198.51.100.77")] {
        let site = Site::new();
        site.set("trusted_proxies", trusted);
        let query = format!("access_token={}", site.token(site.ann));
        let request = Request::new("GET", "oauth/singlesignon.php").query(query);
        let request = request.header("X-Forwarded-For", "192.0.2.1, 198.51.100.77");
        assert_eq!(Browser::new().send(&site.gate, request).status, 303);
        let spy = site.place.spy();
        let found = spy.dump_without(&[]).into_iter().find(|row| row.contains("token.redeemed")).unwrap();
        assert!(found.contains(&format!("{seen:?}")), "{found}");
        site.set("allowed_addresses", json!(["10.0.0.0/8"]));
        let call = Request::new("GET", "includes/api.php").query("action=GetUsers");
        let call = call.header("X-Forwarded-For", "192.0.2.1, 198.51.100.77");
        assert!(text(&Browser::new().send(&site.gate, call)).contains(&format!("Invalid IP {seen}")));
    }
}

#[test]
fn the_host_that_a_request_names_changes_nothing() {
    let site = Site::new();
    let query = format!("access_token={}", site.token(site.ann));
    let request = Request::new("GET", "oauth/singlesignon.php")
        .query(query)
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Proto", "http")
        .header("Forwarded", "host=evil.example");
    let answer = Browser::new().send(&site.gate, request);
    assert!(header(&answer, "Location").starts_with("https://billing.example.com/"));
    assert!(all(&answer, "Set-Cookie")[0].starts_with("__Host-"));
}

#[test]
fn when_the_store_cant_answer_nobody_gets_in() {
    let site = Site::new();
    let token = site.token(site.ann);
    let other = Connection::open(&site.place.store).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut browser = Browser::new();
    let answer = browser.open(&site.gate, &token);
    assert_eq!((answer.status, header(&answer, "Retry-After")), (503, "5"));
    assert!(browser.cookies.is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(browser.open(&site.gate, &token).status, 303);
}

#[test]
fn when_it_is_not_known_who_is_signed_in_nobody_else_is() {
    let site = Site::new();
    let mut browser = Browser::new();
    browser.open(&site.gate, &site.token(site.ann));
    let token = site.token(site.ben);
    let other = Connection::open(&site.place.store).unwrap();
    other.execute("UPDATE session SET origin = 'x'", []).unwrap();
    for path in PAGES {
        let request = Request::new("GET", *path).query(format!("access_token={token}"));
        let answer = browser.send(&site.gate, request);
        assert_eq!((answer.status, all(&answer, "Set-Cookie").len()), (503, 0), "{path}");
    }
    let answer = browser.post(&site.gate, "logout.php", &[]);
    assert_eq!((answer.status, browser.cookies.len()), (503, 1), "nobody is told that it ended");
    other.execute("UPDATE session SET origin = 'token'", []).unwrap();
    assert_eq!(browser.open(&site.gate, &token).status, 200, "asked");
}

/// A generator that breaks when it is told to.
struct Breaking(Arc<AtomicBool>);

impl Breaking {
    fn fill(&self, out: &mut [u8]) -> Result<(), std::fmt::Error> {
        out.fill(7);
        if self.0.load(Ordering::SeqCst) { Err(std::fmt::Error) } else { Ok(()) }
    }
}

impl rand_core::TryRng for Breaking {
    type Error = std::fmt::Error;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.fill(&mut [0; 4]).map(|()| 7)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.fill(&mut [0; 8]).map(|()| 7)
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.fill(out)
    }
}

impl rand_core::TryCryptoRng for Breaking {}

#[test]
fn without_randomness_nobody_gets_in_and_nobody_is_asked() {
    let site = Site::new();
    let token = site.token(site.ann);
    let fails = Arc::new(AtomicBool::new(false));
    let options = Options::new().clock(site.clock.clone()).random(Breaking(fails.clone()));
    let gate = options.open(&site.place.store).unwrap();
    fails.store(true, Ordering::SeqCst);
    for confirm in ["other_user", "always"] {
        site.set("confirm", json!(confirm));
        let mut browser = Browser::new();
        let answer = browser.open(&gate, &token);
        assert_eq!((answer.status, browser.cookies.len()), (500, 0));
    }
    assert_eq!(site.sessions(), 0);
}

#[test]
fn without_the_sealing_key_no_link_signs_in() {
    let site = Site::new();
    site.switch_on(None);
    let link = site.link("ann@example.com", None);
    let gate = Options::new().clock(site.clock.clone()).open(&site.place.store).unwrap();
    let mut browser = Browser::new();
    let answer = browser.get(&gate, "dologin.php", &link);
    assert_eq!((answer.status, browser.cookies.len(), site.sessions()), (500, 0, 0));
}
