#include "repo/commit.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "repo/draft.h"
#include "repo/git.h"
#include "repo/hooks.h"
#include "repo/sign.h"

#include <stdlib.h>

enum { MESSAGE_MAX = 1 << 20, HOOK_TAIL = 300 };

/* One at a time on a worker; the steps between are on the loop thread. */
struct commit {
    struct loop *loop;
    struct commit_callbacks callbacks;
    void *data;
    char *root;
    struct changes changes;
    struct buf message;
    struct draft draft;
    bool staged;
    struct hooks hooks;
    bool skip_hooks;
    bool asking;
    bool cancelled;
    enum hook hook; /* that runs */
    struct process *process;
    struct sign *sign;
    struct buf last_output; /* of the running hook: its last lines */
    char *message_file;
    char tree[REPO_ID_SIZE];
    struct buf buffer;
    char *signature;
    char id[REPO_ID_SIZE];
    struct err err;
    bool ok; /* of the last worker step */
};

static void say_stage(struct commit *c, enum commit_stage stage, const char *what)
{
    if (c->callbacks.on_stage != NULL) {
        c->callbacks.on_stage(c->data, stage, what);
    }
}

static void finish(struct commit *c)
{
    bool made = c->id[0] != '\0';
    say_stage(c, COMMIT_DONE, NULL);
    struct commit_outcome outcome = {
        .err = made ? NULL : &c->err,
        .id = made ? c->id : NULL,
        .branch = c->draft.branch,
        .is_signed = made && c->signature != NULL,
        .message = c->message.ptr == NULL ? "" : c->message.ptr,
        .notes = c->draft.notes.ptr == NULL ? "" : c->draft.notes.ptr,
    };
    c->callbacks.on_done(c->data, &outcome);
    draft_free(&c->draft);
    hooks_free(&c->hooks);
    changes_free(&c->changes);
    buf_free(&c->message);
    buf_free(&c->last_output);
    buf_free(&c->buffer);
    free(c->signature);
    free(c->message_file);
    free(c->root);
    free(c);
}

static bool stop_if_cancelled(struct commit *c)
{
    bool cancelled = c->cancelled;
    if (cancelled) {
        err_set(&c->err, ERR_CANCELLED, "the commit was cancelled: nothing was committed");
        finish(c);
    }
    return cancelled;
}

/* The index and post-commit: from here on the commit is made, and trouble is a note. */

static void run_post_commit(struct commit *c);

static void work_update_index(void *data)
{
    struct commit *c = data;
    struct err err;
    if (!draft_update_index(&c->draft, c->id, &err)) {
        buf_printf(&c->draft.notes,
            "committed, but the index could not be brought up to date (%s): git reset -- on the "
            "files does it\n",
            err.text);
    }
}

static void on_index_updated(void *data, bool cancelled)
{
    (void)cancelled;
    run_post_commit(data);
}

static void work_write(void *data)
{
    struct commit *c = data;
    c->ok =
        draft_commit_write(&c->draft, c->buffer.ptr, c->signature, c->message.ptr, c->id, &c->err);
}

static void on_written(void *data, bool cancelled)
{
    (void)cancelled;
    struct commit *c = data;
    if (!c->ok) {
        c->id[0] = '\0';
        finish(c);
        return;
    }
    loop_work_start(c->loop, work_update_index, on_index_updated, c);
}

static void write_commit(struct commit *c)
{
    if (stop_if_cancelled(c)) {
        return;
    }
    say_stage(c, COMMIT_WRITING, NULL);
    loop_work_start(c->loop, work_write, on_written, c);
}

static void on_signed(void *data, const char *signature, const struct err *err)
{
    struct commit *c = data;
    c->sign = NULL;
    if (signature == NULL) {
        c->err = *err;
        finish(c);
        return;
    }
    c->signature = mem_strdup(signature);
    write_commit(c);
}

