#include "workspace/files.h"

#include "base/path.h"
#include "base/vec.h"
#include "repo/git.h"
#include "workspace/ignore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { FILES_MAX = 100000, DEPTH_MAX = 64, IGNORE_FILE_MAX = 1 << 20, TARGET_MAX = 4096 };

static const struct {
    const char *ext;
    enum file_kind kind;
} by_extension[] = {{".rego", FILE_REGO}, {".yaml", FILE_YAML}, {".yml", FILE_YAML},
    {".json", FILE_JSON}, {".jsonc", FILE_JSON}, {".cedar", FILE_CEDAR}, {".tf", FILE_TERRAFORM},
    {".hcl", FILE_TERRAFORM}, {".toml", FILE_TOML}, {".csv", FILE_CSV}, {".md", FILE_MARKDOWN},
    {".sh", FILE_SHELL}, {".bash", FILE_SHELL}, {".dockerfile", FILE_DOCKERFILE}};

enum file_kind file_kind_of(const char *path)
{
    const char *ext = path_ext(path);
    for (size_t i = 0; i < ARRAY_LEN(by_extension); i++) {
        if (strcasecmp(ext, by_extension[i].ext) == 0) {
            return by_extension[i].kind;
        }
    }
    const char *base = path_base(path);
    if (strcmp(base, "Dockerfile") == 0 || strcmp(base, "Containerfile") == 0 ||
        strncmp(base, "Dockerfile.", 11) == 0) {
        return FILE_DOCKERFILE;
    }
    return FILE_OTHER;
}

const char *file_kind_name(enum file_kind kind)
{
    static const char *const names[] = {
        [FILE_OTHER] = "text",
        [FILE_REGO] = "Rego",
        [FILE_YAML] = "YAML",
        [FILE_JSON] = "JSON",
        [FILE_CEDAR] = "Cedar",
        [FILE_TERRAFORM] = "Terraform",
        [FILE_TOML] = "TOML",
        [FILE_CSV] = "CSV",
        [FILE_MARKDOWN] = "Markdown",
        [FILE_DOCKERFILE] = "Dockerfile",
        [FILE_SHELL] = "shell",
    };
    return names[kind];
}

bool file_is_temporary(const char *name)
{
    size_t len = strlen(name);
    const char *mark = len > 13 && name[0] == '.' ? name + len - 13 : NULL;
    return mark != NULL && strncmp(mark, ".bylaw-", 7) == 0 && strchr(mark + 7, '.') == NULL;
}

/* Left out wherever they are, unless git tracks something in them. */
static bool is_junk_folder(const char *name)
{
    static const char *const names[] = {".git", ".hg", ".svn", ".bzr", ".jj", "node_modules",
        ".terraform", "__pycache__", ".venv", ".direnv", ".tox", ".cache"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

struct walk {
    const struct files_options *options;
    size_t max_files;
    unsigned max_depth;
    struct ignore *ignore;
    char *prefix; /* the workspace's folder in the repository, with a '/' at the end, or "" */
    git_repository *repository;
    git_index *index;
    struct files *out;
};

static bool is_cancelled(const struct walk *walk)
{
    return walk->options->cancel != NULL && *walk->options->cancel;
}

/* Adds a level always, so that leaving a folder can always take one away. */
static void push_ignore_file(struct walk *walk, int dir, const char *name, const char *folder)
{
    struct buf text = BUF_INIT;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd >= 0) {
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= IGNORE_FILE_MAX) {
            buf_reserve(&text, (size_t)st.st_size + 1);
            ssize_t got = read(fd, text.ptr, (size_t)st.st_size);
            text.len = got > 0 ? (size_t)got : 0;
        }
        close(fd);
    }
    ignore_push(walk->ignore, folder, buf_str(&text));
    buf_free(&text);
}

static void push_outside_file(struct walk *walk, const char *path)
{
    push_ignore_file(walk, AT_FDCWD, path, "");
}

