#include "workspace/watch.h"

#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>
#include <sys/stat.h>

/* A burst ends when it was quiet for QUIET_MS, and is told at the latest after LATEST_MS. */
enum { QUIET_MS = 60, LATEST_MS = 500, POLL_MS = 2000, WATCHES_MAX = 6000 };

struct folder_watch {
    uv_fs_event_t uv;
    struct watch *watch;
    char *path; /* absolute */
    uint64_t inode;
    bool git;
    bool wanted;
};

struct watch {
    struct loop *loop;
    struct loop_timer *quiet;
    struct loop_timer *poll;
    uint64_t burst_began; /* 0: none */
    bool git;
    bool polling;
    void (*on_change)(void *data, bool git);
    void *data;
    struct folder_watch **items;
    size_t len, cap;
};

static void on_quiet(void *data)
{
    struct watch *watch = data;
    bool git = watch->git;
    watch->burst_began = 0;
    watch->git = false;
    watch->on_change(watch->data, git);
}

static void on_poll(void *data)
{
    struct watch *watch = data;
    watch->on_change(watch->data, true);
}

static void on_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
    (void)events;
    (void)status; /* an error is looked into like a change */
    struct folder_watch *folder = uv->data;
    struct watch *watch = folder->watch;
    if (name != NULL &&
        (file_is_temporary(name) || (folder->git && str_ends(str_of(name), ".lock")))) {
        return;
    }
    watch->git = watch->git || folder->git;
    uint64_t now = loop_now_ms();
    if (watch->burst_began == 0) {
        watch->burst_began = now;
    }
    if (now - watch->burst_began < LATEST_MS) {
        loop_timer_start(watch->quiet, QUIET_MS, 0);
    } else if (!loop_timer_is_active(watch->quiet)) {
        loop_timer_start(watch->quiet, 0, 0);
    }
}

struct watch *watch_new(struct loop *loop, void (*on_change)(void *data, bool git), void *data)
{
    struct watch *watch = MEM_NEW(struct watch);
    watch->loop = loop;
    watch->on_change = on_change;
    watch->data = data;
    watch->quiet = loop_timer_new(loop, on_quiet, watch);
    watch->poll = loop_timer_new(loop, on_poll, watch);
    return watch;
}

static void on_folder_closed(uv_handle_t *handle)
{
    struct folder_watch *folder = handle->data;
    free(folder->path);
    free(folder);
}

static void drop_unwanted(struct watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->len; i++) {
        if (watch->items[i]->wanted) {
            watch->items[kept++] = watch->items[i];
        } else {
            uv_close((uv_handle_t *)&watch->items[i]->uv, on_folder_closed);
        }
    }
    watch->len = kept;
}

static void add_folder(struct watch *watch, char *path, uint64_t inode, bool git)
{
    if (watch->len >= WATCHES_MAX) {
        watch->polling = true;
        free(path);
        return;
    }
    struct folder_watch *folder = MEM_NEW(struct folder_watch);
    uv_fs_event_init(loop_uv(watch->loop), &folder->uv);
    folder->uv.data = folder;
    folder->watch = watch;
    folder->path = path;
    folder->inode = inode;
    folder->git = git;
    folder->wanted = true;
    int rc = uv_fs_event_start(&folder->uv, on_event, path, 0);
    if (rc != 0) {
        /* A folder that went away meanwhile shows in its parent; all else is a lack of watches. */
        watch->polling = watch->polling || rc != UV_ENOENT;
        uv_close((uv_handle_t *)&folder->uv, on_folder_closed);
        return;
    }
    VEC_PUSH(watch, folder);
}

static int by_path_of_pointer(const void *a, const void *b)
{
    return strcmp(
        (*(struct folder_watch *const *)a)->path, (*(struct folder_watch *const *)b)->path);
}

static void want(struct watch *watch, size_t known, char *path, uint64_t inode, bool git)
{
    struct folder_watch key = {.path = path};
    struct folder_watch *key_pointer = &key;
    struct folder_watch **found = known == 0 ? NULL
                                             : bsearch(&key_pointer, watch->items, known,
                                                   sizeof *watch->items, by_path_of_pointer);
    if (found != NULL && (*found)->inode == inode) {
        (*found)->wanted = true;
        free(path);
    } else {
        add_folder(watch, path, inode, git);
    }
}

void watch_set(struct watch *watch, const char *root, const struct files *files)
{
    watch->polling = false;
    for (size_t i = 0; i < watch->len; i++) {
        watch->items[i]->wanted = false;
    }
    if (watch->len > 0) {
        qsort(watch->items, watch->len, sizeof *watch->items, by_path_of_pointer);
    }
    size_t known = watch->len;
    VEC_FOREACH (struct file_folder, folder, &files->folders) {
        want(watch, known, path_join(root, folder->path[0] == '\0' ? "." : folder->path),
            folder->inode, false);
    }
    struct stat st;
    if (files->git_folder != NULL && stat(files->git_folder, &st) == 0) {
        want(watch, known, mem_strdup(files->git_folder), (uint64_t)st.st_ino, true);
    }
    drop_unwanted(watch);
    if (watch->polling) {
        loop_timer_start(watch->poll, POLL_MS, POLL_MS);
    } else {
        loop_timer_stop(watch->poll);
    }
}

bool watch_is_polling(const struct watch *watch)
{
    return watch->polling;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    for (size_t i = 0; i < watch->len; i++) {
        watch->items[i]->wanted = false;
    }
    drop_unwanted(watch);
    VEC_FREE(watch);
    loop_timer_free(watch->quiet);
    loop_timer_free(watch->poll);
    free(watch);
}