static void sign_commit(struct commit *c)
{
    if (!c->draft.sign) {
        write_commit(c);
        return;
    }
    char *committer = mem_printf("%s <%s>", c->draft.committer.name, c->draft.committer.email);
    struct sign_request request = {
        .format = c->draft.sign_format,
        .program = c->draft.sign_program,
        .key = c->draft.sign_key,
        .committer = committer,
        .payload = buf_str(&c->buffer),
    };
    say_stage(c, COMMIT_SIGNING, c->draft.sign_format);
    c->sign = sign_start(c->loop, &request, on_signed, c, &c->err);
    free(committer);
    if (c->sign == NULL) {
        finish(c);
    } else if (c->cancelled) {
        sign_cancel(c->sign);
    }
}

/* Reads the message back from the file, where hooks may have changed it, and builds the commit. */
static void work_build(void *data)
{
    struct commit *c = data;
    struct buf text = BUF_INIT;
    git_buf pretty = {0};
    c->ok = file_read(c->message_file, MESSAGE_MAX, &text, &c->err);
    if (c->ok && text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        c->ok = err_set(&c->err, ERR_INVALID, "a hook put a NUL byte into the commit message");
    }
    if (c->ok) {
        int rc = git_message_prettify(&pretty, text.ptr == NULL ? "" : text.ptr, 0, '#');
        c->ok = rc == 0 || git_fail(&c->err, rc, "cannot read the commit message");
    }
    if (c->ok && pretty.size == 0) {
        c->ok = err_set(&c->err, ERR_INVALID, "the commit message is empty: nothing was committed");
    }
    if (c->ok) {
        buf_clear(&c->message);
        buf_append(&c->message, pretty.ptr, pretty.size);
        c->ok = draft_write_tree(&c->draft, c->tree, &c->err) &&
                draft_commit_buffer(&c->draft, c->tree, c->message.ptr, &c->buffer, &c->err);
    }
    git_buf_dispose(&pretty);
    buf_free(&text);
}

static void on_built(void *data, bool cancelled)
{
    (void)cancelled;
    struct commit *c = data;
    if (!c->ok) {
        finish(c);
    } else if (!stop_if_cancelled(c)) {
        sign_commit(c);
    }
}

static void next_hook(struct commit *c);

static void on_hook_line(void *data, enum process_stream stream, struct str line)
{
    (void)stream;
    struct commit *c = data;
    if (str_trim(line).len > 0) {
        buf_append_c(&c->last_output, c->last_output.len > 0 ? "; " : "");
        buf_append_str(&c->last_output, str_trim(line));
        if (c->last_output.len > 4 * HOOK_TAIL) {
            buf_remove(&c->last_output, 0, c->last_output.len - 2 * HOOK_TAIL);
        }
    }
    if (c->callbacks.on_output != NULL) {
        c->callbacks.on_output(c->data, line);
    }
}

static void on_hook_exit(void *data, const struct process_result *result)
{
    struct commit *c = data;
    c->process = NULL;
    bool ok = result->exit_code == 0;
    bool post = c->hook == HOOK_POST_COMMIT;
    struct str tail = buf_str(&c->last_output);
    char *shown = safe_dup(
        tail.len > HOOK_TAIL ? str_from(tail, tail.len - HOOK_TAIL) : tail, SAFE_ONE_LINE, 400);
    char *how = result->signal != 0 ? mem_printf("was ended by signal %d", result->signal)
                                    : mem_printf("exited with %d", result->exit_code);
    const char *name = hook_name(c->hook);
    if (!ok && post) {
        buf_printf(&c->draft.notes, "the hook %s %s: %s\n", name, how, shown);
    } else if (!ok && !c->cancelled) {
        /* Its output was told line by line (on_output): once is enough. */
        err_set(&c->err, ERR_EXTERNAL, "the hook %s %s, so nothing was committed: %s", name, how,
            shown[0] == '\0' ? "it said nothing" : "what it said stands above");
    }
    free(how);
    free(shown);
    if (post) {
        finish(c);
    } else if (!stop_if_cancelled(c)) {
        if (!ok) {
            finish(c);
        } else {
            c->hook++;
            next_hook(c);
        }
    }
}

