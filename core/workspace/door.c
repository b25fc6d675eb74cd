#include "workspace/door.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/door_intent.h"
#include "workspace/door_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 30 };

/* What may be replaced or removed: an ordinary file of one name that we may write. */
static bool check_target(int root, const char *path, const struct stat *st, struct err *err)
{
    if (S_ISLNK(st->st_mode)) {
        return err_set(err, ERR_DENIED,
            "%s is a symbolic link: links are not written through, edit the file it points to",
            path);
    }
    if (S_ISDIR(st->st_mode)) {
        return err_set(err, ERR_EXISTS, "%s is a folder", path);
    }
    if (!S_ISREG(st->st_mode)) {
        return err_set(err, ERR_DENIED, "%s is a device, pipe or socket, not a file", path);
    }
    if (st->st_nlink > 1) {
        return err_set(err, ERR_DENIED,
            "%s has %lu names (hard links): replacing it would leave the others with the old "
            "content; make it a file of its own first",
            path, (unsigned long)st->st_nlink);
    }
    const char *base;
    int dir = beneath_open_parent(root, path, &base, err);
    if (dir < 0) {
        return false;
    }
    /* The superuser may write any file, but a file without a write bit says "do not". */
    bool may = (st->st_mode & 0222) != 0 && faccessat(dir, base, W_OK, AT_EACCESS) == 0;
    int errnum = (st->st_mode & 0222) != 0 ? errno : EACCES;
    close(dir);
    if (may) {
        return true;
    }
    return errnum == EROFS
               ? err_set(err, ERR_DENIED, "%s is on a read-only file system", path)
               : err_set(err, ERR_DENIED, "%s is read-only (mode %04o): chmod u+w it first", path,
                     (unsigned)st->st_mode & 07777u);
}

/* True with *exists; false when it cannot be told. */
static bool look_up(int root, const char *path, bool *exists, struct stat *st, struct err *err)
{
    struct err cause;
    *exists = beneath_stat(root, path, st, &cause);
    if (!*exists && cause.kind != ERR_NOT_FOUND) {
        return err_set(err, cause.kind, "%s", cause.text);
    }
    return true;
}

static bool check_base(int root, const char *path, struct str base, struct err *err)
{
    bool exists;
    struct stat st;
    if (!look_up(root, path, &exists, &st, err)) {
        return false;
    }
    if (!exists) {
        return err_set(err, ERR_CONFLICT, "%s is gone since the change was made", path);
    }
    if (!check_target(root, path, &st, err)) {
        return false;
    }
    struct buf now = BUF_INIT;
    struct err cause;
    bool same = true;
    if (!beneath_read(root, path, base.len, &now, NULL, &cause)) {
        same = false;
        if (cause.kind != ERR_LIMIT && cause.kind != ERR_CONFLICT) {
            buf_free(&now);
            return err_set(err, cause.kind, "%s", cause.text);
        }
    }
    same = same && str_equal(buf_str(&now), base);
    buf_free(&now);
    return same || err_set(err, ERR_CONFLICT,
                       "%s has changed since the change was made: its text on disk is not what "
                       "was reviewed",
                       path);
}

static bool check_absent(int root, const char *path, struct err *err)
{
    bool exists;
    struct stat st;
    if (!look_up(root, path, &exists, &st, err)) {
        return false;
    }
    return !exists ||
           err_set(err, ERR_CONFLICT, "%s exists already: it came after the change was made", path);
}

static struct door_op *find_op(struct door_plan *plan, const char *path)
{
    VEC_FOREACH (struct door_op, op, plan) {
        if (strcmp(op->path, path) == 0) {
            return op;
        }
    }
    return NULL;
}

static bool same_path(const struct change *change)
{
    return change->moved_from == NULL || strcmp(change->moved_from, change->path) == 0;
}

/* The file whose old content goes: the path itself, or where it is moved from. */
static const char *old_path(const struct change *change)
{
    return change->moved_from != NULL ? change->moved_from : change->path;
}

static void set_old(struct door_op *op, const struct change *change)
{
    op->has_old = true;
    sha256_hex(buf_str(&change->base), op->old_hash);
}

static bool plan_old(int root, struct door_plan *plan, const struct change *change, struct err *err)
{
    bool is_delete = change->kind == CHANGE_DELETE;
    if (!change->base_exists && change->kind == CHANGE_ADD) {
        return true;
    }
    const char *path = old_path(change);
    if (find_op(plan, path) != NULL) {
        return err_set(err, ERR_INVALID, "%s is changed twice in one set", path);
    }
    if (!check_base(root, path, buf_str(&change->base), err)) {
        return false;
    }
    if (!is_delete && same_path(change) &&
        str_equal(buf_str(&change->base), buf_str(&change->content))) {
        return true; /* nothing to do */
    }
    set_old(door_plan_add(plan, path), change);
    return true;
}

