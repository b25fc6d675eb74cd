/* Evaluation on the desk: what is under the cursor, with which input, shown in the status pane's
 * place, followed while the text changes; and stepping through a test. Loop thread only. */
#ifndef BYLAW_DESK_EVALUATE_H
#define BYLAW_DESK_EVALUATE_H

#include "action.h"

#include <stdbool.h>

struct desk;
struct desk_evaluate;

struct desk_evaluate *desk_evaluate_new(struct desk *desk) MUST_USE;
/* Before the panes go. What it still has running ends with the loop. */
void desk_evaluate_free(struct desk_evaluate *evaluate);
/* Takes the pane away; false: it is not there. */
bool desk_evaluate_close(struct desk_evaluate *evaluate);
/* Runs the test at a row (from 1) of a file of the folder that was tested, and steps through it. */
void desk_evaluate_step(struct desk_evaluate *evaluate, const char *path, unsigned row);

/* Evaluates the rule at a row (from 1) of a file with an input (copied), and its trace. `root`: the
 * proposal's folder, kept off the network; NULL: the workspace with its unsaved texts. Closing it
 * shows the apply view again. */
struct eval_input;
void desk_evaluate_decision(struct desk_evaluate *evaluate, const char *path, unsigned row,
    const struct eval_input *input, const char *root);

/* With the struct desk_evaluate as data. */
extern const struct action_set evaluate_actions;

#endif
