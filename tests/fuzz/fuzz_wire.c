/* An answer of any bytes through both wire protocols: it ends exactly once, every text is valid
 * UTF-8, and the events are the same however the bytes are cut. The first byte chooses the
 * protocol, the status and the content type. */
#include "base/utf8.h"
#include "model/reply.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct log {
    struct buf text;
    int ends;
};

static void require(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void note(void *data, const struct event *event)
{
    struct log *log = data;
    require(log->ends == 0, "an event after the last");
    require(utf8_is_valid(event->text), "text that is not UTF-8");
    bool joined = event->kind == EVENT_TEXT || event->kind == EVENT_REASONING;
    buf_printf(&log->text, "%d %s %s ", event->kind, event->call_id == NULL ? "" : event->call_id,
        event->name == NULL ? "" : event->name);
    buf_append_str(&log->text, event->text);
    buf_append_c(&log->text, joined ? "" : "\n");
    log->ends += event->kind == EVENT_DONE;
}

static void note_failure(void *data, const struct failure *failure)
{
    struct log *log = data;
    require(log->ends == 0, "a failure after the end");
    require(utf8_is_valid(str_of(failure->error.text)), "a message that is not UTF-8");
    require(failure->error.text[0] != '\0', "a failure that says nothing");
    buf_printf(&log->text, "failed %d %s\n", failure->retryable, failure->error.text);
    log->ends++;
}

static void run(uint8_t choice, struct str text, size_t step, struct log *log)
{
    static const char *const types[] = {"text/event-stream", "application/json", "text/html", NULL};
    static const int statuses[] = {200, 200, 429, 404};
    static const struct tool_spec tool = {"apply_patch", "", NULL, true, NULL};
    static const struct request request = {.tools = &tool, .tool_count = 1};
    struct wire_out out = {.event = note,
        .failed = note_failure,
        .data = log,
        .names = {.host = "h", .url = "http://h/v1", .model = "m"}};
    struct http_fields *fields = http_fields_new();
    const char *type = types[choice >> 1 & 3u];
    int status = statuses[choice >> 3 & 3u];
    if (type != NULL) {
        http_fields_add(fields, "content-type", type);
    }
    struct reply *reply =
        reply_new((choice & 1u) != 0 ? &wire_chat : &wire_responses, &request, &out);
    reply_head(reply, status, fields);
    for (size_t at = 0; at < text.len; at += step) {
        reply_bytes(reply, str_slice(text, at, at + step));
    }
    struct http_result result = {.failure = HTTP_OK, .status = status};
    reply_end(reply, &result);
    require(log->ends == 1, "the answer has no end");
    reply_free(reply);
    http_fields_free(fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct str text = {(const char *)data + 1, size - 1};
    struct log whole = {0};
    run(data[0], text, size, &whole);
    static const size_t steps[] = {1, 3, 16};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct log parts = {0};
        run(data[0], text, steps[i], &parts);
        require(str_equal(buf_str(&whole.text), buf_str(&parts.text)),
            "cut in other places, the events differ");
        buf_free(&parts.text);
    }
    buf_free(&whole.text);
    return 0;
}
