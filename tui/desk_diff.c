/* /diff: what differs from the last commit, to be read. (An open proposal is read in the review.)
 */
#include "desk_private.h"

#include "repo/changes.h"
#include "widget/textview.h"

#include <stdlib.h>

enum { DIFF_BYTES_MAX = 2 << 20, DIFF_COLS = 110, DIFF_ROWS = 200 };

struct diff {
    struct desk *desk;
    char *root;
    struct buf text;
    size_t files;
    bool ok;
    struct err err;
};

struct diff_box {
    struct textview *view;
    char *title;
};

static void draw(void *data, struct region region, bool focused)
{
    struct diff_box *box = data;
    textview_draw(box->view, region, focused);
}

static unsigned on_key(void *data, const struct key *key)
{
    struct diff_box *box = data;
    return key_is_char(key, 'q') ? UI_DONE | UI_CLOSE : textview_key(box->view, key, true);
}

static bool takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct diff_box *box = data;
    return textview_mouse(box->view, mouse);
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    const struct diff_box *box = data;
    (void)right;
    buf_append_c(left, box->title);
}

static const char *key_line(const void *data)
{
    (void)data;
    return "PgDn|more|q|close";
}

static void destroy(void *data)
{
    struct diff_box *box = data;
    textview_free(box->view);
    free(box->title);
    free(box);
}

static const struct pane_ops ops = {.name = "diff",
    .draw = draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .title = title,
    .key_line = key_line,
    .destroy = destroy};

static struct style line_style(struct str line)
{
    bool head = str_starts(line, "diff ") || str_starts(line, "+++ ") || str_starts(line, "--- ");
    return head                     ? STYLE(HEADING)
           : str_starts(line, "@@") ? STYLE(DIM)
           : str_starts(line, "+")  ? STYLE(ADD)
           : str_starts(line, "-")  ? STYLE(DELETE)
                                    : STYLE(TEXT);
}

static void show(struct desk *desk, const struct diff *diff)
{
    struct diff_box *box = MEM_NEW(struct diff_box);
    struct str rest = buf_str(&diff->text);
    struct str line;
    box->view = textview_new();
    box->title =
        mem_printf("Since the last commit: %zu file%s", diff->files, diff->files == 1 ? "" : "s");
    while (str_next_line(&rest, &line)) {
        textview_line(box->view, NULL);
        textview_span(box->view, line, line_style(line));
    }
    textview_show_line(box->view, 0, true);
    app_push(desk->app, (struct pane){&ops, box}, OVERLAY_CENTRE, DIFF_ROWS, DIFF_COLS);
    app_redraw(desk->app);
}

static void read_diff(void *data)
{
    struct diff *diff = data;
    diff->ok = repo_changes_read(diff->root, DIFF_BYTES_MAX, &diff->text, &diff->files, &diff->err);
}

static void was_read(void *data, bool cancelled)
{
    struct diff *diff = data;
    struct desk *desk = diff->desk;
    desk->exporting--;
    if (cancelled || desk->closing) {
        /* nobody looks any more */
    } else if (!diff->ok) {
        app_message(desk->app, MESSAGE_WARNING, "%s", diff->err.text);
    } else if (diff->files == 0) {
        app_message(desk->app, MESSAGE_INFO, "nothing differs from the last commit");
    } else {
        show(desk, diff);
    }
    buf_free(&diff->text);
    free(diff->root);
    free(diff);
}

bool desk_slash_diff(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    struct diff *diff = MEM_NEW(struct diff);
    diff->desk = desk;
    diff->root = mem_strdup(workspace_root(workbench_workspace(desk->workbench)));
    desk->exporting++;
    loop_work_start(desk->loop, read_diff, was_read, diff);
    return true;
}
