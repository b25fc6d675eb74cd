/* Paints the apply pane. */
#include "pane/apply_private.h"

#include "base/path.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
    NARROW_COLS = 60,
    CELL_MIN = 8,
    CELL_MAX = 18,
    CHANGED_MIN = 14, /* "allow>mutate" and a blank */
    MARK_COLS = 11,   /* "one-sided", a blank, and room for the bracket of the cell behind it */
    BRIEF_MARK_COLS = 3,
    LEAST_HEAD = 20,
    TALL_ROWS = 20
};

static enum style_id style_of_verdict(enum apply_verdict verdict)
{
    static const enum style_id styles[APPLY_VERDICTS] = {[APPLY_WAITING] = STYLE_HINT,
        [APPLY_NO_MATCH] = STYLE_HINT,
        [APPLY_NOT_EVALUATED] = STYLE_NOT_EVALUATED,
        [APPLY_ALLOW] = STYLE_PASS,
        [APPLY_EXCEPTED] = STYLE_SKIP,
        [APPLY_GENERATE] = STYLE_INFO,
        [APPLY_MUTATE] = STYLE_INFO,
        [APPLY_WARN] = STYLE_WARNING,
        [APPLY_DENY] = STYLE_FAIL,
        [APPLY_ERROR] = STYLE_ERROR};
    return styles[verdict];
}

static const char *brief(const struct apply_cell *cell)
{
    return cell == NULL ? "absent" : apply_verdict_short(cell->verdict);
}

/* How much a difference needs to be looked at. */
static enum style_id style_of_difference(enum apply_difference difference)
{
    static const enum style_id styles[APPLY_DIFFERENCES] = {[APPLY_NEITHER] = STYLE_HINT,
        [APPLY_SAME] = STYLE_PASS,
        [APPLY_DIFFERS] = STYLE_FAIL,
        [APPLY_ONE_SIDED] = STYLE_WARNING,
        [APPLY_UNDECIDED] = STYLE_NOT_EVALUATED,
        [APPLY_PENDING] = STYLE_HINT};
    return styles[difference];
}

struct style apply_word(
    const struct apply_pane *pane, size_t policy, size_t fixture, struct buf *out)
{
    const struct apply_cell *now = matrix_cell(pane->matrix, MATRIX_NOW, policy, fixture);
    const struct apply_cell *proposed = matrix_cell(pane->matrix, MATRIX_PROPOSED, policy, fixture);
    if (matrix_changed(pane->matrix, policy, fixture)) {
        buf_printf(out, "%s>%s", brief(now), brief(proposed));
        enum style_id style =
            proposed == NULL ? STYLE_WARNING : style_of_verdict(proposed->verdict);
        return style_with(style_of(style), ATTR_BOLD | ATTR_UNDERLINE);
    }
    const struct apply_cell *cell = matrix_shown(pane->matrix, policy, fixture);
    if (cell == NULL) {
        return STYLE(HINT);
    }
    buf_append_c(out, apply_verdict_short(cell->verdict));
    if (matrix_reworded(pane->matrix, policy, fixture)) {
        buf_append_char(out, '~');
    }
    return style_of(style_of_verdict(cell->verdict));
}

static void append_differences(const struct apply_pane *pane, struct buf *out)
{
    static const enum apply_difference order[] = {
        APPLY_DIFFERS, APPLY_ONE_SIDED, APPLY_UNDECIDED, APPLY_PENDING, APPLY_SAME};
    const char *comma = "";
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        size_t count = pane->compared.counts[order[i]];
        if (count > 0) {
            buf_printf(out, "%s%zu %s", comma, count,
                order[i] == APPLY_DIFFERS ? "different" : apply_difference_name(order[i]));
            comma = ", ";
        }
    }
}

void apply_append_counts(const struct apply_pane *pane, struct buf *out)
{
    const char *comma = "";
    if (pane->comparing) {
        append_differences(pane, out);
        return;
    }
    for (size_t i = APPLY_VERDICTS; i > APPLY_NOT_EVALUATED; i--) {
        enum apply_verdict verdict = (enum apply_verdict)(i - 1);
        if (pane->counts.of[verdict] > 0) {
            buf_printf(
                out, "%s%zu %s", comma, pane->counts.of[verdict], apply_verdict_name(verdict));
            comma = ", ";
        }
    }
    if (matrix_has(pane->matrix, MATRIX_PROPOSED)) {
        buf_printf(out, "%s%zu changed by the proposal", comma, pane->counts.changed);
    }
}

