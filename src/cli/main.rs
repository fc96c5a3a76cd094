//! The command-line tool: `gatepass NOUN VERB`.
//!
//! It is an ordinary user of the crate. Management commands go through [`gatepass::ops`], so that they answer
//! what every other caller of an operation is answered; issue, inspect, redeem, sign-in links made and opened,
//! AutoAuth and session checks are the typed calls.
//!
//! | Exit status | Meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | refused: an expected "no", with its reason |
//! | 2 | bad usage, or a value that can't be used; nothing was changed |
//! | 3 | the store could not answer, or a fault inside: take it as "no" |
//!
//! With `--json` every outcome is one JSON document on standard output, errors too; the line on standard
//! error stays.

use std::process::ExitCode;
use std::sync::LazyLock;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

mod admin;
mod api;
mod asking;
mod audit;
mod autoauth;
mod client;
mod context;
mod copy;
mod credential;
mod demo;
mod destination;
mod failure;
mod init;
mod input;
mod link;
mod member;
mod output;
mod progress;
mod race;
mod seal;
mod selfcheck;
#[cfg(feature = "serve")]
mod serve;
mod session;
mod settings;
mod shared;
mod shell;
mod table;
mod temporary;
mod token;
mod upkeep;
mod user;

use context::{Context, Global};
use failure::{Failure, Status};
use output::{Outcome, Output};

/// The tool's version with SQLite's and the platform.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (version, target) = (env!("CARGO_PKG_VERSION"), env!("GATEPASS_TARGET"));
    format!("{version} (SQLite {}, {target})", gatepass::sqlite_version())
});

/// Hands a signed-in person over from one trusted system to another:
/// single-use sign-on tokens over one SQLite file
#[derive(Debug, Parser)]
#[command(
    name = "gatepass",
    version = VERSION.as_str(),
    arg_required_else_help = true,
    propagate_version = false,
    after_help = "\
Exit status: 0 done, 1 refused, 2 bad usage or invalid input, 3 the store could not answer.

A token, secret, key or session id given as `-` is read from standard input, one line each.

First steps:
  export GATEPASS_STORE=/var/lib/gatepass/gatepass.db
  gatepass init --mode managed --system-url https://billing.example.com
  gatepass user add ann@example.com
  gatepass client add ann@example.com --owner 1
  gatepass token issue --client 1 --destination clientarea:product_details --service 1
  gatepass token redeem -"
)]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

// A noun of its own file needs a line here and one in `run`.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    /// Tell the store's name, age, schema and database version
    #[command(after_help = "Example:\n  gatepass info --json")]
    Info,
    /// What every process that uses the store agrees on
    #[command(subcommand)]
    Settings(settings::SettingsCommand),
    /// The owners of credentials
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Identifier and secret of a calling system, or the registered name of one on this machine
    #[command(subcommand)]
    Credential(credential::CredentialCommand),
    /// The persons who sign in
    #[command(subcommand)]
    User(user::UserCommand),
    /// The billable accounts
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// The places of users in clients
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// The named landing pages
    #[command(subcommand)]
    Destination(destination::DestinationCommand),
    /// SSO tokens: short-lived, spent once
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Sign-in links for e-mail: they live for hours or days, and each use is a token of its own
    #[command(subcommand)]
    Link(link::LinkCommand),
    /// The legacy sign-in links, and the keys that sign them
    #[command(subcommand, name = "autoauth")]
    AutoAuth(autoauth::AutoAuthCommand),
    /// The key that AutoAuth keys are sealed under
    #[command(subcommand)]
    Seal(seal::SealCommand),
    /// What a redemption or an AutoAuth link starts
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// What happened, when, through whom, and how it came out
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Api(api::ApiArgs),
    Purge(upkeep::PurgeArgs),
    Backup(upkeep::BackupArgs),
    Restore(upkeep::RestoreArgs),
    Check(upkeep::CheckArgs),
    Copy(copy::CopyArgs),
    Migrate(shared::MigrateArgs),
    Grants(shared::GrantsArgs),
    /// Let processes race for tokens on this disk, and see that each is redeemed once
    #[command(after_help = "Examples:\n  gatepass race\n  gatepass race --broken")]
    Race(race::RaceArgs),
    #[command(hide = true)]
    RaceWorker(race::WorkerArgs),
    /// The whole job in one command, in a temporary store, each step compared with what is promised
    #[command(after_help = "Example:\n  gatepass demo")]
    Demo(demo::DemoArgs),
    /// Serve the endpoints over HTTP: the API and the sign-in pages
    #[cfg(feature = "serve")]
    Serve(serve::ServeArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
    Version(shell::VersionArgs),
}

