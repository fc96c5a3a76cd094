// Loaded before libc: every call that changes a file of one folder, and every sync, is written to a log in
// the order in which they took effect, whatever threads and processes make them. A lock is held around each
// call and its record, but not during a sync: that is recorded where it begins and where it ends.
//
// A write to the file `acknowledged` is a note to the log alone. `-shm` files and the gate are left out: they
// are made anew by whoever needs them, and nothing in them has to survive. A call that could change a file
// and is not understood here is recorded as unknown, which fails the test.
//
// GATEPASS_TEST_FOLDER: the folder. GATEPASS_TEST_LOG: the log.
// GATEPASS_TEST_SWALLOW: `log`, `database`, `folder` or `all`, whose syncs are not made, though told to have
// succeeded: a broken disk, which must be caught.
// GATEPASS_TEST_DIES_AFTER: after so many records the process is killed, with nothing half recorded.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE = 1, TRUNCATE, SYNC_BEGINS, SYNC_ENDS, CREATE, UNLINK, RENAME, NOTE, UNKNOWN };

struct record {
    uint32_t kind, process, thread, name_length;
    uint64_t file, at, length;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int journal = -1;
static const char *swallow = "";
static long left = -1;

#define NEXT(name, type) ((type)next(#name))

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("GATEPASS_TEST_LOG"), *watched = getenv("GATEPASS_TEST_FOLDER");
    if (!path || !watched || !realpath(watched, folder))
        abort();
    folder_length = strlen(folder);
    if (getenv("GATEPASS_TEST_SWALLOW"))
        swallow = getenv("GATEPASS_TEST_SWALLOW");
    if (getenv("GATEPASS_TEST_DIES_AFTER"))
        left = atol(getenv("GATEPASS_TEST_DIES_AFTER"));
    // Each process opens it by itself: the lock belongs to what was opened.
    journal = NEXT(open, int (*)(const char *, int, ...))(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (journal < 0)
        abort();
}

static int lock(void)
{
    int before = errno;
    pthread_mutex_lock(&mutex);
    while (flock(journal, LOCK_EX) != 0)
        if (errno != EINTR)
            abort();
    return before;
}

static void unlock(int before)
{
    flock(journal, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = before;
}

static void put(enum kind kind, const char *name, uint64_t file, int64_t at, const void *bytes, size_t length)
{
    struct record record = {kind, (uint32_t)getpid(), (uint32_t)gettid(), (uint32_t)strlen(name),
                            file, (uint64_t)at, bytes ? length : 0};
    struct iovec parts[] = {
        {&record, sizeof record}, {(void *)name, record.name_length}, {(void *)bytes, record.length}};
    ssize_t whole = (ssize_t)(sizeof record + record.name_length + record.length);
    if (NEXT(writev, ssize_t (*)(int, const struct iovec *, int))(journal, parts, 3) != whole)
        abort();
    if (left > 0 && --left == 0)
        raise(SIGKILL);
}

static int ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), wanted = strlen(end);
    return length >= wanted && strcmp(name + length - wanted, end) == 0;
}

// The name inside the folder, "" for the folder itself, NULL for all that is not recorded.
static const char *inside(const char *path)
{
    if (journal < 0 || strncmp(path, folder, folder_length) != 0)
        return NULL;
    const char *name = path + folder_length;
    if (*name && *name++ != '/')
        return NULL;
    return strstr(name, "-shm") || strstr(name, "-gate") ? NULL : name;
}

struct open_file {
    char path[PATH_MAX];
    const char *name;
    uint64_t file;
    int64_t length;
};

static int watched(int fd, struct open_file *found)
{
    char link[64];
    struct stat status;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = journal < 0 ? -1 : readlink(link, found->path, sizeof found->path - 1);
    if (length >= 0) {
        found->path[length] = 0;
        found->name = inside(found->path);
        if (found->name && fstat(fd, &status) == 0) {
            found->file = status.st_ino;
            found->length = status.st_size;
            errno = before;
            return 1;
        }
    }
    errno = before;
    return 0;
}

