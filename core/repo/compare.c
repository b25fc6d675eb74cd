#include "repo/compare.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "repo/git.h"
#include "workspace/beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT_MAX = 10000, SHORT_ID = 10, MODE_LINK = 0120000, MODE_MODULE = 0160000 };

/* ---- which two states ---- */

struct sides {
    git_commit *base; /* NULL: nothing, the index, … as `what` says */
    git_commit *new;
};

static void sides_free(struct sides *sides)
{
    git_commit_free(sides->base);
    git_commit_free(sides->new);
}

static void put_id(char out[REPO_ID_SIZE], const git_commit *commit)
{
    out[0] = '\0';
    if (commit != NULL) {
        git_oid_tostr(out, REPO_ID_SIZE, git_commit_id(commit));
    }
}

static git_commit *peel(git_object *object)
{
    git_object *commit = NULL;
    if (object != NULL && git_object_peel(&commit, object, GIT_OBJECT_COMMIT) != 0) {
        commit = NULL;
    }
    return (git_commit *)commit;
}

/* "3 commits" from `base` (which may be NULL) to `new`. */
static char *count_commits(const struct git *git, const git_commit *base, const git_commit *new)
{
    git_revwalk *walk = NULL;
    git_oid id;
    size_t count = 0;
    if (git_revwalk_new(&walk, git->repository) == 0 &&
        git_revwalk_push(walk, git_commit_id(new)) == 0) {
        if (base != NULL) {
            (void)git_revwalk_hide(walk, git_commit_id(base));
        }
        while (count < COUNT_MAX && git_revwalk_next(&id, walk) == 0) {
            count++;
        }
    }
    git_revwalk_free(walk);
    return mem_printf(
        "%zu%s commit%s", count, count == COUNT_MAX ? " or more" : "", count == 1 ? "" : "s");
}

static git_commit *merge_base(const struct git *git, const git_commit *a, const git_commit *b)
{
    git_oid id;
    git_commit *commit = NULL;
    if (git_merge_base(&id, git->repository, git_commit_id(a), git_commit_id(b)) != 0 ||
        git_commit_lookup(&commit, git->repository, &id) != 0) {
        return NULL;
    }
    return commit;
}

static bool unknown(struct err *err, const char *revision)
{
    return err_set(err, ERR_NOT_FOUND,
        "%s: there is no such revision here (git branch -a and git log --oneline show which there "
        "are), and no such file",
        revision);
}

static char *brings(const struct git *git, const char *name, const char *from,
    const git_commit *base, const git_commit *new)
{
    char *count = count_commits(git, base, new);
    char id[REPO_ID_SIZE];
    put_id(id, base);
    char *text =
        mem_printf("what %s brings since it left %s at %.*s: %s", name, from, SHORT_ID, id, count);
    free(count);
    return text;
}

static bool unrelated(struct err *err, const char *revision)
{
    return err_set(err, ERR_INVALID,
        "%s: the two have no common ancestor: name the range with two dots (A..B) to see all that "
        "differs",
        revision);
}

/* "A..B", "A...B": as git diff takes them. */
static bool find_range(const struct git *git, const char *revision, const git_revspec *spec,
    struct compare *out, struct sides *sides, struct err *err)
{
    git_commit *from = peel(spec->from);
    git_commit *to = peel(spec->to);
    bool ok = from != NULL && to != NULL;
    out->what = COMPARE_RANGE;
    sides->new = to;
    if (!ok) {
        git_commit_free(from);
        return err_set(err, ERR_INVALID, "%s: both ends of a range are commits", revision);
    }
    const char *dots = strstr(revision, "..");
    char *left =
        dots == revision ? mem_strdup("HEAD") : mem_strndup(revision, (size_t)(dots - revision));
    const char *right = dots + ((spec->flags & GIT_REVSPEC_MERGE_BASE) != 0 ? 3 : 2);
    right = right[0] == '\0' ? "HEAD" : right;
    if ((spec->flags & GIT_REVSPEC_MERGE_BASE) == 0) {
        sides->base = from;
        char *count = count_commits(git, from, to);
        out->explain = mem_printf("all that differs from %s to %s: %s", left, right, count);
        free(count);
    } else {
        sides->base = merge_base(git, from, to);
        git_commit_free(from);
        ok = sides->base != NULL || unrelated(err, revision);
        out->explain = ok ? brings(git, right, left, sides->base, to) : NULL;
    }
    free(left);
    return ok;
}

