/* Chat Completions (POST {base_url}/chat/completions, stream: true) as Ollama, vLLM, llama.cpp, LM
 * Studio, LiteLLM and most gateways speak it. Where they differ, each form is read:
 *
 * - tool calls come in fragments by index, or whole at once; with the same index for all, with no
 *   index, without ids (we make one), with arguments as an object instead of text;
 * - reasoning is reasoning_content, reasoning, or <think>…</think> at the beginning of the content;
 * - usage comes in a last chunk without choices, or with every chunk (the last counts);
 * - finish_reason may be "stop" although tools are called; [DONE] may be missing;
 * - an error may come inside the stream, as {"error": …}. */
#include "model/wire.h"

#include "base/json.h"
#include "base/vec.h"

#include <stdlib.h>

#define MAX_CALLS 1024

/* --- writing ------------------------------------------------------------------------------------
 */

static cJSON *push_message(cJSON *messages, const char *role)
{
    cJSON *message = mem_require(cJSON_CreateObject());
    json_set_string(message, "role", role);
    cJSON_AddItemToArray(messages, message);
    return message;
}

static void push_text(cJSON *messages, const char *role, const char *text)
{
    json_set_string(push_message(messages, role), "content", text == NULL ? "" : text);
}

static void push_call(cJSON *calls, const struct wire_freeform *freeform, const struct item *item)
{
    const char *text = item->text == NULL ? "" : item->text;
    char *arguments = wire_is_freeform(freeform, item->name) ? wire_wrap_input(text)
                                                             : wire_sendable_arguments(text);
    cJSON *call = mem_require(cJSON_CreateObject());
    json_set_string(call, "id", item->call_id);
    json_set_string(call, "type", "function");
    cJSON *function = json_set_object(call, "function");
    json_set_string(function, "name", item->name);
    json_set_string(function, "arguments", arguments);
    cJSON_AddItemToArray(calls, call);
    free(arguments);
}

/* Some models want the reasoning back while a tool loop runs; it was kept as opaque under the
 * field's name that the server used. */
static void set_reasoning(cJSON *message, const struct item *item)
{
    cJSON *opaque = item->opaque == NULL ? NULL : json_parse(str_of(item->opaque), NULL);
    const char *field = json_string(opaque, "chat_reasoning");
    if (field != NULL && item->text != NULL && json_get(message, field) == NULL) {
        json_set_string(message, field, item->text);
    }
    cJSON_Delete(opaque);
}

/* One assistant message holds the text and all calls up to the next thing said by others; the
 * results follow it, one for each call: the servers refuse any other order. Returns the index after
 * the last item taken. */
static size_t push_assistant(
    cJSON *messages, const struct wire_freeform *freeform, const struct items *items, size_t at)
{
    cJSON *message = push_message(messages, "assistant");
    struct buf content = BUF_INIT;
    cJSON *calls = NULL;
    size_t end = at;
    for (; end < items->len; end++) {
        const struct item *item = &items->items[end];
        if (item->kind == ITEM_ASSISTANT && calls == NULL) {
            buf_append_c(&content, content.len > 0 ? "\n\n" : "");
            buf_append_c(&content, item->text == NULL ? "" : item->text);
        } else if (item->kind == ITEM_REASONING) {
            set_reasoning(message, item);
        } else if (item->kind == ITEM_TOOL_CALL) {
            calls = calls == NULL ? mem_require(cJSON_CreateArray()) : calls;
            push_call(calls, freeform, item);
        } else {
            break;
        }
    }
    json_set_string(message, "content",
        content.len == 0 && calls != NULL ? NULL
        : content.ptr == NULL             ? ""
                                          : content.ptr);
    if (calls != NULL) {
        cJSON_AddItemToObject(message, "tool_calls", calls);
    }
    for (size_t i = at; i < end; i++) {
        const struct item *item = &items->items[i];
        if (item->kind == ITEM_TOOL_CALL) {
            const struct item *result = wire_result_of(items, item->call_id);
            cJSON *tool = push_message(messages, "tool");
            json_set_string(tool, "tool_call_id", item->call_id);
            json_set_string(tool, "content",
                result == NULL         ? WIRE_NO_RESULT
                : result->text == NULL ? ""
                                       : result->text);
        }
    }
    buf_free(&content);
    return end;
}

