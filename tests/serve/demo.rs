//! The demo: a portal hands people over to a client area, as a browser without scripts sees it.

use crate::harness::{Answer, Serving};

/// A browser's cookies and what it follows.
struct Visitor<'a> {
    server: &'a Serving,
    cookies: Vec<(String, String)>,
}

impl<'a> Visitor<'a> {
    fn new(server: &'a Serving) -> Self {
        let mut visitor = Visitor { server, cookies: Vec::new() };
        // The portal signs its visitor in by a cookie of its own.
        assert_eq!(visitor.go("GET", "/portal/", "").status, 200);
        visitor
    }

    fn go(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let answer = self.ask(method, path, form);
        match answer.header("location") {
            Some(to) => {
                let path = to.strip_prefix(&*self.server.url).unwrap_or(to);
                // A browser asks for `/` when an address has no path.
                let path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
                assert!(path.starts_with('/'), "it leads away: {to}");
                self.go("GET", &path, "")
            }
            None => answer,
        }
    }

    fn ask(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = self.server.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            cookies.join("; "),
            form.len()
        ));
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(held, _)| held != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

/// What follows `before` on a page, up to `after`.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    page.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found).unwrap_or("")
}

#[test]
fn the_portal_hands_ann_over_and_the_client_area_says_who_vouched_for_her() {
    let server = Serving::demo(&[]);
    let mut ann = Visitor::new(&server);
    assert_eq!(ann.go("GET", "/clientarea.php", "").status, 403);
    let page = ann.go("POST", "/portal/open", "to=service");
    assert_eq!(page.status, 200, "{page:?}");
    for said in [
        "Ann Example",
        "ann@example.com",
        "clientarea.php?action=productdetails&amp;id=1",
        "“customer portal”",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let page = ann.go("POST", "/portal/open", "to=invoice");
    assert!(page.body.contains("viewinvoice.php?id=5"), "{}", page.body);
    assert_eq!(ann.go("POST", "/logout.php", "").status, 403);
    assert_eq!(ann.go("GET", "/clientarea.php", "").status, 403);
}

#[test]
fn the_portals_links_do_what_it_says_of_them() {
    let server = Serving::demo(&[]);
    let mut ann = Visitor::new(&server);
    let shown = ann.go("POST", "/portal/old", "");
    let link = between(&shown.body, "<a href=\"", "\"").replace("&amp;", "&");
    let page = ann.go("GET", link.strip_prefix(&*server.url).unwrap(), "");
    assert!(page.body.contains("AutoAuth key “old mail system”"), "{}", page.body);
    assert!(page.body.contains("viewinvoice.php?id=5"), "{}", page.body);
    let shown = ann.go("POST", "/portal/expired", "");
    let link = between(&shown.body, "<a href=\"", "\"").to_owned();
    let page = ann.ask("GET", link.strip_prefix(&*server.url).unwrap(), "");
    assert!((400..500).contains(&page.status), "{page:?}");
}

#[test]
fn a_mail_of_the_portal_signs_in_whoever_reads_it_once() {
    let server = Serving::demo(&[]);
    let mut ann = Visitor::new(&server);
    let mail = ann.go("POST", "/portal/mail", "invoice=6");
    let url = between(&mail.body, "<a href=\"", "\"").to_owned();
    let link = url.strip_prefix(&*server.url).unwrap();
    assert!(link.starts_with("/signin.php?") && mail.body.contains("ann@example.com"), "{}", mail.body);

    let mut reader = Visitor::new(&server);
    let question = reader.ask("GET", link, "");
    assert_eq!((question.status, question.body.contains("invoice 6")), (200, true), "{question:?}");
    assert_eq!(reader.go("GET", "/clientarea.php", "").status, 403, "to look signs nobody in");
    let field = |name: &str| between(&question.body, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    let form = format!("link={}&nonce={}", field("link"), field("nonce"));
    let page = reader.go("POST", "/signin.php", &form);
    for said in ["Ann Example", "viewinvoice.php?id=6", "“customer portal”"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }

    let again = ann.ask("GET", link, "");
    assert_eq!(again.status, 410, "{again:?}");
    let offered = ann.ask("GET", "/portal/mail?link=x", "");
    assert!(offered.status == 200 && offered.body.contains("E-mail me invoice 5"), "{offered:?}");
    assert_eq!(ann.go("POST", "/portal/mail", "invoice=7").status, 400);
}

#[test]
fn nobody_else_can_press_the_portals_buttons() {
    let server = Serving::demo(&[]);
    // The portal's cookie is Strict: a button on another site comes without it.
    let answer = server.post("/portal/open", "to=service");
    assert!(!answer.header("location").unwrap_or_default().contains("access_token"), "{answer:?}");
    let cookie = server.get("/portal/").header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"), "{cookie}");
    let mut visitor = Visitor::new(&server);
    for name in ["nobody", "%3Cscript%3E", ""] {
        let page = visitor.go("POST", "/portal/switch", &format!("who={name}"));
        assert!(page.status == 400 && !page.body.contains("<script>"), "{page:?}");
    }
    let page = visitor.go("GET", "/clientarea.php?%3Cscript%3E'\"<x>", "");
    assert!(!page.body.contains("<x>"), "{page:?}");
}

#[test]
fn a_demo_below_a_path_stays_below_it() {
    let server = Serving::demo(&["--base-path", "/shop"]);
    assert!(server.url.ends_with("/shop"));
    let page = server.get("/shop/portal/");
    assert_eq!(page.header("location"), Some("/shop/portal/"), "{page:?}");
    assert_eq!(server.get("/portal/").status, 404);
    // Who signs out is sent to the system URL, which has no slash at its end.
    for home in ["/shop", "/shop/"] {
        assert!(server.get(home).body.contains("Nobody is signed in here"), "{home}");
    }
}
