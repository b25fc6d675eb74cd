/* The review's action table, and moving about: rows, hunks, files, search, what is shown. */
#include "pane/review_private.h"

#include "base/vec.h"
#include "widget/dialog.h"

#include <stdint.h>

static unsigned move_to(struct review_pane *pane, size_t row)
{
    pane->cursor = row;
    return UI_DONE;
}

static unsigned next_file(void *data)
{
    struct review_pane *pane = data;
    if (pane->file + 1 < review_file_count(pane->review)) {
        review_pane_show_file(pane, pane->file + 1);
    }
    return UI_DONE;
}

static unsigned previous_file(void *data)
{
    struct review_pane *pane = data;
    if (pane->file > 0) {
        review_pane_show_file(pane, pane->file - 1);
    }
    return UI_DONE;
}

/* The next hunk is that of the next row that belongs to another one. */
static unsigned next_hunk(void *data)
{
    struct review_pane *pane = data;
    const struct review_file *file = review_pane_file(pane);
    size_t hunk = review_pane_cursor_hunk(pane);
    for (size_t i = pane->cursor; i < pane->rows.len; i++) {
        size_t at = pane->rows.items[i].hunk;
        if (at != NONE && at != hunk && (hunk == NONE || at > hunk)) {
            review_pane_go_to_hunk(pane, at);
            return UI_DONE;
        }
    }
    if (file != NULL && pane->file + 1 < review_file_count(pane->review)) {
        review_pane_show_file(pane, pane->file + 1);
    }
    return UI_DONE;
}

static unsigned previous_hunk(void *data)
{
    struct review_pane *pane = data;
    size_t hunk = review_pane_cursor_hunk(pane);
    for (size_t i = pane->cursor; i-- > 0;) {
        size_t at = pane->rows.items[i].hunk;
        if (at != NONE && at != hunk) {
            review_pane_go_to_hunk(pane, at);
            return UI_DONE;
        }
    }
    if (pane->file > 0) {
        review_pane_show_file(pane, pane->file - 1);
        const struct review_file *file = review_pane_file(pane);
        if (file->hunks.len > 0) {
            review_pane_go_to_hunk(pane, file->hunks.len - 1);
        }
    }
    return UI_DONE;
}

static unsigned move_by(struct review_pane *pane, long rows)
{
    size_t last = pane->rows.len == 0 ? 0 : pane->rows.len - 1;
    size_t step = (size_t)(rows < 0 ? -rows : rows);
    if (rows < 0) {
        return move_to(pane, step > pane->cursor ? 0 : pane->cursor - step);
    }
    return move_to(pane, step > last - pane->cursor ? last : pane->cursor + step);
}

static unsigned down(void *data)
{
    return move_by(data, 1);
}

static unsigned up(void *data)
{
    return move_by(data, -1);
}

static unsigned half_down(void *data)
{
    struct review_pane *pane = data;
    return move_by(pane, pane->page / 2 + 1);
}

static unsigned half_up(void *data)
{
    struct review_pane *pane = data;
    return move_by(pane, -(pane->page / 2 + 1));
}

static unsigned page_down(void *data)
{
    struct review_pane *pane = data;
    return move_by(pane, pane->page > 1 ? pane->page - 1 : 1);
}

static unsigned page_up(void *data)
{
    struct review_pane *pane = data;
    return move_by(pane, pane->page > 1 ? 1 - pane->page : -1);
}

static unsigned first(void *data)
{
    return move_to(data, 0);
}

static unsigned last(void *data)
{
    struct review_pane *pane = data;
    return move_to(pane, pane->rows.len == 0 ? 0 : pane->rows.len - 1);
}

enum { SHIFT_COLS = 8 };

static unsigned right(void *data)
{
    struct review_pane *pane = data;
    pane->shift += SHIFT_COLS;
    return UI_DONE;
}

static unsigned left(void *data)
{
    struct review_pane *pane = data;
    pane->shift = pane->shift > SHIFT_COLS ? pane->shift - SHIFT_COLS : 0;
    return UI_DONE;
}

static unsigned sides(void *data)
{
    struct review_pane *pane = data;
    pane->side_by_side = !pane->side_by_side;
    return UI_DONE;
}

static unsigned wrap(void *data)
{
    struct review_pane *pane = data;
    pane->wrap = !pane->wrap;
    pane->shift = 0;
    return UI_DONE;
}

static unsigned blanks(void *data)
{
    struct review_pane *pane = data;
    size_t hunk = review_pane_cursor_hunk(pane);
    pane->no_blanks = !pane->no_blanks;
    review_pane_refresh(pane);
    if (hunk != NONE) {
        review_pane_go_to_hunk(pane, hunk);
    }
    app_message(pane->app, MESSAGE_INFO,
        pane->no_blanks
            ? "~ marks lines of which only the blanks differ; what you accept takes them along"
            : "blanks are shown as changes again");
    return UI_DONE;
}

