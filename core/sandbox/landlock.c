/* The file system and, on newer kernels, TCP, signals and abstract sockets. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "sandbox/sandbox_private.h"

/* The kernel's interface past what the system's header may know (a header of 6.1 has version 2). */
#define ACCESS_TRUNCATE       (1ULL << 14)
#define ACCESS_IOCTL_DEV      (1ULL << 15)
#define NET_BIND_TCP          (1ULL << 0)
#define NET_CONNECT_TCP       (1ULL << 1)
#define SCOPE_ABSTRACT_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL          (1ULL << 1)

struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

#define ACCESS_READ_FILES (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
#define ACCESS_OF_A_FILE                                                                           \
    (ACCESS_READ_FILES | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

static uint64_t all_access(int abi)
{
    uint64_t access = (LANDLOCK_ACCESS_FS_REFER << 1) - 1;
    access |= abi >= 3 ? ACCESS_TRUNCATE : 0;
    access |= abi >= 5 ? ACCESS_IOCTL_DEV : 0;
    return access;
}

struct ruleset {
    int fd;
    uint64_t handled;
    const struct paths *secret;
};

/* A path that is gone, or that we may not open, is simply not allowed. */
static bool allow_at(
    const struct ruleset *rules, int dir, const char *name, uint64_t access, struct err *err)
{
    int fd = openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return true;
    }
    struct stat st;
    bool done = true;
    if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode)) {
        access &= rules->handled & (S_ISDIR(st.st_mode) ? UINT64_MAX : ACCESS_OF_A_FILE);
        struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
        if (access != 0 &&
            syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
            done = err_set_errno(err, errno, "cannot allow %s in the sandbox", name);
        }
    }
    close(fd);
    return done;
}

static bool allow_reading(const struct ruleset *rules, const char *path, struct err *err);

/* Landlock can only add: all but a secret is what lies beside it, and beside the folders it is in.
 */
static bool allow_entries(const struct ruleset *rules, const char *path, struct err *err)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return true;
    }
    bool done = true;
    for (struct dirent *entry; done && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *child = path_join(path, entry->d_name);
            done = allow_reading(rules, child, err);
            free(child);
        }
    }
    closedir(dir);
    return done;
}

static bool allow_reading(const struct ruleset *rules, const char *path, struct err *err)
{
    VEC_FOREACH (char *, secret, rules->secret) {
        if (strcmp(*secret, path) == 0) {
            return true;
        }
    }
    return secrets_within(rules->secret, path) != NULL
               ? allow_entries(rules, path, err)
               : allow_at(rules, AT_FDCWD, path, ACCESS_READ_FILES, err);
}

/* A terminal that it was given open may be opened again (/dev/stderr). */
static bool allow_terminal(const struct ruleset *rules, int fd, struct err *err)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access =
            rules->handled & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE),
        .parent_fd = fd};
    return !isatty(fd) ||
           syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
           err_set_errno(err, errno, "cannot allow the terminal in the sandbox");
}

static bool allow_paths(const struct ruleset *rules, const struct cage *cage, struct err *err)
{
    static const char *const devices[] = {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
    /* Names may be listed everywhere: a rule for a folder holds for all beneath it. */
    if (!allow_at(rules, AT_FDCWD, "/", LANDLOCK_ACCESS_FS_READ_DIR, err) ||
        !allow_entries(rules, "/", err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        if (!allow_at(rules, AT_FDCWD, devices[i], ACCESS_OF_A_FILE, err)) {
            return false;
        }
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (!allow_terminal(rules, fd, err)) {
            return false;
        }
    }
    uint64_t writing = rules->handled & ~(LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                            LANDLOCK_ACCESS_FS_MAKE_BLOCK | ACCESS_IOCTL_DEV);
    VEC_FOREACH (char *, path, &cage->writable) {
        if (!allow_at(rules, AT_FDCWD, *path, writing, err)) {
            return false;
        }
    }
    return true;
}

bool landlock_confine(const struct cage *cage, struct err *err)
{
    struct ruleset_attr attr = {.handled_access_fs = all_access(cage->abi)};
    size_t size = sizeof attr.handled_access_fs;
    if (cage->abi >= 4) {
        attr.handled_access_net = cage->network ? 0 : NET_BIND_TCP | NET_CONNECT_TCP;
        size += sizeof attr.handled_access_net;
    }
    if (cage->abi >= LANDLOCK_ABI_SCOPES) {
        attr.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
        size += sizeof attr.scoped;
    }
    int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot make a Landlock rule set");
    }
    struct ruleset rules = {.fd = fd, .handled = attr.handled_access_fs, .secret = &cage->secret};
    bool done = allow_paths(&rules, cage, err);
    if (done && syscall(SYS_landlock_restrict_self, fd, 0) != 0) {
        done = err_set_errno(err, errno, "Landlock did not confine the program");
    }
    close(fd);
    return done;
}