/* One revision: what HEAD has is looked at as git show does, what it has not as a pull request. */
static bool find_single(const struct git *git, const char *revision, git_object *object,
    struct compare *out, struct sides *sides, struct err *err)
{
    git_commit *head = NULL;
    sides->new = peel(object);
    if (sides->new == NULL) {
        return err_set(err, ERR_INVALID, "%s is not a commit", revision);
    }
    if (!git_head_commit(git, &head, err)) {
        return false;
    }
    bool same = head != NULL && git_oid_equal(git_commit_id(head), git_commit_id(sides->new));
    bool had = head != NULL && (same || git_graph_descendant_of(git->repository,
                                            git_commit_id(head), git_commit_id(sides->new)) == 1);
    bool ok = true;
    if (head == NULL || had) {
        unsigned parents = git_commit_parentcount(sides->new);
        out->what = COMPARE_COMMIT;
        if (parents > 0 && git_commit_parent(&sides->base, sides->new, 0) != 0) {
            ok = git_fail(err, -1, "cannot read the commit before %s", revision);
        }
        const char *summary = git_commit_summary(sides->new);
        out->explain = mem_printf("what this commit did%s: %s",
            parents > 1    ? " to its first parent"
            : parents == 0 ? ", the first one"
                           : "",
            summary == NULL ? "" : summary);
    } else {
        out->what = COMPARE_RANGE;
        sides->base = merge_base(git, head, sides->new);
        ok = sides->base != NULL || unrelated(err, revision);
        out->explain = ok ? brings(git, revision, "HEAD", sides->base, sides->new) : NULL;
    }
    git_commit_free(head);
    return ok;
}

static bool find_revision(const struct git *git, const char *revision, struct compare *out,
    struct sides *sides, struct err *err)
{
    git_revspec spec = {0};
    if (git_revparse(&spec, git->repository, revision) != 0) {
        git_object_free(spec.from);
        git_object_free(spec.to);
        return unknown(err, revision);
    }
    out->title = mem_strdup(revision);
    bool ok = (spec.flags & GIT_REVSPEC_SINGLE) != 0
                  ? find_single(git, revision, spec.from, out, sides, err)
                  : find_range(git, revision, &spec, out, sides, err);
    git_object_free(spec.from);
    git_object_free(spec.to);
    return ok;
}

static bool find_sides(const struct git *git, const struct compare_request *request,
    struct compare *out, struct sides *sides, struct err *err)
{
    if (request->revision != NULL) {
        return find_revision(git, request->revision, out, sides, err);
    }
    out->what = request->staged ? COMPARE_STAGED : COMPARE_FILES;
    out->title = mem_strdup(request->staged ? "the index" : "the files");
    out->explain =
        mem_strdup(request->staged ? "what is staged and not committed"
                                   : "what differs from the index, as git add would take it");
    return !request->staged || git_head_commit(git, &sides->base, err);
}

/* ---- what differs ---- */

struct reading {
    const struct git *git;
    int root;
    struct compare *out;
};

