//! Audit events: written within other acts, counted when they repeat, read by time.

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::error::ReadError;
use super::writing::Sync;
use crate::audit::{AuditEvent, AuditQuery, AuditRef, EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::store::{AuditStore, StoreResult};

/// Write an event.
pub(super) fn write_event(connection: &Connection, event: &NewEvent<'_>, now: Timestamp) -> StoreResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit (at, seq, event, outcome, credential_id, admin_id, user_id, client_id, object, address,
                                actor, detail, count, last_at)
             VALUES (?1, ifnull((SELECT seq + 1 FROM audit WHERE at = ?1 ORDER BY seq DESC LIMIT 1), 0),
                     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?1)",
        )
        .read()?
        .execute(params![
            now,
            event.kind.code(),
            event.refused.map_or("ok", |reason| reason.code()),
            event.credential,
            event.admin,
            event.user,
            event.client,
            event.object,
            event.address.map(|address| address.to_canonical().to_string()),
            event.actor,
            event.detail,
            event.count,
        ])
        .read()?;
    Ok(())
}

/// Write an event and tell its number.
fn write_numbered(connection: &Connection, event: &NewEvent<'_>, now: Timestamp) -> StoreResult<AuditRef> {
    write_event(connection, event, now)?;
    let seq = connection
        .prepare_cached("SELECT max(seq) FROM audit WHERE at = ?1")
        .read()?
        .query_row([now], |row| row.get(0))
        .read()?;
    Ok(AuditRef { at: now, seq })
}

/// Write a refusal: the first one per subject, kind, reason and minute as an event, later ones by raising its
/// counter.
pub(super) fn write_refusal(
    connection: &Connection,
    event: &NewEvent<'_>,
    now: Timestamp,
) -> StoreResult<AuditRef> {
    let minute = now.as_seconds().div_euclid(60);
    let subject = event.subject();
    // The detail tells refusals of one reason apart: a second click of the same person must not hide a
    // replay.
    let reason = format!(
        "{} {} {}",
        event.kind.code(),
        event.refused.map_or("", |reason| reason.code()),
        event.detail.as_deref().unwrap_or_default()
    );
    let known = connection
        .prepare_cached("SELECT at, seq FROM refusal WHERE minute = ?1 AND subject = ?2 AND reason = ?3")
        .read()?
        .query_map(params![minute, subject, reason], |row| Ok(AuditRef { at: row.get(0)?, seq: row.get(1)? }))
        .read()?
        .next()
        .transpose()
        .read()?;
    if let Some(known) = known {
        let raised = connection
            .prepare_cached("UPDATE audit SET count = count + 1, last_at = ?3 WHERE at = ?1 AND seq = ?2")
            .read()?
            .execute(params![known.at, known.seq, now])
            .read()?;
        if raised == 1 {
            return Ok(known);
        }
    }
    let written = write_numbered(connection, event, now)?;
    connection.prepare_cached("DELETE FROM refusal WHERE minute < ?1").read()?.execute([minute]).read()?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO refusal (minute, subject, reason, at, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .read()?
        .execute(params![minute, subject, reason, written.at, written.seq])
        .read()?;
    Ok(written)
}

fn event(row: &Row<'_>) -> rusqlite::Result<AuditEvent> {
    let at = row.get(0)?;
    Ok(AuditEvent {
        reference: AuditRef { at, seq: row.get(1)? },
        at,
        event: row.get(2)?,
        outcome: row.get(3)?,
        credential_id: row.get(4)?,
        admin_id: row.get(5)?,
        user_id: row.get(6)?,
        client_id: row.get(7)?,
        object: row.get(8)?,
        address: row.get(9)?,
        actor: row.get(10)?,
        detail: row.get(11)?,
        count: row.get(12)?,
        last_at: row.get(13)?,
    })
}

impl AuditStore for SqliteStore {
    fn audit_events(&self, query: &AuditQuery, limit: u32) -> StoreResult<Vec<AuditEvent>> {
        let after = query.after.unwrap_or(AuditRef { at: Timestamp::from_millis(i64::MIN), seq: 0 });
        let prefix = query.event.as_deref().filter(|event| event.ends_with('.'));
        let exact = query.event.as_deref().filter(|event| !event.ends_with('.'));
        let refused = query.outcome.as_deref() == Some("refused");
        let outcome = query.outcome.as_deref().filter(|_| !refused);
        self.database.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT at, seq, event, outcome, credential_id, admin_id, user_id, client_id, object, address,
                            actor, detail, count, last_at
                     FROM audit
                     WHERE at >= ?1 AND at < ?2 AND (at, seq) > (?3, ?4)
                       AND (?5 IS NULL OR substr(event, 1, length(?5)) = ?5)
                       AND (?6 IS NULL OR event = ?6)
                       AND (?7 IS NULL OR outcome = ?7)
                       AND (?8 = 0 OR outcome <> 'ok')
                       AND (?9 IS NULL OR credential_id = ?9)
                       AND (?10 IS NULL OR user_id = ?10)
                       AND (?11 IS NULL OR client_id = ?11)
                       AND (?12 IS NULL OR object = ?12)
                     ORDER BY at, seq LIMIT ?13",
                )
                .read()?
                .query_map(
                    params![
                        query.from,
                        query.to,
                        after.at,
                        after.seq,
                        prefix,
                        exact,
                        outcome,
                        refused,
                        query.credential_id,
                        query.user_id,
                        query.client_id,
                        query.object,
                        limit,
                    ],
                    event,
                )
                .read()?
                .collect::<rusqlite::Result<_>>()
                .read()
        })
    }

    fn record(&self, event: &NewEvent<'_>, now: Timestamp) -> StoreResult<AuditRef> {
        let may_be_lost = event.refused.is_some() || event.kind == EventKind::Guesses;
        let sync = if may_be_lost { Sync::Relaxed } else { Sync::Synced };
        self.database.write(sync, |connection| {
            if event.refused.is_some() {
                write_refusal(connection, event, now)
            } else {
                write_numbered(connection, event, now)
            }
        })
    }
}
