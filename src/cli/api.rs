//! `gatepass api`: an action of the WHMCS-compatible API, called in this process as `localAPI` does.

use clap::Args;
use gatepass::api;
use serde_json::{Map, Value};

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;

/// Call an action of the WHMCS-compatible API and show the document that it answers
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass api CreateSsoToken client_id=1 destination=clientarea:invoices
  gatepass api GetClients search=ann limitnum=5
  gatepass api GetClientsDetails email=ann@example.com --xml
  gatepass api GetUsers --caller addon

Exit status 1 when the document says `error`.")]
pub(crate) struct ApiArgs {
    /// CreateSsoToken, GetClients, GetClientsDetails or GetUsers, in any letter case
    action: String,
    /// What the action takes
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// Ask as the host credential of this label
    #[arg(long, value_name = "LABEL", default_value = "cli")]
    caller: String,
    /// Show the document as XML
    #[arg(long, conflicts_with = "json")]
    xml: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(args: ApiArgs, context: &Context) -> Result<Outcome, Failure> {
    let gate = context.open()?;
    let caller = gate.host_caller(&args.caller)?;
    let parameters: Map<String, Value> =
        args.parameters.into_iter().map(|(name, value)| (name, value.into())).collect();
    let document = api::call(&gate, &caller, &args.action, &parameters.into())?;
    let text = match args.xml {
        true => api::to_xml(&args.action, &document),
        false => serde_json::to_string_pretty(&document).map_err(|error| Failure::output(error.into()))?,
    };
    let refused = match document["message"].as_str() {
        Some(message) if document["result"] == "error" => Some(message.to_owned()),
        _ => None,
    };
    let outcome = Outcome::text(document, text);
    Ok(match refused {
        Some(message) => outcome.refused(message),
        None => outcome,
    })
}
