//! The command-line tool.

mod demo;
mod error;
mod output;
mod race;
mod temporary;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;

#[derive(Parser)]
#[command(name = "gatepass", version, about = "Single-use sign-on tokens over one SQLite file")]
struct Cli {
    /// The store's file.
    #[arg(long, global = true, env = "GATEPASS_STORE", value_name = "PATH")]
    store: Option<PathBuf>,
    /// One JSON document on stdout instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Let processes race for tokens on this disk, and see that each is redeemed once.
    Race(race::RaceArgs),
    #[command(hide = true)]
    RaceWorker(race::WorkerArgs),
    /// The whole job in one command, in a temporary store, each step compared with what is promised.
    Demo(demo::DemoArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let output = Output { json: cli.json, color };
    let result = match &cli.command {
        Command::Race(args) => race::run(args, cli.store.as_deref(), &output),
        Command::RaceWorker(args) => race::work(args),
        Command::Demo(args) => demo::run(args, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody can be told about a stderr that is closed.
            let _ = writeln!(std::io::stderr(), "gatepass: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}
