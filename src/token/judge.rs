//! The verdicts: may this token be issued, may it be spent. Pure functions of what a store loaded.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::{Binding, Grant, IssueRequest, LONGEST_LIFE, RedeemAct, TokenState};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerFacts};
use crate::destination::{self, Destination, Resolved, Wanted};
use crate::directory::{Admitted, Mode, Subject, SubjectFacts, may_sign_in, may_still_sign_in};
use crate::error::{Error, Reason, Result};
use crate::id::{AdminId, ClientId, CredentialId, UserId};
use crate::secret::TimedKey;
use crate::session::RedemptionId;
use crate::settings::{ReplayPolicy, Settings};

/// A second click of the same person comes within this time, and is no replay.
pub(crate) const DUPLICATE: Duration = Duration::from_secs(5);

/// A replay later than this after the redemption no longer ends the session.
const REPLAY_REACH: Duration = Duration::from_secs(600);

/// The API action that an issue is (contract §1.1), in the spelling of a credential's list.
const ISSUE_ACTION: &str = "createssotoken";

/// What a store loads for an issue.
#[derive(Debug, Clone)]
pub(crate) struct IssueFacts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) caller: CallerFacts,
    /// In managed mode only.
    pub(crate) subject: SubjectFacts,
    /// The destination asked for, `None` if there is none of that name.
    pub(crate) destination: Option<Cow<'static, Destination>>,
}

/// May this be issued? Order: the caller's standing, the destination and its ids, the life, the clients that
/// the caller is limited to, the subject, the rate.
pub(crate) fn judge_issue(
    caller: &Caller,
    request: &IssueRequest,
    facts: &IssueFacts,
    now: Timestamp,
) -> Result<Grant> {
    let settings = &*facts.settings;
    facts.caller.may(caller, ISSUE_ACTION, request.address, now)?;

    let resolved = judge_landing(request, facts)?;
    let usual = Settings::seconds(settings.token_life_seconds);
    let longest = facts.caller.longest_life(LONGEST_LIFE);
    let life = match request.life {
        None => usual.min(longest),
        Some(life) if life > LONGEST_LIFE => {
            return Err(Error::invalid("life", "must be at most 60 seconds"));
        }
        Some(life) if life < Duration::from_millis(1) => {
            return Err(Error::invalid("life", "must be at least one millisecond"));
        }
        Some(life) if life > longest => return Err(Reason::LifeNotAllowed.into()),
        Some(life) => life,
    };

    let (user, client) = judge_person(request.subject, facts)?;
    let count = facts.caller.count_issue(now)?;
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

/// May the caller send somebody there? Its destinations, and the path rule.
pub(crate) fn judge_landing(request: &IssueRequest, facts: &IssueFacts) -> Result<Resolved> {
    let settings = &*facts.settings;
    if request.destination.is_some() && facts.destination.is_none() {
        return Err(Error::invalid("destination", "there is no destination of that name"));
    }
    let mut wanted = Wanted {
        destination: request.destination.as_deref(),
        service_id: request.service_id,
        domain_id: request.domain_id,
        path: request.redirect_path.as_deref(),
    };
    if request.drop_leftovers {
        wanted = wanted.without_leftovers(facts.destination.as_deref());
    }
    let resolved =
        destination::resolve(facts.destination.as_deref(), &wanted, &settings.system_url, &settings.deny)?;
    if !facts.caller.limits.allows_destination(request.destination.as_deref()) {
        return Err(Reason::DestinationNotAllowed.into());
    }
    Ok(resolved)
}

/// May the caller ask for this person, and may the person sign in? As whom, and into which client.
pub(crate) fn judge_person(
    subject: Subject,
    facts: &IssueFacts,
) -> Result<(Option<UserId>, Option<ClientId>)> {
    let settings = &*facts.settings;
    if let Some(allowed) = &facts.caller.limits.clients {
        // Asked before the subject's standing, or the answer would tell how others' clients stand. A user
        // with several clients would be signed in to none of them by name, so that is refused here as well.
        let seen = |client: &ClientId| allowed.contains(client);
        let known = match (subject.client(), &facts.subject.clients[..]) {
            (Some(named), _) => seen(&named),
            (None, [only]) => seen(&only.id),
            (None, _) => settings.mode == Mode::Host,
        };
        if !known {
            return Err(Reason::ClientNotAllowed.into());
        }
    }
    let (user, client) = match settings.mode {
        Mode::Host => (subject.user(), subject.client()),
        Mode::Managed => {
            let Admitted { user, client, .. } = may_sign_in(subject, &facts.subject)?;
            (Some(user), client)
        }
    };
    if facts.caller.limits.clients.is_some() {
        // A credential bound to some clients never signs anybody in without naming one of them.
        let named = client.ok_or(Reason::ClientNotAllowed)?;
        if !facts.caller.limits.allows_client(named) {
            return Err(Reason::ClientNotAllowed.into());
        }
    }
    Ok((user, client))
}

/// A stored token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenFacts {
    pub(crate) key: TimedKey,
    pub(crate) user: Option<UserId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) destination: Option<String>,
    pub(crate) landing: String,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) admin: Option<AdminId>,
    pub(crate) serial: i64,
    pub(crate) actor: Option<String>,
    pub(crate) binding: Option<Binding>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) redeemed_at: Option<Timestamp>,
    pub(crate) redemption: Option<RedemptionId>,
    pub(crate) session: Option<TimedKey>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) replays: i64,
    pub(crate) replayed_at: Option<Timestamp>,
    /// The standing of the credential, or admin, that issued it.
    pub(crate) issuer: CallerFacts,
}

