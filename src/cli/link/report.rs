//! `gatepass link report`: what became of the links of each mailing, as a table, a document or a picture.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use gatepass::clock::Timestamp;
use gatepass::link::{LinkReport, LinkReportQuery, LinkReportRow, RefusalCount};
use serde_json::{Value, json};

use super::super::context::{Context, json as as_json};
use super::super::failure::Failure;
use super::super::output::{Outcome, new_file};
use super::super::table::table;
use super::chart::{self, Step};

/// Tell what became of the links of one mailing, or of each
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass link report
  gatepass link report --label reminders --days 7
  gatepass link report --label reminders --svg reminders.svg

The picture adds the mailings up unless --label names one.")]
pub(crate) struct ReportArgs {
    /// Only this mailing, with the reasons of refusals and the course of time
    #[arg(long)]
    label: Option<String>,
    /// Over the last so many days, 1 to 3650; up to 7 are told by the hour
    #[arg(long, default_value_t = 30, value_name = "N")]
    days: u32,
    /// Draw the course of time as a picture into this new file; `-` writes it to standard output instead of the
    /// report
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    svg: Option<PathBuf>,
}

pub(super) fn run(args: &ReportArgs, context: &Context) -> Result<Outcome, Failure> {
    let mut query = LinkReportQuery::default().days(args.days);
    query.label = args.label.clone();
    let report = context.open()?.link_report(&query)?;
    if let Some(file) = &args.svg {
        let svg = picture(args.label.as_deref(), &report);
        if file == Path::new("-") {
            return Ok(Outcome::text(json!({ "svg": svg }), svg));
        }
        new_file("svg", file)?.write_all(svg.as_bytes()).map_err(Failure::output)?;
    }
    let color = context.output.color;
    let text = match report.labels.as_slice() {
        [row] if args.label.is_some() => story(row, color)?,
        _ => overview(&report, color),
    };
    Ok(Outcome::text(as_json(&report)?, text))
}

/// The columns of the overview, which are names of the document.
const COLUMNS: &[&str] = &[
    "label",
    "created",
    "opened",
    "openings",
    "expired",
    "live",
    "revoked",
    "superseded",
    "outdated",
    "refused",
    "not_created",
];

/// A line for each mailing.
fn overview(report: &LinkReport, color: bool) -> String {
    table(&report.labels.iter().map(line).collect::<Value>(), COLUMNS, color)
}

/// The counts of a mailing, its refusals added up.
fn line(row: &LinkReportRow) -> Value {
    let sum = |counts: &[RefusalCount]| counts.iter().map(|refusal| refusal.count).sum::<u64>();
    json!({
        "label": row.label,
        "created": row.created,
        "opened": row.opened,
        "openings": row.openings,
        "expired": row.expired,
        "live": row.live,
        "revoked": row.revoked,
        "superseded": row.superseded,
        "outdated": row.outdated,
        "refused": sum(&row.refused),
        "not_created": sum(&row.not_created),
    })
}

/// All of one mailing: its counts, the reasons of refusals, and the course of time.
fn story(row: &LinkReportRow, color: bool) -> Result<String, Failure> {
    let mut text = table(&json!([line(row)]), COLUMNS, color);
    let parts = [
        ("refused", as_json(&row.refused)?, &["reason", "count"][..]),
        ("not_created", as_json(&row.not_created)?, &["reason", "count"]),
        (
            "over_time",
            as_json(&row.over_time)?,
            &["at", "created", "openings", "expired", "ended", "refused"],
        ),
    ];
    for (name, part, columns) in parts {
        if part.as_array().is_some_and(|items| !items.is_empty()) {
            text.push_str(&format!("\n{name}:\n{}", table(&part, columns, color)));
        }
    }
    Ok(text)
}

/// The course of time as a picture: of one mailing, or of all of them together.
fn picture(label: Option<&str>, report: &LinkReport) -> String {
    let mut counted: BTreeMap<Timestamp, [u64; chart::SERIES.len()]> = BTreeMap::new();
    for moment in report.labels.iter().flat_map(|row| &row.over_time) {
        let counts = [moment.created, moment.openings, moment.expired, moment.ended, moment.refused];
        for (sum, count) in counted.entry(moment.at).or_default().iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
    }
    // Those in which nothing happened are left out of the report, and have their place in the picture.
    let millis = i64::from(report.step_seconds.max(1)) * 1_000;
    let count = (report.to.as_millis() - report.from.as_millis()).div_euclid(millis).max(0);
    let steps = (0..=count).map(|step| {
        let at = Timestamp::from_millis(report.from.as_millis() + step * millis);
        Step { at, counts: counted.get(&at).copied().unwrap_or_default() }
    });
    let heading = match label {
        Some(label) => format!("Sign-in links: {label}"),
        None => "Sign-in links".to_owned(),
    };
    chart::svg(&heading, &steps.collect::<Vec<_>>(), millis)
}