/* What is shown, before how much of it there is. */
static void append_what(const struct apply_pane *pane, bool narrow, struct buf *out)
{
    const struct apply_view *view = pane->options.view;
    if (pane->comparing) {
        char *older;
        char *newer;
        apply_compare_names(pane, &older, &newer);
        if (!narrow) { /* the columns are named, too */
            buf_printf(out, "%s with %s  ", older, newer);
        }
        free(older);
        free(newer);
        buf_append_c(out, view->differing ? "only different  " : "");
        buf_append_c(out, view->only == MATRIX_DENIED ? "only denied  " : "");
        return;
    }
    buf_printf(out, "%zu x %zu  ", matrix_policies(pane->matrix), matrix_fixtures(pane->matrix));
    if (view->only != MATRIX_ALL) {
        buf_printf(out, "only %s  ", view->only == MATRIX_DENIED ? "denied" : "changed");
    }
}

static void draw_title(const struct apply_pane *pane, struct region region)
{
    struct buf text = BUF_INIT;
    size_t known;
    size_t total;
    const struct apply_view *view = pane->options.view;
    int cols = region_cols(region);
    int right = cols - 1;
    if (pane->options.progress(pane->options.data, &known, &total)) {
        if (total == 0) {
            buf_append_c(&text, "looking ...");
        } else {
            buf_printf(&text, "%zu/%zu", known, total);
        }
        right -= (int)text.len;
        grid_put(region, 0, right, buf_str(&text), STYLE(RUNNING));
        right -= 2;
    }
    buf_clear(&text);
    append_what(pane, cols < NARROW_COLS, &text);
    bool brief = pane->comparing && cols < NARROW_COLS;
    if (view->filter != NULL && view->filter[0] != '\0' && !brief) {
        buf_printf(&text, "filter \"%s\"  ", view->filter);
    }
    int col =
        1 + grid_put_c(region, 0, 1, pane->comparing ? "Compare " : "Apply ", STYLE(TITLE_FOCUS));
    col += grid_put_fit(region, 0, col, right - col, buf_str(&text), STYLE(STRONG));
    buf_clear(&text);
    apply_append_counts(pane, &text);
    if (col < right) {
        grid_put_fit(region, 0, col, right - col, buf_str(&text), STYLE(TEXT));
    }
    buf_free(&text);
}

/* What tells a column from its neighbours: the end of its name. */
static struct str tail_of(const struct matrix_head *head, int cols)
{
    struct str name = str_of(head->name);
    while ((int)utf8_width(name) > cols) {
        size_t dot = str_find_char(name, '.', 0);
        size_t slash = str_find_char(name, '/', 0);
        size_t cut = dot < slash ? dot : slash;
        if (cut == SIZE_MAX || cut + 1 >= name.len) {
            break;
        }
        name = str_from(name, cut + 1);
    }
    return name;
}

static void measure(struct apply_pane *pane, int cols)
{
    int widest = matrix_has(pane->matrix, MATRIX_PROPOSED) && pane->counts.changed > 0 ? CHANGED_MIN
                                                                                       : CELL_MIN;
    for (size_t i = 0; i < matrix_columns(pane->matrix); i++) {
        const struct matrix_head *head =
            matrix_policy(pane->matrix, matrix_column(pane->matrix, i));
        int width = (int)utf8_width(tail_of(head, CELL_MAX - 2)) + 2;
        widest = width > widest ? width : widest;
    }
    pane->cell_cols = widest > CELL_MAX ? CELL_MAX : widest;
    int room = (cols - LEAST_HEAD - 1) / (int)matrix_columns(pane->matrix);
    if (pane->comparing && pane->cell_cols > room) {
        /* Both sides are to be seen. */
        pane->cell_cols = room < CELL_MIN ? CELL_MIN : room;
    }
    /* What the columns leave is the documents', within reason. */
    int wanted = (int)(matrix_columns(pane->matrix) > 100 ? 100 : matrix_columns(pane->matrix)) *
                 pane->cell_cols;
    int least = cols * 2 / 5 < LEAST_HEAD ? LEAST_HEAD : cols * 2 / 5;
    int most = cols - wanted - 1;
    pane->head_cols = most < least ? least : most > cols * 2 / 3 ? cols * 2 / 3 : most;
    size_t shown = (size_t)((cols - pane->head_cols - 1) / pane->cell_cols);
    shown = shown == 0 ? 1 : shown;
    if (pane->column < pane->left) {
        pane->left = pane->column;
    } else if (pane->column >= pane->left + shown) {
        pane->left = pane->column - shown + 1;
    }
    size_t count = matrix_columns(pane->matrix);
    size_t last = count > shown ? count - shown : 0;
    pane->left = pane->left > last ? last : pane->left;
}

