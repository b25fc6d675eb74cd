#include "workspace/door_intent.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_MAX = 64 << 20, LOCK_TRIES = 500, LOCK_WAIT_MS = 20 };

struct door_intent {
    char *path;
    int lock;
};

static int take_lock(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        err_set_errno(err, errno, "cannot open the lock %s", path);
        return -1;
    }
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return fd;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            err_set_errno(err, errno, "cannot lock %s", path);
            close(fd);
            return -1;
        }
        struct timespec wait = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
        nanosleep(&wait, NULL);
    }
    err_set(err, ERR_CONFLICT, "another bylaw is writing to this workspace: try again");
    close(fd);
    return -1;
}

struct door_intent *door_intent_open(const struct workspace *workspace, struct err *err)
{
    char *state = path_home_dir(PATH_STATE, err);
    if (state == NULL) {
        return NULL;
    }
    char *folder = path_join(state, "door");
    char hash[SHA256_HEX_SIZE];
    sha256_hex(str_of(workspace_root(workspace)), hash);
    struct door_intent *intent = NULL;
    if (path_make_dirs(folder, err)) {
        char *lock = mem_printf("%s/%.32s.lock", folder, hash);
        int fd = take_lock(lock, err);
        free(lock);
        if (fd >= 0) {
            intent = MEM_NEW(struct door_intent);
            intent->lock = fd;
            intent->path = mem_printf("%s/%.32s.json", folder, hash);
        }
    }
    free(folder);
    free(state);
    return intent;
}

void door_intent_close(struct door_intent *intent)
{
    if (intent != NULL) {
        close(intent->lock);
        free(intent->path);
        free(intent);
    }
}

bool door_intent_write(struct door_intent *intent, const struct door_plan *plan,
    enum door_phase phase, struct err *err)
{
    cJSON *record = mem_require(cJSON_CreateObject());
    json_set_int(record, "version", 1);
    json_set_int(record, "phase", phase);
    cJSON *ops = json_set_array(record, "ops");
    VEC_FOREACH (struct door_op, op, plan) {
        cJSON *item = mem_require(cJSON_CreateObject());
        json_set_string(item, "path", op->path);
        json_set_string(item, "temp", op->temp);
        json_set_string(item, "backup", op->backup);
        if (op->has_old) {
            json_set_string(item, "old", op->old_hash);
        }
        if (op->has_new) {
            json_set_string(item, "new", op->new_hash);
        }
        cJSON_AddItemToArray(ops, item);
    }
    cJSON *folders = json_set_array(record, "folders");
    VEC_FOREACH (char *, folder, &plan->folders) {
        json_push_string(folders, *folder);
    }
    char *text = json_print(record);
    cJSON_Delete(record);
    bool ok = file_write(intent->path, str_of(text), 0600, err);
    free(text);
    return ok;
}

void door_intent_remove(struct door_intent *intent)
{
    (void)unlink(intent->path);
}

static bool read_hash(const cJSON *item, const char *key, bool *has, char out[SHA256_HEX_SIZE])
{
    const char *hash = json_string(item, key);
    *has = hash != NULL;
    if (hash == NULL) {
        return true;
    }
    if (strlen(hash) != SHA256_HEX_SIZE - 1) {
        return false;
    }
    memcpy(out, hash, SHA256_HEX_SIZE);
    return true;
}

static bool read_op(struct door_plan *plan, const cJSON *item)
{
    const char *path = json_string(item, "path");
    const char *temp = json_string(item, "temp");
    const char *backup = json_string(item, "backup");
    if (path == NULL || temp == NULL || backup == NULL || !file_is_temporary(path_base(temp)) ||
        !file_is_temporary(path_base(backup))) {
        return false;
    }
    struct door_op *op = door_plan_add(plan, path);
    free(op->temp);
    free(op->backup);
    op->temp = mem_strdup(temp);
    op->backup = mem_strdup(backup);
    return read_hash(item, "old", &op->has_old, op->old_hash) &&
           read_hash(item, "new", &op->has_new, op->new_hash);
}

