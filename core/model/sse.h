/* Server-sent events (WHATWG HTML, "Server-sent events", parsing an event stream), incrementally:
 * the same events come out however the bytes are cut.
 *
 * Lines end in LF, CR or CR LF; several data lines join with LF; a byte order mark at the start and
 * comment lines are dropped; "id" and "retry" are of no use for one answer and are ignored. Other
 * than the standard, an event that the end of the stream cuts off before its blank line is given
 * out too (sse_end): several model servers leave the last one out. */
#ifndef BYLAW_MODEL_SSE_H
#define BYLAW_MODEL_SSE_H

#include "base/str.h"

/* Bytes of one event's data; a longer one is told as too_large, without its data. */
#define SSE_EVENT_MAX ((size_t)1 << 20)

/* Borrowed for the length of the callback. */
struct sse_event {
    struct str type; /* "message" when the stream names none */
    struct str data;
    bool too_large;
};

struct sse;
/* May call sse_stop, not sse_free. */
typedef void (*sse_fn)(void *data, const struct sse_event *event);

struct sse *sse_new(sse_fn on_event, void *data) MUST_USE;
void sse_free(struct sse *sse);
void sse_feed(struct sse *sse, struct str bytes);
/* No more bytes come: gives out what is left. */
void sse_end(struct sse *sse);
/* No more events after this, not even from bytes that were already given. */
void sse_stop(struct sse *sse);

#endif
