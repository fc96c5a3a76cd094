//! The verdicts: may this link be made, may it be used. Pure functions of what a store loaded.

use std::sync::Arc;

use super::{LONGEST_LIFE, LinkEnd, LinkRequest, LinkState};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerFacts};
use crate::destination::SafePath;
use crate::directory::{SubjectFacts, may_still_sign_in};
use crate::error::{Reason, Refusal, Result};
use crate::id::{ClientId, CredentialId, UserId};
use crate::secret::TimedKey;
use crate::settings::Settings;
use crate::token::{self, DUPLICATE, Grant, IssueFacts, judge_landing, judge_person};

/// May this be made? Order: the caller's standing and right to make links, the destination and its ids, the
/// life, the clients that the caller is limited to, the person, the rate.
pub(crate) fn judge_create(
    caller: &Caller,
    request: &LinkRequest,
    facts: &IssueFacts,
    now: Timestamp,
) -> Result<Grant> {
    request.check()?;
    let (settings, limits) = (&*facts.settings, &facts.caller.limits);
    facts.caller.may_ask(caller, request.issue.address, now)?;
    if !limits.links {
        return Err(Reason::LinksNotAllowed.into());
    }
    let resolved = judge_landing(&request.issue, facts)?;
    if !limits.allows_link_destination(resolved.name.as_deref()) {
        return Err(Reason::DestinationNotAllowed.into());
    }
    let longest = limits.longest_link_life().min(LONGEST_LIFE);
    let life = match request.life {
        None => Settings::seconds(settings.link_life_seconds).min(longest),
        Some(life) if life > longest => return Err(Reason::LifeNotAllowed.into()),
        Some(life) => life,
    };
    let (user, client) = judge_person(request.issue.subject, facts)?;
    let count = facts.caller.count_link(now)?;
    Ok(Grant {
        user,
        client,
        destination: resolved.name,
        landing: resolved.landing,
        expires_at: now.plus(life),
        count,
        system_url: settings.system_url.clone(),
    })
}

/// Whether a link was not made for what it was to be, and not for who asked or how often.
pub(crate) fn concerns_the_link(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::DestinationNotAllowed
            | Reason::LifeNotAllowed
            | Reason::ClientNotAllowed
            | Reason::UserUnknown
            | Reason::UserDisabled
            | Reason::ClientUnknown
            | Reason::ClientClosed
            | Reason::SsoDisabled
            | Reason::NotAMember
            | Reason::NoClient
            | Reason::NoOwner
    )
}

/// A stored link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LinkFacts {
    pub(crate) key: TimedKey,
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) destination: Option<String>,
    pub(crate) landing: String,
    pub(crate) title: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) credential: CredentialId,
    pub(crate) serial: i64,
    pub(crate) actor: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) uses: u32,
    pub(crate) used: u32,
    pub(crate) end_siblings: bool,
    pub(crate) first_opened_at: Option<Timestamp>,
    pub(crate) last_opened_at: Option<Timestamp>,
    pub(crate) ended: Option<(Timestamp, LinkEnd)>,
    /// The standing of the credential that made it.
    pub(crate) issuer: CallerFacts,
}

/// What a store loads for a use.
#[derive(Debug, Clone)]
pub(crate) struct OpenFacts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) link: LinkFacts,
    /// In managed mode only.
    pub(crate) subject: SubjectFacts,
}

/// What the verdict on a use grants: a token to insert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Opening {
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) destination: Option<String>,
    pub(crate) landing: SafePath,
    pub(crate) expires_at: Timestamp,
}

