#include "catalog/indexer.h"

#include "base/file.h"
#include "base/vec.h"
#include "catalog/builtins.h"
#include "engine/offline.h"
#include "syntax/parsing.h"

#include <stdlib.h>

enum {
    SLICE_FILES = 48,
    SLICES_MAX = 2, /* on workers at once: others need them too */
    CAPABILITIES_MAX = 8 << 20
};
#define SLICE_BYTES ((size_t)1 << 20)

/* A file to be read, or a buffer's text. */
struct task {
    char *path;
    bool is_buffer;
    struct buf text;
    size_t size;
    struct policy_symbols *symbols; /* NULL: could not be read */
};

struct slice {
    struct indexer *indexer;
    struct slice_tasks {
        struct task *items;
        size_t len, cap;
    } tasks;
};

struct indexer {
    struct loop *loop;
    const struct workspace *workspace;
    struct catalog *catalog;
    struct builtins *builtins;
    void (*on_change)(void *data);
    void *data;
    struct {
        struct task *items;
        size_t len, cap;
    } queue;
    size_t next; /* of the queue */
    struct {
        struct buffer {
            char *path;
        } * items;
        size_t len, cap;
    } buffers;
    struct slice *running[SLICES_MAX]; /* NULL: free */
    size_t done, total;
    unsigned generation;
    bool closing, idle;
    bool asked; /* for built-ins */
    bool asking;
};

static void task_free(struct task *task)
{
    free(task->path);
    buf_free(&task->text);
    policy_symbols_release(task->symbols);
}

struct indexer *indexer_new(
    struct loop *loop, const struct workspace *workspace, void (*on_change)(void *data), void *data)
{
    struct indexer *indexer = MEM_NEW(struct indexer);
    indexer->loop = loop;
    indexer->workspace = workspace;
    indexer->catalog = catalog_new();
    indexer->on_change = on_change;
    indexer->data = data;
    indexer->idle = true;
    return indexer;
}

struct catalog *indexer_catalog(struct indexer *indexer)
{
    return indexer->catalog;
}

struct indexer_progress indexer_progress(const struct indexer *indexer)
{
    return (struct indexer_progress){indexer->done, indexer->total, indexer->generation};
}

static struct buffer *find_buffer(const struct indexer *indexer, const char *path)
{
    VEC_FOREACH (struct buffer, buffer, &indexer->buffers) {
        if (strcmp(buffer->path, path) == 0) {
            return buffer;
        }
    }
    return NULL;
}

/* ---- on a worker ---- */

static void read_slice(void *data)
{
    struct slice *slice = data;
    VEC_FOREACH (struct task, task, &slice->tasks) {
        struct err err;
        if (parsing_is_stopped()) {
            break; /* the program quits: what is not read is not missed */
        }
        if (!task->is_buffer &&
            !workspace_read(slice->indexer->workspace, task->path, &task->text, NULL, &err)) {
            continue;
        }
        task->symbols = policy_symbols_parse(task->path, buf_str(&task->text));
        buf_free(&task->text);
    }
}

/* ---- on the loop ---- */

static void start_slices(struct indexer *indexer);

static void update_idle(struct indexer *indexer)
{
    indexer->idle = !indexer->asking;
    for (size_t i = 0; i < SLICES_MAX; i++) {
        indexer->idle = indexer->idle && indexer->running[i] == NULL;
    }
}

static void take_slice(void *data, bool cancelled)
{
    struct slice *slice = data;
    struct indexer *indexer = slice->indexer;
    VEC_FOREACH (struct task, task, &slice->tasks) {
        bool stale = !task->is_buffer && find_buffer(indexer, task->path) != NULL;
        bool dropped = task->is_buffer && find_buffer(indexer, task->path) == NULL;
        if (task->symbols != NULL && !stale && !dropped && !cancelled) {
            catalog_put(indexer->catalog, task->path, task->symbols);
            task->symbols = NULL;
        } else if (task->symbols == NULL && !stale && !cancelled) {
            catalog_remove(indexer->catalog, task->path);
        }
        task_free(task);
    }
    indexer->done += slice->tasks.len;
    for (size_t i = 0; i < SLICES_MAX; i++) {
        indexer->running[i] = indexer->running[i] == slice ? NULL : indexer->running[i];
    }
    VEC_FREE(&slice->tasks);
    free(slice);
    if (!indexer->closing) {
        start_slices(indexer);
        indexer->generation++;
    }
    update_idle(indexer);
    if (!indexer->closing && indexer->on_change != NULL) {
        indexer->on_change(indexer->data);
    }
}

