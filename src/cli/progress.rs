//! How far long work has come: a bar on a terminal, nothing anywhere else.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;

/// Shows how far work has come, on standard error.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar under that name, with the word for what is counted; none with `--json` or without a terminal.
    pub(crate) fn new(output: Output, name: &'static str, unit: &'static str) -> Self {
        if output.json || !stderr().is_terminal() {
            return Bar(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0);
        let template = format!("{{msg}} [{{bar:32}}] {{pos}} of {{len}} {unit}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(name);
        Bar(bar)
    }

    /// So much is done, of so much.
    pub(crate) fn show(&self, done: u64, of: u64) {
        self.0.set_length(of.max(done));
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        // What comes next is written where the bar stood.
        self.0.finish_and_clear();
    }
}
