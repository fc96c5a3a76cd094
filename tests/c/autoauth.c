/*
 * An AutoAuth link judged by itself: what passes, what does not and why, and that nothing is spent.
 * `autoauth broken` signs with another key, which must be noticed.
 */
#include <stdint.h>
#include <time.h>

#include "store.h"

static const char key[] = "a key of the old website";

/* The query of a link that the library signed now. */
static void sign(struct gatepass_store *store, const char *with, char query[512])
{
    struct gatepass_request *request = NULL;
    struct gatepass_document *link = NULL;
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_email(request, TEXT("ann@example.com")));
    NEED(gatepass_request_set_key(request, TEXT(with)));
    NEED(gatepass_autoauth_sign(store, request, &link));
    query[0] = '\0';
    strncat(query, strchr(gatepass_document_text(link), '?'), 511);
    NEED(gatepass_free(link));
    NEED(gatepass_free(request));
}

static enum gatepass_code verify(const char *query, const char *with)
{
    return gatepass_autoauth_verify(TEXT(query), TEXT(with), 900, 900);
}

static void names(const char *field)
{
    PROMISE(same(gatepass_last_error_field(), field), "%s is named, not %s", field, gatepass_last_error_field());
}

/* Waits until the clock shows a later second than the link. */
static void wait_a_second(const char *query)
{
    long long signed_at = strtoll(strstr(query, "timestamp=") + strlen("timestamp="), NULL, 10);
    while ((long long)time(NULL) <= signed_at) {
    }
}

int main(int argc, char **argv)
{
    struct gatepass_store *store = make_store("autoauth.db");
    struct gatepass_request *request = NULL;
    struct gatepass_sign_in *sign_in = NULL;
    struct gatepass_document *enabled = NULL;
    char query[512], other[512], bent[600];

    sign(store, argc > 1 && same(argv[1], "broken") ? "another key, as long" : key, query);
    sign(store, "another key, as long", other);
    CODE(verify(query, key), GATEPASS_OK);
    CODE(verify(query + 1, key), GATEPASS_OK);
    CODE(verify(other, "another key, as long"), GATEPASS_OK);

    /* Of another key, or with another address. */
    CODE(verify(other, key), GATEPASS_AUTOAUTH_HASH);
    strcpy(bent, query);
    memcpy(strstr(bent, "ann"), "bob", 3);
    CODE(verify(bent, key), GATEPASS_AUTOAUTH_HASH);

    /* A field twice, none at all, and what is the program's own mistake. */
    sprintf(bent, "%s&email=bob@example.com", query);
    CODE(verify(bent, key), GATEPASS_INVALID);
    names("email");
    CODE(verify("", key), GATEPASS_INVALID);
    names("email");
    CODE(verify(query, ""), GATEPASS_INVALID);
    names("key");
    CODE(gatepass_autoauth_verify(TEXT(query), NULL, 0, 900, 900), GATEPASS_NULL_ARGUMENT);
    names("key");
    CODE(gatepass_autoauth_verify(NULL, 0, TEXT(key), 900, 900), GATEPASS_NULL_ARGUMENT);
    names("query");
    CODE(gatepass_autoauth_verify(TEXT(query), TEXT(key), -1, 900), GATEPASS_INVALID);
    names("past_seconds");
    CODE(gatepass_autoauth_verify(TEXT(query), TEXT(key), 900, INT64_MIN), GATEPASS_INVALID);
    names("future_seconds");

    /* The windows: the known answer of 2010 passes when the past reaches so far, and one of 2286 likewise. */
    strcpy(bent, "email=demo@whmcs.com&timestamp=1290100706&hash=6624fa4b6fb3c5fcd24e587154a949911046d92b");
    CODE(verify(bent, "abcXYZ123"), GATEPASS_AUTOAUTH_TOO_OLD);
    CODE(gatepass_autoauth_verify(TEXT(bent), TEXT("abcXYZ123"), INT64_MAX, 0), GATEPASS_OK);
    strcpy(bent, "email=demo@whmcs.com&timestamp=9999999999&hash=f2f4167f4b8347d8fb199897ee15e4206f103c72");
    CODE(verify(bent, "abcXYZ123"), GATEPASS_AUTOAUTH_TOO_NEW);
    CODE(gatepass_autoauth_verify(TEXT(bent), TEXT("abcXYZ123"), 0, INT64_MAX), GATEPASS_OK);
    wait_a_second(query);
    CODE(gatepass_autoauth_verify(TEXT(query), TEXT(key), 0, 0), GATEPASS_AUTOAUTH_TOO_OLD);

    /* It spends nothing and asks no store: a link passes again, once accepted, and with the store closed. */
    NEED(gatepass_call(store, TEXT("autoauth.enable"), TEXT("{}"), &enabled));
    NEED(gatepass_free(enabled));
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_query(request, TEXT(query)));
    NEED(gatepass_request_set_key(request, TEXT(key)));
    CODE(gatepass_autoauth_accept(store, request, &sign_in), GATEPASS_OK);
    NEED(gatepass_free(sign_in));
    CODE(gatepass_autoauth_accept(store, request, &sign_in), GATEPASS_AUTOAUTH_USED);
    CODE(verify(query, key), GATEPASS_OK);
    NEED(gatepass_free(request));
    NEED(gatepass_store_close(store));
    CODE(verify(query, key), GATEPASS_OK);
    CODE(verify(other, key), GATEPASS_AUTOAUTH_HASH);
    return report();
}