static bool blob_bytes(const struct reading *r, const git_oid *id, struct buf *out, struct err *err)
{
    git_blob *blob = NULL;
    int rc = git_blob_lookup(&blob, r->git->repository, id);
    if (rc != 0) {
        return git_fail(err, rc, "an object is missing");
    }
    if ((uint64_t)git_blob_rawsize(blob) > COMPARE_MAX_BYTES) {
        git_blob_free(blob);
        return err_set(err, ERR_LIMIT, "it is larger than %d MiB", COMPARE_MAX_BYTES >> 20);
    }
    buf_append(out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    git_blob_free(blob);
    return true;
}

/* A link on disk as git stores it. */
static bool link_bytes(const struct reading *r, const char *path, struct buf *out, struct err *err)
{
    char target[PATH_MAX];
    const char *base;
    int folder = beneath_open_parent(r->root, path, &base, err);
    if (folder < 0) {
        return false;
    }
    ssize_t len = readlinkat(folder, base, target, sizeof target);
    bool ok = len >= 0 || err_set_errno(err, errno, "cannot read where it points to");
    buf_append(out, target, ok ? (size_t)len : 0);
    close(folder);
    return ok;
}

static bool disk_bytes(
    const struct reading *r, const git_diff_file *file, struct buf *out, struct err *err)
{
    if (file->mode == MODE_LINK) {
        return link_bytes(r, file->path, out, err);
    }
    struct buf raw = BUF_INIT;
    bool ok = beneath_read(r->root, file->path, COMPARE_MAX_BYTES, &raw, NULL, err) &&
              git_to_odb(r->git, file->path, buf_str(&raw), out, err);
    buf_free(&raw);
    return ok;
}

static bool side_bytes(const struct reading *r, const git_diff_file *file, bool on_disk,
    struct buf *out, struct err *err)
{
    if (file->mode == MODE_MODULE) {
        char id[REPO_ID_SIZE];
        git_oid_tostr(id, sizeof id, &file->id);
        buf_printf(out, "Subproject commit %s\n", id);
        return true;
    }
    return on_disk ? disk_bytes(r, file, out, err) : blob_bytes(r, &file->id, out, err);
}

static void note(struct compare *out, const char *path, const char *why)
{
    buf_printf(&out->notes, "%s is left out: %s\n", path, why);
}

static void add_delta(struct reading *r, const git_diff_delta *delta)
{
    struct err err;
    bool on_disk = r->out->what == COMPARE_FILES;
    const char *path = delta->new_file.path != NULL ? delta->new_file.path : delta->old_file.path;
    if (delta->status == GIT_DELTA_CONFLICTED) {
        note(r->out, path, "it has a merge conflict: resolve that first");
        return;
    }
    bool was = delta->status != GIT_DELTA_ADDED && delta->status != GIT_DELTA_UNTRACKED;
    bool is = delta->status != GIT_DELTA_DELETED;
    bool moved = delta->status == GIT_DELTA_RENAMED;
    struct change change = {
        .kind = !was ? CHANGE_ADD
                : is ? CHANGE_UPDATE
                     : CHANGE_DELETE,
        .path = mem_strdup(is ? path : delta->old_file.path),
        .moved_from = moved ? mem_strdup(delta->old_file.path) : NULL,
        .base_exists = was,
        .git_from = was ? delta->old_file.mode : 0,
        .git_to = is ? delta->new_file.mode : 0,
    };
    change.mode = (was ? change.git_from : change.git_to) & 0111 ? 0755 : 0644;
    bool ok = (!was || side_bytes(r, &delta->old_file, false, &change.base, &err)) &&
              (!is || side_bytes(r, &delta->new_file, on_disk, &change.content, &err));
    bool same = was && is && !moved && change.git_from == change.git_to &&
                str_equal(buf_str(&change.base), buf_str(&change.content));
    if (!ok) {
        note(r->out, path, err.text);
    }
    if (!ok || same) {
        change_free(&change);
        return;
    }
    VEC_PUSH(&r->out->changes, change);
}

/* A file that was moved away, and another that took its place: git tells it as a rename and an
 * addition. Here each name belongs to one change: the new name is new, the old one's content
 * changes. */
static void part_names(struct changes *changes)
{
    VEC_FOREACH (struct change, moved, changes) {
        struct change *taker =
            moved->moved_from == NULL ? NULL : changes_find(changes, moved->moved_from);
        if (taker == NULL || taker->base_exists) {
            continue;
        }
        taker->base_exists = true;
        taker->kind = CHANGE_UPDATE;
        taker->base = moved->base;
        taker->git_from = moved->git_from;
        taker->mode = moved->mode;
        moved->base = BUF_INIT;
        moved->base_exists = false;
        moved->kind = CHANGE_ADD;
        moved->git_from = 0;
        moved->mode = moved->git_to & 0111 ? 0755 : 0644;
        free(moved->moved_from);
        moved->moved_from = NULL;
    }
}

static int make_diff(const struct git *git, const struct compare_request *request,
    const struct compare *out, const struct sides *sides, git_diff **diff)
{
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_INCLUDE_TYPECHANGE_TREES;
    options.ignore_submodules = GIT_SUBMODULE_IGNORE_DIRTY;
    options.pathspec = (git_strarray){(char **)(uintptr_t)request->paths, request->path_count};
    git_tree *base = NULL;
    git_tree *new = NULL;
    int rc = sides->base == NULL ? 0 : git_commit_tree(&base, sides->base);
    if (rc == 0 && sides->new != NULL) {
        rc = git_commit_tree(&new, sides->new);
    }
    if (rc == 0 && out->what == COMPARE_FILES) {
        options.flags |= GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS;
        rc = git_diff_index_to_workdir(diff, git->repository, NULL, &options);
    } else if (rc == 0 && out->what == COMPARE_STAGED) {
        rc = git_diff_tree_to_index(diff, git->repository, base, NULL, &options);
    } else if (rc == 0) {
        rc = git_diff_tree_to_tree(diff, git->repository, base, new, &options);
    }
    git_tree_free(base);
    git_tree_free(new);
    /* Against the files git add knows no renames either. */
    if (rc == 0 && out->what != COMPARE_FILES) {
        git_diff_find_options similar;
        git_diff_find_options_init(&similar, GIT_DIFF_FIND_OPTIONS_VERSION);
        similar.flags = GIT_DIFF_FIND_RENAMES;
        rc = git_diff_find_similar(*diff, &similar);
    }
    return rc;
}

static char *root_of(const struct git *git)
{
    size_t len = strlen(git->workdir);
    return mem_strndup(git->workdir, len > 1 ? len - 1 : len);
}

bool compare_read(
    const char *folder, const struct compare_request *request, struct compare *out, struct err *err)
{
    struct git git;
    struct sides sides = {0};
    git_diff *diff = NULL;
    *out = (struct compare){0};
    if (!git_open(folder, &git, err)) {
        return false;
    }
    out->root = root_of(&git);
    bool ok = find_sides(&git, request, out, &sides, err);
    if (ok) {
        put_id(out->base_id, sides.base);
        put_id(out->new_id, sides.new);
        int rc = make_diff(&git, request, out, &sides, &diff);
        ok = rc == 0 || git_fail(err, rc, "cannot compare %s", out->title);
    }
    struct reading reading = {.git = &git, .root = -1, .out = out};
    if (ok) {
        reading.root = beneath_open_root(git.workdir, err);
        ok = reading.root >= 0;
    }
    size_t count = ok ? git_diff_num_deltas(diff) : 0;
    for (size_t i = 0; i < count; i++) {
        add_delta(&reading, git_diff_get_delta(diff, i));
    }
    part_names(&out->changes);
    if (reading.root >= 0) {
        close(reading.root);
    }
    git_diff_free(diff);
    sides_free(&sides);
    git_close(&git);
    return ok;
}

void compare_free(struct compare *compare)
{
    free(compare->root);
    free(compare->title);
    free(compare->explain);
    changes_free(&compare->changes);
    buf_free(&compare->notes);
    *compare = (struct compare){0};
}

bool compare_knows(const char *folder, const char *revision)
{
    struct git git;
    git_revspec spec = {0};
    if (!git_open(folder, &git, NULL)) {
        return false;
    }
    bool known = git_revparse(&spec, git.repository, revision) == 0;
    git_object_free(spec.from);
    git_object_free(spec.to);
    git_close(&git);
    return known;
}

/* ---- the base side as files ---- */

struct laying {
    const struct git *git;
    int root;
    struct err *err;
    bool ok;
};

static bool lay_file(struct laying *l, const char *path, const git_oid *id, unsigned mode)
{
    char *clean;
    if ((mode & 0170000) != 0100000 || !path_check_relative(str_of(path), &clean, NULL)) {
        return true; /* links, submodules, and names that no engine is given */
    }
    free(clean);
    git_blob *blob = NULL;
    const char *base;
    int rc = git_blob_lookup(&blob, l->git->repository, id);
    if (rc != 0) {
        return git_fail(l->err, rc, "%s cannot be read from the repository", path);
    }
    bool ok = beneath_make_parents(l->root, path, NULL, NULL, l->err);
    int folder = ok ? beneath_open_parent(l->root, path, &base, l->err) : -1;
    int fd = folder < 0 ? -1
                        : openat(folder, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              mode & 0111 ? 0755 : 0644);
    if (folder >= 0 && fd < 0) {
        err_set_errno(l->err, errno, "cannot lay out %s", path);
    }
    ok =
        fd >= 0 && file_write_all(fd,
                       str_make(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob)), l->err);
    if (fd >= 0) {
        close(fd);
    }
    if (folder >= 0) {
        close(folder);
    }
    git_blob_free(blob);
    return ok;
}

