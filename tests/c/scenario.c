/* Tells the story of tests/scenario to the library: `scenario scenario.txt`. The README there explains the words. */
#define _POSIX_C_SOURCE 200112L
#include <time.h>

#include "check.h"
#include "scenario_text.h"

/* A field of a request that takes text, and how it is set. */
typedef enum gatepass_code set_text(struct gatepass_request *, const char *, size_t);
typedef enum gatepass_code set_number(struct gatepass_request *, int64_t);

static const struct { const char *name; set_text *set; } texts[] = {
    {"destination", gatepass_request_set_destination},
    {"redirect_path", gatepass_request_set_redirect_path},
    {"binding", gatepass_request_set_binding},
    {"actor", gatepass_request_set_actor},
    {"address", gatepass_request_set_address},
    {"token", gatepass_request_set_token},
    {"session", gatepass_request_set_session},
    {"query", gatepass_request_set_query},
    {"email", gatepass_request_set_email},
    {"timestamp", gatepass_request_set_timestamp},
    {"hash", gatepass_request_set_hash},
    {"goto", gatepass_request_set_goto},
    {"key", gatepass_request_set_key},
    {"key_label", gatepass_request_set_key_label},
    {"link", gatepass_request_set_link},
    {"label", gatepass_request_set_label},
    {"title", gatepass_request_set_title},
};

static enum gatepass_code confirmed(struct gatepass_request *request, int64_t yes)
{
    return gatepass_request_set_confirmed(request, (int32_t)yes);
}

static enum gatepass_code start_session(struct gatepass_request *request, int64_t yes)
{
    return gatepass_request_set_start_session(request, (int32_t)yes);
}

static enum gatepass_code end_siblings(struct gatepass_request *request, int64_t yes)
{
    return gatepass_request_set_end_siblings(request, (int32_t)yes);
}

static const struct { const char *name; set_number *set; } numbers[] = {
    {"user_id", gatepass_request_set_user_id},
    {"client_id", gatepass_request_set_client_id},
    {"service_id", gatepass_request_set_service_id},
    {"domain_id", gatepass_request_set_domain_id},
    {"life_ms", gatepass_request_set_life_ms},
    {"confirmed", confirmed},
    {"start_session", start_session},
    {"uses", gatepass_request_set_uses},
    {"end_siblings", end_siblings},
};

/* What an act gave: one of these is there, besides the request. */
struct result {
    struct gatepass_request *request;
    struct gatepass_issued *issued;
    struct gatepass_sign_in *sign_in;
    struct gatepass_inspection *inspection;
    struct gatepass_session *session;
    struct gatepass_created_link *created_link;
    struct gatepass_opened_link *opened_link;
    struct gatepass_document *document;
};

