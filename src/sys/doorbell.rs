//! A bell between processes: those who wait for a file's lock sleep on a word in that file, and whoever gives
//! the lock back wakes one of them.
//!
//! It only shortens the waiting. Whether the lock is free says the lock; nothing is taken from the bell's
//! words, and a bell that is never rung (its ringer was killed) costs its sleeper [`PATROL`] at most.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// The longest sleep before a waiter looks again by itself.
pub(crate) const PATROL: Duration = Duration::from_millis(10);

/// The bell in a file that all processes share.
#[derive(Debug)]
pub(crate) struct Doorbell(#[cfg(target_os = "linux")] shared::Words);

#[cfg(target_os = "linux")]
impl Doorbell {
    /// The bell in the first bytes of `file`, which is made long enough. `None` where files can't be shared
    /// so.
    pub(crate) fn of(file: &File) -> Option<Self> {
        if file.metadata().ok()?.len() < shared::LENGTH as u64 {
            // Real bytes: where there is no room for them, a write by the mapping would end the process.
            file.write_all_at(&[0; shared::LENGTH], 0).ok()?;
        }
        shared::Words::map(file).map(Doorbell)
    }

    /// Sleep until the bell rings, `most` at most, unless `done` says that there is no need to. `done` is
    /// asked once it is sure that a ring from now on is heard.
    pub(crate) fn wait<T>(&self, most: Duration, done: impl FnOnce() -> Option<T>) -> Option<T> {
        use std::sync::atomic::Ordering::SeqCst;
        let (rings, waiting) = (self.0.rings(), self.0.waiting());
        waiting.fetch_add(1, SeqCst);
        let heard = rings.load(SeqCst);
        let found = done();
        if found.is_none() {
            shared::sleep_while(rings, heard, most.min(PATROL));
        }
        waiting.fetch_sub(1, SeqCst);
        found
    }

    /// Wake one who waits.
    pub(crate) fn ring(&self) {
        use std::sync::atomic::Ordering::SeqCst;
        // A waiter that was killed is counted for ever, which costs a call of the system for each ring.
        if self.0.waiting().load(SeqCst) != 0 {
            self.0.rings().fetch_add(1, SeqCst);
            shared::wake_one(self.0.rings());
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Doorbell {
    pub(crate) fn of(_file: &File) -> Option<Self> {
        Some(Doorbell())
    }

    pub(crate) fn wait<T>(&self, most: Duration, done: impl FnOnce() -> Option<T>) -> Option<T> {
        let found = done();
        if found.is_none() {
            std::thread::sleep(most.min(Duration::from_micros(300)));
        }
        found
    }

    pub(crate) fn ring(&self) {}
}

#[cfg(target_os = "linux")]
mod shared {
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::ptr::NonNull;
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    /// How often the bell has rung, and how many wait for it.
    pub(super) const LENGTH: usize = 2 * size_of::<AtomicU32>();

    #[derive(Debug)]
    pub(super) struct Words(NonNull<AtomicU32>);

    // SAFETY: the words are atomic, and stay mapped until this is dropped.
    unsafe impl Send for Words {}
    // SAFETY: as above.
    unsafe impl Sync for Words {}

    impl Words {
        pub(super) fn map(file: &File) -> Option<Self> {
            // SAFETY: a new mapping that touches nothing of ours, of a file that is open; the kernel rounds
            // the length up to a page.
            let page = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    LENGTH,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED,
                    file.as_raw_fd(),
                    0,
                )
            };
            if page == libc::MAP_FAILED { None } else { NonNull::new(page.cast()).map(Words) }
        }

        pub(super) fn rings(&self) -> &AtomicU32 {
            // SAFETY: mapped as long as `self` lives, and aligned as pages are.
            unsafe { self.0.as_ref() }
        }

        pub(super) fn waiting(&self) -> &AtomicU32 {
            // SAFETY: the second of the two words, as above.
            unsafe { self.0.add(1).as_ref() }
        }
    }

    impl Drop for Words {
        fn drop(&mut self) {
            // SAFETY: mapped by `map` with this length; nobody has a reference any more.
            unsafe { libc::munmap(self.0.as_ptr().cast(), LENGTH) };
        }
    }

    /// Sleep while the word is what it was; woken early also by what is no ring.
    pub(super) fn sleep_while(word: &AtomicU32, was: u32, most: Duration) {
        let most = libc::timespec {
            tv_sec: most.as_secs().try_into().unwrap_or(1),
            tv_nsec: most.subsec_nanos().into(),
        };
        // SAFETY: the word is mapped and aligned; the time is read only during the call.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, was, &raw const most) };
    }

    pub(super) fn wake_one(word: &AtomicU32) {
        // SAFETY: the word is mapped and aligned.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Two views of one bell, as two processes have them.
    fn two() -> (Doorbell, Doorbell) {
        let file = tempfile::tempfile().unwrap();
        (Doorbell::of(&file).unwrap(), Doorbell::of(&file).unwrap())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_ring_wakes_who_sleeps_at_another_view_of_the_file() {
        let (ours, theirs) = two();
        let mut early = 0;
        for _ in 0..20 {
            std::thread::scope(|scope| {
                let sleeper = scope.spawn(|| {
                    let began = Instant::now();
                    ours.wait(PATROL, || None::<()>);
                    began.elapsed()
                });
                let asleep = || theirs.0.waiting().load(std::sync::atomic::Ordering::SeqCst) != 0;
                while !asleep() && !sleeper.is_finished() {
                    std::thread::yield_now();
                }
                theirs.ring();
                early += u32::from(sleeper.join().unwrap() < PATROL);
            });
        }
        assert!(early > 0, "every sleep took its whole time");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_ring_between_the_look_and_the_sleep_is_heard() {
        let (ours, theirs) = two();
        let began = Instant::now();
        for _ in 0..50 {
            ours.wait(PATROL, || {
                theirs.ring();
                None::<()>
            });
        }
        assert!(began.elapsed() < PATROL * 25, "the rings were not heard");
    }

    #[test]
    fn nobody_sleeps_longer_than_the_patrol_or_asked_for() {
        let (ours, _theirs) = two();
        let began = Instant::now();
        ours.wait(Duration::from_secs(60), || None::<()>);
        ours.wait(Duration::ZERO, || None::<()>);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