static void write_messages(
    cJSON *messages, const struct request *request, const struct wire_freeform *freeform)
{
    const struct items *items = request->items;
    if (request->instructions != NULL) {
        push_text(messages, "system", request->instructions);
    }
    for (size_t i = 0; items != NULL && i < items->len;) {
        const struct item *item = &items->items[i];
        if (item->kind == ITEM_USER) {
            push_text(messages, "user", item->text);
            i++;
        } else if (item->kind == ITEM_TOOL_RESULT) {
            i++; /* went out with its call */
        } else if (item->kind == ITEM_REASONING &&
                   (i + 1 == items->len || items->items[i + 1].kind == ITEM_USER)) {
            i++; /* nothing came of it */
        } else {
            i = push_assistant(messages, freeform, items, i);
        }
    }
}

static bool write_tools(cJSON *body, const struct request *request, struct err *err)
{
    cJSON *tools = request->tool_count == 0 ? NULL : json_set_array(body, "tools");
    for (size_t i = 0; i < request->tool_count; i++) {
        const struct tool_spec *tool = &request->tools[i];
        cJSON *obj = mem_require(cJSON_CreateObject());
        cJSON_AddItemToArray(tools, obj);
        json_set_string(obj, "type", "function");
        cJSON *function = json_set_object(obj, "function");
        json_set_string(function, "name", tool->name);
        json_set_string(function, "description", tool->description);
        const char *schema = tool->freeform ? WIRE_INPUT_SCHEMA : tool->schema;
        if (!wire_set_schema(function, "parameters", schema, tool->name, err)) {
            return false;
        }
        json_set_bool(function, "strict", true);
    }
    return true;
}

static bool write_options(cJSON *body, const struct request *request, struct err *err)
{
    json_set_bool(json_set_object(body, "stream_options"), "include_usage", true);
    if (request->effort != NULL) {
        json_set_string(body, "reasoning_effort", request->effort);
    }
    if (request->output_schema == NULL) {
        return true;
    }
    cJSON *format = json_set_object(body, "response_format");
    json_set_string(format, "type", "json_schema");
    cJSON *schema = json_set_object(format, "json_schema");
    json_set_string(schema, "name", "output");
    json_set_bool(schema, "strict", true);
    return wire_set_schema(schema, "schema", request->output_schema, "the output", err);
}

static char *write_request(
    const struct wire_quirks *quirks, const struct request *request, struct err *err)
{
    (void)quirks; /* none of them belongs to this protocol */
    struct wire_freeform freeform;
    wire_freeform_init(&freeform, request);
    char *out = NULL;
    cJSON *body = mem_require(cJSON_CreateObject());
    json_set_string(body, "model", request->model == NULL ? "" : request->model);
    json_set_bool(body, "stream", true);
    write_messages(json_set_array(body, "messages"), request, &freeform);
    if (write_tools(body, request, err) && write_options(body, request, err)) {
        out = json_print(body);
    }
    cJSON_Delete(body);
    wire_freeform_free(&freeform);
    return out;
}

/* --- reading ------------------------------------------------------------------------------------
 */

struct call {
    long long index; /* -1: the server gives none */
    char *id;        /* as the server says, or NULL */
    char *given_id;  /* ours, when it says none */
    char *name;
    struct buf arguments;
};

enum think { THINK_UNDECIDED, THINK_INSIDE, THINK_OUTSIDE };

struct wire_parser {
    struct wire_out out;
    struct wire_freeform freeform;
    struct {
        struct call *items;
        size_t len, cap;
    } calls;
    size_t salt; /* makes ids of ours unique within the conversation */
    struct buf reasoning;
    char *reasoning_field;
    enum think think;
    struct buf held; /* content that may be the beginning of <think> or </think> */
    struct usage usage;
    bool has_usage;
    bool started;
    bool finished; /* a finish_reason came */
    bool over;
    enum stop_reason stop;
};

static struct wire_parser *open_parser(const struct request *request, const struct wire_out *out)
{
    struct wire_parser *parser = MEM_NEW(struct wire_parser);
    parser->out = *out;
    parser->salt = request->items == NULL ? 0 : request->items->len;
    parser->stop = STOP_END;
    wire_freeform_init(&parser->freeform, request);
    return parser;
}

