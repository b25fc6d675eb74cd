#include "pane/editor_vi.h"

#include "pane/editor_slow.h"

#include "base/utf8.h"
#include "help.h"
#include "keymap.h"
#include "screen/clipboard.h"
#include "syntax/indent.h"
#include "vi/vi.h"
#include "widget/dialog.h"

#include <stdlib.h>

/* Something that the engine asked for and that may take its text away: done when the key is. */
struct wish {
    char *what, *argument;
    bool bang;
    size_t count;
    size_t line, column; /* of "open" */
};

struct editor_vi {
    struct vi *vi;
    struct editor *editor;
    struct text *text;   /* attached; NULL: none */
    size_t head, anchor; /* the caret as the engine left it */
    struct {
        struct wish *items;
        size_t len, cap;
    } wishes;
    struct buf clipboard;
    struct key key; /* being done */
};

static struct view *view_of(const struct editor_vi *on)
{
    return on->editor->view;
}

static void say(void *data, bool error, const char *text)
{
    const struct editor_vi *on = data;
    if (!error && strchr(text, '\n') != NULL) {
        dialog_message(on->editor->app, "vi", str_of(text)); /* :reg, :marks, ... */
        return;
    }
    app_message(on->editor->app, error ? MESSAGE_WARNING : MESSAGE_INFO, "%s", text);
}

static void window(void *data, struct vi_window *out)
{
    const struct view *view = view_of(data);
    out->top = text_line_of(view->doc->text, view->top);
    out->rows = view->rows > 0 ? (size_t)view->rows : 1;
    out->margin = view_margin(view);
    out->left = view->left;
    out->columns = view->wrap || view->cols < 1 ? 0 : (size_t)view->cols;
    out->side = view_side_margin(view);
}

static void scroll(void *data, size_t top)
{
    struct view *view = view_of(data);
    view->top = text_line_start(view->doc->text, top);
}

static void sideways(void *data, size_t left)
{
    view_of(data)->left = left;
}

static bool screen_row(void *data, size_t at, int by, struct vi_screen_row *out)
{
    return editor_vi_row(view_of(data), at, by, out);
}

static void clipboard_set(void *data, char which, struct str text)
{
    struct editor_vi *on = data;
    (void)which;
    app_copy(on->editor->app, text);
}

static struct str clipboard_get(void *data, char which)
{
    (void)data;
    (void)which;
    return clipboard_text();
}

static bool indent(void *data, size_t line, bool below, size_t *columns)
{
    const struct editor_vi *on = data;
    const struct doc *doc = view_of(on)->doc;
    if (!below || syntax_language(doc->syntax) == NULL) {
        return false;
    }
    bool typing = vi_mode(on->vi) == VI_INSERT;
    size_t at = typing ? vi_cursor(on->vi) : text_line_end(doc->text, line);
    struct indent_style style = {doc->indent, doc->tab_width};
    struct buf out = BUF_INIT;
    syntax_indent_new_line(doc->syntax, at, &style, &out);
    *columns = 0;
    for (size_t i = 0; i < out.len; i++) {
        *columns += out.ptr[i] == '\t' ? doc->tab_width - *columns % doc->tab_width : 1;
    }
    buf_free(&out);
    return true;
}

static const char *comment(void *data)
{
    const struct language *language = syntax_language(view_of(data)->doc->syntax);
    return language == NULL ? NULL : language->comment;
}

static const char *path(void *data)
{
    return view_of(data)->doc->path;
}

static void wish(struct editor_vi *on, const char *what, struct str argument, struct wish rest)
{
    rest.what = mem_strdup(what);
    rest.argument = str_dup(argument);
    VEC_PUSH(&on->wishes, rest);
}

static bool open_at(void *data, const char *file, size_t line, size_t column, struct err *err)
{
    (void)err;
    wish(data, "open", str_of(file), (struct wish){.line = line, .column = column});
    return true;
}

