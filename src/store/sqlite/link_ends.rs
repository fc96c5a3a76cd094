//! Sign-in links that end before their time: revoked, superseded by another one, outdated.

use rusqlite::{Connection, ToSql, params};

use super::audit::write_event;
use super::error::ReadError;
use super::link_tallies::tally;
use super::links::{find, made_since};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::error::Reason;
use crate::id::CredentialId;
use crate::link::{LONGEST_LIFE, LinkEnd, LinkFacts, LinkTally};
use crate::store::{At, LinksOf, Outcome, StoreResult};

/// Could be used, but for its time.
const UNSPENT: &str = "used < uses AND ended_at IS NULL";

/// Not ended already by its credential's revocation, or the rotation of a leaked secret.
const HONOURED: &str = "EXISTS (SELECT 1 FROM credential WHERE id = link.credential_id
    AND revoked_at IS NULL AND link.serial > void_serial)";

/// How many links of a credential could still be used: those of the longest life. No index is over credentials.
pub(super) fn count_live(
    connection: &Connection,
    credential: CredentialId,
    now: Timestamp,
) -> StoreResult<u64> {
    connection
        .query_row(
            &format!(
                "SELECT count(*) FROM link WHERE key >= ?3 AND credential_id = ?1 AND expires_at > ?2
                   AND {UNSPENT} AND {HONOURED}"
            ),
            params![credential, now, made_since(now.minus(LONGEST_LIFE))],
            |row| row.get(0),
        )
        .read()
}

/// End the links that a condition on `?4` and later names; how many of them could still be used. Those that
/// expired in the last days end as well, or they would live again if the clock is set back; older ones stay as
/// they are, for a mailing that recurs has many.
pub(super) fn end_where(
    connection: &Connection,
    condition: &str,
    values: &[&dyn ToSql],
    why: LinkEnd,
    now: Timestamp,
) -> StoreResult<u64> {
    let why_text = why.as_str();
    let first = made_since(now.minus(2 * LONGEST_LIFE));
    let given: [&dyn ToSql; 3] = [&now, &why_text, &first];
    let all: Vec<&dyn ToSql> = given.into_iter().chain(values.iter().copied()).collect();
    let live: Vec<(Option<String>, u64)> = connection
        .prepare_cached(&format!(
            "SELECT label, count(*) FROM link WHERE {condition} AND key >= ?3 AND {UNSPENT} AND expires_at > ?1
               AND ?2 IS NOT NULL AND {HONOURED} GROUP BY label"
        ))
        .read()?
        .query_map(&all[..], |row| Ok((row.get(0)?, row.get(1)?)))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()?;
    let mut ended = 0_u64;
    for (label, count) in &live {
        tally(connection, label.as_deref(), LinkTally::Ended(why), *count, now)?;
        ended = ended.saturating_add(*count);
    }
    connection
        .prepare_cached(&format!(
            "UPDATE link SET ended_at = ?1, ended_by = ?2 WHERE {condition} AND key >= ?3 AND {UNSPENT}"
        ))
        .read()?
        .execute(&all[..])
        .read()?;
    Ok(ended)
}

/// End links and write that down; how many of them could still be used.
pub(super) fn end_of(
    connection: &Connection,
    which: &LinksOf<'_>,
    why: LinkEnd,
    at: At<'_>,
) -> StoreResult<Outcome<u64>> {
    let mut event = NewEvent::new(EventKind::LinkEnded).by(at.by).detail(why.as_str());
    let end = |condition: &str, value: &dyn ToSql| end_where(connection, condition, &[value], why, at.now);
    let ended = match which {
        LinksOf::One(named) => {
            let Some(link) = find(connection, named)? else {
                return Ok(Err(Reason::LinkUnknown.into()));
            };
            if link.used >= link.uses {
                return Ok(Err(Reason::LinkUsed.into()));
            }
            event.object = Some(link.key.reference().to_string());
            event.user = link.user;
            event.client = link.client;
            end("key = ?4", &link.key)?
        }
        LinksOf::User(user) => {
            event.user = Some(*user);
            end("user_id = ?4", user)?
        }
        LinksOf::Client(client) => {
            event.client = Some(*client);
            end("client_id = ?4", client)?
        }
        LinksOf::Label(label) => {
            event.object = Some(format!("label {label}"));
            end("label = ?4", label)?
        }
        LinksOf::Credential(credential) => {
            event.credential = Some(*credential);
            end("credential_id = ?4", credential)?
        }
    };
    if ended > 0 {
        event.count = i64::try_from(ended).unwrap_or(i64::MAX);
        write_event(connection, &event, at.now)?;
    }
    Ok(Ok(ended))
}

/// End the other links of the same label for the same person.
pub(super) fn end_siblings(connection: &Connection, used: &LinkFacts, now: Timestamp) -> StoreResult<()> {
    // A person has few links and a mailing many, so the index over persons is the one to use.
    let condition = match used.user {
        Some(_) => "user_id = ?5 AND +client_id IS ?6 AND +label = ?4 AND key <> ?7",
        None => "client_id = ?6 AND +user_id IS ?5 AND +label = ?4 AND key <> ?7",
    };
    let values: [&dyn ToSql; 4] = [&used.label, &used.user, &used.client, &used.key];
    let ended = end_where(connection, condition, &values, LinkEnd::Superseded, now)?;
    if ended > 0 {
        let detail = format!("{} by {}", LinkEnd::Superseded.as_str(), used.key.reference());
        let mut event = NewEvent::new(EventKind::LinkEnded).detail(detail);
        event.object = used.label.as_ref().map(|label| format!("label {label}"));
        event.user = used.user;
        event.client = used.client;
        event.count = i64::try_from(ended).unwrap_or(i64::MAX);
        write_event(connection, &event, now)?;
    }
    Ok(())
}
