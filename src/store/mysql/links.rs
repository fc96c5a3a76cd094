//! Sign-in links: made, inspected, listed.

use std::sync::{Arc, LazyLock};

use super::audit::write_event;
use super::connection::Connection;
use super::credentials::{FACTS, facts};
use super::error::Done;
use super::link_ends::end_of;
use super::link_tallies::{tallied, tally};
use super::tokens::PURGE_EVERY;
use super::values::{Row, named};
use super::{MysqlStore, credentials, subject};
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
use crate::store::{At, AuditStore, LinkNamed, LinkStore, LinksOf, Outcome, StoreResult};
use crate::token::Grant;

/// How many uses of a link are spent.
pub(super) const USED: &str =
    "(SELECT COUNT(*) FROM gatepass_link_use AS spent WHERE spent.link_key = link.link_key)";

/// The columns of a link, followed by those of the credential that made it.
fn select(condition: &str) -> String {
    format!(
        "SELECT link.link_key, link.user_id, link.client_id, link.destination, link.landing, link.title, link.label,
                link.credential_id, link.serial, link.actor, link.created_at, link.expires_at, link.uses, {USED},
                link.end_siblings, link.first_opened_at, link.last_opened_at, link.ended_at, link.ended_by, {FACTS}
         FROM gatepass_link AS link
         JOIN gatepass_credential AS credential ON credential.id = link.credential_id
         LEFT JOIN gatepass_admin AS admin ON admin.id = credential.admin_id
         {condition}"
    )
}

static BY_DIGEST: LazyLock<String> = LazyLock::new(|| select("WHERE link.digest = :digest"));

/// A name is the start of the key, so the first key at or after it is the one, if it begins so.
static BY_NAME: LazyLock<String> =
    LazyLock::new(|| select("WHERE link.link_key >= :from ORDER BY link.link_key LIMIT 1"));

fn link(row: &Row) -> Done<LinkFacts> {
    let ended = match (row.get(17)?, row.get::<Option<String>>(18)?) {
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
pub(super) fn find(connection: &Connection, named: &LinkNamed) -> Done<Option<LinkFacts>> {
    match named {
        LinkNamed::Digest(digest) => connection.one(&BY_DIGEST, named! { digest: *digest }, link),
        LinkNamed::Reference(reference) => Ok(connection
            .one(&BY_NAME, named! { from: reference.as_slice() }, link)?
            .filter(|found| found.key.reference() == *reference)),
    }
}

/// What was made, refused or not to be made at all.
enum Creation {
    Made(Grant, Arc<Settings>),
    Refused(Refusal),
    Not(Error),
}

impl MysqlStore {
    pub(super) fn open_facts(&self, connection: &Connection, named: &LinkNamed) -> Done<Option<OpenFacts>> {
        let Some(link) = find(connection, named)? else {
            return Ok(None);
        };
        let settings = self.server.settings(connection)?;
        let named = Subject::from_ids(link.user, link.client).ok();
        let subject = subject::load(connection, &settings, named)?;
        Ok(Some(OpenFacts { settings, link, subject }))
    }

    /// Judge, count and insert.
    fn create_once(&self, connection: &Connection, act: &CreateAct<'_>, now: Timestamp) -> Done<Creation> {
        let (issue, label) = (&act.request.issue, act.request.label.as_deref());
        let Some(facts) = self.issue_facts(connection, &act.caller, issue)? else {
            return Ok(Creation::Not(Reason::CredentialUnknown.into()));
        };
        let grant = match judge_create(&act.caller, act.request, &facts, now) {
            Ok(grant) => grant,
            Err(Error::Refused(refusal)) => return Ok(Creation::Refused(refusal)),
            Err(error) => return Ok(Creation::Not(error)),
        };
        credentials::count(connection, &act.caller, &facts.caller, (credentials::Made::Link, grant.count))?;
        let mut event = creation_event(act);
        event.user = grant.user;
        event.client = grant.client;
        event.object = Some(act.key.reference().to_string());
        event.detail = label.map(|label| format!("label {label}"));
        connection.together_again(|| {
            write_event(connection, &event, now)?;
            insert(connection, act, &grant, now)
        })?;
        connection.kept("SELECT 1 FROM gatepass_link WHERE link_key = :key", named! { key: act.key })?;
        credentials::note_use(connection, &act.caller, &facts.caller, now);
        Ok(Creation::Made(grant, facts.settings))
    }
}

fn creation_event<'a>(act: &CreateAct<'a>) -> NewEvent<'a> {
    let issue = &act.request.issue;
    let mut event = NewEvent::new(EventKind::LinkCreated).by(issue.actor.as_deref());
    event.credential = act.caller.credential_id();
    event.admin = act.caller.admin_id();
    event.address = issue.address;
    event
}

