/*
 * What several programs do with a store: made in the working directory, of mode `host`, so that any user id will do.
 */
#ifndef STORE_H
#define STORE_H

#include "check.h"

enum { TOKEN_SIZE = 41 };

static inline struct gatepass_store *make_store(const char *path)
{
    struct gatepass_store *store = NULL;
    NEED(gatepass_store_init(TEXT(path), GATEPASS_MODE_HOST, TEXT("https://billing.example.com"), 0, NULL, &store));
    return store;
}

static inline struct gatepass_store *open_store(const char *path)
{
    struct gatepass_store *store = NULL;
    NEED(gatepass_store_open(TEXT(path), NULL, &store));
    return store;
}

/* A token for user 1, from the caller that every store knows. */
static inline enum gatepass_code issue(struct gatepass_store *store, char token[TOKEN_SIZE])
{
    struct gatepass_caller *caller = NULL;
    struct gatepass_request *request = NULL;
    struct gatepass_issued *issued = NULL;
    enum gatepass_code code = gatepass_caller_host(store, TEXT("cli"), &caller);
    token[0] = '\0';
    if (code == GATEPASS_OK) {
        code = gatepass_request_new(&request);
    }
    if (code == GATEPASS_OK) {
        code = gatepass_request_set_user_id(request, 1);
    }
    if (code == GATEPASS_OK) {
        code = gatepass_token_issue(store, caller, request, &issued);
    }
    if (code == GATEPASS_OK) {
        strncpy(token, gatepass_issued_token(issued), TOKEN_SIZE - 1);
        token[TOKEN_SIZE - 1] = '\0';
    }
    gatepass_free(issued);
    gatepass_free(request);
    gatepass_free(caller);
    return code;
}

/* A request with a token in it; NULL if that can't be had. */
static inline struct gatepass_request *ask_for(const char *token)
{
    struct gatepass_request *request = NULL;
    if (gatepass_request_new(&request) == GATEPASS_OK) {
        gatepass_request_set_token(request, TEXT(token));
    }
    return request;
}

/* Freeing clears the thread's last error, so this is for those who want the code alone. */
static inline enum gatepass_code redeem(struct gatepass_store *store, const char *token)
{
    struct gatepass_request *request = ask_for(token);
    struct gatepass_sign_in *sign_in = NULL;
    enum gatepass_code code = gatepass_token_redeem(store, request, &sign_in);
    gatepass_free(sign_in);
    gatepass_free(request);
    return code;
}

/* Where a token stands; 0 if that can't be told. */
static inline int32_t state_of(struct gatepass_store *store, const char *token)
{
    struct gatepass_request *request = ask_for(token);
    struct gatepass_inspection *inspection = NULL;
    int32_t state;
    gatepass_token_inspect(store, request, &inspection);
    state = gatepass_inspection_state(inspection);
    gatepass_free(inspection);
    gatepass_free(request);
    return state;
}

#endif
