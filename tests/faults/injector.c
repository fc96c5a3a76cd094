// Loaded before libc: the calls on files of one folder are counted, and those that the orders name fail. It
// is much faster than a tracer, and works in every language's process. Syncs of these files are not made.
//
// GATEPASS_TEST_FOLDER: the folder. GATEPASS_TEST_ORDERS: a file of orders, 32-bit words that may change at
// any time: which calls, on which files, from which one on (counted since the orders came) and up to which one,
// what to do, with what error. In the two words after those the injector counts the calls that it has seen and
// those that it has harmed.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// As the tests know them.
enum call {
    WRITE = 1, SYNC = 2, READ = 4, OPEN = 8, TRUNCATE = 16, NAME = 32, MAP = 64, STAT = 128, LOCK = 256
};
enum file { DATABASE = 1, LOG = 2, INDEX = 4, GATE = 8, OTHER = 16 };
enum harm { FAIL = 1, CUT_SHORT = 2, SWALLOW = 3 };

struct orders {
    _Atomic uint32_t calls, files, from, until, harm, error, seen, harmed;
};

static struct orders nothing, *orders = &nothing;
static char folder[PATH_MAX];
static size_t folder_length;

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

#define NEXT(type, name, ...) (*(type(*)(__VA_ARGS__))next(#name))

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("GATEPASS_TEST_ORDERS"), *watched = getenv("GATEPASS_TEST_FOLDER");
    if (!path || !watched || !realpath(watched, folder))
        abort();
    folder_length = strlen(folder);
    int fd = NEXT(int, open, const char *, int, ...)(path, O_RDWR | O_CLOEXEC);
    void *mapped = NEXT(void *, mmap, void *, size_t, int, int, int, off_t)(
        NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || mapped == MAP_FAILED)
        abort();
    orders = mapped;
    NEXT(int, close, int)(fd);
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && strcmp(text + length - of_end, end) == 0;
}

// PHP has libraries look for functions in libc before they look here.
void *dlopen(const char *name, int flags)
{
    return NEXT(void *, dlopen, const char *, int)(name, flags & ~RTLD_DEEPBIND);
}

// Which of the files that are watched a path names; 0 for any other.
static unsigned kind(const char *path)
{
    if (strncmp(path, folder, folder_length) != 0 || path[folder_length] != '/')
        return 0;
    if (ends_with(path, "/gatepass.db"))
        return DATABASE;
    if (ends_with(path, "/gatepass.db-wal"))
        return LOG;
    if (ends_with(path, "/gatepass.db-shm"))
        return INDEX;
    return ends_with(path, "/gatepass.db-gate") ? GATE : OTHER;
}

// How the orders harm a call on such a file, 0 if not.
static unsigned harmed(unsigned file)
{
    if (!(orders->files & file))
        return 0;
    uint32_t number = ++orders->seen;
    if (number < orders->from || number > orders->until)
        return 0;
    ++orders->harmed;
    errno = (int)orders->error;
    return orders->harm;
}

static unsigned harmed_path(unsigned call, const char *path)
{
    return orders->calls & call && path ? harmed(kind(path)) : 0;
}

// Which of the files that are watched is open there.
static unsigned watched(int fd)
{
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    path[length < 0 ? 0 : length] = 0;
    return kind(path);
}

static unsigned harmed_file(unsigned call, int fd)
{
    return orders->calls & call ? harmed(watched(fd)) : 0;
}

// Half of what was asked for, and at least one byte.
#define PART(length) ((length) > 1 ? (length) / 2 : (length))

#define MOVED(call, fd, length) \
    switch (harmed_file(call, fd)) { \
    case FAIL: \
        return -1; \
    case SWALLOW: \
        return (ssize_t)(length); \
    case CUT_SHORT: \
        length = PART(length); \
    }

