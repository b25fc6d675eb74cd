#include "pane/commit_private.h"

#include "repo/message.h"
#include "repo/revert.h"
#include "workspace/door.h"

#include <stdio.h>
#include <stdlib.h>

enum { DIALOG_ROWS = 34, DIALOG_COLS = 96, STEPS_MAX = 2000 };

/* ---- life ---- */

static void free_steps(struct commit_pane *pane)
{
    VEC_FOREACH (struct step, step, &pane->steps) {
        free(step->text);
    }
    VEC_FREE(&pane->steps);
}

/* The screen part may go while a worker is still busy: the rest stays until its callback came. */
static void release(struct commit_pane *pane)
{
    if (!pane->closed || pane->jobs > 0) {
        return;
    }
    changes_free(&pane->changes);
    edit_free(pane->edit);
    textview_free(pane->view);
    free_steps(pane);
    buf_free(&pane->trailers);
    buf_free(&pane->feedback);
    buf_free(&pane->evidence);
    buf_free(&pane->hook_names);
    buf_free(&pane->notes);
    free(pane->title);
    free(pane->problem);
    free(pane->branch);
    free(pane->author);
    free(pane->sign_with);
    free(pane);
}

static void changed(struct commit_pane *pane)
{
    pane->details_stale = true;
    if (!pane->closed) {
        app_redraw(pane->app);
    }
}

static void add_step(struct commit_pane *pane, enum style_id style, const char *text)
{
    if (pane->steps.len < STEPS_MAX) {
        struct step step = {.text = mem_strdup(text), .style = style};
        VEC_PUSH(&pane->steps, step);
    }
    changed(pane);
}

/* The subject as it will stand in the log. */
static char *subject_of(const struct commit_pane *pane)
{
    char *message = message_compose(edit_text(pane->edit), NULL, 0);
    message[strcspn(message, "\n")] = '\0';
    return message;
}

static void tell(struct commit_pane *pane)
{
    if (pane->done == NULL) {
        return;
    }
    bool confirmed = pane->written || (pane->phase == PHASE_DONE && pane->changes.len == 0);
    char *subject = subject_of(pane);
    struct commit_pane_result result = {.confirmed = confirmed,
        .written = pane->written,
        .changes = &pane->changes,
        .id = pane->id[0] == '\0' ? NULL : pane->id,
        .branch = pane->id[0] == '\0' ? NULL : pane->branch,
        .subject = subject,
        .send = pane->send};
    void (*done)(void *, const struct commit_pane_result *) = pane->done;
    pane->done = NULL;
    done(pane->data, &result);
    free(subject);
}

static void destroy(void *data)
{
    struct commit_pane *pane = data;
    /* A write takes milliseconds and is whole or nothing: its end is waited for. A commit is
     * stopped, or finishes by itself. */
    pane->closed = true;
    pane->jobs++;
    if (!pane->idle) {
        (void)loop_run_until(app_loop(pane->app), &pane->idle, 60000);
    }
    if (pane->commit != NULL) {
        commit_cancel(pane->commit);
    }
    tell(pane);
    pane->jobs--;
    release(pane);
}

static void close_pane(struct commit_pane *pane)
{
    app_pop(pane->app, pane);
}

/* ---- what the repository says ---- */

static unsigned confirm(void *data);

static void on_preview(void *data, const struct commit_preview *preview)
{
    struct commit_pane *pane = data;
    pane->jobs--;
    pane->previewed = true;
    pane->possible = preview->possible;
    if (!preview->possible) {
        pane->problem = mem_strdup(preview->problem.text);
    } else {
        pane->branch = mem_strdup(preview->branch);
        pane->author = mem_strdup(preview->author);
        pane->sign_with = mem_strdup(preview->sign_with);
        pane->hooks_ask = preview->hook_count > 0 && !preview->hooks_trusted;
        for (size_t i = 0; i < preview->hook_count; i++) {
            buf_append_c(&pane->hook_names, i > 0 ? ", " : "");
            buf_append_c(&pane->hook_names, preview->hooks[i].name);
        }
        buf_append_c(&pane->notes, preview->notes);
    }
    changed(pane);
    if (pane->confirm_wanted && pane->possible) {
        (void)confirm(pane);
    } else if (pane->confirm_wanted) {
        app_message(pane->app, MESSAGE_WARNING,
            "It cannot be committed: the same key again writes the files alone");
    }
    release(pane);
}

