//! `gatepass user`: the persons who sign in.

use clap::{Args, Subcommand};
use gatepass::directory::DirectoryOrder;
use gatepass::id::UserId;
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user
    #[command(after_help = "\
Examples:
  gatepass user add ann@example.com --first-name Ann --last-name Archer
  gatepass user add bob@example.com --id 4711")]
    Add {
        /// The e-mail address; ASCII letters in any case are the same, look-alikes are not
        email: String,
        /// The number; the next free one if absent
        #[arg(long, value_name = "ID", allow_negative_numbers = true)]
        id: Option<UserId>,
        /// First name
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        first_name: String,
        /// Last name
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        last_name: String,
    },
    /// List users, by exact address or by the start of a name
    #[command(after_help = "\
Examples:
  gatepass user list --search ann
  gatepass user list --email ann@example.com --json")]
    List(Search),
    /// Tell one user
    #[command(after_help = "Example:\n  gatepass user show 1")]
    Show(One),
    /// Set a user's e-mail address; sign-in links mailed to the one before end
    #[command(after_help = "Example:\n  gatepass user set-email 1 ann@example.org")]
    SetEmail {
        #[command(flatten)]
        one: One,
        /// The new address
        email: String,
    },
    /// Enable a user
    #[command(after_help = "Example:\n  gatepass user enable 1")]
    Enable(One),
    /// Disable a user: the sessions end, and nothing signs the user in until enabled again
    #[command(after_help = "Example:\n  gatepass user disable 1")]
    Disable(One),
    /// Give everything that is stored about a user; audited
    #[command(after_help = "Example:\n  gatepass user export 1 --json > user-1.json")]
    Export(One),
    /// Erase a user's address and names for good; the number stays as a pseudonym
    #[command(after_help = "Example:\n  gatepass user erase 1 --yes")]
    Erase {
        #[command(flatten)]
        one: One,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The user's number
    #[arg(value_name = "USER", allow_negative_numbers = true)]
    user_id: UserId,
}

/// How users and clients are searched.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Exactly this address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// The start of the address or of a name
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Skip so many
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
    pub(crate) offset: u64,
    /// At most so many, up to 1000 [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// In the order of id, first_name, last_name, email or created_at; clients also of company_name,
    /// group_id or status
    #[arg(long, value_name = "FIELD", value_parser = order, default_value = "id", hide_default_value = true)]
    pub(crate) order_by: DirectoryOrder,
    /// The other way round, the highest number first
    #[arg(long)]
    pub(crate) descending: bool,
}

fn order(text: &str) -> Result<DirectoryOrder, String> {
    let known = DirectoryOrder::ALL.iter().copied().find(|order| json!(order) == text);
    known.ok_or_else(|| "must be the name of a field, such as last_name".to_owned())
}

pub(crate) fn run(command: UserCommand, context: &Context) -> Result<Outcome, Failure> {
    let (operation, one) = match command {
        UserCommand::Add { email, id, first_name, last_name } => {
            let new =
                json!({ "user_id": id, "email": email, "first_name": first_name, "last_name": last_name });
            return Ok(Outcome::list(context.call("user.add", new)?));
        }
        UserCommand::List(search) => {
            let query = json!({
                "email": search.email,
                "search": search.search,
                "offset": search.offset,
                "limit": search.limit,
                "order_by": search.order_by,
                "descending": search.descending,
            });
            let columns =
                &["user_id", "email", "first_name", "last_name", "enabled", "clients", "created_at"];
            return Ok(Outcome::table(context.call("user.list", query)?, columns));
        }
        UserCommand::SetEmail { one, email } => {
            let new = json!({ "user_id": one.user_id, "email": email });
            return Ok(Outcome::list(context.call("user.set_email", new)?));
        }
        UserCommand::Show(one) => ("user.show", one),
        UserCommand::Enable(one) => ("user.enable", one),
        UserCommand::Disable(one) => ("user.disable", one),
        UserCommand::Export(one) => ("user.export", one),
        UserCommand::Erase { one: _, yes: false } => {
            return Err(Failure::usage(
                "address and names would be gone for good, sessions, tokens and sign-in links end: repeat with --yes",
            ));
        }
        UserCommand::Erase { one, yes: true } => ("user.erase", one),
    };
    Ok(Outcome::list(context.call(operation, json!({ "user_id": one.user_id }))?))
}
