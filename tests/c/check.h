/*
 * Promises. One that does not hold is named on standard error, with its file and line, and counted; a program ends
 * with `return report();`. assert() is not used, for NDEBUG would switch it off.
 *
 * Not for several threads at once: threads note what they saw, and the main one checks it.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gatepass.h"

/* A literal or other string as the pointer and length that the library takes. */
#define TEXT(string) (string), strlen(string)

/* `promise` is a format with its arguments, and says what must be true. */
#define PROMISE(holds, ...) check_promise((holds) != 0, #holds, __FILE__, __LINE__, __VA_ARGS__)

/* The call must come to this code. */
#define CODE(call, wanted) check_code((call), (wanted), #call, __FILE__, __LINE__)

/* What can't be gone on without. */
#define NEED(call) do { if (!CODE(call, GATEPASS_OK)) { exit(report()); } } while (0)

/* A function, so that each program can be made of several files. */
static inline int *check_broken(void)
{
    static int broken;
    return &broken;
}

static inline int check_promise(int holds, const char *expression, const char *file, int line, const char *promise, ...)
{
    if (!holds) {
        va_list rest;
        fprintf(stderr, "%s:%d: broken promise: ", file, line);
        va_start(rest, promise);
        vfprintf(stderr, promise, rest);
        va_end(rest);
        fprintf(stderr, " (%s)\n", expression);
        ++*check_broken();
    }
    return holds;
}

static inline const char *check_name(int32_t code)
{
    const char *name = gatepass_code_name(code);
    return name != NULL ? name : "a number without a name";
}

static inline int check_code(int32_t code, int32_t wanted, const char *call, const char *file, int line)
{
    if (code != wanted) {
        fprintf(stderr, "%s:%d: broken promise: %s must come to %s, not %s: %s\n", file, line, call, check_name(wanted),
                check_name(code), gatepass_last_error());
        ++*check_broken();
    }
    return code == wanted;
}

static inline int same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The status to end with. */
static inline int report(void)
{
    if (*check_broken() > 0) {
        fprintf(stderr, "%d promises broken\n", *check_broken());
    }
    return *check_broken() > 0 ? 1 : 0;
}

#endif
