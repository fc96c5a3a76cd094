//! What happens to sign-in links, counted by the hour for the report.

use rusqlite::{Connection, params};

use super::error::ReadError;
use super::links::made_since;
use crate::clock::Timestamp;
use crate::link::{LONGEST_LIFE, LinkTally, Tallied, hour_of};
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
    let first = made_since(from.minus(LONGEST_LIFE));
    let mut by_links = |what: LinkTally, at: &str, condition: &str| -> StoreResult<()> {
        let found = connection
            .prepare_cached(&format!(
                "SELECT label, {at}, count(*) FROM link
                 WHERE key >= ?1 AND (?2 IS NULL OR label = ?2) AND {condition} GROUP BY 1, 2 ORDER BY 2, 1"
            ))
            .read()?
            .query_map(params![first, label, from, now], |row| {
                Ok(Tallied { label: row.get(0)?, at: row.get(1)?, what, count: row.get(2)? })
            })
            .read()?
            .collect::<rusqlite::Result<Vec<_>>>()
            .read()?;
        tallies.extend(found);
        Ok(())
    };
    by_links(
        LinkTally::Expired,
        "expires_at - expires_at % 3600000",
        "used = 0 AND expires_at >= ?3 AND expires_at <= ?4 AND (ended_at IS NULL OR ended_at >= expires_at)",
    )?;
    by_links(
        LinkTally::Live,
        "?4",
        // As `CallerFacts::standing` and `honours` have it.
        "used < uses AND ended_at IS NULL AND expires_at > ?4 AND ?3 IS NOT NULL AND EXISTS (
            SELECT 1 FROM credential LEFT JOIN admin ON admin.id = credential.admin_id
            WHERE credential.id = link.credential_id AND link.serial > credential.void_serial
              AND credential.revoked_at IS NULL AND ifnull(credential.expires_at > ?4, 1)
              AND credential.enabled AND ifnull(admin.enabled, 1))",
    )?;
    Ok(tallies)
}
