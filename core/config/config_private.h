/* Inside of the configuration, shared by config.c (layers and values), config_read.c (from TOML to
 * entries), config_codex.c (the Codex CLI's files) and config_profile.c. Nobody else includes it.
 */
#ifndef BYLAW_CONFIG_CONFIG_PRIVATE_H
#define BYLAW_CONFIG_CONFIG_PRIVATE_H

#include "config/config.h"
#include "config/toml.h"

/* Where an entry stands; the later wins. What a profile says comes between the files and whoever
 * chose the profile. */
enum layer {
    LAYER_DEFAULT,
    LAYER_CODEX,         /* $CODEX_HOME/config.toml */
    LAYER_CODEX_PROFILE, /* $CODEX_HOME/NAME.config.toml: of that profile only */
    LAYER_USER,
    LAYER_WORKSPACE,
    LAYER_ENVIRONMENT,
    LAYER_OPTION,
    LAYER_PICKED /* while the program runs */
};

struct list {
    char **items;
    size_t len, cap;
};

/* One setting as one place has it. */
struct entry_value {
    size_t setting; /* its index in settings[] */
    enum layer layer;
    char *profile;    /* counts only while this one is in force; NULL: always */
    char *text;       /* strings, numbers and booleans; NULL: not set */
    struct list list; /* SETTING_LIST */
    char *origin;
    bool dropped; /* no longer counts; its text may still be borrowed */
};

struct profile {
    char *name;
    char *origin; /* where it is read first */
};

struct config_file {
    char *path;        /* as messages name it */
    struct toml *root; /* NULL: not there, or not to be read */
    enum layer layer;
    char *profile; /* of LAYER_CODEX_PROFILE */
};

struct lines {
    char **items;
    size_t len, cap;
};

struct config {
    struct {
        struct entry_value **items;
        size_t len, cap;
    } entries;
    const struct entry_value **values; /* what is in force, by setting */
    struct {
        struct profile *items;
        size_t len, cap;
    } profiles;
    struct {
        struct config_file *items;
        size_t len, cap;
    } files;         /* from the lowest layer to the highest */
    char *tightened; /* the profile whose limits hold beside the one in force; NULL: none */
    char *user_path;
    char *codex_home; /* NULL: none */
    struct lines problems;
    struct lines notes;
};

void config_add_problem(struct config *config, const char *fmt, ...) PRINTF_LIKE(2, 3);
void config_add_note(struct config *config, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* setting_count when it is none. */
size_t config_index_of(const char *key);
/* Adds an entry, checked; false: a problem was added instead. */
bool config_add(struct config *config, const struct entry_value *like, const char *text);
/* Chooses what is in force from the entries. */
void config_resolve(struct config *config);
/* What would be in force with `profile`, without entries that came with the workspace when `own`.
 */
const struct entry_value *config_winner(
    const struct config *config, size_t setting, const char *profile, bool own);
/* The same within what the user's own files and words allow; `own_profile`: the one they choose. */
const struct entry_value *config_choose(
    const struct config *config, size_t setting, const char *profile, const char *own_profile);
/* The value `text` is less strict than `than`. */
bool config_is_looser(const struct setting *setting, const char *text, const char *than);

/* Parses the file and adds it to config->files; NULL: not there, or a problem was added. Borrowed.
 */
const struct config_file *config_open(struct config *config, const char *path, const char *shown,
    enum layer layer, const char *profile);
/* The same from its text. */
const struct config_file *config_take(struct config *config, struct str text, const char *shown,
    enum layer layer, const char *profile);
/* A file of bylaw's own form. */
void config_read_own(struct config *config, const struct config_file *file);
/* The settings of one table: those of a profile, or of the file itself. Unknown names are told when
 * `strict`. */
void config_read_settings(struct config *config, const struct config_file *file,
    const struct toml *table, const char *profile, bool strict);
/* [profiles.NAME] tables of a file. */
void config_read_profiles(struct config *config, const struct config_file *file, bool strict);
void config_know_profile(struct config *config, const char *name, const char *origin);
/* What a config.toml of Codex's says. */
void config_read_codex_main(struct config *config, const struct config_file *file);
/* Both of Codex's kinds of file. */
void config_read_codex(struct config *config);
/* The one that a repository brings, after those. */
void config_read_codex_workspace(struct config *config, const char *workspace);
/* The profile that is chosen is there. */
void config_check_profile(struct config *config);
bool config_is_own_table(const char *name);
/* A workspace's entries that it may not make looser are told. */
void config_check_workspace(struct config *config);

#endif
