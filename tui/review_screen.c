#include "review_screen.h"

#include "app.h"
#include "base/safe.h"
#include "base/vec.h"
#include "config/config.h"
#include "config/toml.h"
#include "desk_private.h"
#include "keymap.h"
#include "pane/review.h"
#include "syntax/parsing.h"
#include "widget/dialog.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Where what was decided goes; also the places of the dialog's choices. */
enum way { WAY_INDEX, WAY_PATCH, WAY_COMMENTS, WAY_LEAVE, WAYS };

struct review_desk {
    const struct review_job *job;
    struct loop *loop;
    struct app *app;
    struct config *config;
    struct review_pane *pane;
    struct review *review;
    struct evidence *evidence; /* NULL: not wanted */
    bool trying;               /* what is shown is a selection's */
    bool closing;
    bool finished;       /* its decisions are carried out */
    enum way ways[WAYS]; /* of the open dialog */
    struct buf said;     /* printed when the screen is gone */
};

/* ---- evidence ---- */

/* Rows of what ended otherwise than before come first and say so. */
static void copy_results(const struct review_desk *desk, struct results *out)
{
    const struct results *all = checks_results(evidence_checks(desk->evidence));
    VEC_FOREACH (const struct result, row, all) {
        struct result copy = result_copy(row);
        VEC_FOREACH (const struct evidence_flip, flip, evidence_flips(desk->evidence)) {
            if (flip->now != row) {
                continue;
            }
            char *message = mem_printf("(%s%s)%s%s", flip->is_new ? "" : "before: ",
                flip->is_new ? "new" : result_status_name(flip->before),
                row->message == NULL ? "" : " ", row->message == NULL ? "" : row->message);
            free(copy.message);
            copy.message = message;
        }
        VEC_PUSH(out, copy);
    }
}

static void show_try(struct review_desk *desk)
{
    const struct checks *checks = evidence_tried(desk->evidence);
    enum checks_state state = checks_state(checks);
    struct review_results shown = {
        .of = "your selection",
        .running = state == CHECKS_RUNNING || state == CHECKS_NONE || state == CHECKS_STALE,
        .trouble = checks_trouble(checks),
        .results = checks_results(checks),
        .findings = checks_findings(checks),
    };
    review_pane_set_results(desk->pane, &shown);
}

static void show_evidence(void *data)
{
    struct review_desk *desk = data;
    if (desk->pane == NULL || desk->evidence == NULL) {
        return;
    }
    if (desk->trying && evidence_tried(desk->evidence) != NULL) {
        show_try(desk);
        return;
    }
    bool done = evidence_state(desk->evidence) == EVIDENCE_DONE;
    struct results results = {0};
    struct buf line = BUF_INIT;
    copy_results(desk, &results);
    buf_append_c(&line, done ? "" : "the change; then what it was before");
    evidence_describe(desk->evidence, &line);
    struct review_results shown = {
        .of = line.ptr,
        .running = evidence_state(desk->evidence) == EVIDENCE_RUNNING,
        .trouble = evidence_trouble(desk->evidence),
        .results = &results,
        .findings = done ? evidence_brought(desk->evidence) : NULL,
        .coverage = checks_coverage(evidence_checks(desk->evidence)),
    };
    review_pane_set_results(desk->pane, &shown);
    results_free(&results);
    buf_free(&line);
}

static void try_selection(void *data, size_t file, size_t hunk)
{
    struct review_desk *desk = data;
    struct changes chosen = {0};
    review_selected(desk->review, file, hunk, &chosen);
    desk->trying = evidence_try(desk->evidence, &chosen);
    changes_free(&chosen);
    if (!desk->trying) {
        app_message(desk->app, MESSAGE_WARNING, "not yet: the change is still being laid out");
    }
    show_evidence(desk);
}

/* ---- finishing ---- */

static void finished(struct review_desk *desk, bool ok, const struct err *err)
{
    if (!ok) {
        dialog_message(desk->app, "Not done", str_of(err->text));
        return;
    }
    desk->finished = true; /* the pane goes on borrowing the review until it is gone */
    app_quit(desk->app, EXIT_YES);
}

static void write_patch_to(struct review_desk *desk, const char *file)
{
    struct err err;
    bool ok = review_write_patch(desk->review, file, &desk->said, &err);
    finished(desk, ok, &err);
}

