/* The editor's actions and their keys. Movement comes in four forms each (plain and with Shift for
 * a selection), so those rows are made by a macro. */
#include "pane/editor_commands.h"
#include "pane/editor_slow.h"
#include "pane/editor_vi.h"

/* While the bar is open, keys that mean something in a text field go there. */
bool editor_to_bar(struct editor *editor, struct key key)
{
    return find_is_open(editor) && (find_key(editor, &key) & UI_HANDLED) != 0;
}

static struct key ctrl(char c)
{
    return key_of_text(str_make(&c, 1), MOD_CTRL);
}

const char *editor_needs_file(void *pane)
{
    return ((struct editor *)pane)->view == NULL ? "no file is open" : NULL;
}

static const char *why_no_folds(void *pane)
{
    const struct editor *editor = pane;
    if (editor->view == NULL) {
        return "no file is open";
    }
    return syntax_language(editor->view->doc->syntax) == NULL
               ? "plain text has no parts that could be folded"
               : NULL;
}

enum motion {
    LEFT,
    RIGHT,
    UP,
    DOWN,
    LINE_START,
    LINE_END,
    PAGE_UP,
    PAGE_DOWN,
    WORD_LEFT,
    WORD_RIGHT,
    TOP,
    BOTTOM
};

/* Home goes to the first character that is not blank, then to the line's start. */
static size_t line_start(const struct view *view)
{
    const struct doc *doc = view->doc;
    size_t line = text_line_of(doc->text, view_head(view));
    size_t start = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
    size_t text = start;
    while (
        text < end && (text_byte(doc->text, text) == ' ' || text_byte(doc->text, text) == '\t')) {
        text++;
    }
    return view_head(view) == text ? start : text;
}

static size_t beside(const struct view *view, bool right, bool select)
{
    struct search_range range = view_selection(view);
    if (view_has_selection(view) && !select) {
        return right ? range.end : range.start;
    }
    return right ? doc_after(view->doc, view_head(view)) : doc_before(view->doc, view_head(view));
}

struct step {
    enum motion motion;
    bool select;
    size_t leader; /* the caret with which the view moves along by pages */
};

static void page(struct view *view, const struct step *step)
{
    long rows = view->rows > 2 ? view->rows - 1 : 1;
    rows = step->motion == PAGE_UP ? -rows : rows;
    if (view->primary == step->leader) {
        view_page(view, rows, step->select);
    } else {
        view_move_rows(view, rows, step->select);
    }
}

/* The primary caret's step. */
static void take_step(struct view *view, void *data)
{
    const struct step *step = data;
    const struct doc *doc = view->doc;
    enum motion motion = step->motion;
    bool select = step->select;
    size_t head = view_head(view);
    switch (motion) {
    case LEFT:
    case RIGHT:
        view_move(view, beside(view, motion == RIGHT, select), select);
        break;
    case UP:
    case DOWN:
        view_move_rows(view, motion == UP ? -1 : 1, select);
        break;
    case PAGE_UP:
    case PAGE_DOWN:
        page(view, step);
        break;
    case LINE_START:
        view_move(view, line_start(view), select);
        break;
    case LINE_END:
        view_move(view, text_line_end(doc->text, text_line_of(doc->text, head)), select);
        break;
    case WORD_LEFT:
        view_move(view, doc_word_left(doc, head), select);
        break;
    case WORD_RIGHT:
        view_move(view, doc_word_right(doc, head), select);
        break;
    case TOP:
    case BOTTOM:
        view_move(view, motion == TOP ? 0 : text_length(doc->text), select);
        break;
    }
}

static unsigned move(struct editor *editor, enum motion motion, bool select)
{
    struct view *view = editor->view;
    if (view == NULL) {
        return UI_IGNORED;
    }
    struct step step = {motion, select, view->primary};
    view_each_caret(view, take_step, &step);
    return UI_DONE;
}

