/* The editor towards those who know what the text means: the way back, completions, edits of a
 * formatter, other places of a name, files opened and closed. */
#include "pane/editor_vi.h"

#include "patch/edits.h"

#include <stdlib.h>

enum { JUMPS_MAX = 100 };

/* ---- the way back ---- */

static void remove_jump(struct editor *editor, size_t at)
{
    free(editor->jumps.items[at].path);
    VEC_REMOVE(&editor->jumps, at);
}

static void push_jump(struct editor *editor, const char *path, struct text_point at)
{
    for (size_t i = editor->jumps.len; i-- > 0;) {
        const struct jump *jump = &editor->jumps.items[i];
        if (jump->at.row == at.row && strcmp(jump->path, path) == 0) {
            remove_jump(editor, i);
        }
    }
    if (editor->jumps.len >= JUMPS_MAX) {
        remove_jump(editor, 0);
    }
    VEC_PUSH(&editor->jumps, ((struct jump){mem_strdup(path), at}));
    editor->jump_at = editor->jumps.len;
}

static void push_here(struct editor *editor)
{
    const struct view *view = editor->view;
    push_jump(editor, view->doc->path, text_point_of(view->doc->text, view_head(view)));
}

void editor_note_jump(struct editor *editor)
{
    if (editor->view != NULL && editor->vi != NULL) {
        editor_vi_note_jump(editor);
    } else if (editor->view != NULL) {
        push_here(editor);
    }
}

void editor_jumps_changed(struct editor *editor, const char *path, const struct text_change *change)
{
    VEC_FOREACH (struct jump, jump, &editor->jumps) {
        if (jump->at.row >= change->old_end_point.row && strcmp(jump->path, path) == 0) {
            jump->at.row += change->new_end_point.row - change->old_end_point.row;
        }
    }
}

static bool go_to_jump(struct editor *editor)
{
    struct jump jump = editor->jumps.items[editor->jump_at];
    char *path = mem_strdup(jump.path);
    bool ok = editor_go(editor, path, jump.at.row, jump.at.column);
    free(path);
    return ok;
}

bool editor_back(struct editor *editor)
{
    if (editor->view != NULL && editor->vi != NULL) {
        return editor_vi_jump(editor, false);
    }
    if (editor->view != NULL && editor->jump_at == editor->jumps.len) {
        push_here(editor);
        editor->jump_at = editor->jumps.len - 1;
    }
    if (editor->jump_at == 0) {
        return false;
    }
    editor->jump_at--;
    return go_to_jump(editor);
}

bool editor_forward(struct editor *editor)
{
    if (editor->view != NULL && editor->vi != NULL) {
        return editor_vi_jump(editor, true);
    }
    if (editor->jump_at + 1 >= editor->jumps.len) {
        return false;
    }
    editor->jump_at++;
    return go_to_jump(editor);
}

/* ---- the text ---- */

bool editor_text(const struct editor *editor, size_t max, struct buf *out)
{
    if (editor->view == NULL || text_length(editor->view->doc->text) > max) {
        return false;
    }
    text_copy(editor->view->doc->text, 0, SIZE_MAX, out);
    return true;
}

bool editor_before_cursor(const struct editor *editor, size_t max, struct buf *out)
{
    if (editor->view == NULL) {
        return false;
    }
    const struct text *text = editor->view->doc->text;
    size_t head = view_head(editor->view);
    size_t column = text_point_of(text, head).column;
    if (column > max) {
        return false;
    }
    text_copy(text, head - column, head, out);
    return true;
}

bool editor_is_inserting(const struct editor *editor)
{
    const struct view *view = editor->view;
    return view != NULL && !find_is_open(editor) && view->carets.len == 1 &&
           !view_has_selection(view) && (editor->vi == NULL || editor_vi_is_inserting(editor));
}

bool editor_complete(struct editor *editor, size_t from, size_t to, struct str with, size_t cursor)
{
    struct view *view = editor->view;
    if (view == NULL || from > to) {
        return false;
    }
    size_t head = view_head(view), len = to - from;
    if (head < len || text_point_of(view->doc->text, head).column != to) {
        return false;
    }
    if (editor->vi != NULL) {
        return editor_vi_complete(editor, len, with, cursor);
    }
    text_begin(view->doc->text);
    bool ok = view_replace(view, head - len, head, with);
    text_end(view->doc->text);
    if (ok && cursor < with.len) {
        view_move(view, head - len + cursor, false);
    }
    return ok;
}

bool editor_apply_edits(
    struct editor *editor, const char *path, const struct text_edits *edits, struct err *err)
{
    struct doc *doc = editor_find_doc(editor, path);
    if (doc == NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s is closed", path);
    }
    doc_note_cursor(doc);
    bool ok = text_edits_apply_text(edits, doc->text, err);
    editor_vi_follow(editor);
    app_redraw(editor->app);
    return ok;
}

/* ---- what is shown of it ---- */

void editor_set_occurrences(struct editor *editor, const struct editor_range *ranges, size_t count)
{
    struct doc *doc = editor->view == NULL ? NULL : editor->view->doc;
    bool had = editor->occurrences.len > 0;
    editor->occurrences.len = 0;
    editor->occurrences_of = doc;
    for (size_t i = 0; doc != NULL && i < count; i++) {
        size_t from = text_offset_of(doc->text, (struct text_point){ranges[i].row, ranges[i].col});
        size_t to =
            text_offset_of(doc->text, (struct text_point){ranges[i].row, ranges[i].end_col});
        VEC_PUSH(&editor->occurrences, ((struct search_range){from, to}));
    }
    editor->occurrences_version = doc == NULL ? 0 : text_version(doc->text);
    if (had || editor->occurrences.len > 0) {
        app_redraw(editor->app);
    }
}

void editor_set_crumb(struct editor *editor, const char *crumb)
{
    const struct doc *doc = editor->view == NULL ? NULL : editor->view->doc;
    bool same_text = crumb == NULL ? editor->crumb == NULL
                                   : editor->crumb != NULL && strcmp(crumb, editor->crumb) == 0;
    if (!same_text || editor->crumb_of != doc) {
        free(editor->crumb);
        editor->crumb = mem_strdup(crumb);
        editor->crumb_of = doc;
        app_redraw(editor->app);
    }
}

/* ---- files ---- */

void editor_tell_opened(const struct doc *doc)
{
    const struct editor *editor = doc->editor;
    const struct language *language = syntax_language(doc->syntax);
    editor->listener->opened(
        editor->listener_data, doc->path, language == NULL ? NULL : language->name, doc->text);
}

void editor_listen(struct editor *editor, const struct editor_listener *listener, void *data)
{
    editor->listener = listener;
    editor->listener_data = data;
    for (size_t i = 0; listener != NULL && i < editor->docs.len; i++) {
        editor_tell_opened(editor->docs.items[i]);
    }
    for (size_t i = 0; listener == NULL && i < editor->docs.len; i++) {
        editor_save_now(editor, editor->docs.items[i]->text);
    }
}

void editor_assist_free(struct editor *editor)
{
    while (editor->jumps.len > 0) {
        remove_jump(editor, editor->jumps.len - 1);
    }
    VEC_FREE(&editor->jumps);
    VEC_FREE(&editor->occurrences);
    free(editor->crumb);
}
