//! What a part hands to the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contest::Sample;

/// One subject of the bench.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    /// What it is called on the command line and in `remarks.md`.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What was done, in a few sentences, with the sync call and the sync rule of all sides.
    pub(crate) how: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) plots: Vec<Plot>,
    /// What was seen besides, a sentence or two each.
    pub(crate) notes: Vec<String>,
    /// Versions of what took part, by name.
    pub(crate) versions: BTreeMap<String, String>,
}

/// A ratio and its floor; bigger is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Goal {
    pub(crate) number: u8,
    pub(crate) what: String,
    pub(crate) at_least: f64,
    pub(crate) measured: f64,
}

impl Goal {
    /// How many times more per second `ours` got done.
    pub(crate) fn faster(number: u8, what: &str, at_least: f64, ours: &Sample, theirs: &Sample) -> Self {
        Goal::ratio(number, what, at_least, ours.per_second, theirs.per_second)
    }

    /// How many times longer `theirs` was, in time or any other cost.
    pub(crate) fn shorter(number: u8, what: &str, at_least: f64, ours: f64, theirs: f64) -> Self {
        Goal::ratio(number, what, at_least, theirs, ours)
    }

    /// One figure over another.
    pub(crate) fn ratio(number: u8, what: &str, at_least: f64, above: f64, below: f64) -> Self {
        Goal { number, what: what.into(), at_least, measured: above / below }
    }

    /// Whether the floor is reached; what is no number reaches none.
    pub(crate) fn met(&self) -> bool {
        self.measured >= self.at_least
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Table { head: head.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.head.len(), "a cell for each column");
        self.rows.push(cells.to_vec());
    }
}

/// A chart of lines.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Plot {
    /// The name of the file, `threads.svg`.
    pub(crate) file: String,
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
    pub(crate) lines: Vec<Line>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Three figures, without an exponent: `36,505`, `98.7`, `0.949`. Cut off, not rounded: a ratio just below
/// its floor must not look as if it reached it.
pub(crate) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    let places = match value.abs() {
        it if it >= 100.0 => 0,
        it if it >= 10.0 => 1,
        it if it >= 1.0 => 2,
        _ => 3,
    };
    let scale = 10_f64.powi(places);
    // What is a hair below a decimal in binary is meant to be that decimal.
    let cut = (value * scale + 1e-9).floor() / scale;
    let text = format!("{cut:.*}", places as usize);
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    grouped(whole) + rest
}

/// How many, in full: `1,234,567`.
pub(crate) fn number(many: usize) -> String {
    grouped(&many.to_string())
}

fn grouped(whole: &str) -> String {
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut grouped = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Microseconds, as people read them.
pub(crate) fn time(microseconds: f64) -> String {
    match microseconds {
        it if !it.is_finite() => "-".into(),
        it if it >= 1e6 => format!("{} s", figure(it / 1e6)),
        it if it >= 1e3 => format!("{} ms", figure(it / 1e3)),
        it => format!("{} µs", figure(it)),
    }
}