/* ---- the run ---- */

static void fail_with(struct commit_pane *pane, const struct err *err)
{
    pane->failed = *err;
    pane->phase = PHASE_FAILED;
    pane->cancelling = false;
    changed(pane);
}

static void on_stage(void *data, enum commit_stage stage, const char *what)
{
    struct commit_pane *pane = data;
    struct buf text = BUF_INIT;
    switch (stage) {
    case COMMIT_STAGING:
        buf_append_c(&text, "▸ staging");
        break;
    case COMMIT_HOOK:
        buf_printf(&text, "▸ hook %s", what);
        break;
    case COMMIT_SIGNING:
        buf_printf(&text, "▸ signing (%s)", what);
        break;
    case COMMIT_WRITING:
        buf_append_c(&text, "▸ committing");
        break;
    case COMMIT_ASKING:
    case COMMIT_DONE:
        break;
    }
    if (text.len > 0) {
        add_step(pane, STYLE_RUNNING, text.ptr);
    }
    buf_free(&text);
}

static void on_output(void *data, struct str line)
{
    struct buf text = BUF_INIT;
    buf_append_c(&text, "    ");
    buf_append_str(&text, line);
    add_step(data, STYLE_DIM, text.ptr);
    buf_free(&text);
}

/* The question was put before anything was written; a hook that changed since then is asked about
 * again, with the files already written. */
static void on_ask(void *data, const struct commit_hook *hooks, size_t count)
{
    struct commit_pane *pane = data;
    (void)hooks;
    (void)count;
    if (pane->skip_hooks) {
        commit_answer(pane->commit, COMMIT_SKIP_HOOKS);
    } else if (pane->answered) {
        pane->answered = false;
        commit_answer(pane->commit, COMMIT_RUN_HOOKS);
    } else {
        pane->phase = PHASE_ASK;
        changed(pane);
    }
}

/* What was said before it was confirmed need not be said again. */
static void keep_new_notes(struct commit_pane *pane, struct str notes)
{
    struct buf news = BUF_INIT;
    struct str line;
    while (str_next_line(&notes, &line)) {
        bool known = false;
        struct str before = buf_str(&pane->notes);
        struct str old;
        while (!known && str_next_line(&before, &old)) {
            known = str_equal(line, old);
        }
        if (!known) {
            buf_printf(&news, "%.*s\n", STR_FMT(line));
        }
    }
    buf_free(&pane->notes);
    pane->notes = news;
}

static void on_committed(void *data, const struct commit_outcome *outcome)
{
    struct commit_pane *pane = data;
    pane->jobs--;
    pane->commit = NULL;
    if (outcome->err != NULL) {
        fail_with(pane, outcome->err);
    } else {
        struct buf text = BUF_INIT;
        memcpy(pane->id, outcome->id, sizeof pane->id);
        buf_printf(&text, "✓ committed %.8s on %s%s", outcome->id, outcome->branch,
            outcome->is_signed ? ", signed" : "");
        pane->phase = PHASE_DONE;
        keep_new_notes(pane, str_of(outcome->notes));
        add_step(pane, STYLE_PASS, text.ptr);
        if (!pane->closed && pane->notes.len == 0) {
            app_message(
                pane->app, MESSAGE_GOOD, "%s", text.ptr + strlen("✓ ")); /* it has its own */
            buf_free(&text);
            close_pane(pane);
            return;
        }
        buf_free(&text);
    }
    release(pane);
}

