#include "model/select.h"

#include "acp/acp.h"
#include "base/env.h"
#include "base/log.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "codex/codex.h"
#include "codex/home.h"
#include "config/toml.h"
#include "loop/process.h"
#include "model/live.h"
#include "model/recording.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define OPENAI_URL     "https://api.openai.com/v1"
#define KEY_TIMEOUT_MS 30000

struct select {
    struct select_setup setup;
    select_fn done;
    void *data;
    struct loop_timer *timer; /* the first step runs from the loop */
    struct detect *detect;
    struct process *key_command;
    bool cancelled; /* the key command still has to end */
    struct buf key_output;
    /* What is known so far. */
    const struct toml *table; /* of [model_providers.NAME], or NULL */
    char *base_url;
    const char *wire;
    char *key;
    char *key_name;
    struct {
        char **items;
        size_t len, cap;
    } headers;
    struct buf query;
    struct selection out;
};

void selection_clear(struct selection *selection)
{
    free(selection->model);
    free(selection->effort);
    free(selection->label);
    free(selection->why);
    free(selection->problem);
    *selection = (struct selection){0};
}

static void wipe(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

static void release(struct select *select)
{
    loop_timer_free(select->timer);
    detect_cancel(select->detect);
    VEC_FOREACH (char *, header, &select->headers) {
        wipe(*header);
    }
    VEC_FREE(&select->headers);
    if (select->key_output.ptr != NULL) {
        explicit_bzero(select->key_output.ptr, select->key_output.cap);
    }
    buf_free(&select->key_output);
    buf_free(&select->query);
    wipe(select->key);
    free(select->key_name);
    free(select->base_url);
    selection_clear(&select->out);
    free(select);
}

void select_cancel(struct select *select)
{
    if (select == NULL) {
        return;
    }
    if (select->key_command != NULL) {
        select->cancelled = true;
        process_cancel(select->key_command);
    } else {
        release(select);
    }
}

static void finish(struct select *select)
{
    select->done(select->data, &select->out);
    select->out = (struct selection){0}; /* taken over */
    release(select);
}

static void set_problem(struct select *select, const char *text)
{
    if (select->out.problem == NULL) {
        select->out.problem = safe_dup(str_of(text), SAFE_ONE_LINE, 1000);
    }
}

/* --- the recording ------------------------------------------------------------------------------
 */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_recording_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(path_ext(entry->d_name), ".jsonl") == 0;
}

char *select_workspace_recording(const char *workspace)
{
    char *dir = path_join(workspace, ".bylaw/recordings");
    struct dirent **names = NULL;
    int count = scandir(dir, &names, is_recording_name, by_name);
    char *out = count > 0 ? path_join(dir, names[0]->d_name) : NULL;
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free((void *)names);
    free(dir);
    return out;
}

#define NO_MODEL                                                                                   \
    "No model is set up yet. In `config.toml` (`bylaw config` shows where it is) set `base_url` "  \
    "and `model` for your server, or put a key into the environment variable that `api_key_env` "  \
    "names. A server on this machine (Ollama, llama.cpp, LM Studio, vLLM) is found by itself.\n"

/* What is said to a prompt that nobody can answer. What was chosen and cannot be used goes before
 * what could be chosen. The caller frees. */
static char *no_model_text(const struct selection *out)
{
    return out->problem == NULL
               ? mem_strdup(NO_MODEL)
               : mem_printf("Nobody can answer: %s. Mend that and start again; `bylaw doctor` says "
                            "what else is missing.\n",
                     out->problem);
}

/* `because` is the beginning of the sentence that says why. */
static void use_recording(struct select *select, const char *because)
{
    const struct config *config = select->setup.config;
    const char *named = config_string(config, "recording");
    const char *workspace = select->setup.workspace;
    char *path = named != NULL       ? mem_strdup(named)
                 : workspace == NULL ? NULL
                                     : select_workspace_recording(workspace);
    struct err err;
    struct selection *out = &select->out;
    out->answers = ANSWERS_NOBODY;
    if (path != NULL) {
        out->provider = recording_new(select->setup.loop, path, 1, &err);
        if (out->provider == NULL) {
            set_problem(select, err.text);
        }
    }
    if (out->provider != NULL) {
        const char *model = recording_model(out->provider);
        out->model = mem_strdup(model == NULL ? "recording" : model);
        out->label = mem_strdup("recording");
        out->why = mem_printf("%s: replaying %s", because, path_base(path));
    } else {
        char *text = no_model_text(out);
        out->provider = recording_new_empty(select->setup.loop, text);
        free(text);
        out->label = mem_strdup("no model");
        out->why =
            mem_printf("%s, and there is no recording to replay: %s and start again; all but "
                       "the chat works",
                because, out->problem == NULL ? "set the key" : "mend that");
    }
    free(path);
    finish(select);
}

