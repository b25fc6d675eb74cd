/* What Codex asks that is no patch: a command outside of its sandbox, permissions for the rest of a
 * turn, a tool of another server's, words. Several may wait, where its model lets tools run beside
 * each other. */
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "codex/codex_private.h"
#include "workspace/workspace.h"

#include <stdlib.h>

static void free_ask(struct codex_ask *ask)
{
    cJSON_Delete(ask->id);
    cJSON_Delete(ask->params);
    cJSON_Delete(ask->answers);
    free(ask->call_id);
    free(ask);
}

void codex_forget_asks(struct codex *codex)
{
    VEC_FOREACH (struct codex_ask *, ask, &codex->asks) {
        free_ask(*ask);
    }
    VEC_FREE(&codex->asks);
}

/* It is answered. */
static void drop(struct codex *codex, struct codex_ask *ask)
{
    for (size_t i = 0; i < codex->asks.len; i++) {
        if (codex->asks.items[i] == ask) {
            VEC_REMOVE(&codex->asks, i);
            break;
        }
    }
    free_ask(ask);
}

static void send_answer(struct codex *codex, struct codex_ask *ask, cJSON *result)
{
    rpc_answer(codex->rpc, ask->id, result);
    drop(codex, ask);
    outside_listen(&codex->outside);
}

/* Nothing is granted. */
static cJSON *no_permissions(void)
{
    cJSON *result = mem_require(cJSON_CreateObject());
    json_set_object(result, "permissions");
    json_set_string(result, "scope", "turn");
    return result;
}

/* To a server of its own's question: "decline", "accept". */
static cJSON *action(const char *word)
{
    cJSON *result = mem_require(cJSON_CreateObject());
    json_set_string(result, "action", word);
    json_set_object(result, "content");
    return result;
}

static cJSON *take_answers(struct codex_ask *ask)
{
    cJSON *result = mem_require(cJSON_CreateObject());
    cJSON *answers = ask->answers;
    ask->answers = NULL;
    cJSON_AddItemToObject(
        result, "answers", answers != NULL ? answers : mem_require(cJSON_CreateObject()));
    return result;
}

/* `command`: the decision, where it is about one. */
static void answer_nothing(struct codex *codex, struct codex_ask *ask, const char *command)
{
    if (ask->kind == ASKS_COMMAND) {
        codex_answer(codex, ask->id, command);
        drop(codex, ask);
        return;
    }
    send_answer(codex, ask,
        ask->kind == ASKS_WORDS  ? take_answers(ask)
        : ask->kind == ASKS_TOOL ? action("decline")
                                 : no_permissions());
}

bool codex_cancel_asks(struct codex *codex)
{
    bool cancelled = false; /* another answer alone does not end the turn */
    while (codex->asks.len > 0) {
        struct codex_ask *ask = codex->asks.items[0];
        cancelled = cancelled || ask->kind == ASKS_COMMAND;
        answer_nothing(codex, ask, "cancel");
    }
    return cancelled;
}

/* NULL: it cannot be asked now, and is answered already. */
static struct codex_ask *begin(
    struct codex *codex, enum codex_question kind, const cJSON *id, const cJSON *params)
{
    struct codex_ask *ask = MEM_NEW(struct codex_ask);
    *ask = (struct codex_ask){.kind = kind,
        .id = mem_require(cJSON_Duplicate(id, true)),
        .call_id = mem_printf("ask-%u", ++codex->asked_so_far),
        .params = mem_require(cJSON_Duplicate(params, true))};
    VEC_PUSH(&codex->asks, ask);
    if (codex->stopping || codex->compacts || codex->outside.stream == NULL) {
        answer_nothing(codex, ask, "cancel");
        return NULL;
    }
    return ask;
}

/* ---- a command ---- */

