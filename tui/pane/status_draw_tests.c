/* Paints the rows of the Tests tab. */
#include "pane/status_private.h"

#include "base/path.h"
#include "base/utf8.h"
#include "widget/bar.h"

enum {
    DURATION_COLS = 9,
    RUNS_MIN_COLS = 100, /* a row shows the last runs, too */
    INDENT_COLS = 2,
    LABEL_MIN_COLS = 8, /* of a folder cut at its front */
    TALLY_MIN_COLS = 24 /* of a row that tells a group's counts */
};

struct mark {
    const char *text;
    const char *ascii;
    enum style_id style;
};

static struct mark mark_of(enum result_status status)
{
    switch (status) {
    case RESULT_PASS:
        return (struct mark){"✓", "+", STYLE_PASS};
    case RESULT_FAIL:
        return (struct mark){"✗", "x", STYLE_FAIL};
    case RESULT_ERROR:
        return (struct mark){"!", "!", STYLE_ERROR};
    case RESULT_WARNING:
        return (struct mark){"▲", "^", STYLE_WARNING};
    case RESULT_SKIPPED:
        return (struct mark){"○", "o", STYLE_SKIP};
    default:
        return (struct mark){"—", "-", STYLE_NOT_EVALUATED};
    }
}

static const char *mark_text(const struct region *region, struct mark mark)
{
    return grid_is_ascii(region->grid) ? mark.ascii : mark.text;
}

static void put_duration(struct region row, int col, uint64_t us)
{
    char text[32];
    if (us == 0) {
        return;
    }
    if (us < 100000) {
        snprintf(text, sizeof text, "%.1f ms", (double)us / 1000);
    } else {
        snprintf(text, sizeof text, "%.2f s", (double)us / 1e6);
    }
    int width = (int)strlen(text);
    grid_put_c(row, 0, col + DURATION_COLS - width, text, STYLE(DIM));
}

static const enum result_status told[] = {
    RESULT_PASS, RESULT_FAIL, RESULT_ERROR, RESULT_WARNING, RESULT_SKIPPED, RESULT_NOT_EVALUATED};

int status_put_none(struct region region, int row, int col)
{
    struct mark mark = mark_of(RESULT_NOT_EVALUATED);
    return grid_printf(region, row, col, style_of(mark.style), "%s 0", mark_text(&region, mark));
}

int status_put_tally(struct region region, int row, int col, const struct tally *tally, bool dim)
{
    int at = col;
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        if (tally->count[told[i]] == 0) {
            continue;
        }
        struct mark mark = mark_of(told[i]);
        at += at > col ? 1 : 0;
        struct style style = told[i] == RESULT_PASS && dim ? STYLE(TEXT) : style_of(mark.style);
        at += grid_put_c(region, row, at, mark_text(&region, mark), style);
        at += grid_printf(region, row, at, style, " %zu", tally->count[told[i]]);
    }
    return at - col;
}

/* Columns that status_put_tally takes. */
static int tally_cols(const struct tally *tally)
{
    int cols = 0;
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        if (tally->count[told[i]] > 0) {
            cols += (cols > 0 ? 1 : 0) + 1 + snprintf(NULL, 0, " %zu", tally->count[told[i]]);
        }
    }
    return cols;
}

void status_append_tally(struct buf *out, const struct tally *tally, size_t pending)
{
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        if (tally->count[told[i]] > 0) {
            buf_printf(out, "%s%zu %s", any ? ", " : "", tally->count[told[i]],
                result_status_name(told[i]));
            any = true;
        }
    }
    if (pending > 0) {
        buf_printf(out, "%s%zu running", any ? ", " : "", pending);
    }
}

void status_append_statuses(struct buf *out, unsigned bits)
{
    if (bits == BOARD_RED) {
        buf_append_c(out, "failed");
        return;
    }
    size_t before = out->len;
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        if ((bits >> told[i] & 1) != 0) {
            buf_printf(out, "%s%s", out->len > before ? ", " : "", result_status_name(told[i]));
        }
    }
    if ((bits & BOARD_FLAKY) != 0) {
        buf_printf(out, "%s%s", out->len > before ? ", " : "", "flaky");
    }
}

