#include "agent/instructions.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"
#include "workspace/beneath.h"

#include <stdlib.h>
#include <unistd.h>

enum { USERS_MAX_BYTES = 1 << 20, CONFIG_MAX_BYTES = 1 << 20 };

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

/* Takes one folder's file into the text; false when it has none. */
static bool take(const char *folder, const char *name, struct instructions *out, size_t *left,
    struct buf *problem)
{
    struct err err;
    int fd = beneath_open_root(folder, &err);
    if (fd < 0) {
        return false;
    }
    struct buf bytes = BUF_INIT;
    bool found = beneath_read(fd, name, (size_t)4 << 20, &bytes, NULL, &err);
    close(fd);
    if (!found) {
        if (err.kind != ERR_NOT_FOUND) {
            buf_printf(&out->text, "\n[%s/%s could not be read: %s]\n", folder, name, err.text);
            if (problem != NULL) {
                buf_printf(problem, "%s/%s is not sent to the model: %s", folder, name, err.text);
            }
        }
        buf_free(&bytes);
        return err.kind != ERR_NOT_FOUND;
    }
    struct str text = str_trim(buf_str(&bytes));
    if (text.len > *left) {
        size_t end = *left;
        while (end > 0 && ((unsigned char)text.ptr[end] & 0xC0u) == 0x80u) {
            end--;
        }
        text = str_slice(text, 0, end);
        out->cut = true;
    }
    *left -= text.len;
    if (text.len > 0) {
        buf_printf(
            &out->text, "\n# Instructions from %s/%s\n\n%.*s\n", folder, name, STR_FMT(text));
        VEC_PUSH(&out->sources, path_join(folder, name));
    }
    buf_free(&bytes);
    return true;
}

static void take_folder(const char *folder, const struct toml *others, struct instructions *out,
    size_t *left, struct buf *problem)
{
    if (take(folder, "AGENTS.override.md", out, left, problem) ||
        take(folder, "AGENTS.md", out, left, problem) || others == NULL ||
        others->kind != TOML_ARRAY) {
        return;
    }
    for (size_t i = 0; i < others->len; i++) {
        const struct toml *name = others->items[i];
        bool is_name = name->kind == TOML_STRING && strchr(name->text, '/') == NULL;
        if (is_name && take(folder, name->text, out, left, problem)) {
            return;
        }
    }
}

/* A folder of the user's: its links are their own business, and the files are not the repository's.
 */
static void take_users(struct instructions *out, struct buf *problem)
{
    size_t left = USERS_MAX_BYTES;
    char *folder = path_codex_home();
    if (folder != NULL) {
        take_folder(folder, NULL, out, &left, problem);
    }
    free(folder);
}

void instructions_read(
    const char *git_root, const char *root, struct instructions *out, struct buf *problem)
{
    struct limits limits = read_limits();
    size_t left = limits.most;
    *out = (struct instructions){0};
    buf_append_c(&out->text, preamble);
    out->own = out->text.len;
    take_users(out, problem);
    for (size_t end = path_walk_start(git_root, root);; end++) {
        if (root[end] == '/' || root[end] == '\0') {
            char *folder = mem_strndup(root, end);
            take_folder(folder, toml_get(limits.config, "project_doc_fallback_filenames"), out,
                &left, problem);
            free(folder);
        }
        if (root[end] == '\0') {
            break;
        }
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
