/* The trees that lie over one place of a text: the host's and that of the language inside. What
 * asks trees about a place (folds, brackets, context, indentation, objects) goes through here.
 * Internal to core/syntax; offsets are bytes of the piece unless said otherwise. */
#ifndef BYLAW_SYNTAX_LAYER_H
#define BYLAW_SYNTAX_LAYER_H

#include "syntax/internal.h"

/* What all questions between two calls of syntax_parse may parse together, before they answer with
 * what there is: a long parse must not be gone on with by each question of a frame. */
#define LAYER_BUDGET_US 3000
/* What one question may take to look at the tree again and again (a scan over a broken text). */
#define LAYER_SCAN_US 2000

struct layer {
    const struct language *language;
    const struct piece *piece;
    const struct injection *injection; /* NULL: the host's tree */
    TSNode root;
    struct source_window text; /* the piece's */
    uint64_t stop_us;          /* when a scan gives up; 0: never */
};

/* Brings the trees of [from, to) (bytes of the whole text) up to date as far as the budget goes,
 * without dropping others. */
void layer_prepare(struct syntax *syntax, size_t from, size_t to);
/* The host's tree and, when there is one, the tree inside at `offset` (of the whole text), in this
 * order. Returns how many: 0 when nothing is parsed there. */
size_t layers_at(const struct syntax *syntax, size_t offset, struct layer layers[2]);
/* The injection that holds the offset (of the piece): between its first and last byte, in the
 * indentation of its lines, or just behind its last byte when that ends no line. NULL: none. */
const struct injection *injection_at(const struct piece *piece, size_t offset);

/* The row of an offset of the whole text: counts within one piece. */
size_t syntax_row_of(const struct syntax *syntax, size_t offset);

/* Start of the line that `offset` is in, and the offset of its line feed (or the end). */
size_t source_line_start(const struct source_window *text, size_t offset);
size_t source_line_end(const struct source_window *text, size_t offset);
/* The first byte from `at` on that is no blank or TAB, at most `end`. */
size_t source_skip_blanks(const struct source_window *text, size_t at, size_t end);

/* The nodes that hold [from, to), the root first; each level is searched once, which
 * ts_node_parent does not. At most PATH_MAX_NODES; what is below is left out. */
#define PATH_MAX_NODES 256
struct node_path {
    TSNode nodes[PATH_MAX_NODES];
    size_t len;
};
void layer_path(const struct layer *layer, size_t from, size_t to, struct node_path *path);
/* The bracket (a token of its own) that a node is, or 0. */
int node_bracket(TSNode node);
/* The nearest opening bracket that nothing before `at` closes, within BRACKET_SCAN_MAX. */
bool layer_open_bracket(const struct layer *layer, size_t at, size_t *open);
/* The lines around `node`, which must be the first thing on its line, that begin with the same sign
 * at its column. False when it is not. Rows and bytes; `end` is the last line's line feed. */
struct line_run {
    size_t first_row, last_row;
    size_t start, end;
};
bool layer_line_run(const struct layer *layer, TSNode node, const char *sign, struct line_run *run);

/* The last row a node has something on. A YAML node takes in the comments behind it: those that
 * stand no further in than the node begins, and blank lines, are left out. */
uint32_t node_last_row(const struct layer *layer, TSNode node);

#endif
