//! `gatepass demo`: the main job in one command, in a temporary store.
//!
//! Nothing is played: each step calls the library as a host would and compares what came out with what the
//! library promises. The steps tell a story in order: people and a credential, a hand-over, everything that
//! must be refused, a link in a mail, the race, and what a thief finds in the files.

mod ending;
mod leak;
mod legacy;
mod link;
mod script;
mod stage;
mod tokens;

use std::path::PathBuf;
use std::time::Instant;

use gatepass::Error;
use serde_json::json;

use crate::output::Output;
use crate::selfcheck::SelfCheckError;
use script::{Script, Step};
use stage::Stage;

/// Where to play.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Where to make the temporary store; the default is the system's folder for temporary files
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// One step: its title and what it does.
type Scene = (&'static str, fn(&mut Stage, &mut Step) -> Result<(), Error>);

const SCENES: &[Scene] = &[
    ("A store in a temporary folder", tokens::make_store),
    ("An admin, a credential, a user and a client", tokens::add_people),
    ("A token for client 1, to clientarea:product_details, service 1", tokens::issue),
    ("The browser brings it: redeemed into a session", tokens::redeem),
    ("The same token again", tokens::replay),
    ("A token that nobody brings in time", tokens::expire),
    ("The credential is revoked", tokens::revoke),
    ("A sign-in link for a mail", link::mail),
    ("AutoAuth: the documented formula", legacy::known_answer),
    ("AutoAuth: a link is accepted once", legacy::once),
    ("AutoAuth: what must be refused", legacy::refused),
    ("Four processes race for each of 20 tokens", ending::race),
    ("What a thief finds in the files", ending::search),
    ("The store checks itself", ending::check),
    ("The audit trail", ending::audit),
];

/// Play all of it. Fails if any step did not come out as promised.
pub(crate) fn run(args: &DemoArgs, output: &Output) -> Result<(), SelfCheckError> {
    let began = Instant::now();
    let mut stage = Stage::new(&args.folder.clone().unwrap_or_else(std::env::temp_dir))?;
    let mut script = Script::new(output);
    for (title, scene) in SCENES {
        let mut step = Step::new(title);
        // What a step could not do, the ones after it can't build on.
        let stopped = scene(&mut stage, &mut step).err();
        if let Some(error) = &stopped {
            step.expect("the step itself", "done", error.to_string());
        }
        script.tell(step);
        if stopped.is_some() {
            break;
        }
    }
    let failure = script.failure();
    let seconds = began.elapsed().as_secs_f64();
    let document = json!({
        "ok": failure.is_none(),
        "elapsed_ms": (seconds * 1e3).round(),
        "steps": script.documents(),
    });
    let last = match &failure {
        None => format!("All {} steps came out as promised, in {seconds:.1} s.", SCENES.len()),
        Some(failure) => format!("FAILED: {failure}"),
    };
    output.emit(&document, &last);
    failure.map_or(Ok(()), |failure| Err(SelfCheckError::Unproven(failure)))
}
