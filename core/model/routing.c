#include "model/routing.h"

#include "base/mem.h"
#include "config/toml.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The table of the article this program follows. */
static const struct {
    const char *key, *title, *model, *effort, *reason;
} defaults[TASK_COUNT] = {
    [TASK_REGO] = {"rego", "generate Rego", "gpt-5.5", "high",
        "complex logic needs long reasoning"},
    [TASK_KYVERNO] = {"kyverno", "generate Kyverno", "gpt-5.5", "medium",
        "YAML suits faster models, also gpt-5.3-codex-spark"},
    [TASK_REVIEW] = {"review", "review and audit", "o3", "high",
        "deep reasoning finds errors of logic"},
    [TASK_BULK] = {"bulk", "work in bulk", "gpt-5.4-mini", "medium",
        "cheap for many answers of one kind"},
    [TASK_MIGRATE] = {"migrate", "migrate policies", "gpt-5.4-mini", "medium",
        "cheap for what repeats"},
};

/* ---- the table ---- */

static void set(char **field, const char *text)
{
    if (text != NULL) {
        free(*field);
        *field = mem_strdup(text);
    }
}

static const char *text_of(const struct toml *row, const char *key)
{
    return toml_string_or(row, key, NULL);
}

static void read_table_row(const struct config_source *source, const struct toml *row,
    struct route *route, struct buf *problems)
{
    const char *effort = text_of(row, "effort") != NULL ? text_of(row, "effort")
                                                        : text_of(row, "model_reasoning_effort");
    if (text_of(row, "model") == NULL) {
        buf_printf(problems,
            "%s:%u: a route is a profile's name or { model = \"…\", effort = "
            "\"…\", reason = \"…\" }\n",
            source->path, row->row);
        return;
    }
    if (effort != NULL && !config_accepts("model_reasoning_effort", effort)) {
        buf_printf(problems, "%s:%u: effort = \"%s\" is not known; accepted: %s\n", source->path,
            row->row, effort, config_accepted("model_reasoning_effort"));
        return;
    }
    free(route->profile);
    route->profile = NULL;
    set(&route->model, text_of(row, "model"));
    set(&route->effort, effort);
    set(&route->reason,
        text_of(row, "reason") == NULL ? "as [routing] has it" : text_of(row, "reason"));
}

static void read_row(const struct config *config, const struct config_source *source,
    const struct toml *row, struct route *route, struct buf *problems)
{
    char *origin = mem_printf("%s:%u", source->path, row->row);
    if (row->kind == TOML_TABLE) {
        read_table_row(source, row, route, problems);
        set(&route->origin, origin);
    } else if (row->kind != TOML_STRING) {
        buf_printf(problems, "%s: a route is a profile's name or { model = \"…\" }\n", origin);
    } else if (source->whose == CONFIG_WORKSPACE) {
        buf_printf(problems, "%s: a workspace's [routing] may name models, not profiles\n", origin);
    } else if (config_profile_origin(config, row->text) == NULL) {
        buf_printf(problems, "%s: there is no profile \"%s\"\n", origin, row->text);
    } else {
        set(&route->profile, row->text);
        set(&route->model, config_profile_value(config, row->text, "model"));
        set(&route->effort, config_profile_value(config, row->text, "model_reasoning_effort"));
        char *reason = mem_printf("your profile %s, of its limits what is stricter", row->text);
        set(&route->reason, reason);
        free(reason);
        set(&route->origin, origin);
    }
    free(origin);
}

static struct route *find(struct routing *routing, const char *key)
{
    for (size_t i = 0; i < TASK_COUNT; i++) {
        if (strcmp(routing->routes[i].key, key) == 0) {
            return &routing->routes[i];
        }
    }
    return NULL;
}

