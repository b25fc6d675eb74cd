/* The apply pane: what it does. */
#include "pane/apply_private.h"

#include "widget/dialog.h"

#include <stdlib.h>

enum { LARGE = 20000 /* cells */, REFRESH_MS = 250 };

void apply_view_free(struct apply_view *view)
{
    free(view->policy);
    free(view->fixture);
    free(view->filter);
    free(view->older);
    free(view->newer);
    *view = (struct apply_view){0};
}

static void keep(char **text, const char *now)
{
    if (*text == NULL || now == NULL || strcmp(*text, now) != 0) {
        free(*text);
        *text = mem_strdup(now);
    }
}

bool apply_at(const struct apply_pane *p, size_t *policy, size_t *fixture)
{
    if (p->row >= matrix_rows(p->matrix) || p->column >= matrix_columns(p->matrix)) {
        return false;
    }
    *policy = matrix_column(p->matrix, p->column);
    *fixture = matrix_row(p->matrix, p->row);
    return true;
}

static void remember(struct apply_pane *p)
{
    size_t policy;
    size_t fixture;
    if (apply_at(p, &policy, &fixture)) {
        keep(&p->options.view->policy, matrix_policy(p->matrix, policy)->id);
        keep(&p->options.view->fixture, matrix_fixture(p->matrix, fixture)->id);
    }
}

static size_t clamp(size_t value, size_t count)
{
    return count == 0 ? 0 : value < count ? value : count - 1;
}

/* The cursor stays on its policy and document while rows come and go. */
static void restore(struct apply_pane *p)
{
    const struct apply_view *view = p->options.view;
    for (size_t i = 0; view->fixture != NULL && i < matrix_rows(p->matrix); i++) {
        if (strcmp(matrix_fixture(p->matrix, matrix_row(p->matrix, i))->id, view->fixture) == 0) {
            p->row = i;
        }
    }
    for (size_t i = 0; view->policy != NULL && i < matrix_columns(p->matrix); i++) {
        if (strcmp(matrix_policy(p->matrix, matrix_column(p->matrix, i))->id, view->policy) == 0) {
            p->column = i;
        }
    }
    p->row = clamp(p->row, matrix_rows(p->matrix));
    p->column = clamp(p->column, matrix_columns(p->matrix));
}

void apply_refresh(struct apply_pane *p)
{
    const struct apply_view *view = p->options.view;
    p->stale = false;
    p->refreshed_at = loop_now_ms();
    matrix_show(p->matrix, view->only, str_of(view->filter == NULL ? "" : view->filter));
    p->counts = matrix_count(p->matrix);
    apply_compare_refresh(p);
    restore(p);
}

static void on_refresh(void *data)
{
    struct apply_pane *p = data;
    p->stale = true;
    app_redraw(p->app);
}

/* Counting a hundred thousand cells takes milliseconds: not with every one that comes. */
void apply_pane_changed(struct apply_pane *p)
{
    bool large = matrix_policies(p->matrix) * matrix_fixtures(p->matrix) > LARGE;
    if (large && loop_now_ms() - p->refreshed_at < REFRESH_MS) {
        if (!loop_timer_is_active(p->refresh)) {
            loop_timer_start(p->refresh, REFRESH_MS, 0);
        }
        return;
    }
    on_refresh(p);
}

void apply_pane_planned(struct apply_pane *p)
{
    on_refresh(p);
}

/* ---- moving ---- */

static unsigned move_row(struct apply_pane *p, long delta)
{
    long row = (long)p->row + delta;
    p->row = clamp(row < 0 ? 0 : (size_t)row, matrix_rows(p->matrix));
    remember(p);
    return UI_DONE;
}

static unsigned move_column(struct apply_pane *p, long delta)
{
    long column = (long)p->column + delta;
    p->column = clamp(column < 0 ? 0 : (size_t)column, matrix_columns(p->matrix));
    remember(p);
    return UI_DONE;
}

/* Across: policies in the matrix, documents where they are shown one at a time. */
static unsigned across(struct apply_pane *p, long delta)
{
    return p->narrow ? move_row(p, delta) : move_column(p, delta);
}

static unsigned left(void *data)
{
    return across(data, -1);
}

static unsigned right(void *data)
{
    return across(data, 1);
}

/* Somebody has to look at it: what two policies decide differently (of a row once, in the column
 * where the cursor is), what the proposal changes, or what denies. */
static bool is_sought(const struct apply_pane *p, size_t row, size_t column)
{
    const struct comparison_row *compared = apply_compare_row(p, row);
    if (compared != NULL) {
        return column == p->column && comparison_row_differs(compared);
    }
    size_t policy = matrix_column(p->matrix, column);
    size_t fixture = matrix_row(p->matrix, row);
    const struct apply_cell *cell = matrix_shown(p->matrix, policy, fixture);
    return matrix_has(p->matrix, MATRIX_PROPOSED) ? matrix_changed(p->matrix, policy, fixture)
                                                  : cell != NULL && cell->verdict >= APPLY_DENY;
}

