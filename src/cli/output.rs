//! Where answers go: one JSON document, or a text for a person, on standard output; errors on standard error.
//!
//! A pipe that was closed at the other end is nobody's fault and no error: what was asked for has been done.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde_json::Value;

use super::failure::{Failure, Status};
use super::table;

/// How to answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON document instead of a text.
    pub(crate) json: bool,
    /// Escape codes may be used: standard output is a terminal, and nobody set `NO_COLOR`.
    pub(crate) color: bool,
}

/// What a command has to say.
#[derive(Debug)]
pub(crate) struct Outcome {
    document: Value,
    view: View,
    complaint: Option<(Status, String)>,
}

/// How the document looks to a person.
#[derive(Debug)]
enum View {
    /// These words, not the document's.
    Text(String),
    /// A table with these columns.
    Table(&'static [&'static str]),
    /// A list of names and values.
    List,
    /// Nothing: all of it was written already.
    Told,
}

impl Outcome {
    /// A document, and what to tell a person.
    pub(crate) fn text(document: Value, text: impl Into<String>) -> Self {
        Outcome { document, view: View::Text(text.into()), complaint: None }
    }

    /// A document that is a list of objects (or a page of them), shown as a table of these columns.
    pub(crate) fn table(document: Value, columns: &'static [&'static str]) -> Self {
        Outcome { document, view: View::Table(columns), complaint: None }
    }

    /// A document that is an object, shown as a list of names and values.
    pub(crate) fn list(document: Value) -> Self {
        Outcome { document, view: View::List, complaint: None }
    }

    /// The command wrote its answer itself, as it came.
    pub(crate) fn told() -> Self {
        Outcome { document: Value::Null, view: View::Told, complaint: None }
    }

    /// The answer is given, and yet it is a "no".
    pub(crate) fn refused(mut self, why: impl Into<String>) -> Self {
        self.complaint = Some((Status::Refused, why.into()));
        self
    }
}

impl Output {
    /// As the arguments and the surroundings say.
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Output { json, color: !json && wanted && io::stdout().is_terminal() }
    }

    /// Answer: the document with `--json`, the text otherwise.
    pub(crate) fn emit(&self, document: &Value, human: &str) {
        let written = if self.json { print_document(document) } else { print_text(human) };
        if let Err(error) = written {
            complain(&Failure::output(error).text());
        }
    }

    /// The same with the document on one line, for a program that reads it while the command goes on.
    pub(crate) fn emit_line(&self, document: &Value, human: &str) {
        let written = print_text(&if self.json { document.to_string() } else { human.to_owned() });
        if let Err(error) = written {
            complain(&Failure::output(error).text());
        }
    }

    /// Tell what a command came to; the exit status.
    pub(crate) fn tell(&self, outcome: Result<Outcome, Failure>) -> Status {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(failure) => {
                complain(&failure.text());
                if self.json {
                    self.emit(&failure.document(), "");
                }
                return failure.status();
            }
        };
        let written = match outcome.view {
            View::Told => Ok(()),
            _ if self.json => print_document(&outcome.document),
            View::Text(text) => print_text(&text),
            View::Table(columns) => print_text(&table::table(&outcome.document, columns, self.color)),
            View::List => print_text(&table::list(&outcome.document, self.color)),
        };
        if let Err(error) = written {
            let failure = Failure::output(error);
            complain(&failure.text());
            return failure.status();
        }
        match outcome.complaint {
            Some((status, why)) => {
                complain(&format!("gatepass: {why}\n"));
                status
            }
            None => Status::Done,
        }
    }
}

fn print_document(document: &Value) -> io::Result<()> {
    // The names of a document are ours and its values plain, so that it can always be written.
    print_text(&serde_json::to_string_pretty(document).map_err(io::Error::other)?)
}

fn print_text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut write = || {
        out.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    };
    unless_closed(write())
}

/// A new file for an answer, readable by its owner alone whatever the umask. A file that stands there is
/// left alone: it may be the store itself.
pub(crate) fn new_file(field: &'static str, path: &Path) -> Result<File, Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let made = made.and_then(|file| file.set_permissions(Permissions::from_mode(0o600)).map(|()| file));
    made.map_err(|error| Failure::invalid(field, error.kind().to_string()))
}

/// A closed pipe is no failure.
pub(crate) fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn complain(text: &str) {
    // There is nowhere left to tell that standard error can't be written.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
