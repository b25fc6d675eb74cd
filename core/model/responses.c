/* The Responses API as OpenAI describes it (POST {base_url}/responses, stream: true) and as other
 * servers speak it. The conversation is sent whole each time (store: false), so nothing is kept at
 * the server; reasoning comes back encrypted and is handed over again with the next request.
 *
 * Items are followed by output_index, else by item_id: some gateways change the ids between the
 * events of one item. */
#include "model/wire.h"

#include "base/json.h"
#include "base/vec.h"

#include <stdlib.h>

#define MAX_PARTS 4096

/* --- writing ------------------------------------------------------------------------------------
 */

static cJSON *push_object(cJSON *array, const char *type)
{
    cJSON *obj = mem_require(cJSON_CreateObject());
    json_set_string(obj, "type", type);
    cJSON_AddItemToArray(array, obj);
    return obj;
}

static void push_message(cJSON *input, const char *role, const char *part, const char *text)
{
    cJSON *message = push_object(input, "message");
    json_set_string(message, "role", role);
    json_set_string(push_object(json_set_array(message, "content"), part), "text", text);
}

/* A reasoning item without what followed it (a turn cut short) is refused by the server. */
static bool is_followed(const struct items *items, size_t at)
{
    for (size_t i = at + 1; i < items->len; i++) {
        if (items->items[i].kind != ITEM_REASONING) {
            return items->items[i].kind == ITEM_ASSISTANT || items->items[i].kind == ITEM_TOOL_CALL;
        }
    }
    return false;
}

static void push_reasoning(cJSON *input, const struct items *items, size_t at)
{
    const char *opaque = items->items[at].opaque;
    cJSON *item = opaque == NULL ? NULL : json_parse(str_of(opaque), NULL);
    const char *type = json_string(item, "type");
    if (type != NULL && strcmp(type, "reasoning") == 0 && is_followed(items, at)) {
        cJSON_AddItemToArray(input, item);
    } else {
        cJSON_Delete(item);
    }
}

static void push_output(cJSON *input, bool custom, const char *call_id, const char *text)
{
    cJSON *obj = push_object(input, custom ? "custom_tool_call_output" : "function_call_output");
    json_set_string(obj, "call_id", call_id);
    json_set_string(obj, "output", text == NULL ? "" : text);
}

static void push_call(cJSON *input, bool custom, bool freeform, const struct item *item)
{
    cJSON *obj = push_object(input, custom ? "custom_tool_call" : "function_call");
    json_set_string(obj, "call_id", item->call_id);
    json_set_string(obj, "name", item->name);
    if (custom) {
        json_set_string(obj, "input", item->text == NULL ? "" : item->text);
        return;
    }
    const char *text = item->text == NULL ? "" : item->text;
    char *arguments = freeform ? wire_wrap_input(text) : wire_sendable_arguments(text);
    json_set_string(obj, "arguments", arguments);
    free(arguments);
}

static void write_input(cJSON *input, const struct wire_quirks *quirks,
    const struct wire_freeform *freeform, const struct items *items)
{
    for (size_t i = 0; items != NULL && i < items->len; i++) {
        const struct item *item = &items->items[i];
        switch (item->kind) {
        case ITEM_USER:
            push_message(input, "user", "input_text", item->text == NULL ? "" : item->text);
            break;
        case ITEM_ASSISTANT:
            if (item->text != NULL && item->text[0] != '\0') {
                push_message(input, "assistant", "output_text", item->text);
            }
            break;
        case ITEM_REASONING:
            push_reasoning(input, items, i);
            break;
        case ITEM_TOOL_CALL: {
            bool is_freeform = wire_is_freeform(freeform, item->name);
            push_call(input, is_freeform && quirks->custom_tools, is_freeform, item);
            if (wire_result_of(items, item->call_id) == NULL) {
                push_output(
                    input, is_freeform && quirks->custom_tools, item->call_id, WIRE_NO_RESULT);
            }
            break;
        }
        case ITEM_TOOL_RESULT: {
            const struct item *call = wire_call_of(items, item->call_id);
            if (call != NULL) {
                bool custom = quirks->custom_tools && wire_is_freeform(freeform, call->name);
                push_output(input, custom, item->call_id, item->text);
            }
            break;
        }
        }
    }
}

