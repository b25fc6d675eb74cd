/* What rename.c and rename_package.c share; not for others. */
#ifndef BYLAW_CATALOG_RENAME_INTERNAL_H
#define BYLAW_CATALOG_RENAME_INTERNAL_H

#include "catalog/catalog_internal.h"

struct renaming {
    struct catalog *catalog;
    struct catalog_rename *out;
    struct err *err;
    uint32_t key, new_key;           /* new_key: NAME_NONE when nobody has that key yet */
    const char *old_path, *new_path; /* keys as text */
    struct str name;                 /* the new last part */
};

/* Replaces bytes of a file; each place once. */
void rename_edit(
    struct renaming *renaming, uint32_t file, uint32_t start, uint32_t end, struct str text);
/* Sets err: "TEXT (FILE:LINE)". Always false. */
bool rename_refuse(struct renaming *renaming, uint32_t file, uint32_t row, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

bool rename_is_identifier(struct str name);
/* False with a reason when the whole of something above `path` is used somewhere: what is below it
 * can then be seen by its name. */
bool rename_check_ancestors(struct renaming *renaming, const char *path);
/* False with a reason when the file gives the name another meaning at or around the use: a variable
 * in scope, an import. */
bool rename_check_capture(
    struct renaming *renaming, uint32_t file, const struct symbol_use *use, struct str name);
/* False with a reason when something is defined at or below the path. */
bool rename_check_free(struct renaming *renaming, const char *path);

bool rename_package(struct renaming *renaming, struct str dotted);

#endif
