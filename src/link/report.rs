//! What became of the links of a mailing: counted by the hour as it happens, told by label.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{LinkEnd, check_label};
use crate::clock::Timestamp;
use crate::error::{Error, Reason, Result};

/// An hour, the finest step that is counted, in milliseconds.
const HOUR: i64 = 3_600_000;

/// A day, in milliseconds.
const DAY: i64 = 24 * HOUR;

/// Up to so many days are told by the hour, more by the day.
const BY_THE_HOUR: u32 = 7;

/// What to tell of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LinkReportQuery {
    /// Only this mailing; absent: all of them, each by itself.
    #[serde(default)]
    pub label: Option<String>,
    /// The last so many days: 1 to 3,650. What is older than the setting `audit_retention_days` is forgotten.
    #[serde(default = "thirty")]
    pub days: u32,
}

fn thirty() -> u32 {
    30
}

impl Default for LinkReportQuery {
    fn default() -> Self {
        LinkReportQuery { label: None, days: thirty() }
    }
}

impl LinkReportQuery {
    /// Of one mailing.
    pub fn of_label(label: impl Into<String>) -> Self {
        LinkReportQuery { label: Some(label.into()), ..Self::default() }
    }

    /// Over the last so many days.
    pub fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }
}

/// What became of links.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LinkReport {
    /// From this time, the start of a step,
    pub from: Timestamp,
    /// to this.
    pub to: Timestamp,
    /// How long a step of `over_time` is, in seconds: an hour or a day of UTC.
    pub step_seconds: u32,
    /// One row per mailing, in the order of their names; links without a label come first.
    pub labels: Vec<LinkReportRow>,
}

/// What became of the links of one mailing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LinkReportRow {
    /// The mailing; `null`: links without a label.
    pub label: Option<String>,
    /// Links that were made.
    pub created: u64,
    /// Links that were used for the first time.
    pub opened: u64,
    /// Uses, the first ones included: as many tokens were minted.
    pub openings: u64,
    /// Links whose life ended before they were used at all.
    pub expired: u64,
    /// Links that can be used now, as far as they and their credential go.
    pub live: u64,
    /// Links that were revoked while they could be used.
    pub revoked: u64,
    /// Links that ended because another one of their label and person was used.
    pub superseded: u64,
    /// Links that ended because the person's e-mail address or password was changed.
    pub outdated: u64,
    /// Visits to links and attempts to open them that were refused.
    pub refused: Vec<RefusalCount>,
    /// Attempts to make a link that were refused.
    pub not_created: Vec<RefusalCount>,
    /// The same by hours or days; those in which nothing happened are left out.
    pub over_time: Vec<LinkMoment>,
}

/// How often something was refused for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusalCount {
    /// Why.
    pub reason: Reason,
    /// How often.
    pub count: u64,
}

/// What happened in one hour or day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LinkMoment {
    /// When it began.
    pub at: Timestamp,
    /// Links made.
    pub created: u64,
    /// Uses.
    pub openings: u64,
    /// Links whose life ended unused.
    pub expired: u64,
    /// Links ended before their time.
    pub ended: u64,
    /// Visits and attempts refused.
    pub refused: u64,
}

/// Something that happens to links and is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkTally {
    Created,
    /// Used for the first time.
    Opened,
    /// Used once more.
    Reopened,
    /// Never used when its life ended. Counted from the links themselves.
    Expired,
    /// Can be used now. Counted from the links themselves.
    Live,
    Ended(LinkEnd),
    Refused(Reason),
    NotCreated(Reason),
}

impl LinkTally {
    /// As stored.
    pub(crate) fn code(self) -> String {
        match self {
            LinkTally::Created => "created".to_owned(),
            LinkTally::Opened => "opened".to_owned(),
            LinkTally::Reopened => "reopened".to_owned(),
            LinkTally::Expired => "expired".to_owned(),
            LinkTally::Live => "live".to_owned(),
            LinkTally::Ended(end) => format!("ended:{}", end.as_str()),
            LinkTally::Refused(reason) => format!("refused:{}", reason.code()),
            LinkTally::NotCreated(reason) => format!("not_created:{}", reason.code()),
        }
    }

