//! What binds a token to the one browser that may spend it.

use crate::secret::{same, sha256};

/// The SHA-256 of a nonce cookie that the redeeming site set before the issue.
#[derive(Debug, Clone, Copy, Eq)]
pub struct Binding(pub(crate) [u8; 32]);

impl PartialEq for Binding {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Binding {
    /// From the cookie's value.
    pub fn of_nonce(nonce: &[u8]) -> Self {
        Binding(sha256(&[nonce]))
    }

    /// From a digest computed elsewhere, so that the nonce need not be sent.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Binding(digest)
    }
}