static const size_t contexts[] = {0, 1, 3, 6, 12, 25, 50, SIZE_MAX / 4};

static unsigned set_context(struct review_pane *pane, int step)
{
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(contexts) && contexts[i] < pane->context) {
        i++;
    }
    if (step < 0 && i > 0) {
        pane->context = contexts[i - 1];
    } else if (step > 0 && i + 1 < ARRAY_LEN(contexts)) {
        pane->context = contexts[i + 1];
    }
    review_pane_refresh(pane);
    if (pane->context == contexts[ARRAY_LEN(contexts) - 1]) {
        app_message(pane->app, MESSAGE_INFO, "the whole file is shown");
    } else {
        app_message(pane->app, MESSAGE_INFO, "%zu lines around each hunk", pane->context);
    }
    return UI_DONE;
}

static unsigned more_context(void *data)
{
    return set_context(data, 1);
}

static unsigned less_context(void *data)
{
    return set_context(data, -1);
}

static void append_row_text(const struct review_pane *pane, size_t index, struct buf *out)
{
    const struct review_file *file = review_pane_file(pane);
    const struct review_row *row = &pane->rows.items[index];
    bool added = row->b != NONE;
    if (row->kind == ROW_SAME || row->kind == ROW_CHANGE) {
        const struct lines *lines = added ? &file->proposed->lines : &file->base->lines;
        buf_append_str(out, lines->items[added ? row->b : row->a].text);
        buf_append_char(out, '\n');
    }
}

static unsigned copy(void *data)
{
    struct review_pane *pane = data;
    struct buf out = BUF_INIT;
    size_t from;
    size_t to;
    review_pane_range(pane, &from, &to);
    size_t hunk = review_pane_cursor_hunk(pane);
    if (pane->anchor == NONE && review_pane_row(pane) != NULL &&
        review_pane_row(pane)->kind == ROW_HUNK) {
        buf_append_str(&out, review_hunk_text(review_pane_file(pane), hunk));
    } else {
        for (size_t i = from; i < to; i++) {
            append_row_text(pane, i, &out);
        }
    }
    pane->anchor = NONE;
    if (out.len > 0) {
        app_copy(pane->app, buf_str(&out));
    }
    buf_free(&out);
    return UI_DONE;
}

static bool row_has(const struct review_pane *pane, size_t index, struct str needle)
{
    struct buf text = BUF_INIT;
    append_row_text(pane, index, &text);
    bool found = str_find(buf_str(&text), needle, 0) != SIZE_MAX;
    buf_free(&text);
    return found;
}

static unsigned search_step(struct review_pane *pane, bool backward)
{
    if (pane->needle == NULL || pane->rows.len == 0) {
        return UI_DONE;
    }
    size_t count = pane->rows.len;
    for (size_t i = 1; i <= count; i++) {
        size_t at = (pane->cursor + (backward ? count - i : i)) % count;
        if (row_has(pane, at, str_of(pane->needle))) {
            return move_to(pane, at);
        }
    }
    app_message(pane->app, MESSAGE_WARNING, "not found in what is shown of this file");
    return UI_DONE;
}

static void search_for(void *data, struct str text)
{
    struct review_pane *pane = data;
    if (text.len > 0) {
        free(pane->needle);
        pane->needle = str_dup(text);
        search_step(pane, false);
        app_redraw(pane->app);
    }
}

static unsigned search(void *data)
{
    struct review_pane *pane = data;
    struct dialog_prompt prompt = {.title = "Search", .done = search_for, .data = pane};
    dialog_prompt(pane->app, &prompt);
    return UI_DONE;
}

static unsigned search_next(void *data)
{
    return search_step(data, false);
}

static unsigned search_previous(void *data)
{
    return search_step(data, true);
}

static const char *no_search(void *data)
{
    const struct review_pane *pane = data;
    return pane->needle != NULL ? NULL : "nothing was searched yet";
}

static unsigned finish(void *data)
{
    struct review_pane *pane = data;
    pane->options.finish(pane->options.data);
    return UI_DONE;
}

static const char *cannot_finish(void *data)
{
    const struct review_pane *pane = data;
    return pane->options.finish != NULL ? NULL : "this review is only to look at";
}

static unsigned close_review(void *data)
{
    (void)data;
    return UI_DONE | UI_CLOSE;
}

#define LINE ACTION_KEY_LINE
#define MOVE ACTION_NO_PALETTE

