/* The editor as a pane and towards the rest of the program. */
#include "pane/editor_commands.h"
#include "pane/editor_slow.h"
#include "pane/editor_vi.h"

#include "base/utf8.h"
#include "screen/rescue.h"
#include "text/history_file.h"

#include <stdio.h>

#define WATCH_MS      2000
#define CHECK_US      2000
#define CHECKED_BYTES ((size_t)512 << 10) /* more is not parsed only to look for errors */
#define SAVE_WAIT_MS  5000

static void on_watch(void *data)
{
    editor_check_disk(data);
}

struct editor *editor_new(struct app *app, struct workspace *workspace, const char *swap_dir)
{
    struct editor *editor = MEM_NEW(struct editor);
    editor->app = app;
    editor->loop = app_loop(app);
    editor->workspace = workspace;
    editor->swap_dir = mem_strdup(swap_dir);
    editor->auto_pairs = editor->auto_indent = true;
    find_init(editor);
    rescue_also(swap_flush_crash);
    editor->watch = loop_timer_new(editor->loop, on_watch, editor);
    loop_timer_start(editor->watch, WATCH_MS, WATCH_MS);
    return editor;
}

void editor_keep_undo(struct editor *editor, const char *dir)
{
    free(editor->undo_dir);
    editor->undo_dir = mem_strdup(dir);
}

/* However long the disk takes: the loop's end waits for its workers in any case, and what they tell
 * then must find the document. */
static void wait_for_save(const struct doc *doc)
{
    while (doc->saving) {
        loop_run_once(doc->editor->loop, 50);
    }
}

void editor_free(struct editor *editor)
{
    if (editor == NULL) {
        return;
    }
    editor_slow_free(editor);
    loop_timer_free(editor->watch);
    loop_timer_free(editor->parser);
    loop_timer_free(editor->external);
    free(editor->external_path);
    for (size_t i = 0; i < editor->docs.len; i++) {
        struct doc *doc = editor->docs.items[i];
        doc->save_again = false;
        wait_for_save(doc);
        /* A closed one is freed when its save is done: look at this place again. */
        i -= i >= editor->docs.len || editor->docs.items[i] != doc ? 1 : 0;
    }
    editor->view = NULL;
    while (editor->docs.len > 0) {
        struct doc *doc = editor->docs.items[editor->docs.len - 1];
        doc_free(doc, !doc_has_edits(doc));
    }
    editor_vi_free(editor);
    editor_assist_free(editor);
    history_wait(editor->loop, SAVE_WAIT_MS);
    split_free(editor->split);
    editor->split = NULL;
    find_free(editor);
    marks_free(&editor->marks);
    look_free(&editor->look);
    hints_free(&editor->hints);
    VEC_FREE(&editor->docs);
    VEC_FREE(&editor->listeners);
    VEC_FREE(&editor->watchers);
    VEC_FREE(&editor->spans);
    buf_free(&editor->scratch);
    VEC_FREE(&editor->copied.lens);
    free(editor->question_path);
    free(editor->asked_for_path);
    free(editor->swap_dir);
    free(editor->undo_dir);
    free(editor);
}

bool editor_open(struct editor *editor, const char *path, struct err *err)
{
    struct doc *doc = doc_open(editor, path, err);
    if (doc == NULL) {
        return false;
    }
    editor_show(editor, doc);
    return true;
}

bool editor_jump(struct editor *editor, const char *path, size_t row, size_t col)
{
    editor_note_jump(editor);
    return editor_go(editor, path, row, col);
}

bool editor_go(struct editor *editor, const char *path, size_t row, size_t col)
{
    struct err err = {0};
    struct doc *doc = doc_open(editor, path, &err);
    if (doc == NULL) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
        return false;
    }
    struct view *shown = editor_shown_view(editor, doc);
    if (shown != NULL && editor->view->doc != doc) {
        editor_focus_view(editor, shown); /* in the split beside: nothing need be covered */
    }
    editor_show(editor, doc);
    struct view *view = editor->view;
    view_one_caret(view);
    view_move(view, text_offset_of(view->doc->text, (struct text_point){row, col}), false);
    view->jumped = true;
    return true;
}

const char *editor_path(const struct editor *editor)
{
    return editor->view == NULL ? NULL : editor->view->doc->path;
}

