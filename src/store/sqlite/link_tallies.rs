//! What happens to sign-in links, counted by the hour for the report.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::credentials::facts_by_id;
use super::error::ReadError;
use super::links::made_since;
use crate::clock::Timestamp;
use crate::id::CredentialId;
use crate::link::{LONGEST_LIFE, LinkTally, Tallied, hour_of, stands};
use crate::store::StoreResult;

/// Count something that happened now.
pub(super) fn tally(
    connection: &Connection,
    label: Option<&str>,
    what: LinkTally,
    count: u64,
    now: Timestamp,
) -> StoreResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO link_tally (hour, label, event, count) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (hour, label, event) DO UPDATE SET count = count + excluded.count",
        )
        .read()?
        .execute(params![
            hour_of(now),
            label.unwrap_or_default(),
            what.code(),
            i64::try_from(count).unwrap_or(i64::MAX)
        ])
        .read()?;
    Ok(())
}

/// What was counted since `from`, of one label or of all, with what only the links themselves tell.
pub(super) fn tallied(
    connection: &Connection,
    label: Option<&str>,
    from: Timestamp,
    now: Timestamp,
) -> StoreResult<Vec<Tallied>> {
    let named = |label: String| (!label.is_empty()).then_some(label);
    let counted = connection
        .prepare_cached(
            "SELECT label, hour, event, count FROM link_tally
             WHERE hour >= ?1 AND (?2 IS NULL OR label = ?2) ORDER BY hour, label, event",
        )
        .read()?
        .query_map(params![hour_of(from), label], |row| {
            Ok((named(row.get(0)?), row.get(1)?, row.get::<_, String>(2)?, row.get(3)?))
        })
        .read()?
        .collect::<rusqlite::Result<Vec<_>>>()
        .read()?;
    let mut tallies: Vec<Tallied> = counted
        .into_iter()
        .filter_map(|(label, at, event, count)| {
            // What only a newer release counts is left out.
            Some(Tallied { label, at, what: LinkTally::parse(&event)?, count })
        })
        .collect();
    // Nobody acts when a life ends, so it is the links that tell: those made since the longest life before.
    let expired = connection
        .prepare_cached(
            "SELECT label, expires_at - expires_at % 3600000, count(*) FROM link
             WHERE key >= ?1 AND (?2 IS NULL OR label = ?2) AND used = 0 AND expires_at >= ?3
               AND expires_at <= ?4 AND (ended_at IS NULL OR ended_at >= expires_at)
             GROUP BY 1, 2 ORDER BY 2, 1",
        )
        .read()?
        .query_map(params![made_since(from.minus(LONGEST_LIFE)), label, from, now], |row| {
            let (what, count) = (LinkTally::Expired, row.get(2)?);
            Ok(Tallied { label: row.get(0)?, at: row.get(1)?, what, count })
        })
        .read()?
        .collect::<rusqlite::Result<Vec<_>>>()
        .read()?;
    tallies.extend(expired);
    tallies.extend(live(connection, label, now)?);
    Ok(tallies)
}

/// Links that can be used now, by label.
fn live(connection: &Connection, label: Option<&str>, now: Timestamp) -> StoreResult<Vec<Tallied>> {
    let found: Vec<(Option<String>, CredentialId, i64, u64)> = connection
        .prepare_cached(
            "SELECT label, credential_id, serial, count(*) FROM link
             WHERE key >= ?1 AND (?2 IS NULL OR label = ?2) AND used < uses AND ended_at IS NULL
               AND expires_at > ?3
             GROUP BY 1, 2, 3",
        )
        .read()?
        .query_map(params![made_since(now.minus(LONGEST_LIFE)), label, now], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()?;
    let mut by_label: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for (label, credential, serial, count) in found {
        let issuer = facts_by_id(connection, credential)?;
        if issuer.is_some_and(|issuer| stands(&issuer, serial, now).is_ok()) {
            *by_label.entry(label).or_default() += count;
        }
    }
    let told = |(label, count)| Tallied { label, at: now, what: LinkTally::Live, count };
    Ok(by_label.into_iter().map(told).collect())
}