static bool plan_new(int root, struct door_plan *plan, const struct change *change, struct err *err)
{
    bool existed = change->base_exists || change->kind != CHANGE_ADD;
    if (change->kind == CHANGE_DELETE ||
        (existed && same_path(change) &&
            str_equal(buf_str(&change->base), buf_str(&change->content)))) {
        return true;
    }
    struct door_op *op = find_op(plan, change->path);
    if (op != NULL && op->has_new) {
        return err_set(err, ERR_INVALID, "%s is changed twice in one set", change->path);
    }
    if (op == NULL) {
        if (!check_absent(root, change->path, err)) {
            return false;
        }
        op = door_plan_add(plan, change->path);
    }
    op->has_new = true;
    op->content = buf_str(&change->content);
    op->mode = change->mode == 0 ? 0644 : change->mode;
    op->like = same_path(change) ? NULL : mem_strdup(change->moved_from);
    sha256_hex(op->content, op->new_hash);
    return true;
}

static bool check_paths(const struct change *change, struct err *err)
{
    const char *paths[] = {change->path, change->moved_from};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char *clean = NULL;
        if (paths[i] == NULL) {
            continue;
        }
        if (!path_check_relative(str_of(paths[i]), &clean, err)) {
            return false;
        }
        bool same = strcmp(clean, paths[i]) == 0;
        free(clean);
        if (!same) {
            return err_set(err, ERR_INVALID, "%s is not a plain path", paths[i]);
        }
    }
    return true;
}

static void plan_folders(int root, struct door_plan *plan, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        char *folder = mem_strndup(path, (size_t)(slash - path));
        struct stat st;
        bool known = beneath_stat(root, folder, &st, NULL);
        VEC_FOREACH (char *, have, &plan->folders) {
            known = known || strcmp(*have, folder) == 0;
        }
        if (known) {
            free(folder);
        } else {
            VEC_PUSH(&plan->folders, folder);
        }
    }
}

/* Old contents first, so that a file moved away makes room for one moved in. New files and
 * replacements are switched before deletes. */
static bool make_plan(
    int root, const struct changes *changes, struct door_plan *plan, struct err *err)
{
    VEC_FOREACH (struct change, change, changes) {
        if (!check_paths(change, err) || !plan_old(root, plan, change, err)) {
            return false;
        }
    }
    VEC_FOREACH (struct change, change, changes) {
        if (!plan_new(root, plan, change, err)) {
            return false;
        }
    }
    for (size_t i = 0, ahead = 0; i < plan->len; i++) {
        if (plan->items[i].has_new) {
            struct door_op op = plan->items[i];
            memmove(plan->items + ahead + 1, plan->items + ahead, (i - ahead) * sizeof op);
            plan->items[ahead++] = op;
            plan_folders(root, plan, op.path);
        }
    }
    return true;
}

static bool prepare(int root, const struct door_plan *plan, struct err *err)
{
    VEC_FOREACH (struct door_op, op, plan) {
        door_step("before temporary file");
        if (op->has_new && (!beneath_make_parents(root, op->path, NULL, NULL, err) ||
                               !door_op_prepare(root, op, err))) {
            return false;
        }
    }
    return true;
}

static bool switch_all(int root, struct door_plan *plan, struct err *err)
{
    VEC_FOREACH (struct door_op, op, plan) {
        door_step("before switch");
        if (!door_op_switch(root, op, err)) {
            return false;
        }
    }
    return true;
}

/* True when everything is as it was. */
static bool undo_all(int root, struct door_plan *plan, struct err *err)
{
    bool all = true;
    for (size_t i = plan->len; i-- > 0;) {
        struct err cause;
        if (plan->items[i].switched && !door_op_undo(root, &plan->items[i], &cause)) {
            all = false;
            err_prefix(err, "%s could not be put back (%s)", plan->items[i].path, cause.text);
        }
    }
    return all;
}

static bool carry_out(struct door_intent *intent, int root, struct door_plan *plan, struct err *err)
{
    if (!door_intent_write(intent, plan, DOOR_PREPARING, err)) {
        return false;
    }
    bool ok = prepare(root, plan, err);
    bool undone = true;
    door_step("prepared");
    if (ok) {
        ok = door_intent_write(intent, plan, DOOR_DECIDED, err);
        door_step("decided");
        if (ok && !switch_all(root, plan, err)) {
            ok = false;
            undone = undo_all(root, plan, err);
        }
    }
    if (!undone) {
        return false; /* the record stays: door_recover tries again */
    }
    if (ok) {
        struct err unused;
        door_step("switched");
        /* Written or not, what is on disk is whole: without it recovery looks at each file. */
        (void)!door_intent_write(intent, plan, DOOR_SWITCHED, &unused);
        door_sync_folders(root, plan);
    }
    VEC_FOREACH (struct door_op, op, plan) {
        door_step("before cleaning");
        door_op_clean(root, op, NULL);
    }
    if (!ok) {
        door_remove_folders(root, plan);
    }
    door_step("cleaned");
    door_intent_remove(intent);
    return ok;
}

