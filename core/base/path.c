#include "base/path.h"

#include "base/safe.h"
#include "base/utf8.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *a, const char *b)
{
    if (b[0] == '/' || a[0] == '\0') {
        return mem_strdup(b);
    }
    size_t len = strlen(a);
    return mem_printf("%s%s%s", a, len > 0 && a[len - 1] == '/' ? "" : "/", b);
}

/* False: ".." at the top. */
static bool enter(struct buf *path, struct str part)
{
    if (part.len == 0 || str_equal_c(part, ".")) {
        return true;
    }
    if (!str_equal_c(part, "..")) {
        if (path->len > 0) {
            buf_append_char(path, '/');
        }
        buf_append_str(path, part);
        return true;
    }
    if (path->len == 0) {
        return false;
    }
    const char *slash = strrchr(path->ptr, '/');
    size_t kept = slash == NULL ? 0 : (size_t)(slash - path->ptr);
    buf_remove(path, kept, path->len - kept);
    return true;
}

char *path_resolve(const char *dir, struct str relative)
{
    struct buf path = BUF_INIT;
    struct str parts[] = {str_of(dir), relative};
    bool below = relative.len == 0 || relative.ptr[0] != '/';
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct str rest = parts[i];
        while (below && rest.len > 0) {
            size_t end = str_find_char(rest, '/', 0);
            below = enter(&path, end == SIZE_MAX ? rest : str_slice(rest, 0, end));
            rest = end == SIZE_MAX ? str_make("", 0) : str_from(rest, end + 1);
        }
    }
    if (!below) {
        buf_free(&path);
        return NULL;
    }
    return buf_take(&path);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

char *path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return mem_strdup(".");
    }
    return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

const char *path_ext(const char *path)
{
    const char *base = path_base(path);
    const char *dot = strrchr(base, '.');
    return dot == NULL || dot == base ? "" : dot;
}

bool path_is_yaml(const char *path)
{
    const char *ext = path_ext(path);
    return strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0;
}

/* HFS+ ignores these code points in names, so ".g\u200cit" is ".git" there. */
static bool is_ignored_by_hfs(int32_t cp)
{
    return (cp >= 0x200C && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x206A && cp <= 0x206F) || cp == 0xFEFF;
}

static bool is_git_folder(struct str part)
{
    char plain[16];
    size_t n = 0;
    size_t at = 0;
    while (at < part.len && n < sizeof plain - 1) {
        size_t len;
        int32_t cp = utf8_decode(str_from(part, at), &len);
        if (!is_ignored_by_hfs(cp)) {
            plain[n++] = cp > 0 && cp < 0x80 ? (char)cp : '?';
        }
        at += len;
    }
    plain[n] = '\0';
    /* NTFS drops trailing dots and blanks, and "git~1" is .git's short name. */
    while (n > 0 && (plain[n - 1] == '.' || plain[n - 1] == ' ')) {
        plain[--n] = '\0';
    }
    return strcasecmp(plain, ".git") == 0 || strcasecmp(plain, "git~1") == 0;
}

static bool check_part(struct str part, struct str path, struct err *err)
{
    if (str_equal_c(part, "..")) {
        return err_set(err, ERR_DENIED, "path %.*s leaves the workspace (\"..\")", STR_FMT(path));
    }
    if (is_git_folder(part)) {
        return err_set(err, ERR_DENIED, "path %.*s is inside .git", STR_FMT(path));
    }
    if (part.len > NAME_MAX) {
        return err_set(err, ERR_INVALID, "path has a name longer than %d bytes", NAME_MAX);
    }
    return true;
}