/* --- a live server ------------------------------------------------------------------------------
 */

static bool host_is_openai(const char *host)
{
    struct str name = str_of(host);
    size_t colon = str_find_char(name, ':', 0);
    name = colon == SIZE_MAX ? name : str_slice(name, 0, colon);
    return str_equal_c(name, "api.openai.com") || str_ends(name, ".openai.azure.com");
}

static bool is_set(const struct select *select, const char *key)
{
    return strcmp(config_origin(select->setup.config, key), "default") != 0;
}

static bool use_live(struct select *select)
{
    const struct config *config = select->setup.config;
    struct err err;
    bool allow_plain = config_bool(config, "allow_plain_http");
    char *host = http_check_url(select->base_url, NULL, allow_plain, NULL, &err);
    if (host == NULL) {
        set_problem(select, err.text);
        return false;
    }
    bool openai = host_is_openai(host);
    VEC_PUSH(&select->headers, NULL);
    struct live_options options = {.loop = select->setup.loop,
        .http = select->setup.http,
        .wire = wire_find(select->wire),
        .base_url = select->base_url,
        .query = select->query.ptr,
        .api_key = select->key,
        .api_key_name = select->key_name,
        .headers = (const char *const *)select->headers.items,
        .allow_plain_http = allow_plain,
        .quirks = {.custom_tools = openai, .reasoning_summary = openai ? "auto" : NULL}};
    select->headers.len--;
    select->out.answers = select->out.label != NULL ? ANSWERS_FOUND
                          : openai                  ? ANSWERS_OPENAI
                                                    : ANSWERS_SERVER;
    select->out.provider = live_new(&options, &err);
    if (select->out.provider == NULL) {
        set_problem(select, err.text);
        free(host);
        return false;
    }
    if (select->out.model == NULL) {
        select->out.model = mem_strdup(config_string(config, "model"));
    }
    /* Many servers refuse an effort for a model that does not reason: only what was asked for. */
    if (openai || is_set(select, "model_reasoning_effort")) {
        select->out.effort = mem_strdup(config_string(config, "model_reasoning_effort"));
    }
    if (select->out.label == NULL) {
        select->out.label = mem_strdup(host);
    }
    if (select->out.why == NULL) {
        select->out.why = mem_printf("%s over the %s API%s%s", host, select->wire,
            select->key == NULL ? ", without a key" : " with the key from ",
            select->key == NULL ? "" : select->key_name);
    }
    free(host);
    return true;
}

static const char *key_place(const struct select *select)
{
    return select->key_name == NULL ? "the configuration" : select->key_name;
}

static const char *pick_model(const struct select *select, const struct detect_found *found)
{
    const char *wanted = config_string(select->setup.config, "model");
    for (size_t i = 0; wanted != NULL && i < found->models.len; i++) {
        if (strcmp(found->models.items[i], wanted) == 0) {
            return wanted;
        }
    }
    return found->models.items[0];
}

static void on_detected(void *data, const struct detect_found *found, size_t count)
{
    struct select *select = data;
    select->detect = NULL; /* frees itself */
    for (size_t i = 0; i < count; i++) {
        const char *model = pick_model(select, &found[i]);
        free(select->base_url);
        select->base_url = mem_strdup(found[i].base_url);
        select->wire = "chat";
        select->out.model = mem_strdup(model);
        select->out.label = mem_strdup(found[i].name);
        select->out.why = mem_printf("no key in %s: using %s on this machine with %s",
            key_place(select), found[i].name, model);
        if (use_live(select)) {
            finish(select);
            return;
        }
        selection_clear(&select->out);
    }
    char *because =
        mem_printf("no key in %s and no model server on this machine", key_place(select));
    use_recording(select, because);
    free(because);
}

