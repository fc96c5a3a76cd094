//! What an open store takes of a process's memory, and what unspent tokens take of memory and file.

use std::path::Path;
use std::process::Command;

use gatepass::{Gatepass, InitOptions, directory::Mode};
use serde::{Deserialize, Serialize};

use crate::contest::median;
use crate::pairs::{Ours, Pairs};
use crate::part::{Part, Table, figure};
use crate::setup::Setup;

/// Stores that are opened in one process.
const STORES: usize = 20;

pub(crate) fn run(setup: &Setup) -> Part {
    let folder = setup.folder("memory");
    let thousands = if setup.benching { 10 } else { 1 };
    let init = InitOptions::new(Mode::Host, "https://billing.example.com").unwrap();
    for number in 0..STORES {
        drop(Gatepass::init(folder.join(format!("{number}.db")), &init).unwrap());
    }
    let filling = folder.join("filling.db");
    drop(Gatepass::init(&filling, &init).unwrap());
    let before = std::fs::metadata(&filling).unwrap().len();
    let gate = Gatepass::open(&filling).unwrap();
    let mut ours = Ours::new(&gate);
    (0..thousands * 1_000).for_each(|_| drop(ours.issue()));
    drop(gate);
    // Closing has written the log back.
    let in_file = (std::fs::metadata(&filling).unwrap().len() - before) as f64 / f64::from(thousands);

    let processes: Vec<Memory> = (0..setup.rounds).map(|_| process(&folder)).collect();
    let of = |figure: fn(&Memory) -> f64| median(processes.iter().map(figure).collect()).unwrap();
    let mut table = Table::new(["memory", "allocated", "resident"]);
    table.row(["an open store".into(), kib(of(|it| it.opened.allocated)), kib(of(|it| it.opened.resident))]);
    table.row([
        "an open store that has issued and redeemed".into(),
        kib(of(|it| it.used.allocated)),
        kib(of(|it| it.used.resident)),
    ]);
    table.row([
        "1,000 more unspent tokens".into(),
        kib(of(|it| it.tokens.allocated)),
        kib(of(|it| it.tokens.resident)),
    ]);
    let mut file = Table::new(["file", "bytes"]);
    file.row(["1,000 unspent tokens, each with its audit event".into(), kib(in_file)]);
    Part {
        id: "memory".into(),
        title: "Memory".into(),
        how: format!(
            "A new process opens {STORES} stores and uses each once; what it has allocated (`mallinfo2`) and what of it is \
             resident grows by so much for each. The pages that SQLite keeps are counted, up to 2 MiB a connection in a \
             store that is big enough. Then one store issues 12,000 tokens, which fills SQLite's cache, and 1,000 more, for which \
             nothing is kept but in the file. A kept store of a PHP worker is one of these. Medians of {} processes.",
            setup.rounds
        ),
        tables: vec![table, file],
        ..Part::default()
    }
}

fn kib(bytes: f64) -> String {
    format!("{} KiB", figure(bytes / 1024.0))
}

/// Bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Taken {
    allocated: f64,
    resident: f64,
}

/// What a process saw, for each store and for 1,000 tokens.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    opened: Taken,
    used: Taken,
    tokens: Taken,
}

fn process(folder: &Path) -> Memory {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--worker", "memory"]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The other end: what this process takes.
pub(crate) fn measure(folder: &Path) -> Memory {
    let open = |number: usize| Gatepass::open(folder.join(format!("{number}.db"))).unwrap();
    let pair = |gate: &Gatepass| {
        Ours::new(gate).pair();
    };
    // What is made once for all stores is not counted.
    let first = open(0);
    pair(&first);
    let start = taken();
    let stores: Vec<Gatepass> = (1..STORES).map(open).collect();
    let opened = taken();
    stores.iter().for_each(pair);
    let used = taken();
    let mut ours = Ours::new(&stores[0]);
    let mut issue = |count: usize| (0..count).for_each(|_| drop(ours.issue()));
    // SQLite's own cache is full after that.
    issue(12_000);
    let some = taken();
    issue(1_000);
    let count = stores.len() as f64;
    Memory {
        opened: per(start, opened, count),
        used: per(start, used, count),
        tokens: per(some, taken(), 1.0),
    }
}

fn per(before: Taken, after: Taken, count: f64) -> Taken {
    Taken {
        allocated: (after.allocated - before.allocated) / count,
        resident: (after.resident - before.resident) / count,
    }
}

fn taken() -> Taken {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    Taken { allocated: allocated(), resident: pages * 4096.0 }
}

#[cfg(target_env = "gnu")]
fn allocated() -> f64 {
    // SAFETY: the call has no preconditions.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64
}

#[cfg(not(target_env = "gnu"))]
fn allocated() -> f64 {
    f64::NAN
}