/* It runs in the read-only sandbox without asking; what asks wants out of it. */
void codex_ask_command(struct codex *codex, const cJSON *id, const cJSON *params)
{
    const cJSON *network = json_get(params, "networkApprovalContext");
    const char *folder = json_string(params, "cwd");
    const struct codex_ask *ask = begin(codex, ASKS_COMMAND, id, params);
    if (ask == NULL) {
        return;
    }
    struct event event = {.kind = EVENT_APPROVAL,
        .call_id = ask->call_id,
        .folder = folder == NULL || strcmp(folder, codex->root) == 0 ? NULL : folder,
        .opaque = json_string(params, "reason")};
    char *what = codex_command(params);
    if (cJSON_IsObject(network)) {
        char *command = what;
        what = mem_printf("%s%sreach %s (%s)", command, command[0] == '\0' ? "" : "\n",
            json_string_or(network, "host", "?"), json_string_or(network, "protocol", "?"));
        event.terms = "it could reach that host from within its sandbox";
        free(command);
    }
    event.text = str_of(what);
    outside_emit(&codex->outside, &event);
    free(what);
}

static void decide_command(
    struct codex *codex, struct codex_ask *ask, enum approval approval, struct str reason)
{
    static const char *const words[] = {"accept", "acceptForSession", "decline", "accept"};
    if (approval == APPROVAL_DECLINED && reason.len > 0) {
        char *command = codex_command(ask->params);
        char *shown = safe_dup(str_of(command), SAFE_ONE_LINE, 200);
        char *text = mem_printf("[bylaw] The engineer declined to run it outside the sandbox: %.*s "
                                "(the command was: %s)",
            STR_FMT(reason), shown);
        codex_steer(codex, text);
        free(text);
        free(shown);
        free(command);
    }
    codex_answer(codex, ask->id, words[approval]);
    drop(codex, ask);
    outside_listen(&codex->outside);
}

/* ---- permissions ---- */

/* Where a path leads: links followed as far as it is there. NULL: it has a ".." or is not absolute.
 * The caller frees. */
static char *where_it_leads(const char *path)
{
    char *padded = mem_printf("%s/", path);
    bool climbs = path[0] != '/' || strstr(padded, "/../") != NULL;
    free(padded);
    if (climbs) {
        return NULL;
    }
    char *there = mem_strdup(path);
    char *real = realpath(there, NULL);
    while (real == NULL && strcmp(there, "/") != 0) {
        char *above = path_dir(there);
        free(there);
        there = above;
        real = realpath(there, NULL);
    }
    const char *rest = path + strlen(there);
    char *out = real == NULL ? NULL
                             : mem_printf("%s%s%s", real,
                                   rest[0] == '/' || rest[0] == '\0' ? "" : "/", rest);
    free(real);
    free(there);
    return out;
}