static void without_key(struct select *select)
{
    if (config_bool(select->setup.config, "detect_local_servers")) {
        const struct detect_server *servers = select->setup.servers;
        select->detect = detect_start(select->setup.loop, select->setup.http,
            servers == NULL ? detect_servers : servers,
            select->setup.look_ms > 0 ? select->setup.look_ms : DETECT_TIMEOUT_MS, on_detected,
            select);
        return;
    }
    char *because = mem_printf("no key in %s", key_place(select));
    use_recording(select, because);
    free(because);
}

/* The key, if any, is here. */
static void go_on(struct select *select)
{
    if (select->base_url == NULL && select->key == NULL) {
        without_key(select);
        return;
    }
    if (select->base_url == NULL) {
        select->base_url = mem_strdup(OPENAI_URL);
    }
    if (use_live(select)) {
        finish(select);
    } else {
        use_recording(select, "the configured server cannot be used");
    }
}

/* --- keys and headers ---------------------------------------------------------------------------
 */

static void add_header(struct select *select, const char *name, const char *value, bool secret)
{
    if (secret) {
        secret_register(str_of(value));
    }
    VEC_PUSH(&select->headers, mem_printf("%s: %s", name, value));
}

static bool sounds_secret(const char *name)
{
    return strcasestr(name, "key") != NULL || strcasestr(name, "auth") != NULL ||
           strcasestr(name, "token") != NULL;
}

static void add_headers(struct select *select, const struct toml *table)
{
    for (size_t i = 0; table != NULL && i < table->len; i++) {
        const struct toml *item = table->items[i];
        if (item->kind == TOML_STRING) {
            add_header(select, item->key, item->text, sounds_secret(item->key));
        }
    }
}

static void add_env_headers(struct select *select, const struct toml *table)
{
    for (size_t i = 0; table != NULL && i < table->len; i++) {
        const struct toml *item = table->items[i];
        const char *value = item->kind == TOML_STRING ? getenv(item->text) : NULL;
        if (item->kind == TOML_STRING) {
            env_hide(item->text);
        }
        if (value != NULL && value[0] != '\0') {
            add_header(select, item->key, value, true);
        }
    }
}

static void add_query(struct select *select, const struct toml *table)
{
    for (size_t i = 0; table != NULL && i < table->len; i++) {
        const struct toml *item = table->items[i];
        if (item->kind == TOML_STRING) {
            buf_printf(
                &select->query, "%s%s=%s", select->query.len > 0 ? "&" : "", item->key, item->text);
        }
    }
}

static void on_key_data(void *data, enum process_stream stream, struct str bytes)
{
    struct select *select = data;
    if (stream == PROCESS_STDOUT && select->key_output.len < 65536) {
        buf_append_str(&select->key_output, bytes);
    }
}

static void on_key_exit(void *data, const struct process_result *result)
{
    struct select *select = data;
    select->key_command = NULL;
    if (select->cancelled) {
        release(select);
        return;
    }
    struct str key = str_trim(buf_str(&select->key_output));
    if (result->exit_code != 0 || key.len == 0) {
        char text[200];
        snprintf(text, sizeof text, "api_key_command %s: no key from it",
            result->timed_out        ? "did not end within 30 s"
            : result->exit_code != 0 ? "failed"
                                     : "printed nothing");
        set_problem(select, text);
    } else {
        select->key = str_dup(key);
    }
    go_on(select);
}

static bool start_key_command(struct select *select)
{
    const struct config *config = select->setup.config;
    size_t count = config_list_count(config, "api_key_command");
    if (count == 0) {
        return false;
    }
    const char **argv = mem_zalloc((count + 1) * sizeof *argv);
    for (size_t i = 0; i < count; i++) {
        argv[i] = config_list_at(config, "api_key_command", i);
    }
    struct err err;
    struct process_options options = {.argv = argv,
        .timeout_ms = KEY_TIMEOUT_MS,
        .max_output = 65536,
        .on_data = on_key_data,
        .on_exit = on_key_exit,
        .data = select};
    select->key_command = process_start(select->setup.loop, &options, &err);
    free(select->key_name);
    select->key_name = mem_strdup("api_key_command");
    free((void *)argv);
    if (select->key_command == NULL) {
        set_problem(select, err.text);
    }
    return select->key_command != NULL;
}

