#include "workspace/lent.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "patch/unified.h"
#include "workspace/agent_settings.h"
#include "workspace/overlay.h"
#include "workspace/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONTEXT = 3, PAIRS_MAX = 10000, LEFT_OUT_MAX = 20 };

struct lent {
    struct loop *loop;
    struct overlay *base;
    struct workspace *between; /* the base, as the workspace that the lent tree is a copy of */
    struct overlay *tree;
    int fd; /* open on the lent tree's root */
    enum lent_to to;
    char *scope; /* of the engineer's answers: the workspace's root */
    struct {
        char **items; /* roots of agents' settings that are not trusted; sorted */
        size_t len, cap;
    } withheld;
    struct buf given; /* digests of those that are there */
    unsigned settings;
    struct files before; /* the lent tree as it was laid out */
    struct {
        char **items;
        size_t len, cap;
    } agreed;                    /* what stands otherwise in both since then */
    const struct changes *found; /* while it is told; else NULL */
    bool busy;
    bool freed; /* nobody waits for the job any more */
};

static void forget_agreed(struct lent *lent)
{
    VEC_FOREACH (char *, path, &lent->agreed) {
        free(*path);
    }
    VEC_FREE(&lent->agreed);
}

static bool is_agreed(const struct lent *lent, const char *path)
{
    VEC_FOREACH (char *, agreed, &lent->agreed) {
        if (strcmp(*agreed, path) == 0) {
            return true;
        }
    }
    return false;
}

static void forget_withheld(struct lent *lent)
{
    VEC_FOREACH (char *, root, &lent->withheld) {
        free(*root);
    }
    VEC_FREE(&lent->withheld);
}

static void release(struct lent *lent)
{
    forget_agreed(lent);
    forget_withheld(lent);
    buf_free(&lent->given);
    free(lent->scope);
    if (lent->fd >= 0) {
        close(lent->fd);
    }
    files_free(&lent->before);
    overlay_free(lent->tree);
    workspace_free(lent->between);
    overlay_free(lent->base);
    free(lent);
}

/* The caller frees. */
static char *name_of(const struct workspace *workspace)
{
    char hash[SHA256_HEX_SIZE];
    sha256_hex(str_of(workspace_root(workspace)), hash);
    return mem_printf("lent-%.12s", hash);
}

static bool is_withheld(const void *data, const char *path)
{
    const struct lent *lent = data;
    size_t len = agent_setting_root(path);
    VEC_FOREACH (char *, root, &lent->withheld) {
        if (strncmp(*root, path, len) == 0 && strlen(*root) == len) {
            return len > 0;
        }
    }
    return false;
}

struct lent *lent_new(
    const struct workspace *workspace, struct loop *loop, enum lent_to to, struct err *err)
{
    struct lent *lent = MEM_NEW(struct lent);
    lent->loop = loop;
    lent->to = to;
    lent->scope = mem_strdup(workspace_root(workspace));
    lent->fd = -1;
    lent->base = overlay_new(workspace, err);
    lent->between = lent->base == NULL ? NULL : workspace_open(overlay_root(lent->base), err);
    char *name = name_of(workspace);
    lent->tree = lent->between == NULL ? NULL : overlay_new_named(lent->between, name, err);
    free(name);
    if (lent->tree != NULL) {
        overlay_use_git(lent->base, NULL);
        overlay_use_git(lent->tree, workspace_root(workspace));
        overlay_leave_out(lent->tree, is_withheld, lent);
    }
    lent->fd = lent->tree == NULL ? -1 : beneath_open_root(overlay_root(lent->tree), err);
    if (lent->fd < 0) {
        release(lent);
        return NULL;
    }
    return lent;
}

void lent_free(struct lent *lent)
{
    if (lent == NULL) {
        return;
    }
    lent->freed = true;
    while (lent->busy) {
        loop_run_once(lent->loop, 100);
    }
    release(lent);
}

const char *lent_root(const struct lent *lent)
{
    return overlay_root(lent->tree);
}

unsigned lent_settings(const struct lent *lent)
{
    return lent->settings;
}

bool lent_is_busy(const struct lent *lent)
{
    return lent->busy;
}

static bool list(int fd, const char *root, struct files *out, struct err *err)
{
    struct files_options options = {0};
    if (!files_list(fd, root, &options, out, err)) {
        return false;
    }
    if (out->truncated) {
        files_free(out);
        return err_set(err, ERR_LIMIT, "the scratch copy holds too many files to compare");
    }
    return true;
}

