/* The first-run tour: one screen that says what is where and which keys go on; any key closes it.
 * Shown once per user: $XDG_STATE_HOME/bylaw/tour-seen. Loop thread only. */
#ifndef BYLAW_TOUR_H
#define BYLAW_TOUR_H

#include "app.h"

void tour_open(struct app *app);
/* Opens it unless this user has seen it, $BYLAW_TOUR is 0 (tests, pictures), or there is no folder
 * to remember it in. */
void tour_open_first(struct app *app);

#endif
