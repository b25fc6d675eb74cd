/* One HTTP answer turned into events, wherever its bytes come from: the head decides whether it is
 * an event stream or an error's body, the bytes go through the SSE parser into the wire's parser,
 * the end decides whether the answer was whole. The live provider and the recording both feed one
 * of these. */
#ifndef BYLAW_MODEL_REPLY_H
#define BYLAW_MODEL_REPLY_H

#include "model/wire.h"

struct reply;

/* `out` hears of everything, ending with one EVENT_DONE or one failure, after which it hears no
 * more. It may call reply_stop from inside, not reply_free. The names in it are borrowed for the
 * reply's life. */
struct reply *reply_new(const struct wire_ops *wire, const struct request *request,
    const struct wire_out *out) MUST_USE;
void reply_free(struct reply *reply);
void reply_head(struct reply *reply, int status, const struct http_fields *fields);
void reply_bytes(struct reply *reply, struct str bytes);
/* The answer is over; result says how the transport saw it. */
void reply_end(struct reply *reply, const struct http_result *result);
void reply_stop(struct reply *reply);
bool reply_is_over(const struct reply *reply);

#endif