/* Getters by name, for those that read as text and those that read as a number. */
#define FOR(kind, getter) \
    if (result->kind != NULL && strcmp(name, #getter) == 0) { \
        return gatepass_##kind##_##getter(result->kind); \
    }

static const char *text_of(const struct result *result, const char *name, int *found)
{
    FOR(issued, token) FOR(issued, redirect_url)
    FOR(sign_in, redemption) FOR(sign_in, session) FOR(sign_in, destination) FOR(sign_in, landing_url)
    FOR(sign_in, actor) FOR(sign_in, email) FOR(sign_in, key_label)
    FOR(inspection, name) FOR(inspection, destination) FOR(inspection, landing) FOR(inspection, actor)
    FOR(inspection, redemption)
    FOR(session, name) FOR(session, redemption)
    FOR(created_link, text) FOR(created_link, url) FOR(created_link, reference)
    FOR(opened_link, token) FOR(opened_link, redirect_url) FOR(opened_link, landing_url) FOR(opened_link, reference)
    *found = 0;
    return NULL;
}

static int64_t number_of(const struct result *result, const char *name, int *found)
{
    FOR(issued, user_id) FOR(issued, client_id) FOR(issued, expires_at_ms)
    FOR(sign_in, user_id) FOR(sign_in, client_id) FOR(sign_in, session_expires_at_ms) FOR(sign_in, credential_id)
    FOR(inspection, state) FOR(inspection, refusal) FOR(inspection, user_id) FOR(inspection, client_id)
    FOR(inspection, credential_id) FOR(inspection, bound) FOR(inspection, issued_at_ms)
    FOR(inspection, expires_at_ms) FOR(inspection, redeemed_at_ms)
    FOR(session, user_id) FOR(session, client_id) FOR(session, origin) FOR(session, credential_id)
    FOR(session, autoauth_key_id) FOR(session, started_at_ms) FOR(session, touched_at_ms) FOR(session, idle_at_ms)
    FOR(session, ends_at_ms)
    FOR(created_link, user_id) FOR(created_link, client_id) FOR(created_link, expires_at_ms)
    FOR(opened_link, user_id) FOR(opened_link, client_id) FOR(opened_link, expires_at_ms) FOR(opened_link, uses_left)
    if (result->sign_in != NULL && strcmp(name, "unchecked_count") == 0) {
        return (int64_t)gatepass_sign_in_unchecked_count(result->sign_in);
    }
    if (result->opened_link != NULL && strcmp(name, "unchecked_count") == 0) {
        return (int64_t)gatepass_opened_link_unchecked_count(result->opened_link);
    }
    *found = 0;
    return 0;
}

/* `1,2`: the clients that a sign-in or a session may enter. */
static void clients_of(const struct result *result, char *list, size_t room)
{
    const struct gatepass_sign_in *sign_in = result->sign_in;
    const struct gatepass_session *session = result->session;
    size_t count = sign_in != NULL ? gatepass_sign_in_client_count(sign_in) : gatepass_session_client_count(session);
    *list = '\0';
    for (size_t i = 0; i < count; i++) {
        int64_t client =
            sign_in != NULL ? gatepass_sign_in_client_at(sign_in, i) : gatepass_session_client_at(session, i);
        size_t used = strlen(list);
        snprintf(list + used, room - used, i == 0 ? "%lld" : ",%lld", (long long)client);
    }
}

/* What a getter of that name says, as text; nothing is NULL or 0. */
static void check_getter(const struct result *result, const char *name, const struct text *wanted)
{
    char room[512];
    const char *is, *shown;
    int found = 1, none;
    if (strcmp(name, "clients") == 0) {
        clients_of(result, room, sizeof room);
        is = room;
        none = *room == '\0';
    } else {
        is = text_of(result, name, &found);
        none = is == NULL;
        if (!found) {
            int64_t number;
            found = 1;
            number = number_of(result, name, &found);
            snprintf(room, sizeof room, "%lld", (long long)number);
            is = room;
            none = number == 0;
        }
    }
    if (!PROMISE(found, "%s: there is a getter %s", place(), name)) {
        return;
    }
    shown = none ? "nothing" : is;
    if (same(wanted->bytes, "*") || same(wanted->bytes, "-")) {
        PROMISE(none == (wanted->bytes[0] == '-'), "%s: %s must be %s, not %s", place(), name, wanted->bytes, shown);
    } else {
        PROMISE(same(is, wanted->bytes), "%s: %s must be %s, not %s", place(), name, wanted->bytes, shown);
    }
}

static struct gatepass_store *store;

/* Callers by name. */
static struct { char name[64]; struct gatepass_caller *caller; } callers[8];

static struct gatepass_caller *caller_of(const struct words *words)
{
    const struct text *name = word(words, "caller");
    for (size_t i = 0; name != NULL && i < sizeof callers / sizeof *callers; i++) {
        if (strcmp(callers[i].name, name->bytes) == 0) {
            return callers[i].caller;
        }
    }
    PROMISE(name == NULL, "%s: a caller is authenticated before it asks", place());
    return callers[0].caller;
}

static int32_t authenticate(const struct words *words)
{
    static const struct text none = {NULL, 0};
    const struct text *identifier = word(words, "identifier"), *secret = word(words, "secret");
    const struct text *address = word(words, "address");
    struct gatepass_caller *caller = NULL;
    int32_t code;
    size_t i = 1;
    if (address == NULL) {
        address = &none;
    }
    code = gatepass_caller_authenticate(store, identifier->bytes, identifier->length, secret->bytes, secret->length,
                                        address->bytes, address->length, &caller);
    if (code == GATEPASS_OK) {
        const char *name = word(words, "as")->bytes;
        while (callers[i].caller != NULL && strcmp(callers[i].name, name) != 0) {
            i++;
        }
        gatepass_free(callers[i].caller);
        snprintf(callers[i].name, sizeof callers[i].name, "%s", name);
        callers[i].caller = caller;
    }
    return code;
}

/* Sets a request's fields until one is refused. */
static int32_t set_fields(struct gatepass_request *request, const struct words *words)
{
    int32_t code = GATEPASS_OK;
    for (size_t w = 0; w < words->count && code == GATEPASS_OK; w++) {
        const char *name = words->names[w];
        const struct text *value = &words->values[w];
        int known = strcmp(name, "as") == 0 || strcmp(name, "caller") == 0;
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            if (strcmp(texts[i].name, name) == 0) {
                code = texts[i].set(request, value->bytes, value->length);
                known = 1;
            }
        }
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            if (strcmp(numbers[i].name, name) == 0) {
                code = numbers[i].set(request, strtoll(value->bytes, NULL, 10));
                known = 1;
            }
        }
        PROMISE(known, "%s: a request has a field %s", place(), name);
    }
    return code;
}

