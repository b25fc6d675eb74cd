#include "workspace/overlay.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "repo/shadow.h"
#include "workspace/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/fs.h>
#endif

static const uint64_t FILE_MAX = 64u << 20;
static const uint64_t TOTAL_MAX = 2048ull << 20;
static const int64_t CLOCK_GRAIN_NS = 20000000;
enum { COPY_CHUNK = 1 << 20 };

struct paths {
    char **items; /* sorted once complete */
    size_t len, cap;
};

struct overlay {
    const struct workspace *workspace;
    struct scratch scratch; /* holds the tree */
    char *root;
    int fd;             /* open on root */
    const char *git_of; /* the folder whose repository git shows there; NULL: none */
    bool (*left_out)(const void *data, const char *path); /* may be NULL */
    const void *left_out_data;
    struct files synced; /* what of the workspace the tree holds */
    struct paths laid;   /* paths that differ from the workspace because of a change set */
    struct changes held; /* that set */
    struct paths moved;  /* what the last apply put otherwise than it was; only of the quick one */
    bool is_known;       /* synced and held are what the tree holds */
    size_t copied;
    size_t skipped;
    atomic_bool cancel;
    bool busy;
};

static void paths_free(struct paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

struct overlay *overlay_new(const struct workspace *workspace, struct err *err)
{
    return overlay_new_named(workspace, NULL, err);
}

struct overlay *overlay_new_named(
    const struct workspace *workspace, const char *name_of_it, struct err *err)
{
    struct overlay *overlay = MEM_NEW(struct overlay);
    overlay->workspace = workspace;
    overlay->git_of = workspace_root(workspace);
    overlay->fd = -1;
    bool ok = false;
    if (name_of_it == NULL ? scratch_make(&overlay->scratch, err)
                           : scratch_make_named(&overlay->scratch, name_of_it, err)) {
        const char *name = workspace_name(workspace);
        char *tree = path_join(overlay->scratch.folder, name[0] == '/' ? "root" : name);
        if (path_make_dirs(tree, err)) {
            overlay->root = realpath(tree, NULL);
            overlay->fd = beneath_open_root(tree, err);
            ok = overlay->root != NULL && overlay->fd >= 0;
        }
        free(tree);
    }
    if (!ok) {
        overlay_free(overlay);
        return NULL;
    }
    return overlay;
}

void overlay_use_git(struct overlay *overlay, const char *root)
{
    overlay->git_of = root;
}

void overlay_leave_out(
    struct overlay *overlay, bool (*left_out)(const void *data, const char *path), const void *data)
{
    overlay->left_out = left_out;
    overlay->left_out_data = data;
}

void overlay_free(struct overlay *overlay)
{
    if (overlay == NULL) {
        return;
    }
    if (overlay->fd >= 0) {
        close(overlay->fd);
    }
    scratch_remove(&overlay->scratch);
    files_free(&overlay->synced);
    paths_free(&overlay->laid);
    paths_free(&overlay->moved);
    changes_free(&overlay->held);
    free(overlay->root);
    free(overlay);
}

void overlay_sweep(void)
{
    scratch_sweep();
}

const char *overlay_root(const struct overlay *overlay)
{
    return overlay->root;
}

size_t overlay_copied(const struct overlay *overlay)
{
    return overlay->copied;
}

size_t overlay_skipped(const struct overlay *overlay)
{
    return overlay->skipped;
}

/* Removes whatever stands at path in the tree; a program run in it may have put anything there. */
static bool clear_path(const struct overlay *overlay, const char *path, struct err *err)
{
    struct stat st;
    struct err cause = {0};
    if (!beneath_stat(overlay->fd, path, &st, &cause)) {
        return cause.kind == ERR_NOT_FOUND || err_set(err, cause.kind, "%s", cause.text);
    }
    if (S_ISDIR(st.st_mode)) {
        char *full = path_join(overlay->root, path);
        bool ok = path_remove_tree(full, err);
        free(full);
        return ok;
    }
    const char *base;
    int dir = beneath_open_parent(overlay->fd, path, &base, err);
    if (dir < 0) {
        return false;
    }
    bool ok = unlinkat(dir, base, 0) == 0;
    if (!ok) {
        err_set_errno(err, errno, "cannot remove %s from the scratch copy", path);
    }
    close(dir);
    return ok;
}

/* A new file, opened for writing, in folders made for it. */
static int create(const struct overlay *overlay, const char *path, unsigned mode, struct err *err)
{
    const char *base;
    int dir = beneath_open_parent(overlay->fd, path, &base, NULL);
    if (dir < 0) {
        if (!beneath_make_parents(overlay->fd, path, NULL, NULL, err)) {
            return -1;
        }
        dir = beneath_open_parent(overlay->fd, path, &base, err);
        if (dir < 0) {
            return -1;
        }
    }
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir, base, flags, mode | 0600u);
    int errnum = errno;
    if (fd < 0 && errnum == EEXIST) {
        if (clear_path(overlay, path, err)) {
            fd = openat(dir, base, flags, mode | 0600u);
            errnum = errno;
        }
    }
    if (fd < 0) {
        err_set_errno(err, errnum, "cannot write %s in the scratch copy", path);
    }
    close(dir);
    return fd;
}

