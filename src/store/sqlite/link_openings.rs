//! The use of a sign-in link: as often as it allows and never once more, synced, and refused with the truth
//! otherwise.

use std::sync::LazyLock;

use rusqlite::{Connection, params};

use super::audit::{write_event, write_refusal};
use super::error::ReadError;
use super::link_ends::end_siblings;
use super::link_tallies::tally;
use super::redemptions::CARELESS;
use super::tokens::{NewToken, PURGE_EVERY, insert};
use super::writing::{Sync, or_refused};
use super::{SqliteStore, purge};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::directory::Mode;
use crate::error::{Reason, Refusal, StoreError};
use crate::link::{LinkFacts, LinkTally, OpenAct, OpenFacts, Opened, Opening, judge_open, told};
use crate::store::events::opening_event;
use crate::store::{LinkNamed, Named, StoreResult};
use crate::token::Spent;

/// The text of the one statement that spends a use, put together once.
static SPEND: LazyLock<String> = LazyLock::new(|| spend("used + 1", "used < uses AND ended_at IS NULL"));

fn spend(used: &str, condition: &str) -> String {
    format!(
        "UPDATE link SET used = {used}, first_opened_at = ifnull(first_opened_at, ?2), last_opened_at = ?2
         WHERE key = ?1 AND {condition}"
    )
}

impl SqliteStore {
    /// What [`crate::store::LinkStore::open_link`] does.
    pub(super) fn open_one(&self, act: &OpenAct, now: Timestamp) -> StoreResult<Result<Opened, Refusal>> {
        let until = self.database.until();
        // What is unknown is answered without a write.
        let named = LinkNamed::Digest(act.digest);
        let look = |connection: &Connection| self.open_facts(connection, &named);
        let Some(first) = self.database.read_until(until, look)? else {
            return Ok(Err(Refusal::new(Reason::LinkUnknown)));
        };
        if self.redeems_check_then_act() {
            std::thread::sleep(CARELESS);
            let done = self
                .database
                .write(Sync::Synced, |connection| self.apply_opening(connection, act, &first, now, false))?;
            return Ok(done);
        }
        let done = self.database.write_judged(until, Result::is_ok, |connection| match look(connection)? {
            Some(facts) => self.apply_opening(connection, act, &facts, now, true),
            None => Ok(Err(Refusal::new(Reason::LinkUnknown))),
        });
        or_refused(done, || Ok(judge_open(&first, now).err().map(|reason| told(reason, &first.link, now))))
    }

    /// Do what the verdict says. The row is changed by a condition of its own all the same, so that no
    /// mistake before it can spend a use twice; `guarded` is false only in the variant that the race
    /// self-check must catch.
    fn apply_opening(
        &self,
        connection: &Connection,
        act: &OpenAct,
        facts: &OpenFacts,
        now: Timestamp,
        guarded: bool,
    ) -> StoreResult<Result<Opened, Refusal>> {
        let (link, label) = (&facts.link, facts.link.label.as_deref());
        let opening = match judge_open(facts, now) {
            Ok(opening) => opening,
            Err(reason) => {
                let mut event = opening_event(link, act);
                event.refused = Some(reason);
                let reference = write_refusal(connection, &event, now)?;
                tally(connection, label, LinkTally::Refused(reason), 1, now)?;
                return Ok(Err(told(reason, link, now).recorded(Some(reference))));
            }
        };
        let unguarded;
        let sql = if guarded {
            &*SPEND
        } else {
            unguarded = spend(&(link.used + 1).to_string(), "1");
            &unguarded
        };
        let spent = connection.prepare_cached(sql).read()?.execute(params![link.key, now]).read()?;
        if spent != 1 {
            return Ok(Err(Refusal::new(Reason::LinkUsed)));
        }
        self.mint(connection, act, link, &opening, now)?;
        let used = if link.first_opened_at.is_none() { LinkTally::Opened } else { LinkTally::Reopened };
        tally(connection, label, used, 1, now)?;
        if link.end_siblings {
            end_siblings(connection, link, now)?;
        }
        let spent = self.redeem_minted(connection, act, now)?;
        if act.token.one_in(PURGE_EVERY) {
            purge::step(connection, &facts.settings, now)?;
        }
        Ok(Ok(Opened {
            link: link.key.reference(),
            opening,
            uses_left: link.uses.saturating_sub(link.used + 1),
            system_url: facts.settings.system_url.clone(),
            spent,
            managed: facts.settings.mode == Mode::Managed,
        }))
    }

    /// Insert the token of this use, and write that the link was opened and the token issued.
    fn mint(
        &self,
        connection: &Connection,
        act: &OpenAct,
        link: &LinkFacts,
        opening: &Opening,
        now: Timestamp,
    ) -> StoreResult<()> {
        let token = NewToken {
            key: act.token,
            user: opening.user,
            client: opening.client,
            destination: opening.destination.as_deref(),
            landing: opening.landing.as_str(),
            credential: Some(link.credential),
            admin: None,
            serial: link.serial,
            actor: link.actor.as_deref(),
            binding: None,
            expires_at: opening.expires_at,
        };
        insert(connection, &token, now)?;
        let opened = opening_event(link, act).detail(format_args!("token {}", act.token.reference()));
        write_event(connection, &opened, now)?;
        let mut issued = NewEvent::new(EventKind::TokenIssued)
            .by(link.actor.as_deref())
            .object(act.token.reference())
            .detail(format_args!("link {}", link.key.reference()));
        issued.credential = Some(link.credential);
        issued.user = opening.user;
        issued.client = opening.client;
        issued.address = act.address;
        write_event(connection, &issued, now)
    }

    /// Redeem the token that was minted in this transaction, if that is asked for.
    fn redeem_minted(
        &self,
        connection: &Connection,
        act: &OpenAct,
        now: Timestamp,
    ) -> StoreResult<Option<Spent>> {
        let Some(redeem) = &act.redeem else {
            return Ok(None);
        };
        let minted = self.redeem_facts(connection, &Named::Key(act.token))?;
        let facts = minted.ok_or(StoreError::Corrupt("a token is missing"))?;
        // The link was judged a moment ago by the same rules. Were it refused all the same, the error undoes
        // the use.
        match self.apply_redemption(connection, redeem, &facts, now, true)? {
            Ok(spent) => Ok(Some(spent)),
            Err(_) => Err(StoreError::Corrupt("a token was refused as soon as it was minted")),
        }
    }
}
