//! `gatepass link`: sign-in links for e-mail, made, opened, ended and told of.

mod chart;
mod report;

use std::net::IpAddr;

use clap::{Args, Subcommand};
use gatepass::id::{ClientId, UserId};
use gatepass::link::{LinkRequest, OpenRequest, SignInLink};
use serde_json::json;

use super::asking::Asking;
use super::context::{Context, call};
use super::credential::number;
use super::failure::Failure;
use super::input::{self, Span};
use super::output::Outcome;
use super::table;
use super::token::Of;

#[derive(Debug, Subcommand)]
pub(crate) enum LinkCommand {
    Create(Box<CreateArgs>),
    /// List sign-in links, newest first
    #[command(after_help = "\
Examples:
  gatepass link list --live
  gatepass link list --label reminders --limit 20")]
    List {
        #[command(flatten)]
        of: Of,
        /// Only of this mailing
        #[arg(long)]
        label: Option<String>,
        /// Only those that could be opened now
        #[arg(long)]
        live: bool,
    },
    /// Tell where a link stands, using nothing
    #[command(after_help = "\
Examples:
  echo \"$LINK\" | gatepass link inspect -
  gatepass link inspect 0193542a7c1b9f0e2d4c6b8a")]
    Inspect {
        /// The link, its URL or public name, or `-` for standard input, which keeps it out of the process list
        link: String,
    },
    /// Tell the whole story of one link: what happened to it, and why it would be refused now
    #[command(after_help = "\
Examples:
  echo \"$LINK\" | gatepass link explain -
  gatepass link explain 0193542a7c1b9f0e2d4c6b8a")]
    Explain {
        /// The link, its URL or public name, or `-` for standard input, which keeps it out of the process list
        link: String,
    },
    /// Spend a use of a link, as a click does; tells where to send the browser
    #[command(after_help = "\
Example:
  echo \"$LINK\" | gatepass link open -")]
    Open {
        /// The link or its URL, or `-` for standard input, which keeps it out of the process list
        link: String,
        /// Where the call came from
        #[arg(long, value_name = "IP")]
        address: Option<IpAddr>,
    },
    /// Revoke links that could still be used: one, or all of a user, client, mailing or credential
    #[command(after_help = "\
Examples:
  gatepass link revoke 0193542a7c1b9f0e2d4c6b8a
  gatepass link revoke --label reminders
  gatepass link revoke --credential portal")]
    Revoke(Which),
    /// End the links of somebody whose e-mail address or password was changed
    #[command(after_help = "\
Examples:
  gatepass link account-changed --user 1 --changed email
  gatepass link account-changed --client 1 --changed password

For a host that keeps its people itself. `gatepass user set-email` does it by itself.")]
    AccountChanged {
        #[command(flatten)]
        whose: Whose,
        /// What was changed
        #[arg(long, value_name = "WHAT", value_parser = ["email", "password"])]
        changed: String,
    },
    Report(report::ReportArgs),
}

/// Make a link for a mail; its URL is shown this once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass link create --client 1 --path 'viewinvoice.php?id=5' --title 'invoice 5'
  gatepass link create --user 1 --destination clientarea:tickets --life 3d --uses 5 --label answers
  gatepass link create --client 1 --identifier GPI... --secret - < secret.txt

A client alone means its owner. Without --identifier the host credential `cli` asks.")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    asking: Asking,
    /// How long it lives, 1m to 7d; the store's setting if absent
    #[arg(long, value_name = "DURATION")]
    life: Option<Span>,
    /// How often it may be used, 1 to 100
    #[arg(long, default_value_t = 1, value_name = "N", allow_negative_numbers = true)]
    uses: u32,
    /// What the mailing is called: reports tell of it, and all of it can be revoked
    #[arg(long)]
    label: Option<String>,
    /// What waits there, as the page that asks says it: invoice 5
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// When it is used, the other links of its label and person end
    #[arg(long, requires = "label")]
    end_siblings: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// The link, its URL or public name, or `-` for standard input, which keeps it out of the process list
    link: Option<String>,
    /// All of this user
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    user: Option<UserId>,
    /// All of this client
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
    client: Option<ClientId>,
    /// All of this mailing
    #[arg(long)]
    label: Option<String>,
    /// All that this credential made: its label, identifier or number
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whose {
    /// The user who changed it
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    user: Option<UserId>,
    /// The client that changed it
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
    client: Option<ClientId>,
}

