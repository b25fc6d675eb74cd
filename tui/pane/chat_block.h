/* One entry of the transcript as lines: the part of chat_view that knows what entries look like. */
#ifndef BYLAW_PANE_CHAT_BLOCK_H
#define BYLAW_PANE_CHAT_BLOCK_H

#include "agent/session.h"
#include "screen/grid.h"
#include "syntax/markdown.h"

struct chat_span {
    size_t start, end;
    struct style style;
};

/* A line of our own, not from Markdown. */
struct chat_line {
    struct buf text;
    struct {
        struct chat_span *items;
        size_t len, cap;
    } spans;
    int indent;
};

struct chat_lines {
    struct chat_line *items;
    size_t len, cap;
};

struct block {
    unsigned id;
    /* What the lines were made from; version 0: nothing yet. */
    unsigned version;
    int cols, ambiguous; /* utf8_ambiguous_width */
    bool headed;         /* has "Agent" above it */
    bool folded;
    bool fold_chosen; /* the person folded or unfolded it */
    bool rendered;
    size_t estimate; /* rows, while not rendered */
    struct chat_lines head, body, tail;
    struct markdown *markdown; /* between head and tail, instead of body */
    size_t markdown_taken;
    const struct styled_lines *markdown_lines;
};

void block_free(struct block *block);
/* Brings the lines up to date. `headed`: the first of the agent's entries after another's. */
void block_render(struct block *block, const struct entry *entry, int cols, bool headed);
/* Rows, without the empty line before it. */
size_t block_rows(const struct block *block);
size_t block_estimate(const struct entry *entry, int cols, bool folded);
bool block_can_fold(const struct entry *entry);
/* What the agent said or did: "Agent" stands above the first of a run of them. */
bool block_is_agent(const struct entry *entry);
/* An empty line comes between these two. */
bool block_is_apart(const struct entry *before, const struct entry *entry);
/* Appends the text of a row as it is drawn, with blanks for its indentation. */
void block_row_text(
    const struct block *block, const struct entry *entry, size_t row, struct buf *out);
/* Draws row `row` of the block. */
void block_draw_row(const struct block *block, const struct entry *entry, size_t row,
    struct region region, uint64_t now_ms);

#endif