void editor_cursor(const struct editor *editor, size_t *row, size_t *col)
{
    struct text_point point = {0, 0};
    if (editor->view != NULL) {
        point = text_point_of(editor->view->doc->text, view_head(editor->view));
    }
    *row = point.row;
    *col = point.column;
}

bool editor_unsaved_content(const struct editor *editor, const char *path, struct buf *out)
{
    const struct doc *doc = editor_find_doc(editor, path);
    if (doc == NULL || !doc_has_edits(doc)) {
        return false;
    }
    text_copy(doc->text, 0, SIZE_MAX, out);
    return true;
}

size_t editor_unsaved_length(const struct editor *editor, const char *path)
{
    const struct doc *doc = editor_find_doc(editor, path);
    return doc == NULL || !doc_has_edits(doc) ? 0 : text_length(doc->text);
}

bool editor_replace_range(struct editor *editor, const char *path, size_t row, size_t col,
    size_t end_row, size_t end_col, struct str with)
{
    struct doc *doc = editor_find_doc(editor, path);
    size_t lines = doc == NULL ? 0 : text_line_count(doc->text);
    if (row >= lines || end_row > lines || end_row < row || (end_row == row && end_col < col)) {
        return false;
    }
    size_t from = text_offset_of(doc->text, (struct text_point){row, col});
    size_t to = text_offset_of(doc->text, (struct text_point){end_row, end_col});
    text_begin(doc->text);
    bool ok = text_replace(doc->text, from, to - from, with, NULL);
    text_end(doc->text);
    app_redraw(editor->app);
    return ok;
}

bool editor_syntax_errors(
    struct editor *editor, const char *path, struct syntax_errors *out, bool *all)
{
    const struct doc *doc = editor_find_doc(editor, path);
    if (doc == NULL) {
        return false;
    }
    *all = text_length(doc->text) > CHECKED_BYTES || syntax_index(doc->syntax, CHECK_US);
    syntax_errors(doc->syntax, out);
    return true;
}

void editor_show_messages(struct editor *editor, bool on)
{
    editor->no_messages = !on;
    app_redraw(editor->app);
}

size_t editor_unsaved_count(const struct editor *editor)
{
    size_t count = 0;
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        count += doc_has_edits(*doc);
    }
    return count;
}

void editor_set_marks(struct editor *editor, const char *path, const char *owner,
    const struct editor_mark *marks, size_t count)
{
    marks_set(&editor->marks, path, owner, marks, count);
    app_redraw(editor->app);
}

void editor_clear_marks(struct editor *editor, const char *owner)
{
    marks_clear(&editor->marks, owner);
    app_redraw(editor->app);
}

void editor_set_hints(struct editor *editor, const char *path, const char *owner,
    const struct editor_hint *hints, size_t count)
{
    hints_set(&editor->hints, path, owner, hints, count);
    app_redraw(editor->app);
}

void editor_clear_hints(struct editor *editor, const char *owner)
{
    hints_clear(&editor->hints, owner);
    app_redraw(editor->app);
}

bool editor_selection(const struct editor *editor, struct buf *out)
{
    if (editor->view == NULL || !view_has_selection(editor->view)) {
        return false;
    }
    struct search_range range = view_selection(editor->view);
    text_copy(editor->view->doc->text, range.start, range.end, out);
    return true;
}

uint64_t editor_version(const struct editor *editor, const char *path)
{
    const struct doc *doc = editor_find_doc(editor, path);
    return doc == NULL ? 0 : text_version(doc->text) + EDITOR_VERSION_READ;
}

void editor_each_unsaved(
    const struct editor *editor, void (*each)(void *data, const char *path), void *data)
{
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        if (doc_has_edits(*doc)) {
            each(data, (*doc)->path);
        }
    }
}

static bool takes_text(const void *pane)
{
    return ((const struct editor *)pane)->view != NULL;
}

static bool takes_key(const void *pane, const struct key *key)
{
    return editor_slow_takes(pane, key) || find_takes(pane, key) || editor_vi_takes(pane, key);
}

static unsigned mouse_event(void *pane, const struct mouse *mouse)
{
    unsigned flags = editor_mouse(pane, mouse);
    editor_vi_follow(pane);
    return flags;
}

