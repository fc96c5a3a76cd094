//! What must hold whatever fails: nobody is let in on a doubt, nothing that was acknowledged is gone, nothing
//! that was said not to be done is, a token has one winner, and the process goes on when the fault is over.

use gatepass::token::RedeemRequest;
use serde::{Deserialize, Serialize};

use super::acts::{Act, Wanted, sound};
use super::world::{World, token};

/// What somebody heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Done, or let in, and what was said.
    Yes(String),
    /// Refused, for a reason.
    No(String),
    /// The store could not answer, by the error's code.
    Failed(String),
    Panicked,
}

impl Answer {
    /// What a call came to.
    pub(crate) fn of(call: impl FnOnce() -> gatepass::Result<String>) -> Self {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
            Ok(Ok(said)) => Answer::Yes(said),
            Ok(Err(gatepass::Error::Store(error))) => Answer::Failed(error.code().to_owned()),
            Ok(Err(error)) => Answer::No(error.code().to_owned()),
            Err(_) => Answer::Panicked,
        }
    }

    pub(crate) fn said(&self) -> Option<&str> {
        if let Answer::Yes(said) = self { Some(said) } else { None }
    }

    /// Whether nobody knows if it was done.
    fn doubtful(&self) -> bool {
        matches!(self, Answer::Failed(code) if ["indeterminate", "store_replaced"].contains(&code.as_str()))
    }
}

/// One act that met a fault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tried {
    pub(crate) act: String,
    /// Which call, and how it failed.
    pub(crate) fault: String,
    pub(crate) world: World,
    pub(crate) answer: Answer,
    /// What the same handle and a new one of the same process said when the fault was over, unless the process
    /// ended there.
    pub(crate) after: Option<[Answer; 2]>,
    pub(crate) millis: u128,
}

/// Longer than the deadline and anything a busy machine adds.
const HANGS: u128 = 60_000;

/// What is wrong with what was answered, seen from a process that met no fault.
pub(crate) fn judge(act: &Act, tried: &Tried) -> Result<(), String> {
    let wrong = |what: &str| {
        let Tried { act, fault, answer, after, millis, world } = tried;
        let path = world.path.display();
        Err(format!("{act}, {fault}: {what}: {answer:?} in {millis} ms, then {after:?}: {path}"))
    };
    if tried.millis > HANGS {
        return wrong("it hung");
    }
    let gate = match tried.world.look(act.ahead) {
        Ok(gate) => gate,
        Err(error) => return wrong(&format!("another process can't open the store: {error}")),
    };
    match sound(&gate) {
        Ok(found) if act.ahead.is_zero() && found != "sound" => return wrong(&found),
        Err(error) => return wrong(&format!("another process can't check the store: {error}")),
        _ => {}
    }
    let done = (act.done)(&tried.world, &gate, tried.answer.said());
    if act.name == "redeem" {
        let again = gate.redeem(&RedeemRequest::new(token(&tried.world.live)));
        let winners = usize::from(tried.answer.said().is_some()) + usize::from(again.is_ok());
        let fewest = usize::from(!tried.answer.doubtful());
        if winners > 1 || winners < fewest {
            return wrong(&format!("{winners} winners"));
        }
    }
    match (&tried.answer, act.wanted) {
        (Answer::Panicked, _) => return wrong("it panicked"),
        (Answer::Yes(_), Wanted::No(_)) => return wrong("let in on a doubt"),
        (Answer::Yes(_), Wanted::Yes) if !done => return wrong("acknowledged, and not there"),
        (Answer::No(_), Wanted::Yes) => return wrong("refused by mistake"),
        (Answer::No(reason), Wanted::No(wanted)) if reason != wanted => return wrong("refused wrongly"),
        (Answer::Failed(_), _) if done && !tried.answer.doubtful() => {
            return wrong("said not to be done, and done");
        }
        _ => {}
    }
    recovered(tried).or_else(|what| wrong(&what))
}

/// Whether the process goes on as promised: with the same handle, with a new one if the file was not the one
/// that was opened, and not at all after what is not known to be on the disk.
fn recovered(tried: &Tried) -> Result<(), String> {
    let Some([same, new]) = &tried.after else { return Ok(()) };
    let failed = |answer: &Answer, code: &str| matches!(answer, Answer::Failed(told) if told == code);
    let works = |answer: &Answer| answer.said().is_some();
    let as_promised = match &tried.answer {
        // Only the backup's name is in doubt.
        Answer::Failed(code) if code == "indeterminate" && tried.act == "back up" => {
            works(same) && works(new)
        }
        Answer::Failed(code) if code == "indeterminate" => {
            failed(same, "store_poisoned") && failed(new, "store_poisoned")
        }
        Answer::Failed(code) if code == "store_replaced" => failed(same, "store_replaced") && works(new),
        // Whoever could not look at a file took it for another, even if something else went wrong before.
        Answer::Failed(_) if tried.fault.contains("look") && failed(same, "store_replaced") => works(new),
        _ => works(same) && works(new),
    };
    if as_promised { Ok(()) } else { Err("the process does not go on as promised".to_owned()) }
}