static void write_comments_to(struct review_desk *desk, const char *file)
{
    struct err err;
    bool ok = review_write_comments(desk->job, desk->evidence, file, &desk->said, &err);
    finished(desk, ok, &err);
}

static void patch_named(void *data, struct str text)
{
    char *file = str_dup(str_trim(text));
    if (file[0] != '\0') {
        write_patch_to(data, file);
    }
    free(file);
}

static void comments_named(void *data, struct str text)
{
    char *file = str_dup(str_trim(text));
    if (file[0] != '\0') {
        write_comments_to(data, file);
    }
    free(file);
}

static void ask_name(struct review_desk *desk, const char *title, const char *given,
    const char *usual, void (*done)(void *data, struct str text))
{
    struct dialog_prompt prompt = {
        .title = title,
        .hint = "a file name",
        .initial = str_of(given != NULL ? given : usual),
        .done = done,
        .data = desk,
    };
    dialog_prompt(desk->app, &prompt);
}

static void chosen(void *data, int choice)
{
    struct review_desk *desk = data;
    struct err err;
    if (choice < 0) {
        return;
    }
    switch (desk->ways[choice]) {
    case WAY_INDEX: {
        bool ok = subject_apply(desk->job->subject, desk->review, &desk->said, &err);
        finished(desk, ok, &err);
        break;
    }
    case WAY_PATCH:
        ask_name(desk, "Write the patch to", desk->job->patch, "review.patch", patch_named);
        break;
    case WAY_COMMENTS:
        ask_name(desk, "Write the comments to", desk->job->comments, "review.json", comments_named);
        break;
    default:
        app_quit(desk->app, EXIT_NO);
        break;
    }
}

static void describe(const struct review_desk *desk, struct buf *out)
{
    const struct subject *subject = desk->job->subject;
    struct review_counts counts = review_count_all(desk->review);
    const char *why = subject_why_no_index(subject);
    buf_printf(out, "%zu line%s accepted, %zu declined", counts.accepted,
        counts.accepted == 1 ? "" : "s", counts.declined);
    if (counts.open > 0) {
        buf_printf(out, ", %zu still open", counts.open);
    }
    if (why != NULL) {
        buf_printf(out, "\n\nThe index is not offered: %s.", why);
    } else if (!subject->is_patch && subject->what == COMPARE_STAGED) {
        buf_append_c(out, "\n\na  the index: declined lines leave it, all else stays staged");
    } else {
        buf_append_c(out, "\n\na  the index: accepted lines go into it, all else does not");
    }
    buf_append_c(out, "\np  a patch of the accepted lines"
                      "\nc  comments as JSON: reasons, edits as suggestions, what you said"
                      "\nl  later: every decision is kept"
                      "\n\nNo commit is made and no file on disk is touched.");
    if (desk->evidence != NULL && evidence_state(desk->evidence) == EVIDENCE_DONE) {
        buf_append_c(out, "\n\nTests that depend on the change: ");
        evidence_describe(desk->evidence, out);
    }
}

static void finish(void *data)
{
    struct review_desk *desk = data;
    struct buf text = BUF_INIT;
    struct dialog_choice choices[WAYS];
    static const struct dialog_choice all[WAYS] = {
        [WAY_INDEX] = {'a', "index"},
        [WAY_PATCH] = {'p', "patch"},
        [WAY_COMMENTS] = {'c', "comments"},
        [WAY_LEAVE] = {'l', "later"},
    };
    size_t count = 0;
    enum way first = desk->job->patch != NULL      ? WAY_PATCH
                     : desk->job->comments != NULL ? WAY_COMMENTS
                                                   : WAY_INDEX;
    for (size_t i = 0; i < WAYS; i++) {
        enum way way = (enum way)((first + i) % WAYS);
        if (way != WAY_INDEX || subject_why_no_index(desk->job->subject) == NULL) {
            desk->ways[count] = way;
            choices[count++] = all[way];
        }
    }
    describe(desk, &text);
    dialog_choose(desk->app, "Finish the review", buf_str(&text), choices, count, chosen, desk);
    buf_free(&text);
}

/* ---- the screen ---- */

static void on_closed(void *data)
{
    struct review_desk *desk = data;
    desk->pane = NULL;
    if (!desk->closing) {
        app_quit(desk->app, EXIT_NO);
    }
}

