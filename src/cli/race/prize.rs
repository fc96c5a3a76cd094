//! What is raced for: tokens, which one process redeems, or sign-in links, which so many open.

use gatepass::credential::Caller;
use gatepass::id::ClientId;
use gatepass::link::{LinkRequest, LinkState, OpenRequest, SignInLink};
use gatepass::token::{IssueRequest, RedeemRequest, Token, TokenState};
use gatepass::{Error, Gatepass, Reason};
use serde::{Deserialize, Serialize};

/// The kind of thing that all processes try at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Prize {
    /// SSO tokens.
    #[default]
    Tokens,
    /// Sign-in links that can be used so often.
    Links { uses: u32 },
}

impl Prize {
    /// How many must win.
    pub(super) fn winners(self) -> usize {
        match self {
            Prize::Tokens => 1,
            Prize::Links { uses } => usize::try_from(uses).unwrap_or(usize::MAX),
        }
    }

    /// The word for one of them.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Prize::Tokens => "token",
            Prize::Links { .. } => "link",
        }
    }

    /// What is called.
    pub(super) fn act(self) -> &'static str {
        match self {
            Prize::Tokens => "redeem",
            Prize::Links { .. } => "open_link",
        }
    }

    /// What every loser must hear.
    pub(super) fn loses(self) -> Reason {
        match self {
            Prize::Tokens => Reason::TokenRedeemed,
            Prize::Links { .. } => Reason::LinkUsed,
        }
    }

    /// Make one. It is made right before it is raced for, since a token lives a minute at most.
    pub(super) fn make(self, gate: &Gatepass, caller: &Caller, client: ClientId) -> Result<Piece, Error> {
        let request = IssueRequest::for_client(client);
        Ok(match self {
            Prize::Tokens => Piece::Token(gate.issue(caller, &request)?.token.reveal().to_string()),
            Prize::Links { uses } => {
                let made = gate.create_link(caller, &LinkRequest::new(request).uses(uses))?;
                Piece::Link(made.link.reveal())
            }
        })
    }
}

/// One of them, on its way to another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Piece {
    Token(String),
    Link(String),
}

impl Piece {
    /// Ready to be tried; `None` if it is no text of a token or link.
    pub(super) fn read(&self) -> Option<Attempt> {
        Some(match self {
            Piece::Token(text) => Attempt::Redeem(RedeemRequest::new(Token::parse(text)?)),
            Piece::Link(text) => Attempt::Open(OpenRequest::new(SignInLink::parse(text)?)),
        })
    }

    /// Whether the store knows it as used up.
    pub(super) fn is_spent(&self, gate: &Gatepass) -> Result<bool, Error> {
        Ok(match self.read() {
            Some(Attempt::Redeem(one)) => gate.inspect(&one.token, None)?.state == TokenState::Redeemed,
            Some(Attempt::Open(one)) => gate.inspect_link(&one.link, None)?.state == LinkState::Used,
            None => false,
        })
    }
}

/// One process's try.
pub(super) enum Attempt {
    Redeem(RedeemRequest),
    Open(OpenRequest),
}

impl Attempt {
    pub(super) fn make(&self, gate: &Gatepass) -> Result<(), Error> {
        match self {
            Attempt::Redeem(request) => gate.redeem(request).map(drop),
            Attempt::Open(request) => gate.open_link(request).map(drop),
        }
    }
}