static unsigned escape(void *pane)
{
    struct editor *editor = pane;
    if (find_is_open(editor)) {
        if (editor->find.mode == BAR_GOTO) {
            view_caret(editor->view)->at = editor->find.origin;
            editor->view->top = editor->find.origin_top;
        }
        find_close(editor);
        return UI_DONE;
    }
    if (editor->view != NULL && editor->view->carets.len > 1) {
        view_one_caret(editor->view);
        editor->view->follow = true;
        return UI_DONE;
    }
    if (editor->view != NULL && view_has_selection(editor->view)) {
        view_move(editor->view, view_head(editor->view), false);
        return UI_DONE;
    }
    return UI_IGNORED;
}

static void focus(void *pane, bool focused)
{
    struct editor *editor = pane;
    if (focused) {
        editor_check_disk(editor);
        editor_ask(editor);
    } else if (editor->view != NULL) {
        text_break(editor->view->doc->text);
    }
}

/* All of it, or its last part, or nothing: a piece of a name says nothing. */
static void append_crumb(const struct editor *editor, struct buf *left, const struct buf *right)
{
    enum { EDGES = 10 };
    static const char sign[] = " › ";
    const char *crumb = editor->crumb_of == editor->view->doc ? editor->crumb : NULL;
    size_t used = utf8_width(buf_str(left)) + utf8_width(buf_str(right)) + EDGES;
    size_t room = (size_t)editor->area.cols > used ? (size_t)editor->area.cols - used : 0;
    while (crumb != NULL && utf8_width(str_of(crumb)) > room) {
        const char *next = strstr(crumb, sign);
        crumb = next == NULL ? NULL : next + strlen(sign);
    }
    if (crumb != NULL) {
        buf_printf(left, "%s%s", sign, crumb);
    }
}

static void title(const void *pane, struct buf *left, struct buf *right)
{
    const struct editor *editor = pane;
    if (editor->view == NULL) {
        buf_append_c(left, "Editor");
        return;
    }
    const struct doc *doc = editor->view->doc;
    struct text_point point = text_point_of(doc->text, view_head(editor->view));
    const struct language *language = syntax_language(doc->syntax);
    enum text_ending ending = text_ending(doc->text);
    buf_append_c(left, doc->path);
    buf_append_c(left, doc_has_edits(doc)                      ? " ●"
                       : !doc->stamp.exists && !doc->disk_gone ? " (new)"
                                                               : "");
    editor_vi_title(editor, right);
    if (editor->view->carets.len > 1) {
        buf_printf(right, "%zu cursors  ", editor->view->carets.len);
    }
    if (doc->disk_changed || doc->keep_mine) {
        buf_append_c(right, "changed on disk  ");
    } else if (doc->disk_gone) {
        buf_append_c(right, "gone from disk  ");
    }
    if (editor->docs.len > 1) {
        buf_printf(right, "%zu files  ", editor->docs.len);
    }
    buf_append_c(right, ending == TEXT_ENDING_CRLF    ? "CRLF  "
                        : ending == TEXT_ENDING_MIXED ? "LF and CRLF  "
                                                      : "");
    if (language != NULL && syntax_gave_up(doc->syntax, view_head(editor->view))) {
        buf_printf(right, "%s, colours of before: it takes too long to parse  ", language->name);
    } else if (language != NULL) {
        buf_printf(right, "%s  ", language->name);
    }
    buf_printf(right, "%zu:%zu", point.row + 1, point.column + 1);
    if (left != right) {
        append_crumb(editor, left, right);
    }
}

static void status(const void *pane, struct buf *out)
{
    title(pane, out, out);
}

static bool unsaved(const void *pane, struct buf *why)
{
    size_t count = editor_unsaved_count(pane);
    if (count == 0) {
        return false;
    }
    buf_printf(why, "%zu file%s %s unsaved edits; they are offered at the next start.", count,
        count == 1 ? "" : "s", count == 1 ? "has" : "have");
    return true;
}

static void destroy(void *pane)
{
    editor_free(pane);
}

struct pane editor_pane(struct editor *editor)
{
    static const struct pane_ops ops = {
        .name = "editor",
        .actions = &editor_actions,
        .more_actions = &editor_edit_actions,
        .draw = editor_draw,
        .key = editor_key,
        .takes_text = takes_text,
        .takes_key = takes_key,
        .mouse = mouse_event,
        .paste = editor_paste,
        .escape = escape,
        .focus = focus,
        .title = title,
        .title_is_path = true,
        .status = status,
        .unsaved = unsaved,
        .destroy = destroy,
    };
    return (struct pane){&ops, editor};
}
