#include "config/config.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

const struct setting settings[] = {
    {"model", SETTING_STRING, "gpt-5.5", NULL, 0, 0, false, "BYLAW_MODEL",
        "the model's name as its server knows it"},
    {"model_reasoning_effort", SETTING_STRING, "high", "none|minimal|low|medium|high|xhigh", 0, 0,
        false, NULL, "how long the model thinks before it answers"},
    {"model_provider", SETTING_STRING, NULL, NULL, 0, 0, true, "BYLAW_PROVIDER",
        "a name from [model_providers]; \"codex\" is the Codex CLI, \"recording\" a recorded "
        "session"},
    {"base_url", SETTING_STRING, NULL, NULL, 0, 0, true, "BYLAW_BASE_URL",
        "the API's address up to and with /v1"},
    {"wire_api", SETTING_STRING, "responses", "responses|chat", 0, 0, true, "BYLAW_WIRE_API",
        "the protocol the server speaks: OpenAI Responses or Chat Completions"},
    {"api_key_env", SETTING_STRING, "OPENAI_API_KEY", NULL, 0, 0, true, NULL,
        "the environment variable that holds the key"},
    {"api_key_command", SETTING_LIST, NULL, NULL, 0, 0, true, NULL,
        "a program and its arguments that print the key"},
    {"allow_plain_http", SETTING_BOOL, "false", NULL, 0, 0, true, NULL,
        "allow http:// to other machines than this one"},
    {"detect_local_servers", SETTING_BOOL, "true", NULL, 0, 0, true, "BYLAW_DETECT",
        "without a key, look for Ollama, llama.cpp, LM Studio and vLLM on this machine"},
    {"recording", SETTING_STRING, NULL, NULL, 0, 0, true, "BYLAW_RECORDING",
        "the file the recording provider replays (default: the workspace's own)"},
    {"theme", SETTING_STRING, "auto", NULL, 0, 0, false, "BYLAW_THEME",
        "auto, a built-in theme, one of yours (themes/NAME.toml beside this file), or a .toml file "
        "(user's file only)"},
    {"ambiguous_width", SETTING_STRING, "auto", "auto|1|2", 0, 0, false, NULL,
        "columns of characters that East Asian fonts draw wide and others narrow, as Greek and "
        "arrows; auto: as the terminal says"},
    {"mouse", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "take the mouse; Shift selects with the terminal's own selection"},
    {"key_set", SETTING_STRING, "standard", "standard|vi", 0, 0, false, NULL,
        "which keys the editor listens to"},
    {"persistent_undo", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "keep undo steps when the program ends (in the state folder, for your eyes only)"},
    {"line_numbers", SETTING_STRING, "absolute", "absolute|relative|off", 0, 0, false, NULL,
        "line numbers in the editor; relative ones count from the cursor"},
    {"whitespace", SETTING_STRING, "none", "none|trailing|all", 0, 0, false, NULL,
        "which blanks the editor marks: spaces, tabs, no-break spaces, CR among LF"},
    {"wrap", SETTING_STRING, "prose", "never|prose|always", 0, 0, false, NULL,
        "long lines go on in the next row; prose: in Markdown"},
    {"wrap_languages", SETTING_LIST, NULL, NULL, 0, 0, false, NULL,
        "languages whose long lines are wrapped too, as [\"yaml\", \"json\"]"},
    {"sticky_headers", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "keep the first lines of the rule and keys one has scrolled into at the top"},
    {"auto_indent", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "indent a new line as the language has it, and a closing bracket that begins one"},
    {"auto_pairs", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "brackets and quotes are typed as pairs, and put around a selection"},
    {"clipboard", SETTING_STRING, "osc52", "osc52|internal|command", 0, 0, false, NULL,
        "where copies go and pastes come from: the terminal (else the desktop's program), bylaw "
        "only, or wl-copy, xclip or pbcopy"},
    {"completion", SETTING_STRING, "auto", "auto|manual|off", 0, 0, false, NULL,
        "what can stand at the cursor: offered while one types, when asked for, or never"},
    {"format_on_save", SETTING_BOOL, "false", NULL, 0, 0, false, NULL,
        "format a file when it is saved, as the command editor.format does"},
    {"coverage_threshold", SETTING_INTEGER, "90", NULL, 0, 100, false, NULL,
        "coverage in percent that counts as met"},
    {"test_on_save", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "run the tests after each save and proposal"},
    {"diagnostics_inline", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "show what warnings and errors say behind their lines, too"},
    {"test_timeout", SETTING_INTEGER, "30", NULL, 1, 3600, false, NULL,
        "seconds one test may take"},
    {"git_hooks", SETTING_STRING, "ask", "ask|never", 0, 0, false, NULL,
        "run the repository's own git hooks at a commit: ask once for each version of them, or "
        "never"},
    {"lsp", SETTING_BOOL, "true", NULL, 0, 0, false, NULL,
        "start the language server of an open file's language, where one is installed"},
    {NULL, SETTING_STRING, NULL, NULL, 0, 0, false, NULL, NULL},
};

