//! `gatepass client`: the billable accounts.

use clap::{Subcommand, ValueEnum};
use gatepass::directory::ClientStatus;
use gatepass::id::{ClientId, UserId};
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;
use super::user::Search;

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Add a client, by choice with its owner
    #[command(after_help = "\
Examples:
  gatepass client add ann@example.com --owner 1 --company-name 'Archer Ltd'
  gatepass client add bob@example.com --id 77 --status inactive")]
    Add {
        /// The account's e-mail address; clients may share one
        email: String,
        /// The number; the next free one if absent
        #[arg(long, value_name = "ID", allow_negative_numbers = true)]
        id: Option<ClientId>,
        /// The user who owns it
        #[arg(long, value_name = "USER", allow_negative_numbers = true)]
        owner: Option<UserId>,
        /// First name
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        first_name: String,
        /// Last name
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        last_name: String,
        /// Company name
        #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
        company_name: String,
        /// Standing: active, inactive or closed
        #[arg(long, value_parser = status, default_value = "active")]
        status: ClientStatus,
        /// The application's group number, 0 for none
        #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
        #[arg(allow_negative_numbers = true)]
        group: i64,
    },
    /// List clients, by exact address, by the start of a name, or by standing
    #[command(after_help = "\
Examples:
  gatepass client list --status closed
  gatepass client list --search archer")]
    List {
        #[command(flatten)]
        search: Search,
        /// Only of this standing: active, inactive or closed
        #[arg(long, value_parser = status)]
        status: Option<ClientStatus>,
    },
    /// Tell one client, with its members
    #[command(after_help = "Example:\n  gatepass client show 1")]
    Show {
        /// The client's number
        #[arg(value_name = "CLIENT", allow_negative_numbers = true)]
        client_id: ClientId,
    },
    /// Set a client's standing; a closed one signs nobody in
    #[command(after_help = "Example:\n  gatepass client set-status 1 closed")]
    SetStatus {
        /// The client's number
        #[arg(value_name = "CLIENT", allow_negative_numbers = true)]
        client_id: ClientId,
        /// active, inactive or closed
        #[arg(value_parser = status)]
        status: ClientStatus,
    },
    /// Switch a client's single sign-on on or off
    #[command(after_help = "Example:\n  gatepass client allow-sso 1 off")]
    AllowSso {
        /// The client's number
        #[arg(value_name = "CLIENT", allow_negative_numbers = true)]
        client_id: ClientId,
        /// on or off
        #[arg(value_enum)]
        allow: Switch,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

fn status(text: &str) -> Result<ClientStatus, String> {
    ClientStatus::parse(text).ok_or_else(|| "must be active, inactive or closed".to_owned())
}

pub(crate) fn run(command: ClientCommand, context: &Context) -> Result<Outcome, Failure> {
    let (operation, parameters) = match command {
        ClientCommand::Add { email, id, owner, first_name, last_name, company_name, status, group } => (
            "client.add",
            json!({
                "client_id": id,
                "email": email,
                "owner": owner,
                "first_name": first_name,
                "last_name": last_name,
                "company_name": company_name,
                "status": status,
                "group_id": group,
            }),
        ),
        ClientCommand::List { search, status } => {
            let query = json!({
                "email": search.email,
                "search": search.search,
                "status": status,
                "offset": search.offset,
                "limit": search.limit,
                "order_by": search.order_by,
                "descending": search.descending,
            });
            let columns = &[
                "client_id",
                "email",
                "first_name",
                "last_name",
                "company_name",
                "status",
                "allow_sso",
                "members",
            ];
            return Ok(Outcome::table(context.call("client.list", query)?, columns));
        }
        ClientCommand::Show { client_id } => ("client.show", json!({ "client_id": client_id })),
        ClientCommand::SetStatus { client_id, status } => {
            ("client.set_status", json!({ "client_id": client_id, "status": status }))
        }
        ClientCommand::AllowSso { client_id, allow } => {
            ("client.allow_sso", json!({ "client_id": client_id, "allow": allow == Switch::On }))
        }
    };
    Ok(Outcome::list(context.call(operation, parameters)?))
}