/// May this link be used? The checks in order: used up; ended; from the future; expired; its credential; the
/// page; the person. (Unknown is the store's finding: there is nothing to judge.)
pub(crate) fn judge_open(facts: &OpenFacts, now: Timestamp) -> Result<Opening, Reason> {
    let (link, settings) = (&facts.link, &*facts.settings);
    own_state(link, settings, now)?;
    // A link may be a week old, and what pages are safe may have been changed since.
    let landing = SafePath::parse(&link.landing, &settings.system_url, &settings.deny)
        .map_err(|_| Reason::LandingNotAllowed)?;
    admits(facts)?;
    let life = Settings::seconds(settings.token_life_seconds);
    Ok(Opening {
        user: link.user,
        client: link.client,
        destination: link.destination.clone(),
        landing,
        expires_at: now.plus(life.min(link.issuer.longest_life(token::LONGEST_LIFE))),
    })
}

/// The person's and client's standing.
fn admits(facts: &OpenFacts) -> Result<(), Reason> {
    let link = &facts.link;
    may_still_sign_in(facts.settings.mode, link.user, link.client, &facts.subject).map(drop)
}

/// What the link itself and its credential say.
fn own_state(link: &LinkFacts, settings: &Settings, now: Timestamp) -> Result<(), Reason> {
    if link.used >= link.uses {
        return Err(Reason::LinkUsed);
    }
    // What was over already when it was ended is told to be over, unless the clock was set back.
    if let Some((at, end)) = link.ended
        && (at < link.expires_at || now < link.expires_at)
    {
        return Err(end.reason());
    }
    if link.created_at > now.plus(settings.leeway()) {
        return Err(Reason::LinkNotYetValid);
    }
    if now >= link.expires_at {
        return Err(Reason::LinkExpired);
    }
    stands(&link.issuer, link.serial, now)?;
    // What a credential may do can be narrowed while its links are under way.
    let limits = &link.issuer.limits;
    let destination = link.destination.as_deref();
    if !limits.allows_destination(destination) || !limits.allows_link_destination(destination) {
        return Err(Reason::DestinationNotAllowed);
    }
    match link.client {
        Some(client) if !limits.allows_client(client) => Err(Reason::ClientNotAllowed),
        None if limits.clients.is_some() => Err(Reason::ClientNotAllowed),
        _ => Ok(()),
    }
}

/// Whether a credential answers for the links that it made with this secret.
pub(crate) fn stands(issuer: &CallerFacts, serial: i64, now: Timestamp) -> Result<(), Reason> {
    issuer.standing(now)?;
    issuer.honours(serial)?;
    if issuer.limits.links { Ok(()) } else { Err(Reason::LinksNotAllowed) }
}

/// Where a link stands by itself, and the reason if it is not live. The person is not asked about.
pub(crate) fn state_of(link: &LinkFacts, settings: &Settings, now: Timestamp) -> (LinkState, Option<Reason>) {
    match own_state(link, settings, now) {
        Ok(()) => (LinkState::Live, None),
        Err(reason) => {
            let state = match reason {
                Reason::LinkUsed => LinkState::Used,
                Reason::LinkRevoked => LinkState::Revoked,
                Reason::LinkSuperseded => LinkState::Superseded,
                Reason::LinkOutdated => LinkState::Outdated,
                Reason::LinkNotYetValid => LinkState::NotYetValid,
                Reason::LinkExpired => LinkState::Expired,
                _ => LinkState::CredentialVoid,
            };
            (state, Some(reason))
        }
    }
}

/// A refusal as its holder hears it: of a used link, whether it was used so lately that this is a second click.
pub(crate) fn told(reason: Reason, link: &LinkFacts, now: Timestamp) -> Refusal {
    let mut refusal = Refusal::new(reason);
    refusal.duplicate = is_second_click(reason, link.last_opened_at, now);
    refusal
}

/// Whether a refusal comes so shortly after the last use that it is most likely the same person's second click.
pub(crate) fn is_second_click(reason: Reason, last: Option<Timestamp>, now: Timestamp) -> bool {
    reason == Reason::LinkUsed && last.is_some_and(|last| now.since(last) < DUPLICATE)
}

#[cfg(test)]
mod tests;
