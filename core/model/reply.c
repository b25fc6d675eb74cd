#include "model/reply.h"

#include "base/safe.h"

#include <stdlib.h>
#include <strings.h>

#define ERROR_BODY_MAX ((size_t)64 << 10)

enum body_kind {
    BODY_UNKNOWN, /* not said to be an event stream: its first bytes decide */
    BODY_EVENTS,
    BODY_ERROR, /* the status is an error: the body says why */
    BODY_OTHER  /* a page or a document where events were expected */
};

struct reply {
    const struct wire_ops *wire;
    struct wire_parser *parser;
    struct sse *sse;
    struct wire_out out;
    enum body_kind kind;
    int status;
    char *content_type;
    struct http_fields *fields; /* of an error */
    struct buf body;
    bool over;
};

static void pass_event(void *data, const struct event *event)
{
    struct reply *reply = data;
    if (reply->over) {
        return;
    }
    if (event->kind == EVENT_DONE || event->kind == EVENT_ERROR) {
        reply_stop(reply);
    }
    reply->out.event(reply->out.data, event);
}

static void pass_failure(void *data, const struct failure *failure)
{
    struct reply *reply = data;
    if (reply->over) {
        return;
    }
    reply_stop(reply);
    reply->out.failed(reply->out.data, failure);
}

static void on_sse(void *data, const struct sse_event *event)
{
    struct reply *reply = data;
    reply->wire->read(reply->parser, event);
}

struct reply *reply_new(
    const struct wire_ops *wire, const struct request *request, const struct wire_out *out)
{
    struct reply *reply = MEM_NEW(struct reply);
    reply->wire = wire;
    reply->out = *out;
    struct wire_out inner = {
        .event = pass_event, .failed = pass_failure, .data = reply, .names = out->names};
    reply->parser = wire->open(request, &inner);
    reply->sse = sse_new(on_sse, reply);
    return reply;
}

void reply_free(struct reply *reply)
{
    if (reply != NULL) {
        reply->wire->close(reply->parser);
        sse_free(reply->sse);
        http_fields_free(reply->fields);
        free(reply->content_type);
        buf_free(&reply->body);
        free(reply);
    }
}

void reply_stop(struct reply *reply)
{
    reply->over = true;
    sse_stop(reply->sse);
}

bool reply_is_over(const struct reply *reply)
{
    return reply->over;
}

void reply_head(struct reply *reply, int status, const struct http_fields *fields)
{
    const char *type = http_field(fields, "content-type");
    reply->status = status;
    reply->content_type = mem_strdup(type);
    if (status < 200 || status >= 300) {
        reply->kind = BODY_ERROR;
        reply->fields = http_fields_new();
        for (size_t i = 0; i < http_fields_count(fields); i++) {
            const char *name;
            const char *value;
            http_fields_get(fields, i, &name, &value);
            http_fields_add(reply->fields, name, value);
        }
    } else if (type != NULL && strncasecmp(type, "text/event-stream", 17) == 0) {
        reply->kind = BODY_EVENTS;
    }
}

/* Some servers and proxies name a stream wrongly. What begins like a field of one is one. */
static void guess_kind(struct reply *reply)
{
    static const char *const beginnings[] = {"data:", "event:", "id:", "retry:", ":"};
    struct str body = str_trim(buf_str(&reply->body));
    bool may_become = body.len == 0;
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        if (str_starts(body, beginnings[i])) {
            reply->kind = BODY_EVENTS;
            return;
        }
        may_become = may_become || (body.len < strlen(beginnings[i]) &&
                                       strncmp(beginnings[i], body.ptr, body.len) == 0);
    }
    if (!may_become) {
        reply->kind = BODY_OTHER;
    }
}

void reply_bytes(struct reply *reply, struct str bytes)
{
    if (reply->over) {
        return;
    }
    if (reply->kind == BODY_EVENTS) {
        sse_feed(reply->sse, bytes);
        return;
    }
    if (reply->kind != BODY_UNKNOWN) {
        size_t room = ERROR_BODY_MAX - reply->body.len;
        buf_append_str(&reply->body, str_slice(bytes, 0, room));
        return;
    }
    buf_append_str(&reply->body, bytes);
    guess_kind(reply);
    if (reply->kind == BODY_EVENTS) {
        sse_feed(reply->sse, buf_str(&reply->body));
    } else if (reply->body.len > ERROR_BODY_MAX) {
        reply->kind = BODY_OTHER;
        reply->body.len = ERROR_BODY_MAX;
    }
}

static void fail_other(struct reply *reply)
{
    char *code = NULL;
    char *message = failure_message(buf_str(&reply->body), &code);
    char *type = safe_dup(
        str_of(reply->content_type == NULL ? "no type" : reply->content_type), SAFE_ONE_LINE, 80);
    struct failure failure = {.status = reply->status};
    const struct endpoint_names *names = &reply->out.names;
    err_set(&failure.error, ERR_EXTERNAL,
        "%s answered with %s instead of a stream of events: check base_url (it usually ends in "
        "/v1) and wire_api%s%s",
        names->url == NULL ? names->host : names->url, type,
        message[0] == '\0' ? "" : ". It says: ", message);
    pass_failure(reply, &failure);
    free(type);
    free(message);
    free(code);
}

void reply_end(struct reply *reply, const struct http_result *result)
{
    if (reply->over) {
        return;
    }
    struct failure failure;
    if (reply->kind == BODY_ERROR) {
        /* Also when the error's body broke off: the status says enough. */
        failure_from_status(
            &failure, &reply->out.names, reply->status, reply->fields, buf_str(&reply->body));
        pass_failure(reply, &failure);
    } else if (result->failure != HTTP_OK) {
        failure_from_transport(&failure, &reply->out.names, result);
        pass_failure(reply, &failure);
    } else if (reply->kind == BODY_OTHER || (reply->kind == BODY_UNKNOWN && reply->body.len > 0)) {
        fail_other(reply);
    } else {
        sse_end(reply->sse);
        if (!reply->over) {
            reply->wire->end(reply->parser);
        }
    }
}
