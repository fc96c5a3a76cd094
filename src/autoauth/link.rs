//! One AutoAuth link: read from its query, checked against a key and a window of time, or signed.
//!
//! The hash is SHA-1 over address, timestamp and key, written one after the other (`contract.md` §6.1). It
//! covers the bytes that form decoding gives, untouched: no trimming, no folding of letters, no repair of
//! broken UTF-8. So decoding is done here, byte by byte. The formula has no separator. Only since a timestamp
//! is exactly ten digits, the first not a zero, can no digit move between address and timestamp under the
//! same hash.
//!
//! `goto` is not under the hash: whoever holds a link may change it. It is handed on as text, and nobody may
//! follow it before it went through the rule for safe paths.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::error::{Error, Reason, Result};
use crate::secret::{Secret, hex, same, sha256};

/// The longest query that is looked at, in bytes.
const QUERY_LIMIT: usize = 8 * 1024;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without the angle brackets).
const EMAIL_LIMIT: usize = 254;

/// The first and the last second that has ten digits: from September 2001 to November 2286.
const SECONDS: std::ops::RangeInclusive<i64> = 1_000_000_000..=9_999_999_999;

/// An AutoAuth link as it was received: well-formed, and proving nothing yet. See [`Link::matched_by`].
#[derive(Clone)]
pub struct Link {
    email: String,
    timestamp: i64,
    hash: [u8; 20],
    goto: Option<String>,
}

/// What a link turned out to say once a key fitted it.
#[derive(Clone)]
pub struct Matched {
    /// The address that was signed, which is not always the one that was sent: see [`Link::matched_by`].
    pub email: String,
    /// The digest that was computed. By it, and by no spelling of the link, a second use is recognised.
    pub digest: [u8; 20],
}

impl Link {
    /// Read the raw query of a request, with or without the leading `?`, as
    /// `application/x-www-form-urlencoded`.
    ///
    /// `email`, `timestamp` and `hash` must stand there exactly once and `goto` at most once; other fields
    /// are ignored. A name counts as decoded, but not as PHP bends it: ` email`, `email[]` and `Email` are
    /// other fields. A `%` without two hex digits behind it stands for itself.
    ///
    /// [`Error::Invalid`] names `query` when it is longer than 8 KiB, otherwise the field: see
    /// [`Link::from_fields`].
    pub fn parse(query: &[u8]) -> Result<Self> {
        let query = query.strip_prefix(b"?").unwrap_or(query);
        if query.len() > QUERY_LIMIT {
            return Err(Error::invalid("query", "longer than 8 KiB"));
        }
        let [mut email, mut timestamp, mut hash, mut goto] = [const { None }; 4];
        for pair in query.split(|&byte| byte == b'&') {
            let mut halves = pair.splitn(2, |&byte| byte == b'=');
            let name = form_decoded(halves.next().unwrap_or_default());
            let (field, slot) = match &name[..] {
                b"email" => ("email", &mut email),
                b"timestamp" => ("timestamp", &mut timestamp),
                b"hash" => ("hash", &mut hash),
                b"goto" => ("goto", &mut goto),
                _ => continue,
            };
            if slot.replace(form_decoded(halves.next().unwrap_or_default())).is_some() {
                return Err(Error::invalid(field, "stands more than once"));
            }
        }
        let missing = |field| move || Error::invalid(field, "is missing");
        Link::from_fields(
            &email.ok_or_else(missing("email"))?,
            &timestamp.ok_or_else(missing("timestamp"))?,
            &hash.ok_or_else(missing("hash"))?,
            goto.as_deref(),
        )
    }

    /// From fields that were decoded already, by the host's framework for instance.
    ///
    /// * `email`: 1 to 254 bytes of UTF-8 with an `@` and without control characters; taken as it is, blanks
    ///   included.
    /// * `timestamp`: seconds since 1970 UTC, ten digits, the first not a zero; nothing around them.
    /// * `hash`: 40 hex characters. Upper case is accepted, since what counts is the digest they stand for.
    /// * `goto`: UTF-8 of at most 8 KiB; empty is the same as absent. Whether it is safe is not decided here.
    ///
    /// [`Error::Invalid`] names the first field that is wrong.
    pub fn from_fields(email: &[u8], timestamp: &[u8], hash: &[u8], goto: Option<&[u8]>) -> Result<Self> {
        Ok(Link {
            email: email_from(email)?.to_owned(),
            timestamp: seconds_from(timestamp)?,
            hash: hash_from(hash)?,
            goto: goto.map(goto_from).transpose()?.filter(|goto| !goto.is_empty()).map(str::to_owned),
        })
    }

