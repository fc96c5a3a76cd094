//! What a command says on stdout.

use std::io::Write;

use serde_json::Value;

/// How to say it.
pub(crate) struct Output {
    /// One JSON document instead of text.
    pub(crate) json: bool,
    /// Text with colours.
    pub(crate) color: bool,
}

impl Output {
    /// Give out the answer: the document, or the text for people.
    pub(crate) fn emit(&self, document: &Value, human: &str) {
        let mut stdout = std::io::stdout().lock();
        // A reader who went away wants no more.
        let _ = match self.json {
            true => writeln!(stdout, "{document}"),
            false => writeln!(stdout, "{human}"),
        };
    }
}
