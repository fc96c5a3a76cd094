//! Telling the steps: each check as what was promised and what came out.

use std::fmt::Display;
use std::io::Write;

use gatepass::Error;
use serde_json::{Map, Value, json};

use crate::output::Output;

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const FAINT: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// One comparison.
struct Check {
    what: String,
    wanted: String,
    found: String,
    /// More about what was found.
    note: String,
}

impl Check {
    fn ok(&self) -> bool {
        self.wanted == self.found
    }

    fn document(&self) -> Value {
        let note = (!self.note.is_empty()).then_some(&self.note);
        json!({
            "what": self.what, "ok": self.ok(), "promised": self.wanted, "found": self.found, "note": note,
        })
    }

    fn human(&self) -> String {
        let note = if self.note.is_empty() { String::new() } else { format!(" ({})", self.note) };
        let wanted = if self.ok() { String::new() } else { format!(", promised was {}", self.wanted) };
        format!("{}: {}{note}{wanted}", self.what, self.found)
    }
}

/// A step while it is played.
pub(crate) struct Step {
    title: &'static str,
    checks: Vec<Check>,
    shown: Vec<String>,
    facts: Map<String, Value>,
}

impl Step {
    pub(crate) fn new(title: &'static str) -> Self {
        Step { title, checks: Vec::new(), shown: Vec::new(), facts: Map::new() }
    }

    /// Compare what came out with what is promised.
    pub(crate) fn expect(&mut self, what: &str, wanted: impl Display, found: impl Display) {
        self.expect_noted(what, wanted, found, "");
    }

    /// The same, with more to say about it.
    pub(crate) fn expect_noted(
        &mut self,
        what: &str,
        wanted: impl Display,
        found: impl Display,
        note: impl Display,
    ) {
        self.checks.push(Check {
            what: what.to_owned(),
            wanted: wanted.to_string(),
            found: found.to_string(),
            note: note.to_string(),
        });
    }

    /// A call that must succeed; what it gave.
    pub(crate) fn expect_accepted<T>(&mut self, what: &str, result: Result<T, Error>) -> Result<T, Error> {
        let (found, note) = match &result {
            Ok(_) => ("accepted", String::new()),
            Err(error) => ("refused", error.to_string()),
        };
        self.expect_noted(what, "accepted", found, note);
        result
    }

    /// Compare how a call came out: `wanted` is a reason's code, or the field of an invalid one.
    pub(crate) fn expect_refused<T>(&mut self, what: &str, wanted: &str, result: Result<T, Error>) {
        let (found, note) = match result {
            Ok(_) => ("accepted".to_owned(), String::new()),
            Err(Error::Invalid { field, reason }) => {
                (format!("refused, invalid {field}"), reason.into_owned())
            }
            Err(error) => (format!("refused, {}", error.code()), error.to_string()),
        };
        self.expect_noted(what, format!("refused, {wanted}"), found, note);
    }

    /// Something to look at.
    pub(crate) fn show(&mut self, line: impl Into<String>) {
        self.shown.push(line.into());
    }

    /// Something for programs.
    pub(crate) fn fact(&mut self, name: &str, value: Value) {
        self.facts.insert(name.to_owned(), value);
    }

    fn ok(&self) -> bool {
        self.checks.iter().all(Check::ok)
    }

    fn document(&self, number: usize) -> Value {
        let checks: Vec<Value> = self.checks.iter().map(Check::document).collect();
        json!({
            "number": number, "title": self.title, "ok": self.ok(), "checks": checks,
            "shown": self.shown, "facts": self.facts,
        })
    }
}

/// All steps so far.
pub(crate) struct Script<'a> {
    output: &'a Output,
    steps: Vec<Step>,
}

impl<'a> Script<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Script { output, steps: Vec::new() }
    }

    /// Take a finished step; people read it at once.
    pub(crate) fn tell(&mut self, step: Step) {
        self.steps.push(step);
        if let (false, Some(step)) = (self.output.json, self.steps.last()) {
            // A reader who went away wants no more.
            let _ = writeln!(std::io::stdout(), "{}", self.human(step, self.steps.len()));
        }
    }

    /// Every step for programs.
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.steps.iter().zip(1..).map(|(step, number)| step.document(number)).collect()
    }

    /// The first thing that did not come out as promised.
    pub(crate) fn failure(&self) -> Option<String> {
        let (step, number) = self.steps.iter().zip(1..).find(|(step, _)| !step.ok())?;
        let check = step.checks.iter().find(|check| !check.ok())?;
        Some(format!("step {number}, {}: {}", step.title, check.human()))
    }

    fn human(&self, step: &Step, number: usize) -> String {
        let paint = |color: &str, text: &str| match self.output.color {
            true => format!("{color}{text}{PLAIN}"),
            false => text.to_owned(),
        };
        let mut lines = vec![format!("{number:>2}  {}", step.title)];
        lines.extend(step.shown.iter().map(|line| format!("      {}", paint(FAINT, line))));
        lines.extend(step.checks.iter().map(|check| {
            let mark = if check.ok() { paint(GREEN, "✓") } else { paint(RED, "✗") };
            format!("    {mark} {}", check.human())
        }));
        lines.join("\n")
    }
}