// The path of a name as a call gave it, with a folder that has no links in it.
static const char *resolve(int at, const char *given, char *path)
{
    char start[PATH_MAX] = "", whole[PATH_MAX * 2 + 1], base[64], *slash;
    int before = errno;
    if (*given != '/') {
        snprintf(base, sizeof base, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        ssize_t length = readlink(base, start, sizeof start - 1);
        start[length < 0 ? 0 : length] = 0;
    }
    snprintf(whole, sizeof whole, "%s/%s", start, given);
    slash = strrchr(whole, '/');
    *slash = 0;
    const char *name = NULL;
    if (realpath(*whole ? whole : "/", path) && strlen(path) + strlen(slash + 1) + 2 < PATH_MAX) {
        strcat(strcat(path, "/"), slash + 1);
        name = inside(path);
    }
    errno = before;
    return name;
}

static uint64_t inode(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_ino : 0;
}

static void unknown(const char *call, const char *name)
{
    int before = lock();
    put(UNKNOWN, call, 0, 0, name, strlen(name));
    unlock(before);
}

static void unknown_on(const char *call, int fd)
{
    struct open_file file;
    if (watched(fd, &file))
        unknown(call, file.name);
}

// Writing.

static void wrote(const struct open_file *file, int64_t at, const void *bytes, ssize_t length)
{
    enum kind kind = strcmp(file->name, "acknowledged") == 0 ? NOTE : WRITE;
    if (length > 0)
        put(kind, "", file->file, at, bytes, (size_t)length);
}

static ssize_t written_at(const char *call, int fd, const void *bytes, size_t length, off64_t at)
{
    ssize_t (*pwrite_next)(int, const void *, size_t, off64_t) = next(call);
    struct open_file file;
    if (!watched(fd, &file))
        return pwrite_next(fd, bytes, length, at);
    int before = lock();
    ssize_t done = pwrite_next(fd, bytes, length, at);
    int after = done < 0 ? errno : before;
    wrote(&file, at, bytes, done);
    unlock(after);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    return written_at("pwrite", fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
    return written_at("pwrite64", fd, bytes, length, at);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    ssize_t (*write_next)(int, const void *, size_t) = next("write");
    struct open_file file;
    if (!watched(fd, &file))
        return write_next(fd, bytes, length);
    int before = lock();
    watched(fd, &file);
    int64_t at = fcntl(fd, F_GETFL) & O_APPEND ? file.length : lseek(fd, 0, SEEK_CUR);
    ssize_t done = write_next(fd, bytes, length);
    int after = done < 0 ? errno : before;
    wrote(&file, at, bytes, done);
    unlock(after);
    return done;
}

static int truncated(const char *call, int fd, off64_t length)
{
    int (*truncate_next)(int, off64_t) = next(call);
    struct open_file file;
    if (!watched(fd, &file))
        return truncate_next(fd, length);
    int before = lock();
    int done = truncate_next(fd, length);
    int after = done < 0 ? errno : before;
    if (done == 0)
        put(TRUNCATE, "", file.file, length, NULL, 0);
    unlock(after);
    return done;
}

int ftruncate(int fd, off_t length) { return truncated("ftruncate", fd, length); }
int ftruncate64(int fd, off64_t length) { return truncated("ftruncate64", fd, length); }

// Syncs.

// What a disk keeps is the model's affair: here a sync only takes a disk's time, in which others go on. So the
// tests take as long on a slow disk as on a fast one.
static int synced(const char *call, int fd)
{
    int (*sync_next)(int) = next(call);
    struct open_file file;
    if (!watched(fd, &file))
        return sync_next(fd);
    const char *what = !*file.name ? "folder" : ends_with(file.name, "-wal") ? "log" : "database";
    if (strcmp(swallow, "all") == 0 || strcmp(swallow, what) == 0)
        return 0;
    int before = lock();
    put(SYNC_BEGINS, "", file.file, 0, NULL, 0);
    unlock(before);
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    usleep(50 + (useconds_t)(time.tv_nsec / 64 % 400));
    before = lock();
    put(SYNC_ENDS, "", file.file, 0, NULL, 0);
    unlock(before);
    return 0;
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }

// Names.

static int opened(int at, const char *given, int flags, mode_t mode)
{
    int (*open_next)(int, const char *, int, ...) = next("openat64");
    char path[PATH_MAX];
    int nameless = (flags & O_TMPFILE) == O_TMPFILE;
    const char *name = flags & (O_CREAT | O_TRUNC) || nameless ? resolve(at, given, path) : NULL;
    if (name && nameless)
        unknown("open a file without a name", given);
    if (!name || nameless)
        return open_next(at, given, flags, mode);
    int before = lock();
    uint64_t there = inode(path);
    int fd = open_next(at, given, flags, mode);
    int after = fd < 0 ? errno : before;
    if (fd >= 0 && !there)
        put(CREATE, name, inode(path), 0, NULL, 0);
    else if (fd >= 0 && flags & O_TRUNC)
        put(TRUNCATE, "", there, 0, NULL, 0);
    unlock(after);
    return fd;
}

#include "../preload/opened.h"

int unlinkat(int at, const char *given, int flags)
{
    int (*unlink_next)(int, const char *, int) = next("unlinkat");
    char path[PATH_MAX];
    const char *name = resolve(at, given, path);
    if (!name)
        return unlink_next(at, given, flags);
    int before = lock();
    int done = unlink_next(at, given, flags);
    int after = done < 0 ? errno : before;
    if (done == 0)
        put(UNLINK, name, 0, 0, NULL, 0);
    unlock(after);
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int remove(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    int (*rename_next)(int, const char *, int, const char *, unsigned) = next("renameat2");
    char from_path[PATH_MAX], to_path[PATH_MAX];
    const char *from_name = resolve(from_at, from, from_path), *to_name = resolve(to_at, to, to_path);
    if (!from_name && !to_name)
        return rename_next(from_at, from, to_at, to, flags);
    if (!from_name || !to_name || flags & ~(unsigned)RENAME_NOREPLACE)
        unknown("rename", from);
    int before = lock();
    int done = rename_next(from_at, from, to_at, to, flags);
    int after = done < 0 ? errno : before;
    if (done == 0 && from_name && to_name)
        put(RENAME, from_name, 0, 0, to_name, strlen(to_name));
    unlock(after);
    return done;
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

// The library calls it by its number.
long syscall(long number, ...)
{
    long (*syscall_next)(long, ...) = next("syscall");
    va_list more;
    long a[6];
    va_start(more, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_renameat2)
        return renameat2((int)a[0], (const char *)a[1], (int)a[2], (const char *)a[3], (unsigned)a[4]);
    return syscall_next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

// What could change a file past all of the above.

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
    char path[PATH_MAX];
    if (resolve(to_at, to, path))
        unknown("link", to);
    return NEXT(linkat, int (*)(int, const char *, int, const char *, int))(from_at, from, to_at, to, flags);
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

static int truncated_by_name(const char *call, const char *given, off64_t length)
{
    int (*truncate_next)(const char *, off64_t) = next(call);
    char path[PATH_MAX];
    if (resolve(AT_FDCWD, given, path))
        unknown(call, given);
    return truncate_next(given, length);
}

int truncate(const char *given, off_t length) { return truncated_by_name("truncate", given, length); }
int truncate64(const char *given, off64_t length) { return truncated_by_name("truncate64", given, length); }

int mkdir(const char *given, mode_t mode)
{
    char path[PATH_MAX];
    if (resolve(AT_FDCWD, given, path))
        unknown("mkdir", given);
    return NEXT(mkdir, int (*)(const char *, mode_t))(given, mode);
}

#define UNKNOWN(type, call, fd, parameters, ...) \
    type call parameters \
    { \
        unknown_on(#call, fd); \
        return NEXT(call, type (*) parameters)(__VA_ARGS__); \
    }

UNKNOWN(ssize_t, writev, fd, (int fd, const struct iovec *parts, int count), fd, parts, count)
UNKNOWN(ssize_t, pwritev, fd, (int fd, const struct iovec *parts, int count, off_t at), fd, parts, count, at)
UNKNOWN(ssize_t, pwritev64, fd, (int fd, const struct iovec *parts, int count, off64_t at), fd, parts, count, at)
UNKNOWN(int, posix_fallocate, fd, (int fd, off_t at, off_t length), fd, at, length)
UNKNOWN(int, posix_fallocate64, fd, (int fd, off64_t at, off64_t length), fd, at, length)
UNKNOWN(int, fallocate, fd, (int fd, int mode, off_t at, off_t length), fd, mode, at, length)
UNKNOWN(int, fallocate64, fd, (int fd, int mode, off64_t at, off64_t length), fd, mode, at, length)
UNKNOWN(ssize_t, sendfile, to, (int to, int from, off_t *at, size_t length), to, from, at, length)
UNKNOWN(ssize_t, sendfile64, to, (int to, int from, off64_t *at, size_t length), to, from, at, length)
UNKNOWN(ssize_t, copy_file_range, to, (int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags),
        from, from_at, to, to_at, length, flags)

void *mmap(void *start, size_t length, int protection, int flags, int fd, off_t at)
{
    void *(*map_next)(void *, size_t, int, int, int, off_t) = next("mmap");
    if (fd >= 0 && flags & MAP_SHARED && protection & PROT_WRITE)
        unknown_on("mmap", fd);
    return map_next(start, length, protection, flags, fd, at);
}

void *mmap64(void *start, size_t length, int protection, int flags, int fd, off64_t at)
{
    return mmap(start, length, protection, flags, fd, at);
}