static void start_commit(struct commit_pane *pane)
{
    struct message_trailers trailers;
    message_trailers_parse(buf_str(&pane->trailers), &trailers);
    struct commit_request request = {.root = workspace_root(pane->workspace),
        .changes = &pane->changes,
        .message = edit_text(pane->edit),
        .trailers = trailers.items,
        .trailer_count = trailers.len};
    struct commit_callbacks callbacks = {on_stage, on_output, on_ask, on_committed};
    pane->phase = PHASE_COMMIT;
    pane->jobs++;
    pane->commit = commit_start(app_loop(pane->app), &request, &callbacks, pane);
    message_trailers_free(&trailers);
    changed(pane);
}

static void on_written(void *data, const struct err *err)
{
    struct commit_pane *pane = data;
    pane->jobs--;
    pane->idle = true;
    if (err != NULL) {
        fail_with(pane, err);
        release(pane);
        return;
    }
    pane->written = true;
    workspace_refresh(pane->workspace);
    struct buf text = BUF_INIT;
    buf_printf(
        &text, "✓ %zu %s written", pane->changes.len, pane->changes.len == 1 ? "file" : "files");
    add_step(pane, STYLE_PASS, text.ptr);
    if (pane->commits && !pane->closed) {
        start_commit(pane);
    } else {
        pane->phase = PHASE_DONE;
        if (!pane->closed) {
            app_message(pane->app, MESSAGE_GOOD, "%s, not committed", text.ptr + strlen("✓ "));
            buf_free(&text);
            close_pane(pane);
            return;
        }
    }
    buf_free(&text);
    release(pane);
}

static void run(struct commit_pane *pane)
{
    free_steps(pane);
    pane->cancelling = false;
    if (pane->written) {
        start_commit(pane);
        return;
    }
    pane->phase = PHASE_WRITE;
    pane->commits = pane->possible;
    pane->idle = false;
    pane->jobs++;
    door_start(pane->workspace, app_loop(pane->app), &pane->changes, on_written, pane);
    changed(pane);
}

static unsigned confirm(void *data)
{
    struct commit_pane *pane = data;
    if (pane->phase != PHASE_EDIT) {
        return UI_HANDLED;
    }
    if (pane->changes.len == 0) {
        pane->phase = PHASE_DONE;
        close_pane(pane);
        return UI_DONE;
    }
    if (!pane->previewed) {
        /* The key is not lost: it counts as soon as the repository has answered that it can commit.
         */
        pane->confirm_wanted = true;
        app_message(pane->app, MESSAGE_INFO, "Looking at the repository first");
        return UI_DONE;
    }
    if (pane->possible && str_trim(edit_text(pane->edit)).len == 0) {
        app_message(pane->app, MESSAGE_WARNING, "A commit needs a message: type one, then ^S");
        return UI_DONE;
    }
    if (pane->possible && pane->hooks_ask) {
        pane->phase = PHASE_ASK;
        changed(pane);
    } else {
        run(pane);
    }
    return UI_DONE;
}

/* ---- keys ---- */

static unsigned answer(struct commit_pane *pane, const struct key *key)
{
    bool runs = key_is_char(key, 'r') || key_is_char(key, 'R');
    if (!runs && !key_is_char(key, 's') && !key_is_char(key, 'S')) {
        return textview_key(pane->view, key, false);
    }
    pane->skip_hooks = !runs;
    pane->hooks_ask = false;
    if (pane->commit != NULL) {
        pane->phase = PHASE_COMMIT;
        commit_answer(pane->commit, runs ? COMMIT_RUN_HOOKS : COMMIT_SKIP_HOOKS);
        changed(pane);
    } else {
        pane->answered = runs;
        run(pane);
    }
    return UI_DONE;
}

static unsigned after_failure(struct commit_pane *pane)
{
    if (pane->written) {
        run(pane);
        return UI_DONE;
    }
    if (pane->changes.len == 0) {
        close_pane(pane);
        return UI_DONE;
    }
    pane->phase = PHASE_EDIT;
    changed(pane);
    return UI_DONE;
}

