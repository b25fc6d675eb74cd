/* What fails in the workspace as it is, without the proposal, so that a failure which was there
 * before is told from one that the proposal brings: one run of all tests and of the guards in a
 * scratch copy of its own. Loop thread only. */
#ifndef BYLAW_AGENT_BEFORE_H
#define BYLAW_AGENT_BEFORE_H

#include "agent/checks.h"
#include "loop/loop.h"
#include "workspace/workspace.h"

struct before;

/* The workspace must outlive it. */
struct before *before_new(const struct workspace *workspace, struct loop *loop) MUST_USE;
/* Turns the loop until nothing works in the copy any more. NULL is allowed. */
void before_free(struct before *before);

/* As checks_choose, for its run of the tests. */
void before_choose(struct before *before, const struct checks_choice *choice);
/* Looks anew; the guards at the files `paths` (copied), as far as they are there. `done` is called
 * once, later, unless before_stop came. What could not be found out counts as not failing. */
void before_look(
    struct before *before, char *const *paths, size_t count, void (*done)(void *data), void *data);
void before_stop(struct before *before);

/* This failed then, too: a test of the same name (an error with the same message), a finding of the
 * same rule, file and message. */
bool before_failed(const struct before *before, const struct result *row);
bool before_found(const struct before *before, const struct finding *finding);

/* The run of the tests itself, and what the guards said. Borrowed until the next look. */
const struct checks *before_checks(const struct before *before);
const struct findings *before_guards(const struct before *before);

#endif
