/* What a hook's program says by its exit code and what it prints, as Codex has it:
 *
 * moment            exit 0, JSON                          exit 2 and stderr     any other end
 * SessionStart      additionalContext                     nothing starts        said, goes on
 * UserPromptSubmit  additionalContext; decision "block"   the prompt is held    said, goes on
 * PreToolUse        permissionDecision "deny", or         the call is not made  said, goes on
 *                   "allow" with updatedInput;
 *                   additionalContext
 * PostToolUse       decision "block" and reason in the    as "block"            said, goes on
 *                   place of the tool's output;
 *                   additionalContext
 * Stop              decision "block": the agent goes on   as "block"            said, ends
 *
 * Printed text that is no JSON: told to the agent at SessionStart and UserPromptSubmit, and, of the
 * short form, at PostToolUse (whatever the exit code); shown to the engineer at Stop. JSON that is
 * not whole counts as a failure. `systemMessage` is shown to the engineer at any moment. */
#ifndef BYLAW_HOOKS_HOOK_ANSWER_H
#define BYLAW_HOOKS_HOOK_ANSWER_H

#include "base/str.h"
#include "hooks/handlers.h"

/* How one program ended. */
struct hook_end {
    int exit_code;
    const char *trouble; /* it was not run, or was ended, and why; NULL: it ended by itself */
    struct str out, err; /* what it printed; bounded by whoever ran it */
};

/* What all hooks of a moment come to; those of several are added. */
struct hook_outcome {
    bool blocked;       /* see above */
    struct buf reason;  /* why, of all that block, a line each */
    struct buf context; /* for the agent */
    struct buf shown;   /* for the engineer */
    struct buf input;   /* the tool's input in place of the one it had */
    bool has_input;
    struct buf failures; /* what went wrong with hooks themselves, one a line, for the engineer */
};

void hook_outcome_free(struct hook_outcome *outcome);

/* Adds what one end means. */
void hook_answer_add(
    const struct handler *handler, const struct hook_end *end, struct hook_outcome *outcome);

#endif
