//! The use of a sign-in link: as often as it allows and never once more, among all hosts.
//!
//! Each use is a row of its own, numbered from 1, and names the token that is minted with it: whose row number N
//! is has use N. The steps are those of a redemption (see `redemptions`); only here a link that ends the others
//! of its mailing also takes its turn with them before it is confirmed, so that two of them do not end each
//! other, or both work.

use std::cell::Cell;
use std::time::Duration;

use super::audit::write_event;
use super::connection::Connection;
use super::error::{Done, Fault};
use super::link_ends::end_siblings;
use super::link_tallies::tally;
use super::redemptions::spent;
use super::tokens::{NewToken, PURGE_EVERY, insert};
use super::values::named;
use super::{MysqlStore, sessions};
use crate::audit::{EventKind, NewEvent};
use crate::clock::Timestamp;
use crate::directory::Mode;
use crate::error::{Reason, Refusal, StoreError};
use crate::link::{LinkFacts, LinkTally, OpenAct, OpenFacts, Opened, Opening, judge_open, told};
use crate::session::{Origin, SessionStart};
use crate::settings::Settings;
use crate::store::events::opening_event;
use crate::store::{LinkNamed, Named, StoreResult};
use crate::token::{Spent, Verdict, judge_redeem};

/// What became of an attempt.
enum Attempt {
    /// What is given back, and the facts as they were before.
    Opened(Box<Opened>, Box<OpenFacts>),
    Unknown,
    Refused(Reason, Box<OpenFacts>),
}

impl MysqlStore {
    /// What [`crate::store::LinkStore::open_link`] does.
    pub(super) fn open_one(&self, act: &OpenAct, now: Timestamp) -> StoreResult<Result<Opened, Refusal>> {
        let tries = Tries::default();
        match self.server.act(|connection| self.attempt_opening(connection, act, &tries, now))? {
            Attempt::Opened(opened, facts) => {
                let used = if facts.link.used == 0 { LinkTally::Opened } else { LinkTally::Reopened };
                let label = facts.link.label.as_deref();
                self.server.note(|connection| tally(connection, label, used, 1, now))?;
                if act.token.one_in(PURGE_EVERY) {
                    self.purge_step(&facts.settings, now);
                }
                Ok(Ok(*opened))
            }
            Attempt::Unknown => Ok(Err(Refusal::new(Reason::LinkUnknown))),
            Attempt::Refused(reason, facts) => {
                let link = &facts.link;
                let mut event = opening_event(link, act);
                event.refused = Some(reason);
                let reference = self.refused(&event, now)?;
                let (label, what) = (link.label.as_deref(), LinkTally::Refused(reason));
                self.server.note(|connection| tally(connection, label, what, 1, now))?;
                Ok(Err(told(reason, link, now).recorded(reference)))
            }
        }
    }

    fn attempt_opening(
        &self,
        connection: &Connection,
        act: &OpenAct,
        tries: &Tries,
        now: Timestamp,
    ) -> Done<Attempt> {
        let look = || self.open_facts(connection, &LinkNamed::Digest(act.digest));
        let Some(mut facts) = look()? else { return Ok(Attempt::Unknown) };
        let number = match tries.claimed.get() {
            Some(number) => number,
            None => {
                if came_to_nothing(&facts.link) {
                    facts = before(facts, 1);
                }
                match judge_open(&facts, now) {
                    Err(Reason::LinkUsed) if undecided(connection, &facts.link, tries, now)? => {
                        return Err(Fault::Conflict);
                    }
                    Err(reason) => return Ok(Attempt::Refused(reason, Box::new(facts))),
                    Ok(_) => {}
                }
                let number = claim(connection, &facts.link, act, now)?;
                tries.claimed.set(Some(number));
                number
            }
        };
        let facts = before(facts, number);
        let opening = match judge_open(&facts, now) {
            Ok(opening) => opening,
            // Since an earlier attempt claimed the use.
            Err(reason) => {
                give_back(connection, &facts.link, number, act)?;
                return Ok(Attempt::Refused(reason, Box::new(facts)));
            }
        };
        if facts.link.end_siblings {
            connection.exclusively(|| self.supersede(connection, act, now))?;
        }
        mint(connection, act, &facts, &opening, now)?;

        let Some(again) = look()? else {
            // Somebody has put a backup in place of everything.
            take_back(connection, act)?;
            return Ok(Attempt::Unknown);
        };
        if held(connection, &again.link, act)? != Some(number) {
            take_back(connection, act)?;
            tries.claimed.set(None);
            return Err(Fault::Conflict);
        }
        let again = before(again, number);
        match judge_open(&again, now) {
            Ok(same) if same == opening => {}
            Ok(_) => {
                take_back(connection, act)?;
                return Err(Fault::Conflict);
            }
            Err(reason) => {
                give_back(connection, &again.link, number, act)?;
                return Ok(Attempt::Refused(reason, Box::new(again)));
            }
        }
        let spent = self.spent_with(connection, act, now)?;
        confirm(connection, &again.link, now)?;
        tell(connection, act, &again.link, &opening, now)?;
        let opened = Opened {
            link: again.link.key.reference(),
            opening,
            uses_left: again.link.uses.saturating_sub(again.link.used + 1),
            system_url: again.settings.system_url.clone(),
            spent,
            managed: again.settings.mode == Mode::Managed,
        };
        Ok(Attempt::Opened(Box::new(opened), Box::new(again)))
    }

