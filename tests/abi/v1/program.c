/*
 * A program of the first ABI, as somebody compiled it against that release. Compiled against the header beside it and
 * run with today's library: it must work for as long as the SONAME is libgatepass.so.1. It uses nothing else of the
 * tests, which change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gatepass.h"

#define TEXT(string) (string), strlen(string)

static void must(int holds, const char *what, int line)
{
    if (!holds) {
        fprintf(stderr, "program.c:%d: no longer so: %s (last error: %s)\n", line, what, gatepass_last_error());
        exit(1);
    }
}

#define MUST(holds) must((holds) != 0, #holds, __LINE__)
#define OK(call) MUST((call) == GATEPASS_OK)

static struct gatepass_store *store;

/* Runs an operation, whose answer must hold a text. */
static void call(const char *operation, const char *json, const char *holds)
{
    struct gatepass_document *answer = NULL;
    OK(gatepass_call(store, TEXT(operation), TEXT(json), &answer));
    MUST(strlen(gatepass_document_text(answer)) == gatepass_document_length(answer));
    MUST(strstr(gatepass_document_text(answer), holds) != NULL);
    OK(gatepass_free(answer));
}

static void tokens_and_sessions(struct gatepass_caller *caller)
{
    struct gatepass_request *request = NULL;
    struct gatepass_issued *issued = NULL;
    struct gatepass_inspection *inspection = NULL;
    struct gatepass_sign_in *sign_in = NULL, *none = NULL;
    struct gatepass_session *session = NULL;
    char redemption[33];

    OK(gatepass_request_new(&request));
    OK(gatepass_request_set_client_id(request, 1));
    OK(gatepass_request_set_destination(request, TEXT("clientarea:product_details")));
    OK(gatepass_request_set_service_id(request, 7));
    OK(gatepass_request_set_life_ms(request, 30000));
    OK(gatepass_request_set_actor(request, TEXT("somebody")));
    OK(gatepass_request_set_binding(request, "nonce", 5));
    OK(gatepass_request_set_address(request, TEXT("203.0.113.9")));
    OK(gatepass_token_issue(store, caller, request, &issued));
    OK(gatepass_free(request));
    MUST(strlen(gatepass_issued_token(issued)) == 40 && gatepass_issued_expires_at_ms(issued) > 0);
    MUST(gatepass_issued_user_id(issued) == 1 && gatepass_issued_client_id(issued) == 1);

    OK(gatepass_request_new(&request));
    OK(gatepass_request_set_token(request, TEXT(gatepass_issued_token(issued))));
    OK(gatepass_token_inspect(store, request, &inspection));
    MUST(gatepass_inspection_state(inspection) == GATEPASS_TOKEN_STATE_LIVE && gatepass_inspection_bound(inspection) == 1);
    MUST(gatepass_token_redeem(store, request, &sign_in) == GATEPASS_BROWSER_MISMATCH && sign_in == NULL);
    OK(gatepass_request_set_binding(request, "nonce", 5));
    OK(gatepass_token_redeem(store, request, &sign_in));
    MUST(gatepass_sign_in_user_id(sign_in) == 1 && gatepass_sign_in_client_count(sign_in) == 1);
    MUST(gatepass_sign_in_client_at(sign_in, 0) == 1 && gatepass_sign_in_client_at(sign_in, 1) == 0);
    MUST(strcmp(gatepass_sign_in_landing_url(sign_in), "https://billing.example.com/clientarea.php?action=productdetails&id=7") == 0);
    MUST(strlen(gatepass_sign_in_session(sign_in)) == 64 && strlen(gatepass_sign_in_redemption(sign_in)) == 32);
    MUST(gatepass_token_redeem(store, request, &none) == GATEPASS_TOKEN_REDEEMED && none == NULL);
    MUST(gatepass_last_error_code() == GATEPASS_TOKEN_REDEEMED);
    /* Copied, for the next getter empties the last error. */
    MUST(strlen(gatepass_last_error_redemption()) == 32);
    strcpy(redemption, gatepass_last_error_redemption());
    MUST(strcmp(redemption, gatepass_sign_in_redemption(sign_in)) == 0);
    OK(gatepass_free(request));

    OK(gatepass_request_new(&request));
    OK(gatepass_request_set_session(request, TEXT(gatepass_sign_in_session(sign_in))));
    OK(gatepass_session_check(store, request, &session));
    MUST(gatepass_session_user_id(session) == 1 && gatepass_session_origin(session) == GATEPASS_ORIGIN_TOKEN);
    OK(gatepass_session_end(store, request));
    OK(gatepass_free(session));
    MUST(gatepass_session_check(store, request, &session) == GATEPASS_SESSION_ENDED && session == NULL);
    OK(gatepass_free(request));
    OK(gatepass_free(inspection));
    OK(gatepass_free(sign_in));
    OK(gatepass_free(issued));
    MUST(gatepass_free(issued) == GATEPASS_INVALID_HANDLE);
    MUST(gatepass_issued_token(issued) == NULL && gatepass_issued_user_id(issued) == 0);
}

