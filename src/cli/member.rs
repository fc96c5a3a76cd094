//! `gatepass member`: the places of users in clients.

use clap::{Args, Subcommand};
use gatepass::id::{ClientId, UserId};
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Give a user a place in a client
    #[command(after_help = "\
Examples:
  gatepass member add --user 2 --client 1
  gatepass member add --user 1 --client 1 --owner")]
    Add {
        #[command(flatten)]
        place: Place,
        /// As its owner; a client has one
        #[arg(long)]
        owner: bool,
    },
    /// Take a user's place in a client away; the owner stays
    #[command(after_help = "Example:\n  gatepass member remove --user 2 --client 1")]
    Remove(Place),
    /// List the members of a client
    #[command(after_help = "Example:\n  gatepass member list --client 1")]
    List {
        /// The client's number
        #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
        client: ClientId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The user's number
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    user: UserId,
    /// The client's number
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
    client: ClientId,
}

pub(crate) fn run(command: MemberCommand, context: &Context) -> Result<Outcome, Failure> {
    let (operation, parameters) = match command {
        MemberCommand::Add { place, owner } => {
            ("member.add", json!({ "user_id": place.user, "client_id": place.client, "owner": owner }))
        }
        MemberCommand::Remove(place) => {
            ("member.remove", json!({ "user_id": place.user, "client_id": place.client }))
        }
        MemberCommand::List { client } => {
            let members = context.call("member.list", json!({ "client_id": client }))?;
            return Ok(Outcome::table(members, &["user_id", "owner"]));
        }
    };
    Ok(Outcome::list(context.call(operation, parameters)?))
}