static void push_user_excludes(struct walk *walk)
{
    git_config *config = NULL;
    git_buf path = {0};
    if (git_repository_config_snapshot(&config, walk->repository) == 0 &&
        git_config_get_path(&path, config, "core.excludesfile") == 0) {
        push_outside_file(walk, path.ptr);
    } else {
        const char *xdg = getenv("XDG_CONFIG_HOME");
        const char *home = getenv("HOME");
        char *name = xdg != NULL && xdg[0] == '/' ? path_join(xdg, "git/ignore")
                     : home != NULL               ? path_join(home, ".config/git/ignore")
                                                  : NULL;
        if (name != NULL) {
            push_outside_file(walk, name);
        }
        free(name);
    }
    git_buf_dispose(&path);
    git_config_free(config);
}

/* The rules above the workspace, when it is a folder inside a repository. */
static void push_parents(struct walk *walk, const char *workdir)
{
    char *folder = mem_strdup("");
    const char *rest = walk->prefix;
    for (;;) {
        const char *slash = strchr(rest, '/');
        if (slash == NULL) {
            break; /* the last one is the workspace, which the walk itself reads */
        }
        char *file = mem_printf("%s%s%s.gitignore", workdir, folder, folder[0] == '\0' ? "" : "/");
        push_ignore_file(walk, AT_FDCWD, file, folder);
        free(file);
        char *next = mem_printf("%.*s", (int)(slash - walk->prefix), walk->prefix);
        free(folder);
        folder = next;
        rest = slash + 1;
    }
    free(folder);
}

static void open_repository(struct walk *walk, const char *root)
{
    git_start();
    bool fold = false;
    walk->prefix = mem_strdup("");
    if (git_repository_open_ext(&walk->repository, root, 0, NULL) != 0 ||
        git_repository_workdir(walk->repository) == NULL) {
        walk->ignore = ignore_new(false);
        return;
    }
    git_config *config = NULL;
    int value = 0;
    if (git_repository_config_snapshot(&config, walk->repository) == 0 &&
        git_config_get_bool(&value, config, "core.ignorecase") == 0) {
        fold = value != 0;
    }
    git_config_free(config);
    walk->ignore = ignore_new(fold);
    const char *workdir = git_repository_workdir(walk->repository);
    char *real = realpath(workdir, NULL);
    size_t len = real == NULL ? 0 : strlen(real);
    if (len > 0 && strncmp(root, real, len) == 0 && root[len] == '/') {
        free(walk->prefix);
        walk->prefix = mem_printf("%s/", root + len + 1);
    }
    free(real);
    walk->out->git_folder = mem_strdup(git_repository_path(walk->repository));
    push_user_excludes(walk);
    char *exclude = path_join(git_repository_commondir(walk->repository), "info/exclude");
    push_outside_file(walk, exclude);
    free(exclude);
    push_parents(walk, workdir);
    if (git_repository_index(&walk->index, walk->repository) != 0) {
        walk->index = NULL;
    }
}

static bool is_tracked(const struct walk *walk, const char *repo_path, bool folder)
{
    if (walk->index == NULL) {
        return false;
    }
    if (!folder) {
        return git_index_get_bypath(walk->index, repo_path, 0) != NULL;
    }
    char *prefix = mem_printf("%s/", repo_path);
    bool found = git_index_find_prefix(NULL, walk->index, prefix) == 0;
    free(prefix);
    return found;
}

static void add_entry(
    struct walk *walk, int dir, const char *name, char *path, const struct stat *st)
{
    struct file_entry entry = {
        .path = path,
        .kind = file_kind_of(path),
        .is_link = S_ISLNK(st->st_mode),
        .stamp = file_stamp_of(st),
    };
    if (entry.is_link) {
        char target[TARGET_MAX];
        ssize_t len = readlinkat(dir, name, target, sizeof target);
        entry.target = mem_strndup(target, len < 0 ? 0 : (size_t)len);
    }
    char *clean = NULL;
    entry.odd_name = !path_check_relative(str_of(path), &clean, NULL);
    free(clean);
    VEC_PUSH(walk->out, entry);
}

