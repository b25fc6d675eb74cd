/* From decisions to a commit, step by step and by the same calls as the screen's dialog: what would
 * be written, the message, `commit yes`, the one door, the hooks (asked about), the commit. */
#include "plain/plain_private.h"

#include "agent/proposal.h"
#include "repo/message.h"
#include "repo/revert.h"
#include "workspace/door.h"

#include <stdlib.h>

enum { FEEDBACK_LINES = 40, SHORT_ID = 10 };

enum phase { PHASE_LOOK, PHASE_EDIT, PHASE_WRITE, PHASE_COMMIT };

struct plain_finish {
    struct plain *plain;
    enum phase phase;
    bool is_undo;
    struct outcome outcome; /* zero for an undo */
    struct changes changes;
    struct buf body, trailers; /* of the message */
    bool send;
    bool previewed, possible, hooks_ask, skip_hooks, answered;
    bool told_evidence;
    struct buf known_notes;
    struct commit *commit;
    bool written;
    char id[REPO_ID_SIZE];
    int jobs; /* callbacks that will still come */
    bool closed;
};

static void set_message(struct plain_finish *f, struct str message)
{
    struct str body = message_body(message);
    struct str trimmed = str_trim(body);
    buf_clear(&f->body);
    buf_append_str(&f->body, trimmed);
    buf_clear(&f->trailers);
    buf_append_str(&f->trailers, str_from(message, body.len));
}

static char *subject_of(const struct plain_finish *f)
{
    char *message = message_compose(buf_str(&f->body), NULL, 0);
    message[strcspn(message, "\n")] = '\0';
    return message;
}

static void release(struct plain_finish *f)
{
    if (!f->closed || f->jobs > 0) {
        return;
    }
    outcome_free(&f->outcome);
    changes_free(&f->changes);
    buf_free(&f->body);
    buf_free(&f->trailers);
    buf_free(&f->known_notes);
    free(f);
}

/* ---- the end ---- */

static void tell_decided(struct plain_finish *f)
{
    struct plain *plain = f->plain;
    bool done = f->written || (f->changes.len == 0 && !f->is_undo);
    if (!done) {
        return;
    }
    char *subject = subject_of(f);
    char *id = f->id[0] == '\0' ? NULL : mem_strndup(f->id, SHORT_ID);
    if (f->is_undo) {
        struct entry entry = {.kind = ENTRY_COMMIT, .status = ENTRY_DONE, .detail = id};
        buf_append_c(&entry.text, subject[0] == '\0' ? "Undone" : subject);
        session_add_entry(workbench_session(plain->wb), entry);
        workspace_refresh(workbench_workspace(plain->wb));
    } else {
        workbench_decided(plain->wb, &f->outcome, f->changes.len == 0 ? NULL : subject, id,
            f->send && !plain->quitting);
        free(id);
    }
    free(subject);
}

/* Off the road; `done`: what was decided counts. */
static void end(struct plain_finish *f, bool done)
{
    struct plain *plain = f->plain;
    bool undo = f->is_undo;
    plain->finish = NULL;
    plain->doing = NULL;
    plain->mode = done || undo ? PLAIN_MAIN : PLAIN_REVIEW;
    if (done) {
        tell_decided(f);
    }
    if (!undo) {
        workbench_hold(plain->wb, false);
    }
    f->closed = true;
    plain_ask_repo(plain);
    release(f);
}

/* ---- what is said before ---- */

static void say_changes(struct plain_finish *f)
{
    struct plain *plain = f->plain;
    char *files = plain_count(f->changes.len, "file");
    plain_say(plain, "%s would be written:", f->changes.len == 0 ? "Nothing" : files);
    VEC_FOREACH (const struct change, change, &f->changes) {
        unsigned added;
        unsigned removed;
        change_count_lines(change, &added, &removed);
        const char *kind = change->kind == CHANGE_DELETE                        ? "deleted"
                           : change->kind == CHANGE_ADD && !change->base_exists ? "new"
                           : change->moved_from != NULL                         ? "renamed"
                                                                                : "changed";
        plain_say(plain, "%s, %s: %u added, %u removed.", change->path, kind, added, removed);
    }
    free(files);
}

