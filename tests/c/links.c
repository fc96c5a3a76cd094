/* Sign-in links for e-mail, start to end: made, looked at, opened, refused, ended. */
#include "check.h"

static struct gatepass_store *store;
static struct gatepass_caller *caller;

/* Runs an operation on a text and tells whether its answer holds `wanted`. */
static int answers(const char *operation, const char *name, const char *text, const char *wanted)
{
    char json[512];
    struct gatepass_document *answer = NULL;
    int holds;
    snprintf(json, sizeof json, "{\"%s\":\"%s\"}", name, text);
    NEED(gatepass_call(store, TEXT(operation), TEXT(json), &answer));
    holds = strstr(gatepass_document_text(answer), wanted) != NULL;
    NEED(gatepass_free(answer));
    return holds;
}

static void call(const char *operation, const char *json)
{
    struct gatepass_document *answer = NULL;
    NEED(gatepass_call(store, TEXT(operation), TEXT(json), &answer));
    NEED(gatepass_free(answer));
}

/* A request for a link to client 1's invoice. */
static struct gatepass_request *invoice(void)
{
    struct gatepass_request *request = NULL;
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_client_id(request, 1));
    NEED(gatepass_request_set_destination(request, TEXT("sso:custom_redirect")));
    NEED(gatepass_request_set_redirect_path(request, TEXT("viewinvoice.php?id=5")));
    NEED(gatepass_request_set_title(request, TEXT("invoice 5")));
    NEED(gatepass_request_set_label(request, TEXT("reminder")));
    return request;
}

static struct gatepass_created_link *create(struct gatepass_request *request)
{
    struct gatepass_created_link *created = NULL;
    NEED(gatepass_link_create(store, caller, request, &created));
    NEED(gatepass_free(request));
    return created;
}

static enum gatepass_code try_to_open(const char *link, struct gatepass_opened_link **opened)
{
    struct gatepass_request *request = NULL;
    enum gatepass_code code;
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_link(request, TEXT(link)));
    NEED(gatepass_request_set_address(request, TEXT("203.0.113.9")));
    code = gatepass_link_open(store, request, opened);
    gatepass_free(request);
    return code;
}

/* For those who want the code alone. */
static enum gatepass_code open_again(const char *link)
{
    struct gatepass_opened_link *opened = NULL;
    enum gatepass_code code = try_to_open(link, &opened);
    gatepass_free(opened);
    return code;
}

static void a_link_is_mailed_and_opened_once(void)
{
    struct gatepass_created_link *created = create(invoice());
    struct gatepass_opened_link *opened = NULL;
    struct gatepass_request *request = NULL;
    struct gatepass_sign_in *sign_in = NULL;
    const char *text = gatepass_created_link_text(created), *url = gatepass_created_link_url(created);
    const char *name = gatepass_created_link_reference(created), *token;

    PROMISE(strlen(text) == 32, "a link has 32 characters");
    PROMISE(strlen(name) == 24 && strstr(text, name) == NULL, "its name is no part of it");
    PROMISE(strncmp(url, "https://billing.example.com/signin.php?", 39) == 0 && same(url + 39, text),
            "the mail carries the URL with it: %s", url);
    PROMISE(gatepass_created_link_user_id(created) == 1, "it is for the account's owner");
    PROMISE(gatepass_created_link_client_id(created) == 1, "it is bound to the account");
    PROMISE(gatepass_created_link_expires_at_ms(created) > 0, "it has an end");

    /* The page that a robot or a person gets first. */
    PROMISE(answers("link.inspect", "link", text, "\"state\":\"live\""), "looking finds it live");
    PROMISE(answers("link.inspect", "link", url, "\"title\":\"invoice 5\""), "and says what waits there");
    PROMISE(answers("link.inspect", "link", name, "\"used\":0"), "and uses nothing");

    NEED(try_to_open(url, &opened));
    token = gatepass_opened_link_token(opened);
    PROMISE(strlen(token) == 40, "a use gives a token");
    PROMISE(strstr(gatepass_opened_link_redirect_url(opened), token) != NULL, "the redirect carries it");
    PROMISE(same(gatepass_opened_link_landing_url(opened), "https://billing.example.com/viewinvoice.php?id=5"),
            "it leads to the invoice");
    PROMISE(same(gatepass_opened_link_reference(opened), name), "the use names its link");
    PROMISE(gatepass_opened_link_user_id(opened) == 1 && gatepass_opened_link_client_id(opened) == 1,
            "the use says who comes");
    PROMISE(gatepass_opened_link_expires_at_ms(opened) < gatepass_created_link_expires_at_ms(created),
            "the token lives as tokens do");
    PROMISE(gatepass_opened_link_uses_left(opened) == 0, "that was its only use");
    PROMISE(gatepass_opened_link_unchecked_count(opened) == 0 && gatepass_opened_link_unchecked_at(opened, 0) == NULL,
            "a managed store checks everything");
    CODE(open_again(text), GATEPASS_LINK_USED);
    PROMISE(answers("link.inspect", "link", text, "\"refusal\":\"link_used\""), "looking says so too");

    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_token(request, TEXT(token)));
    NEED(gatepass_token_redeem(store, request, &sign_in));
    PROMISE(gatepass_sign_in_user_id(sign_in) == 1, "the token signs her in");
    NEED(gatepass_free(sign_in));
    NEED(gatepass_free(request));
    NEED(gatepass_free(opened));
    NEED(gatepass_free(created));
}

