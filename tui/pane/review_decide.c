/* Decisions, edits and comments: what the review's keys do to the review. */
#include "pane/review_private.h"

#include "base/vec.h"
#include "widget/dialog.h"

#include <stdint.h>

const struct review_row *review_pane_row(const struct review_pane *pane)
{
    /* Rows of a review that changed since they were made point nowhere. */
    bool fresh = pane->seen == review_generation(pane->review);
    return fresh && pane->cursor < pane->rows.len ? &pane->rows.items[pane->cursor] : NULL;
}

size_t review_pane_cursor_hunk(const struct review_pane *pane)
{
    const struct review_row *row = review_pane_row(pane);
    return row == NULL ? NONE : row->hunk;
}

/* Shows why something did not work. */
static unsigned answer(struct review_pane *pane, bool ok, const struct err *err)
{
    if (!ok) {
        app_message(pane->app, MESSAGE_WARNING, "%s", err->text);
    }
    if (pane->seen != review_generation(pane->review)) {
        review_pane_refresh(pane);
        if (pane->options.decided != NULL) {
            pane->options.decided(pane->options.data);
        }
    }
    return UI_DONE;
}

void review_pane_range(const struct review_pane *pane, size_t *from, size_t *to)
{
    size_t other = pane->anchor == NONE ? pane->cursor : pane->anchor;
    if (review_pane_row(pane) == NULL) {
        *from = *to = 0;
        return;
    }
    *from = other < pane->cursor ? other : pane->cursor;
    *to = (other < pane->cursor ? pane->cursor : other) + 1;
    if (*to > pane->rows.len) {
        *to = pane->rows.len;
    }
}

static void take_item(size_t item, bool *chosen, size_t *from, size_t *to)
{
    if (item != NONE) {
        chosen[item] = true;
        *from = item < *from ? item : *from;
        *to = item + 1 > *to ? item + 1 : *to;
    }
}

/* The items of the chosen rows: flags for all items of the file (the caller frees), and the part of
 * them that is used. NULL when there are none. */
static bool *chosen_items(const struct review_pane *pane, size_t *from, size_t *to)
{
    const struct review_file *file = review_pane_file(pane);
    *from = *to = 0;
    if (file == NULL || review_pane_row(pane) == NULL) {
        return NULL;
    }
    bool *chosen = mem_zalloc(file->items.len + 1);
    size_t first;
    size_t last;
    review_pane_range(pane, &first, &last);
    *from = SIZE_MAX;
    *to = 0;
    for (size_t i = first; i < last; i++) {
        take_item(pane->rows.items[i].del, chosen, from, to);
        take_item(pane->rows.items[i].add, chosen, from, to);
    }
    if (*to == 0) {
        free(chosen);
        return NULL;
    }
    return chosen;
}

/* Decides on the chosen rows. Side by side they may be two runs of items: one step each. */
static bool decide_chosen(
    struct review_pane *pane, enum review_decision decision, struct str reason, struct err *err)
{
    size_t from;
    size_t to;
    bool *chosen = chosen_items(pane, &from, &to);
    if (chosen == NULL) {
        return err_set(err, ERR_INVALID, "there is no changed line here: ] goes to the next hunk");
    }
    bool ok = true;
    for (size_t i = from; ok && i < to;) {
        size_t end = i;
        while (end < to && chosen[end]) {
            end++;
        }
        if (end > i) {
            ok = review_decide(pane->review, pane->file, i, end, decision, reason, err);
        }
        i = end + 1;
    }
    free(chosen);
    return ok;
}

static bool decide_hunk(struct review_pane *pane, size_t hunk, enum review_decision decision,
    struct str reason, struct err *err)
{
    const struct review_file *file = review_pane_file(pane);
    if (file == NULL || hunk >= file->hunks.len) {
        return err_set(err, ERR_INVALID, "there is no hunk here: ] goes to the next one");
    }
    const struct review_hunk *h = &file->hunks.items[hunk];
    return review_decide(
        pane->review, pane->file, h->first, h->first + h->count, decision, reason, err);
}

