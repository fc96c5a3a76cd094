//! `gatepass serve --demo`: a temporary store, a portal that knows who is signed in, and the client area that
//! people are handed over to.
//!
//! Both sites are ordinary users of the library: the portal issues tokens with a credential of its own, and
//! the client area asks whose session a request brings.

mod client_area;
mod mailbox;
mod page;
mod people;
mod portal;

use std::path::Path;
use std::sync::Arc;

use gatepass::credential::Caller;
use gatepass::web::{ENDPOINTS, Request, Response};
use gatepass::{Error, Gatepass};
use serde_json::{Value, json};

use crate::temporary::TemporaryFolder;
use people::Cast;

/// The two sites and the store that they share.
pub(crate) struct Demo {
    // Closed before its folder goes: fields are dropped in this order.
    gate: Arc<Gatepass>,
    /// The portal's proof of who it is.
    caller: Caller,
    cast: Cast,
    url: String,
    _folder: TemporaryFolder,
    _keys: TemporaryFolder,
}

impl Demo {
    /// Make the store for a system at `url`. [`Error::Invalid`] names `folder` when nothing can be made there.
    pub(super) fn new(parent: &Path, url: &str) -> Result<Self, Error> {
        let folder = TemporaryFolder::inside(parent, "serve")?;
        let keys = TemporaryFolder::inside(parent, "serve-key")?;
        let seal = keys.path().join("seal.key");
        let (gate, caller, cast) = people::gather(&folder.path().join("gatepass.db"), &seal, url)?;
        let gate = Arc::new(gate);
        Ok(Demo { gate, caller, cast, url: url.to_owned(), _folder: folder, _keys: keys })
    }

    /// The store.
    pub(super) fn gate(&self) -> Arc<Gatepass> {
        self.gate.clone()
    }

    /// What a program learns when the server is ready. The secrets are those of a store that is thrown away.
    pub(super) fn document(&self) -> Value {
        json!({
            "url": self.url,
            "portal": format!("{}/portal/", self.url),
            "system_url": self.url,
            "store": super::shown(self.gate.path()),
            "identifier": self.cast.identifier,
            "secret": self.cast.secret.reveal(),
            "autoauth_key": self.cast.autoauth_key.reveal(),
        })
    }

    /// Answer a request for one of the two sites; `None` for an endpoint of the library.
    pub(super) fn answer(&self, request: &Request) -> Option<Response> {
        match request.path.as_str() {
            path if ENDPOINTS.contains(&path) => None,
            page::STYLESHEET => Some(page::stylesheet()),
            path if path.starts_with("portal/") => Some(self.portal(request)),
            path if path.is_empty() || path.ends_with(".php") => Some(self.client_area(request)),
            _ => None,
        }
    }
}