static unsigned on_key(void *data, const struct key *key)
{
    struct commit_pane *pane = data;
    bool enter = key->code == K_ENTER && key->mods == 0;
    switch (pane->phase) {
    case PHASE_EDIT:
        if (key->code == K_TAB && pane->changes.len > 0) {
            pane->details_focus = !pane->details_focus;
            return UI_DONE;
        }
        if (pane->details_focus || pane->changes.len == 0) {
            return textview_key(pane->view, key, true);
        }
        if (key->code == K_PAGE_UP || key->code == K_PAGE_DOWN) {
            return textview_key(pane->view, key, false);
        }
        return edit_key(pane->edit, key, true);
    case PHASE_ASK:
        return answer(pane, key);
    case PHASE_FAILED:
        if (pane->written && key_is_char(key, 'e')) {
            pane->phase = PHASE_EDIT; /* a hook may have found fault with the message */
            changed(pane);
            return UI_DONE;
        }
        return enter ? after_failure(pane) : textview_key(pane->view, key, true);
    case PHASE_DONE:
        if (enter || key_is_char(key, 'q')) {
            close_pane(pane);
            return UI_DONE;
        }
        return textview_key(pane->view, key, true);
    case PHASE_PLAN:
    case PHASE_WRITE:
    case PHASE_COMMIT:
        break;
    }
    return textview_key(pane->view, key, true);
}

static unsigned on_escape(void *data)
{
    struct commit_pane *pane = data;
    if (pane->phase == PHASE_ASK) {
        if (pane->commit != NULL) {
            commit_answer(pane->commit, COMMIT_ABORT);
        } else {
            pane->phase = PHASE_EDIT;
            changed(pane);
        }
        return UI_DONE;
    }
    if (pane->phase == PHASE_WRITE) {
        return UI_HANDLED;
    }
    if (pane->phase == PHASE_COMMIT) {
        pane->cancelling = true;
        commit_cancel(pane->commit);
        return UI_DONE;
    }
    return UI_IGNORED; /* the overlay closes */
}

static bool takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned on_paste(void *data, struct str text)
{
    struct commit_pane *pane = data;
    if (pane->phase != PHASE_EDIT || pane->changes.len == 0) {
        return UI_HANDLED;
    }
    edit_insert(pane->edit, text);
    return UI_DONE;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct commit_pane *pane = data;
    return textview_mouse(pane->view, mouse);
}

static bool unsaved(const void *data, struct buf *why)
{
    const struct commit_pane *pane = data;
    if (pane->phase != PHASE_WRITE && pane->phase != PHASE_COMMIT) {
        return false;
    }
    buf_append_c(why, "A commit is under way.");
    return true;
}

static unsigned toggle_send(void *data)
{
    struct commit_pane *pane = data;
    pane->send = !pane->send;
    changed(pane);
    return UI_DONE;
}

static const char *nothing_to_send(void *data)
{
    struct commit_pane *pane = data;
    return pane->feedback.len == 0 ? "There is nothing to tell the agent" : NULL;
}

static const char *not_editing(void *data)
{
    struct commit_pane *pane = data;
    return pane->phase != PHASE_EDIT ? "It is under way" : NULL;
}

static const struct action rows[] = {
    {"commit.confirm", "finish", "Write the accepted changes and commit them", "ctrl-s alt-enter",
        NULL, ACTION_KEY_LINE, confirm, not_editing},
    {"commit.send", "to the agent", "Send what goes back to the agent now, or with the next prompt",
        "alt-s", NULL, ACTION_KEY_LINE, toggle_send, nothing_to_send},
};

const struct action_set commit_action_set = ACTION_SET("commit", "Finish and commit", rows);

static const char *key_line(const void *data)
{
    const struct commit_pane *pane = data;
    return pane->phase == PHASE_EDIT ? "Tab|message, details|Esc|back" : ""; /* the frame says it */
}

