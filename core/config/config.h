/* Settings: defaults, the user's config.toml, the workspace's .bylaw/config.toml, the environment;
 * the later wins, and each value knows where it came from. A mistake is a problem with file, line
 * and what is accepted; the value before it stays in force and the program opens all the same.
 *
 * A workspace's file comes with a repository and may be anybody's: settings that name programs,
 * servers or keys are taken from the user's own file only. Loop thread. */
#ifndef BYLAW_CONFIG_CONFIG_H
#define BYLAW_CONFIG_CONFIG_H

#include "base/err.h"
#include "base/str.h"

struct config;
struct toml;

enum setting_kind { SETTING_STRING, SETTING_BOOL, SETTING_INTEGER, SETTING_LIST, SETTING_NUMBER };

enum {
    SETTING_OWN = 1,     /* only in the user's file */
    SETTING_PROFILE = 2, /* also in [profiles.NAME] */
    SETTING_GUARD = 4    /* a workspace's file may make it stricter, never looser */
};

/* One row of the table that reading, `bylaw config` and the README are made from. */
struct setting {
    const char *key;
    enum setting_kind kind;
    const char *fallback;    /* as in TOML: "high", "true", "90"; NULL: not set */
    const char *accepted;    /* for strings with a closed set: "responses|chat"; else NULL. Of a
                              * SETTING_GUARD from strict to loose */
    long long min, max;      /* for numbers */
    unsigned flags;          /* SETTING_OWN… */
    const char *environment; /* a variable that overrides it, or NULL */
    const char *help;        /* one line */
};

extern const struct setting settings[]; /* ended by a NULL key */
extern const size_t setting_count;

struct config_problem {
    char *text; /* "FILE:LINE: …", one line */
};

/* Reads all layers. `workspace` is its root or NULL. Never fails: see config_problem_at. */
struct config *config_load(const char *workspace) MUST_USE;
void config_free(struct config *config);

/* Overrides a setting for this run: a command-line option (`origin`: "--provider"). A bad value is
 * a problem like one in a file. */
void config_set(struct config *config, const char *key, const char *text, const char *origin);

size_t config_problem_count(const struct config *config);
const char *config_problem_at(const struct config *config, size_t index);

/* Values in force; all borrowed. A key that is no setting is a bug (assert). NULL: not set. */
const char *config_string(const struct config *config, const char *key);
bool config_bool(const struct config *config, const char *key);
long long config_integer(const struct config *config, const char *key);
double config_number(const struct config *config, const char *key);
size_t config_list_count(const struct config *config, const char *key);
const char *config_list_at(const struct config *config, const char *key, size_t index);
/* "default", "FILE:LINE" or "$VARIABLE". */
const char *config_origin(const struct config *config, const char *key);
/* The value as text for people, "" when not set; the caller frees. */
char *config_show(const struct config *config, const char *key) MUST_USE;

/* Tables that are no single settings, user's file over workspace's; borrowed, or NULL.
 * "keys": action id = "key" (both files); "http_headers", "model_providers", "language_servers"
 * (user's file only). */
const struct toml *config_table(const struct config *config, const char *name);

/* The file that config_table took it from; NULL when there is none. Borrowed. */
const char *config_table_file(const struct config *config, const char *name);

/* Where the user's file is or would be; NULL without a home. Borrowed. */
const char *config_user_path(const struct config *config);

#endif