    /// Confirm this link and end the others of its mailing, unless one of them has ended this.
    fn supersede(&self, connection: &Connection, act: &OpenAct, now: Timestamp) -> Done<()> {
        if let Some(facts) = self.open_facts(connection, &LinkNamed::Digest(act.digest))?
            && facts.link.ended.is_none()
        {
            confirm(connection, &facts.link, now)?;
            end_siblings(connection, &facts.link, now)?;
        }
        Ok(())
    }

    /// What the redemption of the minted token gave, if one was asked for.
    fn spent_with(&self, connection: &Connection, act: &OpenAct, now: Timestamp) -> Done<Option<Spent>> {
        let Some(redeem) = &act.redeem else { return Ok(None) };
        let gone = || Fault::Store(StoreError::Corrupt("a token is missing"));
        let facts = self.redeem_facts(connection, &Named::Key(act.token))?.ok_or_else(gone)?;
        match judge_redeem(redeem, &facts.unspent(), now) {
            Verdict::Spend(admitted) => Ok(Some(spent(&facts, admitted, now))),
            // The link was judged a moment ago by the same rules: somebody has changed something since.
            _ => {
                take_back(connection, act)?;
                Err(Fault::Conflict)
            }
        }
    }
}

/// What the attempts of one act tell each other.
#[derive(Default)]
struct Tries {
    /// The use that was claimed.
    claimed: Cell<Option<u32>>,
    waited: Cell<u32>,
}

/// Whether all claimed uses will be given back: who confirms one for such a link looks whether it was ended, while
/// nobody else ends it.
fn came_to_nothing(link: &LinkFacts) -> bool {
    link.end_siblings && link.ended.is_some() && link.first_opened_at.is_none()
}

/// Whether to look again: the use was taken a moment ago by somebody who may still hear that another link of the
/// mailing was first, and give it back.
fn undecided(connection: &Connection, link: &LinkFacts, tries: &Tries, now: Timestamp) -> Done<bool> {
    const MOST: u32 = 80;
    const MOMENT: Duration = Duration::from_secs(5);
    tries.waited.set(tries.waited.get() + 1);
    if !link.end_siblings || link.first_opened_at.is_some() || tries.waited.get() > MOST {
        return Ok(false);
    }
    // A busy cluster needs a second or two for that.
    std::thread::sleep(Duration::from_millis(tries.waited.get().into()));
    let last: Option<Timestamp> = connection.only(
        "SELECT MAX(claimed_at) FROM gatepass_link_use WHERE link_key = :key",
        named! { key: link.key },
        |row| row.get(0),
    )?;
    // None: it was given back since.
    Ok(last.is_none_or(|last| now.since(last).max(last.since(now)) <= MOMENT))
}

/// The number of the use that this act holds.
fn held(connection: &Connection, link: &LinkFacts, act: &OpenAct) -> Done<Option<u32>> {
    connection.one(
        "SELECT number FROM gatepass_link_use WHERE link_key = :key AND token_key = :token",
        named! { key: link.key, token: act.token },
        |row| row.get(0),
    )
}

