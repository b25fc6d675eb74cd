/* `bylaw review` on a terminal: the review pane alone, over a change that is not the session's,
 * with the evidence of both its sides; finished into the index, a patch or comments. */
#ifndef BYLAW_REVIEW_SCREEN_H
#define BYLAW_REVIEW_SCREEN_H

#include "command/review.h"

/* As command_review_use_screen wants it. */
bool review_screen_run(const struct review_job *job, int *code, struct err *err);

#endif
