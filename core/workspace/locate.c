#include "workspace/locate.h"

#include "base/path.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void location_free(struct location *location)
{
    free(location->folder);
    free(location->file);
    *location = (struct location){0};
}

static bool is_folder(const char *path)
{
    struct stat stat_buf;
    return stat(path, &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode);
}

static bool exists(const char *path)
{
    struct stat stat_buf;
    return stat(path, &stat_buf) == 0;
}

/* Of "a.rego:12:3:" the name is left, and the numbers are taken; no more than is needed to come to
 * something that exists. */
static char *cut_place(const char *named, struct location *location)
{
    struct str text = str_of(named);
    char *name = mem_strdup(named);
    if (str_ends(text, ":")) {
        text.len--;
    }
    for (int i = 0; i < 2 && !exists(name); i++) {
        size_t cut;
        size_t number;
        if (!path_cut_line(text, &cut, &number) || cut == 0) {
            break;
        }
        text = str_slice(text, 0, cut);
        location->col = location->row;
        location->row = number;
        free(name);
        name = str_dup(text);
    }
    return name;
}

/* The folder above that git calls a work tree; else the folder itself. Takes `folder` and gives
 * one of the caller's. */
static char *work_tree(char *folder)
{
    char *home = getenv("HOME") == NULL ? NULL : realpath(getenv("HOME"), NULL);
    char *at = mem_strdup(folder);
    char *found = NULL;
    for (;;) {
        char *git = path_join(at, ".git");
        bool is_root = strcmp(at, "/") == 0 || (home != NULL && strcmp(at, home) == 0);
        bool here = !is_root && exists(git);
        free(git);
        if (here) {
            found = at;
            break;
        }
        if (is_root) {
            free(at);
            break;
        }
        char *above = path_dir(at);
        free(at);
        at = above;
    }
    free(home);
    if (found == NULL) {
        return folder;
    }
    free(folder);
    return found;
}

/* An existing file by its own name, one to be begun by its folder's. */
static char *real_name(const char *path, struct err *err)
{
    char *real = realpath(path, NULL);
    if (real != NULL) {
        return real;
    }
    char *folder = path_dir(path);
    const char *base = path_base(path);
    if (errno != ENOENT || base[0] == '\0' || !is_folder(folder)) {
        err_set_errno(err, errno == 0 ? ENOENT : errno, "cannot open %s", path);
        free(folder);
        return NULL;
    }
    char *root = realpath(folder, NULL);
    free(folder);
    if (root == NULL) {
        err_set_errno(err, errno, "cannot open %s", path);
        return NULL;
    }
    char *name = path_join(root, base);
    free(root);
    return name;
}

bool location_find(const char *named, struct location *location, struct err *err)
{
    *location = (struct location){0};
    char *path = exists(named) ? mem_strdup(named) : cut_place(named, location);
    if (is_folder(path)) {
        location->folder = path;
        return true;
    }
    char *real = real_name(path, err);
    free(path);
    if (real == NULL) {
        return false;
    }
    location->folder = work_tree(path_dir(real));
    size_t skip = strlen(location->folder);
    skip += location->folder[skip - 1] != '/';
    location->file = mem_strdup(real + skip);
    free(real);
    return true;
}
