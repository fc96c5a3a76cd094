/*
 * What is freed is wiped: tokens, sign-in links, session ids, a credential's secret, a password and what a page was
 * sent and answers don't stay behind in this process's memory, which is searched for them.
 */
#define _XOPEN_SOURCE 600
#include <fcntl.h>
#include <unistd.h>

#include "store.h"

enum { LONGEST = 64, MASK = 0x5a };

/* A secret in disguise, so that the search does not find what it searches for. */
struct sought {
    size_t length;
    char masked[LONGEST];
};

static void remember(struct sought *sought, const char *secret, size_t length)
{
    sought->length = length;
    for (size_t i = 0; i < length; i++) {
        sought->masked[i] = (char)(secret[i] ^ MASK);
    }
}

static char window[1 << 20];

static int found_in_window(const struct sought *sought, size_t filled)
{
    int found = 0;
    for (size_t at = 0; at + sought->length <= filled; at++) {
        size_t same = 0;
        while (same < sought->length && (char)(window[at + same] ^ MASK) == sought->masked[same]) {
            same++;
        }
        found += same == sought->length;
    }
    memset(window, 0, sizeof window);
    return found;
}

/* How often it stands in writable memory. */
static int copies(const struct sought *sought)
{
    char line[512], rights[8];
    unsigned long from, to;
    int found = 0, memory = open("/proc/self/mem", O_RDONLY);
    FILE *maps = fopen("/proc/self/maps", "r");
    if (memory < 0 || maps == NULL) {
        exit(2);
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || strncmp(rights, "rw", 2) != 0) {
            continue;
        }
        for (unsigned long at = from; at < to; at += sizeof window - LONGEST) {
            size_t wanted = to - at < sizeof window ? to - at : sizeof window;
            ssize_t filled;
            if (at + wanted > (unsigned long)window && at < (unsigned long)window + sizeof window) {
                continue;
            }
            filled = pread(memory, window, wanted, (off_t)at);
            found += found_in_window(sought, filled > 0 ? (size_t)filled : 0);
        }
    }
    fclose(maps);
    close(memory);
    return found;
}

static void tokens(struct gatepass_store *store)
{
    struct sought token;
    struct gatepass_caller *caller = NULL;
    struct gatepass_request *request = NULL;
    struct gatepass_issued *issued = NULL;
    NEED(gatepass_caller_host(store, TEXT("cli"), &caller));
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_user_id(request, 1));
    NEED(gatepass_token_issue(store, caller, request, &issued));
    remember(&token, gatepass_issued_token(issued), 40);
    PROMISE(copies(&token) > 0, "a token that is still there is found");
    NEED(gatepass_free(issued));
    NEED(gatepass_free(request));
    NEED(gatepass_free(caller));
    PROMISE(copies(&token) == 0, "a freed token is wiped, but %d are left", copies(&token));
}

static void links(struct gatepass_store *store)
{
    struct sought link, token;
    struct gatepass_caller *caller = NULL;
    struct gatepass_request *request = NULL;
    struct gatepass_created_link *created = NULL;
    struct gatepass_opened_link *opened = NULL;
    NEED(gatepass_caller_host(store, TEXT("cli"), &caller));
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_user_id(request, 1));
    NEED(gatepass_link_create(store, caller, request, &created));
    NEED(gatepass_free(request));
    remember(&link, gatepass_created_link_text(created), 32);
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_link(request, TEXT(gatepass_created_link_url(created))));
    PROMISE(copies(&link) >= 3, "a link that is still there is found in its text, its URL and the request");
    NEED(gatepass_free(created));
    NEED(gatepass_link_open(store, request, &opened));
    NEED(gatepass_free(request));
    PROMISE(copies(&link) == 0, "a freed link is wiped, but %d are left", copies(&link));
    remember(&token, gatepass_opened_link_token(opened), 40);
    PROMISE(copies(&token) >= 2, "its token is found, alone and in the URL");
    NEED(gatepass_free(opened));
    NEED(gatepass_free(caller));
    PROMISE(copies(&token) == 0, "its freed token is wiped, but %d are left", copies(&token));
}

static void sessions(struct gatepass_store *store)
{
    char token[TOKEN_SIZE];
    struct sought session;
    struct gatepass_request *request;
    struct gatepass_sign_in *sign_in = NULL;
    NEED(issue(store, token));
    request = ask_for(token);
    NEED(gatepass_token_redeem(store, request, &sign_in));
    remember(&session, gatepass_sign_in_session(sign_in), 64);
    PROMISE(copies(&session) > 0, "a session that is still there is found");
    NEED(gatepass_free(sign_in));
    NEED(gatepass_free(request));
    PROMISE(copies(&session) == 0, "a freed session id is wiped, but %d are left", copies(&session));
}

