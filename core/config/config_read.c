/* From TOML to entries: which names a file may use, and what they are called today. */
#include "config/config_private.h"

#include "base/file.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILE = 1 << 20 };

/* Other names that files use for a setting: short ones, and those of earlier Codex versions. */
static const struct {
    const char *name, *key;
} aliases[] = {{"sandbox_permissions", "sandbox_mode"}, {"effort", "model_reasoning_effort"},
    {"provider", "model_provider"}, {"sandbox", "sandbox_mode"}};

/* Other words for a value: those of the Codex CLI that mean less here. */
static const struct {
    const char *key, *word, *becomes, *why;
} words[] = {
    {"approval_policy", "on-failure", "on-request", "as Codex itself takes it"},
    {"sandbox_mode", "danger-full-access", "workspace-write",
        "no agent's command leaves the sandbox here"},
};

/* Tables read elsewhere; those marked are taken from the user's file only. */
static const struct {
    const char *name;
    bool own;
} tables[] = {{"keys", false}, {"http_headers", true}, {"model_providers", true},
    {"language_servers", true}, {"profiles", false}, {"routing", false}, {"agents", true},
    {"engines", false}, {"apply", false}, {"guards", false}, {"rollout", false}};

static bool is_accepted(const char *accepted, struct str text)
{
    if (accepted == NULL) {
        return true;
    }
    struct str rest = str_of(accepted);
    while (rest.len > 0) {
        size_t bar = str_find_char(rest, '|', 0);
        size_t end = bar == (size_t)-1 ? rest.len : bar;
        if (str_equal(str_slice(rest, 0, end), text)) {
            return true;
        }
        rest = str_from(rest, end + 1);
    }
    return false;
}

bool config_accepts(const char *key, const char *text)
{
    return is_accepted(config_accepted(key), str_of(text));
}

const char *config_accepted(const char *key)
{
    return settings[config_index_of(key)].accepted;
}

static bool is_number_between(const struct setting *setting, const char *text)
{
    char *end;
    double number =
        setting->kind == SETTING_INTEGER ? (double)strtoll(text, &end, 10) : strtod(text, &end);
    return *end == '\0' && end != text && number >= (double)setting->min &&
           number <= (double)setting->max;
}

/* Checks text against the setting; `where` begins the problem's line. */
static bool check(
    struct config *config, const struct setting *setting, const char *text, const char *where)
{
    switch (setting->kind) {
    case SETTING_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
            config_add_problem(config, "%s: %s takes true or false", where, setting->key);
            return false;
        }
        return true;
    case SETTING_INTEGER:
    case SETTING_NUMBER:
        if (!is_number_between(setting, text)) {
            config_add_problem(config, "%s: %s takes a %snumber from %lld to %lld", where,
                setting->key, setting->kind == SETTING_INTEGER ? "whole " : "", setting->min,
                setting->max);
            return false;
        }
        return true;
    default:
        if (!is_accepted(setting->accepted, str_of(text))) {
            config_add_problem(config, "%s: %s = \"%s\" is not known; accepted: %s", where,
                setting->key, text, setting->accepted);
            return false;
        }
        return true;
    }
}

static struct entry_value *new_entry(const struct entry_value *like)
{
    struct entry_value *entry = MEM_NEW(struct entry_value);
    *entry = (struct entry_value){.setting = like->setting,
        .layer = like->layer,
        .profile = mem_strdup(like->profile),
        .origin = mem_strdup(like->origin)};
    return entry;
}

bool config_add(struct config *config, const struct entry_value *like, const char *text)
{
    const struct setting *setting = &settings[like->setting];
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i].key, setting->key) == 0 && strcmp(words[i].word, text) == 0) {
            config_add_note(config, "%s: %s = \"%s\" is taken as \"%s\": %s", like->origin,
                setting->key, text, words[i].becomes, words[i].why);
            text = words[i].becomes;
        }
    }
    if (!check(config, setting, text, like->origin)) {
        return false;
    }
    struct entry_value *entry = new_entry(like);
    entry->text = mem_strdup(text);
    VEC_PUSH(&config->entries, entry);
    return true;
}

