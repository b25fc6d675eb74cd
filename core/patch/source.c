#include "patch/source.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool patch_folder_read(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct patch_folder *folder = data;
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, folder->fd, path, &how, sizeof how);
    if (fd < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            file->found = PATCH_ABSENT;
            return true;
        }
        if (errno == ELOOP || errno == EXDEV) {
            return err_set(
                err, ERR_DENIED, "%s goes through a symbolic link: patch the file itself", path);
        }
        return err_set_errno(err, errno, "cannot open %s", path);
    }
    struct stat st;
    bool ok = false;
    if (fstat(fd, &st) != 0) {
        err_set_errno(err, errno, "cannot look at %s", path);
    } else if (S_ISDIR(st.st_mode)) {
        file->found = PATCH_FOLDER;
        ok = true;
    } else if (!S_ISREG(st.st_mode)) {
        err_set(err, ERR_DENIED, "%s is not a regular file", path);
    } else {
        file->found = PATCH_FILE;
        file->mode = st.st_mode & 07777;
        ok = file_read_fd(fd, path, folder->max_bytes, &file->bytes, err);
    }
    close(fd);
    return ok;
}
