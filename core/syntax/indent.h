/* The indentation a line should have. In bracketed languages from the tree and the language's
 * indents.scm (@indent.begin: what is below one of these nodes is a level in, counted from the line
 * it begins in; @indent.branch: these tokens stand where that line does; @indent.ignore: lines in
 * such a node stay). In YAML from the lines above, since there the indentation is the structure.
 * Inside an injection by the inner language, from the inner text's left edge. Positions as in
 * syntax.h. */
#ifndef BYLAW_SYNTAX_INDENT_H
#define BYLAW_SYNTAX_INDENT_H

#include "syntax/syntax.h"

struct indent_style {
    unsigned width;     /* blanks a level; 0: a tab (in YAML two blanks) */
    unsigned tab_width; /* columns of a tab already there; 0: 4 */
};

/* Appends the indentation for the text at `offset` when a line break is put before it. */
void syntax_indent_new_line(
    struct syntax *syntax, size_t offset, const struct indent_style *style, struct buf *out);
/* Appends the indentation the line that `offset` is in should have. False: it must stay as it is (a
 * line of a multi-line string, of a YAML host, or a blank one). */
bool syntax_indent_line(
    struct syntax *syntax, size_t offset, const struct indent_style *style, struct buf *out);

struct indent_edit {
    size_t start, end; /* the old indentation */
    char *with;        /* owned */
};

struct indent_edits {
    struct indent_edit *items;
    size_t len, cap;
};

/* Appends what re-indents the lines that touch [from, to), in order; lines that are right already
 * are left out. Each is computed from the lines above as they will be. */
void syntax_reindent(struct syntax *syntax, size_t from, size_t to,
    const struct indent_style *style, struct indent_edits *out);
void indent_edits_free(struct indent_edits *edits);

#endif
