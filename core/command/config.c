/* bylaw config: the settings in force and where each came from. */
#include "config/config.h"

#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "command/command.h"
#include "config/toml.h"
#include "hooks/handlers.h"
#include "model/prices.h"
#include "model/routing.h"
#include "policy/data_roots.h"

#include <stdlib.h>
#include <unistd.h>

/* All there is to print. */
struct shown {
    struct config *config;
    struct routing routing;
    struct handlers handlers;
    struct data_roots roots;
    struct buf problems; /* of the tables that are no single settings; a line each */
};

static void gather(struct shown *shown, struct config *config, const char *folder)
{
    *shown = (struct shown){.config = config, .problems = BUF_INIT};
    routing_load(config, &shown->routing, &shown->problems);
    prices_free(prices_of(config, &shown->problems));
    char *git_root = path_git_root(folder);
    handlers_read(git_root, folder, &shown->handlers, NULL);
    free(git_root);
    data_roots_read(&shown->roots, folder);
}

static void release(struct shown *shown)
{
    routing_clear(&shown->routing);
    handlers_free(&shown->handlers);
    data_roots_free(&shown->roots);
    buf_free(&shown->problems);
    config_free(shown->config);
}

static void print_lines(const struct config *config)
{
    for (size_t i = 0; settings[i].key != NULL; i++) {
        char *value = config_show(config, settings[i].key);
        if (value[0] == '\0') {
            printf("# %s is not set: %s\n", settings[i].key, settings[i].help);
        } else {
            printf(
                "%s = %s  # %s\n", settings[i].key, value, config_origin(config, settings[i].key));
        }
        free(value);
    }
}

/* What other spellings were taken for, and the profiles there are. */
static void print_more(const struct config *config)
{
    for (size_t i = 0; i < config_note_count(config); i++) {
        printf("# %s\n", config_note_at(config, i));
    }
    for (size_t i = 0; i < config_profile_count(config); i++) {
        const char *name = config_profile_at(config, i);
        char *text = config_describe_profile(config, name);
        printf("# profile %s%s: %s  # %s\n", name,
            config_profile(config) == name ? ", in force" : "", text,
            config_profile_origin(config, name));
        free(text);
    }
}

static bool is_said(const struct config *config, const char *key)
{
    return strcmp(config_origin(config, key), "default") != 0;
}

/* Why [routing] has no say here: a model and a profile are a choice already. NULL: it has. The
 * caller frees. */
static char *routing_stands_back(const struct config *config, const char **origin)
{
    static const char *const keys[] = {"auto_routing", "profile", "model"};
    const char *profile = config_profile(config);
    size_t which = !config_bool(config, "auto_routing") ? 0
                   : profile != NULL                    ? 1
                   : is_said(config, "model")           ? 2
                                                        : ARRAY_LEN(keys);
    if (which == ARRAY_LEN(keys)) {
        return NULL;
    }
    *origin = config_origin(config, keys[which]);
    return which == 0   ? mem_strdup("auto_routing is false")
           : which == 1 ? mem_printf("the profile %s is", profile)
                        : mem_printf("the model %s is", config_string(config, "model"));
}

static void print_routing_state(const struct config *config)
{
    const char *origin = NULL;
    char *why = routing_stands_back(config, &origin);
    if (why != NULL) {
        printf("# routing is not in force: %s  # %s\n", why, origin);
    }
    free(why);
}

static void print_routes(const struct routing *routing)
{
    for (size_t i = 0; i < TASK_COUNT; i++) {
        const struct route *route = &routing->routes[i];
        printf("# routing.%s: %s%s%s, to %s: %s  # %s\n", route->key, route->model,
            route->effort == NULL ? "" : " ", route->effort == NULL ? "" : route->effort,
            route->title, route->reason, route->origin);
    }
}

static void print_data(const struct data_roots *roots)
{
    VEC_FOREACH (const struct data_root, root, roots) {
        char *text = data_root_show(root);
        printf("# engines.opa.data: %s  # .bylaw/config.toml:%u\n", text, root->row);
        free(text);
    }
}

/* Their names, as values may be anybody's business (headers), and where they stand. */
static const char *const tables[] = {"model_providers", "http_headers", "agents",
    "language_servers", "keys", "engines", "apply", "guards", "rollout"};

static void print_tables(const struct config *config)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        const struct toml *table = config_table(config, tables[i]);
        if (table == NULL) {
            continue;
        }
        printf("# [%s]:", tables[i]);
        for (size_t k = 0; k < table->len; k++) {
            printf("%s %s", k == 0 ? "" : ",", table->items[k]->key);
        }
        printf("  # %s:%u\n", config_table_file(config, tables[i]), table->row);
    }
}

/* Why it does nothing; NULL: it is in force. */
static const char *hook_stands_back(const struct handler *handler, const struct config *config)
{
    const char *now = config_profile(config);
    return handler->answer == TRUST_NO    ? "refused"
           : handler->answer != TRUST_YES ? "not trusted"
           : handler->profile != NULL && (now == NULL || strcmp(handler->profile, now) != 0)
               ? "another profile is in force"
               : NULL;
}

