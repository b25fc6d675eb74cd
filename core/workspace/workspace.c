#include "workspace/workspace.h"

#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_MAX = 64 << 20 };

struct workspace {
    char *root;
    int fd;
    struct files files;
    unsigned generation;
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
