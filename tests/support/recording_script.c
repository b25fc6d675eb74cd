#include "recording_script.h"

#include "base/json.h"

#include <stdlib.h>

void script_head(struct buf *out)
{
    buf_append_c(out, "{\"bylaw_recording\":1,\"title\":\"test\",\"model\":\"recorded\"}\n");
}

static void event(struct buf *out, cJSON *json)
{
    char *text = json_print(json);
    cJSON *line = cJSON_CreateObject();
    char *data = mem_printf("event: %s\ndata: %s\n\n", json_string(json, "type"), text);
    json_set_int(line, "at", 0);
    json_set_string(line, "data", data);
    char *printed = json_print(line);
    buf_printf(out, "%s\n", printed);
    free(printed);
    free(data);
    free(text);
    cJSON_Delete(line);
    cJSON_Delete(json);
}

static cJSON *typed(const char *type)
{
    cJSON *json = cJSON_CreateObject();
    json_set_string(json, "type", type);
    return json;
}

void script_begin_on(struct buf *out, const char *prompt, const char *part, int step)
{
    buf_append_c(out, "{\"answer\":{\"prompt\":");
    json_append_quoted(out, str_of(prompt));
    if (part != NULL) {
        buf_append_c(out, ",\"prompt_contains\":[");
        json_append_quoted(out, str_of(part));
        buf_append_char(out, ']');
    }
    buf_printf(out,
        ",\"step\":%d,\"wire\":\"responses\",\"status\":200,\"headers\":{\"content-type\":\"text/"
        "event-stream\"}}}\n",
        step);
}

void script_begin(struct buf *out, const char *prompt, int step)
{
    script_begin_on(out, prompt, NULL, step);
}

void script_done(struct buf *out)
{
    cJSON *json = typed("response.completed");
    cJSON *response = json_set_object(json, "response");
    json_set_string(response, "id", "r");
    json_set_string(response, "status", "completed");
    cJSON *usage = json_set_object(response, "usage");
    json_set_int(usage, "input_tokens", 10);
    json_set_int(usage, "output_tokens", 5);
    event(out, json);
    buf_append_c(out, "{\"end\":0}\n");
}

void script_say(struct buf *out, const char *text)
{
    cJSON *json = typed("response.output_item.added");
    cJSON *item = json_set_object(json, "item");
    json_set_string(item, "type", "message");
    json_set_string(item, "id", "m1");
    event(out, json);
    json = typed("response.output_text.delta");
    json_set_string(json, "item_id", "m1");
    json_set_string(json, "delta", text);
    event(out, json);
    json = typed("response.output_item.done");
    item = json_set_object(json, "item");
    json_set_string(item, "type", "message");
    json_set_string(item, "id", "m1");
    json_set_string(item, "role", "assistant");
    cJSON *part = cJSON_CreateObject();
    json_set_string(part, "type", "output_text");
    json_set_string(part, "text", text);
    cJSON_AddItemToArray(json_set_array(item, "content"), part);
    event(out, json);
}

void script_call(
    struct buf *out, const char *id, const char *name, const char *input, bool freeform)
{
    cJSON *json = typed("response.output_item.done");
    cJSON *item = json_set_object(json, "item");
    json_set_string(item, "type", freeform ? "custom_tool_call" : "function_call");
    json_set_string(item, "id", id);
    json_set_string(item, "call_id", id);
    json_set_string(item, "name", name);
    json_set_string(item, freeform ? "input" : "arguments", input);
    event(out, json);
}
