/* The command line that a person would type to run one test again. */
#ifndef BYLAW_ENGINE_REPRODUCE_H
#define BYLAW_ENGINE_REPRODUCE_H

#include "engine/board.h"
#include "engine/engine.h"

/* Appends one line for a POSIX shell: into the folder the engine is called in (`root` absolute;
 * NULL: the plan's), then the engine by its plain name with just what the test needs, narrowed to
 * it where the program can be, each word quoted where a shell wants it; for opa also the file of
 * what the settings declare (offline.h). `first` runs the tests of units without an engine of their
 * own. What only a program would ask for (JSON) is left out. False: it cannot be asked so. */
bool reproduce_append(const struct run_plan *plan, size_t test, const struct engine *first,
    const char *root, struct buf *line, struct err *err) MUST_USE;
/* The same of a row of a board that the runner feeds, whatever ran last: a test that was not among
 * it, too; for one that no plan foresaw, all the tests that it came with. */
bool reproduce_row(const struct runner *runner, const struct board_test *test, struct buf *line,
    struct err *err) MUST_USE;

#endif