void routing_load(const struct config *config, struct routing *out, struct buf *problems)
{
    *out = (struct routing){0};
    for (size_t i = 0; i < TASK_COUNT; i++) {
        out->routes[i] = (struct route){.key = defaults[i].key,
            .title = defaults[i].title,
            .model = mem_strdup(defaults[i].model),
            .effort = mem_strdup(defaults[i].effort),
            .reason = mem_strdup(defaults[i].reason),
            .origin = mem_strdup("default")};
    }
    for (size_t i = 0; i < config_source_count(config); i++) {
        struct config_source source = config_source_at(config, i);
        const struct toml *table = toml_get(source.root, "routing");
        if (source.whose == CONFIG_CODEX || table == NULL || table->kind != TOML_TABLE) {
            continue;
        }
        for (size_t k = 0; k < table->len; k++) {
            struct route *route = find(out, table->items[k]->key);
            if (route == NULL) {
                buf_printf(problems,
                    "%s:%u: \"%s\" is no task; accepted: rego, kyverno, review, bulk, migrate\n",
                    source.path, table->items[k]->row, table->items[k]->key);
            } else {
                out->is_own = true;
                read_row(config, &source, table->items[k], route, problems);
            }
        }
    }
}

void routing_clear(struct routing *routing)
{
    for (size_t i = 0; i < TASK_COUNT; i++) {
        struct route *route = &routing->routes[i];
        free(route->profile);
        free(route->model);
        free(route->effort);
        free(route->reason);
        free(route->origin);
    }
    *routing = (struct routing){0};
}

/* ---- what a prompt asks for ---- */

/* Earlier rows win: "migrate the Kyverno policies" migrates. */
static const struct {
    enum task task;
    const char *words; /* each with a blank before and after */
} signs[] = {
    {TASK_MIGRATE, " migrate migration upgrade modernise modernize "},
    {TASK_BULK, " bulk batch csv "},
    {TASK_REVIEW, " review audit "},
    {TASK_KYVERNO, " kyverno clusterpolicy validatingpolicy mutatingpolicy generatingpolicy "},
    {TASK_REGO, " rego gatekeeper constrainttemplate constraint opa conftest "},
};

enum { WORD_MAX = 31, READ_MAX = 4000 };

static bool has_word(const char *words, const char *word)
{
    char wanted[WORD_MAX + 3];
    size_t len = strlen(word);
    wanted[0] = ' ';
    memcpy(wanted + 1, word, len);
    wanted[len + 1] = ' ';
    wanted[len + 2] = '\0';
    return strstr(words, wanted) != NULL;
}

/* A part of a path or an identifier ("input.review.object") is no word of a sentence. */
static bool is_joined(struct str text, size_t from, size_t to)
{
    bool before = from > 0 && strchr("._-/:", text.ptr[from - 1]) != NULL;
    bool after = to + 1 < text.len && strchr("._-/:", text.ptr[to]) != NULL &&
                 isalnum((unsigned char)text.ptr[to + 1]);
    return before || after;
}

/* The next word in small letters, "" for one that says nothing; false at the end. */
static bool next_word(struct str text, size_t *at, char word[WORD_MAX + 1])
{
    while (*at < text.len && !isalpha((unsigned char)text.ptr[*at])) {
        ++*at;
    }
    size_t from = *at;
    size_t len = 0;
    for (; *at < text.len && isalpha((unsigned char)text.ptr[*at]); ++*at) {
        if (len < WORD_MAX) {
            word[len++] = (char)tolower((unsigned char)text.ptr[*at]);
        }
    }
    word[is_joined(text, from, *at) ? 0 : len] = '\0';
    return *at > from;
}

bool routing_guess(struct str prompt, enum task *task)
{
    struct str text = str_slice(prompt, 0, prompt.len < READ_MAX ? prompt.len : READ_MAX);
    char word[WORD_MAX + 1];
    size_t best = ARRAY_LEN(signs);
    for (size_t at = 0; next_word(text, &at, word);) {
        for (size_t i = 0; word[0] != '\0' && i < best; i++) {
            if (has_word(signs[i].words, word)) {
                best = i;
            }
        }
    }
    if (best == ARRAY_LEN(signs)) {
        return false;
    }
    *task = signs[best].task;
    return true;
}
