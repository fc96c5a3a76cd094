//! Who asks.

use std::ffi::c_char;
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use super::code::gatepass_code::{self, GATEPASS_WRONG_HANDLE};
use super::guard::{self, Failure};
use super::handle::{Kind, Object, get, make};
use super::store::{StoreObject, gatepass_store};
use super::text;
use crate::credential::Caller;
use crate::error::Error;
use crate::gatepass::Gatepass;
use crate::secret::Secret;

/// Who asks for tokens: the proof of an authentication, or a registered caller of this process. It can't be
/// built from a request, and is one to the store that made it as long as that is open. What it may do is read
/// anew each time it is used. Freed by `gatepass_free`.
pub struct gatepass_caller {
    _opaque: [u8; 0],
}

/// A caller is one to the store that it was authenticated by, not to another that has the same numbers.
pub(super) struct CallerObject {
    caller: Caller,
    of: Weak<Gatepass>,
}

impl CallerObject {
    fn new(store: &StoreObject, caller: Caller) -> Self {
        CallerObject { caller, of: Arc::downgrade(store.gate()) }
    }

    /// The caller, if it is one to this store.
    pub(super) fn to(&self, store: &StoreObject) -> Result<Caller, Failure> {
        if std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(store.gate())) {
            Ok(self.caller)
        } else {
            Err(Failure::misuse(GATEPASS_WRONG_HANDLE, "caller", "was authenticated by another store"))
        }
    }
}

impl Object for CallerObject {
    type Opaque = gatepass_caller;
    const KIND: Kind = Kind::Caller;
    const ARGUMENT: &'static str = "caller";
}

/// An address from outside; none for `NULL`.
///
/// # Safety
/// As for [`text::bytes`].
pub(super) unsafe fn address(pointer: *const c_char, length: usize) -> Result<Option<IpAddr>, Failure> {
    // SAFETY: the caller's promise.
    let Some(address) = (unsafe { text::optional(pointer, length, "address") })? else { return Ok(None) };
    let parsed = address.parse().map_err(|_| Error::invalid("address", "must be an IPv4 or IPv6 address"))?;
    Ok(Some(parsed))
}

/// Authenticate a calling system by identifier and secret. A right secret always succeeds, whatever others
/// did.
///
/// @param store              The store.
/// @param identifier         `GPI` and 29 more characters.
/// @param identifier_length  In bytes.
/// @param secret             `GPS` and 29 more characters.
/// @param secret_length      In bytes.
/// @param address            The caller's network address, such as `203.0.113.9`; NULL with length 0 when
///                           there is none. A credential bound to addresses is refused without one.
/// @param address_length     In bytes.
/// @param out                The caller. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_AUTHENTICATION_FAILED for unknown, wrong, revoked and expired alike;
///         GATEPASS_ADDRESS_NOT_ALLOWED; a code of the classes MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_caller_authenticate(
    store: *const gatepass_store,
    identifier: *const c_char,
    identifier_length: usize,
    secret: *const c_char,
    secret_length: usize,
    address: *const c_char,
    address_length: usize,
    out: *mut *mut gatepass_caller,
) -> gatepass_code {
    // SAFETY: the caller's promises about the texts and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let identifier = text::required(identifier, identifier_length, "identifier")?;
            let secret = Secret::new(text::required(secret, secret_length, "secret")?);
            let address = self::address(address, address_length)?;
            Ok(CallerObject::new(&store, store.gate().authenticate(identifier, &secret, address)?))
        })
    })
}

/// The registered host credential of a label, for code in this process. It proves nothing: code under the
/// same system user owns the store. It says who asks, and limits honest mistakes.
///
/// @param store         The store.
/// @param label         Such as `cli`, which every store has.
/// @param label_length  In bytes.
/// @param out           The caller. Yours: free it with `gatepass_free`.
/// @return GATEPASS_OK; GATEPASS_CREDENTIAL_UNKNOWN; GATEPASS_CREDENTIAL_DISABLED; a code of the classes
///         MISUSE or STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_caller_host(
    store: *const gatepass_store,
    label: *const c_char,
    label_length: usize,
    out: *mut *mut gatepass_caller,
) -> gatepass_code {
    // SAFETY: the caller's promises about the text and `out`.
    guard::fallible(|| unsafe {
        make(out, || {
            let store = get::<StoreObject>(store)?;
            let label = text::required(label, label_length, "label")?;
            Ok(CallerObject::new(&store, store.gate().host_caller(label)?))
        })
    })
}

/// The credential of a caller.
///
/// @param caller  The caller.
/// @return Its id; 0 when it has none or the handle is bad (`gatepass_last_error_code`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_caller_credential_id(caller: *const gatepass_caller) -> i64 {
    guard::value(|| Ok(get::<CallerObject>(caller)?.caller.credential_id().map_or(0, |id| id.get())))
}

/// May this caller do this API action, from there, now?
///
/// @param store           The store that authenticated the caller.
/// @param caller          The caller.
/// @param action          Its name in lower case, such as `getclients`.
/// @param action_length   In bytes.
/// @param address         The caller's network address; NULL with length 0 when there is none.
/// @param address_length  In bytes.
/// @return GATEPASS_OK if it may; GATEPASS_INVALID for `action` or `address`; GATEPASS_ACTION_NOT_ALLOWED,
///         GATEPASS_ADDRESS_NOT_ALLOWED or what became of the credential; a code of the classes MISUSE or
///         STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_caller_authorise(
    store: *const gatepass_store,
    caller: *const gatepass_caller,
    action: *const c_char,
    action_length: usize,
    address: *const c_char,
    address_length: usize,
) -> gatepass_code {
    guard::fallible(|| {
        let store = get::<StoreObject>(store)?;
        let caller = get::<CallerObject>(caller)?.to(&store)?;
        // SAFETY: the caller's promise about the text.
        let action = unsafe { text::required(action, action_length, "action") }?;
        // SAFETY: the caller's promise about the text.
        let address = unsafe { self::address(address, address_length) }?;
        Ok(store.gate().authorise(&caller, action, address)?)
    })
}
