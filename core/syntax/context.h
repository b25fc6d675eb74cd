/* Where one is: the chain of what encloses a place, for the lines kept at the top while scrolling
 * and for breadcrumbs. In Rego the rule; in YAML the keys and list items; in Markdown the headings;
 * in TOML the table; inside an injection the host's chain first. Walks up from the place: cheap
 * enough for every frame. Positions as in syntax.h. */
#ifndef BYLAW_SYNTAX_CONTEXT_H
#define BYLAW_SYNTAX_CONTEXT_H

#include "syntax/syntax.h"

#define CONTEXT_DEPTH_MAX 32

struct context_entry {
    const char *kind; /* as outline_entry's, and "item" (of a YAML list); static */
    char name[80];    /* safe to show: the rule's name, the key, "- name: web" of an item */
    const struct language *language;
    size_t start;               /* byte its header begins at */
    size_t header_row, end_row; /* end_row inclusive */
};

struct context {
    struct context_entry items[CONTEXT_DEPTH_MAX];
    size_t len;
};

/* The entries that hold `offset`, outermost first (the innermost CONTEXT_DEPTH_MAX when there are
 * more). An entry that begins in the offset's own row is among them. */
void syntax_context(struct syntax *syntax, size_t offset, struct context *out);
/* The language at the offset: the inner one in an injection, else the text's. NULL: plain text. */
const struct language *syntax_language_at(struct syntax *syntax, size_t offset);

#endif
