/* `bylaw test --coverage-by-test`: which tests reach each line. */
#ifndef BYLAW_COMMAND_REACH_OPTION_H
#define BYLAW_COMMAND_REACH_OPTION_H

#include "engine/runner.h"

/* Prints it of a run that has settled, with what `by_test` asked for: for each line that a test
 * reaches a line "FILE:ROW  SUITE.TEST, …", or all as one JSON object. */
void reach_print(const struct runner *runner, bool json);

#endif
