//! The address of the system that people are signed in to: `https://example.com/billing`.
//!
//! Every redirect of ours starts with it, and it comes from the settings, never from a request. So it is read
//! once, with nothing left to interpret: scheme, host, perhaps a port, perhaps a folder, and no character
//! that two parsers could read differently. Host and scheme are written down in the form in which a browser
//! compares them (lower case, no default port, IPv4 in four parts); the path must be plain already.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Position, Url};
use zeroize::Zeroizing;

use super::path::SafePath;
use crate::error::{Error, Result};

/// The longest system URL, in bytes.
const MAX_LENGTH: usize = 512;

/// The system URL of a store: absolute, `https` (or `http` on a loopback host), without user name, query and
/// fragment, and without a slash at its end. In JSON a string.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SystemUrl {
    text: String,
    /// Where the path begins in `text`.
    origin: usize,
}

impl SystemUrl {
    /// Read from its text. A slash at the end is taken off.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `system_url`: not `http://` or `https://`, no host, a user name, query or
    /// fragment, anything but unreserved characters (RFC 3986 §2.3) in the path, a dot segment, `//`, `http`
    /// for a host that is not `localhost`, in 127.0.0.0/8 or `[::1]`, or more than 512 bytes.
    pub fn parse(text: &str) -> Result<SystemUrl> {
        let invalid = |reason: &'static str| Error::invalid("system_url", reason);
        if text.len() > MAX_LENGTH {
            return Err(invalid("is longer than 512 bytes"));
        }
        if text.contains('@') {
            return Err(invalid("must not have a user name"));
        }
        if text.contains(['?', '#']) {
            return Err(invalid("must not have a query or a fragment"));
        }
        // Without `%`, `\`, blanks, control and non-ASCII characters no two parsers disagree about what
        // follows.
        if !text.bytes().all(|b| unreserved(b) || b"/:[]".contains(&b)) {
            return Err(invalid(
                "has a character that is not allowed; write an international host in its xn-- form",
            ));
        }
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| invalid("must begin with https:// or http://"))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.is_empty() {
            return Err(invalid("must name a host"));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        let plain =
            path.bytes().all(|b| unreserved(b) || b == b'/') && !path.split('/').skip(1).any(str::is_empty);
        if !plain {
            return Err(invalid("must have a plain path, without `//`, `.` and `..`"));
        }

        let url = Url::parse(&format!("{scheme}://{authority}{path}"))
            .map_err(|_| invalid("is not a URL with a host"))?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(invalid("must name a host")),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => {
                return Err(invalid("must be https, unless the host is localhost or a loopback address"));
            }
            _ => return Err(invalid("must begin with https:// or http://")),
        }
        // Dot segments are gone by now.
        if url.path().strip_suffix('/').unwrap_or(url.path()) != path {
            return Err(invalid("must have a plain path, without `//`, `.` and `..`"));
        }
        let origin = &url[..Position::BeforePath];
        Ok(SystemUrl { origin: origin.len(), text: format!("{origin}{path}") })
    }

    /// The whole URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The folder: empty at the root of the host, otherwise as `/billing`.
    pub fn path(&self) -> &str {
        &self.text[self.origin..]
    }

    /// Scheme, host and a port that is not the default: `https://example.com`, as in a browser's `Origin`
    /// header.
    pub fn origin(&self) -> &str {
        &self.text[..self.origin]
    }

    /// Whether cookies of this system can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// The URL of a page: system URL, `/` and the path.
    pub fn join(&self, path: &SafePath) -> String {
        format!("{}/{}", self.text, path.as_str())
    }

    /// Where a browser opens a sign-in link: `{system URL}/signin.php?{link}`. Mails that are encoded wrongly
    /// lose what stands behind a `=`, so there is none.
    pub fn link_url(&self, link: &crate::link::SignInLink) -> String {
        // In one piece, since a text that grows leaves copies behind.
        [&self.text, "/signin.php?", &Zeroizing::new(link.reveal())].concat()
    }

    /// Where a browser spends a token: `{system URL}/oauth/singlesignon.php?access_token={token}`. A text
    /// that is no token is form-encoded, so that it can't add anything to the URL.
    pub fn sso_url(&self, token_text: &str) -> String {
        const PAGE: &str = "/oauth/singlesignon.php?access_token=";
        let mut url = String::with_capacity(self.text.len() + PAGE.len() + token_text.len());
        url.push_str(&self.text);
        url.push_str(PAGE);
        url.extend(form_urlencoded::byte_serialize(token_text.as_bytes()));
        url
    }
}

/// RFC 3986 §2.3.
pub(super) fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

impl TryFrom<String> for SystemUrl {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        SystemUrl::parse(&text)
    }
}

impl std::str::FromStr for SystemUrl {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        SystemUrl::parse(text)
    }
}

impl From<SystemUrl> for String {
    fn from(url: SystemUrl) -> String {
        url.text
    }
}

