//! After a fork a child has handles without locks. It is told so, and can harm nothing. Only Linux shows who
//! holds locks.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use gatepass::upkeep::Severity;
use gatepass::{Error, Gatepass, StoreError};
use support::{
    folder_with_store, init, issue, locks_of, names, open_within, part, place, play, redeem, run,
    store_error, with_suffix,
};

/// Run something in a forked child, and wait for its end. A panic there becomes its failure.
fn forked(child: impl FnOnce()) {
    // SAFETY: the process has no other thread that could hold a lock which the child needs: it plays one part
    // of one test.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
        // SAFETY: ends the child without running what the parent has registered for its own end.
        unsafe { libc::_exit(i32::from(done.is_err())) }
    }
    let mut status = 0;
    // SAFETY: `pid` is our child, and `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0, "the forked child failed");
}

/// The same, killed after so many seconds.
fn forked_for(seconds: u32, child: impl FnOnce()) {
    forked(|| {
        // SAFETY: only sets the time of a signal that ends the child.
        unsafe { libc::alarm(seconds) };
        child();
    });
}

/// How many descriptors of the store and its side files this process has.
fn descriptors(path: &Path) -> usize {
    let ours = |file: &Path| file.to_string_lossy().starts_with(&*path.to_string_lossy());
    let all = fs::read_dir("/proc/self/fd").unwrap();
    all.filter(|fd| fs::read_link(fd.as_ref().unwrap().path()).is_ok_and(|file| ours(&file))).count()
}

fn locks() -> usize {
    locks_of(std::process::id())
}

#[test]
fn a_forked_child_is_told_and_the_parent_keeps_locks_and_commits() {
    const NAME: &str = "a_forked_child_is_told_and_the_parent_keeps_locks_and_commits";
    if part().is_some() {
        return parent_of_a_fork(&place());
    }
    let (_folder, path) = folder_with_store();
    run(&mut play(NAME, "parent", &path));
    // The parent ended without closing anything. What it acknowledged is there for everybody.
    let gate = Gatepass::open(&path).unwrap();
    for name in ["before", "after"] {
        let text = fs::read_to_string(with_suffix(&path, name)).unwrap();
        let token = gate.read_token(&text, None).unwrap();
        let again = redeem(&gate, &token).unwrap_err();
        assert_eq!(again.code(), "token_redeemed", "{name} the fork");
    }
    assert!(gate.check(&mut |_, _| {}).unwrap().iter().all(|finding| finding.severity != Severity::Bad));
}

fn parent_of_a_fork(path: &Path) {
    let gate = Gatepass::open(path).unwrap();
    let spend = |name: &str| {
        let token = issue(&gate).unwrap();
        redeem(&gate, &token).unwrap();
        fs::write(with_suffix(path, name), token.reveal()).unwrap();
    };
    spend("before");
    let token = issue(&gate).unwrap();
    let held = locks();
    assert!(held > 0, "the kernel shows no lock of ours");

    forked(|| {
        assert_eq!(store_error(gate.settings()), StoreError::Forked);
        assert_eq!(store_error(redeem(&gate, &token)), StoreError::Forked);
        assert_eq!(store_error(issue(&gate)), StoreError::Forked);
        assert_eq!(store_error(gate.set_setting("token_life_seconds", 30.into())), StoreError::Forked);
        assert_eq!(store_error(gate.check(&mut |_, _| {})), StoreError::Forked);
        assert_eq!(store_error(gate.backup(with_suffix(path, ".b"), &mut |_, _| {})), StoreError::Forked);
        assert_eq!(store_error(gate.restore(path.join("nothing"), &mut |_, _| {})), StoreError::Forked);
        // Reading the inherited file for a store of its own would be an open as well.
        let copy = gatepass::Options::new().restore_to_new(with_suffix(path, ".c"), path, &mut |_, _| {});
        assert_eq!(store_error(copy), StoreError::Forked);
        let folder = path.parent().unwrap();
        assert!(names(folder).iter().all(|name| !name.starts_with('.')), "a scratch file was left");
        assert_eq!(store_error(Gatepass::open(path)), StoreError::Forked);
    });
    assert_eq!(locks(), held);

    // A child that drops what it inherited. The handle is moved there by a copy of the bytes, since the
    // parent keeps its own.
    let inherited = std::mem::ManuallyDrop::new(gate);
    forked(|| {
        let open = descriptors(path);
        // SAFETY: in the child, which never uses the original again.
        drop(unsafe { std::ptr::read(&raw const *inherited) });
        // What the child could close it must not: SQLite would believe in locks that are the parent's.
        assert!(open >= 3 && descriptors(path) == open);
        assert_eq!(store_error(Gatepass::open(path)), StoreError::Forked);
    });
    let gate = std::mem::ManuallyDrop::into_inner(inherited);
    assert!(with_suffix(path, "-wal").exists(), "the child took the log away");
    assert_eq!(locks(), held);
    redeem(&gate, &token).unwrap();
    let token = issue(&gate).unwrap();
    redeem(&gate, &token).unwrap();
    fs::write(with_suffix(path, "after"), token.reveal()).unwrap();

    // The same count does notice locks that are lost: any descriptor of the file, closed, takes them all.
    drop(fs::File::open(path).unwrap());
    assert!(locks() < held, "lost locks would not be seen");
    // No tidy end: the commits must stand by themselves.
    println!("test result: 1 passed");
    // SAFETY: ends this process at once.
    unsafe { libc::_exit(0) }
}

