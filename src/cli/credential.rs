//! `gatepass credential`: who may ask for tokens, and what each may do.

use clap::{Args, Subcommand};
use gatepass::credential::{Part, check};
use gatepass::id::{ClientId, CredentialId};
use gatepass::settings::Confirm;
use gatepass::{Gatepass, Reason};
use ipnet::IpNet;
use serde_json::{Value, json};

use super::context::{Context, call};
use super::failure::Failure;
use super::input::{self, Moment, Span};
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    Create(Box<CreateArgs>),
    /// List the credentials
    #[command(after_help = "Example:\n  gatepass credential list")]
    List,
    /// Tell one credential
    #[command(after_help = "Example:\n  gatepass credential show portal")]
    Show(Named),
    /// Give a credential a new secret, shown once
    #[command(after_help = "\
Examples:
  gatepass credential rotate portal --overlap 1h
  gatepass credential rotate portal --leaked
  gatepass credential rotate portal --leaked --since 2026-11-20

Without --overlap the old secret ends at once. With --leaked its unspent tokens and its sign-in links end too, \
and the sessions that it started since that time; without --since, all of them.")]
    Rotate {
        #[command(flatten)]
        named: Named,
        /// How long the old secret is still accepted, at most 30d
        #[arg(long, value_name = "DURATION", conflicts_with = "leaked")]
        overlap: Option<Span>,
        /// The old secret is in the wrong hands
        #[arg(long)]
        leaked: bool,
        /// Since when it may have been: 24h, 2026-11-20 or RFC 3339 [default: the credential's creation]
        #[arg(long, value_name = "TIME", requires = "leaked")]
        since: Option<Moment>,
    },
    /// Revoke a credential for good; its unspent tokens and its sign-in links die at once
    #[command(after_help = "\
Examples:
  gatepass credential revoke portal
  gatepass credential revoke portal --end-sessions")]
    Revoke {
        #[command(flatten)]
        named: Named,
        /// End the sessions that it started, too
        #[arg(long)]
        end_sessions: bool,
    },
    /// Switch a host credential on
    #[command(after_help = "Example:\n  gatepass credential enable cli")]
    Enable(Named),
    /// Switch a host credential off
    #[command(after_help = "Example:\n  gatepass credential disable cli")]
    Disable(Named),
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its label or identifier
    #[arg(value_name = "NAME")]
    name: String,
}

/// Make a credential; its secret is shown this once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass credential create portal --admin alice --client 1 --client 2 --per-minute 60
  gatepass credential create shop --admin alice --destination '*' --address 203.0.113.0/24
  gatepass credential create addon --host --destination clientarea:invoices
  gatepass credential create mailer --host --links --link-destination clientarea:invoices --max-link-life 3d

A list that is not given means any, but sso:custom_redirect must be named; \
the destination * stands for all of them.")]
pub(crate) struct CreateArgs {
    /// What it is for; unique
    label: String,
    /// The admin who owns it
    #[arg(long, value_name = "NAME", required_unless_present = "host")]
    admin: Option<String>,
    /// Make a host credential: a registered name without a secret, for callers on this machine
    #[arg(long, conflicts_with = "admin")]
    host: bool,
    /// Allow this destination (repeatable)
    #[arg(long = "destination", value_name = "NAME")]
    destinations: Vec<String>,
    /// Allow this API action (repeatable), such as CreateSsoToken
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// Allow this client (repeatable)
    #[arg(long = "client", value_name = "CLIENT", allow_negative_numbers = true)]
    clients: Vec<ClientId>,
    /// Allow calls from this address or CIDR range (repeatable)
    #[arg(long = "address", value_name = "ADDRESS", value_parser = input::network)]
    addresses: Vec<IpNet>,
    /// Longest life of its tokens, 1 to 60
    #[arg(long, value_name = "SECONDS")]
    max_life: Option<u32>,
    /// Most tokens per minute
    #[arg(long, value_name = "N")]
    per_minute: Option<u32>,
    /// Let it make sign-in links, which live for hours or days
    #[arg(long)]
    links: bool,
    /// Of its destinations, let its links lead to this one (repeatable)
    #[arg(long = "link-destination", value_name = "NAME", requires = "links")]
    link_destinations: Vec<String>,
    /// Longest life of its links, 1m to 7d
    #[arg(long, value_name = "DURATION", requires = "links")]
    max_link_life: Option<Span>,
    /// Most links per minute
    #[arg(long, value_name = "N", requires = "links")]
    links_per_minute: Option<u32>,
    /// Let API calls carry its secret in the query of the URL, where logs keep it
    #[arg(long)]
    secret_in_query: bool,
    /// When a sign-in page asks before it spends its tokens: other_user or always; the stricter of this and
    /// the setting holds
    #[arg(long, value_name = "WHEN", value_parser = input::confirm)]
    confirm: Option<Confirm>,
    /// When it ends by itself: 90d from now, 2027-01-01 or a time in RFC 3339
    #[arg(long, value_name = "TIME")]
    expires: Option<Moment>,
    /// Where a refusal page sends people back to
    #[arg(long, value_name = "URL")]
    home_url: Option<String>,
}

