//! `gatepass seal`: the key that AutoAuth keys are sealed under.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};
use gatepass::Gatepass;
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum SealCommand {
    /// Make a sealing key in a new file that only its owner can read
    #[command(after_help = "\
Example:
  gatepass seal new /etc/gatepass/seal.key

Keep a copy apart from the store's backups: \
without it the stored AutoAuth keys are lost, beside it they are open.")]
    New {
        /// The new file; not in the store's folder
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Seal all AutoAuth keys anew, under the key in another file, in one act
    #[command(after_help = "\
Example:
  gatepass seal new /etc/gatepass/seal-2.key
  gatepass --seal-key /etc/gatepass/seal.key seal rotate /etc/gatepass/seal-2.key

--seal-key names the present key. Afterwards every program must be given the new file.")]
    Rotate {
        /// The file with the new key
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

pub(crate) fn run(command: SealCommand, context: &Context) -> Result<Outcome, Failure> {
    match command {
        SealCommand::New { file } => {
            Gatepass::new_sealing_key_file(&file, context.store_path()?)?;
            Ok(Outcome::list(json!({ "sealing_key_file": file.to_string_lossy() })))
        }
        SealCommand::Rotate { file } => {
            Ok(Outcome::list(context.call("seal.rotate", json!({ "file": file }))?))
        }
    }
}