#[test]
fn a_child_whose_parent_closed_first_opens_normally() {
    const NAME: &str = "a_child_whose_parent_closed_first_opens_normally";
    if part().is_none() {
        let (_folder, path) = folder_with_store();
        run(&mut play(NAME, "parent", &path));
        return;
    }
    let path = place();
    drop(Gatepass::open(&path).unwrap());
    forked(|| {
        let gate = Gatepass::open(&path).unwrap();
        let token = issue(&gate).unwrap();
        redeem(&gate, &token).unwrap();
        assert!(locks() > 0);
        drop(gate);
    });
    let gate = Gatepass::open(&path).unwrap();
    let token = issue(&gate).unwrap();
    redeem(&gate, &token).unwrap();
}

#[test]
fn a_child_may_open_another_store_than_the_one_inherited() {
    const NAME: &str = "a_child_may_open_another_store_than_the_one_inherited";
    let (_folder, path) = folder_with_store();
    if part().is_none() {
        run(&mut play(NAME, "parent", &path));
        return;
    }
    let inherited = Gatepass::open(place()).unwrap();
    forked(|| {
        let gate = Gatepass::open(&path).unwrap();
        let token = issue(&gate).unwrap();
        redeem(&gate, &token).unwrap();
    });
    inherited.settings().unwrap();
}

#[test]
fn closing_one_handle_leaves_the_locks_of_the_others() {
    const NAME: &str = "closing_one_handle_leaves_the_locks_of_the_others";
    if part().is_none() {
        let (_folder, path) = folder_with_store();
        run(&mut play(NAME, "alone", &path));
        return;
    }
    let path = place();
    let gate = Gatepass::open(&path).unwrap();
    let held = locks();
    assert!(held > 0, "the kernel shows no lock of ours");
    let other = Gatepass::open(&path).unwrap();
    other.settings().unwrap();
    drop(other);
    assert_eq!(locks(), held);
    assert!(with_suffix(&path, "-wal").exists());
    // Neither do backups, checks, or refused opens and restores.
    gate.backup(with_suffix(&path, ".backup"), &mut |_, _| {}).unwrap();
    gate.restore(with_suffix(&path, ".backup"), &mut |_, _| {}).unwrap();
    gate.check(&mut |_, _| {}).unwrap();
    store_error(gate.restore(&path, &mut |_, _| {}));
    store_error(Gatepass::init(&path, &support::init()));
    assert_eq!(locks(), held);
}

/// A generator that takes its time, so that the lock around it is held most of the time.
struct Slow;

impl gatepass::rand_core::TryRng for Slow {
    type Error = getrandom::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        getrandom::u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        getrandom::u64()
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        std::thread::sleep(std::time::Duration::from_micros(200));
        getrandom::fill(out)
    }
}

impl gatepass::rand_core::TryCryptoRng for Slow {}

