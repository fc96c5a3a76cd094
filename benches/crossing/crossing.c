/* The work of the bench, from C: see main.rs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gatepass.h"

static void must(gatepass_code code)
{
    if (code != GATEPASS_OK) {
        fprintf(stderr, "%s\n", gatepass_last_error());
        exit(1);
    }
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static char (*kept(int count))[65]
{
    char(*texts)[65] = calloc((size_t)count, sizeof *texts);
    if (texts == NULL) {
        exit(1);
    }
    return texts;
}

static gatepass_request *about(const char *text, gatepass_code (*set)(gatepass_request *, const char *, size_t))
{
    gatepass_request *request;
    must(gatepass_request_new(&request));
    must(set(request, text, strlen(text)));
    return request;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    int count = atoi(argv[2]);
    char(*tokens)[65] = kept(count), (*sessions)[65] = kept(count);
    gatepass_store *store;
    gatepass_caller *caller;
    must(gatepass_store_open(argv[1], strlen(argv[1]), NULL, &store));
    must(gatepass_caller_host(store, "cli", 3, &caller));

    double times[5];
    times[0] = now();
    for (int i = 0; i < count; i++) {
        gatepass_request *request = about("clientarea:invoices", gatepass_request_set_destination);
        gatepass_issued *issued;
        must(gatepass_request_set_client_id(request, 1));
        must(gatepass_request_set_actor(request, "bench", 5));
        must(gatepass_token_issue(store, caller, request, &issued));
        strcpy(tokens[i], gatepass_issued_token(issued));
        gatepass_free(request);
        gatepass_free(issued);
    }
    times[1] = now();
    for (int i = 0; i < count; i++) {
        gatepass_request *request = about(tokens[i], gatepass_request_set_token);
        gatepass_inspection *inspection;
        must(gatepass_token_inspect(store, request, &inspection));
        gatepass_free(request);
        gatepass_free(inspection);
    }
    times[2] = now();
    for (int i = 0; i < count; i++) {
        gatepass_request *request = about(tokens[i], gatepass_request_set_token);
        gatepass_sign_in *sign_in;
        must(gatepass_token_redeem(store, request, &sign_in));
        strcpy(sessions[i], gatepass_sign_in_session(sign_in));
        gatepass_free(request);
        gatepass_free(sign_in);
    }
    times[3] = now();
    for (int i = 0; i < count; i++) {
        gatepass_request *request = about(sessions[i], gatepass_request_set_session);
        gatepass_session *session;
        must(gatepass_session_check(store, request, &session));
        gatepass_free(request);
        gatepass_free(session);
    }
    times[4] = now();
    for (int act = 0; act < 4; act++) {
        printf("%f ", (times[act + 1] - times[act]) / count);
    }
    printf("\n");
    gatepass_free(caller);
    gatepass_store_close(store);
    free(tokens);
    free(sessions);
    return 0;
}
