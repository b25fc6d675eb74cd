#include "generate/ledger.h"

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

struct ledger {
    char *path;
    int lock;
    struct {
        struct ledger_item *items;
        size_t len, cap;
    } items;
};

static const char *const names[] = {[LEDGER_WAITS] = "waits",
    [LEDGER_RUNS] = "runs",
    [LEDGER_PROPOSED] = "proposed",
    [LEDGER_FAILED] = "failed"};

const char *ledger_state_name(enum ledger_state state)
{
    return names[state];
}

static void clear_item(struct ledger_item *item)
{
    free(item->key);
    free(item->id);
    free(item->session);
    free(item->why);
}

void ledger_clear(struct ledger *ledger)
{
    VEC_FOREACH (struct ledger_item, item, &ledger->items) {
        clear_item(item);
    }
    VEC_FREE(&ledger->items);
}

void ledger_item_reset(struct ledger_item *item)
{
    free(item->why);
    item->why = NULL;
    item->state = LEDGER_WAITS;
    item->red = false;
}

/* ---- the file ---- */

static bool read_item(struct ledger *ledger, const cJSON *json)
{
    const char *key = json_string(json, "key");
    const char *id = json_string(json, "id");
    const char *state = json_string_or(json, "state", "");
    if (key == NULL || id == NULL) {
        return false;
    }
    struct ledger_item *item = ledger_add(ledger, key, id);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], state) == 0) {
            item->state = (enum ledger_state)i;
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
    return item->state == LEDGER_WAITS || item->session != NULL || item->state == LEDGER_FAILED;
}

static bool read_file(struct ledger *ledger, struct err *err)
{
    if (access(ledger->path, F_OK) != 0 && errno == ENOENT) {
        return true;
    }
    cJSON *json = json_parse_file(ledger->path, FILE_MAX, err);
    if (json == NULL && err->kind != ERR_INVALID) {
        return false;
    }
    const cJSON *list = json_get(json, "controls");
    bool ok = cJSON_IsArray(list) && json_int_or(json, "version", 0) == 1;
    for (const cJSON *one = ok ? list->child : NULL; one != NULL && ok; one = one->next) {
        ok = read_item(ledger, one);
    }
    cJSON_Delete(json);
    return ok || err_set(err, ERR_INVALID,
                     "%s is not as generate writes it: move it away to begin anew (proposals that "
                     "wait stay in their sessions)",
                     ledger->path);
}

bool ledger_save(struct ledger *ledger, struct err *err)
{
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_int(json, "version", 1);
    cJSON *list = json_set_array(json, "controls");
    VEC_FOREACH (const struct ledger_item, item, &ledger->items) {
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
    bool ok = file_write(ledger->path, str_of(text), 0600, err);
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

static bool take_lock(struct ledger *ledger, struct err *err)
{
    char *name = mem_printf("%s.lock", ledger->path);
    ledger->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = true;
    if (ledger->lock < 0) {
        ok = err_set_errno(err, errno, "cannot open %s", name);
    } else if (flock(ledger->lock, LOCK_EX | LOCK_NB) != 0) {
        ok = err_set(err, ERR_CONFLICT, "another bylaw generates for these requirements just now");
    }
    free(name);
    return ok;
}

struct ledger *ledger_open(const char *workspace, const char *digest, struct err *err)
{
    char *dir = folder_of(workspace, err);
    if (dir == NULL || !path_make_dirs(dir, err)) {
        free(dir);
        return NULL;
    }
    struct ledger *ledger = MEM_NEW(struct ledger);
    ledger->lock = -1;
    ledger->path = mem_printf("%s/%.16s.json", dir, digest);
    free(dir);
    if (!take_lock(ledger, err) || !read_file(ledger, err)) {
        ledger_free(ledger);
        return NULL;
    }
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    ledger_clear(ledger);
    if (ledger->lock >= 0) {
        close(ledger->lock);
    }
    free(ledger->path);
    free(ledger);
}

const char *ledger_path(const struct ledger *ledger)
{
    return ledger->path;
}

size_t ledger_count(const struct ledger *ledger)
{
    return ledger->items.len;
}

struct ledger_item *ledger_at(const struct ledger *ledger, size_t index)
{
    return &ledger->items.items[index];
}

struct ledger_item *ledger_find(const struct ledger *ledger, const char *key)
{
    VEC_FOREACH (struct ledger_item, item, &ledger->items) {
        if (strcmp(item->key, key) == 0) {
            return item;
        }
    }
    return NULL;
}

struct ledger_item *ledger_add(struct ledger *ledger, const char *key, const char *id)
{
    struct ledger_item *item = ledger_find(ledger, key);
    if (item != NULL) {
        return item;
    }
    VEC_PUSH(&ledger->items,
        (struct ledger_item){.key = mem_strdup(key), .id = mem_strdup(id), .priced = true});
    return &ledger->items.items[ledger->items.len - 1];
}
