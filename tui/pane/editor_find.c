/* The bar at the editor's bottom: find, replace, go to line. A search in a large file goes on in
 * later turns of the loop. */
#include "pane/editor_slow.h"
#include "pane/editor_vi.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

#define SLICE  ((size_t)1 << 20) /* bytes searched a turn: a few ms */
#define BEYOND ((size_t)256) /* how far before the view a match may begin that reaches into it */

static void run(struct editor *editor);
static void on_count(void *data);

static void on_timer(void *data)
{
    run(data);
}

void find_init(struct editor *editor)
{
    struct find *find = &editor->find;
    find->pattern = edit_new(false);
    find->with = edit_new(false);
    find->line = edit_new(false);
    find->timer = loop_timer_new(editor->loop, on_timer, editor);
    find->counter = loop_timer_new(editor->loop, on_count, editor);
}

void find_free(struct editor *editor)
{
    struct find *find = &editor->find;
    edit_free(find->pattern);
    edit_free(find->with);
    edit_free(find->line);
    search_free(find->search);
    free(find->problem);
    loop_timer_free(find->timer);
    loop_timer_free(find->counter);
    VEC_FREE(&find->starts);
}

bool find_is_open(const struct editor *editor)
{
    return editor->find.mode != BAR_NONE;
}

static void count_again(struct find *find, uint64_t version)
{
    find->starts.len = 0;
    find->count_at = 0;
    find->count_done = false;
    find->count_version = version;
    loop_timer_start(find->counter, 30, 0); /* first the match itself, and what is typed next */
}

/* A slice of the count; goes on in later turns. */
static void on_count(void *data)
{
    struct editor *editor = data;
    struct find *find = &editor->find;
    struct search_match match;
    uint64_t start = loop_now_ms();
    if (find->search == NULL || editor->view == NULL || find->mode == BAR_NONE) {
        return;
    }
    const struct text *text = editor->view->doc->text;
    if (find->count_version != text_version(text)) {
        count_again(find, text_version(text));
        return;
    }
    while (!find->count_done) {
        enum search_status status =
            search_next(find->search, text, &find->count_at, SIZE_MAX, SLICE / 4, &match, NULL);
        if (status == SEARCH_FOUND) {
            VEC_PUSH(&find->starts, match.groups[0].start);
            find->count_at = search_after(text, &match);
        }
        find->count_done =
            status == SEARCH_NONE || status == SEARCH_FAILED || find->starts.len == FIND_COUNT_MAX;
        if (!find->count_done && loop_now_ms() - start > 3) {
            loop_timer_start(find->counter, 1, 0);
            return;
        }
    }
    app_redraw(editor->app);
}