/* ---- what differs ---- */

static bool same_entry(const struct file_entry *a, const struct file_entry *b)
{
    return a->is_link == b->is_link && file_stamp_equal(&a->stamp, &b->stamp);
}

/* Calls `differs` for each path that is not as it was laid out: `was` or `is` may be NULL, `entry`
 * is the newer that is not. */
static void compare(const struct files *before, const struct files *now,
    void (*differs)(void *data, const struct file_entry *entry, const struct file_entry *was,
        const struct file_entry *is),
    void *data)
{
    size_t i = 0;
    size_t j = 0;
    while (i < before->len || j < now->len) {
        int order = i >= before->len ? 1
                    : j >= now->len  ? -1
                                     : strcmp(before->items[i].path, now->items[j].path);
        const struct file_entry *was = order <= 0 ? &before->items[i++] : NULL;
        const struct file_entry *is = order >= 0 ? &now->items[j++] : NULL;
        const struct file_entry *entry = is != NULL ? is : was;
        if (entry != NULL && (was == NULL || is == NULL || !same_entry(was, is))) {
            differs(data, entry, was, is);
        }
    }
}

/* ---- laying out ---- */

struct lay_job {
    struct lent *lent;
    struct trust_store *answers; /* as they were when it was asked for */
    struct changes changes;
    bool ok;
    struct err err;
    void (*done)(void *data, const struct err *err);
    void *data;
};

static void doubt(void *data, const struct file_entry *entry, const struct file_entry *was,
    const struct file_entry *is)
{
    (void)was;
    (void)is;
    if (!entry->odd_name) {
        overlay_doubt(data, entry->path);
    }
}

/* Judged by what the base holds, which is what would be lent: not what lay in the workspace when
 * somebody looked. */
static bool withhold(struct lent *lent, const struct trust_store *answers, struct err *err)
{
    struct files files;
    struct agent_settings settings;
    int fd = workspace_fd(lent->between);
    forget_withheld(lent);
    if (lent->to != LENT_TO_AGENT) {
        return true;
    }
    if (!list(fd, overlay_root(lent->base), &files, err)) {
        return false;
    }
    struct buf given = BUF_INIT;
    agent_settings_read(fd, &files, &settings);
    VEC_FOREACH (const struct agent_setting, setting, &settings) {
        if (setting->problem != NULL || trust_store_get(answers, AGENT_SETTINGS_KIND, lent->scope,
                                            setting->root, str_of(setting->digest)) != TRUST_YES) {
            VEC_PUSH(&lent->withheld, mem_strdup(setting->root));
        } else {
            buf_append_c(&given, setting->digest);
        }
    }
    lent->settings += !str_equal(buf_str(&given), buf_str(&lent->given));
    buf_free(&lent->given);
    lent->given = given;
    agent_settings_free(&settings);
    files_free(&files);
    return true;
}

static bool lay_out(struct lent *lent, const struct lay_job *job, struct err *err)
{
    struct files left;
    if (!list(lent->fd, lent_root(lent), &left, err)) {
        return false;
    }
    compare(&lent->before, &left, doubt, lent->tree);
    files_free(&left);
    forget_agreed(lent);
    files_free(&lent->before);
    return overlay_apply(lent->base, &job->changes, NULL, err) &&
           withhold(lent, job->answers, err) && overlay_apply(lent->tree, NULL, NULL, err) &&
           list(lent->fd, lent_root(lent), &lent->before, err);
}

static void run_lay_out(void *data)
{
    struct lay_job *job = data;
    job->ok = lay_out(job->lent, job, &job->err);
}

static void finish_lay_out(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels it */
    struct lay_job *job = data;
    struct lent *lent = job->lent;
    lent->busy = false;
    if (!lent->freed) {
        job->done(job->data, job->ok ? NULL : &job->err);
    }
    changes_free(&job->changes);
    trust_store_free(job->answers);
    free(job);
}

void lent_lay_out(struct lent *lent, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data)
{
    struct lay_job *job = MEM_NEW(struct lay_job);
    *job = (struct lay_job){.lent = lent, .answers = trust_load(), .done = done, .data = data};
    if (changes != NULL) {
        job->changes = changes_copy(changes);
    }
    lent->busy = true;
    loop_work_start(lent->loop, run_lay_out, finish_lay_out, job);
}