static unsigned move_keyed(void *pane, enum motion motion, struct key key, bool select)
{
    return editor_to_bar(pane, key) ? UI_DONE : move(pane, motion, select);
}

#define MOTION(name, motion, code, mods)                                                           \
    static unsigned move_##name(void *pane)                                                        \
    {                                                                                              \
        return move_keyed(pane, motion, key_of_code(code, mods), false);                           \
    }                                                                                              \
    static unsigned select_##name(void *pane)                                                      \
    {                                                                                              \
        return move_keyed(pane, motion, key_of_code(code, (mods) | MOD_SHIFT), true);              \
    }

MOTION(left, LEFT, K_LEFT, 0)
MOTION(right, RIGHT, K_RIGHT, 0)
MOTION(up, UP, K_UP, 0)
MOTION(down, DOWN, K_DOWN, 0)
MOTION(line_start, LINE_START, K_HOME, 0)
MOTION(line_end, LINE_END, K_END, 0)
MOTION(page_up, PAGE_UP, K_PAGE_UP, 0)
MOTION(page_down, PAGE_DOWN, K_PAGE_DOWN, 0)
MOTION(word_left, WORD_LEFT, K_LEFT, MOD_CTRL)
MOTION(word_right, WORD_RIGHT, K_RIGHT, MOD_CTRL)
MOTION(top, TOP, K_HOME, MOD_CTRL)
MOTION(bottom, BOTTOM, K_END, MOD_CTRL)

unsigned editor_key(void *pane, const struct key *key)
{
    static const struct {
        enum key_code code;
        enum motion motion;
    } plain[] = {{K_LEFT, LEFT}, {K_RIGHT, RIGHT}, {K_UP, UP}, {K_DOWN, DOWN}, {K_HOME, LINE_START},
        {K_END, LINE_END}, {K_PAGE_UP, PAGE_UP}, {K_PAGE_DOWN, PAGE_DOWN}};
    struct editor *editor = pane;
    if (editor->view == NULL) {
        if (key_is_plain_text(key)) {
            app_message(editor->app, MESSAGE_INFO, "No file is open: Alt-p finds or begins one.");
        }
        return UI_IGNORED;
    }
    if (editor_slow_takes(editor, key)) {
        return editor_slow_key(editor, key);
    }
    if (find_is_open(editor)) {
        return find_key(editor, key);
    }
    if (editor_vi_takes(editor, key)) {
        return editor_vi_key(editor, key);
    }
    if (editor_has_vi(editor) && key_is_plain_text(key)) {
        return UI_IGNORED;
    }
    for (size_t i = 0; i < ARRAY_LEN(plain) && key->mods == 0; i++) {
        if (key->code == plain[i].code) {
            return move(editor, plain[i].motion, false);
        }
    }
    return editor_edit_key(editor, key);
}

static unsigned external(void *pane)
{
    return editor_external(pane);
}

static unsigned new_file(void *pane)
{
    return editor_ask_new(pane);
}

static unsigned save_as(void *pane)
{
    return editor_ask_save_as(pane);
}

static unsigned key_set(void *pane)
{
    struct editor *editor = pane;
    editor_set_vi(editor, !editor_has_vi(editor));
    app_message(editor->app, MESSAGE_INFO,
        editor_has_vi(editor) ? "vi keys: i inserts, Esc leaves, :q closes" : "standard keys");
    return UI_DONE;
}

static unsigned save(void *pane)
{
    editor_save(pane);
    return UI_DONE;
}

static unsigned undo(void *pane)
{
    return editor_to_bar(pane, ctrl('z')) ? UI_DONE : editor_undo(pane, false);
}

static unsigned redo(void *pane)
{
    return editor_to_bar(pane, ctrl('y')) ? UI_DONE : editor_undo(pane, true);
}

static unsigned cut(void *pane)
{
    return editor_to_bar(pane, ctrl('x')) ? UI_DONE : editor_cut(pane);
}

static unsigned copy(void *pane)
{
    return editor_copy(pane);
}