static void answers(struct gatepass_store *store)
{
    struct sought secret;
    struct gatepass_document *answer = NULL;
    const char *at;
    NEED(gatepass_call(store, TEXT("admin.add"), TEXT("{\"username\":\"ops\"}"), &answer));
    NEED(gatepass_free(answer));
    NEED(gatepass_call(store, TEXT("credential.create"), TEXT("{\"label\":\"crm\",\"admin\":\"ops\"}"), &answer));
    at = strstr(gatepass_document_text(answer), "\"GPS");
    if (PROMISE(at != NULL, "the secret is told")) {
        remember(&secret, at + 1, 32);
        NEED(gatepass_free(answer));
        PROMISE(copies(&secret) == 0, "a freed secret is wiped, but %d are left", copies(&secret));
    }
}

/* What comes as JSON: a password, which is spelled here in disguise. */
static void parameters(struct gatepass_store *store)
{
    static const char disguised[] = "\x39\x35\x28\x28\x3f\x39\x2e\x77\x32\x35\x28\x29\x3f\x77\x38\x3b\x2e\x2e\x3f\x28\x23";
    struct sought password = { sizeof disguised - 1, { 0 } };
    struct gatepass_document *answer = NULL;
    char json[128], clear[sizeof disguised];
    memcpy(password.masked, disguised, password.length);
    for (size_t i = 0; i < sizeof clear; i++) {
        clear[i] = (char)(disguised[i] ^ MASK);
    }
    clear[password.length] = '\0';
    for (int known = 1; known >= 0; known--) {
        snprintf(json, sizeof json, "{\"username\":\"carol\",\"pass%s\":\"%s\"}", known ? "word" : "wort", clear);
        PROMISE(copies(&password) >= 2, "a password that is still there is found");
        if (known) {
            NEED(gatepass_call(store, TEXT("admin.add"), TEXT(json), &answer));
            NEED(gatepass_free(answer));
        } else {
            CODE(gatepass_call(store, TEXT("admin.add"), TEXT(json), &answer), GATEPASS_INVALID);
        }
        memset(json, 0, sizeof json);
    }
    memset(clear, 0, sizeof clear);
    PROMISE(copies(&password) == 0, "a password in JSON is wiped, but %d are left", copies(&password));
}

/* What a front controller hands on: a call with its secret, and the token that it is answered. */
static void pages(struct gatepass_store *store)
{
    struct sought secret, token;
    struct gatepass_document *made = NULL;
    struct gatepass_web_request *request = NULL;
    struct gatepass_web_response *response = NULL;
    char body[256];
    const char *text, *at;
    NEED(gatepass_call(store, TEXT("credential.create"), TEXT("{\"label\":\"erp\",\"admin\":\"ops\"}"), &made));
    text = gatepass_document_text(made);
    at = strstr(text, "\"GPS") + 1;
    remember(&secret, at, 32);
    snprintf(body, sizeof body, "action=CreateSsoToken&user_id=1&identifier=%.32s&secret=%.32s", strstr(text, "GPI"), at);
    NEED(gatepass_web_request_new(TEXT("POST"), TEXT("includes/api.php"), &request));
    NEED(gatepass_web_request_add_header(request, TEXT("Content-Type"), TEXT("application/x-www-form-urlencoded")));
    NEED(gatepass_web_request_set_body(request, TEXT(body)));
    memset(body, 0, sizeof body);
    NEED(gatepass_web_handle(store, request, &response));
    at = strstr(gatepass_web_response_body(response), "access_token\":\"");
    if (PROMISE(at != NULL, "a token is in the answer: %s", gatepass_web_response_body(response))) {
        remember(&token, at + 15, 40);
        PROMISE(copies(&token) >= 2, "it is found, alone and in its URL");
        PROMISE(copies(&secret) >= 2, "the secret is found, in the request and where it was made");
        NEED(gatepass_free(made));
        NEED(gatepass_free(request));
        NEED(gatepass_free(response));
        PROMISE(copies(&secret) == 0, "a secret in a form is wiped, but %d are left", copies(&secret));
        PROMISE(copies(&token) == 0, "an answer's token is wiped, but %d are left", copies(&token));
    }
}

int main(void)
{
    struct gatepass_store *store = make_store("wiped.db");
    tokens(store);
    links(store);
    sessions(store);
    answers(store);
    parameters(store);
    pages(store);
    NEED(gatepass_store_close(store));
    return report();
}
