//! What must pass, what must not in any encoding, and what holds for everything that passes.

use proptest::prelude::*;

use super::*;

mod tables;
use tables::{REAL, hostile};

/// The same rule at the root of a host, in a folder, and on a port.
fn bases() -> Vec<SystemUrl> {
    ["https://example.com", "https://example.com/billing", "http://localhost:8080/a/b"]
        .map(|text| SystemUrl::parse(text).unwrap())
        .to_vec()
}

fn judge(input: &str, base: &SystemUrl) -> Result<SafePath, PathError> {
    SafePath::parse(input, base, &DenyTable::default())
}

#[test]
fn paths_that_people_use_land_exactly_there() {
    assert!(REAL.len() >= 60);
    for base in bases() {
        for path in REAL {
            let safe = judge(path, &base).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(safe.as_str(), *path);
            assert_eq!(base.join(&safe), format!("{base}/{path}"));
            assert_eq!(safe.to_string(), *path);
            assert_eq!(format!("{safe:?}"), format!("SafePath({path:?})"));
            assert_eq!(serde_json::to_value(&safe).unwrap(), *path);
            let rooted = judge(&format!("{}/{path}", base.path()), &base).unwrap();
            assert_eq!(rooted, safe, "below the system URL's own path a leading slash is the same page");
        }
    }
}

#[test]
fn a_path_may_be_as_long_as_promised_and_no_longer() {
    let base = &bases()[0];
    let a = |n: usize| "a".repeat(n);
    assert!(judge(&a(MAX_PATH), base).is_ok());
    assert_eq!(judge(&a(MAX_PATH + 1), base), Err(PathError::PathTooLong));
    assert!(judge(&format!("x?{}", a(MAX_QUERY)), base).is_ok());
    assert_eq!(judge(&format!("x?{}", a(MAX_QUERY + 1)), base), Err(PathError::QueryTooLong));
    assert!(judge(&format!("x#{}", a(MAX_FRAGMENT)), base).is_ok());
    assert_eq!(judge(&format!("x#{}", a(MAX_FRAGMENT + 1)), base), Err(PathError::Fragment));
    assert!(judge(&a(1 << 22), base).is_err());
    assert!(judge(&"%25".repeat(1 << 20), base).is_err());
}

#[test]
fn a_refusal_says_which_rule_was_broken() {
    let base = &bases()[1];
    for (input, error) in [
        ("", PathError::Empty),
        ("/billing/", PathError::Empty),
        ("/", PathError::NotBelow),
        ("/billing", PathError::NotBelow),
        ("/billingx/y", PathError::NotBelow),
        ("/Billing/x", PathError::NotBelow),
        ("//evil.example", PathError::NotBelow),
        ("/billing//evil.example", PathError::EmptySegment),
        ("%2fevil.example", PathError::EmptySegment),
        ("a b", PathError::Character),
        ("a{b}", PathError::Character),
        ("é", PathError::Character),
        ("a%", PathError::Escape),
        ("a%2", PathError::Escape),
        ("a%2g", PathError::Escape),
        ("%c0%ae%c0%ae/x", PathError::Escape),
        ("%25ff", PathError::Escape),
        ("a\tb", PathError::Control),
        ("a%2500", PathError::Control),
        ("a?b=%0d%0a", PathError::Control),
        ("a%7f", PathError::Control),
        ("a\\b", PathError::Backslash),
        ("a%255Cb", PathError::Backslash),
        ("a/%252e%252E/b", PathError::DotSegment),
        ("a/..;x=1/b", PathError::DotSegment),
        ("a/..%20/b", PathError::DotSegment),
        ("a/..%3Fx", PathError::DotSegment),
        ("a/..%2523", PathError::DotSegment),
        ("java%73cript%253aalert(1)", PathError::Colon),
        ("a?b=\u{e9}", PathError::QueryCharacter),
        ("a?b=<i>", PathError::QueryCharacter),
        ("a?b c", PathError::QueryCharacter),
        ("a?b='", PathError::Foreign),
        ("a#b=c", PathError::Fragment),
        ("a#b#c", PathError::Fragment),
        ("a#/b", PathError::Fragment),
        ("logout.php", PathError::Denied),
    ] {
        assert_eq!(judge(input, base), Err(error), "{input:?}");
        assert!(!error.to_string().contains('\n'));
        let invalid = error.invalid("redirect_path");
        assert_eq!(invalid.to_string(), format!("redirect_path: {error}"));
    }
}

type Rule<'a> = &'a dyn Fn(&str) -> bool;

/// The hostile inputs that a rule lets through.
fn let_through(rule: impl Fn(&str) -> bool) -> Vec<String> {
    hostile().into_iter().filter(|input| rule(input)).collect()
}

/// Where a browser goes that is shown this as a `Location` by a page of the system.
fn leaves(input: &str, base: &SystemUrl) -> bool {
    let page = Url::parse(&format!("{base}/")).unwrap();
    page.join(input).is_ok_and(|url| {
        &url[..Position::BeforePath] != base.origin() || !url.path().starts_with(&format!("{}/", base.path()))
    })
}

#[test]
fn no_hostile_path_passes_in_any_encoding() {
    let base = &bases()[1];
    assert!(hostile().len() >= 300);
    let passed = let_through(|input| judge(input, base).is_ok());
    assert!(passed.is_empty(), "{passed:#?}");
}

