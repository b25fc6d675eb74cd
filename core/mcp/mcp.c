#include "mcp/mcp.h"

#include "base/json.h"
#include "base/log.h"
#include "base/safe.h"
#include "base/vec.h"
#include "rpc/frame.h"

enum { MESSAGE_MAX = 16 << 20, CALLS_MAX = 256 };

enum code {
    CODE_PARSE = -32700,
    CODE_REQUEST = -32600,
    CODE_METHOD = -32601,
    CODE_PARAMS = -32602
};

/* Newest first: what is answered to a client that asks for one we do not know. */
static const char *const versions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};

struct call {
    struct mcp *mcp;
    cJSON *id;
    char *name;
    char *arguments;      /* JSON text, or a freeform tool's plain text */
    struct tool_run *run; /* NULL: not begun */
    bool exclusive;
};

struct mcp {
    struct mcp_setup setup;
    struct frames *frames;
    struct {
        struct call **items;
        size_t len, cap;
    } calls;      /* in the order they came */
    char *client; /* safe to show */
    char *note;   /* goes with the next result; NULL: none */
    bool ready;
    bool initialized;
};

/* ---- messages out ---- */

static void say(struct mcp *mcp, cJSON *message)
{
    char *text = json_print(message);
    struct buf line = BUF_INIT;
    frame_append(&line, FRAMING_LINES, str_of(text));
    mcp->setup.write(mcp->setup.data, buf_str(&line));
    buf_free(&line);
    free(text);
    cJSON_Delete(message);
}

static cJSON *message_for(const cJSON *id)
{
    cJSON *message = mem_require(cJSON_CreateObject());
    json_set_string(message, "jsonrpc", "2.0");
    cJSON_AddItemToObject(
        message, "id", mem_require(id == NULL ? cJSON_CreateNull() : cJSON_Duplicate(id, true)));
    return message;
}

static void answer(struct mcp *mcp, const cJSON *id, cJSON *result)
{
    cJSON *message = message_for(id);
    cJSON_AddItemToObject(message, "result", result);
    say(mcp, message);
}

static void refuse(struct mcp *mcp, const cJSON *id, enum code code, const char *text)
{
    cJSON *message = message_for(id);
    cJSON *error = json_set_object(message, "error");
    json_set_int(error, "code", code);
    json_set_string(error, "message", text);
    say(mcp, message);
}

/* ---- calls ---- */

static void remove_call(struct call *call)
{
    struct mcp *mcp = call->mcp;
    for (size_t i = 0; i < mcp->calls.len; i++) {
        if (mcp->calls.items[i] == call) {
            VEC_REMOVE(&mcp->calls, i);
            break;
        }
    }
    cJSON_Delete(call->id);
    free(call->name);
    free(call->arguments);
    free(call);
}

static void begin_calls(struct mcp *mcp);

static void push_text(cJSON *blocks, struct str text)
{
    cJSON *block = mem_require(cJSON_CreateObject());
    json_set_string(block, "type", "text");
    json_set_str(block, "text", text);
    cJSON_AddItemToArray(blocks, block);
}

static void on_done(void *data, struct str output, bool failed)
{
    struct call *call = data;
    struct mcp *mcp = call->mcp;
    cJSON *result = mem_require(cJSON_CreateObject());
    cJSON *content = json_set_array(result, "content");
    if (mcp->note != NULL) {
        push_text(content, str_of(mcp->note));
        free(mcp->note);
        mcp->note = NULL;
    }
    push_text(content, output);
    json_set_bool(result, "isError", failed);
    answer(mcp, call->id, result);
    char *name = mem_strdup(call->name);
    remove_call(call);
    if (mcp->setup.called != NULL) {
        mcp->setup.called(mcp->setup.data, name, failed);
    }
    free(name);
    begin_calls(mcp);
}

static void begin_calls(struct mcp *mcp)
{
    struct toolbox *toolbox = mcp->setup.toolbox;
    for (size_t i = 0; mcp->ready && i < mcp->calls.len; i++) {
        struct call *call = mcp->calls.items[i];
        if (call->exclusive && i > 0) {
            return;
        }
        if (call->run == NULL) {
            call->run =
                toolbox->ops->start(toolbox, call->name, str_of(call->arguments), on_done, call);
        }
        if (call->exclusive) {
            return;
        }
    }
}

static bool is_offered(const struct mcp *mcp, const char *name)
{
    struct toolbox *toolbox = mcp->setup.toolbox;
    return !mcp->setup.read_only || !toolbox->ops->is_exclusive(toolbox, name);
}

static const struct tool_spec *find_tool(struct mcp *mcp, const char *name)
{
    struct toolbox *toolbox = mcp->setup.toolbox;
    size_t count;
    const struct tool_spec *specs = toolbox->ops->specs(toolbox, &count);
    for (size_t i = 0; i < count; i++) {
        if (name != NULL && strcmp(specs[i].name, name) == 0 && is_offered(mcp, name)) {
            return &specs[i];
        }
    }
    return NULL;
}

