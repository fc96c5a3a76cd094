// The header in C++: twice, inside of extern "C", and used.
extern "C" {
#include "gatepass.h"
#include "gatepass.h"
}

#include <cstring>

int main()
{
    const char path[] = "cxx.db", url[] = "https://billing.example.com";
    gatepass_store *store = nullptr;
    if (gatepass_abi_version() != GATEPASS_ABI_VERSION
        || gatepass_store_init(path, std::strlen(path), GATEPASS_MODE_HOST, url, std::strlen(url), 0, nullptr, &store)
            != GATEPASS_OK) {
        return 1;
    }
    return gatepass_store_close(store) == GATEPASS_OK ? 0 : 1;
}
