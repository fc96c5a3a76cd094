/* What a program hears when something fails. */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>

#include "store.h"

/* Every code has a name, a line and a class; a number that is none has neither. */
static void words(void)
{
    static const int32_t none[] = {-1, 1, 7, 1000, 1999, 2999, 3999, 4999, 5000, INT32_MAX, INT32_MIN};
    size_t count = 0;
    int classes[5] = {0};

    for (; gatepass_code_at(count) != -1; count++) {
        int32_t code = gatepass_code_at(count);
        const char *name = gatepass_code_name(code), *message = gatepass_code_message(code);
        enum gatepass_class in = gatepass_code_class(code);
        PROMISE(name != NULL && *name != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(name),
                "code %d has a word for a name", (int)code);
        PROMISE(message != NULL && *message != '\0' && strchr(message, '\n') == NULL,
                "code %d has one line", (int)code);
        PROMISE((int32_t)in == code / 1000, "code %d is in the class of its thousand", (int)code);
        classes[in]++;
        for (size_t other = 0; other < count; other++) {
            PROMISE(gatepass_code_at(other) != code, "code %d is listed once", (int)code);
            PROMISE(!same(gatepass_code_name(gatepass_code_at(other)), name), "%s is one code's name", name);
        }
        if (gatepass_code_retryable(code)) {
            PROMISE(in != GATEPASS_CLASS_MISUSE && in != GATEPASS_CLASS_NONE, "%s is not mended by waiting", name);
        }
    }
    PROMISE(count > 60, "all codes are listed");
    for (int in = 0; in < 5; in++) {
        PROMISE(classes[in] > 0, "class %d has codes", in);
    }
    PROMISE(gatepass_code_at(SIZE_MAX) == -1, "there is an end of the codes");
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        PROMISE(gatepass_code_name(none[i]) == NULL && gatepass_code_message(none[i]) == NULL, "%d is no code",
                (int)none[i]);
        PROMISE(!gatepass_code_retryable(none[i]), "%d is not retried", (int)none[i]);
    }
    /* A program knows what to do with a code that a later release adds. */
    PROMISE(gatepass_code_class(2999) == GATEPASS_CLASS_REFUSED, "an unknown code has its thousand's class");
    PROMISE(gatepass_code_class(5000) == GATEPASS_CLASS_NONE && gatepass_code_class(-2001) == GATEPASS_CLASS_NONE,
            "a number outside of every class has none");
    PROMISE(gatepass_code_retryable(GATEPASS_STORE_BUSY), "a busy store is asked again");
}

static int clean(void)
{
    return gatepass_last_error_code() == GATEPASS_OK && same(gatepass_last_error(), "")
        && same(gatepass_last_error_field(), "") && same(gatepass_last_error_reference(), "")
        && same(gatepass_last_error_redemption(), "") && gatepass_last_error_same_browser() == 0
        && gatepass_last_error_session_ended() == 0 && gatepass_last_error_retry_after_ms() == 0;
}