/* --- Codex ---------------------------------------------------------------------------------------
 */

/* The variables that a table of providers says hold keys. */
static void each_variable(
    const struct toml *providers, void (*take)(void *data, const char *name), void *data)
{
    for (size_t i = 0; providers != NULL && i < providers->len; i++) {
        const struct toml *provider = providers->items[i];
        const char *const names[] = {toml_string_or(provider, "env_key", NULL),
            toml_string_or(provider, "api_key_env", NULL)};
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            if (names[k] != NULL) {
                take(data, names[k]);
            }
        }
        const struct toml *headers = toml_get(provider, "env_http_headers");
        for (size_t k = 0; headers != NULL && k < headers->len; k++) {
            if (headers->items[k]->text != NULL) {
                take(data, headers->items[k]->text);
            }
        }
    }
}

struct variables {
    char **items;
    size_t len, cap;
};

static void add_variable(void *data, const char *name)
{
    struct variables *variables = data;
    const char *value = getenv(name);
    if (value != NULL) {
        VEC_PUSH(variables, mem_printf("%s=%s", name, value));
    }
}

/* The keys that Codex's own files name are its own. */
static struct variables codex_variables(const struct config *config, const char *home)
{
    struct variables out = {0};
    if (home != NULL) {
        VEC_PUSH(&out, mem_printf("CODEX_HOME=%s", home));
    }
    for (size_t i = 0; i < config_source_count(config); i++) {
        struct config_source source = config_source_at(config, i);
        if (source.whose == CONFIG_CODEX) {
            each_variable(toml_get(source.root, "model_providers"), add_variable, &out);
        }
    }
    VEC_PUSH(&out, NULL);
    return out;
}

/* Codex has a model and a login of its own: only what was asked for here goes before them. */
static void use_codex(struct select *select)
{
    const struct config *config = select->setup.config;
    struct selection *out = &select->out;
    struct err err;
    if (select->setup.codex == NULL) {
        set_problem(select, "Codex works in the workbench only");
        use_recording(select, "Codex cannot be used here");
        return;
    }
    char *home;
    char *told;
    if (!codex_home(config, &home, &told, &err)) {
        set_problem(select, err.text);
        use_recording(select, "Codex cannot be used");
        return;
    }
    if (home == NULL && getenv("CODEX_HOME") != NULL) {
        home = path_codex_home(); /* it works in another folder than we do */
    }
    struct variables keys = codex_variables(config, home);
    free(home);
    struct codex_options options = {.loop = select->setup.loop,
        .host = select->setup.codex,
        .program = "codex",
        .env = (const char *const *)keys.items};
    out->provider = codex_new(&options, &err);
    VEC_FOREACH (char *, entry, &keys) {
        wipe(*entry);
    }
    VEC_FREE(&keys);
    if (out->provider == NULL) {
        free(told);
        set_problem(select, err.text);
        use_recording(select, "Codex cannot be used");
        return;
    }
    out->answers = ANSWERS_CODEX;
    if (is_set(select, "model")) {
        out->model = mem_strdup(config_string(config, "model"));
    }
    if (is_set(select, "model_reasoning_effort")) {
        out->effort = mem_strdup(config_string(config, "model_reasoning_effort"));
    }
    out->label = mem_strdup("Codex");
    out->why = mem_printf("%s%sthe Codex CLI, in a scratch copy of the folder: its patches become "
                          "proposals",
        told == NULL ? "" : told, told == NULL ? "" : "; ");
    free(told);
    finish(select);
}

