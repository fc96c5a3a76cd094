//! Audit events: written with other acts, counted when they repeat, read by time.

use super::MysqlStore;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::values::{Row, named};
use crate::audit::{AuditEvent, AuditQuery, AuditRef, NewEvent};
use crate::clock::Timestamp;
use crate::error::StoreError;
use crate::secret::sha256;
use crate::store::{AuditStore, StoreResult};

/// So often a place within a millisecond is looked for when others take the same one.
const PLACES: u32 = 200;

/// Write an event.
pub(super) fn write_event(connection: &Connection, event: &NewEvent<'_>, now: Timestamp) -> Done<()> {
    for _ in 0..PLACES {
        let written = connection.run(
            "INSERT INTO gatepass_audit (at, seq, event, outcome, credential_id, admin_id, user_id, client_id, object,
                                         address, actor, detail, count, last_at)
             SELECT :now, IFNULL(MAX(seq) + 1, 0), :event, :outcome, :credential, :admin, :user, :client, :object,
                    :address, :actor, :detail, :count, :now
             FROM gatepass_audit WHERE at = :now",
            named! {
                now: now,
                event: event.kind.code(),
                outcome: event.refused.map_or("ok", |reason| reason.code()),
                credential: event.credential,
                admin: event.admin,
                user: event.user,
                client: event.client,
                object: event.object.as_deref(),
                address: event.address.map(|address| address.to_canonical().to_string()),
                actor: event.actor,
                detail: event.detail.as_deref(),
                count: event.count,
            },
        );
        match written {
            Ok(_) => return Ok(()),
            Err(Fault::Duplicate) => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Conflict)
}

/// Write an event inside of a transaction and tell its number. As long as that is open nobody can take a later
/// place in the same millisecond: he would have to see this one first.
fn write_numbered(connection: &Connection, event: &NewEvent<'_>, now: Timestamp) -> Done<AuditRef> {
    write_event(connection, event, now)?;
    let last = "SELECT MAX(seq) FROM gatepass_audit WHERE at = :now";
    let seq = connection.only(last, named! { now: now }, |row| row.get(0))?;
    Ok(AuditRef { at: now, seq })
}

/// Write a refusal: the first one per subject, kind, reason and minute as an event, later ones by raising its
/// counter.
fn write_refusal(connection: &Connection, event: &NewEvent<'_>, now: Timestamp) -> Done<AuditRef> {
    let minute = now.as_seconds().div_euclid(60);
    // The detail tells refusals of one reason apart: a second click of the same person must not hide a replay.
    let parts = [
        event.kind.code(),
        event.refused.map_or("", |reason| reason.code()),
        event.detail.as_deref().unwrap_or_default(),
        &event.subject(),
    ];
    let what = sha256(&parts.map(|part| sha256(&[part.as_bytes()])).each_ref().map(|digest| &digest[..]));
    let known = connection.one(
        "SELECT at, seq FROM gatepass_refusal WHERE minute = :minute AND what = :what",
        named! { minute: minute, what: what },
        |row| Ok(AuditRef { at: row.get(0)?, seq: row.get(1)? }),
    )?;
    if let Some(known) = known {
        let raised = connection.run(
            "UPDATE gatepass_audit SET count = count + 1, last_at = :now WHERE at = :at AND seq = :seq",
            named! { at: known.at, seq: known.seq, now: now },
        )?;
        if raised == 1 {
            return Ok(known);
        }
    }
    connection.together(|| {
        let written = write_numbered(connection, event, now)?;
        connection.run("DELETE FROM gatepass_refusal WHERE minute < :minute", named! { minute: minute })?;
        connection.run(
            "REPLACE INTO gatepass_refusal (minute, what, at, seq) VALUES (:minute, :what, :at, :seq)",
            named! { minute: minute, what: what, at: written.at, seq: written.seq },
        )?;
        Ok(written)
    })
}

fn event(row: &Row) -> Done<AuditEvent> {
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

impl MysqlStore {
    /// Write down a refusal that is known already. It is one whether or not that can be done.
    pub(super) fn refused(&self, event: &NewEvent<'_>, now: Timestamp) -> StoreResult<Option<AuditRef>> {
        match self.server.act(|connection| write_refusal(connection, event, now)) {
            Ok(written) => Ok(Some(written)),
            Err(error) if error.passing() || error == StoreError::Indeterminate => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AuditStore for MysqlStore {
    fn audit_events(&self, query: &AuditQuery, limit: u32) -> StoreResult<Vec<AuditEvent>> {
        let after = query.after.unwrap_or(AuditRef { at: Timestamp::from_millis(i64::MIN), seq: 0 });
        let prefix = query.event.as_deref().filter(|event| event.ends_with('.'));
        let exact = query.event.as_deref().filter(|event| !event.ends_with('.'));
        let refused = query.outcome.as_deref() == Some("refused");
        let outcome = query.outcome.as_deref().filter(|_| !refused);
        self.server.act(|connection| {
            connection.all(
                "SELECT at, seq, event, outcome, credential_id, admin_id, user_id, client_id, object, address, actor,
                        detail, count, last_at
                 FROM gatepass_audit
                 WHERE at >= :from AND at < :to AND (at > :after_at OR (at = :after_at AND seq > :after_seq))
                   AND (:prefix IS NULL OR LEFT(event, LENGTH(:prefix)) = :prefix)
                   AND (:exact IS NULL OR event = :exact)
                   AND (:outcome IS NULL OR outcome = :outcome)
                   AND (:refused = 0 OR outcome <> 'ok')
                   AND (:credential IS NULL OR credential_id = :credential)
                   AND (:user IS NULL OR user_id = :user)
                   AND (:client IS NULL OR client_id = :client)
                   AND (:object IS NULL OR object = :object)
                 ORDER BY at, seq LIMIT :limit",
                named! {
                    from: query.from,
                    to: query.to,
                    after_at: after.at,
                    after_seq: after.seq,
                    prefix: prefix,
                    exact: exact,
                    outcome: outcome,
                    refused: refused,
                    credential: query.credential_id,
                    user: query.user_id,
                    client: query.client_id,
                    object: query.object.as_deref(),
                    limit: limit,
                },
                event,
            )
        })
    }

    fn record(&self, event: &NewEvent<'_>, now: Timestamp) -> StoreResult<AuditRef> {
        self.server.act(|connection| {
            if event.refused.is_some() {
                write_refusal(connection, event, now)
            } else {
                connection.together(|| write_numbered(connection, event, now))
            }
        })
    }
}
