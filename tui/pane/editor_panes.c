/* Which views the editor shows and where: splits, their focus, what is shown when a file is opened
 * or closed. */
#include "pane/editor_private.h"

static bool is_shown(const struct editor *editor, const struct view *view)
{
    return split_find(editor->split, view) != NULL;
}

bool doc_is_shown(const struct doc *doc)
{
    VEC_FOREACH (struct view *, view, &doc->views) {
        if (is_shown(doc->editor, *view)) {
            return true;
        }
    }
    return false;
}

static struct view *copy_view(const struct view *from)
{
    struct view *view = view_new(from->doc);
    view->carets.len = 0;
    VEC_FOREACH (struct caret, caret, &from->carets) {
        VEC_PUSH(&view->carets, *caret);
    }
    view->primary = from->primary;
    view->top = from->top;
    view->left = from->left;
    view->wrap = from->wrap;
    view->fold_level = from->fold_level;
    foldset_free(view->folds);
    view->folds = foldset_copy(from->folds);
    return view;
}

/* A view of the file that is not on the screen: the one it was left with, or a new one that begins
 * where another stands. */
static struct view *unshown_view(struct doc *doc)
{
    VEC_FOREACH (struct view *, view, &doc->views) {
        if (!is_shown(doc->editor, *view)) {
            return *view;
        }
    }
    return doc->views.len > 0 ? copy_view(doc->views.items[0]) : view_new(doc);
}

/* Not on the screen any more. The last one left is how the file is shown next time. */
static void leave_view(struct view *view)
{
    struct doc *doc = view->doc;
    for (size_t i = doc->views.len; i-- > 0;) {
        struct view *other = doc->views.items[i];
        if (other != view && !is_shown(doc->editor, other)) {
            view_free(other);
        }
    }
}

static void lay_out(struct editor *editor)
{
    editor->splits_fit = split_lay_out(editor->split, editor->area);
}

static void set_view(struct editor *editor, struct view *view)
{
    if (editor->view != view) {
        if (editor->view != NULL) {
            text_break(editor->view->doc->text);
        }
        find_close(editor);
        editor->view = view;
        editor->selecting = SELECTING_NOTHING;
    }
    if (view != NULL) {
        view->doc->used = ++editor->uses;
    }
    app_redraw(editor->app);
    editor_ask(editor);
}

void editor_show(struct editor *editor, struct doc *doc)
{
    struct view *old = editor->view;
    if (old == NULL || old->doc != doc) {
        struct view *view = unshown_view(doc);
        if (editor->split == NULL) {
            editor->split = split_new(view);
        } else {
            split_find(editor->split, old)->view = view;
        }
        set_view(editor, view);
        if (old != NULL) {
            leave_view(old);
        }
    } else {
        set_view(editor, old);
    }
    editor->view->follow = true;
    if (doc != NULL && editor->on_shown != NULL) {
        editor->on_shown(editor->on_shown_data, doc->path);
    }
    if (doc != NULL) {
        editor_tell_changed(editor, doc->path);
    }
}

void editor_focus_view(struct editor *editor, struct view *view)
{
    set_view(editor, view);
}

struct view *editor_shown_view(const struct editor *editor, const struct doc *doc)
{
    VEC_FOREACH (struct view *, view, &doc->views) {
        if (is_shown(editor, *view)) {
            return *view;
        }
    }
    return NULL;
}

/* The file shown last that is not `but`. */
static struct doc *newest(const struct editor *editor, const struct doc *but)
{
    struct doc *best = NULL;
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        if (*doc != but && !(*doc)->drop_when_saved &&
            (best == NULL || (*doc)->used > best->used)) {
            best = *doc;
        }
    }
    return best;
}

void editor_close_view(struct editor *editor, struct view *view)
{
    struct split *next = split_remove(&editor->split, split_find(editor->split, view));
    if (editor->view == view) {
        set_view(editor, next->view);
    }
    leave_view(view);
    lay_out(editor);
    app_redraw(editor->app);
}

void editor_hide_doc(struct editor *editor, struct doc *doc)
{
    struct view *view;
    while (split_count(editor->split) > 1 && (view = editor_shown_view(editor, doc)) != NULL) {
        editor_close_view(editor, view);
    }
    if (editor_shown_view(editor, doc) == NULL) {
        return;
    }
    struct doc *other = newest(editor, doc);
    if (other != NULL) {
        editor_show(editor, other);
        return;
    }
    split_free(editor->split);
    editor->split = NULL;
    set_view(editor, NULL);
}

/* ---- actions ---- */

static const char *why_no_split(struct editor *editor, bool beside)
{
    if (editor->view == NULL) {
        return "no file is open";
    }
    if (split_count(editor->split) == SPLIT_MAX) {
        return "four views are the most: close one first";
    }
    const struct split *leaf = split_find(editor->split, editor->view);
    if (!editor->splits_fit || !split_has_room(leaf, beside)) {
        return "the pane is too small to be divided: a view needs 3 rows and 16 columns";
    }
    return NULL;
}

const char *editor_why_no_split_below(void *pane)
{
    return why_no_split(pane, false);
}

const char *editor_why_no_split_right(void *pane)
{
    return why_no_split(pane, true);
}

const char *editor_why_one_view(void *pane)
{
    const struct editor *editor = pane;
    return editor->split == NULL || split_count(editor->split) == 1 ? "there is only one view"
                                                                    : NULL;
}

unsigned editor_split(struct editor *editor, bool beside)
{
    struct view *from = editor->view, *view = copy_view(from);
    split_divide(split_find(editor->split, from), beside, view);
    from->follow = view->follow = true;
    set_view(editor, view);
    lay_out(editor);
    return UI_DONE;
}

unsigned editor_next_view(struct editor *editor, bool backward)
{
    struct split *leaf = split_find(editor->split, editor->view);
    set_view(editor, split_step(editor->split, leaf, backward)->view);
    return UI_DONE;
}

unsigned editor_view_beside(struct editor *editor, enum split_way way)
{
    const struct split *leaf = split_find(editor->split, editor->view);
    /* What lies beyond the edge, as seen from the leaf's first cell of text. */
    int row = leaf->rect.row + 1, col = leaf->rect.col + 1;
    struct split *to = split_beside(editor->split, leaf, way, row, col);
    if (to == NULL) {
        app_message(editor->app, MESSAGE_INFO, "no view on that side");
    } else {
        set_view(editor, to->view);
    }
    return UI_DONE;
}

unsigned editor_only_view(struct editor *editor)
{
    while (split_count(editor->split) > 1) {
        struct split *leaf = split_find(editor->split, editor->view);
        editor_close_view(editor, split_step(editor->split, leaf, false)->view);
    }
    return UI_DONE;
}
