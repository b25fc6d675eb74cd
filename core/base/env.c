#include "base/env.h"

#include "base/str.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdint.h>
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

static bool is_marked(struct str upper)
{
    static const char *const within[] = {"API_KEY", "APIKEY", "ACCESS_KEY", "TOKEN", "SECRET",
        "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "PRIVATE_KEY", "CONNECTION_STRING",
        "COOKIE"};
    static const char *const ends[] = {"_KEY", "_PASS", "_PWD", "_PAT", "_AUTH", "_DSN"};
    for (size_t i = 0; i < ARRAY_LEN(within); i++) {
        if (str_find(upper, str_of(within[i]), 0) != SIZE_MAX) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (str_ends(upper, ends[i])) {
            return true;
        }
    }
    return false;
}

/* A key by its looks, or an address with a password ("postgres://me:hush@db/x"), whatever it is
 * called. */
static bool holds_secret(struct str value)
{
    static const char *const begins[] = {"sk-", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-",
        "xoxb-", "xoxp-", "AKIA", "-----BEGIN "};
    for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
        if (str_starts(value, begins[i])) {
            return true;
        }
    }
    size_t scheme = str_find(value, STR_LIT("://"), 0);
    if (scheme == SIZE_MAX) {
        return false;
    }
    struct str rest = str_from(value, scheme + 3);
    size_t slash = str_find_char(rest, '/', 0);
    struct str host = slash == SIZE_MAX ? rest : str_slice(rest, 0, slash);
    size_t at = str_find_char(host, '@', 0);
    return at != SIZE_MAX && str_find_char(str_slice(host, 0, at), ':', 0) != SIZE_MAX;
}

static bool looks_secret(struct str name, struct str value)
{
    char upper[256];
    size_t n = 0;
    for (; n < name.len && n < sizeof upper; n++) {
        upper[n] = (char)toupper((unsigned char)name.ptr[n]);
    }
    if (is_marked(str_make(upper, n)) || holds_secret(value)) {
        return true;
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
        struct str value = str_from(str_of(*entry), name.len + 1);
        if (!looks_secret(name, value) && !is_overridden(name, extra)) {
            VEC_PUSH(&env, *entry);
        }
    }
    for (; extra != NULL && *extra != NULL; extra++) {
        VEC_PUSH(&env, (char *)*extra);
    }
    VEC_PUSH(&env, NULL);
    return env;
}