/* Two readings of one file are never under way together: the older might end last. */
static bool is_running(const struct indexer *indexer, const char *path)
{
    for (size_t i = 0; i < SLICES_MAX; i++) {
        if (indexer->running[i] == NULL) {
            continue;
        }
        VEC_FOREACH (const struct task, task, &indexer->running[i]->tasks) {
            if (strcmp(task->path, path) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void fill_slice(struct indexer *indexer, struct slice *slice)
{
    size_t bytes = 0;
    while (slice->tasks.len < SLICE_FILES && bytes < SLICE_BYTES &&
           indexer->next < indexer->queue.len &&
           !is_running(indexer, indexer->queue.items[indexer->next].path)) {
        struct task task = indexer->queue.items[indexer->next++];
        bytes += task.size;
        VEC_PUSH(&slice->tasks, task);
    }
}

static void start_slices(struct indexer *indexer)
{
    for (size_t i = 0; i < SLICES_MAX && indexer->next < indexer->queue.len; i++) {
        if (indexer->running[i] != NULL) {
            continue;
        }
        struct slice *slice = MEM_NEW(struct slice);
        slice->indexer = indexer;
        indexer->running[i] = slice;
        fill_slice(indexer, slice);
        if (slice->tasks.len == 0) {
            indexer->running[i] = NULL;
            free(slice);
            break;
        }
        loop_work_start(indexer->loop, read_slice, take_slice, slice);
    }
    if (indexer->next == indexer->queue.len) {
        VEC_FREE(&indexer->queue);
        indexer->next = 0;
    }
    update_idle(indexer);
}

static void add_task(struct indexer *indexer, struct task task)
{
    /* What waits for the same file is out of date. A long queue is not looked through: it is not
     * wrong to read a file twice. */
    size_t from = indexer->queue.len > indexer->next + 64 ? indexer->queue.len : indexer->next;
    for (size_t i = from; i < indexer->queue.len; i++) {
        struct task *waiting = &indexer->queue.items[i];
        if (strcmp(waiting->path, task.path) == 0) {
            task_free(waiting);
            *waiting = task;
            return;
        }
    }
    if (indexer->done == indexer->total) {
        indexer->done = indexer->total = 0;
    }
    indexer->total++;
    VEC_PUSH(&indexer->queue, task);
}

static bool is_indexed(const struct file_entry *entry)
{
    return !entry->is_link && !entry->odd_name &&
           (entry->kind == FILE_REGO || entry->kind == FILE_YAML || entry->kind == FILE_JSON);
}

/* ---- built-ins ---- */

struct capabilities {
    struct indexer *indexer;
    char *path;
    struct builtins *builtins;
};

static void read_capabilities(void *data)
{
    struct capabilities *capabilities = data;
    struct buf text = BUF_INIT;
    struct err err;
    if (file_read(capabilities->path, CAPABILITIES_MAX, &text, &err)) {
        capabilities->builtins = builtins_parse(buf_str(&text), &err);
    }
    buf_free(&text);
}

static void take_capabilities(void *data, bool cancelled)
{
    struct capabilities *capabilities = data;
    struct indexer *indexer = capabilities->indexer;
    (void)cancelled;
    indexer->builtins = capabilities->builtins;
    catalog_set_builtins(indexer->catalog, indexer->builtins);
    indexer->asking = false;
    update_idle(indexer);
    free(capabilities->path);
    free(capabilities);
    if (!indexer->closing && indexer->on_change != NULL) {
        indexer->on_change(indexer->data);
    }
}

/* The file that keeps tests off the network is the engine's own list of what it can do. */
static void on_capabilities(void *data, const char *path, const struct err *err)
{
    struct indexer *indexer = data;
    (void)err;
    if (path == NULL || indexer->closing) {
        indexer->asking = false;
        update_idle(indexer);
        return;
    }
    struct capabilities *capabilities = MEM_NEW(struct capabilities);
    capabilities->indexer = indexer;
    capabilities->path = mem_strdup(path);
    loop_work_start(indexer->loop, read_capabilities, take_capabilities, capabilities);
}

static void ask_builtins(struct indexer *indexer)
{
    struct err err;
    char *program = indexer->asked ? NULL : engine_find(&engine_opa, &err);
    indexer->asked = true;
    if (program != NULL) {
        indexer->asking = true;
        update_idle(indexer);
        offline_start(indexer->loop, &engine_opa, program, workspace_root(indexer->workspace),
            false, on_capabilities, indexer);
        free(program);
    }
}

/* ---- events ---- */

void indexer_take_event(struct indexer *indexer, const struct workspace_event *event)
{
    const struct files *files = workspace_files(indexer->workspace);
    if (event->failed != NULL) {
        return;
    }
    ask_builtins(indexer);
    for (size_t i = 0; event->first && i < files->len; i++) {
        const struct file_entry *entry = &files->items[i];
        if (is_indexed(entry) && find_buffer(indexer, entry->path) == NULL) {
            /* Nothing waits for it yet: not through add_task, which looks. */
            VEC_PUSH(&indexer->queue,
                (struct task){.path = mem_strdup(entry->path), .size = (size_t)entry->stamp.size});
            indexer->total++;
        }
    }
    for (size_t i = 0; i < event->changed_count; i++) {
        const struct workspace_changed *changed = &event->changed[i];
        const struct file_entry *entry = files_find(files, changed->path);
        if (find_buffer(indexer, changed->path) != NULL) {
            continue;
        }
        if (entry != NULL && is_indexed(entry)) {
            add_task(indexer, (struct task){.path = mem_strdup(changed->path),
                                  .size = (size_t)entry->stamp.size});
        } else if (entry == NULL && file_kind_of(changed->path) != FILE_OTHER) {
            /* It cannot be read, so it leaves: after a reading that is under way. */
            add_task(indexer, (struct task){.path = mem_strdup(changed->path)});
        }
    }
    start_slices(indexer);
    if (event->changed_count > 0 && indexer->on_change != NULL) {
        indexer->on_change(indexer->data);
    }
}

void indexer_set_buffer(struct indexer *indexer, const char *path, struct str text)
{
    const struct policy_symbols *known = catalog_symbols_of(indexer->catalog, path);
    if (find_buffer(indexer, path) == NULL) {
        VEC_PUSH(&indexer->buffers, (struct buffer){.path = mem_strdup(path)});
    }
    /* Nothing to do, unless another text of it is under way. */
    bool quiet = indexer->next == indexer->queue.len && !is_running(indexer, path);
    if (quiet && known != NULL && known->hash == str_hash(text)) {
        return;
    }
    struct task task = {.path = mem_strdup(path), .is_buffer = true, .size = text.len};
    buf_append_str(&task.text, text);
    add_task(indexer, task);
    start_slices(indexer);
}

void indexer_drop_buffer(struct indexer *indexer, const char *path)
{
    struct buffer *buffer = find_buffer(indexer, path);
    if (buffer != NULL) {
        free(buffer->path);
        *buffer = indexer->buffers.items[--indexer->buffers.len];
        add_task(indexer, (struct task){.path = mem_strdup(path)});
        start_slices(indexer);
    }
}

void indexer_free(struct indexer *indexer)
{
    if (indexer == NULL) {
        return;
    }
    indexer->closing = true;
    for (size_t i = indexer->next; i < indexer->queue.len; i++) {
        task_free(&indexer->queue.items[i]);
    }
    VEC_FREE(&indexer->queue);
    while (!indexer->idle) {
        loop_run_until(indexer->loop, &indexer->idle, 1000);
    }
    VEC_FOREACH (struct buffer, buffer, &indexer->buffers) {
        free(buffer->path);
    }
    VEC_FREE(&indexer->buffers);
    catalog_free(indexer->catalog);
    builtins_free(indexer->builtins);
    free(indexer);
}
