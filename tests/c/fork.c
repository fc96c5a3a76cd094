/*
 * Forks: handles stay with the parent, and a child that opens a store has locks of its own. Linux alone shows who has
 * locks.
 */
#define _POSIX_C_SOURCE 200112L
#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"

enum { TOKENS = 20 };

/*
 * How many file locks this process has, as the kernel tells it file by file. /proc/locks tells those of all processes a
 * page at a time, and leaves some out or tells them twice when others come and go meanwhile.
 */
static int own_locks(void)
{
    char path[64], line[256], kind[16];
    int found = 0;
    for (int file = 0; file < 256; file++) {
        FILE *told;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", file);
        told = fopen(path, "r");
        while (told != NULL && fgets(line, sizeof line, told) != NULL) {
            found += sscanf(line, "lock: %*s %15s", kind) == 1 && strcmp(kind, "POSIX") == 0;
        }
        if (told != NULL) {
            fclose(told);
        }
    }
    return found;
}

/* Runs `child` in a child, which must break no promise. */
static void in_a_child(void (*child)(void))
{
    int status = 0;
    pid_t process = fork();
    if (process == 0) {
        child();
        _exit(report());
    }
    PROMISE(process > 0 && waitpid(process, &status, 0) == process && status == 0, "the child breaks no promise");
}

static struct gatepass_store *store;
static struct gatepass_request *request;
static struct gatepass_caller *caller;
static struct gatepass_options *options;
static struct gatepass_sign_in *sign_in;

static void inherits(void)
{
    struct gatepass_issued *issued = NULL;
    struct gatepass_inspection *inspection = NULL;
    struct gatepass_document *document = NULL;
    struct gatepass_store *own = NULL;
    struct gatepass_request *fresh = NULL;
    char token[TOKEN_SIZE];

    CODE(gatepass_request_set_user_id(request, 1), GATEPASS_FORKED);
    CODE(gatepass_token_issue(store, caller, request, &issued), GATEPASS_FORKED);
    CODE(gatepass_token_inspect(store, request, &inspection), GATEPASS_FORKED);
    CODE(gatepass_token_redeem(store, request, &(struct gatepass_sign_in *){NULL}), GATEPASS_FORKED);
    CODE(gatepass_session_end(store, request), GATEPASS_FORKED);
    CODE(gatepass_call(store, TEXT("settings.list"), NULL, 0, &document), GATEPASS_FORKED);
    PROMISE(gatepass_sign_in_session(sign_in) == NULL && gatepass_last_error_code() == GATEPASS_FORKED,
            "a getter is told too");
    CODE(gatepass_free(request), GATEPASS_FORKED);
    CODE(gatepass_free(sign_in), GATEPASS_FORKED);
    CODE(gatepass_store_close(store), GATEPASS_FORKED);
    CODE(gatepass_store_open(TEXT("fork.db"), NULL, &own), GATEPASS_FORKED);
    CODE(gatepass_store_open(TEXT("fork.db"), options, &own), GATEPASS_FORKED);
    CODE(gatepass_store_open_kept(TEXT("./fork.db"), NULL, &own), GATEPASS_FORKED);
    PROMISE(gatepass_code_class(GATEPASS_FORKED) == GATEPASS_CLASS_STORE, "nobody is let in on it");

    /* Objects of its own, and another store, are its own. */
    NEED(gatepass_request_new(&fresh));
    PROMISE(fresh != request, "a child's handle is none of its parent's");
    NEED(gatepass_free(fresh));
    own = make_store("child.db");
    NEED(issue(own, token));
    NEED(redeem(own, token));
    NEED(gatepass_store_close(own));
}

static void handles_stay_with_the_parent(void)
{
    char token[TOKEN_SIZE];
    int held;
    NEED(issue(store, token));
    request = ask_for(token);
    NEED(gatepass_options_new(&options));
    NEED(gatepass_caller_host(store, TEXT("cli"), &caller));
    NEED(gatepass_token_redeem(store, request, &sign_in));
    held = own_locks();
    PROMISE(held > 0, "an open store has locks");

    in_a_child(inherits);

    PROMISE(own_locks() == held, "the child took no lock from its parent");
    CODE(redeem(store, token), GATEPASS_TOKEN_REDEEMED);
    NEED(issue(store, token));
    NEED(redeem(store, token));
    PROMISE(strlen(gatepass_sign_in_session(sign_in)) == 64, "the parent's objects live on");
    NEED(gatepass_free(sign_in));
    NEED(gatepass_free(caller));
    NEED(gatepass_free(options));
    NEED(gatepass_free(request));
    NEED(gatepass_store_close(store));
    store = NULL;
}

