//! Bodies of the type `multipart/form-data` (RFC 7578): fields alone, no files.

use zeroize::Zeroizing;

use super::answer::Failure;
use super::parameters::{Parameters, shown};

/// The longest boundary (RFC 2046 §5.1.1).
const LONGEST_BOUNDARY: usize = 70;

fn malformed() -> Failure {
    Failure::malformed("The multipart body can't be read")
}

/// Take in the fields of a body. `attributes` is what follows the type in `Content-Type`.
pub(super) fn read(attributes: &str, body: &[u8], parameters: &mut Parameters) -> Result<(), Failure> {
    let boundary = attribute(attributes, "boundary").ok_or_else(malformed)?;
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return Err(malformed());
    }
    let delimiter = format!("--{boundary}");
    // What stands before the first delimiter is no part.
    let mut rest = match body.strip_prefix(delimiter.as_bytes()) {
        Some(rest) => rest,
        None => split(body, format!("\r\n{delimiter}").as_bytes()).ok_or_else(malformed)?.1,
    };
    let delimiter = format!("\r\n{delimiter}");
    loop {
        if rest.starts_with(b"--") {
            return Ok(());
        }
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(0);
        let after = rest[start..].strip_prefix(b"\r\n").ok_or_else(malformed)?;
        let (part, next) = split(after, delimiter.as_bytes()).ok_or_else(malformed)?;
        take(part, parameters)?;
        rest = next;
    }
}

/// Take in one part.
fn take(part: &[u8], parameters: &mut Parameters) -> Result<(), Failure> {
    let (headers, value) = split(part, b"\r\n\r\n").ok_or_else(malformed)?;
    let headers = std::str::from_utf8(headers).map_err(|_| malformed())?;
    let mut dispositions = headers.split("\r\n").filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else {
        return Err(malformed());
    };
    let (kind, attributes) = disposition.split_once(';').ok_or_else(malformed)?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(malformed());
    }
    let name = attribute(attributes, "name").ok_or_else(malformed)?;
    if ["filename", "filename*"].iter().any(|file| attribute(attributes, file).is_some()) {
        return Err(Failure::malformed(format!(
            "The parameter {} is a file, which is not taken",
            shown(&name)
        )));
    }
    parameters.insert(name.as_bytes(), Zeroizing::new(value.to_vec()))
}

/// What stands before and after the first occurrence of `mark`.
fn split<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// The value of an attribute: `; name="a b"; other=c`, quotes and backslashes in quotes escaped by one.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim_end().to_owned(), &after[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
}

/// The text up to the closing quote, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            // Some browsers once sent a path with its backslashes as they are.
            '\\' => match characters.next()?.1 {
                quoted @ ('"' | '\\') => value.push(quoted),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}