/* Row by row, around the end. */
static unsigned go_next(struct apply_pane *p, long step)
{
    size_t columns = matrix_columns(p->matrix);
    size_t count = matrix_rows(p->matrix) * columns;
    size_t at = p->row * columns + p->column;
    for (size_t i = 1; i <= count; i++) {
        size_t place = step > 0 ? (at + i) % count : (at + count - i) % count;
        if (is_sought(p, place / columns, place % columns)) {
            p->row = place / columns;
            p->column = place % columns;
            remember(p);
            return UI_DONE;
        }
    }
    app_message(p->app, MESSAGE_INFO, "%s",
        p->comparing ? "Nothing shown is decided differently by the two."
        : matrix_has(p->matrix, MATRIX_PROPOSED)
            ? "Nothing shown is decided otherwise by the proposal."
            : "Nothing is denied.");
    return UI_DONE;
}

static unsigned next_cell(void *data)
{
    return go_next(data, 1);
}

static unsigned previous_cell(void *data)
{
    return go_next(data, -1);
}

/* ---- opening ---- */

static const char *why_nothing(void *data)
{
    size_t policy;
    size_t fixture;
    return apply_at(data, &policy, &fixture) ? NULL : "Nothing is shown to open.";
}

static void append_cell(const struct apply_cell *cell, const char *label, struct buf *out)
{
    buf_printf(out, "%s%s\n", label, cell == NULL ? "absent" : apply_verdict_name(cell->verdict));
    if (cell == NULL) {
        return;
    }
    struct str rest = str_of(cell->message);
    struct str line;
    while (str_next_line(&rest, &line)) {
        buf_printf(out, "  %.*s\n", STR_FMT(line));
    }
    if (cell->detail != NULL) {
        buf_printf(out, "\n%s\n", cell->detail);
    }
}

static void append_policy(const struct apply_pane *p, size_t policy, struct buf *out)
{
    const struct matrix_head *of = matrix_policy(p->matrix, policy);
    buf_printf(out, "policy    %s %s", of->engine, of->name);
    if (of->file != NULL) {
        buf_printf(out, "  %s:%u", of->file, of->at.row);
    }
    buf_append_char(out, '\n');
}

static void append_document(const struct apply_pane *p, size_t fixture, struct buf *out)
{
    const struct matrix_head *on = matrix_fixture(p->matrix, fixture);
    buf_printf(out, "document  %s  %s", on->name, on->id);
    buf_printf(out, "%s%s\n\n", on->origin == NULL ? "" : "  rendered by ",
        on->origin == NULL ? "" : on->origin);
}

/* Both sides, where there are two: of policies that are compared, or of the proposal. */
static void append_decision(
    const struct apply_pane *p, size_t policy, size_t fixture, struct buf *out)
{
    const struct comparison_row *row = apply_compare_row(p, p->row);
    if (row != NULL) {
        char *older;
        char *newer;
        apply_compare_names(p, &older, &newer);
        char *labels[] = {mem_printf("old %s: ", older), mem_printf("new %s: ", newer)};
        buf_printf(out, "%s\n\n", apply_difference_name(row->difference));
        append_cell(&row->older, labels[0], out);
        append_cell(&row->newer, labels[1], out);
        free(labels[0]);
        free(labels[1]);
        free(older);
        free(newer);
    } else if (matrix_has(p->matrix, MATRIX_PROPOSED)) {
        append_cell(
            matrix_cell(p->matrix, MATRIX_PROPOSED, policy, fixture), "with the proposal: ", out);
        append_cell(matrix_cell(p->matrix, MATRIX_NOW, policy, fixture), "without it: ", out);
    } else {
        append_cell(matrix_cell(p->matrix, MATRIX_NOW, policy, fixture), "", out);
    }
}

/* Verdict, messages, what the engine showed, and the document. */
static unsigned details(void *data)
{
    struct apply_pane *p = data;
    size_t policy;
    size_t fixture;
    if (!apply_at(p, &policy, &fixture)) {
        return UI_IGNORED;
    }
    struct buf text = BUF_INIT;
    append_policy(p, policy, &text);
    append_document(p, fixture, &text);
    append_decision(p, policy, fixture, &text);
    buf_append_c(&text, "\ninput:\n");
    p->options.input(p->options.data, fixture, &text);
    dialog_message(p->app, "Decision", buf_str(&text));
    buf_free(&text);
    return UI_DONE;
}

