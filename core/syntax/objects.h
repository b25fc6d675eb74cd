/* Text objects by the tree (textobjects.scm), and selections that grow and shrink along it. Inside
 * an injection the inner language's come first. Positions as in syntax.h. */
#ifndef BYLAW_SYNTAX_OBJECTS_H
#define BYLAW_SYNTAX_OBJECTS_H

#include "syntax/syntax.h"

enum text_object {
    OBJECT_RULE,       /* a rule, a YAML document; inside: its body */
    OBJECT_BLOCK,      /* a body or collection in brackets, a YAML key with its value */
    OBJECT_ARGUMENT,   /* of a call, parameter, member of a collection; around: with its comma */
    OBJECT_COMMENT,    /* inside: the one line; around: all comment lines together */
    OBJECT_EXPRESSION, /* a statement of a body; a CEL or JMESPath expression */
    OBJECT_COUNT
};

struct syntax_range {
    size_t start, end;
};

/* The innermost object of the kind that holds [from, to) (from == to: a cursor before that byte).
 * When the object is just that range, the next one around it, so that asking again grows. */
bool syntax_object(struct syntax *syntax, enum text_object kind, bool around, size_t from,
    size_t to, struct syntax_range *out);
/* The next (or previous) beginning of such an object after (before) `offset`: for motions. Looks at
 * most OBJECT_LOOK_MAX bytes far. */
#define OBJECT_LOOK_MAX ((size_t)256 << 10)
bool syntax_object_next(struct syntax *syntax, enum text_object kind, bool backward, size_t offset,
    struct syntax_range *out);
/* The smallest node that holds the range and is larger; false at the whole text. */
bool syntax_expand(struct syntax *syntax, size_t from, size_t to, struct syntax_range *out);
/* The largest node inside the range that holds `at` and is smaller; false: there is none. */
bool syntax_shrink(
    struct syntax *syntax, size_t from, size_t to, size_t at, struct syntax_range *out);

#endif