ssize_t write(int fd, const void *bytes, size_t length)
{
    MOVED(WRITE, fd, length)
    return NEXT(ssize_t, write, int, const void *, size_t)(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    MOVED(WRITE, fd, length)
    return NEXT(ssize_t, pwrite, int, const void *, size_t, off_t)(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
    MOVED(WRITE, fd, length)
    return NEXT(ssize_t, pwrite64, int, const void *, size_t, off64_t)(fd, bytes, length, at);
}

ssize_t read(int fd, void *bytes, size_t length)
{
    MOVED(READ, fd, length)
    return NEXT(ssize_t, read, int, void *, size_t)(fd, bytes, length);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t at)
{
    MOVED(READ, fd, length)
    return NEXT(ssize_t, pread, int, void *, size_t, off_t)(fd, bytes, length, at);
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t at)
{
    MOVED(READ, fd, length)
    return NEXT(ssize_t, pread64, int, void *, size_t, off64_t)(fd, bytes, length, at);
}

// Whether a call that has no halves is not made; then it has failed, or is said to have succeeded.
#define REFUSED(how) \
    unsigned told = how; \
    if (told) \
        return told == SWALLOW ? 0 : -1;

// Nothing here loses what was not synced, so a sync takes no time.
static int synced(const char *call, int fd)
{
    REFUSED(harmed_file(SYNC, fd))
    return watched(fd) ? 0 : (*(int (*)(int))next(call))(fd);
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }

int ftruncate(int fd, off_t length)
{
    REFUSED(harmed_file(TRUNCATE, fd))
    return NEXT(int, ftruncate, int, off_t)(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    REFUSED(harmed_file(TRUNCATE, fd))
    return NEXT(int, ftruncate64, int, off64_t)(fd, length);
}

static int opened(int at, const char *path, int flags, mode_t mode)
{
    if (harmed_path(OPEN, path))
        return -1;
    return NEXT(int, openat64, int, const char *, int, ...)(at, path, flags, mode);
}

#include "../preload/opened.h"

int unlink(const char *path)
{
    REFUSED(harmed_path(NAME, path))
    return NEXT(int, unlink, const char *)(path);
}

int rename(const char *from, const char *to)
{
    REFUSED(harmed_path(NAME, to))
    return NEXT(int, rename, const char *, const char *)(from, to);
}

// The library renames by the call's number.
long syscall(long number, ...)
{
    va_list more;
    long a[6];
    va_start(more, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_renameat2) {
        REFUSED(harmed_path(NAME, (const char *)a[3]))
    }
    return NEXT(long, syscall, long, ...)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#define MAPPED void *, size_t, int, int, int

void *mmap(void *start, size_t length, int protection, int flags, int fd, off_t at)
{
    if (harmed_file(MAP, fd))
        return MAP_FAILED;
    return NEXT(void *, mmap, MAPPED, off_t)(start, length, protection, flags, fd, at);
}

void *mmap64(void *start, size_t length, int protection, int flags, int fd, off64_t at)
{
    if (harmed_file(MAP, fd))
        return MAP_FAILED;
    return NEXT(void *, mmap64, MAPPED, off64_t)(start, length, protection, flags, fd, at);
}

int statx(int at, const char *restrict given, int flags, unsigned mask, struct statx *restrict found)
{
    // Who asks whether there is such a call gives no path, whatever the header says of that.
    const char *volatile path = given;
    if (path && (*path ? harmed_path(STAT, path) : harmed_file(STAT, at)))
        return -1;
    return NEXT(int, statx, int, const char *, int, unsigned, struct statx *)(at, path, flags, mask, found);
}

#define LOOKED(name, type) \
    int name(const char *path, struct type *found) \
    { \
        if (harmed_path(STAT, path)) \
            return -1; \
        return NEXT(int, name, const char *, struct type *)(path, found); \
    }

LOOKED(stat, stat)
LOOKED(stat64, stat64)
LOOKED(lstat, stat)
LOOKED(lstat64, stat64)

int fstat(int fd, struct stat *found)
{
    return harmed_file(STAT, fd) ? -1 : NEXT(int, fstat, int, struct stat *)(fd, found);
}

int fstat64(int fd, struct stat64 *found)
{
    return harmed_file(STAT, fd) ? -1 : NEXT(int, fstat64, int, struct stat64 *)(fd, found);
}

// Taking a lock; giving one back never fails.
#define LOCKED(name) \
    int name(int fd, int command, ...) \
    { \
        va_list more; \
        va_start(more, command); \
        void *argument = va_arg(more, void *); \
        va_end(more); \
        int takes = (command == F_SETLK || command == F_OFD_SETLK) && \
            ((struct flock *)argument)->l_type != F_UNLCK; \
        if (takes && harmed_file(LOCK, fd)) \
            return -1; \
        return NEXT(int, name, int, int, ...)(fd, command, argument); \
    }

LOCKED(fcntl)
LOCKED(fcntl64)

int flock(int fd, int operation)
{
    return !(operation & LOCK_UN) && harmed_file(LOCK, fd) ? -1 : NEXT(int, flock, int, int)(fd, operation);
}
