//! Forms as PHP's `parse_str` reads them (that of PHP 8.2). Where the two differ, we refuse for one of the
//! reasons in [`REFUSALS`], or it is a [`Difference`] that has a name.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::super::{DECISIVE, Entries, Failure, Parameter};
use super::read;
use crate::secret::hex;

/// Reads a form in hex from each line, and writes what it makes of it, with names and values in hex.
const SCRIPT: &str = r#"
    function shown(array $read) {
        $shown = [];
        foreach ($read as $name => $value) {
            $shown['_' . bin2hex((string) $name)] = is_array($value) ? shown($value) : bin2hex($value);
        }
        return $shown;
    }
    while (($line = fgets(STDIN)) !== false) {
        parse_str(hex2bin(trim($line)), $read);
        echo json_encode(shown($read), JSON_FORCE_OBJECT | JSON_THROW_ON_ERROR), "\n";
    }"#;

/// What PHP makes of each form; `None` without PHP.
fn of_php(forms: &[Vec<u8>]) -> Option<Vec<Value>> {
    if Command::new("php").arg("--version").output().is_err() {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!ci, "php is missing: run tests/setup");
        writeln!(std::io::stderr().lock(), "SKIPPED php_reads_the_same: php is missing").unwrap();
        return None;
    }
    let mut php = Command::new("php")
        .args(["-n", "-r", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = forms.iter().map(|form| hex(form) + "\n").collect();
    let mut pipe = php.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(lines.as_bytes()));
    let output = php.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// In the form in which the script writes.
fn shown(entries: &Entries) -> Value {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Text(text) => hex(text.as_bytes()).into(),
        Parameter::List(list) => shown(list),
    };
    entries
        .0
        .iter()
        .map(|(name, parameter)| (format!("_{}", hex(name.as_bytes())), value(parameter)))
        .collect()
}

/// What names and values are made of. The later ones are further from what anybody sends.
const PIECES: &[&str] = &[
    "a",
    "b",
    "1",
    "0",
    "a[",
    "]",
    "[",
    "[]",
    "[x]",
    "][",
    "%5B",
    "%5d",
    ".",
    " ",
    "+",
    "%20",
    "%2e",
    "_",
    "%2B",
    "é",
    "%c3%a9",
    "%",
    "%4",
    "%zz",
    "%41",
    "=",
    ";",
    "01",
    "-1",
    "-0",
    "9223372036854775807",
    "[9223372036854775807]",
    "[-5]",
    "[ ]",
    "[\t]",
    "[\n]",
    "%0b",
    "%00",
    "%ff",
    "%c3",
    "\u{1}",
    "action",
    "secret",
    "identifier=x&",
    "GLOBALS",
    "_SERVER",
    "this",
    "[a][b][c][d]",
    "'",
    "\"",
    "\\",
    "<",
    "{",
    "%26",
    "%3d",
    "\u{202e}",
    "[[",
    "]]",
    "?",
    "#",
];

/// Whether something is in a form.
type Holds = fn(&[u8]) -> bool;

/// Why a form is refused that PHP takes: what the refusal says, and what has to be in the form for it.
const REFUSALS: &[(&str, Holds)] = &[
    ("The name of a parameter can't be read", |form| holds(form, b"%00") || beyond_ascii(form)),
    (" is not UTF-8", beyond_ascii),
    (" has more than 3 brackets", |form| brackets(form) > 3),
    (" has two different values", names_decisive),
    ("Invalid ", |form| names_decisive(form) && brackets(form) > 0),
    ("More than 100 parameters", |form| form.iter().filter(|&&byte| byte == b'&').count() >= 100),
    (" is longer than 8 KiB", |form| form.len() > 8 * 1024),
];

fn holds(form: &[u8], part: &[u8]) -> bool {
    form.windows(part.len()).any(|window| window == part)
}

fn beyond_ascii(form: &[u8]) -> bool {
    form.iter().any(|byte| !byte.is_ascii()) || form.windows(2).any(|it| it[0] == b'%' && it[1] >= b'8')
}

fn brackets(form: &[u8]) -> usize {
    form.iter().filter(|&&byte| byte == b'[').count()
        + form.windows(3).filter(|it| it.eq_ignore_ascii_case(b"%5b")).count()
}