static unsigned paste(void *pane)
{
    app_paste_from(((struct editor *)pane)->app, false);
    return UI_DONE;
}

static unsigned select_all(void *pane)
{
    struct editor *editor = pane;
    if (!editor_to_bar(editor, ctrl('a'))) {
        view_one_caret(editor->view);
        view_select(editor->view, 0, text_length(editor->view->doc->text));
        editor->view->follow = false;
    }
    return UI_DONE;
}

static unsigned find(void *pane)
{
    find_open(pane, BAR_FIND);
    return UI_DONE;
}

static unsigned replace(void *pane)
{
    find_open(pane, BAR_REPLACE);
    return UI_DONE;
}

static unsigned find_next(void *pane)
{
    return find_step(pane, false);
}

static unsigned find_previous(void *pane)
{
    return find_step(pane, true);
}

static unsigned go_to(void *pane)
{
    find_open(pane, BAR_GOTO);
    return UI_DONE;
}

static unsigned close_file(void *pane)
{
    struct editor *editor = pane;
    if (!editor_to_bar(editor, ctrl('w'))) {
        editor_close(editor, editor->view->doc);
    }
    return UI_DONE;
}

static unsigned delete_line(void *pane)
{
    return editor_to_bar(pane, ctrl('k')) ? UI_DONE : editor_delete_line(pane);
}

static unsigned duplicate_line(void *pane)
{
    return editor_to_bar(pane, ctrl('d')) ? UI_DONE : editor_duplicate_line(pane);
}

static unsigned line_up(void *pane)
{
    return editor_move_line(pane, false);
}

static unsigned line_down(void *pane)
{
    return editor_move_line(pane, true);
}

static unsigned indent(void *pane)
{
    return editor_slow_act(pane, "indent", editor_indent_lines);
}

static unsigned dedent(void *pane)
{
    return editor_to_bar(pane, key_of_code(K_TAB, 0))
               ? UI_DONE
               : editor_slow_act(pane, "dedent", editor_dedent);
}

static unsigned comment(void *pane)
{
    return editor_slow_act(pane, "comment", editor_toggle_comment);
}

static unsigned erase_word_left(void *pane)
{
    return editor_to_bar(pane, key_of_code(K_BACKSPACE, MOD_ALT)) ? UI_DONE
                                                                  : editor_erase_word(pane, false);
}

static unsigned erase_word_right(void *pane)
{
    return editor_to_bar(pane, key_of_code(K_DELETE, MOD_CTRL)) ? UI_DONE
                                                                : editor_erase_word(pane, true);
}

static unsigned step_file(struct editor *editor, bool forward)
{
    size_t count = editor->docs.len, at = 0;
    while (at < count && editor->docs.items[at] != editor->view->doc) {
        at++;
    }
    if (count > 1) {
        editor_show(editor, editor->docs.items[(at + (forward ? 1 : count - 1)) % count]);
    }
    return UI_DONE;
}

static unsigned next_file(void *pane)
{
    return step_file(pane, true);
}

static unsigned previous_file(void *pane)
{
    return step_file(pane, false);
}

static unsigned split_below(void *pane)
{
    return editor_split(pane, false);
}

static unsigned split_right(void *pane)
{
    return editor_split(pane, true);
}

static unsigned next_view(void *pane)
{
    return editor_next_view(pane, false);
}

static unsigned previous_view(void *pane)
{
    return editor_next_view(pane, true);
}

static unsigned view_left(void *pane)
{
    return editor_view_beside(pane, SPLIT_LEFT);
}

static unsigned view_right(void *pane)
{
    return editor_view_beside(pane, SPLIT_RIGHT);
}

static unsigned view_up(void *pane)
{
    return editor_view_beside(pane, SPLIT_UP);
}

static unsigned view_down(void *pane)
{
    return editor_view_beside(pane, SPLIT_DOWN);
}

static unsigned close_view(void *pane)
{
    struct editor *editor = pane;
    editor_close_view(editor, editor->view);
    return UI_DONE;
}

