/* Inline Markdown (emphasis, code, links) of one paragraph as runs of styled text. */
#ifndef BYLAW_SYNTAX_INLINE_H
#define BYLAW_SYNTAX_INLINE_H

#include "syntax/styled.h"

struct inline_text {
    struct runs runs; /* text borrowed from the source and from `owned` */
    struct buf owned;
};

/* `text` is the paragraph's lines joined with line feeds. `open_end`: more may follow, so what is
 * not closed counts as closed at the end. `capture` and `attrs` are what plain text has. */
struct inline_text inline_parse(
    struct str text, bool open_end, enum capture capture, unsigned attrs) MUST_USE;
void inline_free(struct inline_text *inline_text);

#endif
