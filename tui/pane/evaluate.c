/* The evaluate pane: what it does. */
#include "pane/evaluate_private.h"

#include "base/vec.h"
#include "widget/dialog.h"

#include <stdlib.h>

static const struct trace *trace_of(const struct evaluate_pane *p)
{
    return p->trace == NULL ? NULL : p->trace->trace;
}

static void refresh(struct evaluate_pane *p)
{
    evaluate_make_rows(p, p->cols > 0 ? p->cols : 80);
    app_redraw(p->app);
}

static void tell_step(struct evaluate_pane *p)
{
    const struct trace_step *s = &trace_of(p)->steps.items[p->at];
    struct evaluate_hints hints = {0};
    evaluate_make_hints(p, &hints);
    p->options.stepped(p->options.data, s->file, s->at.row, hints.items, hints.len);
    evaluate_free_hints(&hints);
}

static void count_stops(struct evaluate_pane *p)
{
    const struct trace *trace = trace_of(p);
    p->stops = 0;
    for (size_t i = 0; i < trace->steps.len; i++) {
        p->stops += trace_is_stop(trace, i);
        p->number = i == p->at ? p->stops : p->number;
    }
}

static unsigned go_to(struct evaluate_pane *p, size_t step)
{
    if (step == TRACE_NONE) {
        app_message(p->app, MESSAGE_INFO, "There is no step in a file to show.");
        return UI_DONE;
    }
    if (p->stepping && step == p->at) {
        app_message(p->app, MESSAGE_INFO, "Nothing further that way.");
        return UI_DONE;
    }
    p->stepping = true;
    p->at = step;
    count_stops(p);
    list_set_cursor(&p->list, 0);
    refresh(p);
    tell_step(p);
    return UI_DONE;
}

static void end_stepping(struct evaluate_pane *p)
{
    if (p->stepping) {
        p->stepping = false;
        p->options.stepped(p->options.data, NULL, 0, NULL, 0);
        refresh(p);
    }
}

void evaluate_begin(struct evaluate_pane *p, bool step)
{
    end_stepping(p);
    p->running = true;
    p->step_when_traced = step;
    app_redraw(p->app);
}

static void drop_trace(struct evaluate_pane *p)
{
    for (size_t i = 0; p->lines != NULL && i < p->trace->sources.len; i++) {
        VEC_FREE(&p->lines[i]);
    }
    free(p->lines);
    p->lines = NULL;
    eval_trace_free(p->trace);
    p->trace = NULL;
    free(p->expanded);
    p->expanded = NULL;
    p->culprit = TRACE_NONE;
}

void evaluate_set_result(struct evaluate_pane *p, struct eval_result *result)
{
    end_stepping(p);
    drop_trace(p);
    eval_result_free(&p->result);
    p->result = *result;
    *result = (struct eval_result){0};
    p->has_result = true;
    p->running = false;
    refresh(p);
}

/* The rule asked for is open, and the way to what made it fail. */
static void expand_first(struct evaluate_pane *p)
{
    const struct trace *trace = trace_of(p);
    p->expanded = mem_zalloc((trace->frames.len + 1) * sizeof *p->expanded);
    for (size_t i = 0; i < trace->frames.len; i++) {
        p->expanded[i] = trace->frames.items[i].depth <= 1;
    }
    p->culprit = trace_culprit(trace);
    size_t frame = p->culprit == TRACE_NONE ? TRACE_NONE : trace->steps.items[p->culprit].frame;
    for (; frame != TRACE_NONE; frame = trace->frames.items[frame].parent) {
        p->expanded[frame] = true;
    }
}

void evaluate_set_trace(struct evaluate_pane *p, struct eval_trace *trace)
{
    end_stepping(p);
    drop_trace(p);
    p->trace = trace;
    p->lines = mem_zalloc((trace->sources.len + 1) * sizeof *p->lines);
    if (trace->trace != NULL) {
        expand_first(p);
    }
    bool step = p->step_when_traced && trace->trace != NULL;
    p->step_when_traced = false;
    refresh(p);
    if (step) {
        bool failed = p->culprit != TRACE_NONE && p->result.status == EVAL_UNDEFINED;
        go_to(p, failed ? p->culprit : trace_first(trace->trace));
    }
}

bool evaluate_is_stepping(const struct evaluate_pane *p)
{
    return p->stepping;
}

/* ---- actions ---- */

static const char *why_no_trace(void *data)
{
    const struct trace *trace = trace_of(data);
    return trace == NULL || trace->steps.len == 0 ? "There is no trace to step through." : NULL;
}

