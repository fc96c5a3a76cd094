/* What the bench's programs in C share. */

#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gatepass.h"

static void must(gatepass_code code)
{
    if (code != GATEPASS_OK) {
        fprintf(stderr, "%s\n", gatepass_last_error());
        exit(1);
    }
}

/* Seconds. */
static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

#endif
