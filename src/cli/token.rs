//! `gatepass token`: issue, inspect, redeem, explain, revoke and list.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use gatepass::Gatepass;
use gatepass::id::{ClientId, UserId};
use gatepass::secret::Reference;
use gatepass::token::{Binding, RedeemRequest};
use serde_json::json;

use super::asking::Asking;
use super::context::{Context, call, json as as_json};
use super::credential::number;
use super::failure::Failure;
use super::input::{self, Seconds};
use super::output::Outcome;
use super::session;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    Issue(Box<IssueArgs>),
    /// Tell where a token stands, spending nothing
    #[command(after_help = "\
Examples:
  echo \"$TOKEN\" | gatepass token inspect -
  gatepass token inspect 0193542a7c1b9f0e2d4c6b8a")]
    Inspect {
        /// The token, its public name, or `-` for standard input
        token: String,
    },
    /// Tell the whole story of one token: what happened to it, and why it would be refused now
    #[command(after_help = "\
Examples:
  echo \"$TOKEN\" | gatepass token explain -
  gatepass token explain 0193542a7c1b9f0e2d4c6b8a")]
    Explain {
        /// The token, its public name, or `-` for standard input
        token: String,
    },
    Redeem(RedeemArgs),
    /// Revoke unspent tokens: one, or all of a user, client or credential
    #[command(after_help = "\
Examples:
  gatepass token revoke 0193542a7c1b9f0e2d4c6b8a
  gatepass token revoke --user 1
  gatepass token revoke --credential portal")]
    Revoke {
        #[command(flatten)]
        which: Which,
    },
    /// List tokens, newest first
    #[command(after_help = "\
Examples:
  gatepass token list --live
  gatepass token list --user 1 --limit 20")]
    List {
        #[command(flatten)]
        of: Of,
        /// Only those that could be redeemed now
        #[arg(long)]
        live: bool,
    },
}

/// Issue a token for a person
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass token issue --client 1 --destination clientarea:product_details --service 1
  gatepass token issue --user 1 --path 'viewinvoice.php?id=5'
  gatepass token issue --client 1 --identifier GPI... --secret - < secret.txt

A client alone means its owner. Without --identifier the host credential `cli` asks.

Lines of standard input are read in this order: the secret, the nonce.")]
pub(crate) struct IssueArgs {
    #[command(flatten)]
    asking: Asking,
    /// Live shorter than the store's setting
    #[arg(long, value_name = "SECONDS")]
    life: Option<Seconds>,
    /// Only the browser with this nonce may redeem it; `-` reads it from standard input
    #[arg(long, value_name = "NONCE", allow_hyphen_values = true)]
    bind_nonce: Option<String>,
}

/// Spend a token, and start a session
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo \"$TOKEN\" | gatepass token redeem -
  gatepass token redeem - --no-session --address 203.0.113.7
  printf '%s\\n' \"$TOKEN\" \"$SESSION\" | gatepass token redeem - --presented-session -

At most one redemption of a token ever succeeds.

Lines of standard input are read in this order: the token, the presented session, the nonce.")]
pub(crate) struct RedeemArgs {
    /// The token, or `-` for standard input
    token: String,
    /// Start no session: the application has its own
    #[arg(long)]
    no_session: bool,
    /// The session that the browser holds already; `-` reads it from standard input
    #[arg(long, value_name = "SESSION", allow_hyphen_values = true)]
    presented_session: Option<String>,
    /// The browser's nonce, for a bound token; `-` reads it from standard input
    #[arg(long, value_name = "NONCE", allow_hyphen_values = true)]
    bind_nonce: Option<String>,
    /// Nobody confirmed it and somebody should have: a refusal does not count as a replay
    #[arg(long)]
    unconfirmed: bool,
    /// Where the call came from
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// The token, its public name, or `-` for standard input
    token: Option<String>,
    /// All of this user
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    user: Option<UserId>,
    /// All of this client
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
    client: Option<ClientId>,
    /// All that this credential issued: its label, identifier or number
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
}

/// Whose tokens, links or sessions to list.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Only of this user
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    pub(crate) user: Option<UserId>,
    /// Only of this client
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
    pub(crate) client: Option<ClientId>,
    /// Only through this credential: its label, identifier or number
    #[arg(long, value_name = "NAME")]
    pub(crate) credential: Option<String>,
    /// Only those before this one: the last public name of the page before
    #[arg(long, value_name = "NAME")]
    pub(crate) before: Option<String>,
    /// At most so many, up to 1000 [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
}

