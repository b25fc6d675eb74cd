/* Bytes cut into lines, each with the ending it has, so that text can be put together again to the
 * byte. Pure functions, any thread. */
#ifndef BYLAW_PATCH_LINES_H
#define BYLAW_PATCH_LINES_H

#include "base/str.h"

struct line {
    struct str text;   /* without its ending; borrowed from the bytes that were split */
    struct str ending; /* "\n", "\r\n", "\r", or empty for a last line that has none */
};

struct lines {
    struct line *items;
    size_t len, cap;
};

enum lines_mode {
    LINES_LF, /* only LF ends a line; a CR before it stays in the text, as git sees it */
    LINES_ANY /* LF, CR LF and a lone CR end a line */
};

/* Appends the lines of `bytes`, which must outlive them. An empty input has no line. */
void lines_split(struct str bytes, enum lines_mode mode, struct lines *out);
void lines_free(struct lines *lines);
/* The line with its ending, as it stands in the bytes. */
struct str line_whole(struct line line);
/* The first ending found, or "\n". */
struct str lines_first_ending(const struct lines *lines);
/* The bytes of lines [from, to) as one view; they must come from one lines_split. */
struct str lines_range(const struct lines *lines, size_t from, size_t to);

#endif
