//! Random values, digests and the types that hold them.
//!
//! What is secret lives in types that print as `…`, are wiped when dropped and give their text only through
//! `reveal`. What goes to the store is made here too: a store only ever sees digests.

use std::fmt;

use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// A cryptographic generator behind one fallible call: [`rand_core`]'s trait made object-safe.
pub(crate) trait Randomness: Send {
    /// Fill all of `out`, or fail.
    fn fill(&mut self, out: &mut [u8]) -> Result<()>;
}

impl<R: TryCryptoRng + Send> Randomness for R {
    fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        self.try_fill_bytes(out).map_err(|_| Error::Internal("the random generator failed".into()))
    }
}

/// SHA-256 over the concatenation of `parts`.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Equality in time that depends on the lengths only.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Exactly `N` bytes of lower-case hex; anything else is `None`.
#[inline]
pub(crate) fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    base16ct::lower::decode(text, &mut bytes).ok()?;
    Some(bytes)
}

/// A text that must not be shown: a credential's secret, a password, an AutoAuth key. Wiped when dropped, and
/// compared in time that depends on the lengths only.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Take over a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text. Enough for our own secrets, since 23 random characters (137 bits) can't be tried
    /// out; passwords of people go through Argon2id instead.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[self.0.as_bytes()])
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How many bytes of a [`TimedSecret`] are its time: milliseconds since 1970, big-endian.
const TIME_BYTES: usize = 6;

/// `N` bytes: 6 of milliseconds, so that rows stay in time order, the rest from the generator. Shown as
/// lower-case hex.
#[derive(Clone)]
pub struct TimedSecret<const N: usize>(Zeroizing<[u8; N]>);

impl<const N: usize> PartialEq for TimedSecret<N> {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0[..], &other.0[..])
    }
}

impl<const N: usize> Eq for TimedSecret<N> {}

impl<const N: usize> TimedSecret<N> {
    /// A new one for the time `now`.
    pub(crate) fn generate(now: Timestamp, random: &mut dyn Randomness) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; N]);
        let (time, tail) = bytes.split_at_mut(TIME_BYTES);
        time.copy_from_slice(&time_prefix(now));
        random.fill(tail)?;
        Ok(TimedSecret(bytes))
    }

    /// From its text: exactly `2 × N` lower-case hex characters, nothing around them.
    #[inline]
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        unhex(text.as_ref()).map(|bytes| TimedSecret(Zeroizing::new(bytes)))
    }

    /// The text itself, for the person's browser and nobody else.
    pub fn reveal(&self) -> String {
        hex(&self.0[..])
    }

    /// What the store knows it by.
    pub(crate) fn key(&self) -> TimedKey {
        let mut key = [0; TimedKey::LENGTH];
        key[..TIME_BYTES].copy_from_slice(&self.0[..TIME_BYTES]);
        key[TIME_BYTES..].copy_from_slice(&sha256(&[&self.0[..]]));
        TimedKey(key)
    }

    /// A name for it that gives nothing away: see [`Reference`].
    pub fn reference(&self) -> Reference {
        self.key().reference()
    }
}

impl<const N: usize> fmt::Debug for TimedSecret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.key().reference())
    }
}

fn time_prefix(at: Timestamp) -> [u8; TIME_BYTES] {
    let millis = u64::try_from(at.as_millis()).unwrap_or(0).min((1 << 48) - 1);
    let mut prefix = [0; TIME_BYTES];
    prefix.copy_from_slice(&millis.to_be_bytes()[2..]);
    prefix
}

/// The row key of a [`TimedSecret`]: its 6 time bytes and the SHA-256 of all of it.
#[derive(Clone, Copy, Eq)]
pub(crate) struct TimedKey([u8; TimedKey::LENGTH]);

impl PartialEq for TimedKey {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl TimedKey {
    /// Bytes in a key.
    pub(crate) const LENGTH: usize = TIME_BYTES + 32;

    /// From a stored row.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(TimedKey)
    }

