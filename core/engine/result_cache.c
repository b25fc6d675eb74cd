#include "engine/result_cache.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUM_SIZE = 16, ENTRY_BYTES_MAX = 64 << 10, FILES_MAX = 64, TESTS_MAX = 100000 };
#define BYTES_MAX ((size_t)16 << 20)

static const char head[] = "bylaw-results 2";

struct result_cache {
    struct {
        struct cached_unit *items;
        size_t len, cap;
    } units; /* by key */
    size_t next;
};

/* ---- in memory ---- */

static void unit_free(struct cached_unit *unit)
{
    for (size_t i = 0; i < unit->count; i++) {
        results_free(&unit->tests[i]);
    }
    free(unit->tests);
}

void result_cache_free(struct result_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    VEC_FOREACH (struct cached_unit, unit, &cache->units) {
        unit_free(unit);
    }
    VEC_FREE(&cache->units);
    free(cache);
}

static size_t bound(const struct result_cache *cache, const char *key)
{
    size_t low = 0;
    size_t high = cache->units.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(cache->units.items[mid].key, key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const struct cached_unit *result_cache_find(const struct result_cache *cache, const char *key)
{
    size_t at = bound(cache, key);
    bool found = at < cache->units.len && strcmp(cache->units.items[at].key, key) == 0;
    return found ? &cache->units.items[at] : NULL;
}

size_t result_cache_count(const struct result_cache *cache)
{
    return cache->units.len;
}

/* Takes the unit over. */
static void take(struct result_cache *cache, struct cached_unit unit)
{
    size_t at = bound(cache, unit.key);
    unit.order = cache->next++;
    if (at < cache->units.len && strcmp(cache->units.items[at].key, unit.key) == 0) {
        unit_free(&cache->units.items[at]);
        cache->units.items[at] = unit;
    } else {
        VEC_INSERT(&cache->units, at, unit);
    }
}

static bool may_be_kept(const struct result *row)
{
    return (row->status == RESULT_PASS || row->status == RESULT_FAIL ||
               row->status == RESULT_SKIPPED) &&
           row->suite != NULL && row->name != NULL;
}

static size_t length(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static size_t size_of(const struct result *row)
{
    return length(row->suite) + length(row->name) + length(row->message) + length(row->detail) +
           length(row->output) + length(row->policy_file) + length(row->input_file) +
           length(row->expected) + length(row->got);
}

bool result_cache_put(
    struct result_cache *cache, const char *key, const struct results *tests, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (tests[i].len == 0) {
            return false;
        }
        VEC_FOREACH (const struct result, row, &tests[i]) {
            bytes += size_of(row);
            if (!may_be_kept(row) || bytes > ENTRY_BYTES_MAX) {
                return false;
            }
        }
    }
    struct cached_unit unit = {
        .tests = mem_zalloc((count + 1) * sizeof *unit.tests), .count = count};
    memcpy(unit.key, key, strnlen(key, SHA256_HEX_SIZE - 1));
    for (size_t i = 0; i < count; i++) {
        VEC_FOREACH (const struct result, row, &tests[i]) {
            VEC_PUSH(&unit.tests[i], result_copy(row));
        }
    }
    take(cache, unit);
    return true;
}

/* ---- text ---- */

/* A file and a place in it; nothing where there is no file. */
static void set_place(cJSON *object, const char *key, const char *file, const struct position *at)
{
    if (file != NULL) {
        cJSON *place = json_set_array(object, key);
        json_push_string(place, file);
        cJSON_AddItemToArray(place, mem_require(cJSON_CreateNumber(at->row)));
        cJSON_AddItemToArray(place, mem_require(cJSON_CreateNumber(at->col)));
    }
}

static cJSON *row_json(const struct result *row)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "e", row->engine);
    json_set_string(object, "p", row->suite);
    json_set_string(object, "n", row->name);
    json_set_string(object, "s", result_status_name(row->status));
    json_set_int(object, "d", row->depth);
    json_set_int(object, "c", row->count);
    json_set_int(object, "u", (long long)row->duration_us);
    set_place(object, "f", row->file, &row->at);
    json_set_optional(object, "m", row->message);
    json_set_optional(object, "t", row->detail);
    json_set_optional(object, "o", row->output);
    set_place(object, "w", row->policy_file, &row->policy_at);
    set_place(object, "i", row->input_file, &row->input_at);
    json_set_optional(object, "x", row->expected);
    json_set_optional(object, "g", row->got);
    return object;
}

