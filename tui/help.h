/* The `?` screen: the keys that work where one is, made from the action table. */
#ifndef BYLAW_HELP_H
#define BYLAW_HELP_H

#include "app.h"

void help_open(struct app *app);
/* All actions of a key map as a Markdown table (README, docs), each set under its title. Appends.
 */
void help_append_markdown(const struct keymap *keymap, struct buf *out);

#endif
