#include "config/config.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILE = 1 << 20 };

struct list {
    char **items;
    size_t len, cap;
};

struct value {
    char *text; /* strings, numbers and booleans; NULL: not set */
    struct list list;
    char *origin;
};

struct config {
    struct value *values; /* setting_count of them */
    struct toml *user;
    struct toml *workspace;
    char *user_path;
    struct {
        struct config_problem *items;
        size_t len, cap;
    } problems;
};

static void problem(struct config *config, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void problem(struct config *config, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    VEC_PUSH(&config->problems, (struct config_problem){buf_take(&text)});
}

static size_t index_of(const char *key)
{
    for (size_t i = 0; i < setting_count; i++) {
        if (strcmp(settings[i].key, key) == 0) {
            return i;
        }
    }
    return setting_count;
}

static void clear(struct value *value)
{
    free(value->text);
    free(value->origin);
    VEC_FOREACH (char *, item, &value->list) {
        free(*item);
    }
    VEC_FREE(&value->list);
    *value = (struct value){0};
}

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

/* Checks text against the setting; `where` begins the problem's line. */
static bool check(
    struct config *config, const struct setting *setting, const char *text, const char *where)
{
    char *end;
    switch (setting->kind) {
    case SETTING_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
            problem(config, "%s: %s takes true or false", where, setting->key);
            return false;
        }
        return true;
    case SETTING_INTEGER: {
        long long number = strtoll(text, &end, 10);
        if (*end != '\0' || end == text || number < setting->min || number > setting->max) {
            problem(config, "%s: %s takes a whole number from %lld to %lld", where, setting->key,
                setting->min, setting->max);
            return false;
        }
        return true;
    }
    case SETTING_NUMBER: {
        double number = strtod(text, &end);
        if (*end != '\0' || end == text || !(number >= (double)setting->min) ||
            !(number <= (double)setting->max)) {
            problem(config, "%s: %s takes a number from %lld to %lld", where, setting->key,
                setting->min, setting->max);
            return false;
        }
        return true;
    }
    default:
        if (!is_accepted(setting->accepted, str_of(text))) {
            problem(config, "%s: %s = \"%s\" is not known; accepted: %s", where, setting->key, text,
                setting->accepted);
            return false;
        }
        return true;
    }
}

/* Where a text stands among the accepted ones, which go from strict to loose. */
static size_t rank_of(const char *accepted, const char *text)
{
    const char *at = accepted;
    size_t rank = 0;
    for (; !is_accepted(text, str_slice(str_of(at), 0, strcspn(at, "|"))); rank++) {
        at = strchr(at, '|');
        if (at == NULL) {
            break;
        }
        at++;
    }
    return rank;
}

static bool is_looser(const struct setting *setting, const char *text, const char *than)
{
    return setting->kind == SETTING_STRING
               ? rank_of(setting->accepted, text) > rank_of(setting->accepted, than)
               : strtod(text, NULL) > strtod(than, NULL);
}

static void set(
    struct config *config, size_t index, const char *text, const char *origin, bool guarded)
{
    const char *now = config->values[index].text;
    if (!check(config, &settings[index], text, origin)) {
        return;
    }
    if (guarded && is_looser(&settings[index], text, now)) {
        problem(config, "%s: %s = %s is looser than your own %s; ignored here", origin,
            settings[index].key, text, now);
    } else {
        clear(&config->values[index]);
        config->values[index].text = mem_strdup(text);
        config->values[index].origin = mem_strdup(origin);
    }
}

static void set_list(
    struct config *config, size_t index, const struct toml *toml, const char *origin)
{
    struct value value = {.origin = mem_strdup(origin)};
    for (size_t i = 0; i < toml->len; i++) {
        if (toml->items[i]->kind != TOML_STRING) {
            problem(config, "%s: %s takes an array of strings", origin, settings[index].key);
            clear(&value);
            return;
        }
        VEC_PUSH(&value.list, mem_strdup(toml->items[i]->text));
    }
    clear(&config->values[index]);
    config->values[index] = value;
}

static void read_value(
    struct config *config, size_t index, const struct toml *toml, const char *origin, bool user)
{
    static const enum toml_kind wanted[] = {
        TOML_STRING, TOML_BOOL, TOML_INTEGER, TOML_ARRAY, TOML_FLOAT};
    const struct setting *setting = &settings[index];
    bool guarded = !user && (setting->flags & SETTING_GUARD) != 0;
    bool number_as_word = toml->kind == TOML_INTEGER &&
                          (setting->accepted != NULL || setting->kind == SETTING_NUMBER);
    if (toml->kind != wanted[setting->kind] && !number_as_word) {
        problem(config, "%s: %s takes %s, not %s", origin, setting->key,
            toml_kind_name(wanted[setting->kind]), toml_kind_name(toml->kind));
        return;
    }
    char number[32];
    switch (toml->kind) {
    case TOML_STRING:
        set(config, index, toml->text, origin, guarded);
        break;
    case TOML_BOOL:
        set(config, index, toml->boolean ? "true" : "false", origin, guarded);
        break;
    case TOML_FLOAT:
        snprintf(number, sizeof number, "%g", toml->number);
        set(config, index, number, origin, guarded);
        break;
    case TOML_INTEGER:
        snprintf(number, sizeof number, "%lld", toml->integer);
        set(config, index, number, origin, guarded);
        break;
    default:
        set_list(config, index, toml, origin);
        break;
    }
}