static bool act(
    void *data, const char *what, struct str argument, bool bang, size_t count, struct err *err)
{
    (void)err;
    wish(data, what, argument, (struct wish){.bang = bang, .count = count});
    return true;
}

static bool read_file(void *data, struct str name, struct buf *out, struct err *err)
{
    const struct editor_vi *on = data;
    struct file_stamp stamp;
    char *file = str_dup(name);
    bool ok = editor_read_file(on->editor, file, out, &stamp, err);
    if (ok && !stamp.exists) {
        ok = err_set(err, ERR_NOT_FOUND, "there is no file %s", file);
    }
    free(file);
    return ok;
}

static void option(void *data, const char *name)
{
    struct editor_vi *on = data;
    struct view *view = view_of(on);
    const struct vi_options *options = vi_options(on->vi);
    struct editor_look *look = &on->editor->look;
    if (strcmp(name, "number") == 0 || strcmp(name, "relativenumber") == 0) {
        look->line_numbers = options->relativenumber ? LINE_NUMBERS_RELATIVE
                             : options->number       ? LINE_NUMBERS_ABSOLUTE
                                                     : LINE_NUMBERS_OFF;
    } else if (strcmp(name, "list") == 0) {
        look->whitespace = options->list ? WHITESPACE_ALL : WHITESPACE_NONE;
    } else if (strcmp(name, "wrap") == 0) {
        view->wrap = options->wrap;
        view->left = 0;
    } else if (strcmp(name, "tabstop") == 0) {
        view->doc->tab_width = (unsigned)options->tabstop;
    }
    if (strcmp(name, "shiftwidth") == 0 || strcmp(name, "expandtab") == 0) {
        view->doc->indent = options->expandtab ? (unsigned)options->shiftwidth : 0;
    }
}

static bool object(
    void *data, char which, bool around, size_t from, size_t to, size_t *start, size_t *end)
{
    (void)which; /* rules are all that is asked for */
    return editor_vi_rule(view_of(data), around, from, to, start, end);
}

static void complete_path(void *data, struct str word, struct buf *out)
{
    const struct editor_vi *on = data;
    editor_vi_paths(on->editor, word, out);
}

static const struct vi_host host = {
    .message = say,
    .window = window,
    .scroll = scroll,
    .sideways = sideways,
    .screen_row = screen_row,
    .clipboard_set = clipboard_set,
    .clipboard_get = clipboard_get,
    .indent = indent,
    .comment = comment,
    .path = path,
    .open = open_at,
    .object = object,
    .complete_path = complete_path,
    .read = read_file,
    .act = act,
    .option = option,
};

void editor_set_vi(struct editor *editor, bool on)
{
    if (on == (editor->vi != NULL)) {
        return;
    }
    if (!on) {
        editor_vi_free(editor);
        return;
    }
    editor->vi = MEM_NEW(struct editor_vi);
    editor->vi->editor = editor;
    editor->vi->vi = vi_new(&host, editor->vi);
    help_set_keys(editor->app, editor, editor_vi_help);
    if (editor->view != NULL) {
        view_one_caret(editor->view);
        editor_vi_follow(editor);
    }
}

bool editor_has_vi(const struct editor *editor)
{
    return editor->vi != NULL;
}

bool editor_vi_remap(struct editor *editor, const char *id, const char *keys, struct err *err)
{
    /* Without the key set the names are still checked. */
    if (editor->vi == NULL) {
        struct vi *vi = vi_new(&host, NULL);
        bool ok = vi_remap(vi, str_of(id), str_of(keys), err);
        vi_free(vi);
        return ok;
    }
    return vi_remap(editor->vi->vi, str_of(id), str_of(keys), err);
}

static void free_wishes(struct editor_vi *on)
{
    VEC_FOREACH (struct wish, one, &on->wishes) {
        free(one->what);
        free(one->argument);
    }
    VEC_FREE(&on->wishes);
}

