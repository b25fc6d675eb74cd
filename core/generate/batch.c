#include "generate/batch.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20 };

struct batch {
    char *path;
    int lock;
    struct {
        struct batch_item *items;
        size_t len, cap;
    } items;
};

static const char *const names[] = {[BATCH_WAITS] = "waits",
    [BATCH_RUNS] = "runs",
    [BATCH_PROPOSED] = "proposed",
    [BATCH_FAILED] = "failed"};

const char *batch_state_name(enum batch_state state)
{
    return names[state];
}

static void clear_item(struct batch_item *item)
{
    free(item->key);
    free(item->id);
    free(item->session);
    free(item->why);
}

void batch_clear(struct batch *batch)
{
    VEC_FOREACH (struct batch_item, item, &batch->items) {
        clear_item(item);
    }
    VEC_FREE(&batch->items);
}

void batch_item_reset(struct batch_item *item)
{
    free(item->why);
    item->why = NULL;
    item->state = BATCH_WAITS;
    item->red = false;
}

/* ---- the file ---- */

static bool read_item(struct batch *batch, const cJSON *json)
{
    const char *key = json_string(json, "key");
    const char *id = json_string(json, "id");
    const char *state = json_string_or(json, "state", "");
    if (key == NULL || id == NULL) {
        return false;
    }
    struct batch_item *item = batch_add(batch, key, id);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], state) == 0) {
            item->state = (enum batch_state)i;
        }
    }
    free(item->session);
    free(item->why);
    item->session = mem_strdup(json_string(json, "session"));
    item->why = mem_strdup(json_string(json, "why"));
    item->red = json_bool_or(json, "red", false);
    item->dollars = json_number_or(json, "dollars", 0);
    item->priced = json_bool_or(json, "priced", false);
    item->tokens = json_int_or(json, "tokens", 0);
    item->ms = json_int_or(json, "ms", 0);
    return item->state == BATCH_WAITS || item->session != NULL || item->state == BATCH_FAILED;
}

static bool read_file(struct batch *batch, struct err *err)
{
    if (access(batch->path, F_OK) != 0 && errno == ENOENT) {
        return true;
    }
    cJSON *json = json_parse_file(batch->path, FILE_MAX, err);
    if (json == NULL) {
        return false;
    }
    const cJSON *list = json_get(json, "controls");
    bool ok = cJSON_IsArray(list) && json_int_or(json, "version", 0) == 1;
    for (const cJSON *one = ok ? list->child : NULL; one != NULL && ok; one = one->next) {
        ok = read_item(batch, one);
    }
    cJSON_Delete(json);
    return ok || err_set(err, ERR_INVALID,
                     "%s is not as generate writes it: move it away to begin anew (proposals that "
                     "wait stay in their sessions)",
                     batch->path);
}

bool batch_save(struct batch *batch, struct err *err)
{
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_int(json, "version", 1);
    cJSON *list = json_set_array(json, "controls");
    VEC_FOREACH (const struct batch_item, item, &batch->items) {
        cJSON *one = mem_require(cJSON_CreateObject());
        json_set_string(one, "key", item->key);
        json_set_string(one, "id", item->id);
        json_set_string(one, "state", names[item->state]);
        json_set_optional(one, "session", item->session);
        json_set_optional(one, "why", item->why);
        json_set_bool(one, "red", item->red);
        json_set_number(one, "dollars", item->dollars);
        json_set_bool(one, "priced", item->priced);
        json_set_int(one, "tokens", item->tokens);
        json_set_int(one, "ms", item->ms);
        cJSON_AddItemToArray(list, one);
    }
    char *text = json_print(json);
    cJSON_Delete(json);
    bool ok = file_write(batch->path, str_of(text), 0600, err);
    free(text);
    return ok;
}

/* ---- opening ---- */

static char *folder_of(const char *workspace, struct err *err)
{
    char *state = path_home_dir(PATH_STATE, err);
    if (state == NULL) {
        return NULL;
    }
    char *dir = mem_printf("%s/generate/%s-%08llx", state, path_base(workspace),
        str_hash(str_of(workspace)) & 0xffffffffu);
    free(state);
    return dir;
}

static bool take_lock(struct batch *batch, struct err *err)
{
    char *name = mem_printf("%s.lock", batch->path);
    batch->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = true;
    if (batch->lock < 0) {
        ok = err_set_errno(err, errno, "cannot open %s", name);
    } else if (flock(batch->lock, LOCK_EX | LOCK_NB) != 0) {
        ok = err_set(err, ERR_CONFLICT, "another bylaw generates for these requirements just now");
    }
    free(name);
    return ok;
}

struct batch *batch_open(const char *workspace, const char *digest, struct err *err)
{
    char *dir = folder_of(workspace, err);
    if (dir == NULL || !path_make_dirs(dir, err)) {
        free(dir);
        return NULL;
    }
    struct batch *batch = MEM_NEW(struct batch);
    batch->lock = -1;
    batch->path = mem_printf("%s/%.16s.json", dir, digest);
    free(dir);
    if (!take_lock(batch, err) || !read_file(batch, err)) {
        batch_free(batch);
        return NULL;
    }
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL) {
        return;
    }
    batch_clear(batch);
    if (batch->lock >= 0) {
        close(batch->lock);
    }
    free(batch->path);
    free(batch);
}

const char *batch_path(const struct batch *batch)
{
    return batch->path;
}

size_t batch_count(const struct batch *batch)
{
    return batch->items.len;
}

struct batch_item *batch_at(const struct batch *batch, size_t index)
{
    return &batch->items.items[index];
}

struct batch_item *batch_find(const struct batch *batch, const char *key)
{
    VEC_FOREACH (struct batch_item, item, &batch->items) {
        if (strcmp(item->key, key) == 0) {
            return item;
        }
    }
    return NULL;
}

struct batch_item *batch_add(struct batch *batch, const char *key, const char *id)
{
    struct batch_item *item = batch_find(batch, key);
    if (item != NULL) {
        return item;
    }
    VEC_PUSH(&batch->items,
        (struct batch_item){.key = mem_strdup(key), .id = mem_strdup(id), .priced = true});
    return &batch->items.items[batch->items.len - 1];
}