static void print_hooks(const struct handlers *handlers, const struct config *config)
{
    VEC_FOREACH (const struct handler, handler, handlers) {
        const char *profile = handler->profile;
        const char *why = hook_stands_back(handler, config);
        printf("# hook %s%s%s%s%s: %s%s  # %s\n", moment_name(handler->moment),
            handler->matcher == NULL ? "" : " of ",
            handler->matcher == NULL ? "" : handler->matcher,
            profile == NULL ? "" : ", with the profile ", profile == NULL ? "" : profile,
            why == NULL ? "in force" : "does nothing, ", why == NULL ? "" : why, handler->file);
    }
}

static bool tell_lines(const struct args *args, struct str text)
{
    struct str line;
    bool any = text.len > 0;
    while (str_next_line(&text, &line)) {
        (void)command_fail(args, "%.*s", STR_FMT(line));
    }
    return any;
}

/* A new object at the end of the list; borrowed. */
static cJSON *push(cJSON *list)
{
    cJSON *item = mem_require(cJSON_CreateObject());
    cJSON_AddItemToArray(list, item);
    return item;
}

static void set_settings(cJSON *root, const struct config *config)
{
    cJSON *list = json_set_array(root, "settings");
    for (size_t i = 0; settings[i].key != NULL; i++) {
        cJSON *item = push(list);
        char *value = config_show(config, settings[i].key);
        json_set_string(item, "key", settings[i].key);
        json_set_string(item, "value", value[0] == '\0' ? NULL : value);
        json_set_string(item, "origin", config_origin(config, settings[i].key));
        json_set_string(item, "help", settings[i].help);
        free(value);
    }
}

static void set_profiles(cJSON *root, const struct config *config)
{
    cJSON *profiles = json_set_array(root, "profiles");
    for (size_t i = 0; i < config_profile_count(config); i++) {
        const char *name = config_profile_at(config, i);
        char *says = config_describe_profile(config, name);
        cJSON *item = push(profiles);
        json_set_string(item, "name", name);
        json_set_string(item, "says", says);
        json_set_string(item, "origin", config_profile_origin(config, name));
        free(says);
    }
    json_set_string(root, "profile", config_profile(config));
}

static void set_routing(cJSON *root, const struct shown *shown)
{
    cJSON *routing = json_set_object(root, "routing");
    const char *origin = NULL;
    char *why = routing_stands_back(shown->config, &origin);
    json_set_bool(routing, "in_force", why == NULL);
    json_set_optional(routing, "why_not", why);
    json_set_optional(routing, "origin", origin);
    cJSON *routes = json_set_array(routing, "routes");
    for (size_t i = 0; i < TASK_COUNT; i++) {
        const struct route *route = &shown->routing.routes[i];
        cJSON *item = push(routes);
        json_set_string(item, "task", route->key);
        json_set_string(item, "title", route->title);
        json_set_optional(item, "profile", route->profile);
        json_set_string(item, "model", route->model);
        json_set_optional(item, "effort", route->effort);
        json_set_string(item, "reason", route->reason);
        json_set_string(item, "origin", route->origin);
    }
    free(why);
}

static void set_hooks(cJSON *root, const struct shown *shown)
{
    cJSON *hooks = json_set_array(root, "hooks");
    VEC_FOREACH (const struct handler, handler, &shown->handlers) {
        const char *why = hook_stands_back(handler, shown->config);
        cJSON *item = push(hooks);
        json_set_string(item, "event", moment_name(handler->moment));
        json_set_optional(item, "matcher", handler->matcher);
        json_set_string(item, "command", handler->command);
        json_set_int(item, "timeout_ms", (long long)handler->timeout_ms);
        json_set_optional(item, "profile", handler->profile);
        json_set_bool(item, "in_force", why == NULL);
        json_set_optional(item, "why_not", why);
        json_set_string(item, "origin", handler->file);
    }
}

static void set_tables(cJSON *root, const struct shown *shown)
{
    cJSON *list = json_set_array(root, "tables");
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        const struct toml *table = config_table(shown->config, tables[i]);
        if (table == NULL) {
            continue;
        }
        char *origin = mem_printf("%s:%u", config_table_file(shown->config, tables[i]), table->row);
        cJSON *item = push(list);
        json_set_string(item, "name", tables[i]);
        cJSON *keys = json_set_array(item, "keys");
        for (size_t k = 0; k < table->len; k++) {
            json_push_string(keys, table->items[k]->key);
        }
        json_set_string(item, "origin", origin);
        free(origin);
    }
    cJSON *data = json_set_array(root, "data");
    VEC_FOREACH (const struct data_root, data_root, &shown->roots) {
        char *text = data_root_show(data_root);
        char *origin = mem_printf(".bylaw/config.toml:%u", data_root->row);
        cJSON *item = push(data);
        json_set_string(item, "text", text);
        json_set_string(item, "origin", origin);
        free(origin);
        free(text);
    }
}

