#include "hooks/handlers.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"
#include "hooks/matcher.h"
#include "workspace/beneath.h"

#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, TIMEOUT_DEFAULT_MS = 600 * 1000, TIMEOUT_MAX_MS = 3600 * 1000 };

static const char *const moment_names[MOMENT_COUNT] = {
    [MOMENT_SESSION_START] = "SessionStart",
    [MOMENT_PROMPT] = "UserPromptSubmit",
    [MOMENT_BEFORE_TOOL] = "PreToolUse",
    [MOMENT_AFTER_TOOL] = "PostToolUse",
    [MOMENT_STOP] = "Stop",
};

/* Codex's own that a turn here has no place for: not said, they are no mistakes. */
static const char *const other_events[] = {"PermissionRequest", "SessionEnd", "SubagentStart",
    "SubagentStop", "PreCompact", "PostCompact", "preModelRequest", "postModelRequest",
    "interrupt"};

const char *moment_name(enum moment moment)
{
    return moment_names[moment];
}

/* Where handlers are read from. */
struct place {
    struct handlers *out;
    struct buf *problems;
    const struct trust_store *store;
    const char *root;    /* the workspace's: the scope of answers */
    int root_fd;         /* where scripts are looked for, or -1 */
    const char *file;    /* as shown */
    const char *profile; /* whose hooks are read, or NULL */
    bool is_users;
    bool of_codex;
};

