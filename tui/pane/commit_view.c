/* What the commit dialog shows. */
#include "pane/commit_private.h"

#include "patch/diff.h"

enum { COUNT_MAX_BYTES = 1 << 20, FEEDBACK_LINES = 40 };

static void begin(struct commit_pane *pane, int indent)
{
    struct textview_line line = {.indent = indent, .hang = indent + 2, .fill = STYLE(TEXT)};
    textview_line(pane->view, &line);
}

static void add(struct commit_pane *pane, const char *text, struct style style)
{
    textview_span(pane->view, str_of(text), style);
}

static void heading(struct commit_pane *pane, const char *text)
{
    if (textview_count(pane->view) > 0) {
        begin(pane, 0);
    }
    begin(pane, 0);
    add(pane, text, STYLE(HEADING));
}

static void lines_of(struct commit_pane *pane, struct str text, int indent, enum style_id style)
{
    struct str line;
    while (str_next_line(&text, &line)) {
        begin(pane, indent);
        textview_span(pane->view, line, style_of(style));
    }
}

static void count_lines(const struct change *change, size_t *added, size_t *removed)
{
    struct lines a = {0};
    struct lines b = {0};
    struct diff diff = {0};
    lines_split(buf_str(&change->base), LINES_LF, &a);
    lines_split(buf_str(&change->content), LINES_LF, &b);
    diff_lines(&a, &b, &diff);
    VEC_FOREACH (struct diff_run, run, &diff) {
        *removed += run->a_len;
        *added += run->b_len;
    }
    diff_free(&diff);
    lines_free(&a);
    lines_free(&b);
}

static void add_change(struct commit_pane *pane, const struct change *change)
{
    bool gone = change->kind == CHANGE_DELETE;
    bool is_new = change->kind == CHANGE_ADD && !change->base_exists;
    begin(pane, 2);
    add(pane,
        gone                         ? "D "
        : is_new                     ? "A "
        : change->moved_from != NULL ? "R "
                                     : "M ",
        gone     ? STYLE(DELETE)
        : is_new ? STYLE(ADD)
                 : STYLE(MODIFIED));
    if (change->moved_from != NULL) {
        add(pane, change->moved_from, STYLE(DIM));
        add(pane, " → ", STYLE(DIM));
    }
    add(pane, change->path, STYLE(TEXT));
    if (change_is_binary(change)) {
        add(pane, "  binary", STYLE(DIM));
    } else if (change->base.len + change->content.len <= COUNT_MAX_BYTES) {
        size_t added = 0;
        size_t removed = 0;
        struct buf text = BUF_INIT;
        count_lines(change, &added, &removed);
        buf_printf(&text, "  +%zu", added);
        textview_span(pane->view, buf_str(&text), STYLE(ADD));
        buf_clear(&text);
        buf_printf(&text, " −%zu", removed);
        textview_span(pane->view, buf_str(&text), STYLE(DELETE));
        buf_free(&text);
    }
}

static void add_files(struct commit_pane *pane)
{
    if (pane->changes.len == 0) {
        heading(pane, "Nothing was accepted: nothing is written");
        return;
    }
    struct buf title = BUF_INIT;
    buf_printf(&title, "%s: %zu %s",
        pane->written ? "Written, not yet committed" : "Will be written", pane->changes.len,
        pane->changes.len == 1 ? "file" : "files");
    heading(pane, title.ptr);
    buf_free(&title);
    VEC_FOREACH (struct change, change, &pane->changes) {
        add_change(pane, change);
    }
    if (pane->is_undo) {
        return;
    }
    begin(pane, 2);
    if (pane->evidence.len > 0) {
        textview_span(pane->view, buf_str(&pane->evidence), style_of(pane->evidence_style));
    } else {
        add(pane, "No test ran on exactly this selection", STYLE(WARNING));
    }
}

static void add_commit(struct commit_pane *pane)
{
    if (pane->changes.len == 0) {
        return;
    }
    if (!pane->previewed) {
        heading(pane, "Looking at the repository …");
        return;
    }
    if (!pane->possible) {
        heading(pane, "Will not be committed");
        begin(pane, 2);
        add(pane, pane->problem, STYLE(WARNING));
        return;
    }
    if (pane->trailers.len > 0) {
        heading(pane, "Trailers");
        lines_of(pane, buf_str(&pane->trailers), 2, STYLE_DIM);
    }
    if (pane->hook_names.len > 0) {
        heading(pane, "Hooks of the repository");
        begin(pane, 2);
        textview_span(pane->view, buf_str(&pane->hook_names), STYLE(TEXT));
        add(pane,
            pane->hooks_ask ? "  (asked about before anything is done)" : "  (allowed before)",
            STYLE(DIM));
    }
    if (pane->notes.len > 0) {
        heading(pane, "To know");
        lines_of(pane, buf_str(&pane->notes), 2, STYLE_WARNING);
    }
}

static void add_feedback(struct commit_pane *pane)
{
    if (pane->feedback.len == 0) {
        return;
    }
    heading(
        pane, pane->send ? "Goes back to the agent now" : "Goes to the agent with the next prompt");
    struct str rest = buf_str(&pane->feedback);
    struct str line;
    size_t count = 0;
    while (count < FEEDBACK_LINES && str_next_line(&rest, &line)) {
        begin(pane, 2);
        textview_span(pane->view, line, STYLE(TEXT));
        count++;
    }
    if (rest.len > 0) {
        begin(pane, 2);
        add(pane, "…", STYLE(DIM));
    }
}

