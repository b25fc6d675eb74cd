/* The Rego blocks of a ConstraintTemplate as texts that can be taken out and put back, to the byte:
 * nothing outside a block is touched, and a block that already says the same is left as it is.
 *
 * A block is the lines of a literal scalar (`|`, `|-`, `|+`) of `rego` or of an item of `libs`, in
 * a target (v0) or in the source of a `code` entry of the engine Rego (v0, or `version: v1`). Its
 * text has the block's indentation taken away and ends in one newline: what a .rego file holds.
 * Empty lines at the end do not count as a difference, nor do CR LF endings.
 *
 * The text is untrusted. Any thread. */
#ifndef BYLAW_POLICY_ASSEMBLY_H
#define BYLAW_POLICY_ASSEMBLY_H

#include "base/err.h"
#include "base/str.h"

struct assembly_block {
    enum assembly_kind {
        ASSEMBLY_REGO,
        ASSEMBLY_LIB,
        ASSEMBLY_CEL /* the mapping below `source` of the engine K8sNativeValidation */
    } kind;
    bool v1;           /* Rego v1 */
    size_t policy;     /* blocks of one policy (source and libraries) share this number */
    size_t library;    /* ASSEMBLY_LIB: its place in libs, from 0 */
    char *name;        /* of its template (metadata.name); "" */
    unsigned key_row;  /* of what holds it, from 1 */
    unsigned row;      /* its first line in the template, from 1 */
    unsigned indent;   /* blanks before each of its lines */
    size_t start, end; /* bytes of its lines in the template, the last newline included */
    struct buf text;
    bool crlf;
    const char *fixed; /* static: why it cannot be written in place ("a quoted scalar"); or NULL */
};

struct assembly_blocks {
    struct assembly_block *items;
    size_t len, cap;
};

/* Appends those of a YAML stream, in its order. */
void assembly_read(struct str yaml, struct assembly_blocks *out);
void assembly_blocks_free(struct assembly_blocks *blocks);

/* True when the two say the same (see above). *row: the first line where they differ, from 1. */
bool assembly_same(struct str a, struct str b, unsigned *row);

/* Appends the YAML with other texts in its blocks: texts[i] for blocks->items[i]; one with a NULL
 * ptr stays; `out` is empty before. False: a text cannot stand in its block (err says which line
 * and why), or what was put is not what would be read. */
bool assembly_put(struct str yaml, const struct assembly_blocks *blocks, const struct str *texts,
    struct buf *out, struct err *err) MUST_USE;

#endif