static void say_message(struct plain_finish *f)
{
    plain_say(f->plain, "The commit message is:");
    plain_lines(f->plain, "message: ", buf_str(&f->body));
    plain_lines(f->plain, "trailer: ", buf_str(&f->trailers));
}

static void say_feedback(struct plain_finish *f, size_t most)
{
    struct plain *plain = f->plain;
    struct str rest = buf_str(&f->outcome.feedback);
    struct str line;
    if (str_trim(rest).len == 0) {
        plain_say(plain, "Nothing goes back to the model.");
        return;
    }
    plain_say(plain, "This goes back to the model %s:",
        f->send ? "when it is committed" : "with the next prompt");
    for (size_t i = 0; str_next_line(&rest, &line); i++) {
        if (i >= most) {
            plain_say(plain, "More follows: type feedback for all of it.");
            return;
        }
        if (str_trim(line).len > 0) {
            plain_say(plain, "feedback: %.*s", STR_FMT(line));
        }
    }
}

static void say_preview(struct plain_finish *f, const struct commit_preview *preview)
{
    struct plain *plain = f->plain;
    if (!preview->possible) {
        plain_say(plain, "It cannot be committed: %s The files can still be written.",
            preview->problem.text);
        return;
    }
    plain_say(plain, "The commit goes on branch %s, by %s%s%s.", preview->branch, preview->author,
        preview->will_sign ? ", signed with " : "", preview->will_sign ? preview->sign_with : "");
    for (size_t i = 0; i < preview->hook_count; i++) {
        plain_say(plain, "The hook %s runs%s.", preview->hooks[i].name,
            preview->hooks_trusted ? "" : "; you are asked first");
    }
    plain_lines(plain, "note: ", str_of(preview->notes));
}

static void say_what_next(struct plain_finish *f)
{
    f->plain->doing = NULL;
    plain_say(f->plain, "Type commit yes to write and commit, message TEXT or edit to change the "
                        "message, back to go back. Enter keeps the message.");
}

static bool evidence_runs(struct plain_finish *f)
{
    return !f->is_undo && f->changes.len > 0 &&
           workbench_outcome_evidence(f->plain->wb, &f->outcome);
}

static void on_preview(void *data, const struct commit_preview *preview)
{
    struct plain_finish *f = data;
    f->jobs--;
    if (f->closed) {
        release(f);
        return;
    }
    f->previewed = true;
    f->possible = preview->possible;
    f->hooks_ask = preview->possible && preview->hook_count > 0 && !preview->hooks_trusted;
    buf_append_c(&f->known_notes, preview->notes);
    f->phase = PHASE_EDIT;
    say_preview(f, preview);
    if (!evidence_runs(f)) {
        say_what_next(f);
    }
}

static void say_evidence(struct plain_finish *f)
{
    bool running = workbench_outcome_evidence(f->plain->wb, &f->outcome);
    char *text = outcome_describe_evidence(&f->outcome, running);
    plain_say(f->plain, "Tests: %s.", text);
    f->told_evidence = !running;
    free(text);
}

/* The tests of exactly what is accepted have moved on: the trailers say so too. */
void plain_finish_evidence(struct plain *plain)
{
    struct plain_finish *f = plain->finish;
    if (f == NULL || f->is_undo || f->told_evidence || f->changes.len == 0 || evidence_runs(f)) {
        return;
    }
    say_evidence(f);
    char *message = workbench_message(plain->wb, &f->outcome);
    struct str body = message_body(str_of(message));
    buf_clear(&f->trailers);
    buf_append_str(&f->trailers, str_from(str_of(message), body.len));
    free(message);
    if (f->phase == PHASE_EDIT) {
        say_what_next(f);
    }
}