static unsigned only_view(void *pane)
{
    return editor_only_view(pane);
}

static unsigned fold_toggle(void *pane)
{
    return editor_fold_toggle(pane);
}

static unsigned fold_close(void *pane)
{
    return editor_fold_close(pane);
}

static unsigned fold_open(void *pane)
{
    return editor_fold_open(pane);
}

static unsigned fold_close_all(void *pane)
{
    return editor_fold_step(pane, FOLD_ALL);
}

static unsigned fold_open_all(void *pane)
{
    return editor_fold_open_all(pane);
}

static unsigned fold_more(void *pane)
{
    return editor_fold_step(pane, FOLD_MORE);
}

static unsigned fold_less(void *pane)
{
    return editor_fold_step(pane, FOLD_LESS);
}

static unsigned wrap(void *pane)
{
    return editor_to_bar(pane, key_of_text(STR_LIT("w"), MOD_ALT)) ? UI_DONE
                                                                   : editor_toggle_wrap(pane);
}

static unsigned line_numbers(void *pane)
{
    return editor_next_line_numbers(pane);
}

static unsigned whitespace(void *pane)
{
    return editor_next_whitespace(pane);
}

static unsigned sticky(void *pane)
{
    return editor_toggle_sticky(pane);
}

static unsigned step_mark(struct editor *editor, bool backward)
{
    struct view *view = editor->view;
    const struct doc *doc = view->doc;
    size_t line = text_line_of(doc->text, view_head(view));
    size_t to = marks_next(editor->marks, doc->path, line, backward);
    if (to == SIZE_MAX) {
        app_message(editor->app, MESSAGE_INFO, "no mark %s", backward ? "above" : "below");
    } else {
        view_move(view, text_line_start(doc->text, to), false);
    }
    return UI_DONE;
}

static unsigned step_change(struct editor *editor, bool backward)
{
    struct view *view = editor->view;
    const struct doc *doc = view->doc;
    size_t line = text_line_of(doc->text, view_head(view));
    size_t to = marks_next_change(editor->marks, doc->path, line, backward);
    if (to == SIZE_MAX) {
        app_message(editor->app, MESSAGE_INFO, "nothing differs from HEAD %s",
            backward ? "above" : "below");
    } else {
        view_move(view, text_line_start(doc->text, to), false);
    }
    return UI_DONE;
}

static unsigned next_change(void *pane)
{
    return step_change(pane, false);
}

static unsigned previous_change(void *pane)
{
    return step_change(pane, true);
}

static unsigned next_mark(void *pane)
{
    return step_mark(pane, false);
}

static unsigned previous_mark(void *pane)
{
    return step_mark(pane, true);
}

