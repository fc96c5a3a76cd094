//! Sign-ins per second on a shared store against a store in a file, in turn in one run.
//!
//! `cargo bench --bench shared --features mysql -- mysql://root@host:port/database [URL of another node …]`: the
//! databases must be there and empty; the nodes are those of one cluster. A sign-in is a token issued by one thread and
//! redeemed by it, into a session; with several nodes each thread issues on one and redeems on the next. Each
//! answer is checked. `--seconds S` (5) a round, `--rounds R` (3); the middle round counts.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Barrier;
use std::time::{Duration, Instant};

use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Gatepass, InitOptions, Options};

/// So many threads at a time.
const THREADS: [usize; 3] = [1, 8, 16];

struct Asked {
    urls: Vec<String>,
    seconds: f64,
    rounds: usize,
}

fn asked() -> Asked {
    let mut asked = Asked { urls: Vec::new(), seconds: 5.0, rounds: 3 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|next| next.parse::<f64>().ok()).expect("a number");
        match word.as_str() {
            "--seconds" => asked.seconds = number(),
            "--rounds" => asked.rounds = number() as usize,
            // cargo's own.
            "--bench" => {}
            url => asked.urls.push(url.to_owned()),
        }
    }
    assert!(!asked.urls.is_empty(), "name the store: mysql://root@host:port/database");
    asked
}

fn init() -> InitOptions {
    InitOptions::new(Mode::Host, "https://billing.example.com").unwrap()
}

/// Sign-ins per second by so many threads, each on a handle for issuing and one for redeeming.
fn sign_ins(stores: &[Gatepass], threads: usize, time: Duration) -> f64 {
    let start = Barrier::new(threads);
    let done: u64 = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let (issuing, redeeming) =
                    (&stores[thread % stores.len()], &stores[(thread + 1) % stores.len()]);
                let start = &start;
                scope.spawn(move || {
                    let caller = issuing.host_caller("cli").unwrap();
                    let request = IssueRequest::for_client(ClientId::new(1).unwrap());
                    start.wait();
                    let until = Instant::now() + time;
                    let mut done = 0_u64;
                    while Instant::now() < until {
                        let issued = issuing.issue(&caller, &request).unwrap();
                        redeeming.redeem(&RedeemRequest::new(issued.token)).unwrap();
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    done as f64 / time.as_secs_f64()
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn main() {
    let asked = asked();
    let time = Duration::from_secs_f64(asked.seconds);
    let folder = tempfile::tempdir_in(".").unwrap();
    let file = vec![Gatepass::init(folder.path().join("gatepass.db"), &init()).unwrap()];
    let migrated = Options::new().migrate(&asked.urls[0]).unwrap();
    println!("schema {} to {}", migrated.from, migrated.to);
    drop(Gatepass::init(&asked.urls[0], &init()).unwrap());
    let shared: Vec<_> = asked.urls.iter().map(|url| Gatepass::open(url).unwrap()).collect();
    println!("{:>8} {:>14} {:>14} {:>8}", "threads", "file", "shared", "ratio");
    for threads in THREADS {
        let mut figures = [Vec::new(), Vec::new()];
        for _ in 0..asked.rounds {
            for (stores, figures) in [&file, &shared].into_iter().zip(&mut figures) {
                figures.push(sign_ins(stores, threads, time));
            }
        }
        let [file, shared] = figures.map(middle);
        println!("{threads:>8} {file:>12.0}/s {shared:>12.0}/s {:>8.3}", shared / file);
    }
}