/// Threads of the parent hold the handle's own locks now and then, and a fork copies a held lock that nobody
/// will ever release.
#[test]
fn a_child_of_a_busy_parent_is_told_and_never_hangs() {
    const NAME: &str = "a_child_of_a_busy_parent_is_told_and_never_hangs";
    if part().is_none() {
        let (_folder, path) = folder_with_store();
        run(&mut play(NAME, "parent", &path));
        return;
    }
    let gate = gatepass::Options::new().random(Slow).open(place()).unwrap();
    let token = issue(&gate).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    gate.read_token("no token", None).unwrap_err();
                    issue(&gate).unwrap();
                }
            });
        }
        for _ in 0..100 {
            // SAFETY: the child allocates nothing that it did not inherit a free allocator for (glibc resets
            // its own at a fork), uses the handle and ends at once; the alarm ends it if it hangs.
            let pid = unsafe { libc::fork() };
            assert!(pid >= 0);
            if pid == 0 {
                // SAFETY: both only concern this child.
                unsafe { libc::alarm(5) };
                let told = [
                    gate.read_token("no token", None).unwrap_err().code(),
                    // A redemption draws its session's id before it asks the store.
                    redeem(&gate, &token).unwrap_err().code(),
                    gate.settings().unwrap_err().code(),
                ];
                // SAFETY: in the child, which never uses the original again.
                drop(unsafe { std::ptr::read(&raw const gate) });
                // SAFETY: ends the child without running what the parent has registered for its own end.
                unsafe { libc::_exit(i32::from(told != ["forked"; 3])) }
            }
            let mut status = 0;
            // SAFETY: `pid` is our child, and `status` outlives the call.
            assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
            if status != 0 {
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
                panic!("the child hung or was not told: status {status}");
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// A test in a process of its own, with a store and another one that it does not open.
fn beside_another(name: &str, test: impl FnOnce(&Path, &Path)) {
    if part().is_some() {
        let path = place();
        let other = path.parent().unwrap().join("other.db");
        drop(Gatepass::init(&other, &init()).unwrap());
        return test(&path, &other);
    }
    let (_folder, path) = folder_with_store();
    run(&mut play(name, "parent", &path));
}

#[test]
fn a_child_forked_while_a_thread_is_at_work_is_told_and_never_waits_for_it() {
    const NAME: &str = "a_child_forked_while_a_thread_is_at_work_is_told_and_never_waits_for_it";
    beside_another(NAME, |path, other| {
        let open_another = || Gatepass::open(other).map(|gate| gate.settings().is_ok());
        // Nobody is at work: a child may open what its parent does not have open.
        let gate = open_within(path, Duration::from_secs(60));
        forked_for(5, || assert!(open_another().unwrap()));

        // One is, for as long as the store is locked. The writer uses the same SQLite, so its locks are seen.
        let writer = rusqlite::Connection::open(path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        std::thread::scope(|threads| {
            let waiting = threads.spawn(|| gate.set_setting("token_life_seconds", 30.into()));
            std::thread::sleep(Duration::from_millis(300));
            let at_work = !waiting.is_finished();
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                forked_for(5, || {
                    assert_eq!(store_error(open_another()), StoreError::Forked);
                    let made = Gatepass::init(other.with_extension("new"), &init());
                    assert_eq!(store_error(made), StoreError::Forked);
                });
            }));
            drop(writer);
            waiting.join().unwrap().unwrap();
            assert!(at_work && told.is_ok());
        });
        forked_for(5, || assert!(open_another().unwrap()));
    });
}

#[test]
fn children_of_a_parent_at_work_open_another_store_or_are_told() {
    const NAME: &str = "children_of_a_parent_at_work_open_another_store_or_are_told";
    beside_another(NAME, |path, other| {
        let gate = Gatepass::open(path).unwrap();
        let until = Instant::now() + Duration::from_secs(3);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    while Instant::now() < until {
                        issue(&gate).unwrap();
                    }
                });
            }
            while Instant::now() < until {
                forked_for(10, || match Gatepass::open(other) {
                    Ok(_) | Err(Error::Store(StoreError::Forked)) => {}
                    Err(error) => panic!("{error}"),
                });
            }
        });
    });
}
