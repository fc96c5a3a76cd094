//! `gatepass race`: is a token really redeemed once, on this disk, by these processes, and a sign-in link opened
//! as often as it allows?
//!
//! Separate processes, each with its own handle, are released on one token or link after another. What counts is
//! what each of them was told, and that they really met inside of the call: a race without a meeting proves
//! nothing, and says so.

mod contest;
mod prize;
mod tally;
mod worker;

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepass::Error;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::output::Output;
use crate::selfcheck::SelfCheckError;

pub(crate) use contest::Contest;
pub(crate) use prize::Prize;
pub(crate) use tally::Tally;
pub(crate) use worker::{WorkerArgs, work};

/// What to race.
#[derive(Debug, clap::Args)]
pub(crate) struct RaceArgs {
    /// How many processes try each token or link
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=64))]
    processes: u8,
    /// How many tokens, or links, they race for
    #[arg(long, default_value_t = 200, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tokens: u32,
    /// Race for sign-in links, which are opened, instead of tokens
    #[arg(long)]
    links: bool,
    /// How often each link may be used: so many processes must win, fewer than there are
    #[arg(long, default_value_t = 1, value_name = "N", requires = "links",
          value_parser = clap::value_parser!(u32).range(1..=63))]
    uses: u32,
    /// Race a redemption or opening that looks first and spends later; the check passes if it is caught
    #[arg(long)]
    broken: bool,
    /// Where to make the temporary store: on the disk that you want to know about
    ///
    /// The default is the folder of the store, or the system's folder for temporary files.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Hold the race and give out what came of it. `store` is only asked for its folder.
pub(crate) fn run(
    args: &RaceArgs,
    store: Option<&Path>,
    deadline: Option<Duration>,
    output: &Output,
) -> Result<(), SelfCheckError> {
    let beside = store.map(|store| match store.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    });
    if args.uses >= u32::from(args.processes) {
        return Err(Error::Invalid {
            field: "uses".into(),
            reason: "must be fewer than the processes".into(),
        }
        .into());
    }
    let contest = Contest {
        processes: usize::from(args.processes),
        prize: if args.links { Prize::Links { uses: args.uses } } else { Prize::Tokens },
        rounds: u64::from(args.tokens),
        broken: args.broken,
        folder: args.folder.clone().or(beside).unwrap_or_else(std::env::temp_dir),
        deadline: deadline.unwrap_or(Duration::from_secs(10)),
    };
    // Draws nothing unless stderr is a terminal.
    let bar = ProgressBar::new(contest.rounds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left") {
        bar.set_style(style);
    }
    let held = contest.hold(&mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let tally = match held {
        Ok(tally) => tally,
        Err(SelfCheckError::Unproven(line)) => {
            output.emit(&json!({ "ok": false, "failures": [line] }), &format!("FAILED: {line}."));
            return Err(SelfCheckError::Unproven(line));
        }
        Err(error) => return Err(error),
    };
    output.emit(&tally.document(), &tally.human());
    match tally.failures().first() {
        None => Ok(()),
        Some(failure) => Err(SelfCheckError::Unproven(failure.clone())),
    }
}