static bool read_record(
    const struct door_intent *intent, struct door_plan *plan, int *phase, struct err *err)
{
    struct err cause = {0};
    cJSON *record = json_parse_file(intent->path, RECORD_MAX, &cause);
    if (record == NULL) {
        return err_set(err, cause.kind, "%s", cause.text);
    }
    *phase = (int)json_int_or(record, "phase", -1);
    bool ok = json_int_or(record, "version", 0) == 1 && *phase >= DOOR_PREPARING &&
              *phase <= DOOR_SWITCHED;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(record, "ops"))
    {
        ok = ok && read_op(plan, item);
    }
    cJSON_ArrayForEach(item, json_get(record, "folders"))
    {
        if (cJSON_IsString(item)) {
            VEC_PUSH(&plan->folders, mem_strdup(item->valuestring));
        }
    }
    cJSON_Delete(record);
    return ok || err_set(err, ERR_INVALID,
                     "%s, which says how to finish an interrupted write, cannot be understood: "
                     "look for files named .*.bylaw-* in the workspace, then remove it",
                     intent->path);
}

static void roll_back(int root, struct door_plan *plan, struct buf *note)
{
    for (size_t i = plan->len; i-- > 0;) {
        struct door_op *op = &plan->items[i];
        if (door_op_state(root, op) != DOOR_OP_AFTER) {
            continue;
        }
        struct err err;
        if (!door_op_undo(root, op, &err)) {
            buf_printf(note, "%s\n", err.text);
        }
    }
}

/* Forward when every file is as the write left or found it, else back. */
static bool finish(int root, struct door_plan *plan, struct door_recovery *out, struct err *err)
{
    bool forward = true;
    VEC_FOREACH (struct door_op, op, plan) {
        door_op_repair(root, op);
        enum door_state state = door_op_state(root, op);
        if (state == DOOR_OP_UNKNOWN) {
            return err_set(err, ERR_IO, "cannot read %s to finish an interrupted write", op->path);
        }
        if (state == DOOR_OP_FOREIGN) {
            buf_printf(&out->note, "%s: changed by another program, left as it is\n", op->path);
        }
        forward = forward && state != DOOR_OP_FOREIGN &&
                  !(state == DOOR_OP_AFTER && door_op_displaced_foreign(root, op)) &&
                  !(state == DOOR_OP_BEFORE && !door_op_can_switch(root, op));
    }
    VEC_FOREACH (struct door_op, op, plan) {
        if (forward && door_op_state(root, op) == DOOR_OP_BEFORE) {
            struct err cause;
            if (!door_op_switch(root, op, &cause)) {
                buf_printf(&out->note, "%s\n", cause.text);
                forward = false;
            }
        }
    }
    if (!forward) {
        roll_back(root, plan, &out->note);
    }
    out->outcome = forward ? DOOR_FINISHED : DOOR_ROLLED_BACK;
    return true;
}

/* Half-written records of a process that was killed; ours alone while we hold the lock. */
static void remove_half_records(const struct door_intent *intent)
{
    char *folder = path_dir(intent->path);
    char *start = mem_printf("%s.bylaw-", path_base(intent->path));
    DIR *stream = opendir(folder);
    struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (strncmp(entry->d_name, start, strlen(start)) == 0) {
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    free(start);
    free(folder);
}

bool door_intent_recover(
    struct door_intent *intent, int root, struct door_recovery *out, struct err *err)
{
    *out = (struct door_recovery){.outcome = DOOR_CLEAN};
    struct door_plan plan = {0};
    struct err cause = {0};
    int phase = 0;
    remove_half_records(intent);
    if (!read_record(intent, &plan, &phase, &cause)) {
        door_plan_free(&plan);
        return cause.kind == ERR_NOT_FOUND || err_set(err, cause.kind, "%s", cause.text);
    }
    bool ok = true;
    out->files = plan.len;
    if (phase == DOOR_PREPARING) {
        out->outcome = DOOR_ROLLED_BACK;
    } else if (phase == DOOR_SWITCHED) {
        out->outcome = DOOR_FINISHED;
    } else {
        ok = finish(root, &plan, out, err);
    }
    if (ok) {
        door_sync_folders(root, &plan);
        VEC_FOREACH (struct door_op, op, &plan) {
            door_op_clean(root, op, phase == DOOR_PREPARING ? NULL : &out->note);
        }
        if (out->outcome == DOOR_ROLLED_BACK) {
            door_remove_folders(root, &plan);
        }
        door_intent_remove(intent);
    }
    door_plan_free(&plan);
    return ok;
}
