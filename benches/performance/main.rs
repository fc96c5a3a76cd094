//! What Gatepass costs, against what else one would use: every part by turns on one disk in one run.
//!
//! `benches/run` sets up what the parts need and runs them all. Parts alone, whose figures are only printed:
//! `cargo bench --bench performance -- threads processes`. Also `--rounds N`, `--quick` and, to make the page from
//! the runs that are kept, `--write`. Without `--bench`, as `cargo test --benches` calls it, a tiny round of each
//! part that needs no other language shows that it works.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_hand;
mod child;
mod contest;
mod fill;
mod load;
mod pairs;
mod part;
mod parts;
mod plot;
mod programs;
mod report;
mod setup;
mod worker;

use parts::PARTS;
use report::Run;
use setup::Setup;

/// The command line.
#[derive(Debug, Default)]
struct Arguments {
    benching: bool,
    quick: bool,
    write: bool,
    page: bool,
    rounds: Option<usize>,
    parts: Vec<String>,
}

impl Arguments {
    fn read(words: impl Iterator<Item = String>) -> Self {
        let mut read = Arguments::default();
        let mut words = words;
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => read.benching = true,
                "--quick" => read.quick = true,
                "--write" => read.write = true,
                "--page" => read.page = true,
                "--rounds" => {
                    let rounds = words.next().and_then(|word| word.parse().ok());
                    read.rounds = Some(rounds.expect("--rounds takes a number"));
                }
                part => {
                    let known: Vec<_> = PARTS.iter().map(|(id, _)| *id).collect();
                    assert!(known.contains(&part), "no part {part:?}: there are {known:?}");
                    read.parts.push(part.into());
                }
            }
        }
        read
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("--worker", rest)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return worker::run(rest);
    }
    let arguments = Arguments::read(words.into_iter());
    if arguments.page {
        return report::write(&report::kept());
    }
    let setup = Setup::new(arguments.benching, arguments.quick, arguments.rounds);
    let mut run = Run::begin();
    for (id, part) in PARTS {
        if arguments.parts.is_empty() || arguments.parts.iter().any(|wanted| wanted == id) {
            eprintln!("{id} ...");
            let began = std::time::Instant::now();
            let part = part(&setup);
            println!("{}", report::part(&part));
            eprintln!("{id}: {:.0} s\n", began.elapsed().as_secs_f64());
            run.parts.push(part);
        }
    }
    if arguments.benching {
        println!("{}", report::goals(&[&run]));
    }
    // A run of some parts, or one that is too short for good figures, is none for the page.
    if arguments.benching && arguments.parts.is_empty() && !arguments.quick {
        report::keep(&run);
    }
    if arguments.write {
        report::write(&report::kept());
    }
}
