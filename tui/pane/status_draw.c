/* Paints the status pane and the header's counts. */
#include "pane/status_private.h"

#include "base/path.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/bar.h"
#include "widget/wrap.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum {
    WHOLE_ROWS = 3,      /* of a problem's message under the list */
    WHOLE_FROM_ROWS = 8, /* the pane must have */
    WAITING_FROM_ROWS = 4
};

const struct findings *status_findings(const struct status *s)
{
    return s->problems != NULL ? problems_all(s->problems) : board_findings(s->board);
}

static void append_place(const struct finding *finding, struct buf *out)
{
    if (finding->file != NULL && finding->at.row > 0) {
        buf_printf(out, "%s:%u:%u", finding->file, finding->at.row, finding->at.col);
    } else {
        buf_append_c(out, finding->file == NULL ? "" : finding->file);
    }
}

/* Columns for the message in a row of the list. */
static int finding_room(const struct finding *finding, int cols)
{
    struct buf where = BUF_INIT;
    append_place(finding, &where);
    int width = (int)utf8_width(buf_str(&where));
    int limit = cols * 2 / 5;
    buf_free(&where);
    return cols - 5 - (width < limit ? width : limit);
}

static void draw_finding_row(void *data, size_t index, struct region row, bool cursor)
{
    (void)cursor;
    struct status *s = data;
    const struct finding *finding = &status_findings(s)->items[index];
    bool error = finding->severity == SEVERITY_ERROR;
    struct style style = error                                   ? STYLE(ERROR)
                         : finding->severity == SEVERITY_WARNING ? STYLE(WARNING)
                                                                 : STYLE(INFO);
    int cols = region_cols(row);
    bool note = finding->severity == SEVERITY_NOTE;
    const char *sign = grid_is_ascii(row.grid) ? "x" : "✗";
    grid_put_c(row, 0, 1, error ? sign : note ? "i" : "!", style);
    struct buf where = BUF_INIT;
    append_place(finding, &where);
    int limit = cols * 2 / 5;
    int width = grid_put_fit_end(row, 0, 3, limit, buf_str(&where), STYLE(LINK));
    buf_free(&where);
    struct str message = str_make(finding->message, strcspn(finding->message, "\n"));
    int col = 3 + width + 2;
    grid_put_fit(row, 0, col, cols - col, message, STYLE(TEXT));
    col += (int)utf8_width(message) + 2;
    struct buf who = BUF_INIT;
    bool named = finding->source != NULL && strcmp(finding->source, finding->rule) != 0;
    buf_printf(&who, "%s%s%s%s", finding->edit.from.row > 0 ? "mendable  " : "",
        named ? finding->source : "", named ? " " : "", finding->rule);
    grid_put_fit(row, 0, col, cols - col, buf_str(&who), STYLE(DIM));
    buf_free(&who);
}

/* "5-6, 9, 12-20" */
static void append_rows(struct buf *out, const struct coverage_ranges *ranges)
{
    uint32_t from = 0;
    uint32_t to = 0;
    for (size_t i = 0; i <= ranges->len && out->len < 400; i++) {
        const struct coverage_range *range = i < ranges->len ? &ranges->items[i] : NULL;
        if (range != NULL && from > 0 && range->row <= to + 1) {
            to = range->end_row > to ? range->end_row : to;
            continue;
        }
        if (from > 0) {
            buf_printf(out, from == to ? "%s%u" : "%s%u-%u", out->len > 0 ? ", " : "", from, to);
        }
        if (range != NULL) {
            from = range->row;
            to = range->end_row;
        }
    }
}