static bool copy_bytes(int from, int to, uint64_t size, const char *path, struct err *err)
{
#ifdef FICLONE
    if (size > 0 && ioctl(to, FICLONE, from) == 0) {
        return true;
    }
#endif
    uint64_t left = size;
    bool by_kernel = true;
    char *chunk = NULL;
    bool ok = true;
    while (ok) {
        ssize_t got = 0;
        if (by_kernel && left > 0) {
            got = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
            if (got < 0) {
                by_kernel = false; /* other file systems, old kernels */
                continue;
            }
            left -= (uint64_t)got;
        } else {
            by_kernel = false;
            chunk = chunk == NULL ? mem_alloc(COPY_CHUNK) : chunk;
            got = read(from, chunk, COPY_CHUNK);
            if (got < 0) {
                ok = err_set_errno(err, errno, "cannot read %s", path);
            } else if (!file_write_all(to, str_make(chunk, (size_t)got), err)) {
                ok = err_prefix(err, "%s in the scratch copy", path);
            }
        }
        if (got == 0 || (by_kernel && left == 0)) {
            break;
        }
    }
    free(chunk);
    return ok;
}

static bool copy_file(struct overlay *overlay, const struct file_entry *entry, struct err *err)
{
    struct stat st;
    struct err cause = {0};
    int from = beneath_open(workspace_fd(overlay->workspace), entry->path, &st, &cause);
    if (from < 0) {
        /* Gone or unreadable since it was listed: the copy is without it too, as the engine would
         * find it in the workspace. */
        return true;
    }
    int to = create(overlay, entry->path, (unsigned)st.st_mode & 0777u, err);
    bool ok = to >= 0 && copy_bytes(from, to, (uint64_t)st.st_size, entry->path, err);
    if (to >= 0) {
        close(to);
    }
    close(from);
    overlay->copied += ok;
    return ok;
}

/* A link's target may not be absolute nor climb above the root. ".." counts only at its front: the
 * folders above a listed link are real ones, while behind a name it could climb out of another
 * link. */
static bool stays_inside(const char *path, const char *target)
{
    if (target[0] == '/' || target[0] == '\0') {
        return false;
    }
    long depth = 0;
    bool went_down = false;
    for (const char *p = path; *p != '\0'; p++) {
        depth += *p == '/';
    }
    struct str rest = str_of(target);
    while (rest.len > 0) {
        size_t slash = str_find_char(rest, '/', 0);
        struct str part = slash == (size_t)-1 ? rest : str_slice(rest, 0, slash);
        rest = slash == (size_t)-1 ? str_from(rest, rest.len) : str_from(rest, slash + 1);
        if (str_equal_c(part, "..")) {
            depth--;
            if (went_down || depth < 0) {
                return false;
            }
        } else if (str_equal_c(part, ".git")) {
            return false;
        } else if (part.len > 0 && !str_equal_c(part, ".")) {
            went_down = true;
        }
    }
    return true;
}

static bool copy_link(struct overlay *overlay, const struct file_entry *entry, struct err *err)
{
    if (!stays_inside(entry->path, entry->target)) {
        overlay->skipped++;
        return true;
    }
    const char *base;
    if (!clear_path(overlay, entry->path, err) ||
        !beneath_make_parents(overlay->fd, entry->path, NULL, NULL, err)) {
        return false;
    }
    int dir = beneath_open_parent(overlay->fd, entry->path, &base, err);
    if (dir < 0) {
        return false;
    }
    bool ok = symlinkat(entry->target, dir, base) == 0;
    if (!ok) {
        err_set_errno(err, errno, "cannot make the link %s in the scratch copy", entry->path);
    }
    close(dir);
    overlay->copied += ok;
    return ok;
}