static void walk_folder(struct walk *walk, int fd, const char *path, unsigned depth, bool ignored);

static void visit(struct walk *walk, int dir, const char *name, const char *folder, unsigned depth,
    bool parent_ignored)
{
    struct stat st;
    if (strcmp(name, ".git") == 0 || file_is_temporary(name) ||
        fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))) {
        return;
    }
    bool is_folder = S_ISDIR(st.st_mode);
    char *path = folder[0] == '\0' ? mem_strdup(name) : mem_printf("%s/%s", folder, name);
    char *repo_path = mem_printf("%s%s", walk->prefix, path);
    bool ignored = parent_ignored || (is_folder && is_junk_folder(name)) ||
                   ignore_match(walk->ignore, repo_path, is_folder);
    if (!ignored || is_tracked(walk, repo_path, is_folder)) {
        if (!is_folder) {
            add_entry(walk, dir, name, path, &st);
            path = NULL;
        } else if (depth >= walk->max_depth) {
            walk->out->truncated = true;
        } else {
            int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd >= 0) {
                walk_folder(walk, fd, path, depth + 1, ignored);
            }
        }
    }
    free(repo_path);
    free(path);
}

/* Takes fd over. In an ignored folder only what git tracks is listed. */
static void walk_folder(struct walk *walk, int fd, const char *path, unsigned depth, bool ignored)
{
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        close(fd);
        return;
    }
    struct stat st;
    if (fstat(fd, &st) == 0) {
        struct file_folder folder = {.path = mem_strdup(path), .inode = (uint64_t)st.st_ino};
        VEC_PUSH(&walk->out->folders, folder);
    }
    char *repo_path = mem_printf("%s%s", walk->prefix, path);
    size_t len = strlen(repo_path);
    if (len > 0 && repo_path[len - 1] == '/') {
        repo_path[len - 1] = '\0';
    }
    push_ignore_file(walk, fd, ".gitignore", repo_path);
    free(repo_path);
    struct dirent *entry;
    while (!is_cancelled(walk) && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (walk->out->len >= walk->max_files) {
            walk->out->truncated = true;
            break;
        }
        visit(walk, dirfd(stream), entry->d_name, path, depth, ignored);
    }
    ignore_pop(walk->ignore);
    closedir(stream);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file_entry *)a)->path, ((const struct file_entry *)b)->path);
}

bool files_list(int fd, const char *root, const struct files_options *options, struct files *out,
    struct err *err)
{
    struct walk walk = {
        .options = options,
        .max_files = options->max_files == 0 ? FILES_MAX : options->max_files,
        .max_depth = options->max_depth == 0 ? DEPTH_MAX : options->max_depth,
        .out = out,
    };
    *out = (struct files){0};
    int dir = beneath_open_dir(fd, "", err);
    if (dir < 0) {
        return false;
    }
    open_repository(&walk, root);
    walk_folder(&walk, dir, "", 0, false);
    ignore_free(walk.ignore);
    free(walk.prefix);
    git_index_free(walk.index);
    git_repository_free(walk.repository);
    if (is_cancelled(&walk)) {
        files_free(out);
        return err_set(err, ERR_CANCELLED, "listing the files was cancelled");
    }
    if (out->len > 0) {
        qsort(out->items, out->len, sizeof *out->items, by_path);
    }
    return true;
}

void files_free(struct files *files)
{
    VEC_FOREACH (struct file_entry, entry, files) {
        free(entry->path);
        free(entry->target);
    }
    VEC_FREE(files);
    VEC_FOREACH (struct file_folder, folder, &files->folders) {
        free(folder->path);
    }
    VEC_FREE(&files->folders);
    free(files->git_folder);
    *files = (struct files){0};
}

const struct file_entry *files_find(const struct files *files, const char *path)
{
    struct file_entry key = {.path = (char *)path};
    return files->len == 0 ? NULL
                           : bsearch(&key, files->items, files->len, sizeof *files->items, by_path);
}