void editor_vi_free(struct editor *editor)
{
    struct editor_vi *on = editor->vi;
    if (on != NULL) {
        editor_slow_end(editor);
        help_set_keys(editor->app, editor, NULL);
        vi_free(on->vi);
        free_wishes(on);
        buf_free(&on->clipboard);
        free(on);
        editor->vi = NULL;
    }
}

void editor_vi_forget(struct editor *editor, struct text *text)
{
    if (editor->vi != NULL) {
        editor_slow_end(editor);
        vi_forget(editor->vi->vi, text);
        editor->vi->text = editor->vi->text == text ? NULL : editor->vi->text;
    }
}

/* The file's way of indenting is what its tabs and shifts go by. */
static void take_options(struct editor_vi *on)
{
    const struct view *view = view_of(on);
    const struct doc *doc = view->doc;
    struct vi_options *options = vi_options(on->vi);
    options->tabstop = doc->tab_width > 0 ? doc->tab_width : 4;
    options->shiftwidth = doc->indent > 0 ? doc->indent : options->tabstop;
    options->softtabstop = doc->indent;
    options->expandtab = doc->indent > 0;
    options->wrap = view->wrap;
    options->number = on->editor->look.line_numbers != LINE_NUMBERS_OFF;
    options->relativenumber = on->editor->look.line_numbers == LINE_NUMBERS_RELATIVE;
    options->list = on->editor->look.whitespace == WHITESPACE_ALL;
}

/* The engine's cursor and selection to the view. */
static void publish(struct editor_vi *on)
{
    struct view *view = view_of(on);
    size_t anchor, head;
    if (view == NULL || on->text != view->doc->text) {
        return;
    }
    if (!vi_selection(on->vi, &anchor, &head)) {
        anchor = head = vi_cursor(on->vi);
    }
    view_one_caret(view);
    *view_caret(view) = (struct caret){.at = {anchor, head}, .goal = SIZE_MAX};
    view->follow = true;
    on->head = head;
    on->anchor = anchor;
}

void editor_vi_follow(struct editor *editor)
{
    struct editor_vi *on = editor->vi;
    struct view *view = editor->view;
    if (on == NULL || view == NULL) {
        return;
    }
    if (editor_slow_is_on(editor)) {
        if (on->text == view->doc->text) {
            return; /* the engine is in the middle of a command */
        }
        editor_slow_end(editor);
    }
    const struct caret *caret = view_caret(view);
    size_t anchor = caret->at.anchor, head = caret->at.head;
    if (on->text != view->doc->text) {
        on->text = view->doc->text;
        vi_attach(on->vi, on->text, head);
        on->head = head;
        on->anchor = anchor;
        publish(on);
    } else if (head != on->head || anchor != on->anchor) {
        vi_click(on->vi, anchor, false);
        if (anchor != head) {
            vi_click(on->vi, head > anchor ? doc_before(view->doc, head) : head, true);
        }
        bool follow = view->follow;
        publish(on);
        view->follow = follow;
    }
    take_options(on);
}

/* Where Vim waits for Esc, an ESC in front of a key is one, however quickly the key came: tmux
 * holds Esc back for half a second by default and then sends both at once. */
static bool begins_with_esc(const struct editor_vi *on, const struct key *key)
{
    return key->after_esc && vi_mode(on->vi) != VI_NORMAL;
}

bool editor_vi_takes(const struct editor *editor, const struct key *key)
{
    if (editor->vi == NULL || editor->view == NULL || find_is_open(editor)) {
        return false;
    }
    if (begins_with_esc(editor->vi, key)) {
        return true;
    }
    if (key->code == K_TEXT) {
        /* What is the program's everywhere; ^P only where nothing is completed or called back. */
        enum vi_mode mode = vi_mode(editor->vi->vi);
        bool types = mode == VI_INSERT || mode == VI_REPLACE || mode == VI_COMMAND;
        bool ctrl = key->mods == MOD_CTRL && key->len == 1 &&
                    strchr(types ? "qsz" : "pqsz", key->text[0]) == NULL;
        if (key_is_char(key, ' ') && vi_mode(editor->vi->vi) == VI_NORMAL &&
            !vi_is_pending(editor->vi->vi)) {
            return false; /* begins a sequence of the program's own: "space,l" */
        }
        return key_is_plain_text(key) || ctrl;
    }
    return key->mods == 0 && key->code >= K_ENTER && key->code <= K_DELETE;
}