static bool copy_entry(struct overlay *overlay, const struct file_entry *entry, struct err *err)
{
    if (entry->odd_name || (!entry->is_link && entry->stamp.size > FILE_MAX)) {
        overlay->skipped++;
        return true;
    }
    return entry->is_link ? copy_link(overlay, entry, err) : copy_file(overlay, entry, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_laid(const struct overlay *overlay, const char *path)
{
    return overlay->laid.len > 0 &&
           bsearch(&path, overlay->laid.items, overlay->laid.len, sizeof(char *), by_name) != NULL;
}

static bool same_entry(const struct file_entry *a, const struct file_entry *b)
{
    return a->is_link == b->is_link && file_stamp_equal(&a->stamp, &b->stamp) &&
           (!a->is_link || strcmp(a->target, b->target) == 0);
}

static bool is_cancelled(const atomic_bool *cancel)
{
    return cancel != NULL && *cancel;
}

/* Walks the old and the new listing side by side. */
static bool sync_tree(
    struct overlay *overlay, const struct files *now, const atomic_bool *cancel, struct err *err)
{
    const struct files *had = &overlay->synced;
    size_t i = 0;
    size_t j = 0;
    uint64_t total = 0;
    while (i < had->len || j < now->len) {
        if (is_cancelled(cancel)) {
            return err_set(err, ERR_CANCELLED, "the scratch copy was cancelled");
        }
        int order = i >= had->len   ? 1
                    : j >= now->len ? -1
                                    : strcmp(had->items[i].path, now->items[j].path);
        if (order < 0) {
            if (!had->items[i].odd_name && !clear_path(overlay, had->items[i].path, err)) {
                return false;
            }
            i++;
            continue;
        }
        const struct file_entry *entry = &now->items[j++];
        const struct file_entry *old = order == 0 ? &had->items[i++] : NULL;
        total += entry->stamp.size > FILE_MAX ? 0 : entry->stamp.size;
        if (total > TOTAL_MAX) {
            return err_set(err, ERR_LIMIT,
                "the workspace is larger than 2 GiB: too large for a scratch copy; ignore what is "
                "no policy in .gitignore");
        }
        if ((old == NULL || !same_entry(old, entry) || is_laid(overlay, entry->path)) &&
            !copy_entry(overlay, entry, err)) {
            return false;
        }
    }
    return true;
}

/* Removes what the earlier set laid out and the workspace does not have. */
static bool undo_laid(struct overlay *overlay, const struct files *now, struct err *err)
{
    VEC_FOREACH (char *, path, &overlay->laid) {
        if (files_find(now, *path) == NULL && !clear_path(overlay, *path, err)) {
            return false;
        }
    }
    return true;
}

static void note_laid(struct overlay *overlay, const struct changes *changes)
{
    changes_free(&overlay->held);
    if (changes == NULL) {
        return;
    }
    overlay->held = changes_copy(changes);
    VEC_FOREACH (const struct change, change, changes) {
        VEC_PUSH(&overlay->laid, mem_strdup(change->path));
        if (change->moved_from != NULL) {
            VEC_PUSH(&overlay->laid, mem_strdup(change->moved_from));
        }
    }
    if (overlay->laid.len > 0) {
        qsort(overlay->laid.items, overlay->laid.len, sizeof(char *), by_name);
    }
}

static bool put_content(const struct overlay *overlay, const struct change *change, struct err *err)
{
    int fd = create(overlay, change->path, change->mode == 0 ? 0644 : change->mode & 0777u, err);
    if (fd < 0) {
        return false;
    }
    bool ok = file_write_all(fd, buf_str(&change->content), err);
    close(fd);
    return ok || err_prefix(err, "%s in the scratch copy", change->path);
}

static bool lay_out(struct overlay *overlay, const struct changes *changes, struct err *err)
{
    if (changes == NULL) {
        return true;
    }
    VEC_FOREACH (struct change, change, changes) {
        const char *gone = change->kind == CHANGE_DELETE ? change->path : change->moved_from;
        if (gone != NULL && !clear_path(overlay, gone, err)) {
            return false;
        }
    }
    VEC_FOREACH (struct change, change, changes) {
        if (change->kind != CHANGE_DELETE &&
            !(clear_path(overlay, change->path, err) && put_content(overlay, change, err))) {
            return false;
        }
    }
    return true;
}

void overlay_doubt(struct overlay *overlay, const char *path)
{
    overlay->is_known = false;
    size_t at = 0;
    while (at < overlay->laid.len && strcmp(overlay->laid.items[at], path) < 0) {
        at++;
    }
    VEC_INSERT(&overlay->laid, at, mem_strdup(path));
}

/* After a failure nothing is known about the tree: the next call starts from an empty one. */
static void forget(struct overlay *overlay)
{
    overlay->is_known = false;
    files_free(&overlay->synced);
    paths_free(&overlay->laid);
    paths_free(&overlay->moved);
    changes_free(&overlay->held);
    struct dirent *entry;
    int fd = beneath_open_dir(overlay->fd, "", NULL);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *full = path_join(overlay->root, entry->d_name);
            (void)!path_remove_tree(full, NULL);
            free(full);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

/* A file written so lately that it may be written again without its time changing (the clock's
 * grain is a few ms) is copied anew next time. */
static void distrust_young(struct files *files, int64_t listed_ns)
{
    VEC_FOREACH (struct file_entry, entry, files) {
        if (entry->stamp.mtime_ns > listed_ns - CLOCK_GRAIN_NS) {
            entry->stamp.mtime_ns = 0;
        }
    }
}

/* The file .git that says where the repository is, whatever a program has made of it meanwhile.
 * That there is none is no reason to do without the copy. */
static void point_at_git(struct overlay *overlay)
{
    struct err err;
    struct stat st;
    char *file = path_join(overlay->root, ".git");
    char *folder = path_join(overlay->scratch.folder, ".repository");
    if (fstatat(overlay->fd, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0) {
        (void)!path_remove_tree(file, NULL);
    }
    if (overlay->git_of != NULL && shadow_make(overlay->git_of, folder, overlay->root, &err)) {
        char *line = mem_printf("gitdir: %s\n", folder);
        int fd =
            openat(overlay->fd, ".git", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void)!file_write_all(fd, str_of(line), &err);
            close(fd);
        }
        free(line);
    }
    free(folder);
    free(file);
}

static void drop_left_out(const struct overlay *overlay, struct files *files)
{
    size_t kept = 0;
    for (size_t i = 0; overlay->left_out != NULL && i < files->len; i++) {
        if (overlay->left_out(overlay->left_out_data, files->items[i].path)) {
            free(files->items[i].path);
            free(files->items[i].target);
        } else {
            files->items[kept++] = files->items[i];
        }
    }
    files->len = overlay->left_out == NULL ? files->len : kept;
}

bool overlay_apply(struct overlay *overlay, const struct changes *changes,
    const atomic_bool *cancel, struct err *err)
{
    struct timespec listed;
    clock_gettime(CLOCK_REALTIME, &listed);
    struct files now;
    struct files_options options = {.cancel = cancel};
    overlay->copied = overlay->skipped = 0;
    if (!files_list(workspace_fd(overlay->workspace), workspace_root(overlay->workspace), &options,
            &now, err)) {
        return false;
    }
    drop_left_out(overlay, &now);
    bool ok = undo_laid(overlay, &now, err) && sync_tree(overlay, &now, cancel, err);
    if (ok) {
        files_free(&overlay->synced);
        distrust_young(&now, (int64_t)listed.tv_sec * 1000000000 + listed.tv_nsec);
        overlay->synced = now;
        paths_free(&overlay->laid);
        paths_free(&overlay->moved);
        note_laid(overlay, changes);
        ok = lay_out(overlay, changes, err);
        point_at_git(overlay);
        overlay->is_known = ok;
    } else {
        files_free(&now);
    }
    if (!ok) {
        forget(overlay);
    }
    return ok;
}

/* ---- another set over what is there ---- */

/* What a set has stand at a path. */
enum stand { STANDS_WORKSPACE, STANDS_NOTHING, STANDS_CONTENT };

static enum stand stand_of(
    const struct changes *changes, const char *path, const struct change **out)
{
    enum stand stand = STANDS_WORKSPACE;
    *out = NULL;
    VEC_FOREACH (const struct change, change, changes) {
        if (strcmp(change->path, path) == 0) {
            *out = change->kind == CHANGE_DELETE ? NULL : change;
            return change->kind == CHANGE_DELETE ? STANDS_NOTHING : STANDS_CONTENT;
        }
        if (change->moved_from != NULL && strcmp(change->moved_from, path) == 0) {
            stand = STANDS_NOTHING;
        }
    }
    return stand;
}

static bool is_same_content(const struct change *a, const struct change *b)
{
    return a == NULL || b == NULL
               ? a == b
               : a->mode == b->mode && str_equal(buf_str(&a->content), buf_str(&b->content));
}

static void note_moved(struct overlay *overlay, const struct changes *changes, const char *path)
{
    const struct change *was;
    const struct change *is;
    enum stand before = stand_of(&overlay->held, path, &was);
    enum stand now = stand_of(changes, path, &is);
    if (before == now && is_same_content(was, is)) {
        return;
    }
    VEC_FOREACH (char *, known, &overlay->moved) {
        if (strcmp(*known, path) == 0) {
            return;
        }
    }
    VEC_PUSH(&overlay->moved, mem_strdup(path));
}

/* What is to stand at a path where nothing does. */
static bool put_stand(
    struct overlay *overlay, const struct changes *changes, const char *path, struct err *err)
{
    const struct change *change;
    enum stand stand = stand_of(changes, path, &change);
    const struct file_entry *entry = files_find(&overlay->synced, path);
    if (stand == STANDS_CONTENT) {
        return put_content(overlay, change, err);
    }
    return stand == STANDS_NOTHING || entry == NULL || copy_entry(overlay, entry, err);
}

bool overlay_apply_again(struct overlay *overlay, const struct changes *changes, struct err *err)
{
    static const struct changes none = {0};
    changes = changes == NULL ? &none : changes;
    if (!overlay->is_known) {
        return overlay_apply(overlay, changes, NULL, err);
    }
    overlay->copied = 0;
    paths_free(&overlay->moved);
    VEC_FOREACH (char *, path, &overlay->laid) {
        note_moved(overlay, changes, *path);
    }
    VEC_FOREACH (const struct change, change, changes) {
        note_moved(overlay, changes, change->path);
        if (change->moved_from != NULL) {
            note_moved(overlay, changes, change->moved_from);
        }
    }
    bool ok = true;
    VEC_FOREACH (char *, path, &overlay->moved) {
        ok = ok && clear_path(overlay, *path, err);
    }
    VEC_FOREACH (char *, path, &overlay->moved) {
        ok = ok && put_stand(overlay, changes, *path, err);
    }
    if (!ok) {
        forget(overlay);
        return false;
    }
    paths_free(&overlay->laid);
    note_laid(overlay, changes);
    return true;
}

const char *overlay_moved(const struct overlay *overlay, size_t index)
{
    return index < overlay->moved.len ? overlay->moved.items[index] : NULL;
}

bool overlay_is_known(const struct overlay *overlay)
{
    return overlay->is_known;
}

struct overlay_job {
    struct overlay *overlay;
    struct changes changes;
    bool again;
    bool ok;
    struct err err;
    void (*done)(void *data, const struct err *err);
    void *data;
};

static void run_apply(void *data)
{
    struct overlay_job *job = data;
    job->ok = job->again
                  ? overlay_apply_again(job->overlay, &job->changes, &job->err)
                  : overlay_apply(job->overlay, &job->changes, &job->overlay->cancel, &job->err);
}

static void finish_apply(void *data, bool cancelled)
{
    (void)cancelled; /* overlay_cancel raises the flag instead, so that the tree is left known */
    struct overlay_job *job = data;
    job->overlay->busy = false;
    job->done(job->data, job->ok ? NULL : &job->err);
    changes_free(&job->changes);
    free(job);
}

static void start(struct overlay *overlay, struct loop *loop, struct overlay_job job)
{
    struct overlay_job *own = MEM_NEW(struct overlay_job);
    *own = job;
    own->overlay = overlay;
    overlay->busy = true;
    overlay->cancel = false;
    loop_work_start(loop, run_apply, finish_apply, own);
}

void overlay_start(struct overlay *overlay, struct loop *loop, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data)
{
    struct overlay_job job = {.done = done, .data = data};
    if (changes != NULL) {
        job.changes = changes_copy(changes);
    }
    start(overlay, loop, job);
}

void overlay_start_again(struct overlay *overlay, struct loop *loop, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data)
{
    start(overlay, loop,
        (struct overlay_job){
            .again = true, .changes = changes_copy(changes), .done = done, .data = data});
}

void overlay_cancel(struct overlay *overlay)
{
    overlay->cancel = true;
}

bool overlay_is_busy(const struct overlay *overlay)
{
    return overlay->busy;
}