static void close_parser(struct wire_parser *parser)
{
    VEC_FOREACH (struct call, call, &parser->calls) {
        free(call->id);
        free(call->given_id);
        free(call->name);
        buf_free(&call->arguments);
    }
    VEC_FREE(&parser->calls);
    buf_free(&parser->reasoning);
    buf_free(&parser->held);
    free(parser->reasoning_field);
    wire_freeform_free(&parser->freeform);
    free(parser);
}

static void say_reasoning(struct wire_parser *parser, struct str text)
{
    buf_append_str(&parser->reasoning, text);
    wire_say(&parser->out, EVENT_REASONING, text);
}

static void finish_reasoning(struct wire_parser *parser)
{
    if (parser->reasoning.len == 0) {
        return;
    }
    struct buf opaque = BUF_INIT;
    if (parser->reasoning_field != NULL) {
        buf_append_c(&opaque, "{\"chat_reasoning\":");
        json_append_quoted(&opaque, str_of(parser->reasoning_field));
        buf_append_char(&opaque, '}');
    }
    struct event event = {
        .kind = EVENT_REASONING_DONE, .text = buf_str(&parser->reasoning), .opaque = opaque.ptr};
    parser->out.event(parser->out.data, &event);
    buf_free(&opaque);
    buf_clear(&parser->reasoning);
}

static void say_text(struct wire_parser *parser, struct str text)
{
    if (text.len > 0) {
        finish_reasoning(parser);
        wire_say(&parser->out, EVENT_TEXT, text);
    }
}

/* The length of the longest end of `text` that begins `tag`. */
static size_t overlap(struct str text, struct str tag)
{
    size_t len = tag.len - 1 < text.len ? tag.len - 1 : text.len;
    while (len > 0 && memcmp(text.ptr + text.len - len, tag.ptr, len) != 0) {
        len--;
    }
    return len;
}

/* Content that begins with <think> is reasoning up to </think>. */
static void read_content(struct wire_parser *parser, struct str delta, bool last)
{
    if (parser->think == THINK_OUTSIDE) {
        say_text(parser, delta);
        return;
    }
    static const struct str open_tag = {"<think>", 7};
    static const struct str close_tag = {"</think>", 8};
    buf_append_str(&parser->held, delta);
    struct str held = buf_str(&parser->held);
    if (parser->think == THINK_UNDECIDED) {
        struct str text = str_trim(held);
        if (str_starts(text, open_tag.ptr)) {
            parser->think = THINK_INSIDE;
            size_t skip = (size_t)(text.ptr - held.ptr) + open_tag.len;
            buf_remove(&parser->held, 0, skip);
            held = buf_str(&parser->held);
        } else if (last || text.len >= open_tag.len ||
                   (text.len > 0 && memcmp(text.ptr, open_tag.ptr, text.len) != 0)) {
            parser->think = THINK_OUTSIDE;
            say_text(parser, held);
            buf_clear(&parser->held);
            return;
        } else {
            return;
        }
    }
    size_t at = str_find(held, close_tag, 0);
    if (at != SIZE_MAX) {
        say_reasoning(parser, str_slice(held, 0, at));
        finish_reasoning(parser);
        parser->think = THINK_OUTSIDE;
        struct str rest = str_from(held, at + close_tag.len);
        while (rest.len > 0 && (rest.ptr[0] == '\n' || rest.ptr[0] == ' ')) {
            rest = str_from(rest, 1);
        }
        say_text(parser, rest);
        buf_clear(&parser->held);
        return;
    }
    size_t keep = last ? 0 : overlap(held, close_tag);
    say_reasoning(parser, str_slice(held, 0, held.len - keep));
    buf_remove(&parser->held, 0, held.len - keep);
}

static const char *call_id(const struct call *call)
{
    return call->id != NULL ? call->id : call->given_id;
}

