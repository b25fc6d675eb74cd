/* A TOML tree as text again: one line for each item of the root, tables and arrays inline. Comments
 * and layout are not kept: for files that a program reads. */
#ifndef BYLAW_CONFIG_TOML_WRITE_H
#define BYLAW_CONFIG_TOML_WRITE_H

#include "config/toml.h"

/* Without the items for which `omit` is true. */
void toml_write(const struct toml *root, bool (*omit)(const void *data, const struct toml *item),
    const void *data, struct buf *out);

#endif
