//! Credentials: the identifier and secret by which a calling system proves itself.
//!
//! What is decided here follows from the texts and the loaded facts alone; nothing here knows a store, a
//! clock or a request.

pub(crate) mod format;
mod limits;
mod network;
mod standing;

pub use format::{Part, Typo, check};
pub use limits::Limits;
pub(crate) use network::{spelled_out, within};
pub use standing::{Caller, Credential, CredentialKind, IssuedSecret, NewCredential, Rotation};
pub(crate) use standing::{CallerFacts, CallerId, SecretFacts, authenticate};