static void autoauth(void)
{
    struct gatepass_request *request = NULL;
    struct gatepass_document *link = NULL;
    struct gatepass_sign_in *sign_in = NULL;
    call("autoauth.enable", "{}", "\"enabled\":true");
    OK(gatepass_request_new(&request));
    OK(gatepass_request_set_email(request, TEXT("ann@example.com")));
    OK(gatepass_request_set_key(request, TEXT("a-key-of-many-characters")));
    OK(gatepass_autoauth_sign(store, request, &link));
    OK(gatepass_free(request));
    OK(gatepass_request_new(&request));
    MUST(strchr(gatepass_document_text(link), '?') != NULL);
    OK(gatepass_request_set_query(request, TEXT(strchr(gatepass_document_text(link), '?'))));
    OK(gatepass_request_set_key(request, TEXT("a-key-of-many-characters")));
    OK(gatepass_autoauth_accept(store, request, &sign_in));
    MUST(strcmp(gatepass_sign_in_email(sign_in), "ann@example.com") == 0);
    OK(gatepass_free(sign_in));
    MUST(gatepass_autoauth_accept(store, request, &sign_in) == GATEPASS_AUTOAUTH_USED && sign_in == NULL);
    OK(gatepass_free(link));
    OK(gatepass_free(request));
}

int main(void)
{
    struct gatepass_options *options = NULL;
    struct gatepass_caller *caller = NULL;
    struct gatepass_document *answer = NULL;
    char identifier[33], secret[33];
    const char *at;

    MUST(gatepass_abi_version() == GATEPASS_ABI_VERSION && gatepass_abi_revision() >= GATEPASS_ABI_REVISION);
    MUST(gatepass_version() != NULL && gatepass_sqlite_version() != NULL);
    MUST(strcmp(gatepass_code_name(GATEPASS_TOKEN_REDEEMED), "token_redeemed") == 0);
    MUST(gatepass_code_class(GATEPASS_TOKEN_REDEEMED) == GATEPASS_CLASS_REFUSED && gatepass_code_retryable(GATEPASS_STORE_BUSY));

    OK(gatepass_options_new(&options));
    OK(gatepass_options_set_deadline_ms(options, 5000));
    OK(gatepass_options_set_actor(options, TEXT("program")));
    OK(gatepass_store_init(TEXT("program.db"), GATEPASS_MODE_MANAGED, TEXT("https://billing.example.com"), 0, options, &store));
    OK(gatepass_store_close(store));
    MUST(gatepass_store_close(store) == GATEPASS_INVALID_HANDLE);
    OK(gatepass_store_open_kept(TEXT("program.db"), options, &store));
    OK(gatepass_store_close(store));
    OK(gatepass_store_open(TEXT("program.db"), options, &store));
    OK(gatepass_free(options));

    call("user.add", "{\"email\":\"ann@example.com\"}", "\"user_id\":1");
    call("client.add", "{\"email\":\"ann@example.com\",\"owner\":1}", "\"client_id\":1");
    call("admin.add", "{\"username\":\"ops\"}", "\"username\":\"ops\"");
    OK(gatepass_call(store, TEXT("credential.create"), TEXT("{\"label\":\"portal\",\"admin\":\"ops\"}"), &answer));
    MUST((at = strstr(gatepass_document_text(answer), "\"identifier\":\"")) != NULL);
    MUST(sscanf(at, "\"identifier\":\"%32[A-Za-z0-9]", identifier) == 1);
    MUST((at = strstr(gatepass_document_text(answer), "\"secret\":\"")) != NULL);
    MUST(sscanf(at, "\"secret\":\"%32[A-Za-z0-9]", secret) == 1);
    OK(gatepass_free(answer));
    OK(gatepass_caller_authenticate(store, TEXT(identifier), TEXT(secret), NULL, 0, &caller));
    MUST(gatepass_caller_credential_id(caller) > 0);
    tokens_and_sessions(caller);
    OK(gatepass_free(caller));
    MUST(gatepass_caller_authenticate(store, TEXT(identifier), TEXT("wrong"), NULL, 0, &caller) == GATEPASS_AUTHENTICATION_FAILED);
    OK(gatepass_caller_host(store, TEXT("cli"), &caller));
    tokens_and_sessions(caller);
    OK(gatepass_free(caller));
    autoauth();
    OK(gatepass_store_close(store));
    return 0;
}