static int32_t code_of(const struct key *key)
{
    static const int32_t codes[] = {[K_ENTER] = 13,
        [K_TAB] = 9,
        [K_BACKSPACE] = 127,
        [K_ESC] = 27,
        [K_UP] = VI_KEY_UP,
        [K_DOWN] = VI_KEY_DOWN,
        [K_LEFT] = VI_KEY_LEFT,
        [K_RIGHT] = VI_KEY_RIGHT,
        [K_HOME] = VI_KEY_HOME,
        [K_END] = VI_KEY_END,
        [K_PAGE_UP] = VI_KEY_PAGE_UP,
        [K_PAGE_DOWN] = VI_KEY_PAGE_DOWN,
        [K_INSERT] = VI_KEY_INSERT,
        [K_DELETE] = VI_KEY_DELETE};
    return codes[key->code];
}

static void close_file(struct editor *editor, bool bang)
{
    struct doc *doc = editor->view->doc;
    if (split_count(editor->split) > 1) {
        editor_close_view(editor, editor->view);
    } else if (bang) {
        editor_drop(editor, doc);
    } else {
        editor_close(editor, doc);
    }
}

static void open_path(struct editor *editor, const char *file)
{
    struct err err = {0};
    if (!editor_open(editor, file, &err)) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
    }
}

/* gf: what looks like a path around the cursor. */
static void open_under_cursor(struct editor *editor)
{
    const struct view *view = editor->view;
    struct buf name = BUF_INIT;
    const struct text *text = view->doc->text;
    size_t from = view_head(view), to = from;
    const char *ends = " \t\r\n\"'`()[]{}<>,;:";
    while (from > 0 && strchr(ends, text_byte(text, from - 1)) == NULL) {
        from--;
    }
    while (text_byte(text, to) > 0 && strchr(ends, text_byte(text, to)) == NULL) {
        to++;
    }
    text_copy(text, from, to, &name);
    if (name.len > 0) {
        open_path(editor, name.ptr);
    }
    buf_free(&name);
}

static bool run_action(struct editor *editor, const char *id, const char *what)
{
    if (app_keymap(editor->app) == NULL || keymap_action(app_keymap(editor->app), id) == NULL) {
        app_message(editor->app, MESSAGE_WARNING, "%s is not available here", what);
        return false;
    }
    app_run_action(editor->app, id);
    return true;
}

static void grant_other(struct editor *editor, const struct wish *one)
{
    static const char *const actions[][2] = {{"definition", "editor.definition"},
        {"hover", "editor.hover"}, {"references", "editor.references"},
        {"jump-back", "editor.back"}, {"problem-next", "editor.next-mark"},
        {"problem-previous", "editor.previous-mark"}, {"change-next", "editor.next-change"},
        {"change-previous", "editor.previous-change"}, {"test-next", "tests.next-failure"},
        {"test-previous", "tests.previous-failure"}, {"fold-toggle", "editor.fold-toggle"},
        {"fold-open", "editor.fold-open"}, {"fold-close", "editor.fold-close"},
        {"fold-open-all", "editor.fold-open-all"}, {"fold-close-all", "editor.fold-close-all"},
        {"other-view", "editor.next-view"}, {"close-view", "editor.close-view"},
        {"only", "editor.only-view"}, {"next-view", "editor.next-view"},
        {"view-left", "editor.view-left"}, {"view-down", "editor.view-down"},
        {"view-up", "editor.view-up"}, {"view-right", "editor.view-right"},
        {"fold-less", "editor.fold-less"}, {"fold-more", "editor.fold-more"},
        {"split", "editor.split-below"}, {"vsplit", "editor.split-right"}, {"redraw", "app.redraw"},
        {"alternate-file", "editor.previous-file"}, {"next-file", "editor.next-file"},
        {"previous-file", "editor.previous-file"}, {"files", "find.open-files"},
        {"format", "editor.format"}, {"help", "app.help"}, {"quit-all", "app.quit"}};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (strcmp(actions[i][0], one->what) == 0) {
            run_action(editor, actions[i][1], actions[i][0]);
            return;
        }
    }
    app_message(editor->app, MESSAGE_WARNING, "%s is not available here", one->what);
}

