#include "desk_changes.h"

#include "base/vec.h"
#include "desk_private.h"
#include "patch/diff.h"

#include <stdlib.h>

enum {
    AFTER_MS = 120,             /* of quiet */
    TEXT_MAX = 4 * 1024 * 1024, /* bytes; larger files have no such marks */
};

/* One comparison. It belongs to the worker until it is done, then to the loop thread. */
struct comparison {
    struct desk_changes *changes; /* NULL: nobody wants the answer */
    char *root;
    char *path;
    uint64_t version; /* of the text */
    struct buf text;
    struct {
        struct editor_mark *items;
        size_t len, cap;
    } marks;
};

struct desk_changes {
    struct desk *desk;
    struct loop_timer *later;
    struct comparison *running; /* NULL: none */
    bool again;
};

static void add_run(struct comparison *comparison, const struct diff_run *run)
{
    if (run->b_len == 0) {
        /* Between two lines: the one above has it. */
        struct editor_mark mark = {
            .line = run->b > 0 ? run->b - 1 : 0, .kind = EDITOR_MARK_REMOVED};
        VEC_PUSH(&comparison->marks, mark);
    }
    for (size_t i = 0; i < run->b_len; i++) {
        bool replaces = i < run->a_len;
        struct editor_mark mark = {
            .line = run->b + i, .kind = replaces ? EDITOR_MARK_CHANGED : EDITOR_MARK_ADDED};
        VEC_PUSH(&comparison->marks, mark);
    }
}

static void compare(void *data)
{
    struct comparison *comparison = data;
    struct buf head = BUF_INIT;
    struct lines a = {0}, b = {0};
    struct diff diff = {0};
    /* Not in HEAD, or no repository: nothing is marked, all of it would be new. */
    if (repo_file_at_head(comparison->root, comparison->path, TEXT_MAX, &head, NULL)) {
        lines_split(buf_str(&head), LINES_LF, &a);
        lines_split(buf_str(&comparison->text), LINES_LF, &b);
        diff_lines(&a, &b, &diff);
        VEC_FOREACH (const struct diff_run, run, &diff) {
            add_run(comparison, run);
        }
    }
    diff_free(&diff);
    lines_free(&a);
    lines_free(&b);
    buf_free(&head);
}

static void comparison_free(struct comparison *comparison)
{
    VEC_FREE(&comparison->marks);
    buf_free(&comparison->text);
    free(comparison->path);
    free(comparison->root);
    free(comparison);
}

static void compared(void *data, bool cancelled)
{
    struct comparison *comparison = data;
    struct desk_changes *changes = comparison->changes;
    if (changes != NULL) {
        struct editor *editor = changes->desk->editor;
        changes->running = NULL;
        /* While the text went on, the old marks have moved with it, and a newer answer comes. */
        if (!cancelled && editor_version(editor, comparison->path) == comparison->version) {
            editor_set_marks(
                editor, comparison->path, "head", comparison->marks.items, comparison->marks.len);
            app_redraw(changes->desk->app);
        }
        if (changes->again) {
            desk_changes_ask(changes);
        }
    }
    comparison_free(comparison);
}

static void begin(void *data)
{
    struct desk_changes *changes = data;
    struct editor *editor = changes->desk->editor;
    const char *path = editor_path(editor);
    if (changes->running != NULL) {
        changes->again = true;
        return;
    }
    changes->again = false;
    struct buf text = BUF_INIT;
    if (path == NULL || !editor_text(editor, TEXT_MAX, &text)) {
        buf_free(&text);
        return;
    }
    struct comparison *comparison = MEM_NEW(struct comparison);
    *comparison = (struct comparison){.changes = changes,
        .root = mem_strdup(workspace_root(workbench_workspace(changes->desk->workbench))),
        .path = mem_strdup(path),
        .version = editor_version(editor, path),
        .text = text};
    changes->running = comparison;
    (void)loop_work_start(changes->desk->loop, compare, compared, comparison);
}

void desk_changes_ask(struct desk_changes *changes)
{
    loop_timer_start(changes->later, AFTER_MS, 0);
}

static void on_changed(void *data, const char *path)
{
    (void)path;
    desk_changes_ask(data);
}

struct desk_changes *desk_changes_new(struct desk *desk)
{
    struct desk_changes *changes = MEM_NEW(struct desk_changes);
    changes->desk = desk;
    changes->later = loop_timer_new(desk->loop, begin, changes);
    editor_on_changed(desk->editor, on_changed, changes);
    return changes;
}

void desk_changes_stop(struct desk_changes *changes)
{
    if (changes == NULL) {
        return;
    }
    loop_timer_stop(changes->later);
    if (changes->running != NULL) {
        changes->running->changes = NULL;
        changes->running = NULL;
    }
}

void desk_changes_free(struct desk_changes *changes)
{
    if (changes != NULL) {
        loop_timer_free(changes->later);
        free(changes);
    }
}