static const struct pane_ops ops = {.name = "commit",
    .actions = &commit_action_set,
    .draw = commit_view_draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .paste = on_paste,
    .escape = on_escape,
    .title = commit_view_title,
    .key_line = key_line,
    .unsaved = unsaved,
    .destroy = destroy};

static struct commit_pane *new_pane(struct app *app, struct workspace *workspace, const char *title,
    void (*done)(void *data, const struct commit_pane_result *result), void *data)
{
    struct commit_pane *pane = MEM_NEW(struct commit_pane);
    pane->app = app;
    pane->workspace = workspace;
    pane->title = mem_strdup(title);
    pane->edit = edit_new(true);
    pane->view = textview_new();
    pane->idle = true;
    pane->done = done;
    pane->data = data;
    return pane;
}

static void set_content(struct commit_pane *pane, const struct changes *changes, struct str message)
{
    struct str body = message_body(message);
    pane->changes = changes_copy(changes);
    edit_set(pane->edit, str_trim(body));
    edit_set_cursor(pane->edit, 0);
    buf_append_str(&pane->trailers, str_from(message, body.len));
    pane->phase = PHASE_EDIT;
    if (pane->changes.len > 0) {
        pane->jobs++;
        commit_preview_start(
            app_loop(pane->app), workspace_root(pane->workspace), &pane->changes, on_preview, pane);
    }
    pane->details_stale = true;
}

struct commit_pane *commit_pane_open(struct app *app, const struct commit_pane_options *options)
{
    struct commit_pane *pane =
        new_pane(app, options->workspace, options->title, options->done, options->data);
    set_content(pane, options->changes, options->message);
    buf_append_str(&pane->feedback, str_trim_right(options->feedback));
    buf_append_str(&pane->evidence, options->evidence);
    pane->evidence_style = options->evidence_style;
    pane->send = options->feedback.len > 0;
    app_push(app, (struct pane){&ops, pane}, OVERLAY_CENTRE, DIALOG_ROWS, DIALOG_COLS);
    return pane;
}

void commit_pane_set_evidence(
    struct commit_pane *pane, struct str evidence, enum style_id style, struct str message)
{
    struct str body = message_body(message);
    buf_clear(&pane->evidence);
    buf_append_str(&pane->evidence, evidence);
    pane->evidence_style = style;
    buf_clear(&pane->trailers);
    buf_append_str(&pane->trailers, str_from(message, body.len));
    changed(pane);
}

static void on_planned(void *data, const struct revert *revert, const struct err *err)
{
    struct commit_pane *pane = data;
    pane->jobs--;
    if (pane->closed) {
        release(pane);
    } else if (revert == NULL) {
        fail_with(pane, err);
    } else {
        struct buf message = BUF_INIT;
        buf_append_c(&message, revert->message);
        if (pane->trailers.len > 0) {
            buf_append_char(&message, '\n');
            buf_append_str(&message, buf_str(&pane->trailers));
        }
        buf_clear(&pane->trailers);
        free(pane->title);
        pane->title = mem_printf("Undo commit %.8s", revert->id);
        set_content(pane, &revert->changes, buf_str(&message));
        buf_free(&message);
        app_redraw(pane->app);
    }
}

void commit_pane_undo(struct app *app, struct workspace *workspace, struct str trailers,
    void (*done)(void *data, const struct commit_pane_result *result), void *data)
{
    struct commit_pane *pane = new_pane(app, workspace, "Undo the last commit", done, data);
    pane->is_undo = true;
    pane->phase = PHASE_PLAN;
    pane->details_stale = true;
    buf_append_str(&pane->trailers, trailers);
    pane->jobs++;
    revert_plan_start(app_loop(app), workspace_root(workspace), "Bylaw-Session", on_planned, pane);
    app_push(app, (struct pane){&ops, pane}, OVERLAY_CENTRE, DIALOG_ROWS, DIALOG_COLS);
}
