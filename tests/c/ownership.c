/*
 * Who owns what, and for how long. `ownership ROUNDS` says how often objects are made and freed; how much memory that
 * takes is measured from 100,000 on, where it would show.
 */
#define _POSIX_C_SOURCE 200112L
#include <dirent.h>
#include <unistd.h>

#include "store.h"

/* Resident memory, in KiB. */
static long resident(void)
{
    long all = 0, pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm != NULL) {
        PROMISE(fscanf(statm, "%ld %ld", &all, &pages) == 2, "the kernel tells our memory");
        fclose(statm);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* How many files are open. */
static int descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL) {
        count++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}

static void freeing(struct gatepass_store *store)
{
    struct gatepass_options *options = NULL;
    struct gatepass_document *document = NULL;
    int here;

    NEED(gatepass_free(NULL));
    NEED(gatepass_store_close(NULL));
    CODE(gatepass_free(store), GATEPASS_WRONG_HANDLE);
    CODE(gatepass_free(&here), GATEPASS_INVALID_HANDLE);
    CODE(gatepass_store_close((struct gatepass_store *)&here), GATEPASS_INVALID_HANDLE);

    NEED(gatepass_options_new(&options));
    CODE(gatepass_store_close((struct gatepass_store *)options), GATEPASS_WRONG_HANDLE);
    NEED(gatepass_free(options));
    CODE(gatepass_free(options), GATEPASS_INVALID_HANDLE);
    CODE(gatepass_options_set_deadline_ms(options, 1), GATEPASS_INVALID_HANDLE);
    CODE(gatepass_store_open(TEXT("ownership.db"), options, &store), GATEPASS_INVALID_HANDLE);

    /* The old handle stays dead although its place is taken again and again. */
    for (int round = 0; round < 1000; round++) {
        struct gatepass_options *next = NULL;
        NEED(gatepass_options_new(&next));
        PROMISE(next != options, "a handle is never given twice");
        CODE(gatepass_free(options), GATEPASS_INVALID_HANDLE);
        NEED(gatepass_free(next));
    }
    PROMISE(gatepass_document_text(document) == NULL && gatepass_last_error_code() == GATEPASS_NULL_ARGUMENT,
            "NULL is a code to a getter");
}

/* Each kind of object, used after its end. */
static void after_free(struct gatepass_store *store)
{
    char token[TOKEN_SIZE];
    struct gatepass_caller *caller = NULL;
    struct gatepass_request *request = NULL, *spend;
    struct gatepass_issued *issued = NULL;
    struct gatepass_inspection *inspection = NULL;
    struct gatepass_sign_in *sign_in = NULL;
    struct gatepass_session *session = NULL;
    struct gatepass_document *document = NULL;

    NEED(gatepass_caller_host(store, TEXT("cli"), &caller));
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_user_id(request, 1));
    NEED(gatepass_token_issue(store, caller, request, &issued));
    strncpy(token, gatepass_issued_token(issued), sizeof token - 1);
    token[sizeof token - 1] = '\0';
    spend = ask_for(token);
    NEED(gatepass_token_inspect(store, spend, &inspection));
    NEED(gatepass_token_redeem(store, spend, &sign_in));
    NEED(gatepass_request_set_token(spend, NULL, 0));
    NEED(gatepass_request_set_session(spend, TEXT(gatepass_sign_in_session(sign_in))));
    NEED(gatepass_session_check(store, spend, &session));
    NEED(gatepass_call(store, TEXT("settings.list"), NULL, 0, &document));
    NEED(gatepass_free(spend));
    CODE(gatepass_session_end(store, spend), GATEPASS_INVALID_HANDLE);

#define DEAD(what) \
    PROMISE((what) == 0 && gatepass_last_error_code() == GATEPASS_INVALID_HANDLE, "a freed handle is a code")
    NEED(gatepass_free(caller));
    DEAD(gatepass_caller_credential_id(caller));
    CODE(gatepass_token_issue(store, caller, request, &issued), GATEPASS_INVALID_HANDLE);
    PROMISE(issued == NULL, "an output is NULL after a failure");
    NEED(gatepass_free(request));
    CODE(gatepass_request_set_user_id(request, 1), GATEPASS_INVALID_HANDLE);
    CODE(gatepass_token_inspect(store, request, &(struct gatepass_inspection *){NULL}), GATEPASS_INVALID_HANDLE);
    NEED(gatepass_free(inspection));
    DEAD(gatepass_inspection_state(inspection));
    DEAD(gatepass_inspection_name(inspection));
    NEED(gatepass_free(sign_in));
    DEAD(gatepass_sign_in_user_id(sign_in));
    DEAD(gatepass_sign_in_session(sign_in));
    DEAD(gatepass_sign_in_client_count(sign_in));
    NEED(gatepass_free(session));
    DEAD(gatepass_session_user_id(session));
    DEAD(gatepass_session_name(session));
    NEED(gatepass_free(document));
    DEAD(gatepass_document_text(document));
    DEAD(gatepass_document_length(document));
