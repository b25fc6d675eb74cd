/* Choosing a profile or a model, with what it costs and why one would; and what was spent. Loop
 * thread only. */
#ifndef BYLAW_MODEL_PICKER_H
#define BYLAW_MODEL_PICKER_H

#include "action.h"
#include "agent/workbench.h"
#include "app.h"

/* Where the choice is made. Both are borrowed until the box is closed. */
void profile_picker_open(struct app *app, struct workbench *wb);
void model_picker_open(struct app *app, struct workbench *wb);

#endif
