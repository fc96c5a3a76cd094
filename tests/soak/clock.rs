//! A wall clock that is set forward and back while programs run, for all of them at once: `clock.c`, and the
//! file that it looks at. What is announced to all goes by the system's other clock, which nobody sets.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gatepass::clock::{Clock, SystemClock, Timestamp};

/// The clock that is set, as the test sees it.
pub(crate) struct SetClock {
    shim: PathBuf,
    path: PathBuf,
    file: File,
    ahead: AtomicI64,
}

impl SetClock {
    pub(crate) fn new(folder: &Path) -> Self {
        let (shim, path) = (folder.join("clock.so"), folder.join("clock"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soak/clock.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"];
        let made = Command::new(compiler).args(options).arg(&shim).arg(source).status().unwrap();
        assert!(made.success(), "clock.c does not compile");
        std::fs::write(&path, [0; 8]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        SetClock { shim, path, file, ahead: AtomicI64::new(0) }
    }

    /// By how many milliseconds it is ahead of the true time.
    pub(crate) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::SeqCst)
    }

    /// Set it forward by so many milliseconds, or back.
    pub(crate) fn step(&self, by: i64) {
        let ahead = self.ahead() + by;
        self.file.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
        self.ahead.store(ahead, Ordering::SeqCst);
    }

    /// Put a program under this clock.
    pub(crate) fn govern(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.shim).env("GATEPASS_TEST_CLOCK", &self.path);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.ahead())
    }
}

/// Microseconds on the clock that nobody sets, the same in all processes.
pub(crate) fn steady() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes into what it is given, and nowhere else.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    assert_eq!(done, 0);
    u64::try_from(now.tv_sec).unwrap() * 1_000_000 + u64::try_from(now.tv_nsec).unwrap() / 1_000
}

/// Wait for a moment of that clock, the last of it without sleeping so that all who wait begin together.
pub(crate) fn wait_until(moment: u64) {
    loop {
        match moment.saturating_sub(steady()) {
            0 => return,
            left @ 300.. => std::thread::sleep(Duration::from_micros(left - 200)),
            _ => std::hint::spin_loop(),
        }
    }
}