/* The call a fragment belongs to, made when it begins a new one. NULL: too many. */
static struct call *call_of(
    struct wire_parser *parser, long long index, const char *id, const char *name)
{
    struct call *found = NULL;
    if (index >= 0) {
        VEC_FOREACH (struct call, call, &parser->calls) {
            found = call->index == index ? call : found;
        }
    } else if (id != NULL) {
        VEC_FOREACH (struct call, call, &parser->calls) {
            found = call->id != NULL && strcmp(call->id, id) == 0 ? call : found;
        }
    } else if (name == NULL && parser->calls.len > 0) {
        found = &parser->calls.items[parser->calls.len - 1];
    }
    /* Servers that number each call 0 tell them apart by id, or send each whole. */
    bool other = found != NULL && id != NULL && found->id != NULL && strcmp(found->id, id) != 0;
    if (found != NULL && id == NULL && name != NULL && found->arguments.len > 0) {
        cJSON *whole = json_parse(buf_str(&found->arguments), NULL);
        other = whole != NULL;
        cJSON_Delete(whole);
    }
    if (found != NULL && !other) {
        return found;
    }
    if (parser->calls.len >= MAX_CALLS) {
        return NULL;
    }
    char *given = mem_printf("call_%zu_%zu", parser->salt, parser->calls.len);
    VEC_PUSH(&parser->calls, (struct call){.index = index, .given_id = given});
    return &parser->calls.items[parser->calls.len - 1];
}

static const char *non_empty(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static void read_call(
    struct wire_parser *parser, long long index, const char *id, const cJSON *function)
{
    const char *name = non_empty(json_string(function, "name"));
    struct call *call = call_of(parser, index, id, name);
    if (call == NULL) {
        return;
    }
    if (call->id == NULL) {
        call->id = mem_strdup(id);
    }
    if (call->name == NULL) {
        call->name = mem_strdup(name);
    }
    const cJSON *arguments = json_get(function, "arguments");
    char *printed = cJSON_IsObject(arguments) ? json_print(arguments) : NULL;
    const char *text = printed != NULL ? printed : cJSON_GetStringValue(arguments);
    if (text != NULL && text[0] != '\0') {
        buf_append_c(&call->arguments, text);
        finish_reasoning(parser);
        struct event event = {.kind = EVENT_TOOL_CALL_PART,
            .call_id = call_id(call),
            .name = call->name,
            .text = str_of(text)};
        parser->out.event(parser->out.data, &event);
    }
    free(printed);
}

static void read_calls(struct wire_parser *parser, const cJSON *delta)
{
    const cJSON *pieces = json_get(delta, "tool_calls");
    const cJSON *piece;
    cJSON_ArrayForEach(piece, pieces)
    {
        read_call(parser, json_int_or(piece, "index", -1), non_empty(json_string(piece, "id")),
            json_get(piece, "function"));
    }
    const cJSON *legacy = json_get(delta, "function_call");
    if (cJSON_IsObject(legacy)) {
        read_call(parser, 0, NULL, legacy);
    }
}

static void read_delta(struct wire_parser *parser, const cJSON *delta)
{
    static const char *const fields[] = {"reasoning_content", "reasoning"};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *text = non_empty(json_string(delta, fields[i]));
        if (text != NULL) {
            if (parser->reasoning_field == NULL) {
                parser->reasoning_field = mem_strdup(fields[i]);
            }
            say_reasoning(parser, str_of(text));
            break;
        }
    }
    const cJSON *content = json_get(delta, "content");
    if (cJSON_IsString(content)) {
        read_content(parser, str_of(content->valuestring), false);
    }
    const cJSON *pieces = cJSON_IsArray(content) ? content : NULL;
    const cJSON *piece;
    cJSON_ArrayForEach(piece, pieces)
    {
        read_content(parser, str_of(json_string_or(piece, "text", "")), false);
    }
    read_content(parser, str_of(json_string_or(delta, "refusal", "")), false);
    read_calls(parser, delta);
}

static void read_finish(struct wire_parser *parser, const char *reason)
{
    parser->finished = true;
    if (strcmp(reason, "length") == 0) {
        parser->stop = STOP_LENGTH;
    } else if (strcmp(reason, "content_filter") == 0) {
        parser->stop = STOP_FILTER;
    } else if (strcmp(reason, "error") == 0) {
        parser->stop = STOP_OTHER;
    }
}

static void read_usage(struct wire_parser *parser, const cJSON *usage)
{
    if (cJSON_IsObject(usage)) {
        const cJSON *of_input = json_get(usage, "prompt_tokens_details");
        parser->has_usage = true;
        parser->usage = (struct usage){.input_tokens = json_int_or(usage, "prompt_tokens", 0),
            .cached_tokens = json_int_or(of_input, "cached_tokens", 0),
            .written_tokens = json_int_or(of_input, "cache_write_tokens", 0),
            .output_tokens = json_int_or(usage, "completion_tokens", 0),
            .reasoning_tokens =
                json_int_or(json_get(usage, "completion_tokens_details"), "reasoning_tokens", 0)};
    }
}