/* "3 of 17" when the selection is a match and all are counted. */
static void append_count(struct editor *editor, struct buf *out)
{
    struct find *find = &editor->find;
    size_t low = 0, high = find->starts.len, start = view_selection(editor->view).start;
    if (find->count_version != text_version(editor->view->doc->text)) {
        count_again(find, text_version(editor->view->doc->text));
    }
    if (!find->count_done || find->starts.len == 0) {
        return;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (find->starts.items[middle] < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const char *more = find->starts.len == FIND_COUNT_MAX ? "+" : "";
    if (low < find->starts.len && find->starts.items[low] == start) {
        buf_printf(out, "%zu of %zu%s", low + 1, find->starts.len, more);
    } else {
        buf_printf(out, "%zu%s", find->starts.len, more);
    }
}

static void compile(struct editor *editor)
{
    struct find *find = &editor->find;
    struct err err = {0};
    find->count_done = false;
    find->count_version = UINT64_MAX;
    find->starts.len = 0;
    editor_slow_end(editor);
    search_free(find->search);
    free(find->problem);
    find->search = NULL;
    find->problem = NULL;
    if (!edit_is_empty(find->pattern)) {
        find->search = search_new(edit_text(find->pattern), &find->options, &err);
        find->problem = find->search == NULL ? mem_strdup(err.text) : NULL;
    }
}

static void stop(struct find *find)
{
    find->running = false;
    loop_timer_stop(find->timer);
}

void find_say(struct find *find, const char *text)
{
    free(find->problem);
    find->problem = mem_strdup(text);
}

static void found(struct editor *editor, const struct search_match *match)
{
    struct find *find = &editor->find;
    stop(find);
    view_select(editor->view, match->groups[0].start, match->groups[0].end);
    free(find->problem);
    find->problem = find->wrapped ? mem_strdup("went round the end") : NULL;
    replace_found(editor);
}

/* One slice of the search, forward from find->at to the end (or up to the start once wrapped). */
static enum search_status slice(struct editor *editor, struct search_match *match, struct err *err)
{
    struct find *find = &editor->find;
    const struct text *text = editor->view->doc->text;
    if (find->backward) {
        return search_previous(find->search, text, &find->at, SLICE, match, err);
    }
    size_t to = find->wrapped ? find->start : SIZE_MAX;
    return search_next(find->search, text, &find->at, to, SLICE, match, err);
}

static void run(struct editor *editor)
{
    struct find *find = &editor->find;
    struct search_match match;
    struct err err = {0};
    uint64_t start = loop_now_ms();
    while (find->running) {
        enum search_status status = slice(editor, &match, &err);
        if (status == SEARCH_FOUND) {
            found(editor, &match);
        } else if (status == SEARCH_FAILED) {
            stop(find);
            find_say(find, err.text);
        } else if (status == SEARCH_NONE && find->wrapped) {
            stop(find);
            find_say(find, find->asking ? "no more match" : "no match");
            find->asking = false;
        } else if (status == SEARCH_NONE) {
            find->wrapped = true;
            find->at = find->backward ? SIZE_MAX : 0;
        } else if (loop_now_ms() - start > 6) {
            loop_timer_start(find->timer, 0, 0);
            break;
        }
    }
    app_redraw(editor->app);
}

void find_begin(struct editor *editor, size_t from, bool backward)
{
    struct find *find = &editor->find;
    if (find->search == NULL || editor->view == NULL) {
        return;
    }
    free(find->problem);
    find->problem = NULL;
    find->running = true;
    find->wrapped = false;
    find->backward = backward;
    find->at = from;
    /* Once round, a match that starts where we began is the only one. */
    find->start = from < SIZE_MAX ? from + 1 : from;
    run(editor);
}

unsigned find_step(struct editor *editor, bool backward)
{
    struct view *view = editor->view;
    if (view == NULL) {
        return UI_IGNORED;
    }
    if (edit_is_empty(editor->find.pattern)) {
        find_open(editor, BAR_FIND);
        return UI_DONE;
    }
    if (editor->find.search == NULL) {
        compile(editor);
    }
    struct search_range range = view_selection(view);
    size_t from = range.start;
    if (!backward) {
        /* Past the selection, or on from an empty match. */
        from = range.end > range.start ? range.end : doc_after(view->doc, range.end);
    }
    find_begin(editor, from, backward);
    if (!find_is_open(editor) && editor->find.problem != NULL) {
        app_message(editor->app, MESSAGE_INFO, "%s", editor->find.problem);
    }
    return UI_DONE;
}

/* The pattern changed: look again from where the search began. */
static void changed(struct editor *editor)
{
    struct find *find = &editor->find;
    stop(find);
    compile(editor);
    if (find->search == NULL) {
        view_caret(editor->view)->at = find->origin;
        editor->view->follow = true;
        return;
    }
    struct text_cursor origin = find->origin;
    find_begin(editor, origin.anchor < origin.head ? origin.anchor : origin.head, false);
}

void find_open(struct editor *editor, enum bar_mode mode)
{
    struct find *find = &editor->find;
    struct view *view = editor->view;
    if (view == NULL) {
        return;
    }
    const struct doc *doc = view->doc;
    if (mode != BAR_GOTO && find->mode != mode) {
        struct search_range range = view_selection(view);
        bool one_line = text_line_of(doc->text, range.start) == text_line_of(doc->text, range.end);
        if (find->mode == BAR_NONE && range.end > range.start && range.end - range.start < 200 &&
            one_line) {
            struct buf bytes = BUF_INIT;
            text_copy(doc->text, range.start, range.end, &bytes);
            edit_set(find->pattern, buf_str(&bytes));
            buf_free(&bytes);
        }
    }
    find->origin = view_caret(view)->at;
    find->origin_top = view->top;
    find->in_with = false;
    find->asking = false;
    find->mode = mode;
    edit_clear(find->line);
    if (mode != BAR_GOTO) {
        edit_select_all(find->pattern);
        compile(editor);
    }
    app_redraw(editor->app);
}

void find_close(struct editor *editor)
{
    stop(&editor->find);
    editor->find.mode = BAR_NONE;
    editor->find.asking = false;
    free(editor->find.problem);
    editor->find.problem = NULL;
    app_redraw(editor->app);
}

bool find_replace(struct editor *editor, const struct search_match *match)
{
    struct find *find = &editor->find;
    struct text *text = editor->view->doc->text;
    struct buf bytes = BUF_INIT;
    struct err err = {0};
    bool ok = search_expand(find->search, text, match, edit_text(find->with), &bytes, &err);
    if (ok) {
        text_break(text);
        ok = view_replace(
            editor->view, match->groups[0].start, match->groups[0].end, buf_str(&bytes));
        text_break(text);
    } else {
        find_say(find, err.text);
    }
    buf_free(&bytes);
    return ok;
}

static void replace_work(struct editor *editor)
{
    struct find *find = &editor->find;
    find->failed = (struct err){0};
    if (!search_replace_all(find->search, editor->view->doc->text, find->from, SIZE_MAX,
            edit_text(find->with), &find->count, &find->failed)) {
        find->count = 0;
    }
}

static void replace_done(struct editor *editor)
{
    struct find *find = &editor->find;
    struct view *view = editor->view;
    char text[64];
    view_select(view, view_head(view), view_head(view));
    snprintf(text, sizeof text, "replaced %zu", find->count);
    find_say(find, find->failed.text[0] != '\0' ? find->failed.text : text);
    if (find->asking) {
        replace_rest_done(editor, find->count);
    }
}

void find_replace_all(struct editor *editor, size_t from)
{
    struct find *find = &editor->find;
    if (find->search != NULL) {
        stop(find);
        text_note_cursor(editor->view->doc->text, view_caret(editor->view)->at);
        find->from = from;
        editor_slow_run(editor, &(struct slow_command){"replacing", replace_work, replace_done});
    }
}

/* "120" or "120:5", counted from 1; goes there as it is typed. */
static void go_to_line(struct editor *editor)
{
    struct find *find = &editor->find;
    struct view *view = editor->view;
    const struct doc *doc = view->doc;
    char *typed = str_dup(edit_text(find->line)), *end;
    unsigned long long line = strtoull(typed, &end, 10);
    unsigned long long column = *end == ':' || *end == ',' ? strtoull(end + 1, NULL, 10) : 1;
    if (end == typed) {
        view_caret(view)->at = find->origin;
        view->follow = true;
    } else {
        size_t count = text_line_count(doc->text);
        size_t row = line == 0 ? 0 : line > count ? count - 1 : (size_t)line - 1;
        size_t start = view_at_column(view, row, 0);
        for (unsigned long long i = 1;
             i < column && i < 100000 && start < text_line_end(doc->text, row); i++) {
            start = doc_after(doc, start);
        }
        view_move(view, start, false);
    }
    free(typed);
}

static unsigned toggle(struct editor *editor, char which)
{
    struct find *find = &editor->find;
    switch (which) {
    case 'r':
        find->options.regex = !find->options.regex;
        break;
    case 'w':
        find->options.whole_word = !find->options.whole_word;
        break;
    case 'c':
        find->options.letter_case =
            find->options.letter_case == SEARCH_SMART ? SEARCH_EXACT : SEARCH_SMART;
        break;
    default:
        return UI_IGNORED;
    }
    changed(editor);
    return UI_DONE;
}

static struct edit *field(struct find *find)
{
    return find->mode == BAR_GOTO ? find->line : find->in_with ? find->with : find->pattern;
}

static unsigned to_field(struct editor *editor, const struct key *key)
{
    struct find *find = &editor->find;
    char *before = str_dup(edit_text(field(find)));
    unsigned flags = edit_key(field(find), key, false);
    bool differs = !str_equal_c(edit_text(field(find)), before);
    free(before);
    if (differs && find->mode == BAR_GOTO) {
        go_to_line(editor);
    } else if (differs && !find->in_with) {
        changed(editor);
    }
    return flags;
}

static unsigned enter(struct editor *editor, unsigned mods)
{
    struct find *find = &editor->find;
    if (find->mode == BAR_GOTO) {
        find_close(editor);
    } else if (find->mode == BAR_REPLACE && mods == MOD_ALT) {
        find_replace_all(editor, 0);
    } else if (find->in_with) {
        replace_ask(editor);
    } else {
        find_step(editor, (mods & MOD_SHIFT) != 0);
    }
    return UI_DONE;
}

bool find_takes(const struct editor *editor, const struct key *key)
{
    const struct find *find = &editor->find;
    bool replaces = find->mode == BAR_REPLACE;
    if (find->mode == BAR_NONE || find->mode == BAR_GOTO || find->asking || key->mods != MOD_ALT) {
        return false;
    }
    return (replaces && key->code == K_ENTER) ||
           (key->code == K_TEXT && key->len == 1 &&
               strchr(replaces ? "rcwa" : "rcw", key->text[0]) != NULL);
}

unsigned find_key(struct editor *editor, const struct key *key)
{
    struct find *find = &editor->find;
    if (find->asking) {
        return replace_key(editor, key);
    }
    if (key->code == K_ENTER) {
        return enter(editor, key->mods);
    }
    if (find->mode != BAR_GOTO && (key->code == K_UP || key->code == K_DOWN) && key->mods == 0) {
        return find_step(editor, key->code == K_UP);
    }
    if (key->code == K_TAB) {
        find->in_with = find->mode == BAR_REPLACE && !find->in_with;
        return UI_DONE;
    }
    if (key->code == K_TEXT && key->mods == MOD_ALT && key->len == 1 && find->mode != BAR_GOTO) {
        if (key->text[0] == 'a' && find->mode == BAR_REPLACE) {
            find_replace_all(editor, 0);
            return UI_DONE;
        }
        return toggle(editor, key->text[0]);
    }
    /* A bar that is open has all plain keys, also those that change nothing in it. */
    return to_field(editor, key) | (key->mods == 0 ? UI_HANDLED : 0);
}

unsigned find_paste(struct editor *editor, struct str text)
{
    struct find *find = &editor->find;
    edit_insert(field(find), text);
    if (find->mode == BAR_GOTO) {
        go_to_line(editor);
    } else if (!find->in_with) {
        changed(editor);
    }
    return UI_DONE;
}

int find_rows(const struct editor *editor)
{
    return editor->find.mode == BAR_NONE ? 0 : editor->find.mode == BAR_REPLACE ? 3 : 1;
}

bool find_visible(struct editor *editor, const struct text *text, size_t from, size_t to,
    struct search_range *range)
{
    struct find *find = &editor->find;
    struct search_match match;
    size_t at = from > BEYOND ? from - BEYOND : 0;
    if (find->mode != BAR_FIND && find->mode != BAR_REPLACE) {
        return editor_vi_match(editor, text, from, to, range);
    }
    while (find->search != NULL &&
           search_next(find->search, text, &at, to, SIZE_MAX, &match, NULL) == SEARCH_FOUND) {
        *range = match.groups[0];
        if (range->end > from && range->end > range->start) {
            return true;
        }
        at = search_after(text, &match);
    }
    return false;
}

static void append_answer(struct editor *editor, struct buf *out)
{
    struct find *find = &editor->find;
    if (find->running) {
        buf_append_c(out, "searching …");
    } else if (find->problem != NULL) {
        buf_append_c(out, find->problem);
    } else {
        append_count(editor, out);
    }
}

static void append_options(const struct find *find, bool words, struct buf *out)
{
    const char *const names[] = {
        words ? "regex" : ".*", words ? "case" : "Aa", words ? "word" : "\\b"};
    const char letters[] = "rcw";
    const bool set[] = {
        find->options.regex, find->options.letter_case == SEARCH_EXACT, find->options.whole_word};
    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        buf_printf(out, "  Alt-%c %s%s", letters[i], names[i], set[i] ? " on" : "");
    }
}

/* At the right of a row of the bar; what does not fit beside a field of 20 columns is left out.
 * Returns the columns it takes. */
static int draw_right(struct region region, int row, struct str text)
{
    int cols = region_cols(region), width = (int)utf8_width(text);
    if (width == 0 || width > cols - 30) {
        return 0;
    }
    grid_put(region, row, cols - width - 1, text, STYLE_ON(HINT, FIELD));
    return width + 2;
}

static void draw_field(struct region region, int row, const char *label, struct edit *edit,
    bool focused, int right, const char *hint)
{
    int cols = region_cols(region);
    int used = grid_put_c(region, row, 0, label, STYLE(PROMPT));
    int left = cols - used - right;
    edit_draw(edit, region_sub(region, row, used, 1, left > 4 ? left : cols - used), focused,
        STYLE(FIELD), hint);
}

void find_draw(struct editor *editor, struct region region, bool focused)
{
    struct find *find = &editor->find;
    int cols = region_cols(region);
    grid_fill(region, STYLE(FIELD));
    if (find->mode == BAR_GOTO) {
        char total[64];
        snprintf(total, sizeof total, "1 - %zu, or line:column",
            text_line_count(editor->view->doc->text));
        draw_field(region, 0, " Go to line ", find->line, focused, 0, total);
        return;
    }
    bool both = find->mode == BAR_REPLACE;
    struct buf answer = BUF_INIT, options = BUF_INIT;
    append_answer(editor, &answer);
    append_options(find, cols >= 90, &options);
    int used_above, used_below = 0;
    if (both) {
        used_below = draw_right(region, 1, buf_str(&options));
    } else if ((int)utf8_width(buf_str(&answer)) + (int)utf8_width(buf_str(&options)) < cols - 30) {
        buf_append_str(&answer, buf_str(&options));
    }
    used_above =
        draw_right(region, 0, utf8_fit(buf_str(&answer), (size_t)(cols > 30 ? cols - 30 : 0)));
    draw_field(region, 0, both ? " Find    " : " Find ", find->pattern,
        focused && !find->in_with && !find->asking, used_above, "text");
    if (both) {
        draw_field(region, 1, " Replace ", find->with, focused && find->in_with && !find->asking,
            used_below, find->options.regex ? "text, $1 for a group" : "text");
        replace_draw(editor, region, 2);
    }
    buf_free(&answer);
    buf_free(&options);
}
