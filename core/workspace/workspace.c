#include "workspace/workspace.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_MAX = 64 << 20 };

struct workspace {
    char *root;
    int fd;
    struct files files;
    unsigned generation;
    struct loop *loop; /* NULL: not started */
    struct watch *watch;
    bool scanning;
    bool idle;  /* !scanning, for loop_run_until */
    bool again; /* asked for while scanning */
    bool git_changed;
    bool listed;
    bool was_polling;
    bool failed; /* told, and not well since */
    atomic_bool cancel;
    struct files next; /* written by the worker while scanning */
    struct err next_err;
    bool next_ok;
    void (*on_event)(void *data, const struct workspace_event *event);
    void *data;
};

struct changed_list {
    struct workspace_changed *items;
    size_t len, cap;
};

struct workspace *workspace_open(const char *path, struct err *err)
{
    char *root = realpath(path, NULL);
    if (root == NULL) {
        err_set_errno(err, errno, "cannot open folder %s", path);
        return NULL;
    }
    int fd = beneath_open_root(root, err);
    if (fd < 0) {
        free(root);
        return NULL;
    }
    struct workspace *workspace = MEM_NEW(struct workspace);
    workspace->root = root;
    workspace->fd = fd;
    return workspace;
}

void workspace_free(struct workspace *workspace)
{
    if (workspace != NULL) {
        workspace_stop(workspace);
        files_free(&workspace->files);
        close(workspace->fd);
        free(workspace->root);
        free(workspace);
    }
}

const char *workspace_root(const struct workspace *workspace)
{
    return workspace->root;
}

const char *workspace_name(const struct workspace *workspace)
{
    const char *base = path_base(workspace->root);
    return base[0] == '\0' ? workspace->root : base;
}

int workspace_fd(const struct workspace *workspace)
{
    return workspace->fd;
}

bool workspace_read(const struct workspace *workspace, const char *path, struct buf *out,
    struct file_stamp *stamp, struct err *err)
{
    return beneath_read(workspace->fd, path, READ_MAX, out, stamp, err);
}

const struct files *workspace_files(const struct workspace *workspace)
{
    return &workspace->files;
}

unsigned workspace_generation(const struct workspace *workspace)
{
    return workspace->generation;
}

static bool same_file(const struct file_entry *a, const struct file_entry *b)
{
    return file_stamp_equal(&a->stamp, &b->stamp) && a->is_link == b->is_link &&
           (!a->is_link || strcmp(a->target, b->target) == 0);
}

static struct changed_list compare(const struct files *had, const struct files *now)
{
    struct changed_list list = {0};
    size_t i = 0;
    size_t j = 0;
    while (i < had->len || j < now->len) {
        const struct file_entry *a = i < had->len ? &had->items[i] : NULL;
        const struct file_entry *b = j < now->len ? &now->items[j] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a->path, b->path);
        i += order <= 0;
        j += order >= 0;
        if (a != NULL && order < 0) {
            VEC_PUSH(&list, (struct workspace_changed){a->path, WORKSPACE_REMOVED});
        } else if (b != NULL && order > 0) {
            VEC_PUSH(&list, (struct workspace_changed){b->path, WORKSPACE_ADDED});
        } else if (a != NULL && b != NULL && !same_file(a, b)) {
            VEC_PUSH(&list, (struct workspace_changed){b->path, WORKSPACE_CHANGED});
        }
    }
    return list;
}

/* A folder that was moved away or replaced is still open here, but no longer what its name says. */
static bool is_in_place(const struct workspace *workspace, struct err *err)
{
    struct stat opened;
    struct stat named;
    if (fstat(workspace->fd, &opened) != 0 || stat(workspace->root, &named) != 0) {
        return err_set_errno(err, errno, "%s", workspace->root);
    }
    if (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino) {
        return err_set(err, ERR_CONFLICT, "%s is another folder now: open it again with bylaw",
            workspace->root);
    }
    return true;
}

static void scan(void *data)
{
    struct workspace *workspace = data;
    struct files_options options = {.cancel = &workspace->cancel};
    workspace->next_ok = files_list(
        workspace->fd, workspace->root, &options, &workspace->next, &workspace->next_err);
    if (workspace->next_ok && !is_in_place(workspace, &workspace->next_err)) {
        files_free(&workspace->next);
        workspace->next_ok = false;
    }
}

static void start_scan(struct workspace *workspace);

static void take_listing(struct workspace *workspace)
{
    struct files old = workspace->files;
    workspace->files = workspace->next;
    workspace->next = (struct files){0};
    bool first = !workspace->listed;
    workspace->listed = true;
    struct changed_list changed = {0};
    if (!first) {
        changed = compare(&old, &workspace->files);
    }
    watch_set(workspace->watch, workspace->root, &workspace->files);
    bool polling = watch_is_polling(workspace->watch);
    struct workspace_event event = {
        .first = first,
        .changed = changed.items,
        .changed_count = changed.len,
        .git_changed = workspace->git_changed && !first,
        .polling = polling,
    };
    workspace->git_changed = false;
    if (first || changed.len > 0 || event.git_changed || workspace->failed ||
        polling != workspace->was_polling) {
        workspace->generation += first || changed.len > 0;
        workspace->was_polling = polling;
        workspace->failed = false;
        workspace->on_event(workspace->data, &event);
    }
    VEC_FREE(&changed);
    files_free(&old);
}

static void on_scanned(void *data, bool cancelled)
{
    struct workspace *workspace = data;
    (void)cancelled;
    workspace->scanning = false;
    workspace->idle = true;
    if (workspace->watch == NULL) { /* stopped meanwhile */
        files_free(&workspace->next);
        return;
    }
    if (workspace->next_ok) {
        take_listing(workspace);
    } else if (!workspace->failed) {
        workspace->failed = true; /* told once, until it works again */
        struct workspace_event event = {.failed = &workspace->next_err};
        workspace->on_event(workspace->data, &event);
    }
    if (workspace->again && workspace->watch != NULL && !workspace->scanning) {
        start_scan(workspace);
    }
}

static void start_scan(struct workspace *workspace)
{
    if (workspace->scanning) {
        workspace->again = true;
        return;
    }
    workspace->again = false;
    workspace->scanning = true;
    workspace->idle = false;
    workspace->cancel = false;
    loop_work_start(workspace->loop, scan, on_scanned, workspace);
}

static void on_watch(void *data, bool git)
{
    struct workspace *workspace = data;
    workspace->git_changed = workspace->git_changed || (git && !watch_is_polling(workspace->watch));
    start_scan(workspace);
}

void workspace_start(struct workspace *workspace, struct loop *loop,
    void (*on_event)(void *data, const struct workspace_event *event), void *data)
{
    workspace->loop = loop;
    workspace->on_event = on_event;
    workspace->data = data;
    workspace->watch = watch_new(loop, on_watch, workspace);
    start_scan(workspace);
}

void workspace_refresh(struct workspace *workspace)
{
    if (workspace->watch != NULL) {
        start_scan(workspace);
    }
}

void workspace_stop(struct workspace *workspace)
{
    if (workspace->watch == NULL) {
        return;
    }
    watch_free(workspace->watch);
    workspace->watch = NULL;
    workspace->cancel = true;
    while (workspace->scanning) {
        loop_run_until(workspace->loop, &workspace->idle, 1000);
    }
}
