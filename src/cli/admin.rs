//! `gatepass admin`: the owners of credentials.

use clap::Subcommand;
use serde_json::{Value, json};

use super::context::Context;
use super::failure::Failure;
use super::input;
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Add an admin
    #[command(after_help = "\
Examples:
  gatepass admin add alice
  gatepass admin add alice --password - < password.txt

A password is needed only for the legacy form of authentication, by username and MD5.")]
    Add {
        /// The name, 1 to 64 bytes
        username: String,
        /// The password, at least 8 characters; `-` reads it from standard input
        #[arg(long, allow_hyphen_values = true)]
        password: Option<String>,
    },
    /// List the admins
    #[command(after_help = "Example:\n  gatepass admin list")]
    List,
    /// Enable an admin, and with it its credentials
    #[command(after_help = "Example:\n  gatepass admin enable alice")]
    Enable {
        /// The name
        username: String,
    },
    /// Disable an admin, and with it its credentials, at once
    #[command(after_help = "Example:\n  gatepass admin disable alice")]
    Disable {
        /// The name
        username: String,
    },
    /// Set an admin's password, or remove it
    #[command(after_help = "\
Examples:
  gatepass admin set-password alice --password - < password.txt
  gatepass admin set-password alice --remove")]
    SetPassword {
        /// The name
        username: String,
        /// The password, at least 8 characters; `-` reads it from standard input
        #[arg(long, allow_hyphen_values = true, required_unless_present = "remove")]
        password: Option<String>,
        /// Remove it: the legacy form no longer works for this admin
        #[arg(long, conflicts_with = "password")]
        remove: bool,
    },
}

pub(crate) fn run(command: AdminCommand, context: &Context) -> Result<Outcome, Failure> {
    let (operation, parameters) = match command {
        AdminCommand::Add { username, password } => {
            ("admin.add", json!({ "username": username, "password": clear(password)? }))
        }
        AdminCommand::List => {
            let all = context.call("admin.list", Value::Null)?;
            let columns = &["admin_id", "username", "enabled", "has_password", "created_at"];
            return Ok(Outcome::table(all, columns));
        }
        AdminCommand::Enable { username } => ("admin.enable", json!({ "username": username })),
        AdminCommand::Disable { username } => ("admin.disable", json!({ "username": username })),
        AdminCommand::SetPassword { username, password, remove: _ } => {
            ("admin.set_password", json!({ "username": username, "password": clear(password)? }))
        }
    };
    Ok(Outcome::list(context.call(operation, parameters)?))
}

fn clear(password: Option<String>) -> Result<Option<String>, Failure> {
    let read = |given: String| input::text("password", &given).map(|secret| secret.reveal().to_owned());
    password.map(read).transpose()
}
