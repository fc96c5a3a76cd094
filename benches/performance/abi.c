/* The C ABI's side of the part `single`: what child.rs asks for, done through include/gatepass.h. */

#include <string.h>

#include "program.h"

static char (*tokens)[65];
static int held;

static void issue(gatepass_store *store, gatepass_caller *caller, int at)
{
    static const char destination[] = "clientarea:product_details";
    gatepass_request *request;
    gatepass_issued *issued;
    must(gatepass_request_new(&request));
    must(gatepass_request_set_client_id(request, 1));
    must(gatepass_request_set_destination(request, destination, sizeof destination - 1));
    must(gatepass_request_set_service_id(request, 1));
    must(gatepass_token_issue(store, caller, request, &issued));
    strcpy(tokens[at], gatepass_issued_token(issued));
    gatepass_free(request);
    gatepass_free(issued);
}

static void redeem(gatepass_store *store, int at)
{
    gatepass_request *request;
    gatepass_sign_in *sign_in;
    must(gatepass_request_new(&request));
    must(gatepass_request_set_token(request, tokens[at], strlen(tokens[at])));
    must(gatepass_token_redeem(store, request, &sign_in));
    gatepass_free(request);
    gatepass_free(sign_in);
}

int main(int argc, char **argv)
{
    char line[256], act[16];
    int count;
    gatepass_store *store;
    gatepass_caller *caller;
    if (argc != 2) {
        return 2;
    }
    must(gatepass_store_open(argv[1], strlen(argv[1]), NULL, &store));
    must(gatepass_caller_host(store, "cli", 3, &caller));
    puts("{\"ready\":true}");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "{\"act\":\"%15[a-z]\",\"count\":%d}", act, &count) != 2 || count < 1) {
            return 2;
        }
        int issues = strcmp(act, "issue") == 0;
        if (issues) {
            free(tokens);
            tokens = calloc((size_t)count, sizeof *tokens);
            held = count;
        }
        if (tokens == NULL || count > held) {
            return 2;
        }
        double began = now();
        for (int at = 0; at < count; at++) {
            if (issues) {
                issue(store, caller, at);
            } else {
                redeem(store, at);
            }
        }
        printf("{\"seconds\":%.9f}\n", now() - began);
        fflush(stdout);
    }
    gatepass_free(caller);
    gatepass_store_close(store);
    free(tokens);
    return 0;
}
