/* The block parser and renderer behind markdown.h. */
#ifndef BYLAW_SYNTAX_MARKDOWN_BLOCKS_H
#define BYLAW_SYNTAX_MARKDOWN_BLOCKS_H

#include "syntax/styled.h"
#include "syntax/syntax.h"

/* What decides whether an empty line comes before the next block. */
struct block_state {
    bool any;      /* there was a block */
    bool spacious; /* it wants an empty line after it (heading, code, table) */
    bool blank;    /* empty lines followed it */
};

/* A place between two top-level blocks. */
struct block_checkpoint {
    size_t offset; /* in the text */
    size_t lines;  /* rendered before it */
    struct block_state state;
};

/* The colours of the code block that is being written: found anew with each line of it, not with
 * each piece of a line. */
struct code_cache {
    const struct language *language;
    struct buf code;
    struct syntax_spans spans;
};
void code_cache_free(struct code_cache *cache);

/* Renders the text from *done on into lines, and moves *done to the last place before which nothing
 * can change when text is added. `text` is safe, without TAB and CR. */
void blocks_render(struct str text, struct block_checkpoint *done, bool open_end, size_t width,
    struct code_cache *cache, struct styled_lines *lines);

/* Tables (markdown_table.c). */
bool table_is_delimiter_row(struct str line);
size_t table_columns(struct str line);
/* `rows`: the header, the delimiter row, then the body. */
void table_render(struct styled *out, const struct str *rows, size_t count, bool open_end);

#endif
