#include "rollout/history.h"

#include "base/path.h"
#include "base/vec.h"
#include "repo/git.h"

#include <stdlib.h>

enum { COMMITS_MAX = 100000 };
#define BLOB_MAX_BYTES ((git_object_size_t)2 << 20)

/* One policy on its way back through the commits. */
struct item {
    const struct rollout_policy *policy;
    struct rollout_since *out;
    char *path; /* in the repository, as it was called there */
};

struct walk {
    struct git git;
    struct {
        struct item *items; /* those whose stage still stands, by path */
        size_t len, cap;
    } items;
    git_commit *commit; /* they stand in this one */
    git_tree *tree;
    git_diff *diff;    /* from its parent to it */
    git_diff *renames; /* the same with renames found; NULL: not asked for yet */
    git_oid seen;      /* what was read last, and as what */
    bool seen_conftest;
    struct rollout found; /* in it */
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

static void read_blob(struct walk *walk, const struct rollout_policy *policy, const git_oid *id)
{
    git_blob *blob = NULL;
    bool conftest = policy->engine == ROLLOUT_CONFTEST;
    if (git_oid_equal(id, &walk->seen) && conftest == walk->seen_conftest) {
        return;
    }
    rollout_free(&walk->found);
    if (git_blob_lookup(&blob, walk->git.repository, id) == 0 &&
        (git_object_size_t)git_blob_rawsize(blob) <= BLOB_MAX_BYTES) {
        struct str text = str_make(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
        rollout_read(policy->file, text, conftest, &walk->found);
    }
    git_blob_free(blob);
    git_oid_cpy(&walk->seen, id);
    walk->seen_conftest = conftest;
}

/* The policy stands in the blob at the same stage. */
static bool has_stage(struct walk *walk, const struct rollout_policy *policy, const git_oid *id)
{
    read_blob(walk, policy, id);
    VEC_FOREACH (const struct rollout_policy, found, &walk->found) {
        if (same_policy(found, policy) && found->stage == policy->stage) {
            return true;
        }
    }
    return false;
}

/* ---- from a commit to its parent ---- */

static bool is_regular(const git_diff_file *file)
{
    return (file->mode & 0170000) == 0100000;
}

/* What this new file was before, byte for byte, of several the one of its name; NULL: nothing was.
 */
static const git_diff_file *find_moved(const git_diff *diff, const git_diff_file *file)
{
    const git_diff_file *found = NULL;
    for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        const git_diff_file *old = &delta->old_file;
        bool is = delta->status == GIT_DELTA_DELETED && git_oid_equal(&old->id, &file->id);
        if (is && strcmp(path_base(old->path), path_base(file->path)) == 0) {
            return old;
        }
        found = is && found == NULL ? old : found;
    }
    return found;
}

/* The same where it was changed on the way: looked for once a commit, for it takes long. */
static const git_diff_file *find_renamed(
    struct walk *walk, git_tree *parent, const git_diff_file *file)
{
    git_diff_find_options find;
    git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
    find.flags = GIT_DIFF_FIND_RENAMES;
    if (walk->renames == NULL && (git_diff_tree_to_tree(&walk->renames, walk->git.repository,
                                      parent, walk->tree, NULL) != 0 ||
                                     git_diff_find_similar(walk->renames, &find) != 0)) {
        return NULL;
    }
    for (size_t i = 0; i < git_diff_num_deltas(walk->renames); i++) {
        const git_diff_delta *delta = git_diff_get_delta(walk->renames, i);
        if (delta->status == GIT_DELTA_RENAMED && strcmp(delta->new_file.path, file->path) == 0) {
            return &delta->old_file;
        }
    }
    return NULL;
}

static int by_path(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    return strcmp(x->path, y->path);
}

static void end_item(struct walk *walk, struct item *item)
{
    item->out->known = true;
    item->out->time = git_commit_time(walk->commit);
    git_oid_tostr(item->out->id, sizeof item->out->id, git_commit_id(walk->commit));
    free(item->path);
    item->path = NULL;
}

/* The file of these differs in the parent: it is followed to its name there, or they have begun in
 * this commit. */
static void take_delta(struct walk *walk, git_tree *parent, const git_diff_delta *delta,
    struct item *items, size_t count)
{
    const git_diff_file *before = &delta->old_file;
    if (delta->status == GIT_DELTA_ADDED) {
        before = find_moved(walk->diff, &delta->new_file);
        before = before != NULL ? before : find_renamed(walk, parent, &delta->new_file);
    }
    bool there = before != NULL && is_regular(before);
    for (size_t i = 0; i < count; i++) {
        if (!there || !has_stage(walk, items[i].policy, &before->id)) {
            end_item(walk, &items[i]);
        } else if (strcmp(items[i].path, before->path) != 0) {
            free(items[i].path);
            items[i].path = mem_strdup(before->path);
        }
    }
}

/* Those of one path, which stand together. */
static struct item *find_items(struct walk *walk, const char *path, size_t *count)
{
    struct item key = {.path = (char *)path};
    struct item *first = bsearch(&key, walk->items.items, walk->items.len, sizeof key, by_path);
    *count = 0;
    if (first == NULL) {
        return NULL;
    }
    struct item *end = walk->items.items + walk->items.len;
    while (first > walk->items.items && by_path(first - 1, &key) == 0) {
        first--;
    }
    while (first + *count < end && by_path(first + *count, &key) == 0) {
        ++*count;
    }
    return first;
}

static void drop_ended(struct walk *walk)
{
    size_t kept = 0;
    for (size_t i = 0; i < walk->items.len; i++) {
        if (walk->items.items[i].path != NULL) {
            walk->items.items[kept++] = walk->items.items[i];
        }
    }
    walk->items.len = kept;
    if (kept > 0) {
        qsort(walk->items.items, kept, sizeof *walk->items.items, by_path);
    }
}

/* All that differs; a path has one delta, and a file that moves is looked for in the parent alone,
 * so that what is renamed here is not looked at twice. */
static void take_diff(struct walk *walk, git_tree *parent)
{
    struct {
        const git_diff_delta *delta;
        struct item *items;
        size_t count;
    } *touched = NULL;
    size_t len = 0;
    size_t deltas = git_diff_num_deltas(walk->diff);
    touched = mem_zalloc((deltas + 1) * sizeof *touched);
    for (size_t i = 0; i < deltas; i++) {
        const git_diff_delta *delta = git_diff_get_delta(walk->diff, i);
        touched[len].delta = delta;
        touched[len].items = find_items(walk, delta->new_file.path, &touched[len].count);
        len += touched[len].count > 0;
    }
    for (size_t i = 0; i < len; i++) {
        take_delta(walk, parent, touched[i].delta, touched[i].items, touched[i].count);
    }
    free(touched);
    if (len > 0) {
        drop_ended(walk);
    }
}

static bool step(struct walk *walk, git_commit *parent)
{
    git_tree *tree = NULL;
    bool ok = git_commit_tree(&tree, parent) == 0 &&
              git_diff_tree_to_tree(&walk->diff, walk->git.repository, tree, walk->tree, NULL) == 0;
    if (ok) {
        take_diff(walk, tree);
    }
    git_diff_free(walk->diff);
    git_diff_free(walk->renames);
    walk->diff = walk->renames = NULL;
    git_tree_free(walk->tree);
    git_commit_free(walk->commit);
    walk->tree = tree;
    walk->commit = parent;
    return ok;
}

static void look_back(struct walk *walk)
{
    bool shallow = git_repository_is_shallow(walk->git.repository) == 1;
    bool cut = false;
    for (int i = 0; i < COMMITS_MAX && walk->items.len > 0; i++) {
        git_commit *parent = NULL;
        if (git_commit_parentcount(walk->commit) == 0) {
            cut = shallow;
            break;
        }
        if (git_commit_parent(&parent, walk->commit, 0) != 0) {
            cut = true; /* cut off here */
            break;
        }
        if (!step(walk, parent)) {
            break;
        }
    }
    VEC_FOREACH (struct item, item, &walk->items) {
        item->out->at_least = cut;
        end_item(walk, item);
    }
}

/* ---- all of them ---- */

/* Those that the newest commit has at the stage at which they stand. */
static void begin_item(
    struct walk *walk, const struct rollout_policy *policy, struct rollout_since *out)
{
    git_tree_entry *entry = NULL;
    char *path = git_repo_path(&walk->git, policy->file);
    bool there = git_tree_entry_bypath(&entry, walk->tree, path) == 0 &&
                 git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
    if (there && has_stage(walk, policy, git_tree_entry_id(entry))) {
        VEC_PUSH(&walk->items, (struct item){.policy = policy, .out = out, .path = path});
        path = NULL;
    }
    free(path);
    git_tree_entry_free(entry);
}

static void explain(const struct rollout_policy *policy, struct rollout_since *out)
{
    if (!out->known && out->why == NULL) {
        out->why = mem_printf("no commit has it at %s yet", rollout_stage_name(policy->stage));
    } else if (out->at_least) {
        out->why = mem_strdup("the history here goes no further back (a shallow clone)");
    }
}

void rollout_since_read(const char *root, const struct rollout_policy *policies, size_t count,
    struct rollout_since *out)
{
    struct walk walk = {0};
    struct err err;
    bool ok = git_open(root, &walk.git, &err);
    bool opened = ok;
    ok = ok && git_head_commit(&walk.git, &walk.commit, &err);
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct rollout_since){.why = ok ? NULL : mem_strdup(err.text)};
    }
    if (ok && walk.commit != NULL && git_commit_tree(&walk.tree, walk.commit) == 0) {
        for (size_t i = 0; i < count; i++) {
            begin_item(&walk, &policies[i], &out[i]);
        }
        drop_ended(&walk);
        look_back(&walk);
    }
    for (size_t i = 0; i < count; i++) {
        explain(&policies[i], &out[i]);
    }
    VEC_FREE(&walk.items);
    rollout_free(&walk.found);
    git_tree_free(walk.tree);
    git_commit_free(walk.commit);
    if (opened) {
        git_close(&walk.git);
    }
}
