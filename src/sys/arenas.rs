//! How many heaps the threads of a process have.

/// With more, threads wait for each other less, and the process keeps more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 2;

/// Have the threads of this process share two arenas of glibc's heap, unless `MALLOC_ARENA_MAX` says how many.
/// By itself glibc gives threads up to eight for each processor, and what was freed in one is of no use to
/// the others: where threads come and go, the process takes the worst moment of each, all together.
///
/// Only for a process that is our own, and before its threads begin. Other systems' heaps stay as they are.
pub(crate) fn share_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        // SAFETY: sets a number of the allocator's, under its own lock. If it can't, nothing has changed.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
    }
}