fn run(command: Command, context: &Context) -> Result<Outcome, Failure> {
    match command {
        Command::Init(args) => init::run(args, context),
        Command::Info => Ok(Outcome::list(context.call("store.info", serde_json::Value::Null)?)),
        Command::Settings(command) => settings::run(command, context),
        Command::Admin(command) => admin::run(command, context),
        Command::Credential(command) => credential::run(command, context),
        Command::User(command) => user::run(command, context),
        Command::Client(command) => client::run(command, context),
        Command::Member(command) => member::run(command, context),
        Command::Destination(command) => destination::run(command, context),
        Command::Token(command) => token::run(command, context),
        Command::Link(command) => link::run(command, context),
        Command::AutoAuth(command) => autoauth::run(command, context),
        Command::Seal(command) => seal::run(command, context),
        Command::Session(command) => session::run(command, context),
        Command::Audit(command) => audit::run(command, context),
        Command::Api(args) => api::run(args, context),
        Command::Purge(_) => upkeep::purge(context),
        Command::Backup(args) => upkeep::backup(&args, context),
        Command::Restore(args) => upkeep::restore(&args, context),
        Command::Check(_) => upkeep::check(context),
        Command::Copy(args) => copy::run(&args, context),
        Command::Migrate(_) => shared::migrate(context),
        Command::Grants(args) => shared::grants(&args, context),
        Command::Race(args) => {
            told(race::run(&args, context.store_path().ok(), context.deadline(), &context.output))
        }
        Command::RaceWorker(args) => told(race::work(&args)),
        Command::Demo(args) => told(demo::run(&args, &context.output)),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(&args, context),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::Version(_) => Ok(shell::version()),
    }
}

/// What a self-check came to: it gives its answer itself.
fn told(ended: Result<(), selfcheck::SelfCheckError>) -> Result<Outcome, Failure> {
    match ended {
        Ok(()) => Ok(Outcome::told()),
        Err(selfcheck::SelfCheckError::Unproven(line)) => Ok(Outcome::told().refused(line)),
        Err(selfcheck::SelfCheckError::Library(error)) => Err(error.into()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let status = match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let context = Context::new(cli.global);
            context.output.tell(run(cli.command, &context))
        }
        Err(error) => {
            // The command line was not understood, so look for the switch by hand.
            let json = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--json");
            not_run(error, Output::new(json))
        }
    };
    ExitCode::from(status as u8)
}

/// What there is to say when no command is run: help, the version, or what is wrong with the command line.
fn not_run(error: clap::Error, output: Output) -> Status {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if output.json => {
            let name = if error.kind() == ErrorKind::DisplayHelp { "help" } else { "version" };
            let text = error.render().to_string();
            output.tell(Ok(Outcome::text(serde_json::json!({ name: text.trim_end() }), "")))
        }
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Coloured on a terminal only. If standard output is closed, nobody wanted to read it.
            let _ = error.print();
            Status::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !output.json => {
            let _ = error.print();
            Status::Invalid
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output.tell(Err(Failure::usage("a command is needed; --help names them")))
        }
        _ => output.tell(Err(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// The parser would mix up the two values.
    #[test]
    fn no_command_has_an_option_of_its_own_by_the_name_of_a_shared_one() {
        fn walk(command: &clap::Command, shared: &[clap::Id]) {
            for inner in command.get_subcommands() {
                for argument in inner.get_arguments() {
                    let id = argument.get_id();
                    assert!(!shared.contains(id), "{} has its own --{id}", inner.get_name());
                }
                walk(inner, shared);
            }
        }
        let tool = Cli::command();
        let shared = tool.get_arguments().filter(|argument| argument.is_global_set());
        let shared: Vec<clap::Id> = shared.map(|argument| argument.get_id().clone()).collect();
        assert_eq!(shared.len(), 4);
        walk(&tool, &shared);
    }

    #[test]
    fn every_command_says_what_it_does_and_gives_an_example() {
        fn walk(command: &clap::Command, path: &str) {
            for inner in
                command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
            {
                let path = format!("{path} {}", inner.get_name());
                assert!(inner.get_about().is_some(), "{path} does not say what it does");
                if inner.has_subcommands() {
                    walk(inner, &path);
                } else {
                    let after = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
                    // Options of every command may stand between the tool's name and the noun.
                    let said = after.contains(path.trim_start_matches("gatepass "));
                    assert!(said, "{path} gives no example");
                }
                for argument in inner.get_arguments().filter(|argument| !argument.is_hide_set()) {
                    let id = argument.get_id();
                    let said = argument.get_help().is_some() || id == "help" || id == "version";
                    assert!(said, "{path}: {id} is not explained");
                }
            }
        }
        walk(&Cli::command(), "gatepass");
    }
}