static void classes(struct gatepass_store *store)
{
    char token[TOKEN_SIZE];
    struct gatepass_request *request = NULL;
    struct gatepass_sign_in *sign_in = NULL;
    struct gatepass_store *none = NULL;
    FILE *foreign;

    /* MISUSE names the field. */
    NEED(gatepass_request_new(&request));
    CODE(gatepass_request_set_client_id(request, -1), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "client_id"), "the field is named");
    PROMISE(strstr(gatepass_last_error(), "client_id") != NULL, "the line names the field");
    CODE(gatepass_request_set_actor(request, "\xff", 1), GATEPASS_INVALID_UTF8);
    PROMISE(same(gatepass_last_error_field(), "actor"), "the field is named");
    CODE(gatepass_request_set_actor(request, "a\0b", 3), GATEPASS_NUL_INSIDE);
    CODE(gatepass_request_set_actor(request, "a", SIZE_MAX), GATEPASS_TOO_LONG);
    CODE(gatepass_request_set_actor(request, NULL, 1), GATEPASS_NULL_ARGUMENT);
    CODE(gatepass_token_redeem(store, request, &sign_in), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "token"), "the field is named");
    /* A field that the act does not take. */
    NEED(gatepass_request_set_client_id(request, 1));
    CODE(gatepass_token_redeem(store, request, &sign_in), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "client_id"), "the field is named");
    PROMISE(!clean(), "reading the slot does not empty it");
    /* What a database gives for "none" is no id: without it a token would be for somebody else. */
    CODE(gatepass_request_set_user_id(request, 0), GATEPASS_INVALID);
    NEED(gatepass_free(request));
    PROMISE(clean(), "success empties the slot");
    NEED(gatepass_request_new(&request));

    CODE(gatepass_request_set_binding(request, "", 0), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "binding"), "a cookie that is not there binds to nothing");
    NEED(gatepass_request_set_binding(request, NULL, 0));

    /* REFUSED tells the second who was first, and leaves a reference. */
    NEED(issue(store, token));
    NEED(gatepass_request_set_token(request, TEXT(token)));
    NEED(gatepass_token_redeem(store, request, &sign_in));
    PROMISE(clean(), "success leaves nothing in the slot");
    NEED(gatepass_request_set_session(request, TEXT(gatepass_sign_in_session(sign_in))));
    CODE(gatepass_token_redeem(store, request, &(struct gatepass_sign_in *){NULL}), GATEPASS_TOKEN_REDEEMED);
    PROMISE(gatepass_last_error_code() == GATEPASS_TOKEN_REDEEMED, "the slot has the code");
    PROMISE(gatepass_last_error_same_browser() == 1, "a second click is told apart");
    PROMISE(strlen(gatepass_last_error_redemption()) == 32, "the redemption is told");
    PROMISE(same(gatepass_last_error_field(), ""), "a refusal is about no field");
    PROMISE(strstr(gatepass_last_error(), token) == NULL, "no message holds a token");
    gatepass_sign_in_user_id(sign_in);
    PROMISE(clean(), "a getter that succeeds empties the slot too");
    NEED(gatepass_request_set_session(request, NULL, 0));
    CODE(gatepass_token_redeem(store, request, &(struct gatepass_sign_in *){NULL}), GATEPASS_TOKEN_REDEEMED);
    PROMISE(strlen(gatepass_last_error_reference()) > 0, "a replay has a reference");
    PROMISE(gatepass_code_name(1) == NULL && gatepass_version() != NULL && gatepass_operation_name(SIZE_MAX) == NULL
                && !clean(),
            "words, versions and names leave the slot alone");

    /* STORE. */
    CODE(gatepass_store_open(TEXT("no-such.db"), NULL, &none), GATEPASS_STORE_MISSING);
    CODE(gatepass_store_open(TEXT("."), NULL, &none), GATEPASS_IS_A_FOLDER);
    PROMISE(gatepass_code_class(gatepass_store_open(TEXT("errors.db/below"), NULL, &none)) == GATEPASS_CLASS_STORE,
            "a path below a file is a code of the class STORE");
    CODE(gatepass_store_init(TEXT("errors.db"), GATEPASS_MODE_HOST, TEXT("https://a.example"), 0, NULL, &none),
         GATEPASS_STORE_EXISTS);
    CODE(gatepass_store_init(TEXT("other.db"), 3, TEXT("https://a.example"), 0, NULL, &none),
         GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "mode"), "the field is named");
    CODE(gatepass_store_init(TEXT("other.db"), GATEPASS_MODE_HOST, TEXT("ftp://a.example"), 0, NULL, &none),
         GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "system_url"), "the field is named");
    CODE(gatepass_store_open(TEXT("other.db"), NULL, &none), GATEPASS_STORE_MISSING);
    foreign = fopen("foreign.db", "w");
    if (foreign != NULL) {
        fputs("this is no database, and it is long enough to be told apart from an empty file\n", foreign);
        fclose(foreign);
    }
    CODE(gatepass_store_open(TEXT("foreign.db"), NULL, &none), GATEPASS_NOT_A_STORE);
    PROMISE(strlen(gatepass_last_error()) > 0 && strchr(gatepass_last_error(), '\n') == NULL, "a failure is one line");

    NEED(gatepass_free(sign_in));
    NEED(gatepass_free(request));
}

static int other_was_clean, other_failed;

static void *other_thread(void *unused)
{
    other_was_clean = clean();
    gatepass_free(&unused);
    other_failed = gatepass_last_error_code() == GATEPASS_INVALID_HANDLE;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    struct gatepass_store *store = make_store("errors.db"), *none = NULL;
    size_t operations = 0;

    words();
    classes(store);

    CODE(gatepass_store_open(TEXT("no-such.db"), NULL, &none), GATEPASS_STORE_MISSING);
    if (pthread_create(&thread, NULL, other_thread, NULL) != 0 || pthread_join(thread, NULL) != 0) {
        return 2;
    }
    PROMISE(other_was_clean, "one thread's failure is not another's");
    PROMISE(other_failed, "a thread has a failure of its own");
    PROMISE(gatepass_last_error_code() == GATEPASS_STORE_MISSING,
            "another thread's failure does not disturb this one's");

    while (gatepass_operation_name(operations) != NULL) {
        PROMISE(gatepass_operation_about(operations) != NULL, "%s says what it does",
                gatepass_operation_name(operations));
        operations++;
    }
    PROMISE(operations > 20 && gatepass_operation_about(operations) == NULL, "operations are listed to their end");
    PROMISE(gatepass_operation_name(SIZE_MAX) == NULL, "there is an end of the operations");
    NEED(gatepass_store_close(store));
    return report();
}
