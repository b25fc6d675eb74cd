/* Builds styled lines: prefixes of nested blocks (quote bars, list indentation), runs of styled
 * text, wrapping at words. Used by the Markdown renderer only. */
#ifndef BYLAW_SYNTAX_STYLED_H
#define BYLAW_SYNTAX_STYLED_H

#include "syntax/markdown.h"

/* A piece of inline text. A line feed in it is a forced break. */
struct run {
    struct str text; /* borrowed: the source or the owner's buffer */
    uint8_t capture;
    uint8_t attrs;
};

struct runs {
    struct run *items;
    size_t len, cap;
};

enum { PREFIX_DEPTH_MAX = 24 };

struct prefix {
    char first[16]; /* on the block's first line */
    char rest[16];  /* on the others, as wide */
    uint8_t capture;
    bool used;
};

struct styled {
    struct styled_lines lines;
    size_t width;
    struct prefix prefixes[PREFIX_DEPTH_MAX];
    size_t depth;
    size_t prefix_columns;
    /* The line being built. */
    struct buf text;
    struct {
        struct styled_span *items;
        size_t len, cap;
    } spans;
    bool open;
};

void styled_free(struct styled *styled); /* not its lines */
/* False when nothing more fits: the caller goes on without it and must not pop. */
bool styled_push(struct styled *styled, const char *first, const char *rest, enum capture capture);
void styled_pop(struct styled *styled);
/* Columns left for text. */
size_t styled_room(const struct styled *styled);
void styled_begin(struct styled *styled);
void styled_add(struct styled *styled, struct str text, unsigned capture, unsigned attrs);
void styled_end(struct styled *styled, bool code);
/* An empty line with the prefixes of the blocks around (trailing blanks cut). */
void styled_blank(struct styled *styled);
/* Text broken at words (anywhere for a word longer than a line), with the prefixes. */
void styled_wrap(struct styled *styled, const struct runs *runs);
/* The same without prefixes into lines of their own, for table cells. */
struct styled_lines styled_wrap_alone(const struct runs *runs, size_t columns);
/* Text cut hard at the width, for code. */
void styled_wrap_code(struct styled *styled, const struct runs *runs);
size_t runs_width(const struct runs *runs);

#endif