fn names_decisive(form: &[u8]) -> bool {
    DECISIVE.iter().any(|name| holds(form, name.as_bytes()))
}

/// Where both read a form, and differently.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    None,
    /// What decides who may do what is not there when it is empty, and an empty one does not replace it.
    EmptyDecisive,
    Undocumented,
}

fn difference(ours: &Value, theirs: &Value) -> Difference {
    if ours == theirs {
        return Difference::None;
    }
    let without = |read: &Value| {
        let mut rest = read.as_object().unwrap().clone();
        for name in DECISIVE {
            let name = format!("_{}", hex(name.as_bytes()));
            if theirs.get(&name).is_some_and(|value| value == "") {
                rest.remove(&name);
            }
        }
        rest
    };
    if without(ours) == without(theirs) { Difference::EmptyDecisive } else { Difference::Undocumented }
}

#[test]
fn php_reads_the_same() {
    let text = prop::collection::vec(prop::sample::select(PIECES), 0..4).prop_map(|pieces| pieces.concat());
    let name =
        "[ab.+ ]{0,3}(\\[[ab01.+ ]{0,2}\\]?){0,3}[ab.]{0,2}|%[0-9a-f]{2}|a%5b[0-9]{0,2}%5D|[a\\[\\]]{0,6}";
    let decisive = prop::sample::select(
        &["action=&", "action=x&", "secret[]=y&", "username&", "", "", "", "", "", "", "", ""][..],
    );
    let pair = (prop_oneof![text.clone(), name.prop_map(String::from)], "=?", text)
        .prop_map(|(name, sign, value)| name + &sign + &value);
    let forms = (decisive, prop::collection::vec(pair, 0..6))
        .prop_map(|(first, pairs)| first.to_owned() + &pairs.join("&"));
    let mut runner = TestRunner::deterministic();
    let mut forms: Vec<Vec<u8>> =
        (0..15_000).map(|_| forms.new_tree(&mut runner).unwrap().current().into_bytes()).collect();
    for length in [99, 100, 101] {
        forms.push(b"a[]=1&".repeat(length));
    }
    forms.push([b"a=", &b"x".repeat(8 * 1024 + 1)[..]].concat());
    forms.extend([b"\xff=1".to_vec(), b"a=\xc3".to_vec(), b"a[\xc3]=x".to_vec()]);

    let Some(theirs) = of_php(&forms) else { return };
    assert_eq!(theirs.len(), forms.len());
    let (mut same, mut lists, mut empty) = (0, 0, 0);
    let mut refused = vec![0; REFUSALS.len()];
    for (form, theirs) in forms.iter().zip(&theirs) {
        let text = String::from_utf8_lossy(form);
        match read(form) {
            Ok(parameters) => {
                let ours = shown(&parameters.entries);
                match difference(&ours, theirs) {
                    Difference::None => same += 1,
                    Difference::EmptyDecisive => empty += 1,
                    Difference::Undocumented => panic!("{text}: {ours} here, {theirs} in PHP"),
                }
                lists += usize::from(ours.to_string().contains(":{"));
            }
            Err(Failure::Said { message, .. }) => {
                let row = REFUSALS.iter().position(|(said, why)| message.contains(said) && why(form));
                refused[row.unwrap_or_else(|| panic!("{text}: {message}"))] += 1;
            }
            Err(Failure::Fault(fault)) => panic!("{fault}"),
        }
    }
    assert!(
        same > 6_000 && lists > 1_000 && empty > 100,
        "{same} read alike, {lists} of them lists, {empty} empty"
    );
    assert!(refused.iter().all(|&count| count > 0), "{refused:?}");
    eprintln!(
        "{} forms: {same} read alike, {empty} with an empty decisive one, refused {refused:?}",
        forms.len()
    );
}

#[test]
fn a_reader_that_differs_is_noticed() {
    let one = |text: &str| shown(&read(text.as_bytes()).unwrap().entries);
    for (ours, theirs) in
        [("a[b=1", "a[b]=1"), ("a.b=1", "a%2Eb[]=1"), ("action=x", "action=y"), ("a=", "b=")]
    {
        let told = difference(&one(ours), &one(theirs));
        assert_eq!(told, Difference::Undocumented, "{ours} for {theirs}");
    }
}
