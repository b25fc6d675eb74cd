/* What all users of libgit2 share: start it once, and make its errors ours. */
#ifndef BYLAW_REPO_GIT_H
#define BYLAW_REPO_GIT_H

#include "base/err.h"

#include <git2.h>

/* Any number of times, any thread. */
void git_start(void);
/* "what: libgit2's message"; false always. rc is the call's result. */
bool git_fail(struct err *err, int rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
