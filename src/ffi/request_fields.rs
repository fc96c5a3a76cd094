//! The fields behind a request, and what an act reads of them.

use std::ffi::c_char;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::guard::Failure;
use super::handle::{Kind, Object, get};
use super::request::gatepass_request;
use super::text;
use crate::autoauth::Link;
use crate::directory::Subject;
use crate::error::{Error, Result};
use crate::gatepass::{AutoAuthRequest, Gatepass};
use crate::id::{ClientId, ItemId, UserId};
use crate::link::{LinkRequest, OpenRequest, SignInLink};
use crate::secret::Secret;
use crate::session::SessionId;
use crate::token::{Binding, IssueRequest, RedeemRequest, Token};

/// Bytes that are wiped when they go: a link is as good as a token, and so is a cookie.
type Bytes = Zeroizing<Vec<u8>>;

/// The fields of [`Fields::whom_and_where`].
const WHOM_AND_WHERE: &[&str] =
    &["user_id", "client_id", "destination", "service_id", "domain_id", "redirect_path", "actor", "address"];

/// Every field that some act takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) user_id: Option<UserId>,
    pub(super) client_id: Option<ClientId>,
    pub(super) destination: Option<String>,
    pub(super) service_id: Option<ItemId>,
    pub(super) domain_id: Option<ItemId>,
    pub(super) redirect_path: Option<String>,
    pub(super) life_ms: Option<u64>,
    pub(super) binding: Option<Bytes>,
    pub(super) actor: Option<String>,
    pub(super) address: Option<IpAddr>,
    pub(super) token: Option<Secret>,
    pub(super) session: Option<Secret>,
    pub(super) confirmed: Option<bool>,
    pub(super) start_session: Option<bool>,
    pub(super) query: Option<Bytes>,
    pub(super) email: Option<Bytes>,
    pub(super) timestamp: Option<Bytes>,
    pub(super) hash: Option<Bytes>,
    pub(super) goto: Option<Bytes>,
    pub(super) key: Option<Secret>,
    pub(super) key_label: Option<String>,
    pub(super) link: Option<Secret>,
    pub(super) uses: Option<u32>,
    pub(super) label: Option<String>,
    pub(super) title: Option<String>,
    pub(super) end_siblings: Option<bool>,
}

#[derive(Default)]
pub(super) struct RequestObject(Mutex<Fields>);

