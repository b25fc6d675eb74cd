#include "repo/draft.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "repo/git.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { INDEX_MAX = 1 << 30, INDEX_TRIES = 40, INDEX_WAIT_MS = 50 };

static bool check_state(const struct git *git, struct err *err)
{
    int state = git_repository_state(git->repository);
    if (state != GIT_REPOSITORY_STATE_NONE && state != GIT_REPOSITORY_STATE_BISECT) {
        const char *what = state == GIT_REPOSITORY_STATE_MERGE        ? "a merge"
                           : state == GIT_REPOSITORY_STATE_REVERT     ? "a revert"
                           : state == GIT_REPOSITORY_STATE_CHERRYPICK ? "a cherry-pick"
                           : state >= GIT_REPOSITORY_STATE_REBASE     ? "a rebase"
                                                                      : "another operation";
        return err_set(err, ERR_CONFLICT,
            "%s is in progress: finish or abort it with git first, then commit here", what);
    }
    char *lock = path_join(git_repository_path(git->repository), "index.lock");
    bool held = access(lock, F_OK) == 0;
    if (held) {
        err_set(err, ERR_CONFLICT,
            "another git process is at work in this repository (%s exists): wait for it, or remove "
            "the file if none is running",
            lock);
    }
    free(lock);
    return !held;
}

static bool read_head(const struct git *git, struct draft *out, struct err *err)
{
    git_reference *head = NULL;
    int rc = git_reference_lookup(&head, git->repository, "HEAD");
    if (rc != 0) {
        return git_fail(err, rc, "cannot read HEAD");
    }
    if (git_reference_type(head) == GIT_REFERENCE_DIRECT) {
        out->ref = mem_strdup("HEAD");
        git_oid_tostr(out->parent, sizeof out->parent, git_reference_target(head));
        out->branch = mem_strndup(out->parent, 8);
        buf_append_c(&out->notes, "HEAD is detached: the commit will be on no branch\n");
    } else {
        git_oid id;
        const char *target = git_reference_symbolic_target(head);
        out->ref = mem_strdup(target);
        out->branch = mem_strdup(strncmp(target, "refs/heads/", 11) == 0 ? target + 11 : target);
        if (git_reference_name_to_id(&id, git->repository, target) == 0) {
            git_oid_tostr(out->parent, sizeof out->parent, &id);
        } else {
            buf_append_c(&out->notes, "this will be the first commit\n");
        }
    }
    git_reference_free(head);
    return true;
}

static char *config_text(git_config *config, const char *name)
{
    const char *value = NULL;
    return git_config_get_string(&value, config, name) == 0 ? mem_strdup(value) : NULL;
}

static char *config_path(git_config *config, const char *name)
{
    git_buf value = {0};
    char *path = git_config_get_path(&value, config, name) == 0 ? mem_strdup(value.ptr) : NULL;
    git_buf_dispose(&value);
    return path;
}

static bool lies_in(const char *folder, const char *path)
{
    char *real = realpath(folder, NULL);
    size_t len = real == NULL ? 0 : strlen(real);
    bool inside = real != NULL && strncmp(path, real, len) == 0 && path[len] == '/';
    free(real);
    return inside;
}

/* Signing would run it: what came with a repository, .git and all, runs nothing unasked. */
static bool is_the_repository_s(const struct git *git, git_config *config, const char *name)
{
    git_config_entry *entry = NULL;
    bool found = git_config_get_entry(&entry, config, name) == 0;
    bool own = !found || entry->level < GIT_CONFIG_LEVEL_LOCAL;
    git_config_entry_free(entry);
    char *program = own ? NULL : config_path(config, name);
    bool relative = program != NULL && program[0] != '/' && strchr(program, '/') != NULL;
    char *file = program == NULL || relative ? NULL : path_find_program(program);
    bool theirs =
        relative || (file != NULL && (lies_in(git->workdir, file) ||
                                         lies_in(git_repository_commondir(git->repository), file)));
    free(file);
    free(program);
    return theirs;
}

static bool read_program(
    const struct git *git, git_config *config, const char *name, struct draft *out, struct err *err)
{
    if (is_the_repository_s(git, config, name)) {
        return err_set(err, ERR_DENIED,
            "%s in .git/config names a program of this repository, which signing would run: if "
            "you want it, set it in your own configuration (git config --global)",
            name);
    }
    out->sign_program = config_path(config, name);
    return true;
}