/* To the next hunk of this file in which something is open; stays when there is none. */
static void next_open(struct review_pane *pane)
{
    const struct review_file *file = review_pane_file(pane);
    size_t hunk = review_pane_cursor_hunk(pane);
    size_t count = file->hunks.len;
    for (size_t i = 1; hunk != NONE && i <= count; i++) {
        size_t next = (hunk + i) % count;
        const struct review_hunk *h = &file->hunks.items[next];
        if (review_count(file, h->first, h->first + h->count).open > 0) {
            review_pane_go_to_hunk(pane, next);
            return;
        }
    }
    if (review_count(file, 0, file->items.len).open == 0 &&
        review_count_all(pane->review).open > 0) {
        app_message(pane->app, MESSAGE_INFO, "this file is decided: } goes to the next one");
    } else if (review_count_all(pane->review).open == 0) {
        app_message(pane->app, MESSAGE_GOOD, "all is decided: Enter finishes the review");
    }
}

static unsigned decided(struct review_pane *pane, bool whole_hunk, bool ok, const struct err *err)
{
    pane->anchor = NONE;
    unsigned flags = answer(pane, ok, err);
    if (ok && whole_hunk) {
        next_open(pane);
    }
    return flags;
}

unsigned review_act_accept_chosen(void *data)
{
    struct review_pane *pane = data;
    struct err err;
    struct str none = {"", 0};
    bool hunk = pane->anchor == NONE;
    bool ok = hunk ? decide_hunk(pane, review_pane_cursor_hunk(pane), REVIEW_ACCEPTED, none, &err)
                   : decide_chosen(pane, REVIEW_ACCEPTED, none, &err);
    return decided(pane, hunk, ok, &err);
}

/* A prompt was open while the proposal moved: what was meant may be somewhere else now. The text
 * is not lost. */
static bool moved_meanwhile(struct review_pane *pane, struct str text)
{
    if (pane->prompt.generation == review_generation(pane->review)) {
        return false;
    }
    if (text.len > 0) {
        app_copy(pane->app, text);
    }
    app_message(pane->app, MESSAGE_WARNING, "the proposal changed meanwhile, nothing was done%s",
        text.len > 0 ? ": your text is in the clipboard" : "");
    return true;
}

static void open_prompt(struct review_pane *pane, const struct dialog_prompt *prompt)
{
    pane->prompt.generation = review_generation(pane->review);
    dialog_prompt(pane->app, prompt);
}

static void decline_with(void *data, struct str reason)
{
    struct review_pane *pane = data;
    struct err err;
    if (reason.ptr == NULL) {
        app_message(pane->app, MESSAGE_INFO, "not declined");
        return;
    }
    if (moved_meanwhile(pane, reason)) {
        return;
    }
    bool hunk = pane->anchor == NONE;
    bool ok = hunk ? decide_hunk(pane, pane->prompt.hunk, REVIEW_DECLINED, reason, &err)
                   : decide_chosen(pane, REVIEW_DECLINED, reason, &err);
    decided(pane, hunk, ok, &err);
    app_redraw(pane->app);
}

unsigned review_act_decline_chosen(void *data)
{
    struct review_pane *pane = data;
    pane->prompt.hunk = review_pane_cursor_hunk(pane);
    struct dialog_prompt prompt = {
        .title = pane->anchor == NONE ? "Decline this hunk: why?" : "Decline these lines: why?",
        .hint = pane->reason_hint,
        .done = decline_with,
        .data = pane,
    };
    open_prompt(pane, &prompt);
    return UI_DONE;
}

unsigned review_act_accept_rest(void *data)
{
    struct review_pane *pane = data;
    struct err err;
    bool ok =
        review_decide_rest(pane->review, pane->file, REVIEW_ACCEPTED, (struct str){"", 0}, &err);
    return decided(pane, true, ok, &err);
}

static void decline_rest_with(void *data, struct str reason)
{
    struct review_pane *pane = data;
    struct err err;
    if (reason.ptr != NULL && !moved_meanwhile(pane, reason)) {
        bool ok = review_decide_rest(pane->review, pane->file, REVIEW_DECLINED, reason, &err);
        decided(pane, true, ok, &err);
        app_redraw(pane->app);
    }
}