/* ---- groups ---- */

static int put_labels(struct region row, int col, int cols, const struct status *s, size_t group)
{
    const char *labels[3];
    size_t count = board_view_labels(s->board, group, labels);
    int all = 0;
    for (size_t i = 0; i < count; i++) {
        all += (int)utf8_width(str_of(labels[i])) + (i > 0 ? 2 : 0);
    }
    /* What it is part of is cut at its front where there is no room, and goes where there is none.
     */
    int own = (int)utf8_width(str_of(labels[count - 1]));
    size_t first = 0;
    while (
        first + 1 < count && all > cols && (first + 2 < count || cols - own - 2 < LABEL_MIN_COLS)) {
        all -= (int)utf8_width(str_of(labels[first++])) + 2;
    }
    int at = col;
    for (size_t i = first; i < count; i++) {
        bool last = i + 1 == count;
        int room = col + cols - at - (last ? 0 : own + 2);
        at +=
            grid_put_fit_end(row, 0, at, room, str_of(labels[i]), last ? STYLE(TITLE) : STYLE(DIM));
        at += last ? 0 : 2;
    }
    return at - col;
}

static void draw_group(struct status *s, const struct board_row *shown, struct region row)
{
    const struct board_sum *sum = &board_tree(s->board)->items[shown->group].sum;
    int cols = region_cols(row);
    int col = 1 + INDENT_COLS * (int)shown->depth;
    bool ascii = grid_is_ascii(row.grid);
    bool open = board_view_is_open(&s->view, s->board, shown->group);
    const char *sign = open ? (ascii ? "v" : "▾") : (ascii ? ">" : "▸");
    grid_put_c(row, 0, col, sign, STYLE(DIM));
    col += 2;
    char running[48] = "";
    if (sum->pending > 0) {
        snprintf(
            running, sizeof running, "%s %zu", spinner_frame(loop_now_ms(), ascii), sum->pending);
    }
    char flaky[32] = "";
    if (sum->flaky > 0) {
        snprintf(flaky, sizeof flaky, "%zu flaky", sum->flaky);
    }
    int counts = tally_cols(&sum->tally);
    int right = counts + (running[0] != '\0' ? 1 + (int)utf8_width(str_of(running)) : 0) +
                (flaky[0] != '\0' ? 1 + (int)strlen(flaky) : 0);
    bool duration = cols >= STATUS_WIDE_COLS;
    int room =
        cols - col - (cols >= TALLY_MIN_COLS ? right + 3 : 0) - (duration ? DURATION_COLS + 2 : 0);
    int used = put_labels(row, col, room > 4 ? room : 4, s, shown->group);
    if (cols < TALLY_MIN_COLS) {
        return;
    }
    col += used + 3;
    if (board_view_is_filtered(&s->view) || s->view.flat) {
        size_t matched = board_view_matched(&s->view, shown->group);
        if (matched < sum->tests && col + right + 16 < cols) {
            col += 1 + grid_printf(row, 0, col, STYLE(DIM), "%zu of", matched);
        }
    }
    col += status_put_tally(row, 0, col, &sum->tally, sum->pending > 0) + 1;
    if (running[0] != '\0') {
        col += grid_put_c(row, 0, col, running, STYLE(RUNNING)) + 1;
    }
    grid_put_c(row, 0, col, flaky, STYLE(WARNING));
    if (duration) {
        put_duration(row, cols - DURATION_COLS - 1, sum->duration_us);
    }
}

/* ---- tests ---- */

static void append_name(const struct status *s, const struct board_test *test, struct buf *name)
{
    if (s->view.flat) {
        if (strcmp(test->engine, engine_opa.name) != 0) {
            buf_printf(name, "%s  ", test->engine);
        }
        buf_printf(name, "%s.", test->suite);
    }
    buf_append_c(name, test->name);
    if (test->count > 1) {
        buf_printf(name, "  %zu case%s", test->count - 1, test->count == 2 ? "" : "s");
    }
}

