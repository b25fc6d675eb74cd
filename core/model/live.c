#include "model/live.h"

#include "base/log.h"
#include "base/vec.h"
#include "model/recorder.h"
#include "model/reply.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_RETRIES   4
#define RETRY_BASE_MS 500
#define MAX_WAIT_MS   60000

struct live {
    struct provider base;
    struct loop *loop;
    struct http *http;
    const struct wire_ops *wire;
    char *url;
    char *host;
    char *key_name;
    char *unix_socket;
    char *summary;
    struct {
        char **items;
        size_t len, cap;
    } headers; /* NULL-terminated */
    bool has_key;
    bool allow_plain_http;
    struct wire_quirks quirks;
    int max_retries;
    uint64_t retry_base_ms;
    uint64_t max_wait_ms;
    uint64_t connect_timeout_ms;
    uint64_t idle_timeout_ms;
    struct recorder *recorder;
    struct {
        struct stream **items;
        size_t len, cap;
    } streams;
    int refs; /* the owner's and one for each stream: a stream's callback may free the provider */
};

struct stream {
    struct live *live;
    event_fn on_event;
    void *data;
    char *body;
    char *model;
    struct request request; /* for the parser of each try: tools by name, no items */
    struct tool_spec *tools;
    struct http_request *http;
    struct reply *reply;
    struct loop_timer *timer; /* waits for the next try */
    int tries;
    int depth;    /* we are inside a callback: freeing waits */
    bool started; /* EVENT_STARTED was told */
    bool over;
};

static void drop_ref(struct live *live)
{
    if (--live->refs > 0) {
        return;
    }
    VEC_FOREACH (char *, header, &live->headers) {
        if (*header != NULL) {
            explicit_bzero(*header, strlen(*header));
        }
        free(*header);
    }
    VEC_FREE(&live->headers);
    VEC_FREE(&live->streams);
    free(live->url);
    free(live->host);
    free(live->key_name);
    free(live->unix_socket);
    free(live->summary);
    free(live);
}

/* --- a stream's life ----------------------------------------------------------------------------
 */

static void free_stream(struct stream *stream)
{
    struct live *live = stream->live;
    for (size_t i = 0; i < live->streams.len; i++) {
        if (live->streams.items[i] == stream) {
            VEC_REMOVE(&live->streams, i);
            break;
        }
    }
    reply_free(stream->reply);
    loop_timer_free(stream->timer);
    for (size_t i = 0; i < stream->request.tool_count; i++) {
        free((char *)stream->tools[i].name);
    }
    free(stream->tools);
    free(stream->body);
    free(stream->model);
    free(stream);
    drop_ref(live);
}

static void enter(struct stream *stream)
{
    stream->depth++;
}

static void leave(struct stream *stream)
{
    if (--stream->depth == 0 && stream->over) {
        free_stream(stream);
    }
}

/* Stops everything that could call back. The stream goes when the last callback has returned. */
static void stop(struct stream *stream)
{
    stream->over = true;
    loop_timer_stop(stream->timer);
    if (stream->http != NULL) {
        http_cancel(stream->http);
        stream->http = NULL;
    }
    if (stream->reply != NULL) {
        reply_stop(stream->reply);
    }
}

static void tell(struct stream *stream, const struct event *event)
{
    if (!stream->over) {
        stream->on_event(stream->data, event);
    }
}

static void tell_last(struct stream *stream, const struct event *event)
{
    if (!stream->over) {
        event_fn on_event = stream->on_event;
        stop(stream);
        on_event(stream->data, event);
    }
}

static void record_end(struct stream *stream, bool cut)
{
    if (stream->live->recorder != NULL) {
        recorder_end(stream->live->recorder, stream, cut);
    }
}

static void on_reply_event(void *data, const struct event *event)
{
    struct stream *stream = data;
    if (event->kind == EVENT_DONE) {
        record_end(stream, false);
        tell_last(stream, event);
        return;
    }
    if (event->kind == EVENT_STARTED && stream->started) {
        return; /* the second try of one request is no second start */
    }
    stream->started = stream->started || event->kind == EVENT_STARTED;
    tell(stream, event);
}

static void tell_failure(struct stream *stream, const struct failure *failure)
{
    struct event event = {.kind = EVENT_ERROR,
        .error = failure->error,
        .retryable = failure->retryable,
        .http_status = failure->status};
    tell_last(stream, &event);
}

