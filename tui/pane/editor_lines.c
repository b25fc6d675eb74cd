/* Commands on whole lines. */
#include "pane/editor_commands.h"

#include "base/slow.h"
#include "syntax/context.h"

#include <stdlib.h>

void caret_lines(const struct doc *doc, const struct caret *caret, size_t *first, size_t *last)
{
    struct search_range range = caret_range(caret);
    *first = text_line_of(doc->text, range.start);
    *last = text_line_of(doc->text, range.end);
    if (*last > *first && range.end == text_line_start(doc->text, *last)) {
        --*last;
    }
}

struct line_groups view_line_groups(struct view *view)
{
    struct line_groups groups = {0};
    view_settle_carets(view);
    for (size_t i = 0; i < view->carets.len; i++) {
        struct line_group *last = groups.len > 0 ? &groups.items[groups.len - 1] : NULL;
        struct line_group group = {.caret = i, .carets = 1};
        caret_lines(view->doc, &view->carets.items[i], &group.first, &group.last);
        if (last != NULL && group.first <= last->last + 1) {
            last->last = group.last > last->last ? group.last : last->last;
            last->carets++;
        } else {
            VEC_PUSH(&groups, group);
        }
    }
    return groups;
}

/* ---- lines changed one by one ---- */

/* `edit` says how many bytes at the line's offset go, and what comes in their place. */
typedef void line_edit(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data);

static void plan_lines(struct plan *plan, const struct doc *doc, size_t first, size_t last,
    line_edit *edit, void *data)
{
    struct buf with = BUF_INIT;
    for (size_t line = first; line <= last; line++) {
        size_t start = text_line_start(doc->text, line), at = start, gone = 0;
        buf_clear(&with);
        edit(doc, start, text_line_end(doc->text, line), &at, &gone, &with, data);
        if (gone > 0 || with.len > 0) {
            plan_put(plan, at, at + gone, buf_str(&with));
        }
    }
    buf_free(&with);
}

static unsigned change_lines(struct view *view, line_edit *edit, void *data)
{
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    VEC_FOREACH (struct line_group, group, &groups) {
        plan_lines(&plan, view->doc, group->first, group->last, edit, data);
    }
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

void doc_append_level(const struct doc *doc, struct buf *out)
{
    if (doc->indent == 0) {
        buf_append_char(out, '\t');
    } else {
        buf_append_repeat(out, ' ', doc->indent);
    }
}

static void indent_line(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data)
{
    (void)at;
    (void)gone;
    (void)data;
    if (end > start) {
        doc_append_level(doc, with);
    }
}

static void dedent_line(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data)
{
    (void)at;
    (void)with;
    (void)data;
    size_t most = doc->indent == 0 ? doc->tab_width : doc->indent;
    if (start < end && text_byte(doc->text, start) == '\t') {
        *gone = 1;
        return;
    }
    while (*gone < most && start + *gone < end && text_byte(doc->text, start + *gone) == ' ') {
        ++*gone;
    }
}

/* Tab: a selection of several lines moves in, else a level is put at each caret. */
unsigned editor_indent(struct editor *editor)
{
    struct view *view = editor->view;
    const struct doc *doc = view->doc;
    struct plan plan = {0};
    size_t first, last;
    view_settle_carets(view);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        caret_lines(doc, caret, &first, &last);
        if (last > first) {
            return change_lines(view, indent_line, NULL);
        }
    }
    struct buf bytes = BUF_INIT;
    VEC_FOREACH (struct caret, caret, &view->carets) {
        struct search_range range = caret_range(caret);
        buf_clear(&bytes);
        if (doc->indent == 0) {
            buf_append_char(&bytes, '\t');
        } else {
            size_t column = view_column(view, range.start);
            buf_append_repeat(&bytes, ' ', doc->indent - column % doc->indent);
        }
        plan_put_at_caret(&plan, range.start, range.end, buf_str(&bytes));
    }
    buf_free(&bytes);
    view_carry_out(view, &plan, PLAN_TYPE);
    return UI_DONE;
}

