/* The syntax of one text: trees kept up to date while it is edited, highlight spans, injections
 * (another language inside), outline and syntax errors.
 *
 * The text is read through a source (source.h) and never copied. A YAML stream is kept as one tree
 * per document: a "---" or "..." line at column 0 ends a document even inside a block scalar, so
 * the split is exact, an edit re-parses one document instead of the rest of the file, and the
 * grammar's limit of 32,767 rows applies to a document (a longer one is cut at a top-level line and
 * its parts are parsed apart; errors are not reported for these). Only the documents that are asked
 * for are parsed, and trees out of sight are dropped.
 *
 * Positions are bytes and rows of the whole text, from 0; columns are bytes. One thread at a time
 * for one struct syntax. Texts of 1 GiB or more have no syntax. */
#ifndef BYLAW_SYNTAX_SYNTAX_H
#define BYLAW_SYNTAX_SYNTAX_H

#include "syntax/capture.h"
#include "syntax/language.h"
#include "syntax/source.h"

#include <stdint.h>

struct syntax;

/* `language` may be NULL (plain text: no spans). The source is copied, its data is borrowed. */
struct syntax *syntax_new(const struct language *language, struct syntax_source source) MUST_USE;
void syntax_free(struct syntax *syntax);
void syntax_set_language(struct syntax *syntax, const struct language *language);
const struct language *syntax_language(const struct syntax *syntax);
/* The text was replaced as a whole. */
void syntax_reset(struct syntax *syntax);
/* The text was edited; the source gives the new text already. Points are rows and byte columns of
 * the whole text. Cheap: nothing is parsed here. */
void syntax_edit(struct syntax *syntax, const TSInputEdit *edit);

/* Parses what [from, to) needs, for at most about budget_us microseconds (0: as long as it takes).
 * True when all of it is up to date; false: call again, in the next frame. */
bool syntax_parse(struct syntax *syntax, size_t from, size_t to, uint64_t budget_us);

/* Goes on with a parse that ran out of time, whatever part it was of. True when there is none. */
bool syntax_go_on(struct syntax *syntax, uint64_t budget_us);
/* The part at `offset` takes longer than parsing.h allows (a large module that misses a brace): it
 * counts as up to date with the tree of before, if any, until it is edited. */
bool syntax_gave_up(const struct syntax *syntax, size_t offset);

struct syntax_span {
    size_t start, end;
    enum capture capture; /* never CAPTURE_NONE */
};

struct syntax_spans {
    struct syntax_span *items;
    size_t len, cap;
};

/* Appends the spans of [from, to) in order, without overlap, cut to the range. Inner nodes win over
 * outer ones, and of two patterns on one node the later in the query file. Works with the trees
 * there are: what is not parsed has no spans, what was edited since has the spans of before, moved
 * along with the text. What was asked for lately is remembered, so that only what has changed is
 * looked up. */
void syntax_highlight(struct syntax *syntax, size_t from, size_t to, struct syntax_spans *out);

/* True when [from, to) can be shown as it is and parsed afterwards: it was parsed and some of it
 * edited since, or it is so large that it has to wait anyway. */
bool syntax_is_edited(const struct syntax *syntax, size_t from, size_t to);
/* While held, questions about a place (folds, context, brackets, …) parse nothing: they answer with
 * the trees there are. */
void syntax_hold(struct syntax *syntax, bool hold);

/* The rows in [*from, *to) may look different since the last call, besides the edited ones (a brace
 * or a quote far above). False: none. */
bool syntax_take_changed_rows(struct syntax *syntax, size_t *from, size_t *to);

/* Parses whatever outline and errors still need, a piece at a time, for about budget_us (0: all).
 * True when they are complete. */
bool syntax_index(struct syntax *syntax, uint64_t budget_us);

struct outline_entry {
    const char *kind;  /* "package", "rule", "test", "function", "import", "document", "heading",
                          "key",  "table"; static */
    char *name;        /* safe to show, at most 200 bytes */
    size_t start, end; /* bytes */
    size_t start_row, end_row; /* end_row inclusive */
};

struct outline {
    struct outline_entry *items;
    size_t len, cap;
};

/* Appends what is known by now (see syntax_index), in order of the text. */
void syntax_outline(struct syntax *syntax, struct outline *out);
void outline_free(struct outline *outline);
/* The innermost entry that holds the row; NULL. */
const struct outline_entry *outline_at(const struct outline *outline, size_t row);

struct syntax_error {
    size_t start, end;
    size_t row, column;
    size_t end_row, end_column;
    char text[96]; /* "unexpected `}`", "CEL: missing `)`" in an injection; safe to show */
};

struct syntax_errors {
    struct syntax_error *items;
    size_t len, cap;
};

/* Appends the syntax errors known by now, at most 1,000, in order; for YAML those inside its
 * injections too, at their place in the host. */
void syntax_errors(struct syntax *syntax, struct syntax_errors *out);

/* Text of another language inside: a Rego policy in a ConstraintTemplate, CEL and JMESPath in
 * Kyverno and Kubernetes policies (inject_yaml.c says where), a fence in Markdown, YAML in a `#
 * METADATA` comment. Its text is the ranges' bytes put together. */
struct syntax_injection {
    const struct language *language;
    size_t start, end;
    /* The inner text is what an engine gets, so positions can be mapped; not so for a folded YAML
     * scalar (">"), which joins lines, and for a quoted one with escapes. */
    bool exact;
    TSRange *ranges; /* bytes and rows of the whole text; owned */
    size_t range_count;
};

struct syntax_injections {
    struct syntax_injection *items;
    size_t len, cap;
};

/* Appends the injections that touch [from, to), parsing what is needed (no budget). */
void syntax_injections(
    struct syntax *syntax, size_t from, size_t to, struct syntax_injections *out);
void syntax_injections_free(struct syntax_injections *injections);
/* The inner text. */
void syntax_injection_text(
    const struct syntax_injection *injection, const struct syntax_source *source, struct buf *out);
/* Positions between the inner text and the host (both from 0); false when there is no such place.
 */
bool syntax_injection_to_host(const struct syntax_injection *injection, size_t row, size_t column,
    size_t *host_row, size_t *host_column);
bool syntax_injection_from_host(const struct syntax_injection *injection, size_t host_row,
    size_t host_column, size_t *row, size_t *column);

enum syntax_tree_format { SYNTAX_TREE_TEXT, SYNTAX_TREE_JSON };
/* Appends the named nodes of the whole text: one line a node, indented, with field names and
 * positions; or one JSON array of documents. Parses what is needed. */
void syntax_print(struct syntax *syntax, enum syntax_tree_format format, struct buf *out);

#endif
