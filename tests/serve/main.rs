//! `gatepass serve`: what it promises beside the answers themselves, which `tests/web` and `tests/api` hold.

#![cfg(feature = "serve")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod demo;
mod harness;
mod limits;
mod memory;
mod stopping;

use harness::{Serving, tool};

#[test]
fn it_says_where_it_listens_once_it_does() {
    let server = Serving::store(&[]);
    assert_eq!(server.greeting, format!("listening on {}", server.url));
    assert_eq!(server.get("/logout.php").status, 200);
    let server = Serving::store(&["--json"]);
    assert_eq!(server.started()["url"], server.url.as_str());
    assert_eq!(server.get("/logout.php").status, 200);
}

#[test]
fn endpoints_stand_below_the_system_urls_path_and_nowhere_else() {
    let server = Serving::at("/billing", &[]);
    assert_eq!(server.get("/billing/logout.php").status, 200);
    for other in
        ["/logout.php", "/billinglogout.php", "/billing", "/BILLING/logout.php", "//billing/logout.php"]
    {
        assert_eq!(server.get(other).status, 404, "{other}");
    }
    let server = Serving::at("/billing", &["--base-path", "/other/"]);
    assert_eq!(server.get("/other/logout.php").status, 200);
    assert_eq!(server.get("/billing/logout.php").status, 404);
}

#[test]
fn calls_come_from_where_their_connection_does() {
    let server = Serving::store(&[]);
    server.set("allowed_addresses", serde_json::json!(["203.0.113.0/24"]));
    let called = server.post("/includes/api.php", "action=GetUsers");
    assert_eq!((called.status, called.body.contains("Invalid IP 127.0.0.1")), (403, true), "{called:?}");
}

#[test]
fn no_token_secret_or_cookie_stands_in_the_request_log() {
    for form in ["text", "json"] {
        let mut server = Serving::store(&["--log", form]);
        let token = server.issue();
        let path = format!("/oauth/singlesignon.php?access_token={token}&secret=hunter2");
        let signed_in = server.get(&path);
        assert_eq!(signed_in.status, 303, "{signed_in:?}");
        let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        server.send(&format!(
            "GET /logout.php HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        ));
        server.get("/signin.php?mznu3zh2vxp6wexhbs5phvutxmm7xzs4");
        server.post("/includes/api.php?hunter=hunter2", "action=GetUsers&identifier=x&secret=hunter2");
        let log = server.stop().stderr;
        assert!(!log.contains(&token) && !log.contains("hunter2") && !log.contains("mznu3zh2"), "{log}");
        assert!(!log.contains(cookie.split('=').nth(1).unwrap()), "{log}");
        // The control: all of it was logged, the token by its public name.
        let name = gatepass::token::Token::parse(token.as_bytes()).unwrap().reference().to_string();
        for told in [&*name, "/includes/api.php", "/signin.php"] {
            assert!(log.contains(told), "{told}: {log}");
        }
        assert_eq!(log.lines().count(), 4, "{log}");
        if form == "json" {
            for line in log.lines() {
                let entry: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(entry["elapsed_ms"].is_number() && entry["status"].is_number(), "{entry}");
            }
        }
    }
    let mut quiet = Serving::store(&["--log", "off"]);
    quiet.get("/logout.php");
    assert_eq!(quiet.stop().stderr, "");
}

#[test]
fn what_can_not_be_served_is_told_by_name() {
    let server = Serving::store(&[]);
    let taken = server.address();
    for (arguments, status, said) in [
        (vec!["serve", "--demo", "--listen", &*taken], 2, "listen: "),
        (vec!["serve", "--demo", "--listen", "0.0.0.0:0"], 2, "listen: must be a loopback address"),
        (vec!["serve", "--demo", "--listen", "127.0.0.1"], 2, "--listen"),
        (vec!["serve", "--demo", "--listen", "127.0.0.1:0", "--base-path", "/a/../b"], 2, "base_path: "),
        (vec!["serve", "--demo", "--listen", "127.0.0.1:0", "--timeout", "0"], 2, "timeout: "),
        (vec!["serve", "--folder", "/tmp"], 2, "--demo"),
        (vec!["serve", "--listen", "127.0.0.1:0"], 2, "no store is named"),
        (
            vec!["--store", "/nonexistent/gatepass.db", "serve", "--listen", "127.0.0.1:0"],
            3,
            "no store there",
        ),
    ] {
        let ended = tool(&arguments);
        assert_eq!(ended.status, status, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
    }
}
