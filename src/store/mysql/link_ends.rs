//! Sign-in links that end before their time: revoked, superseded by another one, outdated.

use super::audit::write_event;
use super::connection::Connection;
use super::error::Done;
use super::link_tallies::tally;
use super::links::{USED, find, made_since};
use super::values::{Named, named};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::error::Reason;
use crate::id::CredentialId;
use crate::link::{LONGEST_LIFE, LinkEnd, LinkFacts, LinkTally};
use crate::store::{At, LinksOf, Outcome};

/// Not ended already by its credential's revocation, or the rotation of a leaked secret.
const HONOURED: &str =
    "EXISTS (SELECT 1 FROM gatepass_credential AS credential WHERE credential.id = link.credential_id
    AND credential.revoked_at IS NULL AND link.serial > credential.void_serial)";

/// Could be used, but for its time.
fn unspent() -> String {
    format!("link.ended_at IS NULL AND {USED} < link.uses")
}

/// How many links of a credential could still be used: those of the longest life. No index is over credentials.
pub(super) fn count_live(connection: &Connection, credential: CredentialId, now: Timestamp) -> Done<u64> {
    connection.only(
        &format!(
            "SELECT COUNT(*) FROM gatepass_link AS link
             WHERE link.link_key >= :from AND link.credential_id = :credential AND link.expires_at > :now
               AND {} AND {HONOURED}",
            unspent()
        ),
        named! { credential: credential, now: now, from: made_since(now.minus(LONGEST_LIFE)) },
        |row| row.get(0),
    )
}

/// End the links that a condition names; how many of them could still be used. Those that expired in the
/// last days end as well, or they would live again if the clock is set back; older ones stay as they are, for
/// a mailing that recurs has many.
pub(super) fn end_where(
    connection: &Connection,
    condition: &str,
    values: Named,
    why: LinkEnd,
    now: Timestamp,
) -> Done<u64> {
    let mut all = named! { now: now, why: why.as_str(), from: made_since(now.minus(2 * LONGEST_LIFE)) };
    all.extend(values);
    // With a use that is claimed and not confirmed yet it still can be ended: whose it is looks once more.
    let open = format!(
        "link.ended_at IS NULL AND ({USED} < link.uses OR link.first_opened_at IS NULL)
         AND link.link_key >= :from AND {condition}"
    );
    let live: Vec<(Option<String>, u64)> = connection.all(
        &format!(
            "SELECT link.label, COUNT(*) FROM gatepass_link AS link
             WHERE {open} AND link.expires_at > :now AND {HONOURED} GROUP BY link.label"
        ),
        all.clone(),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut ended = 0_u64;
    for (label, count) in &live {
        tally(connection, label.as_deref(), LinkTally::Ended(why), *count, now)?;
        ended = ended.saturating_add(*count);
    }
    connection.run(
        &format!("UPDATE gatepass_link AS link SET link.ended_at = :now, link.ended_by = :why WHERE {open}"),
        all,
    )?;
    Ok(ended)
}

/// End links and write that down; how many of them could still be used.
pub(super) fn end_of(
    connection: &Connection,
    which: &LinksOf<'_>,
    why: LinkEnd,
    at: At<'_>,
) -> Done<Outcome<u64>> {
    let mut event = NewEvent::new(EventKind::LinkEnded).by(at.by).detail(why.as_str());
    let end = |condition: &str, which: Named| end_where(connection, condition, which, why, at.now);
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
            end("link.link_key = :which", named! { which: link.key })?
        }
        LinksOf::User(user) => {
            event.user = Some(*user);
            end("link.user_id = :which", named! { which: *user })?
        }
        LinksOf::Client(client) => {
            event.client = Some(*client);
            end("link.client_id = :which", named! { which: *client })?
        }
        LinksOf::Label(label) => {
            event.object = Some(format!("label {label}"));
            end("link.label = :which", named! { which: *label })?
        }
        LinksOf::Credential(credential) => {
            event.credential = Some(*credential);
            end("link.credential_id = :which", named! { which: *credential })?
        }
    };
    if ended > 0 {
        event.count = i64::try_from(ended).unwrap_or(i64::MAX);
        write_event(connection, &event, at.now)?;
    }
    Ok(Ok(ended))
}

/// End the other links of the same label for the same person.
pub(super) fn end_siblings(connection: &Connection, used: &LinkFacts, now: Timestamp) -> Done<()> {
    let condition = "link.user_id <=> :user AND link.client_id <=> :client AND link.label = :label
        AND link.link_key <> :key";
    let values = named! {
        user: used.user,
        client: used.client,
        label: used.label.as_deref(),
        key: used.key,
    };
    let ended = end_where(connection, condition, values, LinkEnd::Superseded, now)?;
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
