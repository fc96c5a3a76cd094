//! Check, list and end sessions.

use std::net::IpAddr;

use super::Gatepass;
use crate::audit::page_limit;
use crate::clock::Timestamp;
use crate::error::{Reason, Result};
use crate::session::{EndSessions, RedemptionId, Session, SessionId, SessionQuery};
use crate::store::{Named, SessionsOf};
use crate::throttle::Guess;

impl Gatepass {
    /// The id of a new sign-in, and of its session if it is to have one.
    pub(super) fn draw_sign_in(
        &self,
        start_session: bool,
        now: Timestamp,
    ) -> Result<(RedemptionId, Option<SessionId>)> {
        self.with_random(|random| {
            let redemption = RedemptionId::generate(random)?;
            let session = if start_session { Some(SessionId::generate(now, random)?) } else { None };
            Ok((redemption, session))
        })
    }

    /// Is this session good now? Its person's and client's standing are checked each time. Counts as a use.
    ///
    /// # Errors
    /// Refused: unknown, ended, idle too long, too old, or the person may no longer sign in.
    pub fn check_session(&self, session: &SessionId, address: Option<IpAddr>) -> Result<Session> {
        let now = self.now();
        self.store.check_session(&session.key(), now)?.map_err(|error| match error.reason() {
            Some(Reason::SessionUnknown) => {
                self.refuse_guess(Guess::Session, Reason::SessionUnknown, address, now)
            }
            _ => error,
        })
    }

    /// Read a session id as a browser brought it. What can't be one is refused like an unknown one.
    pub fn read_session_id(&self, text: &str, address: Option<IpAddr>) -> Result<SessionId> {
        SessionId::parse(text)
            .ok_or_else(|| self.refuse_guess(Guess::Session, Reason::SessionUnknown, address, self.now()))
    }

    /// Sessions, newest first. The clients that each may enter are told by [`Gatepass::check_session`] only.
    pub fn list_sessions(&self, query: &SessionQuery) -> Result<Vec<Session>> {
        let limit = page_limit(query.limit, 1_000)?;
        Ok(self.store.list_sessions(query, limit, self.now())?)
    }

    /// End sessions; how many. On the disk when it returns.
    ///
    /// # Errors
    /// For a single one: [`Reason::SessionUnknown`]. One that is over already is no error.
    pub fn end_sessions(&self, which: &EndSessions) -> Result<u64> {
        let which = match which {
            EndSessions::One(session) => SessionsOf::One(Named::Key(session.key())),
            EndSessions::Named(reference) => SessionsOf::One(Named::Reference(*reference)),
            EndSessions::OfUser(user) => SessionsOf::User(*user),
            EndSessions::OfCredential(credential, since) => SessionsOf::Credential(*credential, *since),
        };
        self.store.end_sessions(&which, self.at())?
    }
}
