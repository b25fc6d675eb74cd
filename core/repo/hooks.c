#include "repo/hooks.h"

#include "base/file.h"
#include "base/path.h"
#include "workspace/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOOK_MAX = 16 << 20, HOOK_OUTPUT_MAX = 16 << 20 };

const char *hook_name(enum hook hook)
{
    static const char *const names[HOOK_COUNT] = {
        [HOOK_PRE_COMMIT] = "pre-commit",
        [HOOK_PREPARE_MESSAGE] = "prepare-commit-msg",
        [HOOK_MESSAGE] = "commit-msg",
        [HOOK_POST_COMMIT] = "post-commit",
    };
    return names[hook];
}

void hooks_find(const struct draft *draft, struct hooks *out, struct buf *notes)
{
    *out = (struct hooks){0};
    for (int hook = 0; hook < HOOK_COUNT; hook++) {
        char *path = path_join(draft->hooks_dir, hook_name((enum hook)hook));
        struct stat st;
        struct err err;
        if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
            free(path);
        } else if (access(path, X_OK) != 0) {
            buf_printf(notes, "the hook %s is not executable, so it does not run\n",
                hook_name((enum hook)hook));
            free(path);
        } else {
            out->path[hook] = path;
            if (!file_read(path, HOOK_MAX, &out->content[hook], &err)) {
                /* Empty content is never trusted (see hooks_trusted): it is asked about each time.
                 */
                buf_clear(&out->content[hook]);
            }
        }
    }
}

void hooks_free(struct hooks *hooks)
{
    for (int hook = 0; hook < HOOK_COUNT; hook++) {
        free(hooks->path[hook]);
        buf_free(&hooks->content[hook]);
    }
    *hooks = (struct hooks){0};
}

bool hooks_trusted(const struct hooks *hooks, const struct draft *draft)
{
    for (int hook = 0; hook < HOOK_COUNT; hook++) {
        if (hooks->path[hook] != NULL &&
            (hooks->content[hook].len == 0 ||
                trust_get("git-hook", draft->workdir, hook_name((enum hook)hook),
                    buf_str(&hooks->content[hook])) != TRUST_YES)) {
            return false;
        }
    }
    return true;
}

bool hooks_trust(const struct hooks *hooks, const struct draft *draft, struct err *err)
{
    for (int hook = 0; hook < HOOK_COUNT; hook++) {
        if (hooks->path[hook] != NULL && hooks->content[hook].len > 0 &&
            !trust_set("git-hook", draft->workdir, hook_name((enum hook)hook),
                buf_str(&hooks->content[hook]), TRUST_YES, err)) {
            return false;
        }
    }
    return true;
}

struct process *hook_start(struct loop *loop, const struct hooks *hooks, enum hook hook,
    const struct draft *draft, const char *argument, const char *argument2,
    const struct process_options *callbacks, struct err *err)
{
    const char *argv[] = {hooks->path[hook], argument, argument == NULL ? NULL : argument2, NULL};
    /* post-commit sees the real index, as in git. */
    char *index =
        hook == HOOK_POST_COMMIT ? path_join(draft->git_dir, "index") : mem_strdup(draft->index);
    char *entries[] = {
        mem_printf("GIT_INDEX_FILE=%s", index),
        mem_strdup("GIT_EDITOR=:"),
        mem_strdup("GIT_PREFIX="),
        mem_printf("GIT_AUTHOR_NAME=%s", draft->author.name),
        mem_printf("GIT_AUTHOR_EMAIL=%s", draft->author.email),
        NULL,
    };
    struct process_options options = *callbacks;
    options.argv = argv;
    options.cwd = draft->workdir;
    options.env = (const char *const *)entries;
    options.max_output = HOOK_OUTPUT_MAX;
    struct process *process = process_start(loop, &options, err);
    if (process == NULL) {
        err_prefix(err, "the hook %s cannot be run", hook_name(hook));
    }
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        free(entries[i]);
    }
    free(index);
    return process;
}