/* Tables read elsewhere; those marked are taken from the user's file only. */
static const struct {
    const char *name;
    bool private;
} tables[] = {
    {"keys", false}, {"http_headers", true}, {"model_providers", true}, {"language_servers", true}};

static bool is_table(struct config *config, const struct toml *toml, const char *origin, bool user)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        if (strcmp(tables[i].name, toml->key) != 0) {
            continue;
        }
        if (toml->kind != TOML_TABLE) {
            problem(config, "%s: %s takes a table", origin, toml->key);
        } else if (tables[i].private && !user) {
            problem(config, "%s: [%s] may only stand in your own config.toml; ignored here", origin,
                toml->key);
        }
        return true;
    }
    return false;
}

static void read_layer(struct config *config, const struct toml *root, const char *path, bool user)
{
    for (size_t i = 0; i < root->len; i++) {
        const struct toml *toml = root->items[i];
        char *origin = mem_printf("%s:%u", path, toml->row);
        size_t index = index_of(toml->key);
        if (index == setting_count) {
            if (!is_table(config, toml, origin, user)) {
                problem(config, "%s: \"%s\" is no setting; `bylaw config` lists them", origin,
                    toml->key);
            }
        } else if ((settings[index].flags & SETTING_OWN) != 0 && !user) {
            problem(config, "%s: %s may only be set in your own config.toml; ignored here", origin,
                toml->key);
        } else if (!user && strcmp(toml->key, "theme") == 0 && toml->kind == TOML_STRING &&
                   strpbrk(toml->text, "/.") != NULL) {
            problem(config, "%s: a theme file may only be named in your own config.toml", origin);
        } else {
            read_value(config, index, toml, origin, user);
        }
        free(origin);
    }
}

static struct toml *load_file(struct config *config, const char *path)
{
    struct err err;
    struct buf text = BUF_INIT;
    struct toml *toml = NULL;
    if (file_read(path, MAX_FILE, &text, &err)) {
        toml = toml_parse(buf_str(&text), path, &err);
        if (toml == NULL) {
            problem(config, "%s", err.text);
        }
    } else if (err.kind != ERR_NOT_FOUND) {
        problem(config, "%s", err.text);
    }
    buf_free(&text);
    return toml;
}

static void read_environment(struct config *config)
{
    for (size_t i = 0; i < setting_count; i++) {
        const char *name = settings[i].environment;
        const char *text = name == NULL ? NULL : getenv(name);
        if (text != NULL && text[0] != '\0') {
            char *origin = mem_printf("$%s", name);
            set(config, i, text, origin, false);
            free(origin);
        }
    }
}

struct config *config_load(const char *workspace)
{
    struct config *config = MEM_NEW(struct config);
    config->values = mem_zalloc(setting_count * sizeof *config->values);
    for (size_t i = 0; i < setting_count; i++) {
        config->values[i].text = mem_strdup(settings[i].fallback);
        config->values[i].origin = mem_strdup("default");
    }
    struct err err;
    char *home = path_home_dir(PATH_CONFIG, &err);
    if (home != NULL) {
        config->user_path = path_join(home, "config.toml");
        config->user = load_file(config, config->user_path);
    } else {
        problem(config, "%s", err.text);
    }
    if (config->user != NULL) {
        read_layer(config, config->user, config->user_path, true);
    }
    if (workspace != NULL) {
        char *path = path_join(workspace, ".bylaw/config.toml");
        config->workspace = load_file(config, path);
        if (config->workspace != NULL) {
            read_layer(config, config->workspace, ".bylaw/config.toml", false);
        }
        free(path);
    }
    read_environment(config);
    free(home);
    return config;
}

void config_set(struct config *config, const char *key, const char *text, const char *origin)
{
    size_t index = index_of(key);
    assert(index < setting_count && settings[index].kind != SETTING_LIST);
    set(config, index, text, origin, false);
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < setting_count; i++) {
        clear(&config->values[i]);
    }
    VEC_FOREACH (struct config_problem, p, &config->problems) {
        free(p->text);
    }
    VEC_FREE(&config->problems);
    toml_free(config->user);
    toml_free(config->workspace);
    free(config->user_path);
    free(config->values);
    free(config);
}

size_t config_problem_count(const struct config *config)
{
    return config->problems.len;
}

const char *config_problem_at(const struct config *config, size_t index)
{
    return config->problems.items[index].text;
}

static const struct value *value_of(const struct config *config, const char *key)
{
    size_t index = index_of(key);
    assert(index < setting_count);
    return &config->values[index];
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
    const struct value *value = value_of(config, key);
    size_t index = index_of(key);
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

const struct toml *config_table(const struct config *config, const char *name)
{
    const struct toml *own = toml_get(config->user, name);
    if (own != NULL && own->kind == TOML_TABLE) {
        return own;
    }
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        if (strcmp(tables[i].name, name) == 0 && !tables[i].private) {
            const struct toml *theirs = toml_get(config->workspace, name);
            return theirs != NULL && theirs->kind == TOML_TABLE ? theirs : NULL;
        }
    }
    return NULL;
}

const char *config_table_file(const struct config *config, const char *name)
{
    const struct toml *table = config_table(config, name);
    return table == NULL                           ? NULL
           : table == toml_get(config->user, name) ? config->user_path
                                                   : ".bylaw/config.toml";
}

const char *config_user_path(const struct config *config)
{
    return config->user_path;
}
