//! `gatepass copy`: a store moves to another kind of place.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use gatepass::upkeep::Verdict;

use super::context::{Context, json as as_json};
use super::failure::Failure;
use super::input;
use super::output::Outcome;
use super::progress::Bar;

/// Copy a store to a place where none is: from a file to a shared store, or back
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gatepass copy --from /var/lib/gatepass/gatepass.db --to mysql://owner:PASSWORD@db.example.com/gatepass
  gatepass copy --from - --to /var/lib/gatepass/gatepass.db

The tables of a shared store must be there (`gatepass migrate`). An interrupted copy goes on when it is repeated. \
Both sides are compared in the end; only then the copy opens as a store. If the source was used meanwhile the \
exit status is 1: stop whoever uses it, and repeat. From then on nobody may use the source.")]
pub(crate) struct CopyArgs {
    /// The store's file or URL; `-` reads it from standard input
    #[arg(long, value_name = "PLACE", value_hint = ValueHint::FilePath)]
    from: PathBuf,
    /// Where the copy shall be; `-` reads it from standard input
    #[arg(long, value_name = "PLACE", value_hint = ValueHint::FilePath)]
    to: PathBuf,
}

pub(crate) fn run(args: &CopyArgs, context: &Context) -> Result<Outcome, Failure> {
    let from = place("from", &args.from)?;
    let to = place("to", &args.to)?;
    let copied = {
        let bar = Bar::new(context.output, "copy", "rows, copied and compared");
        context.options().copy(&from, &to, &mut |done, of| bar.show(done, of))?
    };
    let differing = copied.differing.join(", ");
    let outcome = Outcome::list(as_json(&copied)?);
    Ok(match copied.verdict {
        Verdict::Verified => outcome,
        Verdict::SourceChanged => outcome
            .refused(format!("the source was changed meanwhile ({differing}): stop its users, and repeat")),
        Verdict::Differs => {
            outcome.refused(format!("the copy is not as the source ({differing}): repeat it"))
        }
    })
}

/// A place, which may hold a password.
fn place(field: &'static str, given: &std::path::Path) -> Result<PathBuf, Failure> {
    match given.to_str() {
        Some("-") => Ok(input::text(field, "-")?.reveal().into()),
        _ => Ok(given.to_owned()),
    }
}