static void grant(struct editor *editor, const struct wish *one)
{
    const char *what = one->what;
    if (editor->view == NULL) {
        return;
    }
    if (strcmp(what, "write") == 0 && one->argument[0] != '\0') {
        editor_save_as(editor, one->argument, one->bang, false);
    } else if (strcmp(what, "save-as") == 0) {
        editor_save_as(editor, one->argument, one->bang, true);
    } else if (strcmp(what, "write-quit") == 0 && one->argument[0] != '\0') {
        app_message(
            editor->app, MESSAGE_WARNING, ":wq takes no name: :w %s, then :q!", one->argument);
    } else if (strcmp(what, "write") == 0) {
        editor_save(editor);
    } else if (strcmp(what, "write-all") == 0) {
        editor_save_all(editor);
    } else if (strcmp(what, "quit") == 0) {
        close_file(editor, one->bang);
    } else if (strcmp(what, "write-quit") == 0) {
        doc_save(editor->view->doc);
        close_file(editor, true);
    } else if (strcmp(what, "write-quit-all") == 0) {
        editor_save_all(editor);
        app_run_action(editor->app, "app.quit");
    } else if (strcmp(what, "edit") == 0 && one->argument[0] == '\0') {
        app_run_action(editor->app, "find.files");
    } else if (one->argument[0] != '\0' &&
               (strcmp(what, "split") == 0 || strcmp(what, "vsplit") == 0)) {
        size_t views = split_count(editor->split);
        grant_other(editor, one);
        if (split_count(editor->split) > views) { /* there was room for one more */
            open_path(editor, one->argument);
        }
    } else if (strcmp(what, "edit") == 0) {
        open_path(editor, one->argument);
    } else if (strcmp(what, "find") == 0 || strcmp(what, "grep") == 0) {
        bool files = strcmp(what, "find") == 0;
        if (run_action(editor, files ? "find.files" : "app.search", what) &&
            one->argument[0] != '\0') {
            /* Into the field that opened, in place of what was asked before. */
            struct key erase = key_of_text(STR_LIT("u"), MOD_CTRL);
            app_key(editor->app, &erase);
            app_paste(editor->app, str_of(one->argument));
        }
    } else if (strcmp(what, "open") == 0) {
        (void)editor_go(editor, one->argument, one->line, one->column);
    } else if (strcmp(what, "file-under-cursor") == 0) {
        open_under_cursor(editor);
    } else {
        grant_other(editor, one);
    }
}

static void grant_all(struct editor_vi *on)
{
    struct editor *editor = on->editor;
    while (on->wishes.len > 0) {
        struct wish one = on->wishes.items[0];
        VEC_REMOVE(&on->wishes, 0);
        grant(editor, &one);
        free(one.what);
        free(one.argument);
    }
    editor_vi_follow(editor);
}

static void do_key(struct editor *editor)
{
    struct vi *vi = editor->vi->vi;
    const struct key *key = &editor->vi->key;
    if (key->code != K_TEXT) {
        vi_key(vi, code_of(key));
    } else if (key->mods == MOD_CTRL) {
        vi_key(vi, key->text[0] & 0x1f);
    } else {
        vi_keys(vi, str_make(key->text, key->len));
    }
}