    /// Of something whose own text holds no time.
    pub(crate) fn new(made_at: Timestamp, digest: &[u8; 32]) -> Self {
        let mut key = [0; Self::LENGTH];
        key[..TIME_BYTES].copy_from_slice(&time_prefix(made_at));
        key[TIME_BYTES..].copy_from_slice(digest);
        TimedKey(key)
    }

    /// As stored.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// When what it stands for was made.
    pub(crate) fn made_at(&self) -> Timestamp {
        let millis = self.0[..TIME_BYTES].iter().fold(0_i64, |millis, &byte| (millis << 8) | i64::from(byte));
        Timestamp::from_millis(millis)
    }

    /// The smallest key that something made at `at` can have: the bound of a range of rows.
    pub(crate) fn bound(at: Timestamp) -> [u8; TIME_BYTES] {
        time_prefix(at)
    }

    /// One chance in `n` (at most 256), the same for everyone who asks about this key.
    pub(crate) fn one_in(&self, n: u8) -> bool {
        self.0[Self::LENGTH - 1].is_multiple_of(n)
    }

    /// The name for people and logs.
    pub(crate) fn reference(&self) -> Reference {
        let mut bytes = [0; Reference::LENGTH];
        bytes.copy_from_slice(&self.0[..Reference::LENGTH]);
        Reference(bytes)
    }
}

impl fmt::Debug for TimedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reference())
    }
}

/// A public name of a token, session or sign-in link: the start of its row key as 24 lower-case hex characters. Holding it
/// lets nobody in, so it may stand in logs, tables and the audit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference([u8; Reference::LENGTH]);

impl Reference {
    const LENGTH: usize = 12;

    /// From its 24 lower-case hex characters.
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text.as_bytes()).map(Reference)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Reference::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("must be 24 lower-case hex characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;

    #[test]
    fn a_timed_secret_reads_back_and_sorts_by_time() {
        let early = TimedSecret::<20>::generate(Timestamp::from_millis(1), &mut SysRng).unwrap();
        let late = TimedSecret::<20>::generate(Timestamp::from_millis(1 << 40), &mut SysRng).unwrap();
        assert_eq!(TimedSecret::parse(early.reveal()).as_ref(), Some(&early));
        assert!(early.key().as_slice() < late.key().as_slice());
        assert!(late.key().as_slice() >= &TimedKey::bound(Timestamp::from_millis(1 << 40))[..]);
        assert_eq!(early.reveal().len(), 40);
        assert_eq!(late.key().made_at(), Timestamp::from_millis(1 << 40));
    }

    #[test]
    fn only_the_exact_text_of_a_token_is_read() {
        let good = "0123456789abcdef0123456789abcdef01234567";
        assert!(TimedSecret::<20>::parse(good).is_some());
        for bad in [
            "".to_owned(),
            good[..39].to_owned(),
            format!("{good}0"),
            good.to_uppercase(),
            good.replace('0', "g"),
            good.replace('0', "\0"),
            format!(" {}", &good[1..]),
            "a".repeat(1 << 20),
        ] {
            assert!(TimedSecret::<20>::parse(&bad).is_none(), "{} bytes accepted", bad.len());
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let token = TimedSecret::<20>::generate(Timestamp::from_millis(77), &mut SysRng).unwrap();
        let shown = format!("{token:?} {:?} {:?}", token.key(), Secret::new("hunter2"));
        assert!(!shown.contains("hunter2"));
        assert!(!shown.contains(&token.reveal()[12..]), "{shown}");
    }

    #[test]
    fn a_broken_generator_is_an_error_and_not_a_weak_token() {
        struct Broken;
        impl rand_core::TryRng for Broken {
            type Error = std::fmt::Error;
            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                Err(std::fmt::Error)
            }
            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                Err(std::fmt::Error)
            }
            fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
                Err(std::fmt::Error)
            }
        }
        impl TryCryptoRng for Broken {}
        let made = TimedSecret::<20>::generate(Timestamp::from_millis(1), &mut Broken);
        assert!(matches!(made, Err(Error::Internal(_))));
    }
}
