/* Layers, and the values they come down to. */
#include "config/config_private.h"

#include "base/path.h"
#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>

static void add_line(struct lines *lines, const char *fmt, va_list args)
{
    struct buf text = BUF_INIT;
    buf_vprintf(&text, fmt, args);
    VEC_PUSH(lines, buf_take(&text));
}

void config_add_problem(struct config *config, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_line(&config->problems, fmt, args);
    va_end(args);
}

void config_add_note(struct config *config, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_line(&config->notes, fmt, args);
    va_end(args);
}

size_t config_index_of(const char *key)
{
    for (size_t i = 0; i < setting_count; i++) {
        if (strcmp(settings[i].key, key) == 0) {
            return i;
        }
    }
    return setting_count;
}

/* ---- which entry counts ---- */

/* Where a text stands among the accepted ones, which go from strict to loose. */
static size_t rank_of(const char *accepted, const char *text)
{
    size_t rank = 0;
    for (const char *at = accepted; at != NULL; rank++) {
        size_t len = strcspn(at, "|");
        if (len == strlen(text) && memcmp(at, text, len) == 0) {
            break;
        }
        at = at[len] == '\0' ? NULL : at + len + 1;
    }
    return rank;
}

bool config_is_looser(const struct setting *setting, const char *text, const char *than)
{
    return setting->kind == SETTING_STRING
               ? rank_of(setting->accepted, text) > rank_of(setting->accepted, than)
               : strtod(text, NULL) > strtod(than, NULL);
}

bool config_is_stricter(const char *key, const char *text, const char *than)
{
    return config_is_looser(&settings[config_index_of(key)], than, text);
}

/* Files, the profile's part of them, then who else speaks; a profile stands right below whoever
 * chose it, so that -p wins over the environment and a choice made on the screen over both. */
static int height_of(const struct entry_value *entry, enum layer chosen_by)
{
    enum { STEP = 16 };
    enum layer at = entry->layer;
    if (entry->profile != NULL) {
        at = chosen_by < LAYER_ENVIRONMENT ? LAYER_ENVIRONMENT : chosen_by;
        return (int)at * STEP - STEP / 2 + (int)entry->layer;
    }
    return (int)at * STEP;
}

static enum layer profile_chooser(const struct config *config)
{
    const struct entry_value *entry = config->values[config_index_of("profile")];
    return entry == NULL ? LAYER_DEFAULT : entry->layer;
}

const struct entry_value *config_winner(
    const struct config *config, size_t setting, const char *profile, bool own)
{
    const struct entry_value *best = NULL;
    enum layer chosen_by = profile_chooser(config);
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct entry_value *entry = config->entries.items[i];
        bool counts =
            entry->setting == setting && !entry->dropped &&
            (!own || entry->layer != LAYER_WORKSPACE) &&
            (entry->profile == NULL || (profile != NULL && strcmp(profile, entry->profile) == 0));
        if (counts && (best == NULL || height_of(entry, chosen_by) >= height_of(best, chosen_by))) {
            best = entry;
        }
    }
    return best;
}

/* What the user's own files and words say is the bound of what a workspace's may. */
const struct entry_value *config_choose(
    const struct config *config, size_t setting, const char *profile, const char *own_profile)
{
    if ((settings[setting].flags & (SETTING_GUARD | SETTING_OWN)) == 0) {
        return config_winner(config, setting, profile, false);
    }
    const struct entry_value *own = config_winner(config, setting, own_profile, true);
    const struct entry_value *all = config_winner(config, setting, profile, false);
    if ((settings[setting].flags & SETTING_OWN) != 0 || all->text == NULL) {
        return own;
    }
    return config_is_looser(&settings[setting], all->text, own->text) ? own : all;
}

/* NULL: the profile does not say it, or no stricter. */
static const struct entry_value *tighter(const struct config *config, size_t setting)
{
    const struct entry_value *now = config->values[setting];
    if ((settings[setting].flags & SETTING_GUARD) == 0) {
        return NULL;
    }
    const struct entry_value *entry =
        config_choose(config, setting, config->tightened, config->tightened);
    bool says = entry->profile != NULL && strcmp(entry->profile, config->tightened) == 0;
    return says && config_is_looser(&settings[setting], now->text, entry->text) ? entry : NULL;
}