impl TokenFacts {
    /// Whom it signs in, in the form that [`may_sign_in`] asks for.
    pub(crate) fn subject(&self) -> Option<Subject> {
        Subject::from_ids(self.user, self.client).ok()
    }
}

/// What a store loads for a redemption.
#[derive(Debug, Clone)]
pub(crate) struct RedeemFacts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) token: TokenFacts,
    /// In managed mode only.
    pub(crate) subject: SubjectFacts,
}

impl RedeemFacts {
    /// The same before the token was spent: for a store that claims first and asks again.
    #[cfg(feature = "mysql")]
    pub(crate) fn unspent(&self) -> Self {
        let mut facts = self.clone();
        facts.token.redeemed_at = None;
        facts.token.redemption = None;
        facts.token.session = None;
        facts
    }
}

/// The verdict on a redemption.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Spend it, and sign this person in.
    Spend(Option<Admitted>),
    /// No, and nothing is changed but the audit.
    Refuse(Reason),
    /// It was redeemed before.
    Redeemed(Replay),
}

/// What to make of a token that comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replay {
    /// The browser shows the session that this token started.
    pub(crate) same_browser: bool,
    /// It came within the time of a second click.
    pub(crate) duplicate: bool,
    /// Count it as a replay.
    pub(crate) record: bool,
    /// End the session that the first redemption started.
    pub(crate) end_session: bool,
}

/// May this token be spent? The checks in design order: redeemed; revoked; from the future; expired; its
/// credential; the person; the browser. (Unknown is the store's finding: there is nothing to judge.)
pub(crate) fn judge_redeem(act: &RedeemAct, facts: &RedeemFacts, now: Timestamp) -> Verdict {
    let token = &facts.token;
    if let Some(redeemed_at) = token.redeemed_at {
        return Verdict::Redeemed(judge_replay(act, facts, redeemed_at, now));
    }
    if let Err(reason) = own_state(token, &facts.settings, now) {
        return Verdict::Refuse(reason);
    }
    let admitted = match admit(facts) {
        Ok(admitted) => admitted,
        Err(reason) => return Verdict::Refuse(reason),
    };
    match fits_browser(token.binding.as_ref(), act.binding.as_ref()) {
        true => Verdict::Spend(admitted),
        false => Verdict::Refuse(Reason::BrowserMismatch),
    }
}

/// Whether a token that is bound to a browser, if it is, was brought by that one.
pub(crate) fn fits_browser(bound: Option<&Binding>, shown: Option<&Binding>) -> bool {
    bound.is_none_or(|bound| shown.is_some_and(|shown| shown == bound))
}

fn judge_replay(act: &RedeemAct, facts: &RedeemFacts, redeemed_at: Timestamp, now: Timestamp) -> Replay {
    let token = &facts.token;
    let same_browser = token.session.is_some_and(|first| act.presented.is_some_and(|shown| shown == first));
    let duplicate = now.since(redeemed_at) < DUPLICATE;
    let innocent = same_browser || !act.confirmed || duplicate;
    let policy = facts.settings.replay_policy;
    Replay {
        same_browser,
        duplicate,
        record: !innocent && policy != ReplayPolicy::Off,
        end_session: !innocent
            && policy == ReplayPolicy::Revoke
            && token.session.is_some()
            && now.since(redeemed_at) <= REPLAY_REACH,
    }
}

/// What the token itself and its credential say, apart from being redeemed.
fn own_state(token: &TokenFacts, settings: &Settings, now: Timestamp) -> Result<(), Reason> {
    if token.revoked_at.is_some() {
        return Err(Reason::TokenRevoked);
    }
    if token.issued_at > now.plus(settings.leeway()) {
        return Err(Reason::TokenNotYetValid);
    }
    if now >= token.expires_at {
        return Err(Reason::TokenExpired);
    }
    token.issuer.standing(now)?;
    token.issuer.honours(token.serial)
}

/// The person's and client's standing; nothing to ask in host mode.
pub(crate) fn admit(facts: &RedeemFacts) -> Result<Option<Admitted>, Reason> {
    may_still_sign_in(facts.settings.mode, facts.token.user, facts.token.client, &facts.subject)
}

/// Where a token stands by itself, and the reason if it is not live. Neither the person nor the browser is
/// asked about.
pub(crate) fn state_of(
    token: &TokenFacts,
    settings: &Settings,
    now: Timestamp,
) -> (TokenState, Option<Reason>) {
    if token.redeemed_at.is_some() {
        return (TokenState::Redeemed, Some(Reason::TokenRedeemed));
    }
    match own_state(token, settings, now) {
        Ok(()) => (TokenState::Live, None),
        Err(reason) => {
            let state = match reason {
                Reason::TokenRevoked => TokenState::Revoked,
                Reason::TokenNotYetValid => TokenState::NotYetValid,
                Reason::TokenExpired => TokenState::Expired,
                _ => TokenState::CredentialVoid,
            };
            (state, Some(reason))
        }
    }
}

#[cfg(test)]
mod tests;
