/* The answer of `opa eval --explain`: split, read and walked. */
#include "base/json_scan.h"
#include "engine/opa_stream.h"
#include "engine/opa_trace.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_member(void *data, struct str key, struct str value)
{
    struct buf out = BUF_INIT;
    (void)data;
    (void)key;
    json_pretty(value, 40, &out);
    json_compact(value, &out);
    buf_free(&out);
}

static void on_event(void *data, struct str value)
{
    (void)!trace_add(data, value);
}

static const char *same_place(void *data, const char *file, struct position *at)
{
    (void)data;
    at->row++;
    return file;
}

/* Every way of walking ends, and stays inside. */
static void walk(const struct trace *trace)
{
    size_t steps = 0;
    for (size_t at = trace_first(trace); at != TRACE_NONE;) {
        size_t frames[16];
        size_t count;
        (void)trace_stack(trace, at, frames, 16);
        const struct trace_binding *variables = trace_variables(trace, at, &count);
        for (size_t i = 0; i < count; i++) {
            if (variables[i].name[0] == '\0' || variables[i].value == NULL) {
                abort();
            }
        }
        if (trace_over(trace, at) < at || trace_out(trace, at) < at ||
            trace_next_failure(trace, at) < at || trace_backward(trace, at) > at) {
            abort();
        }
        size_t next = trace_forward(trace, at);
        if (next == at || ++steps > 300) {
            break;
        }
        at = next;
    }
    size_t culprit = trace_culprit(trace);
    if (culprit != TRACE_NONE && culprit >= trace->steps.len) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace *trace = trace_new();
    struct opa_stream stream = {.member = on_member, .event = on_event, .data = trace};
    size_t half = size / 3;
    opa_stream_feed(&stream, str_make((const char *)data, half));
    opa_stream_feed(&stream, str_make((const char *)data + half, size - half));
    opa_stream_free(&stream);
    trace_relocate(trace, same_place, NULL);
    trace_finish(trace);
    walk(trace);
    trace_free(trace);
    return 0;
}