/* Exponential, with up to a quarter taken off so that many clients do not come back together. */
static uint64_t backoff(const struct live *live, int tries)
{
    uint64_t wait = live->retry_base_ms << (tries < 10 ? tries : 10);
    uint64_t spread = wait / 4;
    return wait - (spread == 0 ? 0 : loop_now_us() % (spread + 1));
}

static void on_reply_failed(void *data, const struct failure *failure)
{
    struct stream *stream = data;
    struct live *live = stream->live;
    uint64_t wait = failure->has_wait ? failure->wait_ms : backoff(live, stream->tries);
    if (!failure->retryable || stream->tries >= live->max_retries) {
        record_end(stream, true);
        tell_failure(stream, failure);
        return;
    }
    if (wait > live->max_wait_ms) {
        struct failure longer = *failure;
        size_t len = strlen(longer.error.text);
        snprintf(longer.error.text + len, sizeof longer.error.text - len,
            ". It asks to wait %llu s", (unsigned long long)(wait / 1000));
        record_end(stream, true);
        tell_failure(stream, &longer);
        return;
    }
    if (live->recorder != NULL) {
        recorder_drop(live->recorder, stream);
    }
    stream->tries++;
    if (stream->http != NULL) {
        http_cancel(stream->http);
        stream->http = NULL;
    }
    loop_timer_start(stream->timer, wait, 0);
    struct event event = {.kind = EVENT_RETRY,
        .text = str_of(failure->error.text),
        .error = failure->error,
        .retryable = true,
        .http_status = failure->status,
        .retry_ms = wait};
    tell(stream, &event);
}

/* --- the request --------------------------------------------------------------------------------
 */

static void on_head(void *data, const struct http_head *head)
{
    struct stream *stream = data;
    enter(stream);
    if (stream->live->recorder != NULL) {
        recorder_head(stream->live->recorder, stream, head->status, head->fields);
    }
    reply_head(stream->reply, head->status, head->fields);
    leave(stream);
}

static void on_body(void *data, struct str bytes)
{
    struct stream *stream = data;
    enter(stream);
    if (stream->live->recorder != NULL) {
        recorder_bytes(stream->live->recorder, stream, bytes);
    }
    reply_bytes(stream->reply, bytes);
    leave(stream);
}

static void on_done(void *data, const struct http_result *result)
{
    struct stream *stream = data;
    enter(stream);
    stream->http = NULL;
    reply_end(stream->reply, result);
    leave(stream);
}

static void send_request(struct stream *stream)
{
    struct live *live = stream->live;
    struct wire_out out = {.event = on_reply_event,
        .failed = on_reply_failed,
        .data = stream,
        .names = {.host = live->host,
            .url = live->url,
            .model = stream->model,
            .key_name = live->key_name,
            .has_key = live->has_key}};
    reply_free(stream->reply);
    stream->reply = reply_new(live->wire, &stream->request, &out);
    struct http_options options = {.url = live->url,
        .headers = (const char *const *)live->headers.items,
        .body = str_of(stream->body),
        .unix_socket = live->unix_socket,
        .allow_plain_http = live->allow_plain_http,
        .connect_timeout_ms = live->connect_timeout_ms,
        .idle_timeout_ms = live->idle_timeout_ms,
        .on_head = on_head,
        .on_body = on_body,
        .on_done = on_done,
        .data = stream};
    struct failure failure = {0};
    stream->http = http_start(live->http, &options, &failure.error);
    if (stream->http == NULL) {
        tell_failure(stream, &failure);
    }
}

static void on_timer(void *data)
{
    struct stream *stream = data;
    enter(stream);
    send_request(stream);
    leave(stream);
}

static void copy_tools(struct stream *stream, const struct request *request)
{
    stream->tools = mem_zalloc((request->tool_count + 1) * sizeof *stream->tools);
    for (size_t i = 0; i < request->tool_count; i++) {
        stream->tools[i].name = mem_strdup(request->tools[i].name);
        stream->tools[i].freeform = request->tools[i].freeform;
    }
    stream->request.tools = stream->tools;
    stream->request.tool_count = request->tool_count;
}

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    struct live *live = (struct live *)provider;
    char *body = live->wire->write(&live->quirks, request, err);
    if (body == NULL) {
        return NULL;
    }
    struct stream *stream = MEM_NEW(struct stream);
    stream->live = live;
    stream->on_event = on_event;
    stream->data = data;
    stream->body = body;
    stream->model = mem_strdup(request->model);
    copy_tools(stream, request);
    stream->timer = loop_timer_new(live->loop, on_timer, stream);
    loop_timer_start(stream->timer, 0, 0);
    VEC_PUSH(&live->streams, stream);
    live->refs++;
    if (live->recorder != NULL) {
        recorder_begin(live->recorder, stream, live->wire->name, request);
    }
    return stream;
}

