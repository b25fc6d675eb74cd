/* Painting the evaluate pane. */
#include "pane/evaluate_private.h"

enum { INDENT_MAX = 40 };

const char *evaluate_sign(const struct trace_step *step, bool ascii, enum style_id *style)
{
    switch (step->op == TRACE_EXIT ? TRACE_TRUE : step->outcome) {
    case TRACE_TRUE:
        *style = STYLE_PASS;
        return ascii ? "+" : "✓";
    case TRACE_FALSE:
    case TRACE_NOT_TRUE:
        *style = STYLE_FAIL;
        return ascii ? "x" : "✗";
    case TRACE_UNDEFINED:
        *style = STYLE_FAIL;
        return ascii ? "?" : "∅";
    default:
        *style = STYLE_HINT;
        return ascii ? "." : "·";
    }
}

static void draw_step(struct evaluate_pane *p, size_t step, struct region row)
{
    const struct trace *trace = p->trace->trace;
    const struct trace_step *s = &trace->steps.items[step];
    bool ascii = grid_is_ascii(row.grid);
    int cols = region_cols(row);
    int depth = (int)trace->frames.items[s->frame].depth - 1;
    int col = 1 + 2 * (depth < 0 ? 0 : depth > INDENT_MAX ? INDENT_MAX : depth);
    col = col > cols / 3 ? cols / 3 : col;
    if (s->op == TRACE_ENTER) {
        bool open = p->expanded[s->frame];
        bool held = trace->frames.items[s->frame].exited;
        col += grid_put_c(
            row, 0, col, open ? (ascii ? "v " : "▾ ") : (ascii ? "> " : "▸ "), STYLE(TITLE));
        col += grid_put_c(row, 0, col, s->text, STYLE(STRONG)) + 1;
        col += grid_put_c(row, 0, col, held ? "holds" : "does not hold",
                   held ? STYLE(PASS) : STYLE(FAIL)) +
               2;
        grid_printf(row, 0, col, STYLE(HINT), "%s:%u", s->file, s->at.row);
        return;
    }
    enum style_id style;
    const char *sign = evaluate_sign(s, ascii, &style);
    col += grid_put_c(row, 0, col + 2, sign, style_of(style)) + 3;
    col += grid_printf(row, 0, col, STYLE(GUTTER), "%u", s->at.row) + 1;
    struct str line =
        s->op == TRACE_NOTE ? str_of(s->text) : evaluate_source(p, s->file, s->at.row);
    struct buf values = BUF_INIT;
    if (s->op == TRACE_REDO) {
        buf_append_c(&values, "next solution   ");
    } else if (s->outcome != TRACE_TRUE) {
        buf_printf(&values, "%s   ", trace_outcome_name(s->outcome));
    }
    evaluate_values(p, step, false, &values);
    col += grid_put_fit(row, 0, col, cols - col - 1, line, STYLE(TEXT)) + 2;
    if (col < cols - 4 && values.len > 0) {
        grid_put_fit(row, 0, col, cols - col - 1, buf_str(&values),
            s->outcome == TRACE_TRUE ? STYLE(HINT) : style_of(style));
    }
    buf_free(&values);
}

static void draw_row(void *data, size_t index, struct region row, bool cursor)
{
    struct evaluate_pane *p = data;
    const struct evaluate_row *r = &p->rows.items[index];
    (void)cursor;
    if (r->text == NULL) {
        draw_step(p, r->step, row);
    } else {
        grid_put_fit(row, 0, 1, region_cols(row) - 2, str_of(r->text), style_of(r->style));
    }
}

void evaluate_draw(void *data, struct region region, bool focused)
{
    struct evaluate_pane *p = data;
    if (p->stale || p->cols != region_cols(region) || p->focused != focused) {
        p->focused = focused;
        evaluate_make_rows(p, region_cols(region));
    }
    list_draw(&p->list, region, focused, draw_row, p);
}

void evaluate_title(const void *data, struct buf *left, struct buf *right)
{
    const struct evaluate_pane *p = data;
    const struct eval_result *result = &p->result;
    buf_printf(left, "%s %s", p->stepping ? "Step" : "Evaluate",
        result->label == NULL ? "…" : result->label);
    if (p->has_result && result->input != NULL) {
        buf_printf(left, "  with %s", result->input);
    }
    if (p->stepping) {
        buf_printf(right, "step %zu of %zu", p->number, p->stops);
    } else if (p->running) {
        buf_append_c(right, "evaluating …");
    } else if (p->has_result && result->wall_us > 0) {
        buf_printf(right, "%.1f ms  %s", (double)result->eval_us / 1000,
            result->dialect == DIALECT_V0 ? "v0" : "v1");
    }
}

void evaluate_status(const void *data, struct buf *out)
{
    const struct evaluate_pane *p = data;
    struct buf right = BUF_INIT;
    evaluate_title(p, out, &right);
    buf_printf(out, "  %s  ", right.len > 0 ? right.ptr : "");
    buf_free(&right);
    if (p->rows.len > 0 && p->rows.items[0].text != NULL) {
        buf_append_c(out, p->rows.items[0].text);
    }
}
