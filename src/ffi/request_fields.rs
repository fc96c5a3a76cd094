//! The fields behind a request, and what an act reads of them.

use std::ffi::c_char;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

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
use crate::secret::Secret;
use crate::session::SessionId;
use crate::token::{Binding, IssueRequest, RedeemRequest, Token};

/// Bytes that are wiped when they go: a link is as good as a token, and so is a cookie.
type Bytes = Zeroizing<Vec<u8>>;

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
        ];
        match set.iter().find(|(name, set)| *set && !taken.contains(name)) {
            Some((name, _)) => Err(Error::invalid(*name, format!("is no field of {act}"))),
            None => Ok(()),
        }
    }

    pub(super) fn issue(self) -> Result<IssueRequest> {
        let taken = [
            "user_id",
            "client_id",
            "destination",
            "service_id",
            "domain_id",
            "redirect_path",
            "life",
            "binding",
            "actor",
            "address",
        ];
        self.only("an issue", &taken)?;
        let mut request = IssueRequest::new(Subject::from_ids(self.user_id, self.client_id)?);
        request.destination = self.destination;
        request.service_id = self.service_id;
        request.domain_id = self.domain_id;
        request.redirect_path = self.redirect_path;
        request.life = self.life_ms.map(std::time::Duration::from_millis);
        request.binding = self.binding.map(|nonce| Binding::of_nonce(&nonce));
        request.actor = self.actor;
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
mod tests {
    use super::*;
    use crate::directory::Mode;
    use crate::gatepass::InitOptions;

    fn gate() -> (tempfile::TempDir, Gatepass) {
        let folder = tempfile::tempdir().unwrap();
        let init = InitOptions::new(Mode::Host, "https://billing.example.com").unwrap();
        let gate = Gatepass::init(folder.path().join("gatepass.db"), &init).unwrap();
        (folder, gate)
    }

    fn address() -> Option<IpAddr> {
        Some("203.0.113.9".parse().unwrap())
    }

    fn secret(text: &str) -> Option<Secret> {
        Some(Secret::new(text))
    }

    const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
    const SESSION: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn field<T>(result: Result<T>) -> String {
        match result.err() {
            Some(Error::Invalid { field, .. }) => field.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_issue_is_asked_for_everything_that_was_set() {
        let fields = Fields {
            user_id: Some(UserId::new(1).unwrap()),
            client_id: Some(ClientId::new(2).unwrap()),
            destination: Some("clientarea:invoices".into()),
            service_id: Some(ItemId::new(3).unwrap()),
            domain_id: Some(ItemId::new(4).unwrap()),
            redirect_path: Some("cart.php".into()),
            life_ms: Some(5000),
            binding: Some(b"nonce".to_vec().into()),
            actor: Some("portal".into()),
            address: address(),
            ..Fields::default()
        };
        let asked = fields.issue().unwrap();
        assert_eq!(asked.subject, Subject::from_ids(UserId::new(1).ok(), ClientId::new(2).ok()).unwrap());
        assert_eq!(asked.destination.as_deref(), Some("clientarea:invoices"));
        assert_eq!((asked.service_id, asked.domain_id), (ItemId::new(3).ok(), ItemId::new(4).ok()));
        assert_eq!(asked.redirect_path.as_deref(), Some("cart.php"));
        assert_eq!(asked.life, Some(std::time::Duration::from_secs(5)));
        assert_eq!(asked.binding, Some(Binding::of_nonce(b"nonce")));
        assert_eq!(asked.actor.as_deref(), Some("portal"));
        assert_eq!(asked.address, address());
    }

    #[test]
    fn a_redemption_is_confirmed_and_starts_a_session_unless_told_otherwise() {
        let (_folder, gate) = gate();
        let usual = Fields { token: secret(TOKEN), ..Fields::default() };
        let asked = usual.clone().redeem(&gate).unwrap();
        assert!(asked.confirmed && asked.start_session);
        assert!(asked.presented_session.is_none() && asked.binding.is_none() && asked.address.is_none());
        let other = Fields {
            session: secret(SESSION),
            confirmed: Some(false),
            start_session: Some(false),
            binding: Some(b"nonce".to_vec().into()),
            address: address(),
            ..usual
        };
        let asked = other.redeem(&gate).unwrap();
        assert!(!asked.confirmed && !asked.start_session);
        assert_eq!(asked.presented_session.unwrap().reveal(), SESSION);
        assert_eq!((asked.binding, asked.address), (Some(Binding::of_nonce(b"nonce")), address()));
    }

    #[test]
    fn a_link_is_accepted_with_everything_that_was_set() {
        let query = Some(format!("email=a@b.example&timestamp=1700000000&hash={TOKEN}").into_bytes().into());
        let usual = Fields { query, ..Fields::default() };
        assert!(usual.clone().accept().unwrap().1.start_session);
        let other = Fields {
            key: secret("the key itself, of a good length"),
            session: secret(SESSION),
            start_session: Some(false),
            address: address(),
            ..usual
        };
        let (_, asked) = other.accept().unwrap();
        assert_eq!(asked.key.unwrap().reveal(), "the key itself, of a good length");
        assert_eq!(asked.presented_session.unwrap().reveal(), SESSION);
        assert_eq!((asked.start_session, asked.address), (false, address()));
    }

    #[test]
    fn an_act_names_a_field_that_it_does_not_take() {
        let (_folder, gate) = gate();
        let bytes = || Some(b"x".to_vec().into());
        let text = || Some("x".to_owned());
        let none = Fields::default;
        let foreign_to_a_session = [
            ("user_id", Fields { user_id: UserId::new(1).ok(), ..none() }),
            ("client_id", Fields { client_id: ClientId::new(1).ok(), ..none() }),
            ("destination", Fields { destination: text(), ..none() }),
            ("service_id", Fields { service_id: ItemId::new(1).ok(), ..none() }),
            ("domain_id", Fields { domain_id: ItemId::new(1).ok(), ..none() }),
            ("redirect_path", Fields { redirect_path: text(), ..none() }),
            ("life", Fields { life_ms: Some(1), ..none() }),
            ("binding", Fields { binding: bytes(), ..none() }),
            ("actor", Fields { actor: text(), ..none() }),
            ("token", Fields { token: secret("x"), ..none() }),
            ("confirmed", Fields { confirmed: Some(true), ..none() }),
            ("start_session", Fields { start_session: Some(true), ..none() }),
            ("query", Fields { query: bytes(), ..none() }),
            ("email", Fields { email: bytes(), ..none() }),
            ("timestamp", Fields { timestamp: bytes(), ..none() }),
            ("hash", Fields { hash: bytes(), ..none() }),
            ("goto", Fields { goto: bytes(), ..none() }),
            ("key", Fields { key: secret("x"), ..none() }),
            ("key_label", Fields { key_label: text(), ..none() }),
        ];
        for (name, fields) in foreign_to_a_session {
            assert_eq!(field(Fields { session: secret(SESSION), ..fields }.session(&gate)), name);
        }
        let session = || Fields { session: secret("x"), ..none() };
        assert_eq!(field(session().issue()), "session");
        assert_eq!(field(session().inspect(&gate)), "session");
        let guess = Fields { token: secret(&"0".repeat(40)), address: address(), ..none() };
        assert_eq!(guess.inspect(&gate).unwrap().1, address());
        assert_eq!(field(session().sign().map(drop)), "session");
        assert_eq!(field(Fields { address: address(), ..none() }.sign().map(drop)), "address");
        assert_eq!(field(Fields { key_label: text(), ..none() }.accept()), "key_label");
        assert_eq!(field(Fields { key: secret("x"), ..none() }.redeem(&gate)), "key");
    }
}