static bool is_at_or_below(const char *path, const char *root)
{
    size_t len = strlen(root);
    return strcmp(root, "/") == 0 ||
           (strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* A standing permission to write where the workspace is, or its repository, would be a way past the
 * review; one to write to the scratch copy a way past the proposal. */
static bool reaches_workspace(const struct codex *codex, const char *path)
{
    char *real = where_it_leads(path);
    const char *workspace = workspace_root(codex->host.workspace);
    char *repository = path_git_root(workspace);
    const char *const roots[] = {workspace, codex->root, repository};
    bool reaches = real == NULL;
    for (size_t i = 0; i < ARRAY_LEN(roots) && !reaches; i++) {
        reaches =
            roots[i] != NULL && (is_at_or_below(real, roots[i]) || is_at_or_below(roots[i], real));
    }
    free(repository);
    free(real);
    return reaches;
}

static void append_paths(struct buf *out, const cJSON *paths, const char *verb)
{
    const cJSON *path;
    cJSON_ArrayForEach(path, paths)
    {
        if (cJSON_IsString(path)) {
            buf_printf(out, "%s%s %s", out->len > 0 ? ", " : "", verb, path->valuestring);
        }
    }
}

void codex_ask_permissions(struct codex *codex, const cJSON *id, const cJSON *params)
{
    const cJSON *wanted = json_get(params, "permissions");
    const cJSON *files = json_get(wanted, "fileSystem");
    struct buf text = BUF_INIT;
    const cJSON *path;
    struct codex_ask *ask = begin(codex, ASKS_PERMISSIONS, id, params);
    if (ask == NULL) {
        return;
    }
    cJSON_ArrayForEach(path, json_get(files, "write"))
    {
        if (!cJSON_IsString(path) || reaches_workspace(codex, path->valuestring)) {
            outside_warn(&codex->outside,
                "Codex asked for permission to write past the review (%s): refused",
                cJSON_IsString(path) ? path->valuestring : "?");
            codex_steer(codex, "[bylaw] No permission to write to the workspace is given: propose "
                               "a patch, which is reviewed.");
            send_answer(codex, ask, no_permissions());
            return;
        }
    }
    if (json_bool_or(json_get(wanted, "network"), "enabled", false)) {
        buf_append_c(&text, "use the network");
    }
    append_paths(&text, json_get(files, "read"), "read");
    append_paths(&text, json_get(files, "write"), "write");
    if (text.len == 0) {
        send_answer(codex, ask, no_permissions());
        return;
    }
    outside_emit(&codex->outside, &(struct event){.kind = EVENT_APPROVAL,
                                      .call_id = ask->call_id,
                                      .text = buf_str(&text),
                                      .terms = "its commands could do so without asking again: "
                                               "once is for this turn",
                                      .opaque = json_string(params, "reason")});
    buf_free(&text);
}

/* Exactly what was shown: nothing of another shape that was asked for beside it. */
static cJSON *granted(const cJSON *wanted)
{
    cJSON *out = mem_require(cJSON_CreateObject());
    const cJSON *files = json_get(wanted, "fileSystem");
    static const char *const lists[] = {"read", "write"};
    if (json_bool_or(json_get(wanted, "network"), "enabled", false)) {
        json_set_bool(json_set_object(out, "network"), "enabled", true);
    }
    if (cJSON_IsObject(files)) {
        cJSON *mine = json_set_object(out, "fileSystem");
        for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
            const cJSON *paths = json_get(files, lists[i]);
            const cJSON *path;
            cJSON *list = json_set_array(mine, lists[i]);
            cJSON_ArrayForEach(path, paths)
            {
                if (cJSON_IsString(path)) {
                    json_push_string(list, path->valuestring);
                }
            }
        }
    }
    return out;
}

static void decide_permissions(
    struct codex *codex, struct codex_ask *ask, enum approval approval, struct str reason)
{
    if (approval == APPROVAL_DECLINED) {
        if (reason.len > 0) {
            char *text =
                mem_printf("[bylaw] The engineer gave no permission: %.*s", STR_FMT(reason));
            codex_steer(codex, text);
            free(text);
        }
        send_answer(codex, ask, no_permissions());
        return;
    }
    cJSON *result = mem_require(cJSON_CreateObject());
    cJSON_AddItemToObject(result, "permissions", granted(json_get(ask->params, "permissions")));
    json_set_string(result, "scope", approval == APPROVAL_SESSION ? "session" : "turn");
    send_answer(codex, ask, result);
}

/* ---- a tool of another server's ---- */

/* It asks before most tools of the MCP servers that its own config.toml names. */
void codex_ask_tool(struct codex *codex, const cJSON *id, const cJSON *params)
{
    const cJSON *meta = json_get(params, "_meta");
    const char *server = json_string_or(params, "serverName", "?");
    const char *tool = json_string(meta, "tool_name");
    bool of_words =
        cJSON_GetArraySize(json_get(json_get(params, "requestedSchema"), "properties")) > 0 ||
        strcmp(json_string_or(params, "mode", ""), "form") != 0;
    struct codex_ask *ask = begin(codex, ASKS_TOOL, id, params);
    if (ask == NULL) {
        return;
    }
    if (of_words) {
        outside_warn(&codex->outside,
            "The MCP server %s asked for what cannot be answered here, and was refused: %s", server,
            json_string_or(params, "message", ""));
        send_answer(codex, ask, action("decline"));
        return;
    }
    char *input = json_get(meta, "tool_params") == NULL ? mem_strdup("")
                                                        : json_print(json_get(meta, "tool_params"));
    char *what = tool == NULL ? mem_strdup(json_string_or(params, "message", "?"))
                              : mem_printf("%s %s", tool, input);
    char *terms = mem_printf(
        "a tool of the MCP server %s, which Codex's own configuration names: it is not confined",
        server);
    outside_emit(&codex->outside, &(struct event){.kind = EVENT_APPROVAL,
                                      .call_id = ask->call_id,
                                      .text = str_of(what),
                                      .terms = terms,
                                      .opaque = json_string(meta, "tool_description")});
    free(input);
    free(what);
    free(terms);
}

static void decide_tool(
    struct codex *codex, struct codex_ask *ask, enum approval approval, struct str reason)
{
    if (approval == APPROVAL_DECLINED && reason.len > 0) {
        char *text = mem_printf("[bylaw] The engineer declined the tool: %.*s", STR_FMT(reason));
        codex_steer(codex, text);
        free(text);
    }
    cJSON *result = action(approval == APPROVAL_DECLINED ? "decline" : "accept");
    if (approval == APPROVAL_SESSION) {
        json_set_string(json_set_object(result, "_meta"), "persist", "session");
    }
    send_answer(codex, ask, result);
}

/* ---- words ---- */

static const cJSON *question_now(const struct codex_ask *ask)
{
    return cJSON_GetArrayItem(json_get(ask->params, "questions"), ask->at);
}

/* What a plain approval answers: the first that is offered. */
static const char *first_option(const cJSON *question)
{
    return json_string_or(cJSON_GetArrayItem(json_get(question, "options"), 0), "label", "yes");
}

static void show_question(struct codex *codex, const struct codex_ask *ask)
{
    const cJSON *question = question_now(ask);
    const cJSON *option;
    struct buf text = BUF_INIT;
    struct buf terms = BUF_INIT;
    buf_append_c(&text, json_string_or(question, "question", "?"));
    cJSON_ArrayForEach(option, json_get(question, "options"))
    {
        buf_printf(&text, "%s %s", option->prev == NULL || option->prev->next == NULL ? "" : ",",
            json_string_or(option, "label", "?"));
    }
    buf_printf(&terms, "approving answers \"%s\"; declining takes the answer you type",
        first_option(question));
    outside_emit(&codex->outside, &(struct event){.kind = EVENT_APPROVAL,
                                      .call_id = ask->call_id,
                                      .text = buf_str(&text),
                                      .terms = terms.ptr,
                                      .answer = first_option(question),
                                      .opaque = json_string(question, "header")});
    buf_free(&text);
    buf_free(&terms);
}

void codex_ask_words(struct codex *codex, const cJSON *id, const cJSON *params)
{
    struct codex_ask *ask = begin(codex, ASKS_WORDS, id, params);
    if (ask == NULL) {
        return;
    }
    ask->answers = mem_require(cJSON_CreateObject());
    if (question_now(ask) == NULL) {
        send_answer(codex, ask, take_answers(ask));
        return;
    }
    show_question(codex, ask);
}

static void decide_words(
    struct codex *codex, struct codex_ask *ask, enum approval approval, struct str reason)
{
    const cJSON *question = question_now(ask);
    cJSON *answer = json_set_object(ask->answers, json_string_or(question, "id", "?"));
    cJSON *list = json_set_array(answer, "answers");
    if (approval != APPROVAL_DECLINED) {
        json_push_string(list, first_option(question));
    } else if (reason.len > 0) {
        char *text = str_dup(reason);
        json_push_string(list, text);
        free(text);
    }
    ask->at++;
    if (question_now(ask) == NULL) {
        send_answer(codex, ask, take_answers(ask));
    } else {
        show_question(codex, ask);
    }
}

static struct codex_ask *find_ask(const struct codex *codex, const char *call_id)
{
    VEC_FOREACH (struct codex_ask *, ask, &codex->asks) {
        if (strcmp((*ask)->call_id, call_id) == 0) {
            return *ask;
        }
    }
    return NULL;
}

void codex_decide(
    struct codex *codex, const char *call_id, enum approval approval, struct str reason)
{
    struct codex_ask *ask = find_ask(codex, call_id);
    if (ask == NULL || codex->rpc == NULL) {
        return;
    }
    switch (ask->kind) {
    case ASKS_COMMAND:
        decide_command(codex, ask, approval, reason);
        break;
    case ASKS_PERMISSIONS:
        decide_permissions(codex, ask, approval, reason);
        break;
    case ASKS_TOOL:
        decide_tool(codex, ask, approval, reason);
        break;
    case ASKS_WORDS:
        decide_words(codex, ask, approval, reason);
        break;
    }
}
