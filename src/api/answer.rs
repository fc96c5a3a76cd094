//! What an action says: the fields of a success, or why not.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::error::{Error, Reason};

/// The fields of a success, in the order of the contract, without `result`.
pub(super) type Fields = Map<String, Value>;

/// Fields from a JSON object.
pub(super) fn fields(object: Value) -> Fields {
    match object {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// The document of a success.
pub(super) fn success(fields: Fields) -> Value {
    let mut document = Fields::with_capacity(fields.len() + 1);
    document.insert("result".into(), json!("success"));
    document.extend(fields);
    Value::Object(document)
}

/// The document of an error.
pub(super) fn error(message: &str) -> Value {
    json!({ "result": "error", "message": message })
}

/// For a wrong pair of identifier and secret, and where there is none (contract §3.5).
pub(super) const NO_CREDENTIALS: &str = "Invalid or missing credentials";

/// Why there is no success.
#[derive(Debug)]
pub(super) enum Failure {
    /// A message for the caller, with its HTTP status.
    Said { status: u16, message: String, retry_after: Option<Duration> },
    /// Nobody could answer.
    Fault(Error),
}

impl Failure {
    fn said(status: u16, message: impl Into<String>) -> Self {
        Failure::Said { status, message: message.into(), retry_after: None }
    }

    /// An expected "no" of the action itself: HTTP 200 (contract §1.4).
    pub(super) fn business(message: impl Into<String>) -> Self {
        Failure::said(200, message)
    }

    /// A parameter of the action that can't be used.
    pub(super) fn invalid(name: &str) -> Self {
        Failure::business(format!("Invalid {name}"))
    }

    /// A call that can't be read.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Failure::said(400, message)
    }

    /// A call that asks for nothing (contract §3.5).
    pub(super) fn no_action() -> Self {
        Failure::malformed("Empty action request")
    }

    /// A method that is not taken.
    pub(super) fn method() -> Self {
        Failure::said(405, "Only GET and POST are taken")
    }

    /// A call, or a part of one, that is too long.
    pub(super) fn too_long(message: impl Into<String>) -> Self {
        Failure::said(413, message)
    }

    /// A body of a type that is not read.
    pub(super) fn body_type() -> Self {
        let taken = "application/x-www-form-urlencoded or multipart/form-data";
        Failure::said(415, format!("The body must be {taken}"))
    }

    /// A caller who may not (contract §3.5).
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Failure::said(403, message)
    }

    /// Calls from there are not taken (contract §3.5).
    pub(super) fn address(address: Option<IpAddr>) -> Self {
        match address {
            Some(address) => Failure::forbidden(format!("Invalid IP {}", address.to_canonical())),
            None => Failure::forbidden("Invalid IP unknown"),
        }
    }

    /// With advice when to ask again.
    pub(super) fn retry_after(mut self, advice: Option<Duration>) -> Self {
        if let Failure::Said { retry_after, .. } = &mut self {
            *retry_after = advice;
        }
        self
    }

    /// For what is refused to any call of `action`.
    pub(super) fn of_call(error: Error, action: &str, address: Option<IpAddr>) -> Self {
        let refusal = match error {
            Error::Refused(refusal) => refusal,
            Error::Invalid { field, .. } => return Failure::invalid(&field),
            fault @ (Error::Store(_) | Error::Internal(_)) => return Failure::Fault(fault),
        };
        let failure = match refusal.reason {
            Reason::AddressNotAllowed => Failure::address(address),
            Reason::ActionNotAllowed => {
                Failure::forbidden(format!("Invalid Permissions: API action \"{action}\" is not allowed"))
            }
            Reason::HostMode => Failure::business(
                "Clients and users are kept by the application, which this API does not ask",
            ),
            // Its standing changed since it was authenticated.
            _ => Failure::forbidden(NO_CREDENTIALS),
        };
        failure.retry_after(refusal.retry_after)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid { field, .. } => Failure::invalid(&field),
            Error::Refused(refusal) => Failure::business(refusal.reason.message()),
            fault => Failure::Fault(fault),
        }
    }
}