static void begin(struct plain_finish *f)
{
    struct plain *plain = f->plain;
    plain->mode = PLAIN_COMMIT;
    say_changes(f);
    if (f->changes.len > 0) {
        if (!f->is_undo) {
            say_evidence(f);
        }
        say_message(f);
    }
    if (!f->is_undo) {
        say_feedback(f, FEEDBACK_LINES);
    }
    if (f->changes.len == 0) {
        f->previewed = true;
        f->phase = PHASE_EDIT;
        plain_say(plain, "Type commit yes to end the review so, back to go back.");
        return;
    }
    plain->doing = "the repository is looked at";
    f->jobs++;
    commit_preview_start(
        plain->loop, workspace_root(workbench_workspace(plain->wb)), &f->changes, on_preview, f);
}

bool plain_finish(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct plain_finish *f = MEM_NEW(struct plain_finish);
    f->plain = plain;
    if (plain_review_of(plain, err) == NULL || !workbench_outcome(plain->wb, &f->outcome, err)) {
        free(f);
        return false;
    }
    if (f->outcome.accepted.len > 0 && !f->outcome.tested &&
        !workbench_outcome_evidence(plain->wb, &f->outcome)) {
        plain->trying = true;
        plain->try_told = true; /* it is told here */
        workbench_try(plain->wb, (size_t)-1, (size_t)-1);
    }
    f->changes = changes_copy(&f->outcome.accepted);
    char *message = workbench_message(plain->wb, &f->outcome);
    set_message(f, str_of(message));
    free(message);
    f->send = str_trim(buf_str(&f->outcome.feedback)).len > 0;
    plain->finish = f;
    workbench_hold(plain->wb, true);
    begin(f);
    return true;
}

/* ---- the run ---- */

static void fail(struct plain_finish *f, const struct err *err)
{
    struct plain *plain = f->plain;
    f->phase = PHASE_EDIT;
    plain->doing = NULL;
    if (f->written) {
        plain_say(plain,
            "The files are written but not committed: %s Type commit yes to try again, back to "
            "leave it so.",
            err->text);
    } else {
        plain_say(plain, "Nothing was written: %s", err->text);
    }
}

static void on_stage(void *data, enum commit_stage stage, const char *what)
{
    struct plain_finish *f = data;
    if (stage == COMMIT_HOOK) {
        plain_say(f->plain, "The hook %s runs.", what);
    } else if (stage == COMMIT_SIGNING) {
        plain_say(f->plain, "Signing with %s.", what);
    }
}

static void on_output(void *data, struct str line)
{
    struct plain_finish *f = data;
    plain_say(f->plain, "hook says: %.*s", STR_FMT(line));
}

static void start(struct plain_finish *f);

static void hooks_answered(struct plain *plain, struct str line)
{
    struct plain_finish *f = plain->finish;
    bool run = str_equal_c(line, "run");
    bool skip = str_equal_c(line, "skip");
    if (f == NULL) {
        return;
    }
    if (!run && !skip) {
        plain_say(plain, "Nothing is committed.");
        if (f->commit != NULL) {
            commit_answer(f->commit, COMMIT_ABORT);
        }
        return;
    }
    f->hooks_ask = false;
    f->skip_hooks = skip;
    if (f->commit != NULL) {
        commit_answer(f->commit, run ? COMMIT_RUN_HOOKS : COMMIT_SKIP_HOOKS);
    } else {
        f->answered = run;
        start(f);
    }
}

static void ask_hooks(struct plain_finish *f)
{
    plain_say(f->plain, "The repository has hooks that were not allowed to run before. Type run to "
                        "allow them, skip to commit without them, anything else to stop.");
    plain_ask(f->plain, "hooks", hooks_answered);
}

/* Asked before anything was written; a hook that changed since then is asked about again. */
static void on_ask(void *data, const struct commit_hook *hooks, size_t count)
{
    struct plain_finish *f = data;
    (void)hooks;
    (void)count;
    if (f->skip_hooks) {
        commit_answer(f->commit, COMMIT_SKIP_HOOKS);
    } else if (f->answered) {
        f->answered = false;
        commit_answer(f->commit, COMMIT_RUN_HOOKS);
    } else {
        ask_hooks(f);
    }
}

/* What was said before it was confirmed is not said again. */
static void say_new_notes(struct plain_finish *f, struct str notes)
{
    struct str line;
    while (str_next_line(&notes, &line)) {
        if (line.len > 0 && str_find(buf_str(&f->known_notes), line, 0) == SIZE_MAX) {
            plain_say(f->plain, "note: %.*s", STR_FMT(line));
        }
    }
}

