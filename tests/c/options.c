/* What options, modes and the kept stores do; and that a caller is one to its own store alone. */
#define _POSIX_C_SOURCE 200112L
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

/* Whether this process has a file of that name open. */
static int is_open(const char *name)
{
    char path[64], target[512];
    for (int file = 0; file < 256; file++) {
        ssize_t length;
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (length > 0 && strstr(target, name) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void kept_until_let_go(void)
{
    struct gatepass_store *store = NULL;
    NEED(gatepass_store_open_kept(TEXT("options.db"), NULL, &store));
    NEED(gatepass_store_close(store));
    PROMISE(is_open("/options.db"), "a kept store stays open");
    NEED(gatepass_store_close_kept());
    PROMISE(!is_open("/options.db"), "what is let go is closed");
}

static void modes_of_files(void)
{
    struct gatepass_store *store = NULL;
    struct stat told;
    NEED(gatepass_store_init(TEXT("group.db"), GATEPASS_MODE_HOST, TEXT("https://a.example"), 1, NULL, &store));
    NEED(gatepass_store_close(store));
    PROMISE(stat("group.db", &told) == 0 && (told.st_mode & 0777) == 0660, "the group may write where it was asked for");
    PROMISE(stat("options.db", &told) == 0 && (told.st_mode & 0777) == 0600, "the group may not otherwise");
}

/* What the audit says of who did it. */
static int audited(struct gatepass_store *store, const char *actor)
{
    struct gatepass_document *answer = NULL;
    char text[64];
    int found;
    snprintf(text, sizeof text, "\"actor\":\"%s\"", actor);
    NEED(gatepass_call(store, TEXT("audit.list"),
                       TEXT("{\"from\":\"2020-01-01T00:00:00Z\",\"to\":\"2100-01-01T00:00:00Z\"}"), &answer));
    found = strstr(gatepass_document_text(answer), text) != NULL;
    NEED(gatepass_free(answer));
    return found;
}

static void options_are_obeyed(void)
{
    struct gatepass_options *options = NULL;
    struct gatepass_store *store = NULL;
    struct gatepass_document *answer = NULL;
    NEED(gatepass_options_new(&options));
    NEED(gatepass_options_set_actor(options, TEXT("nightly")));
    NEED(gatepass_store_init(TEXT("first.db"), GATEPASS_MODE_HOST, TEXT("https://a.example"), 0, options, &store));
    NEED(gatepass_call(store, TEXT("admin.add"), TEXT("{\"username\":\"ops\"}"), &answer));
    NEED(gatepass_free(answer));
    PROMISE(audited(store, "nightly"), "the actor of a new store is told");
    NEED(gatepass_store_close(store));

    NEED(gatepass_options_set_actor(options, TEXT("weekly")));
    NEED(gatepass_options_set_sealing_key_file(options, TEXT("/no/such/file")));
    NEED(gatepass_store_open(TEXT("first.db"), options, &store));
    NEED(gatepass_call(store, TEXT("admin.add"), TEXT("{\"username\":\"second\"}"), &answer));
    NEED(gatepass_free(answer));
    PROMISE(audited(store, "weekly"), "the actor of an opened store is told");
    CODE(gatepass_call(store, TEXT("autoauth.key_add"), TEXT("{\"label\":\"crm\",\"key\":\"0123456789abcdef0123\"}"), &answer),
         GATEPASS_INVALID);
    PROMISE(same(gatepass_last_error_field(), "sealing_key_file"), "the file is looked for where it was said to be");
    NEED(gatepass_store_close(store));
    NEED(gatepass_free(options));
}

static void a_caller_is_one_to_its_own_store(struct gatepass_store *store)
{
    struct gatepass_store *other = open_store("group.db");
    struct gatepass_caller *caller = NULL;
    struct gatepass_request *request = NULL;
    struct gatepass_issued *issued = NULL;
    NEED(gatepass_caller_host(other, TEXT("cli"), &caller));
    NEED(gatepass_request_new(&request));
    NEED(gatepass_request_set_user_id(request, 1));
    CODE(gatepass_token_issue(store, caller, request, &issued), GATEPASS_WRONG_HANDLE);
    PROMISE(same(gatepass_last_error_field(), "caller"), "the argument is named");
    CODE(gatepass_caller_authorise(store, caller, TEXT("createssotoken"), NULL, 0), GATEPASS_WRONG_HANDLE);
    NEED(gatepass_store_close(other));
    CODE(gatepass_token_issue(store, caller, request, &issued), GATEPASS_WRONG_HANDLE);
    NEED(gatepass_free(request));
    NEED(gatepass_free(caller));
}

/* The value of a member, from its name to the next quotation mark. */
static void copy_member(const char *json, const char *name, char value[33])
{
    const char *found = strstr(json, name);
    value[0] = '\0';
    if (PROMISE(found != NULL && strlen(found) > strlen(name) + 32, "%s is told", name)) {
        memcpy(value, found + strlen(name), 32);
        value[32] = '\0';
    }
}

static void an_address_counts_at_authentication(struct gatepass_store *store)
{
    struct gatepass_document *answer = NULL;
    struct gatepass_caller *caller = NULL;
    char identifier[33], secret[33];
    NEED(gatepass_call(store, TEXT("admin.add"), TEXT("{\"username\":\"ops\"}"), &answer));
    NEED(gatepass_free(answer));
    NEED(gatepass_call(store, TEXT("credential.create"),
                       TEXT("{\"label\":\"crm\",\"admin\":\"ops\","
                            "\"limits\":{\"addresses\":[\"203.0.113.0/24\"]}}"), &answer));
    copy_member(gatepass_document_text(answer), "\"identifier\":\"", identifier);
    copy_member(gatepass_document_text(answer), "\"secret\":\"", secret);
    NEED(gatepass_free(answer));
    NEED(gatepass_caller_authenticate(store, TEXT(identifier), TEXT(secret), TEXT("203.0.113.9"), &caller));
    NEED(gatepass_free(caller));
    CODE(gatepass_caller_authenticate(store, TEXT(identifier), TEXT(secret), TEXT("198.51.100.1"), &caller),
         GATEPASS_ADDRESS_NOT_ALLOWED);
    CODE(gatepass_caller_authenticate(store, TEXT(identifier), TEXT(secret), NULL, 0, &caller),
         GATEPASS_ADDRESS_NOT_ALLOWED);
}

int main(void)
{
    struct gatepass_store *store = make_store("options.db");
    NEED(gatepass_store_close(store));
    kept_until_let_go();
    modes_of_files();
    options_are_obeyed();
    store = open_store("options.db");
    a_caller_is_one_to_its_own_store(store);
    an_address_counts_at_authentication(store);
    NEED(gatepass_store_close(store));
    return report();
}
