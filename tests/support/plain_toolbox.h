/* A toolbox whose calls end when the test says so: "read" and "look" run side by side, "change" is
 * exclusive. */
#ifndef BYLAW_PLAIN_TOOLBOX_H
#define BYLAW_PLAIN_TOOLBOX_H

#include "agent/toolbox.h"

struct plain_toolbox;

struct plain_toolbox *plain_toolbox_new(void);
/* Fails the test if a call is still open. */
void plain_toolbox_free(struct plain_toolbox *toolbox);
struct toolbox *plain_toolbox_face(struct plain_toolbox *toolbox);
/* What runs, in order of its start: "read {}|change {…}". The caller frees. */
char *plain_toolbox_running(const struct plain_toolbox *toolbox);
/* Ends the n-th that runs with this output. */
void plain_toolbox_end(struct plain_toolbox *toolbox, size_t at, const char *output, bool failed);
/* How many calls were cancelled. */
size_t plain_toolbox_cancelled(const struct plain_toolbox *toolbox);

#endif