static void on_committed(void *data, const struct commit_outcome *outcome)
{
    struct plain_finish *f = data;
    f->jobs--;
    f->commit = NULL;
    if (outcome->err != NULL) {
        fail(f, outcome->err);
        release(f);
        return;
    }
    memcpy(f->id, outcome->id, sizeof f->id);
    plain_say(f->plain, "Committed %.*s on branch %s%s.", SHORT_ID, outcome->id, outcome->branch,
        outcome->is_signed ? ", signed" : "");
    say_new_notes(f, str_of(outcome->notes));
    end(f, true);
}

static void start_commit(struct plain_finish *f)
{
    struct plain *plain = f->plain;
    struct message_trailers trailers;
    message_trailers_parse(buf_str(&f->trailers), &trailers);
    struct commit_request request = {.root = workspace_root(workbench_workspace(plain->wb)),
        .changes = &f->changes,
        .message = buf_str(&f->body),
        .trailers = trailers.items,
        .trailer_count = trailers.len};
    struct commit_callbacks callbacks = {on_stage, on_output, on_ask, on_committed};
    f->phase = PHASE_COMMIT;
    f->jobs++;
    f->commit = commit_start(plain->loop, &request, &callbacks, f);
    message_trailers_free(&trailers);
}

static void on_written(void *data, const struct err *err)
{
    struct plain_finish *f = data;
    struct plain *plain = f->plain;
    f->jobs--;
    if (err != NULL) {
        fail(f, err);
        release(f);
        return;
    }
    f->written = true;
    workspace_refresh(workbench_workspace(plain->wb));
    char *files = plain_count(f->changes.len, "file");
    plain_say(plain, "%s written%s.", files, f->possible ? "" : ", not committed");
    free(files);
    if (f->possible) {
        start_commit(f);
    } else {
        end(f, true);
    }
}

static void start(struct plain_finish *f)
{
    struct plain *plain = f->plain;
    plain->doing = "the commit is made";
    if (f->written) {
        start_commit(f);
        return;
    }
    f->phase = PHASE_WRITE;
    f->jobs++;
    door_start(workbench_workspace(plain->wb), plain->loop, &f->changes, on_written, f);
}

/* ---- commands ---- */

static struct plain_finish *editing(struct plain *plain, struct err *err)
{
    struct plain_finish *f = plain->finish;
    if (f == NULL || f->phase == PHASE_WRITE || f->phase == PHASE_COMMIT) {
        err_set(err, ERR_INVALID,
            f == NULL ? "There is nothing to commit." : "The commit is being made.");
        return NULL;
    }
    return f;
}

bool plain_commit(struct plain *plain, struct str args, struct err *err)
{
    struct plain_finish *f = editing(plain, err);
    if (f == NULL) {
        return false;
    }
    if (!str_equal_c(args, "yes")) {
        return err_set(err, ERR_INVALID, "Nothing was written: type commit yes.");
    }
    if (!f->previewed) {
        return err_set(err, ERR_INVALID, "The repository is still looked at: try again.");
    }
    if (f->changes.len == 0) {
        plain_say(plain, "The review has ended; nothing was written.");
        end(f, true);
        return true;
    }
    if (f->possible && f->body.len == 0) {
        return err_set(err, ERR_INVALID, "A commit needs a message: type message and its text.");
    }
    if (f->possible && f->hooks_ask) {
        ask_hooks(f);
    } else {
        start(f);
    }
    return true;
}

bool plain_message(struct plain *plain, struct str args, struct err *err)
{
    struct plain_finish *f = editing(plain, err);
    if (f == NULL) {
        return false;
    }
    if (args.len > 0) {
        size_t line = str_find_char(buf_str(&f->body), '\n', 0);
        struct buf body = BUF_INIT;
        buf_append_str(&body, args);
        buf_append_str(&body, str_from(buf_str(&f->body), line == SIZE_MAX ? f->body.len : line));
        buf_free(&f->body);
        f->body = body;
    }
    say_message(f);
    return true;
}

