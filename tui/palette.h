/* The command palette: every action that applies where one is, by name. */
#ifndef BYLAW_PALETTE_H
#define BYLAW_PALETTE_H

#include "app.h"

void palette_open(struct app *app);
/* The built-in themes. */
void palette_open_themes(struct app *app);

#endif
