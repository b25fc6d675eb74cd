/* What Codex says: its notifications as a provider's events, its requests as calls or refusals.
 * Fields and methods that are not known are ignored, as its protocol asks. */
#include "base/log.h"
#include "base/safe.h"
#include "base/vec.h"
#include "codex/codex_private.h"
#include "model/failure.h"
#include "workspace/lent.h"

#include <stdlib.h>
#include <time.h>

struct codex_item *codex_find_item(const struct codex *codex, const char *id)
{
    VEC_FOREACH (struct codex_item, item, &codex->items) {
        if (id != NULL && strcmp(item->id, id) == 0) {
            return item;
        }
    }
    return NULL;
}

static struct codex_item *take_item(struct codex *codex, const char *id)
{
    struct codex_item *item = codex_find_item(codex, id);
    if (item == NULL) {
        VEC_PUSH(&codex->items, (struct codex_item){.id = mem_strdup(id)});
        item = &codex->items.items[codex->items.len - 1];
    }
    return item;
}

/* ---- messages and reasoning ---- */

static void message_piece(struct codex *codex, const char *id, const char *text)
{
    struct codex_item *item = take_item(codex, id);
    if (!item->said && codex->outside.message_before) {
        outside_text(&codex->outside, EVENT_TEXT, "\n\n");
    }
    item->said = true;
    codex->outside.message_before = true;
    outside_text(&codex->outside, EVENT_TEXT, text);
}

static void message_done(struct codex *codex, const char *id, const cJSON *item)
{
    struct codex_item *known = codex_find_item(codex, id);
    if (known == NULL || !known->said) {
        message_piece(codex, id, json_string_or(item, "text", ""));
    }
}

static void reasoning_done(struct codex *codex, const char *id, const cJSON *item)
{
    struct codex_item *known = codex_find_item(codex, id);
    const cJSON *part;
    if (known == NULL || !known->said) {
        cJSON_ArrayForEach(part, json_get(item, "summary"))
        {
            outside_text(&codex->outside, EVENT_REASONING, cJSON_GetStringValue(part));
        }
    }
    outside_emit(&codex->outside, &(struct event){.kind = EVENT_REASONING_DONE});
}

/* ---- items ---- */

static void item_started(struct codex *codex, const char *id, const char *type, const cJSON *item)
{
    struct codex_item *kept = take_item(codex, id);
    kept->started = true;
    if (strcmp(type, "commandExecution") == 0) {
        char *command = codex_command(item);
        kept->runs = true;
        outside_activity(&codex->outside, EVENT_ACTIVITY, id, "shell", command, false);
        free(command);
    } else if (strcmp(type, "mcpToolCall") == 0 || strcmp(type, "dynamicToolCall") == 0) {
        char *arguments =
            json_get(item, "arguments") == NULL ? NULL : json_print(json_get(item, "arguments"));
        outside_activity(&codex->outside, EVENT_ACTIVITY, id, json_string_or(item, "tool", "tool"),
            arguments, false);
        free(arguments);
    } else if (strcmp(type, "webSearch") == 0) {
        outside_activity(
            &codex->outside, EVENT_ACTIVITY, id, "web search", json_string(item, "query"), false);
    } else if (strcmp(type, "fileChange") == 0) {
        cJSON_Delete(kept->item);
        kept->item = mem_require(cJSON_Duplicate(item, true));
    }
}

static void tool_output(struct buf *out, const cJSON *item)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, json_get(json_get(item, "result"), "content"))
    {
        buf_append_c(out, json_string_or(part, "text", ""));
    }
    buf_append_c(out, json_string_or(json_get(item, "error"), "message", ""));
}

/* One that nobody was asked about is found when the turn ends. */
static void file_change_done(struct codex *codex, const char *id, const char *status)
{
    struct codex_item *item = codex_find_item(codex, id);
    bool written = strcmp(status, "completed") == 0;
    if (strcmp(status, "failed") == 0 || (written && item != NULL && !codex_agree(codex, item))) {
        codex_mend(codex);
    }
}

/* What it was told in the conversation may not be in its summary. */
static void compacted(struct codex *codex)
{
    codex->compacted = true;
    if (codex->compacts) {
        codex_remember_kept(codex);
    } else {
        codex_tell_again(codex);
        outside_tell(
            &codex->outside, "Codex compacted the conversation: its context window was full");
    }
}