/* An act, with what it gave. */
static int32_t act(const char *verb, const char *rest, const struct words *words, struct result *result)
{
    struct gatepass_request *request = NULL;
    int32_t code;
    if (strcmp(verb, "call") == 0) {
        size_t operation = strcspn(rest, " ");
        struct text json = substituted(rest + operation + (rest[operation] == ' '));
        code = gatepass_call(store, rest, operation, json.bytes, json.length, &result->document);
        free(json.bytes);
        return code;
    }
    if (strcmp(verb, "wait") == 0) {
        long ms = strtol(rest, NULL, 10);
        struct timespec time = {ms / 1000, ms % 1000 * 1000000};
        nanosleep(&time, NULL);
        return GATEPASS_OK;
    }
    if (strcmp(verb, "authenticate") == 0) {
        return authenticate(words);
    }
    NEED(gatepass_request_new(&request));
    code = set_fields(request, words);
    if (code != GATEPASS_OK) {
    } else if (strcmp(verb, "issue") == 0) {
        code = gatepass_token_issue(store, caller_of(words), request, &result->issued);
    } else if (strcmp(verb, "link_create") == 0) {
        code = gatepass_link_create(store, caller_of(words), request, &result->created_link);
    } else if (strcmp(verb, "link_open") == 0) {
        code = gatepass_link_open(store, request, &result->opened_link);
    } else if (strcmp(verb, "redeem") == 0) {
        code = gatepass_token_redeem(store, request, &result->sign_in);
    } else if (strcmp(verb, "inspect") == 0) {
        code = gatepass_token_inspect(store, request, &result->inspection);
    } else if (strcmp(verb, "session_check") == 0) {
        code = gatepass_session_check(store, request, &result->session);
    } else if (strcmp(verb, "session_end") == 0) {
        code = gatepass_session_end(store, request);
    } else if (strcmp(verb, "sign") == 0) {
        code = gatepass_autoauth_sign(store, request, &result->document);
    } else if (strcmp(verb, "accept") == 0) {
        code = gatepass_autoauth_accept(store, request, &result->sign_in);
    } else {
        PROMISE(0, "%s: %s is a verb", place(), verb);
    }
    /* Freed when the outcome was looked at, for freeing empties the last error. */
    result->request = request;
    return code;
}

/* What the act gave, under the name that the line asks for. */
static void capture_results(const struct result *result, const struct words *words)
{
    const struct text *as = word(words, "as");
    if (as == NULL) {
        return;
    }
    if (result->issued != NULL) {
        capture(as->bytes, "", gatepass_issued_token(result->issued));
    } else if (result->created_link != NULL) {
        capture(as->bytes, "", gatepass_created_link_text(result->created_link));
        capture(as->bytes, "_reference", gatepass_created_link_reference(result->created_link));
    } else if (result->opened_link != NULL) {
        capture(as->bytes, "", gatepass_opened_link_token(result->opened_link));
    } else if (result->sign_in != NULL) {
        const char *session = gatepass_sign_in_session(result->sign_in);
        capture(as->bytes, "_redemption", gatepass_sign_in_redemption(result->sign_in));
        capture(as->bytes, "_session", session != NULL ? session : "");
    } else if (result->document != NULL) {
        const char *query = strchr(gatepass_document_text(result->document), '?');
        PROMISE(query != NULL, "%s: a link has a query", place());
        capture(as->bytes, "", query != NULL ? query + 1 : "");
    }
}

