//! `gatepass session`: list, check and end.

use std::net::IpAddr;

use clap::Subcommand;
use gatepass::id::UserId;
use gatepass::session::SessionId;
use serde_json::json;

use super::context::{Context, call, json as as_json};
use super::credential::number;
use super::failure::Failure;
use super::input::{self, Moment};
use super::output::Outcome;
use super::token::Of;

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List sessions, newest first
    #[command(after_help = "\
Examples:
  gatepass session list --user 1
  gatepass session list --credential portal --all")]
    List {
        #[command(flatten)]
        of: Of,
        /// Also those that are over
        #[arg(long)]
        all: bool,
    },
    /// Is this session good now? Counts as a use
    #[command(after_help = "Example:\n  echo \"$SESSION\" | gatepass session check -")]
    Check {
        /// The session id, or `-` for standard input
        session: String,
        /// Where the call came from
        #[arg(long, value_name = "IP")]
        address: Option<IpAddr>,
    },
    /// End one session
    #[command(after_help = "\
Examples:
  echo \"$SESSION\" | gatepass session end -
  gatepass session end 0193542a7c1b9f0e2d4c6b8a")]
    End {
        /// The session id, its public name, or `-` for standard input
        session: String,
    },
    /// End all sessions of a user
    #[command(after_help = "Example:\n  gatepass session end-user 1")]
    EndUser {
        /// The user's number
        #[arg(value_name = "USER", allow_negative_numbers = true)]
        user: UserId,
    },
    /// End all sessions that a credential started
    #[command(after_help = "\
Examples:
  gatepass session end-credential portal
  gatepass session end-credential portal --since 24h")]
    EndCredential {
        /// Its label, identifier or number
        #[arg(value_name = "NAME")]
        credential: String,
        /// Only those begun since then: 24h, 2026-11-20 or a time in RFC 3339
        #[arg(long, value_name = "TIME")]
        since: Option<Moment>,
    },
}

pub(crate) fn run(command: SessionCommand, context: &Context) -> Result<Outcome, Failure> {
    match command {
        SessionCommand::List { of, all } => {
            let gate = context.open()?;
            let mut query = of.parameters(&gate)?;
            query["all"] = json!(all);
            let columns = &[
                "session",
                "user_id",
                "client_id",
                "origin",
                "credential_id",
                "started_at",
                "touched_at",
                "ends_at",
                "ended_at",
            ];
            Ok(Outcome::table(call(&gate, "session.list", query)?, columns))
        }
        SessionCommand::Check { session, address } => {
            let text = input::text("session", &session)?;
            let gate = context.open()?;
            let id = gate.read_session_id(text.reveal(), address)?;
            Ok(Outcome::list(as_json(gate.check_session(&id, address)?)?))
        }
        SessionCommand::End { session } => {
            let text = input::text("session", &session)?;
            Ok(Outcome::list(context.call("session.end", json!({ "session": text.reveal() }))?))
        }
        SessionCommand::EndUser { user } => {
            Ok(Outcome::list(context.call("session.end_user", json!({ "user_id": user }))?))
        }
        SessionCommand::EndCredential { credential, since } => {
            let gate = context.open()?;
            let mut parameters = json!({ "credential_id": number(&gate, &credential)? });
            if let Some(since) = since {
                parameters["since"] = json!(since.past());
            }
            Ok(Outcome::list(call(&gate, "session.end_credential", parameters)?))
        }
    }
}

/// The session that a browser presented. What can't be a session id is no session: the browser may hold a
/// foreign cookie.
pub(crate) fn presented(given: &str) -> Result<Option<SessionId>, Failure> {
    Ok(SessionId::parse(input::text("presented_session", given)?.reveal()))
}
