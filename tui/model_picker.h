/* Choosing a profile, a model or a mode, with what it costs and why one would; and what was spent.
 * Loop thread only. */
#ifndef BYLAW_MODEL_PICKER_H
#define BYLAW_MODEL_PICKER_H

#include "action.h"
#include "agent/workbench.h"
#include "app.h"

/* Where the choice is made. Both are borrowed until the box is closed. */
void profile_picker_open(struct app *app, struct workbench *wb);
void model_picker_open(struct app *app, struct workbench *wb);
/* The modes of an agent of its own; each says whether it may act without asking. */
void mode_picker_open(struct app *app, struct workbench *wb);
/* Which one was chosen. */
void mode_say(struct app *app, struct workbench *wb);

#endif
