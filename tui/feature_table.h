/* What the program can do, as a reader looks for it: one row for each feature with the actions,
 * settings, commands and guards that belong to it. The README's tables of features and of themes
 * are made from it, and a test holds that nothing the program has is in no row and that no row
 * names what is not there. */
#ifndef BYLAW_FEATURE_TABLE_H
#define BYLAW_FEATURE_TABLE_H

#include "base/str.h"

#include <stdio.h>

/* `bylaw --help-features`: the features with their keys, settings and commands, as a Markdown
 * table. */
void feature_table_print(FILE *out);
/* `bylaw --help-themes`: the built-in themes, as a Markdown table. */
void feature_table_print_themes(FILE *out);
/* A line for each action, setting, command or guard that no feature has, and for each word of a
 * feature that none of them has; nothing: the table is whole. */
void feature_table_check(struct buf *problems);

#endif
