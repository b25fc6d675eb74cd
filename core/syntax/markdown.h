/* Markdown as styled lines of a given width: what a model writes, shown while it is being written.
 *
 * Text is appended as it arrives; lines are rendered when asked for, and only from the last blocks
 * on, so that a long answer costs no more a token than a short one. What is not complete yet
 * (`**bold` without its end, an open fence, half a table) is shown as what it will most likely be.
 * The result depends only on the text so far, not on how it was cut into pieces.
 *
 * Understood are headings, paragraphs, nested and task lists, block quotes, fenced and indented
 * code, tables, rules, emphasis, strong, strikethrough, code spans, links, images (as links),
 * autolinks, escapes and the common entities: GitHub's dialect without HTML (shown as text) and
 * without link reference definitions.
 *
 * The text is untrusted: hidden characters are made visible (base/safe.h), TAB is 4 columns, and
 * what is beyond MARKDOWN_TEXT_MAX is cut with a line that says so. No curses here: a line is text
 * and spans of capture styles. */
#ifndef BYLAW_SYNTAX_MARKDOWN_H
#define BYLAW_SYNTAX_MARKDOWN_H

#include "syntax/capture.h"

#define MARKDOWN_TEXT_MAX ((size_t)4 << 20)

enum styled_attr {
    STYLED_BOLD = 1,
    STYLED_ITALIC = 2,
    STYLED_STRIKE = 4,
    STYLED_UNDERLINE = 8,
};

struct styled_span {
    uint32_t start, end; /* bytes of the line's text; spans are in order and do not overlap */
    uint8_t capture;     /* enum capture */
    uint8_t attrs;       /* enum styled_attr */
};

/* Text between spans has no style. */
struct styled_line {
    char *text; /* valid UTF-8 without control characters; NUL-terminated */
    size_t len;
    struct styled_span *spans;
    size_t span_count;
    bool code; /* a line of a code block: indented by what the block is indented */
};

struct styled_lines {
    struct styled_line *items;
    size_t len, cap;
};

void styled_lines_free(struct styled_lines *lines);
/* Frees the lines from `count` on. */
void styled_lines_truncate(struct styled_lines *lines, size_t count);

struct markdown;

struct markdown *markdown_new(void) MUST_USE;
void markdown_free(struct markdown *md);
/* Columns to wrap to, at least 10 (the default is 80). */
void markdown_set_width(struct markdown *md, size_t columns);
void markdown_append(struct markdown *md, struct str text);
/* Nothing more will come: what is incomplete is shown as it is. */
void markdown_finish(struct markdown *md);
/* The lines of all there is; borrowed until the next call that changes something. */
const struct styled_lines *markdown_lines(struct markdown *md);
/* Lines below this number have not changed since the call of markdown_lines before the last. */
size_t markdown_unchanged(const struct markdown *md);

/* The whole in one call; the caller frees the lines. */
struct styled_lines markdown_render(struct str text, size_t columns) MUST_USE;

#endif
