/* The `?` screen: the keys that work where one is, made from the action table. */
#ifndef BYLAW_HELP_H
#define BYLAW_HELP_H

#include "app.h"

/* Or closes it, when it is what is open. */
void help_open(struct app *app);

/* One line of a key set that is no actions. */
struct help_row {
    const char *group; /* a heading where it changes */
    struct buf keys;   /* appended by whoever fills the row */
    const char *help;
};

/* While the pane with this data has the keys its own key set (or what else can be typed there) is
 * shown first: `row` fills the line of that index, false past the end. NULL: it has none. */
void help_set_keys(struct app *app, const void *pane,
    bool (*row)(const void *pane, size_t index, struct help_row *out));

/* All actions of a key map as a Markdown table (README, docs), each set under its title. Appends.
 */
void help_append_markdown(const struct keymap *keymap, struct buf *out);

#endif
