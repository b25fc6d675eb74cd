/* The environment of child programs: ours without the secrets.
 *
 * Left out: variables whose name looks like a secret (API_KEY, TOKEN, SECRET, PASSWORD, …_KEY,
 * …_PASS, …), whose value does (a key of a known form, an address with a password in it), and those
 * named with env_hide. Loop thread only. */
#ifndef BYLAW_BASE_ENV_H
#define BYLAW_BASE_ENV_H

#include "base/mem.h"

/* Entries "NAME=value", borrowed, ended by NULL. Free the array with VEC_FREE. */
struct env {
    char **items;
    size_t len, cap;
};

/* Names a variable (an api_key_env of the config) that no child may see. Copies. */
void env_hide(const char *name);

/* Ours without secrets, and `extra` ("NAME=value", ended by NULL, or NULL) added to it or in the
 * place of what has the same name. What `extra` holds is handed on whatever it is called. Borrows
 * from both. */
struct env env_scrubbed(const char *const *extra) MUST_USE;

#endif
