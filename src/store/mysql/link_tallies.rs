//! What happens to sign-in links, counted by the hour for the report.

use std::collections::BTreeMap;

use super::connection::Connection;
use super::credentials::facts_by_id;
use super::error::Done;
use super::links::{USED, made_since};
use super::values::named;
use crate::clock::Timestamp;
use crate::id::CredentialId;
use crate::link::{LONGEST_LIFE, LinkTally, Tallied, hour_of, stands};

/// Count something that happened now.
pub(super) fn tally(
    connection: &Connection,
    label: Option<&str>,
    what: LinkTally,
    count: u64,
    now: Timestamp,
) -> Done<()> {
    connection.run(
        "INSERT INTO gatepass_link_tally (hour, label, event, count) VALUES (:hour, :label, :event, :count)
         ON DUPLICATE KEY UPDATE count = count + :count",
        named! {
            hour: hour_of(now),
            label: label.unwrap_or_default(),
            event: what.code(),
            count: i64::try_from(count).unwrap_or(i64::MAX),
        },
    )?;
    Ok(())
}

/// What was counted since `from`, of one label or of all, with what only the links themselves tell.
pub(super) fn tallied(
    connection: &Connection,
    label: Option<&str>,
    from: Timestamp,
    now: Timestamp,
) -> Done<Vec<Tallied>> {
    let named = |label: String| (!label.is_empty()).then_some(label);
    let counted = connection.all(
        "SELECT label, hour, event, count FROM gatepass_link_tally
         WHERE hour >= :hour AND (:label IS NULL OR label = :label) ORDER BY hour, label, event",
        named! { hour: hour_of(from), label: label },
        |row| Ok((named(row.get(0)?), row.get(1)?, row.get::<String>(2)?, row.get(3)?)),
    )?;
    let mut tallies: Vec<Tallied> = counted
        .into_iter()
        .filter_map(|(label, at, event, count)| {
            // What only a newer release counts is left out.
            Some(Tallied { label, at, what: LinkTally::parse(&event)?, count })
        })
        .collect();
    // Nobody acts when a life ends, so it is the links that tell: those made since the longest life before.
    let expired = connection.all(
        &format!(
            "SELECT link.label, link.expires_at - link.expires_at % 3600000 AS hour, COUNT(*)
             FROM gatepass_link AS link
             WHERE link.link_key >= :made AND (:label IS NULL OR link.label = :label) AND {USED} = 0
               AND link.expires_at >= :from AND link.expires_at <= :now
               AND (link.ended_at IS NULL OR link.ended_at >= link.expires_at)
             GROUP BY link.label, hour ORDER BY hour, link.label"
        ),
        named! { made: made_since(from.minus(LONGEST_LIFE)), label: label, from: from, now: now },
        |row| {
            let (what, count) = (LinkTally::Expired, row.get(2)?);
            Ok(Tallied { label: row.get(0)?, at: row.get(1)?, what, count })
        },
    )?;
    tallies.extend(expired);
    tallies.extend(live(connection, label, now)?);
    Ok(tallies)
}

/// Links that can be used now, by label.
fn live(connection: &Connection, label: Option<&str>, now: Timestamp) -> Done<Vec<Tallied>> {
    let found: Vec<(Option<String>, CredentialId, i64, u64)> = connection.all(
        &format!(
            "SELECT link.label, link.credential_id, link.serial, COUNT(*) FROM gatepass_link AS link
             WHERE link.link_key >= :made AND (:label IS NULL OR link.label = :label) AND {USED} < link.uses
               AND link.ended_at IS NULL AND link.expires_at > :now
             GROUP BY link.label, link.credential_id, link.serial"
        ),
        named! { made: made_since(now.minus(LONGEST_LIFE)), label: label, now: now },
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
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
