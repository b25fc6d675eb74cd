#include "workspace/door_plan.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "workspace/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CONTENT_MAX = 1 << 30, NAMES_MAX = 4096, VALUE_MAX = 65536, TEMP_BASE_MAX = 200 };

static void (*test_hook)(void *data, const char *step);
static void *test_hook_data;
static bool plain_renames;

void door_set_test_hook(void (*hook)(void *data, const char *step), void *data)
{
    test_hook = hook;
    test_hook_data = data;
}

void door_set_plain_renames(bool plain)
{
    plain_renames = plain;
}

void door_step(const char *step)
{
    if (test_hook != NULL) {
        test_hook(test_hook_data, step);
    }
}

static char *temp_name(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char bytes[6] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        static unsigned count;
        count++;
        memcpy(bytes, &count, sizeof count);
    }
    char suffix[7];
    for (size_t i = 0; i < 6; i++) {
        suffix[i] = letters[bytes[i] % (sizeof letters - 1)];
    }
    suffix[6] = '\0';
    const char *base = path_base(path);
    return mem_printf("%.*s.%.*s.bylaw-%s", (int)(base - path), path, TEMP_BASE_MAX, base, suffix);
}

struct door_op *door_plan_add(struct door_plan *plan, const char *path)
{
    struct door_op op = {
        .path = mem_strdup(path), .temp = temp_name(path), .backup = temp_name(path)};
    VEC_PUSH(plan, op);
    return &plan->items[plan->len - 1];
}

void door_plan_free(struct door_plan *plan)
{
    VEC_FOREACH (struct door_op, op, plan) {
        free(op->path);
        free(op->temp);
        free(op->backup);
        free(op->like);
    }
    VEC_FREE(plan);
    VEC_FOREACH (char *, folder, &plan->folders) {
        free(*folder);
    }
    VEC_FREE(&plan->folders);
}

enum found { FOUND_NOTHING, FOUND_OLD, FOUND_NEW, FOUND_OTHER, FOUND_UNREADABLE };

static enum found look(int root, const struct door_op *op, const char *path)
{
    struct buf bytes = BUF_INIT;
    struct err err;
    enum found found = FOUND_UNREADABLE;
    if (beneath_read(root, path, CONTENT_MAX, &bytes, NULL, &err)) {
        char hash[SHA256_HEX_SIZE];
        sha256_hex(buf_str(&bytes), hash);
        found = op->has_new && strcmp(hash, op->new_hash) == 0   ? FOUND_NEW
                : op->has_old && strcmp(hash, op->old_hash) == 0 ? FOUND_OLD
                                                                 : FOUND_OTHER;
    } else if (err.kind == ERR_NOT_FOUND) {
        found = FOUND_NOTHING;
    } else if (err.kind != ERR_IO) {
        found = FOUND_OTHER; /* a link, a folder, a device: not ours */
    }
    buf_free(&bytes);
    return found;
}

enum door_state door_op_state(int root, const struct door_op *op)
{
    switch (look(root, op, op->path)) {
    case FOUND_NOTHING:
        return !op->has_new ? DOOR_OP_AFTER : !op->has_old ? DOOR_OP_BEFORE : DOOR_OP_FOREIGN;
    case FOUND_OLD:
        return DOOR_OP_BEFORE;
    case FOUND_NEW:
        return DOOR_OP_AFTER;
    case FOUND_UNREADABLE:
        return DOOR_OP_UNKNOWN;
    case FOUND_OTHER:
        break;
    }
    return DOOR_OP_FOREIGN;
}

/* Where the content that was switched out lies now. */
static const char *displaced(int root, const struct door_op *op)
{
    struct stat st;
    return beneath_stat(root, op->backup, &st, NULL) ? op->backup : op->temp;
}

bool door_op_can_switch(int root, const struct door_op *op)
{
    return !op->has_new || look(root, op, op->temp) == FOUND_NEW;
}

bool door_op_displaced_foreign(int root, const struct door_op *op)
{
    return op->has_old && look(root, op, displaced(root, op)) != FOUND_OLD;
}

