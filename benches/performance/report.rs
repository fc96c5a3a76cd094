//! The page: the goals first, then each part, from the runs that are kept.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::part::{Goal, Part, Table, figure};
use crate::plot;
use crate::setup;

/// So many runs are kept and shown.
const KEPT: usize = 3;
/// What stays the same from run to run: a heading for each part, `goals` and `end`, and the words under it.
const REMARKS: &str = include_str!("remarks.md");

/// One run of all parts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) machine: String,
    pub(crate) parts: Vec<Part>,
}

impl Run {
    pub(crate) fn begin() -> Self {
        Run { machine: setup::machine(), parts: Vec::new() }
    }

    fn goals(&self) -> impl Iterator<Item = &Goal> {
        self.parts.iter().flat_map(|part| &part.goals)
    }
}

fn place(number: usize) -> PathBuf {
    setup::target().join(format!("performance/run-{number}.json"))
}

/// Keep a run as the last one; the oldest of more than three is dropped.
pub(crate) fn keep(run: &Run) {
    let mut runs = kept();
    runs.push(run.clone());
    let last = &runs[runs.len().saturating_sub(KEPT)..];
    std::fs::create_dir_all(place(1).parent().unwrap()).unwrap();
    for (at, run) in last.iter().enumerate() {
        std::fs::write(place(at + 1), serde_json::to_string_pretty(run).unwrap()).unwrap();
    }
}

/// The runs that are kept, the oldest first.
pub(crate) fn kept() -> Vec<Run> {
    let texts = (1..=KEPT).map_while(|number| std::fs::read_to_string(place(number)).ok());
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
}

/// Write the page and its charts.
pub(crate) fn write(runs: &[Run]) {
    let docs = setup::root().join("docs");
    let charts = docs.join("performance");
    std::fs::create_dir_all(&charts).unwrap();
    std::fs::write(docs.join("performance.md"), page(runs)).unwrap();
    let last = runs.last().unwrap();
    for plot in last.parts.iter().flat_map(|part| &part.plots) {
        std::fs::write(charts.join(&plot.file), plot::svg(plot)).unwrap();
    }
}

fn page(runs: &[Run]) -> String {
    let last = runs.last().expect("a run that is kept");
    let mut page = String::from("# Performance\n\n");
    _ = writeln!(page, "{}\n", remark("page").unwrap_or_default());
    _ = writeln!(page, "Measured on: {}.", last.machine);
    let versions: BTreeMap<_, _> = last.parts.iter().flat_map(|part| &part.versions).collect();
    if !versions.is_empty() {
        let all: Vec<String> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        _ = writeln!(page, "Versions: {}.", all.join(", "));
    }
    _ = writeln!(page, "\n## Goals\n\n{}", goals(&runs.iter().collect::<Vec<_>>()));
    if let Some(words) = remark("goals") {
        _ = writeln!(page, "{words}\n");
    }
    for one in &last.parts {
        _ = writeln!(page, "{}", part(one));
        for plot in &one.plots {
            _ = writeln!(page, "![{}](performance/{})\n", plot.title, plot.file);
        }
        if let Some(words) = remark(&one.id) {
            _ = writeln!(page, "{words}\n");
        }
    }
    if let Ok(served) = std::fs::read_to_string(setup::target().join("performance/serve.md")) {
        _ = writeln!(page, "## The server\n\n{}\n", served.trim());
        if let Some(words) = remark("serve") {
            _ = writeln!(page, "{words}\n");
        }
    }
    if let Some(words) = remark("end") {
        _ = writeln!(page, "{words}\n");
    }
    format!("{}\n", page.trim_end())
}

/// The goals with what each run measured.
pub(crate) fn goals(runs: &[&Run]) -> String {
    let numbers = if runs.len() == 1 { "measured".to_owned() } else { format!("{} runs", runs.len()) };
    let mut table = Table::new(["goal", "what", "at least", &numbers, ""]);
    // Also those that the last run lacks: none may fall silent.
    let mut goals: Vec<&Goal> = Vec::new();
    for goal in runs.iter().flat_map(|run| run.goals()) {
        if !goals.iter().any(|known| (known.number, &known.what) == (goal.number, &goal.what)) {
            goals.push(goal);
        }
    }
    goals.sort_by_key(|goal| goal.number);
    for goal in goals {
        // A run that lacks it shows so: it may not count as one that met it.
        let measured: Vec<Option<&Goal>> = runs
            .iter()
            .map(|run| run.goals().find(|other| (other.number, &other.what) == (goal.number, &goal.what)))
            .collect();
        let met = measured.iter().flatten().filter(|goal| goal.met()).count();
        let told: Vec<String> =
            measured.iter().map(|goal| goal.map_or("-".into(), |goal| figure(goal.measured))).collect();
        table.row([
            goal.number.to_string(),
            goal.what.clone(),
            figure(goal.at_least),
            told.join(", "),
            verdict(met, runs.len()),
        ]);
    }
    markdown(&table)
}

fn verdict(met: usize, runs: usize) -> String {
    match met {
        0 => "**missed**".into(),
        all if all == runs => "met".into(),
        some => format!("**missed** in {} of {runs}", runs - some),
    }
}

/// What one part found.
pub(crate) fn part(part: &Part) -> String {
    let mut text = format!("## {}\n\n{}\n\n", part.title, part.how);
    for table in &part.tables {
        _ = writeln!(text, "{}", markdown(table));
    }
    for note in &part.notes {
        _ = writeln!(text, "{note}\n");
    }
    text.trim_end().to_owned() + "\n"
}

fn markdown(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    format!("{}|{}\n{rows}", line(&table.head), "---|".repeat(table.head.len()))
}

/// The words under a heading of the remarks.
fn remark(heading: &str) -> Option<&'static str> {
    let sections = REMARKS.split("\n# ").skip(1);
    sections
        .filter_map(|section| section.split_once('\n'))
        .find(|(name, _)| *name == heading)
        .map(|(_, it)| it.trim())
}
