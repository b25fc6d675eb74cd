/* Columns as opa counts them, which is in code points, as we do, which is in bytes: the files that
 * opa was given are looked at where its answer does not hold the line. */
#ifndef BYLAW_ENGINE_OPA_COLUMNS_H
#define BYLAW_ENGINE_OPA_COLUMNS_H

#include "base/str.h"

/* All zero but the root before the first place; opa_columns_end after the last. */
struct opa_columns {
    const char *root; /* what opa's paths are relative to; borrowed. NULL: no file is read */
    char *path;       /* whose text is held */
    struct buf text;
    unsigned reads; /* on the loop thread: so many, and each so large, cost less than a frame */
};

/* The column in bytes, from 1, for one in code points of this line. */
unsigned opa_column_in(struct str line, unsigned col);
/* The same for a place in a file. 0, not known, where the file or its line cannot be read or is
 * too large; the first column is known without it. */
unsigned opa_column_of(struct opa_columns *columns, const char *file, unsigned row, unsigned col);
void opa_columns_end(struct opa_columns *columns);

#endif