unsigned review_act_decline_rest(void *data)
{
    struct review_pane *pane = data;
    const struct review_file *f = review_pane_file(pane);
    if (review_count(f, 0, f->items.len).open == 0) {
        return review_act_accept_rest(pane); /* says so; nobody is asked for a reason in vain */
    }
    struct dialog_prompt prompt = {
        .title = "Decline what is open in this file: why?",
        .hint = pane->reason_hint,
        .done = decline_rest_with,
        .data = pane,
    };
    open_prompt(pane, &prompt);
    return UI_DONE;
}

unsigned review_act_toggle(void *data)
{
    struct review_pane *pane = data;
    struct err err;
    size_t from;
    size_t to;
    bool *chosen = chosen_items(pane, &from, &to);
    const struct review_row *row = review_pane_row(pane);
    bool ok;
    if (chosen == NULL && row != NULL && row->kind == ROW_HUNK) {
        const struct review_hunk *h = &review_pane_file(pane)->hunks.items[row->hunk];
        ok = review_toggle(pane->review, pane->file, h->first, h->first + h->count, &err);
    } else {
        bool all = chosen != NULL;
        for (size_t i = from; chosen != NULL && i < to; i++) {
            all = all && (!chosen[i] ||
                             review_pane_file(pane)->items.items[i].decision == REVIEW_ACCEPTED);
        }
        ok = decide_chosen(pane, all ? REVIEW_OPEN : REVIEW_ACCEPTED, (struct str){"", 0}, &err);
        if (ok && pane->anchor == NONE && pane->cursor + 1 < pane->rows.len) {
            pane->cursor++;
        }
    }
    free(chosen);
    pane->anchor = NONE;
    return answer(pane, ok, &err);
}

unsigned review_act_toggle_range(void *data)
{
    struct review_pane *pane = data;
    pane->anchor = pane->anchor == NONE ? pane->cursor : NONE;
    return UI_DONE;
}

/* Before the cursor's line; on a hunk's first line or heading at its first gap. */
static size_t split_place(const struct review_pane *pane)
{
    const struct review_file *file = review_pane_file(pane);
    const struct review_row *row = review_pane_row(pane);
    const struct review_hunk *h = &file->hunks.items[row->hunk];
    size_t item = row->del != NONE ? row->del : row->add;
    if (item != NONE && item > h->first) {
        return item;
    }
    return review_hunk_gap(file, row->hunk);
}

unsigned review_act_split(void *data)
{
    struct review_pane *pane = data;
    struct err err;
    size_t at = review_pane_cursor_hunk(pane) == NONE ? NONE : split_place(pane);
    struct review_op op = {.verb = REVIEW_SPLIT, .file = pane->file, .from = at};
    bool ok = at != NONE ? review_do(pane->review, &op, &err)
                         : err_set(&err, ERR_INVALID,
                               "put the cursor on the line that is to begin "
                               "the second part, then split");
    return answer(pane, ok, &err);
}

/* The edit box holds plain lines: without CR, without the last newline. */
static char *text_to_edit(struct review_pane *pane, size_t hunk)
{
    char *text = review_hunk_lines(review_pane_file(pane), hunk, &pane->prompt.endings);
    size_t len = strlen(text);
    if (len > 0) {
        text[len - 1] = '\0';
    }
    return text;
}

static void edited(void *data, struct str text)
{
    struct review_pane *pane = data;
    struct err err;
    if (text.ptr == NULL || str_equal_c(text, pane->prompt.text)) {
        app_message(pane->app, MESSAGE_INFO, "the hunk is unchanged");
        return;
    }
    if (moved_meanwhile(pane, text)) {
        return;
    }
    struct buf lines = BUF_INIT;
    struct buf bytes = BUF_INIT;
    buf_append_str(&lines, text);
    if (text.len > 0) {
        buf_append_char(&lines, '\n');
    }
    review_lines_text(buf_str(&lines), pane->prompt.endings, &bytes);
    buf_free(&lines);
    struct review_op op = {.verb = REVIEW_EDIT,
        .file = pane->file,
        .from = pane->prompt.hunk,
        .text = buf_str(&bytes)};
    answer(pane, review_do(pane->review, &op, &err), &err);
    buf_free(&bytes);
    app_redraw(pane->app);
}

