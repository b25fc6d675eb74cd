/* Compiled tree-sitter queries with what the library leaves to its host: predicates and
 * properties. A query is compiled at its first use (milliseconds) and kept for the program's life.
 * Queries are shared and read only after that: any thread. */
#ifndef BYLAW_SYNTAX_QUERY_H
#define BYLAW_SYNTAX_QUERY_H

#include "base/err.h"
#include "syntax/capture.h"
#include "syntax/language.h"
#include "syntax/source.h"

struct query;

/* The language's query file, or NULL when there is none or it does not compile (a defect of ours;
 * it is logged, and a test compiles them all). */
const struct query *query_get(const struct language *language, const char *file);
/* Compiles the queries that showing a text of the language takes, if they are not yet: a worker can
 * do so while the program opens. NULL is fine. */
void query_warm(const struct language *language);
/* The others too, which editing takes: folds, indentation, outline, objects. */
void query_warm_editing(const struct language *language);
/* Compiles a query of its own; for tests and query_get. The caller frees it with query_free. */
struct query *query_new(const TSLanguage *grammar, struct str text, struct err *err) MUST_USE;
void query_free(struct query *query);

const TSQuery *query_raw(const struct query *query);
/* The next match whose predicates hold. Known are #eq? #not-eq? #any-eq? #any-not-eq? #match?
 * #not-match? #any-match? #any-not-match? #any-of? #not-any-of? (a quantified capture: all its
 * nodes must satisfy, with any- one is enough), #set! and, always true, #is? #is-not?. A pattern
 * with another predicate never matches. The node's bytes are read from `text`. */
bool query_next(const struct query *query, TSQueryCursor *cursor, const struct source_window *text,
    TSQueryMatch *match);

const char *query_capture_name(const struct query *query, uint32_t index);
/* The highlight style of a capture; false for names that begin with '_' (they only serve
 * predicates) or mean nothing to a highlighter ("spell", "conceal"). */
bool query_capture_style(const struct query *query, uint32_t index, enum capture *style);
/* The value that #set! gives `key` in a pattern, or NULL. "highlight.whole" means that the
 * pattern's captures win over those inside of them, where else the inner ones win. */
const char *query_property(const struct query *query, uint32_t pattern, const char *key);
/* The first unknown predicate's name, or NULL: for the test of the embedded queries. */
const char *query_unknown_predicate(const struct query *query);

#endif