static void draw_cover_row(void *data, size_t index, struct region row, bool cursor)
{
    (void)cursor;
    struct status *s = data;
    const struct coverage *coverage = board_coverage(s->board);
    const struct coverage_file *file = &coverage->items[s->cover_rows.items[index]];
    int cols = region_cols(row);
    double percent = coverage_file_percent(file);
    bool any = file->covered_rows + file->missed_rows > 0;
    struct style style = !any                              ? STYLE(NOT_EVALUATED)
                         : percent >= s->options.threshold ? STYLE(COVERED)
                                                           : STYLE(UNCOVERED);
    char *shown = coverage_show(percent);
    grid_printf(row, 0, 1, style, "%6s %%", any ? shown : "—");
    free(shown);
    enum policy_dialect dialect = runner_dialect(s->runner, file->path);
    grid_put_c(
        row, 0, 10, dialect == DIALECT_EITHER ? "" : policy_dialect_name(dialect), STYLE(DIM));
    int name_cols = cols >= STATUS_WIDE_COLS ? cols / 2 : cols - 15;
    grid_put_fit_end(row, 0, 14, name_cols, str_of(file->path), STYLE(TEXT));
    if (cols >= STATUS_WIDE_COLS && file->missed.len > 0) {
        struct buf rows = BUF_INIT;
        append_rows(&rows, &file->missed);
        int col = 14 + name_cols + 2;
        grid_put_c(row, 0, col, "not covered ", STYLE(DIM));
        grid_put_fit(row, 0, col + 12, cols - col - 12, buf_str(&rows), STYLE(TEXT));
        buf_free(&rows);
    }
}

static void draw_log_row(void *data, size_t index, struct region row, bool cursor)
{
    (void)cursor;
    const struct status *s = data;
    grid_put_fit(
        row, 0, 1, region_cols(row) - 1, str_of(board_log_at(s->board, index)), STYLE(DIM));
}

static int worst_first(const void *a, const void *b, void *data)
{
    const struct coverage *coverage = data;
    const struct coverage_file *x = &coverage->items[*(const size_t *)a];
    const struct coverage_file *y = &coverage->items[*(const size_t *)b];
    if (x->missed_rows != y->missed_rows) {
        return x->missed_rows > y->missed_rows ? -1 : 1;
    }
    return strcmp(x->path, y->path);
}

static void refresh_coverage(struct status *s)
{
    const struct coverage *coverage = board_coverage(s->board);
    if (coverage == NULL || s->cover_version == board_version(s->board)) {
        return;
    }
    s->cover_version = board_version(s->board);
    s->cover_rows.len = 0;
    for (size_t i = 0; i < coverage->len; i++) {
        VEC_PUSH(&s->cover_rows, i);
    }
    if (coverage->len > 0) {
        qsort_r(s->cover_rows.items, coverage->len, sizeof(size_t), worst_first,
            (void *)(uintptr_t)coverage);
    }
}

void status_remember(struct status *s)
{
    size_t at = s->lists[TAB_TESTS].cursor;
    s->here_at = at;
    s->here = at < board_view_count(&s->view) ? board_view_row(&s->view, s->board, at)
                                              : (struct board_row){0};
}

/* Keeps the cursor on the row it was on while rows are added and filtered away around it; on the
 * first row it stays there. */
static void keep_cursor(struct status *s)
{
    struct list *list = &s->lists[TAB_TESTS];
    if (!board_view_refresh(&s->view, s->board)) {
        if (list->cursor != s->here_at) {
            status_remember(s);
        }
        return;
    }
    list_set_count(list, board_view_count(&s->view));
    size_t at = list->cursor == 0 ? (size_t)-1 : board_view_find(&s->view, s->board, &s->here);
    if (at != (size_t)-1 && at != list->cursor) {
        list_set_cursor(list, at);
    }
    status_remember(s);
    if (s->view.unfinished) {
        loop_timer_start(s->slice_timer, 1, 0);
    }
}

void status_refresh(struct status *s)
{
    keep_cursor(s);
    refresh_coverage(s);
    list_set_count(&s->lists[TAB_PROBLEMS], status_findings(s)->len);
    list_set_count(
        &s->lists[TAB_COVERAGE], board_coverage(s->board) == NULL ? 0 : s->cover_rows.len);
    list_set_count(&s->lists[TAB_LOG], board_log_count(s->board));
    if (s->follow_log) {
        list_set_cursor(&s->lists[TAB_LOG], board_log_count(s->board));
    }
}