static void tell_calls(struct wire_parser *parser)
{
    VEC_FOREACH (struct call, call, &parser->calls) {
        const char *given = call->arguments.ptr == NULL ? "" : call->arguments.ptr;
        if (call->name == NULL) {
            struct err err;
            err_set(&err, ERR_INVALID, "a tool call without a name");
            wire_warn_skipped(&parser->out, &err);
            continue;
        }
        char *text = wire_is_freeform(&parser->freeform, call->name) ? wire_unwrap_input(given)
                                                                     : mem_strdup(given);
        if (parser->stop == STOP_END) {
            parser->stop = STOP_TOOL_CALLS;
        }
        struct event event = {.kind = EVENT_TOOL_CALL,
            .call_id = call_id(call),
            .name = call->name,
            .text = str_of(text)};
        parser->out.event(parser->out.data, &event);
        free(text);
    }
}

static void finish(struct wire_parser *parser)
{
    if (parser->think != THINK_OUTSIDE) {
        read_content(parser, STR_LIT(""), true);
    }
    finish_reasoning(parser);
    tell_calls(parser);
    if (parser->has_usage) {
        struct event event = {.kind = EVENT_USAGE, .usage = parser->usage};
        parser->out.event(parser->out.data, &event);
    }
    parser->over = true;
    wire_done(&parser->out, parser->stop);
}

static void read_error(struct wire_parser *parser, const cJSON *json)
{
    const cJSON *error = json_get(json, "error");
    const char *message = cJSON_GetStringValue(error);
    if (message == NULL) {
        const cJSON *from = error == NULL ? json : error;
        message = json_string(from, "message");
        error = from;
    }
    const char *code = json_string(error, "code");
    parser->over = true;
    wire_fail_code(&parser->out, code != NULL ? code : json_string(error, "type"), message);
}

static void read_chunk(struct wire_parser *parser, const cJSON *json)
{
    if (!parser->started) {
        parser->started = true;
        wire_say(&parser->out, EVENT_STARTED, str_of(json_string(json, "model")));
    }
    const cJSON *choice = cJSON_GetArrayItem(json_get(json, "choices"), 0);
    if (choice != NULL) {
        const cJSON *delta = json_get(choice, "delta");
        /* A server that ignores `stream` says "message". */
        read_delta(parser, cJSON_IsObject(delta) ? delta : json_get(choice, "message"));
        const char *reason = non_empty(json_string(choice, "finish_reason"));
        if (reason != NULL) {
            read_finish(parser, reason);
        }
    }
    read_usage(parser, json_get(json, "usage"));
}

static void read_event(struct wire_parser *parser, const struct sse_event *event)
{
    struct str data = str_trim(event->data);
    if (parser->over) {
        return;
    }
    if (str_equal_c(data, "[DONE]")) {
        finish(parser);
        return;
    }
    struct err err;
    if (event->too_large) {
        err_set(&err, ERR_LIMIT, "it is larger than %zu bytes", SSE_EVENT_MAX);
        wire_warn_skipped(&parser->out, &err);
        return;
    }
    cJSON *json = data.len == 0 ? NULL : wire_parse_json(data, &err);
    if (json == NULL) {
        if (data.len > 0) {
            wire_warn_skipped(&parser->out, &err);
        }
        return;
    }
    const cJSON *error = json_get(json, "error");
    if (cJSON_IsObject(error) || cJSON_IsString(error) || str_equal_c(event->type, "error")) {
        read_error(parser, json);
    } else {
        read_chunk(parser, json);
    }
    cJSON_Delete(json);
}

static void end_parser(struct wire_parser *parser)
{
    if (parser->over) {
        return;
    }
    if (parser->finished) {
        finish(parser);
    } else {
        parser->over = true;
        wire_fail_cut(&parser->out);
    }
}

const struct wire_ops wire_chat = {
    .name = "chat",
    .path = "/chat/completions",
    .write = write_request,
    .open = open_parser,
    .read = read_event,
    .end = end_parser,
    .close = close_parser,
};