void config_resolve(struct config *config)
{
    size_t at = config_index_of("profile");
    config->values[at] = config_winner(config, at, NULL, false);
    const struct entry_value *own = config_winner(config, at, NULL, true);
    for (size_t i = 0; i < setting_count; i++) {
        if (i != at) {
            config->values[i] =
                config_choose(config, i, config_profile(config), own == NULL ? NULL : own->text);
        }
    }
    for (size_t i = 0; config->tightened != NULL && i < setting_count; i++) {
        const struct entry_value *entry = tighter(config, i);
        config->values[i] = entry == NULL ? config->values[i] : entry;
    }
}

/* ---- reading ---- */

static void add_defaults(struct config *config)
{
    for (size_t i = 0; i < setting_count; i++) {
        struct entry_value *entry = MEM_NEW(struct entry_value);
        *entry = (struct entry_value){.setting = i,
            .text = mem_strdup(settings[i].fallback),
            .origin = mem_strdup("default")};
        VEC_PUSH(&config->entries, entry);
    }
}

static void read_environment(struct config *config)
{
    for (size_t i = 0; i < setting_count; i++) {
        const char *name = settings[i].environment;
        const char *text = name == NULL ? NULL : getenv(name);
        if (text != NULL && text[0] != '\0') {
            char *origin = mem_printf("$%s", name);
            struct entry_value like = {.setting = i, .layer = LAYER_ENVIRONMENT, .origin = origin};
            (void)config_add(config, &like, text);
            free(origin);
        }
    }
}

static void read_user(struct config *config)
{
    struct err err;
    char *home = path_home_dir(PATH_CONFIG, &err);
    if (home == NULL) {
        config_add_problem(config, "%s", err.text);
        return;
    }
    config->user_path = path_join(home, "config.toml");
    const struct config_file *file =
        config_open(config, config->user_path, config->user_path, LAYER_USER, NULL);
    if (file != NULL) {
        config_read_own(config, file);
    }
    free(home);
}

static void read_workspace(struct config *config, const char *workspace)
{
    char *path = path_join(workspace, ".bylaw/config.toml");
    config_read_codex_workspace(config, workspace);
    const struct config_file *file =
        config_open(config, path, ".bylaw/config.toml", LAYER_WORKSPACE, NULL);
    if (file != NULL) {
        config_read_own(config, file);
    }
    config_check_workspace(config);
    free(path);
}

static struct config *config_new(void)
{
    struct config *config = MEM_NEW(struct config);
    config->values = mem_zalloc(setting_count * sizeof(struct entry_value *));
    add_defaults(config);
    return config;
}

struct config *config_parse(struct str codex, struct str user, struct str workspace)
{
    struct config *config = config_new();
    const struct config_file *file = config_take(config, codex, "codex", LAYER_CODEX, NULL);
    if (file != NULL) {
        config_read_codex_main(config, file);
    }
    file = config_take(config, user, "user", LAYER_USER, NULL);
    if (file != NULL) {
        config_read_own(config, file);
    }
    file = config_take(config, workspace, "workspace", LAYER_WORKSPACE, NULL);
    if (file != NULL) {
        config_read_own(config, file);
        config_check_workspace(config);
    }
    config_resolve(config);
    config_check_profile(config);
    return config;
}

struct config *config_load(const char *workspace)
{
    struct config *config = config_new();
    config_read_codex(config);
    read_user(config);
    if (workspace != NULL) {
        read_workspace(config, workspace);
    }
    read_environment(config);
    config_resolve(config);
    config_check_profile(config);
    return config;
}

void config_set(struct config *config, const char *key, const char *text, const char *origin)
{
    size_t index = config_index_of(key);
    assert(index < setting_count && settings[index].kind != SETTING_LIST);
    struct entry_value like = {.setting = index, .layer = LAYER_OPTION, .origin = (char *)origin};
    (void)config_add(config, &like, text);
    config_resolve(config);
}

static void free_lines(struct lines *lines)
{
    VEC_FOREACH (char *, line, lines) {
        free(*line);
    }
    VEC_FREE(lines);
}

static void free_entry(struct entry_value *entry)
{
    VEC_FOREACH (char *, item, &entry->list) {
        free(*item);
    }
    VEC_FREE(&entry->list);
    free(entry->profile);
    free(entry->text);
    free(entry->origin);
    free(entry);
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    VEC_FOREACH (struct entry_value *, entry, &config->entries) {
        free_entry(*entry);
    }
    VEC_FREE(&config->entries);
    VEC_FOREACH (struct profile, profile, &config->profiles) {
        free(profile->name);
        free(profile->origin);
    }
    VEC_FREE(&config->profiles);
    VEC_FOREACH (struct config_file, file, &config->files) {
        free(file->path);
        free(file->profile);
        toml_free(file->root);
    }
    VEC_FREE(&config->files);
    free_lines(&config->problems);
    free_lines(&config->notes);
    free(config->tightened);
    free(config->user_path);
    free(config->codex_home);
    free((void *)config->values);
    free(config);
}