static bool write_tools(
    cJSON *body, const struct wire_quirks *quirks, const struct request *request, struct err *err)
{
    if (request->tool_count == 0) {
        return true;
    }
    cJSON *tools = json_set_array(body, "tools");
    for (size_t i = 0; i < request->tool_count; i++) {
        const struct tool_spec *tool = &request->tools[i];
        bool custom = tool->freeform && quirks->custom_tools;
        cJSON *obj = push_object(tools, custom ? "custom" : "function");
        json_set_string(obj, "name", tool->name);
        json_set_string(obj, "description", tool->description);
        if (custom) {
            cJSON *format = json_set_object(obj, "format");
            json_set_string(format, "type", tool->grammar == NULL ? "text" : "grammar");
            if (tool->grammar != NULL) {
                json_set_string(format, "syntax", "lark");
                json_set_string(format, "definition", tool->grammar);
            }
            continue;
        }
        const char *schema = tool->freeform ? WIRE_INPUT_SCHEMA : tool->schema;
        if (!wire_set_schema(obj, "parameters", schema, tool->name, err)) {
            return false;
        }
        json_set_bool(obj, "strict", true);
    }
    json_set_string(body, "tool_choice", "auto");
    json_set_bool(body, "parallel_tool_calls", true);
    return true;
}

static bool write_options(
    cJSON *body, const struct wire_quirks *quirks, const struct request *request, struct err *err)
{
    json_set_bool(body, "store", false);
    if (request->effort != NULL) {
        cJSON *reasoning = json_set_object(body, "reasoning");
        json_set_string(reasoning, "effort", request->effort);
        if (quirks->reasoning_summary != NULL) {
            json_set_string(reasoning, "summary", quirks->reasoning_summary);
        }
        /* Refused for models that do not reason, so it goes with the effort. */
        json_push_string(json_set_array(body, "include"), "reasoning.encrypted_content");
    }
    if (request->cache_key != NULL) {
        json_set_string(body, "prompt_cache_key", request->cache_key);
    }
    if (request->output_schema != NULL) {
        cJSON *format = json_set_object(json_set_object(body, "text"), "format");
        json_set_string(format, "type", "json_schema");
        json_set_string(format, "name", "output");
        json_set_bool(format, "strict", true);
        return wire_set_schema(format, "schema", request->output_schema, "the output", err);
    }
    return true;
}

