//! What `gatepass serve` keeps of the memory that requests took.
//!
//! glibc gives threads heaps of their own (arenas), and each thread keeps some of what it freed until it ends.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::time::{Duration, Instant};

use crate::harness::Serving;

/// So many clients ask at a time, each so often.
const CLIENTS: usize = 48;
const REQUESTS: usize = 40;

fn ask_at_once(server: &Serving) {
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..REQUESTS {
                    let answer =
                        server.post("/includes/api.php", "action=GetUsers&identifier=x&secret=hunter2");
                    assert_eq!(answer.status, 403, "{answer:?}");
                }
            });
        }
    });
}

/// The arenas beside the first one: each begins at a multiple of 64 MiB.
fn arenas(server: &Serving) -> usize {
    let begins_one = |line: &&str| {
        let (begin, _) = line.split_once('-').unwrap();
        let unnamed = line.split_whitespace().count() == 5;
        unnamed && line.contains(" rw-p ") && u64::from_str_radix(begin, 16).unwrap() % (64 << 20) == 0
    };
    server.told_by_the_system("maps").lines().filter(begins_one).count()
}

/// What is the process's own, in KiB.
fn memory(server: &Serving) -> u64 {
    let told = server.told_by_the_system("smaps_rollup");
    let line = told.lines().find(|line| line.starts_with("Anonymous:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn threads(server: &Serving) -> usize {
    let told = server.told_by_the_system("status");
    let line = told.lines().find(|line| line.starts_with("Threads:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn threads_that_answer_share_what_others_have_freed() {
    let server = Serving::store(&["--log", "off"]);
    ask_at_once(&server);
    // The control, and an operator's right: as many arenas as threads like.
    let apart = Serving::within(&[("MALLOC_ARENA_MAX", "16")], &["--log", "off"]);
    ask_at_once(&apart);
    let told = [&server, &apart].map(|server| (arenas(server), memory(server)));
    let [(few, little), (many, much)] = told;
    assert!(few == 1 && many > 8 && much > little, "arenas, and KiB: {told:?}");
}

/// So few requests come after it that one thread could answer them all, and no more than two within the time
/// that a thread waits for one; but each thread would be given one from time to time.
#[test]
fn threads_that_a_burst_brought_end_soon_after_it() {
    let server = Serving::store(&["--log", "off"]);
    ask_at_once(&server);
    let most = threads(&server);
    assert!(most > 16, "{most} threads: not much of a burst");
    let began = Instant::now();
    while threads(&server) > 10 {
        let left = threads(&server);
        assert!(began.elapsed() < Duration::from_secs(15), "{left} of {most} threads are left");
        assert_eq!(server.get("/logout.php").status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
}