bool door_write(const struct workspace *workspace, const struct changes *changes, struct err *err)
{
    int root = workspace_fd(workspace);
    struct door_intent *intent = door_intent_open(workspace, err);
    if (intent == NULL) {
        return false;
    }
    struct door_recovery left = {0};
    struct door_plan plan = {0};
    bool ok = door_intent_recover(intent, root, &left, err) &&
              make_plan(root, changes, &plan, err) &&
              (plan.len == 0 || carry_out(intent, root, &plan, err));
    buf_free(&left.note);
    door_plan_free(&plan);
    door_intent_close(intent);
    return ok;
}

bool door_recover(const struct workspace *workspace, struct door_recovery *out, struct err *err)
{
    *out = (struct door_recovery){.outcome = DOOR_CLEAN};
    struct door_intent *intent = door_intent_open(workspace, err);
    if (intent == NULL) {
        return false;
    }
    bool ok = door_intent_recover(intent, workspace_fd(workspace), out, err);
    door_intent_close(intent);
    return ok;
}

static bool stamp_now(int root, const char *path, struct file_stamp *stamp, struct err *err)
{
    bool exists;
    struct stat st;
    *stamp = (struct file_stamp){0};
    if (!look_up(root, path, &exists, &st, err)) {
        return false;
    }
    if (exists) {
        *stamp = file_stamp_of(&st);
    }
    return true;
}

bool door_save(const struct workspace *workspace, const char *path, struct str content,
    const struct file_stamp *expected, struct file_stamp *now, struct err *err)
{
    int root = workspace_fd(workspace);
    struct file_stamp found;
    if (!stamp_now(root, path, &found, err)) {
        return false;
    }
    if (expected != NULL && !file_stamp_equal(&found, expected)) {
        return err_set(err, ERR_CONFLICT,
            !found.exists      ? "%s was removed by another program"
            : expected->exists ? "%s was changed on disk by another program"
                               : "%s was created on disk by another program",
            path);
    }
    struct change change = {.kind = found.exists ? CHANGE_UPDATE : CHANGE_ADD,
        .path = mem_strdup(path),
        .base_exists = found.exists,
        .mode = 0644};
    struct stat st;
    bool ok = !found.exists ||
              (beneath_stat(root, path, &st, err) && check_target(root, path, &st, err) &&
                  beneath_read(root, path, FILE_MAX, &change.base, NULL, err));
    if (ok) {
        buf_append_str(&change.content, content);
        struct changes changes = {.items = &change, .len = 1, .cap = 1};
        ok = door_write(workspace, &changes, err) && stamp_now(root, path, now, err);
    }
    change_free(&change);
    return ok;
}

struct write_job {
    const struct workspace *workspace;
    struct changes changes;
    bool ok;
    struct err err;
    void (*done)(void *data, const struct err *err);
    void *data;
};

static void run_write(void *data)
{
    struct write_job *job = data;
    job->ok = door_write(job->workspace, &job->changes, &job->err);
}

static void finish_write(void *data, bool cancelled)
{
    (void)cancelled; /* never asked for */
    struct write_job *job = data;
    job->done(job->data, job->ok ? NULL : &job->err);
    changes_free(&job->changes);
    free(job);
}

void door_start(const struct workspace *workspace, struct loop *loop, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data)
{
    struct write_job *job = MEM_NEW(struct write_job);
    *job = (struct write_job){
        .workspace = workspace, .changes = changes_copy(changes), .done = done, .data = data};
    loop_work_start(loop, run_write, finish_write, job);
}

struct save_job {
    const struct workspace *workspace;
    char *path;
    struct buf content;
    bool has_expected;
    struct file_stamp expected;
    struct file_stamp now;
    bool ok;
    struct err err;
    void (*done)(void *data, const struct file_stamp *now, const struct err *err);
    void *data;
};

static void run_save(void *data)
{
    struct save_job *job = data;
    job->ok = door_save(job->workspace, job->path, buf_str(&job->content),
        job->has_expected ? &job->expected : NULL, &job->now, &job->err);
}

static void finish_save(void *data, bool cancelled)
{
    (void)cancelled;
    struct save_job *job = data;
    job->done(job->data, job->ok ? &job->now : NULL, job->ok ? NULL : &job->err);
    free(job->path);
    buf_free(&job->content);
    free(job);
}

void door_start_save(const struct workspace *workspace, struct loop *loop, const char *path,
    struct str content, const struct file_stamp *expected,
    void (*done)(void *data, const struct file_stamp *now, const struct err *err), void *data)
{
    struct save_job *job = MEM_NEW(struct save_job);
    *job = (struct save_job){
        .workspace = workspace, .path = mem_strdup(path), .done = done, .data = data};
    buf_append_str(&job->content, content);
    job->has_expected = expected != NULL;
    if (expected != NULL) {
        job->expected = *expected;
    }
    loop_work_start(loop, run_save, finish_save, job);
}
