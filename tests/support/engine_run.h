/* The runner with the real engines, its rows on a board. */
#ifndef BYLAW_TEST_ENGINE_RUN_H
#define BYLAW_TEST_ENGINE_RUN_H

#include "test.h"

#include "engine/board.h"

struct engine_run {
    struct loop *loop;
    struct board *board;
    struct runner *runner;
    struct runner_events to_board;
    struct run_summary summary;
    size_t told; /* rows of tests, over all runs */
    bool settled;
};

void engine_run_begin(struct engine_run *f);
void engine_run_end(struct engine_run *f);
/* Runs the tests of the folder to their end; `wanted`: one of them by its name, NULL: all. */
void engine_run_tests(struct engine_run *f, const char *root, const char *wanted, bool offline);
/* tests/workspaces/NAME. The caller frees. */
char *engine_run_workspace(const char *name) MUST_USE;
/* Fails when there is none. */
struct board_test *engine_run_find(struct engine_run *f, const char *name);
/* `message`: a part of what its first row says, or NULL. */
void engine_run_expect_row(
    struct engine_run *f, const char *name, enum result_status status, const char *message);
/* The folder of an engine goes onto PATH; false, and said: it is not here. */
bool engine_run_reach(const struct engine *engine);

#endif