/* ---- collecting ---- */

struct collect_job {
    struct lent *lent;
    struct changes changes;
    struct buf patch;
    struct buf left_out;
    unsigned left_out_count;
    bool ok;
    struct err err;
    void (*found)(void *data, const struct lent_found *found);
    void *data;
};

static void leave_out(struct collect_job *job, const char *path, const char *why)
{
    if (job->left_out_count++ < LEFT_OUT_MAX) {
        char *shown = safe_dup(str_of(path), SAFE_ONE_LINE, 200);
        buf_printf(&job->left_out, "%s %s\n", shown, why);
        free(shown);
    }
}

/* The bytes of a file; none, and true, where there is none to be proposed from or to. */
static bool read_side(
    struct collect_job *job, int root, const char *path, struct buf *out, bool *exists)
{
    struct err err;
    if (*exists && !beneath_read(root, path, LENT_FILE_MAX, out, NULL, &err)) {
        leave_out(job, path,
            err.kind == ERR_LIMIT ? "is larger than 8 MiB: not taken"
                                  : "cannot be read: not taken");
        return false;
    }
    return true;
}

static void take(void *data, const struct file_entry *entry, const struct file_entry *was,
    const struct file_entry *is)
{
    struct collect_job *job = data;
    if (entry->odd_name) {
        leave_out(job, entry->path, "has a name that cannot be proposed: not taken");
        return;
    }
    if (was == NULL && is_withheld(job->lent, entry->path)) {
        leave_out(job, entry->path,
            "is of settings for agents that were kept from it, untrusted: not taken");
        return;
    }
    if (entry->is_link || (was != NULL && was->is_link)) {
        leave_out(job, entry->path, "is a link: not taken");
        return;
    }
    struct change change = {.path = mem_strdup(entry->path), .mode = 0644};
    struct stat st;
    int base = workspace_fd(job->lent->between);
    bool exists = is != NULL;
    change.base_exists = is_agreed(job->lent, entry->path)
                             ? beneath_stat(base, entry->path, &st, NULL)
                             : was != NULL;
    if (!read_side(job, base, entry->path, &change.base, &change.base_exists) ||
        !read_side(job, job->lent->fd, entry->path, &change.content, &exists) ||
        (exists == change.base_exists &&
            str_equal(buf_str(&change.base), buf_str(&change.content)))) {
        change_free(&change);
        return;
    }
    change.kind = !exists ? CHANGE_DELETE : change.base_exists ? CHANGE_UPDATE : CHANGE_ADD;
    change.mode = (was != NULL ? was : entry)->stamp.mode & 0777u;
    if (change_is_binary(&change)) {
        leave_out(job, entry->path, "is binary: not taken");
        change_free(&change);
        return;
    }
    VEC_PUSH(&job->changes, change);
}

/* A file that went and one that came with the same bytes are one that moved. */
static void pair_moves(struct changes *changes)
{
    if (changes->len * changes->len > PAIRS_MAX) {
        return;
    }
    for (size_t i = changes->len; i > 0; i--) {
        const struct change *gone = &changes->items[i - 1];
        struct change *came = NULL;
        VEC_FOREACH (struct change, other, changes) {
            if (gone->kind == CHANGE_DELETE && other->kind == CHANGE_ADD && gone->base.len > 0 &&
                str_equal(buf_str(&gone->base), buf_str(&other->content))) {
                came = other;
            }
        }
        if (came != NULL) {
            came->kind = CHANGE_UPDATE;
            came->moved_from = mem_strdup(gone->path);
            came->base_exists = true;
            buf_append_str(&came->base, buf_str(&gone->base));
            came->mode = gone->mode;
            change_free(&changes->items[i - 1]);
            VEC_REMOVE(changes, i - 1);
        }
    }
}

static void run_collect(void *data)
{
    struct collect_job *job = data;
    struct files now;
    job->ok = list(job->lent->fd, lent_root(job->lent), &now, &job->err);
    if (!job->ok) {
        return;
    }
    compare(&job->lent->before, &now, take, job);
    files_free(&now);
    pair_moves(&job->changes);
    unified_write(&job->changes, CONTEXT, &job->patch);
    if (job->patch.len > LENT_PATCH_MAX) {
        job->ok = err_set(&job->err, ERR_LIMIT,
            "%zu files were changed, by more than %d MiB in all: too much for a proposal",
            job->changes.len, LENT_PATCH_MAX >> 20);
    }
    if (job->left_out_count > LEFT_OUT_MAX) {
        buf_printf(
            &job->left_out, "and %u more were not taken\n", job->left_out_count - LEFT_OUT_MAX);
    }
}

