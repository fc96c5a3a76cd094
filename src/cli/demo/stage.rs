//! What the steps share: the temporary folders, the open store, and every secret that was handed out.

use std::path::{Path, PathBuf};

use gatepass::clock::Timestamp;
use gatepass::credential::Caller;
use gatepass::session::SessionId;
use gatepass::token::Token;
use gatepass::{Error, Gatepass, Options};

use super::leak::Search;
use crate::temporary::TemporaryFolder;

/// The system that people are signed in to.
pub(crate) const SYSTEM_URL: &str = "https://billing.example.com";

/// The person of the public AutoAuth example.
pub(crate) const EMAIL: &str = "demo@whmcs.com";

/// The credential's label.
pub(crate) const LABEL: &str = "customer portal";

/// Between the steps.
pub(crate) struct Stage {
    // Closed before its folder goes: fields are dropped in this order.
    gate: Option<Gatepass>,
    /// Of the store, its backup and the thief's copy.
    pub(crate) folder: TemporaryFolder,
    /// Of the sealing key, which must not stand beside the store.
    pub(crate) keys: TemporaryFolder,
    /// Where the race is held.
    pub(crate) parent: PathBuf,
    caller: Option<Caller>,
    /// The first token and what it led to.
    pub(crate) handed_over: Option<(Token, SessionId)>,
    /// The redirect URL that the browser follows.
    pub(crate) redirect_url: String,
    /// Every secret that was handed out.
    pub(crate) secrets: Search,
    /// When the story began.
    pub(crate) since: Timestamp,
}

impl Stage {
    /// An empty one. [`Error::Invalid`] names `folder` when nothing can be made there.
    pub(crate) fn new(parent: &Path) -> Result<Self, Error> {
        Ok(Stage {
            gate: None,
            folder: TemporaryFolder::inside(parent, "demo")?,
            keys: TemporaryFolder::inside(parent, "demo-key")?,
            parent: parent.to_owned(),
            caller: None,
            handed_over: None,
            redirect_url: String::new(),
            secrets: Search::default(),
            since: now(),
        })
    }

    /// Where the store is.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("gatepass.db")
    }

    /// Where the sealing key is.
    pub(crate) fn sealing_key(&self) -> PathBuf {
        self.keys.path().join("seal.key")
    }

    /// How the store is opened.
    pub(crate) fn options(&self) -> Options {
        Options::new().sealing_key_file(self.sealing_key()).actor("gatepass demo")
    }

    /// The open store.
    pub(crate) fn gate(&self) -> Result<&Gatepass, Error> {
        self.gate.as_ref().ok_or_else(|| missing("open store"))
    }

    /// Use this one from now on, or none: what was open is closed.
    pub(crate) fn set_gate(&mut self, gate: Option<Gatepass>) {
        self.gate = gate;
    }

    /// The authenticated caller.
    pub(crate) fn caller(&self) -> Result<&Caller, Error> {
        self.caller.as_ref().ok_or_else(|| missing("caller"))
    }

    /// Who calls from now on.
    pub(crate) fn set_caller(&mut self, caller: Caller) {
        self.caller = Some(caller);
    }

    /// The first token, and the session that it became.
    pub(crate) fn handed_over(&self) -> Result<&(Token, SessionId), Error> {
        self.handed_over.as_ref().ok_or_else(|| missing("redeemed token"))
    }

    /// Remember a token as one that must not be found.
    pub(crate) fn keep_secret(&mut self, what: &str, token: &Token) {
        self.secrets.timed(what, &token.reveal());
    }
}

/// By the system's clock.
pub(crate) fn now() -> Timestamp {
    use gatepass::clock::{Clock, SystemClock};
    SystemClock.now()
}

/// The start of a secret, for people.
pub(crate) fn cut(secret: &str) -> String {
    secret.chars().take(12).chain(['…']).collect()
}

/// The steps come in an order, so this never happens.
pub(crate) fn missing(what: &str) -> Error {
    Error::Internal(format!("the demo has no {what} here").into())
}
