//! Deleting what is over, a little at a time: after every 64th issue, or all of it on demand. Each statement is a
//! transaction of its own, small enough for a cluster to take whole.

use super::MysqlStore;
use super::connection::Connection;
use super::error::Done;
use super::values::named;
use crate::audit::coarse;
use crate::autoauth::REMEMBERED;
use crate::clock::Timestamp;
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

/// Delete the first rows of a table whose keys begin with the time of their making.
fn made_before(connection: &Connection, table: &str, key: &str, at: Timestamp) -> Done<u64> {
    connection.run(
        &format!("DELETE FROM {table} WHERE {key} < :bound ORDER BY {key} LIMIT {STEP}"),
        named! { bound: TimedKey::bound(at).to_vec() },
    )
}

fn autoauth_links(connection: &Connection, now: Timestamp) -> Done<u64> {
    let below = now.minus(REMEMBERED).as_seconds();
    let (found, last): (u32, Option<i64>) = connection.only(
        &format!(
            "SELECT COUNT(*), MAX(signed_at) FROM (SELECT signed_at FROM gatepass_autoauth_link
                                                   WHERE signed_at < :below ORDER BY signed_at LIMIT {STEP}) AS first"
        ),
        named! { below: below },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some(last) = last else { return Ok(0) };
    let floor = if found < STEP { below } else { last.saturating_add(1) };
    // What is forgotten must not be accepted again, not even if the clock is set back: first the floor.
    connection.run(
        "UPDATE gatepass_store SET autoauth_floor = GREATEST(autoauth_floor, :floor) WHERE id = 1",
        named! { floor: floor },
    )?;
    connection.run("DELETE FROM gatepass_autoauth_link WHERE signed_at < :floor", named! { floor: floor })
}

/// Cut addresses of before a time, going on from where the last step stopped; rows of the same millisecond
/// go together. How many were cut, and whether there was anything to look at.
fn cut_addresses(connection: &Connection, below: Timestamp) -> Done<(u64, bool)> {
    let from: Timestamp =
        connection
            .only("SELECT addresses_cut FROM gatepass_store WHERE id = 1", named! {}, |row| row.get(0))?;
    if from > below {
        // The clock was set back, or addresses are kept longer now: what is written from here on is not cut
        // yet.
        set_addresses_cut(connection, from, below)?;
    }
    if from >= below {
        return Ok((0, false));
    }
    let bound: Option<Timestamp> = connection.one(
        &format!(
            "SELECT at FROM gatepass_audit WHERE at >= :from AND at < :below ORDER BY at, seq
             LIMIT 1 OFFSET {STEP_OF_EVENTS}"
        ),
        named! { from: from, below: below },
        |row| row.get(0),
    )?;
    let next = bound.map_or(below, |bound| bound.plus(std::time::Duration::from_millis(1)));
    let rows: Vec<(Timestamp, i64, String)> = connection.all(
        "SELECT at, seq, address FROM gatepass_audit WHERE at >= :from AND at < :next AND address IS NOT NULL",
        named! { from: from, next: next },
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let mut cut = 0;
    for (at, seq, address) in &rows {
        let Ok(full) = address.parse() else {
            continue;
        };
        if coarse(full) != full {
            connection.run(
                "UPDATE gatepass_audit SET address = :address WHERE at = :at AND seq = :seq",
                named! { at: *at, seq: *seq, address: coarse(full).to_string() },
            )?;
            cut += 1;
        }
    }
    set_addresses_cut(connection, from, next)?;
    Ok((cut, true))
}

/// Unless another host went on meanwhile.
fn set_addresses_cut(connection: &Connection, from: Timestamp, to: Timestamp) -> Done<()> {
    connection.run(
        "UPDATE gatepass_store SET addresses_cut = :to WHERE id = 1 AND addresses_cut = :from",
        named! { from: from, to: to },
    )?;
    Ok(())
}

/// One small step over everything: what it did, and whether there may be more to do.
fn step(connection: &Connection, settings: &Settings, now: Timestamp) -> Done<(Purged, bool)> {
    let tokens = now.minus(Settings::seconds(settings.token_retention_seconds));
    let sessions = now.minus(Settings::seconds(settings.session_absolute_seconds)).minus(SESSION_GRACE);
    let events = now.minus(Settings::days(settings.audit_retention_days));
    let addresses = now.minus(Settings::days(settings.audit_address_days));
    // A link is told to be expired, and counted as such, as long as the events of its last day are kept.
    let links = events.minus(LONGEST_LIFE);
    let counts = connection.run(
        &format!(
            "DELETE FROM gatepass_link_tally WHERE hour < :events ORDER BY hour, label, event LIMIT {STEP}"
        ),
        named! { events: events },
    )?;
    // The links first: without its uses one would be unspent.
    let gone = made_before(connection, "gatepass_link", "link_key", links)?;
    connection.run(
        "DELETE FROM gatepass_link_use WHERE link_key < :bound
           AND NOT EXISTS (SELECT 1 FROM gatepass_link AS link WHERE link.link_key = gatepass_link_use.link_key)",
        named! { bound: TimedKey::bound(links).to_vec() },
    )?;
    let mut done = Purged {
        tokens: made_before(connection, "gatepass_token", "token_key", tokens)?,
        links: gone,
        sessions: made_before(connection, "gatepass_session", "session_key", sessions)?,
        autoauth_links: autoauth_links(connection, now)?,
        audit_events: connection.run(
            &format!("DELETE FROM gatepass_audit WHERE at < :events ORDER BY at, seq LIMIT {STEP_OF_EVENTS}"),
            named! { events: events },
        )?,
        addresses_cut: 0,
    };
    let (cut, looked) = cut_addresses(connection, addresses)?;
    done.addresses_cut = cut;
    let more = counts > 0 || looked || done.total() > 0;
    Ok((done, more))
}

impl MysqlStore {
    /// A step after something else. What can't be deleted now is deleted later.
    pub(super) fn purge_step(&self, settings: &Settings, now: Timestamp) {
        let _ = self.server.act(|connection| step(connection, settings, now));
    }

    /// What [`crate::store::UpkeepStore::purge`] does: steps until one finds nothing.
    pub(super) fn purge_all(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Purged> {
        let expected = self.count_due(now)?;
        let mut all = Purged::default();
        loop {
            let (step, more) = self.server.act(|connection| {
                let settings = self.server.settings(connection)?;
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
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let tokens = now.minus(Settings::seconds(settings.token_retention_seconds));
            let events = now.minus(Settings::days(settings.audit_retention_days));
            let links = events.minus(LONGEST_LIFE);
            connection.only(
                "SELECT (SELECT COUNT(*) FROM gatepass_token WHERE token_key < :tokens)
                      + (SELECT COUNT(*) FROM gatepass_audit WHERE at < :events)
                      + (SELECT COUNT(*) FROM gatepass_link WHERE link_key < :links)",
                named! {
                    tokens: TimedKey::bound(tokens).to_vec(),
                    events: events,
                    links: TimedKey::bound(links).to_vec(),
                },
                |row| row.get(0),
            )
        })
    }
}
