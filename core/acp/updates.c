/* What the agent says: its notifications as a provider's events. Fields and kinds that are not
 * known are ignored, as its protocol asks. */
#include "acp/acp_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "patch/unified.h"

#include <stdlib.h>

/* Of one turn: an agent that goes on and on is stopped. */
enum {
    SAID_MAX = 8 * 1024 * 1024,
    OUTPUT_MAX = 256 * 1024 * 1024,
    TOOLS_MAX = 10000,
    UPDATES_MAX = 1000000
};

static void stop_it(struct acp *acp, const char *did)
{
    acp_interrupt(acp);
    acp_fail(acp, ERR_LIMIT, "%s %s in one turn and was stopped", acp->agent.name, did);
}

/* ---- messages and thoughts ---- */

static void take_chunk(struct acp *acp, enum event_kind kind, const cJSON *update)
{
    const char *id = json_string(update, "messageId");
    const char *text = json_string(json_get(update, "content"), "text");
    if (text == NULL || text[0] == '\0') {
        return; /* an image or a link: nothing a terminal shows */
    }
    acp->said += strlen(text);
    if (acp->said > SAID_MAX) {
        stop_it(acp, "said more than 8 MiB");
        return;
    }
    if (kind == EVENT_TEXT) {
        bool other = id != NULL && (acp->message == NULL || strcmp(acp->message, id) != 0);
        if (other) {
            outside_text(&acp->outside, EVENT_TEXT, acp->outside.message_before ? "\n\n" : "");
            mem_replace(&acp->message, id);
        }
        acp->outside.message_before = true;
    }
    outside_text(&acp->outside, kind, text);
}

/* ---- tool calls ---- */

static struct acp_tool *find_tool(const struct acp *acp, const char *id)
{
    VEC_FOREACH (struct acp_tool, tool, &acp->tools) {
        if (id != NULL && strcmp(tool->id, id) == 0) {
            return tool;
        }
    }
    return NULL;
}

const struct acp_tool *acp_find_tool(const struct acp *acp, const char *id)
{
    return find_tool(acp, id);
}

void acp_clear_tools(struct acp *acp)
{
    VEC_FOREACH (struct acp_tool, tool, &acp->tools) {
        free(tool->id);
        free(tool->kind);
        free(tool->title);
        cJSON_Delete(tool->content);
        cJSON_Delete(tool->input);
        cJSON_Delete(tool->locations);
    }
    VEC_FREE(&acp->tools);
}

