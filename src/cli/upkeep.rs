//! `gatepass purge`, `backup`, `restore` and `check`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use gatepass::upkeep::Severity;
use serde_json::json;

use super::context::{Context, json as as_json};
use super::failure::Failure;
use super::output::Outcome;
use super::progress::Bar;

/// Delete everything whose time is over
///
/// Issues do a part of it all along, so only a quiet store needs this, once a day.
#[derive(Debug, Args)]
#[command(after_help = "\
Example, as a line of a crontab:
  17 4 * * * gatepass --store /var/lib/gatepass/gatepass.db purge")]
pub(crate) struct PurgeArgs {}

/// Copy the store to a new file, while others use it
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  gatepass backup /backup/gatepass-2026-11-22.db

The copy holds no secret in clear, but treat it as the store itself. \
Never copy the store's file by other means.")]
pub(crate) struct BackupArgs {
    /// The new file
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// Put a backup in place of everything, or make a store of it where none is
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass --store /var/lib/gatepass/new.db restore /backup/gatepass-2026-11-22.db
  gatepass restore /backup/gatepass-2026-11-22.db --yes

Sessions, tokens and sign-in links of the backup end. \
Credentials revoked since are good again: check the list in the answer.")]
pub(crate) struct RestoreArgs {
    /// The backup
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Yes, replace what is in the store now
    #[arg(long)]
    yes: bool,
}

/// Look for damage, danger and settings that endanger
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  gatepass --seal-key /etc/gatepass/seal.key check

The exit status is 1 if anything is bad; a warning alone leaves it 0.")]
pub(crate) struct CheckArgs {}

pub(crate) fn purge(context: &Context) -> Result<Outcome, Failure> {
    let gate = context.open()?;
    let bar = Bar::new(context.output, "purge", "rows");
    let purged = gate.purge(&mut |done, of| bar.show(done, of))?;
    Ok(Outcome::list(as_json(purged)?))
}

pub(crate) fn backup(args: &BackupArgs, context: &Context) -> Result<Outcome, Failure> {
    let gate = context.open()?;
    let bar = Bar::new(context.output, "backup", "parts");
    let pages = gate.backup(&args.file, &mut |done, of| bar.show(done, of))?;
    Ok(Outcome::list(json!({ "file": args.file.to_string_lossy(), "pages": pages })))
}

pub(crate) fn restore(args: &RestoreArgs, context: &Context) -> Result<Outcome, Failure> {
    let path = context.store_path()?;
    let bar = Bar::new(context.output, "restore", "parts");
    let mut show = |done, of| bar.show(done, of);
    let restored = if nothing_at(path, context)? {
        context.options().restore_to_new(path, &args.file, &mut show)?
    } else if args.yes {
        context.open()?.restore(&args.file, &mut show)?
    } else {
        return Err(Failure::usage(
            "there is a store, and everything in it would be replaced: repeat with --yes",
        ));
    };
    Ok(Outcome::list(as_json(restored)?))
}

/// Whether no store is where one is to be made of a backup.
fn nothing_at(path: &Path, context: &Context) -> Result<bool, Failure> {
    if path.to_str().is_some_and(|place| place.starts_with("mysql://")) {
        return match context.open() {
            Ok(_) => Ok(false),
            Err(failure) if failure.code() == Some("store_missing") => Ok(true),
            Err(failure) => Err(failure),
        };
    }
    // Asked without opening anything: a dangling link counts as something that stands there.
    Ok(path.symlink_metadata().is_err())
}

pub(crate) fn check(context: &Context) -> Result<Outcome, Failure> {
    let gate = context.open()?;
    let findings = {
        let bar = Bar::new(context.output, "check", "steps");
        gate.check(&mut |done, of| bar.show(done, of))?
    };
    let bad = findings.iter().filter(|finding| finding.severity == Severity::Bad).count();
    let outcome = Outcome::table(as_json(findings)?, &["severity", "subject", "message"]);
    Ok(match bad {
        0 => outcome,
        1 => outcome.refused("one thing must be mended"),
        _ => outcome.refused(format!("{bad} things must be mended")),
    })
}
