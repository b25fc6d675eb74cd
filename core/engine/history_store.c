#include "engine/history_store.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

struct history_store {
    struct loop *loop;
    char *path; /* NULL: there is no state folder */
    struct test_history *history;
    struct test_history *unsaved; /* what was recorded since the last save; NULL: nothing */
    struct job *job;              /* on a worker now */
    bool loaded, save_again, closing;
    void (*ready)(void *data);
    void (*trouble)(void *data, const char *line);
    void *data;
};

/* What a worker does: reads the file, adds to it, writes it. */
struct job {
    struct history_store *store;
    char *path;
    struct test_history *adds; /* NULL: only read */
    struct test_history *read;
    struct err err;
    bool ok;
};

static char *path_of(const char *root)
{
    char *state = path_home_dir(PATH_STATE, NULL);
    char *path = state == NULL ? NULL
                               : mem_printf("%s/tests/%s-%016llx", state, path_base(root),
                                     str_hash(str_of(root)));
    free(state);
    return path;
}

/* A file that is not there yet is an empty history; one that is not ours is left as it is. */
static bool read_file(struct job *job, struct buf *text)
{
    struct err err;
    if (!file_read(job->path, HISTORY_BYTES_MAX + (1 << 20), text, &err)) {
        if (err.kind == ERR_NOT_FOUND) {
            return true;
        }
        job->err = err;
        return false;
    }
    return test_history_read(job->read, buf_str(text), &job->err) ||
           err_prefix(&job->err, "%s", job->path);
}

/* Adds what is read to what is new: equal runs are one. */
static bool write_file(struct job *job, struct buf *text)
{
    test_history_merge(job->read, job->adds);
    buf_clear(text);
    test_history_write(job->read, text);
    return file_write(job->path, buf_str(text), 0600, &job->err);
}

static void work(void *data)
{
    struct job *job = data;
    struct buf text = BUF_INIT;
    int lock = -1;
    job->ok = true;
    if (job->adds != NULL) {
        char *dir = path_dir(job->path);
        char *lock_path = mem_printf("%s.lock", job->path);
        job->ok = path_make_dirs(dir, &job->err);
        lock = job->ok ? open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
        if (lock >= 0) {
            (void)flock(lock, LOCK_EX);
        }
        free(lock_path);
        free(dir);
    }
    job->ok = job->ok && read_file(job, &text) && (job->adds == NULL || write_file(job, &text));
    if (lock >= 0) {
        close(lock);
    }
    buf_free(&text);
}

static void release(struct history_store *store)
{
    test_history_free(store->history);
    test_history_free(store->unsaved);
    free(store->path);
    free(store);
}

static void done(void *data, bool cancelled)
{
    struct job *job = data;
    struct history_store *store = job->store;
    bool first = !store->loaded;
    store->job = NULL;
    if (!cancelled && !job->ok && store->trouble != NULL && !store->closing) {
        char *line = mem_printf("history of the tests: %s", job->err.text);
        store->trouble(store->data, line);
        free(line);
    }
    if (!cancelled && job->ok && first) {
        /* What was recorded meanwhile is newer than what was read. */
        test_history_merge(job->read, store->history);
        test_history_free(store->history);
        store->history = job->read;
        job->read = NULL;
    }
    store->loaded = true;
    test_history_free(job->read);
    test_history_free(job->adds);
    free(job->path);
    free(job);
    if (first && store->ready != NULL && !store->closing) {
        store->ready(store->data);
    }
    if (store->save_again) {
        store->save_again = false;
        history_store_save(store);
    }
    if (store->closing && store->job == NULL) {
        release(store);
    }
}

static void begin(struct history_store *store)
{
    struct job *job = MEM_NEW(struct job);
    job->store = store;
    job->path = mem_strdup(store->path);
    job->read = test_history_new();
    job->adds = store->unsaved;
    store->unsaved = NULL;
    store->job = job;
    loop_work_start(store->loop, work, done, job);
}

struct history_store *history_store_new(struct loop *loop, const char *root,
    void (*ready)(void *data), void (*trouble)(void *data, const char *line), void *data)
{
    struct history_store *store = MEM_NEW(struct history_store);
    *store = (struct history_store){.loop = loop,
        .path = path_of(root),
        .history = test_history_new(),
        .ready = ready,
        .trouble = trouble,
        .data = data};
    if (store->path != NULL) {
        begin(store);
    }
    return store;
}

void history_store_free(struct history_store *store)
{
    if (store == NULL) {
        return;
    }
    store->closing = true;
    history_store_save(store);
    if (store->job == NULL) {
        release(store);
    }
}

void history_store_add(
    struct history_store *store, const struct test_name *name, const struct test_run *run)
{
    test_history_add(store->history, name, run);
    if (store->path != NULL) {
        store->unsaved = store->unsaved == NULL ? test_history_new() : store->unsaved;
        test_history_add(store->unsaved, name, run);
    }
}

const struct test_past *history_store_find(
    const struct history_store *store, const struct test_name *name)
{
    return test_history_find(store->history, name);
}

void history_store_save(struct history_store *store)
{
    if (store->path == NULL || store->unsaved == NULL) {
        return;
    }
    if (store->job != NULL) {
        store->save_again = true;
        return;
    }
    begin(store);
}
