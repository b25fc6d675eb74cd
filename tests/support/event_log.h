/* The events of a stream written down as one line of text each, so that a test can compare them:
 *
 *     started(model) text(…) reasoning(…) reasoning_done(…|opaque) part(id|name|…)
 *     call(id|name|…) usage(in,cached,out,reasoning) warning(…) retry(status|…)
 *     error(retryable|status|…) done(stop)
 *
 * Pieces of text that follow each other are joined. */
#ifndef BYLAW_EVENT_LOG_H
#define BYLAW_EVENT_LOG_H

#include "loop/loop.h"
#include "model/provider.h"

struct event_log {
    struct buf text;
    enum event_kind last;
    int events;
    int ends; /* EVENT_DONE and EVENT_ERROR: must be 1 */
    bool over;
    struct err error;
    bool retryable;
    uint64_t retry_ms;
    int retries;
    /* Cancels the stream when so many events came; 0: never. */
    int cancel_at;
    struct provider *provider;
    struct stream *stream;
};

/* An event_fn whose data is a struct event_log. */
void event_log_add(void *data, const struct event *event);
/* Runs one request to its end (or its cancel) and returns the log, which the caller frees. */
void event_log_run(struct event_log *log, struct loop *loop, struct provider *provider,
    const struct request *request);
void event_log_free(struct event_log *log);

#endif
