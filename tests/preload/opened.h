/* The calls that open a file, each of which ends in `opened(at, path, flags, mode)` of who includes this. */

#define OPENED(at, path, flags) \
    mode_t mode = 0; \
    if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    } \
    return opened(at, path, flags, mode);

int open(const char *path, int flags, ...) { OPENED(AT_FDCWD, path, flags) }
int open64(const char *path, int flags, ...) { OPENED(AT_FDCWD, path, flags) }
int openat(int at, const char *path, int flags, ...) { OPENED(at, path, flags) }
int openat64(int at, const char *path, int flags, ...) { OPENED(at, path, flags) }