unsigned editor_indent_lines(struct editor *editor)
{
    return change_lines(editor->view, indent_line, NULL);
}

unsigned editor_dedent(struct editor *editor)
{
    return change_lines(editor->view, dedent_line, NULL);
}

/* ---- comments ---- */

struct comment {
    struct str mark;
    bool remove;
    size_t column; /* bytes from the line's start where marks are put */
};

size_t doc_first_text(const struct doc *doc, size_t start, size_t end)
{
    while (start < end &&
           (text_byte(doc->text, start) == ' ' || text_byte(doc->text, start) == '\t')) {
        start++;
    }
    return start;
}

static bool is_commented(const struct doc *doc, size_t at, size_t end, struct str mark)
{
    struct buf bytes = BUF_INIT;
    text_copy(doc->text, at, at + mark.len < end ? at + mark.len : end, &bytes);
    bool is = str_equal(buf_str(&bytes), mark);
    buf_free(&bytes);
    return is;
}

static void comment_line(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data)
{
    const struct comment *comment = data;
    size_t text = doc_first_text(doc, start, end);
    if (text == end) {
        return;
    }
    *at = comment->remove ? text : start + comment->column;
    if (!comment->remove) {
        buf_append_str(with, comment->mark);
        buf_append_char(with, ' ');
    } else if (is_commented(doc, text, end, comment->mark)) {
        *gone = comment->mark.len;
        *gone += text_byte(doc->text, text + *gone) == ' ' ? 1 : 0;
    }
}

/* In or out? Out when every line with a text is commented. Marks stand in one column. */
static void look_at_lines(
    const struct doc *doc, const struct line_group *group, struct comment *comment)
{
    bool any = false;
    comment->remove = true;
    comment->column = SIZE_MAX;
    for (size_t line = group->first; line <= group->last && slow_breathe(0, 0); line++) {
        size_t start = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
        size_t at = doc_first_text(doc, start, end);
        if (at == end) {
            continue;
        }
        any = true;
        comment->remove = comment->remove && is_commented(doc, at, end, comment->mark);
        comment->column = at - start < comment->column ? at - start : comment->column;
    }
    comment->remove = comment->remove && any;
}

/* The language the lines are in: Rego's in a ConstraintTemplate, CEL's in a block of its own. */
static const char *comment_mark(const struct doc *doc, const struct line_group *group)
{
    const struct language *language =
        syntax_language_at(doc->syntax, doc_line_text(doc, group->first));
    return language_comment(language, doc->path);
}