/* Both names lie in the same folder. */
struct pair {
    int dir;
    const char *from;
    const char *to;
};

static bool open_pair(
    int root, const char *from, const char *to, struct pair *pair, struct err *err)
{
    pair->to = path_base(to);
    pair->dir = beneath_open_parent(root, from, &pair->from, err);
    return pair->dir >= 0;
}

static bool is_unsupported(int errnum)
{
    return errnum == EINVAL || errnum == ENOSYS || errnum == EOPNOTSUPP || errnum == ENOTTY;
}

/* As RENAME_NOREPLACE. */
static int rename_new(int dir, const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (!plain_renames) {
        if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0) {
            return 0;
        }
        if (!is_unsupported(errno)) {
            return -1;
        }
    }
#endif
    if (linkat(dir, from, dir, to, 0) == 0) {
        return unlinkat(dir, from, 0);
    }
    if (errno == EEXIST) {
        return -1;
    }
    struct stat st;
    if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(dir, from, dir, to);
}

static bool move_new(int root, const char *from, const char *to, struct err *err)
{
    struct pair pair;
    if (!open_pair(root, from, to, &pair, err)) {
        return false;
    }
    bool ok = rename_new(pair.dir, pair.from, pair.to) == 0;
    if (!ok && errno == EEXIST) {
        err_set(err, ERR_CONFLICT, "%s has come to exist meanwhile", to);
    } else if (!ok) {
        err_set_errno(err, errno, "cannot put %s in its place", to);
    }
    close(pair.dir);
    return ok;
}

/* Exchanges temp and path; where the system cannot, path goes to backup and temp to path. */
static bool exchange(int root, const struct door_op *op, struct err *err)
{
    struct pair pair;
    if (!open_pair(root, op->temp, op->path, &pair, err)) {
        return false;
    }
    const char *backup = path_base(op->backup);
    bool ok = false;
    int errnum = ENOSYS;
#ifdef RENAME_EXCHANGE
    if (!plain_renames) {
        ok = renameat2(pair.dir, pair.from, pair.dir, pair.to, RENAME_EXCHANGE) == 0;
        errnum = errno;
    }
#endif
    if (!ok && is_unsupported(errnum)) {
        errnum = 0;
        if (renameat(pair.dir, pair.to, pair.dir, backup) != 0) {
            errnum = errno;
        } else {
            door_step("between renames");
            if (renameat(pair.dir, pair.from, pair.dir, pair.to) != 0) {
                errnum = errno;
                (void)rename_new(pair.dir, backup, pair.to);
            } else {
                ok = true;
            }
        }
    }
    if (!ok) {
        err_set_errno(err, errnum, "cannot replace %s", op->path);
    }
    close(pair.dir);
    return ok;
}

static void copy_attributes(int from, int to)
{
    char names[NAMES_MAX];
    ssize_t len = flistxattr(from, names, sizeof names);
    char *value = mem_alloc(VALUE_MAX);
    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, VALUE_MAX);
        if (size >= 0) {
            /* The system sets some of these itself and refuses others; neither is a failure. */
            (void)fsetxattr(to, names + at, value, (size_t)size, 0);
        }
    }
    free(value);
}

/* Mode, owner and attributes of the file that the new one stands for. */
static bool take_after(int root, int fd, const char *like, struct err *err)
{
    struct stat st;
    struct stat own;
    int old = beneath_open(root, like, &st, err);
    if (old < 0) {
        return false;
    }
    if (fstat(fd, &own) == 0 && (own.st_uid != st.st_uid || own.st_gid != st.st_gid) &&
        fchown(fd, st.st_uid, st.st_gid) != 0 && own.st_gid != st.st_gid) {
        /* Not ours to give away: keeping the group is the next best. */
        (void)!fchown(fd, (uid_t)-1, st.st_gid);
    }
    copy_attributes(old, fd);
    close(old);
    if (fchmod(fd, st.st_mode & 07777u) != 0) {
        return err_set_errno(err, errno, "cannot set the mode of its new content");
    }
    return true;
}

