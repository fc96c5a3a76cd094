//! The text of a sign-in link: made, read however mail programs mangled it, known by its digest.

use std::fmt;

use base32ct::{Base32Unpadded, Encoding};
use zeroize::Zeroizing;

use crate::error::Result;
use crate::secret::{Randomness, same, sha256};

/// The bytes of a link, all of them random.
const BYTES: usize = 20;

/// The characters of a link.
const CHARACTERS: usize = BYTES * 8 / 5;

/// A sign-in link: 160 random bits. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct SignInLink(Zeroizing<[u8; BYTES]>);

impl SignInLink {
    pub(crate) fn generate(random: &mut dyn Randomness) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        random.fill(&mut bytes[..])?;
        Ok(SignInLink(bytes))
    }

    /// From its text: exactly 32 characters of `a` to `z` and `2` to `7`. Capitals are read as well, since mail
    /// programs and people change the case.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        if text.len() != CHARACTERS {
            return None;
        }
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        let mut bytes = Zeroizing::new([0; BYTES]);
        let decoded = Base32Unpadded::decode(&lower[..], &mut bytes[..]).ok()?.len();
        (decoded == BYTES).then_some(SignInLink(bytes))
    }

    /// From the query of its URL, with whatever mail programs and counters of clicks put around it: a `=` or a
    /// full stop after it, parameters before and behind. `None` if there is none, or more than one.
    pub fn in_query(query: &[u8]) -> Option<Self> {
        let parts = query.split(|&byte| byte == b'&');
        let mut found = parts.filter_map(|part| {
            let end = part.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(part.len());
            SignInLink::parse(part.get(..end)?)
        });
        let first = found.next()?;
        // A counter of clicks may have written it twice.
        found.all(|other| other == first).then_some(first)
    }

    /// From its text, its whole URL or the query of that.
    pub fn from_url(text: &str) -> Option<Self> {
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        SignInLink::in_query(query.as_bytes())
    }

    /// The text itself, for the person's mail and nobody else.
    pub fn reveal(&self) -> String {
        Base32Unpadded::encode_string(&self.0[..])
    }

    /// What the store knows it by.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[&self.0[..]])
    }
}

impl PartialEq for SignInLink {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0[..], &other.0[..])
    }
}

impl Eq for SignInLink {}

impl fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInLink(…)")
    }
}

#[cfg(test)]
mod tests;