static void problem(const struct place *place, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void problem(const struct place *place, const char *fmt, ...)
{
    if (place->problems == NULL) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    buf_printf(place->problems, "%s: ", place->file);
    buf_vprintf(place->problems, fmt, args);
    buf_append_char(place->problems, '\n');
    va_end(args);
}

/* ---- one hook ---- */

static void handler_clear(struct handler *handler)
{
    free(handler->matcher);
    free(handler->command);
    free(handler->profile);
    free(handler->file);
    free(handler->identity);
    buf_free(&handler->shown);
    scripts_free(&handler->scripts);
}

static bool find_moment(const char *name, enum moment *moment)
{
    for (int i = 0; i < MOMENT_COUNT; i++) {
        if (strcmp(moment_names[i], name) == 0) {
            *moment = (enum moment)i;
            return true;
        }
    }
    return false;
}

static bool is_other_event(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(other_events); i++) {
        if (strcmp(other_events[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool describe(struct handler *handler, const struct place *place, struct err *err)
{
    struct buf scripts = BUF_INIT;
    if (place->root_fd >= 0 &&
        !scripts_find(place->root_fd, handler->command, &handler->scripts, &scripts, err)) {
        buf_free(&scripts);
        return false;
    }
    cJSON *identity = mem_require(cJSON_CreateObject());
    json_set_string(identity, "event", moment_name(handler->moment));
    json_set_bool(identity, "short", handler->short_form);
    if (handler->matcher != NULL) {
        json_set_string(identity, "matcher", handler->matcher);
    }
    if (handler->profile != NULL) {
        json_set_string(identity, "profile", handler->profile);
    }
    json_set_string(identity, "command", handler->command);
    json_set_int(identity, "timeout_ms", (long long)handler->timeout_ms);
    cJSON *files = json_set_object(identity, "files");
    VEC_FOREACH (struct script, script, &handler->scripts) {
        json_set_string(files, script->path, script->hash);
    }
    handler->identity = json_print(identity);
    cJSON_Delete(identity);
    bool each_file = handler->short_form && handler->moment == MOMENT_AFTER_TOOL;
    buf_printf(&handler->shown, "runs at  %s", moment_name(handler->moment));
    if (handler->matcher != NULL) {
        buf_printf(&handler->shown, " of %s", handler->matcher);
    }
    if (handler->profile != NULL) {
        buf_printf(&handler->shown, ", in the profile %s", handler->profile);
    }
    buf_printf(&handler->shown, "%s\nat most  %g s\ncommand  %s\n",
        each_file ? ", once for each file" : "", (double)handler->timeout_ms / 1000,
        handler->command);
    buf_append_str(&handler->shown, buf_str(&scripts));
    buf_free(&scripts);
    return true;
}

static void judge(struct handler *handler, const struct place *place)
{
    if (handler->is_users) {
        handler->answer = TRUST_YES;
        return;
    }
    char *name = handler_name(handler);
    handler->answer =
        trust_store_get(place->store, "hook", place->root, name, str_of(handler->identity));
    handler->changed = handler->answer == TRUST_UNKNOWN &&
                       trust_store_knows(place->store, "hook", place->root, name);
    free(name);
}

/* Whole numbers only; 0: not given, or no such number. */
static uint64_t read_timeout(const cJSON *hook)
{
    long long ms = json_int_or(hook, "timeout_ms", 0);
    long long seconds = json_int_or(hook, "timeout", 0);
    if (seconds > 0 && seconds <= TIMEOUT_MAX_MS / 1000) {
        ms = seconds * 1000;
    } else if (seconds > 0) {
        ms = TIMEOUT_MAX_MS;
    }
    return ms <= 0 ? TIMEOUT_DEFAULT_MS : ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : (uint64_t)ms;
}

static void add(
    const struct place *place, enum moment moment, const char *matcher, const cJSON *hook, bool sh)
{
    struct err err;
    const char *command = json_string(hook, "command");
    if (command == NULL || str_trim(str_of(command)).len == 0) {
        problem(place, "a %s hook has no command", moment_name(moment));
        return;
    }
    if (strlen(command) > HANDLER_COMMAND_MAX || place->out->len >= HANDLERS_MAX) {
        problem(place, "a %s hook is left out: at most %d hooks, and %d bytes a command",
            moment_name(moment), HANDLERS_MAX, HANDLER_COMMAND_MAX);
        return;
    }
    if (matcher != NULL && (matcher[0] == '\0' || strcmp(matcher, "*") == 0)) {
        matcher = NULL;
    }
    if (matcher != NULL && !matcher_check(matcher, &err)) {
        problem(place, "a %s hook is left out: its matcher %s", moment_name(moment), err.text);
        return;
    }
    struct handler handler = {.moment = moment,
        .short_form = sh,
        .matcher = mem_strdup(matcher),
        .command = mem_strdup(command),
        .timeout_ms = read_timeout(hook),
        .profile = mem_strdup(place->profile),
        .file = mem_strdup(place->file),
        .is_users = place->is_users,
        .of_codex = place->of_codex};
    if (!describe(&handler, place, &err)) {
        problem(place, "a %s hook is left out: %s", moment_name(moment), err.text);
        handler_clear(&handler);
        return;
    }
    judge(&handler, place);
    VEC_PUSH(place->out, handler);
}

/* ---- the two forms ---- */

static void read_short(const struct place *place, const cJSON *list)
{
    const cJSON *hook;
    cJSON_ArrayForEach(hook, list)
    {
        enum moment moment;
        const char *event = json_string_or(hook, "event", "");
        if (find_moment(event, &moment)) {
            add(place, moment, json_string(hook, "tool"), hook, true);
        } else if (!is_other_event(event)) {
            problem(place, "a hook is left out: its event \"%s\" is not known", event);
        }
    }
}

static void read_group(const struct place *place, enum moment moment, const cJSON *group)
{
    const cJSON *hook;
    cJSON_ArrayForEach(hook, json_get(group, "hooks"))
    {
        const char *type = json_string_or(hook, "type", "command");
        if (strcmp(type, "command") != 0) {
            problem(place, "a %s hook of the type \"%s\" is left out: only commands run here",
                moment_name(moment), type);
        } else {
            add(place, moment, json_string(group, "matcher"), hook, false);
        }
    }
}

static void read_events(const struct place *place, const cJSON *events)
{
    const cJSON *groups;
    cJSON_ArrayForEach(groups, events)
    {
        enum moment moment;
        const cJSON *group;
        if (!find_moment(groups->string, &moment)) {
            if (strcmp(groups->string, "state") != 0 && !is_other_event(groups->string)) {
                problem(place, "hooks for \"%s\" are left out: it is not known", groups->string);
            }
            continue;
        }
        cJSON_ArrayForEach(group, groups)
        {
            read_group(place, moment, group);
        }
    }
}

static void read_hooks(const struct place *place, const cJSON *hooks)
{
    if (cJSON_IsArray(hooks)) {
        read_short(place, hooks);
    } else if (cJSON_IsObject(hooks)) {
        read_events(place, hooks);
    } else if (hooks != NULL) {
        problem(place, "hooks are neither a list nor a table");
    }
}

/* ---- files ---- */

static cJSON *to_json(const struct toml *toml)
{
    switch (toml->kind) {
    case TOML_STRING:
    case TOML_DATE:
        return mem_require(cJSON_CreateString(toml->text));
    case TOML_INTEGER:
    case TOML_FLOAT:
        return mem_require(cJSON_CreateNumber(toml->number));
    case TOML_BOOL:
        return mem_require(cJSON_CreateBool(toml->boolean));
    default:
        break;
    }
    bool is_table = toml->kind == TOML_TABLE;
    cJSON *out = mem_require(is_table ? cJSON_CreateObject() : cJSON_CreateArray());
    for (size_t i = 0; i < toml->len; i++) {
        cJSON *item = to_json(toml->items[i]);
        if (is_table) {
            cJSON_AddItemToObject(out, toml->items[i]->key, item);
        } else {
            cJSON_AddItemToArray(out, item);
        }
    }
    return out;
}

static void read_table(const struct place *place, const struct toml *table)
{
    const struct toml *hooks = toml_get(table, "hooks");
    if (hooks != NULL) {
        cJSON *json = to_json(hooks);
        read_hooks(place, json);
        cJSON_Delete(json);
    }
}

static void read_toml(struct place *place, struct str text)
{
    struct err err;
    struct toml *toml = toml_parse(text, place->file, &err);
    const struct toml *profiles = toml_get(toml, "profiles");
    if (toml == NULL && place->problems != NULL) {
        buf_printf(place->problems, "its hooks are not read: %s\n", err.text);
    }
    read_table(place, toml);
    for (size_t i = 0; profiles != NULL && profiles->kind == TOML_TABLE && i < profiles->len; i++) {
        place->profile = profiles->items[i]->key;
        read_table(place, profiles->items[i]);
    }
    place->profile = NULL;
    toml_free(toml);
}

static void read_json(const struct place *place, struct str text)
{
    struct err err;
    cJSON *json = json_parse(text, &err);
    if (json == NULL) {
        problem(place, "%s", err.text);
    } else {
        read_hooks(place, json_get(json, "hooks"));
    }
    cJSON_Delete(json);
}

/* `folder` is absolute; a file of the workspace is reached without following a link. */
static void read_file(struct place *place, const char *folder, const char *name)
{
    struct err err;
    struct buf text = BUF_INIT;
    char *path = path_join(folder, name);
    bool found;
    if (place->is_users) {
        place->file = path;
        found = file_read(path, FILE_MAX, &text, &err);
    } else {
        int fd = beneath_open_root(folder, &err);
        found = fd >= 0 && beneath_read(fd, name, FILE_MAX, &text, NULL, &err);
        if (fd >= 0) {
            close(fd);
        }
        place->file = strcmp(folder, place->root) == 0 ? name : path;
    }
    if (found && strcmp(path_ext(name), ".json") == 0) {
        read_json(place, buf_str(&text));
    } else if (found) {
        read_toml(place, buf_str(&text));
    } else if (err.kind != ERR_NOT_FOUND) {
        problem(place, "its hooks are not read: %s", err.text);
    }
    buf_free(&text);
    free(path);
}

static void read_users(struct place *place)
{
    place->is_users = true;
    char *own = path_home_dir(PATH_CONFIG, NULL);
    char *codex = path_codex_home();
    if (own != NULL) {
        read_file(place, own, "config.toml");
        read_file(place, own, "hooks.json");
    }
    place->of_codex = true;
    if (codex != NULL) {
        read_file(place, codex, "config.toml");
        read_file(place, codex, "hooks.json");
    }
    place->is_users = false;
    free(own);
    free(codex);
}

static void read_folder(struct place *place, const char *folder)
{
    place->of_codex = false;
    read_file(place, folder, ".bylaw/config.toml");
    read_file(place, folder, ".bylaw/hooks.json");
    place->of_codex = true;
    read_file(place, folder, ".codex/config.toml");
    read_file(place, folder, ".codex/hooks.json");
}

void handlers_read(
    const char *git_root, const char *root, struct handlers *out, struct buf *problems)
{
    *out = (struct handlers){0};
    struct trust_store *store = trust_load();
    struct place place = {.out = out,
        .problems = problems,
        .store = store,
        .root = root,
        .root_fd = -1,
        .file = root};
    read_users(&place);
    place.root_fd = beneath_open_root(root, NULL);
    if (git_root != NULL && strcmp(git_root, root) != 0) {
        read_folder(&place, git_root);
    }
    read_folder(&place, root);
    if (place.root_fd >= 0) {
        close(place.root_fd);
    }
    trust_store_free(store);
}

void handlers_parse(struct str text, bool json, struct handlers *out, struct buf *problems)
{
    struct place place = {
        .out = out, .problems = problems, .root_fd = -1, .file = "text", .is_users = true};
    if (json) {
        read_json(&place, text);
    } else {
        read_toml(&place, text);
    }
}

void handlers_free(struct handlers *handlers)
{
    VEC_FOREACH (struct handler, handler, handlers) {
        handler_clear(handler);
    }
    VEC_FREE(handlers);
}

bool handler_applies(const struct handler *handler, enum moment moment, const char *tool)
{
    bool of_tool = moment == MOMENT_BEFORE_TOOL || moment == MOMENT_AFTER_TOOL;
    return handler->answer == TRUST_YES && handler->moment == moment &&
           (!of_tool || handler->matcher == NULL || matcher_fits(handler->matcher, tool));
}

char *handler_name(const struct handler *handler)
{
    return mem_printf("%s %s", handler->file, moment_name(handler->moment));
}
