/* The box that shows what a repository brings for the agent, each hook and skill whole with its
 * control characters made visible, and takes the answers (trust/vetting.h). Loop thread only. */
#ifndef BYLAW_TRUST_BOX_H
#define BYLAW_TRUST_BOX_H

#include "app.h"
#include "trust/vetting.h"

/* Takes the vetting over. `changed` is called after each answer; may be NULL. */
void trust_box_open(
    struct app *app, struct vetting *vetting, void (*changed)(void *data), void *data);

#endif