static char *write_request(
    const struct wire_quirks *quirks, const struct request *request, struct err *err)
{
    struct wire_freeform freeform;
    wire_freeform_init(&freeform, request);
    char *out = NULL;
    cJSON *body = mem_require(cJSON_CreateObject());
    json_set_string(body, "model", request->model == NULL ? "" : request->model);
    json_set_bool(body, "stream", true);
    if (request->instructions != NULL) {
        json_set_string(body, "instructions", request->instructions);
    }
    write_input(json_set_array(body, "input"), quirks, &freeform, request->items);
    if (write_tools(body, quirks, request, err) && write_options(body, quirks, request, err)) {
        out = json_print(body);
    }
    cJSON_Delete(body);
    wire_freeform_free(&freeform);
    return out;
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* One output item on its way. */
struct part {
    long long index; /* output_index, or -1 */
    char *item_id;
    char *call_id;
    char *name;
    struct buf text; /* pieces told so far */
    bool done;
};

struct wire_parser {
    struct wire_out out;
    struct wire_freeform freeform;
    struct {
        struct part *items;
        size_t len, cap;
    } parts;
    bool started;
    bool any_text;
    bool any_call;
    bool any_reasoning;
    bool over;
};

static struct wire_parser *open_parser(const struct request *request, const struct wire_out *out)
{
    struct wire_parser *parser = MEM_NEW(struct wire_parser);
    parser->out = *out;
    wire_freeform_init(&parser->freeform, request);
    return parser;
}

static void close_parser(struct wire_parser *parser)
{
    VEC_FOREACH (struct part, part, &parser->parts) {
        free(part->item_id);
        free(part->call_id);
        free(part->name);
        buf_free(&part->text);
    }
    VEC_FREE(&parser->parts);
    wire_freeform_free(&parser->freeform);
    free(parser);
}

static struct part *find_part(struct wire_parser *parser, long long index, const char *item_id)
{
    VEC_FOREACH (struct part, part, &parser->parts) {
        if (index >= 0 && part->index >= 0
                ? part->index == index
                : part->item_id != NULL && item_id != NULL && strcmp(part->item_id, item_id) == 0) {
            return part;
        }
    }
    return NULL;
}

/* No server takes back a call without a name. */
static char *non_empty_copy(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : mem_strdup(text);
}

/* The part an event is about, made when it is new. NULL: too many of them. */
static struct part *part_of(struct wire_parser *parser, const cJSON *json, const cJSON *item)
{
    long long index = json_int_or(json, "output_index", -1);
    const char *item_id = json_string(json, "item_id");
    if (item_id == NULL) {
        item_id = json_string(item, "id");
    }
    if (item_id == NULL && index < 0) {
        item_id = json_string(item, "call_id");
    }
    struct part *part = find_part(parser, index, item_id);
    if (part == NULL) {
        if (parser->parts.len >= MAX_PARTS) {
            return NULL;
        }
        VEC_PUSH(&parser->parts, (struct part){.index = index, .item_id = mem_strdup(item_id)});
        part = &parser->parts.items[parser->parts.len - 1];
    }
    if (part->call_id == NULL) {
        part->call_id = non_empty_copy(json_string(item, "call_id"));
    }
    if (part->name == NULL) {
        part->name = non_empty_copy(json_string(item, "name"));
    }
    return part;
}

static void start(struct wire_parser *parser, const cJSON *json)
{
    if (!parser->started) {
        parser->started = true;
        wire_say(
            &parser->out, EVENT_STARTED, str_of(json_string(json_get(json, "response"), "model")));
    }
}

static void say_text(struct wire_parser *parser, struct part *part, const char *delta)
{
    if (delta == NULL || delta[0] == '\0') {
        return;
    }
    if (part->text.len == 0 && parser->any_text) {
        wire_say(&parser->out, EVENT_TEXT, STR_LIT("\n\n")); /* a second message of one answer */
    }
    parser->any_text = true;
    buf_append_c(&part->text, delta);
    wire_say(&parser->out, EVENT_TEXT, str_of(delta));
}

static void say_reasoning(struct wire_parser *parser, struct part *part, const char *delta)
{
    if (delta != NULL) {
        parser->any_reasoning = true;
        buf_append_c(&part->text, delta);
        wire_say(&parser->out, EVENT_REASONING, str_of(delta));
    }
}

static void say_call_part(struct wire_parser *parser, struct part *part, const char *delta)
{
    if (delta != NULL) {
        buf_append_c(&part->text, delta);
        struct event event = {.kind = EVENT_TOOL_CALL_PART,
            .call_id = part->call_id,
            .name = part->name,
            .text = str_of(delta)};
        parser->out.event(parser->out.data, &event);
    }
}

static void finish_message(struct wire_parser *parser, struct part *part, const cJSON *item)
{
    bool told = part->text.len > 0;
    const cJSON *content = json_get(item, "content");
    const cJSON *piece;
    cJSON_ArrayForEach(piece, content)
    {
        const char *text = json_string(piece, "text");
        if (!told) {
            say_text(parser, part, text == NULL ? json_string(piece, "refusal") : text);
        }
    }
}

static void join_pieces(struct buf *out, const cJSON *pieces)
{
    const cJSON *piece;
    cJSON_ArrayForEach(piece, pieces)
    {
        const char *text = json_string(piece, "text");
        if (text != NULL) {
            if (out->len > 0) {
                buf_append_c(out, "\n\n");
            }
            buf_append_c(out, text);
        }
    }
}

static void finish_reasoning(struct wire_parser *parser, struct part *part, const cJSON *item)
{
    struct buf whole = BUF_INIT;
    join_pieces(&whole, json_get(item, "summary"));
    if (whole.len == 0) {
        join_pieces(&whole, json_get(item, "content"));
    }
    if (whole.len == 0) {
        buf_append_str(&whole, buf_str(&part->text));
    }
    if (part->text.len == 0 && whole.len > 0) {
        say_reasoning(parser, part, whole.ptr);
    }
    char *opaque = NULL;
    if (json_string(item, "encrypted_content") != NULL) {
        cJSON *copy = mem_require(cJSON_Duplicate(item, true));
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "status");
        opaque = json_print(copy);
        cJSON_Delete(copy);
    }
    struct event event = {.kind = EVENT_REASONING_DONE, .text = buf_str(&whole), .opaque = opaque};
    parser->out.event(parser->out.data, &event);
    free(opaque);
    buf_free(&whole);
}