/* ---- the matrix ---- */

static bool is_named_as(
    const struct apply_pane *pane, const struct matrix_head *head, size_t column)
{
    return column < matrix_columns(pane->matrix) &&
           strcmp(matrix_policy(pane->matrix, matrix_column(pane->matrix, column))->name,
               head->name) == 0;
}

/* The engine; of policies of one name beside each other, the file. */
static struct str kin_of(
    const struct apply_pane *pane, const struct matrix_head *head, size_t column)
{
    bool alike =
        is_named_as(pane, head, column + 1) || (column > 0 && is_named_as(pane, head, column - 1));
    return str_of(alike && head->file != NULL ? path_base(head->file) : head->engine);
}

static void draw_heads(const struct apply_pane *pane, struct region region, int row)
{
    int cols = region_cols(region);
    size_t count = matrix_columns(pane->matrix);
    int col = pane->head_cols;
    size_t i = pane->left;
    for (; i < count && col + pane->cell_cols <= cols; i++, col += pane->cell_cols) {
        const struct matrix_head *head =
            matrix_policy(pane->matrix, matrix_column(pane->matrix, i));
        bool here = i == pane->column;
        const char *side = !pane->comparing ? "" : i == 0 ? "old " : "new ";
        int width = grid_put_fit(region, row, col, pane->cell_cols - 1, str_of(side), STYLE(TEXT));
        grid_put_fit(region, row, col + width, pane->cell_cols - 1 - width, kin_of(pane, head, i),
            STYLE(HINT));
        grid_put_fit(region, row + 1, col, pane->cell_cols - 1, tail_of(head, pane->cell_cols - 1),
            here ? STYLE(TITLE_FOCUS) : STYLE(HEADING));
    }
    struct buf text = BUF_INIT;
    buf_printf(
        &text, "%zu of %zu documents", matrix_rows(pane->matrix), matrix_fixtures(pane->matrix));
    grid_put_fit(region, row + 1, 1, pane->head_cols - 2, buf_str(&text), STYLE(HINT));
    buf_clear(&text);
    if (pane->left > 0 || i < count) {
        buf_printf(&text, "policies %zu-%zu of %zu", pane->left + 1, i, count);
        grid_put_fit(region, row, 1, pane->head_cols - 2, buf_str(&text), STYLE(HINT));
    }
    buf_free(&text);
}

static void draw_fixture(const struct matrix_head *head, struct region row, int cols)
{
    int col = 1;
    int room = cols - 2;
    int name = grid_put_fit(row, 0, col, room * 3 / 5, str_of(head->name), STYLE(TEXT));
    col += name + 1;
    struct str place = str_of(head->origin != NULL ? head->origin : head->id);
    if (cols - col > 6) {
        grid_put_fit_end(row, 0, col, cols - col - 1, place, STYLE(HINT));
    }
}

static int mark_cols(const struct apply_pane *pane, struct region row)
{
    return !pane->comparing ? 0 : region_cols(row) < NARROW_COLS ? BRIEF_MARK_COLS : MARK_COLS;
}

static void draw_difference(const struct apply_pane *pane, size_t index, struct region row)
{
    const struct comparison_row *compared = apply_compare_row(pane, index);
    if (compared != NULL) {
        struct style style = style_of(style_of_difference(compared->difference));
        bool differs = comparison_row_differs(compared);
        int width = mark_cols(pane, row);
        const char *brief = differs ? "!" : " ";
        grid_put_fit(row, 0, pane->head_cols - width, width - 2,
            str_of(width == MARK_COLS ? apply_difference_name(compared->difference) : brief),
            differs ? style_with(style, ATTR_BOLD) : style);
    }
}

