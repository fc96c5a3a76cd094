//! What goes wrong in the tool, and how it is told: one line for a person, one document for a program, one
//! exit status.
//!
//! A library error is passed on as it is. Usage errors are the tool's own. No text here repeats a secret or a
//! token that was read from standard input.

use std::error::Error as _;

use gatepass::Error;
use gatepass::error::Refusal;
use serde_json::{Map, Value, json};

/// How the tool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// What was asked for was done.
    Done = 0,
    /// An expected "no".
    Refused = 1,
    /// Bad usage, or a value that can't be used.
    Invalid = 2,
    /// The store could not answer, or a fault of ours: not known to be yes, so it is no.
    NoAnswer = 3,
}

/// Why a command did not do what was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: Cause,
    hint: Option<String>,
}

#[derive(Debug)]
enum Cause {
    Library(Error),
    /// What the parser of the command line says.
    CommandLine(clap::Error),
    /// The same, found out later.
    Usage(String),
    /// The answer could not be written where it belongs.
    Output(std::io::Error),
}

impl Failure {
    /// Bad usage that the parser can't see.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Cause::Usage(message.into()).into()
    }

    /// A value that can't be used.
    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Error::Invalid { field: field.into(), reason: reason.into().into() }.into()
    }

    /// The answer could not be written where it belongs.
    pub(crate) fn output(error: std::io::Error) -> Self {
        Cause::Output(error).into()
    }

    /// What the person should look at first.
    pub(crate) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// The library's error, if it is one. The parser hands on errors of the library's own types.
    fn library(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Library(error) => Some(error),
            Cause::CommandLine(error) => error.source().and_then(|source| source.downcast_ref()),
            Cause::Usage(_) | Cause::Output(_) => None,
        }
    }

    /// The reason of a refusal.
    pub(crate) fn reason(&self) -> Option<gatepass::Reason> {
        self.library().and_then(Error::reason)
    }

    /// The stable word of a library's error.
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.library().map(Error::code)
    }

    /// The exit status.
    pub(crate) fn status(&self) -> Status {
        match (&self.cause, self.library()) {
            (_, Some(Error::Refused(_))) => Status::Refused,
            (_, Some(Error::Invalid { .. })) => Status::Invalid,
            (_, Some(Error::Store(_) | Error::Internal(_))) => Status::NoAnswer,
            (Cause::Output(_), None) => Status::NoAnswer,
            (_, None) => Status::Invalid,
        }
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        let said = match &self.cause {
            Cause::Library(Error::Refused(refusal)) => match refusal.reference {
                Some(reference) => format!("{refusal} (reference {reference})"),
                None => refusal.to_string(),
            },
            Cause::Library(error) => error.to_string(),
            Cause::CommandLine(error) => {
                let text = error.render().to_string();
                text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
            }
            Cause::Usage(message) => message.clone(),
            Cause::Output(error) => format!("the answer could not be written: {error}"),
        };
        match &self.hint {
            Some(hint) => format!("gatepass: {said}\n  hint: {hint}\n"),
            None => format!("gatepass: {said}\n"),
        }
    }

    /// For a program.
    pub(crate) fn document(&self) -> Value {
        let mut error = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                error.insert(name.to_owned(), value);
            }
        };
        let class = match (&self.cause, self.library()) {
            (_, Some(Error::Refused(_))) => "refused",
            (_, Some(Error::Invalid { .. })) => "invalid",
            (_, Some(Error::Store(_))) => "store",
            (_, Some(Error::Internal(_))) | (Cause::Output(_), None) => "internal",
            (_, None) => "usage",
        };
        put("class", json!(class));
        match (self.library(), &self.cause) {
            (Some(error), _) => {
                put("code", json!(error.code()));
                put("message", json!(error.to_string()));
                match error {
                    Error::Refused(refusal) => refused(refusal, &mut put),
                    Error::Invalid { field, .. } => put("field", json!(field)),
                    Error::Store(error) => put("retryable", json!(error.retryable())),
                    Error::Internal(_) => {}
                }
            }
            (None, Cause::CommandLine(error)) => {
                put("code", json!("usage"));
                let text = error.render().to_string();
                let text = text.strip_prefix("error: ").unwrap_or(&text);
                put("message", json!(text.split("\n\n").next().unwrap_or(text).trim_end()));
            }
            (None, Cause::Output(error)) => {
                put("code", json!("output"));
                put("message", json!(format!("the answer could not be written: {error}")));
            }
            (None, Cause::Usage(message)) => {
                put("code", json!("usage"));
                put("message", json!(message));
            }
            // `library` gave this one already.
            (None, Cause::Library(_)) => {}
        }
        put("hint", json!(self.hint));
        json!({ "error": error })
    }
}

/// What a refusal tells beside its reason.
fn refused(refusal: &Refusal, put: &mut impl FnMut(&str, Value)) {
    put("reference", json!(refusal.reference));
    put("redemption", json!(refusal.redemption));
    if refusal.redemption.is_some() {
        put("same_browser", json!(refusal.same_browser));
        put("session_ended", json!(refusal.session_ended));
    }
    // Rounded up: who comes back at that second is not too early.
    let wait = refusal.retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    put("retry_after_seconds", json!(wait));
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Failure { cause, hint: None }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Cause::Library(error).into()
    }
}

impl From<gatepass::Reason> for Failure {
    fn from(reason: gatepass::Reason) -> Self {
        Error::from(reason).into()
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Cause::CommandLine(error).into()
    }
}
