/* What an evaluation gave: the value, errors that opa keeps to itself, the trace as a tree; and
 * stepping through the trace, with the variables at each step. It shows; what to evaluate, and what
 * the editor shows of a step, is the owner's. Loop thread only. */
#ifndef BYLAW_PANE_EVALUATE_H
#define BYLAW_PANE_EVALUATE_H

#include "app.h"
#include "engine/opa_eval.h"
#include "pane/editor.h"

struct evaluate_pane;

struct evaluate_options {
    struct app *app;
    /* Goes to a place (from 1). */
    void (*open)(void *data, const char *path, unsigned row, unsigned col);
    /* The step has another place: the hints for the file it is in. path NULL: stepping has ended.
     */
    void (*stepped)(
        void *data, const char *path, unsigned row, const struct editor_hint *hints, size_t count);
    /* Where the editor's cursor is (row from 1), for "run to here"; NULL: nowhere. Borrowed. */
    const char *(*cursor)(void *data, unsigned *row);
    void (*choose)(void *data); /* another input is wanted */
    void (*again)(void *data);
    void (*closed)(void *data); /* Esc: the pane is to be taken away */
    void *data;
};

/* The pane for app_lend; *evaluate lives as long as it. */
struct pane evaluate_pane_new(
    const struct evaluate_options *options, struct evaluate_pane **evaluate);
/* An evaluation has begun; what is shown stays until the result comes. `step`: it is stepped as
 * soon as its trace is there. */
void evaluate_begin(struct evaluate_pane *pane, bool step);
/* Takes what the result holds. */
void evaluate_set_result(struct evaluate_pane *pane, struct eval_result *result);
/* Takes the trace over. */
void evaluate_set_trace(struct evaluate_pane *pane, struct eval_trace *trace);
bool evaluate_is_stepping(const struct evaluate_pane *pane);

extern const struct action_set evaluate_pane_actions;

#endif
