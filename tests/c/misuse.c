/*
 * Every exported function, called wrongly: `misuse SYMBOLS HEADER LIBRARY`. The functions are those in the list of
 * symbols, one to a line; what they take is read from the header. The library answers with a code, NULL or 0
 * and lives on.
 *
 * Pointers to text and outputs are NULL or lead somewhere harmless, for those the library must believe. Handles,
 * numbers and lengths are anything.
 */
#include <ctype.h>
#include <dlfcn.h>

#include "store.h"

/* Integers and pointers are passed alike on all platforms that we build for, and surplus arguments are ignored. */
typedef uint64_t any_function(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

enum { MOST_ARGUMENTS = 8 };
enum kind { HANDLE, TEXT_IN, LENGTH, NUMBER, OUT };
enum gives { A_CODE, A_TEXT, A_VALUE };

struct function {
    const char *name;
    any_function *address;
    enum gives gives;
    enum kind takes[MOST_ARGUMENTS];
    int count;
    int has_handle;
};

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t room = 1 << 20;
    char *text = calloc(room, 1);
    if (file == NULL || text == NULL || fread(text, 1, room - 1, file) == 0) {
        fprintf(stderr, "can't read %s\n", path);
        exit(2);
    }
    fclose(file);
    return text;
}

static int has(const char *text, size_t length, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= length; i++) {
        if (strncmp(text + i, word, strlen(word)) == 0) {
            return 1;
        }
    }
    return 0;
}

static enum kind kind_of(const char *argument, size_t length)
{
    if (has(argument, length, "**")) {
        return OUT;
    }
    if (has(argument, length, "char *")) {
        return TEXT_IN;
    }
    if (has(argument, length, "*")) {
        return HANDLE;
    }
    return has(argument, length, "size_t") ? LENGTH : NUMBER;
}

/* Finds a function's declaration in the header and reads it. */
static int read_declaration(const char *header, struct function *function)
{
    size_t name = strlen(function->name);
    const char *at = header, *line, *end;
    while ((at = strstr(at, function->name)) != NULL && (at[name] != '(' || (at[-1] != ' ' && at[-1] != '*'))) {
        at += name;
    }
    if (at == NULL) {
        return 0;
    }
    for (line = at; line > header && line[-1] != '\n'; line--) {
    }
    function->gives = strncmp(line, "enum gatepass_code ", 19) == 0 ? A_CODE
                      : strncmp(line, "const char *", 12) == 0      ? A_TEXT
                                                                    : A_VALUE;
    at += name + 1;
    end = strchr(at, ')');
    function->count = function->has_handle = 0;
    if (strncmp(at, "void)", 5) == 0) {
        return 1;
    }
    while (at < end) {
        size_t length = strcspn(at, ",)");
        if (function->count == MOST_ARGUMENTS) {
            return 0;
        }
        function->takes[function->count] = kind_of(at, length);
        function->has_handle |= function->takes[function->count++] == HANDLE;
        at += length + 1;
    }
    return 1;
}

static void *output;
static const char harmless[64] = "harmless";