static void draw_place(const struct board_test *test, struct region row, int col)
{
    int cols = region_cols(row);
    struct buf where = BUF_INIT;
    const char *message = test->message;
    if (message == NULL && test->count > 0) {
        message = test->rows[0].message;
    }
    bool says = message != NULL && !test->pending;
    const char *file = test->file == NULL ? "?" : path_base(test->file);
    buf_printf(&where, "%s:%u", file, test->at.row);
    int place_cols = says ? (cols - col) / 2 : cols - col;
    int used = (int)utf8_width(buf_str(&where));
    used = used > place_cols ? place_cols : used;
    grid_put_fit_end(row, 0, col, place_cols, buf_str(&where), STYLE(DIM));
    buf_free(&where);
    if (says) {
        grid_put_fit(row, 0, col + used + 2, cols - col - used - 2, str_of(message),
            style_of(mark_of(board_status(test)).style));
    }
}

/* Name on the left, place and message after it, as far as they fit. */
static void draw_test(struct status *s, const struct board_row *shown,
    const struct board_test *test, struct region row)
{
    int cols = region_cols(row);
    int col = 1 + INDENT_COLS * (int)shown->depth;
    struct mark mark = mark_of(board_status(test));
    if (test->pending) {
        const char *frame = spinner_frame(loop_now_ms(), grid_is_ascii(row.grid));
        grid_put_c(row, 0, col, frame, STYLE(RUNNING));
    } else {
        grid_put_c(row, 0, col, mark_text(&row, mark), style_of(mark.style));
    }
    bool place = cols >= STATUS_WIDE_COLS;
    int right = place ? cols * (s->view.flat ? 55 : 45) / 100 : cols - DURATION_COLS - 1;
    struct buf name = BUF_INIT;
    append_name(s, test, &name);
    bool dim = test->pending || test->count == 0;
    int room = right - col - 3 - (test->flaky ? 7 : 0);
    int used = grid_put_fit(row, 0, col + 2, room, buf_str(&name), dim ? STYLE(DIM) : STYLE(TEXT));
    buf_free(&name);
    if (test->flaky) {
        grid_put_c(row, 0, col + 3 + used, "flaky", STYLE(WARNING));
    }
    if (!test->pending && test->count > 0 && test->rows[0].cached) {
        grid_put_c(row, 0, right + DURATION_COLS - 6, "cached", STYLE(DIM));
    } else if (!test->pending && test->count > 0) {
        put_duration(row, right, test->rows[0].duration_us);
    }
    if (!place) {
        return;
    }
    right += DURATION_COLS + 2;
    const struct test_past *past = cols >= RUNS_MIN_COLS ? board_past(s->board, test) : NULL;
    if (past != NULL && past->count > 1) {
        struct buf runs = BUF_INIT;
        test_past_draw(past, HISTORY_RUNS, grid_is_ascii(row.grid), &runs);
        grid_put(row, 0, right + HISTORY_RUNS - (int)past->count, buf_str(&runs),
            test->flaky ? STYLE(WARNING) : STYLE(DIM));
        buf_free(&runs);
    }
    draw_place(test, row, right + (cols >= RUNS_MIN_COLS ? HISTORY_RUNS + 2 : 0));
}

static void draw_sub(const struct board_row *shown, const struct result *sub, struct region row)
{
    int cols = region_cols(row);
    struct mark mark = mark_of(sub->status);
    const char *last = strrchr(sub->name, '/');
    int indent = 3 + INDENT_COLS * ((int)shown->depth + (int)sub->depth);
    grid_put_c(row, 0, indent - 2, mark_text(&row, mark), style_of(mark.style));
    const char *name = last == NULL ? sub->name : last + 1;
    int used = indent + (int)utf8_width(str_of(name));
    grid_put_fit(row, 0, indent, cols - indent, str_of(name), STYLE(TEXT));
    if (sub->message != NULL && used + 2 < cols) {
        grid_put_fit(row, 0, used + 2, cols - used - 2, str_of(sub->message), style_of(mark.style));
    }
}