impl fmt::Display for SystemUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SystemUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemUrl({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_url_is_kept_in_the_form_that_browsers_compare() {
        for (given, kept, path) in [
            ("https://example.com", "https://example.com", ""),
            ("https://example.com/", "https://example.com", ""),
            ("HTTPS://Example.COM:443/Billing/", "https://example.com/Billing", "/Billing"),
            ("https://example.com:8443/a/b-c_d.e~f", "https://example.com:8443/a/b-c_d.e~f", "/a/b-c_d.e~f"),
            ("https://xn--bcher-kva.example/~shop", "https://xn--bcher-kva.example/~shop", "/~shop"),
            ("https://192.0.2.7/x", "https://192.0.2.7/x", "/x"),
            ("https://[2001:db8:0::1]:8443/x", "https://[2001:db8::1]:8443/x", "/x"),
            ("http://localhost:8080/", "http://localhost:8080", ""),
            ("http://127.0.0.1/whmcs", "http://127.0.0.1/whmcs", "/whmcs"),
            ("http://127.1.2.3", "http://127.1.2.3", ""),
            ("http://[::1]:80/whmcs", "http://[::1]/whmcs", "/whmcs"),
        ] {
            let url = SystemUrl::parse(given).unwrap();
            assert_eq!((url.as_str(), url.path()), (kept, path));
            assert_eq!(format!("{}{}", url.origin(), url.path()), kept);
            assert_eq!(url.is_https(), kept.starts_with("https"));
            assert_eq!(SystemUrl::parse(url.as_str()).unwrap(), url);
            let json = serde_json::to_string(&url).unwrap();
            assert_eq!(json, format!("{kept:?}"));
            assert_eq!(serde_json::from_str::<SystemUrl>(&json).unwrap(), url);
        }
    }

    #[test]
    fn what_is_no_plain_system_url_is_refused_by_name() {
        for bad in [
            "",
            "/",
            "//example.com",
            "example.com",
            "https:example.com",
            "https:/example.com",
            "https:///example.com",
            "https://",
            "https://:443",
            "https://example.com:99999",
            "https://example.com:x",
            "ftp://example.com",
            "file:///etc",
            "javascript://example.com",
            "http://example.com",
            "http://localhost.example.com",
            "http://localhost.",
            "http://128.0.0.1",
            "http://[::2]",
            "http://[::ffff:127.0.0.1]",
            "https://user@example.com",
            "https://user:secret@example.com",
            "https://@example.com",
            "https://example.com?",
            "https://example.com/?x=1",
            "https://example.com/#",
            "https://example.com//",
            "https://example.com//billing",
            "https://example.com/billing//",
            "https://example.com/./billing",
            "https://example.com/a/../billing",
            "https://example.com/..",
            "https://example.com/%2e%2e/billing",
            "https://example.com/bill%69ng",
            "https://ex%61mple.com",
            "https://example.com\\billing",
            "https://example.com/a\\b",
            "https://example.com/a b",
            "https://example.com/a;b",
            "https://example.com/a:b",
            " https://example.com",
            "https://example.com\n",
            "https://exam\tple.com",
            "https://example.com\0",
            "https://bücher.example",
            "https://ｅxample.com",
            "https://[::1",
            "https://[::1%25eth0]",
        ] {
            let error = SystemUrl::parse(bad).unwrap_err();
            assert!(
                matches!(&error, Error::Invalid { field, .. } if field == "system_url"),
                "{bad:?}: {error}"
            );
            assert!(serde_json::from_value::<SystemUrl>(bad.into()).is_err());
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_LENGTH));
        assert!(SystemUrl::parse(&long).is_err());
        assert!(SystemUrl::parse(&long[..MAX_LENGTH + 1]).is_err());
        assert!(SystemUrl::parse(&long[..MAX_LENGTH]).is_ok());
    }

    #[test]
    fn a_refusal_tells_a_plain_address_of_another_host_from_another_scheme() {
        let told = |text: &str| SystemUrl::parse(text).unwrap_err().to_string();
        assert!(told("http://example.com").contains("must be https, unless the host is localhost"));
        assert!(told("ftp://example.com").contains("must begin with https:// or http://"));
    }

    #[test]
    fn a_sign_in_link_is_opened_below_the_system_url() {
        let url = SystemUrl::parse("https://example.com/billing/").unwrap();
        let link = crate::link::SignInLink::generate(&mut getrandom::SysRng).unwrap();
        assert_eq!(url.link_url(&link), format!("https://example.com/billing/signin.php?{}", link.reveal()));
        assert_eq!(format!("{url:?}"), "SystemUrl(https://example.com/billing)");
    }

    #[test]
    fn a_token_is_spent_below_the_system_url() {
        let url = SystemUrl::parse("https://example.com/billing/").unwrap();
        let token = "afaed4482ad1e6b75492cdd421cc458b1991a97c";
        assert_eq!(
            url.sso_url(token),
            format!("https://example.com/billing/oauth/singlesignon.php?access_token={token}")
        );
        assert!(url.sso_url("a&b=#c").ends_with("?access_token=a%26b%3D%23c"));
    }
}