    /// When the link says that it was made.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_seconds(self.timestamp)
    }

    /// Where the link asks to land. Anybody may have written it.
    pub fn goto(&self) -> Option<&str> {
        self.goto.as_deref()
    }

    /// What `key` signed, if this link is of its making; compared in constant time.
    ///
    /// The address is taken as sent. If it holds a blank, it is tried once more with every blank as `+`: most
    /// generators of these links wrote the address without encoding it, and form decoding makes a blank of
    /// the `+` in it. Nothing is weakened by that, since either way the key's holder signed the very address
    /// that is given back.
    ///
    /// An empty key fits nothing, for everybody could sign with it.
    pub fn matched_by(&self, key: &Secret) -> Option<Matched> {
        self.matches(&self.email, key).or_else(|| {
            self.email
                .contains(' ')
                .then(|| self.email.replace(' ', "+"))
                .and_then(|it| self.matches(&it, key))
        })
    }

    fn matches(&self, email: &str, key: &Secret) -> Option<Matched> {
        let digest = digest(email.as_bytes(), self.timestamp, key.reveal().as_bytes());
        let fits = same(&digest, &self.hash) && !key.reveal().is_empty();
        fits.then(|| Matched { email: email.to_owned(), digest })
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        let same_fields = self.email == other.email && self.goto == other.goto;
        same(&self.hash, &other.hash) && self.timestamp == other.timestamp && same_fields
    }
}

impl Eq for Link {}

impl PartialEq for Matched {
    fn eq(&self, other: &Self) -> bool {
        same(&self.digest, &other.digest) && self.email == other.email
    }
}

impl Eq for Matched {}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("at", &self.at()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Matched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matched").finish_non_exhaustive()
    }
}

/// How far a link's time may lie from now, in whole seconds; fractions are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The greatest age that is accepted.
    pub past: Duration,
    /// How far ahead of our clock the signing system's may be.
    pub future: Duration,
}

impl Default for Windows {
    /// 15 minutes to both sides, as the public contract words it (`contract.md` §6.1).
    fn default() -> Self {
        Windows { past: Duration::from_secs(900), future: Duration::from_secs(900) }
    }
}

impl Windows {
    /// Whether a link made `at` may be used `now`; both edges belong to the window.
    ///
    /// Seconds are compared, and of `now` the begun second counts, as in the clock that wrote the timestamp.
    /// The answer to a link outside is [`Reason::AutoAuthTooOld`] or [`Reason::AutoAuthTooNew`].
    pub fn admits(self, at: Timestamp, now: Timestamp) -> Result<(), Reason> {
        let seconds = |window: Duration| i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
        let age = now.as_seconds().saturating_sub(at.as_seconds());
        if age > seconds(self.past) {
            Err(Reason::AutoAuthTooOld)
        } else if age.saturating_neg() > seconds(self.future) {
            Err(Reason::AutoAuthTooNew)
        } else {
            Ok(())
        }
    }
}

/// SHA-1 over address, decimal timestamp and key, one after the other.
///
/// SHA-1's weakness is collisions that one side makes for itself. Here a forger would have to find the digest
/// of an input whose end he doesn't know, for which no attack is known; and the key at the end leaves nothing
/// to extend.
pub fn digest(email: &[u8], timestamp: i64, key: &[u8]) -> [u8; 20] {
    Sha1::new().chain_update(email).chain_update(timestamp.to_string()).chain_update(key).finalize().into()
}

/// What a store remembers of an accepted link: SHA-256 over a label and the link's digest.
///
/// The digest itself would be the `hash` of a link that may still be valid elsewhere; from this it can't be
/// had.
pub fn replay_key(digest: &[u8; 20]) -> [u8; 32] {
    sha256(&[b"gatepass autoauth replay 1\0", digest])
}

/// Judge a query by itself: it parses, `key` made its hash, and its time lies in the windows around `now`, in
/// that order.
///
/// **This makes no link single-use and looks nobody up**: whoever has seen a link passes with it again until
/// its time is over. `goto` is not judged either. To sign somebody in, accept the link with
/// [`Gatepass::accept_autoauth`](crate::Gatepass::accept_autoauth).
///
/// [`Error::Invalid`] as of [`Link::parse`], and for an empty `key`; [`Reason::AutoAuthHash`],
/// [`Reason::AutoAuthTooOld`], [`Reason::AutoAuthTooNew`].
pub fn verify(query: &[u8], key: &Secret, windows: Windows, now: Timestamp) -> Result<Matched> {
    check_key(key)?;
    let link = Link::parse(query)?;
    let matched = link.matched_by(key).ok_or(Reason::AutoAuthHash)?;
    windows.admits(link.at(), now)?;
    Ok(matched)
}

