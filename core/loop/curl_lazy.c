#define CURL_LAZY_OWN
#include "loop/curl_lazy.h"

#include <dlfcn.h>
#include <pthread.h>

struct curl_lazy curl_lazy;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct err failure;
static bool loaded;

/* A function pointer out of dlsym's object pointer, as POSIX says it is to be done. */
static bool find(void *library, const char *name, void *slot)
{
    void *found = dlsym(library, name);
    *(void **)slot = found;
    return found != NULL || err_set(&failure, ERR_UNSUPPORTED,
                                "%s has no %s: install libcurl 7.87 or later", BYLAW_LIBCURL, name);
}

/* The library stays for the life of the program. */
static void load(void)
{
    void *library = dlopen(BYLAW_LIBCURL, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        err_set(&failure, ERR_UNSUPPORTED,
            "libcurl could not be loaded, so no model can be reached: %s", dlerror());
        return;
    }
    bool ok = true;
#define X(name) ok = ok && find(library, #name, &curl_lazy.name##_);
    CURL_LAZY_FUNCTIONS(X)
#undef X
    loaded = ok && curl_lazy.curl_global_init_(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (ok && !loaded) {
        err_set(&failure, ERR_UNSUPPORTED, "%s could not be set up", BYLAW_LIBCURL);
    }
}

bool curl_lazy_load(struct err *err)
{
    pthread_once(&once, load);
    if (!loaded && err != NULL) {
        *err = failure;
    }
    return loaded;
}