static void fill_question(struct commit_pane *pane)
{
    begin(pane, 0);
    add(pane,
        "This repository has hooks of its own. They are programs that run on your machine when "
        "you commit, with your rights:",
        STYLE(TEXT));
    begin(pane, 0);
    begin(pane, 2);
    textview_span(pane->view, buf_str(&pane->hook_names), STYLE(STRONG));
    begin(pane, 0);
    begin(pane, 0);
    add(pane, "r", STYLE(KEY));
    add(pane, " run them, and remember it until one changes", STYLE(TEXT));
    begin(pane, 0);
    add(pane, "s", STYLE(KEY));
    add(pane, " skip them this time (as git commit --no-verify)", STYLE(TEXT));
    begin(pane, 0);
    add(pane, "Esc", STYLE(KEY));
    add(pane,
        pane->written ? " stop: the files are written and stay uncommitted"
                      : " back: nothing has been written",
        STYLE(TEXT));
}

static void fill_progress(struct commit_pane *pane)
{
    VEC_FOREACH (struct step, step, &pane->steps) {
        begin(pane, 0);
        add(pane, step->text, style_of(step->style));
    }
    if (pane->phase == PHASE_FAILED) {
        begin(pane, 0);
        begin(pane, 0);
        add(pane, pane->failed.text, STYLE(ERROR));
        begin(pane, 0);
        begin(pane, 0);
        add(pane,
            pane->written
                ? "The files are written, and not committed. Enter tries the commit again; e goes "
                  "back to the message; Esc leaves them uncommitted."
            : pane->changes.len == 0
                ? "Nothing was written. Enter closes."
                : "Nothing was written. Enter goes back to the message; Esc leaves.",
            STYLE(TEXT));
    } else if (pane->phase == PHASE_DONE) {
        if (pane->notes.len > 0) {
            begin(pane, 0);
            lines_of(pane, buf_str(&pane->notes), 0, STYLE_WARNING);
        }
        begin(pane, 0);
        begin(pane, 0);
        add(pane, "Enter closes", STYLE(DIM));
    }
}

void commit_view_fill(struct commit_pane *pane)
{
    pane->details_stale = false;
    textview_clear(pane->view);
    if (pane->phase == PHASE_PLAN) {
        begin(pane, 0);
        add(pane, "Looking for the last commit made here …", STYLE(DIM));
    } else if (pane->phase == PHASE_EDIT) {
        add_files(pane);
        add_commit(pane);
        add_feedback(pane);
        textview_show_line(pane->view, 0, true);
    } else if (pane->phase == PHASE_ASK) {
        fill_question(pane);
        textview_show_line(pane->view, 0, true);
    } else {
        fill_progress(pane);
        textview_follow(pane->view);
    }
}

static void draw_head(struct commit_pane *pane, struct region region)
{
    int cols = region_cols(region);
    if (!pane->possible) {
        grid_put_fit(region, 0, 0, cols, STR_LIT("Message"), STYLE(HEADING));
        return;
    }
    struct buf text = BUF_INIT;
    buf_printf(&text, "on %s  %s", pane->branch, pane->author);
    if (pane->sign_with != NULL) {
        buf_printf(&text, "  signed with %s", pane->sign_with);
    }
    int col = grid_put_c(region, 0, 0, "Message", STYLE(HEADING));
    grid_put_fit(region, 0, col + 2, cols - col - 2, buf_str(&text), STYLE(DIM));
    buf_free(&text);
}

void commit_view_draw(void *data, struct region region, bool focused)
{
    struct commit_pane *pane = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    if (pane->details_stale) {
        commit_view_fill(pane);
    }
    if (pane->phase != PHASE_EDIT || pane->changes.len == 0) {
        textview_draw(pane->view, region, focused);
        return;
    }
    int wanted = edit_height(pane->edit, cols);
    int most = rows / 3 > 2 ? rows / 3 : 2;
    int least = rows >= 20 ? 4 : rows >= 10 ? 2 : 1;
    int high = wanted < least ? least : wanted > most ? most : wanted;
    draw_head(pane, region);
    struct region field = region_sub(region, 1, 0, high, cols);
    grid_fill(field, STYLE(FIELD));
    edit_draw(pane->edit, field, focused && !pane->details_focus, STYLE(FIELD), "why this change");
    grid_hline(
        region, 1 + high, 0, cols, pane->details_focus ? STYLE(BORDER_FOCUS) : STYLE(BORDER));
    textview_draw(pane->view, region_sub(region, 2 + high, 0, rows - 2 - high, cols),
        focused && pane->details_focus);
}

void commit_view_title(const void *data, struct buf *left, struct buf *right)
{
    const struct commit_pane *pane = data;
    buf_append_c(left, pane->title);
    switch (pane->phase) {
    case PHASE_PLAN:
        buf_append_c(right, "Esc back");
        break;
    case PHASE_EDIT:
        buf_append_c(right, pane->written                        ? "^S commit  Esc leave"
                            : pane->changes.len == 0             ? "^S finish  Esc back"
                            : pane->previewed && !pane->possible ? "^S write  Esc back"
                                                                 : "^S write and commit  Esc back");
        break;
    case PHASE_ASK:
        buf_append_c(right, "r run  s skip  Esc back");
        break;
    case PHASE_WRITE:
        buf_append_c(right, "writing");
        break;
    case PHASE_COMMIT:
        buf_append_c(right, pane->cancelling ? "stopping" : "Esc stops");
        break;
    case PHASE_FAILED:
        buf_append_c(right, pane->written            ? "Enter again  e message  Esc leave"
                            : pane->changes.len == 0 ? "Enter closes"
                                                     : "Enter back  Esc leave");
        break;
    case PHASE_DONE:
        buf_append_c(right, "Enter closes");
        break;
    }
}