static void print_json(const struct shown *shown)
{
    const struct config *config = shown->config;
    cJSON *root = mem_require(cJSON_CreateObject());
    set_settings(root, config);
    set_profiles(root, config);
    set_routing(root, shown);
    set_hooks(root, shown);
    set_tables(root, shown);
    cJSON *notes = json_set_array(root, "notes");
    for (size_t i = 0; i < config_note_count(config); i++) {
        json_push_string(notes, config_note_at(config, i));
    }
    cJSON *problems = json_set_array(root, "problems");
    for (size_t i = 0; i < config_problem_count(config); i++) {
        json_push_string(problems, config_problem_at(config, i));
    }
    struct str more = buf_str(&shown->problems);
    struct str line;
    while (str_next_line(&more, &line)) {
        char *problem = str_dup(line);
        json_push_string(problems, problem);
        free(problem);
    }
    char *text = json_print(root);
    puts(text);
    free(text);
    cJSON_Delete(root);
}

/* The README's table: what can be set, not what is. */
static void print_markdown(void)
{
    puts("| Setting | Default | Accepted | What it is |\n| --- | --- | --- | --- |");
    for (size_t i = 0; settings[i].key != NULL; i++) {
        const struct setting *s = &settings[i];
        char accepted[64] = "";
        if (s->kind == SETTING_INTEGER || s->kind == SETTING_NUMBER) {
            snprintf(accepted, sizeof accepted, "%lld to %lld", s->min, s->max);
        } else if (s->kind == SETTING_BOOL) {
            snprintf(accepted, sizeof accepted, "true, false");
        }
        printf("| `%s` | %s%s%s | ", s->key, s->fallback == NULL ? "" : "`",
            s->fallback == NULL ? "" : s->fallback, s->fallback == NULL ? "" : "`");
        for (const char *c = s->accepted == NULL ? accepted : s->accepted; *c != '\0'; c++) {
            fputs(*c == '|' ? ", " : (char[]){*c, '\0'}, stdout);
        }
        printf(" | %s%s%s%s%s |\n", s->help, (s->flags & SETTING_OWN) != 0 ? "; own file only" : "",
            (s->flags & SETTING_PROFILE) != 0 ? "; also in a profile" : "",
            s->environment == NULL ? "" : "; $", s->environment == NULL ? "" : s->environment);
    }
}

static int run(const struct args *args)
{
    if (args_has(args, "markdown")) {
        print_markdown();
        return EXIT_YES;
    }
    if (args->count > 1) {
        return command_fail(args, "takes at most one folder");
    }
    char *here = args->count == 1 ? realpath(args->rest[0], NULL) : getcwd(NULL, 0);
    if (here == NULL) {
        return command_fail(args, "no such folder: %s", args->count == 1 ? args->rest[0] : ".");
    }
    struct config *config = config_load(here);
    const char *profile = args_get(args, "profile");
    struct err err;
    if (profile != NULL && !config_set_profile(config, profile, "--profile", &err)) {
        config_free(config);
        free(here);
        return command_fail(args, "%s", err.text);
    }
    struct shown shown;
    gather(&shown, config, here);
    if (args_has(args, "json")) {
        print_json(&shown);
    } else {
        print_lines(config);
        print_more(config);
        print_routing_state(config);
        print_routes(&shown.routing);
        print_tables(config);
        print_hooks(&shown.handlers, config);
        print_data(&shown.roots);
    }
    for (size_t i = 0; i < config_problem_count(config); i++) {
        (void)command_fail(args, "%s", config_problem_at(config, i));
    }
    bool bad = tell_lines(args, buf_str(&shown.problems)) || config_problem_count(config) > 0;
    release(&shown);
    free(here);
    return bad ? EXIT_NO : EXIT_YES;
}

const struct command command_config = {
    .name = "config",
    .summary = "print the settings in force and where each came from",
    .usage = "[--json | --markdown] [--profile NAME] [FOLDER]",
    .options = {{"json", 0, NULL, "as one JSON object"},
        {"profile", 'p', "NAME", "as it would be with this profile"},
        {"markdown", 0, NULL, "the table of all settings, as it stands in the README"}},
    .description = "Reads the defaults, the Codex CLI's $CODEX_HOME/config.toml and "
                   "NAME.config.toml, $XDG_CONFIG_HOME/bylaw/config.toml, the workspace's "
                   ".bylaw/config.toml, the profile in force and the "
                   "environment, and prints each setting with the place its value comes from, the "
                   "profiles, routes, tables and hooks there are, and what another spelling was "
                   "taken for. Keys "
                   "themselves are never "
                   "printed: the settings only name where a key is.\n\nExit code 1 when a file has "
                   "a mistake; each is said "
                   "with its file and line.",
    .run = run,
};
