#include "text/history_file.h"

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (HISTORY_BYTES_MAX + ((size_t)1 << 20)) /* frames included */

struct store {
    char *dir, *path;
    struct buf steps;
    struct buf content; /* only hashed */
    size_t count, current;
};

static unsigned under_way; /* loop thread */

char *history_default_dir(struct err *err)
{
    char *home = path_home_dir(PATH_STATE, err);
    char *dir = home == NULL ? NULL : path_join(home, "undo");
    free(home);
    return dir;
}

static char *file_of(const char *dir, const char *path)
{
    return mem_printf("%s/%016llx.undo", dir, str_hash(str_of(path)));
}

bool history_load(const char *dir, const char *path, struct text *text, struct err *err)
{
    struct buf bytes = BUF_INIT;
    char *file = file_of(dir, path);
    bool ok =
        file_read(file, FILE_BYTES_MAX, &bytes, err) && history_read(text, buf_str(&bytes), err);
    buf_free(&bytes);
    free(file);
    return ok;
}

struct found {
    char *path;
    struct timespec changed;
};

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct found *)a)->changed;
    const struct timespec *y = &((const struct found *)b)->changed;
    if (x->tv_sec != y->tv_sec) {
        return x->tv_sec > y->tv_sec ? -1 : 1;
    }
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static void prune(const char *dir)
{
    struct {
        struct found *items;
        size_t len, cap;
    } all = {0};
    DIR *handle = opendir(dir);
    struct dirent *entry;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        struct stat info;
        char *path = path_join(dir, entry->d_name);
        if (str_ends(str_of(entry->d_name), ".undo") && lstat(path, &info) == 0) {
            VEC_PUSH(&all, ((struct found){path, info.st_mtim}));
        } else {
            free(path);
        }
    }
    if (handle != NULL) {
        closedir(handle);
    }
    if (all.len > HISTORY_FILES_MAX) {
        qsort(all.items, all.len, sizeof *all.items, newest_first);
    }
    for (size_t i = 0; i < all.len; i++) {
        if (i >= HISTORY_FILES_MAX && unlink(all.items[i].path) != 0) {
            log_write("undo", "cannot remove %s", all.items[i].path);
        }
        free(all.items[i].path);
    }
    VEC_FREE(&all);
}

static void write_file(void *data)
{
    struct store *store = data;
    struct buf bytes = BUF_INIT;
    struct err err = {0};
    char *file = file_of(store->dir, store->path);
    history_put_head(&bytes, store->content.len, str_hash(buf_str(&store->content)), store->count,
        store->current);
    buf_append_str(&bytes, buf_str(&store->steps));
    if (!path_make_dirs(store->dir, &err) || !file_write(file, buf_str(&bytes), 0600, &err)) {
        log_write("undo", "the undo history of %s is not kept: %s", store->path, err.text);
    }
    prune(store->dir);
    buf_free(&bytes);
    free(file);
}

static void written(void *data, bool cancelled)
{
    struct store *store = data;
    (void)cancelled;
    under_way--;
    buf_free(&store->steps);
    buf_free(&store->content);
    free(store->dir);
    free(store->path);
    free(store);
}

void history_store(struct loop *loop, const char *dir, const char *path, const struct text *text)
{
    struct buf steps = BUF_INIT;
    size_t count, current;
    if (!history_put_steps(text, HISTORY_BYTES_MAX, &steps, &count, &current)) {
        buf_free(&steps);
        return;
    }
    struct store *store = MEM_NEW(struct store);
    *store = (struct store){.dir = mem_strdup(dir),
        .path = mem_strdup(path),
        .steps = steps,
        .count = count,
        .current = current};
    text_copy(text, 0, SIZE_MAX, &store->content);
    under_way++;
    loop_work_start(loop, write_file, written, store);
}

void history_wait(struct loop *loop, uint64_t timeout_ms)
{
    uint64_t start = loop_now_ms();
    while (under_way > 0 && loop_now_ms() - start < timeout_ms) {
        loop_run_once(loop, 10);
    }
}