enum { SETTING_COUNT = ARRAY_LEN(settings) - 1, MAX_FILE = 1 << 20 };

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
    struct value values[SETTING_COUNT];
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
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(settings[i].key, key) == 0) {
            return i;
        }
    }
    return SETTING_COUNT;
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
    default:
        if (!is_accepted(setting->accepted, str_of(text))) {
            problem(config, "%s: %s = \"%s\" is not known; accepted: %s", where, setting->key, text,
                setting->accepted);
            return false;
        }
        return true;
    }
}

static void set(struct config *config, size_t index, const char *text, const char *origin)
{
    if (check(config, &settings[index], text, origin)) {
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
    struct config *config, size_t index, const struct toml *toml, const char *origin)
{
    static const enum toml_kind wanted[] = {TOML_STRING, TOML_BOOL, TOML_INTEGER, TOML_ARRAY};
    const struct setting *setting = &settings[index];
    bool number_as_word = toml->kind == TOML_INTEGER && setting->accepted != NULL; /* 2 for "2" */
    if (toml->kind != wanted[setting->kind] && !number_as_word) {
        problem(config, "%s: %s takes %s, not %s", origin, setting->key,
            toml_kind_name(wanted[setting->kind]), toml_kind_name(toml->kind));
        return;
    }
    char number[32];
    switch (toml->kind) {
    case TOML_STRING:
        set(config, index, toml->text, origin);
        break;
    case TOML_BOOL:
        set(config, index, toml->boolean ? "true" : "false", origin);
        break;
    case TOML_INTEGER:
        snprintf(number, sizeof number, "%lld", toml->integer);
        set(config, index, number, origin);
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
        if (index == SETTING_COUNT) {
            if (!is_table(config, toml, origin, user)) {
                problem(config, "%s: \"%s\" is no setting; `bylaw config` lists them", origin,
                    toml->key);
            }
        } else if (settings[index].private && !user) {
            problem(config, "%s: %s may only be set in your own config.toml; ignored here", origin,
                toml->key);
        } else if (!user && strcmp(toml->key, "theme") == 0 && toml->kind == TOML_STRING &&
                   strpbrk(toml->text, "/.") != NULL) {
            problem(config, "%s: a theme file may only be named in your own config.toml", origin);
        } else {
            read_value(config, index, toml, origin);
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
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *name = settings[i].environment;
        const char *text = name == NULL ? NULL : getenv(name);
        if (text != NULL && text[0] != '\0') {
            char *origin = mem_printf("$%s", name);
            set(config, i, text, origin);
            free(origin);
        }
    }
}

struct config *config_load(const char *workspace)
{
    struct config *config = MEM_NEW(struct config);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
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
    assert(index < SETTING_COUNT && settings[index].kind != SETTING_LIST);
    set(config, index, text, origin);
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        clear(&config->values[i]);
    }
    VEC_FOREACH (struct config_problem, p, &config->problems) {
        free(p->text);
    }
    VEC_FREE(&config->problems);
    toml_free(config->user);
    toml_free(config->workspace);
    free(config->user_path);
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
    assert(index < SETTING_COUNT);
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