static void cancel(struct stream *stream)
{
    if (stream->over) {
        return;
    }
    record_end(stream, true);
    stop(stream);
    if (stream->depth == 0) {
        free_stream(stream);
    }
}

static void free_provider(struct provider *provider)
{
    struct live *live = (struct live *)provider;
    live->recorder = NULL;
    for (size_t i = live->streams.len; i > 0; i--) {
        cancel(live->streams.items[i - 1]);
    }
    drop_ref(live);
}

/* --- making one ---------------------------------------------------------------------------------
 */

static const struct provider_ops responses_ops = {
    .name = "responses", .start = start, .cancel = cancel, .free = free_provider};
static const struct provider_ops chat_ops = {
    .name = "chat", .start = start, .cancel = cancel, .free = free_provider};

static void set_headers(struct live *live, const struct live_options *options)
{
    VEC_PUSH(&live->headers, mem_strdup("Content-Type: application/json"));
    VEC_PUSH(&live->headers, mem_strdup("Accept: text/event-stream"));
    if (options->api_key != NULL) {
        secret_register(str_of(options->api_key));
        VEC_PUSH(&live->headers, mem_printf("Authorization: Bearer %s", options->api_key));
    }
    for (size_t i = 0; options->headers != NULL && options->headers[i] != NULL; i++) {
        VEC_PUSH(&live->headers, mem_strdup(options->headers[i]));
    }
    VEC_PUSH(&live->headers, NULL);
}

static bool check_headers(const struct live_options *options, struct err *err)
{
    if (options->api_key != NULL && strpbrk(options->api_key, "\r\n") != NULL) {
        return err_set(err, ERR_INVALID, "the key from %s has a line break in it",
            options->api_key_name == NULL ? "the configuration" : options->api_key_name);
    }
    for (size_t i = 0; options->headers != NULL && options->headers[i] != NULL; i++) {
        if (strpbrk(options->headers[i], "\r\n") != NULL ||
            strchr(options->headers[i], ':') == NULL) {
            return err_set(
                err, ERR_INVALID, "a header in http_headers is not one line of \"Name: value\"");
        }
    }
    return true;
}

struct provider *live_new(const struct live_options *options, struct err *err)
{
    if (!check_headers(options, err)) {
        return NULL;
    }
    char *host = http_check_url(
        options->base_url, options->unix_socket, options->allow_plain_http, NULL, err);
    if (host == NULL) {
        return NULL;
    }
    struct live *live = MEM_NEW(struct live);
    live->base.ops = options->wire == &wire_chat ? &chat_ops : &responses_ops;
    live->refs = 1;
    live->loop = options->loop;
    live->http = options->http;
    live->wire = options->wire;
    live->host = host;
    struct str base = str_of(options->base_url);
    while (str_ends(base, "/")) {
        base.len--;
    }
    bool has_query = options->query != NULL && options->query[0] != '\0';
    live->url = mem_printf("%.*s%s%s%s", STR_FMT(base), options->wire->path, has_query ? "?" : "",
        has_query ? options->query : "");
    live->key_name = mem_strdup(options->api_key_name);
    live->has_key = options->api_key != NULL;
    live->unix_socket = mem_strdup(options->unix_socket);
    live->allow_plain_http = options->allow_plain_http;
    live->summary = mem_strdup(options->quirks.reasoning_summary);
    live->quirks = options->quirks;
    live->quirks.reasoning_summary = live->summary;
    live->max_retries = options->max_retries < 0    ? 0
                        : options->max_retries == 0 ? MAX_RETRIES
                                                    : options->max_retries;
    live->retry_base_ms = options->retry_base_ms == 0 ? RETRY_BASE_MS : options->retry_base_ms;
    live->max_wait_ms = options->max_wait_ms == 0 ? MAX_WAIT_MS : options->max_wait_ms;
    live->connect_timeout_ms = options->connect_timeout_ms;
    live->idle_timeout_ms = options->idle_timeout_ms;
    set_headers(live, options);
    return &live->base;
}

bool live_record(struct provider *provider, struct recorder *recorder)
{
    if (provider->ops != &responses_ops && provider->ops != &chat_ops) {
        return false;
    }
    ((struct live *)provider)->recorder = recorder;
    return true;
}