/* Paths as the engineer knows them: without the scratch copy's root. */
static const char *short_path(const struct acp *acp, const char *path)
{
    const char *root = lent_root(acp->lent);
    size_t len = strlen(root);
    return strncmp(path, root, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

char *acp_describe_tool(const struct acp *acp, const struct acp_tool *tool)
{
    const char *command = json_string(tool->input, "command");
    const char *place = json_string(cJSON_GetArrayItem(tool->locations, 0), "path");
    if (command != NULL) {
        return mem_strdup(command);
    }
    if (place != NULL && strcmp(tool->kind, "execute") != 0 && strcmp(tool->kind, "other") != 0) {
        return mem_strdup(short_path(acp, place));
    }
    return mem_strdup(short_path(acp, tool->title));
}

static const char *name_of(const struct acp_tool *tool)
{
    return strcmp(tool->kind, "execute") == 0 ? "shell"
           : strcmp(tool->kind, "other") == 0 ? tool->title
                                              : tool->kind;
}

static void append_diff(const struct acp *acp, struct buf *out, const cJSON *content)
{
    const char *old = json_string(content, "oldText");
    const char *path = json_string_or(content, "path", "file");
    struct change change = {.kind = old == NULL ? CHANGE_ADD : CHANGE_UPDATE,
        .path = mem_strdup(short_path(acp, path)),
        .base_exists = old != NULL,
        .mode = 0644};
    buf_append_c(&change.base, old == NULL ? "" : old);
    buf_append_c(&change.content, json_string_or(content, "newText", ""));
    struct changes one = {.items = &change, .len = 1};
    unified_write(&one, 3, out);
    change_free(&change);
}

/* All that it shows, as one text. */
static struct buf text_of(const struct acp *acp, const struct acp_tool *tool)
{
    struct buf out = BUF_INIT;
    const cJSON *content;
    cJSON_ArrayForEach(content, tool->content)
    {
        const char *type = json_string_or(content, "type", "");
        if (out.len > 0 && out.ptr[out.len - 1] != '\n') {
            buf_append_char(&out, '\n');
        }
        if (strcmp(type, "content") == 0) {
            buf_append_c(&out, json_string_or(json_get(content, "content"), "text", ""));
        } else if (strcmp(type, "diff") == 0) {
            append_diff(acp, &out, content);
        }
    }
    return out;
}

static void replace(cJSON **into, const cJSON *value)
{
    if (cJSON_IsArray(value) && cJSON_GetArraySize(value) > 0) {
        cJSON_Delete(*into);
        *into = mem_require(cJSON_Duplicate(value, true));
    }
}

/* A permission's input is often less than the call's was. */
static void join(cJSON **into, const cJSON *value)
{
    const cJSON *item;
    if (!cJSON_IsObject(value)) {
        return;
    }
    if (*into == NULL) {
        *into = mem_require(cJSON_CreateObject());
    }
    cJSON_ArrayForEach(item, value)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(*into, item->string);
        cJSON_AddItemToObject(*into, item->string, mem_require(cJSON_Duplicate(item, true)));
    }
}

static struct acp_tool *merge(struct acp *acp, const cJSON *update)
{
    const char *id = json_string(update, "toolCallId");
    struct acp_tool *tool = find_tool(acp, id);
    if (id == NULL) {
        return NULL;
    }
    if (tool == NULL) {
        VEC_PUSH(&acp->tools,
            (struct acp_tool){
                .id = mem_strdup(id), .kind = mem_strdup("other"), .title = mem_strdup("tool")});
        tool = &acp->tools.items[acp->tools.len - 1];
    }
    const char *title = json_string(update, "title");
    const char *kind = json_string(update, "kind");
    if (title != NULL) {
        mem_replace(&tool->title, title);
    }
    if (kind != NULL) {
        mem_replace(&tool->kind, kind);
    }
    replace(&tool->content, json_get(update, "content"));
    replace(&tool->locations, json_get(update, "locations"));
    join(&tool->input, json_get(update, "rawInput"));
    return tool;
}

static void begin(struct acp *acp, struct acp_tool *tool)
{
    if (!tool->begun) {
        char *what = acp_describe_tool(acp, tool);
        tool->begun = true;
        outside_activity(&acp->outside, EVENT_ACTIVITY, tool->id, name_of(tool), what, false);
        free(what);
    }
}

/* Its text so far comes whole each time; what is new is told. */
static void grow(struct acp *acp, struct acp_tool *tool)
{
    struct buf text = text_of(acp, tool);
    if (text.len > tool->shown) {
        acp->output += text.len - tool->shown;
        outside_activity(
            &acp->outside, EVENT_ACTIVITY_PART, tool->id, NULL, text.ptr + tool->shown, false);
        tool->shown = text.len;
    }
    buf_free(&text);
}

static void finish(struct acp *acp, struct acp_tool *tool, bool failed)
{
    struct buf text = text_of(acp, tool);
    tool->over = true;
    acp_half_later(acp);
    acp->output += text.len > tool->shown ? text.len - tool->shown : 0;
    outside_activity(&acp->outside, EVENT_ACTIVITY_DONE, tool->id, NULL, text.ptr, failed);
    buf_free(&text);
}

void acp_take_tool(struct acp *acp, const cJSON *update)
{
    struct acp_tool *tool = merge(acp, update);
    const char *status = json_string_or(update, "status", "");
    if (tool == NULL || tool->over) {
        return;
    }
    bool done = strcmp(status, "completed") == 0;
    bool failed = strcmp(status, "failed") == 0;
    if (strcmp(status, "pending") == 0 || status[0] == '\0') {
        return; /* what it will be is often not known yet */
    }
    begin(acp, tool);
    if (done || failed) {
        finish(acp, tool, failed);
    } else {
        grow(acp, tool);
    }
}

/* Words for the engineer that are no part of the conversation. */
static void take_notice(struct acp *acp, const cJSON *update)
{
    const char *title = json_string_or(update, "title", "");
    const char *more = json_string_or(update, "description", "");
    if (title[0] != '\0') {
        outside_warn(
            &acp->outside, "%s: %s%s%s", acp->agent.name, title, more[0] == '\0' ? "" : ": ", more);
    }
}

/* ---- notifications ---- */

/* Says so, and ends the turn. */
static bool is_too_much(struct acp *acp)
{
    const char *did = ++acp->updates > UPDATES_MAX ? "sent more than 1,000,000 updates"
                      : acp->tools.len > TOOLS_MAX ? "used more than 10,000 tools"
                      : acp->output > OUTPUT_MAX   ? "put out more than 256 MiB"
                                                   : NULL;
    if (did != NULL) {
        stop_it(acp, did);
    }
    return did != NULL;
}

void acp_on_notification(void *data, const char *method, cJSON **params)
{
    struct acp *acp = data;
    const cJSON *update = json_get(*params, "update");
    const char *kind = json_string_or(update, "sessionUpdate", "");
    const char *session = json_string_or(*params, "sessionId", "");
    outside_heard(&acp->outside);
    if (strcmp(method, "$/cancel_request") == 0) {
        acp_withdraw(acp, json_get(*params, "requestId"));
        return;
    }
    if (strcmp(method, "session/update") != 0 || acp->session == NULL ||
        strcmp(session, acp->session) != 0) {
        return;
    }
    if (strcmp(kind, "config_option_update") == 0) {
        acp_take_offers(acp, update);
    } else if (strcmp(kind, "current_mode_update") == 0) {
        acp_take_mode(acp, update);
    } else if (strcmp(kind, "usage_update") == 0) {
        acp_take_spending(acp, update);
    }
    /* What a load tells once more, and what nobody waits for, is dropped. */
    if (!acp->prompting || acp->stopping) {
        return;
    }
    if (is_too_much(acp)) {
        return;
    }
    if (strcmp(kind, "agent_message_chunk") == 0) {
        take_chunk(acp, EVENT_TEXT, update);
    } else if (strcmp(kind, "agent_thought_chunk") == 0) {
        take_chunk(acp, EVENT_REASONING, update);
    } else if (strcmp(kind, "tool_call") == 0 || strcmp(kind, "tool_call_update") == 0) {
        acp_take_tool(acp, update);
    } else if (strcmp(kind, "notice") == 0) {
        take_notice(acp, update);
    } else if (strcmp(kind, "plan") == 0) {
        outside_plan(&acp->outside, "", json_get(update, "entries"), "content");
    }
}
