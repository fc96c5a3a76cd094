//! Issue, inspect, redeem, revoke.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use super::Gatepass;
use crate::audit::{AuditEvent, AuditQuery, AuditRef, EventKind, NewEvent, page_limit};
use crate::clock::Timestamp;
use crate::credential::Caller;
use crate::directory::{UNCHECKED_IN_HOST_MODE, check_text};
use crate::error::{Error, Reason, Result};
use crate::id::{ClientId, UserId};
use crate::secret::Reference;
use crate::session::{RedemptionId, SessionId};
use crate::store::{Named, TokensOf};
use crate::throttle::Guess;
use crate::token::{
    Binding, Inspection, IssueAct, IssueRequest, Issued, RedeemAct, RedeemFacts, RedeemRequest, Redemption,
    RevokeTokens, Spent, Token, TokenQuery, TokenState, admit, fits_browser, state_of,
};

/// The whole story of one token, for an operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What the token says now.
    pub token: Inspection,
    /// The story in plain words, in the order of time.
    pub story: Vec<String>,
    /// The audit events about it.
    pub events: Vec<AuditEvent>,
}

fn inspection(facts: &RedeemFacts, now: Timestamp, ask_person: bool) -> Inspection {
    let token = &facts.token;
    let (state, own) = state_of(token, &facts.settings, now);
    Inspection {
        token: token.key.reference(),
        state,
        refusal: own.or_else(|| if ask_person { admit(facts).err() } else { None }),
        user_id: token.user,
        client_id: token.client,
        destination: token.destination.clone(),
        landing: token.landing.clone(),
        credential_id: token.credential,
        admin_id: token.admin,
        actor: token.actor.clone(),
        bound: token.binding.is_some(),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        redeemed_at: token.redeemed_at,
        redemption: token.redemption,
        session: token.session.map(|session| session.reference()),
        revoked_at: token.revoked_at,
        replays: token.replays,
        replayed_at: token.replayed_at,
        confirm: facts.settings.confirm_with(token.issuer.limits.confirm),
    }
}

impl Gatepass {
    /// Issue a token for a person to a caller.
    ///
    /// The issue is not synced: one that a power cut loses fails safe, and the redemption's sync makes it
    /// durable.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for `destination`, `service_id`, `domain_id`,
    /// `redirect_path`, `life` or `actor`; a refusal when the caller may not (its standing, address,
    /// destination, client, rate) or the person may not sign in.
    pub fn issue(&self, caller: &Caller, request: &IssueRequest) -> Result<Issued> {
        if let Some(actor) = &request.actor {
            check_text("actor", actor, 0, 200)?;
        }
        let now = self.now();
        let token = self.with_random(|random| Token::generate(now, random))?;
        let act = IssueAct { caller: *caller, request, key: token.key() };
        let grant = self.store.issue(&act, now)?.map_err(|error| advised(error, now))?;
        Ok(Issued {
            redirect_url: grant.system_url.sso_url(&Zeroizing::new(token.reveal())),
            token,
            user_id: grant.user,
            client_id: grant.client,
            expires_at: grant.expires_at,
        })
    }

    /// Read a token as a browser brought it. What can't be a token is refused like an unknown one, without
    /// asking the store.
    pub fn read_token(&self, text: &str, address: Option<IpAddr>) -> Result<Token> {
        Token::parse(text)
            .ok_or_else(|| self.refuse_guess(Guess::Token, Reason::TokenUnknown, address, self.now()))
    }