static void check_outcome(const char *outcome, int32_t code, const struct result *result)
{
    size_t length = strcspn(outcome, " ");
    const char *rest = outcome + length + (outcome[length] == ' ');
    const char *name = gatepass_code_name(code);
    if (!PROMISE(name != NULL && strlen(name) == length && strncmp(name, outcome, length) == 0,
                 "%s: it must come to %.*s, not %s: %s", place(), (int)length, outcome, check_name(code),
                 gatepass_last_error())) {
        return;
    }
    if (result->document != NULL && *rest != '\0') {
        check_document(gatepass_document_text(result->document), rest);
        return;
    }
    struct words wanted = read_words(rest);
    for (size_t i = 0; i < wanted.count; i++) {
        const struct text *value = &wanted.values[i];
        if (code == GATEPASS_OK) {
            check_getter(result, wanted.names[i], value);
        } else if (strcmp(wanted.names[i], "field") == 0) {
            PROMISE(same(gatepass_last_error_field(), value->bytes), "%s: the field must be %s, not %s", place(),
                    value->bytes, gatepass_last_error_field());
        } else if (strcmp(wanted.names[i], "redemption") == 0) {
            PROMISE(same(gatepass_last_error_redemption(), value->bytes), "%s: the first redemption is told", place());
        } else if (strcmp(wanted.names[i], "same_browser") == 0) {
            PROMISE(gatepass_last_error_same_browser() == (value->bytes[0] == '1'), "%s: same_browser must be %s",
                    place(), value->bytes);
        } else {
            PROMISE(0, "%s: %s can be asked of a failure", place(), wanted.names[i]);
        }
    }
    free_words(&wanted);
}

static void play(char *line)
{
    struct result result = {0};
    char *outcome = strstr(line, " -> "), *rest;
    struct words words = {0};
    int32_t code;
    if (!PROMISE(outcome != NULL, "%s: a line says what must come out", place())) {
        return;
    }
    *outcome = '\0';
    outcome += 4;
    rest = line + strcspn(line, " ");
    if (*rest != '\0') {
        *rest++ = '\0';
    }
    if (strcmp(line, "call") != 0 && strcmp(line, "wait") != 0) {
        words = read_words(rest);
    }
    code = act(line, rest, &words, &result);
    if (code == GATEPASS_OK) {
        capture_results(&result, &words);
    }
    check_outcome(outcome, code, &result);
    gatepass_free(result.request);
    gatepass_free(result.issued);
    gatepass_free(result.sign_in);
    gatepass_free(result.inspection);
    gatepass_free(result.session);
    gatepass_free(result.created_link);
    gatepass_free(result.opened_link);
    gatepass_free(result.document);
    free_words(&words);
}

static void begin(void)
{
    struct gatepass_options *options = NULL;
    NEED(gatepass_options_new(&options));
    NEED(gatepass_options_set_sealing_key(
        options, TEXT("gatepass-sealing-key-1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")));
    NEED(gatepass_store_init(TEXT("scenario.db"), GATEPASS_MODE_MANAGED, TEXT("https://billing.example.com/whmcs"), 0,
                             options, &store));
    NEED(gatepass_store_close(store));
    NEED(gatepass_store_open(TEXT("scenario.db"), options, &store));
    NEED(gatepass_free(options));
    NEED(gatepass_caller_host(store, TEXT("cli"), &callers[0].caller));
}

int main(int argc, char **argv)
{
    static char line[65536];
    int played = 0;
    FILE *story = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (story == NULL) {
        fprintf(stderr, "scenario FILE\n");
        return 2;
    }
    begin();
    while (fgets(line, sizeof line, story) != NULL) {
        next_place();
        line[strcspn(line, "\n")] = '\0';
        if (*line != '\0' && *line != '#') {
            play(line);
            played++;
        }
    }
    fclose(story);
    PROMISE(played > 100, "the whole story was told, not just %d lines", played);
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        gatepass_free(callers[i].caller);
    }
    NEED(gatepass_store_close(store));
    forget_captures();
    return report();
}
