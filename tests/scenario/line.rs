//! One line of the scenario, read.

use std::collections::HashMap;

use gatepass::{Error, Result};

type Names = HashMap<String, String>;

/// A verb, what it is told, and what must come out.
pub(crate) struct Line {
    pub(crate) verb: String,
    pub(crate) words: String,
    pub(crate) code: String,
    /// `contains`, `lacks` or the name of a value, and what it must be.
    pub(crate) expected: Vec<(String, String)>,
    captures: Vec<(String, String)>,
}

impl Line {
    pub(crate) fn read(text: &str, names: &Names) -> Self {
        let (told, wanted) = text.rsplit_once(" -> ").expect("a line has an arrow");
        let (verb, words) = told.split_once(' ').unwrap_or((told, ""));
        let (code, wanted) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let mut line = Line {
            verb: verb.to_owned(),
            words: words.to_owned(),
            code: code.to_owned(),
            expected: Vec::new(),
            captures: Vec::new(),
        };
        if verb == "call" && code == "ok" {
            line.read_about_document(wanted, names);
        } else {
            let pairs = wanted.split(' ').filter(|pair| !pair.is_empty());
            line.expected = pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').expect("an expectation has a value");
                    let value = decoded(&replaced(value, names)).expect("an expectation is text");
                    (name.to_owned(), String::from_utf8(value).unwrap())
                })
                .collect();
        }
        line
    }

    fn read_about_document(&mut self, wanted: &str, names: &Names) {
        let keywords = ["contains ", "lacks ", "capture "];
        let mut rest = wanted;
        while let Some(keyword) = keywords.into_iter().find(|keyword| rest.starts_with(keyword)) {
            let body = &rest[keyword.len()..];
            let end = keywords.iter().filter_map(|next| body.find(&format!(" {next}"))).min();
            let value = &body[..end.unwrap_or(body.len())];
            rest = body[value.len()..].trim_start();
            match keyword.trim_end() {
                "capture" => {
                    let (name, mark) = value.split_once(' ').unwrap();
                    self.captures.push((name.to_owned(), mark.to_owned()));
                }
                keyword => self.expected.push((keyword.to_owned(), replaced(value, names))),
            }
        }
        assert!(rest.is_empty(), "not understood: {rest}");
    }

    /// Take what stands behind each mark, up to the next `"`.
    pub(crate) fn capture(&self, document: &str, names: &mut Names) {
        for (name, mark) in &self.captures {
            let (_, behind) = document.split_once(mark.as_str()).expect("the mark stands in the answer");
            names.insert(name.clone(), behind.split('"').next().unwrap().to_owned());
        }
    }
}

/// The words of a line, decoded.
pub(crate) struct Words {
    values: HashMap<String, Vec<u8>>,
    /// All of them as they stand there, with the names replaced.
    pub(crate) rest: String,
}

impl Words {
    pub(crate) fn read(verb: &str, words: &str, names: &Names) -> Result<Self> {
        let rest = replaced(words, names);
        let mut values = HashMap::new();
        if !matches!(verb, "call" | "wait") {
            for word in words.split(' ').filter(|word| !word.is_empty()) {
                let (name, value) = word.split_once('=').expect("a word has a value");
                values.insert(name.to_owned(), decoded(&replaced(value, names))?);
            }
        }
        Ok(Words { values, rest })
    }

    /// Under which name the outcome is kept.
    pub(crate) fn name(&self) -> Option<&str> {
        self.values.get("as").map(|name| std::str::from_utf8(name).unwrap())
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// Rust's text is UTF-8; what isn't can't be said.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        self.bytes(name).map(|bytes| std::str::from_utf8(bytes).map_err(|_| not_text(name))).transpose()
    }

    pub(crate) fn owned(&self, name: &str) -> Result<Option<String>> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.text(name)?.map(|text| text.parse().map_err(|_| not_text(name))).transpose()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.bytes(name).map(|bytes| std::str::from_utf8(bytes).unwrap().parse().unwrap())
    }

    pub(crate) fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.number(name).map_or(otherwise, |number| number != 0)
    }
}

fn not_text(field: &str) -> Error {
    Error::Invalid { field: field.to_owned().into(), reason: "can't be read".into() }
}

/// `$NAME` becomes what was captured; the longest name counts.
fn replaced(text: &str, names: &Names) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
        out.push_str(before);
        match names.get(&behind[..end]) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[before.len()..before.len() + 1 + end]),
        }
        rest = &behind[end..];
    }
    out + rest
}

/// `%HH` becomes a byte, `repeat:X:N` the text X, N times.
fn decoded(value: &str) -> Result<Vec<u8>> {
    if let Some((text, times)) = value.strip_prefix("repeat:").and_then(|it| it.rsplit_once(':')) {
        return Ok(text.repeat(times.parse().unwrap()).into_bytes());
    }
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    Ok(bytes)
}