static void append_entry(struct buf *out, const struct cached_unit *unit)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "k", unit->key);
    cJSON *tests = json_set_array(object, "t");
    for (size_t i = 0; i < unit->count; i++) {
        cJSON *rows = mem_require(cJSON_CreateArray());
        VEC_FOREACH (const struct result, row, &unit->tests[i]) {
            cJSON_AddItemToArray(rows, row_json(row));
        }
        cJSON_AddItemToArray(tests, rows);
    }
    char *text = json_print(object);
    char sum[SHA256_HEX_SIZE];
    sha256_hex(str_of(text), sum);
    buf_append(out, sum, SUM_SIZE);
    buf_append_c(out, " ");
    buf_append_c(out, text);
    buf_append_c(out, "\n");
    free(text);
    cJSON_Delete(object);
}

static enum result_status status_named(const char *name)
{
    for (size_t i = 0; name != NULL && i < RESULT_STATUSES; i++) {
        if (strcmp(name, result_status_name((enum result_status)i)) == 0) {
            return (enum result_status)i;
        }
    }
    return RESULT_NOT_EVALUATED;
}

static unsigned number_of(const cJSON *object, const char *key)
{
    long long number = json_int_or(object, key, 0);
    return number < 0 || number > UINT32_MAX ? 0 : (unsigned)number;
}

static char *read_place(const cJSON *object, const char *key, struct position *at)
{
    const cJSON *place = json_get(object, key);
    const cJSON *file = cJSON_GetArrayItem(place, 0);
    double row = cJSON_GetNumberValue(cJSON_GetArrayItem(place, 1));
    double col = cJSON_GetNumberValue(cJSON_GetArrayItem(place, 2));
    if (!cJSON_IsString(file) || !(row >= 0 && row <= UINT32_MAX) ||
        !(col >= 0 && col <= UINT32_MAX)) {
        return NULL;
    }
    *at = (struct position){(uint32_t)row, (uint32_t)col};
    return mem_strdup(cJSON_GetStringValue(file));
}

static const char *engine_named(const char *name)
{
    for (size_t i = 0; name != NULL && engines[i] != NULL; i++) {
        if (strcmp(engines[i]->name, name) == 0) {
            return engines[i]->name;
        }
    }
    return NULL;
}

/* False: not a row that is kept. What it allocated is the caller's in any case. */
static bool read_row(const cJSON *object, struct result *row)
{
    *row = (struct result){.engine = engine_named(json_string(object, "e")),
        .suite = mem_strdup(json_string(object, "p")),
        .name = mem_strdup(json_string(object, "n")),
        .status = status_named(json_string(object, "s")),
        .depth = number_of(object, "d"),
        .count = number_of(object, "c"),
        .duration_us = number_of(object, "u"),
        .message = mem_strdup(json_string(object, "m")),
        .detail = mem_strdup(json_string(object, "t")),
        .output = mem_strdup(json_string(object, "o")),
        .expected = mem_strdup(json_string(object, "x")),
        .got = mem_strdup(json_string(object, "g"))};
    row->file = read_place(object, "f", &row->at);
    row->policy_file = read_place(object, "w", &row->policy_at);
    row->input_file = read_place(object, "i", &row->input_at);
    return row->engine != NULL && may_be_kept(row);
}

static bool read_tests(const cJSON *tests, struct cached_unit *unit)
{
    bool ok = true;
    const cJSON *rows;
    cJSON_ArrayForEach(rows, tests)
    {
        struct results *out = &unit->tests[unit->count++];
        const cJSON *object;
        cJSON_ArrayForEach(object, rows)
        {
            struct result row;
            ok = read_row(object, &row) && ok;
            VEC_PUSH(out, row);
        }
        /* A test, then its sub-tests. */
        ok = ok && out->len > 0 && out->items[0].depth == 0;
    }
    return ok;
}

static void read_entry(struct result_cache *cache, struct str line)
{
    struct err err;
    char sum[SHA256_HEX_SIZE];
    if (line.len < SUM_SIZE + 1 || line.ptr[SUM_SIZE] != ' ') {
        return;
    }
    struct str text = str_from(line, SUM_SIZE + 1);
    sha256_hex(text, sum);
    if (memcmp(sum, line.ptr, SUM_SIZE) != 0) {
        return;
    }
    cJSON *object = json_parse(text, &err);
    const cJSON *tests = json_get(object, "t");
    const char *key = json_string(object, "k");
    int count = cJSON_IsArray(tests) ? cJSON_GetArraySize(tests) : -1;
    if (key != NULL && strlen(key) == SHA256_HEX_SIZE - 1 && count >= 0 && count <= TESTS_MAX) {
        struct cached_unit unit = {.tests = mem_zalloc(((size_t)count + 1) * sizeof *unit.tests)};
        memcpy(unit.key, key, SHA256_HEX_SIZE);
        if (read_tests(tests, &unit)) {
            take(cache, unit);
        } else {
            unit_free(&unit);
        }
    }
    cJSON_Delete(object);
}

