#include "repo/past_tree.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "repo/git.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void past_tree_free(struct past_tree *tree)
{
    VEC_FOREACH (struct past_change, change, &tree->changes) {
        free(change->path);
        free(change->before);
    }
    VEC_FREE(&tree->changes);
    *tree = (struct past_tree){0};
}

/* REV as a commit. */
static bool find_commit(
    const struct git *git, const char *rev, git_commit **commit, struct err *err)
{
    git_object *object = NULL;
    int rc = git_revparse_single(&object, git->repository, rev);
    if (rc == 0) {
        rc = git_object_peel((git_object **)commit, object, GIT_OBJECT_COMMIT);
    }
    git_object_free(object);
    if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC || rc == GIT_EAMBIGUOUS) {
        return err_set(err, ERR_NOT_FOUND,
            "the repository has no commit %s: fetch it, or name another (a CI checkout has only "
            "the last commit unless told fetch-depth: 0)",
            rev);
    }
    return rc == 0 || git_fail(err, rc, "cannot read the commit %s", rev);
}

static bool fork_point(const struct git *git, const char *rev, struct past_tree *out,
    git_commit **base, struct err *err)
{
    git_commit *named = NULL;
    git_commit *head = NULL;
    git_oid id;
    bool ok = find_commit(git, rev, &named, err) && git_head_commit(git, &head, err);
    if (ok && head == NULL) {
        ok = err_set(err, ERR_NOT_FOUND, "the repository has no commit yet");
    }
    if (ok) {
        int rc = git_merge_base(&id, git->repository, git_commit_id(named), git_commit_id(head));
        ok = rc == 0 ||
             err_set(err, ERR_NOT_FOUND,
                 "%s and HEAD have no commit in common as far as the history is here: fetch more "
                 "of it (fetch-depth: 0)",
                 rev);
    }
    if (ok) {
        out->forked = !git_oid_equal(&id, git_commit_id(named));
        git_oid_tostr(out->id, sizeof out->id, &id);
        int rc = git_commit_lookup(base, git->repository, &id);
        ok = rc == 0 || git_fail(err, rc, "cannot read the commit %s", out->id);
    }
    git_commit_free(named);
    git_commit_free(head);
    return ok;
}

static const char *below(const struct git *git, const char *path)
{
    size_t len = strlen(git->prefix);
    return path != NULL && strncmp(path, git->prefix, len) == 0 ? path + len : NULL;
}

static void take_delta(const struct git *git, const git_diff_delta *delta, struct past_tree *out)
{
    const char *now = below(git, delta->new_file.path);
    const char *was = below(git, delta->old_file.path);
    struct past_change change = {.kind = PAST_CHANGED};
    switch (delta->status) {
    case GIT_DELTA_ADDED:
    case GIT_DELTA_UNTRACKED:
        change.kind = PAST_ADDED;
        break;
    case GIT_DELTA_DELETED:
        change.kind = PAST_REMOVED;
        break;
    case GIT_DELTA_RENAMED:
        change.kind = PAST_RENAMED;
        break;
    default:
        break;
    }
    const char *path = change.kind == PAST_REMOVED ? was : now;
    if (path != NULL && delta->status != GIT_DELTA_UNMODIFIED) {
        change.path = mem_strdup(path);
        change.before = change.kind == PAST_RENAMED ? mem_strdup(was) : NULL;
        VEC_PUSH(&out->changes, change);
    }
}

static bool find_changes(
    const struct git *git, git_commit *base, struct past_tree *out, struct err *err)
{
    git_tree *tree = NULL;
    git_diff *diff = NULL;
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS |
                    GIT_DIFF_DISABLE_PATHSPEC_MATCH;
    char *only = git->prefix;
    if (only[0] != '\0') {
        options.pathspec = (git_strarray){&only, 1};
    }
    int rc = git_commit_tree(&tree, base);
    if (rc == 0) {
        rc = git_diff_tree_to_workdir_with_index(&diff, git->repository, tree, &options);
    }
    git_diff_find_options find;
    git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
    find.flags = GIT_DIFF_FIND_RENAMES | GIT_DIFF_FIND_FOR_UNTRACKED;
    if (rc == 0) {
        rc = git_diff_find_similar(diff, &find);
    }
    for (size_t i = 0; rc == 0 && i < git_diff_num_deltas(diff); i++) {
        take_delta(git, git_diff_get_delta(diff, i), out);
    }
    git_diff_free(diff);
    git_tree_free(tree);
    return rc == 0 || git_fail(err, rc, "cannot compare with %s", out->id);
}

