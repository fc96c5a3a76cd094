/* A process that opens a store through include/gatepass.h and redeems: what the part `opening` measures.
 *
 * Usage: opening STORE plain|kept AGAIN WARM, with 1 + AGAIN + WARM tokens on standard input, a line each. It prints microseconds,
 * a line each: opening and the first redemption; the same in AGAIN later requests of the process, each of which closes the
 * store at its end; and WARM redemptions with the store open. */

#include <string.h>

#include "program.h"

static const char *path;
static int kept;

static gatepass_store *opened(void)
{
    gatepass_store *store;
    if (kept) {
        must(gatepass_store_open_kept(path, strlen(path), NULL, &store));
    } else {
        must(gatepass_store_open(path, strlen(path), NULL, &store));
    }
    return store;
}

static void redeem(gatepass_store *store, const char *token)
{
    gatepass_request *request;
    gatepass_sign_in *sign_in;
    must(gatepass_request_new(&request));
    must(gatepass_request_set_token(request, token, strlen(token)));
    must(gatepass_token_redeem(store, request, &sign_in));
    gatepass_free(request);
    gatepass_free(sign_in);
}

static const char *next(void)
{
    static char line[256];
    if (fgets(line, sizeof line, stdin) == NULL) {
        exit(2);
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}

int main(int argc, char **argv)
{
    gatepass_store *store;
    int requests;
    if (argc != 5) {
        return 2;
    }
    path = argv[1];
    kept = strcmp(argv[2], "kept") == 0;
    for (requests = 1 + atoi(argv[3]); requests > 0; requests--) {
        const char *token = next();
        double began = now();
        store = opened();
        redeem(store, token);
        printf("%.1f\n", (now() - began) * 1e6);
        gatepass_free(store);
    }
    store = opened();
    for (requests = atoi(argv[4]); requests > 0; requests--) {
        const char *token = next();
        double began = now();
        redeem(store, token);
        printf("%.1f\n", (now() - began) * 1e6);
    }
    gatepass_free(store);
    return 0;
}