static void key_done(struct editor *editor)
{
    editor->view->doc->last_edit_ms = loop_now_ms();
    publish(editor->vi);
    grant_all(editor->vi);
}

/* A key that can lead to much work. */
static bool may_be_long(const struct editor_vi *on, const struct key *key)
{
    enum vi_mode mode = vi_mode(on->vi);
    bool typing = mode == VI_INSERT || mode == VI_REPLACE;
    size_t at;
    struct str line = vi_command_line(on->vi, &at);
    return typing
               ? key->code == K_ESC
               : mode != VI_COMMAND || key->code == K_ENTER || (line.len > 0 && line.ptr[0] != ':');
}

unsigned editor_vi_key(struct editor *editor, const struct key *key)
{
    struct editor_vi *on = editor->vi;
    editor_vi_follow(editor);
    if (begins_with_esc(on, key)) {
        struct key esc = key_of_code(K_ESC, 0), then = *key;
        then.mods = (uint8_t)(then.mods & ~(unsigned)MOD_ALT);
        then.after_esc = false;
        app_key(editor->app, &esc);
        app_key(editor->app, &then);
        return UI_DONE;
    }
    on->key = *key;
    if (!may_be_long(on, key)) {
        do_key(editor);
        key_done(editor);
        return UI_DONE;
    }
    size_t at;
    struct buf name = BUF_INIT;
    buf_append_str(&name, vi_command_line(on->vi, &at));
    editor_slow_run(
        editor, &(struct slow_command){name.len > 0 ? name.ptr : "the command", do_key, key_done});
    buf_free(&name);
    return UI_DONE;
}

void editor_vi_note_jump(struct editor *editor)
{
    editor_slow_end(editor);
    editor_vi_follow(editor);
    vi_note_jump(editor->vi->vi);
}

bool editor_vi_jump(struct editor *editor, bool forward)
{
    struct key key = key_of_text(forward ? STR_LIT("i") : STR_LIT("o"), MOD_CTRL);
    return (editor_vi_key(editor, &key) & UI_HANDLED) != 0;
}

bool editor_vi_is_inserting(const struct editor *editor)
{
    return vi_mode(editor->vi->vi) == VI_INSERT;
}

bool editor_vi_complete(struct editor *editor, size_t len, struct str with, size_t cursor)
{
    editor_slow_end(editor);
    editor_vi_follow(editor);
    bool ok = vi_complete(editor->vi->vi, len, with, cursor);
    publish(editor->vi);
    return ok;
}

unsigned editor_vi_paste(struct editor *editor, struct str text)
{
    editor_slow_end(editor);
    editor_vi_follow(editor);
    vi_paste(editor->vi->vi, text);
    publish(editor->vi);
    return UI_DONE;
}

bool editor_vi_shows(const struct view *view)
{
    const struct editor_vi *on = view->editor->vi;
    return on != NULL && view == view->editor->view && on->text == view->doc->text;
}

bool editor_vi_selected(const struct view *view, size_t line, struct search_range *range)
{
    bool newline;
    struct vi *vi = view->editor->vi->vi;
    if (editor_slow_is_on(view->editor) ||
        !vi_selected(vi, line, &range->start, &range->end, &newline)) {
        return false;
    }
    range->end += newline ? 1 : 0;
    return true;
}

bool editor_vi_match(const struct editor *editor, const struct text *text, size_t from, size_t to,
    struct search_range *range)
{
    const struct editor_vi *on = editor->vi;
    return on != NULL && on->text == text && !editor_slow_is_on(editor) &&
           vi_highlight(on->vi, from, to, &range->start, &range->end);
}

const struct vi *editor_vi_engine(const struct editor *editor)
{
    return editor->vi == NULL ? NULL : editor->vi->vi;
}

size_t editor_vi_margin(const struct editor *editor)
{
    return editor->vi == NULL ? 0 : vi_options(editor->vi->vi)->scrolloff;
}
