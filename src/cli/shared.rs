//! `gatepass migrate` and `grants`: the tables of a shared store, and who may use them.

use clap::Args;
use serde_json::json;

use super::context::{Context, json as as_json};
use super::failure::Failure;
use super::output::Outcome;

/// Make the tables of a shared store, or bring them up to date
///
/// They never change otherwise. Hosts may do this at the same time.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  gatepass --store mysql://owner:PASSWORD@db.example.com/gatepass migrate

The account must be allowed to make tables; that of everyday use need not be, see `gatepass grants`. \
A store in a file is brought up to date when it is opened.")]
pub(crate) struct MigrateArgs {}

/// Print what lets an account use a shared store and nothing else, for the server's administrator
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  gatepass --store mysql://owner:PASSWORD@db.example.com/gatepass grants --user gatepass --host '10.0.0.%' | mysql

The tables must be there (`gatepass migrate`), and the account. Nothing is asked of the server.")]
pub(crate) struct GrantsArgs {
    /// The account's name
    #[arg(long, default_value = "gatepass")]
    user: String,
    /// The host or hosts that it may come from
    #[arg(long, default_value = "%")]
    host: String,
}

pub(crate) fn migrate(context: &Context) -> Result<Outcome, Failure> {
    let migrated = context.options().migrate(context.store_path()?)?;
    Ok(Outcome::list(as_json(migrated)?))
}

pub(crate) fn grants(args: &GrantsArgs, context: &Context) -> Result<Outcome, Failure> {
    let grants = gatepass::grants(context.store_path()?, &args.user, &args.host)?;
    let text = grants.join("\n");
    Ok(Outcome::text(json!({ "grants": grants }), text))
}
