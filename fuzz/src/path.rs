//! The rule for landing paths, and the system URL that they are joined to.
//!
//! `!` stands before a system URL; otherwise the first byte chooses the system and the rest is the path.

use gatepass::destination::{DenyTable, PathError, SafePath, SystemUrl};
use url::{Position, Url};

use super::planted;
use super::stage::replaced;

const SYSTEMS: [&str; 4] = [
    "https://billing.example.com",
    "https://example.com/billing",
    "http://127.0.0.1:8080/a/b.c",
    "https://[2001:db8::1]:8443/x~y",
];

pub fn check(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if first == b'!' {
        return system(text);
    }
    let base = SystemUrl::parse(SYSTEMS[usize::from(first) % SYSTEMS.len()]).unwrap();
    let deny = DenyTable::default();
    match judge(text, &base, &deny) {
        Ok(accepted) => below(&accepted, text, &base, &deny),
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error} is no line"),
    }
}

/// The rule, and what it takes for safe; planted is one that repairs slashes instead of refusing them.
fn judge(text: &str, base: &SystemUrl, deny: &DenyTable) -> Result<String, PathError> {
    if planted::wrong_answer() {
        let repaired = replaced(&replaced(text.as_bytes(), b"\\", b"/"), b"//", b"/");
        let repaired = String::from_utf8(repaired).unwrap();
        return SafePath::parse(&repaired, base, deny).map(|_| text.to_owned());
    }
    SafePath::parse(text, base, deny).map(|path| {
        assert_eq!(base.join(&path), format!("{base}/{path}"), "joined otherwise");
        path.as_str().to_owned()
    })
}

/// What was taken leads below the system URL, however often it is decoded and whoever joins it.
fn below(accepted: &str, given: &str, base: &SystemUrl, deny: &DenyTable) {
    assert!(given == accepted || given == format!("{}/{accepted}", base.path()), "{given} became {accepted}");
    let again = SafePath::parse(accepted, base, deny);
    assert!(
        again.is_ok_and(|path| path.as_str() == accepted),
        "{accepted} is not taken as it was given back"
    );

    let text = format!("{base}/{accepted}");
    let url = Url::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(url.as_str(), text, "a parser changes it");
    assert_eq!(&url[..Position::BeforePath], base.origin());
    assert!(url.path().strip_prefix(base.path()).is_some_and(|rest| rest.starts_with('/')), "{text}");
    let joined = Url::parse(&format!("{base}/")).unwrap().join(accepted).unwrap();
    assert_eq!(joined.as_str(), text, "as a relative reference it leads elsewhere");

    let page = accepted.split('#').next().unwrap();
    let path = page.split('?').next().unwrap();
    assert!(path.len() <= 512 && page.len() - path.len() <= 1501 && accepted.len() - page.len() <= 129);
    let mut level = path.as_bytes().to_vec();
    for times in 0..3 {
        let seen = std::str::from_utf8(&level).unwrap_or_else(|_| panic!("{times} times decoded no UTF-8"));
        segments(seen);
        level = decoded(&level);
    }
    let query = decoded(&page.as_bytes()[path.len()..]);
    assert!(!query.iter().any(u8::is_ascii_control), "a control character in the query");
    assert!(!query.windows(16).any(|it| it.eq_ignore_ascii_case(b"&dosinglesignon=")));
}

fn segments(path: &str) {
    assert!(!path.contains(|c: char| c == '\\' || c.is_ascii_control()), "{path:?}");
    assert!(!path.contains("//") && !path.starts_with('/'), "{path:?}");
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")), "{path:?}");
    let first = path.split('/').next().unwrap();
    assert!(!first.contains(':'), "{path:?} has a scheme");
    let closed = ["oauth", "includes", "modules", "admin"];
    let folder = path.contains('/') && closed.iter().any(|closed| first.eq_ignore_ascii_case(closed));
    assert!(!folder, "{path:?} lies in a closed folder");
    let pages = ["dologin.php", "logout.php", "signin.php"];
    let denied = |segment: &str| pages.iter().any(|page| segment.eq_ignore_ascii_case(page));
    assert!(!path.split('/').any(denied), "{path:?} signs in or out");
}

/// Every `%HH` replaced by its byte.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        match hex.filter(|_| *first == b'%') {
            Some(two) => {
                out.push(u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// A system URL is its own normal form, has nothing but scheme, host, port and path, and is safe to speak to.
fn system(text: &str) {
    let Ok(system) = SystemUrl::parse(text) else { return };
    let normal = system.as_str();
    assert_eq!(SystemUrl::parse(normal).unwrap().as_str(), normal, "of {text}");
    assert!(!normal.ends_with('/') && !normal.contains(['@', '?', '#', '\\', '%']), "{normal}");
    let url = Url::parse(normal).unwrap();
    assert!(url.username().is_empty() && url.password().is_none() && url.query().is_none(), "{normal}");
    let given = Url::parse(text).unwrap();
    assert_eq!(
        (given.scheme(), given.host(), given.port()),
        (url.scheme(), url.host(), url.port()),
        "{text}"
    );
    assert_eq!(given.path().trim_end_matches('/'), url.path().trim_end_matches('/'), "{text}");
    let loopback = match url.host().unwrap() {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    assert!(url.scheme() == "https" || (url.scheme() == "http" && loopback), "{normal}");
    assert_eq!(system.origin().to_owned() + system.path(), normal);
}
