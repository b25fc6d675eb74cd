/* Parses of whole texts, for workers: bounded in time, and ended when the program quits, so that
 * neither a text that a grammar despairs of (a large module without a brace takes minutes of error
 * recovery) nor quitting waits for one. Any thread. */
#ifndef BYLAW_SYNTAX_PARSING_H
#define BYLAW_SYNTAX_PARSING_H

#include "base/str.h"

#include <tree_sitter/api.h>

/* What a parse of one text may take: a megabyte of Rego takes a fifth of a second. The first is
 * processor time, of parses in slices; the second by the clock, of workers, which others may hold
 * up. */
#define PARSING_MOST_US   ((uint64_t)5000000)
#define PARSING_WORKER_US ((uint64_t)20000000)

/* NULL: it took too long, the program quits, or the text is of 1 GiB and more. */
TSTree *parsing_parse(const TSLanguage *grammar, struct str text) MUST_USE;
/* From now on (until false is set) parses end at once, those that run too. */
void parsing_stop(bool stop);
/* For long work between parses. */
bool parsing_is_stopped(void);
/* For parsers of one's own: ts_parser_set_cancellation_flag. */
const size_t *parsing_flag(void);

#endif