unsigned editor_toggle_comment(struct editor *editor)
{
    struct view *view = editor->view;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    bool none = true;
    VEC_FOREACH (struct line_group, group, &groups) {
        const char *mark = comment_mark(view->doc, group);
        if (mark != NULL) {
            struct comment comment = {.mark = str_of(mark)};
            none = false;
            look_at_lines(view->doc, group, &comment);
            plan_lines(&plan, view->doc, group->first, group->last, comment_line, &comment);
        }
    }
    VEC_FREE(&groups);
    if (none) {
        app_message(editor->app, MESSAGE_WARNING, "there are no line comments here");
        plan_free(&plan);
        return UI_DONE;
    }
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* ---- lines as a whole ---- */

unsigned editor_delete_line(struct editor *editor)
{
    struct view *view = editor->view;
    const struct text *text = view->doc->text;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    VEC_FOREACH (struct line_group, group, &groups) {
        size_t from = text_line_start(text, group->first);
        size_t to = text_line_start(text, group->last + 1);
        if (group->last + 1 >= text_line_count(text) && group->first > 0) {
            from = text_line_end(text, group->first - 1); /* the last has no ending of its own */
        }
        size_t part = plan_put(&plan, from, to, STR_LIT(""));
        for (size_t i = 0; i < group->carets; i++) {
            plan_goal(&plan, part, 0, 0);
        }
    }
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

unsigned editor_duplicate_line(struct editor *editor)
{
    struct view *view = editor->view;
    const struct text *text = view->doc->text;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    struct buf bytes = BUF_INIT;
    VEC_FOREACH (struct line_group, group, &groups) {
        size_t from = text_line_start(text, group->first), to = text_line_end(text, group->last);
        struct str ending = text_line_ending(text, group->last);
        buf_clear(&bytes);
        buf_append_str(&bytes, ending);
        text_copy(text, from, to, &bytes);
        size_t part = plan_put(&plan, to, to, buf_str(&bytes));
        for (size_t i = 0; i < group->carets; i++) {
            const struct text_cursor *at = &view->carets.items[group->caret + i].at;
            plan_goal(&plan, part, at->anchor - from + ending.len, at->head - from + ending.len);
        }
    }
    buf_free(&bytes);
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* Exchanges the group's lines with the one above or below. The last line may lack its ending: the
 * ending goes with the place, not with the line. */
static void plan_exchange(
    const struct view *view, const struct line_group *group, bool down, struct plan *plan)
{
    const struct text *text = view->doc->text;
    size_t upper = down ? group->first : group->first - 1;
    size_t lower = down ? group->last + 1 : group->first;
    size_t lower_last = down ? group->last + 1 : group->last;
    size_t a = text_line_start(text, upper), a_end = text_line_end(text, lower - 1);
    size_t b = text_line_start(text, lower), b_end = text_line_end(text, lower_last);
    struct buf bytes = BUF_INIT;
    text_copy(text, b, b_end, &bytes);
    text_copy(text, a_end, b, &bytes);
    text_copy(text, a, a_end, &bytes);
    size_t part = plan_put(plan, a, b_end, buf_str(&bytes));
    size_t old = down ? a : b, new = down ? b_end - b + (b - a_end) : 0;
    for (size_t i = 0; i < group->carets; i++) {
        const struct text_cursor *at = &view->carets.items[group->caret + i].at;
        plan_goal(plan, part, at->anchor - old + new, at->head - old + new);
    }
    buf_free(&bytes);
}

unsigned editor_move_line(struct editor *editor, bool down)
{
    struct view *view = editor->view;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    VEC_FOREACH (struct line_group, group, &groups) {
        bool can = down ? group->last + 1 < text_line_count(view->doc->text) : group->first > 0;
        if (can) {
            plan_exchange(view, group, down, &plan);
            continue;
        }
        for (size_t i = 0; i < group->carets; i++) {
            const struct text_cursor *at = &view->carets.items[group->caret + i].at;
            plan_goal(&plan, PLAN_MOVED, at->anchor, at->head);
        }
    }
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* A line's ending and the blanks of the next become one blank, or none beside brackets. */
static size_t plan_join(const struct doc *doc, size_t line, struct plan *plan)
{
    size_t end = text_line_end(doc->text, line), start = text_line_start(doc->text, line);
    size_t next = doc_line_text(doc, line + 1), from = end;
    while (from > start &&
           (text_byte(doc->text, from - 1) == ' ' || text_byte(doc->text, from - 1) == '\t')) {
        from--;
    }
    int before = from > start ? text_byte(doc->text, from - 1) : -1;
    int after = next < text_line_end(doc->text, line + 1) ? text_byte(doc->text, next) : -1;
    bool tight =
        before <= 0 || after <= 0 || strchr("([", before) != NULL || strchr(")],", after) != NULL;
    from = before <= 0 ? end : from; /* a blank line's indentation stays */
    return plan_put(plan, from, next, tight ? STR_LIT("") : STR_LIT(" "));
}

unsigned editor_join_lines(struct editor *editor)
{
    struct view *view = editor->view;
    const struct doc *doc = view->doc;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    size_t count = text_line_count(doc->text);
    VEC_FOREACH (struct line_group, group, &groups) {
        size_t last = group->last > group->first ? group->last : group->first + 1;
        for (size_t line = group->first; line < last && line + 1 < count; line++) {
            plan_join(doc, line, &plan);
        }
    }
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

static void plan_inserted(
    const struct doc *doc, const struct line_group *group, bool below, struct plan *plan)
{
    const struct indent_style style = doc_indent_style(doc);
    size_t line = below ? group->last : group->first;
    size_t start = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
    struct str ending = text_line_ending(doc->text, line);
    struct buf bytes = BUF_INIT;
    size_t head;
    if (below) {
        buf_append_str(&bytes, ending);
        syntax_indent_new_line(doc->syntax, end, &style, &bytes);
        head = bytes.len;
    } else {
        text_copy(doc->text, start, doc_line_text(doc, line), &bytes);
        head = bytes.len;
        buf_append_str(&bytes, ending);
    }
    size_t part = plan_put(plan, below ? end : start, below ? end : start, buf_str(&bytes));
    for (size_t i = 0; i < group->carets; i++) {
        plan_goal(plan, part, head, head);
    }
    buf_free(&bytes);
}

unsigned editor_insert_line(struct editor *editor, bool below)
{
    struct view *view = editor->view;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    text_break(view->doc->text);
    VEC_FOREACH (struct line_group, group, &groups) {
        plan_inserted(view->doc, group, below, &plan);
    }
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_TYPE);
    return UI_DONE;
}

/* ---- sorting ---- */

static int compare_lines(const void *a, const void *b)
{
    static unsigned compared;
    if (++compared % 256 == 0) {
        (void)slow_breathe(0, 0); /* stopped or not, the order must be one */
    }
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static int compare_backwards(const void *a, const void *b)
{
    return compare_lines(b, a);
}

static void plan_sorted(const struct doc *doc, const struct line_group *group, struct plan *plan)
{
    size_t from = text_line_start(doc->text, group->first);
    size_t to = text_line_end(doc->text, group->last), count = group->last - group->first + 1;
    struct str *lines = mem_zalloc(count * sizeof *lines);
    struct buf bytes = BUF_INIT, sorted = BUF_INIT;
    bool in_order = true;
    text_copy(doc->text, from, to, &bytes);
    for (size_t i = 0; i < count; i++) {
        size_t line = group->first + i;
        lines[i] = str_slice(buf_str(&bytes), text_line_start(doc->text, line) - from,
            text_line_end(doc->text, line) - from);
        in_order = in_order && (i == 0 || compare_lines(&lines[i - 1], &lines[i]) <= 0);
    }
    /* Sorted already: the other way round. */
    qsort(lines, count, sizeof *lines, in_order ? compare_backwards : compare_lines);
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&sorted, lines[i]);
        if (i + 1 < count) {
            buf_append_str(&sorted, text_line_ending(doc->text, group->first + i));
        }
    }
    size_t part = plan_put(plan, from, to, buf_str(&sorted));
    plan_goal(plan, part, 0, sorted.len);
    for (size_t i = 1; i < group->carets; i++) {
        plan_goal(plan, part, sorted.len, sorted.len);
    }
    buf_free(&bytes);
    buf_free(&sorted);
    free(lines);
}

unsigned editor_sort_lines(struct editor *editor)
{
    struct view *view = editor->view;
    struct line_groups groups = view_line_groups(view);
    struct plan plan = {0};
    VEC_FOREACH (struct line_group, group, &groups) {
        plan_sorted(view->doc, group, &plan);
    }
    VEC_FREE(&groups);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

const char *editor_why_no_sort(void *pane)
{
    const struct editor *editor = pane;
    size_t first, last;
    if (editor->view == NULL) {
        return editor_needs_file(pane);
    }
    VEC_FOREACH (struct caret, caret, &editor->view->carets) {
        caret_lines(editor->view->doc, caret, &first, &last);
        if (last > first) {
            return NULL;
        }
    }
    return "select the lines to sort first";
}
