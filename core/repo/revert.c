#include "repo/revert.h"

#include "base/vec.h"
#include "repo/git.h"
#include "repo/message.h"
#include "workspace/beneath.h"

#include <stdlib.h>
#include <unistd.h>

enum { LOOK_BACK = 200, FILE_MAX = 256 << 20 };

struct ids {
    char (*items)[REPO_ID_SIZE];
    size_t len, cap;
};

static void note_reverted(struct ids *ids, const char *message)
{
    const char *mark = strstr(message, "This reverts commit ");
    if (mark == NULL) {
        return;
    }
    mark += strlen("This reverts commit ");
    if (strspn(mark, "0123456789abcdef") == REPO_ID_SIZE - 1) {
        VEC_RESERVE(ids, 1);
        memcpy(ids->items[ids->len], mark, REPO_ID_SIZE - 1);
        ids->items[ids->len++][REPO_ID_SIZE - 1] = '\0';
    }
}

static bool is_reverted(const struct ids *ids, const char *id)
{
    for (size_t i = 0; i < ids->len; i++) {
        if (strcmp(ids->items[i], id) == 0) {
            return true;
        }
    }
    return false;
}

/* A commit that takes another back is not taken back itself: pressing the key again goes on to the
 * one before. */
static bool find_ours(const char *root, const char *key, struct revert *out, struct err *err)
{
    struct repo_log log;
    if (!repo_log_read(root, LOOK_BACK, &log, err)) {
        return false;
    }
    struct ids reverted = {0};
    bool found = false;
    for (size_t i = 0; i < log.len && !found; i++) {
        struct repo_log_entry *entry = &log.items[i];
        char *trailer = message_trailer_find(str_of(entry->body), key);
        bool reverts = strstr(entry->body, "This reverts commit ") != NULL;
        found = trailer != NULL && !reverts && !is_reverted(&reverted, entry->id);
        if (found) {
            memcpy(out->id, entry->id, sizeof out->id);
            out->subject = mem_strdup(entry->subject);
            out->message =
                mem_printf("Revert \"%s\"\n\nThis reverts commit %s.\n", entry->subject, entry->id);
        }
        note_reverted(&reverted, entry->body);
        free(trailer);
    }
    VEC_FREE(&reverted);
    repo_log_free(&log);
    return found || err_set(err, ERR_NOT_FOUND,
                        "there is no commit made here to undo among the last %d", LOOK_BACK);
}

static bool say_conflict(git_index *index, const struct revert *out, struct err *err)
{
    const git_index_entry *ancestor = NULL;
    const git_index_entry *ours = NULL;
    const git_index_entry *theirs = NULL;
    git_index_conflict_iterator *conflicts = NULL;
    const char *path = "a file";
    if (git_index_conflict_iterator_new(&conflicts, index) == 0 &&
        git_index_conflict_next(&ancestor, &ours, &theirs, conflicts) == 0) {
        path = ours != NULL ? ours->path : theirs != NULL ? theirs->path : ancestor->path;
    }
    err_set(err, ERR_CONFLICT,
        "%.8s cannot be undone by itself: later commits changed the same lines of %s; undo those "
        "first, or edit it by hand",
        out->id, path);
    git_index_conflict_iterator_free(conflicts);
    return false;
}

static bool blob_in_worktree(const struct git *git, const git_oid *id, const char *repo_path,
    struct buf *out, struct err *err)
{
    git_blob *blob = NULL;
    int rc = git_blob_lookup(&blob, git->repository, id);
    bool ok = rc == 0 ? git_to_worktree(git, repo_path, blob, out, err)
                      : git_fail(err, rc, "cannot read %s", repo_path);
    git_blob_free(blob);
    return ok;
}

/* What the file on disk becomes: the reverse of the commit over what is there. */
static bool plan_content(
    const struct git *git, const git_diff_delta *delta, struct change *change, struct err *err)
{
    struct buf head = BUF_INIT;
    struct buf want = BUF_INIT;
    const char *path = delta->new_file.path;
    bool ok = true;
    if (delta->status != GIT_DELTA_ADDED) {
        ok = blob_in_worktree(git, &delta->old_file.id, path, &head, err);
    }
    if (ok && delta->status != GIT_DELTA_DELETED) {
        ok = blob_in_worktree(git, &delta->new_file.id, path, &want, err);
    }
    if (ok && str_equal(buf_str(&head), buf_str(&change->base))) {
        buf_append_str(&change->content, buf_str(&want));
    } else if (ok) {
        bool clean = false;
        ok = delta->status != GIT_DELTA_MODIFIED ||
             git_merge_text(buf_str(&head), buf_str(&change->base), buf_str(&want),
                 &change->content, &clean, err);
        if (ok && !clean) {
            ok = err_set(err, ERR_CONFLICT,
                "%s has uncommitted edits that overlap with what would be undone: commit or take "
                "them back first",
                path);
        }
    }
    buf_free(&head);
    buf_free(&want);
    return ok;
}