impl Of {
    /// As parameters of an operation.
    pub(crate) fn parameters(&self, gate: &Gatepass) -> Result<serde_json::Value, Failure> {
        let credential = self.credential.as_deref().map(|name| number(gate, name)).transpose()?;
        Ok(json!({
            "user_id": self.user,
            "client_id": self.client,
            "credential_id": credential,
            "before": self.before,
            "limit": self.limit,
        }))
    }
}

pub(crate) fn run(command: TokenCommand, context: &Context) -> Result<Outcome, Failure> {
    match command {
        TokenCommand::Issue(args) => issue(&args, context),
        TokenCommand::Inspect { token } => inspect(&token, context),
        TokenCommand::Explain { token } => explain(&token, context),
        TokenCommand::Redeem(args) => redeem(&args, context),
        TokenCommand::Revoke { which } => revoke(which, context),
        TokenCommand::List { of, live } => {
            let gate = context.open()?;
            let mut query = of.parameters(&gate)?;
            query["live"] = json!(live);
            let columns =
                &["token", "state", "user_id", "client_id", "landing", "credential_id", "issued_at"];
            Ok(Outcome::table(call(&gate, "token.list", query)?, columns))
        }
    }
}

fn issue(args: &IssueArgs, context: &Context) -> Result<Outcome, Failure> {
    let secret = args.asking.secret()?;
    let nonce = args.bind_nonce.as_deref().map(|given| input::bytes("nonce", given)).transpose()?;
    let mut request = args.asking.request()?;
    request.life = args.life.map(|Seconds(life)| life);
    request.binding = nonce.as_deref().map(Binding::of_nonce);
    let gate = context.open()?;
    let caller = args.asking.caller(&gate, secret.as_ref())?;
    let issued = gate.issue(&caller, &request)?;
    Ok(Outcome::list(json!({
        "access_token": issued.token.reveal(),
        "redirect_url": issued.redirect_url,
        "expires_at": issued.expires_at,
        "user_id": issued.user_id,
        "client_id": issued.client_id,
        "token": issued.token.reference(),
    })))
}

fn inspect(token: &str, context: &Context) -> Result<Outcome, Failure> {
    let text = input::text("token", token)?;
    let gate = context.open()?;
    let inspection = match Reference::parse(text.reveal()) {
        Some(reference) => gate.inspect_reference(&reference)?,
        None => gate.inspect(&gate.read_token(text.reveal(), None)?, None)?,
    };
    Ok(Outcome::list(as_json(inspection)?))
}

fn explain(token: &str, context: &Context) -> Result<Outcome, Failure> {
    let text = input::text("token", token)?;
    let answer = context.call("token.explain", json!({ "token": text.reveal() }))?;
    let story = super::table::story(&answer);
    Ok(Outcome::text(answer, story))
}

fn redeem(args: &RedeemArgs, context: &Context) -> Result<Outcome, Failure> {
    let text = input::text("token", &args.token)?;
    let presented = args.presented_session.as_deref().map(session::presented).transpose()?;
    let nonce = args.bind_nonce.as_deref().map(|given| input::bytes("nonce", given)).transpose()?;
    let gate = context.open()?;
    let token = gate.read_token(text.reveal(), args.address)?;
    let mut request = RedeemRequest::new(token).presenting(presented.flatten()).confirmed(!args.unconfirmed);
    request.start_session = !args.no_session;
    request.binding = nonce.as_deref().map(Binding::of_nonce);
    request.address = args.address;
    let redeemed = gate.redeem(&request)?;
    Ok(Outcome::list(json!({
        "session_id": redeemed.session.as_ref().map(|session| session.reveal()),
        "landing_url": redeemed.landing_url,
        "user_id": redeemed.user_id,
        "client_id": redeemed.client_id,
        "clients": redeemed.clients,
        "session": redeemed.session.as_ref().map(|session| session.reference()),
        "session_expires_at": redeemed.session_expires_at,
        "redemption": redeemed.redemption,
        "destination": redeemed.destination,
        "credential_id": redeemed.credential_id,
        "actor": redeemed.actor,
        "unchecked": redeemed.unchecked,
    })))
}

fn revoke(which: Which, context: &Context) -> Result<Outcome, Failure> {
    let token = which.token.as_deref().map(|given| input::text("token", given)).transpose()?;
    let gate = context.open()?;
    let credential = which.credential.as_deref().map(|name| number(&gate, name)).transpose()?;
    let parameters = json!({
        "token": token.as_ref().map(|token| token.reveal()),
        "user_id": which.user,
        "client_id": which.client,
        "credential_id": credential,
    });
    Ok(Outcome::list(call(&gate, "token.revoke", parameters)?))
}