void status_append_waiting(const struct status *s, struct buf *out)
{
    if (s->waiting > 0) {
        buf_printf(out, "%zu guard%s not evaluated: %s", s->waiting, s->waiting == 1 ? "" : "s",
            s->waiting_text);
    }
}

const char *status_no_problems(struct status *s)
{
    struct buf text = BUF_INIT;
    bool ran = board_wall_us(s->board) > 0 && !board_is_running(s->board) &&
               board_trouble(s->board) == NULL;
    buf_append_c(&text, s->check_text != NULL ? s->check_text
                        : ran ? "no problems found when the tests were loaded; opa check and the "
                                "guards look at each file you open, bylaw check at all of them"
                              : "nothing was checked yet");
    bool ended = str_ends(buf_str(&text), "…");
    buf_append_c(&text, s->waiting == 0 ? "" : ended ? " " : ". ");
    status_append_waiting(s, &text);
    free(s->none);
    s->none = buf_take(&text);
    return s->none;
}

/* That there is no test is only known after a run that looked for them. */
static const char *no_tests(const struct status *s)
{
    return board_trouble(s->board) != NULL                              ? board_trouble(s->board)
           : board_is_running(s->board) || runner_is_running(s->runner) ? "looking for tests…"
           : board_wall_us(s->board) == 0 ? "no test was run yet: F5 runs all"
                                          : "no test was found: nothing was evaluated";
}

static const char *empty_text(struct status *s)
{
    switch (s->tab) {
    case TAB_TESTS:
        if (board_trouble(s->board) != NULL || board_count(s->board) == 0) {
            return no_tests(s);
        }
        return s->view.unfinished              ? "looking…"
               : s->view.statuses == BOARD_RED ? "no failures: f shows all tests"
                                               : "nothing matches";
    case TAB_PROBLEMS:
        return status_no_problems(s);
    case TAB_COVERAGE:
        return board_is_busy(s->board) ? "measuring coverage…"
               : board_coverage_is_empty(s->board)
                   ? "not evaluated: no rule of Rego could be covered; the threshold is not applied"
                   : "not evaluated: no test of Rego has run";
    default:
        return "nothing was logged";
    }
}

/* Of the run before it is neither green nor red. */
static struct style coverage_style(const struct status *s)
{
    return board_coverage_is_old(s->board)                                  ? STYLE(DIM)
           : coverage_meets(board_coverage(s->board), s->options.threshold) ? STYLE(PASS)
                                                                            : STYLE(FAIL);
}

static void draw_cover_line(struct status *s, struct region line)
{
    const struct coverage *coverage = board_coverage(s->board);
    bool met = coverage_meets(coverage, s->options.threshold);
    char *shown = coverage_show(coverage_percent(coverage));
    int col = 1 + grid_printf(line, 0, 1, coverage_style(s), "%s %%", shown);
    free(shown);
    struct buf rest = BUF_INIT;
    size_t rows = coverage->covered_rows + coverage->missed_rows;
    buf_printf(&rest, "  threshold %g %% %s%s%s; %zu row%s", s->options.threshold,
        met ? "met" : "not met", board_coverage_is_old(s->board) ? "; of the run before" : "",
        coverage->incomplete ? "; incomplete: not everything could be loaded" : "", rows,
        rows == 1 ? "" : "s");
    grid_put_fit(line, 0, col, region_cols(line) - col - 1, buf_str(&rest), STYLE(TEXT));
    buf_free(&rest);
}

/* All of a text under the list, where its row has no room for it (`room` columns) and the pane has.
 * Returns the rows taken. */
static int draw_whole(struct region region, struct str text, int room)
{
    int rows = region_rows(region);
    int cols = region_cols(region) - 2;
    if (rows < WHOLE_FROM_ROWS || (int)utf8_width(text) <= room) {
        return 0;
    }
    int used = wrap_height(text, cols, WHOLE_ROWS);
    grid_hline(region, rows - used - 1, 0, cols + 2, STYLE(BORDER));
    wrap_put(region_sub(region, rows - used, 1, used, cols), text, STYLE(TEXT));
    return used + 1;
}