bool path_check_relative(struct str path, char **clean, struct err *err)
{
    *clean = NULL;
    if (path.len == 0) {
        return err_set(err, ERR_INVALID, "empty path");
    }
    if (path.len > 4096) {
        return err_set(err, ERR_LIMIT, "path longer than 4096 bytes");
    }
    if (!utf8_is_valid(path)) {
        return err_set(err, ERR_INVALID, "path is not valid UTF-8");
    }
    for (size_t i = 0; i < path.len; i++) {
        if (iscntrl((unsigned char)path.ptr[i])) {
            return err_set(err, ERR_INVALID, "path has a control character (byte 0x%02x)",
                (unsigned)(unsigned char)path.ptr[i]);
        }
    }
    if (path.ptr[0] == '/') {
        return err_set(err, ERR_DENIED,
            "path %.*s is absolute: paths are relative to the workspace", STR_FMT(path));
    }
    struct buf out = BUF_INIT;
    size_t at = 0;
    while (at < path.len) {
        size_t slash = str_find_char(path, '/', at);
        size_t end = slash == (size_t)-1 ? path.len : slash;
        struct str part = str_slice(path, at, end);
        at = end + 1;
        if (part.len == 0 || str_equal_c(part, ".")) {
            continue;
        }
        if (!check_part(part, path, err)) {
            buf_free(&out);
            return false;
        }
        if (out.len > 0) {
            buf_append_char(&out, '/');
        }
        buf_append_str(&out, part);
    }
    if (out.len == 0 || path.ptr[path.len - 1] == '/') {
        buf_free(&out);
        return err_set(err, ERR_INVALID, "path %.*s names a folder, not a file", STR_FMT(path));
    }
    *clean = buf_take(&out);
    return true;
}

char *path_home_dir(enum path_home home, struct err *err)
{
    static const struct {
        const char *variable;
        const char *below_home;
    } homes[] = {
        [PATH_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
        [PATH_STATE] = {"XDG_STATE_HOME", ".local/state"},
        [PATH_CACHE] = {"XDG_CACHE_HOME", ".cache"},
    };
    const char *base = getenv(homes[home].variable);
    if (base != NULL && base[0] == '/') {
        return path_join(base, "bylaw");
    }
    const char *user = getenv("HOME");
    if (user == NULL || user[0] != '/') {
        err_set(err, ERR_NOT_FOUND, "neither %s nor HOME names a folder: set HOME",
            homes[home].variable);
        return NULL;
    }
    return mem_printf("%s/%s/bylaw", user, homes[home].below_home);
}

char *path_codex_home(void)
{
    const char *codex = getenv("CODEX_HOME");
    const char *home = getenv("HOME");
    char here[PATH_MAX];
    if (codex == NULL || codex[0] == '\0') {
        return home != NULL && home[0] == '/' ? path_join(home, ".codex") : NULL;
    }
    return codex[0] == '/' || getcwd(here, sizeof here) == NULL ? mem_strdup(codex)
                                                                : path_join(here, codex);
}

bool path_make_dirs(const char *path, struct err *err)
{
    char *copy = mem_strdup(path);
    bool ok = true;
    for (char *p = copy + 1; ok; p++) {
        if (*p != '/' && *p != '\0') {
            continue;
        }
        char end = *p;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            struct stat st;
            int errnum = errno;
            if (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)) {
                ok = err_set_errno(err, errnum, "cannot create folder %s", copy);
            }
        }
        *p = end;
        if (end == '\0') {
            break;
        }
    }
    free(copy);
    return ok;
}

/* ---- removing a tree ---- */

/* A folder to be emptied, also one whose owner has taken his own rights away. */
static DIR *open_doomed(int parent, const char *name)
{
    static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) {
        fd = openat(parent, name, flags);
    }
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream != NULL) {
        (void)fchmod(fd, 0700); /* where it cannot be, the removal says why */
    } else if (fd >= 0) {
        close(fd);
    }
    return stream;
}