size_t config_problem_count(const struct config *config)
{
    return config->problems.len;
}

const char *config_problem_at(const struct config *config, size_t index)
{
    return config->problems.items[index];
}

size_t config_note_count(const struct config *config)
{
    return config->notes.len;
}

const char *config_note_at(const struct config *config, size_t index)
{
    return config->notes.items[index];
}

static const struct entry_value *value_of(const struct config *config, const char *key)
{
    size_t index = config_index_of(key);
    assert(index < setting_count);
    return config->values[index];
}

const char *config_string(const struct config *config, const char *key)
{
    return value_of(config, key)->text;
}

bool config_bool(const struct config *config, const char *key)
{
    const char *text = value_of(config, key)->text;
    return text != NULL && strcmp(text, "true") == 0;
}

long long config_integer(const struct config *config, const char *key)
{
    const char *text = value_of(config, key)->text;
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

double config_number(const struct config *config, const char *key)
{
    const char *text = value_of(config, key)->text;
    return text == NULL ? 0 : strtod(text, NULL);
}

size_t config_list_count(const struct config *config, const char *key)
{
    return value_of(config, key)->list.len;
}

const char *config_list_at(const struct config *config, const char *key, size_t index)
{
    return value_of(config, key)->list.items[index];
}

const char *config_origin(const struct config *config, const char *key)
{
    return value_of(config, key)->origin;
}

char *config_show(const struct config *config, const char *key)
{
    const struct entry_value *value = value_of(config, key);
    size_t index = config_index_of(key);
    struct buf out = BUF_INIT;
    if (settings[index].kind == SETTING_LIST) {
        for (size_t i = 0; i < value->list.len; i++) {
            buf_printf(&out, "%s\"%s\"", i == 0 ? "[" : ", ", value->list.items[i]);
        }
        buf_append_c(&out, value->list.len > 0 ? "]" : "");
    } else if (value->text != NULL) {
        const char *quote = settings[index].kind == SETTING_STRING ? "\"" : "";
        buf_printf(&out, "%s%s%s", quote, value->text, quote);
    }
    return buf_take(&out);
}

static const struct config_file *table_file(const struct config *config, const char *name)
{
    const struct config_file *found = NULL;
    VEC_FOREACH (struct config_file, file, &config->files) {
        const struct toml *table = toml_get(file->root, name);
        bool may = file->layer == LAYER_USER ||
                   (file->layer == LAYER_WORKSPACE && found == NULL && !config_is_own_table(name));
        if (table != NULL && table->kind == TOML_TABLE && may) {
            found = file;
        }
    }
    return found;
}

const struct toml *config_table(const struct config *config, const char *name)
{
    const struct config_file *file = table_file(config, name);
    return file == NULL ? NULL : toml_get(file->root, name);
}

const char *config_table_file(const struct config *config, const char *name)
{
    const struct config_file *file = table_file(config, name);
    return file == NULL ? NULL : file->path;
}

size_t config_source_count(const struct config *config)
{
    return config->files.len;
}

struct config_source config_source_at(const struct config *config, size_t index)
{
    const struct config_file *file = &config->files.items[index];
    return (struct config_source){.path = file->path,
        .root = file->root,
        .whose = file->layer == LAYER_WORKSPACE ? CONFIG_WORKSPACE
                 : file->layer == LAYER_USER    ? CONFIG_USER
                                                : CONFIG_CODEX,
        .profile = file->profile};
}

const struct toml *config_provider(const struct config *config, const char *name)
{
    const struct toml *found = NULL;
    VEC_FOREACH (struct config_file, file, &config->files) {
        const struct toml *table = toml_get(toml_get(file->root, "model_providers"), name);
        if (file->layer != LAYER_WORKSPACE && table != NULL && table->kind == TOML_TABLE) {
            found = table;
        }
    }
    return found;
}

const char *config_user_path(const struct config *config)
{
    return config->user_path;
}

const char *config_codex_home(const struct config *config)
{
    return config->codex_home;
}