static int lay_entry(const char *folder, const git_tree_entry *entry, void *data)
{
    struct laying *l = data;
    if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
        char *path = mem_printf("%s%s", folder, git_tree_entry_name(entry));
        l->ok =
            lay_file(l, path, git_tree_entry_id(entry), (unsigned)git_tree_entry_filemode(entry));
        free(path);
    }
    return l->ok ? 0 : GIT_EUSER;
}

static bool lay_commit(struct laying *l, const char *id)
{
    git_oid oid;
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    int rc = git_oid_fromstr(&oid, id);
    rc = rc == 0 ? git_commit_lookup(&commit, l->git->repository, &oid) : rc;
    rc = rc == 0 ? git_commit_tree(&tree, commit) : rc;
    rc = rc == 0 ? git_tree_walk(tree, GIT_TREEWALK_PRE, lay_entry, l) : rc;
    git_tree_free(tree);
    git_commit_free(commit);
    return l->ok && (rc == 0 || git_fail(l->err, rc, "cannot lay out %.10s", id));
}

static bool lay_index(struct laying *l)
{
    git_index *index = NULL;
    int rc = git_repository_index(&index, l->git->repository);
    if (rc != 0) {
        return git_fail(l->err, rc, "cannot read the index");
    }
    size_t count = git_index_entrycount(index);
    for (size_t i = 0; l->ok && i < count; i++) {
        const git_index_entry *entry = git_index_get_byindex(index, i);
        l->ok =
            git_index_entry_stage(entry) != 0 || lay_file(l, entry->path, &entry->id, entry->mode);
    }
    git_index_free(index);
    return l->ok;
}

