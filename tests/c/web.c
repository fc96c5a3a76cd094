/* The endpoints from C: a front controller's work, and the API in process. */
#include "check.h"

static void call(struct gatepass_store *store, const char *operation, const char *json)
{
    struct gatepass_document *answer = NULL;
    NEED(gatepass_call(store, TEXT(operation), TEXT(json), &answer));
    NEED(gatepass_free(answer));
}

static struct gatepass_web_request *ask(const char *method, const char *path, const char *query)
{
    struct gatepass_web_request *request = NULL;
    NEED(gatepass_web_request_new(TEXT(method), TEXT(path), &request));
    NEED(gatepass_web_request_set_query(request, TEXT(query)));
    NEED(gatepass_web_request_set_peer(request, TEXT("203.0.113.9")));
    return request;
}

static const char *header(const struct gatepass_web_response *response, const char *name)
{
    size_t count = gatepass_web_response_header_count(response);
    for (size_t index = 0; index < count; index++) {
        if (same(gatepass_web_response_header_name(response, index), name)) {
            return gatepass_web_response_header_value(response, index);
        }
    }
    return NULL;
}

/* The API as a function of this process. */
static void api(struct gatepass_store *store, char token[41])
{
    struct gatepass_caller *caller = NULL;
    struct gatepass_document *answer = NULL;
    const char *text, *found;

    NEED(gatepass_caller_host(store, TEXT("cli"), &caller));
    NEED(gatepass_api_call(store, caller, TEXT("createssotoken"), TEXT("{\"client_id\": 1}"), &answer));
    text = gatepass_document_text(answer);
    found = strstr(text, "\"access_token\":\"");
    if (PROMISE(found != NULL, "a token is in the answer: %s", text)) {
        strncpy(token, found + strlen("\"access_token\":\""), 40);
        token[40] = '\0';
    }
    NEED(gatepass_free(answer));
    NEED(gatepass_api_call(store, caller, TEXT("CreateSsoToken"), NULL, 0, &answer));
    PROMISE(strstr(gatepass_document_text(answer), "A valid client_id or user_id is required") != NULL,
            "an error is an answer: %s", gatepass_document_text(answer));
    NEED(gatepass_free(answer));
    CODE(gatepass_api_call(store, caller, TEXT("GetUsers"), TEXT("{"), &answer), GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "parameters"), "the field is named");
    CODE(gatepass_api_call(store, caller, NULL, 0, NULL, 0, &answer), GATEPASS_NULL_ARGUMENT);
    NEED(gatepass_free(caller));
    CODE(gatepass_api_call(store, caller, TEXT("GetUsers"), NULL, 0, &answer), GATEPASS_INVALID_HANDLE);
    PROMISE(answer == NULL, "an output is NULL after a failure");
}

/* A sign-in, as a web server's program hands it on. */
static void sign_in(struct gatepass_store *store, const char *token)
{
    char query[64], cookie[256] = "";
    struct gatepass_web_request *request;
    struct gatepass_web_response *response = NULL, *second = NULL;
    struct gatepass_session *session = NULL;
    const char *set;

    snprintf(query, sizeof query, "access_token=%s", token);
    request = ask("GET", "oauth/singlesignon.php", query);
    CODE(gatepass_web_session(store, request, &session), GATEPASS_SESSION_UNKNOWN);
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(gatepass_web_response_status(response) == 303, "she is sent on");
    PROMISE(same(header(response, "Location"), "https://billing.example.com/clientarea.php"), "to the client area");
    PROMISE(same(header(response, "Referrer-Policy"), "no-referrer"), "and tells nobody where from");
    set = header(response, "Set-Cookie");
    if (PROMISE(set != NULL && strncmp(set, "__Host-gp_", 10) == 0, "with a session's cookie")) {
        strncpy(cookie, set, strcspn(set, ";") < sizeof cookie ? strcspn(set, ";") : sizeof cookie - 1);
    }
    PROMISE(gatepass_web_response_header_name(response, 1000) == NULL, "behind the last header is none");
    PROMISE(strlen(gatepass_web_response_body(response)) == gatepass_web_response_body_length(response),
            "a body's length is its text's");

    /* The same without the cookie signs nobody in. */
    NEED(gatepass_web_handle(store, request, &second));
    PROMISE(gatepass_web_response_status(second) != 303 && header(second, "Set-Cookie") == NULL, "nobody is signed in twice");
    NEED(gatepass_free(second));

    /* With it she is who she is, and is sent on again. */
    NEED(gatepass_web_request_add_header(request, TEXT("cookie"), TEXT(cookie)));
    NEED(gatepass_web_session(store, request, &session));
    PROMISE(gatepass_session_user_id(session) == 1, "the cookie is hers");
    NEED(gatepass_web_handle(store, request, &second));
    PROMISE(gatepass_web_response_status(second) == 303, "a second click goes on");
    NEED(gatepass_free(second));
    NEED(gatepass_free(session));
    NEED(gatepass_free(request));

    /* Results outlive their request; a freed one is a code. */
    PROMISE(gatepass_web_response_status(response) == 303, "an answer outlives its request");
    NEED(gatepass_free(response));
    PROMISE(gatepass_web_response_body(response) == NULL && gatepass_last_error_code() == GATEPASS_INVALID_HANDLE,
            "a freed answer is a code");
    CODE(gatepass_web_handle(store, request, &response), GATEPASS_INVALID_HANDLE);
}

