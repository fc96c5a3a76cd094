//! Deleting what is over, a little at a time: as a part of every 64th issue, or all of it on demand.

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::SqliteStore;
use super::error::ReadError;
use super::writing::Sync;
use crate::audit::coarse;
use crate::autoauth::REMEMBERED;
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::link::LONGEST_LIFE;
use crate::secret::TimedKey;
use crate::settings::Settings;
use crate::store::StoreResult;
use crate::upkeep::{Progress, Purged};

/// Rows of each kind deleted in one step: few enough that nobody waits for it, and more than come in between.
const STEP: u32 = 128;

/// The same of audit events: a sign-in leaves three or four, one that meets refusals more.
const STEP_OF_EVENTS: u32 = 4 * STEP;

/// How long an ended session is kept, so that its holder hears "ended" and not "unknown".
const SESSION_GRACE: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);

/// Delete the first rows of a table below a bound: a range of the table's own order, without an index. How
/// many, and below which bound nothing is left. The bound of one step is asked for first, in a statement of
/// its own: a delete that asks for it itself collects all keys before it deletes the first. `past` is the
/// bound behind a value, of which there may be several rows, or the value itself where there is only one.
fn range<T: ToSql + FromSql>(
    connection: &Connection,
    (table, column): (&str, &str),
    below: T,
    past: fn(T) -> T,
    most: u32,
) -> StoreResult<(u64, T)> {
    let find =
        format!("SELECT {column} FROM {table} WHERE {column} < ?1 ORDER BY {column} LIMIT 1 OFFSET {most}");
    let found =
        connection.prepare_cached(&find).read()?.query_row([&below], |row| row.get(0)).optional().read()?;
    let bound = found.map_or(below, past);
    let delete = format!("DELETE FROM {table} WHERE {column} < ?1");
    let deleted = connection.prepare_cached(&delete).read()?.execute([&bound]).read()?;
    Ok((u64::try_from(deleted).unwrap_or(u64::MAX), bound))
}

/// [`range`] of a table whose keys begin with the time of their making.
fn made_before(connection: &Connection, table: &str, at: Timestamp) -> StoreResult<u64> {
    Ok(range(connection, (table, "key"), TimedKey::bound(at).to_vec(), |key| key, STEP)?.0)
}

fn autoauth_links(connection: &Connection, now: Timestamp) -> StoreResult<u64> {
    let below = now.minus(REMEMBERED).as_seconds();
    let (deleted, floor) =
        range(connection, ("autoauth_link", "signed_at"), below, |second| second + 1, STEP)?;
    if deleted > 0 {
        // What is forgotten must not be accepted again, not even if the clock is set back.
        connection
            .prepare_cached("UPDATE store SET autoauth_floor = max(autoauth_floor, ?1)")
            .read()?
            .execute([floor])
            .read()?;
    }
    Ok(deleted)
}

/// Delete the first counts of links of before a time; how many.
fn tallies(connection: &Connection, below: Timestamp) -> StoreResult<usize> {
    connection
        .prepare_cached(&format!(
            "DELETE FROM link_tally WHERE (hour, label, event) IN (
                SELECT hour, label, event FROM link_tally WHERE hour < ?1 ORDER BY hour, label, event LIMIT {STEP})"
        ))
        .read()?
        .execute([below])
        .read()
}

