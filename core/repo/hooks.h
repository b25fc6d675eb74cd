/* The repository's own commit hooks: which there are, whether they may run, and running one.
 * Inside repo/. */
#ifndef BYLAW_REPO_HOOKS_H
#define BYLAW_REPO_HOOKS_H

#include "loop/process.h"
#include "repo/draft.h"

enum hook { HOOK_PRE_COMMIT, HOOK_PREPARE_MESSAGE, HOOK_MESSAGE, HOOK_POST_COMMIT, HOOK_COUNT };

struct hooks {
    char *path[HOOK_COUNT];         /* NULL: there is none */
    struct buf content[HOOK_COUNT]; /* what trust is about */
};

const char *hook_name(enum hook hook);
/* Looks for the four in the draft's hooks folder; one that is not executable is left out with a
 * note, as git does. Blocks: from a worker. */
void hooks_find(const struct draft *draft, struct hooks *out, struct buf *notes);
void hooks_free(struct hooks *hooks);
/* True when every hook there is was allowed in its present content. */
bool hooks_trusted(const struct hooks *hooks, const struct draft *draft);
bool hooks_trust(const struct hooks *hooks, const struct draft *draft, struct err *err) MUST_USE;
/* Runs one in the top of the working folder with the private index; `argument` and `argument2` may
 * be NULL. The options' callbacks and data are the caller's. */
struct process *hook_start(struct loop *loop, const struct hooks *hooks, enum hook hook,
    const struct draft *draft, const char *argument, const char *argument2,
    const struct process_options *callbacks, struct err *err) MUST_USE;

#endif