bool door_op_prepare(int root, const struct door_op *op, struct err *err)
{
    if (!op->has_new) {
        return true;
    }
    const char *name;
    int dir = beneath_open_parent(root, op->temp, &name, err);
    if (dir < 0) {
        return false;
    }
    bool ok = false;
    const char *like = op->like != NULL ? op->like : op->has_old ? op->path : NULL;
    mode_t mode = like == NULL ? op->mode & 0777u : 0600;
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        err_set_errno(err, errno, "cannot write beside %s", op->path);
    } else if (!file_write_all(fd, op->content, err)) {
        err_prefix(err, "%s", op->path);
    } else if (like != NULL && !take_after(root, fd, like, err)) {
        err_prefix(err, "%s", op->path);
    } else if (fsync(fd) != 0) {
        err_set_errno(err, errno, "cannot write %s", op->path);
    } else {
        ok = true;
    }
    if (fd >= 0) {
        close(fd);
    }
    close(dir);
    return ok;
}

bool door_op_switch(int root, struct door_op *op, struct err *err)
{
    if (!op->has_old) {
        op->switched = move_new(root, op->temp, op->path, err);
        return op->switched;
    }
    if (op->has_new ? !exchange(root, op, err) : !move_new(root, op->path, op->temp, err)) {
        return false;
    }
    op->switched = true;
    if (look(root, op, displaced(root, op)) != FOUND_OLD) {
        return err_set(err, ERR_CONFLICT,
            "%s was changed by another program just now: look at it and try again", op->path);
    }
    return true;
}

bool door_op_undo(int root, struct door_op *op, struct err *err)
{
    bool ok;
    if (!op->has_old) {
        ok = move_new(root, op->path, op->temp, err);
    } else if (!op->has_new) {
        ok = move_new(root, op->temp, op->path, err);
    } else if (displaced(root, op) == op->temp) {
        ok = exchange(root, op, err);
    } else {
        /* Without exchange: the new content aside, the old one back. */
        ok = (look(root, op, op->path) == FOUND_NOTHING ||
                 move_new(root, op->path, op->temp, err)) &&
             move_new(root, op->backup, op->path, err);
    }
    op->switched = op->switched && !ok;
    return ok;
}

void door_op_repair(int root, const struct door_op *op)
{
    if (op->has_old && op->has_new && look(root, op, op->path) == FOUND_NOTHING &&
        look(root, op, op->backup) != FOUND_NOTHING) {
        (void)move_new(root, op->backup, op->path, NULL);
    }
}

static void clean_one(int root, const struct door_op *op, const char *name, struct buf *note)
{
    enum found found = look(root, op, name);
    if (found == FOUND_NOTHING) {
        return;
    }
    if (note != NULL && found != FOUND_OLD && found != FOUND_NEW) {
        buf_printf(note, "%s: what another program wrote is kept as %s\n", op->path, name);
        return;
    }
    const char *base;
    int dir = beneath_open_parent(root, name, &base, NULL);
    if (dir >= 0) {
        (void)unlinkat(dir, base, 0);
        close(dir);
    }
}

void door_op_clean(int root, const struct door_op *op, struct buf *note)
{
    clean_one(root, op, op->temp, note);
    clean_one(root, op, op->backup, note);
}

void door_sync_folders(int root, const struct door_plan *plan)
{
    char *last = NULL;
    VEC_FOREACH (struct door_op, op, plan) {
        char *dir = path_dir(op->path);
        if (last == NULL || strcmp(last, dir) != 0) {
            int fd = beneath_open_dir(root, dir, NULL);
            if (fd >= 0) {
                (void)fsync(fd); /* not all file systems can; the contents are safe already */
                close(fd);
            }
        }
        free(last);
        last = dir;
    }
    free(last);
}

void door_remove_folders(int root, const struct door_plan *plan)
{
    for (size_t i = plan->folders.len; i-- > 0;) {
        const char *base;
        int dir = beneath_open_parent(root, plan->folders.items[i], &base, NULL);
        if (dir >= 0) {
            (void)unlinkat(dir, base, AT_REMOVEDIR); /* one that is not empty stays */
            close(dir);
        }
    }
}