static bool next_name(DIR *stream, const char **name)
{
    const struct dirent *entry;
    do {
        entry = readdir(stream);
    } while (
        entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    *name = entry == NULL ? NULL : entry->d_name;
    return entry != NULL;
}

/* A file, a link, a folder that is empty. */
static bool remove_simple(int parent, const char *name)
{
    return unlinkat(parent, name, 0) == 0 || unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* Moved up beside what it was in: a tree of any depth takes no more descriptors, stack or length of
 * path than one of two levels. */
static bool lift(int top, int parent, const char *name)
{
    static atomic_uint count;
    char other[32];
    (void)!fchmodat(parent, name, 0700, 0); /* its ".." is rewritten */
    for (int tries = 0; tries < 1000; tries++) {
        snprintf(other, sizeof other, "lifted-%u", ++count);
        if (renameat(parent, name, top, other) == 0) {
            return true;
        }
        if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) {
            return false;
        }
    }
    return false;
}

static bool remove_folder(int top, const char *name)
{
    struct stat above;
    struct stat here;
    const char *inner;
    DIR *stream = open_doomed(top, name);
    if (stream == NULL) {
        return false;
    }
    int fd = dirfd(stream);
    bool ok = fstat(top, &above) == 0 && fstat(fd, &here) == 0;
    if (ok && above.st_dev != here.st_dev) {
        errno = EXDEV;
        ok = false;
    }
    while (ok && next_name(stream, &inner)) {
        ok = remove_simple(fd, inner) || lift(top, fd, inner);
    }
    int errnum = errno;
    closedir(stream);
    errno = errnum;
    return ok && unlinkat(top, name, AT_REMOVEDIR) == 0;
}

/* Once more while something is found: what is lifted may come behind the reader. */
static bool empty_folder(DIR *stream)
{
    const char *name;
    bool found = true;
    int top = dirfd(stream);
    while (found) {
        found = false;
        rewinddir(stream);
        while (next_name(stream, &name)) {
            found = true;
            if (!remove_simple(top, name) && !remove_folder(top, name)) {
                return false;
            }
        }
    }
    return true;
}

bool path_remove_tree(const char *path, struct err *err)
{
    if (remove_simple(AT_FDCWD, path) || errno == ENOENT) {
        return true;
    }
    DIR *stream = open_doomed(AT_FDCWD, path);
    bool ok = stream != NULL && empty_folder(stream);
    int errnum = errno;
    if (stream != NULL) {
        closedir(stream);
    }
    if (ok && rmdir(path) != 0) {
        errnum = errno;
        ok = false;
    }
    return ok || err_set_errno(err, errnum, "cannot remove %s", path);
}

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *path_find_program(const char *name)
{
    if (strchr(name, '/') != NULL) {
        return is_program(name) ? realpath(name, NULL) : NULL;
    }
    const char *path = getenv("PATH");
    struct str rest = str_of(path == NULL ? "/usr/local/bin:/usr/bin:/bin" : path);
    while (rest.len > 0) {
        size_t colon = str_find_char(rest, ':', 0);
        struct str dir = colon == (size_t)-1 ? rest : str_slice(rest, 0, colon);
        rest = colon == (size_t)-1 ? str_from(rest, rest.len) : str_from(rest, colon + 1);
        /* A relative entry would let a workspace supply its own programs. */
        if (dir.len == 0 || dir.ptr[0] != '/') {
            continue;
        }
        char *candidate = mem_printf("%.*s/%s", STR_FMT(dir), name);
        if (is_program(candidate)) {
            return candidate;
        }
        free(candidate);
    }
    return NULL;
}

bool path_cut_line(struct str text, size_t *cut, size_t *line)
{
    size_t at = text.len;
    size_t number = 0;
    while (at > 0 && text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9') {
        at--;
    }
    for (size_t i = at; i < text.len && number < 100000000; i++) {
        number = number * 10 + (size_t)(text.ptr[i] - '0');
    }
    bool found = at > 0 && text.ptr[at - 1] == ':';
    *cut = found ? at - 1 : text.len;
    *line = number;
    return found;
}

char *path_own_program(void)
{
    char name[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", name, sizeof name - 1);
    if (len <= 0) {
        return NULL;
    }
    name[len] = '\0';
    return mem_strdup(name);
}

char *path_git_root(const char *folder)
{
    char *at = mem_strdup(folder);
    for (;;) {
        char *git = path_join(at, ".git");
        bool found = access(git, F_OK) == 0;
        free(git);
        if (found) {
            return at;
        }
        char *slash = strrchr(at, '/');
        if (slash == NULL || slash == at) {
            free(at);
            return NULL;
        }
        *slash = '\0';
    }
}

size_t path_walk_start(const char *git_root, const char *folder)
{
    size_t top = git_root == NULL ? 0 : strlen(git_root);
    bool below = git_root != NULL && strncmp(folder, git_root, top) == 0 &&
                 (folder[top] == '/' || folder[top] == '\0');
    return below ? top : strlen(folder);
}
