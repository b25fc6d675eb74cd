/* The themes there are: those built in, and the user's own in
 * $XDG_CONFIG_HOME/bylaw/themes/NAME.toml (which go before a built-in one of the same name). */
#ifndef BYLAW_SCREEN_THEMES_H
#define BYLAW_SCREEN_THEMES_H

#include "screen/theme.h"

struct theme_entry {
    char *name;
    char *path; /* NULL: built in */
};

struct theme_list {
    struct theme_entry *items;
    size_t len, cap;
};

/* Built-in ones first, then the user's by name; at most 200 of them. */
void themes_list(struct theme_list *out);
void theme_list_free(struct theme_list *list);

/* By name, or a file by its path (absolute, or in the user's themes folder when it ends in
 * ".toml"). Mistakes in a file are told in problems, a line each, and the rest of it holds; NULL
 * with an err when there is no such theme or it cannot be read at all. */
struct theme *themes_load(const char *name, struct buf *problems, struct err *err) MUST_USE;

#endif
