#include "agent/instructions.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"
#include "workspace/beneath.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USERS_MAX_BYTES = 1 << 20, CONFIG_MAX_BYTES = 1 << 20, FILE_MAX_BYTES = 4 << 20 };

static const char preamble[] =
    "You are a policy engineer's assistant inside bylaw, a review workbench for policy-as-code "
    "(Rego, "
    "Gatekeeper, Kyverno, Conftest, Cedar).\n"
    "\n"
    "How you change files: only with apply_patch. A patch becomes a proposal; nothing is written "
    "until the "
    "engineer has read it line by line and accepted it, whole or in part. Each later patch of "
    "yours is read "
    "against your own proposal, so go on from what you proposed.\n"
    "\n"
    "How you work:\n"
    "- Read before you write: list_files, read_file and search show the workspace with your "
    "proposal on top.\n"
    "- Write Rego v1 (`if`, `contains`) unless the folder around it is v0. No `import "
    "future.keywords`.\n"
    "- With each rule write tests that can fail: what must be denied and what must be allowed.\n"
    "- After each patch call run_tests, and mend what is red before you say you are done. \"not "
    "evaluated\" is "
    "not a pass.\n"
    "- Keep a patch small and to the point. Leave what was not asked for as it is.\n"
    "- When the engineer declines or changes lines, their reasons come back to you as a message. "
    "Do not propose "
    "the same again.\n"
    "- Answer in short Markdown: what the policy denies, what it allows, and what you were not "
    "sure of.\n";

/* What the user has told Codex about these files. */
struct limits {
    struct toml *config; /* NULL: none */
    size_t most;
};

/* Where files are taken from. */
struct place {
    struct instructions *out;
    struct buf *problem;
    const char *top; /* links lead nowhere outside; NULL: the user's own, whose links are his */
    size_t left;     /* bytes that may still be taken */
};

static struct limits read_limits(void)
{
    struct limits limits = {.most = INSTRUCTIONS_MAX_BYTES};
    char *codex = path_codex_home();
    char *path = codex == NULL ? NULL : path_join(codex, "config.toml");
    struct buf text = BUF_INIT;
    if (path != NULL && file_read(path, CONFIG_MAX_BYTES, &text, NULL)) {
        limits.config = toml_parse(buf_str(&text), path, NULL); /* mistakes: `bylaw config` */
    }
    long long most =
        toml_integer_or(limits.config, "project_doc_max_bytes", INSTRUCTIONS_MAX_BYTES);
    limits.most = most < 0 ? 0 : most > USERS_MAX_BYTES ? USERS_MAX_BYTES : (size_t)most;
    buf_free(&text);
    free(path);
    free(codex);
    return limits;
}

/* ---- one file ---- */

/* A link within the repository (AGENTS.md to CLAUDE.md) is what it leads to; where it leads is read
 * without following another. */
static bool read_linked(const char *top, const char *path, struct buf *bytes, struct err *err)
{
    char base[PATH_MAX];
    char real[PATH_MAX];
    if (realpath(top, base) == NULL || realpath(path, real) == NULL) {
        return err_set_errno(err, errno == ENOENT ? ELOOP : errno, "it is a link to nothing");
    }
    size_t len = strlen(base);
    if (strncmp(real, base, len) != 0 || real[len] != '/') {
        return err_set(err, ERR_DENIED, "it is a link out of the repository");
    }
    int fd = beneath_open_root(base, err);
    bool done = fd >= 0 && beneath_read(fd, real + len + 1, FILE_MAX_BYTES, bytes, NULL, err);
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

/* ERR_NOT_FOUND also where what stands there is no file: then the next name is looked for. */
static bool read_one(const struct place *place, const char *folder, const char *name,
    struct buf *bytes, struct err *err)
{
    struct stat st;
    char *path = path_join(folder, name);
    bool done;
    if (lstat(path, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))) {
        done = err_set(err, ERR_NOT_FOUND, "there is no file %s", path);
    } else if (place->top == NULL) {
        done = file_read(path, FILE_MAX_BYTES, bytes, err);
    } else if (S_ISLNK(st.st_mode)) {
        done = read_linked(place->top, path, bytes, err);
    } else {
        int fd = beneath_open_root(folder, err);
        done = fd >= 0 && beneath_read(fd, name, FILE_MAX_BYTES, bytes, NULL, err);
        if (fd >= 0) {
            close(fd);
        }
    }
    free(path);
    return done;
}

static void add(struct place *place, const char *folder, const char *name, struct str text)
{
    bool cut = text.len > place->left;
    if (str_trim(text).len == 0) {
        return;
    }
    if (cut) {
        size_t end = place->left;
        while (end > 0 && ((unsigned char)text.ptr[end] & 0xC0u) == 0x80u) {
            end--;
        }
        text = str_slice(text, 0, end);
        place->out->cut = true;
    }
    place->left -= text.len;
    text = cut ? text : str_trim(text);
    if (text.len > 0) {
        buf_printf(&place->out->text, "\n# Instructions from %s/%s\n\n%.*s\n", folder, name,
            STR_FMT(text));
        VEC_PUSH(&place->out->sources, path_join(folder, name));
    }
}

