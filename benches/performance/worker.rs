//! The other end of `child.rs`: this program once more, as one of several processes that use a store.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gatepass::Gatepass;
use serde::Serialize;

use crate::by_hand::{ByHand, SYNC_CALL};
use crate::child::{Answer, Ask, Child, Ready};
use crate::contest::percentile;
use crate::load::{timed, work};
use crate::pairs::{Ours, Pairs};

/// Start one of this name: `ours`, `by-hand` or `by-default`, on the store of this path.
pub(crate) fn start(name: &str, who: &str, path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    Child::start(name, command.args(["--worker", who]).arg(path))
}

/// What a worker does.
pub(crate) fn run(arguments: &[String]) {
    let [who, path] = arguments else { panic!("--worker WHO PATH") };
    // By hand, an answer that the store is busy would end the program: the timeout is longer than any round.
    match who.as_str() {
        "ours" => {
            let gate = Gatepass::open(path).unwrap();
            serve(Ours::new(&gate), |ours| std::mem::take(&mut ours.busy));
        }
        "by-hand" => serve(ByHand::open(Path::new(path), true), |_| 0),
        "memory" => say(&crate::parts::memory::measure(Path::new(path))),
        "by-default" => serve(ByHand::open(Path::new(path), false), |_| 0),
        other => panic!("nobody is {other:?}"),
    }
}

fn serve<P: Pairs>(mut pairs: P, busy: impl Fn(&mut P) -> usize) {
    // The first acts of a connection prepare its statements.
    pairs.pair();
    say(&Ready { ready: true, sync: SYNC_CALL.into(), ..Ready::default() });
    let mut issued = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let ask: Ask = serde_json::from_str(&line.unwrap()).unwrap();
        let mut answer = match ask.act.as_str() {
            "issue" => {
                let count = ask.count.unwrap();
                issued = Vec::with_capacity(count);
                counted(count, || issued.push(pairs.issue()))
            }
            "redeem" => {
                assert_eq!(ask.count, Some(issued.len()), "what the last issue made");
                let mut issued = issued.drain(..);
                counted(issued.len(), || pairs.redeem(issued.next().unwrap()))
            }
            "pairs" => in_time(Duration::from_millis(ask.milliseconds.unwrap()), || pairs.pair()),
            other => panic!("no act {other:?}"),
        };
        answer.busy = busy(&mut pairs);
        say(&answer);
    }
}

fn counted(count: usize, mut act: impl FnMut()) -> Answer {
    let took = timed(|| (0..count).for_each(|_| act()));
    Answer { seconds: took.as_secs_f64(), ..Answer::default() }
}

fn in_time(length: Duration, pair: impl FnMut() -> Duration) -> Answer {
    let done = work(length, pair);
    Answer {
        pairs: done.pairs,
        seconds: length.as_secs_f64(),
        p50: percentile(&done.waits, 0.5),
        p99: percentile(&done.waits, 0.99),
        worst: done.waits.last().copied(),
        busy: 0,
    }
}

fn say(line: &impl Serialize) {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line).unwrap();
    out.write_all(b"\n").unwrap();
    out.flush().unwrap();
}