static void item_completed(struct codex *codex, const char *id, const char *type, const cJSON *item)
{
    const char *status = json_string_or(item, "status", "");
    const struct codex_item *known = codex_find_item(codex, id);
    if (known == NULL || !known->started) { /* what ends at once is only told as completed */
        item_started(codex, id, type, item);
    }
    take_item(codex, id)->runs = false;
    bool failed = strcmp(status, "failed") == 0 || strcmp(status, "declined") == 0;
    if (strcmp(type, "agentMessage") == 0) {
        message_done(codex, id, item);
    } else if (strcmp(type, "reasoning") == 0) {
        reasoning_done(codex, id, item);
    } else if (strcmp(type, "commandExecution") == 0) {
        outside_activity(&codex->outside, EVENT_ACTIVITY_DONE, id, NULL,
            json_string(item, "aggregatedOutput"), failed);
    } else if (strcmp(type, "mcpToolCall") == 0 || strcmp(type, "dynamicToolCall") == 0) {
        struct buf out = BUF_INIT;
        tool_output(&out, item);
        outside_activity(&codex->outside, EVENT_ACTIVITY_DONE, id, NULL, out.ptr, failed);
        buf_free(&out);
    } else if (strcmp(type, "webSearch") == 0) {
        outside_activity(&codex->outside, EVENT_ACTIVITY_DONE, id, NULL, "", failed);
    } else if (strcmp(type, "fileChange") == 0) {
        file_change_done(codex, id, status);
    } else if (strcmp(type, "contextCompaction") == 0) {
        compacted(codex);
    }
}

static void plan_updated(struct codex *codex, const cJSON *params)
{
    outside_plan(&codex->outside, json_string_or(params, "explanation", ""),
        json_get(params, "plan"), "step");
}

static void usage_updated(struct codex *codex, const cJSON *params)
{
    const cJSON *all = json_get(params, "tokenUsage");
    const cJSON *last = json_get(all, "last");
    const char *turn = json_string(params, "turnId");
    long long counted = json_int_or(json_get(all, "total"), "totalTokens", -1);
    bool again = counted >= 0 && counted == codex->counted; /* it says what its window holds */
    codex->counted = counted;
    if (codex->turn == NULL || (turn != NULL && strcmp(turn, codex->turn) != 0)) {
        return; /* a thread that is taken up says again what its last turn took */
    }
    struct usage usage = {.again = again,
        .held = json_int_or(last, "totalTokens", 0),
        .window = json_int_or(all, "modelContextWindow", 0)};
    if (!again) {
        usage.input_tokens = json_int_or(last, "inputTokens", 0);
        usage.cached_tokens = json_int_or(last, "cachedInputTokens", 0);
        usage.output_tokens = json_int_or(last, "outputTokens", 0);
        usage.reasoning_tokens = json_int_or(last, "reasoningOutputTokens", 0);
        usage.written_tokens = json_int_or(last, "cacheWriteInputTokens", 0);
    }
    outside_emit(&codex->outside, &(struct event){.kind = EVENT_USAGE, .usage = usage});
}

/* "5 h: 42 % spent, anew at 18:05". */
static void append_window(struct buf *out, const cJSON *window)
{
    long long minutes = json_int_or(window, "windowDurationMins", 0);
    long long resets = json_int_or(window, "resetsAt", 0);
    time_t at = (time_t)resets;
    struct tm local;
    if (!cJSON_IsObject(window)) {
        return;
    }
    buf_append_c(out, out->len > 0 ? "; " : "");
    if (minutes >= 24 * 60) {
        buf_printf(out, "%lld days: ", minutes / (24 * 60));
    } else if (minutes > 0) {
        buf_printf(out, "%lld h: ", (minutes + 59) / 60);
    }
    buf_printf(out, "%.0f %% spent", json_number_or(window, "usedPercent", 0));
    if (resets > 0 && localtime_r(&at, &local) != NULL) {
        char text[40];
        strftime(text, sizeof text, minutes >= 24 * 60 ? "%a %H:%M" : "%H:%M", &local);
        buf_printf(out, ", anew at %s", text);
    }
}

char *codex_limits(const struct provider *provider)
{
    const struct codex *codex = (const struct codex *)provider;
    struct buf text = BUF_INIT;
    append_window(&text, json_get(codex->limits, "primary"));
    append_window(&text, json_get(codex->limits, "secondary"));
    if (text.len == 0) {
        buf_free(&text);
        return NULL;
    }
    return buf_take(&text);
}

static void limits_updated(struct codex *codex, const cJSON *params)
{
    const cJSON *limits = json_get(params, "rateLimits");
    if (!cJSON_IsObject(json_get(limits, "primary"))) {
        return; /* a server's answer that says nothing of them */
    }
    cJSON_Delete(codex->limits);
    codex->limits = mem_require(cJSON_Duplicate(limits, true));
    double used = json_number_or(json_get(limits, "primary"), "usedPercent", 0);
    if (used >= 90) {
        outside_warn(&codex->outside, "%.0f %% of Codex's usage limit is spent", used);
    }
}