/* It has a model and a login of its own. */
static void use_acp(struct select *select, const char *name)
{
    struct selection *out = &select->out;
    struct acp_agent agent;
    struct err err;
    if (select->setup.acp == NULL) {
        set_problem(select, "other agents work in the workbench only");
        use_recording(select, "the agent cannot be used here");
        return;
    }
    struct acp_options options = {
        .loop = select->setup.loop, .host = select->setup.acp, .agent = &agent};
    if (acp_agent_find(select->setup.config, name, &agent, &err)) {
        out->provider = acp_new(&options, &err);
    }
    acp_agent_free(&agent);
    if (out->provider == NULL) {
        set_problem(select, err.text);
        use_recording(select, "the agent cannot be used");
        return;
    }
    out->answers = ANSWERS_AGENT;
    out->label = mem_strdup(name);
    out->why = mem_printf(
        "%s, confined, in a scratch copy of the folder: what it changes becomes a proposal", name);
    finish(select);
}

static void begin(void *data)
{
    struct select *select = data;
    const struct config *config = select->setup.config;
    const char *name = config_string(config, "model_provider");
    const char *origin = config_origin(config, "recording");
    if (name != NULL ? strcmp(name, "recording") == 0 : origin[0] == '-' || origin[0] == '$') {
        use_recording(select, name != NULL ? "the provider is set to recording" : "as asked for");
        return;
    }
    if (name != NULL && strcmp(name, "codex") == 0 && config_provider(config, name) == NULL) {
        use_codex(select);
        return;
    }
    if (acp_agent_of(name) != NULL) {
        use_acp(select, acp_agent_of(name));
        return;
    }
    select->table = name == NULL ? NULL : config_provider(config, name);
    if (name != NULL && select->table == NULL && strcmp(name, "openai") != 0) {
        char *text = mem_printf(
            "model_provider = \"%s\": there is no [model_providers.%s] in config.toml", name, name);
        set_problem(select, text);
        free(text);
        use_recording(select, "the configured provider is not known");
        return;
    }
    const struct toml *table = select->table;
    const char *url = toml_string_or(table, "base_url", config_string(config, "base_url"));
    select->base_url = mem_strdup(url);
    select->wire = toml_string_or(table, "wire_api", config_string(config, "wire_api"));
    if (wire_find(select->wire) == NULL) {
        set_problem(select, "wire_api: accepted are responses and chat; using responses");
        select->wire = "responses";
    }
    const char *fallback = table == NULL || is_set(select, "api_key_env")
                               ? config_string(config, "api_key_env")
                               : NULL;
    const char *key_name =
        toml_string_or(table, "env_key", toml_string_or(table, "api_key_env", fallback));
    add_headers(select, config_table(config, "http_headers"));
    add_headers(select, toml_get(table, "http_headers"));
    add_env_headers(select, toml_get(table, "env_http_headers"));
    add_query(select, toml_get(table, "query_params"));
    /* The default key must not go in the clear to a server that only happens to be named. */
    bool may_send = url == NULL || table != NULL || is_set(select, "api_key_env") ||
                    str_starts(str_of(url), "https://");
    if (key_name != NULL && may_send) {
        const char *key = getenv(key_name);
        select->key_name = mem_strdup(key_name);
        select->key = key == NULL || key[0] == '\0' ? NULL : str_dup(str_trim(str_of(key)));
    }
    if (select->key == NULL && start_key_command(select)) {
        return;
    }
    go_on(select);
}

static void keep_secret(const char *variable)
{
    if (variable == NULL) {
        return;
    }
    const char *value = getenv(variable);
    env_hide(variable);
    if (value != NULL) {
        secret_register(str_trim(str_of(value)));
    }
}

static void hide_variable(void *data, const char *name)
{
    (void)data;
    keep_secret(name);
}

/* Every variable that the configuration says holds a key, whoever answers in the end. */
static void keep_secrets(const struct config *config)
{
    keep_secret(config_string(config, "api_key_env"));
    for (size_t i = 0; i < config_source_count(config); i++) {
        struct config_source source = config_source_at(config, i);
        if (source.whose != CONFIG_WORKSPACE) {
            each_variable(toml_get(source.root, "model_providers"), hide_variable, NULL);
        }
    }
}

struct select *select_start(const struct select_setup *setup, select_fn done, void *data)
{
    keep_secrets(setup->config);
    struct select *select = MEM_NEW(struct select);
    select->setup = *setup;
    select->done = done;
    select->data = data;
    select->timer = loop_timer_new(setup->loop, begin, select);
    loop_timer_start(select->timer, 0, 0);
    return select;
}
