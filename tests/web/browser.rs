//! A browser: it keeps cookies, follows nobody's orders but the headers', and sends forms.

use std::collections::BTreeMap;
use std::net::IpAddr;

use gatepass::Gatepass;
use gatepass::link::SignInLink;
use gatepass::web::{Request, Response, handle};

pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) address: IpAddr,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Browser { cookies: BTreeMap::new(), address: "203.0.113.9".parse().unwrap() }
    }

    /// Send a request with the browser's cookies, check what holds for every answer and keep what it sets.
    pub(crate) fn send(&mut self, gate: &Gatepass, request: Request) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.peer(self.address);
        if !cookies.is_empty() {
            request = request.header("Cookie", cookies.join("; "));
        }
        let response = handle(gate, &request);
        keeps_to_itself(&response);
        for line in all(&response, "Set-Cookie") {
            let (pair, attributes) = line.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        response
    }

    pub(crate) fn get(&mut self, gate: &Gatepass, path: &str, query: &str) -> Response {
        self.send(gate, Request::new("GET", path).query(query))
    }

    /// Open a token's URL.
    pub(crate) fn open(&mut self, gate: &Gatepass, token: &str) -> Response {
        self.get(gate, "oauth/singlesignon.php", &format!("access_token={token}"))
    }

    /// Open the link of an e-mail.
    pub(crate) fn open_mail(&mut self, gate: &Gatepass, link: &SignInLink) -> Response {
        self.get(gate, "signin.php", &link.reveal())
    }

    pub(crate) fn post(&mut self, gate: &Gatepass, path: &str, fields: &[(String, String)]) -> Response {
        self.send(gate, form(path, fields))
    }

    /// Press the button of the page's form.
    pub(crate) fn press(&mut self, gate: &Gatepass, page: &Response) -> Response {
        let (path, fields) = form_of(page);
        self.post(gate, &path, &fields)
    }

    /// The session's cookie.
    pub(crate) fn session(&self) -> Option<&String> {
        let is_session = |name: &&String| name.contains("gp_") && !name.contains("gp_confirm_");
        self.cookies.iter().find(|(name, _)| is_session(name)).map(|(_, value)| value)
    }

    /// Who is signed in here, as the system's own pages ask.
    pub(crate) fn signed_in(&self, gate: &Gatepass) -> Option<gatepass::id::UserId> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::new("GET", "clientarea.php").header("Cookie", cookies.join("; "));
        gatepass::web::session(gate, &request).ok().and_then(|session| session.user_id)
    }
}

pub(crate) fn form(path: &str, fields: &[(String, String)]) -> Request {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    Request::new("POST", path).header("Content-Type", "application/x-www-form-urlencoded").body(body.finish())
}

/// Where a page's form goes, below the system URL, and its hidden fields.
#[track_caller]
pub(crate) fn form_of(page: &Response) -> (String, Vec<(String, String)>) {
    let text = text(page);
    let (_, form) = text.split_once("<form method=\"post\" action=\"").expect("a form");
    let (action, rest) = form.split_once('"').unwrap();
    let path = action.split_once(".com/").map_or_else(|| action.rsplit_once(":8080/").unwrap().1, |at| at.1);
    let fields = rest.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
        let (name, input) = input.split_once("\" value=\"").unwrap();
        (name.to_owned(), unescaped(input.split_once('"').unwrap().0))
    });
    (path.to_owned(), fields.collect())
}

pub(crate) fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

pub(crate) fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

pub(crate) fn all<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let named = |header: &&(&str, String)| header.0.eq_ignore_ascii_case(name);
    response.headers.iter().filter(named).map(|(_, value)| value.as_str()).collect()
}

/// The one header of that name.
#[track_caller]
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let [value] = all(response, name)[..] else { panic!("{name}: {:?}", response.headers) };
    value
}

pub(crate) fn location(response: &Response) -> &str {
    assert_eq!(response.status, 303, "{}", text(response));
    header(response, "Location")
}

/// What holds for every answer: no cache, no referrer, nothing that a header could be split by; and for every
/// page, that it runs nothing, loads nothing, is framed by nobody, and is put together as a page should be.
#[track_caller]
fn keeps_to_itself(response: &Response) {
    assert_eq!(header(response, "Cache-Control"), "no-store");
    for (name, value) in &response.headers {
        assert!(value.bytes().all(|byte| (0x20..0x7F).contains(&byte)), "{name}: {value:?}");
    }
    if response.status == 303 {
        assert_eq!(header(response, "Referrer-Policy"), "no-referrer");
        assert!(response.body.is_empty());
    }
    if all(response, "Content-Type") != ["text/html; charset=utf-8"] {
        return;
    }
    let policy = header(response, "Content-Security-Policy");
    for part in ["default-src 'none';", "frame-ancestors 'none';", "base-uri 'none';", "form-action 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex"),
    ] {
        assert_eq!(header(response, name), value);
    }
    let page = text(response);
    if page.is_empty() {
        return;
    }
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">\n"));
    for once in ["<meta name=\"viewport\"", "<meta name=\"color-scheme\"", "<title>", "<main>", "<h1>"] {
        assert_eq!(page.matches(once).count(), 1, "{once}");
    }
    for never in ["<script", "javascript:", " on", "<img", "<iframe", "src="] {
        let inside = page.split("</style>").nth(1).unwrap();
        let tags = inside.split('<').skip(1).filter_map(|tag| tag.split_once('>').map(|tag| tag.0));
        assert!(tags.map(|tag| format!("<{tag}")).all(|tag| !tag.contains(never)), "{never}");
    }
}