static bool start_hook(struct commit *c, struct err *err)
{
    static const struct process_options callbacks = {
        .on_line = on_hook_line, .on_exit = on_hook_exit};
    struct process_options options = callbacks;
    options.data = c;
    bool takes_message = c->hook == HOOK_PREPARE_MESSAGE || c->hook == HOOK_MESSAGE;
    buf_clear(&c->last_output);
    say_stage(c, COMMIT_HOOK, hook_name(c->hook));
    c->process =
        hook_start(c->loop, &c->hooks, c->hook, &c->draft, takes_message ? c->message_file : NULL,
            c->hook == HOOK_PREPARE_MESSAGE ? "message" : NULL, &options, err);
    if (c->process != NULL && c->cancelled && c->hook != HOOK_POST_COMMIT) {
        process_cancel(c->process); /* on_stage asked for it before there was a process */
    }
    return c->process != NULL;
}

static bool has_hook(const struct commit *c, enum hook hook)
{
    return !c->skip_hooks && c->hooks.path[hook] != NULL;
}

static void next_hook(struct commit *c)
{
    while (c->hook < HOOK_POST_COMMIT && !has_hook(c, c->hook)) {
        c->hook++;
    }
    if (c->hook >= HOOK_POST_COMMIT) {
        loop_work_start(c->loop, work_build, on_built, c);
    } else if (!start_hook(c, &c->err)) {
        finish(c);
    }
}

static void run_post_commit(struct commit *c)
{
    struct err err;
    c->hook = HOOK_POST_COMMIT;
    if (!has_hook(c, HOOK_POST_COMMIT)) {
        finish(c);
    } else if (!start_hook(c, &err)) {
        buf_printf(&c->draft.notes, "%s\n", err.text);
        finish(c);
    }
}

static void run_hooks(struct commit *c)
{
    c->hook = HOOK_PRE_COMMIT;
    c->message_file = path_join(c->draft.git_dir, "COMMIT_EDITMSG");
    if (!file_write(c->message_file, buf_str(&c->message), 0666, &c->err)) {
        finish(c);
        return;
    }
    next_hook(c);
}

static size_t list_hooks(const struct hooks *hooks, struct commit_hook out[HOOK_COUNT])
{
    size_t count = 0;
    for (int hook = 0; hook < HOOK_COUNT; hook++) {
        if (hooks->path[hook] != NULL) {
            out[count++] = (struct commit_hook){hook_name((enum hook)hook), hooks->path[hook]};
        }
    }
    return count;
}

static void work_stage(void *data)
{
    struct commit *c = data;
    c->ok = draft_prepare(c->root, &c->changes, true, &c->draft, &c->err);
    c->staged = c->ok;
    if (c->ok) {
        hooks_find(&c->draft, &c->hooks, &c->draft.notes);
    }
}

static void on_staged(void *data, bool cancelled)
{
    (void)cancelled;
    struct commit *c = data;
    if (!c->ok) {
        finish(c);
        return;
    }
    if (stop_if_cancelled(c)) {
        return;
    }
    struct commit_hook hooks[HOOK_COUNT];
    size_t count = list_hooks(&c->hooks, hooks);
    if (count == 0 || hooks_trusted(&c->hooks, &c->draft)) {
        run_hooks(c);
        return;
    }
    say_stage(c, COMMIT_ASKING, NULL);
    if (stop_if_cancelled(c)) {
        return;
    }
    c->asking = true;
    c->callbacks.on_ask(c->data, hooks, count);
}