/// Whether the table is worth anything: rules that people do write must fail on it, and fail by leaving the
/// host.
#[test]
fn the_hostile_table_catches_rules_that_people_write() {
    let base = &bases()[1];
    let rules: [(&str, Rule<'_>); 5] = [
        ("one slash, not two", &|input| input.starts_with('/') && !input.starts_with("//")),
        ("no scheme", &|input| !input.contains("://") && !input.starts_with("//")),
        ("no dots", &|input| !input.contains("..") && !input.contains("//")),
        ("it parses below the base", &|input| {
            Url::parse(&format!("{base}/{input}")).is_ok_and(|url| url.path().starts_with("/billing/"))
        }),
        ("ours, but without decoding", &|input| {
            let relative = below(input, base).unwrap_or("//");
            let page = split(relative, '#').0;
            let (path, query) = split(page, '?');
            check_segments(path).is_ok()
                && check_query(query.unwrap_or_default()).is_ok()
                && !DenyTable::default().denies(page)
        }),
    ];
    for (name, rule) in rules {
        let passed = let_through(rule);
        assert!(passed.len() >= 20, "`{name}` let only {} through", passed.len());
        let left = passed.iter().any(|input| {
            let once = String::from_utf8_lossy(&decode(input.as_bytes())).into_owned();
            let twice = String::from_utf8_lossy(&decode(once.as_bytes())).into_owned();
            [input, &once, &twice].into_iter().any(|text| leaves(text, base))
        });
        assert!(left, "`{name}` let nothing out of the system");
    }
}

/// What must hold for everything that passes.
fn assert_stays(input: &str, safe: &SafePath, base: &SystemUrl) {
    let joined = base.join(safe);
    let url = Url::parse(&joined).unwrap();
    assert_eq!(url.as_str(), joined, "{input:?}");
    assert_eq!(&url[..Position::BeforePath], base.origin(), "{input:?}");
    assert!(url.path().starts_with(&format!("{}/", base.path())), "{input:?}");
    assert!(url.username().is_empty() && url.password().is_none(), "{input:?}");
    assert_eq!(&judge(safe.as_str(), base).unwrap(), safe, "{input:?}");
    assert!(!leaves(safe.as_str(), base), "{input:?}");
    // Also if somebody in between decodes it before it is resolved. Twice decoded it is text for a file
    // system, to which `%2e` means nothing any more.
    let path = safe.as_str().split(['?', '#']).next().unwrap();
    let once = String::from_utf8(decode(path.as_bytes())).unwrap();
    assert!(!leaves(&once, base), "{input:?}");
    let twice = String::from_utf8(decode(once.as_bytes())).unwrap();
    assert!(!leaves(&twice.replace('%', "_"), base), "{input:?}");
}

#[test]
fn paths_that_people_use_stay_below_the_system_url() {
    for base in bases() {
        for path in REAL {
            assert_stays(path, &judge(path, &base).unwrap(), &base);
        }
    }
}

/// The building blocks of attacks, so that arbitrary strings are near the border and not far beyond it.
fn near_the_border() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        "/",
        "/",
        "//",
        "\\",
        ".",
        "..",
        ":",
        ";",
        "@",
        "?",
        "#",
        "&",
        "=",
        "+",
        "%",
        "%25",
        "%2f",
        "%2F",
        "%252f",
        "%5c",
        "%255C",
        "%2e",
        "%252e",
        "2e",
        "2f",
        "%3a",
        "%3A",
        "%253a",
        "%20",
        "%00",
        "%0a",
        "%09",
        "%c3%a9",
        "%ff",
        "%3f",
        "%23",
        "\t",
        "\n",
        " ",
        "é",
        "／",
        "a",
        "b",
        "x.php",
        "billing",
        "evil.example",
        "javascript",
        "https",
        "dologin.php",
        "oauth",
        "dosinglesignon",
        "id",
        "5",
        "[]",
        "~",
        "'",
        "{",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn nothing_that_passes_leaves_the_system(input in near_the_border()) {
        for base in bases() {
            if let Ok(safe) = judge(&input, &base) {
                assert_stays(&input, &safe, &base);
            }
        }
    }

    #[test]
    fn what_is_taken_as_plain_is_read_back_by_the_parser_as_written(input in "[a-c0./_~?=&#-]{1,24}") {
        for base in bases() {
            if let Ok(safe) = judge(&input, &base) {
                assert!(plain(safe.as_str()));
                assert!(lands_below(safe.as_str(), &base), "{input}");
            }
        }
    }

    #[test]
    fn arbitrary_text_is_judged_without_a_panic(input in any::<String>(), url in any::<String>()) {
        for base in bases() {
            if let Ok(safe) = judge(&input, &base) {
                assert_stays(&input, &safe, &base);
            }
        }
        let _ = SystemUrl::parse(&url);
        let _ = SystemUrl::parse(&format!("https://{url}"));
        let _ = DenyTable::from_entries(&[&url]);
    }

    #[test]
    fn a_system_url_reads_back_as_itself(text in "(https?|HTTPS)://[a-zA-Z0-9.:\\[\\]/_~%@?#\\\\-]{0,24}") {
        if let Ok(url) = SystemUrl::parse(&text) {
            assert_eq!(&SystemUrl::parse(url.as_str()).unwrap(), &url);
            assert_eq!(Url::parse(&format!("{url}/")).unwrap().as_str(), format!("{url}/"));
        }
    }
}
