//! The one function that decides which relative path is safe to land on.
//!
//! `redirect_path`, AutoAuth's `goto`, the path of a sign-in link and the destinations that a host
//! defines all come through [`SafePath::parse`]. It refuses and never repairs: a path that needs repair was
//! made by somebody who did not mean well, or by a program that will not notice. Its promise: the system URL,
//! a slash and the path are together a URL of the same scheme, host and port, below the system URL's own
//! path, whether a proxy or server decodes it once or twice, and however a browser reads tabs, backslashes
//! and dots; and it is none of the pages of the [`DenyTable`].
//!
//! The rule. The input is split at the first `#`, then at the first `?`.
//! * *Path*: at most 512 bytes of unreserved characters, sub-delims, `:@/` and `%HH` (RFC 3986 §3.3). Raw,
//!   once and twice decoded it is UTF-8 without control character, backslash, empty segment but the last, `.`
//!   or `..` segment (also with blanks, a `;`, `?` or `#` behind the dots), and `:` in its first segment.
//! * *Query*: at most 1,500 bytes of 0x21–0x7E except `\`, `"`, `<` and `>`; decoded once no control
//!   character.
//! * *Fragment*: at most 128 of `[A-Za-z0-9_-]`.
//!
//! Then the joined URL is parsed, and must come back as the same text, unless it is of characters alone that
//! no parser changes.

use std::fmt;

use serde::{Serialize, Serializer};
use url::{Position, Url};

use super::deny::DenyTable;
use super::system_url::{SystemUrl, unreserved};
use crate::error::Error;

/// The longest path before the query, in bytes.
pub const MAX_PATH: usize = 512;
/// The longest query, in bytes.
pub const MAX_QUERY: usize = 1500;
/// The longest fragment, in bytes.
pub const MAX_FRAGMENT: usize = 128;

/// A path with its query and fragment, relative to the system URL and without a leading slash, that was
/// judged safe. It can only be made by [`SafePath::parse`]. A token's landing page is judged when the token
/// is issued, at most a minute before it is used.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SafePath(String);

impl SafePath {
    /// Judge `input`, which is to be opened below `base`. A leading `/` is accepted only if the path goes on
    /// below the path of `base`, and what is kept is then the rest: `/billing/cart.php` below
    /// `https://example.com/billing` is `cart.php`.
    ///
    /// # Errors
    /// A [`PathError`] that says which part of the rule was broken. An empty path is one: who wants the home
    /// page leaves the path out.
    pub fn parse(input: &str, base: &SystemUrl, deny: &DenyTable) -> Result<SafePath, PathError> {
        let relative = below(input, base)?;
        if relative.is_empty() {
            return Err(PathError::Empty);
        }
        let (page, fragment) = split(relative, '#');
        let (path, query) = split(page, '?');
        check_path(path)?;
        check_query(query.unwrap_or_default())?;
        check_fragment(fragment.unwrap_or_default())?;

        at_each_level(page, |text| match deny.denies(&String::from_utf8_lossy(text)) {
            true => Err(PathError::Denied),
            false => Ok(()),
        })?;
        if !plain(relative) && !lands_below(relative, base) {
            return Err(PathError::Foreign);
        }
        Ok(SafePath(relative.to_owned()))
    }

    /// The path, query and fragment, relative to the system URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What `input` is relative to the system URL.
fn below<'a>(input: &'a str, base: &SystemUrl) -> Result<&'a str, PathError> {
    if !input.starts_with('/') {
        return Ok(input);
    }
    input.strip_prefix(base.path()).and_then(|rest| rest.strip_prefix('/')).ok_or(PathError::NotBelow)
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn check_path(path: &str) -> Result<(), PathError> {
    if path.len() > MAX_PATH {
        return Err(PathError::PathTooLong);
    }
    // Overlong and broken sequences are read as something else by some servers.
    at_each_level(path, |text| check_segments(std::str::from_utf8(text).map_err(|_| PathError::Escape)?))?;
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let escape = byte == b'%';
        if escape && ![bytes.next(), bytes.next()].iter().all(|b| b.is_some_and(|b| b.is_ascii_hexdigit())) {
            return Err(PathError::Escape);
        }
        if !(escape
            || unreserved(byte)
            || matches!(byte, b'!' | b'$' | b'&'..=b',' | b'/' | b':' | b';' | b'=' | b'@'))
        {
            return Err(PathError::Character);
        }
    }
    Ok(())
}

fn check_segments(path: &str) -> Result<(), PathError> {
    if path.bytes().any(control) {
        return Err(PathError::Control);
    }
    if path.contains('\\') {
        return Err(PathError::Backslash);
    }
    let mut segments = path.split('/').peekable();
    if segments.peek().is_some_and(|first| first.contains(':')) {
        return Err(PathError::Colon);
    }
    while let Some(segment) = segments.next() {
        // Some servers cut a segment at `;`, and everybody at a `?` or `#` that was decoded too early. Blanks
        // around it are dropped by browsers at the ends of a URL, and by Windows.
        let name = segment.split([';', '?', '#']).next().unwrap_or_default().trim_matches(' ');
        match name {
            "." | ".." => return Err(PathError::DotSegment),
            "" if segments.peek().is_some() => return Err(PathError::EmptySegment),
            _ => {}
        }
    }
    Ok(())
}