static void take_call(struct mcp *mcp, const cJSON *id, const cJSON *params)
{
    const char *name = json_string(params, "name");
    const struct tool_spec *tool = find_tool(mcp, name);
    const cJSON *arguments = json_get(params, "arguments");
    if (tool == NULL) {
        refuse(mcp, id, CODE_PARAMS,
            name == NULL ? "tools/call needs the name of a tool" : "there is no such tool");
        return;
    }
    if (arguments != NULL && !cJSON_IsNull(arguments) && !cJSON_IsObject(arguments)) {
        refuse(mcp, id, CODE_PARAMS, "the arguments of a tool are an object");
        return;
    }
    if (mcp->calls.len >= CALLS_MAX) {
        refuse(mcp, id, CODE_REQUEST, "too many calls at once: wait for answers");
        return;
    }
    struct call *call = MEM_NEW(struct call);
    call->mcp = mcp;
    call->id = mem_require(cJSON_Duplicate(id, true));
    call->name = mem_strdup(name);
    call->arguments = cJSON_IsObject(arguments) ? json_print(arguments) : mem_strdup("{}");
    call->exclusive = mcp->setup.toolbox->ops->is_exclusive(mcp->setup.toolbox, name);
    VEC_PUSH(&mcp->calls, call);
    begin_calls(mcp);
}

static void cancel_call(struct mcp *mcp, const cJSON *id)
{
    for (size_t i = 0; i < mcp->calls.len; i++) {
        struct call *call = mcp->calls.items[i];
        if (cJSON_Compare(call->id, id, true)) {
            if (call->run != NULL) {
                mcp->setup.toolbox->ops->cancel(call->run);
            }
            remove_call(call); /* by the protocol a cancelled call is not answered */
            begin_calls(mcp);
            return;
        }
    }
}

/* ---- messages in ---- */

static void initialize(struct mcp *mcp, const cJSON *id, const cJSON *params)
{
    const char *asked = json_string_or(params, "protocolVersion", "");
    const char *agreed = versions[0];
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        if (strcmp(asked, versions[i]) == 0) {
            agreed = versions[i];
        }
    }
    cJSON *result = mem_require(cJSON_CreateObject());
    json_set_string(result, "protocolVersion", agreed);
    json_set_bool(
        json_set_object(json_set_object(result, "capabilities"), "tools"), "listChanged", false);
    cJSON *info = json_set_object(result, "serverInfo");
    json_set_string(info, "name", "bylaw");
    json_set_string(info, "title", "bylaw: policies, their tests, and changes for review");
    json_set_string(info, "version", BYLAW_VERSION);
    json_set_string(result, "instructions", mcp->setup.instructions);
    mcp->initialized = true;
    const cJSON *client = json_get(params, "clientInfo");
    const char *title = json_string_or(client, "title", json_string_or(client, "name", ""));
    free(mcp->client);
    mcp->client = title[0] == '\0' ? NULL : safe_dup(str_of(title), SAFE_ONE_LINE, 80);
    answer(mcp, id, result);
}

/* What a freeform tool takes, as an object for wires without such tools. */
static const char freeform_schema[] = "{\"type\":\"object\",\"additionalProperties\":false,"
                                      "\"properties\":{\"input\":{\"type\":\"string\"}},"
                                      "\"required\":[\"input\"]}";

/* Our schemas are strict, with every property required and null for "not given"; a client's model
 * is not held to them so, and leaves out what it does not need. */
static void relax(cJSON *schema)
{
    cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
    for (int i = cJSON_GetArraySize(required); i > 0; i--) {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(required, i - 1));
        const cJSON *type = json_get(json_get(json_get(schema, "properties"), name), "type");
        if (cJSON_IsArray(type)) {
            cJSON_DeleteItemFromArray(required, i - 1);
        }
    }
}

static void list_tools(struct mcp *mcp, const cJSON *id)
{
    struct toolbox *toolbox = mcp->setup.toolbox;
    size_t count;
    const struct tool_spec *specs = toolbox->ops->specs(toolbox, &count);
    cJSON *result = mem_require(cJSON_CreateObject());
    cJSON *tools = json_set_array(result, "tools");
    for (size_t i = 0; i < count; i++) {
        if (!is_offered(mcp, specs[i].name)) {
            continue;
        }
        cJSON *tool = mem_require(cJSON_CreateObject());
        json_set_string(tool, "name", specs[i].name);
        json_set_string(tool, "description", specs[i].description);
        const char *text = specs[i].schema != NULL ? specs[i].schema : freeform_schema;
        cJSON *schema = mem_require(json_parse(str_of(text), NULL));
        relax(schema);
        cJSON_AddItemToObject(tool, "inputSchema", schema);
        cJSON *hints = json_set_object(tool, "annotations");
        bool changes = toolbox->ops->is_exclusive(toolbox, specs[i].name);
        /* Also the one that proposes destroys nothing: a proposal is not written before it was
         * reviewed. */
        json_set_bool(hints, "readOnlyHint", !changes);
        json_set_bool(hints, "destructiveHint", false);
        json_set_bool(hints, "openWorldHint", false);
        cJSON_AddItemToArray(tools, tool);
    }
    answer(mcp, id, result);
}