static void draw_row(void *data, size_t index, struct region row, bool cursor)
{
    const struct apply_pane *pane = data;
    size_t fixture = matrix_row(pane->matrix, index);
    draw_fixture(
        matrix_fixture(pane->matrix, fixture), row, pane->head_cols - mark_cols(pane, row));
    draw_difference(pane, index, row);
    int col = pane->head_cols;
    for (size_t i = pane->left;
         i < matrix_columns(pane->matrix) && col + pane->cell_cols <= region_cols(row);
         i++, col += pane->cell_cols) {
        struct buf text = BUF_INIT;
        struct style style = apply_word(pane, matrix_column(pane->matrix, i), fixture, &text);
        bool here = cursor && i == pane->column;
        if (here) {
            grid_put_c(row, 0, col - 1, "[", STYLE(STRONG));
            style = style_with(style, ATTR_REVERSE);
        }
        int width = grid_put_fit(row, 0, col, pane->cell_cols - 1, buf_str(&text), style);
        if (here) {
            grid_put_c(row, 0, col + width, "]", STYLE(STRONG));
        }
        buf_free(&text);
    }
}

/* ---- the list ---- */

static void draw_policy_row(void *data, size_t index, struct region row, bool cursor)
{
    const struct apply_pane *pane = data;
    size_t policy = matrix_column(pane->matrix, index);
    size_t fixture = matrix_row(pane->matrix, pane->row);
    const struct matrix_head *head = matrix_policy(pane->matrix, policy);
    const struct apply_cell *cell = matrix_shown(pane->matrix, policy, fixture);
    struct buf text = BUF_INIT;
    struct style style = apply_word(pane, policy, fixture, &text);
    grid_put_c(row, 0, 0, cursor ? ">" : " ", STYLE(PROMPT));
    int col = 1 + grid_put(row, 0, 1, buf_str(&text), style);
    col = col < CELL_MIN ? CELL_MIN : col + 1;
    col += grid_put_fit(row, 0, col, region_cols(row) - col - 1,
               tail_of(head, region_cols(row) - col - 1), STYLE(TEXT)) +
           1;
    if (cell != NULL && cell->message != NULL && col < region_cols(row) - 4) {
        struct str line;
        struct str rest = str_of(cell->message);
        (void)str_next_line(&rest, &line);
        grid_put_fit(row, 0, col, region_cols(row) - col - 1, line, STYLE(HINT));
    }
    buf_free(&text);
}

static void draw_document(const struct apply_pane *pane, struct region region, int row)
{
    const struct matrix_head *head =
        matrix_fixture(pane->matrix, matrix_row(pane->matrix, pane->row));
    int col = 1 + grid_printf(region, row, 1, STYLE(HINT), "%zu/%zu ", pane->row + 1,
                      matrix_rows(pane->matrix));
    grid_put_fit(
        region, row, col, region_cols(region) - col - 1, str_of(head->name), STYLE(HEADING));
    grid_put_fit_end(region, row + 1, 1, region_cols(region) - 2, str_of(head->id), STYLE(HINT));
}

/* ---- what the cell says ---- */

/* One line for each side, after the document where there is room; the cell's details have the rest.
 */
static void draw_sides(const struct apply_pane *pane, struct region region, int row)
{
    const struct comparison_row *compared = apply_compare_row(pane, pane->row);
    const struct apply_cell *sides[] = {&compared->older, &compared->newer};
    int cols = region_cols(region);
    int col;
    if (region_rows(region) - row > (int)ARRAY_LEN(sides) + 1) {
        col = 1 + grid_put_c(region, ++row, 1, apply_difference_name(compared->difference),
                      style_of(style_of_difference(compared->difference)));
        grid_put_fit(region, row, col + 1, cols - col - 2,
            str_of(matrix_fixture(pane->matrix, compared->fixture)->id), STYLE(STRONG));
    }
    for (size_t i = 0; i < ARRAY_LEN(sides) && row + 1 < region_rows(region); i++) {
        struct str rest = str_of(sides[i]->message);
        struct str line = STR_LIT("");
        (void)str_next_line(&rest, &line);
        col = 1 + grid_put_c(region, ++row, 1, i == 0 ? "old " : "new ", STYLE(HINT));
        col += 1 + grid_put_c(region, row, col, apply_verdict_name(sides[i]->verdict),
                       style_of(style_of_verdict(sides[i]->verdict)));
        grid_put_fit(region, row, col + 1, cols - col - 2, line, STYLE(TEXT));
    }
}