impl RequestObject {
    /// What was set, as it is now.
    pub(super) fn fields(&self) -> Fields {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Object for RequestObject {
    type Opaque = gatepass_request;
    const KIND: Kind = Kind::Request;
    const ARGUMENT: &'static str = "request";
}

/// Change a request's fields.
pub(super) fn set(
    request: *mut gatepass_request,
    change: impl FnOnce(&mut Fields) -> std::result::Result<(), Failure>,
) -> std::result::Result<(), Failure> {
    let request = get::<RequestObject>(request)?;
    let mut fields = request.0.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut fields)
}

/// Set a text.
///
/// # Safety
/// As for [`text::bytes`].
pub(super) unsafe fn set_text(
    request: *mut gatepass_request,
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
    field: impl FnOnce(&mut Fields) -> &mut Option<String>,
) -> std::result::Result<(), Failure> {
    // SAFETY: the caller's promise.
    let text = unsafe { text::optional(pointer, length, argument) }?.map(str::to_owned);
    set(request, |fields| {
        *field(fields) = text;
        Ok(())
    })
}

/// Set a text that is wiped when it goes.
///
/// # Safety
/// As for [`text::bytes`].
pub(super) unsafe fn set_secret(
    request: *mut gatepass_request,
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
    field: impl FnOnce(&mut Fields) -> &mut Option<Secret>,
) -> std::result::Result<(), Failure> {
    // SAFETY: the caller's promise.
    let secret = unsafe { text::optional(pointer, length, argument) }?.map(Secret::new);
    set(request, |fields| {
        *field(fields) = secret;
        Ok(())
    })
}

/// Set bytes that are judged by the act.
///
/// # Safety
/// As for [`text::bytes`].
pub(super) unsafe fn set_bytes(
    request: *mut gatepass_request,
    pointer: *const c_char,
    length: usize,
    argument: &'static str,
    field: impl FnOnce(&mut Fields) -> &mut Option<Bytes>,
) -> std::result::Result<(), Failure> {
    // SAFETY: the caller's promise.
    let bytes =
        unsafe { text::bytes(pointer, length, argument) }?.map(|bytes| Zeroizing::new(bytes.to_vec()));
    set(request, |fields| {
        *field(fields) = bytes;
        Ok(())
    })
}

impl Fields {
    /// Refuses fields that the act doesn't take.
    fn only(&self, act: &'static str, taken: &[&str]) -> Result<()> {
        let set = [
            ("user_id", self.user_id.is_some()),
            ("client_id", self.client_id.is_some()),
            ("destination", self.destination.is_some()),
            ("service_id", self.service_id.is_some()),
            ("domain_id", self.domain_id.is_some()),
            ("redirect_path", self.redirect_path.is_some()),
            ("life", self.life_ms.is_some()),
            ("binding", self.binding.is_some()),
            ("actor", self.actor.is_some()),
            ("address", self.address.is_some()),
            ("token", self.token.is_some()),
            ("session", self.session.is_some()),
            ("confirmed", self.confirmed.is_some()),
            ("start_session", self.start_session.is_some()),
            ("query", self.query.is_some()),
            ("email", self.email.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("hash", self.hash.is_some()),
            ("goto", self.goto.is_some()),
            ("key", self.key.is_some()),
            ("key_label", self.key_label.is_some()),
            ("link", self.link.is_some()),
            ("uses", self.uses.is_some()),
            ("label", self.label.is_some()),
            ("title", self.title.is_some()),
            ("end_siblings", self.end_siblings.is_some()),
        ];
        match set.iter().find(|(name, set)| *set && !taken.contains(name)) {
            Some((name, _)) => Err(Error::invalid(*name, format!("is no field of {act}"))),
            None => Ok(()),
        }
    }

    pub(super) fn issue(mut self) -> Result<IssueRequest> {
        self.only("an issue", &[WHOM_AND_WHERE, &["life", "binding"]].concat())?;
        let mut request = self.whom_and_where()?;
        request.life = self.life_ms.map(Duration::from_millis);
        request.binding = self.binding.map(|nonce| Binding::of_nonce(&nonce));
        Ok(request)
    }

    /// A sign-in link to make.
    pub(super) fn create_link(mut self) -> Result<LinkRequest> {
        let of_link = ["life", "uses", "label", "title", "end_siblings"];
        self.only("a sign-in link to make", &[WHOM_AND_WHERE, &of_link].concat())?;
        let mut request = LinkRequest::new(self.whom_and_where()?);
        request.life = self.life_ms.map(Duration::from_millis);
        request.uses = self.uses.unwrap_or(request.uses);
        request.label = self.label;
        request.title = self.title;
        request.end_siblings = self.end_siblings.unwrap_or(request.end_siblings);
        Ok(request)
    }

    /// A sign-in link to open.
    pub(super) fn open_link(self, gate: &Gatepass) -> Result<OpenRequest> {
        self.only("a sign-in link to open", &["link", "address"])?;
        let text = self.link.as_ref().ok_or_else(|| Error::invalid("link", "is needed"))?;
        let link = match SignInLink::from_url(text.reveal()) {
            Some(link) => link,
            None => gate.read_link(text.reveal(), self.address)?,
        };
        let mut request = OpenRequest::new(link);
        request.address = self.address;
        Ok(request)
    }

    /// Who shall be signed in, where they land, and who asks for it: taken out of the fields.
    fn whom_and_where(&mut self) -> Result<IssueRequest> {
        let mut request = IssueRequest::new(Subject::from_ids(self.user_id, self.client_id)?);
        request.destination = self.destination.take();
        request.service_id = self.service_id;
        request.domain_id = self.domain_id;
        request.redirect_path = self.redirect_path.take();
        request.actor = self.actor.take();
        request.address = self.address;
        Ok(request)
    }

    pub(super) fn redeem(self, gate: &Gatepass) -> Result<RedeemRequest> {
        self.only("a redemption", &["token", "session", "confirmed", "start_session", "binding", "address"])?;
        let mut request = RedeemRequest::new(self.read_token(gate)?)
            .presenting(self.presented())
            .confirmed(self.confirmed.unwrap_or(true));
        request.binding = self.binding.map(|nonce| Binding::of_nonce(&nonce));
        request.start_session = self.start_session.unwrap_or(true);
        request.address = self.address;
        Ok(request)
    }

    /// The token and where the call came from.
    pub(super) fn inspect(self, gate: &Gatepass) -> Result<(Token, Option<IpAddr>)> {
        self.only("an inspection", &["token", "address"])?;
        let address = self.address;
        Ok((self.read_token(gate)?, address))
    }

    /// The session and where the call came from.
    pub(super) fn session(self, gate: &Gatepass) -> Result<(SessionId, Option<IpAddr>)> {
        self.only("a session", &["session", "address"])?;
        let session = self.session.as_ref().ok_or_else(|| Error::invalid("session", "is needed"))?;
        Ok((gate.read_session_id(session.reveal(), self.address)?, self.address))
    }

    /// The link and how to accept it.
    pub(super) fn accept(self) -> Result<(Link, AutoAuthRequest)> {
        let taken =
            ["query", "email", "timestamp", "hash", "goto", "key", "session", "start_session", "address"];
        self.only("an AutoAuth link", &taken)?;
        let link = match &self.query {
            Some(query) => Link::parse(query)?,
            None => {
                let field = |field: &'static str, value: &Option<Bytes>| {
                    value.clone().ok_or_else(|| Error::invalid(field, "is missing"))
                };
                Link::from_fields(
                    &field("email", &self.email)?,
                    &field("timestamp", &self.timestamp)?,
                    &field("hash", &self.hash)?,
                    self.goto.as_deref().map(Vec::as_slice),
                )?
            }
        };
        let mut request = AutoAuthRequest::default().presenting(self.presented());
        request.key = self.key;
        request.start_session = self.start_session.unwrap_or(true);
        request.address = self.address;
        Ok((link, request))
    }