static void take_notification(struct mcp *mcp, const char *method, const cJSON *params)
{
    if (strcmp(method, "notifications/cancelled") == 0) {
        const cJSON *id = json_get(params, "requestId");
        if (id != NULL) {
            cancel_call(mcp, id);
        }
    }
}

static void take_request(struct mcp *mcp, const cJSON *id, const char *method, const cJSON *params)
{
    if (strcmp(method, "initialize") == 0) {
        initialize(mcp, id, params);
    } else if (strcmp(method, "ping") == 0) {
        answer(mcp, id, mem_require(cJSON_CreateObject()));
    } else if (!mcp->initialized) {
        refuse(mcp, id, CODE_REQUEST, "initialize comes first");
    } else if (strcmp(method, "tools/list") == 0) {
        list_tools(mcp, id);
    } else if (strcmp(method, "tools/call") == 0) {
        take_call(mcp, id, params);
    } else {
        refuse(mcp, id, CODE_METHOD, "this server offers tools only");
    }
}

static void take_message(struct mcp *mcp, const cJSON *message)
{
    const cJSON *id = json_get(message, "id");
    const char *method = json_string(message, "method");
    if (!cJSON_IsObject(message) || (id != NULL && !cJSON_IsString(id) && !cJSON_IsNumber(id))) {
        refuse(mcp, NULL, CODE_REQUEST, "this is no JSON-RPC message");
    } else if (method == NULL) {
        /* An answer: we ask for nothing. Anything else is not a message. */
        if (json_get(message, "result") == NULL && json_get(message, "error") == NULL) {
            refuse(mcp, id, CODE_REQUEST, "a message has a method");
        }
    } else if (id == NULL) {
        take_notification(mcp, method, json_get(message, "params"));
    } else {
        take_request(mcp, id, method, json_get(message, "params"));
    }
}

static void on_message(void *data, struct buf *text)
{
    struct mcp *mcp = data;
    if (str_trim(buf_str(text)).len == 0) {
        return;
    }
    cJSON *message = json_parse(buf_str(text), NULL);
    if (message == NULL) {
        refuse(mcp, NULL, CODE_PARSE, "this line is no JSON text");
        return;
    }
    if (cJSON_IsArray(message) && cJSON_GetArraySize(message) > 0) {
        const cJSON *item;
        cJSON_ArrayForEach(item, message)
        {
            take_message(mcp, item);
        }
    } else {
        take_message(mcp, message);
    }
    cJSON_Delete(message);
}

static void on_noise(void *data, const char *what)
{
    log_write("mcp", "skipped: %s", what);
    refuse(data, NULL, CODE_REQUEST, what); /* whose it was cannot be known; it may wait for ever */
}

struct mcp *mcp_new(const struct mcp_setup *setup)
{
    struct mcp *mcp = MEM_NEW(struct mcp);
    struct frame_sink sink = {on_message, on_noise, mcp};
    mcp->setup = *setup;
    mcp->frames = frames_new(FRAMING_LINES, MESSAGE_MAX, &sink);
    return mcp;
}

void mcp_free(struct mcp *mcp)
{
    if (mcp == NULL) {
        return;
    }
    while (mcp->calls.len > 0) {
        struct call *call = mcp->calls.items[mcp->calls.len - 1];
        if (call->run != NULL) {
            mcp->setup.toolbox->ops->cancel(call->run);
        }
        remove_call(call);
    }
    VEC_FREE(&mcp->calls);
    frames_free(mcp->frames);
    free(mcp->client);
    free(mcp->note);
    free(mcp);
}

void mcp_feed(struct mcp *mcp, struct str bytes)
{
    frames_feed(mcp->frames, bytes);
}

void mcp_set_ready(struct mcp *mcp, bool ready)
{
    mcp->ready = ready;
    begin_calls(mcp);
}

void mcp_note(struct mcp *mcp, const char *text)
{
    free(mcp->note);
    mcp->note = mem_strdup(text);
}

const char *mcp_client(const struct mcp *mcp)
{
    return mcp->client == NULL ? "a client" : mcp->client;
}

size_t mcp_open_calls(const struct mcp *mcp)
{
    return mcp->calls.len;
}
