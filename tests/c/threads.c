/*
 * Threads: `threads TOKENS [broken]`. Eight race for each token, and exactly one wins. With `broken` they trust a look
 * before the redemption, as a careless host would; then several win, and the same count says so.
 */
#define _XOPEN_SOURCE 600
#include <pthread.h>
#include <unistd.h>

#include "store.h"

enum { THREADS = 8, MOST_TOKENS = 1000, CLOSINGS = 20 };

static pthread_barrier_t together;
static char tokens[MOST_TOKENS][TOKEN_SIZE];
static int32_t answers[MOST_TOKENS][THREADS];
static long wanted;
static int broken;

struct racer {
    pthread_t thread;
    int number;
    struct gatepass_store *store;
};

static void *race(void *given)
{
    struct racer *racer = given;
    for (long i = 0; i < wanted; i++) {
        pthread_barrier_wait(&together);
        if (broken) {
            int live = state_of(racer->store, tokens[i]) == GATEPASS_TOKEN_STATE_LIVE;
            pthread_barrier_wait(&together);
            redeem(racer->store, tokens[i]);
            answers[i][racer->number] = live ? GATEPASS_OK : GATEPASS_TOKEN_REDEEMED;
        } else {
            answers[i][racer->number] = redeem(racer->store, tokens[i]);
        }
    }
    return NULL;
}

static void exactly_one_wins(void)
{
    struct racer racers[THREADS];
    struct gatepass_store *store = make_store("threads.db");
    for (long i = 0; i < wanted; i++) {
        NEED(issue(store, tokens[i]));
    }
    pthread_barrier_init(&together, NULL, THREADS);
    for (int n = 0; n < THREADS; n++) {
        racers[n].number = n;
        /* Half of them share a store, the others have one each. */
        racers[n].store = n % 2 == 0 ? store : open_store("threads.db");
        if (pthread_create(&racers[n].thread, NULL, race, &racers[n]) != 0) {
            exit(2);
        }
    }
    for (int n = 0; n < THREADS; n++) {
        pthread_join(racers[n].thread, NULL);
        if (racers[n].store != store) {
            NEED(gatepass_store_close(racers[n].store));
        }
    }
    pthread_barrier_destroy(&together);
    for (long i = 0; i < wanted; i++) {
        int winners = 0;
        for (int n = 0; n < THREADS; n++) {
            winners += answers[i][n] == GATEPASS_OK;
            PROMISE(answers[i][n] == GATEPASS_OK || answers[i][n] == GATEPASS_TOKEN_REDEEMED,
                    "a loser hears that the token is redeemed, not %s", check_name(answers[i][n]));
        }
        PROMISE(winners == 1, "token %ld has exactly one winner, not %d", i, winners);
    }
    NEED(gatepass_store_close(store));
}

static void *use_until_closed(void *given)
{
    struct racer *racer = given;
    int32_t code;
    do {
        char token[TOKEN_SIZE];
        code = issue(racer->store, token);
        if (code == GATEPASS_OK) {
            code = redeem(racer->store, token);
        }
    } while (code == GATEPASS_OK);
    answers[0][racer->number] = code;
    return NULL;
}

static void closed_under_others(void)
{
    struct racer racers[THREADS];
    for (int round = 0; round < CLOSINGS; round++) {
        struct gatepass_store *store = open_store("threads.db");
        for (int n = 0; n < THREADS; n++) {
            racers[n].number = n;
            racers[n].store = store;
            if (pthread_create(&racers[n].thread, NULL, use_until_closed, &racers[n]) != 0) {
                exit(2);
            }
        }
        usleep((useconds_t)(round * 500));
        NEED(gatepass_store_close(store));
        CODE(gatepass_store_close(store), GATEPASS_INVALID_HANDLE);
        for (int n = 0; n < THREADS; n++) {
            pthread_join(racers[n].thread, NULL);
            CODE(answers[0][n], GATEPASS_INVALID_HANDLE);
        }
    }
}

int main(int argc, char **argv)
{
    wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
    broken = argc > 2;
    if (wanted < 1 || wanted > MOST_TOKENS) {
        return 2;
    }
    exactly_one_wins();
    if (!broken) {
        closed_under_others();
    }
    return report();
}
