//! The registry of management operations: a name, a JSON document in, a JSON document out, each typed inside.
//!
//! The tool's `--json`, the C ABI's `gatepass_call` and the wrappers' management methods all go through
//! [`call`], so that an operation is written once. Names are `noun.verb`; parameters and answers use the same
//! field names everywhere; times are RFC 3339 in UTC, durations whole seconds with `_seconds` in their name,
//! ids JSON numbers. An unknown parameter is an error.

mod credentials;
mod directory;
mod links;
mod store;
mod tokens;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::error::{Error, Result, without_value};
use crate::gatepass::Gatepass;

/// One operation.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name, `noun.verb`.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    run: fn(&Gatepass, Value) -> Result<Value>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every operation, in the order of nouns.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [store::OPERATIONS, credentials::OPERATIONS, directory::OPERATIONS, tokens::OPERATIONS, links::OPERATIONS]
        .into_iter()
        .flatten()
}

/// Run the operation of that name with its parameters, a JSON object (or `null` for none).
///
/// ```
/// # use gatepass::{Gatepass, InitOptions, directory::Mode, ops};
/// # fn main() -> gatepass::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let init = InitOptions::new(Mode::Managed, "https://billing.example.com")?;
/// # let gate = Gatepass::init(folder.path().join("gatepass.db"), &init)?;
/// let user = ops::call(&gate, "user.add", serde_json::json!({ "email": "ann@example.com" }))?;
/// assert_eq!(user["user_id"], 1);
/// let error = ops::call(&gate, "user.add", serde_json::json!({ "email": 5 })).unwrap_err();
/// assert!(error.to_string().starts_with("email: "));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Invalid`] for `operation` if there is none of that name, for a parameter that is missing, unknown
/// or of the wrong type; and whatever the operation itself says.
pub fn call(gate: &Gatepass, name: &str, mut parameters: Value) -> Result<Value> {
    let Some(operation) = all().find(|operation| operation.name == name) else {
        wipe(&mut parameters);
        return Err(Error::invalid("operation", "there is none of that name"));
    };
    match parameters {
        Value::Null => (operation.run)(gate, Value::Object(Map::new())),
        Value::Object(_) => (operation.run)(gate, parameters),
        _ => {
            wipe(&mut parameters);
            Err(Error::invalid("parameters", "must be a JSON object"))
        }
    }
}

/// The longest name of a field that an error repeats.
const LONGEST_FIELD: usize = 80;

/// Wipe the texts of a document: it may hold a secret.
pub(crate) fn wipe(document: &mut Value) {
    match document {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The parameters as a type; the error names the field. They are wiped, whatever comes of them.
fn read<T: DeserializeOwned>(mut parameters: Value) -> Result<T> {
    let read = read_from(&parameters);
    wipe(&mut parameters);
    read
}

fn read_from<T: DeserializeOwned>(parameters: &Value) -> Result<T> {
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let message = error.inner().to_string();
        let path = error.path().to_string();
        // serde names a missing or unknown field in its message only.
        let field = match message.split('`').nth(1) {
            Some(name) if message.starts_with("missing field") || message.starts_with("unknown field") => {
                match path.as_str() {
                    "." => name.to_owned(),
                    // For an unknown field the path may lead to it already.
                    path if path.rsplit('.').next() == Some(name) => path.to_owned(),
                    path => format!("{path}.{name}"),
                }
            }
            _ if path == "." => "parameters".to_owned(),
            _ => path,
        };
        Error::invalid(printable(field), plain(&message))
    })
}

/// The name of a field, unless it is one that nobody would give to a parameter: an error is one short line
/// for a log, and what stands where a name belongs may be anything.
fn printable(field: String) -> String {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]?".contains(&byte);
    if !field.is_empty() && field.len() <= LONGEST_FIELD && field.bytes().all(usual) {
        field
    } else {
        "parameters".to_owned()
    }
}

/// serde's message without the values that it quotes: a parameter may be a secret.
fn plain(message: &str) -> String {
    if message.starts_with("missing field") {
        return "is needed".to_owned();
    }
    if message.starts_with("unknown field") {
        return "is no parameter of this operation".to_owned();
    }
    without_value(message)
}

/// An answer as JSON.
fn write(answer: impl Serialize) -> Result<Value> {
    serde_json::to_value(answer).map_err(|_| Error::Internal("an answer could not be written as JSON".into()))
}

/// Writes one entry of the registry: the name, what it does, the type of its parameters and the call.
macro_rules! operation {
    ($name:literal, $about:literal, |$gate:ident, $parameters:ident: $type:ty| $call:expr) => {
        $crate::ops::Operation {
            name: $name,
            about: $about,
            run: |$gate, value| {
                let $parameters: $type = $crate::ops::read(value)?;
                $crate::ops::write($call?)
            },
        }
    };
    ($name:literal, $about:literal, |$gate:ident| $call:expr) => {
        $crate::ops::Operation {
            name: $name,
            about: $about,
            run: |$gate, value| {
                let $crate::ops::Nothing {} = $crate::ops::read(value)?;
                $crate::ops::write($call?)
            },
        }
    };
}
use operation;

/// No parameters.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_name_and_says_what_it_does() {
        let mut names: Vec<&str> = all().map(|operation| operation.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for operation in all() {
            assert_eq!(operation.name.split('.').count(), 2, "{}", operation.name);
            assert!(operation.about.len() > 10 && operation.about.ends_with('.'), "{}", operation.name);
        }
    }

    #[test]
    fn a_wrong_parameter_is_named_and_its_value_is_not_repeated() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Sample {
            #[allow(dead_code)]
            count: u32,
        }
        for (given, said) in [
            (serde_json::json!({}), "count: is needed"),
            (
                serde_json::json!({ "count": 1, "cuont": "hunter2" }),
                "cuont: is no parameter of this operation",
            ),
            (serde_json::json!({ "count": "hunter2" }), "count: must be a whole number that is not negative"),
        ] {
            let error = read::<Sample>(given).unwrap_err().to_string();
            assert_eq!(error, said);
        }
    }
}