static void draw_detail(const struct apply_pane *pane, struct region region, int row)
{
    size_t policy;
    size_t fixture;
    int rows = region_rows(region);
    int cols = region_cols(region);
    grid_hline(region, row, 0, cols, STYLE(BORDER));
    if (!apply_at(pane, &policy, &fixture)) {
        return;
    }
    if (pane->comparing) {
        draw_sides(pane, region, row);
        return;
    }
    const struct matrix_head *head = matrix_policy(pane->matrix, policy);
    const struct apply_cell *cell = matrix_shown(pane->matrix, policy, fixture);
    const struct apply_cell *now = matrix_cell(pane->matrix, MATRIX_NOW, policy, fixture);
    bool changed = matrix_changed(pane->matrix, policy, fixture);
    struct buf text = BUF_INIT;
    if (changed) {
        buf_printf(&text,
            "%s, %s before: ", cell == NULL ? "absent" : apply_verdict_name(cell->verdict),
            now == NULL ? "absent" : apply_verdict_name(now->verdict));
    } else if (cell != NULL) {
        buf_printf(&text, "%s: ", apply_verdict_name(cell->verdict));
    }
    buf_printf(
        &text, "%s %s on %s", head->engine, head->name, matrix_fixture(pane->matrix, fixture)->id);
    grid_put_fit(region, ++row, 1, cols - 2, buf_str(&text), STYLE(STRONG));
    buf_free(&text);
    struct str rest = str_of(cell == NULL ? NULL : cell->message);
    struct str line;
    while (row + 1 < rows && str_next_line(&rest, &line)) {
        grid_put_fit(region, ++row, 2, cols - 3, line, STYLE(TEXT));
    }
}

static void draw_nothing(const struct apply_pane *pane, struct region region, int row)
{
    size_t known;
    size_t total;
    bool running = pane->options.progress(pane->options.data, &known, &total);
    const struct apply_view *view = pane->options.view;
    bool narrowed = view->only != MATRIX_ALL || (view->filter != NULL && view->filter[0] != '\0');
    const char *text =
        running ? "Looking for policies and documents ..."
        : matrix_policies(pane->matrix) == 0
            ? "No policy here says deny, violation, warn or allow, and no engine knows another."
        : matrix_fixtures(pane->matrix) == 0
            ? "No document here to apply policies to: put some into a folder called testdata."
        : pane->comparing && view->differing ? "The two decide the same about every document shown."
        : view->only == MATRIX_CHANGED       ? "Nothing is decided otherwise by the proposal."
        : narrowed                           ? "Nothing is left: change the filter."
                                             : "";
    grid_put_fit(region, row, 2, region_cols(region) - 3, str_of(text), STYLE(HINT));
}

void apply_draw(void *data, struct region region, bool focused)
{
    struct apply_pane *pane = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    if (pane->stale) {
        apply_refresh(pane);
    }
    draw_title(pane, region);
    /* Two policies have room beside each other. */
    pane->narrow = cols < NARROW_COLS && !pane->comparing;
    int detail = rows >= TALL_ROWS ? 6 : 3;
    int body = 3;
    pane->list_row = body;
    if (matrix_rows(pane->matrix) == 0 || matrix_columns(pane->matrix) == 0) {
        draw_nothing(pane, region, 2);
        return;
    }
    int height = rows - body - detail;
    height = height < 1 ? rows - body : height;
    struct region list = region_sub(region, body, 0, height, cols);
    if (pane->narrow) {
        draw_document(pane, region, 1);
        list_set_count(&pane->list, matrix_columns(pane->matrix));
        list_set_cursor(&pane->list, pane->column);
        list_draw(&pane->list, list, focused, draw_policy_row, pane);
    } else {
        measure(pane, cols);
        draw_heads(pane, region, 1);
        list_set_count(&pane->list, matrix_rows(pane->matrix));
        list_set_cursor(&pane->list, pane->row);
        list_draw(&pane->list, list, focused, draw_row, pane);
    }
    draw_detail(pane, region, body + height);
}
