//! What the lists share: which part of them is asked for, and how times look.

use serde_json::{Value, json};

use super::answer::{Failure, Fields};
use super::parameters::Parameters;
use crate::clock::Timestamp;
use crate::directory::DirectoryQuery;

/// The most rows of one answer. The contract knows no limit; a caller pages with `limitstart`.
const MOST_ROWS: u64 = 10_000;

/// The part of a list that is asked for, in which order; and how many rows at most.
///
/// A value that can't be used is an error: ignored, it would give another list than was asked for, and some
/// callers take its first row.
pub(super) fn query(parameters: &Parameters) -> Result<(DirectoryQuery, u32), Failure> {
    let offset = number(parameters, "limitstart", 0, i64::MAX.unsigned_abs())?;
    let limit = number(parameters, "limitnum", 25, MOST_ROWS)?;
    let descending = match parameters.text("sorting")? {
        None => false,
        Some(way) if way.eq_ignore_ascii_case("asc") => false,
        Some(way) if way.eq_ignore_ascii_case("desc") => true,
        Some(_) => return Err(Failure::invalid("sorting")),
    };
    let search = parameters.text("search")?.map(str::to_owned);
    let query = DirectoryQuery { search, offset, descending, ..DirectoryQuery::default() };
    Ok((query, u32::try_from(limit).unwrap_or(u32::MAX)))
}

fn number(parameters: &Parameters, name: &str, absent: u64, most: u64) -> Result<u64, Failure> {
    let Some(text) = parameters.text(name)? else {
        return Ok(absent);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && *number <= most);
    number.ok_or_else(|| Failure::invalid(name))
}

/// The numbers that stand before a list.
pub(super) fn counts(total: u64, query: &DirectoryQuery, rows: &[Value]) -> Fields {
    super::answer::fields(json!({
        "totalresults": total,
        "startnumber": query.offset,
        "numreturned": rows.len(),
    }))
}

/// The day in UTC: `2016-01-15`.
pub(super) fn date(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// Day and time in UTC: `2020-12-15 15:29:49`.
pub(super) fn date_time(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}
