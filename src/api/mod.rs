//! The WHMCS-compatible API: `CreateSsoToken`, `GetClients`, `GetClientsDetails` and `GetUsers`, with the
//! parameters, answers and error strings of the public contract (contract §1, §3, §5).
//!
//! [`call`] is the in-process form (`localAPI` style), [`respond`] the one over HTTP. Both are plain
//! functions of a request value: no socket, no header, no cookie is known here, and both end in the same
//! actions.
//!
//! # What callers may send
//!
//! Names and values as PHP reads them, from the query and from a body of the type
//! `application/x-www-form-urlencoded` or `multipart/form-data`; the body counts over the query. An empty
//! value is an absent one, and a parameter that nobody knows is ignored. `action`, `identifier`, `secret`,
//! `username` and `password` may come several times, but with one value only. At most 64 KiB, 100 parameters,
//! 8 KiB a value and three brackets a name; no files; nothing is ever unserialized.
//!
//! # What they are answered
//!
//! A document with `result` first, `success` or `error`; an error says its `message`. As JSON
//! (`responsetype=json`, and where none is asked for) its bytes are those of PHP's `json_encode` with every
//! `JSON_HEX_` flag. As XML (`responsetype=xml`) the root `whmcsapi` holds `action` in lower case and then
//! the same fields; **a list is its element repeated**, once for each entry, so that an empty one leaves
//! nothing: `<clients><client>…</client><client>…</client></clients>`, and `<users>…</users><users>…</users>`.
//!
//! # What the contract leaves open
//!
//! Such a choice is marked "unknown in the contract" where it stands.

mod action;
mod answer;
mod authentication;
mod create_sso_token;
mod get_clients;
mod get_clients_details;
mod get_users;
mod http;
mod json;
mod listing;
mod multipart;
mod parameters;
mod uuid;
mod xml;

use serde_json::Value;

use crate::credential::Caller;
use crate::error::Result;
use crate::gatepass::Gatepass;
use action::Action;
use answer::Failure;
use parameters::Parameters;

pub use http::{HttpAnswer, HttpCall};

/// Run an action for a caller in this process, as `localAPI` does. Parameters are a JSON object of texts,
/// numbers, booleans and lists, or `null` for none; `responsetype` and credentials among them mean nothing
/// here.
///
/// ```
/// # use gatepass::{Gatepass, InitOptions, api, directory::{Mode, NewClient, NewUser}};
/// # use serde_json::json;
/// # fn main() -> gatepass::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let init = InitOptions::new(Mode::Managed, "https://billing.example.com")?;
/// # let gate = Gatepass::init(folder.path().join("gatepass.db"), &init)?;
/// # let user = gate.add_user(&NewUser { email: "ann@example.com".into(), ..NewUser::default() })?;
/// # let owner = Some(user.user_id);
/// # gate.add_client(&NewClient { email: "ann@example.com".into(), owner, ..NewClient::default() })?;
/// let caller = gate.host_caller("cli")?;
/// let issued = api::call(&gate, &caller, "CreateSsoToken", &json!({ "client_id": 1 }))?;
/// assert_eq!(issued["result"], "success");
/// let refused = api::call(&gate, &caller, "CreateSsoToken", &json!({ "client_id": 9 }))?;
/// assert_eq!(refused, json!({ "result": "error", "message": "Invalid client_id" }));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Store`](crate::Error::Store) and [`Error::Internal`](crate::Error::Internal) alone. Every other
/// "no" is a document with `result` and `message`.
pub fn call(gate: &Gatepass, caller: &Caller, action: &str, parameters: &Value) -> Result<Value> {
    let done = Parameters::of_json(parameters)
        .and_then(|parameters| Action::named(action)?.run(gate, caller, &parameters, None));
    match done {
        Ok(fields) => Ok(answer::success(fields)),
        Err(Failure::Said { message, .. }) => Ok(answer::error(&message)),
        Err(Failure::Fault(error)) => Err(error),
    }
}

/// Answer a call that came over HTTP.
pub fn respond(gate: &Gatepass, call: &HttpCall<'_>) -> HttpAnswer {
    http::respond(gate, call)
}

/// A document of [`call`] in the XML form that [`respond`] gives for `responsetype=xml`.
pub fn to_xml(action: &str, document: &Value) -> String {
    xml::write(action, document)
}
