/* A suite by itself. `kyverno test` reads every test file below the folder it is given before it
 * runs the first, and one that does not load ends it. So a suite in a folder above such a file is
 * given a folder of ours, in which the same files stand under the same relative names, but as
 * links: Kyverno does not go down into a linked folder, and reads what a suite names in it. */
#include "engine/kyverno.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 5000 }; /* of all folders from the workspace's to the suite's */

struct linking {
    const char *root, *copy; /* the workspace, our folder */
    size_t links;
};

static bool link_one(struct linking *linking, const char *path, struct err *err)
{
    char *from = path_join(linking->root, path);
    char *to = path_join(linking->copy, path);
    bool ok = symlink(from, to) == 0;
    if (!ok) {
        err_set(err, ERR_IO, "%s cannot be linked: %s", path, strerror(errno));
    } else if (++linking->links > LINKS_MAX) {
        ok = err_set(err, ERR_LIMIT, "there are more than %d files beside it", LINKS_MAX);
    }
    free(from);
    free(to);
    return ok;
}

/* All that stands in the folder but `except`, the next folder on the way down (NULL: none). */
static bool link_folder(
    struct linking *linking, const char *dir, const char *except, struct err *err)
{
    char *full = path_join(linking->root, dir);
    DIR *stream = opendir(full);
    bool ok =
        stream != NULL || err_set(err, ERR_IO, "%s cannot be read: %s", full, strerror(errno));
    const struct dirent *entry;
    while (ok && stream != NULL && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0 ||
            (except != NULL && strcmp(name, except) == 0)) {
            continue;
        }
        char *path = path_join(dir, name);
        ok = link_one(linking, path, err);
        free(path);
    }
    if (stream != NULL) {
        closedir(stream);
    }
    free(full);
    return ok;
}

static bool make_folder(const struct linking *linking, const char *dir, struct err *err)
{
    char *full = path_join(linking->copy, dir);
    bool ok = mkdir(full, 0700) == 0 ||
              err_set(err, ERR_IO, "%s cannot be made: %s", full, strerror(errno));
    free(full);
    return ok;
}

bool kyverno_beside(struct kyverno_suite *suite, const char *root, struct err *err)
{
    if (suite->beside.folder != NULL) {
        return true;
    }
    if (!scratch_make(&suite->beside, err)) {
        return false;
    }
    struct linking linking = {.root = root, .copy = suite->beside.folder};
    char *dir = path_dir(suite->path);
    struct str rest = strcmp(dir, ".") == 0 ? str_of("") : str_of(dir);
    char *at = mem_strdup("");
    bool ok = true;
    while (ok && rest.len > 0) {
        size_t slash = str_find_char(rest, '/', 0);
        char *name = str_dup(slash == SIZE_MAX ? rest : str_slice(rest, 0, slash));
        char *below = path_join(at, name);
        rest = slash == SIZE_MAX ? str_of("") : str_from(rest, slash + 1);
        ok = link_folder(&linking, at, name, err) && make_folder(&linking, below, err);
        free(name);
        free(at);
        at = below;
    }
    ok = ok && link_folder(&linking, at, NULL, err);
    free(at);
    free(dir);
    if (!ok) {
        scratch_remove(&suite->beside);
        suite->beside = (struct scratch){0};
    }
    return ok;
}