static int draw_whole_finding(struct status *s, struct region region)
{
    const struct findings *findings = status_findings(s);
    size_t at = s->lists[TAB_PROBLEMS].cursor;
    if (at >= findings->len) {
        return 0;
    }
    struct str message = str_trim(str_of(findings->items[at].message));
    bool lines = str_find_char(message, '\n', 0) != SIZE_MAX;
    return draw_whole(
        region, message, lines ? -1 : finding_room(&findings->items[at], region_cols(region)));
}

/* A line of what is told of a test. */
static int draw_whole_line(struct status *s, struct region region)
{
    size_t at = s->lists[TAB_TESTS].cursor;
    if (at >= board_view_count(&s->view)) {
        return 0;
    }
    struct board_row row = board_view_row(&s->view, s->board, at);
    int room = region_cols(region) - 1 - status_text_indent(&row); /* beside the bar */
    bool cut = row.kind == BOARD_ROW_TEXT && (int)utf8_width(row.text) > room;
    return cut ? draw_whole(region, str_trim(row.text), -1) : 0;
}

/* A list that is not empty says nothing of them either. Returns the rows taken. */
static int draw_waiting(const struct status *s, struct region region)
{
    int rows = region_rows(region);
    if (s->waiting == 0 || s->lists[TAB_PROBLEMS].count == 0 || rows < WAITING_FROM_ROWS) {
        return 0;
    }
    struct buf text = BUF_INIT;
    status_append_waiting(s, &text);
    grid_put_fit(region, rows - 1, 1, region_cols(region) - 2, buf_str(&text), STYLE(HINT));
    buf_free(&text);
    return 1;
}

static void draw_filter_line(struct status *s, struct region line)
{
    grid_put_c(line, 0, 1, "/", STYLE(KEY));
    struct region field = region_sub(line, 0, 2, 1, region_cols(line) - 2);
    if (s->filter != NULL) {
        edit_draw(
            s->filter, field, true, STYLE(FIELD), "words of name, file, engine; @fail @flaky …");
    } else {
        int col = grid_put_c(field, 0, 0, s->view.filter, STYLE(TEXT));
        grid_put_c(field, 0, col, "  esc shows all", STYLE(HINT));
    }
}

static bool has_filter_line(const struct status *s)
{
    return s->tab == TAB_TESTS &&
           (s->filter != NULL || (s->view.filter != NULL && s->view.filter[0] != '\0'));
}

void status_draw(void *data, struct region region, bool focused)
{
    struct status *s = data;
    board_view_set_narrow(&s->view, region_cols(region) < STATUS_WIDE_COLS);
    status_refresh(s);
    int rows = region_rows(region);
    int cols = region_cols(region);
    int top = 0;
    if (has_filter_line(s)) {
        draw_filter_line(s, region_sub(region, 0, 0, 1, cols));
        top = 1;
    } else if (s->tab == TAB_COVERAGE && board_coverage(s->board) != NULL) {
        draw_cover_line(s, region_sub(region, 0, 0, 1, cols));
        top = 1;
    } else if (s->tab == TAB_TESTS && board_trouble(s->board) != NULL &&
               board_view_count(&s->view) > 0) {
        grid_put_fit(region, 0, 1, cols - 1, str_of(board_trouble(s->board)), STYLE(ERROR));
        top = 1;
    }
    int below = s->tab == TAB_PROBLEMS ? draw_waiting(s, region) : 0;
    if (s->tab == TAB_PROBLEMS) {
        below += draw_whole_finding(s, region_sub(region, 0, 0, rows - below, cols));
    } else if (s->tab == TAB_TESTS) {
        below = draw_whole_line(s, region);
    }
    struct region body = region_sub(region, top, 0, rows - top - below, cols);
    struct list *list = &s->lists[s->tab];
    if (list->count == 0) {
        list->rows = region_rows(body);
        wrap_put(region_sub(body, 0, 1, region_rows(body), cols - 2), str_of(empty_text(s)),
            (board_trouble(s->board) != NULL && s->tab == TAB_TESTS) ||
                    (s->check_trouble && s->tab == TAB_PROBLEMS)
                ? STYLE(ERROR)
                : STYLE(HINT));
        return;
    }
    static void (*const draw_row[TAB_COUNT])(void *, size_t, struct region, bool) = {
        status_draw_test_row, draw_finding_row, draw_cover_row, draw_log_row};
    list_draw(list, body, focused && s->filter == NULL, draw_row[s->tab], s);
}