/// Write a link that signs `email` in at `{system_url}/dologin.php` and lands at `goto`.
///
/// `system_url` begins with `http://` or `https://` and has neither query nor fragment; slashes at its end
/// are dropped. `email`, `at` (cut to whole seconds) and `goto` must be what [`Link::from_fields`] takes,
/// `key` must not be empty, and the query must not be longer than 8 KiB. [`Error::Invalid`] names the field
/// otherwise.
pub fn sign(
    system_url: &str,
    email: &str,
    at: Timestamp,
    key: &Secret,
    goto: Option<&str>,
) -> Result<String> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "?#\\".contains(c);
    if !(system_url.starts_with("https://") || system_url.starts_with("http://")) || system_url.contains(odd)
    {
        return Err(Error::invalid("system_url", "must be an http or https URL without query or fragment"));
    }
    check_key(key)?;
    let (timestamp, goto) = (at.as_seconds(), goto.filter(|goto| !goto.is_empty()));
    let hash = Zeroizing::new(hex(&digest(email.as_bytes(), timestamp, key.reveal().as_bytes())));
    let timestamp = timestamp.to_string();
    // A link that we would not take ourselves is not handed out.
    Link::from_fields(email.as_bytes(), timestamp.as_bytes(), hash.as_bytes(), goto.map(str::as_bytes))?;
    let page = [system_url.trim_end_matches('/'), "/dologin.php?"].concat();
    // Room for all of it, since a text that grows leaves copies behind.
    let room = page.len() + 3 * (email.len() + goto.map_or(0, str::len)) + hash.len() + 50;
    let mut url = String::with_capacity(room);
    url.push_str(&page);
    let url = form_urlencoded::Serializer::for_suffix(url, page.len())
        .append_pair("email", email)
        .append_pair("timestamp", &timestamp)
        .append_pair("hash", &hash)
        .extend_pairs(goto.map(|goto| ("goto", goto)))
        .finish();
    if url.len() - page.len() > QUERY_LIMIT {
        return Err(Error::invalid("goto", "makes the link longer than 8 KiB"));
    }
    Ok(url)
}

fn check_key(key: &Secret) -> Result<()> {
    if key.reveal().is_empty() { Err(Error::invalid("key", "must not be empty")) } else { Ok(()) }
}

fn email_from(bytes: &[u8]) -> Result<&str> {
    let wrong = |reason: &'static str| Error::invalid("email", reason);
    if bytes.is_empty() || bytes.len() > EMAIL_LIMIT {
        return Err(wrong("must have 1 to 254 bytes"));
    }
    let email = std::str::from_utf8(bytes).map_err(|_| wrong("must be UTF-8"))?;
    if email.chars().any(char::is_control) {
        return Err(wrong("must not have control characters"));
    }
    if email.contains('@') { Ok(email) } else { Err(wrong("must have an @")) }
}

fn seconds_from(bytes: &[u8]) -> Result<i64> {
    let digits = bytes.len() == 10 && bytes.iter().all(u8::is_ascii_digit);
    let seconds = std::str::from_utf8(bytes).ok().filter(|_| digits).and_then(|text| text.parse().ok());
    seconds
        .filter(|seconds| SECONDS.contains(seconds))
        .ok_or_else(|| Error::invalid("timestamp", "must be ten digits, the first not a zero"))
}

fn hash_from(bytes: &[u8]) -> Result<[u8; 20]> {
    let mut hash = [0; 20];
    match base16ct::mixed::decode(bytes, &mut hash) {
        Ok(decoded) if decoded.len() == 20 => Ok(hash),
        _ => Err(Error::invalid("hash", "must be 40 hex characters")),
    }
}

fn goto_from(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > QUERY_LIMIT {
        return Err(Error::invalid("goto", "longer than 8 KiB"));
    }
    std::str::from_utf8(bytes).map_err(|_| Error::invalid("goto", "must be UTF-8"))
}

/// The bytes that a form-encoded name or value stands for. The usual decoders give text and put a replacement
/// character where it is no UTF-8, which would change what is hashed.
fn form_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    let coded = |byte: &u8| matches!(byte, b'%' | b'+');
    // Most names and values stand for themselves.
    let Some(mut plain) = text.iter().position(coded) else { return Cow::Borrowed(text) };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        bytes.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        let (byte, length) = match rest {
            [b'+', ..] => (b' ', 1),
            [_, high, low, ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
                _ => (b'%', 1),
            },
            [_, ..] => (b'%', 1),
            [] => break,
        };
        bytes.push(byte);
        rest = &rest[length..];
        plain = rest.iter().position(coded).unwrap_or(rest.len());
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests;
