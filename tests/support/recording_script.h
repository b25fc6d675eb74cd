/* A recording (model/recording.h) written event by event, as a server of the Responses API would
 * send it: what a test's model says and calls. */
#ifndef BYLAW_TEST_RECORDING_SCRIPT_H
#define BYLAW_TEST_RECORDING_SCRIPT_H

#include "base/str.h"

#include <stdbool.h>

void script_head(struct buf *out);
/* The answer to the request number `step` (from 0) that `prompt` leads to; script_done ends it. */
void script_begin(struct buf *out, const char *prompt, int step);
/* The same for whatever prompt holds `part`. */
void script_begin_on(struct buf *out, const char *prompt, const char *part, int step);
void script_say(struct buf *out, const char *text);
void script_call(
    struct buf *out, const char *id, const char *name, const char *input, bool freeform);
void script_done(struct buf *out);

#endif
