/* The answer of `opa eval --format json` while it comes: one object whose members are given whole
 * ("result", "errors", "metrics"), but for the events of "explanation", which are given one by one,
 * so that a trace of hundreds of megabytes is never held. Untrusted bytes; any thread. */
#ifndef BYLAW_ENGINE_OPA_STREAM_H
#define BYLAW_ENGINE_OPA_STREAM_H

#include "base/str.h"

#define OPA_STREAM_MEMBER_MAX ((size_t)16 << 20) /* longer ones are dropped and counted */
#define OPA_STREAM_EVENT_MAX  ((size_t)4 << 20)

struct opa_stream {
    /* Both borrow; `value` is the text between the commas, not checked yet. */
    void (*member)(void *data, struct str key, struct str value);
    void (*event)(void *data, struct str value);
    void *data;
    size_t dropped; /* pieces that were too long */
    /* Inside. */
    struct buf key, piece;
    unsigned depth;
    bool in_string, escaped, in_value, too_long, in_events;
    bool ended; /* the object's last brace has come */
};

/* Set the functions and the data of a zeroed struct, then feed. */
void opa_stream_feed(struct opa_stream *stream, struct str bytes);
void opa_stream_free(struct opa_stream *stream);

#endif
