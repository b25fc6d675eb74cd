/* The undo tree as a list: every earlier state of the file, also those that undo left and other
 * edits covered. */
#include "pane/editor_commands.h"

#include "widget/picker.h"

#include <stdlib.h>
#include <time.h>

#define TITLE_BYTES   60
#define PREVIEW_BYTES ((size_t)4096) /* of each edit */

struct states {
    struct editor *editor;
    const struct doc *doc;
    size_t count, step; /* when the list opened */
    struct buf text, detail;
};

/* NULL: the file was closed meanwhile. */
static const struct text *text_of(const struct states *states)
{
    VEC_FOREACH (struct doc *, doc, &states->editor->docs) {
        if (*doc == states->doc) {
            return (*doc)->text;
        }
    }
    return NULL;
}

/* The step of a row: the newest comes first. */
static size_t step_of(const struct states *states, size_t index)
{
    return states->count - 1 - index;
}

/* Whether undo alone leads from where the text stands to the step. */
static bool is_before(const struct text *text, size_t step, size_t now)
{
    while (now > step) {
        now = text_step_parent(text, now);
    }
    return now == step;
}

static void append_time(int64_t time_ms, struct buf *out)
{
    char stamp[32];
    struct tm tm;
    time_t at = (time_t)(time_ms / 1000), now = time(NULL);
    if (time_ms == 0 || localtime_r(&at, &tm) == NULL) {
        buf_append_c(out, "earlier ");
        return;
    }
    strftime(stamp, sizeof stamp, now - at < 12 * 3600 ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &tm);
    buf_append_c(out, stamp);
}

static void append_runs(const struct str *runs, size_t count, size_t most, struct buf *out)
{
    for (size_t i = 0; i < count && most > 0; i++) {
        size_t len = runs[i].len < most ? runs[i].len : most;
        buf_append_str(out, str_slice(runs[i], 0, len));
        most -= len;
    }
}

/* "+ what came" or "- what went" of the step's first edit. */
static void append_what(const struct text *text, size_t step, struct buf *out)
{
    struct text_step_edit edit;
    struct buf bytes = BUF_INIT;
    if (step == 0 || !text_step_edit(text, step, 0, &edit)) {
        buf_append_c(out, "as it was opened");
        return;
    }
    bool came = edit.inserted_len > 0;
    append_runs(came ? edit.inserted : edit.removed,
        came ? edit.inserted_count : edit.removed_count, TITLE_BYTES, &bytes);
    struct str shown = str_trim(buf_str(&bytes));
    shown = str_slice(shown, 0, str_find_char(shown, '\n', 0));
    buf_append_c(out, came ? "+ " : "- ");
    buf_append_str(out, shown.len > 0 ? shown : STR_LIT("(blanks)"));
    buf_free(&bytes);
}

static void item(void *data, size_t index, struct picker_item *out)
{
    struct states *states = data;
    const struct text *text = text_of(states);
    if (text == NULL) {
        return;
    }
    size_t step = step_of(states, index), edits = text_step_edits(text, step);
    buf_clear(&states->text);
    buf_clear(&states->detail);
    append_time(text_step_time(text, step), &states->text);
    buf_append_c(&states->text, step == states->step ? " * " : "   ");
    append_what(text, step, &states->text);
    if (edits > 1) {
        buf_printf(&states->text, " (%zu places)", edits);
    }
    buf_append_c(&states->detail, step == states->step                  ? "now"
                                  : is_before(text, step, states->step) ? "undo"
                                  : is_before(text, states->step, step) ? "redo"
                                                                        : "other branch");
    out->text = buf_str(&states->text);
    out->detail = buf_str(&states->detail);
}

static int draw_lines(
    struct region region, int row, struct str bytes, const char *sign, struct style style)
{
    struct str line;
    while (row < region_rows(region) && str_next_line(&bytes, &line)) {
        grid_put_c(region, row, 1, sign, style);
        grid_put_fit(region, row, 3, region_cols(region) - 4, line, style);
        row++;
    }
    return row;
}

/* What the step changed: all its edits, what went and what came. */
static void preview(void *data, size_t index, struct region region)
{
    const struct states *states = data;
    const struct text *text = text_of(states);
    size_t step = step_of(states, index);
    struct text_step_edit edit;
    struct buf bytes = BUF_INIT;
    int row = 0;
    for (size_t i = 0;
         text != NULL && row < region_rows(region) && text_step_edit(text, step, i, &edit); i++) {
        buf_clear(&bytes);
        append_runs(edit.removed, edit.removed_count, PREVIEW_BYTES, &bytes);
        row = draw_lines(region, row, buf_str(&bytes), "-", STYLE(DELETE));
        buf_clear(&bytes);
        append_runs(edit.inserted, edit.inserted_count, PREVIEW_BYTES, &bytes);
        row = draw_lines(region, row, buf_str(&bytes), "+", STYLE(ADD)) + 1;
    }
    buf_free(&bytes);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct states *states = data;
    struct editor *editor = states->editor;
    struct view *view = editor->view;
    struct text_cursor cursor;
    (void)query;
    if (index == PICKER_NONE || view == NULL || view->doc != states->doc) {
        return;
    }
    size_t step = step_of(states, index);
    if (text_go_to_step(view->doc->text, step, &cursor)) {
        view_one_caret(view);
        view_select(view, cursor.anchor, cursor.head);
        (void)doc_recall_carets(view->doc, step, false, view);
        app_message(editor->app, MESSAGE_INFO, "this is state %zu of %zu; undo goes on from here",
            step + 1, text_step_count(view->doc->text));
    }
}

static void destroy(void *data)
{
    struct states *states = data;
    buf_free(&states->text);
    buf_free(&states->detail);
    free(states);
}

unsigned editor_list_states(struct editor *editor)
{
    const struct doc *doc = editor->view->doc;
    struct states *states = MEM_NEW(struct states);
    text_break(doc->text);
    *states = (struct states){.editor = editor,
        .doc = doc,
        .count = text_step_count(doc->text),
        .step = text_step(doc->text)};
    struct picker_options options = {.title = "Earlier states of the file",
        .hint = "what was typed or deleted",
        .count = states->count,
        .item = item,
        .preview = preview,
        .chosen = chosen,
        .destroy = destroy,
        .data = states};
    picker_open(editor->app, &options);
    return UI_DONE;
}

const char *editor_why_no_states(void *pane)
{
    const struct editor *editor = pane;
    return editor->view == NULL                            ? editor_needs_file(pane)
           : text_step_count(editor->view->doc->text) == 1 ? "nothing was changed yet"
                                                           : NULL;
}
