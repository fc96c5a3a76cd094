//! `gatepass autoauth`: the legacy sign-in links, and the keys that sign them.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use gatepass::settings::Confirm;
use gatepass::{AutoAuthRequest, KeyChoice};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;
use super::{input, session};

#[derive(Debug, Subcommand)]
pub(crate) enum AutoAuthCommand {
    /// Accept AutoAuth links
    #[command(after_help = "Example:\n  gatepass autoauth enable")]
    Enable,
    /// Refuse AutoAuth links
    #[command(after_help = "Example:\n  gatepass autoauth disable")]
    Disable,
    /// The keys, one per calling system
    #[command(subcommand)]
    Key(KeyCommand),
    Sign(SignArgs),
    Verify(VerifyArgs),
    /// Tell who still uses the old links
    #[command(after_help = "Example:\n  gatepass autoauth report --days 90")]
    Report {
        /// Over the last so many days, 1 to 3650
        #[arg(long, default_value_t = 30, value_name = "N")]
        days: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Store a key, sealed; needs the sealing key
    #[command(after_help = "\
Example:
  gatepass --seal-key /etc/gatepass/seal.key autoauth key add portal --key - < key.txt")]
    Add {
        /// Which calling system has it; unique
        label: String,
        /// The key; `-` reads it from standard input
        #[arg(long, allow_hyphen_values = true)]
        key: String,
        /// When a sign-in page asks before it accepts its links: other_user or always; the stricter of this
        /// and the setting holds
        #[arg(long, value_name = "WHEN", value_parser = input::confirm)]
        confirm: Option<Confirm>,
    },
    /// List the keys and their use
    #[command(after_help = "Example:\n  gatepass autoauth key list")]
    List,
    /// Retire a key: its links are refused from now on
    #[command(after_help = "Example:\n  gatepass autoauth key retire portal")]
    Retire {
        /// Its label
        label: String,
    },
}

/// Build a link by the documented formula, signed for now
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass autoauth sign --email ann@example.com --key-label portal --goto clientarea.php?action=invoices
  gatepass autoauth sign --email ann@example.com --key - < key.txt")]
pub(crate) struct SignArgs {
    /// Whom to sign in
    #[arg(long)]
    email: String,
    /// Where to land: a relative path
    #[arg(long, value_name = "PATH")]
    goto: Option<String>,
    #[command(flatten)]
    with: SigningKey,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SigningKey {
    /// The label of a stored key; needs the sealing key
    #[arg(long, value_name = "LABEL")]
    key_label: Option<String>,
    /// The key itself; `-` reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    key: Option<String>,
}

/// Accept a link, once, and start a session
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo \"$LINK\" | gatepass --seal-key /etc/gatepass/seal.key autoauth verify -
  printf '%s\\n' \"$LINK\" \"$KEY\" | gatepass autoauth verify - --key - --no-session

Lines of standard input are read in this order: the link, the key, the presented session.")]
pub(crate) struct VerifyArgs {
    /// The link or its query string, or `-` for standard input
    link: String,
    /// Use this key and no stored one; `-` reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    key: Option<String>,
    /// Start no session: the application has its own
    #[arg(long)]
    no_session: bool,
    /// The session that the browser holds already; `-` reads it from standard input
    #[arg(long, value_name = "SESSION", allow_hyphen_values = true)]
    presented_session: Option<String>,
    /// Where the call came from
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
}

pub(crate) fn run(command: AutoAuthCommand, context: &Context) -> Result<Outcome, Failure> {
    let (operation, parameters) = match command {
        AutoAuthCommand::Enable => ("autoauth.enable", Value::Null),
        AutoAuthCommand::Disable => ("autoauth.disable", Value::Null),
        AutoAuthCommand::Key(KeyCommand::Add { label, key, confirm }) => {
            let key = input::text("key", &key)?;
            ("autoauth.key_add", json!({ "label": label, "key": key.reveal(), "confirm": confirm }))
        }
        AutoAuthCommand::Key(KeyCommand::List) => {
            let columns = &["key_id", "label", "weak", "added_at", "retired_at", "last_used_at", "uses"];
            return Ok(Outcome::table(context.call("autoauth.key_list", Value::Null)?, columns));
        }
        AutoAuthCommand::Key(KeyCommand::Retire { label }) => {
            ("autoauth.key_retire", json!({ "label": label }))
        }
        AutoAuthCommand::Sign(args) => return sign(&args, context),
        AutoAuthCommand::Verify(args) => return verify(&args, context),
        AutoAuthCommand::Report { days } => ("autoauth.report", json!({ "days": days })),
    };
    Ok(Outcome::list(context.call(operation, parameters)?))
}

fn sign(args: &SignArgs, context: &Context) -> Result<Outcome, Failure> {
    let given = args.with.key.as_deref().map(|given| input::text("key", given)).transpose()?;
    let label = args.with.key_label.as_deref().unwrap_or_default();
    let key = given.as_ref().map_or(KeyChoice::Label(label), KeyChoice::Given);
    let url = context.open()?.sign_autoauth(&args.email, key, args.goto.as_deref())?;
    Ok(Outcome::text(json!({ "url": url }), url))
}

fn verify(args: &VerifyArgs, context: &Context) -> Result<Outcome, Failure> {
    let link = input::bytes("query", &args.link)?;
    let mut request = AutoAuthRequest::default();
    request.key = args.key.as_deref().map(|given| input::text("key", given)).transpose()?;
    request.presented_session =
        args.presented_session.as_deref().map(session::presented).transpose()?.flatten();
    request.start_session = !args.no_session;
    request.address = args.address;
    let accepted = context.open()?.accept_autoauth(query_of(&link), &request)?;
    Ok(Outcome::list(json!({
        "session_id": accepted.session.as_ref().map(|session| session.reveal()),
        "landing_url": accepted.landing_url,
        "email": accepted.email,
        "user_id": accepted.user_id,
        "client_id": accepted.client_id,
        "clients": accepted.clients,
        "session": accepted.session.as_ref().map(|session| session.reference()),
        "session_expires_at": accepted.session_expires_at,
        "redemption": accepted.redemption,
        "key": accepted.key,
        "unchecked": accepted.unchecked,
    })))
}

/// The query string of a link. A text with `=` before its first `?` is a query string itself, in whose values
/// more may stand.
fn query_of(link: &[u8]) -> &[u8] {
    let Some(mark) = link.iter().position(|&byte| byte == b'?') else {
        return link;
    };
    if link[..mark].contains(&b'=') {
        return link;
    }
    let query = &link[mark + 1..];
    query.split(|&byte| byte == b'#').next().unwrap_or(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_and_its_query_string_are_the_same() {
        for (given, query) in [
            ("https://billing.example.com/dologin.php?email=a&goto=x.php?b=1#top", "email=a&goto=x.php?b=1"),
            ("?email=a", "email=a"),
            ("email=a&goto=x.php?b=1", "email=a&goto=x.php?b=1"),
            ("email=a", "email=a"),
            ("", ""),
        ] {
            assert_eq!(query_of(given.as_bytes()), query.as_bytes(), "{given}");
        }
    }
}
