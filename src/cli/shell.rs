//! `gatepass completions`, `man` and `version`: what the tool says about itself.

use std::io;
use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueHint};
use clap_complete::Shell;
use serde_json::json;

use super::Cli;
use super::failure::Failure;
use super::output::Outcome;

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass completions bash > /etc/bash_completion.d/gatepass
  gatepass completions zsh > /usr/local/share/zsh/site-functions/_gatepass
  gatepass completions fish > ~/.config/fish/completions/gatepass.fish")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

/// Print the manual page, or write the pages of all commands into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass man | man -l -
  gatepass man --output /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
}

/// Tell the version of the tool and of its SQLite
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gatepass version --json")]
pub(crate) struct VersionArgs {}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gatepass", &mut script);
    let script = String::from_utf8_lossy(&script);
    Ok(Outcome::text(json!({ "shell": args.shell.to_string(), "script": script }), script.as_ref()))
}

pub(crate) fn man(args: &ManArgs) -> Result<Outcome, Failure> {
    let Some(folder) = &args.output else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Failure::output)?;
        let page = String::from_utf8_lossy(&page);
        return Ok(Outcome::text(json!({ "page": page }), page.as_ref()));
    };
    let failed = |error: io::Error| Failure::invalid("output", error.kind().to_string());
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    let mut pages = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.starts_with("gatepass") && name.ends_with(".1") {
            pages.push(name);
        }
    }
    pages.sort_unstable();
    let said = format!("{} pages in {}", pages.len(), super::table::shown(&folder.to_string_lossy()));
    Ok(Outcome::text(json!({ "folder": folder.to_string_lossy(), "pages": pages }), said))
}

pub(crate) fn version() -> Outcome {
    let (gatepass, sqlite) = (env!("CARGO_PKG_VERSION"), gatepass::sqlite_version());
    let target = env!("GATEPASS_TARGET");
    let document = json!({ "gatepass": gatepass, "sqlite": sqlite, "target": target });
    Outcome::text(document, format!("gatepass {}", &*super::VERSION))
}