bool past_tree_find(const char *root, const char *rev, struct past_tree *out, struct err *err)
{
    struct git git;
    git_commit *base = NULL;
    *out = (struct past_tree){0};
    if (!git_open(root, &git, err)) {
        return false;
    }
    bool ok = fork_point(&git, rev, out, &base, err) && find_changes(&git, base, out, err);
    git_commit_free(base);
    git_close(&git);
    if (!ok) {
        past_tree_free(out);
    }
    return ok;
}

/* ---- writing it ---- */

struct laying {
    const struct git *git;
    const char *folder;
    struct err *err;
};

/* Names that git refuses itself, but for a repository made to deceive. */
static bool is_safe(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strchr(name, '/') == NULL;
}

static bool write_blob(
    const struct laying *laying, const char *path, const char *full, git_blob *blob, bool link)
{
    struct buf text = BUF_INIT;
    bool ok;
    if (link) {
        buf_append(&text, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
        buf_append_char(&text, '\0');
        ok = symlink(text.ptr, full) == 0 ||
             err_set_errno(laying->err, errno, "cannot make the link %s", path);
    } else {
        FILE *out = NULL;
        ok = git_to_worktree(laying->git, path, blob, &text, laying->err);
        out = ok ? fopen(full, "wxe") : NULL;
        if (ok) {
            ok = out != NULL &&
                 fwrite(text.ptr == NULL ? "" : text.ptr, 1, text.len, out) == text.len;
            ok = (out == NULL || fclose(out) == 0) && ok;
            ok = ok || err_set_errno(laying->err, errno, "cannot write %s as it was", path);
        }
    }
    buf_free(&text);
    return ok;
}

static bool lay_entry(const struct laying *laying, const char *at, const git_tree_entry *entry);

static bool lay_tree(const struct laying *laying, const char *at, git_tree *tree)
{
    bool ok = true;
    for (size_t i = 0; ok && i < git_tree_entrycount(tree); i++) {
        ok = lay_entry(laying, at, git_tree_entry_byindex(tree, i));
    }
    return ok;
}

/* `at` is the way below the workspace, "" or with a '/' at the end. */
static bool lay_entry(const struct laying *laying, const char *at, const git_tree_entry *entry)
{
    git_repository *repository = laying->git->repository;
    const char *name = git_tree_entry_name(entry);
    git_object *object = NULL;
    git_object_t type = git_tree_entry_type(entry);
    if (type == GIT_OBJECT_COMMIT || !is_safe(name)) {
        return true;
    }
    char *path = mem_printf("%s%s%s", at, name, type == GIT_OBJECT_TREE ? "/" : "");
    char *full = path_join(laying->folder, path);
    char *repo_path = git_repo_path(laying->git, path);
    int rc = git_tree_entry_to_object(&object, repository, entry);
    bool ok = rc == 0 || git_fail(laying->err, rc, "cannot read %s", path);
    if (ok && type == GIT_OBJECT_TREE) {
        ok = path_make_dirs(full, laying->err) && lay_tree(laying, path, (git_tree *)object);
    } else if (ok) {
        ok = write_blob(laying, repo_path, full, (git_blob *)object,
            git_tree_entry_filemode(entry) == GIT_FILEMODE_LINK);
    }
    git_object_free(object);
    free(repo_path);
    free(full);
    free(path);
    return ok;
}

/* The workspace's folder in the commit; NULL with true: it was not there. */
static bool find_top(const struct git *git, const char *id, git_tree **top, struct err *err)
{
    git_oid oid;
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    *top = NULL;
    int rc = git_oid_fromstr(&oid, id);
    rc = rc == 0 ? git_commit_lookup(&commit, git->repository, &oid) : rc;
    rc = rc == 0 ? git_commit_tree(&tree, commit) : rc;
    if (rc == 0 && git->prefix[0] == '\0') {
        *top = tree;
        tree = NULL;
    } else if (rc == 0) {
        char *path = str_dup(str_make(git->prefix, strlen(git->prefix) - 1));
        rc = git_tree_entry_bypath(&entry, tree, path);
        if (rc == 0 && git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
            rc = git_tree_entry_to_object((git_object **)top, git->repository, entry);
        }
        rc = rc == GIT_ENOTFOUND ? 0 : rc;
        free(path);
    }
    git_tree_entry_free(entry);
    git_tree_free(tree);
    git_commit_free(commit);
    return rc == 0 || git_fail(err, rc, "cannot read the commit %s", id);
}

bool past_tree_lay(
    const char *root, const struct past_tree *tree, const char *folder, struct err *err)
{
    struct git git;
    git_tree *top = NULL;
    if (!git_open(root, &git, err)) {
        return false;
    }
    struct laying laying = {&git, folder, err};
    bool ok = find_top(&git, tree->id, &top, err) && (top == NULL || lay_tree(&laying, "", top));
    git_tree_free(top);
    git_close(&git);
    return ok;
}
