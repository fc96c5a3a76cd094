// Loaded before libc: the wall clock is the system's, set forward or back by what a small file says, which the test
// changes while programs run. The file: eight bytes of milliseconds, in the machine's order.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *set;

__attribute__((constructor)) static void map(void)
{
    const char *path = getenv("GATEPASS_TEST_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *there = mmap(NULL, sizeof *set, PROT_READ, MAP_SHARED, file, 0);
    // A program with the true clock would only confuse.
    if (there == MAP_FAILED)
        abort();
    close(file);
    set = there;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int done = (int)syscall(SYS_clock_gettime, clock, now);
    if (done == 0 && set && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ms = *set, nanoseconds = now->tv_nsec + ms % 1000 * 1000000;
        // The rest of a division is negative where the number is.
        int64_t carried = nanoseconds < 0 ? -1 : nanoseconds >= 1000000000;
        now->tv_sec += ms / 1000 + carried;
        now->tv_nsec = nanoseconds - carried * 1000000000;
    }
    return done;
}

// PHP opens libraries so that they see libc before everything else: then none of the above would be seen.
void *dlopen(const char *path, int flags)
{
    void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    return next(path, flags & ~RTLD_DEEPBIND);
}
