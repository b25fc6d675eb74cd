/* Messages cut out of a stream of bytes, in the two ways that JSON-RPC peers frame them: a header
 * with Content-Length before each (LSP, base protocol of 3.17), or one JSON text a line (MCP, ACP,
 * the Codex app-server).
 *
 * The peer is not trusted. What stands before a header and is none (a stray print) is skipped, as
 * is the body of a message larger than the limit and a header without a usable length; each is told
 * once as noise and the next header is looked for, also in the middle of a line. Memory grows with
 * the bytes that come, never with the length that is announced. Pure: no clock, no loop; any
 * thread.
 */
#ifndef BYLAW_RPC_FRAME_H
#define BYLAW_RPC_FRAME_H

#include "base/str.h"

enum framing { FRAMING_HEADERS, FRAMING_LINES };

enum {
    FRAME_HEADER_MAX = 8192,             /* bytes of one message's header */
    FRAME_MESSAGE_MAX = 64 * 1024 * 1024 /* the usual limit of a message */
};

struct frames;

struct frame_sink {
    /* One whole message; the callee may take the buf's memory (and leave it empty). */
    void (*on_message)(void *data, struct buf *message);
    /* Something that is no message was skipped: what, in a few words of ours. */
    void (*on_noise)(void *data, const char *what);
    void *data;
};

/* max_message 0: FRAME_MESSAGE_MAX. */
struct frames *frames_new(
    enum framing framing, size_t max_message, const struct frame_sink *sink) MUST_USE;
void frames_free(struct frames *frames);
void frames_feed(struct frames *frames, struct str bytes);
/* The stream is over: what is left is noise (in FRAMING_LINES a last line without LF is a message).
 */
void frames_end(struct frames *frames);

/* Appends `message` framed. A message for FRAMING_LINES holds no LF (JSON need not). */
void frame_append(struct buf *out, enum framing framing, struct str message);

#endif