/* Takes one folder's file into the text; false: the next name is looked for. */
static bool take(struct place *place, const char *folder, const char *name)
{
    struct err err = {0};
    struct buf bytes = BUF_INIT;
    bool found = read_one(place, folder, name, &bytes, &err);
    if (found) {
        add(place, folder, name, buf_str(&bytes));
    } else if (err.kind != ERR_NOT_FOUND) {
        buf_printf(&place->out->text, "\n[%s/%s could not be read: %s]\n", folder, name, err.text);
        if (place->problem != NULL) {
            buf_printf(
                place->problem, "%s/%s is not sent to the model: %s", folder, name, err.text);
        }
    }
    /* Of the user's own, as Codex has it, a blank file is as good as none. */
    bool blank = found && place->top == NULL && str_trim(buf_str(&bytes)).len == 0;
    buf_free(&bytes);
    return !blank && (found || err.kind != ERR_NOT_FOUND);
}

/* ---- folders ---- */

static void take_folder(struct place *place, const char *folder, const struct toml *others)
{
    if (take(place, folder, "AGENTS.override.md") || take(place, folder, "AGENTS.md") ||
        others == NULL || others->kind != TOML_ARRAY) {
        return;
    }
    for (size_t i = 0; i < others->len; i++) {
        const struct toml *name = others->items[i];
        bool is_name = name->kind == TOML_STRING && strchr(name->text, '/') == NULL;
        if (is_name && take(place, folder, name->text)) {
            return;
        }
    }
}

/* They do not count towards the bound. */
static void take_users(struct instructions *out, struct buf *problem)
{
    struct place place = {.out = out, .problem = problem, .left = SIZE_MAX};
    char *folder = path_codex_home();
    if (folder != NULL) {
        take_folder(&place, folder, NULL);
    }
    free(folder);
}

static bool has_marker(const char *folder, const struct toml *markers)
{
    bool found = false;
    for (size_t i = 0; i < markers->len && !found; i++) {
        bool is_text = markers->items[i]->kind == TOML_STRING;
        char *path = is_text ? path_join(folder, markers->items[i]->text) : NULL;
        found = is_text && access(path, F_OK) == 0;
        free(path);
    }
    return found;
}

/* How much of `root` is the folder the way down begins at. */
static size_t find_top(const char *git_root, const char *root, const struct toml *markers)
{
    if (markers == NULL || markers->kind != TOML_ARRAY) {
        return path_walk_start(git_root, root);
    }
    for (size_t end = strlen(root); end > 0; end--) {
        if (root[end] == '/' || root[end] == '\0') {
            char *folder = mem_strndup(root, end);
            bool found = has_marker(folder, markers);
            free(folder);
            if (found) {
                return end;
            }
        }
    }
    return strlen(root);
}

static bool is_untrusted(const struct toml *config, const char *folder)
{
    const struct toml *project =
        folder == NULL ? NULL : toml_get(toml_get(config, "projects"), folder);
    return strcmp(toml_string_or(project, "trust_level", ""), "untrusted") == 0;
}

static void take_project(const char *git_root, const char *root, const struct limits *limits,
    struct instructions *out, struct buf *problem)
{
    size_t end = find_top(git_root, root, toml_get(limits->config, "project_root_markers"));
    char *top = mem_strndup(root, end);
    struct place place = {.out = out, .problem = problem, .top = top, .left = limits->most};
    for (;; end++) {
        if (root[end] == '/' || root[end] == '\0') {
            char *folder = mem_strndup(root, end);
            take_folder(&place, folder, toml_get(limits->config, "project_doc_fallback_filenames"));
            free(folder);
        }
        if (root[end] == '\0') {
            break;
        }
    }
    free(top);
}

void instructions_read(
    const char *git_root, const char *root, struct instructions *out, struct buf *problem)
{
    struct limits limits = read_limits();
    *out = (struct instructions){0};
    buf_append_c(&out->text, preamble);
    out->own = out->text.len;
    take_users(out, problem);
    if (is_untrusted(limits.config, root) || is_untrusted(limits.config, git_root)) {
        buf_append_c(&out->text,
            "\n[The AGENTS.md files of this repository are left out: your Codex config calls it "
            "untrusted.]\n");
    } else {
        take_project(git_root, root, &limits, out, problem);
    }
    if (out->cut) {
        buf_printf(&out->text, "\n[The instructions above were cut at %zu bytes.]\n", limits.most);
    }
    toml_free(limits.config);
}

void instructions_free(struct instructions *instructions)
{
    buf_free(&instructions->text);
    VEC_FOREACH (char *, path, &instructions->sources) {
        free(*path);
    }
    VEC_FREE(&instructions->sources);
}
