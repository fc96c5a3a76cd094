//! The request log: one line on standard error each, without anything secret.
//!
//! Of a query only the names of its parameters are told, and of an SSO token its public name, the one that
//! `gatepass token explain` takes.

use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use gatepass::clock::{Clock, SystemClock};
use gatepass::token::Token;
use hyper::Request;
use serde_json::json;

/// Most parameters that a line names.
const NAMES: usize = 10;

/// Most bytes of a path that a line tells.
const LONGEST: usize = 100;

/// Most bytes of a word. No token, sign-in link, secret or session id is that short. A link stands where a
/// parameter's name is looked for, and in URLs that were mangled on their way anything secret may stand there,
/// or in the path.
const WORD: usize = 30;

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogForm {
    /// A line for people
    Text,
    /// A JSON document on a line
    Json,
    /// Nothing
    Off,
}

/// Where requests are told.
pub(super) struct Log(LogForm);

/// What is told of a request.
pub(super) struct Entry {
    peer: IpAddr,
    method: String,
    path: String,
    parameters: Vec<String>,
    token: Option<String>,
    pub(super) status: u16,
    pub(super) elapsed: Duration,
}

impl Entry {
    pub(super) fn new<B>(peer: IpAddr, request: &Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let mut parameters = Vec::new();
        let mut token = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(NAMES) {
            if name == "access_token" {
                token = Token::parse(value.as_bytes()).map(|token| token.reference().to_string());
            }
            parameters.push(plain(&name));
        }
        Entry {
            peer,
            method: plain(request.method().as_str()),
            path: plain(request.uri().path()),
            parameters,
            token,
            status: 0,
            elapsed: Duration::ZERO,
        }
    }
}

/// A text from outside for a log line: short, visible ASCII without blanks.
fn printable(text: &str) -> String {
    text.bytes()
        .take(LONGEST)
        .map(|byte| if byte.is_ascii_graphic() { char::from(byte) } else { '?' })
        .collect()
}

/// The same of a name, a path or a method, in which no word may be longer than a secret could be.
fn plain(text: &str) -> String {
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    printable(&words.map(|word| if word.len() > WORD { "?" } else { word }).collect::<String>())
}

impl Log {
    pub(super) fn new(form: LogForm) -> Self {
        Log(form)
    }

    pub(super) fn write(&self, entry: &Entry) {
        let at = SystemClock.now();
        let milliseconds = (entry.elapsed.as_secs_f64() * 1e4).round() / 10.0;
        let line = match self.0 {
            LogForm::Off => return,
            LogForm::Json => json!({
                "at": at,
                "peer": entry.peer,
                "method": entry.method,
                "path": entry.path,
                "parameters": entry.parameters,
                "token": entry.token,
                "status": entry.status,
                "elapsed_ms": milliseconds,
            })
            .to_string(),
            LogForm::Text => {
                let names = if entry.parameters.is_empty() {
                    String::new()
                } else {
                    format!("?{}", entry.parameters.join("&"))
                };
                let token = entry.token.as_ref().map(|token| format!(" token {token}")).unwrap_or_default();
                format!(
                    "{at} {} {} {}{names} {} {milliseconds} ms{token}",
                    entry.peer, entry.method, entry.path, entry.status
                )
            }
        };
        // There is nowhere left to tell that standard error can't be written.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_no_value_and_a_token_by_its_public_name() {
        let token = "019aab0000000123456789abcdef0123456789ab";
        let request = Request::builder()
            .uri(format!("/oauth/singlesignon.php?access_token={token}&secret=hunter2&a%0Ab=%1b[31m"))
            .body(())
            .unwrap();
        let entry = Entry::new("203.0.113.9".parse().unwrap(), &request);
        assert_eq!(entry.token, Token::parse(token).map(|token| token.reference().to_string()));
        assert_eq!(entry.parameters, ["access_token", "secret", "a?b"]);
        assert_eq!(entry.path, "/oauth/singlesignon.php");
    }

    #[test]
    fn neither_a_sign_in_link_nor_the_token_of_a_mangled_url_is_told() {
        let token = "019aab0000000123456789abcdef0123456789ab";
        for uri in [
            format!("/oauth/singlesignon.php?access_token%3D{token}"),
            format!("/oauth/singlesignon.php?{token}"),
            format!("/oauth/singlesignon.php?x=y&GPS{token}"),
            format!("/oauth/singlesignon.php%3Faccess_token={token}"),
            format!("/oauth/singlesignon.php/{token}"),
            format!("/{token}"),
            // A sign-in link, as it is and as mail programs make it.
            format!("/signin.php?{}", &token[8..]),
            format!("/signin.php?{}=", &token[8..]),
            format!("/signin.php?a=b&{}.", &token[8..]),
        ] {
            // In a request that is no HTTP at all, the token may stand where the method belongs.
            let request = Request::builder().method(token).uri(&uri).body(()).unwrap();
            let entry = Entry::new("203.0.113.9".parse().unwrap(), &request);
            let told = format!("{} {} {:?} {:?}", entry.method, entry.path, entry.parameters, entry.token);
            assert!(!told.contains(&token[8..]), "{told}");
        }
    }
}