static unsigned step_begin(void *data)
{
    struct evaluate_pane *p = data;
    if (p->stepping) {
        return UI_DONE;
    }
    size_t row = p->list.cursor < p->rows.len ? p->rows.items[p->list.cursor].step : TRACE_NONE;
    bool failed = p->culprit != TRACE_NONE && p->result.status == EVAL_UNDEFINED;
    return go_to(p, row != TRACE_NONE ? row : failed ? p->culprit : trace_first(trace_of(p)));
}

/* Begins stepping where it was not stepped yet. */
static unsigned walk(void *data, size_t (*next)(const struct trace *trace, size_t step))
{
    struct evaluate_pane *p = data;
    return p->stepping ? go_to(p, next(trace_of(p), p->at)) : step_begin(p);
}

static unsigned step_forward(void *data)
{
    return walk(data, trace_forward);
}

static unsigned step_backward(void *data)
{
    return walk(data, trace_backward);
}

static unsigned step_over(void *data)
{
    return walk(data, trace_over);
}

static unsigned step_out(void *data)
{
    return walk(data, trace_out);
}

static unsigned step_failure(void *data)
{
    return walk(data, trace_next_failure);
}

/* The next time the editor's cursor line is reached; from the beginning when not stepping yet. */
static unsigned run_to(void *data)
{
    struct evaluate_pane *p = data;
    unsigned row = 0;
    const char *path = p->options.cursor(p->options.data, &row);
    size_t from = p->stepping ? p->at : 0;
    size_t to = path == NULL ? from : trace_run_to(trace_of(p), from, path, row);
    if (to == from) {
        app_message(p->app, MESSAGE_INFO, "The line of the editor's cursor is not reached %s.",
            p->stepping ? "again" : "at all");
        return UI_DONE;
    }
    return go_to(p, to);
}

static unsigned end_of(struct evaluate_pane *p, bool last)
{
    if (!p->stepping) {
        list_set_cursor(&p->list, last && p->rows.len > 0 ? p->rows.len - 1 : 0);
        return UI_DONE;
    }
    return go_to(p, last ? trace_last(trace_of(p)) : trace_first(trace_of(p)));
}

static unsigned go_first(void *data)
{
    return end_of(data, false);
}

static unsigned go_last(void *data)
{
    return end_of(data, true);
}

static struct evaluate_row *current(struct evaluate_pane *p)
{
    return p->list.cursor < p->rows.len ? &p->rows.items[p->list.cursor] : NULL;
}

/* The line the row is about; of a variable, all of its value. */
static unsigned open_row(void *data)
{
    struct evaluate_pane *p = data;
    const struct evaluate_row *row = current(p);
    if (row == NULL) {
        return UI_IGNORED;
    }
    if (row->path != NULL && row->at.row > 0) {
        p->options.open(p->options.data, row->path, row->at.row, row->at.col);
    } else if (row->text != NULL) {
        dialog_message(p->app, "Evaluate", str_of(row->text));
    }
    return UI_DONE;
}

static unsigned set_expanded(struct evaluate_pane *p, int on)
{
    const struct evaluate_row *row = current(p);
    if (row == NULL || p->stepping) {
        return UI_IGNORED;
    }
    if (row->more) {
        p->unfolded = true;
    } else if (row->step != TRACE_NONE) {
        size_t frame = trace_of(p)->steps.items[row->step].frame;
        p->expanded[frame] = on < 0 ? !p->expanded[frame] : on > 0;
    } else {
        p->unfolded = on < 0 ? !p->unfolded : on > 0;
    }
    refresh(p);
    return UI_DONE;
}

static unsigned toggle(void *data)
{
    return set_expanded(data, -1);
}

static unsigned right(void *data)
{
    struct evaluate_pane *p = data;
    return p->stepping ? step_forward(p) : set_expanded(p, 1);
}

static unsigned left(void *data)
{
    struct evaluate_pane *p = data;
    return p->stepping ? step_backward(p) : set_expanded(p, 0);
}

static unsigned choose(void *data)
{
    struct evaluate_pane *p = data;
    p->options.choose(p->options.data);
    return UI_DONE;
}

static unsigned again(void *data)
{
    struct evaluate_pane *p = data;
    p->options.again(p->options.data);
    return UI_DONE;
}