static void a_link_is_opened_as_often_as_it_has_uses(void)
{
    struct gatepass_request *request = invoice();
    struct gatepass_created_link *created;
    NEED(gatepass_request_set_uses(request, 3));
    created = create(request);
    for (int left = 2; left >= 0; left--) {
        struct gatepass_opened_link *opened = NULL;
        NEED(try_to_open(gatepass_created_link_text(created), &opened));
        PROMISE(gatepass_opened_link_uses_left(opened) == left, "%d uses are left", left);
        NEED(gatepass_free(opened));
    }
    CODE(open_again(gatepass_created_link_text(created)), GATEPASS_LINK_USED);
    NEED(gatepass_free(created));
}

static void what_ended_a_link_is_told(void)
{
    struct gatepass_created_link *revoked = create(invoice()), *outdated, *first, *second;
    struct gatepass_request *request;
    PROMISE(answers("link.revoke", "link", gatepass_created_link_reference(revoked), "\"ended\":1"), "one ended");
    CODE(open_again(gatepass_created_link_text(revoked)), GATEPASS_LINK_REVOKED);

    outdated = create(invoice());
    call("link.account_changed", "{\"client_id\":1,\"changed\":\"password\"}");
    CODE(open_again(gatepass_created_link_text(outdated)), GATEPASS_LINK_OUTDATED);

    request = invoice();
    NEED(gatepass_request_set_end_siblings(request, 1));
    first = create(request);
    request = invoice();
    NEED(gatepass_request_set_end_siblings(request, -1));
    second = create(request);
    CODE(open_again(gatepass_created_link_text(second)), GATEPASS_OK);
    CODE(open_again(gatepass_created_link_text(first)), GATEPASS_LINK_SUPERSEDED);

    NEED(gatepass_free(revoked));
    NEED(gatepass_free(outdated));
    NEED(gatepass_free(first));
    NEED(gatepass_free(second));
}

static void what_is_wrong_with_a_request_is_named(void)
{
    struct gatepass_created_link *created = NULL;
    struct gatepass_opened_link *opened = NULL;
    struct gatepass_request *request = invoice();
    CODE(open_again("abcdefghijklmnopqrstuvwxyz234567"), GATEPASS_LINK_UNKNOWN);
    CODE(open_again("no link at all"), GATEPASS_LINK_UNKNOWN);

    CODE(gatepass_request_set_uses(request, -1), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "uses"), "a number that can't be is named at once");
    NEED(gatepass_request_set_uses(request, 101));
    CODE(gatepass_link_create(store, caller, request, &created), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "uses"), "and one that is too many by the act");
    NEED(gatepass_request_set_uses(request, 100));
    NEED(gatepass_request_set_life_ms(request, INT64_C(8) * 86400000));
    CODE(gatepass_link_create(store, caller, request, &created), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "life"), "no link lives for 8 days");
    NEED(gatepass_request_set_life_ms(request, INT64_C(7) * 86400000));
    NEED(gatepass_request_set_label(request, NULL, 0));
    NEED(gatepass_request_set_end_siblings(request, 1));
    CODE(gatepass_link_create(store, caller, request, &created), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "label"), "siblings are those of a label");
    NEED(gatepass_request_set_end_siblings(request, 0));
    NEED(gatepass_request_set_binding(request, TEXT("nonce")));
    CODE(gatepass_link_create(store, caller, request, &created), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "binding"), "a link is for any browser");
    NEED(gatepass_request_set_binding(request, NULL, 0));
    NEED(gatepass_link_create(store, caller, request, &created));
    CODE(gatepass_link_open(store, request, &opened), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "client_id"), "what an opening does not take is named");
    PROMISE(opened == NULL, "and gives nothing");
    CODE(gatepass_link_open(store, (struct gatepass_request *)created, &opened), GATEPASS_WRONG_HANDLE);
    PROMISE(gatepass_opened_link_token((struct gatepass_opened_link *)created) == NULL
                && gatepass_last_error_code() == GATEPASS_WRONG_HANDLE,
            "a link that was made is none that was opened");
    NEED(gatepass_free(created));
    PROMISE(gatepass_created_link_url(created) == NULL && gatepass_last_error_code() == GATEPASS_INVALID_HANDLE,
            "nothing is read after the end");
    NEED(gatepass_free(request));
}

int main(void)
{
    NEED(gatepass_store_init(TEXT("links.db"), GATEPASS_MODE_MANAGED, TEXT("https://billing.example.com"), 0, NULL,
                             &store));
    call("user.add", "{\"email\":\"ann@example.com\"}");
    call("client.add", "{\"email\":\"ann@example.com\",\"owner\":1}");
    NEED(gatepass_caller_host(store, TEXT("cli"), &caller));
    a_link_is_mailed_and_opened_once();
    a_link_is_opened_as_often_as_it_has_uses();
    what_ended_a_link_is_told();
    what_is_wrong_with_a_request_is_named();
    NEED(gatepass_free(caller));
    NEED(gatepass_store_close(store));
    return report();
}
