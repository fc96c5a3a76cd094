//! The other end of `child.rs`: this program once more, as one of several processes that use a store.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gatepass::Gatepass;
use serde::Serialize;

use crate::by_hand::ByHand;
use crate::child::{Answer, Ask, Child, Ready};
use crate::contest::percentile;
use crate::load::work;
use crate::pairs::{Ours, Pairs};

/// Start one: `ours` or `by-hand`, on the store of this path.
pub(crate) fn start(who: &str, path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    Child::start(who, command.args(["--worker", who]).arg(path))
}

/// What a worker does.
pub(crate) fn run(arguments: &[String]) {
    let [who, path] = arguments else { panic!("--worker WHO PATH") };
    match who.as_str() {
        "ours" => {
            let gate = Gatepass::open(path).unwrap();
            serve(Ours::new(&gate), |ours| std::mem::take(&mut ours.busy));
        }
        // An answer that the store is busy would end the program: its timeout is longer than any round.
        "by-hand" => serve(ByHand::open(Path::new(path), true), |_| 0),
        "memory" => say(&crate::parts::memory::measure(Path::new(path))),
        other => panic!("nobody is {other:?}"),
    }
}

fn serve<P: Pairs>(mut pairs: P, busy: impl Fn(&mut P) -> usize) {
    // The first acts of a connection prepare its statements.
    pairs.pair();
    say(&Ready { ready: true, ..Ready::default() });
    for line in std::io::stdin().lock().lines() {
        let ask: Ask = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(ask.act, "pairs");
        let length = Duration::from_millis(ask.milliseconds.unwrap());
        let done = work(length, || pairs.pair());
        say(&Answer {
            pairs: done.pairs,
            seconds: length.as_secs_f64(),
            p50: percentile(&done.waits, 0.5),
            p99: percentile(&done.waits, 0.99),
            worst: done.waits.last().copied(),
            busy: busy(&mut pairs),
        });
    }
}

fn say(line: &impl Serialize) {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line).unwrap();
    out.write_all(b"\n").unwrap();
    out.flush().unwrap();
}
