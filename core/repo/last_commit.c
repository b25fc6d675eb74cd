#include "repo/last_commit.h"

#include "repo/git.h"

#include <stdlib.h>

struct walk {
    struct git git;
    struct last_commit *items;
    size_t count, open; /* open: still without a commit */
    git_commit *commit; /* whose differences are looked at */
};

/* The workspace may be a folder of the repository. */
static struct last_commit *find(const struct walk *walk, const char *repo_path)
{
    size_t prefix = strlen(walk->git.prefix);
    size_t from = 0;
    size_t to = walk->count;
    if (strncmp(repo_path, walk->git.prefix, prefix) != 0) {
        return NULL;
    }
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(walk->items[middle].path, repo_path + prefix);
        if (order == 0) {
            return &walk->items[middle];
        }
        if (order < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

static int take_delta(
    const git_diff *diff, const git_diff_delta *delta, const char *spec, void *data)
{
    struct walk *walk = data;
    struct last_commit *item = find(walk, delta->new_file.path);
    (void)diff;
    (void)spec;
    if (item != NULL && item->id[0] == '\0') {
        const git_signature *author = git_commit_author(walk->commit);
        const char *subject = git_commit_summary(walk->commit);
        git_oid_tostr(item->id, sizeof item->id, git_commit_id(walk->commit));
        item->author = mem_strdup(author == NULL ? "" : author->name);
        item->subject = mem_strdup(subject == NULL ? "" : subject);
        item->time = git_commit_time(walk->commit);
        walk->open--;
    }
    return 1; /* it need not be in the diff */
}

static int take_change(
    const git_diff *diff, const git_diff_delta *delta, const char *spec, void *data)
{
    struct last_commit *item = find(data, delta->new_file.path);
    (void)diff;
    (void)spec;
    if (item != NULL) {
        item->is_changed = true;
    }
    return 1;
}

static git_diff_options options_of(struct walk *walk, git_diff_notify_cb notify)
{
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_IGNORE_SUBMODULES;
    options.notify_cb = notify;
    options.payload = walk;
    return options;
}

/* What a commit changed. A merge changed nothing that is not of one of its parents; where it did,
 * it is found in none and stays open. */
static int look_at(struct walk *walk)
{
    git_tree *tree = NULL;
    git_tree *before = NULL;
    git_commit *parent = NULL;
    git_diff *diff = NULL;
    git_diff_options options = options_of(walk, take_delta);
    if (git_commit_parentcount(walk->commit) > 1) {
        return 0;
    }
    int rc = git_commit_tree(&tree, walk->commit);
    if (rc == 0 && git_commit_parentcount(walk->commit) == 1 &&
        git_commit_parent(&parent, walk->commit, 0) == 0) {
        rc = git_commit_tree(&before, parent);
    }
    rc = rc != 0 ? rc : git_diff_tree_to_tree(&diff, walk->git.repository, before, tree, &options);
    git_diff_free(diff);
    git_tree_free(before);
    git_tree_free(tree);
    git_commit_free(parent);
    return rc;
}

static int walk_back(
    struct walk *walk, git_revwalk *revisions, size_t limit, const atomic_bool *cancel)
{
    git_oid id;
    int rc = 0;
    for (size_t i = 0; rc == 0 && walk->open > 0 && i < limit; i++) {
        bool stop = cancel != NULL && atomic_load(cancel);
        /* A shallow clone ends where its history does. */
        if (stop || git_revwalk_next(&id, revisions) != 0) {
            break;
        }
        rc = git_commit_lookup(&walk->commit, walk->git.repository, &id);
        rc = rc != 0 ? rc : look_at(walk);
        git_commit_free(walk->commit);
        walk->commit = NULL;
    }
    return rc;
}

/* Files that differ from HEAD, or that it does not have. */
static int look_at_folder(struct walk *walk)
{
    git_object *tree = NULL;
    git_diff *diff = NULL;
    git_diff_options options = options_of(walk, take_change);
    options.flags |= GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS;
    int rc = git_revparse_single(&tree, walk->git.repository, "HEAD^{tree}");
    rc = rc == GIT_ENOTFOUND ? 0 : rc;
    rc = rc != 0 ? rc
                 : git_diff_tree_to_workdir_with_index(
                       &diff, walk->git.repository, (git_tree *)tree, &options);
    git_diff_free(diff);
    git_object_free(tree);
    return rc;
}

bool last_commits_read(const char *root, struct last_commit *items, size_t count, size_t limit,
    const atomic_bool *cancel, bool *complete, struct err *err)
{
    struct walk walk = {.items = items, .count = count, .open = count};
    git_revwalk *revisions = NULL;
    *complete = false;
    if (!git_open(root, &walk.git, err)) {
        return false;
    }
    int rc = look_at_folder(&walk);
    if (rc == 0 && git_revwalk_new(&revisions, walk.git.repository) == 0 &&
        git_revwalk_push_head(revisions) == 0) {
        git_revwalk_sorting(revisions, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
        rc = walk_back(&walk, revisions, limit, cancel);
    }
    git_revwalk_free(revisions);
    *complete = walk.open == 0;
    bool ok = rc == 0 || git_fail(err, rc, "cannot read the history");
    git_close(&walk.git);
    return ok;
}

void last_commits_free(struct last_commit *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].path);
        free(items[i].author);
        free(items[i].subject);
    }
    free(items);
}
