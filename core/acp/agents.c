#include "acp/agents.h"

#include "base/vec.h"
#include "config/toml.h"

#include <stdlib.h>

/* Words separated by blanks. */
static const struct {
    const char *name, *command, *folders, *install;
    bool reads_agents_md, counts_last_request;
} builtin[] = {
    {"opencode", "opencode acp",
        "~/.config/opencode ~/.local/share/opencode ~/.local/state/opencode ~/.cache/opencode",
        "npm install -g opencode-ai, then opencode auth login", true, true},
};

static void free_words(struct acp_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

void acp_agent_free(struct acp_agent *agent)
{
    free(agent->name);
    free_words(&agent->command);
    free_words(&agent->folders);
    free_words(&agent->env);
    *agent = (struct acp_agent){0};
}

static void add_words(struct acp_words *words, const char *text)
{
    struct str rest = str_of(text);
    while (rest.len > 0) {
        struct str word = str_slice(rest, 0, str_find_char(rest, ' ', 0));
        VEC_PUSH(words, str_dup(word));
        rest = str_from(rest, word.len + 1);
    }
}

/* False: not a list of strings. */
static bool read_words(const struct toml *list, struct acp_words *words)
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

static bool read_item(const struct toml *item, struct acp_agent *agent)
{
    static const struct {
        const char *key;
        size_t at;
    } lists[] = {{"command", offsetof(struct acp_agent, command)},
        {"folders", offsetof(struct acp_agent, folders)}, {"env", offsetof(struct acp_agent, env)}};
    static const struct {
        const char *key;
        size_t at;
    } flags[] = {{"network", offsetof(struct acp_agent, network)},
        {"reads_agents_md", offsetof(struct acp_agent, reads_agents_md)},
        {"counts_last_request", offsetof(struct acp_agent, counts_last_request)}};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (strcmp(item->key, lists[i].key) == 0) {
            return read_words(item, (struct acp_words *)(void *)((char *)agent + lists[i].at));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (strcmp(item->key, flags[i].key) == 0 && item->kind == TOML_BOOL) {
            *(bool *)(void *)((char *)agent + flags[i].at) = item->boolean;
            return true;
        }
    }
    return false;
}

const char *acp_agent_of(const char *provider)
{
    static const char prefix[] = "acp:";
    return provider != NULL && str_starts(str_of(provider), prefix) ? provider + strlen(prefix)
                                                                    : NULL;
}

bool acp_agent_find(
    const struct config *config, const char *name, struct acp_agent *agent, struct err *err)
{
    const struct toml *row = toml_get(config_table(config, "agents"), name);
    *agent = (struct acp_agent){.name = mem_strdup(name), .network = true};
    for (size_t i = 0; i < ARRAY_LEN(builtin); i++) {
        if (strcmp(builtin[i].name, name) == 0) {
            add_words(&agent->command, builtin[i].command);
            add_words(&agent->folders, builtin[i].folders);
            agent->install = builtin[i].install;
            agent->reads_agents_md = builtin[i].reads_agents_md;
            agent->counts_last_request = builtin[i].counts_last_request;
        }
    }
    for (size_t i = 0; row != NULL && i < row->len; i++) {
        if (!read_item(row->items[i], agent)) {
            return err_set(err, ERR_INVALID,
                "%s:%u: agents.%s: %s: it takes command, folders and env (lists of strings), "
                "network, reads_agents_md and counts_last_request (true or false)",
                config_table_file(config, "agents"), row->items[i]->row, name, row->items[i]->key);
        }
    }
    if (agent->command.len == 0) {
        return err_set(err, ERR_NOT_FOUND,
            "model_provider = \"acp:%s\": there is no [agents.%s] with a command in your "
            "config.toml",
            name, name);
    }
    return true;
}

char *acp_agent_folder(const char *written, struct err *err)
{
    static const struct {
        const char *place, *variable;
    } places[] = {{"~/.config/", "XDG_CONFIG_HOME"}, {"~/.local/share/", "XDG_DATA_HOME"},
        {"~/.local/state/", "XDG_STATE_HOME"}, {"~/.cache/", "XDG_CACHE_HOME"}};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *root = getenv(places[i].variable);
        if (str_starts(str_of(written), places[i].place) && root != NULL && root[0] == '/') {
            return mem_printf("%s/%s", root, written + strlen(places[i].place));
        }
    }
    const char *home = getenv("HOME");
    if (str_starts(str_of(written), "~/") && home != NULL && home[0] == '/') {
        return mem_printf("%s/%s", home, written + 2);
    }
    if (written[0] != '/') {
        err_set(err, ERR_INVALID, "agents: the folder %s is not absolute (begin it with / or ~/)",
            written);
        return NULL;
    }
    return mem_strdup(written);
}
