#include "repo/git.h"

#include "base/path.h"

#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 8
#include <git2/sys/errors.h> /* git_error_clear went there */
#endif
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
    git_libgit2_init();
}

void git_start(void)
{
    pthread_once(&once, start);
}

static enum err_kind kind_of(int rc)
{
    switch (rc) {
    case GIT_ENOTFOUND:
        return ERR_NOT_FOUND;
    case GIT_EEXISTS:
        return ERR_EXISTS;
    case GIT_ELOCKED:
    case GIT_EMODIFIED:
    case GIT_EMERGECONFLICT:
    case GIT_ECONFLICT:
        return ERR_CONFLICT;
    case GIT_EINVALIDSPEC:
    case GIT_EINVALID:
        return ERR_INVALID;
    default:
        return ERR_IO;
    }
}

bool git_fail(struct err *err, int rc, const char *fmt, ...)
{
    char what[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    const git_error *last = git_error_last(); /* may be NULL even after an error */
    return err_set(err, kind_of(rc), "%s: %s", what,
        last != NULL && last->message != NULL ? last->message : "git gave no reason");
}

/* 1.5.1 says GIT_ENOTFOUND and names safe.directory where later versions say GIT_EOWNER. */
static bool is_ownership(int rc)
{
    const git_error *last = git_error_last();
    return rc == GIT_EOWNER || (rc == GIT_ENOTFOUND && last != NULL && last->message != NULL &&
                                   strstr(last->message, "safe.directory") != NULL);
}

/* libgit2 opens what it reads without looking at it, and would wait at a named pipe for ever. */
static bool check_files(const char *folder, const char *const *names, size_t count, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        struct stat st;
        char *path = path_join(folder, names[i]);
        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
            ok = err_set(err, ERR_INVALID,
                "%s is a device, pipe or socket, not a file: git would wait for it, remove it",
                path);
        }
        free(path);
    }
    return ok;
}

/* In the work tree down to the workspace's folder. */
static bool check_tree(const struct git *git, const char *root, struct err *err)
{
    static const char *const names[] = {".gitignore", ".gitattributes", ".gitmodules"};
    size_t end = strlen(git->workdir) - 1;
    bool ok = true;
    for (; ok; end++) {
        if (root[end] == '/' || root[end] == '\0') {
            char *folder = mem_strndup(root, end);
            ok = check_files(folder, names, ARRAY_LEN(names), err);
            free(folder);
        }
        if (root[end] == '\0') {
            break;
        }
    }
    static const char *const own[] = {"info/exclude", "info/attributes"};
    return ok && check_files(git_repository_commondir(git->repository), own, ARRAY_LEN(own), err);
}

/* Before libgit2 opens it: `folder` is the workspace's or one above. */
static bool check_config(const char *root, struct err *err)
{
    static const char *const names[] = {".git/config", ".git/HEAD", ".git/commondir"};
    char *folder = path_git_root(root);
    bool ok = folder == NULL || check_files(folder, names, ARRAY_LEN(names), err);
    free(folder);
    return ok;
}

bool git_open(const char *root, struct git *git, struct err *err)
{
    git_start();
    *git = (struct git){0};
    git_error_clear();
    if (!check_config(root, err)) {
        return false;
    }
    int rc = git_repository_open_ext(&git->repository, root, 0, NULL);
    if (rc != 0 && is_ownership(rc)) {
        return err_set(err, ERR_DENIED,
            "the repository of %s belongs to another user, so git does not use it: if you trust "
            "it, "
            "git config --global --add safe.directory %s",
            root, root);
    }
    if (rc == GIT_ENOTFOUND) {
        return err_set(
            err, ERR_NOT_FOUND, "%s is not in a git repository: git init makes one", root);
    }
    if (rc != 0) {
        return git_fail(err, rc, "cannot open the repository of %s", root);
    }
    const char *workdir = git_repository_workdir(git->repository);
    char *real = workdir == NULL ? NULL : realpath(workdir, NULL);
    if (real == NULL) {
        err_set(err, ERR_UNSUPPORTED,
            workdir == NULL ? "the repository of %s is bare: it has no files to work on"
                            : "the working folder of the repository of %s is missing",
            root);
        git_close(git);
        return false;
    }
    size_t len = strlen(real);
    bool inside = strncmp(root, real, len) == 0 && (root[len] == '/' || root[len] == '\0');
    if (!inside) {
        err_set(err, ERR_UNSUPPORTED, "the repository of %s has its files elsewhere, in %s", root,
            real);
        free(real);
        git_close(git);
        return false;
    }
    git->prefix = root[len] == '/' ? mem_printf("%s/", root + len + 1) : mem_strdup("");
    git->workdir = mem_printf("%s/", real);
    free(real);
    if (!check_tree(git, root, err)) {
        git_close(git);
        return false;
    }
    return true;
}