bool compare_lay_out(const char *root, const char *id, const char *folder, struct err *err)
{
    struct git git;
    if (!git_open(root, &git, err)) {
        return false;
    }
    struct laying laying = {.git = &git, .err = err, .ok = true};
    laying.root = beneath_open_root(folder, err);
    bool ok = laying.root >= 0 && (id[0] == '\0' ? lay_index(&laying) : lay_commit(&laying, id));
    if (laying.root >= 0) {
        close(laying.root);
    }
    git_close(&git);
    return ok;
}

/* ---- the index as a source ---- */

struct index_source {
    struct git git;
    git_index *index;
    char *root;
};

struct index_source *index_source_new(const char *folder, struct err *err)
{
    struct index_source *source = MEM_NEW(struct index_source);
    if (!git_open(folder, &source->git, err)) {
        free(source);
        return NULL;
    }
    source->root = root_of(&source->git);
    int rc = git_repository_index(&source->index, source->git.repository);
    if (rc != 0) {
        git_fail(err, rc, "cannot read the index");
        index_source_free(source);
        return NULL;
    }
    return source;
}

void index_source_free(struct index_source *source)
{
    if (source != NULL) {
        git_index_free(source->index);
        git_close(&source->git);
        free(source->root);
        free(source);
    }
}

const char *index_source_root(const struct index_source *source)
{
    return source->root;
}

unsigned index_source_mode(const struct index_source *source, const char *path)
{
    const git_index_entry *entry = git_index_get_bypath(source->index, path, 0);
    return entry == NULL ? 0 : entry->mode;
}

bool index_source_read(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct index_source *source = data;
    const git_index_entry *entry = git_index_get_bypath(source->index, path, 0);
    if (entry == NULL) {
        char *below = mem_printf("%s/", path);
        size_t at;
        bool folder = git_index_find_prefix(&at, source->index, below) == 0;
        free(below);
        file->found = folder ? PATCH_FOLDER : PATCH_ABSENT;
        return true;
    }
    if ((entry->mode & 0170000) == MODE_MODULE) {
        return err_set(err, ERR_UNSUPPORTED, "%s is a submodule: it is not patched here", path);
    }
    struct reading reading = {.git = &source->git};
    file->found = PATCH_FILE;
    file->mode = entry->mode & 0111 ? 0755 : 0644;
    return blob_bytes(&reading, &entry->id, &file->bytes, err) || err_prefix(err, "%s", path);
}
