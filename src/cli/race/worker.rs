//! One of the racing processes: it opens the store once, then redeems or opens what it is told to, when it is
//! told to.
//!
//! It is told on stdin and answers on stdout, a line of JSON each, so that no token or link stands in the
//! process list. All processes read the same system clock, by which they start and by which their times are compared.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatepass::{Error, Gatepass, Options};
use serde::{Deserialize, Serialize};

use super::prize::Piece;
use super::tally::Run;
use crate::selfcheck::SelfCheckError;
use crate::temporary::remove_folder_of;

/// A sleeper may be woken up this late; the rest of the wait is spent awake.
const AWAKE: Duration = Duration::from_micros(200);

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// Try this one at that time, in nanoseconds since 1970.
    Try { piece: Piece, at: u64 },
    /// There is no more to do.
    End,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The store is open.
    Ready,
    /// It was tried.
    Tried(Run),
    /// It can't go on.
    Failed(String),
}

/// The hidden command that a racing process is started with.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// The temporary store
    #[arg(value_name = "STORE")]
    at: PathBuf,
    /// How long one try may wait, in milliseconds
    #[arg(long, value_name = "MS")]
    wait: u64,
    /// Look first, spend later
    #[arg(long)]
    broken: bool,
}

/// Nanoseconds since 1970 by the system's clock.
pub(super) fn nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Work until told to end. If the parent goes away without that word it was killed, and its temporary folder
/// goes too.
pub(crate) fn work(args: &WorkerArgs) -> Result<(), SelfCheckError> {
    let gate = match open(args) {
        Ok(gate) => gate,
        Err(error) => {
            say(&Answer::Failed(error.to_string()));
            return Err(error.into());
        }
    };
    let mut heard = say(&Answer::Ready);
    for line in std::io::stdin().lock().lines() {
        match line.ok().and_then(|line| serde_json::from_str(&line).ok()) {
            Some(Order::Try { piece, at }) if heard => heard = say(&answer(&gate, &piece, at)),
            Some(Order::End) => return Ok(()),
            _ => break,
        }
    }
    drop(gate);
    remove_folder_of(&args.at);
    Ok(())
}

fn open(args: &WorkerArgs) -> Result<Gatepass, Error> {
    let options = Options::new().deadline(Duration::from_millis(args.wait));
    let gate = match args.broken {
        true => options.open_check_then_act(&args.at)?,
        false => options.open(&args.at)?,
    };
    // The first read opens a connection: not within the race.
    gate.settings()?;
    Ok(gate)
}

fn answer(gate: &Gatepass, piece: &Piece, at: u64) -> Answer {
    let Some(attempt) = piece.read() else {
        return Answer::Failed("what came was no token and no link".to_owned());
    };
    wait_until(at);
    let enter = nanoseconds();
    let result = attempt.make(gate);
    let leave = nanoseconds();
    Answer::Tried(Run { enter, leave, lost: result.err().map(|error| error.code().to_owned()) })
}

fn wait_until(at: u64) {
    loop {
        let left = Duration::from_nanos(at.saturating_sub(nanoseconds()));
        if left.is_zero() {
            return;
        }
        match left.checked_sub(AWAKE) {
            Some(sleep) => std::thread::sleep(sleep),
            None => std::hint::spin_loop(),
        }
    }
}

/// Whether the parent could be told.
fn say(answer: &Answer) -> bool {
    let Ok(line) = serde_json::to_string(answer) else { return false };
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_ok()
}
