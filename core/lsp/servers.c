#include "lsp/servers.h"

#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"

#include <unistd.h>

/* Words separated by blanks. */
static const struct {
    const char *name, *command, *languages, *install;
    const char *settings; /* JSON */
    const char *rules;
} builtin[] = {
    {"regal", "regal language-server", "rego", "go install, or its release page", NULL,
        ".regal/rules"},
    {"yaml-language-server", "yaml-language-server --stdio", "yaml",
        "npm install -g yaml-language-server",
        /* Nothing is fetched from the network behind the user's back. */
        "{\"yaml\":{\"validate\":true,\"hover\":true,\"completion\":true,\"format\":{\"enable\":"
        "true},\"schemaStore\":{\"enable\":false,\"url\":\"\"},\"kubernetesCRDStore\":{\"enable\":"
        "false}},\"redhat\":{\"telemetry\":{\"enabled\":false}}}",
        NULL},
};

static void free_words(struct lsp_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

static void free_server(struct lsp_server *server)
{
    free(server->name);
    free_words(&server->command);
    free_words(&server->languages);
    free_words(&server->markers);
    cJSON_Delete(server->settings);
}

void lsp_servers_free(struct lsp_servers *servers)
{
    VEC_FOREACH (struct lsp_server, server, servers) {
        free_server(server);
    }
    VEC_FREE(servers);
    free_words(&servers->problems);
}

static void add_words(struct lsp_words *words, const char *text)
{
    struct str rest = str_of(text);
    while (rest.len > 0) {
        size_t blank = str_find_char(rest, ' ', 0);
        struct str word = str_slice(rest, 0, blank);
        VEC_PUSH(words, str_dup(word));
        rest = str_from(rest, word.len + 1);
    }
}

static cJSON *toml_to_json(const struct toml *toml)
{
    cJSON *out;
    switch (toml->kind) {
    case TOML_INTEGER:
    case TOML_FLOAT:
        return cJSON_CreateNumber(toml->number);
    case TOML_BOOL:
        return cJSON_CreateBool(toml->boolean);
    case TOML_ARRAY:
    case TOML_TABLE:
        out = toml->kind == TOML_ARRAY ? cJSON_CreateArray() : cJSON_CreateObject();
        for (size_t i = 0; i < toml->len; i++) {
            cJSON *item = toml_to_json(toml->items[i]);
            if (toml->kind == TOML_ARRAY) {
                cJSON_AddItemToArray(out, item);
            } else {
                cJSON_AddItemToObject(out, toml->items[i]->key, item);
            }
        }
        return out;
    default:
        return cJSON_CreateString(toml->text);
    }
}

static void add_problem(
    struct lsp_servers *servers, const char *file, const struct toml *at, const char *what)
{
    VEC_PUSH(&servers->problems,
        mem_printf("%s:%u: language_servers: %s %s", file == NULL ? "config.toml" : file, at->row,
            at->key == NULL ? "value" : at->key, what));
}

/* False: not a list of strings. */
static bool read_words(const struct toml *list, struct lsp_words *words)
{
    if (!toml_is_words(list)) {
        return false;
    }
    free_words(words);
    for (size_t i = 0; i < list->len; i++) {
        VEC_PUSH(words, mem_strdup(list->items[i]->text));
    }
    return true;
}

static struct lsp_server *server_named(struct lsp_servers *servers, const char *name)
{
    VEC_FOREACH (struct lsp_server, server, servers) {
        if (strcmp(server->name, name) == 0) {
            return server;
        }
    }
    VEC_PUSH(servers, (struct lsp_server){.name = mem_strdup(name)});
    return &servers->items[servers->len - 1];
}

static void read_row(struct lsp_servers *servers, const struct toml *row, const char *file)
{
    if (row->kind != TOML_TABLE) {
        add_problem(servers, file, row, "takes a table");
        return;
    }
    struct lsp_server *server = server_named(servers, row->key);
    for (size_t i = 0; i < row->len; i++) {
        const struct toml *item = row->items[i];
        bool ok = true;
        if (strcmp(item->key, "command") == 0) {
            ok = server->is_own = read_words(item, &server->command);
        } else if (strcmp(item->key, "languages") == 0) {
            ok = read_words(item, &server->languages);
        } else if (strcmp(item->key, "root_markers") == 0) {
            ok = read_words(item, &server->markers);
        } else if (strcmp(item->key, "settings") == 0 && item->kind == TOML_TABLE) {
            cJSON_Delete(server->settings);
            server->settings = toml_to_json(item);
        } else if (strcmp(item->key, "network") == 0 && item->kind == TOML_BOOL) {
            server->network = item->boolean;
        } else if (strcmp(item->key, "repository_rules") == 0 && item->kind == TOML_BOOL) {
            server->repository_rules = item->boolean;
        } else {
            add_problem(servers, file, item,
                "is not known here; accepted: command, languages, root_markers (lists of strings), "
                "settings (a table), network, repository_rules (true or false)");
        }
        if (!ok) {
            add_problem(servers, file, item, "takes a list of strings");
        }
    }
    if (server->command.len > 0 && server->languages.len == 0) {
        add_problem(servers, file, row, "names no languages, so it is never started");
    }
}

void lsp_servers_load(const struct config *config, struct lsp_servers *servers)
{
    *servers = (struct lsp_servers){0};
    if (!config_bool(config, "lsp")) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        struct lsp_server server = {.name = mem_strdup(builtin[i].name)};
        server.rules = builtin[i].rules;
        add_words(&server.command, builtin[i].command);
        add_words(&server.languages, builtin[i].languages);
        server.settings = builtin[i].settings == NULL ? NULL : cJSON_Parse(builtin[i].settings);
        VEC_PUSH(servers, server);
    }
    const struct toml *table = config_table(config, "language_servers");
    for (size_t i = 0; table != NULL && i < table->len; i++) {
        read_row(servers, table->items[i], config_table_file(config, "language_servers"));
    }
    VEC_FOREACH (struct lsp_server, server, servers) {
        VEC_PUSH(&server->command, NULL); /* an argv */
        server->command.len--;
    }
}

