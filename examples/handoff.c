/*
 * A portal hands a signed-in client over to the billing system, and the billing system signs her in.
 *
 *     cargo build --release -p gatepass-c
 *     cc -Iinclude -o target/handoff examples/handoff.c target/release/libgatepass.a -lpthread -ldl -lm
 *     target/handoff
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gatepass.h"

/* The library takes text as pointer and length. */
#define TEXT(string) (string), strlen(string)

/* Nobody is let in on anything but GATEPASS_OK. */
static void need(gatepass_code code)
{
    if (code != GATEPASS_OK) {
        fprintf(stderr, "handoff: %s: %s\n", gatepass_code_name(code), gatepass_last_error());
        exit(1);
    }
}

static void call(gatepass_store *store, const char *operation, const char *parameters)
{
    gatepass_document *answer;
    need(gatepass_call(store, TEXT(operation), TEXT(parameters), &answer));
    printf("%s: %s\n", operation, gatepass_document_text(answer));
    gatepass_free(answer);
}

int main(void)
{
    gatepass_store *store;
    gatepass_caller *portal;
    gatepass_request *request;
    gatepass_issued *issued;
    gatepass_sign_in *sign_in;

    /* Once: the store, and who exists. */
    need(gatepass_store_init(TEXT("handoff.db"), GATEPASS_MODE_MANAGED, TEXT("https://billing.example.com"), 0, NULL,
                             &store));
    call(store, "user.add", "{\"email\": \"ann@example.com\", \"first_name\": \"Ann\"}");
    call(store, "client.add", "{\"email\": \"ann@example.com\", \"owner\": 1}");

    /* The portal: Ann is signed in here and clicks "my service". Send her browser to the token's URL. */
    need(gatepass_caller_host(store, TEXT("cli"), &portal));
    need(gatepass_request_new(&request));
    need(gatepass_request_set_client_id(request, 1));
    need(gatepass_request_set_destination(request, TEXT("clientarea:product_details")));
    need(gatepass_request_set_service_id(request, 7));
    need(gatepass_token_issue(store, portal, request, &issued));
    gatepass_free(request);
    printf("portal: redirect to %s\n", gatepass_issued_redirect_url(issued));

    /* The billing system: the browser arrives with the token, which is spent here. */
    need(gatepass_request_new(&request));
    need(gatepass_request_set_token(request, TEXT(gatepass_issued_token(issued))));
    need(gatepass_token_redeem(store, request, &sign_in));
    printf("billing: user %lld is signed in and goes to %s\n", (long long)gatepass_sign_in_user_id(sign_in),
           gatepass_sign_in_landing_url(sign_in));
    gatepass_free(sign_in);

    /* Whoever brings the same token again hears why not. */
    if (gatepass_token_redeem(store, request, &sign_in) == GATEPASS_TOKEN_REDEEMED) {
        printf("again: %s\n", gatepass_last_error());
    }

    gatepass_free(request);
    gatepass_free(issued);
    gatepass_free(portal);
    need(gatepass_store_close(store));
    remove("handoff.db");
    return 0;
}