    /// Spend a token: at most one call ever succeeds for each, whatever the number of threads, processes or
    /// machines that try.
    ///
    /// On success the redemption, its session and its audit event are on the disk.
    ///
    /// # Errors
    /// Refused, in this order: unknown, redeemed, revoked, from the future, expired, credential void, person
    /// may not sign in, wrong browser. For [`Reason::TokenRedeemed`] the [refusal](crate::Refusal) carries
    /// the first redemption's id and whether the same browser came again.
    pub fn redeem(&self, request: &RedeemRequest) -> Result<Redemption> {
        let now = self.now();
        let (redemption, session) = self.draw_sign_in(request.start_session, now)?;
        let act = RedeemAct {
            key: request.token.key(),
            presented: request.presented_session.as_ref().map(SessionId::key),
            replace: request.replace_session,
            confirmed: request.confirmed,
            binding: request.binding,
            redemption,
            session: session.as_ref().map(SessionId::key),
            address: request.address,
        };
        let spent = match self.store.redeem(&act, now)? {
            Ok(spent) => spent,
            Err(refusal) if refusal.reason == Reason::TokenUnknown => {
                return Err(self.refuse_guess(Guess::Token, Reason::TokenUnknown, request.address, now));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        Ok(redemption_of(spent, redemption, session))
    }

    /// Tell where a token stands, spending nothing and writing nothing: safe for GET, HEAD and link scanners.
    /// A token that is unknown counts as a guess from that address.
    pub fn inspect(&self, token: &Token, address: Option<IpAddr>) -> Result<Inspection> {
        let now = self.now();
        Ok(inspection(&self.inspected(&Named::Key(token.key()), address, now)?, now, true))
    }

    /// The same as told to a browser that shows this nonce, or none: it may not spend what is bound to
    /// another.
    pub(crate) fn inspect_for_browser(
        &self,
        token: &Token,
        shown: Option<&Binding>,
        address: Option<IpAddr>,
    ) -> Result<Inspection> {
        let now = self.now();
        let facts = self.inspected(&Named::Key(token.key()), address, now)?;
        let mut seen = inspection(&facts, now, true);
        if seen.refusal.is_none() && !fits_browser(facts.token.binding.as_ref(), shown) {
            seen.refusal = Some(Reason::BrowserMismatch);
        }
        Ok(seen)
    }

    /// The same by the token's public name.
    pub fn inspect_reference(&self, reference: &Reference) -> Result<Inspection> {
        let now = self.now();
        Ok(inspection(&self.inspected(&Named::Reference(*reference), None, now)?, now, true))
    }

    fn inspected(&self, named: &Named, address: Option<IpAddr>, now: Timestamp) -> Result<RedeemFacts> {
        let facts = self.store.inspect(named)?;
        facts.ok_or_else(|| self.refuse_guess(Guess::Token, Reason::TokenUnknown, address, now))
    }

    /// Write to the audit that a token was refused on the ground of its inspection, as an attempt to spend it
    /// would have: for a page that may not try. The event's number, for the person to quote; `None` when the
    /// inspection found nothing to refuse, or the store can't be written just now.
    pub fn record_refused_token(
        &self,
        seen: &Inspection,
        address: Option<IpAddr>,
    ) -> Result<Option<AuditRef>> {
        let Some(reason) = seen.refusal else { return Ok(None) };
        let mut event = NewEvent::new(EventKind::TokenRedeemed).object(seen.token);
        event.refused = Some(reason);
        event.credential = seen.credential_id;
        event.admin = seen.admin_id;
        event.user = seen.user_id;
        event.client = seen.client_id;
        event.address = address;
        self.record_refusal(&event, self.now())
    }

    /// Tell an operator the whole story of one token: what it is, what happened to it, and why it would be
    /// refused now.
    pub fn explain(&self, token: &Token) -> Result<Explanation> {
        self.explain_reference(&token.reference())
    }

    /// The same by the token's public name.
    pub fn explain_reference(&self, reference: &Reference) -> Result<Explanation> {
        let now = self.now();
        let Some(facts) = self.store.inspect(&Named::Reference(*reference))? else {
            return Err(Reason::TokenUnknown.into());
        };
        let token = inspection(&facts, now, true);
        // Its events lie between its issue and now, whichever way the clock was set meanwhile.
        let slack = Duration::from_millis(1);
        let query = AuditQuery {
            object: Some(reference.to_string()),
            ..AuditQuery::between(token.issued_at.min(now), token.issued_at.max(now).plus(slack))
        };
        let events = self.store.audit_events(&query, 1_000)?;
        let story = tell(&token, &events, now);
        Ok(Explanation { token, story, events })
    }

    /// Tokens, newest first.
    pub fn list_tokens(&self, query: &TokenQuery) -> Result<Vec<Inspection>> {
        let limit = page_limit(query.limit, 1_000)?;
        let now = self.now();
        let (settings, tokens) = self.store.list_tokens(query, limit, now)?;
        let view = |token| {
            let facts = RedeemFacts { settings: settings.clone(), token, subject: Default::default() };
            inspection(&facts, now, false)
        };
        Ok(tokens.into_iter().map(view).collect())
    }

    /// Revoke unspent tokens; how many there were.
    ///
    /// # Errors
    /// For a single one: [`Reason::TokenUnknown`], or [`Reason::TokenRedeemed`] when it is too late.
    pub fn revoke_tokens(&self, which: &RevokeTokens) -> Result<u64> {
        let which = match which {
            RevokeTokens::One(token) => TokensOf::One(Named::Key(token.key())),
            RevokeTokens::Named(reference) => TokensOf::One(Named::Reference(*reference)),
            RevokeTokens::OfUser(user) => TokensOf::User(*user),
            RevokeTokens::OfClient(client) => TokensOf::Client(*client),
            RevokeTokens::OfCredential(credential) => TokensOf::Credential(*credential),
        };
        self.store.revoke_tokens(&which, self.at())?
    }
}

/// What a redemption gives its caller.
pub(super) fn redemption_of(
    spent: Spent,
    redemption: RedemptionId,
    session: Option<SessionId>,
) -> Redemption {
    Redemption {
        redemption,
        user_id: spent.user,
        client_id: spent.client,
        clients: spent.clients,
        session_expires_at: session.is_some().then_some(spent.session_expires_at),
        session,
        destination: spent.destination,
        landing_url: spent.landing_url,
        credential_id: spent.credential,
        actor: spent.actor,
        unchecked: if spent.managed { &[] } else { UNCHECKED_IN_HOST_MODE },
    }
}

/// A refusal for too many issues ends with the minute, on which the count begins anew.
pub(super) fn advised(error: Error, now: Timestamp) -> Error {
    match error {
        Error::Refused(mut refusal) if refusal.reason == Reason::RateLimited => {
            let gone = now.as_millis().rem_euclid(60_000).unsigned_abs();
            refusal.retry_after = Some(Duration::from_millis(60_000 - gone));
            refusal.into()
        }
        other => other,
    }
}

/// The story of a token in plain words.
fn tell(token: &Inspection, events: &[AuditEvent], now: Timestamp) -> Vec<String> {
    let mut story = Vec::new();
    let whom = whom(token.user_id, token.client_id);
    let issuer = match (token.credential_id, token.admin_id) {
        (Some(credential), _) => format!("credential {credential}"),
        (None, Some(admin)) => format!("admin {admin} by password"),
        (None, None) => "a credential that is gone".to_owned(),
    };
    let behalf = token.actor.as_deref().map(|actor| format!(", on behalf of {actor}")).unwrap_or_default();
    story.push(format!(
        "{}: issued for {whom} by {issuer}{behalf}, landing on {}",
        token.issued_at, token.landing
    ));
    story.extend(refusals_told(events));
    if let Some(at) = token.redeemed_at {
        let session = token.session.map(|session| format!(" into session {session}")).unwrap_or_default();
        story.push(format!("{at}: redeemed{session}"));
    }
    if let (Some(at), true) = (token.replayed_at, token.replays > 0) {
        story.push(format!("{at}: tried again after that, {} times in all", token.replays));
    }
    if let Some(at) = token.revoked_at {
        story.push(format!("{at}: revoked"));
    }
    // Refusals carry their own time; put everything in the order in which it happened.
    story.sort();
    story.push(match (token.state, token.refusal) {
        (TokenState::Live, None) => {
            format!("{now}: live, for {} ms more", token.expires_at.since(now).as_millis())
        }
        (_, Some(reason)) => format!("{now}: a redemption would be refused: {}", reason.message()),
        (_, None) => format!("{now}: not live"),
    });
    story
}

/// Somebody by his numbers.
pub(super) fn whom(user: Option<UserId>, client: Option<ClientId>) -> String {
    match (user, client) {
        (Some(user), Some(client)) => format!("user {user} in client {client}"),
        (Some(user), None) => format!("user {user}"),
        (None, Some(client)) => format!("client {client}"),
        (None, None) => "nobody".to_owned(),
    }
}

/// The refusals among the events about something, a line each.
pub(super) fn refusals_told(events: &[AuditEvent]) -> impl Iterator<Item = String> {
    events.iter().filter(|event| event.outcome != "ok").map(|event| {
        let from = event.address.as_deref().map(|address| format!(" from {address}")).unwrap_or_default();
        let why = Reason::from_code(&event.outcome).map_or(event.outcome.as_str(), |reason| reason.message());
        let often =
            if event.count > 1 { format!(", {} times in that minute", event.count) } else { String::new() };
        format!("{}: refused{from}: {why}{often} (reference {})", event.at, event.reference)
    })
}

impl From<Reference> for RevokeTokens {
    fn from(reference: Reference) -> Self {
        RevokeTokens::Named(reference)
    }
}
