#include "rollout/history.h"

#include "base/vec.h"
#include "repo/git.h"

#include <stdlib.h>

enum { COMMITS_MAX = 100000 };
#define BLOB_MAX_BYTES ((git_object_size_t)2 << 20)

struct walk {
    struct git git;
    const struct rollout_policy *policy;
    char *path;      /* in the repository, as it was called there */
    git_oid seen;    /* content of the last look */
    bool seen_stage; /* what the look said */
};

void rollout_since_free(struct rollout_since *since)
{
    free(since->why);
    *since = (struct rollout_since){0};
}

static bool same_policy(const struct rollout_policy *a, const struct rollout_policy *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->space, b->space) == 0;
}

/* The policy stands in the blob at the same stage. */
static bool has_stage(struct walk *walk, const git_oid *id)
{
    if (git_oid_equal(id, &walk->seen)) {
        return walk->seen_stage;
    }
    git_blob *blob = NULL;
    bool has = false;
    struct rollout found = {0};
    if (git_blob_lookup(&blob, walk->git.repository, id) == 0 &&
        (git_object_size_t)git_blob_rawsize(blob) <= BLOB_MAX_BYTES) {
        struct str text = str_make(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
        rollout_read(walk->policy->file, text, walk->policy->engine == ROLLOUT_CONFTEST, &found);
    }
    VEC_FOREACH (const struct rollout_policy, policy, &found) {
        has = has || (same_policy(policy, walk->policy) && policy->stage == walk->policy->stage);
    }
    rollout_free(&found);
    git_blob_free(blob);
    git_oid_cpy(&walk->seen, id);
    walk->seen_stage = has;
    return has;
}

/* What the file was called in the parent, when this commit gave it its name. */
static bool follow(struct walk *walk, git_tree *parent, git_tree *tree)
{
    git_diff *diff = NULL;
    git_diff_find_options find;
    git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
    find.flags = GIT_DIFF_FIND_RENAMES;
    bool found = git_diff_tree_to_tree(&diff, walk->git.repository, parent, tree, NULL) == 0 &&
                 git_diff_find_similar(diff, &find) == 0;
    size_t count = found ? git_diff_num_deltas(diff) : 0;
    found = false;
    for (size_t i = 0; i < count && !found; i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        if (delta->status == GIT_DELTA_RENAMED && strcmp(delta->new_file.path, walk->path) == 0) {
            char *before = mem_strdup(delta->old_file.path);
            free(walk->path);
            walk->path = before;
            found = true;
        }
    }
    git_diff_free(diff);
    return found;
}

/* The stage stood in this tree, below the path that it has or had. */
static bool stood(struct walk *walk, git_tree *tree, git_tree *child)
{
    git_tree_entry *entry = NULL;
    bool there = git_tree_entry_bypath(&entry, tree, walk->path) == 0;
    if (!there && child != NULL && follow(walk, tree, child)) {
        there = git_tree_entry_bypath(&entry, tree, walk->path) == 0;
    }
    bool ok = there && git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
              has_stage(walk, git_tree_entry_id(entry));
    git_tree_entry_free(entry);
    return ok;
}

static void take(struct rollout_since *out, const git_commit *commit)
{
    out->known = true;
    out->time = git_commit_time(commit);
    git_oid_tostr(out->id, sizeof out->id, git_commit_id(commit));
}

static void look_back(struct walk *walk, git_commit *commit, struct rollout_since *out)
{
    git_tree *tree = NULL;
    git_tree *child = NULL;
    for (int i = 0; i < COMMITS_MAX; i++) {
        git_commit *parent = NULL;
        if (git_commit_tree(&tree, commit) != 0 || !stood(walk, tree, child)) {
            break;
        }
        take(out, commit);
        unsigned parents = git_commit_parentcount(commit);
        if (parents > 0 && git_commit_parent(&parent, commit, 0) != 0) {
            out->at_least = true; /* cut off here */
            break;
        }
        git_tree_free(child);
        child = tree;
        tree = NULL;
        git_commit_free(commit);
        commit = parent;
        if (commit == NULL) {
            out->at_least = git_repository_is_shallow(walk->git.repository) == 1;
            break;
        }
    }
    git_tree_free(tree);
    git_tree_free(child);
    git_commit_free(commit);
}

void rollout_since_read(
    const char *root, const struct rollout_policy *policy, struct rollout_since *out)
{
    struct walk walk = {.policy = policy};
    struct err err;
    git_commit *head = NULL;
    *out = (struct rollout_since){0};
    if (!git_open(root, &walk.git, &err)) {
        out->why = mem_strdup(err.text);
        return;
    }
    walk.path = git_repo_path(&walk.git, policy->file);
    if (!git_head_commit(&walk.git, &head, &err)) {
        out->why = mem_strdup(err.text);
    } else if (head != NULL) {
        look_back(&walk, head, out);
    }
    if (!out->known && out->why == NULL) {
        out->why = mem_printf("no commit has it at %s yet", rollout_stage_name(policy->stage));
    } else if (out->at_least) {
        out->why = mem_strdup("the history here goes no further back (a shallow clone)");
    }
    free(walk.path);
    git_close(&walk.git);
}