static bool read_signing(
    const struct git *git, git_config *config, struct draft *out, struct err *err)
{
    int sign = 0;
    (void)git_config_get_bool(&sign, config, "commit.gpgsign");
    out->sign = sign != 0;
    out->sign_key = config_text(config, "user.signingkey");
    out->sign_format = config_text(config, "gpg.format");
    if (out->sign_format == NULL) {
        out->sign_format = mem_strdup("openpgp");
    }
    if (!out->sign) {
        return true;
    }
    char *name = mem_printf("gpg.%s.program", out->sign_format);
    bool ok = read_program(git, config, name, out, err);
    if (ok && out->sign_program == NULL && strcmp(out->sign_format, "openpgp") == 0) {
        ok = read_program(git, config, "gpg.program", out, err);
    }
    free(name);
    return ok;
}

static bool read_config(const struct git *git, struct draft *out, struct err *err)
{
    git_config *config = NULL;
    int rc = git_repository_config_snapshot(&config, git->repository);
    if (rc != 0) {
        return git_fail(err, rc, "cannot read git's configuration");
    }
    char *hooks = config_path(config, "core.hookspath");
    if (hooks == NULL) {
        out->hooks_dir = path_join(git_repository_commondir(git->repository), "hooks");
    } else {
        out->hooks_dir = path_join(git->workdir, hooks); /* an absolute one wins */
    }
    free(hooks);
    bool ok = read_signing(git, config, out, err);
    git_config_free(config);
    return ok;
}

/* Attributes whose work only git (or git-lfs) can do. */
static bool check_attributes(const struct git *git, const char *repo_path, struct err *err)
{
    static const struct {
        const char *name;
        const char *what;
    } attributes[] = {{"filter", "filter"}, {"working-tree-encoding", "working-tree-encoding"}};
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        const char *value = NULL;
        int rc = git_attr_get(
            &value, git->repository, GIT_ATTR_CHECK_FILE_THEN_INDEX, repo_path, attributes[i].name);
        if (rc == 0 && git_attr_value(value) == GIT_ATTR_VALUE_STRING) {
            return err_set(err, ERR_UNSUPPORTED,
                "%s has the git attribute %s=%s, which only git itself can apply: commit this file "
                "with git",
                repo_path, attributes[i].what, value);
        }
    }
    return true;
}

static bool check_submodules(const struct git *git, const char *repo_path, struct err *err)
{
    git_index *index = NULL;
    int rc = git_repository_index(&index, git->repository);
    if (rc != 0) {
        return git_fail(err, rc, "cannot read the index");
    }
    bool ok = true;
    char *folder = mem_strdup(repo_path);
    for (char *slash = strrchr(folder, '/'); ok && slash != NULL; slash = strrchr(folder, '/')) {
        *slash = '\0';
        const git_index_entry *entry = git_index_get_bypath(index, folder, 0);
        if (entry != NULL && entry->mode == GIT_FILEMODE_COMMIT) {
            ok = err_set(err, ERR_UNSUPPORTED,
                "%s is inside the submodule %s: open bylaw there to commit it", repo_path, folder);
        }
    }
    free(folder);
    git_index_free(index);
    return ok;
}

static git_blob *head_blob(const struct git *git, git_tree *tree, const char *repo_path)
{
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    if (tree != NULL && git_tree_entry_bypath(&entry, tree, repo_path) == 0 &&
        git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
        (void)git_blob_lookup(&blob, git->repository, git_tree_entry_id(entry));
    }
    git_tree_entry_free(entry);
    return blob;
}