fn check_query(query: &str) -> Result<(), PathError> {
    if query.len() > MAX_QUERY {
        return Err(PathError::QueryTooLong);
    }
    if !query.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>')) {
        return Err(PathError::QueryCharacter);
    }
    if escaped(query) && decode(query.as_bytes()).into_iter().any(control) {
        return Err(PathError::Control);
    }
    Ok(())
}

fn check_fragment(fragment: &str) -> Result<(), PathError> {
    let plain = fragment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain && fragment.len() <= MAX_FRAGMENT { Ok(()) } else { Err(PathError::Fragment) }
}

/// Whether it is of characters alone that every parser leaves as they are. Dot segments are refused by now.
fn plain(relative: &str) -> bool {
    relative.bytes().all(|b| unreserved(b) || matches!(b, b'/' | b'?' | b'=' | b'&' | b'#'))
}

/// About everything else the last word has the parser that follows the browsers' own rule (the WHATWG URL
/// standard).
fn lands_below(relative: &str, base: &SystemUrl) -> bool {
    let text = format!("{base}/{relative}");
    Url::parse(&text).is_ok_and(|url| {
        // All that stands before the path: scheme, user name, host and port.
        url.as_str() == text
            && &url[..Position::BeforePath] == base.origin()
            && url.path().strip_prefix(base.path()).is_some_and(|rest| rest.starts_with('/'))
    })
}

/// Judge a text raw, once and twice decoded.
fn at_each_level(text: &str, judge: impl Fn(&[u8]) -> Result<(), PathError>) -> Result<(), PathError> {
    judge(text.as_bytes())?;
    if !escaped(text) {
        return Ok(());
    }
    let once = decode(text.as_bytes());
    judge(&once)?;
    judge(&decode(&once))
}

/// Whether decoding may change it.
fn escaped(text: &str) -> bool {
    text.contains('%')
}

fn control(byte: u8) -> bool {
    byte.is_ascii_control()
}

/// Every `%HH` replaced by its byte; a `%` without two hex digits stays.
fn decode(text: &[u8]) -> Vec<u8> {
    let hex = |at: usize| text.get(at).and_then(|&b| char::from(b).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

impl Serialize for SafePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafePath({:?})", self.0)
    }
}

/// Which part of the rule a path broke. The messages never repeat the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PathError {
    /// Nothing there.
    #[error("must not be empty")]
    Empty,
    /// A leading `/` that does not lead below the system URL: another part of the host, or another host.
    #[error("must be a relative path below the system URL")]
    NotBelow,
    /// Longer than [`MAX_PATH`].
    #[error("the path is longer than 512 bytes")]
    PathTooLong,
    /// A character that must be percent-encoded in a path.
    #[error("the path has a character that is not allowed")]
    Character,
    /// A `%` without two hex digits behind it, or escapes that are not UTF-8.
    #[error("the path has a wrong percent-encoding")]
    Escape,
    /// A control character, also an encoded one.
    #[error("must not have a control character")]
    Control,
    /// A backslash, also an encoded one. Browsers read it as `/`.
    #[error("must not have a backslash")]
    Backslash,
    /// `//`, also encoded.
    #[error("must not have an empty path segment (`//`)")]
    EmptySegment,
    /// A `.` or `..` segment, also encoded.
    #[error("must not have a `.` or `..` path segment")]
    DotSegment,
    /// A `:` in the first segment, which makes it a scheme.
    #[error("must not have a `:` in the first path segment")]
    Colon,
    /// Longer than [`MAX_QUERY`].
    #[error("the query is longer than 1500 bytes")]
    QueryTooLong,
    /// A character that must be percent-encoded in a query.
    #[error("the query has a character that is not allowed")]
    QueryCharacter,
    /// Anything but letters, digits, `_` and `-` in the fragment, or longer than [`MAX_FRAGMENT`].
    #[error("the fragment must be at most 128 of [A-Za-z0-9_-]")]
    Fragment,
    /// A page of the deny table.
    #[error("must not lead to a page that signs in or out or changes something")]
    Denied,
    /// The joined URL is not read back as it was written.
    #[error("must stay below the system URL exactly as written")]
    Foreign,
}

impl PathError {
    /// As an [`Error::Invalid`] for the field from which the path came (`redirect_path`, `goto`).
    pub fn invalid(self, field: &'static str) -> Error {
        Error::invalid(field, self.to_string())
    }
}

#[cfg(test)]
mod tests;