/* What a program may hand on by mistake. */
static void strange(struct gatepass_store *store)
{
    static char long_body[70000];
    struct gatepass_web_request *request = NULL;
    struct gatepass_web_response *response = NULL;

    CODE(gatepass_web_request_new(NULL, 0, TEXT("x"), &request), GATEPASS_NULL_ARGUMENT);
    CODE(gatepass_web_request_new(TEXT("GET"), TEXT("x"), NULL), GATEPASS_NULL_ARGUMENT);
    request = ask("GET", "no/such.php", "a=%00");
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(strstr(gatepass_web_response_body(response), "no page at this address") != NULL, "a page has its body");
    NEED(gatepass_free(response));
    CODE(gatepass_web_request_set_peer(request, TEXT("nowhere")), GATEPASS_INVALID);
    NEED(gatepass_web_request_set_peer(request, NULL, 0));
    NEED(gatepass_web_request_add_header(request, TEXT("Cookie"), "\xff\0=", 3));
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(gatepass_web_response_status(response) == 404, "there is no such page");
    NEED(gatepass_free(response));
    NEED(gatepass_free(request));

    request = ask("POST", "includes/api.php", "");
    memset(long_body, 'x', sizeof long_body);
    NEED(gatepass_web_request_set_body(request, long_body, sizeof long_body));
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(gatepass_web_response_status(response) == 413, "a body may be too long");
    NEED(gatepass_free(response));
    NEED(gatepass_web_request_set_body(request, "\0\xff=\x80&a=", 7));
    NEED(gatepass_web_request_add_header(request, TEXT("Content-Type"), TEXT("application/x-www-form-urlencoded")));
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(gatepass_web_response_status(response) >= 400, "any bytes have an answer");
    NEED(gatepass_free(response));
    NEED(gatepass_free(request));
}

/* The peer is where a call comes from. */
static void peer(struct gatepass_store *store)
{
    struct gatepass_web_request *request = ask("GET", "includes/api.php", "action=GetUsers");
    struct gatepass_web_response *response = NULL;

    call(store, "settings.set", "{\"name\":\"allowed_addresses\",\"value\":[\"198.51.100.0/24\"]}");
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(strstr(gatepass_web_response_body(response), "Invalid IP 203.0.113.9") != NULL, "the peer is asked about");
    NEED(gatepass_free(response));
    NEED(gatepass_web_request_set_peer(request, TEXT("198.51.100.7")));
    NEED(gatepass_web_handle(store, request, &response));
    PROMISE(strstr(gatepass_web_response_body(response), "Invalid or missing credentials") != NULL, "and may be another");
    NEED(gatepass_free(response));
    NEED(gatepass_free(request));
}

int main(void)
{
    struct gatepass_store *store = NULL;
    char token[41] = "";

    NEED(gatepass_store_init(TEXT("web.db"), GATEPASS_MODE_MANAGED, TEXT("https://billing.example.com"), 0, NULL, &store));
    call(store, "user.add", "{\"email\":\"ann@example.com\",\"first_name\":\"Ann\"}");
    call(store, "client.add", "{\"email\":\"ann@example.com\",\"owner\":1}");
    api(store, token);
    sign_in(store, token);
    strange(store);
    peer(store);
    NEED(gatepass_store_close(store));
    return report();
}
