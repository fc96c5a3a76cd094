/* Faults that Valgrind must find through an interpreter, or it proves nothing; and `fine`, in which there is none. */
#include <stdlib.h>

int fine(void)
{
    char *volatile block = calloc(8, 1);
    int first = block[7];
    free(block);
    return first;
}

/* Reads one byte too many. */
int overread(void)
{
    char *volatile block = calloc(8, 1);
    int beyond = block[8];
    free(block);
    return beyond;
}

/* Decides by what nobody wrote. */
int unset(void)
{
    int *volatile block = malloc(sizeof *block);
    if (*block == 7) {
        abort();
    }
    free(block);
    return 0;
}

int leak(void)
{
    char *volatile lost = malloc(100);
    lost[0] = 1;
    lost = NULL;
    return 0;
}