unsigned review_act_edit(void *data)
{
    enum { EDIT_ROWS = 16, EDIT_COLS = 92 };
    struct review_pane *pane = data;
    free(pane->prompt.text);
    pane->prompt.hunk = review_pane_cursor_hunk(pane);
    pane->prompt.text = text_to_edit(pane, pane->prompt.hunk);
    struct dialog_prompt prompt = {
        .title = "Edit what the hunk puts in",
        .hint = "empty: nothing is put in",
        .initial = str_of(pane->prompt.text),
        .multiline = true,
        .rows = EDIT_ROWS,
        .cols = EDIT_COLS,
        .done = edited,
        .data = pane,
    };
    open_prompt(pane, &prompt);
    return UI_DONE;
}

static void commented(void *data, struct str text)
{
    struct review_pane *pane = data;
    struct err err;
    struct str trimmed = str_trim(text);
    if (text.ptr == NULL || trimmed.len == 0 || moved_meanwhile(pane, text)) {
        return;
    }
    struct review_op op = {.verb = REVIEW_COMMENT,
        .file = pane->file,
        .from = pane->prompt.line,
        .side = pane->prompt.side,
        .question = trimmed.ptr[trimmed.len - 1] == '?',
        .text = trimmed};
    answer(pane, review_do(pane->review, &op, &err), &err);
    app_redraw(pane->app);
}

unsigned review_act_comment(void *data)
{
    struct review_pane *pane = data;
    const struct review_row *row = review_pane_row(pane);
    bool proposed = row != NULL && row->b != NONE;
    pane->prompt.side = proposed ? REVIEW_PROPOSED : REVIEW_BASE;
    pane->prompt.line = row == NULL ? SIZE_MAX : proposed ? row->b : row->a;
    struct dialog_prompt prompt = {
        .title = pane->prompt.line == SIZE_MAX ? "Comment on the file" : "Comment on this line",
        .hint = "end with ? to ask a question",
        .multiline = true,
        .rows = 4,
        .done = commented,
        .data = pane,
    };
    open_prompt(pane, &prompt);
    return UI_DONE;
}

const char *review_act_no_comment(void *data)
{
    const struct review_row *row = review_pane_row(data);
    return row != NULL && row->kind == ROW_COMMENT ? NULL : "the cursor is on no comment";
}

unsigned review_act_uncomment(void *data)
{
    struct review_pane *pane = data;
    struct err err;
    const struct review_row *row = review_pane_row(pane);
    struct review_op op = {.verb = REVIEW_UNCOMMENT,
        .file = pane->file,
        .from = (size_t)review_pane_file(pane)->comments.items[row->comment].id};
    return answer(pane, review_do(pane->review, &op, &err), &err);
}

unsigned review_act_try_selection(void *data)
{
    struct review_pane *pane = data;
    pane->options.try_selection(pane->options.data, pane->file, review_pane_cursor_hunk(pane));
    return UI_DONE;
}

const char *review_act_cannot_try(void *data)
{
    const struct review_pane *pane = data;
    return pane->options.try_selection != NULL ? NULL : "there is no engine to try it with";
}

static unsigned shift_step(struct review_pane *pane, enum review_verb verb)
{
    struct err err;
    struct review_op op = {.verb = verb};
    return answer(pane, review_do(pane->review, &op, &err), &err);
}

unsigned review_act_undo(void *data)
{
    return shift_step(data, REVIEW_UNDO);
}

unsigned review_act_redo(void *data)
{
    return shift_step(data, REVIEW_REDO);
}

const char *review_act_no_undo(void *data)
{
    const struct review_pane *pane = data;
    return review_undo_count(pane->review) > 0 ? NULL : "nothing to undo";
}

const char *review_act_no_redo(void *data)
{
    const struct review_pane *pane = data;
    return review_redo_count(pane->review) > 0 ? NULL : "nothing to redo";
}

const char *review_act_no_hunk(void *data)
{
    return review_pane_cursor_hunk(data) != NONE ? NULL
                                                 : "there is no hunk here: ] goes to the next one";
}

const char *review_act_nothing_chosen(void *data)
{
    const struct review_pane *pane = data;
    return pane->anchor != NONE || review_pane_cursor_hunk(pane) != NONE
               ? NULL
               : "there is no hunk here: ] goes to the next one";
}
