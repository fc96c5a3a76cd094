//! Sign-in links: make, inspect, open, end, report.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use super::Gatepass;
use super::tokens::{advised, redemption_of, refusals_told, whom};
use crate::audit::{AuditEvent, AuditQuery, AuditRef, EventKind, NewEvent, page_limit};
use crate::clock::Timestamp;
use crate::credential::Caller;
use crate::directory::UNCHECKED_IN_HOST_MODE;
use crate::error::{Error, Reason, Refusal, Result};
use crate::link::{
    CreateAct, CreatedLink, EndLinks, LinkEnd, LinkInspection, LinkQuery, LinkReport, LinkReportQuery,
    LinkRequest, OpenAct, OpenFacts, OpenRequest, OpenedLink, SignInLink, check_label, is_second_click,
    judge_open, range_of, report_of, state_of,
};
use crate::secret::{Reference, TimedKey};
use crate::session::SessionId;
use crate::store::{LinkNamed, LinksOf};
use crate::throttle::Guess;
use crate::token::{RedeemAct, Token};

/// The whole story of one sign-in link, for an operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LinkExplanation {
    /// What the link says now.
    pub link: LinkInspection,
    /// The story in plain words, in the order of time.
    pub story: Vec<String>,
    /// The audit events about it.
    pub events: Vec<AuditEvent>,
}

/// With `ask_person`, the refusal is that of a use now; without, only what the link itself says.
fn inspection(facts: &OpenFacts, now: Timestamp, ask_person: bool) -> LinkInspection {
    let link = &facts.link;
    let (state, own) = state_of(link, &facts.settings, now);
    LinkInspection {
        link: link.key.reference(),
        state,
        refusal: if ask_person { judge_open(facts, now).err() } else { own },
        user_id: link.user,
        client_id: link.client,
        destination: link.destination.clone(),
        landing: link.landing.clone(),
        title: link.title.clone(),
        label: link.label.clone(),
        credential_id: link.credential,
        actor: link.actor.clone(),
        created_at: link.created_at,
        expires_at: link.expires_at,
        uses: link.uses,
        used: link.used,
        first_opened_at: link.first_opened_at,
        last_opened_at: link.last_opened_at,
        end_siblings: link.end_siblings,
        ended_at: link.ended.map(|(at, _)| at),
        ended_by: link.ended.map(|(_, end)| end),
    }
}

impl Gatepass {
    /// Make a sign-in link for a mail. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for `life`, `uses`, `label`, `title`, `binding` or what
    /// [`Gatepass::issue`] names; a refusal when the caller may not make links ([`Reason::LinksNotAllowed`]), or
    /// none like this one (its standing, address, destination, life, client, rate), or the person may not sign
    /// in.
    pub fn create_link(&self, caller: &Caller, request: &LinkRequest) -> Result<CreatedLink> {
        request.check()?;
        let now = self.now();
        let link = self.with_random(|random| SignInLink::generate(random))?;
        let act = CreateAct { caller: *caller, request, key: TimedKey::new(now, &link.digest()) };
        let grant = self.store.create_link(&act, now)?.map_err(|error| advised(error, now))?;
        Ok(CreatedLink {
            url: grant.system_url.link_url(&link),
            link,
            reference: act.key.reference(),
            user_id: grant.user,
            client_id: grant.client,
            expires_at: grant.expires_at,
        })
    }

    /// Read a link as a browser brought it: its text. What can't be a link is refused like an unknown one,
    /// without asking the store. [`SignInLink::in_query`] finds it in the query of its URL.
    pub fn read_link(&self, text: &str, address: Option<IpAddr>) -> Result<SignInLink> {
        SignInLink::parse(text).ok_or_else(|| self.refuse_unknown_link(address, self.now()))
    }

    /// The refusal of what is no link of this store: counted as a guess.
    pub(crate) fn refuse_unknown_link(&self, address: Option<IpAddr>, now: Timestamp) -> Error {
        self.refuse_guess(Guess::Link, Reason::LinkUnknown, address, now)
    }