struct result_cache *result_cache_parse(struct str text)
{
    struct result_cache *cache = MEM_NEW(struct result_cache);
    struct str rest = text;
    struct str line;
    if (!str_next_line(&rest, &line) || !str_equal_c(line, head)) {
        return cache;
    }
    while (str_next_line(&rest, &line)) {
        read_entry(cache, line);
    }
    return cache;
}

static int newest_first(const void *a, const void *b)
{
    const struct cached_unit *const *x = a;
    const struct cached_unit *const *y = b;
    return (*x)->order < (*y)->order ? 1 : -1;
}

void result_cache_print(const struct result_cache *cache, struct buf *out)
{
    const struct cached_unit **units = mem_alloc((cache->units.len + 1) * sizeof *units);
    struct {
        struct buf *items;
        size_t len, cap;
    } entries = {0};
    for (size_t i = 0; i < cache->units.len; i++) {
        units[i] = &cache->units.items[i];
    }
    if (cache->units.len > 0) {
        qsort(units, cache->units.len, sizeof(void *), newest_first);
    }
    size_t bytes = 0;
    for (size_t i = 0; i < cache->units.len && bytes < BYTES_MAX; i++) {
        struct buf entry = BUF_INIT;
        append_entry(&entry, units[i]);
        bytes += entry.len;
        VEC_PUSH(&entries, entry);
    }
    buf_append_c(out, head);
    buf_append_c(out, "\n");
    for (size_t i = entries.len; i > 0; i--) {
        buf_append_str(out, buf_str(&entries.items[i - 1]));
        buf_free(&entries.items[i - 1]);
    }
    VEC_FREE(&entries);
    free(units);
}

/* ---- the file ---- */

char *result_cache_path(const char *root)
{
    char *cache = path_home_dir(PATH_CACHE, NULL);
    char *path = cache == NULL ? NULL
                               : mem_printf("%s/results/%.60s-%016llx", cache, path_base(root),
                                     str_hash(str_of(root)));
    free(cache);
    return path;
}

struct result_cache *result_cache_read(const char *path)
{
    struct err err;
    struct buf text = BUF_INIT;
    if (path != NULL && !file_read(path, BYTES_MAX * 2, &text, &err)) {
        buf_clear(&text);
    }
    struct result_cache *cache = result_cache_parse(buf_str(&text));
    buf_free(&text);
    return cache;
}

/* Of files that other workspaces left, the oldest go. */
static void sweep(const char *dir)
{
    char *oldest = NULL;
    size_t count = 0;
    int64_t when = INT64_MAX;
    DIR *stream = opendir(dir);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        struct stat st;
        char *path = path_join(dir, entry->d_name);
        if (entry->d_name[0] != '.' && lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            count++;
            if (st.st_mtim.tv_sec < when) {
                when = st.st_mtim.tv_sec;
                free(oldest);
                oldest = mem_strdup(path);
            }
        }
        free(path);
    }
    if (stream != NULL) {
        closedir(stream);
    }
    if (count > FILES_MAX && oldest != NULL) {
        (void)unlink(oldest);
    }
    free(oldest);
}

bool result_cache_add(const char *path, const struct result_cache *more, struct err *err)
{
    char *dir = path_dir(path);
    char *lock_path = mem_printf("%s/.lock", dir);
    bool ok = path_make_dirs(dir, err);
    int lock = ok ? open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (lock >= 0) {
        (void)flock(lock, LOCK_EX);
    }
    if (ok) {
        struct result_cache *cache = result_cache_read(path);
        struct buf text = BUF_INIT;
        VEC_FOREACH (const struct cached_unit, unit, &more->units) {
            (void)!result_cache_put(cache, unit->key, unit->tests, unit->count);
        }
        result_cache_print(cache, &text);
        ok = file_write(path, buf_str(&text), 0600, err);
        buf_free(&text);
        result_cache_free(cache);
        sweep(dir);
    }
    if (lock >= 0) {
        close(lock);
    }
    free(lock_path);
    free(dir);
    return ok;
}
