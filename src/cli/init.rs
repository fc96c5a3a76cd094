//! `gatepass init`: makes a store.

use clap::{Args, ValueEnum};
use gatepass::InitOptions;
use gatepass::directory::Mode;
use serde_json::json;

use super::context::{Context, call, json as as_json};
use super::failure::Failure;
use super::output::Outcome;

/// Make a store
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass --store /var/lib/gatepass/gatepass.db init --mode managed --system-url https://billing.example.com
  gatepass init --mode host --system-url http://localhost:8080 --group-writable

Nothing may stand at the path. The store brings the host credential `cli`, which this tool uses.")]
pub(crate) struct InitArgs {
    /// Where users and clients live; chosen once
    #[arg(long, value_enum)]
    mode: ModeWord,

    /// The address of the system that people are signed in to; plain http on this machine only
    #[arg(long, value_name = "URL")]
    system_url: String,

    /// Let the file's group read and write it too (0660 instead of 0600)
    #[arg(long)]
    group_writable: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeWord {
    /// In this store
    Managed,
    /// In the application's own database
    Host,
}

pub(crate) fn run(args: InitArgs, context: &Context) -> Result<Outcome, Failure> {
    let path = context.store_path()?;
    let mode = match args.mode {
        ModeWord::Managed => Mode::Managed,
        ModeWord::Host => Mode::Host,
    };
    let init = InitOptions::new(mode, &args.system_url)?.group_writable(args.group_writable);
    let gate = context.options().init(path, &init)?;
    let settings = gate.settings()?;
    let info = call(&gate, "store.info", json!({}))?;
    Ok(Outcome::list(json!({
        "store": gate.path().to_string_lossy(),
        "store_id": info["store_id"],
        "mode": as_json(settings.mode)?,
        "system_url": settings.system_url.as_str(),
        "created_at": info["created_at"],
        "host_credential": "cli",
    })))
}