    /// Spend a use of a link and mint its token, which is on the disk when this returns; by choice redeem
    /// that at once into a session. All of it is one act: whatever fails, the use is not spent. As many calls
    /// succeed as the link has uses, whatever the number of threads, processes or machines that try.
    ///
    /// # Errors
    /// Refused, in this order: unknown, used up, ended (revoked, superseded, outdated), from the future, expired,
    /// credential void or no longer allowed links like this one, page no longer allowed, person may not sign in.
    pub fn open_link(&self, request: &OpenRequest) -> Result<OpenedLink> {
        let now = self.now();
        let token = self.with_random(|random| Token::generate(now, random))?;
        let drawn = if request.sign_in { Some(self.draw_sign_in(true, now)?) } else { None };
        let redeem = drawn.as_ref().map(|(redemption, session)| RedeemAct {
            key: token.key(),
            presented: request.presented_session.as_ref().map(SessionId::key),
            replace: true,
            confirmed: true,
            binding: None,
            redemption: *redemption,
            session: session.as_ref().map(SessionId::key),
            address: request.address,
        });
        let act =
            OpenAct { digest: request.link.digest(), token: token.key(), redeem, address: request.address };
        let opened = match self.store.open_link(&act, now)? {
            Ok(opened) => opened,
            Err(refusal) if refusal.reason == Reason::LinkUnknown => {
                return Err(self.refuse_unknown_link(request.address, now));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let redemption = match (opened.spent, drawn) {
            (Some(spent), Some((redemption, session))) => Some(redemption_of(spent, redemption, session)),
            _ => None,
        };
        Ok(OpenedLink {
            link: opened.link,
            redirect_url: opened.system_url.sso_url(&Zeroizing::new(token.reveal())),
            token,
            user_id: opened.opening.user,
            client_id: opened.opening.client,
            landing_url: opened.system_url.join(&opened.opening.landing),
            expires_at: opened.opening.expires_at,
            uses_left: opened.uses_left,
            redemption,
            unchecked: if opened.managed { &[] } else { UNCHECKED_IN_HOST_MODE },
        })
    }

    /// Tell where a link stands, using nothing and writing nothing: safe for GET, HEAD and link scanners. A
    /// link that is unknown counts as a guess from that address.
    pub fn inspect_link(&self, link: &SignInLink, address: Option<IpAddr>) -> Result<LinkInspection> {
        let now = self.now();
        let facts = self.store.inspect_link(&LinkNamed::Digest(link.digest()))?;
        facts.map(|facts| inspection(&facts, now, true)).ok_or_else(|| self.refuse_unknown_link(address, now))
    }

    /// The same by the link's public name.
    pub fn inspect_link_reference(&self, reference: &Reference) -> Result<LinkInspection> {
        let facts = self.store.inspect_link(&LinkNamed::Reference(*reference))?;
        Ok(inspection(&facts.ok_or(Reason::LinkUnknown)?, self.now(), true))
    }

    /// Write to the audit and the report that a link was refused on the ground of its inspection, as an
    /// attempt to open it would have: for a page that may not try. The event's number, for the person to
    /// quote; `None` when the inspection found nothing to refuse, or the store can't be written just now.
    pub fn record_refused_link(
        &self,
        seen: &LinkInspection,
        address: Option<IpAddr>,
    ) -> Result<Option<AuditRef>> {
        let Some(reason) = seen.refusal else { return Ok(None) };
        let mut event = NewEvent::new(EventKind::LinkOpened).object(seen.link);
        event.refused = Some(reason);
        event.credential = Some(seen.credential_id);
        event.user = seen.user_id;
        event.client = seen.client_id;
        event.address = address;
        match self.store.record_refused_visit(&event, seen.label.as_deref(), self.now()) {
            Ok(reference) => Ok(Some(reference)),
            Err(error) if error.passing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The refusal that an inspection found, recorded and told as an attempt to open the link would have
    /// been.
    pub(crate) fn refused_link(
        &self,
        seen: &LinkInspection,
        address: Option<IpAddr>,
    ) -> Result<Option<Refusal>> {
        let Some(reason) = seen.refusal else { return Ok(None) };
        let mut refusal = Refusal::new(reason).recorded(self.record_refused_link(seen, address)?);
        refusal.duplicate = is_second_click(reason, seen.last_opened_at, self.now());
        Ok(Some(refusal))
    }

    /// Tell an operator the whole story of one link: what it is, what happened to it, and why it would be
    /// refused now.
    pub fn explain_link(&self, link: &SignInLink) -> Result<LinkExplanation> {
        self.explained_link(&LinkNamed::Digest(link.digest()))
    }

    /// The same by the link's public name.
    pub fn explain_link_reference(&self, reference: &Reference) -> Result<LinkExplanation> {
        self.explained_link(&LinkNamed::Reference(*reference))
    }

    fn explained_link(&self, named: &LinkNamed) -> Result<LinkExplanation> {
        let now = self.now();
        let Some(facts) = self.store.inspect_link(named)? else {
            return Err(Reason::LinkUnknown.into());
        };
        let link = inspection(&facts, now, true);
        // Its events lie between its making and now, whichever way the clock was set meanwhile.
        let slack = Duration::from_millis(1);
        let query = AuditQuery {
            object: Some(link.link.to_string()),
            ..AuditQuery::between(link.created_at.min(now), link.created_at.max(now).plus(slack))
        };
        let events = self.store.audit_events(&query, 1_000)?;
        let story = tell(&link, &events, now);
        Ok(LinkExplanation { link, story, events })
    }

    /// Links, newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for `limit` or `label`.
    pub fn list_links(&self, query: &LinkQuery) -> Result<Vec<LinkInspection>> {
        query.label.as_deref().map_or(Ok(()), check_label)?;
        let limit = page_limit(query.limit, 1_000)?;
        let now = self.now();
        let (settings, links) = self.store.list_links(query, limit, now)?;
        let view = |link| {
            let facts = OpenFacts { settings: settings.clone(), link, subject: Default::default() };
            inspection(&facts, now, false)
        };
        Ok(links.into_iter().map(view).collect())
    }

    /// Revoke links that could still be used; how many there were. On the disk when it returns.
    ///
    /// # Errors
    /// For a single one: [`Reason::LinkUnknown`], or [`Reason::LinkUsed`] when it is too late;
    /// [`Error::Invalid`](crate::Error::Invalid) for `label`.
    pub fn revoke_links(&self, which: &EndLinks) -> Result<u64> {
        self.end_links(which, LinkEnd::Revoked)
    }

    /// End links for a reason that their holders hear: the host's word that a person's e-mail address or
    /// password was changed. How many could still be used. On the disk when it returns. A token that a use
    /// minted before lives out its minute, unless [`Gatepass::revoke_tokens`] ends it.
    ///
    /// # Errors
    /// As [`Gatepass::revoke_links`]; [`Error::Invalid`](crate::Error::Invalid) for `why` when it is
    /// [`LinkEnd::Superseded`], which only the use of a sibling is.
    pub fn end_links(&self, which: &EndLinks, why: LinkEnd) -> Result<u64> {
        if why == LinkEnd::Superseded {
            return Err(Error::invalid("why", "must be revoked, email_changed or password_changed"));
        }
        let which = match which {
            EndLinks::One(link) => LinksOf::One(LinkNamed::Digest(link.digest())),
            EndLinks::Named(reference) => LinksOf::One(LinkNamed::Reference(*reference)),
            EndLinks::OfUser(user) => LinksOf::User(*user),
            EndLinks::OfClient(client) => LinksOf::Client(*client),
            EndLinks::OfLabel(label) => {
                check_label(label)?;
                LinksOf::Label(label)
            }
            EndLinks::OfCredential(credential) => LinksOf::Credential(*credential),
        };
        self.store.end_links(&which, why, self.at())?
    }

    /// What became of the links of one mailing, or of each.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for `days` or `label`.
    pub fn link_report(&self, query: &LinkReportQuery) -> Result<LinkReport> {
        let now = self.now();
        let from = range_of(query, now)?;
        let counted = self.store.link_tallies(query.label.as_deref(), from, now)?;
        Ok(report_of(query, from, now, &counted))
    }
}

/// The story of a link in plain words.
fn tell(link: &LinkInspection, events: &[AuditEvent], now: Timestamp) -> Vec<String> {
    let whom = whom(link.user_id, link.client_id);
    let behalf = link.actor.as_deref().map(|actor| format!(", on behalf of {actor}")).unwrap_or_default();
    let mailing = link.label.as_deref().map(|label| format!(" under {label}")).unwrap_or_default();
    let mut story = vec![format!(
        "{}: made{mailing} for {whom} by credential {}{behalf}, landing on {}, for {} {}",
        link.created_at,
        link.credential_id,
        link.landing,
        link.uses,
        if link.uses == 1 { "use" } else { "uses" },
    )];
    let opened = EventKind::LinkOpened.code();
    for event in events.iter().filter(|event| event.event == opened && event.outcome == "ok") {
        let into = event.detail.as_deref().map(|detail| format!(" for {detail}")).unwrap_or_default();
        story.push(format!("{}: opened{into}", event.at));
    }
    story.extend(refusals_told(events));
    if let (Some(at), Some(end)) = (link.ended_at, link.ended_by) {
        story.push(format!("{at}: ended: {}", end.as_str().replace('_', " ")));
    }
    // Refusals carry their own time; put everything in the order in which it happened.
    story.sort();
    story.push(match link.refusal {
        None => {
            let left = link.uses.saturating_sub(link.used);
            let seconds = link.expires_at.since(now).as_secs();
            format!("{now}: live, for {seconds} s more and {left} of {} uses", link.uses)
        }
        Some(reason) => format!("{now}: a use would be refused: {}", reason.message()),
    });
    story
}

impl From<Reference> for EndLinks {
    fn from(reference: Reference) -> Self {
        EndLinks::Named(reference)
    }
}
