/* Faults that a tool must find, or it proves nothing: `planted leak`, `planted use_after_free`, `planted overread`. */
#include "store.h"

int main(int argc, char **argv)
{
    struct gatepass_document *document = NULL;
    struct gatepass_store *store = make_store("planted.db");
    if (argc == 2 && strcmp(argv[1], "leak") == 0) {
        /* volatile, so that no compiler leaves it out. */
        char *volatile lost = malloc(100);
        lost[0] = 'x';
        lost = NULL;
    } else if (argc == 2 && strcmp(argv[1], "use_after_free") == 0) {
        const volatile char *text;
        NEED(gatepass_call(store, TEXT("settings.list"), NULL, 0, &document));
        text = gatepass_document_text(document);
        NEED(gatepass_free(document));
        if (text[0] == '{') {
            puts("still there");
        }
    } else if (argc == 2 && strcmp(argv[1], "overread") == 0) {
        /* The length is a lie, and the library believes it. */
        char *nonce = malloc(8);
        struct gatepass_request *request = NULL;
        NEED(gatepass_request_new(&request));
        gatepass_request_set_binding(request, nonce, 64);
        NEED(gatepass_free(request));
        free(nonce);
    } else {
        return 2;
    }
    NEED(gatepass_store_close(store));
    return report();
}