static bool plan_file(const struct git *git, int root, const git_diff_delta *delta,
    struct revert *out, struct err *err)
{
    const char *repo_path = delta->new_file.path;
    size_t prefix = strlen(git->prefix);
    if (strncmp(repo_path, git->prefix, prefix) != 0) {
        return err_set(err, ERR_UNSUPPORTED,
            "the commit %.8s also changed %s, which is outside this workspace: undo it with git "
            "revert",
            out->id, repo_path);
    }
    struct change change = {.kind = delta->status == GIT_DELTA_DELETED ? CHANGE_DELETE
                                    : delta->status == GIT_DELTA_ADDED ? CHANGE_ADD
                                                                       : CHANGE_UPDATE,
        .path = mem_strdup(repo_path + prefix),
        .mode = delta->new_file.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644};
    struct err cause = {0};
    change.base_exists = beneath_read(root, change.path, FILE_MAX, &change.base, NULL, &cause);
    bool ok = true;
    if (!change.base_exists && cause.kind != ERR_NOT_FOUND) {
        ok = err_set(err, cause.kind, "%s", cause.text);
    } else if (!change.base_exists && change.kind != CHANGE_ADD) {
        ok = err_set(err, ERR_CONFLICT,
            "%s was removed but not committed: bring it back first (git checkout -- %s)",
            change.path, change.path);
    } else if (change.base_exists && change.kind == CHANGE_ADD) {
        ok = err_set(err, ERR_CONFLICT,
            "%s exists again but is not committed: it would be overwritten", change.path);
    }
    ok = ok && plan_content(git, delta, &change, err);
    if (ok) {
        VEC_PUSH(&out->changes, change);
    } else {
        change_free(&change);
    }
    return ok;
}

static bool reverse_tree(const struct git *git, const struct revert *out, git_commit *head,
    git_tree **tree, struct err *err)
{
    git_oid id;
    git_oid tree_id;
    git_commit *commit = NULL;
    git_index *index = NULL;
    int rc = git_oid_fromstr(&id, out->id);
    rc = rc == 0 ? git_commit_lookup(&commit, git->repository, &id) : rc;
    if (rc == 0 && git_commit_parentcount(commit) != 1) {
        git_commit_free(commit);
        return err_set(err, ERR_UNSUPPORTED,
            "%.8s is the first commit or a merge: it cannot be undone from here", out->id);
    }
    rc = rc == 0 ? git_revert_commit(&index, git->repository, commit, head, 0, NULL) : rc;
    bool ok = rc == 0 || git_fail(err, rc, "cannot undo %.8s", out->id);
    if (ok && git_index_has_conflicts(index)) {
        ok = say_conflict(index, out, err);
    }
    if (ok) {
        rc = git_index_write_tree_to(&tree_id, index, git->repository);
        rc = rc == 0 ? git_tree_lookup(tree, git->repository, &tree_id) : rc;
        ok = rc == 0 || git_fail(err, rc, "cannot undo %.8s", out->id);
    }
    git_index_free(index);
    git_commit_free(commit);
    return ok;
}

bool revert_plan(const char *root, const char *key, struct revert *out, struct err *err)
{
    *out = (struct revert){0};
    struct git git;
    if (!find_ours(root, key, out, err)) {
        return false;
    }
    if (!git_open(root, &git, err)) {
        revert_free(out);
        return false;
    }
    git_commit *head = NULL;
    git_tree *old = NULL;
    git_tree *new = NULL;
    git_diff *diff = NULL;
    int fd = beneath_open_root(root, err);
    bool ok =
        fd >= 0 && git_head_commit(&git, &head, err) && reverse_tree(&git, out, head, &new, err);
    if (ok) {
        int rc = git_commit_tree(&old, head);
        rc = rc == 0 ? git_diff_tree_to_tree(&diff, git.repository, old, new, NULL) : rc;
        ok = rc == 0 || git_fail(err, rc, "cannot undo %.8s", out->id);
    }
    size_t count = ok ? git_diff_num_deltas(diff) : 0;
    for (size_t i = 0; ok && i < count; i++) {
        ok = plan_file(&git, fd, git_diff_get_delta(diff, i), out, err);
    }
    if (fd >= 0) {
        close(fd);
    }
    git_diff_free(diff);
    git_tree_free(old);
    git_tree_free(new);
    git_commit_free(head);
    git_close(&git);
    if (!ok) {
        revert_free(out);
    }
    return ok;
}

void revert_free(struct revert *revert)
{
    free(revert->subject);
    free(revert->message);
    changes_free(&revert->changes);
    *revert = (struct revert){0};
}

struct revert_job {
    char *root;
    char *key;
    struct revert revert;
    bool ok;
    struct err err;
    void (*done)(void *data, const struct revert *revert, const struct err *err);
    void *data;
};

static void run_plan(void *data)
{
    struct revert_job *job = data;
    job->ok = revert_plan(job->root, job->key, &job->revert, &job->err);
}

static void finish_plan(void *data, bool cancelled)
{
    (void)cancelled; /* never asked for */
    struct revert_job *job = data;
    job->done(job->data, job->ok ? &job->revert : NULL, job->ok ? NULL : &job->err);
    revert_free(&job->revert);
    free(job->root);
    free(job->key);
    free(job);
}

void revert_plan_start(struct loop *loop, const char *root, const char *key,
    void (*done)(void *data, const struct revert *revert, const struct err *err), void *data)
{
    struct revert_job *job = MEM_NEW(struct revert_job);
    *job = (struct revert_job){
        .root = mem_strdup(root), .key = mem_strdup(key), .done = done, .data = data};
    loop_work_start(loop, run_plan, finish_plan, job);
}