static char tokens[TOKENS][TOKEN_SIZE];
static int to_child[2], to_parent[2];

static void say(int to)
{
    if (write(to, "x", 1) != 1) {
        exit(2);
    }
}

static void hear(int from)
{
    char said;
    if (read(from, &said, 1) != 1) {
        exit(2);
    }
}

static void redeems_the_odd_ones(void)
{
    struct gatepass_store *own = open_store("fork.db");
    PROMISE(own_locks() > 0, "a child that opens the store has locks of its own");
    for (int i = 1; i < TOKENS; i += 2) {
        hear(to_child[0]);
        CODE(redeem(own, tokens[i]), GATEPASS_OK);
        CODE(redeem(own, tokens[i - 1]), GATEPASS_TOKEN_REDEEMED);
        say(to_parent[1]);
    }
    NEED(gatepass_store_close(own));
}

/* How many of the tokens are not what their redemption promised. */
static int lost(int count)
{
    int missing = 0;
    struct gatepass_store *after = open_store("fork.db");
    for (int i = 0; i < count; i++) {
        missing += state_of(after, tokens[i]) != GATEPASS_TOKEN_STATE_REDEEMED;
    }
    NEED(gatepass_store_close(after));
    return missing;
}

static void closed_first_both_work(void)
{
    int status = 0;
    pid_t child;
    store = open_store("fork.db");
    for (int i = 0; i < TOKENS; i++) {
        NEED(issue(store, tokens[i]));
    }
    NEED(gatepass_store_close(store));
    PROMISE(lost(TOKENS) == TOKENS, "what was not redeemed would be noticed");
    if (pipe(to_child) != 0 || pipe(to_parent) != 0) {
        exit(2);
    }
    child = fork();
    if (child == 0) {
        redeems_the_odd_ones();
        _exit(report());
    }
    store = open_store("fork.db");
    for (int i = 0; i < TOKENS; i += 2) {
        CODE(redeem(store, tokens[i]), GATEPASS_OK);
        say(to_child[1]);
        hear(to_parent[0]);
        CODE(redeem(store, tokens[i + 1]), GATEPASS_TOKEN_REDEEMED);
    }
    PROMISE(waitpid(child, &status, 0) == child && status == 0, "the child breaks no promise");
    NEED(gatepass_store_close(store));
    PROMISE(lost(TOKENS) == 0, "nothing that was acknowledged is lost");
}

/* A kept store is open although its handle was closed. */
static void finds_nothing_kept(void)
{
    struct gatepass_store *own = NULL;
    CODE(gatepass_store_open_kept(TEXT("fork.db"), NULL, &own), GATEPASS_FORKED);
    CODE(gatepass_store_open(TEXT("fork.db"), NULL, &own), GATEPASS_FORKED);
}

static void kept_stores_stay_with_the_parent(void)
{
    struct gatepass_store *kept = NULL, *again = NULL;
    char token[TOKEN_SIZE];
    NEED(gatepass_store_open_kept(TEXT("fork.db"), NULL, &kept));
    NEED(gatepass_store_close(kept));
    CODE(issue(kept, token), GATEPASS_INVALID_HANDLE);
    PROMISE(own_locks() > 0, "a kept store stays open");
    in_a_child(finds_nothing_kept);
    NEED(gatepass_store_open_kept(TEXT("./fork.db"), NULL, &again));
    PROMISE(again != kept, "it is given out under a new handle");
    NEED(issue(again, token));
    NEED(redeem(again, token));
    NEED(gatepass_store_close(again));
}

/* A file that is locked as SQLite locks, inherited open: what the count above must tell apart. */
static int inherited;

static int lock(int file)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(file, F_SETLK, &all);
}

static void has_a_file_without_a_lock(void)
{
    int own;
    PROMISE(inherited >= 0 && own_locks() == 0, "an inherited file has no lock in the child");
    own = open("other.lock", O_RDWR | O_CREAT, 0600);
    PROMISE(own >= 0 && lock(own) == 0 && own_locks() == 1, "its own lock would be seen");
}

static void the_count_of_locks_can_tell(void)
{
    inherited = open("held.lock", O_RDWR | O_CREAT, 0600);
    PROMISE(inherited >= 0 && lock(inherited) == 0 && own_locks() == 1, "the parent's lock is seen");
    in_a_child(has_a_file_without_a_lock);
    close(inherited);
}

int main(void)
{
    the_count_of_locks_can_tell();
    store = make_store("fork.db");
    handles_stay_with_the_parent();
    closed_first_both_work();
    kept_stores_stay_with_the_parent();
    return report();
}