/* ---- the end of a turn ---- */

static bool is_unauthorized(const cJSON *error)
{
    const cJSON *info = json_get(error, "codexErrorInfo");
    const char *word = cJSON_GetStringValue(info);
    return (word != NULL && strcmp(word, "unauthorized") == 0) ||
           json_int_or(json_get(info, "httpConnectionFailed"), "httpStatusCode", 0) == 401;
}

/* Of a server that refused the request Codex says the answer's whole body. The caller frees. */
static char *words_of(const char *message)
{
    char *code = NULL;
    char *words = message[0] == '{' || message[0] == '[' ? failure_message(str_of(message), &code)
                                                         : mem_strdup("");
    free(code);
    if (words[0] != '\0') {
        return words;
    }
    free(words);
    return mem_strdup(message);
}

static void turn_completed(struct codex *codex, const cJSON *params)
{
    const cJSON *turn = json_get(params, "turn");
    const char *status = json_string_or(turn, "status", "");
    const cJSON *error = json_get(turn, "error");
    char *failure = NULL;
    enum err_kind kind = ERR_EXTERNAL;
    if (codex->compacts && !codex->compacted && strcmp(status, "completed") == 0) {
        failure = mem_strdup("Codex ended without a summary");
    } else if (strcmp(status, "failed") == 0) {
        char *message = words_of(json_string_or(error, "message", "without a reason"));
        bool unauthorized = is_unauthorized(error);
        kind = unauthorized ? ERR_DENIED : ERR_EXTERNAL;
        failure = unauthorized
                      ? mem_printf("Codex is not logged in, or its key is refused: run codex login "
                                   "(%s)",
                            message)
                      : mem_printf("Codex's turn failed: %s", message);
        free(message);
    }
    codex_end_turn(
        codex, strcmp(status, "interrupted") == 0 ? STOP_OTHER : STOP_END, kind, failure);
}

/* ---- notifications ---- */

static void take_item_notice(struct codex *codex, const char *what, const cJSON *params)
{
    const cJSON *item = json_get(params, "item");
    const char *id = json_string(item, "id");
    const char *type = json_string_or(item, "type", "");
    if (id == NULL) {
        return;
    }
    if (strcmp(what, "started") == 0) {
        item_started(codex, id, type, item);
    } else if (strcmp(what, "completed") == 0) {
        item_completed(codex, id, type, item);
    }
}

static void take_delta(struct codex *codex, const char *method, const cJSON *params)
{
    const char *id = json_string(params, "itemId");
    const char *delta = json_string_or(params, "delta", "");
    if (id == NULL) {
        return;
    }
    if (strcmp(method, "item/agentMessage/delta") == 0) {
        message_piece(codex, id, delta);
    } else if (strcmp(method, "item/reasoning/summaryTextDelta") == 0 ||
               strcmp(method, "item/reasoning/textDelta") == 0) {
        take_item(codex, id)->said = true;
        outside_text(&codex->outside, EVENT_REASONING, delta);
    } else if (strcmp(method, "item/commandExecution/outputDelta") == 0) {
        outside_activity(&codex->outside, EVENT_ACTIVITY_PART, id, NULL, delta, false);
    }
}

/* That it takes no settings from our copy is as it should be, and its advice is to trust the copy:
 * what a repository brings is trusted here, by content. */
static bool is_of_our_copy(const struct codex *codex, const char *text)
{
    return codex->lent != NULL && text != NULL && strstr(text, lent_root(codex->lent)) != NULL;
}

static void take_warning(struct codex *codex, const cJSON *params)
{
    const char *text = json_string(params, "message");
    const char *details = json_string(params, "details");
    text = text != NULL ? text : json_string_or(params, "summary", "");
    if (!is_of_our_copy(codex, text) && !is_of_our_copy(codex, details)) {
        outside_warn(&codex->outside, "%s%s%s%s",
            str_starts(str_of(text), "Codex ") ? "" : "Codex: ", text, details == NULL ? "" : ": ",
            details == NULL ? "" : details);
    }
}

static void take_error(struct codex *codex, const cJSON *params)
{
    const cJSON *error = json_get(params, "error");
    const char *details = json_string(error, "additionalDetails");
    if (!json_bool_or(params, "willRetry", false)) { /* turn/completed says it */
        return;
    }
    if (details != NULL && details[0] != '\0') {
        outside_warn(&codex->outside, "Codex: %s", details);
    }
    outside_warn(&codex->outside, "Codex: %s", json_string_or(error, "message", "an error"));
}