/* A call with one choice for each kind of argument; what it gives must be no crash and make sense. */
static void call(const struct function *function, const uint64_t choice[5])
{
    uint64_t a[MOST_ARGUMENTS] = {0}, given;
    for (int i = 0; i < function->count; i++) {
        a[i] = choice[function->takes[i]];
    }
    output = (void *)harmless;
    given = function->address(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    if (function->gives == A_CODE) {
        int32_t code = (int32_t)given;
        PROMISE(gatepass_code_name(code) != NULL, "%s answers with a code, not %d", function->name, (int)code);
        PROMISE(gatepass_last_error_code() == code, "%s leaves its code in the slot", function->name);
        PROMISE((code == GATEPASS_OK) == same(gatepass_last_error(), ""), "%s says why it failed", function->name);
        PROMISE(gatepass_code_class(code) != GATEPASS_CLASS_INTERNAL, "%s: %s", function->name, gatepass_last_error());
        if (choice[OUT] != 0 && function->takes[function->count - 1] == OUT) {
            PROMISE((code == GATEPASS_OK) == (output != NULL), "%s fills its output on success alone", function->name);
            if (code == GATEPASS_OK) {
                NEED(gatepass_free(output));
            }
        }
    } else if (function->gives == A_TEXT) {
        const char *text = (const char *)(uintptr_t)given;
        PROMISE(text == NULL || strlen(text) < 4096, "%s gives NULL or a text", function->name);
        PROMISE(!function->has_handle || text == NULL, "%s has no text for a bad handle", function->name);
    } else if (function->has_handle) {
        PROMISE(given == 0 && gatepass_last_error_code() != GATEPASS_OK,
                "%s has nothing for a bad handle", function->name);
    }
}

int main(int argc, char **argv)
{
    static const uint64_t lengths[] = {
        0, 1, sizeof harmless, 16777216, 16777217, SIZE_MAX >> 1, (SIZE_MAX >> 1) + 1, SIZE_MAX};
    static const uint64_t numbers[] = {0, 1, 2, INT32_MAX, UINT32_MAX, (uint64_t)-1, INT64_MAX, (uint64_t)INT64_MIN};
    static const int bits[] = {0, 27, 28, 51, 52, 59, 60, 63};
    char token[TOKEN_SIZE];
    int here = 0, called = 0;
    void *library, *there;
    struct gatepass_store *store, *closed;
    struct gatepass_caller *wrong = NULL;
    char *symbols, *header, *name;

    if (argc != 4 || (library = dlopen(argv[3], RTLD_NOW)) == NULL) {
        fprintf(stderr, "misuse SYMBOLS HEADER LIBRARY\n");
        return 2;
    }
    symbols = read_whole(argv[1]);
    header = read_whole(argv[2]);
    there = malloc(1);
    store = make_store("misuse.db");
    closed = open_store("misuse.db");
    NEED(gatepass_store_close(closed));
    NEED(gatepass_caller_host(store, TEXT("cli"), &wrong));

    for (name = strtok(symbols, "\n"); name != NULL; name = strtok(NULL, "\n")) {
        struct function function = {.name = name};
        uint64_t handles[16];
        size_t count = 0;
        void *address = dlsym(library, name);
        if (!PROMISE(address != NULL, "%s is exported", name)
            || !PROMISE(read_declaration(header, &function), "%s is declared in the header", name)) {
            continue;
        }
        /* C has no cast from a pointer to a function. */
        memcpy(&function.address, &address, sizeof address);
        handles[count++] = 0;
        handles[count++] = 1;
        handles[count++] = UINT64_MAX;
        handles[count++] = (uint64_t)(uintptr_t)&here;
        handles[count++] = (uint64_t)(uintptr_t)there;
        handles[count++] = (uint64_t)(uintptr_t)closed;
        /* Next to a live handle: another generation, slot, count of forks and kind. */
        for (size_t bit = 0; bit < sizeof bits / sizeof *bits; bit++) {
            handles[count++] = (uint64_t)(uintptr_t)store ^ (UINT64_C(1) << bits[bit]);
        }
        /* A live handle of a kind that few take; those who do would succeed. */
        if (strstr(name, "gatepass_caller_") != name && strcmp(name, "gatepass_free") != 0) {
            handles[count++] = (uint64_t)(uintptr_t)wrong;
        }
        for (size_t h = 0; h < count; h++) {
            for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
                for (int filled = 0; filled < 4; filled++) {
                    /* A length that the library believes must be true. */
                    int text = filled & 1 && lengths[l] != 16777216;
                    uint64_t choice[5] = {handles[h], text ? (uint64_t)(uintptr_t)harmless : 0, lengths[l], numbers[l],
                                          filled & 2 ? (uint64_t)(uintptr_t)&output : 0};
                    call(&function, choice);
                    called++;
                }
            }
        }
    }
    PROMISE(called > 10000, "all functions were called, not just %d times", called);

    NEED(issue(store, token));
    CODE(redeem(store, token), GATEPASS_OK);
    CODE(redeem(store, token), GATEPASS_TOKEN_REDEEMED);
    NEED(gatepass_free(wrong));
    NEED(gatepass_store_close(store));
    free(there);
    free(header);
    free(symbols);
    return report();
}
