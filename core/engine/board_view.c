#include "engine/board.h"

#include "base/vec.h"

#include <stdlib.h>

enum { TEXT_LINES_MAX = 400 }; /* shown of one test */

void board_view_free(struct board_view *view)
{
    free(view->filter);
    view->filter = NULL;
    VEC_FREE(&view->rows);
}

static inline char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* ASCII case only: names of packages, tests and files. `needle` is folded already. */
static bool contains_folded(const char *text, const char *needle)
{
    if (needle[0] == '\0') {
        return true;
    }
    for (; *text != '\0'; text++) {
        if (fold(*text) != needle[0]) {
            continue;
        }
        size_t i = 1;
        while (needle[i] != '\0' && fold(text[i]) == needle[i]) {
            i++;
        }
        if (needle[i] == '\0') {
            return true;
        }
    }
    return false;
}

static bool is_red(const struct board_test *test)
{
    enum result_status status = board_status(test);
    return status == RESULT_FAIL || status == RESULT_ERROR;
}

/* "package.name" or the file; so a filter can be typed as the row reads. */
static bool is_shown(const struct board_view *view, const char *needle,
    const struct board_test *test, struct buf *scratch)
{
    if (view->failed_only && !is_red(test)) {
        return false;
    }
    if (needle[0] == '\0') {
        return true;
    }
    buf_clear(scratch);
    buf_append_c(scratch, test->suite);
    buf_append_char(scratch, '.');
    buf_append_c(scratch, test->name);
    buf_append_char(scratch, ' ');
    buf_append_c(scratch, test->file == NULL ? "" : test->file);
    return contains_folded(scratch->ptr, needle);
}

static void add_expanded(struct board_view *view, struct board *board, size_t index)
{
    struct board_test *test = board_at(board, index);
    for (size_t i = 1; i < test->count; i++) {
        VEC_PUSH(&view->rows, (struct board_row){index, BOARD_ROW_SUB, i, {NULL, 0}});
    }
    struct str rest = str_of(board_text(test));
    struct str line;
    for (size_t i = 0; i < TEXT_LINES_MAX && str_next_line(&rest, &line); i++) {
        VEC_PUSH(&view->rows, (struct board_row){index, BOARD_ROW_TEXT, i, line});
    }
}

bool board_view_refresh(struct board_view *view, struct board *board)
{
    if (!view->stale && view->version == board_version(board)) {
        return false;
    }
    view->stale = false;
    view->version = board_version(board);
    view->rows.len = 0;
    struct buf scratch = BUF_INIT;
    char *needle = mem_strdup(view->filter == NULL ? "" : view->filter);
    for (char *c = needle; *c != '\0'; c++) {
        *c = fold(*c);
    }
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        if (is_shown(view, needle, test, &scratch)) {
            VEC_PUSH(&view->rows, (struct board_row){i, BOARD_ROW_TEST, 0, {NULL, 0}});
            if (test->expanded) {
                add_expanded(view, board, i);
            }
        }
    }
    free(needle);
    buf_free(&scratch);
    return true;
}

size_t board_view_next_failure(
    const struct board_view *view, struct board *board, size_t from, int step)
{
    size_t len = view->rows.len;
    for (size_t i = 1; i <= len; i++) {
        size_t at = step > 0 ? (from + i) % len : (from + len - i % len) % len;
        const struct board_row *row = &view->rows.items[at];
        if (row->kind == BOARD_ROW_TEST && is_red(board_at(board, row->test))) {
            return at;
        }
    }
    return (size_t)-1;
}