fn insert(connection: &Connection, act: &CreateAct<'_>, grant: &Grant, now: Timestamp) -> Done<()> {
    let key = act.key.as_slice();
    connection.run(
        "INSERT INTO gatepass_link (link_key, digest, user_id, client_id, destination, landing, title, label,
                                    credential_id, serial, actor, created_at, expires_at, uses, end_siblings)
         VALUES (:key, :digest, :user, :client, :destination, :landing, :title, :label, :credential, :serial, :actor,
                 :now, :expires_at, :uses, :end_siblings)",
        named! {
            key: key,
            digest: &key[key.len() - 32..],
            user: grant.user,
            client: grant.client,
            destination: grant.destination.as_deref(),
            landing: grant.landing.as_str(),
            title: act.request.title.as_deref(),
            label: act.request.label.as_deref(),
            credential: act.caller.credential_id(),
            serial: act.caller.serial(),
            actor: act.request.issue.actor.as_deref(),
            now: now,
            expires_at: grant.expires_at,
            uses: act.request.uses,
            end_siblings: act.request.end_siblings,
        },
    )?;
    Ok(())
}

impl LinkStore for MysqlStore {
    fn create_link(&self, act: &CreateAct<'_>, now: Timestamp) -> StoreResult<Outcome<Grant>> {
        match self.server.act(|connection| self.create_once(connection, act, now))? {
            Creation::Made(grant, settings) => {
                let label = act.request.label.as_deref();
                self.server.note(|connection| tally(connection, label, LinkTally::Created, 1, now))?;
                if act.key.one_in(PURGE_EVERY) {
                    self.purge_step(&settings, now);
                }
                Ok(Ok(grant))
            }
            Creation::Refused(refusal) => {
                let mut event = creation_event(act);
                event.refused = Some(refusal.reason);
                event.user = act.request.issue.subject.user();
                event.client = act.request.issue.subject.client();
                // Whoever may make none, or no more just now, makes no rows under labels of his either.
                let label = act.request.label.as_deref().filter(|_| concerns_the_link(refusal.reason));
                let what = LinkTally::NotCreated(refusal.reason);
                self.server.note(|connection| tally(connection, label, what, 1, now))?;
                let reference = self.refused(&event, now)?;
                Ok(Err(refusal.recorded(reference).into()))
            }
            Creation::Not(error) => Ok(Err(error)),
        }
    }

    fn open_link(&self, act: &OpenAct, now: Timestamp) -> StoreResult<Result<Opened, Refusal>> {
        self.open_one(act, now)
    }

    fn inspect_link(&self, named: &LinkNamed) -> StoreResult<Option<OpenFacts>> {
        self.server.act(|connection| self.open_facts(connection, named))
    }

    fn record_refused_visit(
        &self,
        event: &NewEvent<'_>,
        label: Option<&str>,
        now: Timestamp,
    ) -> StoreResult<AuditRef> {
        if let Some(reason) = event.refused {
            self.server.note(|connection| tally(connection, label, LinkTally::Refused(reason), 1, now))?;
        }
        self.record(event, now)
    }

    fn list_links(
        &self,
        query: &LinkQuery,
        limit: u32,
        now: Timestamp,
    ) -> StoreResult<(Arc<Settings>, Vec<LinkFacts>)> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        // By what is given alone, so that the index over it is used: links are kept for months.
        let given = [
            (query.user_id.is_some(), " AND link.user_id = :user"),
            (query.client_id.is_some(), " AND link.client_id = :client"),
            (query.label.is_some(), " AND link.label = :label"),
        ];
        let given: String = given.iter().filter(|(is, _)| *is).map(|(_, condition)| *condition).collect();
        let sql = select(&format!(
            "WHERE (:credential IS NULL OR link.credential_id = :credential)
               AND (:before IS NULL OR link.link_key < :before)
               AND (:live = 0 OR ({USED} < link.uses AND link.ended_at IS NULL AND link.expires_at > :now))
               {given} ORDER BY link.link_key DESC LIMIT :limit"
        ));
        self.server.act(|connection| {
            let settings = self.server.settings(connection)?;
            let values = |before: Option<Vec<u8>>| {
                named! {
                    user: query.user_id,
                    client: query.client_id,
                    label: query.label.as_deref(),
                    credential: query.credential_id,
                    before: before,
                    live: query.live,
                    now: now,
                    limit: limit,
                }
            };
            let wanted = |link: &LinkFacts| !query.live || state_of(link, &settings, now).1.is_none();
            let first = query.before.map(|before| before.as_slice().to_vec());
            let key = |link: &LinkFacts| link.key.as_slice().to_vec();
            let found = connection.pages(&sql, most, first, values, link, key, wanted)?;
            Ok((settings, found))
        })
    }

    fn end_links(&self, which: &LinksOf<'_>, why: LinkEnd, at: At<'_>) -> StoreResult<Outcome<u64>> {
        self.server.change(|connection| end_of(connection, which, why, at))
    }

    fn link_tallies(
        &self,
        label: Option<&str>,
        from: Timestamp,
        now: Timestamp,
    ) -> StoreResult<Vec<Tallied>> {
        self.server.act(|connection| tallied(connection, label, from, now))
    }
}

/// The bound of a range of links: those made at a time or later.
pub(super) fn made_since(from: Timestamp) -> Vec<u8> {
    TimedKey::bound(from).to_vec()
}