pub(crate) fn run(command: CredentialCommand, context: &Context) -> Result<Outcome, Failure> {
    let (operation, name, parameters) = match command {
        CredentialCommand::Create(args) => {
            return Ok(Outcome::list(context.call("credential.create", args.parameters())?));
        }
        CredentialCommand::List => {
            let columns = &[
                "credential_id",
                "label",
                "kind",
                "identifier",
                "admin_id",
                "enabled",
                "expires_at",
                "revoked_at",
                "last_used_at",
            ];
            return Ok(Outcome::table(context.call("credential.list", Value::Null)?, columns));
        }
        CredentialCommand::Rotate { named, overlap, leaked, since } => {
            return rotate(&named.name, overlap, leaked, since, context);
        }
        CredentialCommand::Show(named) => ("credential.show", named.name, json!({})),
        CredentialCommand::Revoke { named, end_sessions } => {
            ("credential.revoke", named.name, json!({ "end_sessions": end_sessions }))
        }
        CredentialCommand::Enable(named) => ("credential.enable", named.name, json!({})),
        CredentialCommand::Disable(named) => ("credential.disable", named.name, json!({})),
    };
    let mut parameters = parameters;
    parameters["credential"] = json!(name);
    let answer = context.call(operation, parameters).map_err(|failure| unknown(failure, &name))?;
    Ok(Outcome::list(answer))
}

impl CreateArgs {
    fn parameters(self) -> Value {
        let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
        let actions = self.actions.iter().map(|action| action.to_ascii_lowercase()).collect();
        json!({
            "label": self.label,
            "admin": self.admin,
            "host": self.host,
            "home_url": self.home_url,
            "limits": {
                "actions": some(actions),
                "destinations": some(self.destinations),
                "clients": Some(self.clients).filter(|list| !list.is_empty()),
                "addresses": self.addresses,
                "max_token_life_seconds": self.max_life,
                "issues_per_minute": self.per_minute,
                "links": self.links,
                "link_destinations": some(self.link_destinations),
                "max_link_life_seconds": self.max_link_life.map(|Span(life)| life.as_secs()),
                "links_per_minute": self.links_per_minute,
                "secret_in_query": self.secret_in_query,
                "confirm": self.confirm,
            },
            "expires_at": self.expires.map(Moment::coming),
        })
    }
}

fn rotate(
    name: &str,
    overlap: Option<Span>,
    leaked: bool,
    since: Option<Moment>,
    context: &Context,
) -> Result<Outcome, Failure> {
    let gate = context.open()?;
    let mut parameters = json!({ "credential": name });
    if let Some(Span(overlap)) = overlap {
        parameters["overlap_seconds"] = json!(overlap.as_secs());
    }
    if leaked {
        parameters["leaked_since"] = match since {
            Some(since) => json!(since.past()),
            None => json!(find(&gate, name)?.created_at),
        };
    }
    let answer = call(&gate, "credential.rotate", parameters).map_err(|failure| unknown(failure, name))?;
    Ok(Outcome::list(answer))
}

/// A credential by its label or identifier.
fn find(gate: &Gatepass, name: &str) -> Result<gatepass::credential::Credential, Failure> {
    gate.credential(name).map_err(|error| unknown(error.into(), name))
}

/// The number of a credential, by its label, its identifier or that very number.
pub(crate) fn number(gate: &Gatepass, name: &str) -> Result<CredentialId, Failure> {
    match (gate.credential(name), name.parse::<CredentialId>()) {
        (Ok(found), _) => Ok(found.credential_id),
        (Err(error), Ok(id)) if error.reason() == Some(Reason::CredentialUnknown) => Ok(id),
        (Err(error), _) => Err(unknown(error.into(), name)),
    }
}

/// Adds what is wrong with the shape of an identifier that nobody has.
fn unknown(failure: Failure, name: &str) -> Failure {
    let typed_as_one = name.starts_with("GP") || name.len() == 32;
    let typo = check(Part::Identifier, name).err().filter(|_| typed_as_one);
    match (failure.reason(), typo) {
        (Some(Reason::CredentialUnknown), Some(typo)) => {
            failure.hint(Some(format!("as an identifier: {typo}")))
        }
        _ => failure,
    }
}

/// Adds what is wrong with the shape of an identifier and secret that were not accepted.
pub(crate) fn not_accepted(failure: Failure, identifier: &str, secret: &str) -> Failure {
    if failure.reason() != Some(Reason::AuthenticationFailed) {
        return failure;
    }
    let of_identifier =
        check(Part::Identifier, identifier).err().map(|typo| format!("the identifier: {typo}"));
    let of_secret = check(Part::Secret, secret).err().map(|typo| format!("the secret: {typo}"));
    failure.hint(of_identifier.or(of_secret))
}
