#include "base/env.h"

#include "base/str.h"
#include "base/vec.h"

#include <ctype.h>
#include <unistd.h>

static struct {
    char **items;
    size_t len, cap;
} hidden;

void env_hide(const char *name)
{
    VEC_FOREACH (char *, known, &hidden) {
        if (strcmp(*known, name) == 0) {
            return;
        }
    }
    VEC_PUSH(&hidden, mem_strdup(name));
}

static bool looks_secret(struct str name)
{
    static const char *const marks[] = {
        "API_KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY"};
    char upper[256];
    size_t n = 0;
    for (; n < name.len && n < sizeof upper - 1; n++) {
        upper[n] = (char)toupper((unsigned char)name.ptr[n]);
    }
    upper[n] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (strstr(upper, marks[i]) != NULL) {
            return true;
        }
    }
    VEC_FOREACH (char *, known, &hidden) {
        if (str_equal_c(name, *known)) {
            return true;
        }
    }
    return false;
}

static struct str name_of(const char *entry)
{
    const char *equals = strchr(entry, '=');
    return str_make(entry, equals == NULL ? strlen(entry) : (size_t)(equals - entry));
}

static bool is_overridden(struct str name, const char *const *extra)
{
    for (; extra != NULL && *extra != NULL; extra++) {
        if (str_equal(name_of(*extra), name)) {
            return true;
        }
    }
    return false;
}

struct env env_scrubbed(const char *const *extra)
{
    struct env env = {0};
    for (char **entry = environ; *entry != NULL; entry++) {
        struct str name = name_of(*entry);
        if (!looks_secret(name) && !is_overridden(name, extra)) {
            VEC_PUSH(&env, *entry);
        }
    }
    for (; extra != NULL && *extra != NULL; extra++) {
        VEC_PUSH(&env, (char *)*extra);
    }
    VEC_PUSH(&env, NULL);
    return env;
}
