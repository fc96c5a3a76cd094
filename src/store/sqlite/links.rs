//! Sign-in links: made, inspected, listed.

use std::sync::{Arc, LazyLock};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::{write_event, write_refusal};
use super::credentials::{FACTS, facts};
use super::error::ReadError;
use super::link_ends::end_of;
use super::link_tallies::{tallied, tally};
use super::tokens::PURGE_EVERY;
use super::writing::{Sync, or_refused};
use super::{SqliteStore, credentials, purge, subject};
use crate::audit::{AuditRef, EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::directory::Subject;
use crate::error::{Error, Reason, Refusal};
use crate::link::{
    CreateAct, LinkEnd, LinkFacts, LinkQuery, LinkTally, OpenAct, OpenFacts, Opened, Tallied,
    concerns_the_link, judge_create, state_of,
};
use crate::secret::TimedKey;
use crate::settings::Settings;
use crate::store::{At, LinkNamed, LinkStore, LinksOf, Outcome, StoreResult};
use crate::token::{Grant, IssueFacts};

/// The columns of a link, followed by those of the credential that made it.
fn select(condition: &str) -> String {
    format!(
        "SELECT link.key, link.user_id, link.client_id, link.destination, link.landing, link.title, link.label,
                link.credential_id, link.serial, link.actor, link.created_at, link.expires_at, link.uses, link.used,
                link.end_siblings, link.first_opened_at, link.last_opened_at, link.ended_at, link.ended_by, {FACTS}
         FROM link
         JOIN credential ON credential.id = link.credential_id
         LEFT JOIN admin ON admin.id = credential.admin_id
         {condition}"
    )
}

static BY_DIGEST: LazyLock<String> = LazyLock::new(|| select("WHERE substr(link.key, 7) = ?1"));

/// A name is the start of the key, so the first key at or after it is the one, if it begins so.
static BY_NAME: LazyLock<String> = LazyLock::new(|| select("WHERE link.key >= ?1 ORDER BY link.key LIMIT 1"));

fn link(row: &Row<'_>) -> rusqlite::Result<LinkFacts> {
    let ended = match (row.get(17)?, row.get::<_, Option<String>>(18)?) {
        // A newer release may know more ends than this one; none of them lets anybody in.
        (Some(at), why) => Some((at, why.and_then(|why| LinkEnd::parse(&why)).unwrap_or(LinkEnd::Revoked))),
        (None, _) => None,
    };
    Ok(LinkFacts {
        key: row.get(0)?,
        user: row.get(1)?,
        client: row.get(2)?,
        destination: row.get(3)?,
        landing: row.get(4)?,
        title: row.get(5)?,
        label: row.get(6)?,
        credential: row.get(7)?,
        serial: row.get(8)?,
        actor: row.get(9)?,
        created_at: row.get(10)?,
        expires_at: row.get(11)?,
        uses: row.get(12)?,
        used: row.get(13)?,
        end_siblings: row.get(14)?,
        first_opened_at: row.get(15)?,
        last_opened_at: row.get(16)?,
        ended,
        issuer: facts(row, 19)?,
    })
}

/// One link by its digest or name.
pub(super) fn find(connection: &Connection, named: &LinkNamed) -> StoreResult<Option<LinkFacts>> {
    match named {
        LinkNamed::Digest(digest) => {
            connection.prepare_cached(&BY_DIGEST).read()?.query_row([&digest[..]], link).optional().read()
        }
        LinkNamed::Reference(reference) => Ok(connection
            .prepare_cached(&BY_NAME)
            .read()?
            .query_row([reference.as_slice()], link)
            .optional()
            .read()?
            .filter(|found| found.key.reference() == *reference)),
    }
}

impl SqliteStore {
    pub(super) fn open_facts(
        &self,
        connection: &Connection,
        named: &LinkNamed,
    ) -> StoreResult<Option<OpenFacts>> {
        let Some(link) = find(connection, named)? else {
            return Ok(None);
        };
        let settings = self.database.settings(connection)?;
        let named = Subject::from_ids(link.user, link.client).ok();
        let subject = subject::load(connection, &settings, named)?;
        Ok(Some(OpenFacts { settings, link, subject }))
    }
}

/// Judge, and insert the link or write the refusal.
fn create(
    connection: &Connection,
    act: &CreateAct<'_>,
    facts: &IssueFacts,
    now: Timestamp,
) -> StoreResult<Outcome<Grant>> {
    let (issue, label) = (&act.request.issue, act.request.label.as_deref());
    let mut event = NewEvent::new(EventKind::LinkCreated).by(issue.actor.as_deref());
    event.credential = act.caller.credential_id();
    event.admin = act.caller.admin_id();
    event.address = issue.address;
    let grant = match judge_create(&act.caller, act.request, facts, now) {
        Ok(grant) => grant,
        Err(Error::Refused(refusal)) => {
            event.refused = Some(refusal.reason);
            event.user = issue.subject.user();
            event.client = issue.subject.client();
            let reference = write_refusal(connection, &event, now)?;
            // Whoever may make none, or no more just now, makes no rows under labels of his either.
            let label = label.filter(|_| concerns_the_link(refusal.reason));
            tally(connection, label, LinkTally::NotCreated(refusal.reason), 1, now)?;
            return Ok(Err(refusal.recorded(Some(reference)).into()));
        }
        Err(error) => return Ok(Err(error)),
    };
    insert(connection, act, &grant, now)?;
    let count = (credentials::Made::Link, grant.count);
    credentials::note(connection, &act.caller, &facts.caller, count, now)?;
    event.user = grant.user;
    event.client = grant.client;
    event.object = Some(act.key.reference().to_string());
    event.detail = label.map(|label| format!("label {label}"));
    write_event(connection, &event, now)?;
    tally(connection, label, LinkTally::Created, 1, now)?;
    if act.key.one_in(PURGE_EVERY) {
        purge::step(connection, &facts.settings, now)?;
    }
    Ok(Ok(grant))
}

fn insert(connection: &Connection, act: &CreateAct<'_>, grant: &Grant, now: Timestamp) -> StoreResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO link (key, user_id, client_id, destination, landing, title, label, credential_id, serial,
                               actor, created_at, expires_at, uses, end_siblings)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )
        .read()?
        .execute(params![
            act.key,
            grant.user,
            grant.client,
            grant.destination,
            grant.landing.as_str(),
            act.request.title,
            act.request.label,
            act.caller.credential_id(),
            act.caller.serial(),
            act.request.issue.actor,
            now,
            grant.expires_at,
            act.request.uses,
            act.request.end_siblings,
        ])
        .read()?;
    Ok(())
}