static unsigned open_decision(void *data)
{
    struct apply_pane *p = data;
    size_t policy;
    size_t fixture;
    if (!apply_at(p, &policy, &fixture)) {
        return UI_IGNORED;
    }
    /* Where it can be evaluated again the pane closes: p is gone then. */
    return p->options.decide(p->options.data, policy, fixture) ? UI_DONE : details(data);
}

static unsigned open_head(struct apply_pane *p, const struct matrix_head *head)
{
    if (head->file == NULL) {
        app_message(p->app, MESSAGE_INFO, "%s stands in no file here.", head->name);
        return UI_DONE;
    }
    p->options.open(p->options.data, head->file, head->at.row);
    return UI_DONE;
}

static unsigned open_fixture(void *data)
{
    struct apply_pane *p = data;
    size_t policy;
    size_t fixture;
    return apply_at(p, &policy, &fixture) ? open_head(p, matrix_fixture(p->matrix, fixture))
                                          : UI_IGNORED;
}

static unsigned open_policy(void *data)
{
    struct apply_pane *p = data;
    size_t policy;
    size_t fixture;
    return apply_at(p, &policy, &fixture) ? open_head(p, matrix_policy(p->matrix, policy))
                                          : UI_IGNORED;
}

/* ---- what is shown ---- */

static void filtered(void *data, struct str text)
{
    struct apply_pane *p = data;
    if (text.ptr != NULL) {
        free(p->options.view->filter);
        p->options.view->filter = str_dup(str_trim(text));
        apply_pane_changed(p);
    }
}

static unsigned filter(void *data)
{
    struct apply_pane *p = data;
    const char *now = p->options.view->filter;
    struct dialog_prompt prompt = {.title = "Show only policies and documents with",
        .hint = "words of a name or a path; empty: all",
        .initial = str_of(now == NULL ? "" : now),
        .done = filtered,
        .data = p};
    dialog_prompt(p->app, &prompt);
    return UI_DONE;
}

static unsigned toggle(struct apply_pane *p, enum matrix_only only)
{
    p->options.view->only = p->options.view->only == only ? MATRIX_ALL : only;
    apply_pane_changed(p);
    return UI_DONE;
}

static unsigned only_denied(void *data)
{
    return toggle(data, MATRIX_DENIED);
}

static unsigned only_changed(void *data)
{
    struct apply_pane *p = data;
    if (p->comparing) {
        p->options.view->differing = !p->options.view->differing;
        apply_pane_changed(p);
        return UI_DONE;
    }
    return toggle(data, MATRIX_CHANGED);
}

static const char *why_no_proposal(void *data)
{
    const struct apply_pane *p = data;
    return p->comparing || matrix_has(p->matrix, MATRIX_PROPOSED) ||
                   p->options.view->only == MATRIX_CHANGED
               ? NULL
               : "No proposal is open and no policies are compared: nothing can be changed.";
}

static const char *why_not_compare(void *data)
{
    const struct apply_pane *p = data;
    return p->comparing                     ? NULL
           : matrix_policies(p->matrix) < 2 ? "There is no second policy to compare with."
                                            : why_nothing(data);
}

static unsigned notes(void *data)
{
    struct apply_pane *p = data;
    const char *text = p->options.notes(p->options.data);
    dialog_message(p->app, "Left out",
        str_of(text[0] == '\0' ? "Nothing was left out: every document was found and rendered."
                               : text));
    return UI_DONE;
}

static unsigned again(void *data)
{
    struct apply_pane *p = data;
    p->options.again(p->options.data);
    return UI_DONE;
}

static unsigned copy(void *data)
{
    struct apply_pane *p = data;
    size_t policy;
    size_t fixture;
    if (!apply_at(p, &policy, &fixture)) {
        return UI_IGNORED;
    }
    const struct apply_cell *cell = matrix_shown(p->matrix, policy, fixture);
    char *text = mem_printf("%s: %s %s on %s%s%s",
        cell == NULL ? "absent" : apply_verdict_name(cell->verdict),
        matrix_policy(p->matrix, policy)->engine, matrix_policy(p->matrix, policy)->name,
        matrix_fixture(p->matrix, fixture)->id, cell == NULL || cell->message == NULL ? "" : "\n",
        cell == NULL || cell->message == NULL ? "" : cell->message);
    app_copy(p->app, str_of(text));
    free(text);
    return UI_DONE;
}

static unsigned close_pane(void *data)
{
    struct apply_pane *p = data;
    if (p->comparing) {
        apply_compare_leave(p);
        return UI_DONE;
    }
    return UI_HANDLED | UI_CLOSE | UI_REDRAW;
}