/* What of the patch does not fit in that file; NULL past the last. */
static const char *note_of(void *data, const char *path, size_t index)
{
    const struct review_desk *desk = data;
    VEC_FOREACH (const struct unified_problem, problem, &desk->job->subject->problems) {
        if (problem->path != NULL && strcmp(problem->path, path) == 0 && index-- == 0) {
            return problem->text;
        }
    }
    return NULL;
}

static void draw_header(void *data, struct region region)
{
    const struct review_desk *desk = data;
    grid_put_c(region, 0, 0, " bylaw review ", STYLE(HEADING));
    grid_put_fit(
        region, 0, 14, region_cols(region) - 14, str_of(desk->job->subject->explain), STYLE(DIM));
}

static bool open_app(struct review_desk *desk, struct err *err)
{
    desk->config = config_load(desk->job->folder);
    struct app_options options = {
        .mouse = config_bool(desk->config, "mouse"),
        .theme = config_string(desk->config, "theme"),
        .ambiguous_width = config_string(desk->config, "ambiguous_width"),
        .key_set = config_string(desk->config, "key_set"),
    };
    desk->app = app_new(desk->loop, &options, err);
    if (desk->app == NULL) {
        return false;
    }
    struct keymap *keymap = app_keymap(desk->app);
    const struct toml *keys = config_table(desk->config, "keys");
    desk_add_keys(keymap);
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        const struct toml *key = keys->items[i];
        struct err wrong;
        if (key->kind == TOML_STRING && keymap_action(keymap, key->key) != NULL &&
            !keymap_remap(keymap, key->key, key->text, &wrong)) {
            app_message(desk->app, MESSAGE_ERROR, "%s", wrong.text);
        }
    }
    app_set_header(desk->app, draw_header, desk);
    return true;
}

static void say_left_out(struct review_desk *desk)
{
    const struct subject *subject = desk->job->subject;
    struct buf text = BUF_INIT;
    buf_append_str(&text, buf_str(&subject->notes));
    VEC_FOREACH (const struct unified_problem, problem, &subject->problems) {
        buf_printf(&text, "patch line %zu: %s\n", problem->line, problem->text);
    }
    if (text.len > 0) {
        dialog_message(desk->app,
            subject->is_patch ? "Of the patch this does not fit; the rest can be reviewed"
                              : "Left out",
            buf_str(&text));
    }
    buf_free(&text);
}

static void open_pane(struct review_desk *desk)
{
    struct review_pane_options options = {
        .title = desk->job->subject->title,
        .review = desk->review,
        .try_selection = desk->evidence == NULL ? NULL : try_selection,
        .finish = finish,
        .note = note_of,
        .told = "goes into the comments",
        .closed = on_closed,
        .data = desk,
    };
    desk->pane = review_pane_open(desk->app, &options);
    say_left_out(desk);
    if (kept_said(desk->job->kept) != NULL) {
        app_message(desk->app,
            kept_state(desk->job->kept) == KEPT_MOVED ? MESSAGE_STANDING : MESSAGE_GOOD, "%s",
            kept_said(desk->job->kept));
    }
    show_evidence(desk);
}

bool review_screen_run(const struct review_job *job, int *code, struct err *err)
{
    struct review_desk desk = {.job = job, .loop = loop_new(err), .review = kept_review(job->kept)};
    if (desk.loop == NULL) {
        return false;
    }
    bool ok = open_app(&desk, err);
    if (ok) {
        if (job->tests) {
            desk.evidence = evidence_new(desk.loop, job->subject, show_evidence, &desk);
        }
        open_pane(&desk);
        if (desk.evidence != NULL) {
            evidence_start(desk.evidence);
        }
        ok = app_run(desk.app, err);
        *code = app_exit_code(desk.app);
    }
    desk.closing = true;
    parsing_stop(true);
    app_free(desk.app);
    desk.pane = NULL;
    if (desk.finished) {
        kept_finish(job->kept);
    }
    evidence_free(desk.evidence);
    config_free(desk.config);
    loop_free(desk.loop);
    if (desk.said.len > 0) {
        char *shown = safe_dup(buf_str(&desk.said), SAFE_ONE_LINE, 4096);
        puts(shown);
        free(shown);
    } else if (ok) {
        puts("left for later: every decision is kept, and is there again with the same command");
    }
    buf_free(&desk.said);
    return ok;
}