#undef DEAD

    /* A getter of one kind, asked about an object of another. */
    NEED(gatepass_request_new(&request));
    PROMISE(gatepass_session_name((struct gatepass_session *)request) == NULL
                && gatepass_last_error_code() == GATEPASS_WRONG_HANDLE,
            "a handle of another kind is a code");
    NEED(gatepass_free(request));
}

/* Results outlive the store that they came from; a store outlives nothing. */
static void closing(void)
{
    char token[TOKEN_SIZE];
    struct gatepass_store *store = open_store("ownership.db"), *again = store;
    struct gatepass_document *document = NULL;
    struct gatepass_request *request;
    struct gatepass_sign_in *sign_in = NULL;
    const char *text, *redemption;
    char *copy;

    NEED(issue(store, token));
    request = ask_for(token);
    NEED(gatepass_token_redeem(store, request, &sign_in));
    NEED(gatepass_call(store, TEXT("settings.list"), NULL, 0, &document));
    text = gatepass_document_text(document);
    redemption = gatepass_sign_in_redemption(sign_in);
    copy = malloc(gatepass_document_length(document) + 1);
    if (copy == NULL) {
        exit(2);
    }
    strcpy(copy, text);

    NEED(gatepass_store_close(store));
    PROMISE(strcmp(text, copy) == 0, "borrowed text lives as long as its object, also past the store");
    PROMISE(gatepass_document_text(document) == text, "a getter gives the same text each time");
    PROMISE(strlen(redemption) == 32, "a sign-in lives past its store");
    free(copy);
    CODE(gatepass_store_close(store), GATEPASS_INVALID_HANDLE);

    CODE(gatepass_token_redeem(store, request, &sign_in), GATEPASS_INVALID_HANDLE);
    PROMISE(sign_in == NULL, "an output is NULL after a failure, whatever it held");
    again = (struct gatepass_store *)request;
    CODE(gatepass_store_open(TEXT("no-such.db"), NULL, &again), GATEPASS_STORE_MISSING);
    PROMISE(again == NULL, "an output is NULL after a failure, whatever it held");
    CODE(gatepass_store_open(TEXT("ownership.db"), NULL, NULL), GATEPASS_NULL_ARGUMENT);

    again = open_store("ownership.db");
    PROMISE(again != store, "a new store has a new handle");
    CODE(redeem(store, token), GATEPASS_INVALID_HANDLE);
    CODE(redeem(again, token), GATEPASS_TOKEN_REDEEMED);
    NEED(gatepass_store_close(again));
    NEED(gatepass_free(request));
    NEED(gatepass_free(document));
}

static void round_of(struct gatepass_store *store)
{
    struct gatepass_request *request = NULL;
    struct gatepass_options *options = NULL;
    struct gatepass_document *document = NULL;
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_redirect_path(request, TEXT("viewinvoice.php?id=5")));
    NEED(gatepass_options_new(&options));
    NEED(gatepass_options_set_actor(options, TEXT("nightly job")));
    NEED(gatepass_free(request));
    NEED(gatepass_free(options));
    CODE(gatepass_call(store, TEXT("no.such"), NULL, 0, &document), GATEPASS_INVALID);
}

/* How much memory so many rounds of making and freeing take for good, in KiB. */
static long growth(struct gatepass_store *store, long rounds)
{
    long before;
    for (long round = 0; round < rounds / 10; round++) {
        round_of(store);
    }
    before = resident();
    for (long round = 0; round < rounds; round++) {
        round_of(store);
    }
    return resident() - before;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 100000, grown, before;
    int open = descriptors();
    struct gatepass_store *store = make_store("ownership.db");

    PROMISE(descriptors() > open, "an open store has files");
    freeing(store);
    after_free(store);
    grown = growth(store, rounds);
    if (rounds >= 100000) {
        PROMISE(grown < 1024, "%ld rounds of making and freeing are flat, but grew by %ld KiB", rounds, grown);
        /* The same measure does see objects that nobody frees. */
        before = resident();
        for (long round = 0; round < rounds; round++) {
            struct gatepass_request *lost = NULL;
            NEED(gatepass_request_new(&lost));
        }
        PROMISE(resident() - before > 1024, "lost objects would be noticed");
    }
    NEED(gatepass_store_close(store));
    closing();
    PROMISE(descriptors() == open, "a closed store leaves no file open");
    return report();
}