static const struct action actions[] = {
    {"apply.open", "open",
        "Open the decision: its rule evaluated with this document, and the trace", "enter", NULL,
        ACTION_KEY_LINE, open_decision, why_nothing},
    {"apply.details", "details", "Show the messages, what the engine told, and the input", "space",
        NULL, ACTION_KEY_LINE, details, why_nothing},
    {"apply.changed", "changed",
        "Show only what the open proposal, or the policy compared with, decides otherwise, or all",
        "c", NULL, ACTION_KEY_LINE, only_changed, why_no_proposal},
    {"apply.denied", "denied", "Show only what is denied or an error, or all", "d", NULL,
        ACTION_KEY_LINE, only_denied, NULL},
    {"apply.next", "next",
        "Go to the next cell that the proposal changes or two policies decide differently; else "
        "that denies",
        "n ]", NULL, ACTION_KEY_LINE, next_cell, why_nothing},
    {"apply.previous", "previous",
        "Go to the cell before that the proposal changes, two policies decide differently, or that "
        "denies",
        "N [", NULL, 0, previous_cell, why_nothing},
    {"apply.compare", "compare",
        "Set the policy beside the one that replaces it: what both decide about each document, "
        "those that differ first; again: back to all",
        "v", NULL, ACTION_KEY_LINE, apply_compare_toggle, why_not_compare},
    {"apply.filter", "filter", "Show only policies and documents whose name or path has some words",
        "/", NULL, ACTION_KEY_LINE, filter, NULL},
    {"apply.fixture", "document", "Go to the document in the editor", "i", NULL, ACTION_KEY_LINE,
        open_fixture, why_nothing},
    {"apply.policy", "policy", "Go to the policy in the editor", "p", NULL, ACTION_KEY_LINE,
        open_policy, why_nothing},
    {"apply.notes", "left out", "Say what was not rendered or left out, and why", "o", NULL, 0,
        notes, NULL},
    {"apply.again", "again", "Apply everything again", "r", NULL, 0, again, NULL},
    {"apply.copy", "copy", "Copy the decision with its messages", "y", NULL, 0, copy, why_nothing},
    {"apply.left", "left", "The policy to the left; on a narrow screen the document before",
        "left h", NULL, ACTION_NO_PALETTE, left, NULL},
    {"apply.right", "right", "The policy to the right; on a narrow screen the next document",
        "right l", NULL, ACTION_NO_PALETTE, right, NULL},
    {"apply.close", "close", "Close the view (or the comparison); what it knows is kept", "q", NULL,
        0, close_pane, NULL},
};

const struct action_set apply_pane_actions = ACTION_SET("apply", "Apply", actions);

/* ---- pane ---- */

/* What the list did is the cursor's: down the documents, or the policies on a narrow screen. */
static void take_list(struct apply_pane *p)
{
    if (p->narrow) {
        p->column = p->list.cursor;
    } else {
        p->row = p->list.cursor;
    }
    remember(p);
}

static unsigned key(void *data, const struct key *k)
{
    struct apply_pane *p = data;
    unsigned flags = list_key(&p->list, k, true);
    if ((flags & UI_HANDLED) != 0) {
        take_list(p);
    }
    return flags;
}

static unsigned mouse(void *data, const struct mouse *m)
{
    struct apply_pane *p = data;
    struct mouse inside = *m;
    bool opened = false;
    inside.row -= p->list_row;
    if (inside.row < 0) {
        return UI_IGNORED;
    }
    unsigned flags = list_mouse(&p->list, &inside, &opened);
    take_list(p);
    if (!p->narrow && m->action == MOUSE_PRESS && m->col >= p->head_cols && p->cell_cols > 0) {
        p->column = clamp(
            p->left + (size_t)((m->col - p->head_cols) / p->cell_cols), matrix_columns(p->matrix));
        remember(p);
    }
    return opened ? open_decision(p) : flags;
}

static void title(const void *data, struct buf *left_, struct buf *right_)
{
    const struct apply_pane *p = data;
    buf_append_c(left_, "Apply");
    apply_append_counts(p, right_);
}

static void destroy(void *data)
{
    struct apply_pane *p = data;
    struct apply_pane_options options = p->options;
    loop_timer_free(p->refresh);
    apply_compare_forget(p);
    free(p);
    options.closed(options.data);
}

struct apply_pane *apply_pane_open(const struct apply_pane_options *options)
{
    static const struct pane_ops ops = {.name = "apply",
        .actions = &apply_pane_actions,
        .draw = apply_draw,
        .key = key,
        .mouse = mouse,
        .title = title,
        .destroy = destroy};
    struct apply_pane *p = MEM_NEW(struct apply_pane);
    p->app = options->app;
    p->options = *options;
    p->matrix = options->matrix;
    p->stale = true;
    p->refresh = loop_timer_new(app_loop(p->app), on_refresh, p);
    app_push(p->app, (struct pane){&ops, p}, OVERLAY_FULL, 0, 0);
    app_redraw(p->app);
    return p;
}

void apply_pane_close(struct apply_pane *p)
{
    app_pop(p->app, p);
}
