//! Tokens and sessions, as far as they are managed: issue, redeem and check are typed calls.

use serde::Deserialize;
use serde_json::json;

use super::{Operation, operation};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gatepass::Gatepass;
use crate::id::{ClientId, CredentialId, UserId};
use crate::secret::{Reference, Secret};
use crate::session::{EndSessions, SessionQuery};
use crate::token::{RevokeTokens, Token, TokenQuery};

/// A token by its text (40 characters) or its public name (24).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneToken {
    token: Secret,
}

impl OneToken {
    fn reference(&self) -> Result<Reference> {
        Token::parse(self.token.reveal())
            .map(|token| token.reference())
            .or_else(|| Reference::parse(self.token.reveal()))
            .ok_or_else(|| {
                Error::invalid("token", "must be a token (40 lower-case hex characters) or its name (24)")
            })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    client_id: Option<ClientId>,
    #[serde(default)]
    credential_id: Option<CredentialId>,
}

fn revoke(gate: &Gatepass, revoke: Revoke) -> Result<serde_json::Value> {
    let which = match (revoke.token, revoke.user_id, revoke.client_id, revoke.credential_id) {
        (Some(token), None, None, None) => RevokeTokens::Named(OneToken { token }.reference()?),
        (None, Some(user), None, None) => RevokeTokens::OfUser(user),
        (None, None, Some(client), None) => RevokeTokens::OfClient(client),
        (None, None, None, Some(credential)) => RevokeTokens::OfCredential(credential),
        _ => {
            return Err(Error::invalid(
                "token",
                "exactly one of token, user_id, client_id and credential_id is needed",
            ));
        }
    };
    Ok(json!({ "revoked": gate.revoke_tokens(&which)? }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneSession {
    session: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneUser {
    user_id: UserId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCredential {
    credential_id: CredentialId,
    #[serde(default)]
    since: Option<Timestamp>,
}

fn end(gate: &Gatepass, one: &OneSession) -> Result<serde_json::Value> {
    let reference = crate::session::SessionId::parse(one.session.reveal())
        .map(|session| session.reference())
        .or_else(|| Reference::parse(one.session.reveal()))
        .ok_or_else(|| {
            Error::invalid("session", "must be a session id (64 lower-case hex characters) or its name (24)")
        })?;
    ended(gate, &EndSessions::Named(reference))
}

fn ended(gate: &Gatepass, which: &EndSessions) -> Result<serde_json::Value> {
    Ok(json!({ "ended": gate.end_sessions(which)? }))
}

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("token.list", "List tokens, newest first.", |gate, query: TokenQuery| gate
        .list_tokens(&query)),
    operation!("token.explain", "Tell the whole story of one token.", |gate, one: OneToken| {
        gate.explain_reference(&one.reference()?)
    }),
    operation!(
        "token.revoke",
        "Revoke unspent tokens: one, or all of a user, client or credential.",
        |gate, which: Revoke| { revoke(gate, which) }
    ),
    operation!("session.list", "List sessions, newest first.", |gate, query: SessionQuery| {
        gate.list_sessions(&query)
    }),
    operation!("session.end", "End one session, by its id or its name.", |gate, one: OneSession| end(
        gate, &one
    )),
    operation!("session.end_user", "End all sessions of a user.", |gate, one: OneUser| {
        ended(gate, &EndSessions::OfUser(one.user_id))
    }),
    operation!(
        "session.end_credential",
        "End all sessions that a credential started.",
        |gate, of: OfCredential| {
            ended(gate, &EndSessions::OfCredential(of.credential_id, of.since.unwrap_or_default()))
        }
    ),
];
