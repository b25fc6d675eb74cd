/* Choosing the colours: the whole screen shows each theme while the cursor is on it. Loop thread
 * only. */
#ifndef BYLAW_THEME_PICKER_H
#define BYLAW_THEME_PICKER_H

#include "app.h"

/* The built-in themes and the user's. Esc goes back to the one before. */
void theme_picker_open(struct app *app);

#endif
