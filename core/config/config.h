/* Settings: defaults, the Codex CLI's files ($CODEX_HOME, else ~/.codex), the user's config.toml,
 * the workspace's .codex/config.toml and .bylaw/config.toml, the profile in force, the environment,
 * the command line, what is chosen while the program runs; the later wins, and each value knows
 * where it came from. (A profile that the command line or the user chose goes before what stands
 * below its chooser.) A mistake is a problem with file, line and what is accepted; the value before
 * it stays in force and the program opens all the same. What another spelling was taken for is a
 * note.
 *
 * A workspace's file comes with a repository and may be anybody's: settings that name programs,
 * servers or keys are taken from the user's own files only, and what bounds an agent may be made
 * stricter there, never looser. Loop thread. */
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

/* Reads all layers. `workspace` is its root or NULL. Never fails: see config_problem_at. */
struct config *config_load(const char *workspace) MUST_USE;
/* From the texts of the three files, without the environment; for tests. */
struct config *config_parse(struct str codex, struct str user, struct str workspace) MUST_USE;
void config_free(struct config *config);

/* Overrides a setting for this run: a command-line option (`origin`: "--provider"). A bad value is
 * a problem like one in a file. Here and below: what was borrowed before stays where it is. */
void config_set(struct config *config, const char *key, const char *text, const char *origin);

size_t config_problem_count(const struct config *config);
const char *config_problem_at(const struct config *config, size_t index);

/* One line each: "FILE:LINE: sandbox_permissions is read as sandbox_mode". */
size_t config_note_count(const struct config *config);
const char *config_note_at(const struct config *config, size_t index);

/* ---- profiles: [profiles.NAME] of any file, and $CODEX_HOME/NAME.config.toml ---- */

size_t config_profile_count(const struct config *config);
const char *config_profile_at(const struct config *config, size_t index);
/* Where it is read first; NULL: there is no such profile. */
const char *config_profile_origin(const struct config *config, const char *name);
/* The one in force, or NULL. */
const char *config_profile(const struct config *config);
/* A text the setting (of a closed set) takes, and all of them: "low|high". */
bool config_accepts(const char *key, const char *text);
const char *config_accepted(const char *key);
/* Of a SETTING_GUARD: the value `text` bounds an agent more than `than` does. */
bool config_is_stricter(const char *key, const char *text, const char *than);
/* What `key` would be with the profile (NULL: with none). */
const char *config_profile_value(const struct config *config, const char *name, const char *key);
/* "gpt-5.5, high, approval on-request": what it says itself. The caller frees. */
char *config_describe_profile(const struct config *config, const char *name) MUST_USE;
/* For this run (`origin`: "--profile"). False: there is none; the message names those there are. */
bool config_set_profile(
    struct config *config, const char *name, const char *origin, struct err *err) MUST_USE;
/* Chosen while the program runs; NULL: none. What config_pick chose before is forgotten. */
bool config_pick_profile(struct config *config, const char *name, struct err *err) MUST_USE;
#define CONFIG_PICKED "chosen while running" /* the origin of what these chose */
/* The limits of this profile hold as well, where they are stricter than those in force; NULL: no
 * longer. For what is chosen by a guess, which may never loosen one. */
void config_tighten(struct config *config, const char *profile);
/* One setting, chosen while the program runs, a good value; NULL: no longer. */
void config_pick(struct config *config, const char *key, const char *text);

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
 * "keys": action id = "key", "engines": inputs of policies (both files); "apply", "guards",
 * "rollout": what is read of the workspace's file (apply/fixtures.h, policy/guard.h,
 * rollout/promote.h); "http_headers",
 * "model_providers", "language_servers", "agents" (user's file only). */
const struct toml *config_table(const struct config *config, const char *name);

/* The file that config_table took it from; NULL when there is none. Borrowed. */
const char *config_table_file(const struct config *config, const char *name);

/* The files that were read, from the weakest to the strongest; the root tables are borrowed. What a
 * workspace's says is anybody's. */
struct config_source {
    const char *path;
    const struct toml *root;
    enum { CONFIG_CODEX, CONFIG_USER, CONFIG_WORKSPACE } whose;
    const char *profile; /* a file of that profile only, or NULL */
};
size_t config_source_count(const struct config *config);
struct config_source config_source_at(const struct config *config, size_t index);

/* The table [model_providers.NAME] of the user's file, else of Codex's; borrowed, or NULL. */
const struct toml *config_provider(const struct config *config, const char *name);
/* $CODEX_HOME or ~/.codex; NULL without a home. Borrowed. */
const char *config_codex_home(const struct config *config);

/* Where the user's file is or would be; NULL without a home. Borrowed. */
const char *config_user_path(const struct config *config);

#endif