/// The columns of the list.
const COLUMNS: &[&str] = &[
    "link",
    "state",
    "user_id",
    "client_id",
    "landing",
    "label",
    "credential_id",
    "used",
    "uses",
    "created_at",
    "expires_at",
];

pub(crate) fn run(command: LinkCommand, context: &Context) -> Result<Outcome, Failure> {
    match command {
        LinkCommand::Create(args) => create(*args, context),
        LinkCommand::List { of, label, live } => {
            let gate = context.open()?;
            let mut query = of.parameters(&gate)?;
            query["label"] = json!(label);
            query["live"] = json!(live);
            Ok(Outcome::table(call(&gate, "link.list", query)?, COLUMNS))
        }
        LinkCommand::Inspect { link } => {
            let text = input::text("link", &link)?;
            Ok(Outcome::list(context.call("link.inspect", json!({ "link": text.reveal() }))?))
        }
        LinkCommand::Explain { link } => {
            let text = input::text("link", &link)?;
            let answer = context.call("link.explain", json!({ "link": text.reveal() }))?;
            let story = table::story(&answer);
            Ok(Outcome::text(answer, story))
        }
        LinkCommand::Open { link, address } => open(&link, address, context),
        LinkCommand::Revoke(which) => revoke(which, context),
        LinkCommand::AccountChanged { whose, changed } => {
            let account = json!({ "user_id": whose.user, "client_id": whose.client, "changed": changed });
            Ok(Outcome::list(context.call("link.account_changed", account)?))
        }
        LinkCommand::Report(args) => report::run(&args, context),
    }
}

fn create(args: CreateArgs, context: &Context) -> Result<Outcome, Failure> {
    let secret = args.asking.secret()?;
    let mut request = LinkRequest::new(args.asking.request()?).uses(args.uses);
    request.life = args.life.map(|Span(life)| life);
    request.label = args.label;
    request.title = args.title;
    request.end_siblings = args.end_siblings;
    let gate = context.open()?;
    let caller = args.asking.caller(&gate, secret.as_ref())?;
    let made = gate.create_link(&caller, &request)?;
    Ok(Outcome::list(json!({
        "url": made.url,
        "expires_at": made.expires_at,
        "user_id": made.user_id,
        "client_id": made.client_id,
        "link": made.reference,
    })))
}

fn open(link: &str, address: Option<IpAddr>, context: &Context) -> Result<Outcome, Failure> {
    let text = input::text("link", link)?;
    let gate = context.open()?;
    let link = match SignInLink::from_url(text.reveal()) {
        Some(link) => link,
        None => gate.read_link(text.reveal(), address)?,
    };
    let mut request = OpenRequest::new(link);
    request.address = address;
    let opened = gate.open_link(&request)?;
    Ok(Outcome::list(json!({
        "access_token": opened.token.reveal(),
        "redirect_url": opened.redirect_url,
        "expires_at": opened.expires_at,
        "user_id": opened.user_id,
        "client_id": opened.client_id,
        "landing_url": opened.landing_url,
        "uses_left": opened.uses_left,
        "link": opened.link,
        "unchecked": opened.unchecked,
    })))
}

fn revoke(which: Which, context: &Context) -> Result<Outcome, Failure> {
    let link = which.link.as_deref().map(|given| input::text("link", given)).transpose()?;
    let gate = context.open()?;
    let credential = which.credential.as_deref().map(|name| number(&gate, name)).transpose()?;
    let parameters = json!({
        "link": link.as_ref().map(|link| link.reveal()),
        "user_id": which.user,
        "client_id": which.client,
        "label": which.label,
        "credential_id": credential,
    });
    Ok(Outcome::list(call(&gate, "link.revoke", parameters)?))
}