static struct str blob_text(const git_blob *blob)
{
    return str_make(git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
}

static bool has_nul(struct str text)
{
    return text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
}

/* Ours and theirs over their ancestor; binary content only where one side did not change. */
static bool merge(struct str ancestor, struct str ours, struct str theirs, struct buf *out,
    bool *clean, struct err *err)
{
    *clean = true;
    if (str_equal(ancestor, ours)) {
        buf_append_str(out, theirs);
        return true;
    }
    if (str_equal(ancestor, theirs) || str_equal(ours, theirs)) {
        buf_append_str(out, ours);
        return true;
    }
    if (has_nul(ancestor) || has_nul(ours) || has_nul(theirs)) {
        *clean = false;
        return true;
    }
    return git_merge_text(ancestor, ours, theirs, out, clean, err);
}

/* What the commit holds for this change, in git's form. */
static bool committed_text(const struct git *git, const struct change *change, git_blob *head,
    const char *repo_path, struct buf *out, struct buf *notes, struct err *err)
{
    struct buf base = BUF_INIT;
    struct buf content = BUF_INIT;
    bool clean = false;
    bool ok = git_to_odb(git, repo_path, buf_str(&change->content), &content, err);
    if (ok && head != NULL && change->base_exists && change->moved_from == NULL) {
        ok = git_to_odb(git, repo_path, buf_str(&change->base), &base, err) &&
             merge(buf_str(&base), blob_text(head), buf_str(&content), out, &clean, err);
        if (ok && !clean) {
            buf_printf(notes,
                "%s: your uncommitted edits overlap with the accepted change and are committed "
                "with it\n",
                change->path);
        } else if (ok && !str_equal(buf_str(&base), blob_text(head))) {
            buf_printf(notes, "%s: your own uncommitted edits stay uncommitted\n", change->path);
        }
    }
    if (ok && !clean) {
        buf_clear(out);
        buf_append_str(out, buf_str(&content));
    }
    buf_free(&base);
    buf_free(&content);
    return ok;
}

static uint32_t file_mode(
    const struct git *git, git_tree *tree, const char *repo_path, const struct change *change)
{
    git_tree_entry *entry = NULL;
    uint32_t mode = GIT_FILEMODE_BLOB;
    struct stat st;
    char *full = path_join(git->workdir, repo_path);
    int trust = 1;
    git_config *config = NULL;
    if (git_repository_config_snapshot(&config, git->repository) == 0) {
        (void)git_config_get_bool(&trust, config, "core.filemode");
    }
    git_config_free(config);
    if (tree != NULL && trust == 0 && git_tree_entry_bypath(&entry, tree, repo_path) == 0) {
        mode = git_tree_entry_filemode(entry);
    } else if (trust != 0 && lstat(full, &st) == 0 ? (st.st_mode & 0100) != 0
                                                   : (change->mode & 0100u) != 0) {
        mode = GIT_FILEMODE_BLOB_EXECUTABLE;
    }
    git_tree_entry_free(entry);
    free(full);
    return mode;
}

static bool remove_path(git_index *index, const char *repo_path, struct err *err)
{
    int rc = git_index_remove(index, repo_path, 0);
    return rc == 0 || rc == GIT_ENOTFOUND || git_fail(err, rc, "cannot stage %s", repo_path);
}

static bool add_blob(const struct git *git, git_index *index, const char *repo_path, uint32_t mode,
    struct str text, struct err *err)
{
    git_index_entry entry = {.mode = mode, .path = repo_path, .file_size = (uint32_t)text.len};
    int rc = git_blob_create_from_buffer(
        &entry.id, git->repository, text.ptr == NULL ? "" : text.ptr, text.len);
    rc = rc == 0 ? git_index_add(index, &entry) : rc;
    return rc == 0 || git_fail(err, rc, "cannot stage %s", repo_path);
}

static bool stage_change(const struct git *git, git_index *index, git_tree *tree,
    const struct change *change, struct buf *notes, struct err *err)
{
    char *repo_path = git_repo_path(git, change->path);
    bool ok = check_attributes(git, repo_path, err) && check_submodules(git, repo_path, err);
    if (ok && change->moved_from != NULL && index != NULL) {
        char *from = git_repo_path(git, change->moved_from);
        ok = remove_path(index, from, err);
        free(from);
    }
    if (ok && change->kind == CHANGE_DELETE) {
        ok = index == NULL || remove_path(index, repo_path, err);
    } else if (ok) {
        struct buf text = BUF_INIT;
        git_blob *head = head_blob(git, tree, repo_path);
        ok = committed_text(git, change, head, repo_path, &text, notes, err) &&
             (index == NULL || add_blob(git, index, repo_path,
                                   file_mode(git, tree, repo_path, change), buf_str(&text), err));
        git_blob_free(head);
        buf_free(&text);
    }
    free(repo_path);
    return ok;
}

/* A copy of the real one, so that the stat data of unchanged files is there for hooks. */
static bool open_private_index(
    const struct git *git, struct draft *draft, git_tree *tree, git_index **out, struct err *err)
{
    char *real = path_join(git_repository_path(git->repository), "index");
    struct buf bytes = BUF_INIT;
    draft->index =
        mem_printf("%sbylaw-index-%d", git_repository_path(git->repository), (int)getpid());
    bool ok = true;
    if (access(real, F_OK) == 0) {
        ok = file_read(real, INDEX_MAX, &bytes, err) &&
             file_write(draft->index, buf_str(&bytes), 0600, err);
    }
    buf_free(&bytes);
    free(real);
    if (!ok) {
        return false;
    }
    int rc = git_index_open(out, draft->index);
    if (rc == 0) {
        rc = tree == NULL ? git_index_clear(*out) : git_index_read_tree(*out, tree);
    }
    return rc == 0 || git_fail(err, rc, "cannot prepare the commit's index");
}

static bool fill_index(const struct git *git, struct draft *out, const struct changes *changes,
    bool with_index, struct err *err)
{
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    git_index *index = NULL;
    bool ok = git_head_commit(git, &commit, err);
    int rc = ok && commit != NULL ? git_commit_tree(&tree, commit) : 0;
    if (rc != 0) {
        ok = git_fail(err, rc, "cannot read HEAD's tree");
    }
    ok = ok && (!with_index || open_private_index(git, out, tree, &index, err));
    VEC_FOREACH (struct change, change, changes) {
        ok = ok && stage_change(git, index, tree, change, &out->notes, err);
    }
    if (ok && with_index) {
        rc = git_index_write(index);
        ok = rc == 0 || git_fail(err, rc, "cannot write the commit's index");
    }
    git_index_free(index);
    git_tree_free(tree);
    git_commit_free(commit);
    return ok;
}

bool draft_prepare(const char *root, const struct changes *changes, bool with_index,
    struct draft *out, struct err *err)
{
    struct git git;
    *out = (struct draft){0};
    if (!git_open(root, &git, err)) {
        return false;
    }
    out->root = mem_strdup(root);
    out->workdir = mem_strdup(git.workdir);
    out->git_dir = mem_strdup(git_repository_path(git.repository));
    bool ok = check_state(&git, err) && read_head(&git, out, err) && read_config(&git, out, err) &&
              repo_author_read(root, false, &out->author, err) &&
              repo_author_read(root, true, &out->committer, err) &&
              fill_index(&git, out, changes, with_index, err);
    git_close(&git);
    if (!ok) {
        draft_free(out);
    }
    return ok;
}

void draft_free(struct draft *draft)
{
    if (draft->index != NULL) {
        (void)unlink(draft->index);
    }
    free(draft->root);
    free(draft->workdir);
    free(draft->git_dir);
    free(draft->hooks_dir);
    free(draft->index);
    free(draft->branch);
    free(draft->ref);
    free(draft->sign_format);
    free(draft->sign_program);
    free(draft->sign_key);
    repo_author_free(&draft->author);
    repo_author_free(&draft->committer);
    buf_free(&draft->notes);
    *draft = (struct draft){0};
}

static git_commit *find_commit(const struct git *git, const char *hex)
{
    git_oid id;
    git_commit *commit = NULL;
    if (hex[0] == '\0' || git_oid_fromstr(&id, hex) != 0 ||
        git_commit_lookup(&commit, git->repository, &id) != 0) {
        return NULL;
    }
    return commit;
}

bool draft_write_tree(const struct draft *draft, char tree[REPO_ID_SIZE], struct err *err)
{
    struct git git;
    git_index *index = NULL;
    git_oid id;
    if (!git_open(draft->root, &git, err)) {
        return false;
    }
    int rc = git_index_open(&index, draft->index);
    rc = rc == 0 ? git_index_write_tree_to(&id, index, git.repository) : rc;
    bool ok = rc == 0 || git_fail(err, rc, "cannot write the commit's tree");
    git_commit *parent = find_commit(&git, draft->parent);
    if (ok && parent != NULL && git_oid_equal(git_commit_tree_id(parent), &id)) {
        ok = err_set(err, ERR_INVALID,
            "there is nothing to commit: what was accepted is what %s already holds",
            draft->branch);
    }
    if (ok) {
        git_oid_tostr(tree, REPO_ID_SIZE, &id);
    }
    git_commit_free(parent);
    git_index_free(index);
    git_close(&git);
    return ok;
}

static int make_signature(git_signature **out, const struct repo_author *author)
{
    time_t now = (time_t)(loop_wall_ms() / 1000);
    struct tm local;
    localtime_r(&now, &local);
    return git_signature_new(
        out, author->name, author->email, (git_time_t)now, (int)(local.tm_gmtoff / 60));
}

bool draft_commit_buffer(const struct draft *draft, const char *tree_hex, const char *message,
    struct buf *out, struct err *err)
{
    struct git git;
    if (!git_open(draft->root, &git, err)) {
        return false;
    }
    git_signature *author = NULL;
    git_signature *committer = NULL;
    git_tree *tree = NULL;
    git_oid id;
    git_buf bytes = {0};
    git_commit *parent = find_commit(&git, draft->parent);
    bool ok = true;
    int rc = make_signature(&author, &draft->author);
    rc = rc == 0 ? make_signature(&committer, &draft->committer) : rc;
    rc = rc == 0 ? git_oid_fromstr(&id, tree_hex) : rc;
    rc = rc == 0 ? git_tree_lookup(&tree, git.repository, &id) : rc;
    if (rc == 0 && parent == NULL && draft->parent[0] != '\0') {
        ok = err_set(err, ERR_CONFLICT, "the commit that HEAD was on is gone: try again");
    } else if (rc == 0) {
        const git_commit *parents[1] = {parent};
        rc = git_commit_create_buffer(&bytes, git.repository, author, committer, NULL, message,
            tree, parent == NULL ? 0 : 1, parents);
    }
    if (ok && rc != 0) {
        ok = git_fail(err, rc, "cannot make the commit");
    }
    if (ok) {
        buf_append(out, bytes.ptr, bytes.size);
    }
    git_buf_dispose(&bytes);
    git_commit_free(parent);
    git_tree_free(tree);
    git_signature_free(author);
    git_signature_free(committer);
    git_close(&git);
    return ok;
}

static bool head_still_names(const struct git *git, const char *ref)
{
    git_reference *head = NULL;
    bool same = false;
    if (git_reference_lookup(&head, git->repository, "HEAD") == 0) {
        bool direct = git_reference_type(head) == GIT_REFERENCE_DIRECT;
        same = direct ? strcmp(ref, "HEAD") == 0
                      : strcmp(ref, git_reference_symbolic_target(head)) == 0;
    }
    git_reference_free(head);
    return same;
}

bool draft_commit_write(const struct draft *draft, const char *buffer, const char *signature,
    const char *message, char id_hex[REPO_ID_SIZE], struct err *err)
{
    struct git git;
    if (!git_open(draft->root, &git, err)) {
        return false;
    }
    git_oid id;
    git_oid parent;
    git_reference *moved = NULL;
    bool has_parent = draft->parent[0] != '\0';
    bool ok =
        head_still_names(&git, draft->ref) ||
        err_set(err, ERR_CONFLICT,
            "HEAD was switched to another branch meanwhile: nothing was committed, look at it "
            "and try again");
    int rc = 0;
    if (ok) {
        rc = git_commit_create_with_signature(&id, git.repository, buffer, signature, NULL);
        rc = rc == 0 && has_parent ? git_oid_fromstr(&parent, draft->parent) : rc;
    }
    if (ok && rc == 0) {
        size_t line = strcspn(message, "\n");
        char *log =
            mem_printf("commit%s: %.*s", has_parent ? "" : " (initial)", (int)line, message);
        rc = git_reference_create_matching(
            &moved, git.repository, draft->ref, &id, has_parent, has_parent ? &parent : NULL, log);
        free(log);
    }
    if (ok && (rc == GIT_EMODIFIED || rc == GIT_EEXISTS)) {
        ok = err_set(err, ERR_CONFLICT,
            "%s moved while the commit was made (another commit, or a pull): nothing was "
            "committed, "
            "look at it and try again",
            draft->branch);
    } else if (ok && rc != 0) {
        ok = git_fail(err, rc, "cannot move %s to the new commit", draft->branch);
    }
    if (ok) {
        git_oid_tostr(id_hex, REPO_ID_SIZE, &id);
    }
    git_reference_free(moved);
    git_close(&git);
    return ok;
}

static void fill_stat(const struct git *git, git_index_entry *entry)
{
    char *full = path_join(git->workdir, entry->path);
    git_oid id;
    struct stat st;
    if (lstat(full, &st) == 0 && S_ISREG(st.st_mode) &&
        git_repository_hashfile(&id, git->repository, entry->path, GIT_OBJECT_BLOB, NULL) == 0 &&
        git_oid_equal(&id, &entry->id)) {
        entry->ctime.seconds = (int32_t)st.st_ctim.tv_sec;
        entry->ctime.nanoseconds = (uint32_t)st.st_ctim.tv_nsec;
        entry->mtime.seconds = (int32_t)st.st_mtim.tv_sec;
        entry->mtime.nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
        entry->dev = (uint32_t)st.st_dev;
        entry->ino = (uint32_t)st.st_ino;
        entry->uid = (uint32_t)st.st_uid;
        entry->gid = (uint32_t)st.st_gid;
        entry->file_size = (uint32_t)st.st_size;
    }
    free(full);
}

/* The engineer has staged something else in this path: both changes go into the entry when they do
 * not overlap; else it stays as it was staged. */
static bool merge_staged(const struct git *git, git_index *index, const git_diff_delta *delta,
    const git_index_entry *staged, struct buf *notes, struct err *err)
{
    git_blob *blobs[3] = {NULL, NULL, NULL};
    const git_oid *ids[3] = {&delta->old_file.id, &staged->id, &delta->new_file.id};
    bool all = delta->status == GIT_DELTA_MODIFIED;
    for (size_t i = 0; all && i < 3; i++) {
        all = git_blob_lookup(&blobs[i], git->repository, ids[i]) == 0;
    }
    struct buf text = BUF_INIT;
    bool clean = false;
    bool ok = !all || merge(blob_text(blobs[0]), blob_text(blobs[1]), blob_text(blobs[2]), &text,
                          &clean, err);
    if (ok && clean) {
        ok = add_blob(git, index, delta->new_file.path, delta->new_file.mode, buf_str(&text), err);
    } else if (ok) {
        buf_printf(notes, "%s: what you had staged stays staged as it was\n", delta->new_file.path);
    }
    for (size_t i = 0; i < 3; i++) {
        git_blob_free(blobs[i]);
    }
    buf_free(&text);
    return ok;
}

static bool update_entry(const struct git *git, git_index *index, const git_diff_delta *delta,
    struct buf *notes, struct err *err)
{
    const char *path = delta->new_file.path;
    const git_index_entry *have = git_index_get_bypath(index, path, 0);
    bool was_new = delta->status == GIT_DELTA_ADDED;
    bool untouched = have == NULL ? was_new || delta->status == GIT_DELTA_DELETED
                                  : !was_new && git_oid_equal(&have->id, &delta->old_file.id);
    bool there = have != NULL && git_oid_equal(&have->id, &delta->new_file.id);
    if (!untouched && !there) {
        return have == NULL || merge_staged(git, index, delta, have, notes, err);
    }
    if (delta->status == GIT_DELTA_DELETED) {
        return remove_path(index, path, err);
    }
    git_index_entry entry = {.mode = delta->new_file.mode, .path = path, .id = delta->new_file.id};
    fill_stat(git, &entry);
    int rc = git_index_add(index, &entry);
    return rc == 0 || git_fail(err, rc, "cannot stage %s", path);
}

/* Another git process holds index.lock for an instant at most (a prompt that runs git status). */
static int write_index(git_index *index)
{
    int rc = git_index_write(index);
    for (int tries = 0; rc == GIT_ELOCKED && tries < INDEX_TRIES; tries++) {
        struct timespec wait = {.tv_nsec = INDEX_WAIT_MS * 1000000L};
        nanosleep(&wait, NULL);
        rc = git_index_write(index);
    }
    return rc;
}

bool draft_update_index(struct draft *draft, const char *id, struct err *err)
{
    struct git git;
    if (!git_open(draft->root, &git, err)) {
        return false;
    }
    git_index *index = NULL;
    git_diff *diff = NULL;
    git_tree *old = NULL;
    git_tree *new = NULL;
    git_commit *parent = find_commit(&git, draft->parent);
    git_commit *commit = find_commit(&git, id);
    int rc = commit == NULL ? GIT_ENOTFOUND : git_commit_tree(&new, commit);
    rc = rc == 0 && parent != NULL ? git_commit_tree(&old, parent) : rc;
    rc = rc == 0 ? git_diff_tree_to_tree(&diff, git.repository, old, new, NULL) : rc;
    rc = rc == 0 ? git_repository_index(&index, git.repository) : rc;
    rc = rc == 0 ? git_index_read(index, 0) : rc;
    bool ok = rc == 0 || git_fail(err, rc, "cannot read the index");
    size_t count = ok ? git_diff_num_deltas(diff) : 0;
    for (size_t i = 0; ok && i < count; i++) {
        ok = update_entry(&git, index, git_diff_get_delta(diff, i), &draft->notes, err);
    }
    if (ok) {
        rc = write_index(index);
        ok = rc == 0 || git_fail(err, rc, "cannot write the index");
    }
    git_commit_free(parent);
    git_commit_free(commit);
    git_tree_free(old);
    git_tree_free(new);
    git_diff_free(diff);
    git_index_free(index);
    git_close(&git);
    return ok;
}