    /// The address, the key and the landing page of a link to sign.
    pub(super) fn sign(self) -> Result<Signing> {
        self.only("a link to sign", &["email", "goto", "key", "key_label"])?;
        let text = |field: &'static str, bytes: Bytes| {
            std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| Error::invalid(field, "must be UTF-8"))
        };
        let email = self.email.ok_or_else(|| Error::invalid("email", "is needed"))?;
        Ok(Signing {
            email: text("email", email)?,
            goto: self.goto.map(|goto| text("goto", goto)).transpose()?,
            key: match (self.key, self.key_label) {
                (Some(key), None) => SigningKey::Given(key),
                (None, Some(label)) => SigningKey::Label(label),
                _ => return Err(Error::invalid("key", "exactly one of key and key_label is needed")),
            },
        })
    }

    fn read_token(&self, gate: &Gatepass) -> Result<Token> {
        let token = self.token.as_ref().ok_or_else(|| Error::invalid("token", "is needed"))?;
        gate.read_token(token.reveal(), self.address)
    }

    /// A cookie that can't be a session's id is none.
    fn presented(&self) -> Option<SessionId> {
        self.session.as_ref().and_then(|session| SessionId::parse(session.reveal()))
    }
}

/// A link to sign.
pub(super) struct Signing {
    pub(super) email: String,
    pub(super) goto: Option<String>,
    pub(super) key: SigningKey,
}

/// The key to sign with.
pub(super) enum SigningKey {
    Given(Secret),
    Label(String),
}

#[cfg(test)]
mod tests;