#define HIDE ACTION_NO_PALETTE
#define MOVES(name, id, keys, select_keys, help)                                                   \
    {"editor." id, id, "Cursor " help, keys, NULL, HIDE, move_##name, editor_needs_file},          \
    {                                                                                              \
        "editor.select-" id, id, "Select " help, select_keys, NULL, HIDE, select_##name,           \
            editor_needs_file                                                                      \
    }

static const struct action rows[] = {
    {"editor.save", "save", "Save the file", "ctrl-s", NULL, ACTION_KEY_LINE, save,
        editor_needs_file},
    {"editor.find", "find", "Find text, as it is typed", "ctrl-f", "", ACTION_KEY_LINE, find,
        editor_needs_file},
    {"editor.undo", "undo", "Undo a step", "ctrl-z", NULL, ACTION_KEY_LINE, undo,
        editor_needs_file},
    {"editor.redo", "redo", "Redo a step", "ctrl-y", "", 0, redo, editor_needs_file},
    {"editor.cut", "cut", "Cut the selection, or the line", "ctrl-x", "", 0, cut,
        editor_needs_file},
    {"editor.copy", "copy", "Copy the selection, or the line", "ctrl-c", "", 0, copy,
        editor_needs_file},
    {"editor.paste", "paste", "Paste from the clipboard", "ctrl-v", "", 0, paste,
        editor_needs_file},
    {"editor.select-all", "all", "Select everything", "ctrl-a", "", 0, select_all,
        editor_needs_file},
    {"editor.go-to-line", "line", "Go to a line, or line:column", "ctrl-g", "", ACTION_KEY_LINE,
        go_to, editor_needs_file},
    {"editor.find-next", "next", "Next match", "f3", NULL, 0, find_next, editor_needs_file},
    {"editor.find-previous", "previous", "Previous match", "shift-f3", NULL, 0, find_previous,
        editor_needs_file},
    {"editor.replace", "replace", "Find and replace", "ctrl-r", "", 0, replace, editor_needs_file},
    {"editor.comment", "comment", "Comment lines in or out", "ctrl-_", "", 0, comment,
        editor_needs_file},
    {"editor.indent", "indent", "Indent the selected lines", "", NULL, 0, indent,
        editor_needs_file},
    {"editor.dedent", "dedent", "Take a level of indentation away", "shift-tab", NULL, 0, dedent,
        editor_needs_file},
    {"editor.delete-line", "delete line", "Delete the line", "ctrl-k", "", 0, delete_line,
        editor_needs_file},
    {"editor.duplicate-line", "duplicate", "Duplicate the line", "ctrl-d", "", 0, duplicate_line,
        editor_needs_file},
    {"editor.line-up", "line up", "Move the line up", "alt-up", NULL, 0, line_up,
        editor_needs_file},
    {"editor.line-down", "line down", "Move the line down", "alt-down", NULL, 0, line_down,
        editor_needs_file},
    {"editor.erase-word", "erase word", "Delete the word before the cursor", "alt-backspace", NULL,
        HIDE, erase_word_left, editor_needs_file},
    {"editor.erase-word-right", "erase word", "Delete the word after the cursor",
        "ctrl-delete alt-d", NULL, HIDE, erase_word_right, editor_needs_file},
    {"editor.key-set", "key set", "Change between the standard and the vi key set", "", NULL, 0,
        key_set, NULL},
    {"editor.close", "close", "Close the file; asks about unsaved edits", "ctrl-w", "ctrl-w,q", 0,
        close_file, editor_needs_file},
    {"editor.new", "new file", "Begin a file, with folders where they lack", "", NULL, 0, new_file,
        NULL},
    {"editor.save-as", "save as", "Save the text under another name and go on there", "", NULL, 0,
        save_as, editor_needs_file},
    {"editor.external", "$EDITOR",
        "Open the file in $VISUAL or $EDITOR, at this line, and come back", "", NULL, 0, external,
        editor_needs_file},
    {"editor.next-file", "next file", "Next open file", "alt-.", NULL, 0, next_file,
        editor_needs_file},
    {"editor.previous-file", "previous file", "Previous open file", "alt-comma", NULL, 0,
        previous_file, editor_needs_file},
    {"editor.next-mark", "next mark", "Next uncovered line, warning or error", "f8", NULL, 0,
        next_mark, editor_needs_file},
    {"editor.previous-mark", "previous mark", "Previous uncovered line, warning or error",
        "shift-f8", NULL, 0, previous_mark, editor_needs_file},
    {"editor.next-change", "next change", "Next lines that differ from HEAD", "alt-f3", NULL, 0,
        next_change, editor_needs_file},
    {"editor.previous-change", "previous change", "Previous lines that differ from HEAD",
        "alt-shift-f3", NULL, 0, previous_change, editor_needs_file},
    {"editor.split-below", "split below", "Show the file in a second view, below", "alt--",
        "ctrl-w,s", 0, split_below, editor_why_no_split_below},
    {"editor.split-right", "split right", "Show the file in a second view, to the right", "alt-\\",
        "ctrl-w,v", 0, split_right, editor_why_no_split_right},
    {"editor.next-view", "next view", "Go to the next view of the editor", "f6",
        "ctrl-w,w ctrl-w,ctrl-w", 0, next_view, editor_why_one_view},
    {"editor.previous-view", "previous view", "Go to the view before", "shift-f6", "ctrl-w,W", 0,
        previous_view, editor_why_one_view},
    {"editor.view-left", "view left", "Go to the view on the left", "", "ctrl-w,h ctrl-w,left", 0,
        view_left, editor_why_one_view},
    {"editor.view-down", "view down", "Go to the view below", "", "ctrl-w,j ctrl-w,down", 0,
        view_down, editor_why_one_view},
    {"editor.view-up", "view up", "Go to the view above", "", "ctrl-w,k ctrl-w,up", 0, view_up,
        editor_why_one_view},
    {"editor.view-right", "view right", "Go to the view on the right", "", "ctrl-w,l ctrl-w,right",
        0, view_right, editor_why_one_view},
    {"editor.close-view", "close view", "Close the view; its file stays open", "alt-x", "ctrl-w,c",
        0, close_view, editor_why_one_view},
    {"editor.only-view", "only view", "Close all other views", "alt-=", "ctrl-w,o", 0, only_view,
        editor_why_one_view},
    {"editor.fold-toggle", "fold", "Fold what the cursor is in, or open it", "f9", "za f9", 0,
        fold_toggle, why_no_folds},
    {"editor.fold-close", "fold close", "Fold what the cursor is in; again: what is around it", "",
        "zc", 0, fold_close, why_no_folds},
    {"editor.fold-open", "fold open", "Open the fold that begins in this line", "", "zo", 0,
        fold_open, editor_needs_file},
    {"editor.fold-close-all", "fold all", "Close all folds", "shift-f9", "zM shift-f9", 0,
        fold_close_all, why_no_folds},
    {"editor.fold-open-all", "unfold all", "Open all folds", "ctrl-f9", "zR ctrl-f9", 0,
        fold_open_all, editor_needs_file},
    {"editor.fold-more", "fold more", "Close the folds of one more level, from the inside", "",
        "zm", 0, fold_more, why_no_folds},
    {"editor.fold-less", "fold less", "Open the folds of one more level, from the outside", "",
        "zr", 0, fold_less, why_no_folds},
    {"editor.wrap", "wrap", "Let long lines go on in the next row, or to the right", "alt-w", NULL,
        0, wrap, editor_needs_file},
    {"editor.line-numbers", "line numbers", "Line numbers: absolute, from the cursor, none", "",
        NULL, 0, line_numbers, editor_needs_file},
    {"editor.whitespace", "whitespace", "Marks for blanks: none, at line ends, all", "", NULL, 0,
        whitespace, editor_needs_file},
    {"editor.sticky-headers", "sticky headers",
        "Keep the headers of what one has scrolled into at the top, or not", "", NULL, 0, sticky,
        editor_needs_file},
    MOVES(left, "left", "left", "shift-left", "one character to the left"),
    MOVES(right, "right", "right", "shift-right", "one character to the right"),
    MOVES(up, "up", "up", "shift-up", "one line up"),
    MOVES(down, "down", "down", "shift-down", "one line down"),
    MOVES(line_start, "line-start", "home", "shift-home", "to the line's text, then its start"),
    MOVES(line_end, "line-end", "end", "shift-end", "to the line's end"),
    MOVES(page_up, "page-up", "pageup", "shift-pageup", "one page up"),
    MOVES(page_down, "page-down", "pagedown", "shift-pagedown", "one page down"),
    MOVES(word_left, "word-left", "ctrl-left", "ctrl-shift-left", "one word to the left"),
    MOVES(word_right, "word-right", "ctrl-right", "ctrl-shift-right", "one word to the right"),
    MOVES(top, "top", "ctrl-home", "ctrl-shift-home", "to the beginning"),
    MOVES(bottom, "bottom", "ctrl-end", "ctrl-shift-end", "to the end"),
};

const struct action_set editor_actions = ACTION_SET("editor", "Editor", rows);