/// Take the next use, if nobody has and it is one; its number.
fn claim(connection: &Connection, link: &LinkFacts, act: &OpenAct, now: Timestamp) -> Done<u32> {
    let number = link.used + 1;
    let claimed = connection.run(
        "INSERT INTO gatepass_link_use (link_key, number, token_key, claimed_at)
         SELECT link_key, :number, :token, :now FROM gatepass_link
         WHERE link_key = :key AND ended_at IS NULL AND :number <= uses",
        named! { key: link.key, number: number, token: act.token, now: now },
    )?;
    // Somebody else had it first, or ended the link: the facts tell.
    if claimed == 1 { Ok(number) } else { Err(Fault::Conflict) }
}

/// Give a use back that was claimed and came to nothing, unless others have the one after it.
fn give_back(connection: &Connection, link: &LinkFacts, number: u32, act: &OpenAct) -> Done<()> {
    take_back(connection, act)?;
    connection.run(
        "DELETE FROM gatepass_link_use WHERE link_key = :key AND number = :number AND token_key = :token
           AND NOT EXISTS (SELECT 1 FROM (SELECT link_key, number FROM gatepass_link_use) AS later
                           WHERE later.link_key = :key AND later.number > :number)",
        named! { key: link.key, number: number, token: act.token },
    )?;
    Ok(())
}

/// The facts as they were without the use of that number and those after it.
fn before(mut facts: OpenFacts, number: u32) -> OpenFacts {
    facts.link.used = number.saturating_sub(1);
    facts
}

/// Insert the token of this use and, if it is redeemed at once, its session.
fn mint(
    connection: &Connection,
    act: &OpenAct,
    facts: &OpenFacts,
    opening: &Opening,
    now: Timestamp,
) -> Done<()> {
    let link = &facts.link;
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
        spent: act.redeem.as_ref().map(|redeem| (redeem.redemption, redeem.session)),
    };
    match insert(connection, &token, now) {
        // By an earlier attempt.
        Err(Fault::Duplicate) => {}
        other => other?,
    }
    if let Some(redeem) = &act.redeem
        && let Some(key) = redeem.session
    {
        let session = SessionStart {
            key,
            user: opening.user,
            client: opening.client,
            origin: Origin::Token,
            credential: Some(link.credential),
            admin: None,
            autoauth_key: None,
            redemption: Some(redeem.redemption),
            ends_at: now.plus(Settings::seconds(facts.settings.session_absolute_seconds)),
        };
        sessions::insert(connection, &session, now)?;
    }
    Ok(())
}

/// Take back a token and a session that nobody was told of.
fn take_back(connection: &Connection, act: &OpenAct) -> Done<()> {
    connection.run("DELETE FROM gatepass_token WHERE token_key = :key", named! { key: act.token })?;
    match act.redeem.as_ref().and_then(|redeem| redeem.session) {
        Some(session) => sessions::forget(connection, &session),
        None => Ok(()),
    }
}

fn confirm(connection: &Connection, link: &LinkFacts, now: Timestamp) -> Done<()> {
    connection.run(
        "UPDATE gatepass_link SET first_opened_at = IFNULL(first_opened_at, :now), last_opened_at = :now
         WHERE link_key = :key",
        named! { key: link.key, now: now },
    )?;
    Ok(())
}

/// Write that the link was opened, the token issued and, if so, redeemed.
fn tell(
    connection: &Connection,
    act: &OpenAct,
    link: &LinkFacts,
    opening: &Opening,
    now: Timestamp,
) -> Done<()> {
    if let Some(redeem) = &act.redeem
        && let (Some(session), Some(old)) = (redeem.session, redeem.presented.filter(|_| redeem.replace))
    {
        sessions::end_replaced(connection, &old, &session, redeem.address, now)?;
    }
    let opened = opening_event(link, act).detail(format_args!("token {}", act.token.reference()));
    let mut issued = NewEvent::new(EventKind::TokenIssued)
        .by(link.actor.as_deref())
        .object(act.token.reference())
        .detail(format_args!("link {}", link.key.reference()));
    issued.credential = Some(link.credential);
    issued.user = opening.user;
    issued.client = opening.client;
    issued.address = act.address;
    let redeemed = act.redeem.as_ref().map(|redeem| {
        let mut event = issued.clone();
        event.kind = EventKind::TokenRedeemed;
        event.address = redeem.address;
        event.detail = redeem.session.map(|session| format!("session {}", session.reference()));
        event
    });
    connection.together_again(|| {
        for event in [Some(&opened), Some(&issued), redeemed.as_ref()].into_iter().flatten() {
            write_event(connection, event, now)?;
        }
        Ok(())
    })
}
