#include "workspace/scratch.h"

#include "base/path.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(const char *folder)
{
    struct stat st;
    return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & 077u) == 0;
}

/* Among the temporary files: where the cache cannot be written, as within our own sandbox. NULL:
 * nowhere. */
static char *other_parent(bool make)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf(
        "%s/bylaw-%u", base != NULL && base[0] == '/' ? base : "/tmp", (unsigned)geteuid());
    if ((make && !path_make_dirs(folder, NULL)) || !is_ours(folder)) {
        free(folder);
        folder = NULL;
    }
    return folder;
}

static char *cache_parent(struct err *err)
{
    char *cache = path_home_dir(PATH_CACHE, err);
    char *folder = cache == NULL ? NULL : path_join(cache, "overlays");
    free(cache);
    if (folder != NULL && !path_make_dirs(folder, err)) {
        free(folder);
        folder = NULL;
    }
    return folder;
}

/* Locked: its process lives. The kernel lets go when it dies, so a reused pid deceives nobody. */
static int lock_file(const char *path, bool create)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT | O_EXCL : 0), 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool take_name(struct scratch *scratch, const char *parent, struct err *err)
{
    static atomic_uint count;
    for (int tries = 0; tries < 1000; tries++) {
        scratch->folder = mem_printf("%s/%d-%u", parent, (int)getpid(), ++count);
        char *lock = mem_printf("%s.lock", scratch->folder);
        scratch->lock = lock_file(lock, true);
        int errnum = errno;
        free(lock);
        if (scratch->lock >= 0) {
            return true;
        }
        /* EWOULDBLOCK: another process's sweep got between our creating it and locking it. */
        bool again = errnum == EEXIST || errnum == EWOULDBLOCK;
        if (!again) {
            err_set_errno(err, errnum, "cannot make the scratch folder %s", scratch->folder);
        }
        free(scratch->folder);
        scratch->folder = NULL;
        if (!again) {
            return false;
        }
    }
    return err_set(err, ERR_EXISTS, "no free name for a scratch folder in %s", parent);
}

/* Takes `parent` over. */
static bool make_in(struct scratch *scratch, char *parent, struct err *err)
{
    *scratch = (struct scratch){.lock = -1};
    bool ok =
        parent != NULL && take_name(scratch, parent, err) && path_make_dirs(scratch->folder, err);
    free(parent);
    if (!ok) {
        scratch_remove(scratch);
    }
    return ok;
}

bool scratch_make(struct scratch *scratch, struct err *err)
{
    struct err cause = {0};
    return make_in(scratch, cache_parent(&cause), &cause) ||
           make_in(scratch, other_parent(true), NULL) || err_set(err, cause.kind, "%s", cause.text);
}

/* Ours, and still the file of that name: a sweep may have removed it between the two. */
static int lock_again(const char *path)
{
    struct stat ours;
    struct stat now;
    int fd = lock_file(path, true);
    fd = fd >= 0 ? fd : lock_file(path, false);
    if (fd >= 0 && (fstat(fd, &ours) != 0 || stat(path, &now) != 0 || ours.st_ino != now.st_ino)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool scratch_make_named(struct scratch *scratch, const char *name, struct err *err)
{
    *scratch = (struct scratch){.lock = -1};
    char *parent = cache_parent(err);
    if (parent == NULL) {
        return scratch_make(scratch, err);
    }
    scratch->folder = path_join(parent, name);
    char *lock = mem_printf("%s.lock", scratch->folder);
    scratch->lock = lock_again(lock);
    free(lock);
    free(parent);
    if (scratch->lock < 0) {
        free(scratch->folder);
        return scratch_make(scratch, err);
    }
    bool ok = path_remove_tree(scratch->folder, err) && path_make_dirs(scratch->folder, err);
    if (!ok) {
        scratch_remove(scratch);
    }
    return ok;
}

static void remove_folder(const char *folder)
{
    /* A test run may have taken permissions away; what cannot be removed is tried at next start. */
    (void)!path_remove_tree(folder, NULL);
    char *lock = mem_printf("%s.lock", folder);
    if (access(folder, F_OK) != 0) {
        (void)unlink(lock);
    }
    free(lock);
}

void scratch_remove(struct scratch *scratch)
{
    if (scratch->folder != NULL) {
        remove_folder(scratch->folder);
        close(scratch->lock);
        free(scratch->folder);
    }
    *scratch = (struct scratch){.lock = -1};
}

static void sweep(char *parent)
{
    DIR *stream = parent == NULL ? NULL : opendir(parent);
    struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        struct str name = str_of(entry->d_name);
        if (!str_ends(name, ".lock")) {
            continue;
        }
        char *lock = path_join(parent, entry->d_name);
        int fd = lock_file(lock, false);
        if (fd >= 0) {
            lock[strlen(lock) - strlen(".lock")] = '\0';
            remove_folder(lock);
            close(fd);
        }
        free(lock);
    }
    if (stream != NULL) {
        closedir(stream);
    }
    free(parent);
}

void scratch_sweep(void)
{
    sweep(cache_parent(NULL));
    sweep(other_parent(false));
}