/* Of another thread: one that Codex began by itself, or that the session has left. */
static bool is_of_another(const struct codex *codex, const cJSON *params)
{
    const char *thread = json_string(params, "threadId");
    return thread != NULL && (codex->thread == NULL || strcmp(thread, codex->thread) != 0);
}

void codex_on_notification(void *data, const char *method, cJSON **params)
{
    struct codex *codex = data;
    outside_heard(&codex->outside);
    if (is_of_another(codex, *params)) {
        if (codex->thread != NULL && strcmp(method, "turn/started") == 0) {
            codex_stop_turn(codex, json_string_or(*params, "threadId", ""),
                json_string_or(json_get(*params, "turn"), "id", ""));
        }
        return;
    }
    if (strcmp(method, "turn/started") == 0) {
        codex_turn_begun(codex, json_string_or(json_get(*params, "turn"), "id", ""));
    } else if (strcmp(method, "turn/completed") == 0) {
        turn_completed(codex, *params);
    } else if (codex->stopping || codex->collecting) { /* the turn is as good as over */
        return;
    } else if (strcmp(method, "item/started") == 0 || strcmp(method, "item/completed") == 0) {
        take_item_notice(codex, method + strlen("item/"), *params);
    } else if (str_starts(str_of(method), "item/")) {
        take_delta(codex, method, *params);
    } else if (strcmp(method, "turn/plan/updated") == 0) {
        plan_updated(codex, *params);
    } else if (strcmp(method, "thread/tokenUsage/updated") == 0) {
        usage_updated(codex, *params);
    } else if (strcmp(method, "account/rateLimits/updated") == 0) {
        limits_updated(codex, *params);
    } else if (strcmp(method, "error") == 0) {
        take_error(codex, *params);
    } else if (strcmp(method, "warning") == 0 || strcmp(method, "configWarning") == 0) {
        take_warning(codex, *params);
    }
}

/* ---- requests ---- */

void codex_show_patch(struct codex *codex)
{
    const struct codex_item *item = codex_find_item(codex, codex->asked.call_id);
    const struct codex_files files = {codex, codex_read_copy};
    struct buf patch = BUF_INIT;
    struct err err;
    if (codex->asked.id == NULL || codex->outside.stream == NULL) {
        return; /* the turn was ended meanwhile, and it was answered */
    }
    if (item == NULL || item->item == NULL) {
        codex_refuse_patch(codex, STR_LIT("the change that is asked about was never shown"));
    } else if (!codex_patch(json_get(item->item, "changes"), codex->root, &files, &patch, &err)) {
        outside_warn(&codex->outside, "A patch of Codex's was declined: %s", err.text);
        codex_refuse_patch(codex, str_of(err.text));
    } else {
        outside_emit(&codex->outside, &(struct event){.kind = EVENT_TOOL_CALL,
                                          .call_id = codex->asked.call_id,
                                          .name = "apply_patch",
                                          .text = buf_str(&patch)});
        outside_done(&codex->outside, STOP_TOOL_CALLS);
    }
    buf_free(&patch);
}

static void ask_for_patch(struct codex *codex, const cJSON *id, const cJSON *params)
{
    if (codex->stopping || codex->outside.stream == NULL) {
        codex_answer(codex, id, "cancel");
        return;
    }
    codex->asked.id = mem_require(cJSON_Duplicate(id, true));
    codex->asked.call_id = mem_strdup(json_string_or(params, "itemId", ""));
    codex_look_first(codex);
}

void codex_on_request(void *data, const cJSON *id, const char *method, cJSON **params)
{
    struct codex *codex = data;
    outside_heard(&codex->outside);
    if (is_of_another(codex, *params)) {
        log_write("codex", "refused, of another thread: %s", method);
        rpc_refuse(codex->rpc, id, RPC_METHOD_NOT_FOUND, "nobody reviews what this thread asks");
    } else if (strcmp(method, "item/fileChange/requestApproval") == 0) {
        ask_for_patch(codex, id, *params);
    } else if (strcmp(method, "item/commandExecution/requestApproval") == 0) {
        codex_ask_command(codex, id, *params);
    } else if (strcmp(method, "item/permissions/requestApproval") == 0) {
        codex_ask_permissions(codex, id, *params);
    } else if (strcmp(method, "mcpServer/elicitation/request") == 0) {
        codex_ask_tool(codex, id, *params);
    } else if (strcmp(method, "item/tool/requestUserInput") == 0) {
        codex_ask_words(codex, id, *params);
    } else {
        log_write("codex", "refused: %s", method);
        rpc_refuse(codex->rpc, id, RPC_METHOD_NOT_FOUND, "bylaw does not offer this");
    }
}
