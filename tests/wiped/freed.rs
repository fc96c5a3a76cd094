//! An allocator that looks into every block before it is freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something secret, with its name.
pub(crate) type Named = (String, Vec<u8>);

struct Looking;

#[global_allocator]
static ALLOCATOR: Looking = Looking;

static LOOKS: AtomicBool = AtomicBool::new(false);
static SOUGHT: Mutex<Vec<Named>> = Mutex::new(Vec::new());
/// Whose secret was found, and who gave the block back.
static FOUND: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// The search allocates too.
    static SEARCHING: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: all memory comes from and goes back to the system's allocator with the layout that was asked for.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // What an earlier owner left behind must not be taken for the new one's.
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if LOOKS.load(Ordering::Relaxed) {
            // SAFETY: it was given out with this size, zeroed, and is not free yet.
            look(unsafe { std::slice::from_raw_parts(block, layout.size()) });
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

fn look(block: &[u8]) {
    let searching = SEARCHING.try_with(|searching| searching.replace(true)).unwrap_or(true);
    if searching {
        return;
    }
    for (name, secret) in &*locked(&SOUGHT) {
        if holds(block, secret) {
            locked(&FOUND).entry(name.clone()).or_insert_with(|| ours(&Backtrace::force_capture()));
        }
    }
    let _ = SEARCHING.try_with(|searching| searching.set(false));
}

fn holds(block: &[u8], secret: &[u8]) -> bool {
    let first = secret[0];
    let mut rest = block;
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(secret) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Who of this crate gave the block back, from the backtrace.
fn ours(trace: &Backtrace) -> String {
    let text = trace.to_string();
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("at ./"));
    let beyond_this_file = lines.skip_while(|line| line.starts_with("at ./tests/wiped/"));
    beyond_this_file.take(5).collect::<Vec<_>>().join("\n    ")
}

/// Go on after a panic too.
pub(crate) fn locked<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What of `sought` is found in memory that `act` gives back, and who gave it back.
pub(crate) fn left_by<T>(sought: Vec<Named>, act: impl FnOnce() -> T) -> (T, BTreeMap<String, String>) {
    locked(&FOUND).clear();
    *locked(&SOUGHT) = sought;
    LOOKS.store(true, Ordering::SeqCst);
    let done = act();
    LOOKS.store(false, Ordering::SeqCst);
    (done, std::mem::take(&mut *locked(&FOUND)))
}
