//! `gatepass destination`: the named landing pages.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum DestinationCommand {
    /// List the destinations in force
    #[command(after_help = "Example:\n  gatepass destination list")]
    List,
    /// Add a destination, or change the path of one
    #[command(after_help = "\
Examples:
  gatepass destination set clientarea:welcome welcome.php
  gatepass destination set clientarea:server 'server.php?id={id}' --input service

The path must be safe like any redirect: relative, below the system URL, and no page of the deny table.")]
    Set {
        /// Its name: two words with a colon, `clientarea:welcome`
        name: String,
        /// Its path relative to the system URL, with {id} where the id goes
        #[arg(default_value = "", hide_default_value = true)]
        path: String,
        /// What it needs from the caller
        #[arg(long, value_enum, default_value_t = Needs::None)]
        input: Needs,
    },
    /// Remove a destination, a built-in one too; setting it again brings it back
    #[command(after_help = "Example:\n  gatepass destination remove clientarea:downloads")]
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Needs {
    /// Nothing
    None,
    /// The number of a service
    Service,
    /// The number of a domain
    Domain,
    /// A relative path; only sso:custom_redirect
    Path,
}

impl Needs {
    fn word(self) -> &'static str {
        match self {
            Needs::None => "none",
            Needs::Service => "service",
            Needs::Domain => "domain",
            Needs::Path => "path",
        }
    }
}

pub(crate) fn run(command: DestinationCommand, context: &Context) -> Result<Outcome, Failure> {
    match command {
        DestinationCommand::List => {
            let all = context.call("destination.list", Value::Null)?;
            Ok(Outcome::table(all, &["name", "input", "path"]))
        }
        DestinationCommand::Set { name, path, input } => {
            let new = json!({ "name": name, "path": path, "input": input.word() });
            Ok(Outcome::list(context.call("destination.set", new)?))
        }
        DestinationCommand::Remove { name } => {
            Ok(Outcome::list(context.call("destination.remove", json!({ "name": name }))?))
        }
    }
}