static unsigned copy(void *data)
{
    struct evaluate_pane *p = data;
    const struct evaluate_row *row = current(p);
    if (p->stepping && row != NULL && row->text != NULL) {
        app_copy(p->app, str_of(row->text));
    } else if (p->result.value.len > 0) {
        app_copy(p->app, buf_str(&p->result.value));
    } else {
        app_message(p->app, MESSAGE_INFO, "There is no value to copy.");
    }
    return UI_DONE;
}

static unsigned close_pane(void *data)
{
    struct evaluate_pane *p = data;
    end_stepping(p);
    p->options.closed(p->options.data); /* destroys p */
    return UI_DONE;
}

static const struct action actions[] = {
    {"evaluate.open", "open", "Go to the line this row is about, or show all of a variable's value",
        "enter", NULL, ACTION_KEY_LINE, open_row, NULL},
    {"evaluate.toggle", "fold", "Show or hide what a rule did, or the rest of the value", "space",
        NULL, ACTION_NO_PALETTE, toggle, NULL},
    {"evaluate.step", "step", "Step through the trace: from the row, or from what failed", "s",
        NULL, ACTION_KEY_LINE, step_begin, why_no_trace},
    {"evaluate.next", "next", "The next step", "n", NULL, ACTION_KEY_LINE, step_forward,
        why_no_trace},
    {"evaluate.previous", "previous", "The step before", "p", NULL, ACTION_KEY_LINE, step_backward,
        why_no_trace},
    {"evaluate.over", "over", "The next step, past what this one asks", "o", NULL, ACTION_KEY_LINE,
        step_over, why_no_trace},
    {"evaluate.out", "out", "The next step of the rule that asked", "u", NULL, ACTION_KEY_LINE,
        step_out, why_no_trace},
    {"evaluate.failure", "failure", "The next expression that does not hold", "f", NULL,
        ACTION_KEY_LINE, step_failure, why_no_trace},
    {"evaluate.run-to", "to line", "Go on until the line of the editor's cursor is reached", "l",
        NULL, 0, run_to, why_no_trace},
    {"evaluate.first", "first", "The first step, or the first row", "g", NULL, ACTION_NO_PALETTE,
        go_first, NULL},
    {"evaluate.last", "last", "The last step, or the last row", "G", NULL, ACTION_NO_PALETTE,
        go_last, NULL},
    {"evaluate.right", "forward", "The next step, or show what a rule did", "right", NULL,
        ACTION_NO_PALETTE, right, NULL},
    {"evaluate.left", "back", "The step before, or hide what a rule did", "left", NULL,
        ACTION_NO_PALETTE, left, NULL},
    {"evaluate.choose", "input", "Evaluate with another input", "i", NULL, ACTION_KEY_LINE, choose,
        NULL},
    {"evaluate.again", "again", "Evaluate again", "r", NULL, 0, again, NULL},
    {"evaluate.close", "close", "Close it; Esc ends stepping first", "q", NULL, 0, close_pane,
        NULL},
    {"evaluate.copy", "copy", "Copy the value", "y", NULL, 0, copy, NULL},
};

const struct action_set evaluate_pane_actions = ACTION_SET("evaluate", "Evaluation", actions);

/* ---- pane ---- */

static unsigned key(void *data, const struct key *k)
{
    struct evaluate_pane *p = data;
    return list_key(&p->list, k, true);
}

static unsigned mouse(void *data, const struct mouse *m)
{
    struct evaluate_pane *p = data;
    bool opened = false;
    unsigned flags = list_mouse(&p->list, m, &opened);
    return opened ? open_row(p) : flags;
}

static unsigned escape(void *data)
{
    struct evaluate_pane *p = data;
    if (p->stepping) {
        end_stepping(p);
        return UI_DONE;
    }
    return close_pane(p);
}

static void destroy(void *data)
{
    struct evaluate_pane *p = data;
    drop_trace(p);
    eval_result_free(&p->result);
    evaluate_free_rows(p);
    VEC_FREE(&p->rows);
    free(p);
}

struct pane evaluate_pane_new(
    const struct evaluate_options *options, struct evaluate_pane **evaluate)
{
    static const struct pane_ops ops = {.name = "evaluate",
        .actions = &evaluate_pane_actions,
        .draw = evaluate_draw,
        .key = key,
        .mouse = mouse,
        .escape = escape,
        .title = evaluate_title,
        .status = evaluate_status,
        .destroy = destroy};
    struct evaluate_pane *p = MEM_NEW(struct evaluate_pane);
    p->app = options->app;
    p->options = *options;
    p->culprit = TRACE_NONE;
    p->stale = true;
    *evaluate = p;
    return (struct pane){&ops, p};
}