static void finish_collect(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels it */
    struct collect_job *job = data;
    struct lent *lent = job->lent;
    lent->busy = false;
    if (!lent->freed) {
        struct lent_found found = {.left_out = buf_str(&job->left_out)};
        if (job->ok) {
            found.patch = buf_str(&job->patch);
        } else {
            found.err = &job->err;
        }
        lent->found = &job->changes;
        job->found(job->data, &found);
        lent->found = NULL;
    }
    changes_free(&job->changes);
    buf_free(&job->patch);
    buf_free(&job->left_out);
    free(job);
}

void lent_collect(
    struct lent *lent, void (*found)(void *data, const struct lent_found *found), void *data)
{
    struct collect_job *job = MEM_NEW(struct collect_job);
    *job = (struct collect_job){.lent = lent, .found = found, .data = data};
    lent->busy = true;
    loop_work_start(lent->loop, run_collect, finish_collect, job);
}

/* ---- single files ---- */

char *lent_relative(const struct lent *lent, const char *path, struct err *err)
{
    const char *root = lent_root(lent);
    size_t len = strlen(root);
    char *clean;
    if (path == NULL) {
        err_set(err, ERR_INVALID, "no path is named");
        return NULL;
    }
    if (strncmp(path, root, len) != 0 || path[len] != '/') {
        err_set(err, ERR_DENIED, "%.300s lies outside of the workspace", path);
        return NULL;
    }
    return path_check_relative(str_of(path + len + 1), &clean, err) ? clean : NULL;
}

bool lent_read(const struct lent *lent, const char *relative, struct buf *out, struct err *err)
{
    return beneath_read(lent->fd, relative, LENT_FILE_MAX, out, NULL, err);
}

static bool write_at(int root, const char *relative, struct str bytes, struct err *err)
{
    const char *base;
    if (!beneath_make_parents(root, relative, NULL, NULL, err)) {
        return false;
    }
    int dir = beneath_open_parent(root, relative, &base, err);
    if (dir < 0) {
        return false;
    }
    int fd =
        openat(dir, base, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    bool ok = fd >= 0 ? file_write_all(fd, bytes, err)
                      : err_set_errno(err, errno, "cannot write %s", relative);
    if (fd >= 0) {
        close(fd);
    }
    close(dir);
    return ok;
}

bool lent_write(const struct lent *lent, const char *relative, struct str bytes, struct err *err)
{
    return bytes.len <= LENT_FILE_MAX
               ? write_at(lent->fd, relative, bytes, err)
               : err_set(err, ERR_LIMIT, "%s would be larger than 8 MiB", relative);
}

static bool remove_at(int root, const char *relative, struct err *err)
{
    const char *base;
    int dir = beneath_open_parent(root, relative, &base, err);
    if (dir < 0) {
        return err->kind == ERR_NOT_FOUND;
    }
    bool ok = unlinkat(dir, base, 0) == 0 || errno == ENOENT ||
              err_set_errno(err, errno, "cannot remove %s", relative);
    close(dir);
    return ok;
}

void lent_agree(struct lent *lent, const char *relative)
{
    struct err err;
    struct buf bytes = BUF_INIT;
    int base = workspace_fd(lent->between);
    bool ok = lent_read(lent, relative, &bytes, &err)
                  ? write_at(base, relative, buf_str(&bytes), &err)
                  : err.kind == ERR_NOT_FOUND && remove_at(base, relative, &err);
    buf_free(&bytes);
    overlay_doubt(lent->base, relative);
    if (ok && !is_agreed(lent, relative)) { /* else it is found, as what nobody knows */
        VEC_PUSH(&lent->agreed, mem_strdup(relative));
    }
}

void lent_agree_found(struct lent *lent)
{
    VEC_FOREACH (const struct change, change, lent->found) {
        lent_agree(lent, change->path);
        if (change->moved_from != NULL) {
            lent_agree(lent, change->moved_from);
        }
    }
}