    /// From what is stored; `None` for what only a newer release knows.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code.split_once(':') {
            None => [Self::Created, Self::Opened, Self::Reopened, Self::Expired, Self::Live]
                .into_iter()
                .find(|tally| tally.code() == code),
            Some(("ended", end)) => LinkEnd::parse(end).map(Self::Ended),
            Some(("refused", reason)) => Reason::from_code(reason).map(Self::Refused),
            Some(("not_created", reason)) => Reason::from_code(reason).map(Self::NotCreated),
            Some(_) => None,
        }
    }
}

/// How often something happened to the links of one label in one hour.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tallied {
    pub(crate) label: Option<String>,
    /// The start of the hour.
    pub(crate) at: Timestamp,
    pub(crate) what: LinkTally,
    pub(crate) count: u64,
}

/// The start of the hour that a time lies in.
pub(crate) fn hour_of(at: Timestamp) -> Timestamp {
    start_of(at, HOUR)
}

fn start_of(at: Timestamp, step: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_sub(at.as_millis().rem_euclid(step)))
}

fn step_of(query: &LinkReportQuery) -> i64 {
    if query.days <= BY_THE_HOUR { HOUR } else { DAY }
}

/// From when a query asks, which is the start of a step.
///
/// # Errors
/// [`Error::Invalid`] for `days` or `label`.
pub(crate) fn range_of(query: &LinkReportQuery, now: Timestamp) -> Result<Timestamp> {
    if !(1..=3_650).contains(&query.days) {
        return Err(Error::invalid("days", "must be 1 to 3650"));
    }
    if let Some(label) = &query.label {
        check_label(label)?;
    }
    let back = Duration::from_secs(u64::from(query.days) * 86_400);
    Ok(start_of(now.minus(back), step_of(query)))
}

/// The report of what was counted since `from`.
pub(crate) fn report_of(
    query: &LinkReportQuery,
    from: Timestamp,
    now: Timestamp,
    counted: &[Tallied],
) -> LinkReport {
    let step = step_of(query);
    let mut rows: BTreeMap<&Option<String>, (LinkReportRow, BTreeMap<Timestamp, LinkMoment>)> =
        BTreeMap::new();
    for Tallied { label, at, what, count } in counted {
        let (row, moments) = rows.entry(label).or_default();
        let at = start_of(*at, step);
        let mut never = LinkMoment::default();
        let moment = match what {
            LinkTally::Live | LinkTally::NotCreated(_) => &mut never,
            _ => moments.entry(at).or_insert(LinkMoment { at, ..LinkMoment::default() }),
        };
        match what {
            LinkTally::Created => add(&mut [&mut row.created, &mut moment.created], *count),
            LinkTally::Opened => {
                add(&mut [&mut row.opened, &mut row.openings, &mut moment.openings], *count);
            }
            LinkTally::Reopened => add(&mut [&mut row.openings, &mut moment.openings], *count),
            LinkTally::Expired => add(&mut [&mut row.expired, &mut moment.expired], *count),
            LinkTally::Live => add(&mut [&mut row.live], *count),
            LinkTally::Ended(end) => {
                let of_kind = match end {
                    LinkEnd::Revoked => &mut row.revoked,
                    LinkEnd::Superseded => &mut row.superseded,
                    LinkEnd::EmailChanged | LinkEnd::PasswordChanged => &mut row.outdated,
                };
                add(&mut [of_kind, &mut moment.ended], *count);
            }
            LinkTally::Refused(reason) => {
                count_refusal(&mut row.refused, *reason, *count);
                add(&mut [&mut moment.refused], *count);
            }
            LinkTally::NotCreated(reason) => count_refusal(&mut row.not_created, *reason, *count),
        }
    }
    let labels = rows.into_iter().map(|(label, (row, moments))| LinkReportRow {
        label: label.clone(),
        over_time: moments.into_values().collect(),
        ..row
    });
    let step_seconds = u32::try_from(step / 1_000).unwrap_or(u32::MAX);
    LinkReport { from, to: now, step_seconds, labels: labels.collect() }
}

fn add(to: &mut [&mut u64], count: u64) {
    for sum in to {
        **sum = sum.saturating_add(count);
    }
}

fn count_refusal(counts: &mut Vec<RefusalCount>, reason: Reason, count: u64) {
    match counts.iter_mut().find(|known| known.reason == reason) {
        Some(known) => known.count = known.count.saturating_add(count),
        None => counts.push(RefusalCount { reason, count }),
    }
}

#[cfg(test)]
mod tests;