/// Cut addresses of before a time, going on from where the last step stopped; rows of the same millisecond
/// go together. How many were cut, and whether there was anything to look at.
fn cut_addresses(connection: &Connection, below: Timestamp) -> StoreResult<(u64, bool)> {
    let from: Timestamp = connection
        .prepare_cached("SELECT addresses_cut FROM store")
        .read()?
        .query_row([], |row| row.get(0))
        .read()?;
    if from > below {
        // The clock was set back, or addresses are kept longer now: what is written from here on is not cut
        // yet.
        set_addresses_cut(connection, below)?;
    }
    if from >= below {
        return Ok((0, false));
    }
    let bound: Option<Timestamp> = connection
        .prepare_cached(&format!(
            "SELECT at FROM audit WHERE at >= ?1 AND at < ?2 ORDER BY at, seq LIMIT 1 OFFSET {STEP_OF_EVENTS}"
        ))
        .read()?
        .query_map(params![from, below], |row| row.get(0))
        .read()?
        .next()
        .transpose()
        .read()?;
    let next = bound.map_or(below, |bound| bound.plus(std::time::Duration::from_millis(1)));
    let rows: Vec<(Timestamp, i64, String)> = connection
        .prepare_cached(
            "SELECT at, seq, address FROM audit WHERE at >= ?1 AND at < ?2 AND address IS NOT NULL",
        )
        .read()?
        .query_map(params![from, next], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()?;
    let mut cut = 0;
    for (at, seq, address) in &rows {
        let Ok(full) = address.parse() else {
            continue;
        };
        if coarse(full) != full {
            connection
                .prepare_cached("UPDATE audit SET address = ?3 WHERE at = ?1 AND seq = ?2")
                .read()?
                .execute(params![at, seq, coarse(full).to_string()])
                .read()?;
            cut += 1;
        }
    }
    set_addresses_cut(connection, next)?;
    Ok((cut, true))
}

fn set_addresses_cut(connection: &Connection, to: Timestamp) -> StoreResult<()> {
    connection.prepare_cached("UPDATE store SET addresses_cut = ?1").read()?.execute([to]).read()?;
    Ok(())
}

/// One small step over everything, inside the caller's act: what it did, and whether there may be more to do.
pub(super) fn step(
    connection: &Connection,
    settings: &Settings,
    now: Timestamp,
) -> StoreResult<(Purged, bool)> {
    let tokens = now.minus(Settings::seconds(settings.token_retention_seconds));
    let sessions = now.minus(Settings::seconds(settings.session_absolute_seconds)).minus(SESSION_GRACE);
    let events = now.minus(Settings::days(settings.audit_retention_days));
    let addresses = now.minus(Settings::days(settings.audit_address_days));
    // A link is told to be expired, and counted as such, as long as the events of its last day are kept.
    let links = events.minus(LONGEST_LIFE);
    let counts = tallies(connection, events)?;
    let mut done = Purged {
        tokens: made_before(connection, "token", tokens)?,
        links: made_before(connection, "link", links)?,
        sessions: made_before(connection, "session", sessions)?,
        autoauth_links: autoauth_links(connection, now)?,
        audit_events: range(connection, ("audit", "at"), events.as_millis(), |at| at + 1, STEP_OF_EVENTS)?.0,
        addresses_cut: 0,
    };
    let (cut, looked) = cut_addresses(connection, addresses)?;
    done.addresses_cut = cut;
    let more = counts > 0 || looked || done.total() > 0;
    Ok((done, more))
}

impl SqliteStore {
    /// What [`crate::store::UpkeepStore::purge`] does: steps until one finds nothing, each a transaction of
    /// its own so that others get in between.
    pub(super) fn purge_all(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Purged> {
        let expected = self.count_due(now)?;
        let mut all = Purged::default();
        loop {
            let (step, more) = self.database.write(Sync::Relaxed, |connection| {
                let settings = self.database.settings(connection)?;
                step(connection, &settings, now)
            })?;
            all.tokens += step.tokens;
            all.links += step.links;
            all.sessions += step.sessions;
            all.autoauth_links += step.autoauth_links;
            all.audit_events += step.audit_events;
            all.addresses_cut += step.addresses_cut;
            progress(all.total().min(expected), expected);
            if !more {
                return Ok(all);
            }
        }
    }

    fn count_due(&self, now: Timestamp) -> StoreResult<u64> {
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            let tokens = now.minus(Settings::seconds(settings.token_retention_seconds));
            let events = now.minus(Settings::days(settings.audit_retention_days));
            let links = events.minus(LONGEST_LIFE);
            connection
                .query_row(
                    "SELECT (SELECT count(*) FROM token WHERE key < ?1) + (SELECT count(*) FROM audit WHERE at < ?2)
                          + (SELECT count(*) FROM link WHERE key < ?3)",
                    params![&TimedKey::bound(tokens)[..], events, &TimedKey::bound(links)[..]],
                    |row| row.get(0),
                )
                .map_err(StoreError::from)
        })
    }
}
