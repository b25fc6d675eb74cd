#include "event_log.h"

#include "test.h"

#include <stdio.h>

static void append_more(struct event_log *log, const struct event *event, const char *name)
{
    if (log->last == event->kind && log->text.len > 0) {
        log->text.len -= 2; /* ")\n" */
        buf_append_str(&log->text, event->text);
    } else {
        buf_printf(&log->text, "%s(%.*s", name, STR_FMT(event->text));
    }
    buf_append_c(&log->text, ")\n");
}

static void append(struct event_log *log, const struct event *event)
{
    struct buf *out = &log->text;
    const char *id = event->call_id == NULL ? "-" : event->call_id;
    const char *name = event->name == NULL ? "-" : event->name;
    switch (event->kind) {
    case EVENT_STARTED:
        buf_printf(out, "started(%.*s)\n", STR_FMT(event->text));
        break;
    case EVENT_TEXT:
        append_more(log, event, "text");
        break;
    case EVENT_REASONING:
        append_more(log, event, "reasoning");
        break;
    case EVENT_REASONING_DONE:
        buf_printf(out, "reasoning_done(%.*s|%s)\n", STR_FMT(event->text),
            event->opaque == NULL ? "-" : event->opaque);
        break;
    case EVENT_TOOL_CALL_PART:
        break; /* for live display; the whole follows */
    case EVENT_TOOL_CALL:
        buf_printf(out, "call(%s|%s|%.*s)\n", id, name, STR_FMT(event->text));
        break;
    case EVENT_ACTIVITY:
        buf_printf(out, "activity(%s|%s|%.*s)\n", id, name, STR_FMT(event->text));
        break;
    case EVENT_ACTIVITY_PART:
        break; /* the whole follows */
    case EVENT_ACTIVITY_DONE:
        buf_printf(
            out, "%s(%s|%.*s)\n", event->failed ? "failed" : "ended", id, STR_FMT(event->text));
        break;
    case EVENT_APPROVAL:
        buf_printf(out, "asks(%s|%.*s)\n", id, STR_FMT(event->text));
        break;
    case EVENT_UNASK:
        buf_printf(out, "unasks(%s)\n", id);
        break;
    case EVENT_USAGE:
        buf_printf(out, "usage(%lld,%lld,%lld,%lld,%lld)\n", event->usage.input_tokens,
            event->usage.cached_tokens, event->usage.output_tokens, event->usage.reasoning_tokens,
            event->usage.written_tokens);
        break;
    case EVENT_WARNING:
        buf_printf(out, "warning(%.*s)\n", STR_FMT(event->text));
        break;
    case EVENT_RETRY:
        log->retries++;
        log->retry_ms = event->retry_ms;
        buf_printf(out, "retry(%d|%.*s)\n", event->http_status, STR_FMT(event->text));
        break;
    case EVENT_ERROR:
        log->error = event->error;
        log->retryable = event->retryable;
        buf_printf(out, "error(%s|%d|%s)\n", event->retryable ? "again" : "final",
            event->http_status, event->error.text);
        break;
    case EVENT_DONE:
        buf_printf(out, "done(%s)\n",
            (const char *const[]){"end", "tool_calls", "length", "filter", "other"}[event->stop]);
        break;
    }
}

void event_log_add(void *data, const struct event *event)
{
    struct event_log *log = data;
    assert_false(log->over); /* nothing comes after the last event or a cancel */
    append(log, event);
    log->last = event->kind;
    log->events++;
    if (event->kind == EVENT_DONE || event->kind == EVENT_ERROR) {
        log->ends++;
        log->over = true;
    } else if (log->events == log->cancel_at) {
        log->over = true;
        provider_cancel(log->provider, log->stream);
    }
}

void event_log_run(struct event_log *log, struct loop *loop, struct provider *provider,
    const struct request *request)
{
    struct err err;
    buf_append_c(&log->text, "");
    log->provider = provider;
    log->stream = provider_start(provider, request, event_log_add, log, &err);
    if (log->stream == NULL) {
        fail_msg("not started: %s", err.text);
    }
    assert_int_equal(log->events, 0);
    if (!loop_run_until(loop, &log->over, 240000)) {
        fail_msg("the stream did not end; so far:\n%s", log->text.ptr);
    }
}

void event_log_free(struct event_log *log)
{
    buf_free(&log->text);
}