impl LinkStore for SqliteStore {
    fn create_link(&self, act: &CreateAct<'_>, now: Timestamp) -> StoreResult<Outcome<Grant>> {
        let facts = |connection: &Connection| self.issue_facts(connection, &act.caller, &act.request.issue);
        let until = self.database.until();
        let done = self.database.write_judged(until, Result::is_ok, |connection| match facts(connection)? {
            Some(facts) => create(connection, act, &facts, now),
            None => Ok(Err(Reason::CredentialUnknown.into())),
        });
        or_refused(done, || {
            let judge = |facts: IssueFacts| judge_create(&act.caller, act.request, &facts, now).err();
            let unknown = Some(Reason::CredentialUnknown.into());
            Ok(self.database.read_until(until, facts)?.map_or(unknown, judge))
        })
    }

    fn open_link(&self, act: &OpenAct, now: Timestamp) -> StoreResult<Result<Opened, Refusal>> {
        self.open_one(act, now)
    }

    fn inspect_link(&self, named: &LinkNamed) -> StoreResult<Option<OpenFacts>> {
        self.database.read(|connection| self.open_facts(connection, named))
    }

    fn record_refused_visit(
        &self,
        event: &NewEvent<'_>,
        label: Option<&str>,
        now: Timestamp,
    ) -> StoreResult<AuditRef> {
        self.database.write(Sync::Relaxed, |connection| {
            if let Some(reason) = event.refused {
                tally(connection, label, LinkTally::Refused(reason), 1, now)?;
            }
            write_refusal(connection, event, now)
        })
    }

    fn list_links(
        &self,
        query: &LinkQuery,
        limit: u32,
        now: Timestamp,
    ) -> StoreResult<(Arc<Settings>, Vec<LinkFacts>)> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.database.read(|connection| {
            let settings = self.database.settings(connection)?;
            // By what is given alone, so that the index over it is used: links are kept for months.
            let given = [
                (query.user_id.is_some(), " AND link.user_id = ?1"),
                (query.client_id.is_some(), " AND link.client_id = ?2"),
                (query.label.is_some(), " AND link.label = ?3"),
            ];
            let given: String = given.iter().filter(|(is, _)| *is).map(|(_, condition)| *condition).collect();
            let mut statement = connection
                .prepare_cached(&select(&format!(
                    "WHERE (?1, ?2, ?3) IS (?1, ?2, ?3) AND (?4 IS NULL OR link.credential_id = ?4)
                       AND (?5 IS NULL OR link.key < ?5)
                       AND (?6 = 0 OR (link.used < link.uses AND link.ended_at IS NULL AND link.expires_at > ?7))
                       {given} ORDER BY link.key DESC"
                )))
                .read()?;
            let mut rows = statement
                .query(params![
                    query.user_id,
                    query.client_id,
                    query.label,
                    query.credential_id,
                    query.before.map(|before| before.as_slice().to_vec()),
                    query.live,
                    now,
                ])
                .read()?;
            let mut found = Vec::new();
            while found.len() < most {
                let Some(row) = rows.next().read()? else { break };
                let link = link(row).read()?;
                if !query.live || state_of(&link, &settings, now).1.is_none() {
                    found.push(link);
                }
            }
            drop(rows);
            drop(statement);
            Ok((settings, found))
        })
    }

    fn end_links(&self, which: &LinksOf<'_>, why: LinkEnd, at: At<'_>) -> StoreResult<Outcome<u64>> {
        self.database.write(Sync::Synced, |connection| end_of(connection, which, why, at))
    }

    fn link_tallies(
        &self,
        label: Option<&str>,
        from: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Vec<Tallied>> {
        self.database.read(|connection| tallied(connection, label, from, now))
    }
}

/// The bound of a range of links: those made at a time or later.
pub(super) fn made_since(from: Timestamp) -> Vec<u8> {
    TimedKey::bound(from).to_vec()
}