/* Counts: only what there is, but "not evaluated" when nothing else. */
static int put_counts(struct status *s, struct region region, int row, int col)
{
    struct tally tally = board_tally(s->board);
    tally.count[RESULT_ERROR] += board_error_count(s->board);
    bool nothing = board_count(s->board) == 0 && tally.count[RESULT_ERROR] == 0;
    if (nothing) {
        return status_put_none(region, row, col);
    }
    /* Passing is dim until nothing is left to run: green is for a whole run. */
    return status_put_tally(
        region, row, col, &tally, board_verdict(s->board) == RESULT_NOT_EVALUATED);
}

/* In at most `cols` columns: where they are few, by whole percents, and nothing rather than half of
 * a number. */
static int put_coverage(struct status *s, struct region region, int row, int col, int cols)
{
    const struct coverage *coverage = board_coverage(s->board);
    double percent = coverage_percent(coverage);
    double threshold = s->options.threshold;
    char *shown = coverage_show(percent);
    const char *compare = percent < threshold ? "<" : grid_is_ascii(region.grid) ? ">=" : "≥";
    const char *doubt = coverage->incomplete || board_coverage_is_old(s->board) ? "?" : "";
    struct buf text = BUF_INIT;
    buf_printf(&text, "cov %s%% %s %g%s", shown, compare, threshold, doubt);
    if ((int)utf8_width(buf_str(&text)) > cols) {
        buf_clear(&text);
        buf_printf(&text, "cov %d%%%s%g%s", (int)percent, compare, threshold, doubt);
    }
    bool fits = (int)utf8_width(buf_str(&text)) <= cols;
    int used = fits ? grid_put(region, row, col, buf_str(&text), coverage_style(s)) : 0;
    buf_free(&text);
    free(shown);
    return used;
}

int status_draw_counts(struct status *s, struct region region, int row, int col, int cols)
{
    struct region part = region_sub(region, row, col, 1, cols);
    int used = put_counts(s, part, 0, 0);
    if (board_is_running(s->board)) {
        size_t done;
        size_t total;
        board_progress(s->board, &done, &total);
        if (total > 0) { /* nothing that a change reaches is no news */
            used += 1 + grid_printf(part, 0, used + 1, STYLE(RUNNING), "%zu/%zu", done, total);
        }
    }
    const struct coverage *coverage = board_coverage(s->board);
    if (coverage != NULL && coverage->covered_rows + coverage->missed_rows > 0) {
        used += 3 + put_coverage(s, part, 0, used + 3, cols == 0 ? INT_MAX : cols - used - 3);
    }
    return used;
}

/* Where the names of all tabs have no room those in the back are told by their first letter. */
static void shorten_tabs(struct tab *tabs, int active, int cols)
{
    int all = 0;
    for (int i = 0; i < TAB_COUNT; i++) {
        all += (int)tabs[i].label.len + (tabs[i].count >= 0 ? 6 : 2);
    }
    for (int i = 0; i < TAB_COUNT && all > cols; i++) {
        if (i != active) {
            tabs[i].label = str_slice(tabs[i].label, 0, 1);
        }
    }
}