/* ---- expected and got ---- */

static void draw_side(struct region row, int col, int cols, const struct value_diff_row *diff,
    const char *text, struct style style)
{
    if (text != NULL) {
        int indent = INDENT_COLS * (int)diff->depth;
        indent = indent > cols / 2 ? cols / 2 : indent;
        grid_put_fit(row, 0, col + indent, cols - indent, str_of(text), style);
    }
}

static void draw_diff_beside(const struct value_diff_row *diff, struct region row, int indent)
{
    bool ascii = grid_is_ascii(row.grid);
    bool same = diff->kind == VALUE_SAME;
    int half = (region_cols(row) - indent - 3) / 2;
    const char *sign = diff->kind == VALUE_SAME      ? " "
                       : diff->kind == VALUE_CHANGED ? (ascii ? "#" : "≠")
                       : diff->kind == VALUE_LEFT    ? "-"
                                                     : "+";
    draw_side(row, indent, half, diff, diff->left, same ? STYLE(TEXT) : STYLE(DELETE));
    grid_put_c(row, 0, indent + half + 1, sign, same ? STYLE(BORDER) : STYLE(FAIL));
    draw_side(row, indent + half + 3, half, diff, diff->right, same ? STYLE(TEXT) : STYLE(ADD));
}

/* One side a row, as a patch: - is what was expected. */
static void draw_diff_below(
    const struct value_diff_row *diff, enum board_diff_part part, struct region row, int indent)
{
    bool left = part == DIFF_LEFT || (part == DIFF_BOTH && diff->left != NULL);
    bool same = diff->kind == VALUE_SAME;
    struct style style = same ? STYLE(TEXT) : left ? STYLE(DELETE) : STYLE(ADD);
    grid_put_c(row, 0, indent, same ? " " : left ? "-" : "+", style);
    draw_side(row, indent + 2, region_cols(row) - indent - 2, diff, left ? diff->left : diff->right,
        style);
}

static void draw_diff(struct status *s, const struct board_row *shown, struct board_test *test,
    struct region row, int indent)
{
    const struct value_diff *diff = board_diff(test);
    int half = (region_cols(row) - indent - 3) / 2;
    if (shown->part == DIFF_TITLE && s->view.narrow) {
        grid_put_c(row, 0, indent, "- expected  + got", STYLE(DIM));
    } else if (shown->part == DIFF_TITLE) {
        grid_put_c(row, 0, indent, "expected", STYLE(DIM));
        grid_put_c(row, 0, indent + half + 3, "got", STYLE(DIM));
    } else if (s->view.narrow) {
        draw_diff_below(&diff->items[shown->index], shown->part, row, indent);
    } else {
        draw_diff_beside(&diff->items[shown->index], row, indent);
    }
}

int status_text_indent(const struct board_row *row)
{
    return 3 + INDENT_COLS * (int)(row->depth + 1);
}

void status_draw_test_row(void *data, size_t index, struct region row, bool cursor)
{
    (void)cursor;
    struct status *s = data;
    struct board_row shown = board_view_row(&s->view, s->board, index);
    struct board_test *test = board_at(s->board, shown.test);
    int cols = region_cols(row);
    int indent = status_text_indent(&shown);
    switch (shown.kind) {
    case BOARD_ROW_GROUP:
        draw_group(s, &shown, row);
        break;
    case BOARD_ROW_TEST:
        draw_test(s, &shown, test, row);
        break;
    case BOARD_ROW_SUB:
        draw_sub(&shown, &test->rows[shown.index], row);
        break;
    case BOARD_ROW_DIFF:
        draw_diff(s, &shown, test, row, indent);
        break;
    case BOARD_ROW_TEXT:
        grid_put_fit(row, 0, indent, cols - indent, shown.text, STYLE(CODE));
        break;
    }
}
