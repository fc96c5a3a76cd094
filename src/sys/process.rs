//! Which process this is, asked at every call and answered without a system call.

use std::sync::atomic::{AtomicU32, Ordering};
#[cfg(target_os = "linux")]
use std::{ptr, sync::atomic::AtomicPtr};

/// The number of this process: another one in a child of a fork, from its first moment, than any of those it
/// comes from had.
///
/// It is not the kernel's number, which a child can share with its parent: in a PID namespace of its own it
/// is 1 again, and a number is given anew when its owner has ended. It costs no system call, for every act
/// asks several times. It is kept in a page that the kernel empties in a child, however it is forked
/// (`MADV_WIPEONFORK`, Linux 4.14). Where there is no such page the kernel's number is asked for each time.
pub(crate) fn process_id() -> u32 {
    let Some(kept) = page() else { return std::process::id() };
    match kept.load(Ordering::Relaxed) {
        0 => begin(kept),
        id => id,
    }
}

/// A number that no process had that this one comes from: a fork copies how far they counted.
fn begin(kept: &AtomicU32) -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let new = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    match kept.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => new,
        // Another thread was first.
        Err(others) => others,
    }
}

/// The page, mapped at the first call. Without a lock: a child could find one held for ever.
#[cfg(target_os = "linux")]
fn page() -> Option<&'static AtomicU32> {
    static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());
    /// Stands for "there is none"; never read.
    static NONE: AtomicU32 = AtomicU32::new(0);
    let mut known = PAGE.load(Ordering::Acquire);
    if known.is_null() {
        let (none, length) = ((&raw const NONE).cast_mut(), size_of::<AtomicU32>());
        let found = map(length).map_or(none, ptr::NonNull::as_ptr);
        known = match PAGE.compare_exchange(known, found, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => found,
            Err(others) => {
                if found != none {
                    // SAFETY: mapped just now, with this length, and nobody else has seen it.
                    unsafe { libc::munmap(found.cast(), length) };
                }
                others
            }
        };
    }
    // SAFETY: a published page is never unmapped, is aligned as pages are, and zero bytes are a number.
    if ptr::eq(known, &NONE) { None } else { unsafe { known.as_ref() } }
}

#[cfg(target_os = "linux")]
fn map(length: usize) -> Option<ptr::NonNull<AtomicU32>> {
    // SAFETY: a new private mapping that touches nothing of ours; the kernel rounds the length up to a page.
    let page = unsafe {
        libc::mmap(
            ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return None;
    }
    // An emulator that answers every advice with success, as QEMU did, would leave the page as it is.
    // SAFETY: the page that was mapped just now; no kernel knows the first advice.
    let wiped = unsafe {
        libc::madvise(page, length, -1) != 0 && libc::madvise(page, length, libc::MADV_WIPEONFORK) == 0
    };
    if !wiped {
        // SAFETY: as above, and nobody else has seen it.
        unsafe { libc::munmap(page, length) };
        return None;
    }
    ptr::NonNull::new(page.cast())
}

#[cfg(not(target_os = "linux"))]
fn page() -> Option<&'static AtomicU32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a child of a fork says, as its exit status. The child calls nothing that could wait for a lock.
    fn in_child(right: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child only compares numbers and ends at once.
        match unsafe { libc::fork() } {
            0 => {
                let status = i32::from(!right());
                // SAFETY: ends the child without running what belongs to the parent.
                unsafe { libc::_exit(status) }
            }
            child => {
                let mut status = 0;
                // SAFETY: `status` is writable.
                assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
                libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
            }
        }
    }

    #[test]
    fn a_child_of_a_fork_knows_that_it_is_another_process() {
        let parent = process_id();
        assert_eq!(parent, process_id());
        assert!(in_child(|| process_id() == process_id() && process_id() != parent));
        // A child of a child too; and what keeps the number as it is would be noticed.
        assert!(in_child(|| {
            let child = process_id();
            in_child(|| ![parent, child].contains(&process_id()))
        }));
        assert!(!in_child(|| process_id() == parent));
        assert_eq!(process_id(), parent);
    }

    /// A child in a PID namespace of its own, where the kernel calls it 1.
    #[cfg(target_os = "linux")]
    fn first_of_a_namespace(right: impl FnOnce() -> bool) -> bool {
        // SAFETY: concerns this process alone, which is a child of the test's.
        let apart = unsafe {
            libc::unshare(libc::CLONE_NEWPID) == 0
                || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) == 0
        };
        // Where it may not be done nothing is shown.
        !apart || in_child(|| std::process::id() == 1 && right())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_with_its_parent_s_number_in_the_kernel_is_another_process() {
        assert!(in_child(|| first_of_a_namespace(|| {
            let parent = process_id();
            first_of_a_namespace(|| process_id() != parent)
        })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_page_is_there_on_this_system() {
        assert!(page().is_some(), "every call asks the kernel for the process");
    }
}
