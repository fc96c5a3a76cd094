/* The main job, start to end, as a program in C does it. */
#include "check.h"

static void call(struct gatepass_store *store, const char *operation, const char *json)
{
    struct gatepass_document *answer = NULL;
    NEED(gatepass_call(store, TEXT(operation), TEXT(json), &answer));
    PROMISE(strlen(gatepass_document_text(answer)) == gatepass_document_length(answer),
            "a document's length is its text's");
    NEED(gatepass_free(answer));
}

int main(void)
{
    struct gatepass_store *store = NULL;
    struct gatepass_caller *portal = NULL;
    struct gatepass_request *request = NULL;
    struct gatepass_issued *issued = NULL;
    struct gatepass_sign_in *sign_in = NULL;
    struct gatepass_session *session = NULL;
    char redemption[33] = "";

    PROMISE(gatepass_abi_version() == GATEPASS_ABI_VERSION, "the library speaks the header's interface");
    PROMISE(gatepass_abi_revision() >= GATEPASS_ABI_REVISION, "the library is as new as the header");

    NEED(gatepass_store_init(TEXT("smoke.db"), GATEPASS_MODE_MANAGED, TEXT("https://billing.example.com"), 0, NULL,
                             &store));
    call(store, "user.add", "{\"email\":\"ann@example.com\",\"first_name\":\"Ann\"}");
    call(store, "client.add", "{\"email\":\"ann@example.com\",\"owner\":1}");

    /* The portal asks for a token for Ann's account. */
    NEED(gatepass_caller_host(store, TEXT("cli"), &portal));
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_client_id(request, 1));
    NEED(gatepass_request_set_destination(request, TEXT("clientarea:product_details")));
    NEED(gatepass_request_set_service_id(request, 7));
    NEED(gatepass_token_issue(store, portal, request, &issued));
    NEED(gatepass_free(request));
    PROMISE(strlen(gatepass_issued_token(issued)) == 40, "a token has 40 characters");
    PROMISE(strstr(gatepass_issued_redirect_url(issued), gatepass_issued_token(issued)) != NULL,
            "the URL carries the token");
    PROMISE(gatepass_issued_user_id(issued) == 1, "the token is for the account's owner");

    /* Her browser brings it. */
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_token(request, TEXT(gatepass_issued_token(issued))));
    NEED(gatepass_token_redeem(store, request, &sign_in));
    PROMISE(gatepass_sign_in_user_id(sign_in) == 1, "the user is signed in");
    PROMISE(same(gatepass_sign_in_landing_url(sign_in),
                 "https://billing.example.com/clientarea.php?action=productdetails&id=7"),
            "she lands on the service's page");
    strncpy(redemption, gatepass_sign_in_redemption(sign_in), sizeof redemption - 1);

    /* Whoever brings it again hears why not. */
    CODE(gatepass_token_redeem(store, request, &(struct gatepass_sign_in *){NULL}), GATEPASS_TOKEN_REDEEMED);
    PROMISE(same(gatepass_last_error_redemption(), redemption), "the loser's host is told the first redemption");
    NEED(gatepass_free(request));

    /* Her next page. */
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_session(request, TEXT(gatepass_sign_in_session(sign_in))));
    NEED(gatepass_session_check(store, request, &session));
    PROMISE(gatepass_session_user_id(session) == 1 && gatepass_session_client_id(session) == 1, "the session is hers");
    NEED(gatepass_session_end(store, request));
    NEED(gatepass_free(session));
    CODE(gatepass_session_check(store, request, &session), GATEPASS_SESSION_ENDED);

    NEED(gatepass_free(request));
    NEED(gatepass_free(sign_in));
    NEED(gatepass_free(issued));
    NEED(gatepass_free(portal));
    NEED(gatepass_store_close(store));
    return report();
}