void commit_answer(struct commit *c, enum commit_answer answer)
{
    if (!c->asking) {
        return;
    }
    c->asking = false;
    struct err err;
    switch (answer) {
    case COMMIT_RUN_HOOKS:
        if (!hooks_trust(&c->hooks, &c->draft, &err)) {
            buf_printf(&c->draft.notes, "your answer could not be kept: %s\n", err.text);
        }
        run_hooks(c);
        break;
    case COMMIT_SKIP_HOOKS:
        c->skip_hooks = true;
        buf_append_c(&c->draft.notes, "the repository's hooks were skipped\n");
        run_hooks(c);
        break;
    case COMMIT_ABORT:
        c->cancelled = true;
        (void)stop_if_cancelled(c);
        break;
    }
}

void commit_cancel(struct commit *c)
{
    if (c->asking) {
        commit_answer(c, COMMIT_ABORT);
        return;
    }
    c->cancelled = true;
    if (c->process != NULL) {
        process_cancel(c->process);
    }
    if (c->sign != NULL) {
        sign_cancel(c->sign);
    }
}

struct commit *commit_start(struct loop *loop, const struct commit_request *request,
    const struct commit_callbacks *callbacks, void *data)
{
    struct commit *c = MEM_NEW(struct commit);
    c->loop = loop;
    c->callbacks = *callbacks;
    c->data = data;
    c->root = mem_strdup(request->root);
    c->changes = changes_copy(request->changes);
    char *message = message_compose(request->message, request->trailers, request->trailer_count);
    buf_append_c(&c->message, message);
    free(message);
    say_stage(c, COMMIT_STAGING, NULL);
    loop_work_start(loop, work_stage, on_staged, c);
    return c;
}

struct preview_job {
    char *root;
    struct changes changes;
    struct draft draft;
    struct hooks hooks;
    struct err err;
    bool ok;
    void (*done)(void *data, const struct commit_preview *preview);
    void *data;
};

static void work_preview(void *data)
{
    struct preview_job *job = data;
    job->ok = draft_prepare(job->root, &job->changes, false, &job->draft, &job->err);
    if (job->ok) {
        hooks_find(&job->draft, &job->hooks, &job->draft.notes);
    }
}

static void on_preview(void *data, bool cancelled)
{
    (void)cancelled;
    struct preview_job *job = data;
    struct commit_hook hooks[HOOK_COUNT];
    const struct draft *draft = &job->draft;
    char *author = NULL;
    struct commit_preview preview = {.possible = job->ok, .problem = job->err, .notes = ""};
    if (job->ok) {
        author = mem_printf("%s <%s>", draft->author.name, draft->author.email);
        preview.branch = draft->branch;
        preview.author = author;
        preview.will_sign = draft->sign;
        preview.sign_with = !draft->sign                              ? NULL
                            : draft->sign_program != NULL             ? draft->sign_program
                            : strcmp(draft->sign_format, "ssh") == 0  ? "ssh-keygen"
                            : strcmp(draft->sign_format, "x509") == 0 ? "gpgsm"
                                                                      : "gpg";
        preview.hooks = hooks;
        preview.hook_count = list_hooks(&job->hooks, hooks);
        preview.hooks_trusted = hooks_trusted(&job->hooks, draft);
        preview.notes = draft->notes.ptr == NULL ? "" : draft->notes.ptr;
    }
    job->done(job->data, &preview);
    free(author);
    draft_free(&job->draft);
    hooks_free(&job->hooks);
    changes_free(&job->changes);
    free(job->root);
    free(job);
}

void commit_preview_start(struct loop *loop, const char *root, const struct changes *changes,
    void (*done)(void *data, const struct commit_preview *preview), void *data)
{
    struct preview_job *job = MEM_NEW(struct preview_job);
    job->root = mem_strdup(root);
    job->changes = changes_copy(changes);
    job->done = done;
    job->data = data;
    loop_work_start(loop, work_preview, on_preview, job);
}
