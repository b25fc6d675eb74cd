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

/* Why [routing] has no say here: a model and a profile are a choice already. */
static void print_routing_state(const struct config *config)
{
    if (!config_bool(config, "auto_routing")) {
        printf("# routing is not in force: auto_routing is false  # %s\n",
            config_origin(config, "auto_routing"));
    } else if (config_profile(config) != NULL) {
        printf("# routing is not in force: the profile %s is  # %s\n", config_profile(config),
            config_origin(config, "profile"));
    } else if (is_said(config, "model")) {
        printf("# routing is not in force: the model %s is  # %s\n", config_string(config, "model"),
            config_origin(config, "model"));
    }
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

/* Of the tables that are no single settings; a line each. */
static void check_tables(const struct config *config, struct routing *routing, struct buf *problems)
{
    routing_load(config, routing, problems);
    prices_free(prices_of(config, problems));
}

static void print_data(const char *folder)
{
    struct data_roots roots = {0};
    data_roots_read(&roots, folder);
    VEC_FOREACH (const struct data_root, root, &roots) {
        char *shown = data_root_show(root);
        printf("# engines.opa.data: %s  # .bylaw/config.toml:%u\n", shown, root->row);
        free(shown);
    }
    data_roots_free(&roots);
}

/* Their names, as values may be anybody's business (headers), and where they stand. */
static void print_tables(const struct config *config)
{
    static const char *const names[] = {"model_providers", "http_headers", "agents",
        "language_servers", "keys", "engines", "apply", "guards", "rollout"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct toml *table = config_table(config, names[i]);
        if (table == NULL) {
            continue;
        }
        printf("# [%s]:", names[i]);
        for (size_t k = 0; k < table->len; k++) {
            printf("%s %s", k == 0 ? "" : ",", table->items[k]->key);
        }
        printf("  # %s:%u\n", config_table_file(config, names[i]), table->row);
    }
}

static void print_hooks(const struct config *config, const char *folder)
{
    struct handlers handlers;
    char *git_root = path_git_root(folder);
    handlers_read(git_root, folder, &handlers, NULL);
    VEC_FOREACH (const struct handler, handler, &handlers) {
        const char *profile = handler->profile;
        const char *now = config_profile(config);
        printf("# hook %s%s%s%s%s: %s  # %s\n", moment_name(handler->moment),
            handler->matcher == NULL ? "" : " of ",
            handler->matcher == NULL ? "" : handler->matcher,
            profile == NULL ? "" : ", with the profile ", profile == NULL ? "" : profile,
            handler->answer != TRUST_YES ? "does nothing, not trusted"
            : profile != NULL && (now == NULL || strcmp(profile, now) != 0)
                ? "does nothing, another profile is in force"
                : "in force",
            handler->file);
    }
    handlers_free(&handlers);
    free(git_root);
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

static void print_json(const struct config *config, struct str more)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list = json_set_array(root, "settings");
    for (size_t i = 0; settings[i].key != NULL; i++) {
        cJSON *item = cJSON_CreateObject();
        char *value = config_show(config, settings[i].key);
        json_set_string(item, "key", settings[i].key);
        json_set_string(item, "value", value[0] == '\0' ? NULL : value);
        json_set_string(item, "origin", config_origin(config, settings[i].key));
        json_set_string(item, "help", settings[i].help);
        cJSON_AddItemToArray(list, item);
        free(value);
    }
    cJSON *profiles = json_set_array(root, "profiles");
    for (size_t i = 0; i < config_profile_count(config); i++) {
        json_push_string(profiles, config_profile_at(config, i));
    }
    json_set_string(root, "profile", config_profile(config));
    cJSON *notes = json_set_array(root, "notes");
    for (size_t i = 0; i < config_note_count(config); i++) {
        json_push_string(notes, config_note_at(config, i));
    }
    cJSON *problems = json_set_array(root, "problems");
    for (size_t i = 0; i < config_problem_count(config); i++) {
        json_push_string(problems, config_problem_at(config, i));
    }
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
    struct routing routing;
    struct buf problems = BUF_INIT;
    check_tables(config, &routing, &problems);
    if (args_has(args, "json")) {
        print_json(config, buf_str(&problems));
    } else {
        print_lines(config);
        print_more(config);
        print_routing_state(config);
        print_routes(&routing);
        print_tables(config);
        print_hooks(config, here);
        print_data(here);
    }
    for (size_t i = 0; i < config_problem_count(config); i++) {
        (void)command_fail(args, "%s", config_problem_at(config, i));
    }
    bool bad = tell_lines(args, buf_str(&problems)) || config_problem_count(config) > 0;
    routing_clear(&routing);
    buf_free(&problems);
    config_free(config);
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
