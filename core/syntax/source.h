/* How syntax reads the text it is attached to: in pieces, so that an editor's chunked buffer, a
 * plain string and one side of a diff all serve. */
#ifndef BYLAW_SYNTAX_SOURCE_H
#define BYLAW_SYNTAX_SOURCE_H

#include "base/str.h"

struct syntax_source {
    /* The bytes that lie together from `offset` on: at least one, and empty only at or past the
     * end. Borrowed until the text changes or read is called again. */
    struct str (*read)(void *data, size_t offset);
    /* All bytes of the text. */
    size_t (*size)(void *data);
    void *data;
};

/* A source over a string that stays where it is; *text is the caller's and may be replaced between
 * calls (then the owner calls syntax_edit or syntax_reset). */
struct syntax_source syntax_source_str(struct str *text);

/* A part of a source, [base, base + len). */
struct source_window {
    const struct syntax_source *source;
    size_t base;
    size_t len;
};

/* Bytes together at `offset` (of the window), cut at its end; empty at the end. */
struct str source_read(const struct source_window *window, size_t offset);
/* Appends [from, to) of the window to out. */
void source_append(const struct source_window *window, size_t from, size_t to, struct buf *out);
/* The byte at `offset`, or -1 past the end. */
int source_byte(const struct source_window *window, size_t offset);

#endif