static const struct action actions[] = {
    {"review.accept", "accept", "Accept the hunk, or the lines of the range", "a", NULL, LINE,
        review_act_accept_chosen, review_act_nothing_chosen},
    {"review.decline", "decline", "Decline the hunk or the range, with a reason for the agent", "x",
        NULL, LINE, review_act_decline_chosen, review_act_nothing_chosen},
    {"review.toggle", "line", "Accept the line or the range, or open it again", "space", NULL, LINE,
        review_act_toggle, NULL},
    {"review.range", "range", "Begin or end a range of lines", "v", NULL, LINE,
        review_act_toggle_range, NULL},
    {"review.edit", "edit", "Edit what the hunk puts in; it then counts as accepted", "e", NULL,
        LINE, review_act_edit, review_act_no_hunk},
    {"review.comment", "comment", "Comment on the line, or ask with a ? at the end", "c", NULL,
        LINE, review_act_comment, NULL},
    {"review.finish", "finish", "See what would be written and sent back, and commit", "enter",
        NULL, LINE, finish, cannot_finish},
    {"review.split", "split", "Split the hunk before this line", "s", NULL, LINE, review_act_split,
        review_act_no_hunk},
    {"review.try", "try", "Run the tests on what is accepted so far and this hunk", "t", NULL, LINE,
        review_act_try_selection, review_act_cannot_try},
    {"review.undo", "undo", "Undo the last decision, edit, split or comment", "u", NULL, LINE,
        review_act_undo, review_act_no_undo},
    {"review.redo", "redo", "Redo what was undone", "ctrl-r", NULL, 0, review_act_redo,
        review_act_no_redo},
    {"review.accept-rest", "accept rest", "Accept all that is open in this file", "A", NULL, 0,
        review_act_accept_rest, NULL},
    {"review.decline-rest", "decline rest", "Decline all that is open in this file", "D", NULL, 0,
        review_act_decline_rest, NULL},
    {"review.uncomment", "delete comment", "Delete the comment under the cursor", "C", NULL, 0,
        review_act_uncomment, review_act_no_comment},
    {"review.next-hunk", "next hunk", "Go to the next hunk", "]", NULL, MOVE, next_hunk, NULL},
    {"review.previous-hunk", "previous hunk", "Go to the hunk before", "[", NULL, MOVE,
        previous_hunk, NULL},
    {"review.next-file", "next file", "Go to the next file", "}", NULL, MOVE, next_file, NULL},
    {"review.previous-file", "previous file", "Go to the file before", "{", NULL, MOVE,
        previous_file, NULL},
    {"review.sides", "side by side", "Show old and new side by side, or under each other", "|",
        NULL, 0, sides, NULL},
    {"review.blanks", "blanks", "Ignore blanks in what is shown, or not; decisions are about all",
        "W", NULL, 0, blanks, NULL},
    {"review.wrap", "wrap", "Wrap long lines, or cut them", "w", NULL, 0, wrap, NULL},
    {"review.more-context", "more context", "Show more lines around each hunk", "+ =", NULL, 0,
        more_context, NULL},
    {"review.less-context", "less context", "Show fewer lines around each hunk", "-", NULL, 0,
        less_context, NULL},
    {"review.copy", "copy", "Copy the line or the range without numbers and signs", "y", NULL, 0,
        copy, NULL},
    {"review.search", "search", "Search in what is shown of this file", "/", NULL, 0, search, NULL},
    {"review.search-next", "next match", "Go to the next match", "n", NULL, MOVE, search_next,
        no_search},
    {"review.search-previous", "previous match", "Go to the match before", "N", NULL, MOVE,
        search_previous, no_search},
    {"review.down", "down", "Go down one line", "j down", NULL, MOVE, down, NULL},
    {"review.up", "up", "Go up one line", "k up", NULL, MOVE, up, NULL},
    {"review.half-down", "half a page down", "Go down half a page", "ctrl-d", NULL, MOVE, half_down,
        NULL},
    {"review.half-up", "half a page up", "Go up half a page", "ctrl-u", NULL, MOVE, half_up, NULL},
    {"review.page-down", "page down", "Go down a page", "pagedown", NULL, MOVE, page_down, NULL},
    {"review.page-up", "page up", "Go up a page", "pageup", NULL, MOVE, page_up, NULL},
    {"review.first", "first line", "Go to the first line", "g home", NULL, MOVE, first, NULL},
    {"review.last", "last line", "Go to the last line", "G end", NULL, MOVE, last, NULL},
    {"review.right", "right", "Scroll long lines to the left", "right l", NULL, MOVE, right, NULL},
    {"review.left", "left", "Scroll long lines back", "left h", NULL, MOVE, left, NULL},
    {"review.close", "close", "Close the review; every decision is kept", "q", NULL, 0,
        close_review, NULL},
};

const struct action_set review_action_set = ACTION_SET("review", "Review", actions);
