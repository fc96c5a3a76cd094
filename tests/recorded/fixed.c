// Loaded before libc: the wall clock and the system's random bytes are what a small file says, which the test
// changes between requests. So programs run as they are released, and whatever they make can be written down
// beforehand. The file: eight bytes of milliseconds since 1970, in the machine's order, and one random byte.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct fixed {
    volatile int64_t ms;
    volatile uint8_t fill;
};

static const struct fixed *fixed;

__attribute__((constructor)) static void map(void)
{
    const char *path = getenv("GATEPASS_TEST_FIXED");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *there = mmap(NULL, sizeof(struct fixed), PROT_READ, MAP_SHARED, file, 0);
    // A program with the true clock would only confuse.
    if (there == MAP_FAILED)
        abort();
    close(file);
    fixed = there;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    // Before the constructor nobody asks for anything that is compared.
    if (fixed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ms = fixed->ms;
        now->tv_sec = ms / 1000;
        now->tv_nsec = ms % 1000 * 1000000;
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, clock, now);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now)
        *now = precise.tv_sec;
    return precise.tv_sec;
}

ssize_t getrandom(void *bytes, size_t length, unsigned flags)
{
    if (!fixed)
        return syscall(SYS_getrandom, bytes, length, flags);
    memset(bytes, fixed->fill, length);
    return (ssize_t)length;
}

// PHP opens libraries so that they see libc before everything else: then none of the above would be seen.
void *dlopen(const char *path, int flags)
{
    void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    return next(path, flags & ~RTLD_DEEPBIND);
}
