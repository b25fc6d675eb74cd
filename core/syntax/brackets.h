/* Pairs of brackets and quotes, by the tree: a bracket in a string or a comment is no bracket of
 * the code, and a pair inside an injection is the inner language's. Where the tree has errors, and
 * in plain text, by a bounded scan that counts nested pairs. Positions as in syntax.h. */
#ifndef BYLAW_SYNTAX_BRACKETS_H
#define BYLAW_SYNTAX_BRACKETS_H

#include "syntax/syntax.h"

/* How far a scan looks, in bytes each way. */
#define BRACKET_SCAN_MAX ((size_t)64 << 10)

struct bracket_pair {
    size_t open, close; /* of their first bytes */
    unsigned open_len, close_len;
    bool quotes;
};

/* The pair one of whose ends is at `offset`: ( ) [ ] { } and the quotes of a string. False: no
 * bracket there, or it has no partner. */
bool syntax_bracket_at(struct syntax *syntax, size_t offset, struct bracket_pair *pair);
/* The innermost pair of brackets that `offset` is in: behind the opening one and not behind the
 * closing one. `quotes`: a string's quotes count too. */
bool syntax_bracket_around(
    struct syntax *syntax, size_t offset, bool quotes, struct bracket_pair *pair);

#endif