void git_close(struct git *git)
{
    git_repository_free(git->repository);
    free(git->workdir);
    free(git->prefix);
    *git = (struct git){0};
}

char *git_repo_path(const struct git *git, const char *path)
{
    return mem_printf("%s%s", git->prefix, path);
}

bool git_head_commit(const struct git *git, git_commit **commit, struct err *err)
{
    *commit = NULL;
    git_reference *head = NULL;
    int rc = git_repository_head(&head, git->repository);
    if (rc == GIT_EUNBORNBRANCH || rc == GIT_ENOTFOUND) {
        return true;
    }
    if (rc == 0) {
        rc = git_reference_peel((git_object **)commit, head, GIT_OBJECT_COMMIT);
    }
    git_reference_free(head);
    return rc == 0 || git_fail(err, rc, "cannot read HEAD");
}

bool git_to_odb(const struct git *git, const char *repo_path, struct str bytes, struct buf *out,
    struct err *err)
{
    git_filter_list *filters = NULL;
    git_buf filtered = {0};
    int rc = git_filter_list_load(
        &filters, git->repository, NULL, repo_path, GIT_FILTER_TO_ODB, GIT_FILTER_ALLOW_UNSAFE);
    if (rc == 0 && filters != NULL) {
        rc = git_filter_list_apply_to_buffer(
            &filtered, filters, bytes.ptr == NULL ? "" : bytes.ptr, bytes.len);
        if (rc == 0) {
            buf_append(out, filtered.ptr, filtered.size);
        }
    } else if (rc == 0) {
        buf_append_str(out, bytes);
    }
    git_buf_dispose(&filtered);
    git_filter_list_free(filters);
    return rc == 0 || git_fail(err, rc, "cannot convert %s for git", repo_path);
}

bool git_to_worktree(
    const struct git *git, const char *repo_path, git_blob *blob, struct buf *out, struct err *err)
{
    git_filter_list *filters = NULL;
    git_buf filtered = {0};
    int rc = git_filter_list_load(
        &filters, git->repository, blob, repo_path, GIT_FILTER_TO_WORKTREE, GIT_FILTER_DEFAULT);
    if (rc == 0 && filters != NULL) {
        rc = git_filter_list_apply_to_blob(&filtered, filters, blob);
        if (rc == 0) {
            buf_append(out, filtered.ptr, filtered.size);
        }
    } else if (rc == 0) {
        buf_append(out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    }
    git_buf_dispose(&filtered);
    git_filter_list_free(filters);
    return rc == 0 || git_fail(err, rc, "cannot convert %s from git", repo_path);
}

bool git_merge_text(struct str ancestor, struct str ours, struct str theirs, struct buf *out,
    bool *clean, struct err *err)
{
    git_start();
    git_merge_file_input in[3];
    struct str texts[3] = {ancestor, ours, theirs};
    for (size_t i = 0; i < 3; i++) {
        git_merge_file_input_init(&in[i], GIT_MERGE_FILE_INPUT_VERSION);
        in[i].ptr = texts[i].ptr == NULL ? "" : texts[i].ptr;
        in[i].size = texts[i].len;
    }
    git_merge_file_result result = {0};
    int rc = git_merge_file(&result, &in[0], &in[1], &in[2], NULL);
    *clean = rc == 0 && result.automergeable != 0;
    if (*clean) {
        buf_append(out, result.ptr, result.len);
    }
    git_merge_file_result_free(&result);
    return rc == 0 || git_fail(err, rc, "cannot merge");
}