bool plain_message_edit(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct plain_finish *f = editing(plain, err);
    struct buf edited = BUF_INIT;
    if (f == NULL) {
        return false;
    }
    buf_append_char(&f->body, '\n');
    bool ok = plain_edit_text(plain, "COMMIT_EDITMSG", buf_str(&f->body), 1, &edited, err);
    struct str text = str_trim(ok ? buf_str(&edited) : buf_str(&f->body));
    struct buf body = BUF_INIT;
    buf_append_str(&body, text);
    buf_free(&f->body);
    f->body = body;
    buf_free(&edited);
    if (ok) {
        say_message(f);
    }
    return ok;
}

bool plain_feedback(struct plain *plain, struct str args, struct err *err)
{
    struct plain_finish *f = editing(plain, err);
    if (f == NULL) {
        return false;
    }
    bool now = str_equal_c(args, "now");
    if (args.len > 0 && !now && !str_equal_c(args, "later")) {
        return err_set(err, ERR_INVALID, "Type feedback now, feedback later, or feedback alone.");
    }
    if (args.len > 0) {
        f->send = now;
        plain_say(plain, "What goes back to the model is sent %s.",
            now ? "when it is committed" : "with the next prompt");
    } else {
        say_feedback(f, SIZE_MAX);
    }
    return true;
}

bool plain_finish_back(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct plain_finish *f = editing(plain, err);
    if (f == NULL) {
        return false;
    }
    plain_say(plain,
        f->written ? "The files stay as written, without a commit." : "Nothing was written.");
    end(f, f->written);
    return true;
}

static void on_planned(void *data, const struct revert *revert, const struct err *err)
{
    struct plain_finish *f = data;
    struct plain *plain = f->plain;
    f->jobs--;
    if (f->closed) {
        release(f);
    } else if (revert == NULL) {
        plain_say(plain, "It cannot be undone: %s", err->text);
        end(f, false);
    } else {
        struct buf message = BUF_INIT;
        buf_printf(&message, "%s\nBylaw-Session: %s\n", revert->message,
            session_id(workbench_session(plain->wb)));
        set_message(f, buf_str(&message));
        buf_free(&message);
        f->changes = changes_copy(&revert->changes);
        plain_say(plain, "The commit %.*s is undone by a new one: %s", SHORT_ID, revert->id,
            revert->subject);
        begin(f);
    }
}

bool plain_undo_commit(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (plain->finish != NULL) {
        return err_set(err, ERR_INVALID, "The last commit is already being looked for.");
    }
    struct plain_finish *f = MEM_NEW(struct plain_finish);
    f->plain = plain;
    f->is_undo = true;
    f->jobs++;
    plain->finish = f;
    plain->doing = "the last commit is looked for";
    revert_plan_start(plain->loop, workspace_root(workbench_workspace(plain->wb)), "Bylaw-Session",
        on_planned, f);
    return true;
}

/* ---- for the others ---- */

bool plain_finish_is_running(const struct plain *plain)
{
    const struct plain_finish *f = plain->finish;
    return f != NULL && (f->phase == PHASE_WRITE || f->phase == PHASE_COMMIT);
}

void plain_finish_cancel(struct plain *plain)
{
    if (plain->finish->commit != NULL) {
        plain_say(plain, "The commit is stopped at the next point where nothing is half done.");
        commit_cancel(plain->finish->commit);
    } else {
        plain_say(plain, "A write that has begun is not stopped; it takes a moment.");
    }
}

/* A write takes milliseconds and is whole or nothing; a commit is stopped, or ends by itself. */
void plain_finish_free(struct plain *plain)
{
    struct plain_finish *f = plain->finish;
    uint64_t ends = loop_now_ms() + 60000;
    if (f == NULL) {
        return;
    }
    if (f->commit != NULL) {
        commit_cancel(f->commit);
    }
    while (plain->finish == f && f->jobs > 0 && loop_now_ms() < ends) {
        loop_run_once(plain->loop, 100);
    }
    if (plain->finish == f) {
        end(f, f->written);
    }
}
