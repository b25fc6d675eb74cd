/* What the evaluate pane's files share: evaluate.c (what it does), evaluate_rows.c (what its rows
 * say), evaluate_draw.c (how they are painted). */
#ifndef BYLAW_PANE_EVALUATE_PRIVATE_H
#define BYLAW_PANE_EVALUATE_PRIVATE_H

#include "pane/evaluate.h"
#include "widget/list.h"

struct evaluate_row {
    char *text; /* NULL: of a step of the trace */
    enum style_id style;
    size_t step; /* TRACE_NONE: none */
    char *path;  /* where Enter goes, or NULL */
    struct position at;
    bool more; /* stands for lines that are folded */
};

struct evaluate_pane {
    struct app *app;
    struct evaluate_options options;
    struct eval_result result;
    bool has_result, running, step_when_traced;
    struct eval_trace *trace;
    struct evaluate_lines {
        size_t *items; /* where each line begins */
        size_t len, cap;
    } * lines;      /* by source of the trace; empty: not looked at yet */
    bool *expanded; /* by frame of the trace */
    bool unfolded;  /* the whole value is shown */
    size_t culprit;
    bool stepping;
    size_t at;            /* the step */
    size_t number, stops; /* which of how many it is */
    struct {
        struct evaluate_row *items;
        size_t len, cap;
    } rows;
    struct list list;
    bool stale; /* rows */
    int cols;   /* they were made for */
    bool focused;
};

/* evaluate_rows.c */
void evaluate_make_rows(struct evaluate_pane *p, int cols);
void evaluate_free_rows(struct evaluate_pane *p);
/* The text of a file's row (from 1) as it was evaluated, without its indentation. */
struct str evaluate_source(const struct evaluate_pane *p, const char *path, unsigned row);
/* The source line of a step; of what a `not` asks without the "not", whose outcome is another. */
struct str evaluate_expression(const struct evaluate_pane *p, size_t step);
/* "got = {…}, n = 2": the variables of a step that its source line names (all when `all`). */
void evaluate_values(const struct evaluate_pane *p, size_t step, bool all, struct buf *out);
/* What the rows of the rule at the current step know; the caller frees texts and items. */
struct evaluate_hints {
    struct editor_hint *items;
    size_t len, cap;
};
void evaluate_make_hints(const struct evaluate_pane *p, struct evaluate_hints *hints);
void evaluate_free_hints(struct evaluate_hints *hints);

/* evaluate_draw.c */
void evaluate_draw(void *data, struct region region, bool focused);
void evaluate_title(const void *data, struct buf *left, struct buf *right);
void evaluate_status(const void *data, struct buf *out);
/* "✓", "✗", … of a step, and its style. */
const char *evaluate_sign(const struct trace_step *step, bool ascii, enum style_id *style);

#endif