static void finish_call(
    struct wire_parser *parser, struct part *part, const cJSON *item, bool custom)
{
    const char *given = json_string(item, custom ? "input" : "arguments");
    if (given == NULL) {
        given = part->text.ptr == NULL ? "" : part->text.ptr;
    }
    if (part->call_id == NULL || part->name == NULL) {
        struct err err;
        err_set(&err, ERR_INVALID, "a tool call without a name or a call_id");
        wire_warn_skipped(&parser->out, &err);
        return;
    }
    char *text = !custom && wire_is_freeform(&parser->freeform, part->name)
                     ? wire_unwrap_input(given)
                     : mem_strdup(given);
    struct event event = {.kind = EVENT_TOOL_CALL,
        .call_id = part->call_id,
        .name = part->name,
        .text = str_of(text)};
    parser->any_call = true;
    parser->out.event(parser->out.data, &event);
    free(text);
}

static void finish_item(struct wire_parser *parser, const cJSON *json, const cJSON *item)
{
    const char *type = json_string_or(item, "type", "");
    struct part *part = part_of(parser, json, item);
    if (part == NULL || part->done) {
        return;
    }
    part->done = true;
    if (strcmp(type, "message") == 0) {
        finish_message(parser, part, item);
    } else if (strcmp(type, "reasoning") == 0) {
        finish_reasoning(parser, part, item);
    } else if (strcmp(type, "function_call") == 0) {
        finish_call(parser, part, item, false);
    } else if (strcmp(type, "custom_tool_call") == 0) {
        finish_call(parser, part, item, true);
    }
}

static void say_usage(struct wire_parser *parser, const cJSON *usage)
{
    if (cJSON_IsObject(usage)) {
        const cJSON *of_input = json_get(usage, "input_tokens_details");
        struct event event = {.kind = EVENT_USAGE,
            .usage = {.input_tokens = json_int_or(usage, "input_tokens", 0),
                .cached_tokens = json_int_or(of_input, "cached_tokens", 0),
                .written_tokens = json_int_or(of_input, "cache_write_tokens", 0),
                .output_tokens = json_int_or(usage, "output_tokens", 0),
                .reasoning_tokens =
                    json_int_or(json_get(usage, "output_tokens_details"), "reasoning_tokens", 0)}};
        parser->out.event(parser->out.data, &event);
    }
}

static void read_end(struct wire_parser *parser, const cJSON *json, bool complete)
{
    const cJSON *response = json_get(json, "response");
    /* Servers that leave the events of the items out have them here. When events came, they count:
     * the list may name and number the same items differently. */
    const cJSON *output = parser->parts.len == 0 ? json_get(response, "output") : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, output)
    {
        finish_item(parser, NULL, item);
    }
    say_usage(parser, json_get(response, "usage"));
    enum stop_reason stop = parser->any_call ? STOP_TOOL_CALLS : STOP_END;
    if (!complete) {
        const char *reason = json_string_or(json_get(response, "incomplete_details"), "reason", "");
        stop = strcmp(reason, "max_output_tokens") == 0 ? STOP_LENGTH
               : strcmp(reason, "content_filter") == 0  ? STOP_FILTER
                                                        : STOP_OTHER;
    }
    parser->over = true;
    wire_done(&parser->out, stop);
}