/* What is shown of the tests, and how. */
static void append_view(const struct status *s, struct buf *out)
{
    if (s->view.order != ORDER_FILE) {
        buf_printf(out, " %s ", board_order_name(s->view.order));
    }
    if (s->view.statuses != 0) {
        buf_append_char(out, ' ');
        status_append_statuses(out, s->view.statuses);
        buf_append_c(out, " only ");
    }
}

/* True: it is about how far the problems can be believed. `less` leaves out what is said elsewhere
 * too: 1 the time and words, 2 that it watches. */
static bool append_right(const struct status *s, int less, struct buf *out)
{
    size_t done;
    size_t total;
    board_progress(s->board, &done, &total);
    if (s->tab == TAB_PROBLEMS && s->check_brief != NULL && s->check_brief[0] != '\0') {
        buf_printf(out, " %s ", s->check_brief);
        return true;
    }
    if (s->tab == TAB_PROBLEMS && s->waiting > 0) {
        buf_printf(out, less < 2 ? " %zu %snot evaluated " : " %zu%s — ", s->waiting,
            less > 0          ? ""
            : s->waiting == 1 ? "guard "
                              : "guards ");
        return true;
    }
    if (s->tab == TAB_TESTS) {
        append_view(s, out);
    }
    if (s->watch && less < 2) {
        buf_append_c(out, " watch ");
    }
    if (board_is_running(s->board) && total > 0) {
        buf_printf(out, " running %zu/%zu ", done, total);
    } else if (board_is_busy(s->board)) {
        buf_append_c(out, " measuring ");
    } else if (board_wall_us(s->board) > 0 && less < 1) {
        buf_printf(out, " %.2f s ", (double)board_wall_us(s->board) / 1e6);
    }
    return false;
}

void status_draw_title(void *data, struct region region, bool focused)
{
    struct status *s = data;
    status_refresh(s);
    (void)focused;
    struct tab tabs[TAB_COUNT] = {
        {STR_LIT("Tests"), (int)board_count(s->board)},
        {STR_LIT("Problems"), (int)status_findings(s)->len},
        {STR_LIT("Coverage"), -1},
        {STR_LIT("Log"), -1},
    };
    shorten_tabs(tabs, s->tab, region_cols(region));
    int used = tabs_draw(region, 0, 0, tabs, TAB_COUNT, s->tab, s->tab_starts);
    struct buf right = BUF_INIT;
    int cols = region_cols(region);
    bool check = append_right(s, 0, &right);
    int width = (int)utf8_width(buf_str(&right));
    for (int less = 1; less <= 2 && cols - width - 1 <= used; less++) {
        buf_clear(&right);
        check = append_right(s, less, &right);
        width = (int)utf8_width(buf_str(&right));
    }
    if (s->of != NULL) {
        used += 2 + grid_printf(region, 0, used + 2, STYLE(MODIFIED), " of %s ", s->of);
    }
    if (right.len > 0 && cols - width - 1 > used) {
        grid_put_c(region, 0, cols - width - 1, right.ptr,
            check                     ? (s->check_trouble ? STYLE(ERROR) : STYLE(RUNNING))
            : board_is_busy(s->board) ? STYLE(RUNNING)
                                      : STYLE(DIM));
    }
    buf_free(&right);
}

void status_fold(const void *data, struct buf *out)
{
    const struct status *s = data;
    struct tally tally = board_tally(s->board);
    if (board_count(s->board) == 0) {
        buf_append_c(out, no_tests(s));
        return;
    }
    buf_printf(out, "✓ %zu ✗ %zu ! %zu ○ %zu — %zu", tally.count[RESULT_PASS],
        tally.count[RESULT_FAIL], tally.count[RESULT_ERROR] + board_error_count(s->board),
        tally.count[RESULT_SKIPPED], tally.count[RESULT_NOT_EVALUATED]);
    if (board_is_running(s->board)) {
        size_t done;
        size_t total;
        board_progress(s->board, &done, &total);
        if (total > 0) {
            buf_printf(out, "  running %zu/%zu", done, total);
        }
    }
}