bool lsp_server_speaks(const struct lsp_server *server, const char *language)
{
    VEC_FOREACH (char *, spoken, &server->languages) {
        if (server->command.len > 0 && strcmp(*spoken, language) == 0) {
            return true;
        }
    }
    return false;
}

bool lsp_server_fits(const struct lsp_server *server, const char *root)
{
    bool found = server->markers.len == 0;
    VEC_FOREACH (char *, marker, &server->markers) {
        char *path = path_join(root, *marker);
        found = found || access(path, F_OK) == 0;
        free(path);
    }
    return found;
}

const char *const *lsp_server_environment(const struct lsp_server *server)
{
    static const char *const nowhere[] = {"http_proxy=http://127.0.0.1:9",
        "https_proxy=http://127.0.0.1:9", "all_proxy=http://127.0.0.1:9",
        "HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9",
        "ALL_PROXY=http://127.0.0.1:9", "no_proxy=", "NO_PROXY=", NULL};
    return server->network ? NULL : nowhere;
}

bool lsp_server_allowed(const struct lsp_server *server, const char *root, struct err *err)
{
    bool allowed = true;
    if (server->rules != NULL && !server->repository_rules) {
        char *path = path_join(root, server->rules);
        if (access(path, F_OK) == 0) {
            allowed = err_set(err, ERR_DENIED,
                "this repository brings its own rules for %s (%s), which are programs: to run "
                "them, set repository_rules = true for it in your own config.toml",
                server->name, server->rules);
        }
        free(path);
    }
    return allowed;
}

char *lsp_server_program(const struct lsp_server *server, struct err *err)
{
    const char *name = server->command.items[0];
    char *found = path_find_program(name);
    char *cache =
        found == NULL && strchr(name, '/') == NULL ? path_home_dir(PATH_CACHE, NULL) : NULL;
    if (cache != NULL) {
        found = mem_printf("%s/bin/%s", cache, name);
        free(cache);
        if (access(found, X_OK) != 0) {
            free(found);
            found = NULL;
        }
    }
    if (found != NULL) {
        return found;
    }
    const char *install = NULL;
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        if (strcmp(builtin[i].name, server->name) == 0) {
            install = builtin[i].install;
        }
    }
    err_set(err, ERR_NOT_FOUND, "%s is not on PATH%s%s", name, install == NULL ? "" : ": ",
        install == NULL ? "" : install);
    return NULL;
}