static void read_failure(struct wire_parser *parser, const cJSON *json)
{
    const cJSON *error = json_get(json_get(json, "response"), "error");
    if (error == NULL) {
        error = json_get(json, "error");
    }
    if (!cJSON_IsObject(error)) {
        error = json;
    }
    const char *code = json_string(error, "code");
    if (code == NULL && error != json) {
        code = json_string(error, "type");
    }
    parser->over = true;
    wire_fail_code(&parser->out, code, json_string(error, "message"));
}

static void read_delta(struct wire_parser *parser, const char *type, const cJSON *json)
{
    struct part *part = part_of(parser, json, NULL);
    const char *delta = json_string(json, "delta");
    if (part == NULL || part->done) {
        return;
    }
    if (strcmp(type, "output_text.delta") == 0 || strcmp(type, "refusal.delta") == 0) {
        say_text(parser, part, delta);
    } else if (strcmp(type, "reasoning_summary_text.delta") == 0 ||
               strcmp(type, "reasoning_text.delta") == 0) {
        say_reasoning(parser, part, delta);
    } else if (strcmp(type, "reasoning_summary_part.added") == 0) {
        if (part->text.len > 0) {
            say_reasoning(parser, part, "\n\n");
        }
    } else if (strcmp(type, "function_call_arguments.delta") == 0 ||
               strcmp(type, "custom_tool_call_input.delta") == 0) {
        say_call_part(parser, part, delta);
    }
}

static bool is_delta(const char *type)
{
    size_t len = strlen(type);
    return (len > 6 && strcmp(type + len - 6, ".delta") == 0) ||
           strcmp(type, "reasoning_summary_part.added") == 0;
}

static void read_json(struct wire_parser *parser, const char *type, const cJSON *json)
{
    if (strcmp(type, "error") == 0) {
        read_failure(parser, json);
        return;
    }
    if (strncmp(type, "response.", 9) != 0) {
        return; /* kinds of events that come later are no concern of ours */
    }
    type += 9;
    start(parser, json);
    if (is_delta(type)) {
        read_delta(parser, type, json);
    } else if (strcmp(type, "output_item.added") == 0) {
        (void)part_of(parser, json, json_get(json, "item"));
    } else if (strcmp(type, "output_item.done") == 0) {
        finish_item(parser, json, json_get(json, "item"));
    } else if (strcmp(type, "completed") == 0 || strcmp(type, "done") == 0) {
        read_end(parser, json, true);
    } else if (strcmp(type, "incomplete") == 0) {
        read_end(parser, json, false);
    } else if (strcmp(type, "failed") == 0) {
        read_failure(parser, json);
    }
}

static void read_event(struct wire_parser *parser, const struct sse_event *event)
{
    if (parser->over || str_equal_c(str_trim(event->data), "[DONE]")) {
        return;
    }
    struct err err;
    if (event->too_large) {
        err_set(&err, ERR_LIMIT, "it is larger than %zu bytes", SSE_EVENT_MAX);
        wire_warn_skipped(&parser->out, &err);
        return;
    }
    cJSON *json = wire_parse_json(event->data, &err);
    if (json == NULL) {
        wire_warn_skipped(&parser->out, &err);
        return;
    }
    char *named = str_dup(event->type);
    const char *type = json_string_or(json, "type", named);
    /* {"error": …} without a type: gateways say so when the model behind them failed. */
    read_json(parser,
        cJSON_IsObject(json_get(json, "error")) && json_string(json, "type") == NULL ? "error"
                                                                                     : type,
        json);
    free(named);
    cJSON_Delete(json);
}

static void end_parser(struct wire_parser *parser)
{
    if (!parser->over) {
        parser->over = true;
        wire_fail_cut(&parser->out);
    }
}

const struct wire_ops wire_responses = {
    .name = "responses",
    .path = "/responses",
    .write = write_request,
    .open = open_parser,
    .read = read_event,
    .end = end_parser,
    .close = close_parser,
};