static void add_list(struct config *config, const struct entry_value *like, const struct toml *toml)
{
    for (size_t i = 0; i < toml->len; i++) {
        if (toml->items[i]->kind != TOML_STRING) {
            config_add_problem(config, "%s: %s takes an array of strings", like->origin,
                settings[like->setting].key);
            return;
        }
    }
    struct entry_value *entry = new_entry(like);
    for (size_t i = 0; i < toml->len; i++) {
        VEC_PUSH(&entry->list, mem_strdup(toml->items[i]->text));
    }
    VEC_PUSH(&config->entries, entry);
}

static void add_value(
    struct config *config, const struct entry_value *like, const struct toml *toml)
{
    static const enum toml_kind wanted[] = {
        TOML_STRING, TOML_BOOL, TOML_INTEGER, TOML_ARRAY, TOML_FLOAT};
    const struct setting *setting = &settings[like->setting];
    bool number_fits = toml->kind == TOML_INTEGER &&
                       (setting->accepted != NULL || setting->kind == SETTING_NUMBER);
    if (toml->kind == TOML_TABLE && strcmp(setting->key, "approval_policy") == 0 &&
        toml_get(toml, "granular") != NULL) {
        config_add_note(config,
            "%s: approval_policy = { granular = … } is taken as \"on-request\": what each kind of "
            "request does is not told apart here",
            like->origin);
        (void)config_add(config, like, "on-request");
        return;
    }
    if (toml->kind != wanted[setting->kind] && !number_fits) {
        config_add_problem(config, "%s: %s takes %s, not %s", like->origin,
            toml->key == NULL ? setting->key : toml->key, /* as it is written there */
            toml_kind_name(wanted[setting->kind]), toml_kind_name(toml->kind));
        return;
    }
    char number[32];
    switch (toml->kind) {
    case TOML_STRING:
        (void)config_add(config, like, toml->text);
        break;
    case TOML_BOOL:
        (void)config_add(config, like, toml->boolean ? "true" : "false");
        break;
    case TOML_FLOAT:
        snprintf(number, sizeof number, "%.15g", toml->number);
        (void)config_add(config, like, number);
        break;
    case TOML_INTEGER:
        snprintf(number, sizeof number, "%lld", toml->integer);
        (void)config_add(config, like, number);
        break;
    default:
        add_list(config, like, toml);
        break;
    }
}

static const char *key_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
        if (strcmp(aliases[i].name, name) == 0) {
            return aliases[i].key;
        }
    }
    return name;
}

/* Told as a problem: true. */
static bool is_refused(struct config *config, const struct config_file *file,
    const struct setting *setting, const struct toml *toml, const char *origin)
{
    if (file->layer != LAYER_WORKSPACE) {
        return false;
    }
    if ((setting->flags & SETTING_OWN) != 0) {
        config_add_problem(config, "%s: %s may only be set in your own config.toml; ignored here",
            origin, toml->key);
        return true;
    }
    if (strcmp(setting->key, "theme") == 0 && toml->kind == TOML_STRING &&
        strpbrk(toml->text, "/.") != NULL) {
        config_add_problem(
            config, "%s: a theme file may only be named in your own config.toml", origin);
        return true;
    }
    return false;
}

bool config_is_own_table(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        if (strcmp(tables[i].name, name) == 0) {
            return tables[i].own;
        }
    }
    return true;
}

static bool is_table(struct config *config, const struct config_file *file, const struct toml *toml,
    const char *origin)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        if (strcmp(tables[i].name, toml->key) != 0) {
            continue;
        }
        if (toml->kind != TOML_TABLE) {
            config_add_problem(config, "%s: %s takes a table", origin, toml->key);
        } else if (tables[i].own && file->layer == LAYER_WORKSPACE) {
            config_add_problem(config,
                "%s: [%s] may only stand in your own config.toml; ignored here", origin, toml->key);
        }
        return true;
    }
    return false;
}

static void read_unknown(struct config *config, const struct config_file *file,
    const struct toml *toml, const char *profile, const char *origin)
{
    if (profile != NULL) {
        if (strcmp(toml->key, "hooks") != 0) { /* hooks/handlers.h reads them */
            config_add_problem(config,
                "%s: \"%s\" is no setting of a profile; `bylaw config --markdown` marks those that "
                "are",
                origin, toml->key);
        }
    } else if (strcmp(toml->key, "hooks") != 0 && !is_table(config, file, toml, origin)) {
        config_add_problem(
            config, "%s: \"%s\" is no setting; `bylaw config` lists them", origin, toml->key);
    }
}

