#include "repo/shadow.h"

#include "base/file.h"
#include "base/path.h"
#include "repo/git.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { REFS_MAX = 5000 };
static const size_t INDEX_MAX = 256u << 20;
static const size_t SMALL_MAX = 1u << 20;

/* Anew, and in no hurry to be on the disk: it is gone with the scratch copy. */
static bool put(const char *folder, const char *name, struct str bytes, struct err *err)
{
    char *path = path_join(folder, name);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done = fd >= 0 ? file_write_all(fd, bytes, err)
                        : err_set_errno(err, errno, "cannot write %s", path);
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return done;
}

/* A file of the real one, where it has it; else there is none. */
static bool take(
    const char *from, const char *folder, const char *name, size_t max, struct err *err)
{
    struct buf bytes = BUF_INIT;
    char *path = path_join(from, name);
    char *mine = path_join(folder, name);
    bool done = true;
    if (access(path, F_OK) != 0) {
        (void)unlink(mine);
    } else {
        done = file_read(path, max, &bytes, err) && put(folder, name, buf_str(&bytes), err);
    }
    buf_free(&bytes);
    free(mine);
    free(path);
    return done;
}

/* "ID NAME" each, as pack-refs writes them; without its header git sorts them itself. */
static bool put_refs(const struct git *git, const char *folder, struct err *err)
{
    struct buf text = BUF_INIT;
    git_reference_iterator *all = NULL;
    git_reference *ref = NULL;
    int rc = git_reference_iterator_new(&all, git->repository);
    for (size_t i = 0; rc == 0 && i < REFS_MAX && git_reference_next(&ref, all) == 0; i++) {
        if (git_reference_type(ref) == GIT_REFERENCE_DIRECT) {
            char id[GIT_OID_HEXSZ + 1];
            git_oid_tostr(id, sizeof id, git_reference_target(ref));
            buf_printf(&text, "%s %s\n", id, git_reference_name(ref));
        }
        git_reference_free(ref);
    }
    git_reference_iterator_free(all);
    bool done = rc == 0 ? put(folder, "packed-refs", buf_str(&text), err)
                        : git_fail(err, rc, "cannot list the branches");
    buf_free(&text);
    return done;
}

/* As git-config(1) reads it back; a line end cannot stand in it. */
static void put_value(struct buf *text, const char *key, const char *value)
{
    if (strpbrk(value, "\r\n") != NULL) {
        return;
    }
    buf_printf(text, "\t%s = \"", key);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            buf_append_char(text, '\\');
        }
        buf_append_char(text, *value);
    }
    buf_append_c(text, "\"\n");
}

static bool put_config(
    const struct git *git, const char *folder, const char *worktree, struct err *err)
{
    static const char *const kept[] = {"autocrlf", "eol", "filemode", "ignorecase", "symlinks",
        "precomposeunicode", "quotepath", "abbrev"};
    struct buf text = BUF_INIT;
    git_config *config = NULL;
    int rc = git_repository_config_snapshot(&config, git->repository);
    buf_append_c(&text, "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
                        "\tfsmonitor = false\n\thooksPath = /dev/null\n");
    put_value(&text, "worktree", worktree);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(kept); i++) {
        char *key = mem_printf("core.%s", kept[i]);
        const char *value = NULL;
        if (git_config_get_string(&value, config, key) == 0) {
            put_value(&text, kept[i], value);
        }
        free(key);
    }
    git_config_free(config);
    bool done = put(folder, "config", buf_str(&text), err);
    buf_free(&text);
    return done;
}

static bool make_folders(const char *folder, struct err *err)
{
    static const char *const names[] = {"objects/info", "refs", "info"};
    bool done = true;
    for (size_t i = 0; done && i < ARRAY_LEN(names); i++) {
        char *path = path_join(folder, names[i]);
        done = path_make_dirs(path, err);
        free(path);
    }
    return done;
}

static bool put_alternates(const char *common, const char *folder, struct err *err)
{
    char *objects = path_join(common, "objects");
    char *line = mem_printf("%s\n", objects);
    bool fits = strpbrk(objects, "\"\n") == NULL && objects[0] != '#';
    bool done = fits ? put(folder, "objects/info/alternates", str_of(line), err)
                     : err_set(err, ERR_UNSUPPORTED, "%s is no name git can refer to", objects);
    free(line);
    free(objects);
    return done;
}

bool shadow_make(const char *root, const char *folder, const char *copy, struct err *err)
{
    struct git git;
    if (!git_open(root, &git, err)) {
        return false;
    }
    const char *own = git_repository_path(git.repository);
    const char *common = git_repository_commondir(git.repository);
    bool whole = git.prefix[0] == '\0';
    bool done = make_folders(folder, err) && put_alternates(common, folder, err) &&
                put_config(&git, folder, whole ? copy : git.workdir, err) &&
                put_refs(&git, folder, err) && take(own, folder, "HEAD", SMALL_MAX, err) &&
                take(own, folder, "index", INDEX_MAX, err) &&
                take(common, folder, "shallow", SMALL_MAX, err) &&
                take(common, folder, "info/exclude", SMALL_MAX, err);
    git_close(&git);
    return done;
}