void config_read_settings(struct config *config, const struct config_file *file,
    const struct toml *table, const char *profile, bool strict)
{
    unsigned wanted = profile != NULL || !strict ? SETTING_PROFILE : 0;
    for (size_t i = 0; i < table->len; i++) {
        const struct toml *toml = table->items[i];
        const char *key = key_of(toml->key);
        char *origin = mem_printf("%s:%u", file->path, toml->row);
        struct entry_value like = {.setting = config_index_of(key),
            .layer = file->layer,
            .profile = (char *)profile,
            .origin = origin};
        bool known =
            like.setting < setting_count && (settings[like.setting].flags & wanted) == wanted;
        if (!known && strict) {
            read_unknown(config, file, toml, profile, origin);
        } else if (known && !is_refused(config, file, &settings[like.setting], toml, origin)) {
            if (key != toml->key && profile == NULL) {
                config_add_note(config, "%s: %s is read as %s", origin, toml->key, key);
            }
            add_value(config, &like, toml);
        }
        free(origin);
    }
}

/* "FILE:3: profile policy: model gpt-5.5, …, sandbox_permissions = sandbox_mode read-only" */
static void note_profile(
    struct config *config, const struct config_file *file, const struct toml *table, size_t first)
{
    struct buf out = BUF_INIT;
    for (size_t i = first; i < config->entries.len; i++) {
        const struct entry_value *entry = config->entries.items[i];
        const char *key = settings[entry->setting].key;
        buf_printf(
            &out, "%s%s %s", out.len == 0 ? "" : ", ", key, entry->text == NULL ? "" : entry->text);
        for (size_t k = 0; k < ARRAY_LEN(aliases); k++) {
            if (strcmp(aliases[k].key, key) == 0 && toml_get(table, aliases[k].name) != NULL) {
                buf_printf(&out, " (from %s)", aliases[k].name);
            }
        }
        if (file->layer == LAYER_WORKSPACE &&
            (settings[entry->setting].flags & SETTING_GUARD) != 0) {
            buf_append_c(&out, " (unless that is looser than your own)");
        }
    }
    if (out.len > 0) {
        config_add_note(
            config, "%s:%u: profile %s: %s", file->path, table->row, table->key, out.ptr);
    }
    buf_free(&out);
}

void config_read_profiles(struct config *config, const struct config_file *file, bool strict)
{
    const struct toml *profiles = toml_get(file->root, "profiles");
    for (size_t i = 0; profiles != NULL && i < profiles->len; i++) {
        const struct toml *table = profiles->items[i];
        char *origin = mem_printf("%s:%u", file->path, table->row);
        if (table->kind != TOML_TABLE) {
            config_add_problem(
                config, "%s: a profile is a table: [profiles.%s]", origin, table->key);
        } else if (table->key[0] == '\0') {
            config_add_problem(
                config, "%s: a profile without a name cannot be chosen: [profiles.NAME]", origin);
        } else {
            size_t first = config->entries.len;
            config_know_profile(config, table->key, origin);
            config_read_settings(config, file, table, table->key, strict);
            note_profile(config, file, table, first);
        }
        free(origin);
    }
}

void config_read_own(struct config *config, const struct config_file *file)
{
    config_read_settings(config, file, file->root, NULL, true);
    config_read_profiles(config, file, true);
}

const struct config_file *config_take(struct config *config, struct str text, const char *shown,
    enum layer layer, const char *profile)
{
    struct err err;
    struct toml *root = toml_parse(text, shown, &err);
    if (root == NULL) {
        config_add_problem(config, "%s", err.text);
        return NULL;
    }
    struct config_file file = {mem_strdup(shown), root, layer, mem_strdup(profile)};
    VEC_PUSH(&config->files, file);
    return &config->files.items[config->files.len - 1];
}

const struct config_file *config_open(struct config *config, const char *path, const char *shown,
    enum layer layer, const char *profile)
{
    struct err err;
    struct buf text = BUF_INIT;
    const struct config_file *file = NULL;
    if (file_read(path, MAX_FILE, &text, &err)) {
        file = config_take(config, buf_str(&text), shown, layer, profile);
    } else if (err.kind != ERR_NOT_FOUND) {
        config_add_problem(config, "%s", err.text);
    }
    buf_free(&text);
    return file;
}
